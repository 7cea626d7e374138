"""Recording what the engine and the tracer report: operations, their lines, their numbers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ...backend import is_array, to_host
from ...engine import backward as engine
from ...engine.backward import accumulate
from ...engine.function import Function
from ...engine.observe import Observer, observed
from ...engine.tensor import Output, Recorded, Tensor
from ...errors import MinidlError
from ...nn.running import current_module_path, running
from ...tensors.second.lifting import Kept
from .packed import packed, placed
from .replaced import active, breaks_forward
from .tape import Event, Input, Leaf, Node, Recording
from .trace import Call, LineTracer

TEXT = 80  # characters of a local value that is no array


class RecordingError(MinidlError, RuntimeError):
    """A recording cannot be made: another one is running, or the pass is not a single one."""


class Recorder(Observer):
    """Fills a tape with what the engine and the tracer report."""

    def __init__(self, tape: Recording) -> None:
        self.tape = tape
        self.tracer = LineTracer(tape.sources, self._kept, self._followed, self._lifted)
        self.thread = threading.get_ident()
        self.followed: Call | None = None
        self.numbers: dict[int, int] = {}  # id of a Function -> number of the operation
        self.alive: list[Any] = []  # keeps those ids from being used again
        self.made: dict[int, tuple[int, int]] = {}  # id of an output's array, which detach() shares -> operation, place
        self.outputs: dict[int, list[Tensor]] = {}  # operation -> its outputs
        self.values: dict[int, list[int]] = {}  # operation -> the values of its outputs
        self.leaf_of: dict[int, int] = {}
        self.constants: dict[int, int] = {}  # id of the array of a leaf without gradient -> the leaf
        self.modules: dict[int, Any] = {}  # outermost modules that ran
        self.began: int | None = None  # the first operation of a backward that is recorded itself

    def start(self) -> None:
        """Listen to the engine and follow this thread."""
        self.tape.broken = active()
        self.listening = observed(self)
        self.listening.__enter__()
        self.tracer.start()

    def stop(self) -> None:
        """Stop listening and following."""
        self.tracer.stop()
        self.listening.__exit__(None, None, None)

    def finish(self, variables: Mapping[str, Any]) -> None:
        """Name the leaves, by their modules or else by the user's own `variables`, and note what they gained."""
        models = [module for module in self.modules.values() if next(module.parameters(), None) is not None]
        called = {id(thing): name for name, thing in variables.items() if not name.startswith("_")}
        names: dict[int, str] = {}
        for model in models:
            prefix = "" if len(models) == 1 else called.get(id(model), type(model).__name__) + "."
            for name, member in [*model.named_parameters(), *model.named_buffers()]:
                names.setdefault(id(member), prefix + name)
        self.tape.model = "\n".join(map(repr, models))
        for leaf in self.tape.leaves:
            leaf.name = names.get(id(leaf.tensor), called.get(id(leaf.tensor)))
            if leaf.gradient is None:  # minidl.grad leaves .grad alone
                sent = [self.tape.nodes[n].gradients[k] for n, k in leaf.uses if self.tape.nodes[n].dz is not None]
                found = [g for g in sent if g is not None]
                leaf.gradient = sum(found[1:], found[0]) if found else None

    def _kept(self, thing: Any) -> int | str:
        """An array's index among the values; anything else as a short text."""
        if isinstance(thing, Tensor):
            thing = thing._array
        if isinstance(thing, np.generic) or is_array(thing):
            return self.tape.values.add(to_host(thing))
        return shown(thing)

    def _followed(self, call: Call) -> None:
        self.followed = call

    def _lifted(self) -> None:
        self.began = len(self.tape.nodes) if self.began is None else self.began

    def _belong(self, node: int) -> None:
        """The operations since the last call are the backward of `node`."""
        for made in self.tape.nodes[len(self.tape.nodes) if self.began is None else self.began :]:
            made.slope_of = node
        self.began = None

    def _take(self, node: Function, phase: str) -> Call | None:
        """The call that has just been followed, if it matches."""
        call, self.followed = self.followed, None
        return call if call is not None and call.node is node and call.phase == phase else None

    def on_forward(self, node: Function, inputs: tuple[Any, ...], options: Mapping[str, Any], output: Any) -> None:
        """Note the operation."""
        call = self._take(node, "forward")
        number = len(self.tape.nodes)
        labels = [*type(node).names(len(inputs)), *(f"x{i}" for i in range(len(inputs)))]
        if running.modules:
            self.modules[id(running.modules[0])] = running.modules[0]
        several = isinstance(output, tuple)
        outputs = list(output) if several else [output]
        arrays = [to_host(z._array).copy() for z in outputs]
        array = packed(arrays) if several else arrays[0]
        recorded = Node(
            id=number, function=type(node), name=current_module_path(),
            inputs=[self._input(x, number, i, label) for i, (x, label) in enumerate(zip(inputs, labels))],
            output=self.tape.values.add(array), array=array,
            options={**type(node).defaults(), **options}, shapes=tuple([z.shape for z in arrays]) if several else None,
            forward_source=None if call is None else call.source, broken=breaks_forward(type(node)),
        )  # fmt: skip
        self.tape.nodes.append(recorded)
        self.numbers[id(node)], self.outputs[number] = number, outputs
        self.values[number] = [self.tape.values.add(z) for z in arrays]
        self.made |= {id(z._array): (number, place) for place, z in enumerate(outputs)}
        self.alive += [node, output, *(z._array for z in outputs)]
        self._walk(recorded, "forward", call, [recorded.output])

    def _input(self, x: Any, number: int, position: int, label: str) -> Input:
        if not isinstance(x, Tensor):
            return Input(label, None, x, None, 0, None, False)
        array = to_host(x._array).copy()
        value = self.tape.values.add(array)
        source, place = self._made_by(x)
        if source is not None and self.values[source][place] != value:
            source = None  # changed in place since
        leaf = None
        if source is None:
            leaf = self._leaf(x, value, array)
            self.tape.leaves[leaf].uses.append((number, position))
        return Input(label, value, array, source, place, leaf, x.requires_grad)

    def _leaf(self, x: Tensor, value: int, array: Any) -> int:
        """The number of a leaf. A backward that is recorded itself has tensors of its own for the leaves it uses."""
        if isinstance(x._edge, Tensor):
            x = x._edge
        known = self.leaf_of.get(id(x), None if x.requires_grad else self.constants.get(id(x._array)))
        if known is None:
            known = len(self.tape.leaves)
            self.tape.leaves.append(Leaf(x, None, value, array))
            self.alive.append(x)
            if not x.requires_grad:
                self.constants[id(x._array)] = known
        self.leaf_of[id(x)] = known
        return known

    def _made_by(self, x: Tensor) -> tuple[int | None, int]:
        """The operation that made a tensor, None if it was not recorded, and which of its outputs it is."""
        if isinstance(x.grad_fn, Kept):
            raise RecordingError(
                f"record: with create_graph=True, the backward of {type(x.grad_fn.of).__name__} uses "
                f"{x.grad_fn.rule.replace('backward_', 'self.')}, which its forward computed, and a recording cannot "
                "follow that; record operations such as linear, tanh or mul, or a plain backward"
            )
        if x.grad_fn is None:
            return self.made.get(id(x._array), (None, 0))
        return self.numbers.get(id(x.grad_fn)), x._edge.place if isinstance(x._edge, Output) else 0

    def on_backward(self, node: Function, dz: Any, returned: Sequence[Any], grads: Sequence[Any]) -> None:
        """Note what arrived, what was returned, and what the engine made of it."""
        if id(node) not in self.numbers:
            return
        if _is_recorded(dz):
            self._belong(self.numbers[id(node)])
            return
        call = self._take(node, "backward")
        recorded = self.tape.nodes[self.numbers[id(node)]]
        if recorded.dz is not None:
            raise RecordingError(
                f"record: backward went through {recorded.op} a second time; one recording holds one backward pass; "
                "open another `with record()` for the second"
            )
        if recorded.shapes is None:
            recorded.dz = to_host(dz).copy()
        else:
            arrived = {place: to_host(gradient) for place, gradient in dz.items()}
            recorded.dz, recorded.reached = placed(arrived, recorded.shapes, recorded.array.dtype), len(arrived)
        if not recorded.arrived and recorded.array.size == 1:
            self.tape.loss = float(recorded.array.reshape(()))
        recorded.backward_source = None if call is None else call.source
        recorded.hooked = any(z._edge is not None and bool(z._edge.hooks) for z in self.outputs[recorded.id])
        recorded.gradients = [None if g is None else to_host(g).copy() for g in grads]
        add = self.tape.values.add
        places = [None if r is None else add(to_host(r)) for r in returned]
        self._walk(recorded, "backward", call, places)
        for k, (before, after) in enumerate(zip(returned, recorded.gradients)):
            if before is None or after is None:
                continue
            if (source := recorded.inputs[k].source) is not None:
                self.tape.nodes[source].arrived.append((recorded.id, k))
            if before.shape != after.shape:
                axes = _summed_axes(before.shape, after.shape)
                self._engine(engine.sum_to, kind="summed", input=k, axes=axes, **{"from": places[k], "to": add(after)})
            if before.dtype != after.dtype:
                what = {"input": k, "dtype": str(after.dtype), "from": places[k], "to": add(after)}
                self._engine(None, kind="cast", **what)

    def on_sum(self, node: Any, gradient: Any, total: Any) -> None:
        """Note that a further gradient reached an operation's output."""
        node = node.node if isinstance(node, Output) else node
        if isinstance(total, Recorded):
            self.tape.nodes[-1].slope_of = self.tape.nodes[-2].slope_of  # the sum is an operation of its own
            return
        if id(node) not in self.numbers:
            return
        number = self.numbers[id(node)]
        self.tape.nodes[number].sums += 1
        uses = self.tape.nodes[number].sums + 1
        total_value = self.tape.values.add(to_host(total))
        self._engine(engine._add, kind="accumulated", node=number, uses=uses, total=total_value)

    def on_leaf(self, leaf: Any, gradient: Any) -> None:
        """Note that a gradient was added to a leaf's `.grad`."""
        if id(leaf) not in self.leaf_of:
            return
        number = self.leaf_of[id(leaf)]
        known, total = self.tape.leaves[number], to_host(leaf.grad._array)
        if known.before is None:
            added = to_host(gradient).astype(np.float64)
            known.before = np.where(np.isfinite(added), total - added, 0)  # infinity - infinity is no number
        known.gradient = (total - known.before).astype(total.dtype)
        self._engine(accumulate, kind="leaf", leaf=number, total=self.tape.values.add(total))

    def _engine(self, function: Any, **what: Any) -> None:
        """Note what the engine did after the last line, and which function of it did."""
        if self.tape.events:
            what["source"] = None if function is None else self.tape.sources.add(function.__code__)
            self.tape.events[-1].engine.append(what)

    def _walk(self, node: Node, phase: str, call: Call | None, returned: list[int | None]) -> None:
        """The lines of a call as events; one event without a line if it could not be followed."""
        steps = call.steps if call is not None else []
        self.tape.events += [Event(phase, node.id, step) for step in steps]
        if steps:
            self.tape.events[-1].returned = returned


