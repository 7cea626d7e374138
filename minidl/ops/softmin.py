"""Kin of softmax: of the smallest rather than the largest, and with noise that makes it a draw."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError
from ..random import Generator, generator_or_default
from ._check.arguments import float_only, number, tensor_of
from .arithmetic import add, div, neg, sub
from .order import argmax
from .softmax import softmax


def softmin(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """softmax(-input): the smallest score gets the largest share; arguments as of `softmax`."""
    if dim is None:
        raise ArgumentError("softmin: say along which dim the results sum to 1, e.g. dim=1 for (N, classes)")
    return softmax(neg(tensor_of("softmin", input)), dim, dtype)


def gumbel_softmax(
    logits: Tensor,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """softmax((logits + noise) / tau) along `dim`: nearly a draw from the classes, with a gradient.

    With `hard` the result is the drawn class, one-hot, and the gradient that of the soft result. The noise, -log of
    exponential numbers, is drawn on the host, from `generator` or minidl's default one. `eps` has no effect, as in
    PyTorch. Source: Jang et al. 2016, arXiv:1611.01144.
    """
    x = float_only("gumbel_softmax", logits)
    if eps != 1e-10:
        warnings.warn("gumbel_softmax: eps is deprecated and has no effect", UserWarning, stacklevel=2)
    backend = backend_of(x._array)
    noise = -np.log(generator_or_default(generator).standard_exponential(x.shape))
    noisy = add(x, wrap(backend.asarray(noise).astype(x.dtype)))
    soft = softmax(div(noisy, number("gumbel_softmax", "tau", tau)), dim)
    if not hard:
        return soft
    drawn = argmax(soft, dim, keepdim=True)._array
    along = [1] * soft.ndim
    if soft.ndim:
        along[dim] = soft.shape[dim]
    onehot = backend.xp.arange(soft.shape[dim] if soft.ndim else 1).reshape(along) == drawn
    return add(sub(wrap(onehot.astype(x.dtype)), soft.detach()), soft)
