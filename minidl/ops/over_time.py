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

SHARES = 7  # of dw, each from some times: another thread may multiply one while this one goes back in time
ROWS = 256  # the fewest rows of a share: smaller products are not worth a sum of their own


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
        kept: list[Any] = []  # per time: what `back` needs,
        inner: list[Any] = []  # and h before the projection
        state = list(first)
        z = self.xp.empty((len(x), first[0].shape[1]), x.dtype)
        with self._in_turn():
            for rows in self.times:
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
        self.together = max(1, len(sizes) // SHARES, -(-ROWS // max(1, len(first[0]))))  # times of a share of dw
        self.z, self.kept, self.inner = z, kept, inner
        return z, self.backend.copy(state[0]), *state[1:]

    def backward(self, dz: Any, *dlast: Any) -> Any:
        return self._back_in_time(dz, dlast)

    def backward_kept(self, *dkept: Any) -> Any:
        count = len(dkept) // len(self.times)
        return self._back_in_time(None, None, dkept=[dkept[i : i + count] for i in range(0, len(dkept), count)])

    def backward_inner(self, *dinner: Any) -> Any:
        """The rule of `inner` for second derivatives."""
        return self._back_in_time(None, None, dinner=dinner)

    def _back_in_time(self, dz: Any, dlast: Any, dkept: Any = None, dinner: Any = None) -> Any:
        """The gradients of the inputs: from the last time to the first, with what arrives at each time."""
        if dz is None:
            dz, *dlast = [self.xp.zeros(shape, dtype) for shape, dtype in self.meta]
        matmul, w, r = self.backend.matmul, self.w, self.r
        dx = self.xp.empty((len(dz), len(w)), dz.dtype)
        dy = dx if self.adds else self.xp.empty_like(dx)
        inner = None if r is None else self.xp.empty((len(dz), r.shape[1]), dz.dtype)
        dh_of_rows = None if r is None else self.xp.empty_like(dz)
        dstate = list(dlast)
        shares: list[Any] = []  # of dw
        with self._in_turn() as meanwhile:
            for i in reversed(range(len(self.times))):
                rows = self.times[i]
                dh, *rest = [d[: rows.stop - rows.start] for d in dstate]
                dh = dh + dz[rows]
                if inner is not None and dh_of_rows is not None:
                    dh_of_rows[rows], inner[rows] = dh, self.inner[i]
                    dh = matmul(dh, r)
                    if dinner is not None:
                        dh = dh + dinner[i]
                steps = self.back(self.kept[i], dh, *rest)
                if dkept is not None:
                    more = self.back_kept(self.kept[i], *dkept[i])
                    steps = tuple([None if d is None else d + e for d, e in zip(steps, more)])
                dx[rows], dy_t, direct, *rest = steps
                if not self.adds:
                    dy[rows] = dy_t
                if self.needs[1] and i % self.together == 0:
                    shares.append(meanwhile(matmul, *self._factors(i, dy)))
                dh = matmul(dy_t, w)
                if direct is not None:
                    dh += direct
                dstate = [self._with_others(new, old) for new, old in zip((dh, *rest), dstate)]
            db = dy.sum(0) if self.needs[2] else None
            dr = matmul(dh_of_rows.T, inner) if dh_of_rows is not None and self.needs[3] else None
        dw = sum(share() for share in shares) if shares else None
        return dx, dw, db, dr, *dstate

    def _in_turn(self) -> Any:
        """Each product waits for the one before: that of h and w."""
        return self.backend.products_in_turn(self.w.size * len(self.first[0]))

    def _factors(self, i: int, dy: Any) -> tuple[Any, Any]:
        """dyᵀ and h of the step before, at the i-th time and some after it: their product is a share of dw."""
        share = range(i, min(i + self.together, len(self.times)))
        times = sorted(share, key=lambda t: self.times[t].start)  # in the order of memory
        rows = slice(self.times[times[0]].start, self.times[times[-1]].stop)
        return dy[rows].T, self.xp.concatenate([self._before(t) for t in times])

    def _before(self, i: int) -> Any:
        """h before the i-th step: (rows, P)."""
        rows, first = self.times[i], self.first[0]
        h = self._with_others(self.z[self.times[i - 1]], first) if i else first
        return h[: rows.stop - rows.start]

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
