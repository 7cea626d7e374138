"""Turn samples into a batch: tensors and numbers are stacked, containers are descended into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops.join import stack


def default_collate(batch: Sequence[Any]) -> Any:
    """Put samples of one kind together along a new first dimension, as PyTorch's function of that name.

    Tensors, arrays and NumPy numbers are stacked; Python floats become float64, ints int64, bools bool tensors; text
    and bytes stay a list; a mapping gives a mapping, a named tuple a named tuple, a tuple or list of samples a list
    with one batch per position.

    Raises `ShapeError` if shapes or lengths differ, `DtypeError` for a type that cannot be stacked.

    >>> default_collate([(7, "a"), (8, "b")])
    [tensor([7, 8]), ('a', 'b')]
    """
    if len(batch) == 0:
        raise ArgumentError("default_collate: the batch is empty")
    first = batch[0]
    if isinstance(first, Tensor):
        return _stack_tensors(batch)
    if isinstance(first, (np.ndarray, np.generic)):
        return wrap(_stack_arrays(batch))
    if isinstance(first, (bool, int, float)):
        return _numbers(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _mapping(first, batch)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in _columns(batch)))
    if isinstance(first, Sequence):
        return [default_collate(column) for column in _columns(batch)]
    raise DtypeError(
        f"default_collate: cannot put {type(first).__name__} into a batch; make it a tensor, an array or a number "
        "in the data set (ToTensor for images), or pass collate_fn"
    )


def default_convert(sample: Any) -> Any:
    """A sample with its arrays made tensors, without a batch dimension; what `batch_size=None` yields."""
    if isinstance(sample, (np.ndarray, np.generic)) and sample.dtype.kind not in "OSUV":
        return wrap(np.asarray(sample))
    if isinstance(sample, Mapping):
        return {key: default_convert(value) for key, value in sample.items()}
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*(default_convert(value) for value in sample))
    if isinstance(sample, (tuple, list)):
        return [default_convert(value) for value in sample]
    return sample


def moved(batch: Any, device: Any) -> Any:
    """The batch with its tensors moved to `device`, in the same containers."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, Mapping):
        return {key: moved(value, device) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(moved(value, device) for value in batch))
    if isinstance(batch, (tuple, list)):
        return type(batch)(moved(value, device) for value in batch)
    return batch


def _stack_tensors(batch: Sequence[Any]) -> Tensor:
    _same_kind(batch, Tensor)
    _same_value("shape", [sample.shape for sample in batch])
    return stack(list(batch))


def _stack_arrays(batch: Sequence[Any]) -> np.ndarray:
    _same_kind(batch, (np.ndarray, np.generic))
    arrays = [np.asarray(sample) for sample in batch]
    if any(array.dtype.kind in "OSUV" for array in arrays):
        raise DtypeError(f"default_collate: arrays of {arrays[0].dtype} cannot be tensors; use numbers")
    _same_value("shape", [array.shape for array in arrays])
    return np.stack(arrays)


def _numbers(batch: Sequence[Any]) -> Tensor:
    if isinstance(batch[0], float):
        _same_kind(batch, (float, int))
        return wrap(np.array(batch, dtype=np.float64))
    _same_kind(batch, int)
    whole = np.bool_ if all(isinstance(sample, bool) for sample in batch) else np.int64
    return wrap(np.array(batch, dtype=whole))


def _mapping(first: Mapping[Any, Any], batch: Sequence[Any]) -> dict[Any, Any]:
    _same_kind(batch, Mapping)
    for sample in batch:
        if set(sample) != set(first):
            raise ShapeError(
                f"default_collate: keys {sorted(map(str, first))} in one sample, {sorted(map(str, sample))} in another"
            )
    return {key: default_collate([sample[key] for sample in batch]) for key in first}


def _columns(batch: Sequence[Any]) -> list[tuple[Any, ...]]:
    _same_kind(batch, Sequence)
    _same_value("length", [len(sample) for sample in batch])
    return list(zip(*batch, strict=True))


def _same_kind(batch: Sequence[Any], kinds: Any) -> None:
    for position, sample in enumerate(batch):
        if not isinstance(sample, kinds):
            raise DtypeError(
                f"default_collate: sample 0 is {type(batch[0]).__name__}, sample {position} {type(sample).__name__}"
            )


def _same_value(what: str, values: list[Any]) -> None:
    for position, value in enumerate(values):
        if value != values[0]:
            raise ShapeError(
                f"default_collate: sample 0 has {what} {values[0]}, sample {position} {value}; make them equal in the "
                "data set (Resize, Crop) or pass collate_fn"
            )
