"""Random tensors. The numbers are drawn on the host, so that one seed gives the same tensor on every device."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from ..backend import backend_of
from ..devices import backend_for
from ..dtypes import DType, as_dtype, get_default_dtype, int64
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, RangeError, ShapeError
from ..ops._check.arguments import number
from ..random import Generator, generator_or_default
from .creation import _finished, _sizes, shape_of


class Drawn(Function):
    """z = value drawn at random        dx = 0

    The inputs describe the distribution; as in PyTorch, no gradient flows through a draw.
    """

    computes = False

    def forward(self, *described: Any, values: Any) -> Any:
        return values

    def backward(self, dz: Any) -> Any:
        return tuple(self.xp.zeros_like(dz) for _ in self.needs)


def draw(kind: str, shape: tuple[int, ...], dtype: DType, generator: Generator | None) -> Any:
    """Numbers drawn on the host, uniform in [0, 1) ("rand") or standard normal ("randn"), of a floating dtype."""
    source = generator_or_default(generator)
    method = source.random if kind == "rand" else source.standard_normal
    if dtype == np.float16:
        # Uniform numbers are cut off, not rounded, to 11 bits: rounding up could give 1.
        return np.floor(method(shape) * 2048) / 2048 if kind == "rand" else method(shape)
    return method(shape, dtype=dtype)


def _drawn(
    kind: str, shape: tuple[int, ...], generator: Generator | None, dtype: Any, device: Any, requires_grad: bool
) -> Tensor:
    chosen = get_default_dtype() if dtype is None else as_dtype(dtype)
    if chosen.kind != "f":
        raise DtypeError(f"{kind}: the dtype must be a floating one; got {chosen}; randint draws integers")
    return _finished(
        backend_for(device).asarray(np.asarray(draw(kind, shape, chosen, generator), chosen)), requires_grad
    )


def rand(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Random numbers uniform in [0, 1)."""
    return _drawn("rand", _sizes("rand", size), generator, dtype, device, requires_grad)


