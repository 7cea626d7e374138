"""Files with more than one picture in them, and files that end too early."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from minidl.data.animation import is_animated
from minidl.data.truncation import is_truncated

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
KINDS = ("GIF", "PNG", "WEBP", "TIFF", "JPEG", "BMP")


def saved(kind: str, frames: int = 1) -> bytes:
    images, out = [Image.fromarray(np.roll(PICTURE, 7 * i, 0)) for i in range(frames)], io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_one_picture(kind: str) -> None:
    assert not is_animated(saved(kind))
    assert not is_truncated(saved(kind))


@pytest.mark.parametrize("kind", KINDS[:4])
def test_several_pictures(kind: str) -> None:
    assert is_animated(saved(kind, 3))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "TIFF"])
def test_every_cut_of_a_file_is_seen(kind: str) -> None:
    whole = saved(kind)
    for end in {len(whole) // 4, len(whole) // 2, len(whole) - 9}:
        assert is_truncated(whole[:end])


@pytest.mark.parametrize("kind", [".png", ".jpg", ".bmp", ".webp", ".gif"])
def test_what_opencv_writes_is_whole(kind: str) -> None:
    content = cv2.imencode(kind, PICTURE)[1].tobytes()
    assert not is_truncated(content)
    assert not is_animated(content)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_no_error(kind: str) -> None:
    random = np.random.default_rng(1)
    content = bytearray(saved(kind, 2 if kind in KINDS[:4] else 1))
    for _ in range(200):
        damaged = bytearray(content[: random.integers(1, len(content) + 1)])
        for at in random.integers(0, len(damaged), 5):
            damaged[at] = random.integers(256)
        assert is_animated(bytes(damaged)) in (True, False)
        assert is_truncated(bytes(damaged)) in (True, False)


def test_a_thumbnail_within_a_photo_is_not_its_end() -> None:
    photo, inner = saved("JPEG"), saved("JPEG")[:400] + b"\xff\xd9"
    with_thumbnail = photo[:2] + b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner + photo[2:]
    assert not is_truncated(with_thumbnail)
    assert is_truncated(with_thumbnail[:-40])
