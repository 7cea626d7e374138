"""The walk through a tape as text for a terminal: forward down, backward up, every gradient with its verdict."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from itertools import groupby

import numpy as np

from ..recording.tape import Event, Input, Node, Recording, Verdict
from ..recording.values import Value
from .formulas import formulas_of

WIDTH = 96

Paint = Callable[[str, str], str]  # (text, state of a verdict) -> the text in its colour

WORDS = {
    "en": {
        "forward": "FORWARD", "backward": "BACKWARD", "leaves": "LEAVES", "loss": "loss", "operations": "{} operations",
        "seconds": "recorded and checked in {:.1f} s", "summed": "engine: summed over axes {}",
        "cast": "engine: back to {}", "accumulated": "engine: added at {}, {} uses so far",
        "leaf": "engine: added to {}.grad", "exact": "exact", "approximate": "approximate", "kink": "kink",
        "MISMATCH": "MISMATCH", "not checked": "not checked", "difference": "max difference",
        "inherited": "right for what arrived, which is wrong already", "kinks": "{} at a kink",
        "verdict": "{} gradients checked, {} of them MISMATCH", "torch": "PyTorch differs by",
        "slope_of": "in the backward of {}",
    },
    "ko": {
        "forward": "순전파", "backward": "역전파", "leaves": "잎 (매개변수와 입력)",
        "loss": "손실", "operations": "연산 {}개", "seconds": "기록과 검증 {:.1f}초",
        "summed": "엔진: 축 {}에 대해 합함", "cast": "엔진: {}(으)로 되돌림",
        "accumulated": "엔진: {}에서 더함, 지금까지 {}번 쓰임",
        "leaf": "엔진: {}.grad에 더함", "exact": "정확", "approximate": "근사", "kink": "꺾임",
        "MISMATCH": "불일치", "not checked": "검증 안 함", "difference": "최대 차이",
        "inherited": "도착한 기울기가 이미 틀렸고, 그에 대해서는 맞음", "kinks": "꺾인 점 {}개",
        "verdict": "기울기 {}개 검증, 불일치 {}개", "torch": "PyTorch와의 차이",
        "slope_of": "{}의 역전파 안",
    },
}  # fmt: skip


def as_text(tape: Recording, lang: str = "en", paint: Paint = lambda text, state: text) -> str:
    """The entire walk, at most 96 columns wide. `lang` is en or ko; `paint` colours a verdict by its state."""
    return "\n".join(_Walk(tape, lang, paint).lines())


class _Walk:
    """The lines of the walk, one section after the other."""

    def __init__(self, tape: Recording, lang: str, paint: Paint) -> None:
        self.tape, self.lang, self.words, self.paint = tape, lang, WORDS[lang], paint
        self.room = WIDTH - 8 if lang == "en" else 60  # letters; one of Hangul is two columns wide
        self.verdicts = {(check.node, check.input): check.verdict for check in tape.checks}

    def lines(self) -> list[str]:
        tape, words = self.tape, self.words
        given = tape.input if isinstance(tape.input, str) else tape.input[self.lang]
        made = [part for part in (tape.title, given) if part]
        loss = "" if tape.loss is None else f"{words['loss']} {tape.loss:.6g};  "
        made.append(f"{loss}{words['operations'].format(len(tape.nodes))};  {words['seconds'].format(tape.seconds)}")
        for phase in ("forward", "backward"):
            made += ["", words[phase], "─" * len(words[phase]) * 2]
            events = [event for event in tape.events if event.phase == phase]
            for number, group in groupby(events, key=lambda event: event.node):
                made += self.operation(tape.nodes[number], phase, list(group))
        made += ["", words["leaves"], "─" * len(words["leaves"]) * 2, *self.leaves()]
        found = [check.verdict.state for check in tape.checks]
        found += [leaf.verdict.state for leaf in tape.leaves if leaf.verdict is not None and leaf.gradient is None]
        total = words["verdict"].format(len(found), found.count("MISMATCH"))
        made += ["", self.paint(total, "MISMATCH" if "MISMATCH" in found else "exact")]
        return made

    def operation(self, node: Node, phase: str, events: list[Event]) -> list[str]:
        """One operation: its formula, what goes in, its lines, what comes out."""
        formulas = formulas_of(node.function).translated(self.lang)
        source = self.tape.sources[events[0].step.source]
        head = f"{node.id + 1}  {node.op}  {node.name or self.inside(node)}".rstrip()
        place = f"{source.file}:{events[0].step.line}"
        made = ["", f"{head}{place:>{max(WIDTH - len(head), len(place) + 2)}}"]
        said = formulas.formula_lines if phase == "forward" else formulas.derivative_lines
        for line in said:
            made += textwrap.wrap(line, self.room + 4, initial_indent="    ", subsequent_indent="      ")
        if phase == "forward":
            made += [self.line_of_input(x) for x in node.inputs if x.value is not None]
        elif node.dz is not None:
            made.append(self.numbers("dz", "", Value.of(node.dz)))
            made += self.verdict_lines(self.verdicts.get((node.id, None)))
        for event in events:
            made += self.line(event)
        if phase == "forward":
            made.append(self.numbers("z", "", self.tape.values[node.output]))
        else:
            for k, (x, gradient) in enumerate(zip(node.inputs, node.gradients)):
                if gradient is not None:
                    made.append(self.numbers(f"d{x.label}", f"→ {self.origin(x)}", Value.of(gradient)))
                    made += self.verdict_lines(self.verdicts.get((node.id, k)))
            made += [text for event in events for text in self.engine(event)]
        return made

    def inside(self, node: Node) -> str:
        """For a part of a backward that is recorded itself: of which one."""
        return "" if node.slope_of is None else self.words["slope_of"].format(self.numbered(node.slope_of))

    def numbered(self, number: int) -> str:
        """An operation by its number and name."""
        return f"{number + 1} {self.tape.nodes[number].op}"

    def line(self, event: Event) -> list[str]:
        """A source line, and the names that it changed."""
        source = self.tape.sources[event.step.source]
        index = event.step.line - source.first
        code = source.lines[index].strip() if 0 <= index < len(source.lines) else ""
        changed = [
            f"{name} {_shape(self.tape.values[kept])}" if isinstance(kept, int) else f"{name} = {kept}"
            for name, kept, is_new in event.step.locals
            if is_new or name == "..."
        ]
        own = self.tape.nodes[event.node]
        depth = "" if event.step.source in (own.forward_source, own.backward_source) else "  "  # inside a helper
        made = [_cut(f"    {event.step.line:>4} │ {depth}{code}")]
        if changed:
            made.append(_cut(f"         │   {', '.join(changed)}"))
        return made

    def line_of_input(self, x: Input) -> str:
        assert x.value is not None
        return self.numbers(x.label, f"← {self.origin(x)}", self.tape.values[x.value])

    def origin(self, x: Input) -> str:
        """Where an input came from: an operation by its number, or a leaf by its name."""
        if x.source is not None:
            return self.numbered(x.source)
        return (self.tape.leaves[x.leaf].name if x.leaf is not None else None) or "-"

    def numbers(self, label: str, origin: str, value: Value) -> str:
        """Name, shape, least, largest and mean of an array in one line."""
        if value.low is None or value.high is None or value.mean is None:
            summary = "nothing finite" if value.nans or value.infs else "empty"
        elif value.shape == () or value.low == value.high:
            summary = f"{value.mean:.5g}"
        else:
            summary = f"{value.low:.4g} … {value.high:.4g}  mean {value.mean:.4g}"
        odd = [f"{count} {name}" for count, name in ((value.nans, "NaN"), (value.infs, "inf")) if count]
        name = f"{label:<2} {origin}"
        return _cut(f"    {name:<26} {_shape(value):<17}  {'  '.join([summary, *odd])}")

    def verdict_lines(self, verdict: Verdict | None) -> list[str]:
        """A verdict in words."""
        if verdict is None:
            return []
        words = self.words
        parts = [words[verdict.state], _compared(verdict.checked, self.lang)]
        if verdict.max_difference is not None:
            parts.append(f"{words['difference']} {verdict.max_difference:.1e}")
        if verdict.kinks:
            parts.append(words["kinks"].format(verdict.kinks))
        if verdict.torch is not None and verdict.analytic is not None and len(verdict.torch):
            parts.append(f"{words['torch']} {np.abs(verdict.torch - verdict.analytic).max():.1e}")
        if verdict.inherited:
            parts.append(words["inherited"])
        wrapped = textwrap.wrap("; ".join(parts), self.room, initial_indent="      ", subsequent_indent="          ")
        return [self.paint(line, verdict.state) for line in wrapped]

    def engine(self, event: Event) -> list[str]:
        """What the engine itself did after an operation's backward."""
        made = []
        for what in event.engine:
            kind = what["kind"]
            if kind == "summed":
                text = self.words[kind].format(", ".join(map(str, what["axes"])))
            elif kind == "cast":
                text = self.words[kind].format(what["dtype"])
            elif kind == "accumulated":
                text = self.words[kind].format(self.numbered(what["node"]), what["uses"])
            else:
                text = self.words[kind].format(self.tape.leaves[what["leaf"]].name or "leaf")
            made.append(f"    {text}")
        return made

    def leaves(self) -> list[str]:
        """The leaves that have a gradient, each with its verdict."""
        made = []
        for leaf in self.tape.leaves:
            if leaf.gradient is not None:
                made.append(self.numbers("", f"{leaf.name or '-'}.grad", Value.of(leaf.gradient)))
            elif leaf.verdict is not None:
                made.append(f"       {leaf.name or '-'}")
            made += self.verdict_lines(leaf.verdict)
        return made


def _compared(checked: str, lang: str) -> str:
    """Which elements were compared; a reason why they could not be is left unchanged."""
    if lang == "en":
        return checked
    checked = re.sub(r"^all ([\d,]+) elements$", r"원소 \1개 모두", checked)
    checked = re.sub(r"^([\d,]+) of ([\d,]+) elements, seed (\d+)$", r"원소 \2개 중 \1개(시드 \3)", checked)
    return checked.replace("the only element", "하나뿐인 원소")


def _shape(value: Value) -> str:
    return "(" + ", ".join(map(str, value.shape)) + ")"


def _cut(line: str) -> str:
    line = line.rstrip()
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
