"""Runs what a student wrote: calls its functions on the cases, and keeps what they return.

It is run as a program in a process of its own (`process.py`), and needs nothing but NumPy there; a notebook and the
tests call the same functions in their own process. Nothing is judged here: the process of a stranger's code says what
was returned, not whether it is right.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

CALLS, FOUND, PROGRESS = "calls.npz", "found.npz", "progress.txt"
NAME = "answer"  # of the student's file as a module
MOST = 1_000_000  # elements of an array that is returned: the right ones have a few dozen
NUMBERS = "biuf"  # kinds of dtypes that are numbers


@dataclass
class Problem:
    """Why there is no result: a kind, and what is known about it."""

    kind: str
    about: dict[str, Any] = field(default_factory=dict)


@dataclass
class Call:
    """A call to be made: which function, its arguments, their names, how many arrays it must return.

    An optional one is left out, with no arrays returned, if there is no such function.
    """

    function: str
    arguments: list[Any]
    names: list[str]
    count: int
    optional: bool = False


@dataclass
class Found:
    """What the calls returned, as far as they went: arrays per call, the arguments that it changed, the problem."""

    returned: list[list[np.ndarray]] = field(default_factory=list)
    changed: list[list[str]] = field(default_factory=list)
    problem: Problem | None = None


def load(path: str) -> dict[str, Any] | Problem:
    """The names that the file defines."""
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        about = {"message": error.msg, "line": error.lineno, "code": (error.text or "").strip()}
        return Problem("encoding" if "codec" in str(error) else "syntax", about)
    except BaseException as error:
        return problem_of(error, path)
    return vars(module)


def run(names: dict[str, Any], calls: Sequence[Call], path: str, tell: Callable[[int], object] = id) -> Found:
    """Make the calls one after another, up to the first that has no result. `tell` gets the number of each before."""
    found = Found()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for number, call in enumerate(calls):
            tell(number)
            function = names.get(call.function)
            result = ([], []) if call.optional and not callable(function) else called(function, call, path)
            if isinstance(result, Problem):
                found.problem = result
                result.about["call"] = number
                break
            found.returned.append(result[0])
            found.changed.append(result[1])
    return found


def called(function: Any, call: Call, path: str) -> tuple[list[np.ndarray], list[str]] | Problem:
    """The arrays that one call returned, and the names of the arguments that it changed."""
    if not callable(function):
        return Problem("missing", {"function": call.function, "names": call.names})
    before = [np.array(x) if isinstance(x, np.ndarray) else x for x in call.arguments]
    try:
        inspect.signature(function).bind(*call.arguments)
    except TypeError:
        return Problem("arguments", {"function": call.function, "names": call.names})
    except ValueError:
        pass  # a function that does not tell its signature
    try:
        value = function(*call.arguments)
        arrays = arrays_of(value, call)
    except BaseException as error:
        return problem_of(error, path)
    if isinstance(arrays, Problem):
        return arrays
    now = zip(call.names, call.arguments, before)
    return arrays, [name for name, x, old in now if isinstance(x, np.ndarray) and not np.array_equal(x, old)]


def arrays_of(value: Any, call: Call) -> list[np.ndarray] | Problem:
    """What was returned, as float64 arrays of their own."""
    about = {"function": call.function, "count": call.count, "type": type(value).__name__}
    if value is None:
        return Problem("none", about)
    if value is Ellipsis or value is NotImplemented:
        return Problem("unwritten", about)
    parts = value if call.count > 1 or _is_single(value) else [value]
    if not isinstance(parts, tuple | list | np.ndarray) or (isinstance(parts, np.ndarray) and not parts.ndim):
        return Problem("type", about)
    if len(parts) != call.count:
        return Problem("count", {**about, "got": len(parts)})
    found = []
    for number, part in enumerate(parts):
        about = {**about, "number": number, "type": type(part).__name__}
        if part is None or part is Ellipsis:
            return Problem("part", about)
        try:
            array = np.array(part)
        except ValueError:  # lists of different lengths
            return Problem("ragged", about)
        if array.dtype.kind not in NUMBERS:
            return Problem("part", {**about, "type": f"{type(part).__name__}, {array.dtype}"})
        if array.size > MOST:
            return Problem("large", {**about, "shape": list(array.shape)})
        found.append(array.astype(np.float64))
    return found


def _is_single(value: Any) -> bool:
    """Whether this is one array in a tuple or list, and not a list of numbers."""
    one = isinstance(value, tuple | list) and len(value) == 1
    return one and (isinstance(value, tuple) or isinstance(value[0], np.ndarray | np.generic))


def problem_of(error: BaseException, path: str) -> Problem:
    """The exception in words, with the line of the student's file that it came from."""
    if isinstance(error, KeyboardInterrupt):
        raise error  # somebody pressed Ctrl-C
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    here = {"line": frames[-1].lineno, "code": frames[-1].line} if frames else {"line": None, "code": ""}
    if isinstance(error, NotImplementedError):
        return Problem("unwritten", here)
    if isinstance(error, SystemExit):
        return Problem("exit", here)
    kind = "memory" if isinstance(error, MemoryError) else "raised"
    try:
        message = " ".join(str(error).split())
    except Exception:
        message = ""
    return Problem(kind, {**here, "type": type(error).__name__, "message": message[:300]})


