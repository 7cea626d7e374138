"""The verdict on an answer: every gradient in every case, the first wrong element, the likely causes."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import causes
from .causes import Cause
from .compare import Row, Wrong, row_of
from .exercise import Case, Exercise, copied
from .runner import Call, Found, Problem


@dataclass
class Verdict:
    """Whether an answer is right; what was wrong first in each result, why, in which cases; what prevented a verdict.

    Attributes:
        wrong: by the name of a result, in the order in which they are returned.
        failed: by the name of a result, the cases in which it is wrong.
        causes: the likely causes: only those whose correction makes the numbers right in all cases.
        changed: arguments that backward changed in place.
        problem: why there are no numbers, and in which case.
    """

    exercise: Exercise
    wrong: dict[str, Wrong] = field(default_factory=dict)
    failed: dict[str, list[int]] = field(default_factory=dict)
    causes: list[Cause] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    problem: Problem | None = None
    case: Case | None = None

    @property
    def right(self) -> bool:
        """Whether all numbers are right."""
        return self.problem is None and not self.wrong and not self.causes

    def __bool__(self) -> bool:
        return self.right


def calls_of(exercise: Exercise) -> list[Call]:
    """The calls that an answer is judged by: each case forward and backward, then the first backward once more."""
    calls = []
    for number, case in enumerate(exercise.cases):
        calls.append(Call("forward", copied(case.inputs), exercise.inputs, len(exercise.outputs), optional=True))
        calls.append(Call("backward", exercise.given(number), exercise.arguments, len(exercise.gradients)))
    return [*calls, Call("backward", exercise.given(0), exercise.arguments, len(exercise.gradients))]


def verdict(exercise: Exercise, found: Found) -> Verdict:
    """Judge what the calls returned, as far as they went."""
    decided = Verdict(exercise, problem=found.problem)
    done = min(len(found.returned) // 2, len(exercise.cases))
    rows = _rows(exercise, found, done)
    for name, some in rows.items():
        decided.failed[name] = [row.number for row in some if row.wrong is not None]
        first = next((row.wrong for row in some if row.wrong is not None), None)
        if first is not None:
            decided.wrong[name] = first
    decided.changed = list(dict.fromkeys(name for some in found.changed[1::2] for name in some))
    if found.problem is not None:
        if (call := found.problem.about.get("call")) is not None:
            decided.case = exercise.cases[call // 2 % len(exercise.cases)]
        if found.problem.kind == "raised":
            decided.causes = causes.of_raising(exercise, rows, done)
    elif not all(causes.equal(a, b) for a, b in zip(found.returned[1], found.returned[-1])):
        decided.causes = [causes.REMEMBERS]
    else:
        decided.causes = causes.find(exercise, rows, list(decided.wrong))
    return decided


def _rows(exercise: Exercise, found: Found, done: int) -> dict[str, list[Row]]:
    """For each result, the rows of the cases that were done; no outputs if there is no forward."""
    rows: dict[str, list[Row]] = {}
    for number in range(done):
        forward, backward = found.returned[2 * number : 2 * number + 2]
        named = [*zip(exercise.outputs, forward), *zip(exercise.gradients, backward)]
        for name, yours in named:
            rows.setdefault(name, []).append(row_of(exercise, number, name, yours))
    return rows
