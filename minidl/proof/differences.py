"""Central differences: how a function's outputs change when an input number is moved, in float64.

`numerical_gradient` is the definition of a derivative, taken literally: slow, but it needs no knowledge of the
function. `Probe` gives the slopes on both sides of a point over any distance; `judge.py` decides by them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..dtypes import FLOATING
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError

EPS = float(np.finfo(np.float64).eps)
NOISE = 16 * EPS  # the effect of rounding on an output, relative to its size

Arrays = list[np.ndarray]
Outputs = Callable[[np.ndarray], Arrays]  # from one input of a function to all its outputs


@dataclass(frozen=True)
class Slope:
    """How Σ seed · output changes on either side of a point, over a distance h.

    `low` and `high` bound what backward may say where the sides differ: for each output any slope between its own two
    is right, and these are the sums. `noise` is how far rounding may change `left` and `right`;
    `reach` is the sum of the magnitudes, which scales the rounding of backward where the terms cancel. `hidden` is the
    noise that numbers of size 1 inside the function would make, like the 1 + 1e-7 in the logarithm of a small loss.
    """

    h: float
    left: float
    right: float
    low: float
    high: float
    noise: float
    reach: float
    hidden: float = 0.0

    @classmethod
    def of(cls, h: float, up: float, more: float, down: float, less: float, size: float) -> Slope:
        """The slopes of a single number of that size, which changed by `more` over `up` and by `less` over `down`."""
        if not up or not down:
            return cls(h, np.nan, np.nan, np.nan, np.nan, np.inf, np.nan)  # the step is lost in rounding
        left, right = less / down + 0.0, more / up + 0.0  # avoids a negative zero
        low, high, hidden = min(left, right), max(left, right), NOISE / min(up, -down)
        return cls(h, left, right, low, high, hidden * size, abs(left + right) / 2, hidden)

    @property
    def centre(self) -> float:
        """The central difference."""
        return (self.left + self.right) / 2

    @property
    def gap(self) -> float:
        """How much the two sides differ."""
        return self.high - self.low

    @property
    def finite(self) -> bool:
        """Whether both sides are numbers."""
        return bool(np.isfinite(self.left) and np.isfinite(self.right))


class Probe:
    """Moves an array along a direction, or one of its elements, and keeps the resulting changes."""

    def __init__(self, outputs: Outputs, x: np.ndarray, rest: Arrays | None = None) -> None:
        self.outputs, self.x = outputs, x.astype(np.float64)
        self.rest = outputs(self.x.copy()) if rest is None else rest  # the outputs when nothing is moved
        self._kept: dict[tuple[int | bytes, float], tuple[float, Arrays, float, Arrays]] = {}

    def size(self, seeds: Sequence[Any]) -> float:
        """Σ |seed · output|, which scales the rounding."""
        products = [np.abs(seed * z) for seed, z in zip(seeds, self.rest)]
        return sum(float(product[np.isfinite(product)].sum()) for product in products)

    def changes(self, direction: int | np.ndarray, h: float) -> tuple[float, Arrays, float, Arrays]:
        """The actual distance of a move by h, and the change of each output; the same for -h."""
        key = (direction if isinstance(direction, int) else direction.tobytes(), h)
        if key not in self._kept:
            if key[0] not in {known[0] for known in self._kept}:
                self._kept.clear()  # one place at a time
            self._kept[key] = (*self._moved(direction, h), *self._moved(direction, -h))
        return self._kept[key]

    def _moved(self, direction: int | np.ndarray, by: float) -> tuple[float, Arrays]:
        moved = self.x.copy()
        if isinstance(direction, int):
            moved.flat[direction] += by
            distance = float(moved.flat[direction] - self.x.flat[direction])  # the step that remains after rounding
        else:
            moved += by * direction
            distance = by
        return distance, [_change(now, before) for now, before in zip(self.outputs(moved), self.rest)]

    def slope(self, direction: int | np.ndarray, h: float, seeds: Sequence[Any], size: float) -> Slope:
        """The slopes of Σ seed · output along a direction, `size` being that of its outputs."""
        up, above, down, below = self.changes(direction, h)
        if not up or not down:
            return Slope(h, np.nan, np.nan, np.nan, np.nan, np.inf, np.nan)  # the step is lost in rounding
        left = right = low = high = reach = 0.0
        for seed, more, less in zip(seeds, above, below):
            after, before = _product(seed, more) / up, _product(seed, less) / down
            right += float(after.sum())
            left += float(before.sum())
            low += float(np.minimum(before, after).sum())
            high += float(np.maximum(before, after).sum())
            reach += float(np.abs(before + after).sum()) / 2
        nearer = min(up, -down)
        hidden = NOISE * max((float(np.max(np.abs(seed), initial=0)) for seed in seeds), default=0.0) / nearer
        return Slope(h, left, right, low, high, NOISE * size / nearer, reach, hidden)


def _change(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """now - before, with 0 for infinities and NaN that stay the same."""
    change = np.asarray(now - before, np.float64)
    odd = ~np.isfinite(change)
    if odd.any():
        change[odd & ((now == before) | (np.isnan(now) & np.isnan(before)))] = 0
    return change


def _product(seed: Any, change: np.ndarray) -> np.ndarray:
    """seed · change, with 0 where nothing changes, whatever the seed is there."""
    return np.where(change == 0, 0.0, seed * change)


def unit_of(x: np.ndarray) -> float:
    """The scale of steps: the largest number of an array, within reason."""
    finite = np.abs(x[np.isfinite(x)])
    return float(np.clip(np.max(finite, initial=0) or 1.0, 1e-3, 1e3))


def numerical_gradient(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    *,
    eps: float = 1e-6,
) -> tuple[Tensor, ...]:
    """The gradients of `func(*inputs)` by central differences, (f(x + eps) - f(x - eps)) / 2 eps, in float64.

    Args:
        func: returns a tensor or several; it must give the same result for the same inputs.
        inputs: the arguments of `func`, which gets float64 copies of floating tensors, and the rest unchanged.
        grad_outputs: dL/dz per output, of its shape; 1 by default, as if the outputs were summed.

    Returns one float64 tensor per floating tensor among the inputs, in their order and of their shapes. The inputs are
    left unchanged. Raises `ArgumentError` if none is floating or eps is not positive, `ShapeError` for a gradient of
    another shape.

    >>> import minidl
    >>> numerical_gradient(lambda x: x * x, minidl.tensor([1.0, 3.0]))
    (tensor([2.0000, 6.0000], dtype=minidl.float64),)
    """
    if not eps > 0 or not np.isfinite(eps):
        raise ArgumentError(f"numerical_gradient: eps must be a positive number; got {eps!r}")
    arguments = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    floating = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.dtype in FLOATING]
    if not floating:
        raise ArgumentError("numerical_gradient: no input is a floating tensor")
    function = OnArrays(func, arguments, "numerical_gradient")
    seeds = _seeds(grad_outputs, function.outputs())
    found = []
    for i in floating:
        x = function.values[i]
        gradient = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            above, below = (function.outputs({i: _moved(x, place, by)}) for by in (eps, -eps))
            with np.errstate(invalid="ignore", over="ignore"):
                gradient[place] = sum(float((s * (a - b)).sum()) for s, a, b in zip(seeds, above, below)) / (2 * eps)
        found.append(wrap(backend_of(arguments[i]._array).asarray(gradient)))
    return tuple(found)


def _moved(x: np.ndarray, place: tuple[int, ...], by: float) -> np.ndarray:
    moved = x.copy()
    moved[place] += by
    return moved


def _seeds(grad_outputs: Any, outputs: Arrays) -> Arrays:
    if grad_outputs is None:
        return [np.ones(z.shape) for z in outputs]
    given = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
    if len(given) != len(outputs):
        raise ArgumentError(f"numerical_gradient: {len(outputs)} outputs but {len(given)} grad_outputs; give one each")
    seeds = [np.ones(z.shape) if s is None else to_host(s._array).astype(np.float64) for s, z in zip(given, outputs)]
    for number, (seed, z) in enumerate(zip(seeds, outputs)):
        if seed.shape != z.shape:
            raise ShapeError(
                f"numerical_gradient: grad_outputs[{number}] has shape {seed.shape}, the output has {z.shape}"
            )
    return seeds


class OnArrays:
    """A function of tensors as one of float64 NumPy arrays; `values` are its arguments in that form."""

    def __init__(self, func: Callable[..., Any], arguments: Sequence[Any], name: str) -> None:
        self.func, self.arguments, self.name = func, tuple(arguments), name
        self.values = [
            to_host(x._array).astype(np.float64 if x.dtype in FLOATING else x.dtype) if isinstance(x, Tensor) else x
            for x in self.arguments
        ]

    def outputs(self, moved: dict[int, np.ndarray] | None = None) -> Arrays:
        """The floating outputs, with some arguments replaced."""
        return [
            to_host(z._array).astype(np.float64)
            for z in floating_outputs(self.func(*self.made(moved or {})), self.name)
        ]

    def made(self, moved: dict[int, np.ndarray]) -> list[Any]:
        """Fresh arguments for one call, with the same requirements for gradients."""
        made: list[Any] = []
        for i, (x, value) in enumerate(zip(self.arguments, self.values)):
            if not isinstance(x, Tensor):
                made.append(x)
                continue
            copy = wrap(backend_of(x._array).asarray(np.array(moved.get(i, value))))
            made.append(copy.requires_grad_() if x.requires_grad else copy)
        return made


def floating_outputs(result: Any, name: str) -> list[Tensor]:
    """The floating tensors among what a function returned."""
    items = list(result) if isinstance(result, tuple | list) else [result]
    for z in items:
        if not isinstance(z, Tensor):
            raise DtypeError(f"{name}: the function must return tensors; got {type(z).__name__}")
    return [z for z in items if z.dtype in FLOATING]
