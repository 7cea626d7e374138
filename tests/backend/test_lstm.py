"""An LSTM's quick way through time equals its steps: states, every gradient, second derivatives; for all shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.backend import get_backend
from minidl.backend.numpy import lstm
from minidl.backend.numpy.threads import get_num_threads, set_num_threads
from minidl.ops.over_time import layer_over_time

pytestmark = pytest.mark.numpy_only("about NumPy's way through an LSTM")

TIMES = st.integers(lstm.FEWEST, lstm.FEWEST + 4)
small = st.integers(1, 6)


def arguments(steps: int, n: int, inputs: int, hidden: int, dtype: str, biased: bool, scale: float = 1.0):
    """x, the first state and the weights; all want gradients."""
    rng = np.random.default_rng(0)
    shapes = [(steps * n, inputs), (n, hidden), (n, hidden), (4 * hidden, inputs), (4 * hidden, hidden)]
    shapes += [(4 * hidden,)] * 2 if biased else []
    made = [minidl.tensor((rng.standard_normal(s) * scale).astype(dtype), requires_grad=True) for s in shapes]
    return made, rng


def over_time(made, steps, n, reverse=False, quick=True):
    """h at all times and the last h and c; `quick` as chosen, or step by step."""
    x, h, c, *weights = made
    weights += [None] * (5 - len(weights))
    with pytest.MonkeyPatch.context() as patch:
        if not quick:
            patch.setattr(lstm, "FEWEST", 1 << 62)
        return layer_over_time("LSTM", x, (h, c), weights, [n] * steps, reverse)


def slopes(made, outputs, seeds, **options):
    return minidl.autograd.grad(outputs, made, [minidl.tensor(s) for s in seeds], **options)


@given(TIMES, st.integers(1, 9), small, small, st.sampled_from(["float32", "float64"]), st.booleans(), st.booleans())
def test_states_and_gradients(steps, n, inputs, hidden, dtype, biased, reverse):
    made, rng = arguments(steps, n, inputs, hidden, dtype, biased)
    quick, plain = (over_time(made, steps, n, reverse, quick) for quick in (True, False))
    assert quick[0].grad_fn is not None
    seeds = [rng.standard_normal(z.shape).astype(dtype) for z in quick]
    tolerance = 1e-4 if dtype == "float32" else 1e-11
    for x, y in zip([*quick, *slopes(made, quick, seeds)], [*plain, *slopes(made, plain, seeds)], strict=True):
        assert x.shape == y.shape
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("reverse", [False, True])
def test_second_derivatives(reverse):
    steps, n = lstm.FEWEST, 3
    made, _ = arguments(steps, n, 2, 3, "float64", biased=True)
    found = []
    for quick in (True, False):
        outputs = over_time(made, steps, n, reverse, quick)
        seeds = [np.sin(np.arange(z.numel())).reshape(z.shape) for z in outputs]
        first = slopes(made, outputs, seeds, create_graph=True)
        found.append(minidl.autograd.grad(sum((d * d).sum() for d in first), made))
    for x, y in zip(*found, strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-9, atol=1e-11)


def test_a_graph_can_be_gone_back_through_twice():
    steps, n = lstm.FEWEST, 4
    made, _ = arguments(steps, n, 2, 3, "float64", biased=True)
    outputs = over_time(made, steps, n)
    seeds = [np.ones(z.shape) for z in outputs]
    once = slopes(made, outputs, seeds, retain_graph=True)
    for x, y in zip(once, slopes(made, outputs, seeds), strict=True):
        np.testing.assert_array_equal(x.numpy(), y.numpy())


def test_inputs_that_do_not_lie_row_by_row():
    """A broadcast input, a transposed one, every second column: as their copies."""
    steps, n = lstm.FEWEST, 3
    made, rng = arguments(steps, n, 4, 2, "float32", biased=True)
    rows = rng.standard_normal((4, steps * n)).astype("float32")
    wide = rng.standard_normal((steps * n, 8)).astype("float32")
    inputs = (
        minidl.tensor(rows[:, :1].copy()).T.expand(steps * n, 4), minidl.tensor(rows).T, minidl.tensor(wide)[:, ::2],
        minidl.tensor(wide[:, :1].copy()).expand(steps * n, 4),
    )  # fmt: skip
    for x in inputs:
        assert not x.is_contiguous()
        strided, copied = over_time([x, *made[1:]], steps, n), over_time([x.contiguous(), *made[1:]], steps, n)
        for z, other in zip(strided, copied, strict=True):
            np.testing.assert_array_equal(z.detach().numpy(), other.detach().numpy())


def test_gates_that_are_shut_or_open_to_the_last_bit():
    steps, n = lstm.FEWEST, 5
    made, _ = arguments(steps, n, 3, 8, "float32", biased=True, scale=1e4)
    quick, plain = (over_time(made, steps, n, quick=quick) for quick in (True, False))
    seeds = [np.ones(z.shape, "float32") for z in quick]
    for x, y in zip([*quick, *slopes(made, quick, seeds)], [*plain, *slopes(made, plain, seeds)], strict=True):
        assert np.isfinite(x.detach().numpy()).all()
        np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), rtol=1e-4, atol=1e-4)


def test_the_number_of_threads_changes_no_bit():
    steps, n = lstm.FEWEST, 200  # so many that two halves walk side by side
    made, _ = arguments(steps, n, 16, 128, "float32", biased=True, scale=0.1)
    assert len(get_backend("numpy").walks(n, made[3].numel() + made[4].numel())) == 2
    before, found = get_num_threads(), []
    try:
        for threads in (1, 2):
            set_num_threads(threads)
            outputs = over_time(made, steps, n)
            found.append([*outputs, *slopes(made, outputs, [np.ones(z.shape, "float32") for z in outputs])])
    finally:
        set_num_threads(before)
    for x, y in zip(*found, strict=True):
        np.testing.assert_array_equal(x.detach().numpy(), y.detach().numpy())


def test_what_goes_step_by_step():
    """Few times, sequences of several lengths, a projection, other cells, no sequences at all."""
    w = np.zeros((6, 12), np.float32)

    def chosen(cell="LSTM", times=lstm.FEWEST, rows=2 * lstm.FEWEST, n=2, w_hr=None):
        node = type("Node", (), {})()
        node.cell, node.w_hr, node.w_hh, node.times = cell, w_hr, np.zeros((12, 3), np.float32), [slice(0, 2)] * times
        node.x, node.first = np.zeros((rows, 1), np.float32), [np.zeros((n, 3), np.float32)]
        return lstm.over_time(node, w)

    assert chosen() is not None
    assert chosen(times=lstm.FEWEST - 1, rows=2 * lstm.FEWEST - 2) is None
    assert chosen(rows=2 * lstm.FEWEST - 1) is None
    assert chosen(w_hr=np.zeros((2, 3))) is None
    assert chosen(cell="GRU") is None
    assert chosen(rows=0, n=0) is None
