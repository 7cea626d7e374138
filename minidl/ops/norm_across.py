"""Batch normalisation over the batches of several processes, as if they were one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..distributed.process_group import the_group
from ..distributed.reduce_op import ReduceOp
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ._check.arguments import number
from .norm import NormalizeChannels, _scaled, channelwise, mover


class NormalizeAcross(NormalizeChannels):
    """x̂ = (x - mean(x)) / σ,  σ = √(var(x) + ε),  z = w · x̂ + b        mean and var over the m values of all processes

    dx = w / σ · (dz - Σ dz / m - x̂ · Σ dz · x̂ / m)        both sums over all processes, too
    dw = Σ dz · x̂,  db = Σ dz        of this process: DistributedDataParallel adds them up
    """

    def forward(self, x: Any, w: Any, b: Any, axes: tuple[int, ...], eps: float, move: Any = None) -> Any:
        self.axes, self.w = axes, w
        sums = x.sum(axis=axes, keepdims=True, dtype=np.float64)  # (1, C, 1, ...)
        exact, self.m = self._mean(sums, math.prod(x.shape[axis] for axis in axes))
        if self.m == 1:
            raise ShapeError("sync_batch_norm: training needs more than 1 value per channel on all processes together")
        mean = exact.astype(x.dtype)
        centred = (x - mean) - (exact - mean).astype(x.dtype)
        squares = self.backend.inner(centred, centred, axes).astype(np.float64)
        var = (self._total(squares) / self.m).astype(x.dtype)
        if move is not None:
            move(mean, var, self.m)
        self.sigma = self.xp.sqrt(var + eps)
        self.normal = self.xp.divide(centred, self.sigma, out=centred)  # x̂
        return _scaled(self.normal, w, b)

    def backward(self, dz: Any) -> Any:
        dw = self.backend.inner(dz, self.normal, self.axes)  # Σ dz · x̂
        db = self.backend.inner(dz, None, self.axes)  # Σ dz
        both = self._total(self.xp.stack([dw, db]).astype(np.float64)) / self.m
        mean_dw, mean_db = both.astype(dz.dtype)
        scale = 1 / self.sigma if self.w is None else self.w / self.sigma
        return scale * (dz - mean_db - self.normal * mean_dw), dw, db

    def _mean(self, sums: Any, count: int) -> tuple[Any, int]:
        """The mean over all processes, and over how many values it is: both by one reduction."""
        flat = self.xp.append(sums.ravel(), self.xp.asarray([float(count)]))
        flat = self._total(flat)
        m = int(flat[-1])
        return flat[:-1].reshape(sums.shape) / max(m, 1), m

    def _total(self, array: Any) -> Any:
        """The sum over all processes, in new memory."""
        the_group().all_reduce(array, ReduceOp.SUM).wait()
        return array


def sync_batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`batch_norm` in training, by the statistics of all processes' inputs together, which may differ in length.

    Every process must call it, in the same order; one without samples gives (0, C, ...). Raises as `batch_norm`, and
    `DistributedError` outside of a process group.
    """
    name = "sync_batch_norm"
    x, w, b = channelwise(name, input, running_mean, running_var, weight, bias)
    eps, momentum = number(name, "eps", eps), number(name, "momentum", momentum)
    if eps <= 0:
        raise ArgumentError(f"{name}: eps must be positive; got {eps!r}")
    axes = (0, *range(2, x.ndim))
    return NormalizeAcross.apply(x, w, b, axes=axes, eps=eps, move=mover(running_mean, running_var, momentum))
