"""The formula and the derivative of an operation, from its docstring, as text and as presentation MathML.

The docstrings of minidl's operations say `z = x * y        ∂z/∂x = y,  ∂z/∂y = x`: the formula, at least four spaces,
the derivative; more derivatives may follow on lines of their own. The same is read from a user's own operation,
where dz/dx will do as well.
If a docstring says nothing of the kind, there is no formula, rather than a wrong one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...engine.function import Function
from .mathml import mathml

FORMULA = re.compile(r"^[^\W\d_]\S*(\[[^=]*\])? ?\+?= ?\S")
DERIVATIVE = re.compile(r"^([∂d][^\W\d]\w*/[∂d]\w+|d[^\W\d]\w*(\[[^=:]*\])?)\s*(\+?=|:)")


@cache
def _korean() -> dict[str, str]:
    return json.loads((files(__package__) / "formulas.ko.json").read_text(encoding="utf-8"))


def translated(line: str, lang: str) -> str:
    """A line of a formula with its words in a language, en or ko; unchanged if they are not known."""
    return _korean().get(line, line) if lang == "ko" else line


@dataclass(frozen=True)
class Formulas:
    """The formula of an operation and its derivative: one line each, empty if the docstring does not say."""

    formula_lines: tuple[str, ...] = ()
    derivative_lines: tuple[str, ...] = ()

    def translated(self, lang: str) -> Formulas:
        """The same with the words in that language, en or ko."""
        return Formulas(
            tuple(translated(line, lang) for line in self.formula_lines),
            tuple(translated(line, lang) for line in self.derivative_lines),
        )

    @property
    def plain(self) -> str:
        """The formula as text."""
        return "\n".join(self.formula_lines)

    @property
    def derivative_plain(self) -> str:
        """The derivative as text."""
        return "\n".join(self.derivative_lines)

    @property
    def formula(self) -> str:
        """The formula as MathML."""
        return mathml(self.formula_lines)

    @property
    def derivative(self) -> str:
        """The derivative as MathML."""
        return mathml(self.derivative_lines)


def formulas_of(function: type[Function]) -> Formulas:
    """The formulas in an operation's own docstring; an inherited one describes another operation.

    >>> from minidl.ops.arithmetic import Mul
    >>> formulas_of(Mul).plain, formulas_of(Mul).derivative_plain
    ('z = x * y', '∂z/∂x = y,  ∂z/∂y = x')
    """
    text = vars(function).get("__doc__") or ""
    formula: list[str] = []
    derivative: list[str] = []
    for line in text.strip().splitlines():
        if derivative and not DERIVATIVE.match(line.strip()):
            break  # what follows is prose
        for chunk in re.split(r" {4,}", line.strip()):
            if DERIVATIVE.match(chunk):
                derivative.append(chunk)
            elif derivative:
                derivative[-1] += f"    ({chunk})" if not chunk.startswith("(") else f"    {chunk}"
            elif formula and chunk:
                formula[-1] += f"    {chunk}" if chunk.startswith("(") else f"    ({chunk})"
            elif FORMULA.match(chunk):
                formula.append(chunk)
        if not formula and not derivative:
            break  # the first line must say it
    return Formulas(tuple(formula), tuple(derivative))
