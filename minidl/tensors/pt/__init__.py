"""State dicts in PyTorch's own files (.pt, .pth): read without running their code, and written without PyTorch."""

from .reading import load_pt
from .writing import save_pt

__all__ = ["load_pt", "save_pt"]