def randn(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Random numbers from the standard normal distribution (mean 0, variance 1)."""
    return _drawn("randn", _sizes("randn", size), generator, dtype, device, requires_grad)


def rand_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Like `rand`, in the shape and dtype and on the device of the input."""
    return _drawn_like("rand", input, dtype, device, requires_grad)


def randn_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Like `randn`, in the shape and dtype and on the device of the input."""
    return _drawn_like("randn", input, dtype, device, requires_grad)


def _drawn_like(kind: str, input: Tensor, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    place = backend_of(input._array).name if device is None else device
    return _drawn(kind, input.shape, None, input.dtype if dtype is None else dtype, place, requires_grad)


def randint(
    low: Any = None,
    high: Any = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = int64,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random integers from low to high - 1: `randint(low, high, size)`, or `randint(high, size)` from 0.

    RangeError for integers that the dtype cannot hold.
    """
    if size is None:
        low, high, size = None, low, high
    if high is None:
        low, high = None, low
    if size is None or high is None:
        raise ArgumentTypeError("randint: give randint(high, size) or randint(low, high, size)")
    first = 0 if low is None else _integer("randint", "low", low)
    end, shape, chosen = _integer("randint", "high", high), shape_of("randint", size), as_dtype(dtype)
    if first >= end:
        raise ArgumentError(f"randint: low {first} must be less than high {end}")
    _check_holds("randint", chosen, first, end - 1)
    values = generator_or_default(generator).integers(first, end, shape)
    return _finished(backend_for(device).asarray(np.asarray(values).astype(chosen)), requires_grad)


def _integer(function: str, name: str, value: Any) -> int:
    """An integer, which may come from NumPy or as a tensor without dimensions."""
    if isinstance(value, Tensor) and value.ndim == 0 and value.dtype.kind in "iu":
        return int(value.item())
    if isinstance(value, bool | Tensor) or not hasattr(value, "__index__"):
        raise ArgumentTypeError(f"{function}: {name} must be an integer; got {value!r}")
    return index(value)


def _check_holds(function: str, dtype: DType, low: int, high: int) -> None:
    """RangeError unless the dtype holds all integers from low to high; a float32 or float64 one rounds them."""
    if dtype.kind == "b":
        least, most = 0, 1
    else:
        own, limits = (np.finfo if dtype.kind == "f" else np.iinfo)(dtype), np.iinfo(int64)
        least, most = max(int(own.min), limits.min), min(int(own.max), limits.max)
    if low < least or high > most:
        raise RangeError(f"{function}: {dtype} cannot hold the integers from {low} to {high}; choose another dtype")


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = int64, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The integers 0 to n - 1 in random order. RangeError for a dtype that cannot hold them all."""
    count, chosen = _integer("randperm", "n", n), as_dtype(dtype)
    if count < 0:
        raise ArgumentError(f"randperm: n must be at least 0; got {count}")
    if chosen.kind == "b":
        raise DtypeError("randperm: bool holds no integers; use int64")
    exact = 2 ** (np.finfo(chosen).nmant + 1) if chosen.kind == "f" else np.iinfo(chosen).max  # without a gap
    if count - 1 > exact:
        raise RangeError(f"randperm: {chosen} cannot hold the integers from 0 to {count - 1}; choose another dtype")
    values = generator_or_default(generator).permutation(count)
    return _finished(backend_for(device).asarray(values.astype(chosen)), requires_grad)


def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random numbers from normal distributions: one for each mean and std of two tensors, or `size` for two numbers.

    If a tensor requires a gradient, so does the result, as in PyTorch, though that gradient is always 0.
    """
    parts = [x for x in (mean, std) if isinstance(x, Tensor)]
    for name, value in (("mean", mean), ("std", std)):
        if not isinstance(value, Tensor):
            number("normal", name, value)
    if not isinstance(std, Tensor) and not std >= 0:  # NaN too
        raise ArgumentError(f"normal: std must be at least 0; got {std}")
    if not parts:
        if size is None:
            raise ArgumentError("normal: two numbers need a size: normal(mean, std, size)")
        drawn = _drawn("randn", shape_of("normal", size), generator, dtype, device, False)
        array = (drawn._array * std + mean).astype(drawn.dtype)
        return _finished(array, requires_grad)
    if size is not None or dtype is not None or device is not None or requires_grad:
        raise ArgumentError("normal: size, dtype, device and requires_grad go with two numbers, not with tensors")
    if any(x.dtype.kind != "f" for x in parts):
        raise DtypeError(f"normal: tensors must be of a floating dtype; got {', '.join(str(x.dtype) for x in parts)}")
    backend, dtype = backend_of(parts[0]._array), parts[0].dtype
    if isinstance(std, Tensor) and std._array.size and not float(std._array.min()) >= 0:
        raise ArgumentError("normal: every std must be at least 0")
    try:
        shape = np.broadcast_shapes(*(x.shape for x in parts))
    except ValueError:
        raise ShapeError(f"normal: mean {parts[0].shape} and std {parts[1].shape} cannot be broadcast") from None
    noise = backend.asarray(np.asarray(draw("randn", shape, dtype, generator), dtype))
    centre, width = (x._array if isinstance(x, Tensor) else x for x in (mean, std))
    return Drawn.apply(*parts, values=backend.asarray((noise * width + centre).astype(dtype)))


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that the input (a floating dtype) gives for each element, or `p` for all, else 0.

    If the input requires a gradient, so does the result, as in PyTorch, though that gradient is always 0.
    """
    if not isinstance(input, Tensor) or (input.dtype.kind != "f" and p is None):
        raise DtypeError("bernoulli: takes a Tensor of probabilities of a floating dtype")
    array = input._array if p is None else np.asarray(number("bernoulli", "p", p))
    backend = backend_of(input._array)
    if array.size and not (float(array.min()) >= 0 and float(array.max()) <= 1):
        raise ArgumentError("bernoulli: probabilities must lie in [0, 1]")
    dice = backend.asarray(np.asarray(generator_or_default(generator).random(input.shape)))
    return Drawn.apply(input, values=(dice < (array if p is None else p)).astype(input.dtype))


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Positions drawn with probabilities in proportion to the weights in each row: (N, C) -> (N, num_samples), int64.

    A single row (C,) gives (num_samples,). Without replacement, a position is drawn at most once per row.
    """
    if not isinstance(input, Tensor) or input.dtype.kind != "f":
        raise DtypeError("multinomial: takes a Tensor of weights of a floating dtype")
    if input.ndim not in (1, 2) or input.shape[-1] == 0:
        raise ShapeError(f"multinomial: takes weights (C,) or (N, C), C > 0; got shape {input.shape}")
    backend = backend_of(input._array)
    weights = np.asarray(backend.to_numpy(input._array), np.float64)
    rows = weights.reshape(-1, weights.shape[-1])
    if not np.isfinite(rows).all() or (rows < 0).any() or (rows.sum(1) <= 0).any():
        raise ArgumentError("multinomial: weights must be finite, at least 0, and not all 0 in a row")
    num_samples = _integer("multinomial", "num_samples", num_samples)
    if not isinstance(replacement, bool):
        raise ArgumentTypeError(f"multinomial: replacement must be True or False; got {replacement!r}")
    if num_samples < 1 or (not replacement and ((rows > 0).sum(1) < num_samples).any()):
        raise ArgumentError(
            f"multinomial: {num_samples} samples of {rows.shape[1]} positions; "
            "without replacement there must be at least as many weights above 0"
        )
    source = generator_or_default(generator)
    drawn = [source.choice(rows.shape[1], num_samples, replacement, row / row.sum()) for row in rows]
    return wrap(backend.asarray(np.array(drawn, np.int64).reshape(*weights.shape[:-1], num_samples)))
