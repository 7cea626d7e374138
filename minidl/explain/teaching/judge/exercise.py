"""What an exercise is: a forward that is given, a backward to be written, the cases it is judged on, known mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ....proof.judge import random_seeds

Array = np.ndarray
Arrays = list[Array]
Words = dict[str, str]  # in each language


@dataclass(frozen=True)
class Case:
    """One set of arguments for the forward, and what is special about it.

    `sizes` are the numbers by which an answer may be too large or too small, such as the batch size N. `together`:
    some numbers are equal, so that differences decide only if all are moved together.
    """

    says: Words
    inputs: tuple[Any, ...]
    sizes: dict[str, int] = field(default_factory=dict)
    together: bool = False


@dataclass(frozen=True)
class Mistake:
    """A common mistake: what it is, and the gradients that it makes, by name, from the arguments of backward."""

    says: Words
    wrong: Callable[..., dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Exercise:
    """A forward, and the backward that the student writes.

    `backward` is the model answer; `twin`, if there is one, takes the same arguments and is the mathematics in plain
    loops. The parameters of `backward` name what it is given: a gradient that arrives (d and the name of an output), an
    input of `forward` or an output. It returns `gradients`, each named d and the name of an input.
    """

    name: str
    title: Words
    says: Words
    shapes: str
    hints: tuple[Words, Words]
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    gradients: tuple[str, ...]
    cases: tuple[Case, ...]
    mistakes: dict[str, Mistake]
    outputs: tuple[str, ...] = ("z",)
    twin: Callable[..., Any] | None = None

    @cached_property
    def inputs(self) -> list[str]:
        """The names of the forward's arguments."""
        return list(inspect.signature(self.forward).parameters)

    @cached_property
    def arguments(self) -> list[str]:
        """The names of the backward's arguments."""
        return list(inspect.signature(self.backward).parameters)

    def results(self, inputs: Sequence[Any]) -> Arrays:
        """The outputs of the forward."""
        return listed(self.forward(*inputs))

    def seeds(self, number: int) -> Arrays:
        """The gradients that arrive at the outputs in a case: of both signs, never 0 or 1."""
        drawn = random_seeds(self.results(self.cases[number].inputs), 1, number)[0]
        return [np.asarray(seed) for seed in drawn]

    def given(self, number: int, seeds: Sequence[Array] | None = None) -> list[Any]:
        """The arguments of backward in a case, as copies; `seeds` replace the gradients that arrive."""
        inputs = self.cases[number].inputs
        known: dict[str, Any] = dict(zip(self.inputs, inputs))
        known.update(zip(self.outputs, self.results(inputs)))
        known.update(zip(("d" + name for name in self.outputs), self.seeds(number) if seeds is None else seeds))
        return copied([known[name] for name in self.arguments])

    def right(self, number: int, seeds: Sequence[Array] | None = None) -> Arrays:
        """The right gradients in a case."""
        return listed((self.twin or self.backward)(*self.given(number, seeds)))


def listed(returned: Any) -> Arrays:
    """What a function of ours returned, as a list of float64 arrays."""
    parts = returned if isinstance(returned, tuple) else (returned,)
    return [np.asarray(part, np.float64) for part in parts]


def copied(arguments: Sequence[Any]) -> list[Any]:
    """The same arguments with arrays of their own."""
    return [np.array(x) if isinstance(x, np.ndarray) else x for x in arguments]


class Draw:
    """Numbers for cases: with two digits, so that they can be read, and the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> Array:
        """Of both signs, none of them 0."""
        sizes = self.random.integers(20, 200, shape) / 100
        return np.asarray(sizes * self.random.choice([-1.0, 1.0], shape), np.float64)

    def distinct(self, *shape: int) -> Array:
        """No two of them nearer than 0.1, so that there is one largest."""
        count = int(np.prod(shape))
        return (self.random.permutation(count).reshape(shape) - count // 2) / 10 + 0.05
