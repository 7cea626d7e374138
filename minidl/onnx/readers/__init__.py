"""What each ONNX operator computes, in minidl's operations: one function per operator, in files by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import elementwise, integers, products, recurrent, reductions, shapes

READERS: dict[str, Callable[..., Any]] = {
    **elementwise.READERS, **shapes.READERS, **reductions.READERS, **products.READERS, **recurrent.READERS,
    **integers.READERS,
}  # fmt: skip
