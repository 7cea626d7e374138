"""A .pt file read as data. It is a ZIP of a pickle, `data.pkl`, and one member with numbers for each storage.

A pickle is a program that names functions and calls them. Here it can name four things only: an OrderedDict, the two
functions that put a tensor together, and the kinds of storages. They are replaced by functions of this file, which
check what they are given; any other name is refused, before anything is called.
"""

from __future__ import annotations

import math
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from ...errors import CheckpointError, NoCheckpointError
from ...files import check_regular
from ..creation import tensor
from .storages import STORAGES

LEAST_ROOM, MOST_PACKED = 256 << 20, 20  # bytes that any file may unpack to; for a large one, how many times its size
_PLAIN = (bool, int, float, str, type(None))


class Held:
    """The numbers of a tensor, until the pickle has been read to its end."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray) -> None:
        self.array = array


class Storage:
    """Numbers in a row, as the file has them."""

    __slots__ = ("numbers",)

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers


def load_pt(file: str | os.PathLike[str] | IO[bytes]) -> Any:
    """What `torch.save(model.state_dict(), file)` wrote: tensors, and dicts, lists, numbers and text around them.

    No code of the file is run, as with PyTorch's `weights_only=True`. Raises `CheckpointError`, with its name, for
    anything else that the file holds (a model, a function, a class), for the format before PyTorch 1.6, and if the
    file is missing, damaged or claims more than it can hold.
    """
    try:
        size = check_regular(file) if isinstance(file, str | os.PathLike) else _rest(file)
        with zipfile.ZipFile(file) as archive:
            return _Archive(archive, size).state()
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}") from None
    except FileNotFoundError:
        raise NoCheckpointError(f"{file}: no such file; expected one that torch.save wrote") from None
    except zipfile.BadZipFile:
        raise CheckpointError(
            f"{file}: is damaged, or no file of PyTorch 1.6 or newer (a ZIP); write it anew: "
            "torch.save(model.state_dict(), file)"
        ) from None
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise CheckpointError(f"{file}: is damaged, or not a state dict ({error or type(error).__name__})") from error


def _rest(file: IO[bytes]) -> int:
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    return size


def pickles_in(archive: zipfile.ZipFile) -> list[str]:
    """The members that describe what is in it: one, if PyTorch wrote it."""
    return [name for name in archive.namelist() if name.endswith("/data.pkl") or name == "data.pkl"]


class _Archive:
    """The ZIP; `room` bytes may still be unpacked from it."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.archive, self.room = archive, max(LEAST_ROOM, MOST_PACKED * size)
        pickles = pickles_in(archive)
        if len(pickles) != 1 or any(name.endswith("constants.pkl") for name in archive.namelist()):
            raise CheckpointError(
                "holds no state dict of torch.save (TorchScript is not read); save model.state_dict()"
            )
        self.folder = pickles[0].removesuffix("data.pkl")
        order = self.folder + "byteorder"
        self.big = order in archive.namelist() and self._bytes(order).strip() == b"big"
        self.storages: dict[str, Storage] = {}

    def state(self) -> Any:
        with self.archive.open(self.folder + "data.pkl") as stream:
            self._take(self.archive.getinfo(self.folder + "data.pkl").file_size)
            return self._finished(_Unpickler(stream, self).load())

    def storage(self, kind: Any, key: Any, count: Any) -> Storage:
        """The numbers of a storage, read once."""
        if not isinstance(kind, np.dtype) or not isinstance(key, str) or not _is_size(count):
            raise CheckpointError("is damaged: a storage is not described as PyTorch describes it")
        if key not in self.storages:
            content = self._bytes(f"{self.folder}data/{key}")
            if len(content) != count * kind.itemsize:
                raise CheckpointError(
                    f"is damaged: storage {key} has {len(content)} bytes for {count} numbers of {kind}"
                )
            numbers = np.frombuffer(content, kind.newbyteorder(">") if self.big else kind.newbyteorder("<"))
            self.storages[key] = Storage(numbers.astype(kind))
        return self.storages[key]

    def rebuilt(self, storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Held:
        """The tensor of this size and stride, from `offset` on, copied from its storage."""
        right = isinstance(storage, Storage) and isinstance(size, tuple) and isinstance(stride, tuple)
        if not right or len(size) != len(stride) or not all(map(_is_size, (offset, *size, *stride))):
            raise CheckpointError("is damaged: a tensor is not described as PyTorch describes it")
        numbers = storage.numbers
        last = offset + sum((n - 1) * step for n, step in zip(size, stride))
        if 0 not in size and last >= len(numbers):
            raise CheckpointError(
                f"is damaged: a tensor of shape {size} reaches beyond its storage of {len(numbers)} numbers"
            )
        self._take(math.prod(size) * numbers.itemsize)
        if 0 in size:
            return Held(np.zeros(size, numbers.dtype))
        steps = [step * numbers.itemsize for step in stride]
        return Held(np.lib.stride_tricks.as_strided(numbers[offset:], size, steps, writeable=False).copy())

    def _bytes(self, name: str) -> bytes:
        self._take(self.archive.getinfo(name).file_size)
        return self.archive.read(name)

    def _take(self, count: int) -> None:
        self.room -= count
        if self.room < 0:
            raise CheckpointError(
                "unpacks to more than such a file's weights do; it is damaged, or meant to fill the memory"
            )

    def _finished(self, value: Any) -> Any:
        """The state with its tensors made; anything but plain values is refused."""
        if type(value) is Held and isinstance(value.array, np.ndarray):
            return tensor(value.array)
        if isinstance(value, dict):
            return {self._finished(key): self._finished(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(map(self._finished, value))
        if type(value) in _PLAIN:
            return value
        raise CheckpointError(f"holds a {type(value).__name__}, where a state dict holds tensors and plain values")


class _Unpickler(pickle.Unpickler):
    """Reads a pickle that may name nothing but what is listed here."""

    def __init__(self, stream: IO[bytes], archive: _Archive) -> None:
        super().__init__(stream)
        self.archive = archive
        self.known: dict[tuple[str, str], Callable[..., Any] | np.dtype[Any]] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): archive.rebuilt,
            ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
            **{("torch", name): dtype for name, dtype in STORAGES.items()},
        }

    def find_class(self, module: str, name: str) -> Any:
        """What the pickle names, if it is listed. CheckpointError, with the name, if not."""
        if module == "torch" and name.endswith("Storage") and (module, name) not in self.known:
            raise CheckpointError(f"holds a {name}, whose dtype minidl does not have; convert it first, with .float()")
        if (module, name) not in self.known:
            what = f"{module}.{name}"
            raise CheckpointError(
                f"names {what[:100]!r}, which could run code, or is more than tensors; it is not read; save "
                "model.state_dict() alone"
            )
        return self.known[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        """The storage that the pickle refers to: ("storage", kind, key, place, count)."""
        if not isinstance(pid, tuple) or len(pid) != 5 or pid[0] != "storage":
            raise CheckpointError("is damaged: it refers to something that is no storage")
        return self.archive.storage(pid[1], pid[2], pid[4])


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 48
