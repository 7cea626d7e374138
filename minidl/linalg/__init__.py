"""Linear algebra with derivatives, by the names of `torch.linalg`: determinants, systems of equations, norms, SVD."""

from ..ops.linalg import matmul
from ..ops.rearrange import cross
from .norms import matrix_norm, norm, vector_norm
from .singular import SvdResult, svd, svdvals
from .solving import det, inv, solve

__all__ = [
    "SvdResult", "cross", "det", "inv", "matmul", "matrix_norm", "norm", "solve", "svd", "svdvals", "vector_norm",
]  # fmt: skip
