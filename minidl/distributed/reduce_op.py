"""How the numbers of several processes become one."""

from __future__ import annotations

from enum import Enum


class ReduceOp(Enum):
    """The sum, mean, product, smallest, largest, or bitwise combination of what the processes hold.

    AVG is for floating dtypes, the bitwise ones for integers.
    """

    SUM = "sum"
    AVG = "avg"
    PRODUCT = "prod"
    MIN = "min"
    MAX = "max"
    BAND = "band"
    BOR = "bor"
    BXOR = "bxor"
