"""One step of an LSTM: four gates, two paths back."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(16)


def forward(x, h, c, w, u, b):
    """i, f, g, o = the four parts of x wᵀ + h uᵀ + b

    c_next = σ(f) c + σ(i) tanh(g); h_next = σ(o) tanh(c_next)
    """
    i, f, g, o = np.split(x @ w.T + h @ u.T + b, 4, axis=1)  # each (N, H)
    i, f, o = [1 / (1 + np.exp(-gate)) for gate in (i, f, o)]
    c_next = f * c + i * np.tanh(g)
    return o * np.tanh(c_next), c_next


def _back(dh_next, dc_next, x, h, c, w, u, b, through_h=True, slope_of_tanh=True, slopes=True, g_slope=None):
    """The way back, with some of its parts left out."""
    i, f, g, o = np.split(x @ w.T + h @ u.T + b, 4, axis=1)
    i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
    t = np.tanh(f * c + i * g)
    dc_next = dc_next + through_h * dh_next * o * (1 - t * t if slope_of_tanh else 1)
    di, df, dg, do = dc_next * g, dc_next * c, dc_next * i, dh_next * t
    if slopes:
        di, df, do = di * i * (1 - i), df * f * (1 - f), do * o * (1 - o)
        dg = dg * (g * (1 - g) if g_slope == "sigmoid" else 1 - g * g)
    da = np.concatenate([di, df, dg, do], axis=1)  # (N, 4H)
    return da @ w, da @ u, dc_next * f, da.T @ x, da.T @ h, da.sum(axis=0)


def backward(dh_next, dc_next, x, h, c, w, u, b):
    return _back(dh_next, dc_next, x, h, c, w, u, b)


GRADIENTS = ("dx", "dh", "dc", "dw", "du", "db")


def _wrong(**left_out):
    return lambda *given: dict(zip(GRADIENTS, _back(*given, **left_out)))


def _only(dh, dc):
    return lambda dh_next, dc_next, *rest: dict(zip(GRADIENTS, _back(dh * dh_next, dc * dc_next, *rest)))


def twin(dh_next, dc_next, x, h, c, w, u, b):
    """One number at a time."""
    dx, dh, dc, dw, du, db = (np.zeros(a.shape) for a in (x, h, c, w, u, b))
    size = h.shape[1]
    for n, k in np.ndindex(*h.shape):
        rows = [k + part * size for part in range(4)]
        a = [sum(w[r] * x[n]) + sum(u[r] * h[n]) + b[r] for r in rows]
        i, f, o = (1 / (1 + np.exp(-a[part])) for part in (0, 1, 3))
        g = np.tanh(a[2])
        t = np.tanh(f * c[n, k] + i * g)
        s = dc_next[n, k] + dh_next[n, k] * o * (1 - t**2)  # what arrives at c_next, on both paths
        dc[n, k] += s * f
        da = (s * g * i * (1 - i), s * c[n, k] * f * (1 - f), s * i * (1 - g**2), dh_next[n, k] * t * o * (1 - o))
        for r, d in zip(rows, da):
            dx[n] += d * w[r]
            dh[n] += d * u[r]
            dw[r] += d * x[n]
            du[r] += d * h[n]
            db[r] += d
    return dx, dh, dc, dw, du, db


def _case(english, korean, n, inputs, size):
    arrays = (
        draw(n, inputs),
        draw(n, size),
        draw(n, size),
        draw(4 * size, inputs),
        draw(4 * size, size),
        draw(4 * size),
    )
    return Case({"en": english, "ko": korean}, arrays, {"N": n})


EXERCISE = Exercise(
    name="lstm_step",
    title={"en": "one step of an LSTM", "ko": "LSTM의 한 단계"},
    says={
        "en": "There are two outputs, and a gradient arrives at each: dh_next and dc_next. c_next also goes into "
        "h_next.",
        "ko": "출력이 둘이고 각각에 기울기가 도착합니다: dh_next와 dc_next. c_next는 h_next에도 들어갑니다.",
    },
    shapes="x, dx (N, I); h, c, dh, dc, dh_next, dc_next (N, H); w, dw (4H, I); u, du (4H, H); b, db (4H,)",
    hints=(
        {
            "en": "First what arrives at c_next in all: dc_next, and what comes through h_next = o tanh(c_next). "
            "From there to the gates, through their slopes to x wᵀ + h uᵀ + b, and from there as in a linear "
            "layer.",
            "ko": "먼저 c_next에 도착하는 것을 모두 더합니다: dc_next, 그리고 h_next = o tanh(c_next)를 거쳐 오는 "
            "것. 거기서 게이트로, 게이트의 기울기를 거쳐 x wᵀ + h uᵀ + b로, 그다음은 선형 층과 같습니다.",
        },
        {
            "en": "s = dc_next + dh_next o (1 - tanh²c_next); dc = s f; di = s g i (1 - i), df = s c f (1 - f), dg = "
            "s i (1 - g²), do = dh_next tanh(c_next) o (1 - o); da = [di df dg do]; dx = da w, dw = daᵀ x, ...",
            "ko": "s = dc_next + dh_next o (1 - tanh²c_next), dc = s f, di = s g i (1 - i), df = s c f (1 - f), dg = "
            "s i (1 - g²), do = dh_next tanh(c_next) o (1 - o), da = [di df dg do], dx = da w, dw = daᵀ x, ...",
        },
    ),
    forward=forward,
    backward=backward,
    gradients=GRADIENTS,
    cases=(
        _case("a batch of 2", "배치 크기 2", 2, 3, 2),
        _case("a single row", "한 행", 1, 2, 2),
        _case("a batch of 3, one hidden number", "배치 크기 3, 은닉 크기 1", 3, 2, 1),
    ),
    mistakes={
        "dc_forgotten": Mistake(
            {
                "en": "dc_next is forgotten: the cell's own gradient arrives too",
                "ko": "dc_next를 빠뜨렸습니다. 셀에도 기울기가 도착합니다",
            },
            _only(1, 0),
        ),
        "dh_forgotten": Mistake(
            {"en": "dh_next is forgotten", "ko": "dh_next를 빠뜨렸습니다"},
            _only(0, 1),
        ),
        "path_through_h": Mistake(
            {"en": "c_next also goes into h_next: that path, dh_next o (1 - tanh²c_next), is missing",
             "ko": "c_next는 h_next에도 들어갑니다. 그 길 dh_next o (1 - tanh²c_next)가 빠졌습니다"},
            _wrong(through_h=False),
        ),
        "slope_of_tanh": Mistake(
            {
                "en": "the slope of tanh(c_next) is missing: 1 - tanh²c_next",
                "ko": "tanh(c_next)의 기울기 1 - tanh²c_next가 빠졌습니다",
            },
            _wrong(slope_of_tanh=False),
        ),
        "slopes_of_gates": Mistake(
            {"en": "the slopes of the gates are missing: i (1 - i), f (1 - f), 1 - g², o (1 - o)",
             "ko": "게이트의 기울기가 빠졌습니다: i (1 - i), f (1 - f), 1 - g², o (1 - o)"},
            _wrong(slopes=False),
        ),
        "slope_of_g": Mistake(
            {"en": "g is a tanh, and its slope 1 - g²; here it is taken for a sigmoid's",
             "ko": "g는 tanh이고 기울기는 1 - g²입니다. 시그모이드의 기울기를 썼습니다"},
            _wrong(g_slope="sigmoid"),
        ),
        "forget_gate": Mistake(
            {"en": "dc is not multiplied by the forget gate f", "ko": "dc에 망각 게이트 f를 곱하지 않았습니다"},
            lambda dh_next, dc_next, x, h, c, w, u, b: {
                "dc": dc_next + dh_next * _output_times_slope(x, h, c, w, u, b)
            },
        ),
    },
    outputs=("h_next", "c_next"),
    twin=twin,
)  # fmt: skip


def _output_times_slope(x, h, c, w, u, b):
    """o (1 - tanh²c_next)."""
    _, c_next = forward(x, h, c, w, u, b)
    o = 1 / (1 + np.exp(-np.split(x @ w.T + h @ u.T + b, 4, axis=1)[3]))
    return o * (1 - np.tanh(c_next) ** 2)
