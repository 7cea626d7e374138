"""Rules as people get them wrong: each is the right one but for a line; `breaks.py` puts one in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...backend import Array, backend_of
from ...backend.window import Window
from ...engine.function import Function
from ...engine.observe import listening


class ConvKernelNotFlipped:
    def backward(self: Any, dz: Any) -> Any:
        x, w, window, groups = self.x, self.w, self.window, self.groups
        dx = dw = db = None
        if self.needs[0]:
            dx = self.backend.correlate_grad_input(dz, w[:, :, ::-1, ::-1], window, groups, x.shape[2:])
        if self.needs[1]:
            dw = self.backend.correlate_grad_weight(dz, x, window, groups)  # (O, C/groups, kh, kw)
        if self.needs[2]:
            db = dz.sum(axis=(0, 2, 3))  # (O,)
        return dx, dw, db


class SoftmaxGlobalMax:
    def forward(self: Any, x: Any, t: Any, w: Any, reduction: str, ignore: int | None) -> Any:
        t = self.start(x, t, w, reduction, ignore)
        self.shape, batch = x.shape, x if x.ndim > 1 else x[None]  # (N, C, d1, ...)
        self.t = t.reshape(batch.shape[0], *batch.shape[2:])
        x = batch - batch.max()  # the largest score is 0, so that no exp overflows
        e = self.xp.exp(x)
        norm = e.sum(axis=1, keepdims=True)
        own = self.xp.take_along_axis(x, self.t[:, None], axis=1)
        self.softmax = e / norm
        return self.total(self.counted((self.xp.log(norm) - own)[:, 0].reshape(t.shape)))


class LossNotAveraged:
    def backward(self: Any, dz: Any) -> Any:
        share = self.counted(dz)  # (N, d1, ...), or one number for all
        dx = self.backend.softmax_minus_onehot(self.softmax, self.t, share)  # (softmax - onehot(t)) · share
        return dx.reshape(self.shape), None, None


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


def assigned(pending: dict[Any, Array], summed: set[Any], node: Any, gradient: Array) -> None:
    """Add a contribution."""
    if node not in pending:
        pending[node] = gradient
        return
    pending[node] = gradient
    for observer in listening.observers:
        observer.on_sum(node, gradient, pending[node])


def shared(pending: dict[Any, Array], summed: set[Any], node: Any, gradient: Array) -> None:
    """Add a contribution."""
    if node not in pending:
        pending[node] = gradient
        return
    pending[node] += gradient
    for observer in listening.observers:
        observer.on_sum(node, gradient, pending[node])


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
