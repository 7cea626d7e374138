"""Whether a picture file ends before its picture does: decoders fill in gray what is missing, and say nothing."""

from __future__ import annotations

import struct
from contextlib import suppress


def is_truncated(content: bytes) -> bool:
    """Whether a BMP, GIF, JPEG, PNG or WebP lacks its end; False for other files.

    >>> is_truncated(b"GIF89a" + bytes(7) + b";"), is_truncated(b"GIF89a" + bytes(7))
    (False, True)
    """
    with suppress(struct.error):
        if content.startswith(b"\xff\xd8"):  # in what follows the start of a scan, FF D9 is the end and nothing else
            return content.rfind(b"\xff\xd9") <= content.rfind(b"\xff\xda")
        if content.startswith(b"\x89PNG"):
            return b"IEND" not in content
        if content.startswith(b"GIF8"):
            return not content.rstrip(b"\0").endswith(b";")
        if content.startswith(b"RIFF"):
            return struct.unpack_from("<I", content, 4)[0] > len(content) - 8
        if content.startswith(b"BM"):
            return struct.unpack_from("<I", content, 2)[0] > len(content)
    return False
