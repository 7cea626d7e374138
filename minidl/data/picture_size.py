"""The size of a picture from the first bytes of its file, before a decoder takes memory for it."""

from __future__ import annotations

import struct
from collections.abc import Callable

START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's markers that say the size


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height that a BMP, GIF, JPEG, PNG, TIFF or WebP claims; None if it is none of them, or damaged.

    >>> picture_size(b"GIF89a" + bytes([44, 1, 200, 0]))
    (300, 200)
    """
    for start, size_of in READERS.items():
        if content.startswith(start):
            try:
                return size_of(content)
            except (struct.error, IndexError):
                return None
    return None


def _bmp(content: bytes) -> tuple[int, int]:
    if content[14] == 12:  # the oldest kind of header
        width, height = struct.unpack_from("<HH", content, 18)
    else:
        width, height = struct.unpack_from("<ii", content, 18)
    return abs(width), abs(height)  # negative: from the top


def _gif(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", content, 6)
    return width, height


def _jpeg(content: bytes) -> tuple[int, int] | None:
    place = 2
    while content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # fill
            place += 1
        elif marker in START_OF_FRAME:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        else:
            place += 2 + struct.unpack_from(">H", content, place + 2)[0]
    return None


def _png(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _tiff(content: bytes) -> tuple[int, int] | None:
    order = "<" if content.startswith(b"II") else ">"
    place = struct.unpack_from(f"{order}I", content, 4)[0]
    found = {}
    for i in range(struct.unpack_from(f"{order}H", content, place)[0]):
        tag, kind, _, value, _ = struct.unpack_from(f"{order}HHIHH", content, place + 2 + 12 * i)
        if kind == 4:  # of 32 bits; 3: of 16
            value = struct.unpack_from(f"{order}I", content, place + 2 + 12 * i + 8)[0]
        found[tag] = value
    return (found[256], found[257]) if {256, 257} <= found.keys() else None


def _webp(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", content, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


READERS: dict[bytes, Callable[[bytes], tuple[int, int] | None]] = {
    b"BM": _bmp,
    b"GIF8": _gif,
    b"\xff\xd8": _jpeg,
    b"\x89PNG": _png,
    b"II*\0": _tiff,
    b"MM\0*": _tiff,
    b"RIFF": _webp,
}
