"""The step that follows a backward pass: every parameter moved against its gradient, and the same input once more."""

from __future__ import annotations

import math

import numpy as np

from ...backend.numpy.threads import parallel
from ...nn.parameter import Parameter
from ...ops.loss.cross_entropy import CrossEntropy
from ...proof.operations import quiet_engine
from ...random import default_generator
from ..recording.replaced import repaired
from ..recording.replay import Replay
from ..recording.tape import Leaf, Recording, Update

STEPS = 10  # rates up to the chosen one
MOST = 60  # rates in all
LARGEST = 1.0  # chosen rate: gradients that have vanished would ask for billions, and the page shows that they have


def updated(tape: Recording) -> Update | None:
    """The losses of the recorded pass after one step of each size, in float64.

    None if there is nothing to update: no single loss, no gradient, or an operation that cannot be run again.
    """
    leaves = moved_leaves(tape)
    slope = float(sum(np.sum(np.asarray(leaf.gradient, np.float64) ** 2) for _, leaf in leaves))
    if tape.loss is None or not np.isfinite([tape.loss, slope]).all() or slope == 0:
        return None
    state, made = default_generator.get_state(), []
    try:
        with quiet_engine(), repaired():
            parallel(lambda _: made.append(_along(tape, leaves, slope)), 1, microseconds=0)
    except Exception:  # the user's own forward may raise anything on other numbers
        return None
    finally:
        default_generator.set_state(state)
    return made[0]


def moved_leaves(tape: Recording) -> list[tuple[int, Leaf]]:
    """The leaves that a step would change: the parameters, or all that want gradients if there are none."""
    found = [(i, leaf) for i, leaf in enumerate(tape.leaves) if leaf.gradient is not None]
    return [(i, leaf) for i, leaf in found if isinstance(leaf.tensor, Parameter)] or found


def _along(tape: Recording, leaves: list[tuple[int, Leaf]], slope: float) -> Update | None:
    replay = Replay(tape)
    uses = {i: [(n, k) for n, k in leaf.uses if n in replay.relevant] for i, leaf in leaves}
    plan = replay.plan({n for places in uses.values() for n, _ in places})
    ends = [n for n in plan if n in replay.seeds]
    if len(ends) != 1 or tape.nodes[ends[0]].array.size != 1 or replay.obstacle(plan) is not None:
        return None
    rate = round_rate(min(LARGEST, max(abs(float(tape.loss or 0)), 1e-3) / slope / 2.5))
    rates = rate / STEPS * np.arange(MOST + 1)
    last = tape.nodes[ends[0]]
    asked = last.inputs[0].source if last.function is CrossEntropy else None
    losses, scores = [], []
    for lr in rates:
        inputs = {
            place: leaf.array.astype(np.float64) - lr * np.asarray(leaf.gradient, np.float64)
            for i, leaf in leaves
            for place in uses[i]
        }
        made = replay.results(plan, inputs)
        losses.append(float(made[last.id].reshape(())))
        if asked is not None:
            scores.append(made.get(asked, replay.rest[asked]))
    return Update(
        rates, np.array(losses), np.array(scores) if scores else None, STEPS, slope,
        [i for i, _ in leaves], sum(leaf.array.size for _, leaf in leaves),
    )  # fmt: skip


def round_rate(rate: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not above `rate`.

    >>> round_rate(0.0213), round_rate(0.0099)
    (0.02, 0.005)
    """
    power = 10.0 ** math.floor(math.log10(rate))
    lead = next(lead for lead in (5, 2, 1) if lead * power <= rate * (1 + 1e-9))
    return float(f"{lead * power:.3g}")
