"""Layers that put a frame around sequences, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.tensor import Tensor
from ..ops._check.arguments import int_tuple
from . import functional as F
from .module import Module

Widths = int | Sequence[int]


class _Pad(Module):
    """`padding`: one width for every side, or (left, right, top, bottom, front, back); see `F.pad`."""

    sides: int
    mode = "constant"
    padding: tuple[int, ...]

    def __init__(self, padding: Widths) -> None:
        super().__init__()
        widths = (padding,) * self.sides if hasattr(padding, "__index__") else padding
        self.padding = int_tuple(type(self).__name__, widths, "padding")

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: Widths, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, value=self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """`value` at both ends of (N, C, L) or (C, L)."""

    sides = 2


class ConstantPad2d(_ConstantPad):
    """`value` at the four sides of (N, C, H, W) or (C, H, W)."""

    sides = 4


class ConstantPad3d(_ConstantPad):
    """`value` at the six sides of (N, C, D, H, W) or (C, D, H, W)."""

    sides = 6


class ReflectionPad1d(_Pad):
    """The mirror image without the edge, at both ends of (N, C, L) or (C, L)."""

    sides, mode = 2, "reflect"


class ReflectionPad2d(_Pad):
    """The mirror image without the edge, at the four sides of (N, C, H, W) or (C, H, W)."""

    sides, mode = 4, "reflect"


class ReflectionPad3d(_Pad):
    """The mirror image without the edge, at the six sides of (N, C, D, H, W) or (C, D, H, W)."""

    sides, mode = 6, "reflect"


class ReplicationPad1d(_Pad):
    """The edge again, at both ends of (N, C, L) or (C, L)."""

    sides, mode = 2, "replicate"


class ReplicationPad2d(_Pad):
    """The edge again, at the four sides of (N, C, H, W) or (C, H, W)."""

    sides, mode = 4, "replicate"


class ReplicationPad3d(_Pad):
    """The edge again, at the six sides of (N, C, D, H, W) or (C, D, H, W)."""

    sides, mode = 6, "replicate"


class CircularPad1d(_Pad):
    """The other end, at both ends of (N, C, L) or (C, L)."""

    sides, mode = 2, "circular"


class CircularPad2d(_Pad):
    """The other end, at the four sides of (N, C, H, W) or (C, H, W)."""

    sides, mode = 4, "circular"


class CircularPad3d(_Pad):
    """The other end, at the six sides of (N, C, D, H, W) or (C, D, H, W)."""

    sides, mode = 6, "circular"


class ZeroPad1d(_ConstantPad):
    """Zeros at both ends of (N, C, L) or (C, L)."""

    sides = 2

    def __init__(self, padding: Widths) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ZeroPad1d):
    """Zeros at the four sides of (N, C, H, W) or (C, H, W)."""

    sides = 4


class ZeroPad3d(ZeroPad1d):
    """Zeros at the six sides of (N, C, D, H, W) or (C, D, H, W)."""

    sides = 6
