"""Layers that learn their input size from the first input they see, and are ordinary layers from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..engine.tensor import Tensor
from ..errors import GraphError
from .conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from .conv3d import Conv3d, ConvTranspose3d
from .instance_norm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .parameter import Parameter

Size = int | Sequence[int]


class UninitializedParameter(Parameter):
    """A parameter whose shape the first input decides; an optimizer may hold it already."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<UninitializedParameter>"


class _Lazy(Module):
    """`plain` is the class that the layer becomes, `count` its first argument, from dimension `dim` of the input."""

    plain: ClassVar[Any]
    count: ClassVar[str]
    dim: ClassVar[int]
    _options: dict[str, Any]

    def _wait(self, options: dict[str, Any]) -> None:
        """Have the attributes of the layer to be, but no parameters yet."""
        layer = self.plain(options.get("groups", 1), **options)
        held = vars(layer)
        put = self.__dict__.__setitem__
        for name, value in held.items():
            put(name, UninitializedParameter() if isinstance(value, Parameter) else value)
        put(self.count, 0)
        put("_options", options)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        if inputs and isinstance(inputs[0], Tensor) and "_options" in self.__dict__:
            self._settle(inputs[0])
        return Module.__call__(self, *inputs, **options)  # of another class by now

    def _settle(self, input: Tensor) -> None:
        """Become the ordinary layer for inputs like this one; the parameters stay the same objects."""
        layer = self.plain(input.shape[self.dim], **self._options)
        layer.train(self.training)
        hooks = {name: self.__dict__[name] for name in ("_hooks", "_pre_hooks")}
        for name, value in vars(layer).items():
            mine = self.__dict__.get(name)
            if isinstance(value, Parameter) and isinstance(mine, UninitializedParameter):
                mine._become(value.detach().to(mine).requires_grad_(mine.requires_grad))
                mine.__class__ = Parameter  # type: ignore[assignment]
            else:
                self.__dict__[name] = value.to(mine) if isinstance(value, Tensor) else value
        self.__dict__.update(hooks)
        del self.__dict__["_options"]
        self.__class__ = self.plain

    def forward(self, *inputs: Any) -> Any:
        """Never reached: the first call makes this the ordinary layer."""
        raise GraphError(f"{type(self).__name__}: call the layer with a Tensor first, which decides its input size")


class LazyLinear(_Lazy):
    """`Linear` whose `in_features` is the last dimension of the first input.

    >>> import minidl
    >>> layer = LazyLinear(2)
    >>> layer(minidl.ones(5, 3)).shape, layer
    ((5, 2), Linear(in_features=3, out_features=2, bias=True))
    """

    plain, count, dim = Linear, "in_features", -1
    extra_repr = Linear.extra_repr

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self._wait({"out_features": out_features, "bias": bias, "device": device, "dtype": dtype})


class _LazyConv(_Lazy):
    count = "in_channels"
    dims: ClassVar[int]
    transposed = False

    def __init__(
        self,
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
        super().__init__()
        self._wait({
            "out_channels": out_channels, "kernel_size": kernel_size, "stride": stride, "padding": padding,
            "dilation": dilation, "groups": groups, "bias": bias, "padding_mode": padding_mode, "device": device,
            "dtype": dtype,
        })  # fmt: skip


class LazyConv1d(_LazyConv):
    """`Conv1d` whose `in_channels` are those of the first input."""

    plain, dims, dim = Conv1d, 1, -2
    extra_repr = Conv1d.extra_repr


class LazyConv2d(_LazyConv):
    """`Conv2d` whose `in_channels` are those of the first input."""

    plain, dims, dim = Conv2d, 2, -3
    extra_repr = Conv2d.extra_repr


class LazyConv3d(_LazyConv):
    """`Conv3d` whose `in_channels` are those of the first input."""

    plain, dims, dim = Conv3d, 3, -4
    extra_repr = Conv3d.extra_repr


class _LazyConvTranspose(_Lazy):
    count = "in_channels"
    dims: ClassVar[int]
    transposed = True

    def __init__(
        self,
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
        super().__init__()
        self._wait({
            "out_channels": out_channels, "kernel_size": kernel_size, "stride": stride, "padding": padding,
            "output_padding": output_padding, "groups": groups, "bias": bias, "dilation": dilation,
            "padding_mode": padding_mode, "device": device, "dtype": dtype,
        })  # fmt: skip


class LazyConvTranspose1d(_LazyConvTranspose):
    """`ConvTranspose1d` whose `in_channels` are those of the first input."""

    plain, dims, dim = ConvTranspose1d, 1, -2
    extra_repr = ConvTranspose1d.extra_repr


class LazyConvTranspose2d(_LazyConvTranspose):
    """`ConvTranspose2d` whose `in_channels` are those of the first input."""

    plain, dims, dim = ConvTranspose2d, 2, -3
    extra_repr = ConvTranspose2d.extra_repr


class LazyConvTranspose3d(_LazyConvTranspose):
    """`ConvTranspose3d` whose `in_channels` are those of the first input."""

    plain, dims, dim = ConvTranspose3d, 3, -4
    extra_repr = ConvTranspose3d.extra_repr


class _LazyBatchNorm(_Lazy):
    count, dim = "num_features", 1

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._wait({
            "eps": eps, "momentum": momentum, "affine": affine, "track_running_stats": track_running_stats,
            "device": device, "dtype": dtype,
        })  # fmt: skip


class LazyBatchNorm1d(_LazyBatchNorm):
    """`BatchNorm1d` whose `num_features` are the channels of the first input."""

    plain = BatchNorm1d
    extra_repr = BatchNorm1d.extra_repr


class LazyBatchNorm2d(_LazyBatchNorm):
    """`BatchNorm2d` whose `num_features` are the channels of the first input."""

    plain = BatchNorm2d
    extra_repr = BatchNorm2d.extra_repr


class LazyBatchNorm3d(_LazyBatchNorm):
    """`BatchNorm3d` whose `num_features` are the channels of the first input."""

    plain = BatchNorm3d
    extra_repr = BatchNorm3d.extra_repr


class _LazyInstanceNorm(_Lazy):
    count = "num_features"

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._wait({
            "eps": eps, "momentum": momentum, "affine": affine, "track_running_stats": track_running_stats,
            "device": device, "dtype": dtype,
        })  # fmt: skip


class LazyInstanceNorm1d(_LazyInstanceNorm):
    """`InstanceNorm1d` whose `num_features` are the channels of the first input."""

    plain, dim = InstanceNorm1d, -2
    extra_repr = InstanceNorm1d.extra_repr


class LazyInstanceNorm2d(_LazyInstanceNorm):
    """`InstanceNorm2d` whose `num_features` are the channels of the first input."""

    plain, dim = InstanceNorm2d, -3
    extra_repr = InstanceNorm2d.extra_repr


class LazyInstanceNorm3d(_LazyInstanceNorm):
    """`InstanceNorm3d` whose `num_features` are the channels of the first input."""

    plain, dim = InstanceNorm3d, -4
    extra_repr = InstanceNorm3d.extra_repr
