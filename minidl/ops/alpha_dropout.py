"""Dropout for networks of selu: what is dropped becomes selu's lowest value, and mean and variance stay."""

from __future__ import annotations

from math import sqrt

import numpy as np

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ShapeError, refuse
from ..random import Generator, generator_or_default
from ._check.arguments import float_only, tensor_of
from .arithmetic import add, mul
from .dropout import is_probability
from .rectifier import SELU_ALPHA, SELU_SCALE

LOWEST = -SELU_SCALE * SELU_ALPHA  # selu(-∞)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """In training, each element is selu's lowest value with probability `p`; then all are scaled and shifted.

    Inputs of mean 0 and variance 1 keep both. Source: Klambauer et al. 2017, arXiv:1706.02515. ArgumentError if p is
    not in 0 ... 1.
    """
    return _dropped("alpha_dropout", input, p, training, inplace, generator, features=False)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """`alpha_dropout` of all elements of a channel at once: (N, C, ...)."""
    return _dropped("feature_alpha_dropout", input, p, training, inplace, generator, features=True)


def _dropped(
    name: str, input: Tensor, p: float, training: bool, inplace: bool, generator: Generator | None, features: bool
) -> Tensor:
    refuse(name, inplace=inplace)
    x = tensor_of(name, input)
    if not is_probability(p):
        raise ArgumentError(f"{name}: p, the probability that a value is dropped, must be in 0 ... 1; got {p!r}")
    if p == 0 or not training or not x._array.size:
        return x
    x = float_only(name, x)
    if features and x.ndim < 2:
        raise ShapeError(f"{name}: input must be (N, C, ...), of at least 2 dimensions; got {x.shape}")
    if p == 1:
        return mul(x, 0.0)
    shape = (*x.shape[:2], *(1,) * (x.ndim - 2)) if features else x.shape
    kept = generator_or_default(generator).random(shape, dtype=np.float32) >= p
    scale = 1 / sqrt((LOWEST**2 * p + 1) * (1 - p))  # of the variance; -scale p LOWEST moves the mean back to 0
    shift = scale * np.where(kept, 0, LOWEST) - scale * p * LOWEST
    factor, moved = (wrap(backend_of(x._array).asarray(y).astype(x.dtype)) for y in (scale * kept, shift))
    return add(mul(x, factor), moved)
