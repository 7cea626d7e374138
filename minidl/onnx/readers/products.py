"""Operators that multiply: matrix products, convolutions, pooling."""

from __future__ import annotations

from typing import Any

from ...backend.window import Window
from ...engine.tensor import Tensor
from ...ops import conv, conv_transpose, einsum, linalg, pool, reduce, shape
from ...ops.join import pad
from ...tensors.creation import ones
from .node import Node, Reader


def gemm(node: Node, x: Tensor, y: Tensor, b: Tensor | None = None) -> Tensor:
    x = shape.transpose(x, 0, 1) if node.get("transA", 0) else x
    y = shape.transpose(y, 0, 1) if node.get("transB", 0) else y
    alpha, beta = node.get("alpha", 1.0), node.get("beta", 1.0)
    z = linalg.matmul(x, y)
    z = z if alpha == 1 else z * alpha
    return z if b is None else z + (b if beta == 1 else b * beta)


def matmul(node: Node, x: Tensor, y: Tensor) -> Tensor:
    return linalg.matmul(x, y)


def as_images(node: Node, x: Tensor) -> Tensor:
    """(N, C, L) as images of one row; (N, C, H, W) as they are."""
    if x.ndim not in (3, 4):
        raise node.refuse(f"an input of {x.ndim} dimensions; minidl has 1 and 2 dimensions beside batch and channels")
    return shape.unsqueeze(x, 2) if x.ndim == 3 else x


def window_of(node: Node, x: Tensor, kernel: Any) -> Window:
    """The window over x (N, C, H, W); attributes of a signal are those of an image of one row."""

    def pair(name: str, usual: int) -> tuple[int, int]:
        found = node.get(name) or [usual] * len(kernel)
        return (usual, found[0]) if len(found) == 1 else tuple(found)

    taps = (1, kernel[0]) if len(kernel) == 1 else (kernel[0], kernel[1])
    stride, dilation = pair("strides", 1), pair("dilations", 1)
    pads = node.get("pads") or [0] * 2 * len(kernel)
    sides = ((0, 0), (pads[0], pads[1])) if len(kernel) == 1 else ((pads[0], pads[2]), (pads[1], pads[3]))
    window = Window(taps, stride, sides, dilation)
    how = node.get("auto_pad", "NOTSET")
    if how.startswith("SAME"):
        window = Window(taps, stride, _same(window, x.shape[2:], how), dilation)
    elif how not in ("NOTSET", "VALID"):
        raise node.refuse(f"auto_pad={how!r} is unknown")
    return window


def _same(window: Window, size: Any, how: str) -> Any:
    """The padding for which there are size / stride outputs; of an odd amount one more at the end (UPPER)."""
    sides = []
    for n, stride, extent in zip(size, window.stride, window.extent):
        total = max((-(-n // stride) - 1) * stride + extent - n, 0)
        less, more = total // 2, total - total // 2
        sides.append((less, more) if how == "SAME_UPPER" else (more, less))
    return tuple(sides)


def convolution(node: Node, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    images, kernels = as_images(node, x), as_images(node, w)
    window = window_of(node, images, w.shape[2:])
    z = conv.Conv2d.apply(images, kernels, b, window=window, groups=node.get("group", 1))
    return shape.squeeze(z, 2) if x.ndim == 3 else z


def transposed_convolution(node: Node, x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    images, kernels = as_images(node, x), as_images(node, w)
    if node.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or "output_shape" in node.attributes:
        raise node.refuse("auto_pad and output_shape are not run by minidl; give pads")
    window = window_of(node, images, w.shape[2:])
    more = node.get("output_padding") or [0] * (x.ndim - 2)
    more = [0, *more] if x.ndim == 3 else more
    size = tuple(
        (n - 1) * stride - before - after + extent + extra
        for n, stride, (before, after), extent, extra in zip(
            images.shape[2:], window.stride, window.padding, window.extent, more
        )
    )
    z = conv_transpose.ConvTranspose2d.apply(images, kernels, b, window=window, groups=node.get("group", 1), size=size)
    return shape.squeeze(z, 2) if x.ndim == 3 else z


def max_pool(node: Node, x: Tensor) -> Tensor:
    if node.outputs > 1:
        raise node.refuse("its output of indices is not computed by minidl")
    images = as_images(node, x)
    window = window_of(node, images, node.get("kernel_shape"))
    size = window.output_size(images.shape[2:], bool(node.get("ceil_mode", 0)))
    z = pool.MaxPool2d.apply(images, window=window, size=size)
    return shape.squeeze(z, 2) if x.ndim == 3 else z


def average_pool(node: Node, x: Tensor) -> Tensor:
    """The sum under each window, over how many pixels (with or without the padding) lie there."""
    images = as_images(node, x)
    window = window_of(node, images, node.get("kernel_shape"))
    size = window.output_size(images.shape[2:], bool(node.get("ceil_mode", 0)))
    (top, bottom), (left, right) = window.padding
    if node.get("count_include_pad", 0):
        images = pad(images, (left, right, top, bottom))
        window = Window(window.kernel, window.stride, dilation=window.dilation)
    whole = window.covering(images.shape[2:], size)
    counts = pool.AvgPool2d.apply(
        ones((1, 1, *images.shape[2:]), dtype=x.dtype, device=x.device), window=whole, size=size, divisor=1
    )
    z = pool.AvgPool2d.apply(images, window=whole, size=size, divisor=1) / counts
    return shape.squeeze(z, 2) if x.ndim == 3 else z


def global_average(node: Node, x: Tensor) -> Tensor:
    return reduce.mean(x, tuple(range(2, x.ndim)), True)


def global_max(node: Node, x: Tensor) -> Tensor:
    return reduce.amax(x, tuple(range(2, x.ndim)), True)


def sums_of_products(node: Node, *inputs: Tensor) -> Tensor:
    return einsum.einsum(node.get("equation"), *inputs)


def dropout(node: Node, x: Tensor, ratio: Any = None, training: Tensor | None = None) -> Any:
    if training is not None and training.item():
        raise node.refuse("training_mode is for training; export the model in evaluation mode")
    return (x, ones(x.shape, dtype="bool")) if node.outputs > 1 else x


READERS: dict[str, Reader] = {
    "Gemm": gemm, "MatMul": matmul, "Conv": convolution, "ConvTranspose": transposed_convolution, "MaxPool": max_pool,
    "AveragePool": average_pool, "GlobalAveragePool": global_average, "GlobalMaxPool": global_max,
    "Einsum": sums_of_products, "Dropout": dropout,
}  # fmt: skip
