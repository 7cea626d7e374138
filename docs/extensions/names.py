"""`{pytorch-names}`: PyTorch's public names, room by room: what minidl has, what it lacks, what to use instead."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from minidl.missing import INSTEAD
from minidl.missing.names import NAMES

KOREAN = Path(__file__).parents[1] / "locale" / "ko" / "instead.toml"
WORDS = {
    "en": {"there": "{count} of {all} names", "out": "left out", "instead": "instead"},
    "ko": {"there": "이름 {all}개 중 {count}개", "out": "없는 것", "instead": "대신 쓸 것"},
}


def split(room: str) -> tuple[list[str], list[str]]:
    """PyTorch's names in that room: those that minidl has, and those that it leaves out."""
    names = NAMES[room].split()
    place = _place(room)
    there = [name for name in names if hasattr(place, name)]
    return there, [name for name in names if name not in set(there)]


def _place(room: str) -> Any:
    """The module; of a class of objects, one of them."""
    import minidl

    if room == "Tensor":
        return minidl.ones(2, 2)
    if room == "Module":
        return minidl.nn.Linear(1, 1)
    if room == "Optimizer":
        return minidl.optim.SGD([minidl.ones(1)], lr=0.1)
    return import_module(room)


class PyTorchNames(SphinxDirective):
    """One folded table per room."""

    def run(self) -> list[nodes.Node]:
        words, instead = WORDS[self.config.language], advice(self.config.language)
        return [nodes.raw("", "".join(_room(room, words, instead) for room in NAMES), format="html")]


def advice(language: str) -> dict[str, str]:
    """What to use instead of each name that is left out; KeyError if one with words lacks its Korean."""
    if language == "en":
        return INSTEAD
    korean = tomllib.loads(KOREAN.read_text(encoding="utf-8"))
    shown = {name for room in NAMES for name in split(room)[1] if name in INSTEAD}
    return {name: korean[INSTEAD[name]] if " " in INSTEAD[name] else INSTEAD[name] for name in shown}


def _room(room: str, words: dict[str, str], advised: dict[str, str]) -> str:
    there, out = split(room)
    count = words["there"].format(count=len(there), all=len(there) + len(out))
    told = [f"<li><code>{name}</code> → {advised[name]}</li>" for name in out if name in advised]
    instead = f"<p><strong>{words['instead']}</strong></p><ul>{''.join(told)}</ul>" if told else ""
    return (
        f"<details class='names'><summary><code>{room}</code> <span>{count}</span></summary><p>{_listed(there)}</p>"
        f"<p><strong>{words['out']}</strong> {_listed(out)}</p>{instead}</details>\n"
    )


def _listed(names: list[str]) -> str:
    return " ".join(f"<code>{name}</code>" for name in names)


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("pytorch-names", PyTorchNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
