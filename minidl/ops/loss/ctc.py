"""Connectionist temporal classification: the loss of a sequence whose labels have no times.

A path says a class or the blank at every time. It spells a target if, with repetitions merged and blanks taken out,
the target is left: "-hh-e-l-ll-oo" spells "hello". The loss is -log of the probability of all paths that do.

With blanks around and between its labels, a target of L labels has 2L + 1 states, and a path goes through them in
order. It may stay, go on by one, or skip the blank between two different labels. Two sums over the paths, from the
front (α) and from the back (β), give the probability of all of them, and of those that are in a state at a time. All in
logarithms. Source: Graves et al. 2006, "Connectionist temporal classification".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...backend import backend_of, to_host
from ...engine.function import Function
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, RangeError, ShapeError
from .._check.arguments import float_only, int_tuple, tensor_of
from ..arithmetic import div
from ..reduce import mean
from ..shape import reshape, unsqueeze
from .arguments import check_reduction, reduced


class Ctc(Function):
    """z = -log Σ_s e^α[T,s],  α[t,s] = x[t,l[s]] + log(e^α[t-1,s] + e^α[t-1,s-1] + e^α[t-1,s-2])

    dx[t,c] = (e^x[t,c] - Σ_s e^(α[t,s] + β[t,s] + z)) dz        over the states s whose label is c
    β[t,s] = log(e^(β[t+1,s] + x[t+1,l[s]]) + e^(β[t+1,s+1] + x[t+1,l[s+1]]) + ...)
    """

    def forward(self, x: Any, labels: Any, times: Any, lengths: Any, zero_infinity: bool) -> Any:
        """x: log-probabilities (T, N, C); the label of each state (N, S); how long inputs and targets are, (N,)."""
        xp, (steps, n, _) = self.xp, x.shape
        self.x, self.labels, self.times = x, labels, times
        self.said = x[:, xp.arange(n)[:, None], labels]  # (T, N, S): x of each state's label
        states, last = xp.arange(labels.shape[1]), 2 * lengths[:, None]
        self.ends = (states == last) | (states == last - 1)  # (N, S): where a path may end
        different = labels[:, 2:] != labels[:, :-2]
        self.skips = xp.concatenate([xp.zeros((n, 2), bool)[:, : len(states)], different], axis=1)
        state = start = _logs(xp, xp.zeros((n, 1), bool) | (states == 0), x.dtype)  # ahead of time 0
        self.alpha = xp.empty_like(self.said)
        for t in range(steps):
            skipped = _kept(xp, _moved(xp, state, 2), self.skips & (t > 0))
            self.alpha[t] = state = _log_sum(xp, state, _moved(xp, state, 1), skipped) + self.said[t]
        at_end = self.alpha[xp.maximum(times - 1, 0), xp.arange(n)] if steps else start
        at_end = xp.where(times[:, None] > 0, at_end, start)
        self.z = -_log_sum(xp, *_kept(xp, at_end, self.ends).T)
        self.counts = ~(xp.isinf(self.z) & zero_infinity)
        return self.backend.masked(self.z, self.counts)

    def backward(self, dz: Any) -> Any:
        x, xp, (steps, n, _) = self.x, self.xp, self.x.shape
        left = xp.concatenate([self.skips, xp.zeros((n, 2), bool)], axis=1)[
            :, 2:
        ]  # the states that may be skipped from
        end = _logs(xp, self.ends, x.dtype)
        spoken = xp.zeros_like(x)  # how probable c is at t among the paths that spell the target
        beta = xp.full_like(end, -np.inf)
        for t in reversed(range(steps)):
            if t + 1 < steps:
                ahead = beta + self.said[t + 1]
                beta = _log_sum(xp, ahead, _moved(xp, ahead, -1), _kept(xp, _moved(xp, ahead, -2), left))
            beta = xp.where((self.times == t + 1)[:, None], end, beta)
            through = xp.exp(self.alpha[t] + beta + self.z[:, None])
            self.backend.scatter_add(spoken[t], (xp.arange(n)[:, None], self.labels), through)
        running = (xp.arange(steps)[:, None] < self.times) & self.counts  # (T, N)
        return self.backend.masked((xp.exp(x) - spoken) * dz[:, None], running[:, :, None]), None, None, None


def _logs(xp: Any, true: Any, dtype: Any) -> Any:
    """log 1 and log 0."""
    return xp.where(true, dtype.type(0), dtype.type(-np.inf))


def _kept(xp: Any, x: Any, true: Any) -> Any:
    return xp.where(true, x, x.dtype.type(-np.inf))


def _moved(xp: Any, x: Any, by: int) -> Any:
    """Each state's number `by` states on (back, if negative); log 0 comes in."""
    gap = xp.full((len(x), abs(by)), -np.inf, x.dtype)
    count = x.shape[1]
    return xp.concatenate([gap, x], axis=1)[:, :count] if by > 0 else xp.concatenate([x, gap], axis=1)[:, -count:]


