"""What the lesson needs beyond the tape: the arrays of each gradient, curves, plain lines, and the update.

The numbers join those of the tape; everything else refers to them by their index. One entry per operation:

    taught    whether it is minidl's own operation of that name; another one gets the general lesson
    dz        the gradient that arrived, and
    grads     the gradients that were sent on, one per input (None where there is none)
    curve     for a function of one number: x, z and the slope ∂z/∂x along its range, as three rows
    slope     and the slope at every element of its input
    extra     what its picture needs besides (`extras.py`), by name
    lines     its own lines as they ran, {"forward": [...], "backward": [...]}; None for minidl's operations
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....engine.elementwise import Elementwise
from ....proof.operations import Operation, quiet_engine
from ...recording.tape import Node, Recording, Update
from ...recording.values import Values
from .extras import extras
from .live import live_dict

POINTS = 161  # of a curve; odd, so that it has a middle
NARROW, WIDE = 1.0, 3.0  # a curve shows at least this much on both sides of 0, if it has a corner, and if not


def lesson_dict(tape: Recording, values: Values) -> dict[str, Any]:
    """The lesson of a tape as plain lists, texts and numbers; its arrays are added to `values`."""
    return {
        "nodes": [_node(tape, node, values) for node in tape.nodes],
        "update": None if tape.update is None else _update(tape.update, values),
        "live": live_dict(tape, values),
    }


def _node(tape: Recording, node: Node, values: Values) -> dict[str, Any]:
    taught = node.function.__module__.split(".")[:2] == ["minidl", "ops"]
    curve, slope = _curve(node)
    return {
        "taught": taught,
        "dz": None if node.dz is None else values.add(node.dz),
        "grads": [None if g is None else values.add(g) for g in node.gradients] or [None] * len(node.inputs),
        "curve": None if curve is None else values.add(curve),
        "slope": None if slope is None else values.add(slope),
        "extra": {name: values.add(array) for name, array in extras(node).items()} if taught else {},
        "lines": None if taught else {phase: _lines(tape, node, phase) for phase in ("forward", "backward")},
    }


def _curve(node: Node) -> tuple[np.ndarray | None, np.ndarray | None]:
    """x, z and ∂z/∂x of a function of one number, (3, POINTS) float32, and ∂z/∂x at every element of its input."""
    if not issubclass(node.function, Elementwise) or len(node.inputs) != 1 or node.array.dtype.kind != "f":
        return None, None
    x = np.asarray(node.inputs[0].array)
    cornered = bool(node.function.cheap) or hasattr(node.function, "passes")
    reach = max(NARROW if cornered else WIDE, 1.15 * float(np.max(np.abs(x[np.isfinite(x)]), initial=0)))
    along = np.linspace(-reach, reach, POINTS)
    heights, slopes = _values_and_slopes(node, along)
    slope = _values_and_slopes(node, x)[1].astype(np.float32)
    return np.stack([along, heights, slopes]).astype(np.float32), slope


def _values_and_slopes(node: Node, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    operation = Operation(node.function, [x], node.options)
    with quiet_engine(), np.errstate(all="ignore"):
        slope = operation.gradients([np.ones(x.shape)], {0})[0]
        return operation.outputs()[0], np.zeros(x.shape) if slope is None else slope


def _lines(tape: Recording, node: Node, phase: str) -> list[str]:
    """The lines of an operation's own method that ran, each once, in the order of the source."""
    own = node.forward_source if phase == "forward" else node.backward_source
    if own is None:
        return []
    ran = {
        event.step.line
        for event in tape.events
        if event.node == node.id and event.phase == phase and event.step.source == own
    }
    source = tape.sources.items[own].to_dict()
    text = [source["lines"][line - source["first"]] for line in sorted(ran)]
    margin = min((len(line) - len(line.lstrip()) for line in text), default=0)
    return [line[margin:].split("  #")[0].rstrip() for line in text]


def _update(update: Update, values: Values) -> dict[str, Any]:
    return {
        "rates": [float(f"{rate:.6g}") for rate in update.rates],
        "losses": values.add(update.losses),
        "scores": None if update.scores is None else values.add(update.scores),
        "chosen": update.chosen,
        "slope": update.slope,
        "leaves": update.leaves,
        "count": update.count,
    }
