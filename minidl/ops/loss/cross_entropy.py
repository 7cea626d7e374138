"""The loss of the lecture: cross-entropy of scores with labels, softmax and logarithm in one.

`cross_entropy` itself, which checks its arguments and chooses the rule, is in `classification.py`.
"""

from __future__ import annotations

from typing import Any

from ...backend.registry import by_type
from ...engine.function import Function
from ..softmax import softmax_gradient


class CrossEntropy(Function):
    """z = -log softmax(x)[t], averaged over N samples        dx = (softmax(x) - onehot(t)) / N"""

    def forward(self, x: Any, t: Any) -> Any:  # scores (N, C, d1, ...), labels (N, d1, ...)
        x = x - x.max(axis=1, keepdims=True)  # the same softmax, and no exp overflows
        e = self.xp.exp(x)
        total = e.sum(axis=1, keepdims=True)
        self.softmax, self.t = e / total, t
        losses = self.xp.log(total[:, 0]) - x[own_class(t)]  # -log softmax(x)[t]
        return losses.sum() / t.size

    def backward(self, dz: Any) -> Any:
        softmax, t, classes = self.softmax, self.t, self.softmax.shape[1]
        return (softmax - onehot(t, classes)) * (dz / t.size), None

    def backward_softmax(self, ds: Any) -> Any:  # for second derivatives: what reaches self.softmax goes on to x
        return softmax_gradient(self.softmax, ds, 1), None


def onehot(t: Any, classes: int) -> Any:
    """1 at each label, 0 elsewhere (as bool, a byte each): (N, C, d1, ...) for labels t (N, d1, ...)."""
    ones = by_type[type(t)].xp.zeros((t.shape[0], classes, *t.shape[1:]), bool)
    ones[own_class(t)] = True
    return ones


def own_class(t: Any) -> tuple[Any, ...]:
    """Where each sample's own class lies in scores (N, C, d1, ...): x[own_class(t)] is x[n, t[n], ...]."""
    arange = by_type[type(t)].xp.arange
    n, *rest = [arange(length).reshape(-1, *(1,) * (t.ndim - 1 - axis)) for axis, length in enumerate(t.shape)]
    return (n, t, *rest)
