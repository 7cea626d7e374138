"""Linear layers and convolutions that multiply 8-bit integers, made from trained ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Window, to_host
from ..engine.tensor import Tensor
from ..errors import ArgumentError
from ..nn import Conv2d, Linear, Module
from ..ops.batch import like_input, with_batch
from ..tensors.creation import tensor, zeros
from .integers import MOST_SUMMED, IntegerConv2d, IntegerLinear, affine, symmetric


class Quantized(Module):
    """What both have in common: int8 weights with their scale, and the scale and zero point of the input.

    Buffers: weight int8 as in the float layer, weight_scale float32 (out,) or (), bias float32 (out,) or None,
    input_scale float32 (), input_zero int8 ().
    """

    weight: Tensor
    weight_scale: Tensor
    bias: Tensor | None
    input_scale: Tensor
    input_zero: Tensor

    def __init__(self, layer: Linear | Conv2d, per_channel: bool = True) -> None:
        """An empty one of the shape of `layer`; `fill` gives it numbers."""
        super().__init__()
        summed = int(np.prod(layer.weight.shape[1:]))
        if summed > MOST_SUMMED:
            raise ArgumentError(
                f"a sum of {summed:,} products of int8 may not fit into int32, which holds {MOST_SUMMED:,} of them"
            )
        self.per_channel = per_channel
        outputs = (layer.weight.shape[0],) if per_channel else ()
        self.register_buffer("weight", zeros(layer.weight.shape, dtype="int8"))
        self.register_buffer("weight_scale", zeros(outputs))
        self.register_buffer("bias", None if layer.bias is None else zeros(layer.bias.shape))
        self.register_buffer("input_scale", zeros(()))
        self.register_buffer("input_zero", zeros((), dtype="int8"))

    def fill(self, layer: Linear | Conv2d, low: float, high: float) -> None:
        """Take the numbers of the trained layer, whose inputs lie between `low` and `high`."""
        weight, scale = symmetric(to_host(layer.weight._array), self.per_channel)
        input_scale, zero = affine(low, high)
        found = {"weight": weight, "weight_scale": scale, "input_scale": input_scale, "input_zero": zero}
        for name, array in found.items():
            setattr(self, name, tensor(np.asarray(array)))
        if layer.bias is not None:
            self.bias = layer.bias.detach().clone()

    @property
    def _operands(self) -> tuple[Any, ...]:
        return self.weight, self.weight_scale, self.bias, self.input_scale, self.input_zero


class QuantizedLinear(Quantized):
    """`nn.Linear` in integers: (..., in) float32 -> (..., out) float32."""

    def forward(self, input: Tensor) -> Tensor:
        return IntegerLinear.apply(input, *self._operands)

    def extra_repr(self) -> str:
        return f"in_features={self.weight.shape[1]}, out_features={self.weight.shape[0]}, int8"


class QuantizedConv2d(Quantized):
    """`nn.Conv2d` in integers: (N, C, H, W) float32 -> (N, O, Ho, Wo) float32."""

    def __init__(self, layer: Conv2d, per_channel: bool = True) -> None:
        super().__init__(layer, per_channel)
        self.window, self.groups = window_of(layer), layer.groups

    def forward(self, input: Tensor) -> Tensor:
        z = IntegerConv2d.apply(with_batch(input), *self._operands, window=self.window, groups=self.groups)
        return like_input(z, input)

    def extra_repr(self) -> str:
        outputs, inputs, *kernel = self.weight.shape
        return f"{inputs * self.groups}, {outputs}, kernel_size={tuple(kernel)}, stride={self.window.stride}, int8"


def window_of(layer: Conv2d) -> Window:
    """The window that a convolution slides over the image."""
    kernel, dilation = layer.kernel_size, layer.dilation
    if layer.padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel)]
        sides = [(n // 2, n - n // 2) for n in total]
    else:
        sides = [(0, 0)] * 2 if layer.padding == "valid" else [(n, n) for n in layer.padding]
    return Window(
        (kernel[0], kernel[1]), (layer.stride[0], layer.stride[1]), (sides[0], sides[1]), (dilation[0], dilation[1])
    )


KINDS: dict[type, type[Quantized]] = {Linear: QuantizedLinear, Conv2d: QuantizedConv2d}
