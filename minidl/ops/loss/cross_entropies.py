"""Cross-entropy sample by sample: for weights, ignored labels and smoothing, which lie around the rule."""

from __future__ import annotations

from typing import Any

from ..softmax import logs_and_softmax, softmax_gradient
from .class_loss import ClassLoss
from .cross_entropy import onehot, own_class


class CrossEntropies(ClassLoss):
    """l = -log softmax(x)[t], for each sample        dx = (softmax(x) - onehot(t)) · dl"""

    def losses(self, x: Any, t: Any) -> Any:  # scores (N, C, d1, ...), labels (N, d1, ...)
        logs, self.softmax = logs_and_softmax(self.xp, x, 1)
        self.t = t
        return -logs[own_class(t)]

    def gradients(self, dl: Any) -> Any:
        return (self.softmax - onehot(self.t, self.softmax.shape[1])) * dl[:, None], None

    def backward_softmax(self, ds: Any) -> Any:
        return softmax_gradient(self.softmax, ds, 1), None, None, None, None


class ExpectedCrossEntropies(ClassLoss):
    """l = -Σ_c q_c log softmax(x)_c, for each sample

    dx = (softmax(x) Σ_c q_c - q) · dl,  dq = -log softmax(x) · dl        q (N, C, ...): how much each class counts
    """

    def losses(self, x: Any, q: Any) -> Any:
        self.logs, self.softmax = logs_and_softmax(self.xp, x, 1)
        self.q = q
        return -(q * self.logs).sum(axis=1)

    def gradients(self, dl: Any) -> Any:
        q, dl = self.q, dl[:, None]
        return (self.softmax * q.sum(axis=1, keepdims=True) - q) * dl, -self.logs * dl if self.needs[1] else None

    def backward_softmax(self, ds: Any) -> Any:
        return softmax_gradient(self.softmax, ds, 1), None, None, None, None

    def backward_logs(self, dlogs: Any) -> Any:
        return dlogs - self.softmax * dlogs.sum(axis=1, keepdims=True), None, None, None, None
