"""Convolutions and transposed convolutions of volumes."""

from __future__ import annotations

from collections.abc import Sequence

from ..engine.tensor import Tensor
from .conv import _Forward, _Transposed
from .functional import conv3d, conv_transpose3d


class Conv3d(_Forward):
    """Correlation of volumes with kernels: (N, C, D, H, W) -> (N, O, Do, Ho, Wo); options as of `Conv2d`.

    >>> import minidl
    >>> Conv3d(1, 4, kernel_size=3, padding=1)(minidl.ones(2, 1, 4, 5, 6)).shape
    (2, 4, 4, 5, 6)
    """

    dims = 3

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._framed(input)
        return conv3d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class ConvTranspose3d(_Transposed):
    """The gradient of `Conv3d` as a layer: (N, C, D, H, W) -> (N, O, Do, Ho, Wo); options as of `ConvTranspose2d`."""

    dims = 3

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        self._check(input)
        extra = self._output_padding(input, output_size)
        return conv_transpose3d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
