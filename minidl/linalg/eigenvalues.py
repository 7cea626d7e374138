"""Eigenvalues and eigenvectors of symmetric matrices, with their derivatives."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from .solving import square


class EighResult(NamedTuple):
    """x = V diag(w) Vᵀ."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class Eigh(Function):
    """x = v diag(w) vᵀ        dx = v (diag(dw) + skew(vᵀ dv)) vᵀ

    skew(m)_ij = ½ (m_ij - m_ji) / (w_j - w_i): for eigenvalues that differ.
    """

    materialize = False

    def forward(self, x: Any, uplo: str) -> Any:
        w, v = self.backend.linalg.eigh(x, UPLO=uplo)
        self.w, self.v = w, v
        return w, v

    def backward(self, dw: Any, dv: Any) -> Any:
        w, v = self.w, self.v
        eye = self.xp.eye(w.shape[-1], dtype=w.dtype)
        inner = 0 if dw is None else dw[..., None] * eye
        if dv is not None:
            gap = w[..., None, :] - w[..., :, None] + eye  # (..., N, N)
            m = v.swapaxes(-1, -2) @ dv
            inner = inner + (m - m.swapaxes(-1, -2)) / (2 * gap)
        return v @ inner @ v.swapaxes(-1, -2)


def eigh(A: Tensor, UPLO: str = "L") -> EighResult:
    """The eigenvalues (..., N), ascending, and eigenvectors (..., N, N), in columns, of symmetric matrices.

    Only the lower triangle is read, with UPLO="U" the upper one. The signs of the eigenvectors are NumPy's; gradients
    are right for what does not depend on them, and for eigenvalues that differ.

    >>> import minidl
    >>> eigh(minidl.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    return EighResult(*Eigh.apply(square("eigh", A), uplo=_triangle("eigh", UPLO)))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues (..., N), ascending, of symmetric matrices; as `eigh`."""
    return Eigh.apply(square("eigvalsh", A), uplo=_triangle("eigvalsh", UPLO))[0]


def _triangle(name: str, uplo: Any) -> str:
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ArgumentError(f"{name}: UPLO must be 'L' or 'U', the triangle that is read; got {uplo!r}")
    return uplo.upper()
