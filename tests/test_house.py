"""The house: imports point downward, there are no circles, every room says what lives there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import minidl

PACKAGE = Path(minidl.__file__).parent
FILES = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")])

# From the ground up: what stands in a line imports only from the lines before it, and from its own room.
GROUND = (
    "_version",
    "_starting",
    "missing",
    "errors",
    "dtypes",
    "language",
    "files",
    "random",
    "backend",
    "devices",
    "cuda",
)
ROOMS = (
    "engine", "distributed", "ops", "linalg", "tensors", "distributions", "nn", "optim", "data", "proof", "models",
    "compress", "onnx", "training", "explain", "serve", "bench", "doctor", "cli", "autograd", "func", "utils",
    "dialect", "as_torch",
)  # fmt: skip
ORDER = (*GROUND, *ROOMS)
USERS = ("bench", "doctor", "cli", "__main__")  # use minidl as anyone does: `import minidl`
LOOSE = {"_version", "_starting", "errors", "dtypes", "random", "devices", "cuda", "_moved"}


def module_of(path):
    parts = ("minidl", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def targets(path, node):
    """The modules of minidl that an import statement needs; of a package, its `__init__` too."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names if alias.name in MODULES}
    if not isinstance(node, ast.ImportFrom):
        return set()
    base = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for _ in range(node.level - 1):
        base = base.rpartition(".")[0]
    full = node.module if not node.level else f"{base}.{node.module}" if node.module else base
    found = {f"{full}.{alias.name}" if f"{full}.{alias.name}" in MODULES else full for alias in node.names}
    return found & set(MODULES)


@cache
def imports():
    """Of every file, what it imports: at its top, in its functions, and for its types."""
    return {
        name: set().union(*(targets(path, node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
        - {name}
        for name, path in MODULES.items()
    }


def circle(graph):
    """One circle of the graph as a list of names; None if there is none."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        path.append(name)
        found = next((c for c in map(visit, sorted(graph.get(name, ()))) if c), None)
        path.pop()
        done.add(name)
        return found

    return next((c for c in map(visit, sorted(graph)) if c), None)


def test_the_walk_finds_circles():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None
    assert "minidl.engine.tensor" in imports()["minidl.engine.function"]
    assert "minidl.backend" in imports()["minidl.engine.tensor"]


def test_no_file_imports_itself_by_a_detour():
    assert circle(imports()) is None


def room_of(module):
    return module.split(".")[1] if module.count(".") else "minidl"


@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_only_from_below(room):
    below = {*ORDER[: ORDER.index(room) + 1], *(("minidl",) if room in USERS else ())}
    for name, found in imports().items():
        if room_of(name) == room:
            above = {target for target in found if room_of(target) not in below}
            assert not above, f"{name} imports from above: {above}"


def folders(room):
    """The imports between the folders of one room, each file standing for the folder that it lies in."""
    graph = {}
    for name, found in imports().items():
        if room_of(name) != room:
            continue
        own = folder_of(name)
        graph.setdefault(own, set()).update(folder_of(target) for target in found if room_of(target) == room)
        graph[own].discard(own)
    return graph


def folder_of(module):
    path = MODULES[module]
    return str(path.parent.relative_to(PACKAGE))


@pytest.mark.parametrize("room", ORDER)
def test_no_circle_between_the_folders_of_a_room(room):
    graph = {name: {t for t in found if t != room and not name.startswith(t)} for name, found in folders(room).items()}
    inner = {name: found for name, found in graph.items() if name != room}
    assert circle(inner) is None


def test_the_rooms_are_all_named_here():
    found = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert found == {room for room in ORDER if room not in LOOSE}


def test_few_modules_stand_beside_the_rooms():
    found = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert found == LOOSE
    assert len(found) <= 8


def test_every_room_says_what_lives_there():
    for path in PACKAGE.rglob("__init__.py"):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert text, f"{path.relative_to(PACKAGE)} does not say what lives there"
        assert text.split("\n\n")[0].rstrip().endswith((".", "?")), path


def test_contributing_lists_the_rooms_in_this_order():
    """A stranger reads off the table there what may import what."""
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[a-z_/]+` ?)+)\|", text.split("## The house")[1].split("\n## ")[0], re.MULTILINE)
    named = [name.strip("`/") for row in rows for name in row.split()]
    assert named == [room for room in ORDER if not room.startswith("_")]


AFTERNOON = 2000  # lines that a person reads in one


def test_the_afternoons_reading_is_no_longer_than_an_afternoon():
    readme = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    named = readme.split("## An afternoon's reading")[1].split("From there:")[0]
    files = re.findall(r"\]\((minidl/[^)]+\.py)\)", named)
    lines = {file: len((PACKAGE.parent / file).read_text(encoding="utf-8").splitlines()) for file in files}
    assert len(files) == len(lines) == 12
    for part in ("engine/tensor", "engine/function", "engine/backward", "ops/conv", "ops/pool", "ops/linear",
                 "ops/loss/cross_entropy", "nn/module", "optim/sgd", "training/loop"):  # fmt: skip
        assert f"minidl/{part}.py" in lines
    assert sum(lines.values()) <= AFTERNOON, lines
