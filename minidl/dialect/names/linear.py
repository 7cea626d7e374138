"""`torch.nn.modules.linear`: the name that PyTorch's attention gives to its last layer."""

from __future__ import annotations

from ...nn import Linear

__all__ = ["NonDynamicallyQuantizableLinear"]

NonDynamicallyQuantizableLinear = Linear
