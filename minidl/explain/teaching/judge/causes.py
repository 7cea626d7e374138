"""Why an answer is wrong, where its numbers say so.

A cause is named only if it explains all numbers of a gradient in all cases: they are exactly those that the mistake
makes, so that its correction makes them right. An exercise knows its own mistakes; those of this file can be made in
any.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import permutations

import numpy as np

from .compare import Row, row_of
from .exercise import Array, Exercise, Mistake, Words
from .words import CAUSES

RTOL, ATOL = 1e-3, 1e-5
Rows = dict[str, list[Row]]
Holes = dict[str, str]


@dataclass(frozen=True)
class Cause:
    """A likely cause: its key, the results that it explains, words with holes, and what fills them."""

    key: str
    names: tuple[str, ...]
    says: Words
    holes: Holes = field(default_factory=dict)

    def text(self, lang: str) -> str:
        """The cause in one sentence."""
        return self.says[lang].format(**self.holes)


def find(exercise: Exercise, rows: Rows, wrong: Sequence[str]) -> list[Cause]:
    """The causes of the results that are wrong; each result has one at most, and some have none that is known."""
    found = _own(exercise, rows, wrong)
    rest = [name for name in wrong if not any(name in cause.names for cause in found)]
    if rest and (swapped := _swapped(exercise, rows)) is not None:
        return [swapped]
    common: dict[tuple[str, str], Cause] = {}
    for name in rest:
        if (cause := _common(exercise, name, rows[name])) is not None:
            key = (cause.key, cause.text("en"))
            names = (*common[key].names, name) if key in common else (name,)
            common[key] = Cause(cause.key, names, cause.says, cause.holes)
    return [*found, *common.values()]


def of_raising(exercise: Exercise, rows: Rows, number: int) -> list[Cause]:
    """The cause of an exception in that case: a mistake that makes the numbers of those before, and fails there too."""
    wrong = [name for name, some in rows.items() if any(row.wrong for row in some)]
    found = _own(exercise, rows, wrong)
    return [cause for cause in found if _made(exercise.mistakes[cause.key], exercise, number) is None]


def equal(a: Array, b: Array, told: Array | None = None) -> bool:
    """Whether two arrays are the same numbers, up to the rounding of float32; NaN is equal to NaN."""
    if a.shape != b.shape:
        return False
    with np.errstate(invalid="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        scale = float(np.max(np.abs(b[np.isfinite(b)]), initial=0))
        same |= np.abs(a - b) <= RTOL * np.abs(b) + ATOL * scale
    return bool((same if told is None else same | ~told).all())


def explains(rows: Sequence[Row], candidates: Sequence[Array]) -> bool:
    """Whether a result is that of a mistake in all cases.

    Where several answers are right, at a corner, the two may be different ones of them, if the mistake shows elsewhere.
    """
    pairs = list(zip(rows, candidates))
    if all(equal(row.yours, made) for row, made in pairs):
        return True
    if any(row.told.shape != made.shape for row, made in pairs):
        return False
    shows = any(not equal(made, row.wanted, row.told) for row, made in pairs)
    return shows and all(_alike(row, made) for row, made in pairs)


def _alike(row: Row, made: Array) -> bool:
    """Whether a row is what the mistake makes, but for corners where it is right."""
    loose = row.wrong is None or row.wrong.kind == "number"
    return equal(row.yours, made, row.told | row.bad if loose else None)


def _own(exercise: Exercise, rows: Rows, wrong: Sequence[str]) -> list[Cause]:
    """The exercise's own mistakes that make these numbers, those that explain most results first."""
    explained = {key: _explained(exercise, mistake, rows, wrong) for key, mistake in exercise.mistakes.items()}
    found: list[Cause] = []
    rest = set(wrong)
    for key in sorted(explained, key=lambda key: -len(explained[key])):
        if names := tuple(name for name in explained[key] if name in rest):
            found.append(Cause(key, names, exercise.mistakes[key].says))
            rest -= set(names)
    return found


