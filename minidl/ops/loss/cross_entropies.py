"""Cross-entropy sample by sample: for weights, ignored labels and smoothing, which lie around the rule."""

from __future__ import annotations

from typing import Any

from ...engine.function import Function
from ..softmax import logs_and_softmax, softmax_gradient
from .cross_entropy import onehot, own_class


class CrossEntropies(Function):
    """z = -log softmax(x)[t], for each sample        dx = (softmax(x) - onehot(t)) · dz"""

    def forward(self, x: Any, t: Any) -> Any:  # scores (N, C, d1, ...), labels (N, d1, ...)
        logs, self.softmax = logs_and_softmax(self.xp, x, 1)
        self.t = t
        return -logs[own_class(t)]

    def backward(self, dz: Any) -> Any:
        return (self.softmax - onehot(self.t, self.softmax.shape[1])) * dz[:, None], None

    def backward_softmax(self, ds: Any) -> Any:
        return softmax_gradient(self.softmax, ds, 1), None


class ExpectedCrossEntropies(Function):
    """z = -Σ_c q_c log softmax(x)_c, for each sample

    dx = (softmax(x) Σ_c q_c - q) · dz,  dq = -log softmax(x) · dz        q (N, C, ...): how much each class counts
    """

    def forward(self, x: Any, q: Any) -> Any:
        self.logs, self.softmax = logs_and_softmax(self.xp, x, 1)
        self.q = q
        return -(q * self.logs).sum(axis=1)

    def backward(self, dz: Any) -> Any:
        q, dz = self.q, dz[:, None]
        return (self.softmax * q.sum(axis=1, keepdims=True) - q) * dz, -self.logs * dz if self.needs[1] else None

    def backward_softmax(self, ds: Any) -> Any:
        return softmax_gradient(self.softmax, ds, 1), None

    def backward_logs(self, dl: Any) -> Any:
        return dl - self.softmax * dl.sum(axis=1, keepdims=True), None
