"""Transposed convolution: the gradient of a convolution, used as a forward pass."""

from __future__ import annotations

from math import prod
from typing import Any

from ..backend.window import Pair, Window
from ..engine.function import Function
from ..engine.tensor import Tensor
from ._check.convolution import check_signal, one, tensors_of, transposed_window
from ._check.windows import IntPair
from .shape import squeeze, unsqueeze


class ConvTranspose2d(Function):
    """z[n,o,p+i,q+j] += w[c,o,i,j] · x[n,c,p,q], then + b[o]        (stride s: p·s+i, q·s+j)

    dx[n,c,p,q] = Σ_oij w[c,o,i,j] · dz[n,o,p+i,q+j]        z is Conv2d's dx, so this is Conv2d's z
    dw[c,o,i,j] = Σ_npq x[n,c,p,q] · dz[n,o,p+i,q+j]        Conv2d's dw, with x and dz in each other's place
    db[o] = Σ_npq dz[n,o,p,q]
    """

    def forward(self, x: Any, w: Any, b: Any, window: Window, groups: int, size: Pair) -> Any:
        self.x, self.w, self.how = x, w, (window, groups)
        z = self.backend.correlate_grad_input(x, w, *self.how, size)  # (N, O, Ho, Wo) for size = (Ho, Wo)
        return z if b is None else z + b[:, None, None]

    def backward(self, dz: Any) -> Any:
        x, w, how, backend = self.x, self.w, self.how, self.backend
        dx = dw = db = None
        with backend.one_job():
            if self.needs[0]:
                dx = backend.correlate(dz, w, None, *how)
                dx = dx[:, :, : x.shape[2], : x.shape[3]]  # with output_padding there may be room for one more
            if self.needs[1]:
                dw = backend.correlate_grad_weight(x, dz, *how)
            if self.needs[2]:
                db = backend.channel_sums(dz)
        return dx, dw, db

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        return prod(inputs[0].shape) * prod(inputs[1].shape[1:])  # each input is spread over one kernel


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: IntPair = 0,
    output_padding: IntPair = 0,
    groups: int = 1,
    dilation: IntPair = 1,
) -> Tensor:
    """The gradient of `conv2d` as an operation of its own: (N, C, H, W) -> (N, O, Ho, Wo); the batch may be missing.

    Each input pixel is multiplied by the kernel and added to the output, kernels `stride` apart:
    Ho = (H - 1)·stride - 2·padding + dilation·(kh - 1) + output_padding + 1.

    Args:
        weight: (C, O / groups, kh, kw), in the dtype of `input`; bias: (O,) or None.
        output_padding: extra rows and columns at the far edge, fewer than `stride` or `dilation`; they tell apart the
            sizes that a strided `conv2d` maps to the same output.

    Raises `ShapeError`, `DtypeError`, `ArgumentError`.
    """
    return _conv_transpose2d("conv_transpose2d", input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: IntPair = 0,
    output_padding: IntPair = 0,
    groups: int = 1,
    dilation: IntPair = 1,
) -> Tensor:
    """`conv_transpose2d` of a signal: (N, C, L) -> (N, O, Lo), or (C, L) -> (O, Lo); weight is (C, O / groups, k)."""
    name = "conv_transpose1d"
    x, w, _ = tensors_of(name, input, weight, None)
    check_signal(name, x, w)
    x, w = unsqueeze(x, -2), unsqueeze(w, -2)  # an image of one row
    steps = (1, one(name, "stride", stride, 1)), (1, one(name, "dilation", dilation, 1))
    sides = (0, one(name, "padding", padding, 0)), (0, one(name, "output_padding", output_padding, 0))
    return squeeze(_conv_transpose2d(name, x, w, bias, steps[0], *sides, groups, steps[1]), -2)


def _conv_transpose2d(
    name: str, input: Any, weight: Any, bias: Any, stride: IntPair, padding: IntPair, output_padding: IntPair,
    groups: int, dilation: IntPair,
) -> Tensor:  # fmt: skip
    x, w, b = tensors_of(name, input, weight, bias)
    window, size = transposed_window(name, x, w, b, stride, padding, output_padding, groups, dilation)
    if x.ndim == 3:
        return squeeze(ConvTranspose2d.apply(unsqueeze(x, 0), w, b, window=window, groups=groups, size=size), 0)
    return ConvTranspose2d.apply(x, w, b, window=window, groups=groups, size=size)
