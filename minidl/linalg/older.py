"""Factors under the names that PyTorch had before `torch.linalg`: `torch.lu` and `torch.lu_solve`."""

from __future__ import annotations

from typing import Any

from ..engine.tensor import Tensor
from . import elimination


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """`linalg.lu_factor` of matrices that may be singular: factors, pivots, and with `get_infos` the info."""
    found = elimination.lu_factor_ex(A, pivot=pivot)
    return tuple(found) if get_infos else tuple(found[:2])


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """`linalg.lu_solve(LU_data, LU_pivots, b)`."""
    return elimination.lu_solve(LU_data, LU_pivots, b)
