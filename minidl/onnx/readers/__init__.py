"""What each ONNX operator computes, in minidl's operations: one function per operator, in files by kind."""

from __future__ import annotations

from . import elementwise, integers, products, recurrent, reductions, shapes
from .node import Reader

READERS: dict[str, Reader] = {
    **elementwise.READERS, **shapes.READERS, **reductions.READERS, **products.READERS, **recurrent.READERS,
    **integers.READERS,
}  # fmt: skip
