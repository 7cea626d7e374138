"""Normalisation layers, with their statistics and scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..dtypes import int64
from ..engine.inplace import overwrite
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..tensors.creation import empty, ones, zeros
from . import init
from ._arguments import as_bool, as_int
from .functional import batch_norm, group_norm, layer_norm
from .module import Module
from .parameter import Parameter


class _Scaled(Module):
    """A layer whose weight starts from ones and whose bias starts from zeros; either may be missing."""

    weight: Parameter | None
    bias: Parameter | None

    def _make(self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        for name, wanted in (("weight", weight), ("bias", weight and bias)):
            self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None)

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class _BatchNorm(_Scaled):
    ndims: tuple[int, ...]  # how many dimensions the input may have
    wanted: str
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    _optional_state = ("num_batches_tracked",)  # missing from state dicts of old versions of PyTorch

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        num_features, affine = as_int(name, "num_features", num_features), as_bool(name, "affine", affine)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._make((num_features,), affine, bias, device, dtype)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", zeros((), device=device, dtype=int64) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget all batches: mean 0 and variance 1."""
        for buffer, value in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
            if buffer is not None:
                overwrite(buffer, value)

    def reset_parameters(self) -> None:
        """Set the weight to 1, the bias to 0, and forget all batches."""
        self.reset_running_stats()
        super().reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        if isinstance(input, Tensor):
            self._check(input)
        if not self.training:
            own = self.running_mean is None and self.running_var is None  # no running statistics: the batch's own
            return batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, own, 0.0, self.eps)
        if not self.track_running_stats:
            return self._by_batch(input, None, None, 0.0)
        tracked, momentum = self.num_batches_tracked, self.momentum
        if momentum is None:  # the plain mean over all batches so far
            momentum = 0.0 if tracked is None else 1.0 / (int(tracked._array) + 1)
        z = self._by_batch(input, self.running_mean, self.running_var, momentum)
        if tracked is not None:
            overwrite(tracked, tracked._array + 1)
        return z

    def _by_batch(self, input: Tensor, mean: Tensor | None, var: Tensor | None, momentum: float) -> Tensor:
        """Normalise by the batch's own statistics, towards which the running ones move."""
        return batch_norm(input, mean, var, self.weight, self.bias, True, momentum, self.eps)

    def _check(self, input: Tensor) -> None:
        if input.ndim not in self.ndims:
            raise ShapeError(f"input {input.shape} but {type(self).__name__} takes {self.wanted}")
        if input.shape[1] != self.num_features:
            raise ShapeError(
                f"input {input.shape} has {input.shape[1]} channels but num_features is {self.num_features}; "
                f"dimension 1 must be {self.num_features}"
            )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Each feature of (N, C) or (N, C, L) normalised over the batch; see `BatchNorm2d`."""

    ndims, wanted = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """Each channel of (N, C, H, W) normalised to mean 0, variance 1 over the batch, times weight plus bias, both (C,).

    In training the batch's own statistics are used, and running ones are moved towards them by `momentum` (None: the
    mean over all batches); in evaluation the running ones are used, if there are any (`track_running_stats`).
    Source: Ioffe & Szegedy 2015.
    """

    ndims, wanted = (4,), "(N, C, H, W)"


class BatchNorm3d(_BatchNorm):
    """Each channel of (N, C, D, H, W) normalised over the batch; see `BatchNorm2d`."""

    ndims, wanted = (5,), "(N, C, D, H, W)"


class LayerNorm(_Scaled):
    """Each sample normalised to mean 0, variance 1 over its last dims, `normalized_shape`, times weight plus bias.

    Source: Ba et al. 2016.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self._make(self.normalized_shape, elementwise_affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        shape = self.normalized_shape
        if isinstance(input, Tensor) and input.shape[-len(shape) :] != shape:
            raise ShapeError(
                f"input {input.shape} but normalized_shape is {shape}; its last dimensions must be {shape}"
            )
        return layer_norm(input, shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(_Scaled):
    """Each of `num_groups` groups of channels of each sample of (N, C, ...) normalised to mean 0 and variance 1.

    Then times weight plus bias, both (C,). ArgumentError unless num_groups divides num_channels. Source: Wu & He 2018.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        num_groups = as_int("GroupNorm", "num_groups", num_groups, 1)
        num_channels, affine = as_int("GroupNorm", "num_channels", num_channels), as_bool("GroupNorm", "affine", affine)
        if num_channels % num_groups:
            raise ArgumentError(f"GroupNorm: num_groups {num_groups} must divide num_channels {num_channels}")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._make((num_channels,), affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        if isinstance(input, Tensor) and input.ndim > 1 and input.shape[1] != self.num_channels:
            raise ShapeError(
                f"input {input.shape} has {input.shape[1]} channels but num_channels is {self.num_channels}; "
                f"dimension 1 must be {self.num_channels}"
            )
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
