"""What a captured step would bring: `python benchmarks/captured_step.py [WORK ...] [--threads N]`.

A step is recorded once; then the same `forward` and `backward` methods are called on raw arrays in the recorded order,
without the engine: no checks, no tensors, no graph, no walk. That is the most that replaying a captured step in Python
could save, for the arithmetic is the same. Both take turns, from the same weights, and must end at the same bits.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

from threadpoolctl import threadpool_limits

from minidl.bench.library import Entry, HostClock, Library
from minidl.bench.training import Training
from minidl.bench.works import WORKS
from minidl.cli.console import table
from minidl.engine.backward import sum_to
from minidl.engine.observe import Observer, observed
from minidl.engine.part import Part
from minidl.engine.tensor import Tensor

ROUNDS = 40
BURST = 0.05  # seconds per turn
LEFT_OUT = "lstm-100", "gru-100"  # their operations have several outputs


class Recorder(Observer):
    """The operations of a step in the order in which they ran, and those of its backward."""

    def __init__(self) -> None:
        self.forward: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self.backward: list[tuple[Any, tuple[Any, ...]]] = []

    def on_forward(self, node: Any, inputs: Any, options: Any, output: Any) -> None:
        self.forward.append((node, inputs, dict(options), output))

    def on_backward(self, node: Any, dz: Any, returned: Any, grads: Any) -> None:
        self.backward.append((node, node.edges))


class Replay:
    """A training step without the engine: `step(images, labels)`."""

    def __init__(self, training: Training) -> None:
        self.optimizer, self.recorder = training.optimizer, Recorder()
        x, y = training.next_batch()
        with observed(self.recorder):
            loss = training.criterion(training.model(x), y)
            loss.backward(retain_graph=True)
        self.keep = x, y, loss  # while they live, their ids are theirs alone
        self.inputs = id(x), id(y)
        nodes = {node for node, _ in self.recorder.backward}
        self.plan = [
            (node, [(id(t), t) if isinstance(t, Tensor) else (0, t) for t in inputs], options, id(output))
            for node, inputs, options, output in self.recorder.forward
        ]
        for node in nodes:
            node.shapes = [_shape(edge) for edge in node.edges]
        self.loss = loss.grad_fn

    def step(self, x: Any, y: Any) -> Any:
        """Forward, backward and update; returns the loss."""
        arrays = dict(zip(self.inputs, (x, y)))
        z = None
        for node, inputs, options, made in self.plan:
            raw = [arrays.get(key, t._array) if key else t for key, t in inputs]
            arrays[made] = z = node.forward(*raw, **options)
        self._backward(z)
        self._update()
        return z

    def _backward(self, loss: Any) -> None:
        pending: dict[Any, Any] = {self.loss: loss.dtype.type(1).reshape(())}
        for node, edges in self.recorder.backward:
            returned = node.backward(pending.pop(node))
            returned = returned if isinstance(returned, tuple) else (returned,)
            for edge, shape, dx in zip(edges, node.shapes, returned):
                if edge is None or dx is None:
                    continue
                dx = dx.whole() if isinstance(dx, Part) else dx
                dx = dx if dx.shape == shape else sum_to(dx, shape)
                pending[edge] = pending[edge] + dx if edge in pending else dx
        self.gradients = pending

    def _update(self) -> None:
        for group in self.optimizer.param_groups:
            for p in group["params"]:
                self.optimizer._rule(p._array, self.gradients[p], self.optimizer.state.setdefault(p, {}), group)


def _shape(edge: Any) -> Any:
    if edge is None:
        return None
    return edge.shape if isinstance(edge, Tensor) else edge.meta[0]


def compared(name: str, threads: int) -> list[str]:
    """A row: milliseconds of both, and the median and quartiles of their ratio."""
    library, work = Library(Entry("minidl", threads)), WORKS[name]
    plain, captured = Training(library, work, work.batch), Training(library, work, work.batch)
    replay = Replay(captured)
    plain.next_batch()

    def step() -> None:
        plain.step(HostClock())

    def replayed() -> None:
        x, y = captured.next_batch()
        replay.step(x._array, y._array)

    steps = _steps_in(step)
    for _ in range(steps):
        replayed()
    rounds = [(_seconds(step, steps), _seconds(replayed, steps)) for _ in range(ROUNDS)]
    for one, other in zip(plain.model.parameters(), captured.model.parameters()):
        if not (one._array == other._array).all():
            raise SystemExit(f"{name}: the replayed step has other weights; the comparison is void")
    low, _, high = quantiles([b / a for a, b in rounds])
    of = [1e3 * median(column) for column in zip(*rounds)]
    ratio = median(b / a for a, b in rounds)
    return [work.title, f"{of[0]:.3f}", f"{of[1]:.3f}", f"{ratio:.2f}", f"{low:.2f} to {high:.2f}"]


def _steps_in(step: Callable[[], None]) -> int:
    """How many steps last for a burst; it takes as many."""
    took, count = 0.0, 0
    while took < BURST:
        took += _seconds(step, 1)
        count += 1
    return count


def _seconds(step: Callable[[], None], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - began) / count


def main() -> None:
    works = [name for name, work in WORKS.items() if not work.inference and name not in LEFT_OUT]
    parser = argparse.ArgumentParser(description="A step of the engine, and the same arithmetic without it.")
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(works)} (default: all)")
    parser.add_argument("--threads", type=int, default=2, help="(default: 2)")
    arguments = parser.parse_args()
    if unknown := set(arguments.works) - set(works):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(works)}")
    rows = [["work", "ms per step", "without the engine", "ratio", "quartiles"]]
    with threadpool_limits(arguments.threads):
        rows += [compared(name, arguments.threads) for name in arguments.works or works]
    print(table(rows, right=[1, 2, 3]))


if __name__ == "__main__":
    main()
