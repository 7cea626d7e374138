"""The steps of recurrent cells, against PyTorch and against the same equations composed of plain operations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.errors import ArgumentTypeError, DtypeError, ShapeError
from minidl.ops import over_time
from tests.support.compare import assert_close, check, to_numpy

pytestmark = pytest.mark.filterwarnings("ignore:grad and param do not obey")  # PyTorch's, of empty gradients
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


def weights(rng, gates, inputs, hidden, bias=True):
    shapes = [(gates * hidden, inputs), (gates * hidden, hidden)] + [(gates * hidden,)] * 2
    return [rng.uniform(-1, 1, shape) for shape in (shapes if bias else shapes[:2])]


def called(library, kind):
    """The cell's function with its state in one row of arguments."""
    cell = getattr(library, f"{kind}_cell")
    return (lambda x, h, c, *w: cell(x, (h, c), *w)) if kind == "lstm" else cell


@given(st.sampled_from(list(GATES)), st.integers(0, 3), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_cells(kind, n, inputs, hidden, bias):
    rng = np.random.default_rng(n + 10 * inputs + hidden)
    state = [rng.uniform(-1, 1, (n, hidden)) for _ in range(2 if kind == "lstm" else 1)]
    parts = weights(rng, GATES[kind], inputs, hidden, bias)
    x = rng.uniform(-2, 2, (n, inputs))
    check(
        called(minidl, kind), called(torch, kind), x, *state, *parts, tolerance={"float32": 2e-4}
    )  # sums of both signs


@pytest.mark.parametrize("kind", GATES)
def test_extreme_gates(kind):
    """Saturated gates, infinite and NaN contributions."""
    rng = np.random.default_rng(0)
    x = np.array([[1e4, -1e4], [np.inf, 1.0], [-np.inf, 0.0], [np.nan, 0.0], [0.0, 0.0]])
    state = [rng.uniform(-1, 1, (5, 3)) for _ in range(2 if kind == "lstm" else 1)]
    parts = weights(rng, GATES[kind], 2, 3)
    check(called(minidl, kind), called(torch, kind), x, *state, *parts, gradients=False)
    check(called(minidl, kind), called(torch, kind), x[[0, 4]], *[h[[0, 4]] for h in state], *parts)


def composed(kind, a_x, a_y, h, c):
    """One step, as PyTorch's documentation writes it, of the engine's plain operations."""
    if kind in ("rnn_tanh", "rnn_relu"):
        return ((a_x + a_y).tanh() if kind == "rnn_tanh" else (a_x + a_y).relu()), c
    if kind == "lstm":
        i, f, g, o = (a_x + a_y).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c
    (x_r, x_z, x_n), (y_r, y_z, y_n) = a_x.chunk(3, 1), a_y.chunk(3, 1)
    r, z = (x_r + y_r).sigmoid(), (x_z + y_z).sigmoid()
    return (1 - z) * (x_n + r * y_n).tanh() + z * h, c


MODES = {"rnn_tanh": "RNN_TANH", "rnn_relu": "RNN_RELU", "lstm": "LSTM", "gru": "GRU"}


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", GATES)
def test_all_steps_are_what_the_composed_steps_give(kind, reverse, projected):
    """Three sequences of lengths 4, 2 and 1, by hand: each its own loop over its own rows, of plain operations."""
    if projected and kind != "lstm":
        return
    rng = np.random.default_rng(1)
    lengths, sizes, hidden, out = (4, 2, 1), (3, 2, 1, 1), 3, 2 if projected else 3
    arrays = [rng.uniform(-1, 1, (7, 2)), rng.uniform(-1, 1, (3, out)), rng.uniform(-1, 1, (3, hidden))]
    w_ih, w_hh, b_ih, b_hh = weights(rng, GATES[kind], 2, hidden)
    arrays += [w_ih, w_hh[:, :out], b_ih, b_hh, rng.uniform(-1, 1, (2, hidden))]

    def run(fused):
        x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr = leaves = [minidl.tensor(a, requires_grad=True) for a in arrays]
        state = (h0, c0) if kind == "lstm" else (h0,)
        if fused:
            parts = [w_ih, w_hh, b_ih, b_hh, w_hr if projected else None]
            z, *last = over_time.layer_over_time(MODES[kind], x, state, parts, sizes, reverse)
        else:
            starts, rows, ends = np.concatenate(([0], np.cumsum(sizes))), {}, []
            for n, length in enumerate(lengths):
                h, c = h0[n : n + 1], c0[n : n + 1]
                for t in reversed(range(length)) if reverse else range(length):
                    row = int(starts[t]) + n
                    h, c = composed(kind, x[row : row + 1] @ w_ih.T + b_ih, h @ w_hh.T + b_hh, h, c)
                    h = h @ w_hr.T if projected else h
                    rows[row] = h
                ends.append((h, c))
            z = minidl.cat([rows[row] for row in range(7)])
            last = [minidl.cat(parts) for parts in zip(*ends)][: len(state)]
        outputs = [z, *last]
        factors = np.random.default_rng(2)
        sum((out * minidl.tensor(factors.uniform(-1, 1, out.shape))).sum() for out in outputs).backward()
        used = [p for p in leaves if p is not w_hr or projected]
        return outputs + [p.grad for p in used if p is not c0 or kind == "lstm"]

    for ours, theirs in zip(run(True), run(False)):
        assert_close(ours, torch.tensor(minidl.backend.to_host(theirs._array)))


@pytest.mark.parametrize("wanted", ["x", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr", "h"])
@pytest.mark.parametrize("kind", GATES)
def test_gradients_of_wanted_inputs_alone(kind, wanted):
    """Input, weights and biases share their products: what is not wanted has no gradient, what is has the same."""
    rng = np.random.default_rng(3)
    arrays = dict(zip(("w_ih", "w_hh", "b_ih", "b_hh"), weights(rng, GATES[kind], 4, 5), strict=True))
    arrays |= {"x": rng.uniform(-1, 1, (8, 4)), "h": rng.uniform(-1, 1, (4, 5)), "w_hr": rng.uniform(-1, 1, (5, 5))}

    def gradients(wanted):
        given = {name: minidl.tensor(a, requires_grad=name in wanted) for name, a in arrays.items()}
        parts = [given[name] for name in ("w_ih", "w_hh", "b_ih", "b_hh", "w_hr")]
        state = (given["h"], minidl.zeros(4, 5, dtype=minidl.float64))[: 1 + (kind == "lstm")]
        z, *_ = over_time.layer_over_time(MODES[kind], given["x"], state, parts, (4, 3, 1))
        z.pow(3).sum().backward()
        return {name: tensor.grad for name, tensor in given.items()}

    found, of_all = gradients([wanted]), gradients(list(arrays))
    assert [name for name, grad in found.items() if grad is not None] == [wanted]
    np.testing.assert_allclose(to_numpy(found[wanted]), to_numpy(of_all[wanted]), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x, h, w, v: minidl.lstm_cell(x, h, w, v), ArgumentTypeError, "pair"),
        (lambda x, h, w, v: minidl.gru_cell(x, h, v, v), ShapeError, r"with I = 2 and H = 3.*\(3H, I\)"),
        (lambda x, h, w, v: minidl.gru_cell(x, h[:1], w, v), ShapeError, r"hx \(1, 3\).*must be \(2, 3\)"),
        (lambda x, h, w, v: minidl.gru_cell(x[None], h, w, v), ShapeError, "input must be"),
        (lambda x, h, w, v: minidl.gru_cell(x.double(), h, w, v), DtypeError, "one dtype"),
        (lambda x, h, w, v: minidl.gru_cell(1.0, h, w, v), DtypeError, "input must be a Tensor"),
        (lambda x, h, w, v: minidl.rnn_tanh_cell(x, h, w, v), ShapeError, r"weights must be \(1H, I\)"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(minidl.ones(2, 2), minidl.ones(2, 3), minidl.ones(9, 2), minidl.ones(9, 3))
