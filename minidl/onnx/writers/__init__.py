"""How each operation is written in ONNX: one function per operation, in files by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import elementwise, integers, products, rare, recurrent, reductions, shapes

WRITERS: dict[type, Callable[..., Any]] = {
    **elementwise.WRITERS, **shapes.WRITERS, **reductions.WRITERS, **products.WRITERS, **recurrent.WRITERS,
    **integers.WRITERS, **rare.WRITERS,
}  # fmt: skip
