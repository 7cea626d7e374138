"""A user's own Python file: run from the very bytes that were checked; its errors become one line."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ..errors import ArgumentError, MinidlError
from ..files import read_bytes
from .trust import MOST, sha256_of_code


class UnknownModelError(ArgumentError):
    """A name that no model has, built in or in the user's file."""


class ModelError(MinidlError, ImportError):
    """A user's own model cannot be made or run: the file, its line, and what Python said."""


class ChangedError(ModelError):
    """A file that is not the one that was allowed to run."""


def run_file(path: Path, attribute: str, allowed: Collection[str] | None = None) -> tuple[Any, dict[str, str]]:
    """What `attribute` names in the Python file, and the SHA-256 of the file and of each neighbour that it imported.

    With `allowed`, only files with these digests are run, neighbours included. Raises `UnknownModelError` if there is
    no such file or name, `ChangedError` for a file that is not allowed, `ModelError` if the code fails.
    """
    if not path.is_file():
        raise UnknownModelError(f"--model {path}:{attribute}: there is no file {path}")
    content, folder = code_of(path), path.resolve().parent
    _check_allowed(path, content, allowed)
    files = {path.name: sha256_of_code(content)}
    module = _new_module(path)
    with _neighbours(_Neighbours(folder, files, allowed)):
        code = _compiled(content, path)
        call(lambda: exec(code, vars(module)), path)
    try:
        return getattr(module, attribute), files
    except AttributeError:
        known = [
            k for k, v in vars(module).items() if getattr(v, "__module__", None) == module.__name__ and callable(v)
        ]
        raise UnknownModelError(
            f"{path} has no {attribute!r}; it has {', '.join(known) or 'no class or function'}"
        ) from None


def code_of(path: Path) -> bytes:
    """The bytes of a Python file. Raises `ModelError` if it cannot be read."""
    try:
        return read_bytes(path, MOST)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None


def _compiled(content: bytes, path: Path) -> CodeType:
    try:
        return compile(content, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ModelError(f"{path}, line {error.lineno}: {type(error).__name__}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL; nested too deeply
        raise ModelError(f"{path}: {type(error).__name__}: {error}") from error


def call(function: Callable[[], Any], path: Path) -> Any:
    """Call `function`; what goes wrong in the user's file becomes one line that names the place.

    minidl's own errors stay as they are, and so do errors that came through no line of the file.
    """
    try:
        return function()
    except MinidlError:
        raise
    except SyntaxError as error:
        raise ModelError(
            f"{error.filename or path}, line {error.lineno}: {type(error).__name__}: {error.msg}"
        ) from error
    except (Exception, SystemExit) as error:
        place = _place(error, path)
        if place is None:
            raise
        raise ModelError(f"{place}: {type(error).__name__}: {error}") from error


def _place(error: BaseException, path: Path) -> str | None:
    """The last line in the user's folder that the error came through; None if there is none."""
    folder = str(path.resolve().parent) + os.sep
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        name = os.path.realpath(frame.filename)
        if name == str(path.resolve()):
            return f"{path}, line {frame.lineno}"
        if name.startswith(folder) and "site-packages" not in name and not name.startswith(_OWN):
            return f"{name}, line {frame.lineno}"
    return None


_OWN = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep


def _new_module(path: Path) -> ModuleType:
    """An empty module for the file, findable by its name while its code runs, as dataclasses and pickle need it."""
    name = path.stem if path.stem not in sys.modules else f"{path.stem} ({path.resolve()})"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    return module


def _check_allowed(path: Path, content: bytes, allowed: Collection[str] | None) -> None:
    if allowed is not None and sha256_of_code(content) not in allowed:
        raise ChangedError(f"{path} is not a file that was allowed to run (its SHA-256 is another)")


class _Neighbours(MetaPathFinder):
    """Notes the modules that come from the user's folder, and refuses those that are not allowed."""

    def __init__(self, folder: Path, files: dict[str, str], allowed: Collection[str] | None) -> None:
        self.folder, self.files, self.allowed = folder, files, allowed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or not spec.has_location:
            return None
        origin = Path(spec.origin).resolve()
        if origin.is_relative_to(self.folder) and "site-packages" not in origin.parts:
            content = code_of(origin)
            _check_allowed(origin, content, self.allowed)
            self.files[origin.relative_to(self.folder).as_posix()] = sha256_of_code(content)
        return None  # found the usual way


@contextmanager
def _neighbours(finder: _Neighbours) -> Iterator[None]:
    """A context in which the file's folder is searched first, ignoring any compiled copies in it."""
    prefix = sys.pycache_prefix
    sys.path.insert(0, str(finder.folder))
    sys.meta_path.insert(0, finder)
    sys.pycache_prefix = os.devnull
    try:
        yield
    finally:
        sys.pycache_prefix = prefix
        sys.meta_path.remove(finder)
        if str(finder.folder) in sys.path:
            sys.path.remove(str(finder.folder))


def all_allowed(files: Mapping[str, str], allowed: Collection[str]) -> bool:
    """Whether all files that a run noted are allowed."""
    return bool(files) and all(digest in allowed for digest in files.values())
