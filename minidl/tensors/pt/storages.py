"""The names that PyTorch's files have for arrays of numbers."""

from __future__ import annotations

import numpy as np

from ...dtypes import DType

STORAGES: dict[str, DType] = {
    "HalfStorage": np.dtype(np.float16), "FloatStorage": np.dtype(np.float32), "DoubleStorage": np.dtype(np.float64),
    "CharStorage": np.dtype(np.int8), "ShortStorage": np.dtype(np.int16), "IntStorage": np.dtype(np.int32),
    "LongStorage": np.dtype(np.int64), "ByteStorage": np.dtype(np.uint8), "BoolStorage": np.dtype(np.bool_),
}  # fmt: skip
