"""Checkpoints: nested state in one NPZ file, without pickle.

Tensors and arrays are ordinary members of the NPZ, named by their place in the state (`model/fc.weight`); the numbers,
text, lists and dictionaries around them are stored as JSON in its member `minidl.json`. So loading a checkpoint can
never run code, and any program that reads NPZ can read the weights:

    np.load("model.npz")["model/fc.weight"]
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..backend import to_host
from ..dtypes import SUPPORTED
from ..engine.tensor import Tensor
from ..errors import CheckpointError, DtypeError, NoCheckpointError
from ..files import check_regular, replace_file
from .creation import tensor

STRUCTURE = "minidl.json"
FORMAT = 1
_PICKLE = (
    "is a pickle, as torch.save writes it, which could run any code and is never run; minidl.load_pt reads the tensors "
    "of a state dict in it, without its code; or in PyTorch write np.savez(path, **{name: w.numpy() for name, w in "
    "model.state_dict().items()}), which minidl.load reads"
)
LEAST_ROOM, MOST_PACKED = 256 << 20, 20  # bytes that any file may unpack to; for a large one, how many times its size
OLDEST_DATE = (1980, 1, 1, 0, 0, 0)  # fixed, so that equal states make equal files


def save(state: Any, path: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write `state` (a state_dict, or any nesting of dicts, lists and tuples of them) to `path`, all of it or nothing.

    A binary file open for writing, such as `io.BytesIO()`, is written to instead.

    Leaves are tensors, NumPy arrays, numbers, text, bools and None. Raises `DtypeError` for anything else, naming its
    place in the state, before anything is written; `OutputError` if the file cannot be written.

    >>> import tempfile, minidl
    >>> path = Path(tempfile.mkdtemp()) / "state.npz"
    >>> save({"weight": minidl.tensor([1.0, 2.0]), "betas": (0.9, 0.999)}, path)
    >>> load(path)
    {'weight': tensor([1., 2.]), 'betas': (0.9, 0.999)}
    """
    arrays: dict[str, np.ndarray] = {}
    structure = {"format": FORMAT, "state": _to_json(state, "", arrays)}

    def write(stream: IO[bytes]) -> None:
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(zipfile.ZipInfo(STRUCTURE, OLDEST_DATE), json.dumps(structure))
            for name, array in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy", OLDEST_DATE)
                with archive.open(entry, "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)

    if isinstance(path, str | os.PathLike):
        replace_file(path, write)
    else:
        write(path)


def load(path: str | os.PathLike[str] | IO[bytes], *, only: str | None = None) -> Any:
    """The state that `save` wrote to a path or an open file, its tensors in the current backend's library.

    With `only`, just the entry of this name; nothing else in the file is read. An NPZ written by other software gives
    a dictionary of its arrays as tensors. Raises `CheckpointError` if the file is missing, damaged, claims more than
    it can hold, or holds Python objects, which are never unpickled.
    """
    try:
        size = _size_of(path)
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("data.pkl") for name in archive.namelist()):
                raise CheckpointError(_PICKLE)
            arrays = _Arrays(archive, size)
            if STRUCTURE not in archive.namelist():
                found = {name: tensor(arrays[name]) for name in arrays.names}
                return found if only is None else {name: found[name] for name in found if name == only}
            state = _known_format(json.loads(arrays.text(STRUCTURE)))
            if only is not None and isinstance(state, dict):
                state = {name: value for name, value in state.items() if name == only}
            return _from_json(state, arrays)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except FileNotFoundError:
        raise NoCheckpointError(f"{path}: no such file; expected a checkpoint, such as RUN/model.npz") from None
    except Exception as error:  # a damaged archive can raise nearly anything
        if isinstance(error, zipfile.BadZipFile) and _is_pickle(path):
            raise CheckpointError(f"{path}: {_PICKLE}") from None
        raise CheckpointError(
            f"{path}: is damaged, or not a minidl checkpoint ({error or type(error).__name__}); train again, or "
            "take another copy"
        ) from error


def _size_of(path: str | os.PathLike[str] | IO[bytes]) -> int:
    """The bytes of a regular file, or of what is left to read of an open one."""
    if isinstance(path, str | os.PathLike):
        return check_regular(path)
    start = path.tell()
    size = path.seek(0, os.SEEK_END) - start
    path.seek(start)
    return size


