"""What all image transforms share: which images they take, one or many at once, and their source of randomness.

An image is a NumPy array `(H, W)` or `(H, W, C)` with 1, 3 or 4 channels, uint8 or float32 (in [0, 1]); three channels
are RGB. A transform returns an image of the same dtype and number of axes, and never changes the one it was given.
A tensor `(C, H, W)` comes back as a tensor, a picture of Pillow's as one of Pillow's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from ...backend import backend_of, to_host
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, ShapeError
from ...random import Generator
from ..collate import default_collate
from ..stream import stream_for

Image = np.ndarray
CHANNELS = (1, 3, 4)


class Transform(ABC):
    """An operation on one image. A subclass defines `apply`, whose input has been checked."""

    def __call__(self, image: Any) -> Any:
        return on_image(self.name, image, self._applied)

    def _applied(self, image: Image) -> Image:
        try:
            return with_channel_axis(self.apply(image), image)
        except cv2.error as error:
            raise ArgumentError(
                f"{self!r}: OpenCV cannot do this to an image {image.shape} of {image.dtype}: {error.err}"
            ) from error

    @abstractmethod
    def apply(self, image: Image) -> Image:
        """The transformed image; it may drop a channel axis of 1, which is put back."""

    @property
    def name(self) -> str:
        return type(self).__name__


@dataclass(frozen=True, kw_only=True)
class RandomTransform(Transform):
    """A random transform; it draws from `generator`, else from the loader's batch or the default generator."""

    generator: Generator | None = field(default=None, repr=False)

    @property
    def random(self) -> np.random.Generator:
        """The stream to draw from now."""
        return stream_for(self.generator, self.name)


class BatchTransform(ABC):
    """A transform that does the same to every image, and so can transform an entire batch `(N, ...)` at once."""

    @abstractmethod
    def __call__(self, image: Any) -> Any:
        """One image transformed."""

    @abstractmethod
    def batch(self, images: Any) -> Any:
        """All images transformed; bit for bit as one after the other."""


class Compose:
    """One transform after the other.

    >>> import numpy as np
    >>> from minidl.data import transforms
    >>> transforms.Compose([transforms.CenterCrop(2), transforms.ToTensor()])(np.zeros((4, 4), np.uint8)).shape
    (1, 2, 2)
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        for transform in transforms:
            if not callable(transform):
                raise ArgumentError(f"Compose: expected transforms, got {transform!r}, which cannot be called")
        self.transforms = list(transforms)

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image

    def __repr__(self) -> str:
        return "Compose(\n" + "".join(f"    {transform!r}\n" for transform in self.transforms) + ")"


class Lambda:
    """A function of your own as a transform."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise ArgumentError(f"Lambda: expected a function, got {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, image: Any) -> Any:
        return self.lambd(image)

    def __repr__(self) -> str:
        return f"Lambda({getattr(self.lambd, '__name__', self.lambd)})"


def batched(transform: Callable[[Any], Any], images: np.ndarray) -> Any:
    """`default_collate([transform(image) for image in images])`, with as many steps as possible done on all at once.

    The steps after the last one that takes single images are done on all images together. Up to that one, each image
    goes through all steps before the next image does, so that random ones draw in the same order either way.
    """
    steps = _steps(transform)
    first = len(steps)
    while first and isinstance(steps[first - 1], BatchTransform):
        first -= 1
    whole: Any = images
    if first:
        alone = []
        for image in images:
            for step in steps[:first]:
                image = step(image)
            alone.append(image)
        if first == len(steps) or not _alike(alone):
            return default_collate([Compose(steps[first:])(image) for image in alone])
        whole = np.stack(alone) if isinstance(alone[0], np.ndarray) else default_collate(alone)
    for step in steps[first:]:
        whole = step.batch(whole)
    return whole


def _steps(transform: Callable[[Any], Any]) -> list[Any]:
    """The transforms inside `Compose`, however deep."""
    if type(transform) is not Compose:
        return [transform]
    return [step for inner in transform.transforms for step in _steps(inner)]


def _alike(images: list[Any]) -> bool:
    """Whether the images can be one array."""
    kinds = {type(image) for image in images}
    return kinds in ({np.ndarray}, {Tensor}) and len({(image.shape, image.dtype) for image in images}) == 1


