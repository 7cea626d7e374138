"""Windows that slide along one dimension."""

from __future__ import annotations

from typing import Any

from ...engine.function import Function
from ...engine.tensor import Tensor
from ...errors import ArgumentError
from .._check.arguments import int_tuple, normal_dim, tensor_of


class Sliding(Function):
    """z[..., p, ..., i] = x[..., p · s + i, ...]        dx[..., p · s + i, ...] += dz[..., p, ..., i]

    s is the step from one window to the next.
    """

    is_view = True
    computes = False

    def forward(self, x: Any, dim: int, size: int, step: int) -> Any:
        self.shape, self.dim, self.size, self.step = x.shape, dim, size, step
        count, stride = (x.shape[dim] - size) // step + 1, x.strides[dim]
        shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
        strides = (*x.strides[:dim], stride * step, *x.strides[dim + 1 :], stride)
        z = self.xp.lib.stride_tricks.as_strided(x, shape, strides)
        if step < size and self.backend.name == "numpy":
            z.flags.writeable = False  # an element seen twice must not be written to, as in PyTorch
        return z

    def backward(self, dz: Any) -> Any:
        dx = self.xp.zeros(self.shape, dz.dtype)
        before, span = (slice(None),) * self.dim, (dz.shape[self.dim] - 1) * self.step + 1
        for i in range(self.size):
            dx[(*before, slice(i, i + span, self.step))] += dz[..., i]
        return dx


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows of `size` elements along a dimension, `step` apart; a window is a new last dimension.

    >>> import minidl
    >>> unfold(minidl.arange(5), 0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    x = tensor_of("unfold", input)
    dim = normal_dim("unfold", dimension, x.ndim)
    length, apart = int_tuple("unfold", (size, step), "size, step")
    n = x.shape[dim] if x.ndim else 1
    if not 0 <= length <= n or apart < 1:
        raise ArgumentError(
            f"unfold: size must be from 0 to the {n} elements along dimension {dimension}, step at least 1; "
            f"got {size} and {step}"
        )
    if x.ndim == 0:
        return x.reshape((1,))[:length]
    return Sliding.apply(x, dim=dim, size=length, step=apart)
