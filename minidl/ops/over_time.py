"""A recurrent layer: a cell's steps over all of time, as one operation.

The sequences of a batch may differ in length. Time t is a block of rows, one per sequence that is still going on, the
longest sequence first: the layout of `PackedSequence`. A batch of equal lengths (T, N, ...) is T blocks of N rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import prod
from typing import Any

from ..engine.tensor import Tensor
from .arithmetic import add
from .linear import linear
from .recurrent import GRUStep, LSTMStep, ReluStep, Step, TanhStep


class OverTime(Step):
    """The state goes from step to step; mixed with a Step, which says how.

    x (rows, gates · H) is what the input contributes to the gates at each time; w (gates · H, P) and b (gates · H,)
    turn h into y. With r (P, H), h' is r times what the step gives (a projection); else P = H. Outputs: h' of all rows
    (rows, P), then the state (N, P), (N, H) that each sequence ends with. `sizes`: how many rows each time has;
    `reverse`: from the last time to the first, so that a shorter sequence joins later instead of ending earlier.
    """

    def forward(  # type: ignore[override]  # all times at once have other inputs than one step has
        self, x: Any, w: Any, b: Any, r: Any, *first: Any, sizes: Sequence[int], reverse: bool
    ) -> Any:
        self.w, self.r, self.first, matmul = w, r, list(first), self.backend.matmul
        turned = self.xp.ascontiguousarray(w.T)  # once: BLAS reads a transposed matrix more slowly, at each time
        self.times = [slice(*bounds) for bounds in pairwise(accumulate(sizes, initial=0))]
        if reverse:
            self.times.reverse()
        self.batches = self.backend.walks(len(first[0]), w.size)
        z = self.z = self.xp.empty((len(x), first[0].shape[1]), x.dtype)

        def walk(number: int) -> Any:
            kept, inner = [], []  # per time: what `back` needs, and h before the projection
            state = [s[self.batches[number]] for s in first]
            for rows in self._rows(number):
                going = [s[: rows.stop - rows.start] for s in state]  # the others have ended, or not yet begun
                y = matmul(going[0], turned)
                if b is not None:
                    y += b
                (h, *others), needed = self.step(x[rows], y, *going)
                if r is not None:
                    inner.append(h)
                    h = matmul(h, r.T)
                z[rows] = h
                state = [self._with_others(new, old) for new, old in zip((z[rows], *others), state)]
                kept.append(needed)
            return kept, inner, state

        self.kept, self.inner, states = map(list, zip(*self._side_by_side(walk)))
        return z, *[self.xp.concatenate(parts) for parts in zip(*states)]

    def backward(self, dz: Any, *dlast: Any) -> Any:
        return self._back_in_time(dz, dlast)

    def backward_kept(self, *dkept: Any) -> Any:
        given = iter(dkept)
        return self._back_in_time(None, None, [[[next(given) for _ in time] for time in part] for part in self.kept])

    def backward_inner(self, *dinner: Any) -> Any:
        """The rule of `inner` for second derivatives."""
        given = iter(dinner)
        return self._back_in_time(None, None, None, [[next(given) for _ in part] for part in self.inner])

    def _back_in_time(self, dz: Any, dlast: Any, dkept: Any = None, dinner: Any = None) -> Any:
        """The gradients of the inputs: from the last time to the first, with what arrives at each time."""
        if dz is None:
            dz, *dlast = [self.xp.zeros(shape, dtype) for shape, dtype in self.meta]
        matmul, w, r = self.backend.matmul, self.w, self.r
        dx = self.xp.empty((len(dz), len(w)), dz.dtype)
        dy = dx if self.adds else self.xp.empty_like(dx)
        inner = None if r is None else self.xp.empty((len(dz), r.shape[1]), dz.dtype)
        dh_of_rows = None if r is None else self.xp.empty_like(dz)

        def walk(number: int) -> Any:
            dstate = [d[self.batches[number]] for d in dlast]
            for i, rows in reversed(list(enumerate(self._rows(number)))):
                dh, *rest = [d[: rows.stop - rows.start] for d in dstate]
                dh = dh + dz[rows]
                if inner is not None and dh_of_rows is not None:
                    dh_of_rows[rows], inner[rows] = dh, self.inner[number][i]
                    dh = matmul(dh, r)
                    if dinner is not None:
                        dh = dh + dinner[number][i]
                steps = self.back(self.kept[number][i], dh, *rest)
                if dkept is not None:
                    more = self.back_kept(self.kept[number][i], *dkept[number][i])
                    steps = tuple([None if d is None else d + e for d, e in zip(steps, more)])
                dx[rows], dy_t, direct, *rest = steps
                if not self.adds:
                    dy[rows] = dy_t
                dh = matmul(dy_t, w)
                if direct is not None:
                    dh += direct
                dstate = [self._with_others(new, old) for new, old in zip((dh, *rest), dstate)]
            return dstate

        dfirst = [self.xp.concatenate(parts) for parts in zip(*self._side_by_side(walk))]
        dw = matmul(dy.T, self._before()) if self.needs[1] else None
        db = dy.sum(0) if self.needs[2] else None
        dr = matmul(dh_of_rows.T, inner) if dh_of_rows is not None and self.needs[3] else None
        return dx, dw, db, dr, *dfirst

    def _side_by_side(self, walk: Any) -> list[Any]:
        """walk(number) of each part of the batch."""
        return self.backend.side_by_side(walk, len(self.batches), self.w.size * len(self.first[0]))

    def _rows(self, number: int) -> list[slice]:
        """For each time, the rows of a part of the batch; without the times at which none of it is going on."""
        start, stop = self.batches[number].start, self.batches[number].stop
        return [slice(t.start + start, min(t.start + stop, t.stop)) for t in self.times if t.stop - t.start > start]

    def _before(self) -> Any:
        """For each row, h before its step: (rows, P)."""
        before, h = [], self.first[0]
        for rows in self.times:
            before.append(h[: rows.stop - rows.start])
            h = self._with_others(self.z[rows], h)
        return self.xp.concatenate(before if self.times[0].start == 0 else before[::-1])

    def _with_others(self, new: Any, old: Any) -> Any:
        """A state (N, H) whose first rows are `new`; the others stay as they are."""
        return new if len(new) == len(old) else self.xp.concatenate((new, old[len(new) :]))

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        rows, w, r = inputs[0].shape[0], inputs[1], inputs[3]
        return rows * (prod(w.shape) + (0 if r is None else prod(r.shape)))


class TanhLayer(OverTime, TanhStep):
    """h_t = tanh(x_t + w h_{t-1} + b)        dx_t = (1 - h_t²) dh_t,  dw = Σ_t dx_t h_{t-1}ᵀ,  dh_{t-1} += wᵀ dx_t"""


class ReluLayer(OverTime, ReluStep):
    """h_t = max(x_t + w h_{t-1} + b, 0)        dw = Σ_t dx_t h_{t-1}ᵀ,  dh_{t-1} += wᵀ dx_t"""


class LSTMLayer(OverTime, LSTMStep):
    """a = x_t + w h_{t-1} + b,  c_t = σ(a_f) c_{t-1} + σ(a_i) tanh a_g,  h_t = σ(a_o) tanh c_t

    dx_t = da_t,  dw = Σ_t da_t h_{t-1}ᵀ,  dh_{t-1} += wᵀ da_t
    """


class GRULayer(OverTime, GRUStep):
    """y = w h_{t-1} + b,  u = σ(x_u + y_u),  n = tanh(x_n + σ(x_r + y_r) y_n),  h_t = (1 - u) n + u h_{t-1}

    dw = Σ_t dy_t h_{t-1}ᵀ,  dh_{t-1} += wᵀ dy_t + u dh_t
    """


LAYERS: dict[str, type[OverTime]] = {
    "RNN_TANH": TanhLayer, "RNN_RELU": ReluLayer, "LSTM": LSTMLayer, "GRU": GRULayer,
}  # fmt: skip


def layer_over_time(
    mode: str,
    input: Tensor,
    state: Sequence[Tensor],
    weights: Sequence[Tensor | None],
    sizes: Sequence[int],
    reverse: bool = False,
) -> tuple[Tensor, ...]:
    """One direction of one layer of the kind `mode`: (rows, I) -> h of every row (rows, P), and the last state.

    `weights` are weight_ih, weight_hh, bias_ih, bias_hh, weight_hr, the last three of which may be None; `state` is
    (h,) or (h, c), (N, P) and (N, H); `sizes` says how many rows each time has, none of them more than the one before.
    """
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    assert w_ih is not None
    layer = LAYERS[mode]
    if layer.adds and b_ih is not None and b_hh is not None:
        b_ih, b_hh = add(b_ih, b_hh), None  # once, instead of one of them at each step
    return layer.apply(linear(input, w_ih, b_ih), w_hh, b_hh, w_hr, *state, sizes=tuple(sizes), reverse=reverse)