def _is_pickle(path: str | os.PathLike[str] | IO[bytes]) -> bool:
    if isinstance(path, str | os.PathLike):
        with Path(path).open("rb") as file:
            return _is_pickle(file)
    path.seek(0)
    return path.read(2) in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class _Arrays:
    """The arrays of an archive of `size` bytes by name, each read when asked for, after a check of its size."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.archive = archive
        self.room = max(LEAST_ROOM, MOST_PACKED * size)  # bytes that everything read may take together
        self.names = [name.removesuffix(".npy") for name in archive.namelist() if name != STRUCTURE]
        self.read: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.read:
            member = f"{name}.npy" if f"{name}.npy" in self.archive.NameToInfo else name
            self._take(member, self.archive.getinfo(member).file_size)
            self.read[name] = _read_array(self.archive, member)
        return self.read[name]

    def text(self, member: str) -> bytes:
        self._take(member, self.archive.getinfo(member).file_size)
        return self.archive.read(member)

    def _take(self, member: str, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise CheckpointError(
                f"its member {member!r} unpacks to {size:,} bytes, more than such a file's weights do; it is damaged, "
                "or meant to fill the memory"
            )


def _known_format(structure: Any) -> Any:
    """The state in the structure, after checking that this version can read it."""
    if structure["format"] != FORMAT:
        raise CheckpointError(
            f"has format {structure['format']}, this minidl reads {FORMAT}; use the version of minidl that wrote it"
        )
    return structure["state"]


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as member:
        shape, fortran, dtype = _read_header(member, name)
        expected = math.prod(shape) * dtype.itemsize
        content = member.read(expected + 1)
        if len(content) != expected:
            raise ValueError(f"{name}: shape {shape} of {dtype} needs {expected} bytes, there are {len(content)}")
        member.read()  # read to the end, where the checksum is compared
    array = np.frombuffer(bytearray(content), dtype).reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="), order="C", copy=False)


def _read_header(member: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """An array's shape, whether it is in Fortran order, and its dtype, before any of it is read."""
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(member)
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(member)
    if dtype.hasobject:
        raise CheckpointError(
            f"its array {name!r} holds Python objects, which could run any code and are never loaded; save numbers only"
        )
    return shape, fortran, dtype


def _to_json(value: Any, place: str, arrays: dict[str, np.ndarray]) -> Any:
    """`value` as JSON; its tensors and arrays move to `arrays` and leave their names behind."""
    if isinstance(value, Tensor):
        return {"$tensor": _keep(to_host(value._array), place, arrays)}
    if isinstance(value, np.ndarray) and value.dtype in SUPPORTED:
        return {"$array": _keep(value, place, arrays)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic) and value.dtype in SUPPORTED:
        return value.item()
    if isinstance(value, list | tuple):
        items = [_to_json(item, f"{place}/{i}", arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    if isinstance(value, dict):
        named = {key: _to_json(item, f"{place}/{key}", arrays) for key, item in value.items()}
        if all(isinstance(key, str) and not key.startswith("$") for key in named):
            return named
        return {"$dict": [[_to_json(key, place, arrays), item] for key, item in named.items()]}
    raise DtypeError(
        f"save: {place.lstrip('/') or 'the state'} is a {type(value).__name__}; a checkpoint holds tensors, arrays, "
        "numbers, text, lists, tuples and dictionaries"
    )


def _keep(array: np.ndarray, place: str, arrays: dict[str, np.ndarray]) -> str:
    """Put the array under the name of its place, made unique."""
    name = wanted = place.lstrip("/") or "tensor"
    copy = 1
    while name in arrays or name == STRUCTURE:
        copy += 1
        name = f"{wanted}~{copy}"
    arrays[name] = array
    return name


def _from_json(value: Any, arrays: _Arrays) -> Any:
    """The inverse of `_to_json`."""
    if isinstance(value, list):
        return [_from_json(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        return tensor(arrays[value["$tensor"]])
    if "$array" in value:
        return arrays[value["$array"]]
    if "$tuple" in value:
        return tuple(_from_json(value["$tuple"], arrays))
    if "$dict" in value:
        return {_from_json(key, arrays): _from_json(item, arrays) for key, item in value["$dict"]}
    return {key: _from_json(item, arrays) for key, item in value.items()}
