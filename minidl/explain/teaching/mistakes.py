"""Common mistakes in rules: each is the right rule but for one line; `breaks.py` puts one in place."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from typing import Any

from ...backend import Array, backend_of
from ...backend.window import Window
from ...engine.function import Function
from ...engine.observe import listening
from ...engine.part import Part
from ...ops.loss.classification import onehot, own_class


class ConvKernelNotFlipped:
    def backward(self: Any, dz: Any) -> Any:
        x, w, how, backend = self.x, self.w, self.how, self.backend
        dx = dw = db = None
        with backend.one_job():  # the threads share all three
            if self.needs[0]:
                dx = backend.correlate_grad_input(dz, w[:, :, ::-1, ::-1], *how, x.shape[2:])  # (N, C, H, W)
            if self.needs[1]:
                dw = backend.correlate_grad_weight(dz, x, *how)  # (O, C/groups, kh, kw)
            if self.needs[2]:
                db = backend.channel_sums(dz)  # (O,)
        return dx, dw, db


class SoftmaxGlobalMax:
    def forward(self: Any, x: Any, t: Any) -> Any:  # scores (N, C, d1, ...), labels (N, d1, ...)
        x = x - x.max()  # the largest score is 0, so that no exp overflows
        e = self.xp.exp(x)
        total = e.sum(axis=1, keepdims=True)
        self.softmax, self.t = e / total, t
        losses = self.xp.log(total[:, 0]) - x[own_class(t)]  # -log softmax(x)[t]
        return losses.sum() / t.size


class LossNotAveraged:
    def backward(self: Any, dz: Any) -> Any:
        softmax, t, classes = self.softmax, self.t, self.softmax.shape[1]
        return (softmax - onehot(t, classes)) * dz, None


class ReluMaskOfGradient:
    def backward(self: Any, dz: Any) -> Any:
        return self.backend.masked(dz, dz > 0)


class PoolToEveryTap:
    def backward(self: Any, dz: Any) -> Any:
        kh, kw = self.window.kernel
        window: Window = self.window.covering(self.size, dz.shape[2:])
        taps = self.xp.broadcast_to(dz[..., None, None], (*dz.shape, kh, kw))  # (N, C, Ho, Wo, kh, kw)
        return self.backend.scatter_windows(taps, window, self.size)


class TanhNotSquared:
    def slope(self: Any, z: Any) -> Any:
        return 1 - z


def assigned(pending: dict[Any, Array], summed: set[Any], node: Any, gradient: Array | Part) -> None:
    """Add a contribution."""
    gradient = gradient.whole() if isinstance(gradient, Part) else gradient
    if node not in pending:
        pending[node] = gradient
        return
    pending[node] = gradient
    for observer in listening.observers:
        observer.on_sum(node, gradient, pending[node])


def shared(pending: dict[Any, Array], summed: set[Any], node: Any, gradient: Array | Part) -> None:
    """Add a contribution."""
    gradient = gradient.whole() if isinstance(gradient, Part) else gradient
    if node not in pending:
        pending[node] = gradient
        return
    pending[node] += gradient
    for observer in listening.observers:
        observer.on_sum(node, gradient, pending[node])


@contextmanager
def drawn_anew(self: Any) -> Any:
    """Draw what was drawn the first time, and leave the generator as it is now."""
    yield


def cut_to(gradient: Array, shape: tuple[int, ...], what: str = "sum_to") -> Array:
    """The gradient of broadcasting, in the shape that the input had."""
    extra = gradient.ndim - len(shape)
    kept = gradient[(0,) * extra + tuple([slice(0, length) for length in shape])]
    return backend_of(gradient).asarray(kept)


def impatient(roots: Iterable[Any], only: set[Function] | None) -> dict[Any, int]:
    """For each operation and leaf from the roots on, the number of gradients it has to wait for."""
    counts: dict[Any, int] = dict.fromkeys(roots, 0)
    stack = [root for root in counts if isinstance(root, Function)]
    while stack:
        node = stack.pop()
        if only is not None and node not in only:
            continue
        for edge in node.edges or ():
            if edge is not None and edge not in counts:
                counts[edge] = 1
                if isinstance(edge, Function):
                    stack.append(edge)
    return counts
