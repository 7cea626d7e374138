"""Several images in one picture, and a picture file from tensors: torchvision's `make_grid` and `save_image`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError
from .images import write_image

__all__ = ["make_grid", "save_image"]


def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """The images (N, C, H, W) side by side, `nrow` in a row, with `padding` pixels of `pad_value` around each.

    (C, H, W) with 3 channels; one channel is shown as three. `normalize` maps `value_range` (without it, the smallest
    and largest number, of each image if `scale_each`) to 0 and 1.

    >>> import minidl
    >>> make_grid(minidl.zeros(3, 1, 4, 4), nrow=2).shape
    (3, 14, 14)
    """
    images = _images(tensor)
    if normalize:
        images = _normalized(images, value_range, scale_each)
    elif value_range is not None or scale_each:
        raise ArgumentError("make_grid: value_range and scale_each go with normalize=True")
    count, channels, height, width = images.shape
    if count == 1:
        return wrap(images[0].copy())
    columns = min(int(nrow), count)
    rows = -(-count // columns)
    high, wide = height + padding, width + padding
    xp = backend_of(images).xp
    grid = xp.full((channels, high * rows + padding, wide * columns + padding), pad_value, images.dtype)
    for number in range(count):
        top, left = (number // columns) * high + padding, (number % columns) * wide + padding
        grid[:, top : top + height, left : left + width] = images[number]
    return wrap(grid)


def _images(tensor: Any) -> Any:
    """The images as one array (N, C, H, W) with at least 3 channels."""
    parts = [tensor] if isinstance(tensor, Tensor) else list(tensor)
    if not parts or not all(isinstance(part, Tensor) for part in parts):
        raise DtypeError(f"make_grid: takes a tensor of images or a list of them; got {type(tensor).__name__}")
    arrays = [part._array for part in parts]
    images = arrays[0] if isinstance(tensor, Tensor) else backend_of(arrays[0]).xp.stack(arrays)
    if images.ndim not in (2, 3, 4):
        raise ShapeError(f"make_grid: takes images (H, W), (C, H, W) or (N, C, H, W); got {images.shape}")
    while images.ndim < 4:
        images = images[None]
    if images.shape[1] == 1:
        images = images.repeat(3, axis=1)
    return images


def _normalized(images: Any, value_range: tuple[float, float] | None, each: bool) -> Any:
    """The images with the range mapped to 0 ... 1; numbers outside are cut off."""
    done = images.copy()
    for part in done if each else [done]:
        low, high = value_range if value_range is not None else (float(part.min()), float(part.max()))
        part[...] = (part.clip(low, high) - low) / max(high - low, 1e-5)
    return done


def save_image(tensor: Tensor | Sequence[Tensor], fp: str | os.PathLike[str], **options: Any) -> None:
    """Write the images, from 0 to 1, as one picture file in the format that the name ends in; options of `make_grid`.

    DataError for a format that OpenCV does not know.
    """
    grid = to_host(make_grid(tensor, **options)._array)
    pixels = (grid * 255 + 0.5).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)  # (H, W, 3)
    write_image(fp, np.ascontiguousarray(pixels))
