"""CuPy's linear algebra, as NumPy's: by itself it returns numbers for a matrix that has no answer, in silence."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import cupy
import cupyx
import numpy as np

Array = Any


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which waits for what cuSOLVER or cuBLAS reports, and raises numpy.linalg.LinAlgError."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        with cupyx.errstate(linalg="raise"):
            return function(*arguments, **options)

    return call


cholesky, qr, svd = _told(cupy.linalg.cholesky), _told(cupy.linalg.qr), _told(cupy.linalg.svd)
eigh, eigvalsh = _told(cupy.linalg.eigh), _told(cupy.linalg.eigvalsh)
det, slogdet, inv = _told(cupy.linalg.det), _told(cupy.linalg.slogdet), _told(cupy.linalg.inv)


@_told
def solve(x: Array, y: Array) -> Array:
    """The z of x z = y for x (..., N, N) and y (..., N, K), whose batches are broadcast: CuPy wants them alike."""
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return cupy.linalg.solve(*[cupy.broadcast_to(each, batch + each.shape[-2:]) for each in (x, y)])
