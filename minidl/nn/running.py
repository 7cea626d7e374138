"""The modules that are currently running, so that errors and recorders can say where they are."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..errors import MinidlError


class _Running(threading.local):
    """The nested modules whose forward is running in this thread, the outermost first."""

    def __init__(self) -> None:
        self.modules: list[Any] = []  # Modules


running = _Running()


def current_module_path() -> str:
    """The dotted name of the module whose forward is running in this thread, as the outermost one sees it.

    "" in the outermost module itself, and where no module runs. A module that is not held by the one calling it
    goes by the name of its class.

    >>> from minidl import nn
    >>> class Show(nn.Module):
    ...     def forward(self, x):
    ...         print(nn.current_module_path())
    ...         return x
    >>> nn.Sequential(Show(), nn.Sequential(Show()))(0)
    0
    1.0
    0
    """
    return path_of(running.modules)


def path_of(modules: Sequence[Any]) -> str:
    """The dotted name of the last of these modules, each of which was called by the one before."""
    names = []
    for outer, inner in pairwise(modules):
        found = (name for name, module in outer.named_modules(remove_duplicate=False) if module is inner)
        names.append(next(found, type(inner).__name__))
    return ".".join(name for name in names if name)


def locate(error: MinidlError) -> None:
    """Add to the error's message the module in which it was raised: `fc (Linear): ...`. Done once per error."""
    if "module_path" in vars(error) or not running.modules:
        return
    path, kind = current_module_path(), type(running.modules[-1]).__name__
    vars(error)["module_path"] = path
    error.args = (f"{path} ({kind}): {error}" if path else f"{kind}: {error}", *error.args[1:])
