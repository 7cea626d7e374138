"""A recurrent layer: a cell's steps over all of time, as one operation.

The sequences of a batch may differ in length. Time t is a block of rows, one per sequence that is still going on, the
longest sequence first: the layout of `PackedSequence`. A batch of equal lengths (T, N, ...) is T blocks of N rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, pairwise
from math import prod
from typing import Any

from ..engine.tensor import Tensor
from .recurrent import GRUStep, LSTMStep, ReluStep, Step, TanhStep


class OverTime(Step):
    """The state goes from step to step; mixed with a Step, which says how.

    x (rows, I) is the input at all times; w_ih (gates · H, I) and b_ih (gates · H,) make of it what it contributes to
    the gates, w_hh (gates · H, P) and b_hh what the state before does. With w_hr (P, H), h is w_hr times what the step
    gives (a projection); else P = H. Outputs: h of all rows (rows, P), then the state (N, P), (N, H) that each sequence
    ends with. `sizes`: how many rows each time has; `reverse`: from the last time to the first, so that a shorter
    sequence joins later instead of ending earlier.

    What comes to all gates is one product, a = s w: of what a step sees, s = (x_t, 1, h_{t-1}, 1), (n, I + P + 2), and
    of all weights, w = (w_ih, b_ih, w_hh, b_hh)ᵀ.

    A backend may know a quicker way through time for a `cell`, with the same results: `Backend.over_time`.
    """

    cell: str

    def forward(  # type: ignore[override]  # all times at once have other inputs than one step has
        self, x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, w_hr: Any, *first: Any, sizes: Any, reverse: bool
    ) -> Any:
        self.x, self.w_ih, self.w_hh, self.w_hr, self.first = x, w_ih, w_hh, w_hr, list(first)
        xp, matmul = self.xp, self.backend.matmul
        self.times = [slice(*bounds) for bounds in pairwise(accumulate(sizes, initial=0))]
        if reverse:
            self.times.reverse()
        self.batches = self.backend.walks(len(first[0]), w_ih.size + w_hh.size)
        w, one = self._weights(b_ih, b_hh), xp.ones((len(first[0]), 1), x.dtype)
        products = [(part, w[part]) for part in self._products()]
        z = self.z = xp.empty((len(x), first[0].shape[1]), x.dtype)
        quick = self.quick = self.backend.over_time(self, w)

        def walk(number: int) -> Any:
            kept, inner = [], []  # per time: what `back` needs, and h before the projection
            state = [s[self.batches[number]] for s in first]
            for rows in self._rows(number):
                n = rows.stop - rows.start
                going = [s[:n] for s in state]  # the others have ended, or not yet begun
                seen = xp.concatenate((x[rows], one[:n], going[0], one[:n]), axis=1)
                gates = [matmul(seen[:, part], w_part) for part, w_part in products]
                (h, *others), needed = self.step(*gates, *going)
                if w_hr is not None:
                    inner.append(h)
                    h = matmul(h, w_hr.T)
                z[rows] = h
                state = [self._with_others(new, old) for new, old in zip((z[rows], *others), state)]
                kept.append(needed)
            return kept, inner, state

        self.kept, self.inner, states = map(
            list, zip(*self._side_by_side(walk if quick is None else partial(quick.forward, self)))
        )
        return z, *[xp.concatenate(parts) for parts in zip(*states)]

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
        matmul, w_hh, w_hr = self.backend.matmul, self.w_hh, self.w_hr
        dgx = self.xp.empty((len(dz), len(w_hh)), dz.dtype)  # at all times, what `back` calls dx; and dy
        dy = dgx if self.adds else self.xp.empty_like(dgx)
        inner = None if w_hr is None else self.xp.empty((len(dz), w_hr.shape[1]), dz.dtype)
        dh_of_rows = None if w_hr is None else self.xp.empty_like(dz)
        quick = self.quick if self.quick is not None and dkept is None and self.quick.takes(dz) else None

        def walk(number: int) -> Any:
            dstate = [d[self.batches[number]] for d in dlast]
            for i, rows in reversed(list(enumerate(self._rows(number)))):
                dh, *rest = [d[: rows.stop - rows.start] for d in dstate]
                dh = dh + dz[rows]
                if inner is not None and dh_of_rows is not None:
                    dh_of_rows[rows], inner[rows] = dh, self.inner[number][i]
                    dh = matmul(dh, w_hr)
                    if dinner is not None:
                        dh = dh + dinner[number][i]
                steps = self.back(self.kept[number][i], dh, *rest)
                if dkept is not None:
                    more = self.back_kept(self.kept[number][i], *dkept[number][i])
                    steps = tuple([None if d is None else d + e for d, e in zip(steps, more)])
                dgx[rows], dy_t, direct, *rest = steps
                if not self.adds:
                    dy[rows] = dy_t
                dh = matmul(dy_t, w_hh)
                if direct is not None:
                    dh += direct
                dstate = [self._with_others(new, old) for new, old in zip((dh, *rest), dstate)]
            return dstate

        dstates = self._side_by_side(walk if quick is None else partial(quick.back, self, dz, dlast, dgx))
        dfirst = [self.xp.concatenate(parts) for parts in zip(*dstates)]
        dw_hr = matmul(dh_of_rows.T, inner) if dh_of_rows is not None and self.needs[5] else None
        dx = matmul(dgx, self.w_ih) if self.needs[0] else None
        return dx, *self._to_weights(dgx, dy), dw_hr, *dfirst

    def _to_weights(self, dgx: Any, dy: Any) -> tuple[Any, ...]:
        """dw_ih, dw_hh, db_ih, db_hh: the sum of all times' shares, dw = daᵀ s."""
        if not any(self.needs[1:5]):
            return None, None, None, None
        seen, inputs = self._seen(), self.w_ih.shape[1]
        shares = [self.backend.matmul(d.T, seen[:, part]) for d, part in zip((dgx, dy), self._products())]
        dw = self.xp.concatenate(shares, axis=1)
        return dw[:, :inputs], dw[:, inputs + 1 : -1], dw[:, inputs], dw[:, -1]

    def _weights(self, b_ih: Any, b_hh: Any) -> Any:
        """w, (I + P + 2, gates · H); 0 for a bias that is not there."""
        zeros = self.xp.zeros_like(self.w_hh[:, 0])
        rows = [zeros[None] if b is None else b[None] for b in (b_ih, b_hh)]
        return self.xp.concatenate((self.w_ih.T, rows[0], self.w_hh.T, rows[1]))

    def _seen(self) -> Any:
        """s of all times, (rows, I + P + 2)."""
        before, h = [], self.first[0]
        for rows in self.times:
            before.append(h[: rows.stop - rows.start])
            h = self._with_others(self.z[rows], h)
        before = self.xp.concatenate(before if self.times[0].start == 0 else before[::-1])
        one = self.xp.ones((len(before), 1), before.dtype)
        return self.xp.concatenate((self.x, one, before, one), axis=1)

    def _products(self) -> list[slice]:
        """What of s is multiplied at once: all, or for a cell that sees x and y apart, what each of them comes from."""
        inputs = self.w_ih.shape[1] + 1
        return [slice(None)] if self.adds else [slice(0, inputs), slice(inputs, None)]

    def _side_by_side(self, walk: Any) -> list[Any]:
        """walk(number) of each part of the batch."""
        return self.backend.side_by_side(walk, len(self.batches), self.w_hh.size * len(self.first[0]))

    def _rows(self, number: int) -> list[slice]:
        """For each time, the rows of a part of the batch; without the times at which none of it is going on."""
        start, stop = self.batches[number].start, self.batches[number].stop
        return [slice(t.start + start, min(t.start + stop, t.stop)) for t in self.times if t.stop - t.start > start]

    def _with_others(self, new: Any, old: Any) -> Any:
        """A state (N, H) whose first rows are `new`; the others stay as they are."""
        return new if len(new) == len(old) else self.xp.concatenate((new, old[len(new) :]))

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        x, w_ih, w_hh, _, _, w_hr = inputs[:6]
        return x.shape[0] * sum(prod(w.shape) for w in (w_ih, w_hh, w_hr) if w is not None)


