"""Tensors drawn or spaced in less common ways, and the methods that fill a tensor with such numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..devices import backend_for
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops._check.arguments import Number, element, number
from ..random import Generator, generator_or_default
from .creation import _finished, spaced
from .sampling import _check_holds, _integer, randint


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from base ** start to base ** end, both included, each the same multiple of the one before.

    >>> logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    exponents, chosen = spaced("logspace", start, end, steps, dtype)
    with np.errstate(all="ignore"):
        values = np.power(float(number("logspace", "base", base)), exponents)
        return _finished(backend_for(device).asarray(values.astype(chosen)), requires_grad)


def randint_like(
    input: Tensor,
    low: Any = None,
    high: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random integers from low (0) to high - 1 in the shape and dtype and on the device of the input."""
    if not isinstance(input, Tensor):
        raise DtypeError(f"randint_like: input must be a Tensor; got {type(input).__name__}")
    if high is None:
        low, high = 0, low
    place = backend_of(input._array).name if device is None else device
    chosen = input.dtype if dtype is None else dtype
    return randint(low, high, input.shape, dtype=chosen, device=place, requires_grad=requires_grad)


def _fill(x: Tensor, values: Any) -> Tensor:
    """Numbers drawn on the host, as the contents of x; through them no gradient flows."""
    return x.copy_(_finished(backend_of(x._array).asarray(np.asarray(values).astype(x.dtype)), False))


def random_(
    self: Tensor, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None
) -> Tensor:
    """The elements become random integers, as `random_()`, `random_(to)` or `random_(from_, to)`, up to `to` - 1.

    Without `to`, all that the dtype holds: up to its largest number, or up to 2^24 or 2^53 in float32 and float64.
    """
    if to is None:
        from_, to = (None, from_)
    first = 0 if from_ is None else _integer("random_", "from", from_)
    dtype = self.dtype
    if to is None:
        whole = 2 ** (np.finfo(dtype).nmant + 1) + 1 if dtype.kind == "f" else 2 if dtype.kind == "b" else None
        end = int(np.iinfo(dtype).max) + 1 if whole is None else whole
    else:
        end = _integer("random_", "to", to)
    if first >= end:
        raise ArgumentError(f"random_: from {first} must be less than to {end}")
    _check_holds("random_", dtype, first, end - 1)
    return _fill(self, generator_or_default(generator).integers(first, end - 1, self.shape, endpoint=True))


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The elements become random waiting times of rate `lambd`: of the density lambd · e^(-lambd x)."""
    rate = _floating("exponential_", self, lambd=lambd)
    if not rate > 0:
        raise ArgumentError(f"exponential_: lambd must be above 0; got {lambd}")
    return _fill(self, generator_or_default(generator).standard_exponential(self.shape) / rate)


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """The elements become random numbers of attempts up to the first success, which has probability p: 1, 2, ..."""
    if self.dtype.kind == "b" or not 0 < number("geometric_", "p", p) < 1:
        raise ArgumentError(f"geometric_: takes 0 < p < 1 and no bools; got p={p} and {self.dtype}")
    return _fill(self, generator_or_default(generator).geometric(p, self.shape))


def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """The elements become random numbers from the Cauchy distribution with that median and half width `sigma`."""
    width = _floating("cauchy_", self, sigma=sigma)
    if not width > 0:
        raise ArgumentError(f"cauchy_: sigma must be above 0; got {sigma}")
    return _fill(self, generator_or_default(generator).standard_cauchy(self.shape) * width + median)


def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """The elements become e to the power of normal random numbers with that mean and standard deviation."""
    width = _floating("log_normal_", self, std=std)
    if not width > 0:
        raise ArgumentError(f"log_normal_: std must be above 0; got {std}")
    return _fill(self, np.exp(generator_or_default(generator).standard_normal(self.shape) * width + mean))


def _floating(name: str, x: Tensor, **option: Any) -> float:
    """The option as a number, for a tensor of a floating dtype."""
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: takes a tensor of a floating dtype; this one is {x.dtype}")
    ((word, value),) = option.items()
    return float(number(name, word, value))


def fill_diagonal_(self: Tensor, fill_value: Number, wrap: bool = False) -> Tensor:
    """The elements whose indices are all equal become `fill_value`; with `wrap`, a tall matrix starts over below.

    >>> import minidl
    >>> minidl.zeros(2, 2).fill_diagonal_(5)
    tensor([[5., 0.],
            [0., 5.]])
    """
    if self.ndim < 2 or (self.ndim > 2 and len(set(self.shape)) > 1):
        raise ShapeError(f"fill_diagonal_: takes a matrix, or dimensions of equal length; got shape {self.shape}")
    value = element("fill_diagonal_", "fill_value", fill_value, self.dtype).item()
    mask = np.zeros(self.shape, bool)
    np.fill_diagonal(mask, True, wrap=wrap)
    return self.masked_fill_(_finished(backend_of(self._array).asarray(mask), False), value)
