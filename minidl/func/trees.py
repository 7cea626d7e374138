"""Tensors in lists, tuples and dicts, inside each other: taken out in order, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError


def leaves(tree: Any) -> list[Any]:
    """What hangs in the tree, in order."""
    if isinstance(tree, dict):
        return [leaf for key in tree for leaf in leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [tree]


def replaced(tree: Any, new: Iterator[Any]) -> Any:
    """A tree of the same structure with other leaves."""
    if isinstance(tree, dict):
        return type(tree)({key: replaced(branch, new) for key, branch in tree.items()})
    if isinstance(tree, (list, tuple)):
        made = [replaced(branch, new) for branch in tree]
        return type(tree)(*made) if hasattr(tree, "_fields") else type(tree)(made)
    return next(new)


def mapped(function: Callable[..., Any], tree: Any) -> Any:
    """function(leaf) in the place of each leaf."""
    return replaced(tree, iter([function(leaf) for leaf in leaves(tree)]))


def tensors_in(name: str, what: str, tree: Any) -> list[Tensor]:
    """The leaves, which must all be tensors."""
    found = leaves(tree)
    for leaf in found:
        if not isinstance(leaf, Tensor):
            raise ArgumentError(f"{name}: {what} must hold tensors only; got {type(leaf).__name__}")
    return found
