"""A layer of two inputs."""

from __future__ import annotations

import math
from typing import Any

from ..engine.tensor import Tensor
from ..tensors.creation import empty
from . import functional as F
from . import init
from ._arguments import as_bool, as_int
from .module import Module
from .parameter import Parameter


class Bilinear(Module):
    """z[..., o] = Σ_ij x1[..., i] · weight[o, i, j] · x2[..., j] + bias[o]: (..., in1), (..., in2) -> (..., out).

    weight (out, in1, in2) and bias (out,) start from U(-k, k), k = 1 / sqrt(in1_features).
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in1_features = as_int("Bilinear", "in1_features", in1_features, 1)
        self.in2_features = as_int("Bilinear", "in2_features", in2_features)
        self.out_features = as_int("Bilinear", "out_features", out_features)
        shape = self.out_features, self.in1_features, self.in2_features
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        wanted = as_bool("Bilinear", "bias", bias)
        self.register_parameter("bias", Parameter(empty(shape[0], device=device, dtype=dtype)) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
