"""A tape as JSON: the numbers once, everything else refers to them by their index."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..._version import __version__
from ...backend import to_host
from ...backend.window import Window
from ...ops.conv import Conv2d
from ...ops.pool import AvgPool2d, MaxPool2d
from ..recording.tape import Leaf, Node, Recording, Verdict
from ..recording.values import LIMIT, Values
from .formulas import formulas_of
from .lesson.data import lesson_dict
from .lesson.live import whole_leaves

BUDGET = 2_400_000  # characters of JSON: with its program and styles, the page stays below 3 MB
LEAST = 64  # elements of an array that are kept in any case
KINDS: dict[Any, str] = {Conv2d: "conv", MaxPool2d: "pool", AvgPool2d: "pool"}


def tape_dict(tape: Recording) -> dict[str, Any]:
    """The entire tape; of large arrays, as much as the page has room for."""
    values = Values()
    values.items = list(tape.values.items)
    values._places = dict(tape.values._places)
    result: dict[str, Any] = {
        "version": 1, "title": tape.title, "model": tape.model, "input": tape.input, "minidl": __version__,
        "classes": tape.classes,
        "broken": tape.broken,
        "sources": [],
        "values": [],
        "nodes": [_node(tape, node) for node in tape.nodes],
        "leaves": [_leaf(leaf, values) for leaf in tape.leaves],
        "steps": [_step(event) for event in tape.events],
        "checks": [
            {"node": check.node, "input": check.input, "verdict": verdict_dict(check.verdict, values)}
            for check in tape.checks
        ],
        "loss": tape.loss if tape.loss is not None and np.isfinite(tape.loss) else None,
        "seconds": round(tape.seconds, 3),
        "lesson": lesson_dict(tape, values),
    }  # fmt: skip
    result["sources"] = [source.to_dict() for source in tape.sources.items]
    whole = whole_leaves(tape, values)
    room = BUDGET - len(json.dumps(result))
    limit = LIMIT
    while True:
        result["values"] = [value.to_dict(max(limit, whole.get(i, 0))) for i, value in enumerate(values.items)]
        if limit <= LEAST or len(json.dumps(result["values"])) <= room:
            return result
        limit //= 2


def _node(tape: Recording, node: Node) -> dict[str, Any]:
    formulas = formulas_of(node.function)
    korean = formulas.translated("ko")
    return {
        "id": node.id, "op": node.op, "name": node.name, "slope_of": node.slope_of,
        "formula": in_both(formulas.formula, korean.formula), "plain": in_both(formulas.plain, korean.plain),
        "derivative": in_both(formulas.derivative, korean.derivative),
        "derivative_plain": in_both(formulas.derivative_plain, korean.derivative_plain),
        "inputs": [
            {
                "value": x.value, "label": x.label, "from": x.source, "place": x.place,
                "leaf": None if x.leaf is None else tape.leaves[x.leaf].name,
                "wants": x.wants, "number": _plain(x.array) if isinstance(x.array, int | float | np.number) else None,
            }
            for x in node.inputs
        ],
        "output": node.output,
        "shapes": None if node.shapes is None else [list(shape) for shape in node.shapes],
        "forward_source": node.forward_source,
        "backward_source": node.backward_source,
        "options": _options(node.options),
        "uses": sum(x.source == node.id for other in tape.nodes for x in other.inputs),
        "window": _window(node),
    }  # fmt: skip


def in_both(english: str, korean: str) -> str | dict[str, str]:
    """A text for the page in both languages, once if they are the same."""
    return english if english == korean else {"en": english, "ko": korean}


def _options(options: dict[str, Any]) -> dict[str, Any]:
    """The options as JSON values; those of a window one by one."""
    found: dict[str, Any] = {}
    for name, thing in options.items():
        found.update(_geometry(thing) if isinstance(thing, Window) else {name: _plain(thing)})
    return found


def _plain(thing: Any) -> Any:
    if thing is None or isinstance(thing, bool | int | float | str):
        return thing if not isinstance(thing, float) or np.isfinite(thing) else str(thing)
    if isinstance(thing, list | tuple):
        return [_plain(item) for item in thing]
    if isinstance(thing, np.generic):
        return _plain(thing.item())
    if hasattr(thing, "shape") and hasattr(thing, "dtype"):
        small = thing.size <= 16
        return to_host(thing).tolist() if small else f"{thing.dtype} {tuple(thing.shape)}"
    return getattr(thing, "__name__", None) or str(thing)


def _geometry(window: Window) -> dict[str, Any]:
    return {
        "kernel": list(window.kernel),
        "stride": list(window.stride),
        "padding": [list(ends) for ends in window.padding],
        "dilation": list(window.dilation),
    }


def _window(node: Node) -> dict[str, Any] | None:
    """The geometry of an operation whose sums a page can spell."""
    window = node.options.get("window")
    kind = KINDS.get(node.function)
    return {"kind": kind, **_geometry(window)} if kind and isinstance(window, Window) else None


def _leaf(leaf: Leaf, values: Values) -> dict[str, Any]:
    return {
        "name": leaf.name,
        "value": leaf.value,
        "grad": None if leaf.gradient is None else values.add(leaf.gradient),
        "verdict": None if leaf.verdict is None else verdict_dict(leaf.verdict, values),
    }


def verdict_dict(verdict: Verdict, values: Values) -> dict[str, Any]:
    """A verdict; the compared numbers go to the values."""

    def place(array: np.ndarray | None) -> int | None:
        return None if array is None else values.add(array)

    return {
        "state": verdict.state,
        "analytic": place(verdict.analytic), "numeric": place(verdict.numeric), "torch": place(verdict.torch),
        "max_difference": verdict.max_difference if verdict.max_difference is None
        or np.isfinite(verdict.max_difference) else None,
        "checked": verdict.checked, "kinks": verdict.kinks,
        "places": None if verdict.places is None else [int(i) for i in verdict.places],
        "inherited": verdict.inherited,
    }  # fmt: skip


def _step(event: Any) -> dict[str, Any]:
    return {
        "phase": event.phase,
        "node": event.node,
        "source": event.step.source,
        "line": event.step.line,
        "locals": [list(local) for local in event.step.locals],
        "returned": event.returned,
        "engine": event.engine,
    }
