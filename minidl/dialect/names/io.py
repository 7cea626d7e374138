"""`torchvision.io`: pictures as tensors (C, H, W)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ...data import images
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError

__all__ = ["read_image"]


def read_image(path: str | os.PathLike[str], mode: Any = "UNCHANGED") -> Tensor:
    """The picture as a uint8 tensor: (3, H, W), or (1, H, W) for mode "GRAY", or "UNCHANGED" if it is gray all over."""
    name = getattr(mode, "name", mode)
    if name not in ("UNCHANGED", "RGB", "GRAY"):
        raise ArgumentError(f"read_image: mode must be UNCHANGED, RGB or GRAY; got {name!r}")
    pixels = images.read_image(path)
    gray = bool((pixels[..., :1] == pixels).all())
    if name == "GRAY" and not gray:
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        pixels = np.rint(pixels @ weights).astype(np.uint8)[..., None]
    elif gray and name != "RGB":
        pixels = pixels[..., :1]
    return wrap(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
