"""Convolution and transposed convolution: a small kernel slides over an image.

Both are built from three primitives, which `minidl/backend/base.py` defines in a few lines each: `correlate`, and its
gradients with respect to the image (`correlate_grad_input`) and the kernel (`correlate_grad_weight`). A transposed
convolution is the gradient of a convolution used as a forward pass, so the two classes below mirror each other.
`minidl/proof/reference.py` has the same mathematics in plain loops.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ..backend.window import Pair, Window
from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ._check.arguments import tensor_of
from ._check.convolution import conv_window, transposed_window
from ._check.windows import IntPair, pair, remember
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
        with backend.one_job():  # the threads share the work of all three
            if self.needs[0]:
                dx = backend.correlate_grad_input(dz, w, *how, x.shape[2:])  # (N, C, H, W)
            if self.needs[1]:
                dw = backend.correlate_grad_weight(dz, x, *how)  # (O, C/groups, kh, kw)
            if self.needs[2]:
                db = backend.channel_sums(dz)  # (O,)
        return dx, dw, db

    @classmethod
    def multiply_adds(cls, output: Any, *inputs: Any, **options: Any) -> int:
        return prod(output.shape) * prod(inputs[1].shape[1:])  # each output is a sum over one kernel


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
                dx = dx[:, :, : x.shape[2], : x.shape[3]]  # with output_padding there may be room for one more window
            if self.needs[1]:
                dw = backend.correlate_grad_weight(x, dz, *how)
            if self.needs[2]:
                db = backend.channel_sums(dz)
        return dx, dw, db

    @classmethod
    def multiply_adds(cls, output: Any, *inputs: Any, **options: Any) -> int:
        return prod(inputs[0].shape) * prod(inputs[1].shape[1:])  # each input is spread over one kernel


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
    x, w = _as_rows("conv1d", input, weight)
    sides = padding if isinstance(padding, str) else (0, _one("conv1d", "padding", padding, 0))
    steps = (1, _one("conv1d", "stride", stride, 1)), (1, _one("conv1d", "dilation", dilation, 1))
    return squeeze(_conv2d("conv1d", x, w, bias, steps[0], sides, steps[1], groups), -2)


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
    """The gradient of `conv2d` as an operation in itself: (N, C, H, W) -> (N, O, Ho, Wo); the batch may be missing.

    Each input pixel is multiplied by the kernel and added to the output, kernels `stride` apart:
    Ho = (H - 1)·stride - 2·padding + dilation·(kh - 1) + output_padding + 1.

    Args:
        weight: (C, O / groups, kh, kw), in the dtype of `input`; bias: (O,) or None.
        output_padding: extra rows and columns at the far edge, fewer than `stride` or `dilation`; they distinguish the
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
    x, w = _as_rows(name, input, weight)
    steps = (1, _one(name, "stride", stride, 1)), (1, _one(name, "dilation", dilation, 1))
    sides = (0, _one(name, "padding", padding, 0)), (0, _one(name, "output_padding", output_padding, 0))
    return squeeze(_conv_transpose2d(name, x, w, bias, steps[0], *sides, groups, steps[1]), -2)


_windows: dict[Any, Window] = {}  # the windows of convolutions already checked, by shapes, dtypes and options


def _conv2d(name: str, input: Any, weight: Any, bias: Any, *options: Any) -> Tensor:
    """options: stride, padding, dilation, groups."""
    x, w, b = _tensors(name, input, weight, bias)
    known = (
        x.shape,
        w.shape,
        None if b is None else b.shape,
        x.dtype,
        w.dtype,
        None if b is None else b.dtype,
        str(options),
    )  # text: 1 is 1.0 as a key
    window = _windows.get(known)
    if window is None:
        window = remember(_windows, known, conv_window(name, x, w, b, *options))
    groups = options[3]
    if x.ndim == 3:
        return squeeze(Conv2d.apply(unsqueeze(x, 0), w, b, window=window, groups=groups), 0)
    return Conv2d.apply(x, w, b, window=window, groups=groups)


def _conv_transpose2d(
    name: str, input: Any, weight: Any, bias: Any, stride: IntPair, padding: IntPair, output_padding: IntPair,
    groups: int, dilation: IntPair,
) -> Tensor:  # fmt: skip
    x, w, b = _tensors(name, input, weight, bias)
    window, size = transposed_window(name, x, w, b, stride, padding, output_padding, groups, dilation)
    if x.ndim == 3:
        return squeeze(ConvTranspose2d.apply(unsqueeze(x, 0), w, b, window=window, groups=groups, size=size), 0)
    return ConvTranspose2d.apply(x, w, b, window=window, groups=groups, size=size)


def _tensors(name: str, input: Any, weight: Any, bias: Any) -> tuple[Tensor, Tensor, Tensor | None]:
    x, w = tensor_of(name, input), tensor_of(name, weight, "weight")
    return x, w, None if bias is None else tensor_of(name, bias, "bias")


def _as_rows(name: str, input: Any, weight: Any) -> tuple[Tensor, Tensor]:
    """A signal (..., C, L) as an image of one row (..., C, 1, L), and its kernels too."""
    x, w = tensor_of(name, input), tensor_of(name, weight, "weight")
    if x.ndim not in (2, 3) or w.ndim != 3:
        raise ShapeError(
            f"{name}: input must be (N, C, L) or (C, L) and weight must have 3 dimensions; got {x.shape} and {w.shape}"
        )
    return unsqueeze(x, -2), unsqueeze(w, -2)


def _one(name: str, what: str, value: IntPair, least: int) -> int:
    """An integer, or a sequence of one."""
    if not isinstance(value, int) and len(value) != 1:
        raise ArgumentError(f"{name}: {what} must be one integer; got {value!r}")
    return pair(name, what, value, least)[0]
