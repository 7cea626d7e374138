"""Seeded mistakes: a wrong rule instead of a right one, for as long as a `with` block lasts.

>>> import minidl
>>> from minidl.explain import record
>>> from minidl.explain.teaching import breaks
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

from ...engine import backward as engine
from ...errors import ArgumentError
from ...nn.recompute import Region
from ...ops.activation import Relu, Tanh
from ...ops.conv import Conv2d
from ...ops.loss.classification import CrossEntropy
from ...ops.pool import MaxPool2d
from ..recording.replaced import Replacement, active, repaired, replaced
from . import mistakes

__all__ = ["BREAKS", "Break", "active", "broken", "repaired"]


@dataclass(frozen=True)
class Break(Replacement):
    """One mistake: what replaces what, a description, and the example pass in which it can be seen."""

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
            "tanh-not-squared", Tanh, "slope", mistakes.TanhNotSquared.slope,
            "the derivative of tanh is taken for 1 - z", "residual",
        ),
        Break(
            "loss-not-averaged", CrossEntropy, "backward", mistakes.LossNotAveraged.backward,
            "the loss is a mean over the batch, but its gradient is not divided by the batch's size", "biased",
        ),
        Break(
            "mask-drawn-anew", Region, "same_random_numbers", mistakes.drawn_anew,
            "a checkpoint computes dropout a second time, with another mask than the first", "checkpointed",
        ),
    )
}  # fmt: skip


@contextmanager
def broken(name: str) -> Iterator[Break]:
    """Put the mistake of that name in place. ArgumentError if there is none, or one is in place already."""
    if name not in BREAKS:
        raise ArgumentError(f"there is no mistake {name!r}; use one of {', '.join(BREAKS)}")
    with replaced(BREAKS[name]):
        yield BREAKS[name]
