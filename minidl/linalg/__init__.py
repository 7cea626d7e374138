"""Linear algebra with derivatives, by the names of `torch.linalg`: each family's file is imported on first use."""

from ..errors import LinAlgError as LinAlgError
from ..missing import of_module as _of_module
from ..ops.linalg import matmul as matmul

_LATER = {
    "determinants": "logdet slogdet",
    "eigenvalues": "EighResult eigh eigvalsh",
    "elimination": "LuFactorExResult LuFactorResult LuResult lu lu_factor lu_factor_ex lu_solve lu_unpack",
    "factors": "QrResult cholesky cholesky_inverse cholesky_solve qr",
    "inverses": "LstsqResult lstsq pinv pinverse solve_triangular tensorinv tensorsolve",
    "reflections": "GeqrfResult geqrf householder_product orgqr",
    "norms": "cond matrix_norm matrix_rank norm vector_norm",
    "products": "cross diagonal matrix_exp matrix_power multi_dot vander vecdot",
    "singular": "SvdResult svd svdvals",
    "solving": "det inv inverse solve",
}

__all__ = sorted(["LinAlgError", "matmul", *(name for names in _LATER.values() for name in names.split())])

__getattr__ = _of_module(__name__, globals(), _LATER)
