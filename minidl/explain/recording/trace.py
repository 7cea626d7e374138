"""Following forward and backward line by line: which line ran, and what the local names held after it.

Only the frames of an operation's own `forward` and `backward` are followed, and what they call in the same file or
among the backend's plain array versions (`backend/base.py`). What they call elsewhere (NumPy, a tuned primitive) is one
step. For an elementwise operation, these are the formulas that it states (`value`, `slope`, ...), and the line of its
base class that stops a gradient; the rest of the base class is skipped.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType, MappingProxyType, ModuleType
from typing import Any

from ...backend import Backend, base
from ...engine.elementwise import Elementwise
from ...engine.function import Function
from ...tensors.second.library import Library
from .sources import Sources

VISITS = 12  # recorded visits of one line in one call; further ones are only counted

PASSED = Elementwise._passed.__code__
MACHINERY = PASSED.co_filename  # the file of the base of elementwise operations

Local = tuple[str, "int | str", bool]  # name, a value's index or a text, whether this line changed it
Keep = Callable[[Any], "int | str"]


@dataclass
class Step:
    """One line that was executed."""

    source: int
    line: int
    locals: list[Local]


@dataclass
class Call:
    """One call of an operation's forward or backward: its lines in order."""

    node: Function
    phase: str
    source: int
    steps: list[Step] = field(default_factory=list)
    visits: Counter[tuple[int, int]] = field(default_factory=Counter)  # of each source and line

    def close(self) -> None:
        """Say which lines ran more often than there are steps of them."""
        for (_, line), count in self.visits.items():
            if count > VISITS and self.steps:
                self.steps[-1].locals.append(
                    ("...", f"line {line} ran {count:,} times; the first {VISITS} are shown", False)
                )


class LineTracer:
    """Follows the operations that run in this thread between `start` and `stop`; `finished` gets each Call.

    `keep` turns what a local name holds into a value's index, or a text. A backward that is recorded itself
    (`create_graph`) is not followed, but the operations that it consists of: `lifted` is called when one begins.
    """

    def __init__(
        self, sources: Sources, keep: Keep, finished: Callable[[Call], None], lifted: Callable[[], None]
    ) -> None:
        self.sources, self.keep, self.finished, self.lifted = sources, keep, finished, lifted
        self.call: Call | None = None  # the operation that is running
        self.files: set[str] = set()  # whose functions are followed
        self.depth = 0

    def start(self) -> None:
        """Begin to follow; an existing tracer (a debugger, a coverage tool) is suspended meanwhile."""
        self.before = sys.gettrace()
        sys.settrace(self._entered)

    def stop(self) -> None:
        """Stop following."""
        if sys.gettrace() == self._entered:
            sys.settrace(self.before)

    def _entered(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Python's hook for a function call: the hook that it returns is notified of every line."""
        code = frame.f_code
        if self.call is None:
            if code.co_name not in ("forward", "backward", "plain") or not code.co_argcount:
                return None
            node = frame.f_locals.get(code.co_varnames[0])
            if not isinstance(node, Function):
                return None
            if isinstance(node.backend, Library):
                self.lifted()
                return None
            stated = _stated(node, code)
            self.call = Call(node, code.co_name, self.sources.add(stated))
            self.files = {code.co_filename, stated.co_filename, base.__file__}
        elif code.co_filename not in self.files or code.co_name.startswith("<"):
            return None
        self.depth += 1
        if code.co_filename == MACHINERY and code is not PASSED:
            return self._passed_over
        return _Frame(self, self.call.node, code)

    def _passed_over(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Python's hook for a function whose lines are not steps."""
        if event == "return":
            self.left()
        return self._passed_over

    def left(self) -> None:
        """A followed function has returned."""
        self.depth -= 1
        if self.depth == 0 and self.call is not None:
            call, self.call = self.call, None
            call.close()
            self.finished(call)


class _Frame:
    """One call that is followed. A line is reported when it begins; its step is made when the next one begins."""

    def __init__(self, tracer: LineTracer, node: Function, code: CodeType) -> None:
        self.tracer, self.node, self.code = tracer, node, code
        self.source = tracer.sources.add(code)
        self.line: int | None = None
        self.known: dict[str, int | str] = {}
        self.attributes = [name for name in code.co_names if not name.startswith("__")]

    def __call__(self, frame: FrameType, event: str, argument: Any) -> _Frame:
        if event == "line":
            line = self.tracer.sources.statement(self.code, frame.f_lineno)
            if line != self.line:
                self._finish(frame)
                self.line = line
        elif event == "return":
            self._finish(frame, self._handed_back(argument))
            self.tracer.left()
        return self

    def _handed_back(self, result: Any) -> dict[str, Any]:
        """What a helper returns, by name; what the operation itself returns is reported by the engine."""
        if self.tracer.depth == 1 or result is None:
            return {}
        return (
            {f"return[{i}]": part for i, part in enumerate(result)} if isinstance(result, tuple) else {"return": result}
        )

    def _finish(self, frame: FrameType, handed_back: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Make the step of the line that has just run; before the first line, note the arguments."""
        call = self.tracer.call
        if call is None or self._is_often(call):
            return
        found: list[Local] = []
        for name, thing in self._names(frame).items():
            kept = self.tracer.keep(thing)
            found.append((name, kept, self.known.get(name) != kept))
            self.known[name] = kept
        found += [(name, self.tracer.keep(thing), True) for name, thing in handed_back.items()]
        if self.line is not None:
            call.steps.append(Step(self.source, self.line, found))

    def _is_often(self, call: Call) -> bool:
        """Whether the line that has just run was kept often enough."""
        if self.line is None:
            return False
        call.visits[self.source, self.line] += 1
        return call.visits[self.source, self.line] > VISITS

    def _names(self, frame: FrameType) -> dict[str, Any]:
        """The local names, and the attributes of the operation that this function mentions."""
        names = {
            name: thing
            for name, thing in frame.f_locals.items()
            if thing is not self.node and not isinstance(thing, ModuleType | Backend)
        }
        own = vars(self.node)
        names.update({f"self.{name}": own[name] for name in self.attributes if name in own})
        return names


def _stated(node: Function, code: CodeType) -> CodeType:
    """The code that an operation runs in this phase: its own, or the formula of an elementwise one."""
    if code.co_filename != MACHINERY or not isinstance(node, Elementwise):
        return code
    return (type(node).value if code.co_name == "forward" else node.slopes()[0]).__code__
