"""What is told to the student, in English or Korean: the exercise, its hints, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from . import stub
from .causes import Cause
from .compare import Wrong
from .exercise import Case, Exercise
from .exercises import NAMES, find
from .layout import in_columns, wrapped
from .runner import Problem
from .verdict import Verdict
from .words import PROBLEMS, SAYS

Paint = Callable[[str, str], str]  # (text, "right" or "wrong") -> the text in its colour


def plain(text: str, state: str) -> str:
    """The text without a colour."""
    return text


def listing(lang: str, columns: int) -> str:
    """All exercises in order of difficulty."""
    return in_columns([[str(i), name, find(name).title[lang]] for i, name in enumerate(NAMES, 1)], columns, "")


def statement(exercise: Exercise, lang: str, columns: int) -> str:
    """What is to be written, and how to begin."""
    title = SAYS["of"][lang].format(
        name=exercise.name, number=NAMES.index(exercise.name) + 1, all=len(NAMES), title=exercise.title[lang]
    )
    code = textwrap.indent(stub.source(exercise.forward), "    ")
    parts = [
        title, wrapped(stub.task(exercise, lang), columns), wrapped(exercise.says[lang], columns),
        wrapped(SAYS["shapes"][lang].format(shapes=exercise.shapes), columns),
        SAYS["given"][lang] + "\n\n" + code, SAYS["start"][lang].format(name=exercise.name),
    ]  # fmt: skip
    return "\n\n".join(parts)


def hint(exercise: Exercise, number: int, lang: str, columns: int) -> str:
    """The first or second hint."""
    return wrapped(SAYS["hint"][lang].format(number=number, hint=exercise.hints[number - 1][lang]), columns)


def report(verdict: Verdict, lang: str, columns: int, paint: Paint = plain, printed: str = "") -> str:
    """The verdict: which results are right, the first wrong element of each, the likely causes."""
    return "\n\n".join(_Report(verdict, lang, columns, paint).paragraphs(printed))


class _Report:
    """The paragraphs of one verdict."""

    def __init__(self, verdict: Verdict, lang: str, columns: int, paint: Paint) -> None:
        self.verdict, self.lang, self.columns, self.paint = verdict, lang, columns, paint

    def say(self, key: str, **holes: Any) -> str:
        return SAYS[key][self.lang].format(**holes)

    def paragraphs(self, printed: str) -> list[str]:
        """What is told, in this order."""
        told = self.verdict
        found = [self.headline()]
        if told.problem is not None:
            found.append(self.problem(told.problem, told.case))
        elif not told.right:
            found.append(self.table())
        if told.problem is not None and told.wrong:
            found.append(self.say("more"))
        found += [self.first_wrong(wrong) for wrong in told.wrong.values()]
        found += [self.cause(cause) for cause in told.causes]
        if told.changed:
            found.append(wrapped(self.say("changed", names=", ".join(told.changed)), self.columns))
        if printed.strip():
            lines = printed.rstrip().splitlines()
            found.append("\n".join([self.say("printed"), *("  | " + line for line in lines)]))
        return found

    def headline(self) -> str:
        told, name = self.verdict, self.verdict.exercise.name
        if told.right:
            gradients = told.exercise.gradients
            are = "is" if len(gradients) == 1 else "are"
            count = len(told.exercise.cases)
            text = self.say("right", name=name, gradients=", ".join(gradients), are=are, count=count)
            return self.paint(wrapped(text, self.columns), "right")
        return self.paint(self.say("none" if told.problem is not None else "wrong", name=name), "wrong")

    def table(self) -> str:
        """Each result, and in which cases it is wrong."""
        cases, rows = self.verdict.exercise.cases, []
        for name, failed in self.verdict.failed.items():
            state = "wrong" if failed else "right"
            if 0 < len(failed) < len(cases):
                which = "; ".join(cases[number].says[self.lang] for number in failed)
                where = self.say("row.some", wrong=len(failed), count=len(cases), which=which)
            else:
                where = self.say("row.all", count=len(cases))
            rows.append([name, self.say("row." + state), where])
        return in_columns(rows, self.columns)

    def first_wrong(self, wrong: Wrong) -> str:
        """The first wrong element of a result, and the case."""
        if wrong.kind == "shape":
            text = self.say("shape", name=wrong.name, yours=wrong.yours, wanted=wrong.wanted)
        else:
            numbers = [n for n in (wrong.yours, wrong.wanted, wrong.high) if isinstance(n, float)]
            yours, wanted, *high = apart(numbers)
            place = wrong.name + (str(list(wrong.place)) if wrong.place else "")
            if wrong.kind == "together":
                text = self.say("together", name=wrong.name, yours=yours, wanted=wanted)
            elif high:
                text = self.say("range", place=place, yours=yours, wanted=wanted, high=high[0])
            else:
                text = self.say("number", place=place, yours=yours, wanted=wanted)
        lines = [wrapped(text, self.columns), self.case(wrong.case)]
        if wrong.name in self.verdict.exercise.outputs:
            lines.append(wrapped(self.say("forward_wrong"), self.columns))
        return "\n".join(lines)

    def case(self, case: Case) -> str:
        named = zip(self.verdict.exercise.inputs, case.inputs)
        inputs = ", ".join(f"{name} {_shown(x)}" for name, x in named)
        return wrapped(self.say("case", case=case.says[self.lang], inputs=inputs), self.columns, "  ", "  ")

    def cause(self, cause: Cause) -> str:
        names = f" ({', '.join(cause.names)})" if cause.names else ""
        return wrapped(f"{self.say('likely')}{names}: {cause.text(self.lang)}.", self.columns)

    def problem(self, problem: Problem, case: Case | None) -> str:
        """Why there are no numbers."""
        about = {**problem.about, "names": ", ".join(problem.about.get("names", ()))}
        lines = [wrapped(PROBLEMS[problem.kind][self.lang].format(**about), self.columns)]
        if problem.about.get("line"):
            lines.append("  " + self.say("line", line=about["line"], code=about.get("code") or ""))
        if case is not None and problem.kind not in ("missing", "arguments", "unwritten"):
            lines.append(self.case(case))
        return "\n".join(lines)


def apart(numbers: list[float]) -> list[str]:
    """Numbers in few digits, but in enough to be told apart.

    >>> apart([0.5, 1.0]), apart([1.00001, 1.00002])
    (['0.5', '1'], ['1.00001', '1.00002'])
    """
    for digits in (4, 6, 9, 17):
        shown = [f"{x + 0.0:.{digits}g}" for x in numbers]
        if len(set(shown)) == len({repr(x) for x in numbers}):
            break
    return shown


def _shown(x: Any) -> str:
    return str(x.shape) if isinstance(x, np.ndarray) else f"{x}"
