"""Max-unpooling: each maximum back in the place where max-pooling found it, zeros elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError
from ._check.arguments import float_only, tensor_of
from ._check.volumes import triple
from ._check.windows import pair
from .breadth.scatter import scatter
from .pool1d import one
from .shape import reshape


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """(N, C, Lo) and the indices of `max_pool1d` -> (N, C, L); see `max_unpool2d`."""

    def sizes(what: str, value: Any, least: int) -> tuple[int, ...]:
        return (one("max_unpool1d", what, value),)

    return _unpool("max_unpool1d", 1, sizes, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """(N, C, Ho, Wo) and the indices of `max_pool2d` -> (N, C, H, W); the batch may be missing.

    H = (Ho - 1)·stride - 2·padding + kernel, unless `output_size` says which of the sizes near it. RangeError for an
    index beyond the output.

    >>> import minidl
    >>> max_unpool2d(minidl.tensor([[[3.0, 2.0]]]), minidl.tensor([[[1, 2]]]), (1, 2))
    tensor([[[0., 3., 2., 0.]]])
    """

    def sizes(what: str, value: Any, least: int) -> tuple[int, ...]:
        return pair("max_unpool2d", what, value, least)

    return _unpool("max_unpool2d", 2, sizes, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """(N, C, Do, Ho, Wo) and the indices of `max_pool3d` -> (N, C, D, H, W); see `max_unpool2d`."""

    def sizes(what: str, value: Any, least: int) -> tuple[int, ...]:
        return triple("max_unpool3d", what, value, least)

    return _unpool("max_unpool3d", 3, sizes, input, indices, kernel_size, stride, padding, output_size)


def _unpool(
    name: str, dims: int, sizes: Any, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any,
    output_size: Any,
) -> Tensor:  # fmt: skip
    x, i = float_only(name, input), tensor_of(name, indices, "indices")
    if i.dtype.name != "int64":
        raise DtypeError(f"{name}: indices must be int64, as max-pooling returns them; got {i.dtype}")
    if x.shape != i.shape or x.ndim - dims not in (1, 2):
        raise ShapeError(
            f"{name}: input and indices must have one shape, of {dims + 1} or {dims + 2} dimensions; "
            f"got {x.shape} and {i.shape}"
        )
    kernel, frame = sizes("kernel_size", kernel_size, 1), sizes("padding", padding, 0)
    steps = kernel if stride is None else sizes("stride", stride, 1)
    usual = [(n - 1) * s + k - 2 * p for n, s, k, p in zip(x.shape[-dims:], steps, kernel, frame)]
    size = _size(name, usual, steps, output_size)
    batch, count = x.shape[:-dims], prod(size)
    flat = (*batch, prod(x.shape[-dims:]))
    if i._array.size and not (int(i._array.min()) >= 0 and int(i._array.max()) < count):
        raise RangeError(f"{name}: indices must be in 0 ... {count - 1} for an output of {size}; "
                         f"got {i._array.min()} to {i._array.max()}")  # fmt: skip
    empty = wrap(backend_of(x._array).xp.zeros((*batch, count), x.dtype))
    return reshape(scatter(empty, -1, reshape(i, flat), reshape(x, flat)), (*batch, *size))


def _size(name: str, usual: list[int], steps: Sequence[int], output_size: Any) -> tuple[int, ...]:
    """The size of the output: `output_size`, its spatial part or its full shape, if it is less than a step off."""
    wanted = usual if output_size is None else list(output_size)
    if len(wanted) == len(usual) + 2:
        wanted = wanted[2:]
    near = len(wanted) == len(usual) and all(abs(m - n) < s for m, n, s in zip(wanted, usual, steps))
    if not near or min(wanted) < 1:
        raise ArgumentError(
            f"{name}: output_size must be {len(usual)} numbers less than a stride {tuple(steps)} from {tuple(usual)}, "
            f"and at least 1; got {output_size!r}"
        )
    return tuple(wanted)
