"""Safetensors files: a JSON header that says where each tensor lies, then the numbers. Nothing in them can run.

    8 bytes     the length of the header, little-endian
    header      {"fc.weight": {"dtype": "F32", "shape": [10, 1280], "data_offsets": [0, 51200]}, ...}
    the rest    the numbers of all tensors, one after the other, row by row, little-endian

Source: https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from ..backend import to_host
from ..dtypes import DType
from ..engine.tensor import Tensor
from ..errors import CheckpointError, DtypeError, NoCheckpointError
from ..files import check_regular, replace_file
from .creation import tensor

NAMES = {
    "F16": "<f2", "F32": "<f4", "F64": "<f8", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "U8": "u1",
    "BOOL": "?",
}  # fmt: skip
OF_DTYPE: dict[DType, str] = {np.dtype(code).newbyteorder("="): name for name, code in NAMES.items()}
METADATA = "__metadata__"
MOST_HEADER = 100 << 20  # bytes; the format's own limit


def save_safetensors(
    state: Mapping[str, Tensor], file: str | os.PathLike[str] | IO[bytes], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by name, such as a state dict, as a safetensors file; `metadata` is text beside them.

    Raises `DtypeError` for anything that is no tensor, naming it; `OutputError` if the file cannot be written.

    >>> import io, minidl
    >>> file = io.BytesIO()
    >>> save_safetensors({"w": minidl.tensor([1.0, 2.0])}, file)
    >>> _ = file.seek(0)
    >>> load_safetensors(file)
    {'w': tensor([1., 2.])}
    """
    header: dict[str, Any] = {METADATA: checked_metadata(metadata)} if metadata else {}
    parts: list[bytes] = []
    place = 0
    for name, x in state.items():
        if not isinstance(name, str) or name == METADATA or not isinstance(x, Tensor):
            raise DtypeError(
                f"save_safetensors: {name!r}: {type(x).__name__}: such a file holds tensors under names; give a state "
                "dict, as model.state_dict()"
            )
        array = to_host(x._array)
        parts.append(array.astype(NAMES[OF_DTYPE[array.dtype]], copy=False).tobytes())
        end = place + len(parts[-1])
        header[name] = {"dtype": OF_DTYPE[array.dtype], "shape": list(array.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers begin at a multiple of 8

    def write(stream: IO[bytes]) -> None:
        stream.writelines([len(text).to_bytes(8, "little"), text, *parts])

    if isinstance(file, str | os.PathLike):
        replace_file(file, write)
    else:
        write(file)


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Text under names. Raises `DtypeError` for anything else."""
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise DtypeError(f"save_safetensors: metadata {key!r}: {value!r} must be text under a name")
    return dict(metadata)


def load_safetensors(file: str | os.PathLike[str] | IO[bytes]) -> dict[str, Tensor]:
    """The tensors of a safetensors file (a path, or an open binary file) by name.

    Raises `CheckpointError` if the file is missing or damaged, or holds a dtype that minidl does not have (BF16).
    """
    try:
        if isinstance(file, str | os.PathLike):
            size = check_regular(file)
            with open(file, "rb") as stream:
                return _read(stream, size)
        start = file.tell()
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        return _read(file, size)
    except FileNotFoundError:
        raise NoCheckpointError(f"{file}: no such file; expected a safetensors file") from None
    except OSError as error:
        raise CheckpointError(f"{file}: cannot be read: {error.strerror or error}") from None
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{file}: is damaged, or not a safetensors file ({error})") from error


def _read(stream: IO[bytes], size: int) -> dict[str, Tensor]:
    length = int.from_bytes(stream.read(8), "little")
    if not 2 <= length <= min(size - 8, MOST_HEADER):
        raise CheckpointError(f"is damaged, or not a safetensors file: its header would be {length:,} bytes long")
    header = json.loads(stream.read(length).decode("utf-8"))
    header.pop(METADATA, None)
    content, found, end = stream.read(size - 8 - length), {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = entry["data_offsets"]
        if entry["dtype"] not in NAMES:
            raise CheckpointError(f"{name} has the dtype {entry['dtype']}, which minidl does not have")
        dtype, shape = np.dtype(NAMES[entry["dtype"]]), tuple(entry["shape"])
        whole = all(type(n) is int and n >= 0 for n in (*shape, start, stop))
        if not whole or start != end or stop > len(content) or stop - start != math.prod(shape) * dtype.itemsize:
            raise CheckpointError(f"is damaged: {name} of shape {list(shape)} cannot lie at bytes {start} to {stop}")
        array = np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape)
        found[name], end = tensor(array.astype(dtype.newbyteorder("="))), stop
    if end != len(content):
        raise CheckpointError(f"is damaged: {len(content) - end} bytes at its end belong to no tensor")
    return {name: found[name] for name in header}
