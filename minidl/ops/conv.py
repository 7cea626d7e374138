"""Convolution: a small kernel slides over an image; each place in the kernel (i, j) is a tap.

It is built from three primitives, which `minidl/backend/base.py` defines in a few lines each: `correlate`, and its
gradients with respect to the image (`correlate_grad_input`) and the kernel (`correlate_grad_weight`).
`minidl/proof/reference.py` has the same mathematics in plain loops.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ..backend.window import Window
from ..engine.function import Function
from ..engine.tensor import Tensor
from ._check.arguments import tensor_of
from ._check.convolution import check_signal, conv_window, one, tensors_of
from ._check.windows import IntPair, remember
from .conv_transpose import ConvTranspose2d as ConvTranspose2d
from .conv_transpose import conv_transpose1d as conv_transpose1d
from .conv_transpose import conv_transpose2d as conv_transpose2d
from .shape import squeeze, unsqueeze


class Conv2d(Function):
    """z[n,o,p,q] = b[o] + Σ_cij w[o,c,i,j] · x[n,c,p+i,q+j]        (for stride 1, no padding)

    dx[n,c,h,v] = Σ_oij w[o,c,i,j] · dz[n,o,h-i,v-j]        each output pixel hands dz back to the taps it read
    dw[o,c,i,j] = Σ_npq x[n,c,p+i,q+j] · dz[n,o,p,q]        a tap was multiplied by x once at every place
    db[o] = Σ_npq dz[n,o,p,q]
    """

    def forward(self, x: Any, w: Any, b: Any, window: Window, groups: int) -> Any:
        self.x, self.w, self.how = x, w, (window, groups)
        return self.backend.correlate(x, w, b, *self.how)  # (N, O, Ho, Wo)

    def backward(self, dz: Any) -> Any:
        x, w, how, backend = self.x, self.w, self.how, self.backend
        dx = dw = db = None
        with backend.one_job():  # the threads share all three
            if self.needs[0]:
                dx = backend.correlate_grad_input(dz, w, *how, x.shape[2:])  # (N, C, H, W)
            if self.needs[1]:
                dw = backend.correlate_grad_weight(dz, x, *how)  # (O, C/groups, kh, kw)
            if self.needs[2]:
                db = backend.channel_sums(dz)  # (O,)
        return dx, dw, db

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * prod(inputs[1].shape[1:])  # each output is a sum over one kernel


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: IntPair | str = 0,
    dilation: IntPair = 1,
    groups: int = 1,
) -> Tensor:
    """The correlation of images with kernels: (N, C, H, W) -> (N, O, Ho, Wo), or (C, H, W) -> (O, Ho, Wo).

    z[n,o,p,q] = bias[o] + Σ_cij weight[o,c,i,j] · input[n, c, p·stride + i·dilation - padding, ...], where
    the input is 0 outside, and Ho = floor((H + 2·padding - dilation·(kh - 1) - 1) / stride) + 1.

    Args:
        weight: (O, C / groups, kh, kw), in the dtype of `input` (a floating one); bias: (O,) or None.
        stride, dilation, padding: an integer, or two for height and width. `padding="same"` keeps the size (stride 1
            only; of an odd amount, one more goes after), `"valid"` is 0.
        groups: output group g sees only input group g of the channels.

    Raises `ShapeError` where shapes do not fit, `DtypeError`, `ArgumentError`.

    >>> import minidl
    >>> conv2d(minidl.tensor([[[1.0, 2.0, 3.0]]]), minidl.tensor([[[[1.0, 10.0]]]]))
    tensor([[[21., 32.]]])
    """
    return _conv2d("conv2d", input, weight, bias, stride, padding, dilation, groups)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: IntPair | str = 0,
    dilation: IntPair = 1,
    groups: int = 1,
) -> Tensor:
    """`conv2d` of a signal: (N, C, L) -> (N, O, Lo), or (C, L) -> (O, Lo); weight is (O, C / groups, k)."""
    x, w, _ = tensors_of("conv1d", input, weight, None)
    check_signal("conv1d", x, w)
    x, w = unsqueeze(x, -2), unsqueeze(w, -2)  # an image of one row
    sides = padding if isinstance(padding, str) else (0, one("conv1d", "padding", padding, 0))
    steps = (1, one("conv1d", "stride", stride, 1)), (1, one("conv1d", "dilation", dilation, 1))
    return squeeze(_conv2d("conv1d", x, w, bias, steps[0], sides, steps[1], groups), -2)


_windows: dict[Any, Window] = {}  # those of convolutions that were checked, by shapes, dtypes and options


def _conv2d(name: str, input: Any, weight: Any, bias: Any, *options: Any) -> Tensor:
    """options: stride, padding, dilation, groups."""
    x, w = tensor_of(name, input), tensor_of(name, weight, "weight")
    b = None if bias is None else tensor_of(name, bias, "bias")
    known = (
        x.shape,
        w.shape,
        None if b is None else b.shape,
        x.dtype,
        w.dtype,
        None if b is None else b.dtype,
        str(options),
    )  # the options as text, since 1 and 1.0 are the same key
    window = _windows.get(known)
    if window is None:
        window = remember(_windows, known, conv_window(name, x, w, b, *options))
    groups = options[3]
    if x.ndim == 3:
        return squeeze(Conv2d.apply(unsqueeze(x, 0), w, b, window=window, groups=groups), 0)
    return Conv2d.apply(x, w, b, window=window, groups=groups)
