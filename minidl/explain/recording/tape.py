"""The recorded pass: operations, leaves, lines, values, checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...engine.function import Function
from ...engine.tensor import Tensor
from .packed import Shapes, part, parts, placed
from .sources import Sources
from .trace import Step
from .values import Values


@dataclass
class Input:
    """One input of an operation: its name there, where it came from, what it held."""

    label: str
    value: int | None
    array: Any  # a copy on the host; a number, or None
    source: int | None  # the operation that made it
    place: int  # which of its outputs
    leaf: int | None  # else its index among the leaves
    wants: bool  # a gradient


@dataclass
class Node:
    """One recorded operation. `gradients` are what its backward sent to each input, as the engine passed it on.

    If it has several outputs, of `shapes`, its `array` and `dz` hold those of all of them, one after another, flat.
    """

    id: int
    function: type[Function]
    name: str
    inputs: list[Input]
    output: int
    array: np.ndarray
    options: dict[str, Any]
    forward_source: int | None
    shapes: Shapes | None = None
    broken: bool = False  # its forward was a seeded mistake
    hooked: bool = False
    backward_source: int | None = None
    dz: np.ndarray | None = None
    gradients: list[np.ndarray | None] = field(default_factory=list)
    arrived: list[tuple[int, int]] = field(default_factory=list)  # (operation, input) that sent a gradient here
    slope_of: int | None = None  # the operation whose backward, recorded itself, this is a part of
    sums: int = 0  # times that the engine added one to what was there
    reached: int = 1  # how many of its outputs a gradient reached

    @property
    def op(self) -> str:
        """The operation's name."""
        return self.function.__name__

    def split(self, flat: np.ndarray) -> list[np.ndarray]:
        """Each output, or what belongs to it, of an array like `array`."""
        return [flat] if self.shapes is None else parts(flat, self.shapes)

    def part(self, flat: np.ndarray, place: int) -> np.ndarray:
        """What belongs to one output."""
        return flat if self.shapes is None else part(flat, self.shapes, place)

    def spread(self, gradient: np.ndarray, place: int) -> np.ndarray:
        """The gradient of one output as one of all: 0 for the others."""
        return gradient if self.shapes is None else placed({place: gradient}, self.shapes, gradient.dtype)


@dataclass
class Leaf:
    """A tensor that no recorded operation made: a parameter, an input, a constant."""

    tensor: Tensor
    name: str | None
    value: int
    array: np.ndarray
    before: np.ndarray | None = None  # what .grad held when the first gradient came
    gradient: np.ndarray | None = None  # what the pass added to .grad
    uses: list[tuple[int, int]] = field(default_factory=list)  # (operation, input)
    verdict: Verdict | None = None


@dataclass
class Event:
    """One line of the walk, and what the engine did after it."""

    phase: str
    node: int
    step: Step
    returned: list[int | None] | None = None
    engine: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Verdict:
    """The verdict of the differences on one gradient.

    `state` is exact (the same up to the rounding of the pass's dtype), approximate, kink (right between the slopes
    of two sides), MISMATCH, or not checked. `analytic`, `numeric` and `torch` hold the `places` (indices into the flat
    gradient) that were compared, or the entire gradient if `places` is None.
    """

    state: str
    checked: str
    analytic: np.ndarray | None = None
    numeric: np.ndarray | None = None
    torch: np.ndarray | None = None
    places: np.ndarray | None = None
    max_difference: float | None = None
    kinks: int = 0
    closeness: str = "exact"  # of the elements not at a kink: exact or approximate
    inherited: bool = False  # what arrived was already wrong; given that, this is right


@dataclass
class Check:
    """The verdict on the gradient sent to one input of an operation, or (input None) on that of its output."""

    node: int
    input: int | None
    verdict: Verdict


@dataclass
class Update:
    """One step of gradient descent, w - rate · dw for every parameter, and the same input once more.

    `losses` and `scores` (of the cross-entropy, if there is one) are for each of the `rates`, which begin at 0;
    `chosen` is the index of the rate to show. `slope` is the sum of all dw²: what a small rate is promised to gain.
    """

    rates: np.ndarray
    losses: np.ndarray
    scores: np.ndarray | None
    chosen: int
    slope: float
    leaves: list[int]  # that are updated
    count: int  # of numbers in them


class Recording:
    """One recorded pass: `nodes` in the order they ran, `leaves`, the lines as `events`, the gradients' `checks`."""

    def __init__(self, title: str = "") -> None:
        self.title, self.model = title, ""
        self.input: str | dict[str, str] = ""  # the input in words, or in words of each language
        self.classes: list[str] | None = None  # what the scores are for; None: they are numbered
        self.values, self.sources = Values(), Sources()
        self.nodes: list[Node] = []
        self.leaves: list[Leaf] = []
        self.events: list[Event] = []
        self.broken: str | None = None
        self.seconds = 0.0
        self.checks: list[Check] = []
        self.loss: float | None = None
        self.update: Update | None = None

    def mismatches(self) -> list[Check]:
        """The checks that failed, the nearest to the loss first."""
        return [check for check in self.checks if check.verdict.state == "MISMATCH"]
