"""The singular value decomposition, with its derivative."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..ops._check.arguments import float_only


class SvdResult(NamedTuple):
    """x = U diag(S) Vh."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class Svd(Function):
    """x = u diag(s) vᵀ        dx = u (ds + skew(uᵀ du) s + s skew(vᵀ dv)) vᵀ + what leaves the space of u and v

    skew(m)_ij = (m_ij - m_ji) / (s_j² - s_i²): for singular values that differ.
    """

    materialize = False

    def forward(self, x: Any, full: bool = False) -> Any:
        u, s, vh = self.backend.linalg.svd(x, full_matrices=full)
        self.u, self.s, self.vh = u, s, vh
        return u, s, vh

    def backward(self, du: Any, ds: Any, dvh: Any) -> Any:
        k = self.s.shape[-1]
        u, s, vt = self.u[..., :k], self.s, self.vh[..., :k, :]
        ut, v = u.swapaxes(-1, -2), vt.swapaxes(-1, -2)
        eye = self.xp.eye(k, dtype=s.dtype)
        inner, outside = (0 if ds is None else ds[..., None] * eye), []
        gap = s[..., None, :] ** 2 - s[..., :, None] ** 2 + eye  # (..., K, K)

        def skew(m: Any) -> Any:
            return (m - m.swapaxes(-1, -2)) / gap

        if du is not None:
            du = du[..., :k]
            inner = inner + skew(ut @ du) * s[..., None, :]
            outside += [((du - u @ (ut @ du)) / s[..., None, :]) @ vt] if u.shape[-2] > k else []
        if dvh is not None:
            dv = dvh[..., :k, :].swapaxes(-1, -2)
            inner = inner + s[..., :, None] * skew(vt @ dv)
            outside += [(u / s[..., None, :]) @ (dv - v @ (vt @ dv)).swapaxes(-1, -2)] if v.shape[-2] > k else []
        return sum(outside, u @ inner @ vt)


def svd(A: Tensor, full_matrices: bool = True, *, driver: None = None) -> SvdResult:
    """U (..., M, M), S (..., K) in descending order and Vh (..., N, N) of matrices (..., M, N), K the smaller of M, N.

    With full_matrices=False, U is (..., M, K) and Vh (..., K, N): enough to put A together again. The signs of the
    columns of U and V are as NumPy's; gradients are right for what does not depend on them, and for singular values
    that differ; those of the columns of U and V beyond K are not used. ArgumentError for `driver`.
    """
    if driver is not None:
        raise ArgumentError(f"svd: the argument driver={driver!r} of PyTorch's, for its GPUs, is left out of minidl")
    x = float_only("svd", A)
    if x.ndim < 2:
        raise ShapeError(f"svd: takes matrices (..., M, N); got shape {x.shape}")
    return SvdResult(*Svd.apply(x, full=bool(full_matrices)))


def svdvals(A: Tensor, *, driver: None = None) -> Tensor:
    """The singular values (..., K) in descending order."""
    return svd(A, full_matrices=False, driver=driver).S
