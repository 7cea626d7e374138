"""One node of an ONNX graph as its reader sees it: its attributes, the version of its operator, its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...engine.tensor import Tensor
from ...errors import UnsupportedError

Reader = Callable[..., Any]  # (node, *inputs) -> a Tensor, or a tuple of several


class UnknownOperatorError(UnsupportedError):
    """An ONNX operator, or a form of one, that minidl does not run."""


@dataclass(frozen=True)
class Node:
    """A node: operator `op`, as opset `version` defines it."""

    op: str
    label: str
    version: int
    attributes: dict[str, Any]
    outputs: int

    def get(self, name: str, usual: Any = None) -> Any:
        """An attribute, or what it usually is."""
        found = self.attributes.get(name, usual)
        return found.decode() if isinstance(found, bytes) else found

    def refuse(self, why: str) -> UnknownOperatorError:
        """The error that names the node and says what of it is not run."""
        return UnknownOperatorError(f"{self.label}: {self.op}: {why}")

    def only(self, **usual: Any) -> None:
        """UnknownOperatorError for an attribute that is not what it usually is."""
        for name, value in usual.items():
            if self.get(name, value) not in (value, [value] if not isinstance(value, list) else value):
                raise self.refuse(f"{name}={self.get(name)!r} is not run by minidl")


def integers(x: Tensor | None) -> list[int] | None:
    """The integers of a tensor of one dimension (or none); None stays None."""
    if x is None:
        return None
    found = x.tolist()
    return [int(i) for i in found] if isinstance(found, list) else [int(found)]


def axes_of(node: Node, given: Tensor | None) -> list[int] | None:
    """The axes, which older versions have as an attribute and newer ones as an input."""
    return node.get("axes") if given is None else integers(given)