class TanhLayer(OverTime, TanhStep):
    """h_t = tanh a,  a = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh

    da = (1 - h_t²) dh_t,  dx_t = w_ihᵀ da,  dh_{t-1} += w_hhᵀ da,  dw_ih = Σ_t da x_tᵀ,  dw_hh = Σ_t da h_{t-1}ᵀ
    """

    cell = "RNN_TANH"


class ReluLayer(OverTime, ReluStep):
    """h_t = max(a, 0),  a = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh

    dx_t = w_ihᵀ da,  dh_{t-1} += w_hhᵀ da,  dw_ih = Σ_t da x_tᵀ,  dw_hh = Σ_t da h_{t-1}ᵀ
    """

    cell = "RNN_RELU"


class LSTMLayer(OverTime, LSTMStep):
    """a = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh,  c_t = σ(a_f) c_{t-1} + σ(a_i) tanh a_g,  h_t = σ(a_o) tanh c_t

    dx_t = w_ihᵀ da,  dh_{t-1} += w_hhᵀ da,  dw_ih = Σ_t da x_tᵀ,  dw_hh = Σ_t da h_{t-1}ᵀ
    """

    cell = "LSTM"


class GRULayer(OverTime, GRUStep):
    """x = w_ih x_t + b_ih,  y = w_hh h_{t-1} + b_hh,  u = σ(x_u + y_u),  n = tanh(x_n + σ(x_r + y_r) y_n)
    h_t = (1 - u) n + u h_{t-1}

    dx_t = w_ihᵀ dx,  dh_{t-1} += w_hhᵀ dy + u dh_t,  dw_ih = Σ_t dx x_tᵀ,  dw_hh = Σ_t dy h_{t-1}ᵀ
    """

    cell = "GRU"


LAYERS: dict[str, type[OverTime]] = {layer.cell: layer for layer in (TanhLayer, ReluLayer, LSTMLayer, GRULayer)}


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
    return LAYERS[mode].apply(input, *weights, *state, sizes=tuple(sizes), reverse=reverse)
