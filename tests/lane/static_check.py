"""Every `xp.name(...)` in a source tree, looked up in CuPy: the name, the keywords, the number of arguments.

    python -m tests.cupy_on_cpu python -m tests.lane.static_check minidl

What counts as the array library: the names `xp`, `cp` and `cupy`, and any attribute `.xp`. An array's own methods are
checked too, by keyword: `x.sum(where=...)`, which NumPy's method takes and CuPy's does not, is reported whatever x is.
Where an array can only be NumPy's, the package writes `np.sum(x, where=...)`, which is not reported.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

LIBRARY_NAMES = {"xp", "cp", "cupy"}
HOST_NAMES = {"np", "numpy"}
# keywords that NumPy's reductions take through **kwargs, where no signature shows them
HIDDEN_KEYWORDS = {"where", "initial", "keepdims", "mean", "correction", "casting"}
UFUNC_KEYWORDS = {"out", "dtype", "casting"}


class Finding(NamedTuple):
    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def chain(node: ast.AST) -> list[str] | None:
    """['add', 'at'] for `xp.add.at`, `self.xp.add.at` or `backend().xp.add.at`; None for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        if node.attr == "xp" and names:
            return names[::-1]
        names.append(node.attr)
        node = node.value
    return names[::-1] if isinstance(node, ast.Name) and node.id in LIBRARY_NAMES and names else None


def resolve(names: list[str]) -> tuple[object | None, str]:
    """The CuPy object of that name, or None and the part that does not exist."""
    import cupy

    found: object = cupy
    for i, name in enumerate(names):
        if not hasattr(found, name):
            return None, ".".join(["cupy", *names[: i + 1]])
        found = getattr(found, name)
    return found, ""


def first_line(function: object) -> str:
    """The signature that CuPy's compiled functions carry as the first line of their docstring."""
    return (getattr(function, "__doc__", None) or "").strip().split("\n")[0]


def accepts(function: object, keyword: str) -> bool:
    """Whether CuPy's function takes the keyword, by its signature or its docstring."""
    import cupy

    if isinstance(function, cupy.ufunc):
        return keyword in UFUNC_KEYWORDS
    try:
        parameters = inspect.signature(function).parameters  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return re.search(rf"\b{keyword}\b\s*[=,)]", first_line(function)) is not None
    if keyword in parameters:
        return parameters[keyword].kind is not inspect.Parameter.POSITIONAL_ONLY
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return takes_any and re.search(rf"\b{keyword}\b\s*[=(:,)]", inspect.getdoc(function) or "") is not None


def most_arguments(function: object) -> int | None:
    """How many arguments may be given by position; None if there is no telling."""
    import cupy

    if isinstance(function, cupy.ufunc):
        return function.nin + function.nout
    try:
        parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters)


def library_call(call: ast.Call, names: list[str]) -> Iterator[str]:
    """What is wrong with one `xp.name(...)` whose name exists."""
    function, _ = resolve(names)
    if function is None:
        return
    written = "xp." + ".".join(names)
    for keyword in call.keywords:
        if keyword.arg is not None and not accepts(function, keyword.arg):
            yield f"{written}({keyword.arg}=...): CuPy's takes no such keyword"
    most = most_arguments(function)
    if most is not None and not any(isinstance(a, ast.Starred) for a in call.args) and len(call.args) > most:
        yield f"{written}: {len(call.args)} arguments by position, CuPy's takes at most {most}"


def method_call(call: ast.Call, name: str) -> Iterator[str]:
    """What is wrong with one `x.name(...)`, should x be an array."""
    import cupy

    host, device = getattr(np.ndarray, name, None), getattr(cupy.ndarray, name, None)
    if host is None or not callable(host):
        return
    try:
        numpy_takes = set(inspect.signature(host).parameters) | HIDDEN_KEYWORDS
    except (TypeError, ValueError):
        numpy_takes = HIDDEN_KEYWORDS
    for keyword in call.keywords:
        if keyword.arg in numpy_takes and (device is None or not accepts(device, keyword.arg)):
            yield f"x.{name}({keyword.arg}=...): NumPy's arrays take it, CuPy's do not"


def check_source(text: str, path: Path) -> list[Finding]:
    """Everything in one file that CuPy does not have."""
    findings = []
    inside_a_longer_name = set()
    for node in ast.walk(ast.parse(text, str(path))):  # outer nodes come before the inner ones
        if isinstance(node, ast.Attribute) and id(node) not in inside_a_longer_name and (names := chain(node)):
            inner = node.value
            while isinstance(inner, ast.Attribute):
                inside_a_longer_name.add(id(inner))
                inner = inner.value
            _, missing = resolve(names)
            if missing:
                findings.append(Finding(path, node.lineno, f"{missing} does not exist"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names, receiver = chain(node.func), node.func.value
            if names:
                problems = library_call(node, names)
            elif isinstance(receiver, ast.Name) and receiver.id in HOST_NAMES:
                continue
            else:
                problems = method_call(node, node.func.attr)
            findings += [Finding(path, node.lineno, problem) for problem in problems]
    return findings


def check_tree(root: Path) -> tuple[list[Finding], int]:
    """All Python files below `root`. -> what is wrong, and how many files were read"""
    files = sorted(root.rglob("*.py"))
    return [f for path in files for f in check_source(path.read_text(), path)], len(files)


if __name__ == "__main__":
    found, count = check_tree(Path(sys.argv[1]))
    print(*found, sep="\n")
    print(f"static_check: {count} files, {len(found)} findings")
    sys.exit(bool(found) or count == 0)
