"""`minidl.gradcheck`: is a gradient the slope of its function? Central differences in float64 answer that.

Every element of every input is moved a little in both directions; the change of every element of every output, divided
by the distance, must be what backward says. That is slow, and needs no knowledge of the function.

At a corner, such as relu at 0, the slope on the left differs from that on the right. A rule may return any gradient
between the two there; such places are listed, as neither passed nor failed. `judge.py` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..dtypes import float64
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, MinidlError
from ..tensors.gradients import grad
from .differences import Arrays, OnArrays, Probe, Slope, floating_outputs, unit_of
from .judge import CORNER, EDGE, JUMP, RIGHT, WRONG, Finding, Tolerance, decide, nearby, random_seeds
from .operations import is_a_rule_wrong

SHOWN = 10  # places listed in a report


class GradcheckError(MinidlError):
    """Nothing could be proven: the differences decide nothing at any place; the message says why."""


class MismatchError(GradcheckError):
    """A gradient is not the slope of its function; the message lists where."""


@dataclass(frozen=True)
class Failure:
    """One wrong derivative: where it is, what backward says, what the differences say."""

    output: int
    output_place: tuple[int, ...]
    input: int
    input_place: tuple[int, ...]
    yours: float
    differences: float
    text: str

    def __str__(self) -> str:
        return self.text


class Failures(list[Any]):
    """The errors found: a `Failure` per derivative, or the reason in words where there is nothing to compare.

    The same as arrays, for programs: `where` (n, 4, as objects: output, place in it, input, place in it), `yours` (n,)
    and `differences` (n,).
    """

    @property
    def derivatives(self) -> list[Failure]:
        """The failures that are a derivative at a place."""
        return [failure for failure in self if isinstance(failure, Failure)]

    @property
    def where(self) -> np.ndarray:
        """Output number, place in the output, input number, place in the input: one row each."""
        found = np.empty((len(self.derivatives), 4), object)
        for row, one in zip(found, self.derivatives):
            row[:] = one.output, one.output_place, one.input, one.input_place
        return found

    @property
    def yours(self) -> np.ndarray:
        """The derivatives according to backward."""
        return np.array([failure.yours for failure in self.derivatives], np.float64)

    @property
    def differences(self) -> np.ndarray:
        """The derivatives according to the differences."""
        return np.array([failure.differences for failure in self.derivatives], np.float64)


@dataclass
class Comparison:
    """All derivatives of one output with respect to one input, as (elements of the output, elements of the input).

    `yours` is what backward says, `differences` what the differences say, `right` where they agree, `told` where they
    give a verdict at all: not at a corner, at a jump or where rounding hides the slope.
    """

    output: int
    input: int
    yours: np.ndarray
    differences: np.ndarray
    right: np.ndarray
    told: np.ndarray
    findings: dict[tuple[int, int], Finding] = field(default_factory=dict)  # the findings of a second look


@dataclass
class GradcheckReport:
    """The result of `gradcheck`: true in a condition if gradients were compared and every verdict is right.

    Attributes:
        compared: how many derivatives were examined (elements of inputs times elements of outputs).
        told: how many of them have a verdict.
        largest_error: the largest |backward - differences| among those that are right.
        failures: the wrong derivatives; `failures.where`, `.yours` and `.differences` give them as arrays.
        kinks: places where the function has no single slope, and backward gave one between left and right.
        untold: other places without a verdict, with the reason.
        comparisons: everything compared, as arrays, per output and input.
    """

    compared: int = 0
    told: int = 0
    largest_error: float = 0.0
    failures: Failures = field(default_factory=Failures)
    kinks: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.failures and (self.told > 0 or self.compared == 0)

    def __str__(self) -> str:
        among = " of the right ones" if self.failures else ""
        counted = f"{self.compared} derivatives compared, largest error{among} {self.largest_error:.2g}"
        if self.told < self.compared:
            counted += f", {self.compared - self.told} of them without a verdict"
        lines = [f"gradcheck: {self._verdict()}; {counted if self.told else 'no derivative could be compared'}"]
        for title, places in (
            ("wrong", self.failures), ("at a kink", self.kinks), ("no verdict", self.untold),
        ):  # fmt: skip
            lines += [f"  {title}: {place}" for place in places[:SHOWN]]
            if len(places) > SHOWN:
                lines.append(f"  {title}: ... and {len(places) - SHOWN} more")
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.failures:
            return f"{len(self.failures)} gradients are wrong"
        if not self:
            return "nothing is proven"
        return "every gradient is right" if self.told == self.compared else "every gradient with a verdict is right"


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
        func: returns a tensor or several; it must give the same for the same inputs (seed any randomness in it).
        inputs: the arguments of `func`; float64 tensors that require gradients are checked, the rest is passed on.
        eps: the first step; smaller and larger ones follow where it does not decide.
        atol, rtol: |backward - differences| may be atol + rtol · |differences|.
        raise_exception: raise `MismatchError` for a wrong gradient, and its parent `GradcheckError` if there was no
            verdict at any place; otherwise the report is false.

    Also checked: gradients have the dtype and shape of their inputs, are proportional to the gradient that
    arrives, the inputs are left unchanged, and backward gives the same a second time. Raises `DtypeError` if an input
    that requires gradients is not float64; `ArgumentError` if none does, or if `func` gives two results for the same
    inputs.

    >>> import minidl
    >>> x = minidl.tensor([1.0, 2.0], dtype=minidl.float64, requires_grad=True)
    >>> bool(gradcheck(lambda x: x * x, x))
    True
    """
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ArgumentError("gradcheck: no input requires gradients; make one with requires_grad=True")
    if not eps > 0:
        raise ArgumentError(f"gradcheck: eps must be positive; got {eps!r}")
    for i in checked:
        if arguments[i].dtype != float64:
            raise DtypeError(
                f"gradcheck: input {i} is {arguments[i].dtype}; differences need float64: "
                "minidl.tensor(..., dtype=minidl.float64)"
            )
    report = GradcheckReport()
    function = OnArrays(func, arguments, "gradcheck")
    rest = function.outputs()
    check_repeats("gradcheck", rest, function.outputs())
    accused = _compare_all(function, arguments, checked, eps, Tolerance(rtol, atol), report)
    if accused:
        _sentence(accused, function, checked, eps, Tolerance(rtol, atol))
    for comparison in report.comparisons:
        _count(comparison, function.values[comparison.input], rest[comparison.output], report)
    check_repeats("gradcheck", rest, function.outputs())
    if raise_exception and not report:
        raise (MismatchError if report.failures else GradcheckError)(str(report))
    return report


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> GradcheckReport:
    """`gradcheck` of the gradients of `func`: are the second derivatives the slopes of the first?

    The gradients are taken as a function of the inputs and of the gradients that arrive at the outputs: `grad_outputs`,
    one float64 tensor per floating output, or random ones. The other arguments and errors are those of `gradcheck`.

    >>> import minidl
    >>> x = minidl.tensor([1.0, 2.0], dtype=minidl.float64, requires_grad=True)
    >>> bool(gradgradcheck(lambda x: x.sin(), x))
    True
    """
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    wanted = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ArgumentError("gradgradcheck: no input requires gradients; make one with requires_grad=True")
    outputs = [z for z in floating_outputs(func(*arguments), "gradgradcheck") if z.requires_grad]
    if grad_outputs is None:
        drawn = random_seeds([np.zeros(z.shape) for z in outputs], 1)[0]
        seeds = [wrap(backend_of(z._array).asarray(np.array(seed))) for z, seed in zip(outputs, drawn)]
    else:
        seeds = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
        if len(seeds) != len(outputs):
            raise ArgumentError(f"gradgradcheck: {len(seeds)} grad_outputs for {len(outputs)} outputs; give one each")
    seeds = [seed.detach().requires_grad_() for seed in seeds]

    def first(*both: Any) -> Any:
        xs, arrived = both[: len(arguments)], both[len(arguments) :]
        found = [z for z in floating_outputs(func(*xs), "gradgradcheck") if z.requires_grad]
        return grad(found, [xs[i] for i in wanted], arrived, create_graph=True, materialize_grads=True)

    return gradcheck(first, (*arguments, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)


Accused = tuple["Comparison", int, int]  # the output, the input, the element of the output, the element of the input


def _compare_all(
    function: OnArrays,
    arguments: Sequence[Any],
    checked: list[int],
    eps: float,
    limit: Tolerance,
    report: GradcheckReport,
) -> list[Accused]:
    """Compare every derivative; returns those that are wrong, or outside both sides at a corner."""
    rest = function.outputs()
    claims = _Claims(function.func, arguments, checked, report)
    accused: list[Accused] = []
    for i in checked:
        if not np.array_equal(to_host(arguments[i]._array), function.values[i], equal_nan=True):
            report.failures.append(f"the function changed input {i} in place")
        elif claims.usable:
            made = _compare(function, i, rest, claims, eps, limit)
            report.comparisons += made
            accused += [(one, *place) for one in made for place, found in one.findings.items() if found.accused]
    return accused


def _sentence(accused: list[Accused], function: OnArrays, checked: list[int], eps: float, limit: Tolerance) -> None:
    """Drop failures that a corner caused: no single rule is wrong, and next to the corner all is right."""
    if is_a_rule_wrong(lambda: function.func(*function.made({}))):
        for comparison, element, place in accused:
            comparison.findings[element, place] = replace(comparison.findings[element, place], verdict=WRONG)
        return
    moved = {i: nearby(function.values[i], i) for i in checked}
    there = function.made(moved)
    beside, report = OnArrays(function.func, there, "gradcheck"), GradcheckReport()
    still = _compare_all(beside, there, checked, eps, limit, report)
    wrong = {(one.output, one.input, element, place) for one, element, place in still
             if one.findings[element, place].verdict == WRONG}  # fmt: skip
    for comparison, element, place in accused:
        here = (comparison.output, comparison.input, element, place)
        verdict = WRONG if here in wrong else CORNER
        comparison.findings[element, place] = replace(comparison.findings[element, place], verdict=verdict)


def check_repeats(name: str, first: Arrays, again: Arrays) -> None:
    """ArgumentError if two calls with the same inputs gave different results: then it is not a function."""
    for number, (one, other) in enumerate(zip(first, again)):
        if one.shape != other.shape or not np.array_equal(one, other, equal_nan=True):
            raise ArgumentError(
                f"{name}: the function gives a different output {number} each time for the same inputs, so it has no "
                "slope; is there dropout in training, a counter or something random in it? Use eval(), or seed it in "
                "the function"
            )


class _Claims:
    """The Jacobians by backward: per output, d(output)/d(input i) as (elements of the output, elements of the input).

    Each row is computed with two gradients dz, neither of them 1, which exposes a backward that does not multiply by
    dz. `usable` is false if the gradients cannot be compared at all.
    """

    def __init__(
        self, func: Callable[..., Any], arguments: Sequence[Any], checked: list[int], report: GradcheckReport
    ) -> None:
        self.checked, self.report = checked, report
        self.inputs = [arguments[i] for i in checked]
        self.jacobians: list[dict[int, np.ndarray]] = []
        self.second: list[dict[int, np.ndarray]] = []  # the same from the second dz
        outputs = floating_outputs(func(*arguments), "gradcheck")
        self.usable = all(self.add(number, z) for number, z in enumerate(outputs))

    def add(self, number: int, z: Tensor) -> bool:
        """The derivatives of one output; false if its gradients are unusable."""
        rows, second = (
            {i: np.zeros((z._array.size, x._array.size)) for i, x in zip(self.checked, self.inputs)} for _ in range(2)
        )
        self.jacobians.append(rows)
        self.second.append(second)
        if not z.requires_grad:
            return True  # its differences must then be 0
        for element in range(z._array.size):
            for found, seeds in zip((rows, second), random_seeds([np.zeros(1)], 2, element)):
                if not self.fill(found, number, z, element, float(seeds[0][0])):
                    return False
        return all(self.repeats(number, z, seed[0]) for seed in random_seeds([np.zeros(z.shape)], 2))

    def fill(self, rows: dict[int, np.ndarray], number: int, z: Tensor, element: int, dz: float) -> bool:
        """One row of each Jacobian."""
        seed = np.zeros(z.shape)
        seed.flat[element] = dz
        for i, x, g in zip(self.checked, self.inputs, self.gradients(z, seed)):
            if g is None:
                continue
            if (g.shape, g.dtype) != (x.shape, x.dtype):
                name = f"the gradient of input {i} from output {number}"
                self.report.failures.append(f"{name} is {g.dtype} {g.shape}, the input {x.dtype} {x.shape}")
                return False
            rows[i][element] = to_host(g._array).ravel() / dz
        return True

    def repeats(self, number: int, z: Tensor, seed: np.ndarray) -> bool:
        """Whether backward gives the same result twice, with a gradient for every element of the output."""
        first, again = self.gradients(z, seed), self.gradients(z, seed)
        for i, g, repeated in zip(self.checked, first, again):
            if g is None and repeated is None:
                continue
            if (
                g is None
                or repeated is None
                or not np.array_equal(to_host(g._array), to_host(repeated._array), equal_nan=True)
            ):
                self.report.failures.append(
                    f"the gradient of input {i} from output {number} is different when backward runs again: "
                    "it changes what it kept"
                )
                return False
        return True

    def gradients(self, z: Tensor, seed: np.ndarray) -> tuple[Tensor | None, ...]:
        """The input gradients for that gradient of z; None for an input that z does not depend on."""
        dz = wrap(backend_of(z._array).asarray(np.array(seed, z.dtype)))
        return grad(z, self.inputs, dz, retain_graph=True, allow_unused=True)


def _compare(
    function: OnArrays, i: int, rest: Arrays, claims: _Claims, eps: float, limit: Tolerance
) -> list[Comparison]:
    """All elements of input i against all outputs."""
    x = function.values[i]
    probe = Probe(lambda moved: function.outputs({i: moved}), x, rest)
    made = [
        Comparison(number, i, claims.jacobians[number][i], np.zeros((z.size, x.size)), *_masks(z.size, x.size))
        for number, z in enumerate(rest)
    ]
    for place in range(x.size):
        for comparison in made:
            second = claims.second[comparison.output][i][:, place]
            for element in _at_once(probe, comparison, place, second, eps, limit):
                finding = _one_by_one(probe, comparison, place, int(element), second, limit)
                comparison.findings[int(element), place] = finding
        _forgive_infinity(made, place)
    return made


def _forgive_infinity(made: list[Comparison], place: int) -> None:
    """Excuse NaN where another output's slope is infinite: it is 0 · infinity, and not an error."""
    here = [(one, key) for one in made for key in one.findings if key[1] == place]
    if any(one.findings[key].verdict in (EDGE, JUMP) for one, key in here):
        for one, key in here:
            if not np.isfinite(one.yours[key]):
                one.findings[key] = replace(one.findings[key], verdict=EDGE, outside=False)


def _count(comparison: Comparison, x: np.ndarray, z: np.ndarray, report: GradcheckReport) -> None:
    """Add the findings to the report."""
    for (element, place), finding in comparison.findings.items():
        comparison.differences[element, place] = finding.slope
        comparison.right[element, place] = finding.verdict == RIGHT
        comparison.told[element, place] = finding.told
        if finding.verdict != RIGHT:
            _list(comparison, element, place, finding, z, x, report)
    errors = np.abs(comparison.yours - comparison.differences)[comparison.right]
    report.compared += comparison.right.size
    report.told += int(comparison.told.sum())
    report.largest_error = max(report.largest_error, float(np.max(errors, initial=0)))


def _masks(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((rows, columns), bool), np.ones((rows, columns), bool)


def _at_once(
    probe: Probe, comparison: Comparison, place: int, second: np.ndarray, eps: float, limit: Tolerance
) -> np.ndarray:
    """Compare one element of the input with all elements of an output; returns those left undecided."""
    up, above, down, below = probe.changes(place, eps)
    with np.errstate(all="ignore"):
        right, left = above[comparison.output].ravel() / up, below[comparison.output].ravel() / down
        slopes = (left + right) / 2
        slack = limit.atol + limit.rtol * np.abs(slopes)
        claims = comparison.yours[:, place]
        settled = (np.abs(claims - slopes) <= slack) & (np.abs(second - slopes) <= slack)
        settled &= np.abs(right - left) <= limit.atol + 1e-4 * np.abs(slopes)
    comparison.differences[:, place] = slopes
    comparison.right[settled, place] = True
    return np.flatnonzero(~settled)


def _one_by_one(
    probe: Probe, comparison: Comparison, place: int, element: int, second: np.ndarray, limit: Tolerance
) -> Finding:
    """Judge one derivative with steps of all sizes; returns the worse finding of both dz."""
    number = comparison.output
    size = abs(float(probe.rest[number].flat[element]))
    size = size if np.isfinite(size) else 0.0

    def slope_at(h: float) -> Slope:
        up, above, down, below = probe.changes(place, h)
        return Slope.of(h, up, float(above[number].flat[element]), down, float(below[number].flat[element]), size)

    own = float(probe.x.flat[place])
    unit = unit_of(probe.x)
    first = decide(float(comparison.yours[element, place]), slope_at, unit, own, limit)
    if first.verdict == WRONG or second[element] == comparison.yours[element, place]:
        return first
    again = decide(float(second[element]), slope_at, unit, own, limit)
    if first.verdict == RIGHT and again.verdict != RIGHT:
        comparison.yours[element, place] = second[element]
    return again if first.verdict == RIGHT or again.verdict == WRONG else first


def _list(
    comparison: Comparison, element: int, place: int, finding: Finding, z: np.ndarray, x: np.ndarray,
    report: GradcheckReport,
) -> None:  # fmt: skip
    """A line that describes a derivative that is not right."""
    there, here = (tuple(map(int, np.unravel_index(k, a.shape))) for k, a in ((element, z), (place, x)))
    claim = float(comparison.yours[element, place])
    text = (
        f"d output {comparison.output}[{element}] / d input {comparison.input}{list(here)}: backward says {claim:.6g}"
    )
    sides = f"the sides {finding.low:.6g} and {finding.high:.6g}"
    if finding.verdict == WRONG:
        text += f", differences {finding.slope:.6g}" + (f"; {sides}" if finding.outside else "")
        where = (comparison.output, there, comparison.input, here)
        report.failures.append(Failure(*where, claim, finding.slope, text))
    elif finding.verdict == CORNER:
        report.kinks.append(f"{text}, {sides}")
    else:
        report.untold.append(f"{text}; {finding.verdict}")
