"""Making tensors: from data, filled, counted, or random (drawn on the host)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .autograd import Tensor, wrap
from .backend import backend_of, current_backend, get_backend
from .dtypes import as_dtype, get_default_dtype


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor that holds a copy of `data`: a number, nested lists, a NumPy array or a tensor.

    Python floats become the default dtype (float32), integers int64; arrays keep theirs.

    >>> tensor([[1, 2], [3, 4]]).shape
    (2, 2)
    >>> str(tensor([0.5]).dtype), str(tensor(np.zeros(2)).dtype)
    ('float32', 'float64')
    """
    backend = current_backend() if device is None else get_backend(str(device).partition(":")[0])
    if isinstance(data, Tensor):
        data = data._array
    if not isinstance(data, backend.array_type):
        if hasattr(data, "dtype"):
            data = backend_of(data).to_numpy(data) if not isinstance(data, np.generic) else np.asarray(data)
        else:
            data = _from_python(data)
    chosen = as_dtype(data.dtype if dtype is None else dtype)
    array = backend.asarray(data, chosen)
    made = wrap(array.copy() if array is data else array)
    return made.requires_grad_() if requires_grad else made


def _from_python(data: Any) -> Any:
    if isinstance(data, list | tuple) and any(isinstance(x, Tensor) for x in data):
        data = [x._array.tolist() if isinstance(x, Tensor) else x for x in data]
    array = np.asarray(data)
    return array.astype(get_default_dtype()) if array.dtype == np.float64 else array


def from_numpy(array: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    made = Tensor(array)
    as_dtype(array.dtype)
    made._storage.expose(array)
    return made
