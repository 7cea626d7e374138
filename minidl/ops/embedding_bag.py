"""Bags of rows of a table: their sum, mean or maximum, without a tensor of all the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError, UnsupportedError
from ._check.arguments import tensor_of
from .embedding import Embedding, frequency, looked_up
from .gather import masked_fill
from .order import max
from .shape import reshape


class EmbeddingBag(Function):
    """z[b] = Σ_k f_k s_k w[i_k] over bag b        dw[i_k] += f_k s_k dz[b],  ds_k = f_k Σ dz[b] · w[i_k]

    f is 1 for a sum, 1 / (the size of the bag) for a mean, and 0 for padding; s are the samples' own weights.
    """

    def forward(self, i: Any, w: Any, s: Any, bag: Any, factors: Any, bags: int, by_frequency: bool) -> Any:
        self.i, self.w, self.s, self.bag, self.factors, self.by_frequency = i, w, s, bag, factors, by_frequency
        z = self.xp.zeros((bags, w.shape[1]), w.dtype)
        rows = w.take(i, axis=0) * self.scales()[:, None]
        self.backend.scatter_add(z, bag, self.backend.masked(rows, (factors != 0)[:, None]))  # padding may be infinite
        return z

    def backward(self, dz: Any) -> Any:
        of_rows = dz.take(self.bag, axis=0)  # dz of each row's bag: (K, D)
        dw = ds = None
        if self.needs[1]:
            scales = self.scales() / frequency(self.xp, self.i, dz.dtype) if self.by_frequency else self.scales()
            dw = self.xp.zeros(self.w.shape, dz.dtype)
            self.backend.scatter_add(dw, self.i, of_rows * scales[:, None])
        if self.needs[2]:
            ds = (of_rows * self.w.take(self.i, axis=0)).sum(axis=1) * self.factors
        return None, dw, ds

    def scales(self) -> Any:
        """f_k s_k: (K,)"""
        return self.factors if self.s is None else self.factors * self.s


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum (`mode`) of the rows of weight (V, D) in each bag: (bags, D); 0 for an empty bag.

    input (bags, K): each row is a bag; or (K,), and bag b begins at offsets[b] (`include_last_offset`: and the last
    offset is the end). `per_sample_weights`, in the shape of input, multiply the rows, for mode "sum". `padding_idx` is
    left out of its bags. The other options are those of `embedding`.

    >>> import minidl
    >>> w = minidl.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    >>> embedding_bag(minidl.tensor([0, 1, 2]), w, minidl.tensor([0, 1]), mode="sum")
    tensor([[ 1., 10.],
            [ 5., 50.]])
    """
    name = "embedding_bag"
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"{name}: mode must be 'sum', 'mean' or 'max'; got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ArgumentError(f"{name}: scale_grad_by_freq is not defined for mode 'max'")
    if mode != "sum" and per_sample_weights is not None:
        raise UnsupportedError(f"{name}: per_sample_weights are for mode 'sum', not for {mode!r}")
    tensor_of(name, input)
    s = None if per_sample_weights is None else tensor_of(name, per_sample_weights, "per_sample_weights")
    if s is not None and s.shape != input.shape:
        raise ShapeError(f"{name}: per_sample_weights {s.shape} but input is {input.shape}; they must be the same")
    starts, size = _starts(name, input, offsets, include_last_offset)
    i, w = looked_up(name, reshape(input, (-1,)), weight, padding_idx, max_norm, norm_type, sparse)
    bag = np.searchsorted(starts, np.arange(size), side="right") - 1  # the bag of each row: (K,)
    counted = np.ones(size, bool) if padding_idx is None else to_host(i._array) != padding_idx % w.shape[0]
    if mode == "max" and counted.any():
        return _largest(i, w, bag, counted, len(starts))
    if s is not None and s.dtype != w.dtype:
        raise DtypeError(f"{name}: per_sample_weights are {s.dtype} but weight is {w.dtype}; they must be the same")
    factors = counted.astype(np.float64)
    if mode == "mean":
        factors /= np.maximum(np.bincount(bag, factors, len(starts)), 1)[bag]
    backend = backend_of(w._array)
    return EmbeddingBag.apply(
        i, w, None if s is None else reshape(s, (-1,)), bag=backend.asarray(bag),
        factors=backend.asarray(factors.astype(w.dtype)), bags=len(starts), by_frequency=bool(scale_grad_by_freq),
    )  # fmt: skip


def _starts(name: str, input: Tensor, offsets: Any, include_last: bool) -> tuple[np.ndarray, int]:
    """Where each bag begins in the flat input, and where the last one ends."""
    if input.ndim == 2:
        if offsets is not None:
            raise ArgumentError(f"{name}: an input (bags, K) takes no offsets: each of its rows is a bag")
        return np.arange(input.shape[0]) * input.shape[1], input._array.size
    if input.ndim != 1:
        raise ShapeError(f"{name}: input must be (K,) with offsets, or (bags, K); got shape {input.shape}")
    if not isinstance(offsets, Tensor) or offsets.ndim != 1 or offsets.dtype.name not in ("int64", "int32"):
        raise ArgumentError(f"{name}: an input (K,) needs offsets, integers (bags,): where each bag begins")
    starts, size = to_host(offsets._array).astype(np.int64), len(input)
    if include_last and len(starts) == 0:
        raise ArgumentError(f"{name}: include_last_offset needs at least one offset")
    if len(starts) and (starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > size):
        raise RangeError(f"{name}: offsets must rise from 0 to at most {size}, the length of input; got {starts}")
    if not include_last:
        return starts, size
    if starts[-1] != size:
        raise ArgumentError(f"{name}: the last offset is {starts[-1]}; with include_last_offset it must be {size}")
    return starts[:-1], size


def _largest(i: Tensor, w: Tensor, bag: np.ndarray, counted: np.ndarray, bags: int) -> Tensor:
    """The largest of each bag's rows, element by element; the first among equal ones."""
    backend = backend_of(w._array)
    kept = np.flatnonzero(counted)
    bag, sizes = bag[kept], np.bincount(bag[kept], minlength=bags)
    column = np.arange(len(kept)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # the place of each row in its bag
    places, absent = np.zeros((bags, sizes.max()), np.int64), np.ones((bags, sizes.max(), 1), bool)
    places[bag, column], absent[bag, column] = to_host(i._array)[kept], False
    rows = Embedding.apply(wrap(backend.asarray(places)), w, padding=None)  # (bags, the largest size, D)
    largest = max(masked_fill(rows, wrap(backend.asarray(absent)), -np.inf), 1).values
    return masked_fill(largest, wrap(backend.asarray((sizes == 0)[:, None])), 0.0)
