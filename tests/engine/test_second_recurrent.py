"""Second derivatives of recurrent layers and cells: equal to PyTorch's, and to differences."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl
import minidl.nn.functional as F
from minidl import nn
from minidl.autograd import gradgradcheck
from minidl.ops import recurrent
from tests.support.batches import batches  # noqa: F401  # a fixture for every test here
from tests.support.compare import assert_close, to_numpy

I, H = 2, 3


def derivatives(library, outputs, leaves, rng, order):
    """The gradients of a random combination of the outputs, of one of these, ...: `order` times."""
    grad = minidl.grad if library is minidl else torch.autograd.grad

    def combined(tensors):
        return sum((x * library.tensor(rng.normal(size=tuple(x.shape)))).sum() for x in tensors if x is not None)

    found = []
    for _ in range(order):
        gradients = grad(combined(outputs), leaves, create_graph=True, allow_unused=True)
        found += gradients
        outputs = gradients
    return found


def agree(run):
    ours, theirs = run(minidl), run(torch)
    for i, (x, t) in enumerate(zip(ours, theirs, strict=True)):
        if x is None or t is None:
            assert all(g is None or not g.detach().any() for g in (x, t)), i
        else:
            assert_close(x.detach(), t.detach(), str(i), 1e-9, floor=1.0)


def layer_run(library, kind, options, lengths, order):
    """A layer with random weights on random sequences, packed if they have `lengths`."""
    rng = np.random.default_rng(0)
    layer = getattr(library.nn, kind)(I, H, **options).double()
    for weight in layer.parameters():
        weight.data = library.tensor(rng.normal(0, 0.7, tuple(weight.shape)))
    batch_first, steps, n = options["batch_first"], 3, 2
    rows = (1 + options["bidirectional"]) * options["num_layers"]
    shapes = [(n, steps, I) if batch_first else (steps, n, I), (rows, n, options.get("proj_size") or H)]
    shapes += [(rows, n, H)] * (kind == "LSTM")
    x, *state = leaves = [library.tensor(rng.normal(size=shape), requires_grad=True) for shape in shapes]
    if lengths is not None:
        x = library.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
    output, last = layer(x, tuple(state) if kind == "LSTM" else state[0])
    outputs = [output if lengths is None else output.data, *(last if kind == "LSTM" else [last])]
    return derivatives(library, outputs, [*leaves, *layer.parameters()], rng, order)


@st.composite
def layers(draw):
    kind = draw(st.sampled_from(["LSTM", "GRU", "RNN"]))
    options = {"num_layers": draw(st.integers(1, 2)), "bias": draw(st.booleans())}
    options |= {"bidirectional": draw(st.booleans()), "batch_first": draw(st.booleans())}
    if kind == "LSTM":
        options["proj_size"] = draw(st.sampled_from([0, 2]))
    if kind == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    return kind, options, draw(st.sampled_from([None, [3, 3], [1, 3], [3, 2]]))


@settings(max_examples=12)
@given(layers())
def test_layers(case):
    agree(partial(layer_run, kind=case[0], options=case[1], lengths=case[2], order=2))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_third_derivatives(kind):
    options = {"num_layers": 1, "bidirectional": True, "batch_first": False}
    agree(partial(layer_run, kind=kind, options=options, lengths=[2, 3], order=3))


def test_a_projection_three_times():
    options = {"num_layers": 1, "bidirectional": False, "batch_first": False, "proj_size": 2}
    agree(partial(layer_run, kind="LSTM", options=options, lengths=None, order=3))


@pytest.mark.parametrize(("kind", "gates", "states"), [
    ("LSTMCell", 4, 2), ("GRUCell", 3, 1), ("RNNCell", 1, 1),
])  # fmt: skip
def test_cells(kind, gates, states):
    def run(library):
        rng = np.random.default_rng(1)
        cell = getattr(library.nn, kind)(I, H).double()
        for weight in cell.parameters():
            weight.data = library.tensor(rng.normal(0, 0.7, tuple(weight.shape)))
        x, *state = [library.tensor(rng.normal(size=(2, k)), requires_grad=True) for k in (I, *(H,) * states)]
        z = state = tuple(state) if states == 2 else state[0]
        for _ in range(2):  # the second step starts from what the first one made
            z = cell(x, z)
        leaves = [x, *(state if states == 2 else [state]), *cell.parameters()]
        return derivatives(library, z if states == 2 else [z], leaves, rng, 3)

    agree(run)


@pytest.mark.parametrize(("cell", "gates"), [
    (recurrent.lstm_cell, 4), (recurrent.gru_cell, 3), (recurrent.rnn_tanh_cell, 1),
])  # fmt: skip
def test_by_differences(cell, gates):
    rng = np.random.default_rng(0)
    shapes = [(1, 1), (1, 2), (1, 2), (gates * 2, 1), (gates * 2, 2)]
    x, h, c, w_ih, w_hh = [minidl.tensor(rng.normal(size=s), requires_grad=True) for s in shapes]
    if gates == 4:
        assert gradgradcheck(lambda x, h, c, *ws: cell(x, (h, c), *ws), (x, h, c, w_ih, w_hh))
    else:
        assert gradgradcheck(cell, (x, h, w_ih, w_hh))


def test_a_gradient_penalty_in_single_and_half_precision():
    for dtype, tolerance in (("float32", 1e-5), ("float16", 2e-2)):
        found = []
        for kind in (getattr(minidl, dtype), minidl.float64):
            minidl.manual_seed(0)
            layer, x = nn.GRU(I, H).to(kind), minidl.ones(3, 2, I, dtype=kind, requires_grad=True)
            (g,) = minidl.grad(layer(x)[0].sum(), x, create_graph=True)
            (g * g).sum().backward()
            found.append([to_numpy(p.grad) for p in layer.parameters()])
        for x, t in zip(*found, strict=True):
            np.testing.assert_allclose(x, t, atol=tolerance * max(1, np.abs(t).max()))


def test_an_lstm_within_a_network():
    """Between other layers, with a loss: an LSTM that reads rows."""

    def run(library):
        f = F if library is minidl else torch.nn.functional
        rng = np.random.default_rng(2)
        layer = library.nn.LSTM(I, H, batch_first=True).double()
        for weight in layer.parameters():
            weight.data = library.tensor(rng.normal(0, 0.7, tuple(weight.shape)))
        x = library.tensor(rng.normal(size=(2, 4, I)), requires_grad=True)
        w = library.tensor(rng.normal(size=(3, H)), requires_grad=True)
        loss = f.cross_entropy(f.linear(f.relu(layer(x.tanh())[0][:, -1]), w), library.tensor([0, 2]))
        return derivatives(library, [loss], [x, w, *layer.parameters()], rng, 2)

    agree(run)
