"""Two passes of a model noted side by side: what it does to any batch, told from what it did to this one.

An ONNX graph says what happens to every input. One pass shows what happened to one: a shape may be that of this batch,
a constant may have been computed from these numbers. So the model runs twice, on batches of different size and with
different numbers. What differs between the two depends on the batch size, or is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import to_host
from ..engine.function import Function
from ..engine.grad_mode import no_grad
from ..engine.observe import Observer, observed
from ..engine.tensor import Tensor
from ..errors import UnsupportedError
from ..nn import Module, current_module_path
from ..nn.evaluating import evaluating

PACKAGE = Path(__file__).parents[1]
OF_USERS = (PACKAGE / "models",)  # the part of minidl that is written as a user's own network is


class ExportError(UnsupportedError):
    """Something that ONNX cannot say, or that minidl cannot say in ONNX."""


@dataclass
class Note:
    """One operation of one pass. Tensors are numbers in the order in which they were first seen."""

    function: type[Function]
    inputs: list[Any]  # a Seen for a tensor; a number or None as it is
    options: dict[str, Any]
    outputs: list[Seen]
    module: str
    place: str


@dataclass(eq=False)
class Seen:
    """A tensor of a pass: `made` by an operation of it, or there before."""

    number: int
    tensor: Tensor
    made: Note | None = None
    version: int = 0  # of its memory when it was first seen

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def array(self) -> np.ndarray:
        return to_host(self.tensor._array)


@dataclass
class Pass(Observer):
    """The operations of one pass, in order."""

    notes: list[Note] = field(default_factory=list)
    seen: dict[int, Seen] = field(default_factory=dict)  # by the id of the array, which detach() shares
    alive: list[Any] = field(default_factory=list)  # keeps those ids from being used again

    def on_forward(self, node: Function, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        note = Note(
            type(node),
            [self.of(x, type(node)) if isinstance(x, Tensor) else x for x in inputs],
            {**type(node).defaults(), **class_options(type(node)), **options},
            [],
            current_module_path(),
            place_of_call(),
        )
        for z in output if isinstance(output, tuple) else (output,):
            note.outputs.append(self._add(z, note))
        self.notes.append(note)

    def of(self, x: Tensor, user: type[Function] | None = None) -> Seen:
        """The tensor as it was seen before, or as one that was there before. ExportError if it has changed since."""
        found = self.seen.get(id(x._array))
        if found is None:
            return self._add(x, None)
        if x._storage.version != found.version:
            raise ExportError(
                f"{where(current_module_path(), place_of_call())}: {'the output' if user is None else user.__name__} "
                "uses a tensor that was changed in place, which ONNX cannot say; write x = x + y instead of x += y"
            )
        return found

    def _add(self, x: Tensor, note: Note | None) -> Seen:
        self.alive.append(x._array)
        found = self.seen[id(x._array)] = Seen(len(self.alive) - 1, x, note, x._storage.version)
        return found


def class_options(function: type[Function]) -> dict[str, Any]:
    """The options that an elementwise operation declares, with their defaults."""
    names = getattr(function, "_options", ())
    return {name: getattr(function, name) for name in names if hasattr(function, name)}


def place_of_call() -> str:
    """The line of the network that is running: of the user's file, or of `minidl/models`."""
    frame = sys._getframe(1)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if PACKAGE not in path.parents or any(folder in path.parents for folder in OF_USERS):
            return f"{path.name}, line {frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def where(module: str, place: str) -> str:
    """The module and the line, for the beginning of an error."""
    return ", ".join(part for part in (module or "the model", place) if part)


def passed(model: Module, inputs: Sequence[Tensor]) -> tuple[Pass, list[Seen], list[Seen]]:
    """One pass in evaluation mode: its operations, its inputs and its outputs."""
    noted = Pass()
    arguments = [noted.of(x) for x in inputs]
    with no_grad(), evaluating(model), observed(noted):
        output = model(*inputs)
    return noted, arguments, [noted.of(z) for z in tensors_in(output)]


def tensors_in(output: Any) -> list[Tensor]:
    """The tensors of an output, in order. ExportError for anything else."""
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, tuple | list) and output:
        return [z for part in output for z in tensors_in(part)]
    raise ExportError(f"export: the model gave {type(output).__name__}; a Tensor or a tuple of them can be exported")


def other_inputs(inputs: Sequence[Tensor], more: int) -> list[Tensor]:
    """Inputs of the same kind with other numbers, and `more` rows."""
    from ..tensors.creation import tensor

    found = []
    for x in inputs:
        array = to_host(x._array)
        array = array[::-1] if array.dtype.kind != "f" else array[::-1] * array.dtype.type(0.9) + array.dtype.type(0.05)
        if more:
            array = np.concatenate([array, np.repeat(array[:1], more, axis=0)])
        found.append(tensor(np.ascontiguousarray(array), device=x.device))
    return found
