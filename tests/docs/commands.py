"""A line of a shell block: whether its commands, options and files exist. Nothing is run."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

from minidl.cli import make_parser

ROOT = Path(__file__).parents[2]
KNOWN = {"curl", "jupyter", "cd", ".", "pre-commit"}  # of other people, and not looked at


def faults(block: str) -> Iterator[str]:
    """What is wrong with the commands of a shell block."""
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        command: list[str] = []
        for word in [*words, "&&"]:
            if word != "&&":
                command.append(word)
                continue
            if command and (found := _fault(command)):
                yield f"{' '.join(command)}: {found}"
            command = []


def _fault(command: list[str]) -> str | None:
    name, *rest = command
    name = name.rpartition("/")[2] if name.startswith(".venv") else name
    if name in ("python", "python3"):
        return _python(rest)
    if name == "minidl":
        return _minidl(rest)
    if name == "pip":
        return _pip(rest)
    if name == "pytest":
        return _pytest(rest)
    if name == "mpiexec":  # -n N, then the command of each process
        return _fault(rest[2:]) if rest[:1] == ["-n"] else "mpiexec without -n"
    return None if name in KNOWN else "an unknown command"


def _minidl(words: list[str]) -> str | None:
    """What argparse says of the words; the bare verb of `minidl VERB` is looked for too."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            make_parser().parse_args(words)
        except SystemExit as end:
            return said.getvalue().strip().rpartition("\n")[2] if end.code else None
    return None


def _python(words: list[str]) -> str | None:
    if words[0] != "-m":
        return None if (ROOT / words[0]).exists() else "no such file"
    if words[1] == "pytest":
        return _pytest(words[2:])
    return None if importlib.util.find_spec(words[1]) else "no such module"


def _pip(words: list[str]) -> str | None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for word in words:
        for extra in found.split(",") if (found := re.sub(r"^.*\[|\]$", "", word)) != word else []:
            if extra not in extras:
                return f"no such extra: {extra}"
    return None if words[0] in ("install", "wheel") else f"pip {words[0]} is not looked at"


def _pytest(words: list[str]) -> str | None:
    files = [word.partition("::")[0] for word in words if word.startswith(("tests/", "labs"))]
    return next((f"no such file: {file}" for file in files if not (ROOT / file).exists()), None)
