"""Batches of sequences of several lengths: padded to one length, or packed without padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...backend import backend_of, to_host
from ...devices import device_of
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from ...ops.gather import index_select
from ...ops.index import narrow
from ...ops.join import cat, pad, stack
from ...ops.shape import reshape, transpose
from ...tensors.creation import full, tensor

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences of several lengths, time after time: the sequences `abc` and `x` are packed as `axbc`.

    Made by `pack_padded_sequence` and `pack_sequence`; recurrent layers take and return it.

    Attributes:
        data: (rows, ...), the rows of time 0, then those of time 1, ...: the longest sequence first.
        batch_sizes: how many rows each time has, int64 on the host: here [2, 1, 1].
        sorted_indices: the places, in the user's order, of the sequences as they are packed; None if they were sorted.
        unsorted_indices: the inverse permutation.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            if not isinstance(data, tuple | list) or len(data) != 2:
                raise ArgumentTypeError("PackedSequence: give data and batch_sizes, or a pair of them")
            data, batch_sizes = data
        if device_of(batch_sizes._array).type != "cpu":
            raise ArgumentError("PackedSequence: batch_sizes must be on the CPU; use batch_sizes.cpu()")
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **options: Any) -> PackedSequence:
        """The data in another dtype or on another device, as `Tensor.to`; itself if nothing changes."""
        data = self.data.to(*args, **options)
        if data is self.data:
            return self
        place = device_of(data._array)
        moved = [None if index is None else index.to(place) for index in self[2:]]
        return type(self)(data, self.batch_sizes, *moved)

    def cpu(self) -> PackedSequence:
        """On the CPU."""
        return self.to("cpu")

    def cuda(self) -> PackedSequence:
        """On the GPU."""
        return self.to("cuda")

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.is_cuda


def _cast(name: str) -> Any:
    def method(self: PackedSequence) -> PackedSequence:
        return self.to(dtype=_DTYPES[name])

    method.__name__, method.__doc__ = name, f"The data as {_DTYPES[name]}."
    return method


_DTYPES = {
    "double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
    "char": "int8", "byte": "uint8",
}  # fmt: skip
for _name in _DTYPES:
    setattr(PackedSequence, _name, _cast(_name))


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one; None for None."""
    if permutation is None:
        return None
    return wrap(backend_of(permutation._array).argsort(permutation._array, 0, descending=False))


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Leave out the padding of input (T, N, ...), or (N, T, ...) with `batch_first`; sequence n is lengths[n] long.

    The lengths must not increase, unless `enforce_sorted=False`: then the longest sequence is packed first.

    >>> import minidl
    >>> pack_padded_sequence(minidl.tensor([[1, 4], [2, 5], [3, 0]]), [3, 2]).data
    tensor([1, 4, 2, 5, 3])
    """
    x, name = _padded("pack_padded_sequence", input, batch_first), "pack_padded_sequence"
    steps, n = x.shape[:2]
    lens = _lengths(name, lengths, n)
    if lens.size == 0 or lens.min() < 1 or lens.max() > steps:
        raise ArgumentError(f"{name}: lengths must be 1 to {steps}, the length of the padded input; got {lens}")
    order = None if enforce_sorted else np.argsort(-lens, kind="stable")
    lens = lens if order is None else lens[order]
    if (np.diff(lens) > 0).any():
        raise ArgumentError(
            f"{name}: lengths must not increase from one sequence to the next; got {lens}; use enforce_sorted=False"
        )
    sizes = (lens > np.arange(lens[0])[:, None]).sum(1)  # sequences that time t has
    columns = np.arange(n) if order is None else order
    places = np.concatenate([t * n + columns[:size] for t, size in enumerate(sizes)])
    data = index_select(reshape(x, (steps * n, *x.shape[2:])), 0, _index(places, x))
    return PackedSequence(data, wrap(sizes.astype(np.int64)), None if order is None else _index(order, x))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The sequences padded to (T, N, ...), or (N, T, ...), in their original order, and their lengths (N,).

    T is the longest length, or `total_length`. ArgumentError if that is shorter.
    """
    if not isinstance(sequence, PackedSequence):
        raise ArgumentTypeError(f"pad_packed_sequence: takes a PackedSequence; got {type(sequence).__name__}")
    data, sizes = sequence.data, to_host(sequence.batch_sizes._array)
    n, steps = int(sizes[0]), len(sizes)
    if total_length is not None and total_length < steps:
        raise ArgumentError(
            f"pad_packed_sequence: total_length {total_length} is less than {steps}, the longest sequence"
        )
    lengths = (sizes > np.arange(n)[:, None]).sum(1)
    order = sequence.unsorted_indices
    columns = np.arange(n) if order is None else to_host(order._array)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    times, total = np.arange(steps if total_length is None else total_length)[:, None], len(data)
    going = times < lengths[columns]  # (T, N)
    places = np.where(going, np.append(starts, np.zeros(len(times) - steps, np.int64))[:, None] + columns, total)
    fill = full((1, *data.shape[1:]), padding_value, dtype=data.dtype, device=device_of(data._array))
    x = index_select(cat([data, fill]), 0, _index(places.reshape(-1), data))
    x = reshape(x, (*places.shape, *data.shape[1:]))
    return transpose(x, 0, 1) if batch_first else x, wrap(lengths[columns].astype(np.int64))


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (L, ...) of several lengths, padded to the longest: (T, N, ...), or (N, T, ...) with `batch_first`.

    >>> import minidl
    >>> pad_sequence([minidl.tensor([1, 2, 3]), minidl.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if padding_side not in ("right", "left"):
        raise ArgumentError(f"pad_sequence: padding_side must be 'right' or 'left'; got {padding_side!r}")
    given = _sequences("pad_sequence", sequences)
    longest = max(len(x) for x in given)
    frames = []
    for x in given:
        missing = longest - len(x)
        widths = (0, missing) if padding_side == "right" else (missing, 0)
        frames.append(pad(x, (0, 0) * (x.ndim - 1) + widths, value=padding_value) if missing else x)
    return stack(frames, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each of its own length: the inverse of `pad_sequence`."""
    x = _padded("unpad_sequence", padded_sequences, batch_first)
    lens = _lengths("unpad_sequence", lengths, x.shape[1])
    return [narrow(x[:, i], 0, 0, min(int(length), len(x))) for i, length in enumerate(lens)]


def pack_sequence(sequences: Iterable[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences (L, ...), the longest first unless `enforce_sorted=False`."""
    given = _sequences("pack_sequence", sequences)
    return pack_padded_sequence(pad_sequence(given), [len(x) for x in given], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch in their original order: the inverse of `pack_sequence`."""
    padded, lengths = pad_packed_sequence(packed_sequences)
    return unpad_sequence(padded, lengths)


def _padded(name: str, x: Tensor, batch_first: bool) -> Tensor:
    """The padded batch as (T, N, ...)."""
    if not isinstance(x, Tensor):
        raise DtypeError(f"{name}: takes a Tensor; got {type(x).__name__}")
    if x.ndim < 2 or (x._array.size == 0 and 0 in x.shape[:2]):
        shape = "(N, T, ...)" if batch_first else "(T, N, ...)"
        raise ShapeError(f"{name}: a padded batch {shape} with at least one sequence is expected; got {x.shape}")
    return transpose(x, 0, 1) if batch_first else x


def _lengths(name: str, lengths: Any, n: int) -> np.ndarray:
    """The lengths as integers on the host."""
    if isinstance(lengths, Tensor):
        if device_of(lengths._array).type != "cpu":
            raise ArgumentError(f"{name}: lengths must be on the CPU; use lengths.cpu()")
    else:
        lengths = tensor(lengths, device="cpu")
    found = to_host(lengths._array).astype(np.int64)
    if found.shape != (n,):
        raise ShapeError(f"{name}: lengths must be ({n},), one for each sequence; got {found.shape}")
    return found


def _sequences(name: str, sequences: Any) -> list[Tensor]:
    """At least one sequence; all (L, ...) with the same dimensions after the first, of one dtype."""
    if not isinstance(sequences, Iterable):
        raise ArgumentTypeError(f"{name}: an iterable of Tensors is expected; got {type(sequences).__name__}")
    given = list(sequences)
    if not given:
        raise ArgumentError(f"{name}: at least one sequence is expected")
    for x in given:
        if not isinstance(x, Tensor) or x.ndim == 0:
            raise DtypeError(f"{name}: takes sequences, Tensors (L, ...); got {type(x).__name__}")
        if x.shape[1:] != given[0].shape[1:] or x.dtype != given[0].dtype:
            raise ShapeError(
                f"{name}: sequences of {x.dtype} {x.shape} and {given[0].dtype} {given[0].shape}; only the first "
                "dimension may differ"
            )
    return given


def _index(places: np.ndarray, like: Tensor) -> Tensor:
    """Places as a tensor where `like` is."""
    return wrap(backend_of(like._array).asarray(places.astype(np.int64)))
