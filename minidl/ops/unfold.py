"""unfold and fold: the patches under a sliding window as the columns of a matrix, and back."""

from __future__ import annotations

from typing import Any

from ..backend.window import Pair, Window
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import DtypeError, ShapeError
from ._check.arguments import tensor_of
from ._check.windows import IntPair, image_size, images, pair, size_of_windows
from .batch import like_input, with_batch
from .shape import squeeze, unsqueeze


class Unfold(Function):
    """z[n, c·i·j, p·q] = x[n, c, p·s+i, q·s+j]        dx: every copy of a pixel hands its gradient back to it (fold)"""

    def forward(self, x: Any, window: Window) -> Any:
        self.window, self.size = window, x.shape[2:]
        return _columns(self.backend.windows(x, window))

    def backward(self, dz: Any) -> Any:
        return self.backend.scatter_windows(_windows(dz, self.window, self.size), self.window, self.size)


class Fold(Function):
    """z[n, c, p·s+i, q·s+j] += x[n, c·i·j, p·q]        dx: a column reads the gradient where it was added (unfold)"""

    def forward(self, x: Any, window: Window, size: Pair) -> Any:
        self.window = window
        return self.backend.scatter_windows(_windows(x, window, size), window, size)

    def backward(self, dz: Any) -> Any:
        return _columns(self.backend.windows(dz, self.window))


def _columns(taps: Any) -> Any:
    """(N, C, Ho, Wo, kh, kw) as (N, C·kh·kw, Ho·Wo)."""
    n, c, ho, wo, kh, kw = taps.shape
    return taps.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kh * kw, ho * wo)


def _windows(columns: Any, window: Window, size: Pair) -> Any:
    """(N, C·kh·kw, Ho·Wo) as (N, C, Ho, Wo, kh, kw)."""
    (kh, kw), (ho, wo) = window.kernel, window.output_size(size)
    n, depth, _ = columns.shape
    return columns.reshape(n, depth // (kh * kw), kh, kw, ho, wo).transpose(0, 1, 4, 5, 2, 3)


def unfold(
    input: Tensor, kernel_size: IntPair, dilation: IntPair = 1, padding: IntPair = 0, stride: IntPair = 1
) -> Tensor:
    """The patches of images, one per column: (N, C, H, W) -> (N, C·kh·kw, Ho·Wo); the batch may be missing.

    A convolution is `weight.reshape(O, -1) @ unfold(input, ...)`. Pixels outside the image (`padding`) are 0.
    Raises `ShapeError` if no window fits.

    >>> import minidl
    >>> unfold(minidl.tensor([[[1.0, 2.0, 3.0]]]), (1, 2))
    tensor([[1., 2.],
            [2., 3.]])
    """
    x = images("unfold", input)
    window = _window("unfold", kernel_size, dilation, padding, stride)
    size_of_windows("unfold", image_size(x), window)
    return like_input(Unfold.apply(with_batch(x), window=window), x)


def fold(
    input: Tensor,
    output_size: IntPair,
    kernel_size: IntPair,
    dilation: IntPair = 1,
    padding: IntPair = 0,
    stride: IntPair = 1,
) -> Tensor:
    """Columns added up where their patches lie: (N, C·kh·kw, L) -> (N, C, *output_size); the batch may be missing.

    The adjoint of `unfold`, not its inverse: pixels that windows share are summed. L must be the number of windows
    in an image of `output_size`. Raises `ShapeError`, `DtypeError`.
    """
    x = tensor_of("fold", input)
    size, window = pair("fold", "output_size", output_size, 1), _window("fold", kernel_size, dilation, padding, stride)
    ho, wo = size_of_windows("fold", size, window)
    taps = window.kernel[0] * window.kernel[1]
    if x.dtype.kind != "f":
        raise DtypeError(f"fold: input is {x.dtype}; use a floating dtype, for example input.float()")
    if x.ndim not in (2, 3) or x.shape[-2] == 0 or x.shape[-2] % taps or x.shape[-1] != ho * wo:
        raise ShapeError(
            f"fold: input must be (N, C * {taps}, {ho * wo}) or (C * {taps}, {ho * wo}) for output_size {size} and "
            f"{window.kernel} windows ({ho}x{wo} of them); got {x.shape}"
        )
    if x.ndim == 2:
        return squeeze(Fold.apply(unsqueeze(x, 0), window=window, size=size), 0)
    return Fold.apply(x, window=window, size=size)


def _window(name: str, kernel_size: IntPair, dilation: IntPair, padding: IntPair, stride: IntPair) -> Window:
    top, left = pair(name, "padding", padding, 0)
    return Window(
        pair(name, "kernel_size", kernel_size, 1),
        pair(name, "stride", stride, 1),
        ((top, top), (left, left)),
        pair(name, "dilation", dilation, 1),
    )
