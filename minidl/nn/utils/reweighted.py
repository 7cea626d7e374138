"""Weights computed anew before every forward: `weight_norm` from a length and a direction, `spectral_norm` by division.

The layer keeps what they are computed from as parameters, under PyTorch's names: weight_g and weight_v, or weight_orig
with the buffer weight_u.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ...engine.grad_mode import no_grad
from ...engine.tensor import Tensor
from ...errors import ArgumentError
from ...ops.arithmetic import div, mul, square
from ...ops.distance import normalize
from ...ops.elementary import sqrt
from ...ops.linalg import matmul
from ...ops.reduce import sum
from ...ops.shape import reshape, transpose
from ...tensors.sampling import randn
from ..module import Module
from ..parameter import Parameter

M = TypeVar("M", bound=Module)


class WeightNorm:
    """w = g v / |v|, where g has a length for each index of `dim`, or one in all (dim None)."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, dim

    def start(self, module: Module, weight: Tensor) -> None:
        """Put the length and the direction of this weight into the module."""
        with no_grad():
            length = self._length(weight)
        setattr(module, f"{self.name}_g", Parameter(length))
        setattr(module, f"{self.name}_v", Parameter(weight.detach().clone()))

    def weight(self, module: Module) -> Tensor:
        """The weight of now."""
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        return mul(v, div(g, self._length(v)))

    def end(self, module: Module) -> None:
        """Take out what `start` has put in."""
        for part in ("g", "v"):
            delattr(module, f"{self.name}_{part}")

    def _length(self, v: Tensor) -> Tensor:
        if self.dim is None:
            return sqrt(sum(square(v)))
        others = tuple(axis for axis in range(v.ndim) if axis != self.dim % v.ndim)
        return sqrt(sum(square(v), others, keepdim=True))

    def __call__(self, module: Module, inputs: Any) -> None:
        object.__setattr__(module, self.name, self.weight(module))


class SpectralNorm(WeightNorm):
    """w / σ, where σ = uᵀ w v is its largest singular value; training moves u and v nearer to it at every forward."""

    def __init__(self, name: str, dim: int, steps: int, eps: float) -> None:
        super().__init__(name, dim)
        self.axis, self.steps, self.eps = dim, steps, eps

    def start(self, module: Module, weight: Tensor) -> None:
        setattr(module, f"{self.name}_orig", Parameter(weight.detach().clone()))
        rows, columns = self._matrix(weight.detach()).shape
        for part, count in (("u", rows), ("v", columns)):
            drawn = randn(count, dtype=weight.dtype, device=weight.device)
            module.register_buffer(f"{self.name}_{part}", normalize(drawn, dim=0, eps=self.eps))

    def weight(self, module: Module) -> Tensor:
        kept = getattr(module, f"{self.name}_orig")
        w = self._matrix(kept)  # (outputs, the rest)
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        if module.training:
            with no_grad():
                for _ in range(self.steps):
                    v = normalize(matmul(transpose(w, 0, 1), u), dim=0, eps=self.eps)
                    u = normalize(matmul(w, v), dim=0, eps=self.eps)
            setattr(module, f"{self.name}_u", u)
            setattr(module, f"{self.name}_v", v)
        return div(kept, sum(mul(u, matmul(w, v))))

    def end(self, module: Module) -> None:
        for part in ("orig", "u", "v"):
            delattr(module, f"{self.name}_{part}")

    def _matrix(self, weight: Tensor) -> Tensor:
        turned = weight if self.axis == 0 else transpose(weight, 0, self.axis)
        return reshape(turned, (turned.shape[0], -1))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train the length of the weight `name` and its direction apart; see `WeightNorm`. Returns the module.

    Source: Salimans & Kingma 2016, arXiv:1602.07868. ArgumentError for a name that is no parameter.
    """
    return _put(module, WeightNorm(name, None if dim == -1 else dim), "weight_norm")


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide the weight `name` by its largest singular value; see `SpectralNorm`. Returns the module.

    `dim`: that of the outputs, by default 1 for transposed convolutions, else 0. Source: Miyato et al. 2018,
    arXiv:1802.05957. ArgumentError for a name that is no parameter, or a number of steps below 1.
    """
    if type(n_power_iterations) is not int or n_power_iterations < 1:
        raise ArgumentError(f"spectral_norm: n_power_iterations must be at least 1; got {n_power_iterations!r}")
    axis = int("ConvTranspose" in type(module).__name__) if dim is None else dim
    return _put(module, SpectralNorm(name, axis, n_power_iterations, eps), "spectral_norm")


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter again, with its value of now. ArgumentError if it is one already."""
    return _taken(module, name, WeightNorm, "remove_weight_norm")


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight an ordinary parameter again, with its value of now. ArgumentError if it is one already."""
    return _taken(module, name, SpectralNorm, "remove_spectral_norm")


def _put(module: M, rule: WeightNorm, function: str) -> M:
    weight = dict(module.named_parameters(recurse=False)).get(rule.name)
    if weight is None:
        raise ArgumentError(
            f"{function}: {type(module).__name__} has no parameter {rule.name!r}; "
            f"it has {', '.join(name for name, _ in module.named_parameters(recurse=False)) or 'none'}"
        )
    delattr(module, rule.name)
    rule.start(module, weight)
    object.__setattr__(module, rule.name, weight.detach())  # until the first forward
    _rules(module)[rule.name] = rule, module.register_forward_pre_hook(rule)
    return module


def _taken(module: M, name: str, kind: type[WeightNorm], function: str) -> M:
    rule, handle = _rules(module).get(name, (None, None))
    if type(rule) is not kind:
        raise ArgumentError(f"{function}: {kind.__name__} is not in force for {name!r} of {type(module).__name__}")
    handle.remove()
    del _rules(module)[name]
    with no_grad():
        weight = rule.weight(module)
    object.__delattr__(module, name)
    rule.end(module)
    setattr(module, name, Parameter(weight.detach().clone()))
    return module


def _rules(module: Module) -> dict[str, Any]:
    """The rules in force by the name of their weight, and the handles of their hooks."""
    if "_reweighted" not in module.__dict__:
        object.__setattr__(module, "_reweighted", {})
    return module.__dict__["_reweighted"]
