"""Parametrizations that PyTorch has ready-made: `weight_norm`, `spectral_norm` and `orthogonal`.

The first two do what those of `nn.utils` do, by the means of `parametrize`: the names in a state dict are others.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ...engine.grad_mode import no_grad
from ...engine.tensor import Tensor
from ...errors import ArgumentError, DimensionError
from ...ops.arithmetic import div, mul, square
from ...ops.distance import normalize
from ...ops.elementary import sqrt
from ...ops.linalg import matmul
from ...ops.reduce import sum
from ...ops.shape import movedim, reshape, transpose
from ...tensors.sampling import randn
from ..conv import ConvTranspose1d, ConvTranspose2d
from ..conv3d import ConvTranspose3d
from ..module import Module
from .orthogonal import orthogonal as orthogonal
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)
START = 15  # steps of the power method before the first forward


class _WeightNorm(Module):
    """w = g v / |v|, where g has a length for each index of `dim`, or one in all (dim -1)."""

    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return mul(weight_v, div(weight_g, self._length(weight_v)))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """g and v."""
        return self._length(weight), weight

    def _length(self, v: Tensor) -> Tensor:
        if self.dim == -1:
            return sqrt(sum(square(v)))
        return sqrt(sum(square(v), tuple(axis for axis in range(v.ndim) if axis != self.dim), keepdim=True))


class _SpectralNorm(Module):
    """w / σ, where σ = uᵀ w v is its largest singular value; training moves u and v nearer to it at every reading.

    w is (outputs, the rest), with the outputs from dimension `dim`; a vector is divided by its length.
    """

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        if type(n_power_iterations) is not int or n_power_iterations < 1:
            raise ArgumentError(f"spectral_norm: n_power_iterations must be at least 1; got {n_power_iterations!r}")
        if not -weight.ndim <= dim < weight.ndim:
            raise DimensionError(f"spectral_norm: dim must be from {-weight.ndim} to {weight.ndim - 1}; got {dim}")
        self.dim, self.eps, self.n_power_iterations = dim % weight.ndim, eps, n_power_iterations
        if weight.ndim > 1:
            w = self._matrix(weight.detach())
            for name, count in zip(("_u", "_v"), w.shape):
                drawn = randn(count, dtype=weight.dtype, device=weight.device)
                self.register_buffer(name, normalize(drawn, dim=0, eps=eps))
            self._approach(w, START)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        w = self._matrix(weight)
        if self.training:
            self._approach(w, self.n_power_iterations)
        return div(weight, sum(mul(self._u, matmul(w, self._v))))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value: it is divided by its own σ."""
        return value

    @no_grad()
    def _approach(self, w: Tensor, steps: int) -> None:
        for _ in range(steps):
            self._u = normalize(matmul(w, self._v), dim=0, eps=self.eps)
            self._v = normalize(matmul(transpose(w, 0, 1), self._u), dim=0, eps=self.eps)

    def _matrix(self, weight: Tensor) -> Tensor:
        return reshape(movedim(weight, self.dim, 0), (weight.shape[self.dim], -1))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train the length of the weight `name` (`original0`) and its direction (`original1`) apart; see `_WeightNorm`.

    Returns the module, which loads the `weight_g` and `weight_v` of `nn.utils.weight_norm` too. Source: Salimans &
    Kingma 2016, arXiv:1602.07868. ArgumentError for a name that is neither a parameter nor a buffer.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(module: Module, state: dict[str, Any], prefix: str, *others: Any) -> None:
        old = [f"{prefix}{name}_{part}" for part in ("g", "v")]
        if all(key in state for key in old):
            for i, key in enumerate(old):
                state[f"{prefix}parametrizations.{name}.original{i}"] = state.pop(key)

    module.register_load_state_dict_pre_hook(rename)
    return module


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide the weight `name` by its largest singular value; see `_SpectralNorm`. Returns the module.

    `dim`: that of the outputs, by default 1 for transposed convolutions, else 0. Source: Miyato et al. 2018,
    arXiv:1802.05957. ArgumentError for a name that is no tensor, or a number of steps below 1.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"spectral_norm: {type(module).__name__} has no parameter or buffer {name!r}")
    if dim is None:
        dim = int(isinstance(module, ConvTranspose1d | ConvTranspose2d | ConvTranspose3d))
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
