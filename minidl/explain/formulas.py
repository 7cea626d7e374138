"""The formula and the derivative of an operation, from its docstring, as text and as presentation MathML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..autograd import Function


@dataclass(frozen=True)
class Formulas:
    """What an operation computes and its derivative: as text, and as MathML ("" where there is none)."""

    plain: str = ""
    derivative_plain: str = ""

    @property
    def formula(self) -> str:
        return mathml(self.plain)

    @property
    def derivative(self) -> str:
        return mathml(self.derivative_plain)


def formulas_of(function: type[Function]) -> Formulas:
    text = (vars(function).get("__doc__") or "").strip()
    plain, _, derivative = text.partition("        ")
    return Formulas(plain.strip(), " ".join(derivative.split()))


def mathml(text: str) -> str:
    return f"<math><mtext>{escape(text)}</mtext></math>" if text else ""
