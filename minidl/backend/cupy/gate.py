"""An activation such as ReLU in one launch: `Elementwise` takes two, for z and for where the gradient passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import cupy

Array = Any


def forward(node: Any, *inputs: Array, **options: Any) -> Array:
    """The operation's `forward`; if all it keeps is a mask of z, both are made by one kernel of its own lines."""
    kind: Any = type(node)
    rule = kind._rules[0]
    if not (node.needs[0] and _is_gate(kind) and inputs[0].ndim > 3) or options:  # options are no part of the kernel
        return node.forward(*inputs, **options)
    z, vars(node)[rule.mask] = _fused(kind, kind.value, getattr(kind, rule.passes), node.backend)(*inputs)
    return z


def _is_gate(kind: Any) -> bool:
    """Whether the operation is z = value(x), and its derivative 1 where passes(z), else 0."""
    rule = kind._rules[0]
    return kind.cheap and len(kind._taken) == 1 and not kind._parts and not rule.slope and rule.watched == -1


@cache
def _fused(kind: Any, value: Any, passes: Any, backend: Any) -> Callable[..., tuple[Array, Array]]:
    node = kind()
    node.backend = backend

    def lines(x: Array) -> tuple[Array, Array]:
        z = value(node, x)
        return z, passes(node, z)

    lines.__name__ = f"minidl_{kind.__name__.lower()}"  # the name of the kernel
    return cupy.fuse()(lines)


KERNELS: dict[str, Callable[..., Any]] = {"minidl.engine.elementwise.Elementwise.forward": forward}
