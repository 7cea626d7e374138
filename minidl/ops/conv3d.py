"""Convolution of volumes: a 3-d kernel is a stack of 2-d ones, so a 3-d convolution is a sum of 2-d convolutions.

z[d] = Σ_i conv2d(x[d·stride + i·dilation], weight[i]): the slices of the volume that the i-th slice of the kernel meets
are the images of one batch.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ._check.convolution import tensors_of
from ._check.volumes import IntTriple, Triple, triple, volumes
from .arithmetic import add
from .conv import conv2d
from .conv_transpose import conv_transpose2d
from .index import getitem
from .join import pad
from .shape import movedim, reshape, squeeze, unsqueeze


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntTriple = 1,
    padding: IntTriple | str = 0,
    dilation: IntTriple = 1,
    groups: int = 1,
) -> Tensor:
    """The correlation of volumes with kernels: (N, C, D, H, W) -> (N, O, Do, Ho, Wo); the batch may be missing.

    weight is (O, C / groups, kd, kh, kw), the options are those of `conv2d`, for depth, height and width.

    >>> import minidl
    >>> conv3d(minidl.ones(1, 3, 3, 3), minidl.ones(1, 1, 2, 2, 2)).shape
    (1, 2, 2, 2)
    """
    name = "conv3d"
    x, w, b = tensors_of(name, input, weight, bias)
    batch = _batch(name, x, w)
    steps, gaps = triple(name, "stride", stride, 1), triple(name, "dilation", dilation, 1)
    kernel = w.shape[2:]
    before, after = _padding(name, padding, kernel, steps, gaps)
    frame = [width for i in (2, 1, 0) for width in (before[i], after[i])]
    batch = pad(batch, frame) if any(frame) else batch
    depth = (batch.shape[2] - gaps[0] * (kernel[0] - 1) - 1) // steps[0] + 1
    if depth < 1:
        raise ShapeError(f"{name}: a kernel of depth {kernel[0]}, dilation {gaps[0]}, does not fit into {x.shape}; "
                         "use a deeper input or more padding")  # fmt: skip
    parts = []
    for i in range(kernel[0]):
        first = i * gaps[0]
        met = getitem(batch, (slice(None), slice(None), slice(first, first + (depth - 1) * steps[0] + 1, steps[0])))
        only = b if i == 0 else None
        z = conv2d(_as_images(met), getitem(w, (slice(None), slice(None), i)), only, steps[1:], 0, gaps[1:], groups)
        parts.append(_as_volumes(z, depth))
    z = reduce(add, parts)
    return z if x.ndim == 5 else squeeze(z, 0)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntTriple = 1,
    padding: IntTriple = 0,
    output_padding: IntTriple = 0,
    groups: int = 1,
    dilation: IntTriple = 1,
) -> Tensor:
    """The gradient of `conv3d` as an operation of its own: (N, C, D, H, W) -> (N, O, Do, Ho, Wo).

    weight is (C, O / groups, kd, kh, kw), the options are those of `conv_transpose2d`.
    """
    name = "conv_transpose3d"
    x, w, b = tensors_of(name, input, weight, bias)
    batch = _batch(name, x, w)
    steps, gaps = triple(name, "stride", stride, 1), triple(name, "dilation", dilation, 1)
    sides, extra = triple(name, "padding", padding, 0), triple(name, "output_padding", output_padding, 0)
    if extra[0] >= max(steps[0], gaps[0]):
        raise ArgumentError(f"{name}: output_padding {output_padding!r} must be smaller than stride or dilation")
    kernel, depth = w.shape[2], batch.shape[2]
    length = (depth - 1) * steps[0] + gaps[0] * (kernel - 1) + 1 + extra[0]
    if length - 2 * sides[0] < 1:
        raise ShapeError(f"{name}: input {x.shape} with padding {padding!r} would give an output of no depth; "
                         "use less padding or a deeper input")  # fmt: skip
    parts = []
    for i in range(kernel):
        images = _as_images(batch)
        part = getitem(w, (slice(None), slice(None), i))
        z = conv_transpose2d(images, part, None, steps[1:], sides[1:], extra[1:], groups, gaps[1:])
        parts.append(_spread(_as_volumes(z, depth), steps[0], i * gaps[0], length))
    z = getitem(reduce(add, parts), (slice(None), slice(None), slice(sides[0], length - sides[0])))
    if b is not None:
        z = add(z, reshape(b, (-1, 1, 1, 1)))
    return z if x.ndim == 5 else squeeze(z, 0)


def _batch(name: str, x: Tensor, w: Tensor) -> Tensor:
    """x with a batch; what does not fit in two dimensions is refused there."""
    volumes(name, x)
    if w.ndim != 5 or 0 in w.shape:
        raise ShapeError(f"{name}: weight must have 5 dimensions, none of them empty; got {w.shape}")
    return x if x.ndim == 5 else unsqueeze(x, 0)


def _padding(name: str, padding: Any, kernel: Any, steps: Triple, gaps: Triple) -> tuple[Triple, Triple]:
    """The padding before and after, in depth, height and width."""
    if not isinstance(padding, str):
        sides = triple(name, "padding", padding, 0)
        return sides, sides
    if padding not in ("same", "valid") or (padding == "same" and steps != (1, 1, 1)):
        raise ArgumentError(f"{name}: padding must be integers, 'valid', or 'same' with stride 1; got {padding!r}")
    total = [gap * (k - 1) if padding == "same" else 0 for gap, k in zip(gaps, kernel)]
    a, b, c = total
    return (a // 2, b // 2, c // 2), (a - a // 2, b - b // 2, c - c // 2)


def _as_images(x: Tensor) -> Tensor:
    """(N, C, D, H, W) -> (N·D, C, H, W)."""
    n, c, d, h, w = x.shape
    return reshape(movedim(x, 2, 1), (n * d, c, h, w))


def _as_volumes(z: Tensor, depth: int) -> Tensor:
    """(N·D, C, H, W) -> (N, C, D, H, W)."""
    nd, c, h, w = z.shape
    return movedim(reshape(z, (nd // depth, depth, c, h, w)), 1, 2)


def _spread(z: Tensor, step: int, first: int, length: int) -> Tensor:
    """Slice d of z as slice first + d·step of a volume of that depth, zeros between."""
    n, c, depth, h, w = z.shape
    if step > 1:
        z = reshape(pad(unsqueeze(z, 3), (0, 0, 0, 0, 0, step - 1)), (n, c, depth * step, h, w))
        z = getitem(z, (slice(None), slice(None), slice((depth - 1) * step + 1)))
    return pad(z, (0, 0, 0, 0, first, length - first - z.shape[2]))
