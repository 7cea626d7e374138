"""Adaptive pooling: the mean over a grid of so many bins, whatever the size of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend.window import Pair
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ._check.windows import image_size, images, pair
from .reduce import mean
from .shape import Clone, reshape, transpose


class AdaptiveAvgPool(Function):
    """z[..., p] = mean of x[..., first[p] : last[p]]        dx: every element of the bin gets dz / its length

    Bins may overlap by one element. They are read as a table (bins, longest bin) with a mask for the shorter ones.
    """

    fixed = ("counts",)

    def forward(self, x: Any, bins: np.ndarray, mask: np.ndarray) -> Any:
        backend, xp = self.backend, self.xp
        self.length, self.bins, self.mask = x.shape[-1], backend.asarray(bins), backend.asarray(mask)
        self.counts = backend.asarray(mask.sum(axis=1).astype(x.dtype))
        return xp.where(self.mask, x[..., self.bins], 0).sum(axis=-1) / self.counts

    def backward(self, dz: Any) -> Any:
        share = self.xp.where(self.mask, (dz / self.counts)[..., None], 0)  # (..., bins, longest)
        dx = self.xp.zeros((*dz.shape[:-1], self.length), dz.dtype)
        self.backend.scatter_add(dx, (..., self.bins), share.astype(dz.dtype))
        return dx


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """The mean over a grid of `output_size` bins: (N, C, H, W) -> (N, C, Ho, Wo); the batch may be missing.

    Bin p of Ho covers rows floor(p·H / Ho) up to ceil((p + 1)·H / Ho). `output_size` is an integer or two; None keeps
    that dimension.

    >>> import minidl
    >>> adaptive_avg_pool2d(minidl.tensor([[[1.0, 3.0, 2.0, -4.0]]]), (None, 1))
    tensor([[[0.5000]]])
    """
    x = images("adaptive_avg_pool2d", input)
    size = _adaptive_size("adaptive_avg_pool2d", x, output_size)
    (height, width), (ho, wo) = image_size(x), size
    if ho and wo and height % ho == 0 and width % wo == 0:  # equal bins: (..., Ho, kh, Wo, kw)
        return mean(reshape(x, (*x.shape[:-2], ho, height // ho, wo, width // wo)), (-3, -1))
    z = x
    for out in reversed(size):  # the width, then, turned, the height
        z = transpose(AdaptiveAvgPool.apply(z, **_bins(z.shape[-1], out)), -2, -1)
    return Clone.apply(z, order="C")  # scripts view() what comes out


def _adaptive_size(name: str, x: Tensor, output_size: Any) -> Pair:
    wanted = tuple(output_size) if isinstance(output_size, Sequence) else (output_size, output_size)
    kept = [length if out is None else out for length, out in zip(x.shape[-2:], wanted)]
    if len(wanted) != 2:
        raise ArgumentError(f"{name}: output_size must be an integer or two (None keeps the size); got {output_size!r}")
    return pair(name, "output_size", kept, 0)


def _bins(length: int, out: int) -> dict[str, np.ndarray]:
    """The elements of each of `out` bins, (out, longest), and which entries of that table count."""
    first = np.arange(out) * length // max(out, 1)
    last = -(-(np.arange(out) + 1) * length // max(out, 1))
    longest = int(np.max(last - first, initial=1))
    table = first[:, None] + np.arange(longest)
    return {"bins": np.minimum(table, length - 1), "mask": table < last[:, None]}