def _log_sum(xp: Any, *terms: Any) -> Any:
    """log Σ e^term, without overflow; log 0 if all are that."""
    stacked = xp.stack(terms)
    most = stacked.max(axis=0)
    most = xp.where(most == -np.inf, most.dtype.type(0), most)
    return most + xp.log(xp.exp(stacked - most).sum(axis=0))


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-log of the probability that the classes said over time spell the targets, which have no times.

    Args:
        log_probs: (T, N, C), or (T, C) for one sequence: logarithms of probabilities, as of `log_softmax`. The gradient
            is that of the scores before it, as in PyTorch.
        targets: (N, L) class indices, of which the first `target_lengths` count, or all of them one after the other.
        input_lengths, target_lengths: how long each sequence and each target is: (N,), a Tensor or a tuple.
        blank: the class that says nothing.
        reduction: "mean" divides each loss by the length of its target first.
        zero_infinity: a loss that is infinite, as of a sequence too short to spell its target, counts 0.

    Raises `ShapeError`, `ArgumentError`, `DtypeError`, and `RangeError` for a label that is no class.

    >>> import minidl
    >>> ctc_loss(minidl.tensor([[0.5, 0.5]] * 2).log(), minidl.tensor([1]), (2,), (1,), reduction="sum").exp()
    tensor(1.3333)
    """
    check_reduction("ctc_loss", reduction)
    x = float_only("ctc_loss", log_probs)
    if x.ndim not in (2, 3):
        raise ShapeError(f"ctc_loss: log_probs must be (T, N, C) or (T, C); got {x.shape}")
    batch = x if x.ndim == 3 else unsqueeze(x, 1)
    steps, n, classes = batch.shape
    if type(blank) is not int or not 0 <= blank < classes:
        raise ArgumentError(f"ctc_loss: blank must be a class, from 0 to {classes - 1}; got {blank!r}")
    times = _lengths("input_lengths", input_lengths, n, steps)
    lengths = _lengths("target_lengths", target_lengths, n, None)
    labels = _labels(tensor_of("ctc_loss", targets, "targets"), lengths, classes, blank)
    backend = backend_of(x._array)
    rows = [wrap(backend.asarray(each)) for each in (labels, times, lengths)]
    losses = Ctc.apply(batch, *rows, zero_infinity=bool(zero_infinity))
    if reduction == "mean":
        return mean(div(losses, wrap(backend.asarray(np.maximum(lengths, 1).astype(x.dtype)))))
    return reduced(losses if x.ndim == 3 else reshape(losses, ()), reduction)


def _lengths(what: str, given: Any, n: int, most: int | None) -> np.ndarray:
    """The lengths (N,) on the host."""
    if isinstance(given, Tensor):
        if given.dtype.kind not in "iu":
            raise DtypeError(f"ctc_loss: {what} must be integers; got {given.dtype}")
        given = to_host(given._array).reshape(-1).tolist()
    found = np.array(int_tuple("ctc_loss", given if isinstance(given, Sequence) else (given,), what), np.int64)
    if found.shape != (n,):
        raise ShapeError(f"ctc_loss: {what} must be one number for each of {n} sequences; got {len(found)}")
    if n and (found.min() < 0 or (most is not None and found.max() > most)):
        limit = "" if most is None else f", and at most {most}, the length of log_probs"
        raise ArgumentError(f"ctc_loss: {what} must not be negative{limit}; got {found.tolist()}")
    return found


def _labels(targets: Tensor, lengths: np.ndarray, classes: int, blank: int) -> np.ndarray:
    """The label of each state (N, 2 L + 1): the targets, with blanks around and between."""
    if targets.dtype.kind not in "iu":
        raise DtypeError(f"ctc_loss: targets must be class indices, of an integer dtype; got {targets.dtype}")
    given, total = to_host(targets._array), int(lengths.sum())
    n, longest = len(lengths), int(np.max(lengths, initial=0))
    in_rows = given.ndim == 2 and len(given) == n and given.shape[1] >= longest
    if not in_rows and given.shape != (total,):
        raise ShapeError(
            f"ctc_loss: with these target_lengths, targets must be ({n}, {longest} or more), or ({total},) in a row; "
            f"got {given.shape}"
        )
    counts = np.arange(longest) < lengths[:, None]  # (N, L)
    said = np.full((n, longest), blank, np.int64)
    said[counts] = given[:, :longest][counts] if in_rows else given
    if said.size and not 0 <= said.min() <= said.max() < classes:
        raise RangeError(f"ctc_loss: targets must be in 0 ... {classes - 1}; got {said.min()} to {said.max()}")
    states = np.full((n, 2 * longest + 1), blank, np.int64)
    states[:, 1::2] = said
    return states
