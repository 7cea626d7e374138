"""`minidl.gradcheck`: is a gradient the slope of its function? Central differences in float64 tell.

Every element of every input is moved a little both ways; the change of every element of every output, divided by the
distance, must be what backward says. That is slow, and needs no knowledge of the function at all.

At a kink, such as relu at 0, there is a slope on the left and another on the right, and the central difference is
their mean. A gradient that lies between the two is right there; such places are listed, not failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..dtypes import FLOATING, float64
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, MinidlError
from ..tensors.gradients import grad

SHOWN = 10  # places listed in a report


class GradcheckError(MinidlError):
    """A gradient is not the slope of its function; the message lists where."""


@dataclass
class GradcheckReport:
    """What `gradcheck` found: true in a condition if every gradient was right.

    Attributes:
        compared: derivatives compared (elements of inputs times elements of outputs).
        largest_error: the largest |backward - differences| among those that passed.
        failures: what is wrong, and where, as text.
        kinks: places where the function has no single slope, and backward gave one between left and right.
    """

    compared: int = 0
    largest_error: float = 0.0
    failures: list[str] = field(default_factory=list)
    kinks: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.failures

    def __str__(self) -> str:
        verdict = "every gradient is right" if self else f"{len(self.failures)} gradients are wrong"
        among = "" if self else " of the right ones"
        compared = f"{self.compared} derivatives compared, largest error{among} {self.largest_error:.2g}"
        lines = [f"gradcheck: {verdict}; {compared if self.compared else 'no derivative could be compared'}"]
        for title, places in (("wrong", self.failures), ("at a kink", self.kinks)):
            lines += [f"  {title}: {place}" for place in places[:SHOWN]]
            if len(places) > SHOWN:
                lines.append(f"  {title}: ... and {len(places) - SHOWN} more")
        return "\n".join(lines)


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> GradcheckReport:
    """Compare the gradients of `func(*inputs)` with central differences (f(x + eps) - f(x - eps)) / 2 eps.

    Args:
        func: returns a tensor or several; it must give the same for the same inputs (seed what is random in it).
        inputs: what `func` takes; float64 tensors that require gradients are checked, everything else is passed on.
        atol, rtol: |backward - differences| may be atol + rtol · |differences|.
        raise_exception: raise `GradcheckError` for a wrong gradient; otherwise the report is false.

    Also checked: gradients have the dtype and shape of their inputs, the inputs are left unchanged, and backward gives
    the same a second time. Raises `DtypeError` if an input that requires gradients is not float64, `ArgumentError` if
    none does.

    >>> import minidl
    >>> x = minidl.tensor([1.0, 2.0], dtype=minidl.float64, requires_grad=True)
    >>> bool(gradcheck(lambda x: x * x, x))
    True
    """
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ArgumentError("gradcheck: no input requires gradients; make one with requires_grad=True")
    for i in checked:
        if arguments[i].dtype != float64:
            raise DtypeError(
                f"gradcheck: input {i} is {arguments[i].dtype}; differences need float64: "
                "minidl.tensor(..., dtype=minidl.float64)"
            )
    report = GradcheckReport()
    function = _OnHost(func, arguments)
    before = {i: function.values[i].copy() for i in checked}
    analytic = _jacobians(func, arguments, checked, report)
    for i in checked:
        now = to_host(arguments[i]._array)
        if not np.array_equal(now, before[i], equal_nan=True):
            report.failures.append(f"the function changed input {i} in place")
        elif analytic is not None:
            for flat, place in enumerate(np.ndindex(before[i].shape)):
                said = [jacobian[i][:, flat] for jacobian in analytic]
                _compare(function, i, place, said, eps, atol, rtol, report)
    if raise_exception and not report:
        raise GradcheckError(str(report))
    return report


class _OnHost:
    """The function as one of NumPy arrays: one input element can be moved, and outputs are flat float64 arrays."""

    def __init__(self, func: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.func, self.arguments = func, arguments
        self.values = [to_host(x._array).copy() if isinstance(x, Tensor) else x for x in arguments]

    def moved(self, i: int, place: tuple[int, ...], by: float) -> list[np.ndarray]:
        """All outputs after element `place` of input i was moved `by` that much."""
        arguments = list(self.arguments)
        for j, x in enumerate(arguments):
            if isinstance(x, Tensor):
                value = self.values[j].copy()
                if j == i:
                    value[place] += by
                arguments[j] = wrap(backend_of(x._array).asarray(value))
                if x.requires_grad:
                    arguments[j].requires_grad_()
        return [to_host(z._array).astype(np.float64).ravel() for z in _outputs(self.func(*arguments))]


def _jacobians(
    func: Callable[..., Any], arguments: tuple[Any, ...], checked: list[int], report: GradcheckReport
) -> list[dict[int, np.ndarray]] | None:
    """For each output, d(output)/d(input i) as (elements of the output, elements of the input); None if unusable."""
    inputs = [arguments[i] for i in checked]
    jacobians = []
    for number, z in enumerate(_outputs(func(*arguments))):
        rows: dict[int, np.ndarray] = {i: np.zeros((z._array.size, arguments[i]._array.size)) for i in checked}
        jacobians.append(rows)
        if not z.requires_grad:
            continue  # its differences must then be 0
        for element in range(z._array.size):
            first, again = (_gradients_of(z, element, inputs) for _ in range(2))
            for i, x, g, repeated in zip(checked, inputs, first, again):
                name = f"the gradient of input {i} from output {number}"
                if g is None:
                    continue
                if (g.shape, g.dtype) != (x.shape, x.dtype):
                    report.failures.append(f"{name} is {g.dtype} {g.shape}, the input {x.dtype} {x.shape}")
                    return None
                rows[i][element] = to_host(g._array).ravel()
                if repeated is None or not np.array_equal(to_host(g._array), to_host(repeated._array), equal_nan=True):
                    report.failures.append(f"{name} is another one when backward runs again: it changes what it kept")
                    return None
    return jacobians


def _gradients_of(z: Tensor, element: int, inputs: list[Tensor]) -> tuple[Tensor | None, ...]:
    """The gradients of one element of z; None for an input that it does not depend on."""
    seed = np.zeros(z.shape, z.dtype)
    seed.flat[element] = 1
    seed_tensor = wrap(backend_of(z._array).asarray(seed))
    return grad(z, inputs, seed_tensor, retain_graph=True, allow_unused=True)


def _compare(
    function: _OnHost,
    i: int,
    place: tuple[int, ...],
    said: list[np.ndarray],
    eps: float,
    atol: float,
    rtol: float,
    report: GradcheckReport,
) -> None:
    """One element of input i against all outputs, for each of which backward `said` (elements of the output,)."""
    above, below = function.moved(i, place, eps), function.moved(i, place, -eps)
    for number, claims in enumerate(said):
        with np.errstate(invalid="ignore"):
            slopes = (above[number] - below[number]) / (2 * eps)
            errors = np.abs(claims - slopes)
        right = errors <= atol + rtol * np.abs(slopes)
        report.compared += right.size
        report.largest_error = max(report.largest_error, float(np.max(errors[right], initial=0)))
        for element in np.flatnonzero(~right):
            where = f"d output {number}[{element}] / d input {i}{list(place)}"
            claim, slope = claims[element], slopes[element]
            low, high = sorted(_sides(function, i, place, number, int(element), eps))
            slack = atol + rtol * max(abs(low), abs(high))
            if not low - slack <= claim <= high + slack:
                report.failures.append(f"{where}: backward says {claim:.6g}, differences {slope:.6g}")
            elif high - low > slack:
                report.kinks.append(f"{where}: backward says {claim:.6g}, the sides {low:.6g} and {high:.6g}")


def _sides(
    function: _OnHost, i: int, place: tuple[int, ...], number: int, element: int, eps: float
) -> tuple[float, float]:
    """The slopes to the left and to the right, over a distance so small that a bend looks straight there."""
    step = eps / 64
    here = function.moved(i, place, 0.0)[number][element]
    above = function.moved(i, place, step)[number][element]
    below = function.moved(i, place, -step)[number][element]
    return float((here - below) / step), float((above - here) / step)


def _outputs(result: Any) -> list[Tensor]:
    """The floating tensors among what the function returned."""
    items = list(result) if isinstance(result, tuple | list) else [result]
    for z in items:
        if not isinstance(z, Tensor):
            raise DtypeError(f"gradcheck: the function must return tensors; got {type(z).__name__}")
    return [z for z in items if z.dtype in FLOATING]
