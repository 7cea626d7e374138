"""Convolutions and transposed convolutions of signals and images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError, refuse
from ..tensors.creation import empty
from ._arguments import as_bool, as_int, is_int
from .functional import conv1d, conv2d, conv_transpose1d, conv_transpose2d, pad
from .linear import uniform_by_fan_in
from .module import Module
from .parameter import Parameter

Size = int | Sequence[int]
MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Module):
    """The common part of all: weight, bias, and how the kernel moves over the input."""

    dims: int  # 1 for signals, 2 for images, 3 for volumes
    transposed = False
    padding: Any  # sizes, or "same" or "valid"
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Size | str,
        dilation: Size,
        output_padding: Size,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if self.transposed:
            refuse(name, padding_mode=None if padding_mode == "zeros" else padding_mode)
        if padding_mode not in MODES:
            raise ArgumentError(f"{name}: padding_mode must be one of {', '.join(MODES)}; got {padding_mode!r}")
        in_channels, out_channels = as_int(name, "in_channels", in_channels), as_int(name, "out_channels", out_channels)
        groups, bias = as_int(name, "groups", groups, 1), as_bool(name, "bias", bias)
        if in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"{name}: groups must divide in_channels and out_channels; "
                f"got groups={groups}, in_channels={in_channels}, out_channels={out_channels}"
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = self._sizes("kernel_size", kernel_size, 1)
        self.stride = self._sizes("stride", stride, 1)
        self.dilation = self._sizes("dilation", dilation, 1)
        self.output_padding = self._sizes("output_padding", output_padding, 0)
        self.padding = padding if isinstance(padding, str) else self._sizes("padding", padding, 0)
        if isinstance(padding, str) and (padding not in ("same", "valid") or self.transposed):
            known = "integers" if self.transposed else "integers, 'same' or 'valid'"
            raise ArgumentError(f"{name}: padding must be {known}; got {padding!r}")
        if self.padding == "same" and set(self.stride) != {1}:
            raise ArgumentError(f"{name}: padding='same' needs stride 1; got stride={self.stride}")
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(first, second // groups, *self.kernel_size, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _sizes(self, name: str, value: Size, least: int) -> tuple[int, ...]:
        """An integer for all dimensions, or one for each."""
        sizes = tuple(value) if isinstance(value, Iterable) else (value,) * self.dims
        if len(sizes) != self.dims or not all(is_int(size, least) for size in sizes):
            count = "one integer" if self.dims == 1 else f"one integer or {self.dims}"
            raise ArgumentError(f"{type(self).__name__}: {name} must be {count}, at least {least}; got {value!r}")
        return tuple([int(size) for size in sizes])

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        uniform_by_fan_in(self.weight, self.bias)

    def _check(self, input: Any) -> None:
        """ShapeError if the input's channels differ from this layer's; the operation detects other mistakes."""
        if not isinstance(input, Tensor) or input.ndim <= self.dims:
            return
        channels = input.shape[-1 - self.dims]
        if channels != self.in_channels:
            wanted = ("N", str(self.in_channels), *("L" if self.dims == 1 else "DHW"[-self.dims :]))
            raise ShapeError(
                f"input {input.shape} has {channels} channels but in_channels is {self.in_channels}; "
                f"it must be ({', '.join(wanted)})"
            )

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        zeros, ones = (0,) * self.dims, (1,) * self.dims
        for name, neutral in (("padding", zeros), ("dilation", ones), ("output_padding", zeros), ("groups", 1)):
            if getattr(self, name) != neutral:
                text += f", {name}={getattr(self, name)}"
        text = text if self.bias is not None else text + ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class _Forward(_Conv):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device,
            dtype,
        )  # fmt: skip

    def _framed(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input and its padding; where `padding_mode` fills the frame, it is part of the input already."""
        self._check(input)
        if self.padding_mode == "zeros" or not isinstance(input, Tensor):
            return input, self.padding
        widths = []
        for i in reversed(range(self.dims)):  # `pad` takes the last dimension first
            extent = self.dilation[i] * (self.kernel_size[i] - 1)
            if isinstance(self.padding, str):
                before = extent // 2 if self.padding == "same" else 0
                widths += [before, extent - before if self.padding == "same" else 0]
            else:
                widths += [self.padding[i]] * 2
        return pad(input, widths, self.padding_mode), 0


class Conv1d(_Forward):
    """Correlation of signals with kernels: (N, C, L) -> (N, O, Lo), the batch may be missing; see `Conv2d`."""

    dims = 1

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._framed(input)
        return conv1d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Forward):
    """Correlation of images with kernels: (N, C, H, W) -> (N, O, Ho, Wo), the batch may be missing.

    Ho = floor((H + 2 padding - dilation (kh - 1) - 1) / stride) + 1. weight (O, C / groups, kh, kw) and bias (O,) start
    from U(-k, k), k = 1 / sqrt(C / groups · kh · kw). `padding` may be "same" or "valid"; `padding_mode`
    "reflect", "replicate" or "circular" fills it as `pad` does.

    >>> import minidl
    >>> Conv2d(1, 10, kernel_size=5, padding=3)(minidl.ones(2, 1, 28, 28)).shape
    (2, 10, 30, 30)
    """

    dims = 2

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._framed(input)
        return conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class _Transposed(_Conv):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """The padding at the far edges that gives the output `output_size`, its spatial part or its full shape."""
        if output_size is None or not isinstance(input, Tensor):
            return self.output_padding
        wanted = tuple(output_size)[-self.dims :]
        if len(output_size) not in (self.dims, input.ndim):
            raise ShapeError(f"output_size {tuple(output_size)} must have {self.dims} or {input.ndim} elements")
        smallest = tuple(
            (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
            for length, stride, padding, dilation, kernel in zip(
                input.shape[-self.dims :], self.stride, self.padding, self.dilation, self.kernel_size
            )
        )
        largest = tuple(least + stride - 1 for least, stride in zip(smallest, self.stride))
        if not all(least <= size <= most for least, size, most in zip(smallest, wanted, largest)):
            raise ShapeError(
                f"output_size {wanted} cannot come from input {input.shape}; sizes from {smallest} to {largest} can"
            )
        return tuple(size - least for size, least in zip(wanted, smallest))


class ConvTranspose1d(_Transposed):
    """The gradient of `Conv1d` as a layer: (N, C, L) -> (N, O, Lo), the batch may be missing; see `ConvTranspose2d`."""

    dims = 1

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        self._check(input)
        extra = self._output_padding(input, output_size)
        return conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose2d(_Transposed):
    """The gradient of `Conv2d` as a layer: (N, C, H, W) -> (N, O, Ho, Wo), the batch may be missing.

    Ho = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1. weight is (C, O / groups, kh, kw).
    `forward(input, output_size)` chooses the output padding for that size.
    """

    dims = 2

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        self._check(input)
        extra = self._output_padding(input, output_size)
        return conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
