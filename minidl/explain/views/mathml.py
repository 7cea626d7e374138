"""A docstring's formula in presentation MathML: fractions, powers, subscripts, sums, roots.

The converter knows signs, not mathematics. Its result has all the characters of the text in their order (the signs
/ ^ _ and needless brackets become positions on the page); if it does not, or if the text cannot be parsed, the
text itself is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape

TOKEN = re.compile(
    r"(?P<ratio>[∂d][^\W\d_]\w*/[∂d][^\W\d_]\w*)"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<sign>[ΣΠ]|\*\*|\+=|<=|>=|\.\.\.)"
    r"|(?P<word>[가-힣]+|[α-ωΑ-Ω][\u0302']?|[^\W\d_²³ᵀ½α-ωΑ-Ω가-힣][\u0302']?(?:[^\W\d_²³ᵀ½α-ωΑ-Ω가-힣][\u0302']?|\d)*)"
    r"|(?P<space>\s+)"
    r"|(?P<other>\S)"
)
NAMES = frozenset(
    [
        "abs",
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "cdf",
        "cos",
        "cosh",
        "det",
        "diag",
        "divisor",
        "erf",
        "exp",
        "floor",
        "high",
        "index",
        "log",
        "low",
        "mask",
        "max",
        "mean",
        "min",
        "offset",
        "onehot",
        "out",
        "rate",
        "relu",
        "scale",
        "shift",
        "sigmoid",
        "sign",
        "sin",
        "sinh",
        "skew",
        "softmax",
        "tan",
        "tanh",
        "threshold",
        "trunc",
        "var",
    ]
)
LARGE = {"Σ": "∑", "Π": "∏", "∫": "∫"}
THIN = '<mspace width="0.17em"/>'
POWERS = {"²": "<mn>2</mn>", "³": "<mn>3</mn>", "ᵀ": "<mi>T</mi>"}
SHOWN = {"*": "·", "-": "−", "<=": "≤", ">=": "≥", "...": "…"}
ENDS_TERM = frozenset(["+", "-", "=", "+=", "<", ">", "<=", ">=", "≠", ",", ";", ":", "·", "…", "..."])
CLOSING = {"(": ")", "[": "]", "{": "}"}


class _Unreadable(Exception):
    """The text is not a formula after all."""


def mathml(lines: Sequence[str]) -> str:
    """The lines of a formula as one MathML element; "" for none.

    >>> mathml(["z = x / y"])
    '<math display="block"><mi>z</mi><mo>=</mo><mfrac><mi>x</mi><mi>y</mi></mfrac></math>'
    """
    rows = [_line(line) for line in lines]
    if len(rows) < 2:
        inside = "".join(rows)
    else:
        inside = "".join(f'<mtr><mtd columnalign="left">{row}</mtd></mtr>' for row in rows)
        inside = f"<mtable>{inside}</mtable>"
    return f'<math display="block">{inside}</math>' if inside else ""


def characters(text: str) -> str:
    """The characters of a formula that must not be lost: all but those that only position others.

    >>> characters("e^(x_i) * 2") == characters(unescape("e x i · 2"))
    True
    """
    for typed, shown in {**SHOWN, **LARGE, "²": "2", "³": "3", "ᵀ": "T"}.items():
        text = text.replace(typed, shown)
    return re.sub(r"[\s()\[\]{}^_/·`√]", "", text)


def _line(line: str) -> str:
    try:
        made = _Reader(line).read()
    except _Unreadable:
        made = ""
    if characters(unescape(re.sub(r"<[^>]*>", "", made))) != characters(line):
        return f"<mtext>{escape(line)}</mtext>"
    return made


class _Reader:
    """Reads one line, sign by sign."""

    def __init__(self, line: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        for match in TOKEN.finditer(line):
            assert match.lastgroup is not None
            self.tokens.append((match.lastgroup, match.group()))
        self.at = 0

    def read(self) -> str:
        """The entire line."""
        made = self.sequence(None)
        if self.at < len(self.tokens):
            raise _Unreadable
        return made

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def sequence(self, closing: str | None) -> str:
        """Terms up to the closing bracket, which is left for the caller."""
        made: list[str] = []
        term = 0  # where the numerator of a fraction would begin
        while self.peek()[0] != "end" and self.peek()[1] != closing:
            kind, text = self.peek()
            if kind == "space":
                self.take()
                if len(text) > 1 and made:
                    made.append('<mspace width="1.2em"/>')
                    term = len(made)
                elif len(made) > term and self.multiplies(made[-1]):
                    made.append(THIN)
            elif text in ENDS_TERM:
                self.take()
                made.append(_operator(text))
                term = len(made)
            elif text == "/" and len(made) > term:
                self.take()
                self.spaces()
                below = self.factor()
                if below.startswith("<mtext>"):
                    made += [_operator("/"), below]
                else:
                    made[term:] = [f"<mfrac>{_row(made[term:])}{_bare(below)}</mfrac>"]
            elif text == "**" and len(made) > term:
                self.take()
                self.spaces()
                made[-1] = f"<msup>{made[-1]}{_bare(self.factor())}</msup>"
            else:
                made.append(self.factor())
                if made[-1].startswith("<mtext>"):
                    term = len(made)
        return "".join(made)

    def multiplies(self, before: str) -> bool:
        """Whether a gradient, in two letters, is about to be multiplied: dz w is not the product of three."""
        kind, text = self.peek()
        if kind != "word" or not _is_variable(text):
            return False
        return (before.endswith("</mrow>") and "<mi>d</mi>" in before) or (len(text) > 1 and before.startswith("<m"))

    def spaces(self) -> None:
        while self.peek()[0] == "space":
            self.take()

    def factor(self) -> str:
        """One number, name, bracket or root, with its subscripts and powers."""
        base = self.atom()
        while True:
            text = self.peek()[1]
            if text == "_":
                self.take()
                under = self.subscript()
                large = base in [f"<mo>{sign}</mo>" for sign in LARGE.values()] or base == _name("max")
                base = f"<{'munder' if large else 'msub'}>{base}{under}</{'munder' if large else 'msub'}>"
            elif text == "[":
                self.take()
                base = f"<msub>{base}<mrow>{self.places()}</mrow></msub>"
            elif text == "^":
                self.take()
                base = f"<msup>{base}{self.exponent()}</msup>"
            elif text in POWERS:
                self.take()
                base = f"<msup>{base}{POWERS[text]}</msup>"
            else:
                return base

    def places(self) -> str:
        """The content of square brackets, of several in a row too."""
        made = [self.sequence("]")]
        self.expect("]")
        while self.peek()[1] == "[":
            self.take()
            made.append(self.sequence("]"))
            self.expect("]")
        return '<mspace width="0.3em"/>'.join(made)

    def exponent(self) -> str:
        if self.peek()[1] == "-":
            self.take()
            return f"<mrow>{_operator('-')}{_bare(self.factor())}</mrow>"
        return _bare(self.atom())

    def subscript(self) -> str:
        """Letters one by one (Σ_cij), a number, or the content of brackets."""
        kind, text = self.peek()
        if text in CLOSING:
            return _bare(self.atom())
        if kind not in ("word", "number"):
            raise _Unreadable
        self.take()
        letters = [text] if kind == "number" or text in ("dims",) else list(text)
        return _row([f"<mn>{x}</mn>" if x.isdigit() else f"<mi>{escape(x)}</mi>" for x in letters])

    def atom(self) -> str:
        kind, text = self.take()
        if kind == "ratio":
            above, below = text.split("/")
            return f"<mfrac>{_variable(above)}{_variable(below)}</mfrac>"
        if kind == "number":
            return f"<mn>{text}</mn>"
        if kind == "word":
            return self.word(text)
        if text in LARGE:
            return f"<mo>{LARGE[text]}</mo>"
        if text in ("(", "{"):
            inner = self.sequence(CLOSING[text])
            self.expect(CLOSING[text])
            if text == "{":
                return f"<mrow>{inner}</mrow>"
            grows = "" if "<mfrac>" in inner or "<msqrt>" in inner else ' stretchy="false"'
            return f"<mrow><mo{grows}>(</mo>{inner}<mo{grows}>)</mo></mrow>"
        if text == "|":
            inner = self.sequence("|")
            self.expect("|")
            return f'<mrow><mo stretchy="false">|</mo>{inner}<mo stretchy="false">|</mo></mrow>'
        if text == "√":
            self.spaces()
            return f"<msqrt>{_bare(self.factor())}</msqrt>"
        if text == "`":
            return "<mtext></mtext>"
        if text == "½":
            return "<mn>½</mn>"
        if kind in ("sign", "other") and text not in "()[]{}^_":
            return _operator(text)
        raise _Unreadable

    def word(self, text: str) -> str:
        """A variable, a mathematical name, or plain words, taken together with those that follow."""
        if _is_variable(text):
            return _variable(text)
        if text in NAMES:
            thin = THIN if self.peek()[0] == "space" and self.next_is_term() else ""
            return f"<mrow>{_name(text)}{thin}</mrow>" if thin else _name(text)
        words, before = [text], _space(self.tokens[self.at - 2] if self.at > 1 else None)
        while self.at + 1 < len(self.tokens) and self.tokens[self.at] == ("space", " "):
            kind, following = self.tokens[self.at + 1]
            if kind != "word" or _is_variable(following) or following in NAMES:
                break
            words.append(following)
            self.at += 2
        return f"<mtext>{before}{escape(' '.join(words))}{_space(self.peek())}</mtext>"

    def next_is_term(self) -> bool:
        """Whether a name is followed by its argument or a factor without a bracket."""
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ("end", "")
        return following[0] in ("word", "number") or following[1] in LARGE or following[1] in "|√"

    def expect(self, sign: str) -> None:
        if self.take()[1] != sign:
            raise _Unreadable


def _space(neighbour: tuple[str, str] | None) -> str:
    """The space between words and a neighbouring word; a Korean ending stands close to its variable."""
    return "&#160;" if neighbour is not None and neighbour[0] == "space" else ""


def _is_variable(text: str) -> bool:
    """One letter, or d and one letter, with an accent, a prime or a number."""
    return re.fullmatch(r"d?[^\W\d_가-힣][\u0302']?\d*", text) is not None


def _variable(text: str) -> str:
    """A variable, or its gradient: d (∂ in a local derivative) and the variable."""
    if len(text) > 1 and text[0] in "d∂":
        name, _, place = text[1:].partition("_")
        under = f"<msub><mi>{escape(name)}</mi><mi>{escape(place)}</mi></msub>" if place else f"<mi>{escape(name)}</mi>"
        return f"<mrow><mi>{text[0]}</mi>{under}</mrow>"
    return f"<mi>{escape(text)}</mi>"


def _name(text: str) -> str:
    return f'<mi mathvariant="normal">{text}</mi>'


def _operator(text: str) -> str:
    return f"<mo>{escape(SHOWN.get(text, text))}</mo>"


def _row(made: list[str]) -> str:
    """Several elements as one; a lone bracketed one without its brackets."""
    return _bare(made[0]) if len(made) == 1 else f"<mrow>{''.join(made)}</mrow>"


def _bare(made: str) -> str:
    """The content of a bracket, where a fraction bar, a root or a superscript makes the brackets needless."""
    inner = re.fullmatch(r"<mrow><mo[^>]*>\(</mo>(.*)<mo[^>]*>\)</mo></mrow>", made)
    return f"<mrow>{inner[1]}</mrow>" if inner and _is_balanced(inner[1]) else made


def _is_balanced(inner: str) -> bool:
    depth = 0
    for sign in re.findall(r"<mo[^>]*>([()])</mo>", inner):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            return False
    return depth == 0
