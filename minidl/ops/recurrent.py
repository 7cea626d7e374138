"""Recurrent cells: the rule of one step beside its derivative. `over_time.py` walks over all steps of a sequence.

A step sees x, what the input contributes to its gates (weight_ih · input + bias_ih), and y, what the state before
contributes (weight_hh · h + bias_hh). So the product of the input is one for all steps; that of the state waits for h.
"""

from __future__ import annotations

from typing import Any

from ..engine.function import Function
from ..engine.tensor import Tensor
from ..errors import ArgumentTypeError, ShapeError
from ._check.arguments import operands
from .linear import linear
from .shape import squeeze, unsqueeze


class Step(Function):
    """One step of a cell: `step` computes the new state, `back` its derivative; subclasses state both.

    `step(a, h, ...)` returns the new state (h, ...) and a tuple of what `back` needs; `back(kept, dh, ...)` returns
    dx, dy and the gradients of the state before, None for an h that acts through y alone. For second derivatives,
    `back_kept(kept, dkept...)` returns the same, given the gradients of what was kept. In the formulas h_0 and c_0 are
    the state before. A cell for which not only a = x + y counts has `step(x, y, h, ...)`.
    """

    gates: int  # how many gates x and y consist of
    kept: Any
    adds = True  # only a = x + y counts: dx and dy are one array

    def step(self, *gates_and_state: Any) -> tuple[Any, tuple[Any, ...]]:
        """The new state, and what `back` needs."""
        raise NotImplementedError

    def combined(self, x: Any, y: Any) -> tuple[Any, ...]:
        """What `step` takes of x and y: their sum, or both."""
        return (x + y,) if self.adds else (x, y)

    def back(self, kept: Any, *dstate: Any) -> tuple[Any, ...]:
        """dx, dy, and the gradients of the state before."""
        raise NotImplementedError

    def back_kept(self, kept: Any, *dkept: Any) -> tuple[Any, ...]:
        """What `back` returns, given the gradients of what was kept: here the new state itself."""
        return self.back(kept, *dkept)

    def forward(self, x: Any, y: Any, *state: Any) -> Any:
        after, self.kept = self.step(*self.combined(x, y), *state)
        return after

    def backward(self, *dstate: Any) -> Any:
        return self.back(self.kept, *dstate)

    def backward_kept(self, *dkept: Any) -> Any:
        """The rule of `kept` for second derivatives."""
        return self.back_kept(self.kept, *dkept)

    def parts(self, a: Any) -> list[Any]:
        """Gates (N, gates · H) one by one, (N, H) each."""
        hidden = a.shape[1] // self.gates
        return [a[:, i * hidden : (i + 1) * hidden] for i in range(self.gates)]

    def joined(self, *parts: Any) -> Any:
        """The inverse of `parts`."""
        return self.xp.concatenate(parts, axis=1)

    def sigma(self, x: Any) -> Any:
        """σ(x)"""
        return self.backend.sigmoid(x)


class TanhStep(Step):
    """h = tanh(x + y)        dx = dy = (1 - h²) dh"""

    gates = 1

    def step(self, a: Any, h: Any) -> Any:
        h = self.xp.tanh(a)
        return (h,), (h,)

    def back(self, kept: Any, dh: Any) -> Any:
        (h,) = kept
        da = (1 - h * h) * dh
        return da, da, None


class ReluStep(Step):
    """h = max(x + y, 0)        dx = dy = dh where h > 0, else 0"""

    gates = 1

    def step(self, a: Any, h: Any) -> Any:
        h = self.backend.maximum(a, 0)
        return (h,), (h,)

    def back(self, kept: Any, dh: Any) -> Any:
        (h,) = kept
        da = self.backend.masked(dh, ~(h <= 0))
        return da, da, None


class LSTMStep(Step):
    """a = x + y,  i = σ(a_i),  f = σ(a_f),  g = tanh a_g,  o = σ(a_o),  c = f c_0 + i g,  h = o tanh c

    dc += o (1 - tanh² c) dh,  dc_0 = f dc
    da_i = i (1 - i) g dc,  da_f = f (1 - f) c_0 dc,  da_g = (1 - g²) i dc,  da_o = o (1 - o) tanh c dh
    """

    gates = 4

    def step(self, a: Any, h: Any, c: Any) -> Any:
        i, f, g, o = self.parts(a)  # (N, H) each
        i, f, g, o = self.sigma(i), self.sigma(f), self.xp.tanh(g), self.sigma(o)
        after = f * c + i * g
        t = self.xp.tanh(after)
        return (o * t, after), (i, f, g, o, c, t)

    def back(self, kept: Any, dh: Any, dc: Any) -> Any:
        i, f, g, _, c, t = kept
        dc = self.dc(kept, dh, dc)
        da = self._da(kept, g * dc, c * dc, i * dc, t * dh)
        return da, da, None, f * dc

    def back_kept(self, kept: Any, di: Any, df: Any, dg: Any, do: Any, dc_0: Any, dt: Any) -> Any:
        i, f, g, _, c, t = kept
        dc = (1 - t * t) * dt
        da = self._da(kept, di + g * dc, df + c * dc, dg + i * dc, do)
        return da, da, None, dc_0 + f * dc

    def dc(self, kept: Any, dh: Any, dc: Any) -> Any:
        """∂L/∂c: what came from the next step, and what comes through h = o tanh c."""
        _, _, _, o, _, t = kept
        return dc + o * (1 - t * t) * dh

    def _da(self, kept: Any, di: Any, df: Any, dg: Any, do: Any) -> Any:
        """From the gates back to a: σ' = σ (1 - σ), tanh' = 1 - tanh²."""
        i, f, g, o, *_ = kept
        return self.joined(i * (1 - i) * di, f * (1 - f) * df, (1 - g * g) * dg, o * (1 - o) * do)


