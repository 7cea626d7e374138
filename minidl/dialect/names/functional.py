"""Old names of `interpolate`, with PyTorch's warning."""

from __future__ import annotations

import warnings
from typing import Any

from ...engine.tensor import Tensor
from ...nn.functional import interpolate

__all__ = ["upsample", "upsample_bilinear", "upsample_nearest"]


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
) -> Tensor:
    """`interpolate` under its name before PyTorch 0.4.1."""
    return _interpolated("upsample", input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "nearest"."""
    return _interpolated("upsample_nearest", input, size, scale_factor, "nearest", None)


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "bilinear", between the outermost pixels."""
    return _interpolated("upsample_bilinear", input, size, scale_factor, "bilinear", True)


def _interpolated(name: str, *arguments: Any) -> Tensor:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", UserWarning, stacklevel=3
    )
    return interpolate(*arguments)