def _is_recorded(dz: Any) -> bool:
    """Whether a gradient that arrives, or the dict of those of several outputs, is recorded itself (`create_graph`)."""
    return any(isinstance(arrived, Recorded) for arrived in (dz.values() if isinstance(dz, dict) else [dz]))


def shown(thing: Any) -> str:
    """A local value that is no array, in few characters."""
    if isinstance(thing, list | tuple):
        inner = ", ".join(shown(item) for item in thing[:4]) + (", ..." if len(thing) > 4 else "")
        text = f"[{inner}]" if isinstance(thing, list) else f"({inner}{',' * (len(thing) == 1)})"
    elif isinstance(thing, Tensor):
        return shown(thing._array)
    elif hasattr(thing, "shape") and hasattr(thing, "dtype"):
        few = prod(thing.shape) <= 8
        text = np.array2string(to_host(thing), separator=", ") if few else f"{thing.dtype} {tuple(thing.shape)}"
    elif callable(thing):
        text = getattr(thing, "__name__", type(thing).__name__)
    else:
        text = repr(thing)
    text = " ".join(text.split())
    return text if len(text) <= TEXT else text[: TEXT - 3] + "..."


def _summed_axes(before: tuple[int, ...], after: tuple[int, ...]) -> list[int]:
    """The axes over which a gradient of shape `before` was summed to be one of shape `after`."""
    extra = len(before) - len(after)
    return [*range(extra), *(extra + i for i, n in enumerate(after) if n != before[extra + i])]
