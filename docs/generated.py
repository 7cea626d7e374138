"""Pages that nobody writes: made from the code, the README, the labs and a recorded pass."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path
from typing import Any

from .labs import write_labs, write_source
from .sphinx_runs import ROOT

# The rooms whose names a user writes, in the order of the table of contents.
ROOMS = (
    "minidl", "minidl.Tensor", "minidl.nn", "minidl.nn.functional", "minidl.nn.init", "minidl.nn.utils",
    "minidl.nn.utils.parametrize", "minidl.nn.utils.parametrizations", "minidl.nn.utils.prune",
    "minidl.optim", "minidl.optim.lr_scheduler", "minidl.data", "minidl.data.transforms", "minidl.linalg",
    "minidl.autograd", "minidl.autograd.functional", "minidl.func", "minidl.distributions", "minidl.models",
    "minidl.training", "minidl.explain", "minidl.compress", "minidl.onnx", "minidl.utils", "minidl.cuda",
    "minidl.backend", "minidl.errors",
)  # fmt: skip


def write_api(folder: Path) -> None:
    """One page per room, of its names' docstrings."""
    (folder / "api").mkdir()
    told: set[type] = set()
    for room in ROOMS:
        body = _tensor() if room == "minidl.Tensor" else _module(room, told)
        (folder / "api" / f"{room}.rst").write_text(f"{room}\n{'=' * len(room)}\n\n{body}", encoding="utf-8")
    fill(folder / "api.md", "rooms", [f"api/{room}" for room in ROOMS])


def _tensor() -> str:
    """The methods that only a tensor has; of the others, which are functions of minidl too, the names."""
    import minidl

    names = [name for name in dir(minidl.Tensor) if not name.startswith("_")]
    functions = [name for name in names if getattr(minidl.Tensor, name) is getattr(minidl, name, None)]
    links = " ".join(f":py:func:`~minidl.{name}`" for name in functions)
    return (
        f".. autoclass:: minidl.Tensor\n   :members:\n   :exclude-members: {', '.join(functions)}\n\n"
        f"minidl.FUNCTION(x, ...) is x.FUNCTION(...) for:\n\n{links}\n"
    )


def _module(room: str, told: set[type]) -> str:
    """The room's own words, and its names; a class that an earlier room has `told` of is left to that room."""
    parts = [f".. automodule:: {room}"]
    for name, value in documented(room):
        if isclass(value):
            if value in told:
                continue
            told.add(value)
            own = "" if room == "minidl.nn" and name != "Module" else "\n   :members:"  # a layer's methods are Module's
            parts.append(f".. autoclass:: {room}.{name}{own}")
        else:
            parts.append(f".. autofunction:: {room}.{name}")
    return "\n\n".join(parts) + "\n"


def documented(room: str) -> list[tuple[str, Any]]:
    """The classes and functions that the room offers, by the alphabet; `minidl.Tensor` has a page of its own."""
    module = import_module(room)
    listed = getattr(module, "__all__", None)
    home = room if listed is None and room != "minidl" else "minidl"  # what was merely imported there is not offered
    names = [name for name in dir(module) if not name.startswith("_")] if listed is None else listed
    found = [(name, getattr(module, name)) for name in sorted(names, key=str.lower) if name != "Tensor"]
    return [
        (name, value) for name, value in found
        if (isclass(value) or isfunction(value)) and value.__module__.startswith(home)
    ]  # fmt: skip


def afternoon() -> list[str]:
    """The twelve files of the README's afternoon, in its order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = readme.split("## An afternoon's reading")[1].split("From there:")[0]
    return re.findall(r"\]\((minidl/[^)]+\.py)\)", named)


def write_reading(folder: Path) -> None:
    """The files of the afternoon as pages."""
    files = enumerate(afternoon(), 1)
    pages = [write_source(folder, ROOT / file, f"reading/{number:02}-{Path(file).stem}") for number, file in files]
    fill(folder / "engine.md", "reading", pages)


def write_lab_pages(folder: Path, language: str) -> None:
    """The labs that are there."""
    pages, teachers = write_labs(folder, language)
    fill(folder / "labs.md", "labs", pages)
    fill(folder / "labs.md", "teachers", teachers)


def fill(page: Path, place: str, entries: Iterable[str]) -> None:
    """A list of pages where the page says `% place`; nothing where there are none."""
    lines = "\n".join(entries)
    text = page.read_text(encoding="utf-8")
    if f"\n% {place}\n" not in text:
        raise ValueError(f"{page.name} has no line '% {place}'")
    table = f"```{{toctree}}\n:maxdepth: 1\n\n{lines}\n```" if lines else ""
    page.write_text(text.replace(f"\n% {place}\n", f"\n{table}\n"), encoding="utf-8")


def lesson_pages(languages: Iterable[str]) -> dict[tuple[str, str], str]:
    """The pages of `minidl explain` by language and name, of passes that are recorded now."""
    from minidl.data import datasets
    from minidl.explain.teaching import passes, second
    from minidl.explain.teaching.worksheet import worksheet
    from minidl.explain.views.page import render_worksheet

    digits = datasets.MNIST(datasets.SAMPLE_FOLDER)
    images, labels = digits.data[:1].numpy(), digits.targets[:1].numpy()
    tapes = {
        "lecture": passes.example("lecture", images, labels).record(torch=False),
        "residual": passes.example("residual", images, labels).record("grad-assigned-not-accumulated", torch=False),
        "cube": second.cube(torch=False),
    }
    pages = {(lang, name): tape.html(lang) for lang in languages for name, tape in tapes.items()}
    sheet = worksheet(7, level=2)
    return pages | {(lang, "worksheet"): render_worksheet(sheet, lang) for lang in languages}
