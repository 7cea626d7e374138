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

    def forward(self, x: Any) -> Any:
        u, s, vh = self.xp.linalg.svd(x, full_matrices=False)
        self.u, self.s, self.v = u, s, vh.swapaxes(-1, -2)
        return u, s, vh

    def backward(self, du: Any, ds: Any, dvh: Any) -> Any:
        xp, u, s, v, dv = self.xp, self.u, self.s, self.v, dvh.swapaxes(-1, -2)
        eye = xp.eye(s.shape[-1], dtype=s.dtype)
        gap = s[..., None, :] ** 2 - s[..., :, None] ** 2 + eye  # (..., K, K)

        def skew(m: Any) -> Any:
            return (m - m.swapaxes(-1, -2)) / gap

        ut, vt = u.swapaxes(-1, -2), v.swapaxes(-1, -2)
        inner = ds[..., None] * eye + skew(ut @ du) * s[..., None, :] + s[..., :, None] * skew(vt @ dv)
        dx = u @ inner @ vt
        if u.shape[-2] > s.shape[-1]:
            outside = du - u @ (ut @ du)
            dx = dx + (outside / s[..., None, :]) @ vt
        if v.shape[-2] > s.shape[-1]:
            outside = dv - v @ (vt @ dv)
            dx = dx + (u / s[..., None, :]) @ outside.swapaxes(-1, -2)
        return dx


def svd(A: Tensor, full_matrices: bool = False, *, driver: None = None) -> SvdResult:
    """U (..., M, K), S (..., K) in descending order and Vh (..., K, N) of matrices (..., M, N), K the smaller of M, N.

    The signs of the columns of U and V are as NumPy's; gradients are right for what does not depend on them, and for
    singular values that differ. `full_matrices=True`, PyTorch's default, is an ArgumentError.
    """
    if full_matrices or driver is not None:
        raise ArgumentError(
            "svd: full_matrices=True and driver are left out of minidl: say full_matrices=False, which is enough to "
            "put A together again"
        )
    x = float_only("svd", A)
    if x.ndim < 2:
        raise ShapeError(f"svd: takes matrices (..., M, N); got shape {x.shape}")
    return SvdResult(*Svd.apply(x))


def svdvals(A: Tensor) -> Tensor:
    """The singular values (..., K) in descending order."""
    return svd(A).S
