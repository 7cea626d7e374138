"""The rooms of `minidl/explain`: imports point one way, and the paths of version 0.1 still lead somewhere."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import minidl.explain
from minidl._moved import MOVED

ROOT = Path(minidl.explain.__file__).parent
FLOORS = ("recording", "checks", "views", "tape", "record", "teaching")  # each imports from those before it alone
OLD = sorted(name for name in MOVED if name.startswith("minidl.explain."))


def _room(module: tuple[str, ...]) -> str | None:
    """The room of `minidl/explain` that a module is in."""
    return module[2] if module[:2] == ("minidl", "explain") and len(module) > 2 else None


def _imports(path: Path) -> set[tuple[str, ...]]:
    """The modules that a file imports, wherever in the file (under TYPE_CHECKING too)."""
    package = ("minidl", "explain", *path.relative_to(ROOT).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            found |= {(*module, name.name) for name in node.names} | {module}
    return found


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_downward(path: Path) -> None:
    here = path.relative_to(ROOT).parts[0].removesuffix(".py")
    rooms = {room for module in _imports(path) if (room := _room(module)) is not None}
    if here == "__init__":
        return
    assert here in FLOORS
    allowed = FLOORS[: FLOORS.index(here) + 1]
    assert rooms <= {*allowed}, f"{here} imports from {rooms - {*allowed}}"


def test_within_a_room_there_are_no_circles() -> None:
    graph: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for path in ROOT.rglob("*.py"):
        module = ("minidl", "explain", *path.relative_to(ROOT).with_suffix("").parts)
        graph[tuple(part for part in module if part != "__init__")] = _imports(path)
    open_, done = [], set()

    def visit(module: tuple[str, ...]) -> None:
        if module in done:
            return
        assert module not in open_, " -> ".join(".".join(part) for part in [*open_, module])
        open_.append(module)
        for other in graph[module]:
            if other in graph and other != module:
                visit(other)
        open_.pop()
        done.add(module)

    for module in graph:
        if len(module) > 2:
            visit(module)


def test_a_room_says_in_a_sentence_what_lives_there() -> None:
    for room in ("recording", "checks", "views", "teaching"):
        text = (ROOT / room / "__init__.py").read_text(encoding="utf-8")
        assert len(ast.parse(text).body) == 1 and text.count("\n") == 1


@pytest.mark.parametrize("old", OLD)
def test_an_old_path_is_the_same_module(old: str) -> None:
    assert import_module(old) is import_module(MOVED[old])


def test_no_two_files_of_the_lesson_declare_one_name() -> None:
    """They become one program, in which a name declared twice is an error that leaves the page blank."""
    import re
    from collections import Counter
    from pathlib import Path

    import minidl.explain.views.lesson as lesson

    folder = Path(lesson.__file__).parent / "js"
    files = [path for path in folder.rglob("*.js") if path.parent.name != "kernels"]  # those stand in blocks
    declared = re.compile(r"^(?:async )?(?:function|const|let|class) +(\w+)", re.MULTILINE)
    names = [name for path in files for name in declared.findall(path.read_text("utf-8"))]
    assert len(names) > 100
    assert not [name for name, count in Counter(names).items() if count > 1]
