"""The exercises in order of difficulty, one file each."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

from .....errors import ArgumentError
from ..exercise import Exercise

NAMES = (
    "add", "mul", "broadcast", "relu", "sigmoid", "tanh", "matmul", "linear", "mse", "softmax", "cross_entropy",
    "max_pool2d", "conv2d", "batch_norm", "attention", "lstm_step",
)  # fmt: skip


class UnknownExerciseError(ArgumentError):
    """There is no exercise of that name."""


def find(name: str) -> Exercise:
    """The exercise of that name (- and _ are the same). Raises `UnknownExerciseError`."""
    known = name.replace("-", "_").lower()
    if known not in NAMES:
        near = get_close_matches(known, NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
        raise UnknownExerciseError(f"there is no exercise {name!r}; {hint}")
    return import_module(f".{known}", __package__).EXERCISE
