"""Pen-and-paper exercises: small whole numbers through two or three operations and back, answered by the engine.

The same seed gives the same exercise. Numbers are drawn until the answers are whole or halves, and nothing sits
on a kink (relu at 0, two largest values in one window).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.tensor import Tensor, wrap
from ...nn import functional as F
from ...ops.arithmetic import add, mul, square, sub
from ...ops.linalg import matmul
from ...ops.reduce import mean, sum
from ...ops.shape import reshape
from ..views.mathml import mathml

LARGEST = 60  # the largest answer allowed
TRIES = 10_000


@dataclass
class Exercise:
    """The given tensors, the tensors to be computed from them with their formulas, and the gradients with theirs.

    `smooth` says whether the numbers stay clear of every kink.
    """

    given: dict[str, Tensor]
    forward: list[tuple[str, str, Tensor]]
    backward: list[tuple[str, str, Tensor]]
    smooth: bool = True


class Draw:
    """Small whole numbers as tensors."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape: int, low: int = -3, high: int = 3, wants: bool = True) -> Tensor:
        numbers = self.random.integers(low, high + 1, shape).astype(np.float32)
        return wrap(numbers).requires_grad_(wants)


def worksheet(seed: int) -> dict[str, Any]:
    """The exercise of that seed: the given tensors, and each question with its answer.

    >>> sheet = worksheet(0)
    >>> sorted(sheet), sheet["questions"][0]["phase"]
    (['given', 'questions', 'seed'], 'forward')
    """
    draw = Draw(seed)
    make = RECIPES[seed % len(RECIPES)]
    for _ in range(TRIES):
        exercise = make(draw)
        for _, _, made in exercise.forward:
            made.retain_grad()
        exercise.forward[-1][2].backward()
        if exercise.smooth and _is_easy(exercise):
            return _as_dict(seed, exercise)
    raise AssertionError(f"no easy numbers for worksheet {seed}")


def _layer(draw: Draw) -> Exercise:
    """A layer with relu and a squared error."""
    x, w, b, t = draw(1, 2), draw(2, 2), draw(2), draw(1, 2, wants=False)
    z = add(matmul(x, w), b)
    h = F.relu(z)
    loss = mean(square(sub(h, t)))
    return Exercise(
        {"x": x, "W": w, "b": b, "t": t},
        [("z", "z = x W + b", z), ("h", "h = max(z, 0)", h), ("L", "L = mean((h - t)²)", loss)],
        [
            ("dh", "dh = 2 (h - t) / 2", h), ("dz", "dz = dh where z > 0, else 0", z), ("dW", "dW = xᵀ dz", w),
            ("db", "db = dz", b), ("dx", "dx = dz Wᵀ", x),
        ],
        smooth=bool((z._array != 0).all() and (z._array > 0).any()),
    )  # fmt: skip


def _convolution(draw: Draw) -> Exercise:
    """A kernel that slides over a small image, relu, a weighted sum."""
    x, w, t = draw(3, 3, low=-2), draw(2, 2, low=-2, high=2), draw(2, 2, low=1, wants=False)
    z = reshape(F.conv2d(reshape(x, (1, 1, 3, 3)), reshape(w, (1, 1, 2, 2))), (2, 2))
    h = F.relu(z)
    loss = sum(mul(t, h))
    return Exercise(
        {"x": x, "w": w, "t": t},
        [("z", "z[p,q] = Σ_ij w[i,j] · x[p+i,q+j]", z), ("h", "h = max(z, 0)", h), ("L", "L = Σ t · h", loss)],
        [
            ("dh", "dh = t", h), ("dz", "dz = dh where z > 0, else 0", z),
            ("dw", "dw[i,j] = Σ_pq x[p+i,q+j] · dz[p,q]", w), ("dx", "dx[h,v] = Σ_ij w[i,j] · dz[h-i,v-j]", x),
        ],
        smooth=bool((z._array != 0).all() and (z._array > 0).sum() >= 2),
    )  # fmt: skip


def _pooling(draw: Draw) -> Exercise:
    """The largest value of each window, times a weight, with a squared error."""
    x, w, t = draw(4, 4, low=-5, high=9), draw(2, 2, low=-2, high=2), draw(2, 2, wants=False)
    p = reshape(F.max_pool2d(reshape(x, (1, 1, 4, 4)), 2), (2, 2))
    y = mul(p, w)
    loss = sum(square(sub(y, t)))
    windows = x._array.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4)
    tied = (windows == windows.max(axis=1, keepdims=True)).sum(axis=1) > 1
    return Exercise(
        {"x": x, "w": w, "t": t},
        [("p", "p = max of each 2 by 2 window of x", p), ("y", "y = p · w", y), ("L", "L = Σ (y - t)²", loss)],
        [
            ("dy", "dy = 2 (y - t)", y), ("dw", "dw = dy · p", w), ("dp", "dp = dy · w", p),
            ("dx", "dx = dp at the largest of its window, else 0", x),
        ],
        smooth=not bool(tied.any()),
    )  # fmt: skip


def _shared(draw: Draw) -> Exercise:
    """A tensor that is used twice: its gradients add up."""
    a, b, t = draw(3), draw(3), draw(3, wants=False)
    s = mul(a, b)
    u = add(s, a)
    loss = sum(square(sub(u, t)))
    return Exercise(
        {"a": a, "b": b, "t": t},
        [("s", "s = a · b", s), ("u", "u = s + a", u), ("L", "L = Σ (u - t)²", loss)],
        [
            ("du", "du = 2 (u - t)", u), ("ds", "ds = du", s), ("db", "db = ds · a", b),
            ("da", "da = ds · b + du    (a is used twice)", a),
        ],
    )  # fmt: skip


RECIPES: tuple[Callable[[Draw], Exercise], ...] = (_layer, _convolution, _pooling, _shared)


def _is_easy(exercise: Exercise) -> bool:
    """Whether all answers are whole or halves, not too large, and not nearly all 0."""
    answers = [made._array for _, _, made in exercise.forward] + [_gradient(x) for _, _, x in exercise.backward]
    easy = all((2 * answer == np.round(2 * answer)).all() and np.abs(answer).max() <= LARGEST for answer in answers)
    return bool(easy and all(2 * np.count_nonzero(_gradient(x)) >= _least(x) for _, _, x in exercise.backward))


def _least(x: Tensor) -> int:
    """How many of the gradient's elements must not be 0, doubled: half of a small one, a few of an image."""
    return min(x._array.size, 6)


def _gradient(x: Tensor) -> Any:
    assert x.grad is not None
    return x.grad._array


def _as_dict(seed: int, exercise: Exercise) -> dict[str, Any]:
    questions = [("forward", name, plain, made._array) for name, plain, made in exercise.forward]
    questions += [("backward", name, plain, _gradient(x)) for name, plain, x in exercise.backward]
    return {
        "seed": seed,
        "given": [{"name": name, "values": _numbers(x._array)} for name, x in exercise.given.items()],
        "questions": [
            {"phase": phase, "name": name, "plain": plain, "formula": mathml([plain]), "values": _numbers(answer)}
            for phase, name, plain, answer in questions
        ],
    }


def _numbers(array: Any) -> Any:
    """Nested lists, whole numbers as such."""
    if array.ndim == 0:
        number = float(array)
        return int(number) if number.is_integer() else number
    return [_numbers(part) for part in array]
