"""Seeded mistakes: a wrong rule in the place of a right one, for as long as a `with` block lasts.

>>> import minidl
>>> from minidl.explain import breaks, record
>>> x = minidl.tensor([1.0, 2.0], requires_grad=True)
>>> with breaks.broken("tanh-not-squared"), record() as tape:
...     minidl.tanh(x).sum().backward()
>>> [(tape.nodes[check.node].op, check.input) for check in tape.checks if check.verdict.state == "MISMATCH"]
[('Tanh', 0)]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..engine import backward as engine
from ..engine.function import Function
from ..errors import ArgumentError
from ..ops.activation import Relu, Tanh
from ..ops.conv import Conv2d
from ..ops.loss.classification import CrossEntropy
from ..ops.pool import MaxPool2d
from . import mistakes


@dataclass(frozen=True)
class Break:
    """One mistake: what is replaced by what, what it is in words, and in which example pass it can be seen."""

    name: str
    owner: Any
    attribute: str
    replacement: Any
    says: str
    example: str = "lecture"


BREAKS = {
    found.name: found
    for found in (
        Break(
            "grad-assigned-not-accumulated", engine, "_add", mistakes.assigned,
            "a tensor is used twice, and the second gradient takes the place of the first", "residual",
        ),
        Break(
            "broadcast-sum-forgotten", engine, "sum_to", mistakes.cut_to,
            "a bias serves every row, but its gradient is that of the first row only", "biased",
        ),
        Break(
            "conv-kernel-not-flipped", Conv2d, "backward", mistakes.ConvKernelNotFlipped.backward,
            "the gradient goes back through the kernel the wrong way round",
        ),
        Break(
            "softmax-global-max", CrossEntropy, "forward", mistakes.SoftmaxGlobalMax.forward,
            "softmax subtracts the largest score of the batch, not of the row", "bright",
        ),
        Break(
            "wrong-order", engine, "_consumers", mistakes.impatient,
            "backward does not wait for all that used a result", "residual",
        ),
        Break(
            "gradient-shared", engine, "_add", mistakes.shared,
            "one array is the gradient of two tensors, and is added to in place", "twice",
        ),
        Break(
            "relu-mask-of-gradient", Relu, "backward", mistakes.ReluMaskOfGradient.backward,
            "relu looks at the sign of the gradient, not of its input",
        ),
        Break(
            "pool-to-every-tap", MaxPool2d, "backward", mistakes.PoolToEveryTap.backward,
            "max pooling hands its gradient to all pixels of the window, not to the largest",
        ),
        Break(
            "tanh-not-squared", Tanh, "backward", mistakes.TanhNotSquared.backward,
            "the derivative of tanh is taken for 1 - z", "residual",
        ),
        Break(
            "loss-not-averaged", CrossEntropy, "backward", mistakes.LossNotAveraged.backward,
            "the loss is a mean over the batch, but its gradient is not divided by the batch's size", "biased",
        ),
    )
}  # fmt: skip

_active: list[tuple[Break, Any]] = []  # with what each replaced


@contextmanager
def broken(name: str) -> Iterator[Break]:
    """Put the mistake of that name in place. ArgumentError if there is none, or one is in place already."""
    if name not in BREAKS:
        raise ArgumentError(f"there is no mistake {name!r}; there are: {', '.join(BREAKS)}")
    if _active:
        raise ArgumentError(f"the mistake {_active[0][0].name!r} is in place already; one at a time")
    found = BREAKS[name]
    original = getattr(found.owner, found.attribute)
    _active.append((found, original))
    setattr(found.owner, found.attribute, found.replacement)
    try:
        yield found
    finally:
        _active.pop()
        setattr(found.owner, found.attribute, original)


@contextmanager
def mended() -> Iterator[None]:
    """Within it the right rule is back, so that a broken pass can be held against it."""
    for found, original in _active:
        setattr(found.owner, found.attribute, original)
    try:
        yield
    finally:
        for found, _ in _active:
            setattr(found.owner, found.attribute, found.replacement)


def active() -> str | None:
    """The name of the mistake that is in place."""
    return _active[0][0].name if _active else None


def breaks_forward(function: type[Function]) -> bool:
    """Whether the mistake that is in place is in this operation's forward."""
    return any(found.attribute == "forward" and issubclass(function, found.owner) for found, _ in _active)