class GRUStep(Step):
    """r = σ(x_r + y_r),  u = σ(x_u + y_u),  n = tanh(x_n + r y_n),  h = (1 - u) n + u h_0

    dx_n = (1 - n²) (1 - u) dh,  dx_u = u (1 - u) (h_0 - n) dh,  dx_r = r (1 - r) y_n dx_n
    dy_n = r dx_n,  dy_u = dx_u,  dy_r = dx_r,  dh_0 = u dh
    """

    gates = 3
    adds = False

    def step(self, x: Any, y: Any, h: Any) -> Any:
        (x_r, x_u, x_n), (y_r, y_u, y_n) = self.parts(x), self.parts(y)  # (N, H) each
        r, u = self.sigma(x_r + y_r), self.sigma(x_u + y_u)
        n = self.xp.tanh(x_n + r * y_n)
        return ((1 - u) * n + u * h,), (r, u, n, y_n.copy(), h)

    def back(self, kept: Any, dh: Any) -> Any:
        r, u, n, y_n, h = kept
        dx_n = (1 - n * n) * (1 - u) * dh
        dx_u = u * (1 - u) * (h - n) * dh
        dx_r = r * (1 - r) * y_n * dx_n
        return self.joined(dx_r, dx_u, dx_n), self.joined(dx_r, dx_u, r * dx_n), u * dh

    def back_kept(self, kept: Any, dr: Any, du: Any, dn: Any, dy_n: Any, dh_0: Any) -> Any:
        r, u, n, y_n, _ = kept
        dx_n = (1 - n * n) * dn
        dx_u = u * (1 - u) * du
        dx_r = r * (1 - r) * (dr + y_n * dx_n)
        return self.joined(dx_r, dx_u, dx_n), self.joined(dx_r, dx_u, r * dx_n + dy_n), dh_0


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """h' = tanh(w_ih input + b_ih + w_hh hx + b_hh): input (N, I), hx (N, H), w_ih (H, I), w_hh (H, H) -> (N, H)."""
    return _cell("rnn_tanh_cell", TanhStep, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """`rnn_tanh_cell` with max(·, 0) in place of tanh."""
    return _cell("rnn_relu_cell", ReluStep, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def lstm_cell(
    input: Tensor,
    hx: tuple[Tensor, Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: input (N, I), hx = (h, c), (N, H) each, w_ih (4H, I), w_hh (4H, H) -> the new (h, c).

    The rows of the weights are those of i, f, g, o. Source: Hochreiter & Schmidhuber 1997, Gers et al. 2000.
    """
    if not isinstance(hx, tuple | list) or len(hx) != 2:
        raise ArgumentTypeError(f"lstm_cell: hx must be a pair (h, c); got {type(hx).__name__}")
    h, c = _cell("lstm_cell", LSTMStep, input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    return h, c


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a GRU: input (N, I), hx (N, H), w_ih (3H, I), w_hh (3H, H) -> (N, H).

    The rows of the weights are those of r, u (PyTorch's z), n. Source: Cho et al. 2014, with r outside the product.
    """
    return _cell("gru_cell", GRUStep, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def _cell(
    name: str, kind: type[Step], x: Tensor, state: tuple[Tensor, ...], w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any
) -> tuple[Tensor, ...]:
    """The new state of a batch (N, I), or of one sample (I,) with a state (H,)."""
    named = {"input": x, "hx": state[0], **{f"hx[{i}]": h for i, h in enumerate(state) if i}}
    operands(name, **named, w_ih=w_ih, w_hh=w_hh)
    if not isinstance(x, Tensor) or x.ndim not in (1, 2):
        raise ShapeError(f"{name}: input must be (N, {w_ih.shape[1]}) or ({w_ih.shape[1]},); got {x.shape}")
    for key, h in named.items():
        if key != "input" and h.shape != (*x.shape[:-1], w_hh.shape[1]):
            raise ShapeError(
                f"{name}: {key} {h.shape} but w_hh is {w_hh.shape} and input {x.shape}: "
                f"{key} must be {(*x.shape[:-1], w_hh.shape[1])}"
            )
    if x.shape[-1] != w_ih.shape[1] or len(w_ih) != len(w_hh) or len(w_hh) != kind.gates * w_hh.shape[1]:
        raise ShapeError(
            f"{name}: input {x.shape}, w_ih {w_ih.shape} and w_hh {w_hh.shape}: with I = {x.shape[-1]} and "
            f"H = {w_hh.shape[1]}, the weights must be ({kind.gates}H, I) and ({kind.gates}H, H)"
        )
    if x.ndim == 1:
        x, state = unsqueeze(x, 0), tuple([unsqueeze(h, 0) for h in state])
        return tuple([squeeze(h, 0) for h in _stepped(kind, x, state, w_ih, w_hh, b_ih, b_hh)])
    return _stepped(kind, x, state, w_ih, w_hh, b_ih, b_hh)


def _stepped(kind: type[Step], x: Tensor, state: tuple[Tensor, ...], *weights: Any) -> tuple[Tensor, ...]:
    w_ih, w_hh, b_ih, b_hh = weights
    return kind.apply(linear(x, w_ih, b_ih), linear(state[0], w_hh, b_hh), *state)
