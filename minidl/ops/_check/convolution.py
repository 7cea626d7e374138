"""Convolution's checks before the mathematics begins: shapes that fit, options as a `Window`.

They depend on shapes, dtypes and options alone: a convolution that has passed once is not checked again.
"""

from __future__ import annotations

from typing import Any

from ...backend.window import Pair, Window
from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError, ShapeError
from .arguments import tensor_of
from .windows import IntPair, image_size, images, pair, size_of_windows


def conv_window(
    name: str, x: Tensor, w: Tensor, b: Tensor | None, stride: IntPair, padding: IntPair | str, dilation: IntPair,
    groups: int,
) -> Window:  # fmt: skip
    """The window of a convolution of x (N, C, H, W) or (C, H, W) with kernels w; at least one window must fit."""
    images(name, x)
    _check_parameters(name, x, w, b, groups)
    channels, taken = x.shape[-3], w.shape[1] * groups
    if channels != taken:
        raise ShapeError(
            f"{name}: input {x.shape} has {channels} channels but weight {w.shape} with groups={groups} takes {taken}: "
            f"use an input of {taken} channels, or a weight of (out_channels, in_channels / groups, ...)"
        )
    outputs = w.shape[0]
    if outputs % groups:
        raise ShapeError(f"{name}: weight {w.shape} has {outputs} kernels, which groups={groups} does not divide")
    _check_bias(name, b, outputs, w)
    kernel, steps, dilation = w.shape[2:], pair(name, "stride", stride, 1), pair(name, "dilation", dilation, 1)
    window = Window(kernel, steps, _conv_padding(name, padding, kernel, steps, dilation), dilation)
    size_of_windows(f"{name}: input {x.shape}, weight {w.shape}", image_size(x), window)
    return window


def transposed_window(
    name: str, x: Tensor, w: Tensor, b: Tensor | None, stride: IntPair, padding: IntPair, output_padding: IntPair,
    groups: int, dilation: IntPair,
) -> tuple[Window, Pair]:  # fmt: skip
    """The window of a transposed convolution of x with kernels w, and the size (Ho, Wo) of its output."""
    images(name, x)
    _check_parameters(name, x, w, b, groups)
    if x.shape[-3] != w.shape[0] or w.shape[0] % groups:
        raise ShapeError(
            f"{name}: input {x.shape} has {x.shape[-3]} channels, weight {w.shape} takes {w.shape[0]} in {groups} "
            "groups: the weight must be (in_channels, out_channels / groups, ...), in_channels a multiple of groups"
        )
    _check_bias(name, b, w.shape[1] * groups, w)
    steps, dilation = pair(name, "stride", stride, 1), pair(name, "dilation", dilation, 1)
    (top, left), extra = pair(name, "padding", padding, 0), pair(name, "output_padding", output_padding, 0)
    for more, step, distance in zip(extra, steps, dilation):
        if more >= max(step, distance):
            raise ArgumentError(
                f"{name}: output_padding {output_padding!r} must be smaller than stride {steps} or dilation {dilation}"
            )
    window = Window(w.shape[2:], steps, ((top, top), (left, left)), dilation)
    height, width = (
        (length - 1) * step - 2 * pad + extent + more
        for length, step, pad, extent, more in zip(x.shape[-2:], steps, (top, left), window.extent, extra)
    )
    if height < 1 or width < 1:
        raise ShapeError(
            f"{name}: input {x.shape} with weight {w.shape}, stride {stride!r} and padding {padding!r} would give "
            f"an output of {height}x{width}; use less padding or a larger input"
        )
    return window, (height, width)


def one(name: str, what: str, value: IntPair, least: int) -> int:
    """An integer, or a sequence of one."""
    if not isinstance(value, int) and len(value) != 1:
        raise ArgumentError(f"{name}: {what} must be one integer; got {value!r}")
    return pair(name, what, value, least)[0]


def tensors_of(name: str, input: Any, weight: Any, bias: Any) -> tuple[Tensor, Tensor, Tensor | None]:
    """The arguments of a convolution, which must be Tensors; bias may be None."""
    x, w = tensor_of(name, input), tensor_of(name, weight, "weight")
    return x, w, None if bias is None else tensor_of(name, bias, "bias")


def check_signal(name: str, x: Tensor, w: Tensor) -> None:
    """ShapeError unless x is (N, C, L) or (C, L), and w has 3 dimensions."""
    if x.ndim not in (2, 3) or w.ndim != 3:
        raise ShapeError(
            f"{name}: input must be (N, C, L) or (C, L) and weight must have 3 dimensions; got {x.shape} and {w.shape}"
        )


def _check_parameters(name: str, x: Tensor, w: Tensor, b: Tensor | None, groups: int) -> None:
    """Weight and bias must have the dtype of x; the weight (.., .., kh, kw) must not be empty."""
    if type(groups) is not int or groups < 1:
        raise ArgumentError(f"{name}: groups must be a positive integer; got {groups!r}")
    if w.ndim != 4 or 0 in w.shape:
        raise ShapeError(f"{name}: weight must have 4 dimensions, none of them empty; got {w.shape}")
    for what, parameter in (("weight", w), ("bias", b)):
        if parameter is not None and parameter.dtype != x.dtype:
            raise DtypeError(
                f"{name}: input is {x.dtype} but {what} is {parameter.dtype}; bring both to one dtype, "
                f"for example input.to(minidl.{parameter.dtype})"
            )


def _check_bias(name: str, b: Tensor | None, outputs: int, w: Tensor) -> None:
    if b is not None and b.shape != (outputs,):
        raise ShapeError(
            f"{name}: weight {w.shape} gives {outputs} channels, so bias must be ({outputs},); got {b.shape}"
        )


def _conv_padding(name: str, padding: IntPair | str, kernel: Pair, stride: Pair, dilation: Pair) -> tuple[Pair, Pair]:
    """`padding` as ((top, bottom), (left, right))."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        if stride != (1, 1):
            raise ArgumentError(f"{name}: padding='same' needs stride 1; got {stride}; give the padding in numbers")
        total = [d * (k - 1) for d, k in zip(dilation, kernel)]
        return (total[0] // 2, total[0] - total[0] // 2), (total[1] // 2, total[1] - total[1] // 2)
    if isinstance(padding, str):
        raise ArgumentError(f"{name}: padding must be 'same', 'valid', an integer or two; got {padding!r}")
    top, left = pair(name, "padding", padding, 0)
    return (top, top), (left, left)
