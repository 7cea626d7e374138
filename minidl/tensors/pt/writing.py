"""A state dict as a .pt file, which torch.load reads: the few words of pickle's language that it takes, one by one.

Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py
"""

from __future__ import annotations

import os
import struct
import zipfile
from typing import IO, Any

import numpy as np

from ...backend import to_host
from ...engine.tensor import Tensor
from ...errors import DtypeError
from ...files import replace_file
from .storages import STORAGES

OLDEST_DATE = (1980, 1, 1, 0, 0, 0)  # fixed, so that equal states make equal files
FOLDER = "archive/"
_NAMES = {dtype: name for name, dtype in STORAGES.items()}


def save_pt(state: Any, file: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write `state` (a state dict, or any nesting of dicts, lists and tuples of tensors, numbers and text) for PyTorch.

    `torch.load(file)` reads it, also with `weights_only=True`. Raises `DtypeError` for anything else, naming its
    place, before anything is written; `OutputError` if the file cannot be written.

    >>> import io, minidl
    >>> file = io.BytesIO()
    >>> save_pt({"w": minidl.tensor([1.0, 2.0])}, file)
    >>> _ = file.seek(0)
    >>> minidl.load_pt(file)
    {'w': tensor([1., 2.])}
    """
    arrays: list[np.ndarray] = []
    program = b"\x80\x02" + _words(state, "", arrays) + b"."  # protocol 2 ... the end

    def write(stream: IO[bytes]) -> None:
        with zipfile.ZipFile(stream, "w") as archive:
            members = {"data.pkl": program, "byteorder": b"little"}
            members |= {f"data/{i}": a.astype(a.dtype.newbyteorder("<")).tobytes() for i, a in enumerate(arrays)}
            for name, content in {**members, "version": b"3\n"}.items():
                archive.writestr(zipfile.ZipInfo(FOLDER + name, OLDEST_DATE), content)

    if isinstance(file, str | os.PathLike):
        replace_file(file, write)
    else:
        write(file)


def _words(value: Any, place: str, arrays: list[np.ndarray]) -> bytes:
    """The part of the program that makes `value`."""
    if isinstance(value, Tensor):
        return _tensor(to_host(value._array), arrays)
    if isinstance(value, np.ndarray | np.generic) and value.dtype in _NAMES:
        return _tensor(np.asarray(value), arrays)
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        content = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes([len(content)]) + content if len(content) < 256 else _refuse(value, place)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        content = value.encode("utf-8", "surrogatepass")
        return b"X" + struct.pack("<I", len(content)) + content
    if isinstance(value, dict):
        items = [_words(part, f"{place}/{key}", arrays) for key, item in value.items() for part in (key, item)]
        return _global("collections", "OrderedDict") + b")R(" + b"".join(items) + b"u"
    if isinstance(value, list | tuple):
        parts = b"".join(_words(item, f"{place}/{i}", arrays) for i, item in enumerate(value))
        return b"(" + parts + b"t" if isinstance(value, tuple) else b"](" + parts + b"e"
    return _refuse(value, place)


def _refuse(value: Any, place: str) -> bytes:
    raise DtypeError(
        f"save_pt: {place.lstrip('/') or 'the state'} is a {type(value).__name__}; such a file holds tensors, numbers, "
        "text, lists, tuples and dictionaries"
    )


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _tensor(array: np.ndarray, arrays: list[np.ndarray]) -> bytes:
    """_rebuild_tensor_v2(storage, 0, size, stride, requires_grad=False, backward_hooks=OrderedDict())"""
    strides: list[int] = []
    step = 1
    for n in reversed(array.shape):
        strides.insert(0, step)
        step *= n
    key = str(len(arrays))
    arrays.append(np.ascontiguousarray(array))
    kind = _global("torch", _NAMES[array.dtype])
    storage = b"(" + _words("storage", "", []) + kind + b"".join(_words(x, "", []) for x in (key, "cpu", array.size))
    shape = _words(tuple(array.shape), "", []) + _words(tuple(strides), "", [])
    rest = _words(0, "", []) + shape + b"\x89" + _global("collections", "OrderedDict") + b")R"
    return _global("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + b"tQ" + rest + b"tR"