def _explained(exercise: Exercise, mistake: Mistake, rows: Rows, wrong: Sequence[str]) -> list[str]:
    """The results that a mistake explains."""
    some = next(iter(rows.values()), [])
    made = [one for row in some if (one := _made(mistake, exercise, row.number)) is not None]
    if not made or len(made) < len(some):
        return []
    return [name for name in wrong if name in made[0] and explains(rows[name], [one[name] for one in made])]


def _made(mistake: Mistake, exercise: Exercise, number: int) -> dict[str, Array] | None:
    """The gradients that a mistake makes in a case; None where its shapes do not fit."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mean of no rows
            found = mistake.wrong(*exercise.given(number))
    except ValueError:
        return None
    return {name: np.asarray(gradient, np.float64) for name, gradient in found.items()}


def _common(exercise: Exercise, name: str, rows: list[Row]) -> Cause | None:
    """The mistake that can be made in any exercise and makes these numbers."""
    for key, holes_of in COMMON.items():
        if (holes := holes_of(exercise, name, rows)) is not None:
            return Cause(key, (name,), CAUSES[key], holes)
    return None


def _is(change: Callable[[Array], Array]) -> Callable[[Exercise, str, list[Row]], Holes | None]:
    """The mistake that puts `change` of the right numbers in their place."""

    def holes(exercise: Exercise, name: str, rows: list[Row]) -> Holes | None:
        return {} if explains(rows, [change(row.wanted) for row in rows]) else None

    return holes


def _restored(back: Callable[[Row], Array | None]) -> Callable[[Exercise, str, list[Row]], Holes | None]:
    """The mistake whose correction, `back`, makes everything right."""

    def holes(exercise: Exercise, name: str, rows: list[Row]) -> Holes | None:
        if not corrects(exercise, name, rows, back):
            return None
        first = next(row for row in rows if row.wrong is not None)
        return {"got": str(first.yours.shape), "wanted": str(first.wanted.shape)}

    return holes


def corrects(exercise: Exercise, name: str, rows: list[Row], back: Callable[[Row], Array | None]) -> bool:
    """Whether a result is right in all cases after a correction."""
    made = [(row.number, back(row)) for row in rows]
    return all(x is not None and row_of(exercise, number, name, x).wrong is None for number, x in made)


def _transposed(row: Row) -> Array | None:
    return None if row.yours.ndim < 2 else row.yours.swapaxes(-1, -2)


def _summed(row: Row) -> Array | None:
    """The answer summed over the axes that the right one lacks, or has with length 1."""
    extra = row.yours.ndim - row.wanted.ndim
    if extra < 0:
        return None
    summed = row.yours.sum(axis=tuple(range(extra)))
    axes = tuple(i for i, length in enumerate(row.wanted.shape) if length == 1)
    return summed.sum(axis=axes, keepdims=True)


def _reshaped(row: Row) -> Array | None:
    return row.yours.reshape(row.wanted.shape) if row.yours.size == row.wanted.size else None


def _with_seeds(change: Callable[[Array], Array]) -> Callable[[Exercise, str, list[Row]], Holes | None]:
    """The mistake that takes something else for the gradients that arrive."""

    def holes(exercise: Exercise, name: str, rows: list[Row]) -> Holes | None:
        if name not in exercise.gradients:
            return None
        which = exercise.gradients.index(name)
        made = [exercise.right(row.number, [change(s) for s in exercise.seeds(row.number)])[which] for row in rows]
        return {"arrives": ", ".join("d" + one for one in exercise.outputs)} if explains(rows, made) else None

    return holes


def _only(row: int) -> Callable[[Array], Array]:
    """What arrives at one row of the batch; 0 for the others."""

    def change(seed: Array) -> Array:
        kept = np.zeros(seed.shape)
        if seed.ndim and len(seed):
            kept[row] = seed[row]
        return seed if not seed.ndim else kept

    return change


def _handed_on(exercise: Exercise, name: str, rows: list[Row]) -> Holes | None:
    """dz itself, without the local derivative."""
    seeds = [exercise.seeds(row.number) for row in rows]
    if name not in exercise.gradients or len(seeds[0]) != 1 or not explains(rows, [one[0] for one in seeds]):
        return None
    return {}


def _factor(exercise: Exercise, name: str, rows: list[Row]) -> Holes | None:
    """The same factor everywhere: a number, or one of the sizes."""
    factors: dict[int, float] = {}
    for row in rows:
        if row.yours.shape != row.wanted.shape:
            return None
        yours, wanted = row.yours[row.told], row.wanted[row.told]
        if np.any(wanted):
            factors[row.number] = float((yours * wanted).sum() / (wanted * wanted).sum())
    if not factors or not np.isfinite(list(factors.values())).all():
        return None
    if 0 in factors.values() or not corrects(
        exercise, name, rows, lambda row: row.yours / factors.get(row.number, 1.0)
    ):
        return None
    return _named(factors, {number: exercise.cases[number].sizes for number in factors})


def _named(factors: dict[int, float], sizes: dict[int, dict[str, int]]) -> Holes | None:
    """The factor in words: a constant, or a size that is that of all cases."""
    first = next(iter(factors.values()))
    if all(np.isclose(f, first, rtol=RTOL) for f in factors.values()):
        return {"factor": _constant(first)}
    for name in set.intersection(*(set(one) for one in sizes.values())):
        for times, text in ((1, "{k}{n}"), (-1, "{k}/{n}")):
            rest = [f / float(sizes[number][name]) ** times for number, f in factors.items() if sizes[number][name]]
            if len(rest) > 1 and np.allclose(rest, rest[0], rtol=RTOL):
                return {"factor": _product(rest[0], name, text)}
    return None


def _constant(factor: float) -> str:
    """A factor in few letters.

    >>> _constant(2.0), _constant(0.5), _constant(-0.333333)
    ('2', '1/2', '-1/3')
    """
    for below in range(1, 13):
        if abs(factor * below - round(factor * below)) < RTOL and round(factor * below):
            return f"{round(factor * below)}" + (f"/{below}" if below > 1 else "")
    return f"{factor:.4g}"


def _product(constant: float, name: str, text: str) -> str:
    shown = _constant(constant)
    if text.startswith("{k}/"):
        below = f"({name})" if "·" in name else name
        return f"{shown}/{below}" if "/" not in shown else f"{shown} / {below}"
    return name if shown == "1" else f"-{name}" if shown == "-1" else f"{shown}·{name}"


def _swapped(exercise: Exercise, rows: Rows) -> Cause | None:
    """The right gradients in another order."""
    names = exercise.gradients
    if not all(name in rows for name in names) or not any(row.wrong for name in names for row in rows[name]):
        return None

    @cache
    def fits(name: str, other: str) -> bool:
        """Whether what stands in the place of `other` is right as `name`."""
        return all(row_of(exercise, row.number, name, row.yours).wrong is None for row in rows[other])

    for order in permutations(names):
        if all(map(fits, names, order)):
            moved = tuple(name for name, other in zip(names, order) if name != other)
            return Cause("swapped", moved, CAUSES["swapped"], {"order": ", ".join(names)})
    return None


COMMON: dict[str, Callable[[Exercise, str, list[Row]], Holes | None]] = {
    "zeros": _is(np.zeros_like),
    "sign": _restored(lambda row: -row.yours),
    "dz_forgotten": _with_seeds(np.ones_like),
    "transposed": _restored(_transposed),
    "shape": _restored(_reshaped),
    "not_summed": _restored(_summed),
    "handed_on": _handed_on,
    "last_row": _with_seeds(_only(-1)),
    "first_row": _with_seeds(_only(0)),
    "whole_numbers": _is(np.trunc),
    "factor": _factor,
}
REMEMBERS = Cause("remembers", (), CAUSES["remembers"])
