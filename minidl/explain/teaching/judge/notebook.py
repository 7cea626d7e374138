"""`minidl.judge`: the exercises in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....language import chosen_language
from . import report, stub
from .exercises import find
from .layout import WIDEST
from .session import judge_functions
from .verdict import Verdict

Function = Callable[..., Any]


def judge(name: str, *, lang: str | None = None) -> Exercise:
    """An exercise by its name: showing it tells what is to be written, calling it judges.

        @minidl.judge("relu")
        def backward(dz, x):
            return dz * (x > 0)

    Your function runs in this very process, without a time limit: stop it as any other cell. `lang` is en or ko
    (default: MINIDL_LANG, or that of the locale). Raises `UnknownExerciseError`; `minidl judge list` has the names.
    """
    return Exercise(name, chosen_language(lang))


class Exercise:
    """An exercise that shows itself, and judges the functions that it is called with."""

    def __init__(self, name: str, lang: str) -> None:
        self._exercise, self._lang = find(name), lang

    def __call__(self, backward: Function, forward: Function | None = None) -> Function:
        """Judge `backward` (and a `forward` of your own), print the verdict, and return `backward`."""
        print(report.report(self.check(backward, forward), self._lang, WIDEST))
        return backward

    def check(self, backward: Function, forward: Function | None = None) -> Verdict:
        """The verdict: true in a condition if all numbers are right."""
        return judge_functions(self._exercise, backward, forward)

    def hint(self, number: int = 1) -> None:
        """Print the first or second hint."""
        print(report.hint(self._exercise, number, self._lang, WIDEST))

    def stub(self, both: bool = False) -> str:
        """The text to start from; with `both`, the forward is to be written too."""
        return stub.stub(self._exercise, self._lang, both)

    def __repr__(self) -> str:
        return report.statement(self._exercise, self._lang, WIDEST)
