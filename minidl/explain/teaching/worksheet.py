"""Pen-and-paper exercises: small numbers through two or three operations and back, answered by the engine.

The same seed and level give the same exercise. Numbers are drawn until the answers are easy, and nothing sits on a kink
(relu at 0, two largest values in one window). At level 1 every derivative is given, and only its numbers are asked for;
from level 2 on, the derivative is asked for too. Level 3 has the convolution and the loss of a classifier, level 4 a
network of two layers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError
from ...nn import functional as F
from ...ops.arithmetic import add, mul, square, sub
from ...ops.elementary import log
from ...ops.linalg import matmul
from ...ops.reduce import mean, sum
from ...ops.shape import reshape
from ..views.mathml import mathml

LARGEST = 60  # the largest answer allowed
TRIES = 10_000
HALF, THOUSANDTH = 0.5, 0.001  # what answers are multiples of
DIGITS = 4  # of an answer with a logarithm in it


@dataclass
class Exercise:
    """The given tensors, the tensors to be computed from them with their formulas, and the gradients with theirs.

    `smooth` says whether the numbers stay clear of every kink, `unit` what the answers are multiples of (where it is
    small, the loss has a logarithm in it and may be anything), `known` what else is given, as a formula.
    """

    given: dict[str, Tensor]
    forward: list[tuple[str, str, Tensor]]
    backward: list[tuple[str, str, Tensor]]
    smooth: bool = True
    unit: float = HALF
    known: str = ""

    def answers(self) -> list[Any]:
        """The numbers that must be easy."""
        loss = self.forward[-1][2]
        made = [one for _, _, one in self.forward if one is not loss or self.unit == HALF]
        return [*(one._array for one in made), *(_gradient(x) for _, _, x in self.backward)]


class Draw:
    """Small whole numbers as tensors."""

    def __init__(self, seed: int | tuple[int, int]) -> None:
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape: int, low: int = -3, high: int = 3, wants: bool = True) -> Tensor:
        numbers = self.random.integers(low, high + 1, shape).astype(np.float32)
        return wrap(numbers).requires_grad_(wants)


def worksheet(seed: int, level: int = 1) -> dict[str, Any]:
    """The exercise of that seed: the given tensors, and each question with its answer.

    From level 2 on, a question about a gradient is "asked": its formula is for the answer key. Raises `ArgumentError`
    for a level that is not there.

    >>> sheet = worksheet(0)
    >>> sorted(sheet), sheet["questions"][0]["phase"]
    (['given', 'known', 'level', 'questions', 'seed'], 'forward')
    """
    if level not in LEVELS:
        raise ArgumentError(f"worksheet: level must be one of {', '.join(map(str, LEVELS))}; got {level!r}")
    draw = Draw(seed if level == 1 else (seed, level))
    make = LEVELS[level][seed % len(LEVELS[level])]
    for _ in range(TRIES):
        exercise = make(draw)
        if not exercise.smooth:
            continue
        for made in [made for _, _, made in (*exercise.forward, *exercise.backward) if made.requires_grad]:
            made.retain_grad()
        exercise.forward[-1][2].backward()
        if _is_easy(exercise):
            return _as_dict(seed, level, exercise)
    raise AssertionError(f"no easy numbers for worksheet {seed}, level {level}")


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


def _matmul(draw: Draw) -> Exercise:
    """A product of two matrices, each number weighted."""
    x, y, t = draw(2, 3), draw(3, 2), draw(2, 2, wants=False)
    z = matmul(x, y)
    loss = sum(mul(t, z))
    return Exercise(
        {"x": x, "y": y, "t": t},
        [("z", "z = x y", z), ("L", "L = Σ t · z", loss)],
        [("dz", "dz = t", z), ("dx", "dx = dz yᵀ", x), ("dy", "dy = xᵀ dz", y)],
    )


def _convolution_3x3(draw: Draw) -> Exercise:
    """A kernel of 3 by 3 on an image of 4 by 4."""
    x, w, t = draw(4, 4, low=-2), draw(3, 3, low=-1, high=2), draw(2, 2, low=-2, high=2, wants=False)
    z = reshape(F.conv2d(reshape(x, (1, 1, 4, 4)), reshape(w, (1, 1, 3, 3))), (2, 2))
    loss = sum(mul(t, z))
    return Exercise(
        {"x": x, "w": w, "t": t},
        [("z", "z[p,q] = Σ_ij w[i,j] · x[p+i,q+j]", z), ("L", "L = Σ t · z", loss)],
        [
            ("dz", "dz = t", z), ("dw", "dw[i,j] = Σ_pq x[p+i,q+j] · dz[p,q]", w),
            ("dx", "dx[h,v] = Σ_ij w[i,j] · dz[h-i,v-j]", x),
        ],
    )  # fmt: skip


def _classifier(draw: Draw) -> Exercise:
    """Softmax and cross-entropy: what is given is e^x, so that the probabilities are short decimals."""
    e, t = draw(2, 3, low=1, high=6, wants=False), wrap(draw.random.integers(0, 3, 2))
    h, w = draw(2, 2, wants=False), wrap(np.zeros((2, 3), np.float32)).requires_grad_()
    x = add(log(e), matmul(h, w))  # scores; their W is not told, and its gradient does not depend on it
    loss = F.cross_entropy(x, t)
    return Exercise(
        {"h": h, "exp(x)": e, "t": t},
        [
            ("s", "s[n] = Σ_c exp(x[n,c])", sum(e, 1)), ("p", "p[n,c] = exp(x[n,c]) / s[n]", F.softmax(x, 1)),
            ("L", "L = mean(-log p[n,t[n]])", loss),
        ],
        [("dx", "dx = (p - onehot(t)) / 2", x), ("dW", "dW = hᵀ dx", w)],
        smooth=bool(abs(np.linalg.det(h._array)) > 0.5),
        unit=THOUSANDTH,
        known="x = h W",
    )  # fmt: skip


def _two_layers(draw: Draw) -> Exercise:
    """Two linear layers with relu between them, and a squared error."""
    x, w1, b1 = draw(1, 2, low=-2, high=2), draw(2, 2, low=-2, high=2), draw(2, low=-2, high=2)
    w2, b2, t = draw(2, 1, low=-2, high=2), draw(1), draw(1, 1, wants=False)
    a = add(matmul(x, w1), b1)
    h = F.relu(a)
    y = add(matmul(h, w2), b2)
    loss = sum(square(sub(y, t)))
    return Exercise(
        {"x": x, "W1": w1, "b1": b1, "W2": w2, "b2": b2, "t": t},
        [("a", "a = x W1 + b1", a), ("h", "h = max(a, 0)", h), ("y", "y = h W2 + b2", y), ("L", "L = (y - t)²", loss)],
        [
            ("dy", "dy = 2 (y - t)", y), ("dW2", "dW2 = hᵀ dy", w2), ("db2", "db2 = dy", b2), ("dh", "dh = dy W2ᵀ", h),
            ("da", "da = dh where a > 0, else 0", a), ("dW1", "dW1 = xᵀ da", w1), ("db1", "db1 = da", b1),
            ("dx", "dx = da W1ᵀ", x),
        ],
        smooth=bool((a._array != 0).all() and (a._array > 0).any() and (y._array != t._array).all()),
    )  # fmt: skip


Recipes = tuple[Callable[[Draw], Exercise], ...]
RECIPES: Recipes = (_layer, _convolution, _pooling, _shared)  # of level 1
LEVELS: dict[int, Recipes] = {
    1: RECIPES,
    2: (_matmul, _layer, _pooling, _shared),
    3: (_convolution_3x3, _classifier),
    4: (_two_layers,),
}


def _is_easy(exercise: Exercise) -> bool:
    """Whether all answers are multiples of the unit, not too large, and not nearly all 0."""
    units = [np.asarray(answer, np.float64) / exercise.unit for answer in exercise.answers()]
    easy = all((np.abs(x - np.round(x)) < 1e-3).all() and np.abs(x).max() * exercise.unit <= LARGEST for x in units)
    return bool(easy and all(2 * np.count_nonzero(_gradient(x)) >= _least(x) for _, _, x in exercise.backward))


def _least(x: Tensor) -> int:
    """How many of the gradient's elements must not be 0, doubled: half of a small one, a few of an image."""
    return min(x._array.size, 6)


def _gradient(x: Tensor) -> Any:
    assert x.grad is not None
    return x.grad._array


def _as_dict(seed: int, level: int, exercise: Exercise) -> dict[str, Any]:
    questions = [("forward", name, plain, made._array) for name, plain, made in exercise.forward]
    questions += [("backward", name, plain, _gradient(x)) for name, plain, x in exercise.backward]
    return {
        "seed": seed,
        "level": level,
        "known": exercise.known,
        "given": [{"name": name, "values": _numbers(x._array)} for name, x in exercise.given.items()],
        "questions": [
            {
                "phase": phase, "name": name, "plain": plain, "formula": mathml([plain]), "values": _numbers(answer),
                "asked": level > 1 and phase == "backward",
            }
            for phase, name, plain, answer in questions
        ],
    }  # fmt: skip


def _numbers(array: Any) -> Any:
    """Nested lists, whole numbers as such."""
    if array.ndim == 0:
        number = round(float(array), DIGITS)
        return int(number) if number.is_integer() else number
    return [_numbers(part) for part in array]
