"""Each channel of each sample normalised by itself."""

from __future__ import annotations

from typing import Any

from ..dtypes import int64
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ShapeError
from ..tensors.creation import ones, zeros
from . import functional as F
from ._arguments import as_bool, as_int
from .normalization import _Scaled


class _InstanceNorm(_Scaled):
    ndims: tuple[int, int]  # how many dimensions the input may have, without and with a batch
    running_mean: Tensor | None
    running_var: Tensor | None
    _optional_state = ("num_batches_tracked",)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.num_features, self.affine = as_int(name, "num_features", num_features), as_bool(name, "affine", affine)
        self.eps, self.momentum, self.track_running_stats = eps, momentum, track_running_stats
        self._make((num_features,), affine, bias, device, dtype)
        kept = {"device": device, "dtype": dtype}
        self.register_buffer("running_mean", zeros(num_features, **kept) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, **kept) if track_running_stats else None)
        self.register_buffer(
            "num_batches_tracked", zeros((), dtype=int64, device=device) if track_running_stats else None
        )
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        name = type(self).__name__
        if not isinstance(input, Tensor) or input.ndim not in self.ndims:
            shape = input.shape if isinstance(input, Tensor) else type(input).__name__
            raise ShapeError(
                f"{name}: takes {self.ndims[0]} or {self.ndims[1]} dimensions, (C, ...) or (N, C, ...); got {shape}"
            )
        batch = input if input.ndim == self.ndims[1] else input.unsqueeze(0)
        if self.affine and batch.shape[1] != self.num_features:
            raise ShapeError(f"{name}: num_features is {self.num_features}, but the input has shape {input.shape}")
        if self.running_mean is not None and not self.training:
            z = F.batch_norm(batch, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        else:
            z = F.instance_norm(batch, weight=self.weight, bias=self.bias, eps=self.eps)
            self._track(batch)
        return z if input.ndim == self.ndims[1] else z.squeeze(0)

    @no_grad
    def _track(self, batch: Tensor) -> None:
        """Move the running statistics towards the mean, over the batch, of each sample's own."""
        if self.running_mean is None or self.running_var is None:
            return
        dims = tuple(range(2, batch.ndim))
        for running, own in ((self.running_mean, batch.mean(dims)), (self.running_var, batch.var(dims))):  # (N, C)
            running.mul_(1 - self.momentum).add_(own.mean(0).to(running.dtype), alpha=self.momentum)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sample of (N, C, L) normalised to mean 0, variance 1."""

    ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample of (N, C, H, W) normalised to mean 0, variance 1."""

    ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each sample of (N, C, D, H, W) normalised to mean 0, variance 1."""

    ndims = (4, 5)
