"""The geometry of a sliding window: what convolution, pooling and unfold have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from ..errors import ShapeError

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """A window of `kernel` = (kh, kw) taps that slides over an image (H, W).

    `padding` is ((top, bottom), (left, right)); `dilation` is the distance between taps.

    >>> Window((5, 5), padding=((3, 3), (3, 3))).output_size((28, 28))
    (30, 30)
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)

    @cached_property
    def extent(self) -> Pair:
        """Rows and columns from the first tap to the last: dilation * (kernel - 1) + 1."""
        return (
            self.dilation[0] * (self.kernel[0] - 1) + 1,
            self.dilation[1] * (self.kernel[1] - 1) + 1,
        )

    @lru_cache(maxsize=1024)  # noqa: B019  (windows are few and small)
    def output_size(self, size: Pair, ceil_mode: bool = False) -> Pair:
        """(Ho, Wo) = floor((size + padding - extent) / stride) + 1, or with ceil; ShapeError if none fits.

        With `ceil_mode` the last window may hang over the far edge, but it must start inside the image
        or the near padding (PyTorch's rule).
        """
        out = []
        for length, (before, after), extent, stride in zip(size, self.padding, self.extent, self.stride):
            room = length + before + after - extent
            steps = -(-room // stride) if ceil_mode else room // stride
            if ceil_mode and steps * stride >= length + before:
                steps -= 1
            if steps < 0:
                raise ShapeError(
                    f"a window of {self.extent[0]}x{self.extent[1]} (kernel {self.kernel}, dilation "
                    f"{self.dilation}) does not fit into an image of {size[0]}x{size[1]} padded by "
                    f"{self.padding}; use a larger image, a smaller kernel or more padding"
                )
            out.append(steps + 1)
        return out[0], out[1]

    def covering(self, size: Pair, out: Pair) -> Window:
        """This window with the padding after an image of `size` that `out` = (Ho, Wo) steps need (ceil_mode)."""
        padding = []
        for length, (before, after), extent, stride, steps in zip(size, self.padding, self.extent, self.stride, out):
            padding.append((before, max(after, (steps - 1) * stride + extent - length - before)))
        return Window(self.kernel, self.stride, (padding[0], padding[1]), self.dilation)


def inside(start: int, step: int, count: int, size: int) -> Pair:
    """The i of 0 ... count - 1 for which start + i * step lies in 0 ... size - 1, as a half-open range.

    >>> inside(-3, 2, 10, 8)
    (2, 6)
    """
    a = min(count, max(0, -(start // step)))
    b = min(count, max(0, -((start - size) // step)))
    return a, max(a, b)


def line(start: int, step: int, count: int, size: int) -> tuple[slice, slice]:
    """The same i, and the places start + i * step, as slices.

    >>> line(-3, 2, 10, 8)
    (slice(2, 6, None), slice(1, 9, 2))
    """
    a, b = inside(start, step, count, size)
    first = start + a * step
    return slice(a, b), slice(first, first + (b - a) * step, step) if b > a else slice(0, 0)
