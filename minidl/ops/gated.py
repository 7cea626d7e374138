"""Activations with something besides the input: a gate, a learned slope, a drawn slope."""

from __future__ import annotations

from math import isfinite
from typing import Any

from ..backend import backend_of
from ..engine.elementwise import Elementwise
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError, refuse
from ..random import Generator, generator_or_default
from ._check.arguments import float_only, normal_dim, number, tensor_of
from .activation import leaky_relu, sigmoid
from .arithmetic import mul
from .join import chunk
from .shape import reshape


class PRelu(Elementwise):
    """z = x where x > 0, else w x        ∂z/∂x = 1 where x > 0, else w,  ∂z/∂w = 0 where x > 0, else x"""

    def value(self, x: Any, w: Any) -> Any:
        return self.xp.where(x > 0, x, w * x)

    def slope_x(self, x: Any, w: Any) -> Any:
        return self.xp.where(x > 0, x.dtype.type(1), w)

    def slope_w(self, x: Any) -> Any:
        return self.xp.where(x > 0, x.dtype.type(0), x)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a · sigmoid(b), where a and b are the halves of the input along `dim` (Dauphin et al. 2016, arXiv:1612.08083).

    >>> import minidl
    >>> glu(minidl.tensor([[2.0, 4.0, 0.0, 0.0]]))
    tensor([[1., 2.]])
    """
    x = float_only("glu", input)
    if not x.ndim:
        raise ShapeError("glu: a tensor without dimensions has no halves; use one of at least 1 dimension")
    dim = normal_dim("glu", dim, x.ndim)
    if x.shape[dim] % 2 or not x.shape[dim]:
        raise ShapeError(f"glu: dimension {dim} of {x.shape} must be of even length, so that it has halves")
    a, b = chunk(x, 2, dim)
    return mul(a, sigmoid(b))


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """input where it is positive, else weight · input (He et al. 2015, arXiv:1502.01852).

    `weight`, in the dtype of the input, is one number, () or (1,), or one for each channel (dimension 1), (C,).
    """
    x, w = float_only("prelu", input), tensor_of("prelu", weight, "weight")
    if w.dtype != x.dtype:
        raise DtypeError(f"prelu: input is {x.dtype} but weight is {w.dtype}; bring both to one dtype")
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.ndim > 1 or w.shape not in ((), (1,), (channels,)) or (w.shape == (channels,) and channels > 1 > x.ndim):
        raise ShapeError(f"prelu: weight must be one number, or ({channels},) for input {x.shape}; got {w.shape}")
    wide = (1, w.shape[0], *(1,) * (x.ndim - 2)) if w.ndim and x.ndim > 1 else (1,) * x.ndim
    return PRelu.apply(x, reshape(w, wide))


def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """input where it is positive, else r · input: r is uniform in lower ... upper in training, else their mean.

    Each negative element draws its own r, on the host, from `generator` or minidl's default one.
    """
    refuse("rrelu", inplace=inplace)
    x = float_only("rrelu", input)
    lower, upper = number("rrelu", "lower", lower), number("rrelu", "upper", upper)
    if not (isfinite(lower) and isfinite(upper) and lower <= upper):
        raise ArgumentError(f"rrelu: lower must not be above upper, both finite; got {lower} and {upper}")
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    backend = backend_of(x._array)
    drawn = backend.asarray(generator_or_default(generator).uniform(lower, upper, x.shape)).astype(x.dtype)
    return mul(x, wrap(backend.xp.where(x._array <= 0, drawn, x.dtype.type(1))))