def save_calls(folder: Path, calls: Sequence[Call]) -> None:
    """Write the calls for another process."""
    arrays: dict[str, Any] = {}
    told = []
    for i, call in enumerate(calls):
        plain: list[Any] = []
        for j, x in enumerate(call.arguments):
            if isinstance(x, np.ndarray):
                arrays[f"{i}.{j}"] = x
            plain.append(None if isinstance(x, np.ndarray) else x)
        told.append({**vars(call), "arguments": plain})
    np.savez(folder / CALLS, **arrays, told=np.array(json.dumps(told)))


def read_calls(folder: Path) -> list[Call]:
    """The calls that `save_calls` wrote."""
    with np.load(folder / CALLS, allow_pickle=False) as kept:
        calls = [Call(**one) for one in json.loads(str(kept["told"]))]
        for i, call in enumerate(calls):
            call.arguments = [kept.get(f"{i}.{j}", x) for j, x in enumerate(call.arguments)]
            call.arguments = [tuple(x) if isinstance(x, list) else x for x in call.arguments]
    return calls


def save_found(folder: Path, found: Found) -> None:
    """Write what the calls returned."""
    told = {
        "changed": found.changed,
        "problem": None if found.problem is None else asdict(found.problem),
        "counts": [len(arrays) for arrays in found.returned],
    }
    arrays: dict[str, Any] = {f"{i}.{j}": x for i, some in enumerate(found.returned) for j, x in enumerate(some)}
    np.savez(folder / FOUND, **arrays, told=np.array(json.dumps(told)))


def read_found(folder: Path) -> Found:
    """What `save_found` wrote."""
    with np.load(folder / FOUND, allow_pickle=False) as kept:
        told = json.loads(str(kept["told"]))
        returned = [[kept[f"{i}.{j}"] for j in range(count)] for i, count in enumerate(told["counts"])]
    return Found(returned, told["changed"], None if told["problem"] is None else Problem(**told["problem"]))


def limit_memory(most: int) -> None:
    """Let this process take no more than `most` bytes beyond what it has; not on Windows, which has no such limit."""
    try:
        import resource
    except ImportError:
        return
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        taken = pages * resource.getpagesize()
    except OSError:
        taken = 1 << 32
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = taken + most
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    except (OSError, ValueError):
        return  # macOS refuses it


def main(folder: Path, path: str, memory: int) -> None:
    """Load the student's file, make the calls in `folder`, write what they returned there."""
    calls = read_calls(folder)
    limit_memory(memory)
    sys.path.insert(0, str(Path(path).resolve().parent))  # files beside it can be imported
    sys.dont_write_bytecode = True
    with open(folder / PROGRESS, "w", encoding="ascii") as progress:  # from now on, time counts

        def tell(number: int) -> None:
            progress.seek(0)
            progress.write(str(number))
            progress.flush()

        names = load(path)
        found = Found(problem=names) if isinstance(names, Problem) else run(names, calls, path, tell)
    save_found(folder, found)


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file: its names are not the student's business
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
