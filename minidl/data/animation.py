"""Whether a picture file holds more than one picture: an animation, or several pages."""

from __future__ import annotations

import struct
from contextlib import suppress


def is_animated(content: bytes) -> bool:
    """Whether a GIF, PNG or WebP moves, or a TIFF has several pages; False if the file is damaged before that shows.

    >>> is_animated(b"GIF89a" + bytes(7) + b";")
    False
    """
    with suppress(struct.error, IndexError):
        if content.startswith(b"GIF8"):
            return _frames_of_gif(content) > 1
        if content.startswith(b"\x89PNG"):
            return b"acTL" in _names_of_png(content)
        if content.startswith(b"RIFF") and content[8:16] == b"WEBPVP8X":
            return bool(content[20] & 2)
        if content.startswith((b"II*\0", b"MM\0*")):
            return _next_page_of_tiff(content) != 0
    return False


def _frames_of_gif(content: bytes) -> int:
    """Its images, two at most; each block is skipped by its length."""
    frames, place = 0, 13 + _table(content[10])
    while content[place] != 0x3B:  # the trailer
        if content[place] == 0x2C:  # an image
            frames += 1
            place += 10 + _table(content[place + 9]) + 1
        elif content[place] == 0x21:  # an extension
            place += 2
        else:
            break
        if frames > 1:
            break
        while content[place]:
            place += 1 + content[place]
        place += 1
    return frames


def _table(flags: int) -> int:
    """The bytes of a table of colours that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _names_of_png(content: bytes) -> list[bytes]:
    """The names of its chunks before the pixels."""
    names, place = [], 8
    while (name := content[place + 4 : place + 8]) not in (b"IDAT", b""):
        names.append(name)
        place += 12 + struct.unpack_from(">I", content, place)[0]
    return names


def _next_page_of_tiff(content: bytes) -> int:
    order = "<" if content.startswith(b"II") else ">"
    (place,) = struct.unpack_from(f"{order}I", content, 4)
    (entries,) = struct.unpack_from(f"{order}H", content, place)
    return struct.unpack_from(f"{order}I", content, place + 2 + 12 * entries)[0]
