"""How a camera was held: the orientation mark (EXIF) of a PNG or WebP file.

OpenCV obeys the mark except when it keeps transparency or more than 8 bits; then it has to be read from the file.
EXIF is a small TIFF file inside the picture: a byte order, then a directory of 12-byte entries.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

UPRIGHT = 1
ORIENTATION = 0x0112  # the entry's tag
PNG = b"\x89PNG\r\n\x1a\n"


def orientation(content: bytes) -> int:
    """The mark of a PNG or WebP file, 1 to 8; 1 (upright) if there is none or it makes no sense."""
    for name, chunk in _chunks(content):
        if name in (b"eXIf", b"EXIF"):
            try:
                mark = _entry(chunk.removeprefix(b"Exif\0\0"))
            except struct.error:  # the directory points beyond the chunk
                return UPRIGHT
            return mark if 1 <= mark <= 8 else UPRIGHT
    return UPRIGHT


def upright(image: np.ndarray, mark: int) -> np.ndarray:
    """`(H, W, ...)` as it was seen: marks 5 to 8 swap rows and columns first, then 2, 3, 4 and 6, 7, 8 mirror.

    >>> upright(np.array([[1, 2], [3, 4]]), 6).tolist()
    [[3, 1], [4, 2]]
    """
    if mark >= 5:
        image = image.swapaxes(0, 1)
    if mark in (3, 4, 7, 8):
        image = image[::-1]
    if mark in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The named chunks of a PNG (length, name, data, checksum) or WebP (name, length, data, padded to even) file."""
    if content.startswith(PNG):
        place, header, after = len(PNG), struct.Struct(">I4s"), 4
    elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        place, header, after = 12, struct.Struct("<4sI"), 0
    else:
        return
    while place + header.size <= len(content):
        fields = header.unpack_from(content, place)
        length, name = fields if after else fields[::-1]
        start = place + header.size
        yield name, content[start : start + length]
        place = start + length + (after or length % 2)


def _entry(tiff: bytes) -> int:
    """The orientation in the first directory, `UPRIGHT` if it has none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return UPRIGHT
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, first)
    for number in range(count):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * number)
        if tag == ORIENTATION:
            return value
    return UPRIGHT
