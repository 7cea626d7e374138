"""Dropout: in training each value is set to 0 with probability p, and the rest is scaled to keep the mean."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, ShapeError, refuse
from ..random import Generator, generator_or_default
from ._check.arguments import tensor_of


class Dropout(Function):
    """z = x · mask,  mask = 0 with probability p, else 1 / (1 - p)        ∂z/∂x = mask"""

    fixed = ("mask",)

    def forward(self, x: Any, kept: np.ndarray, p: float) -> Any:
        scale = x.dtype.type(0 if p == 1 else 1 / (1 - p))
        self.mask = self.backend.asarray(kept).astype(x.dtype) * scale
        return x * self.mask

    def backward(self, dz: Any) -> Any:
        return dz * self.mask


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """In training, each element is 0 with probability `p` and divided by 1 - p otherwise; else `input` itself.

    The draw is made on the host, from `generator` or minidl's default one: a seed gives the same mask on every backend.
    Raises `ArgumentError` if p is not in 0 ... 1.

    >>> import minidl
    >>> _ = minidl.manual_seed(0)
    >>> dropout(minidl.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([2., 4., 6., 0.])
    """
    x = _checked("dropout", input, p, inplace)
    return x if not training or p == 0 else _dropped(x, x.shape, p, generator)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """`dropout` of whole channels of (N, C, L) or (C, L): neighbouring elements are too similar to drop singly."""
    return _by_channel("dropout1d", "L", input, p, training, inplace, generator)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """`dropout` of whole channels of (N, C, H, W): neighbouring pixels are too similar to drop singly.

    As in PyTorch, (N, C, L) is dropped by channel too and (N, C) singly, with a warning.
    """
    axes = "HW"
    if isinstance(input, Tensor) and input.ndim in (2, 3):
        axes, better = ("", "dropout") if input.ndim == 2 else ("L", "dropout1d")
        warnings.warn(
            f"dropout2d: an input of {input.ndim} dimensions is taken for {'(N, C, L)' if axes else '(N, C)'}; "
            f"{better} says so",
            UserWarning,
            stacklevel=2,
        )
    return _by_channel("dropout2d", axes, input, p, training, inplace, generator)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """`dropout` of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    return _by_channel("dropout3d", "DHW", input, p, training, inplace, generator)


def _by_channel(
    name: str, axes: str, input: Tensor, p: float, training: bool, inplace: bool, generator: Generator | None
) -> Tensor:
    """`axes`: the names of the dimensions after the channels, which share one draw."""
    x = _checked(name, input, p, inplace)
    if x.ndim - len(axes) not in (1, 2):
        wanted = ", ".join(axes)
        raise ShapeError(f"{name}: input must be (N, C, {wanted}) or (C, {wanted}); got {x.shape}")
    drawn = (*x.shape[: x.ndim - len(axes)], *(1,) * len(axes))
    return x if not training or p == 0 else _dropped(x, drawn, p, generator)


def is_probability(p: Any) -> bool:
    """Whether p is a number from 0 to 1, and not True or False."""
    return isinstance(p, int | float | np.number) and not isinstance(p, bool) and bool(0 <= p <= 1)


def _checked(name: str, input: Any, p: float, inplace: bool) -> Tensor:
    refuse(name, inplace=inplace)
    if not is_probability(p):
        raise ArgumentError(f"{name}: p, the probability that a value is dropped, must be in 0 ... 1; got {p!r}")
    return tensor_of(name, input)


def _dropped(x: Tensor, shape: tuple[int, ...], p: float, generator: Generator | None) -> Tensor:
    if x.dtype.kind != "f":
        raise DtypeError(f"dropout: input is {x.dtype}; use a floating dtype, for example input.float()")
    kept = generator_or_default(generator).random(shape, dtype=np.float32) >= p
    return Dropout.apply(x, kept=kept, p=float(p))
