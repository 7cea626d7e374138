"""`torchvision` itself: its version."""

from .version import __version__

__all__ = ["__version__"]