def on_image(name: str, image: Any, change: Callable[[Image], Image]) -> Any:
    """What `change` makes of an image, as what it was: an array, a tensor `(C, H, W)`, or a picture of Pillow's."""
    if isinstance(image, Tensor):
        if image.ndim != 3 or image.shape[0] not in CHANNELS:
            raise ShapeError(f"{name}: expected a tensor (C, H, W) with C = 1, 3 or 4; got {tuple(image.shape)}")
        array = to_host(image.array).transpose(1, 2, 0)
        changed = change(check_image(name, array))
        changed = np.ascontiguousarray(np.atleast_3d(changed).transpose(2, 0, 1))
        return wrap(backend_of(image.array).asarray(changed))
    pixels = unpacked(name, image)
    changed = change(check_image(name, pixels))
    if pixels is image:
        return changed
    from PIL import Image as pillow  # is there, as a picture of its own is

    return pillow.fromarray(changed)


def unpacked(name: str, image: Any) -> Any:
    """A picture of Pillow's as a NumPy image; anything else as it is. DtypeError for palettes and rare modes."""
    if isinstance(image, np.ndarray | Tensor) or not hasattr(image, "__array_interface__"):
        return image
    if getattr(image, "mode", "L") not in ("L", "RGB", "RGBA"):
        raise DtypeError(f"{name}: takes pictures of mode L, RGB or RGBA; got {image.mode}; use .convert('RGB')")
    return np.array(image)


def check_image(name: str, image: Any) -> Image:
    """`image`, made contiguous; an error that says what came if it is no image."""
    if not isinstance(image, np.ndarray):
        raise DtypeError(f"{name}: expected a NumPy image, got {type(image).__name__}; use numpy.asarray or read_image")
    if image.dtype not in (np.uint8, np.float32):
        raise DtypeError(f"{name}: expected an image of uint8 or float32, got {image.dtype}; convert it with .astype")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in CHANNELS) or image.size == 0:
        hint = "; move the channels last" if image.ndim == 3 and image.shape[0] in CHANNELS else ""
        raise ShapeError(
            f"{name}: expected an image (H, W) or (H, W, C) with C = 1, 3 or 4, no axis of 0, got {image.shape}{hint}"
        )
    return np.ascontiguousarray(image)


def with_channel_axis(result: Image, image: Image) -> Image:
    """`result` with the axis of one channel that `image` has and OpenCV drops."""
    return result[..., None] if image.ndim == 3 and result.ndim == 2 else result


INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "bicubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}
BORDERS = {
    "constant": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
}


def choose(name: str, argument: str, value: str, table: dict[str, int]) -> int:
    """OpenCV's number for `value`, or an error that lists the valid names."""
    if value not in table:
        raise ArgumentError(f"{name}: {argument}={value!r} is unknown; use one of {', '.join(table)}")
    return table[value]


def check_probability(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ArgumentError(f"{name}: p must be between 0 and 1, got {p!r}")


def pair(name: str, argument: str, size: Any) -> tuple[int, int]:
    """Two sizes (height and width, if not said otherwise), from one number or two, each at least 1."""
    values = (size, size) if isinstance(size, (int, np.integer)) else tuple(size) if isinstance(size, Sequence) else ()
    if len(values) == 1:
        values = (values[0], values[0])
    whole = all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in values)
    if len(values) != 2 or not whole or min(values) < 1:
        raise ArgumentError(f"{name}: {argument} must be a whole number of at least 1, or two of them, got {size!r}")
    return int(values[0]), int(values[1])


def interval(name: str, argument: str, value: Any, least: float = -np.inf) -> tuple[float, float]:
    """A range (low, high) to draw from."""
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name}: {argument} must be two numbers (low, high), got {value!r}") from None
    if not (least <= low <= high < np.inf):
        bound = f"{least:g} <= " if np.isfinite(least) else ""
        raise ArgumentError(f"{name}: {argument} must have {bound}low <= high, got {value!r}")
    return low, high


def symmetric(name: str, argument: str, value: Any) -> tuple[float, float]:
    """A range from -value to value, or the two numbers given."""
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        if not 0 <= value < np.inf:
            raise ArgumentError(f"{name}: {argument} as one number must be at least 0, got {value!r}")
        return -float(value), float(value)
    return interval(name, argument, value)


def border_value(fill: float | Sequence[float], image: Image) -> tuple[float, ...]:
    """`fill`, one number for all channels or one per channel, as OpenCV wants it."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    values = tuple(fill) if isinstance(fill, Sequence) else (fill,) * channels
    if len(values) != channels:
        raise ArgumentError(f"fill={fill!r} has {len(values)} values, the image has {channels} channels")
    return tuple(float(value) for value in values)
