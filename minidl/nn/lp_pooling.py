"""Power-average pooling: the p-norm of each window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..engine.tensor import Tensor
from . import functional as F
from .module import Module

Size = int | Sequence[int]


class _LPPool(Module):
    """`norm_type` is p; `stride` is the kernel size if None."""

    pool: ClassVar[Callable[..., Any]]

    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return self.pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window of (N, C, L)."""

    pool = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """The p-norm of each window of (N, C, H, W)."""

    pool = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """The p-norm of each box of (N, C, D, H, W)."""

    pool = staticmethod(F.lp_pool3d)
