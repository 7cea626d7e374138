"""The updates of all parameters in one launch: a rule's own lines, traced into a kernel over many arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import cupy
import numpy as np

Array = Any
Rule = Callable[..., None]
Update = tuple[Any, ...]  # a rule, the arrays of one parameter, numbers

MOST = 64  # parameters in a launch: their addresses are its argument, and a launch takes 4 KB of these
THREADS = 256
MOST_BLOCKS = 1024  # for one parameter; each thread then makes several elements
C_TYPES = {"f": "float", "d": "double"}

# blockIdx.y is the parameter; a small one leaves most of its blocks without work.
_SOURCE = """
struct Parameter {{ {type}* arrays[{arrays}]; long long size; }};
struct Parameters {{ Parameter all[{most}]; }};
extern "C" __global__ void {name}(const Parameters parameters{numbers}) {{
    const Parameter& own = parameters.all[blockIdx.y];
    const long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < own.size; i += step) {{
{lines}
    }}
}}
"""


def launch(updates: Iterable[Update]) -> list[Update]:
    """Do those updates that a common kernel can do; returns the others."""
    groups: dict[Any, list[list[Array]]] = {}
    left = []
    for update in updates:
        rule, *given = update
        arrays = [x for x in given if isinstance(x, cupy.ndarray)]
        numbers = given[len(arrays) :]
        if _simple(arrays) and not any(hasattr(x, "shape") for x in numbers) and _kernel(rule, *_kind(arrays, numbers)):
            groups.setdefault((rule, _kind(arrays, numbers), *numbers), []).append(arrays)
        else:
            left.append(update)
    for (rule, kind, *numbers), parameters in groups.items():
        for first in range(0, len(parameters), MOST):
            _launch(_kernel(rule, *kind), parameters[first : first + MOST], numbers)
    return left


def _simple(arrays: list[Array]) -> bool:
    """Whether an address and a size say all about them."""
    return bool(arrays) and all(
        x.flags.c_contiguous and x.shape == arrays[0].shape and x.dtype == arrays[0].dtype for x in arrays
    )


def _kind(arrays: list[Array], numbers: list[Any]) -> tuple[str, int, int]:
    """What a kernel is made for."""
    return arrays[0].dtype.char, len(arrays), len(numbers)


def _launch(kernel: Any, parameters: list[list[Array]], numbers: list[Any]) -> None:
    """One launch: the addresses lie in its argument, so that nothing is copied to the GPU before."""
    dtype = parameters[0][0].dtype
    table = np.zeros(MOST, [("arrays", np.uint64, len(parameters[0])), ("size", np.int64)])
    for row, arrays in zip(table, parameters):
        row["arrays"], row["size"] = [x.data.ptr for x in arrays], arrays[0].size
    blocks = min(MOST_BLOCKS, -(-int(table["size"].max()) // THREADS))
    if blocks:
        kernel((blocks, len(parameters)), (THREADS,), (_by_value(table), *[dtype.type(number) for number in numbers]))


def _by_value(table: np.ndarray) -> np.ndarray:
    """The table as one structure, which a kernel takes as it is."""
    return table.view([("all", table.dtype, len(table))])[0]


@cache
def _kernel(rule: Rule, char: str, arrays: int, numbers: int) -> Any:
    """The kernel of a rule; None if its lines are more than arithmetic."""
    if char not in C_TYPES:
        return None
    trace = Trace(C_TYPES[char])
    elements = [Value(trace, f"own.arrays[{k}][i]") for k in range(arrays)]
    try:
        rule(trace, *elements, *[Value(trace, f"n{k}") for k in range(numbers)])
    except (AttributeError, TypeError):
        return None
    name = f"minidl_{rule.__name__}_of_all"
    source = _SOURCE.format(
        type=trace.type, arrays=arrays, most=MOST, name=name,
        numbers="".join(f", {trace.type} n{k}" for k in range(numbers)),
        lines="\n".join(f"        {line}" for line in trace.lines),
    )  # fmt: skip
    return cupy.RawKernel(source, name)


class Trace:
    """The lines of a rule in C++, as far as it has run. It is also the rule's array module, which has `sqrt`."""

    def __init__(self, c_type: str) -> None:
        self.type = c_type
        self.lines: list[str] = []

    def keep(self, expression: str) -> Value:
        """A new local variable."""
        name = f"t{len(self.lines)}"
        self.lines.append(f"{self.type} {name} = {expression};")
        return Value(self, name)

    def sqrt(self, x: Value) -> Value:
        """The square root of an element."""
        return self.keep(f"sqrt({x.text})")


def _binary(operator: str, swapped: bool = False) -> Callable[[Value, Any], Value]:
    """The method for x + y and the like; `swapped`: for y + x."""

    def apply(self: Value, other: Any) -> Value:
        pair = self.text, _text(self.trace, other)
        return self.trace.keep(f" {operator} ".join(reversed(pair) if swapped else pair))

    return apply


def _in_place(operator: str) -> Callable[[Value, Any], Value]:
    """The method for x += y and the like."""

    def apply(self: Value, other: Any) -> Value:
        self.trace.lines.append(f"{self.text} {operator}= {_text(self.trace, other)};")
        return self

    return apply


class Value:
    """An element or a number in a trace: arithmetic with it adds a line. A rule cannot branch on it."""

    def __init__(self, trace: Trace, text: str) -> None:
        self.trace, self.text = trace, text

    def __bool__(self) -> bool:
        raise TypeError("a traced value has no truth value")

    __add__, __radd__, __iadd__ = _binary("+"), _binary("+", swapped=True), _in_place("+")
    __sub__, __rsub__, __isub__ = _binary("-"), _binary("-", swapped=True), _in_place("-")
    __mul__, __rmul__, __imul__ = _binary("*"), _binary("*", swapped=True), _in_place("*")
    __truediv__, __rtruediv__, __itruediv__ = _binary("/"), _binary("/", swapped=True), _in_place("/")


def _text(trace: Trace, x: Any) -> str:
    """A traced value's text, or a number's."""
    if isinstance(x, Value):
        return x.text
    if isinstance(x, (int, float)):
        return f"({trace.type}){float(x)!r}"
    raise TypeError(f"a rule computes with elements and numbers; got {type(x).__name__}")
