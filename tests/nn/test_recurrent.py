"""RNN, LSTM, GRU and their cells, and batches of sequences of several lengths, against PyTorch's."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.errors import ArgumentError, ArgumentTypeError, DtypeError, GraphError, ShapeError
from minidl.models.summary import summarize
from minidl.nn.utils import rnn
from tests.nn.pairs import check_layer, same_weights
from tests.support.batches import batches  # noqa: F401  # a fixture for every test here
from tests.support.compare import assert_close, same_tensor, to_numpy

theirs_rnn = torch.nn.utils.rnn
pytestmark = [
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
    pytest.mark.filterwarnings("ignore:grad and param do not obey"),  # PyTorch's, of empty gradients
]
KINDS = ["RNN", "LSTM", "GRU"]


def leaves(result):
    """The tensors of a result, in order; of a packed sequence, its data."""
    if isinstance(result, rnn.PackedSequence | theirs_rnn.PackedSequence):
        return [result.data]
    if isinstance(result, tuple | list):
        return [leaf for part in result for leaf in leaves(part)]
    return [result]


def backward(found):
    """From the same random gradients of all outputs, in either library."""
    rng = np.random.default_rng(3)
    library = minidl if isinstance(found[0], minidl.Tensor) else torch
    dtype = to_numpy(found[0]).dtype
    sum((z * library.tensor(rng.standard_normal(tuple(z.shape)).astype(dtype))).sum() for z in found).backward()


def compare(kind, options, call, *arrays, dtypes=("float64", "float32")):
    """The layer in both libraries with the same weights; `call(layer, package, *tensors)` gives what to compare."""
    for dtype in dtypes:
        mine, reference = getattr(nn, kind)(**options), getattr(torch.nn, kind)(**options)
        assert repr(mine) == repr(reference)
        mine.to(getattr(minidl, dtype))
        reference.to(getattr(torch, dtype))
        same_weights(mine, reference, seed=0)
        pairs = [same_tensor(a.astype(dtype)) for a in arrays]
        for pair in pairs:
            for tensor in pair:
                tensor.requires_grad_()
        found = leaves(call(mine, rnn, *[x for x, _ in pairs]))
        expected = leaves(call(reference, theirs_rnn, *[t for _, t in pairs]))
        assert len(found) == len(expected)
        for i, (z, t) in enumerate(zip(found, expected)):
            assert_close(z, t, f"output {i}")
        backward(found)
        backward(expected)
        for i, (x, t) in enumerate(pairs):
            assert_close(x.grad, t.grad, f"gradient of input {i}", floor=1.0)  # float32's sums of both signs
        for (name, p), q in zip(mine.named_parameters(), reference.parameters()):
            assert_close(p.grad, q.grad, f"gradient of {name}", floor=1.0)


@st.composite
def layers(draw):
    """A kind, its options and the shapes of its states for a batch of n."""
    kind = draw(st.sampled_from(KINDS))
    options = {
        "input_size": draw(st.integers(1, 4)),
        "hidden_size": draw(st.integers(2, 4)),
        "num_layers": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "bidirectional": draw(st.booleans()),
    }
    if kind == "LSTM":
        options["proj_size"] = draw(st.integers(0, options["hidden_size"] - 1))
    if kind == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    layers = options["num_layers"] * (1 + options["bidirectional"])
    sizes = [options.get("proj_size") or options["hidden_size"], options["hidden_size"]]
    return kind, options, [(layers, size) for size in sizes[: 2 if kind == "LSTM" else 1]]


def run(layer, x, states):
    if not states:
        return layer(x)
    return layer(x, states if len(states) > 1 else states[0])


@given(layers(), st.integers(1, 4), st.integers(1, 3), st.booleans(), st.booleans())
def test_layers(layer, steps, n, given_states, single):
    kind, options, shapes = layer
    rng = np.random.default_rng(steps + 10 * n)
    size = options["input_size"]
    shape = (steps, size) if single else (n, steps, size) if options["batch_first"] else (steps, n, size)
    states = [rng.uniform(-1, 1, (layers, size) if single else (layers, n, size)) for layers, size in shapes]
    x = rng.uniform(-1, 1, shape)
    compare(kind, options, lambda net, _, x, *s: run(net, x, s), x, *(states if given_states else []))


@given(layers(), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.booleans())
def test_packed_sequences(layer, lengths, given_states):
    kind, options, shapes = layer
    rng = np.random.default_rng(sum(lengths))
    options["batch_first"] = False
    x = rng.uniform(-1, 1, (max(lengths), len(lengths), options["input_size"]))
    states = [rng.uniform(-1, 1, (layers, len(lengths), size)) for layers, size in shapes]

    def call(net, package, x, *states):
        packed = package.pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, last = run(net, packed, states)
        padded, found = package.pad_packed_sequence(output)
        assert found.tolist() == lengths
        return output, padded, last

    compare(kind, options, call, x, *(states if given_states else []), dtypes=("float64",))


@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_sequence_sees_nothing_of_the_padding(kind):
    net = getattr(nn, kind)(2, 3, bidirectional=True)
    x = np.random.default_rng(0).uniform(-1, 1, (4, 2, 2)).astype(np.float32)
    x[2:, 1] = np.nan  # the padding of the second sequence
    packed = rnn.pack_padded_sequence(minidl.tensor(x), [4, 2])
    output, last = net(packed)
    alone, last_alone = net(minidl.tensor(x[:2, 1]))
    np.testing.assert_allclose(to_numpy(rnn.unpack_sequence(output)[1]), to_numpy(alone), rtol=1e-6, atol=1e-7)
    for h, own in zip(leaves(last), leaves(last_alone)):
        np.testing.assert_allclose(to_numpy(h[:, 1]), to_numpy(own), rtol=1e-6, atol=1e-7)
    sum((z * z).sum() for z in leaves((output, last))).backward()
    assert all(np.isfinite(to_numpy(p.grad)).all() for p in net.parameters())


@given(st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.booleans(), st.sampled_from(["tanh", "relu"]))
def test_cells(n, inputs, hidden, bias, nonlinearity):
    rng = np.random.default_rng(n)
    x, h, c = (rng.uniform(-1, 1, (n, size)) for size in (inputs, hidden, hidden))
    options = {"input_size": inputs, "hidden_size": hidden, "bias": bias}
    compare("RNNCell", options | {"nonlinearity": nonlinearity}, lambda net, _, x, h: net(x, h), x, h)
    compare("GRUCell", options, lambda net, _, x, h: net(x, h), x, h)
    compare("LSTMCell", options, lambda net, _, x, h, c: net(x, (h, c)), x, h, c)
    compare("LSTMCell", options, lambda net, _, x: net(x), x)
    check_layer("GRUCell", options, x)
    if n:
        compare("RNNCell", options, lambda net, _, x, h: net(x[0], h[0]), x, h)
        compare("LSTMCell", options, lambda net, _, x, h, c: net(x[0], (h[0], c[0])), x, h, c)


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_of_which_one_step_is_used(kind):
    """As a classifier does: the gradient of one time, and none of the states."""
    x = np.random.default_rng(0).uniform(-1, 1, (2, 5, 3))
    compare(kind, {"input_size": 3, "hidden_size": 4, "batch_first": True}, lambda net, _, x: net(x)[0][:, -1], x)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_between_layers(kind):
    x = minidl.rand(4, 2, 3)
    net = getattr(nn, kind)(3, 5, num_layers=2, dropout=0.5)
    state = net.state_dict()
    first, second = getattr(nn, kind)(3, 5), getattr(nn, kind)(5, 5)
    first.load_state_dict({name: value for name, value in state.items() if "l0" in name})
    second.load_state_dict({name.replace("l1", "l0"): value for name, value in state.items() if "l1" in name})
    minidl.manual_seed(7)
    found = net(x)[0]
    minidl.manual_seed(7)
    inner = nn.functional.dropout(first(x)[0].reshape(8, 5), 0.5).reshape(4, 2, 5)
    np.testing.assert_allclose(to_numpy(found), to_numpy(second(inner)[0]), rtol=1e-5)
    np.testing.assert_allclose(to_numpy(net.eval()(x)[0]), to_numpy(second(first(x)[0])[0]), rtol=1e-5)
    everything = {"input_size": 3, "hidden_size": 5, "num_layers": 2, "dropout": 1.0}
    compare(kind, everything, lambda net, _, x: net(x), np.random.default_rng(0).uniform(-1, 1, (4, 2, 3)))
    with pytest.warns(UserWarning, match="dropout=0.5 acts between layers"):
        getattr(nn, kind)(3, 5, dropout=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_rounds_once_per_layer(kind):
    net, x = getattr(nn, kind)(3, 4).half(), minidl.rand(5, 2, 3).half().requires_grad_()
    z, _ = net(x)
    assert z.dtype == minidl.float16
    z.sum().backward()
    wide = getattr(nn, kind)(3, 4)
    wide.load_state_dict({name: value.float() for name, value in net.state_dict().items()})
    y = x.detach().float().requires_grad_()
    wide(y)[0].sum().backward()
    np.testing.assert_allclose(to_numpy(z), to_numpy(wide(y)[0]), atol=2e-3)
    np.testing.assert_allclose(to_numpy(x.grad), to_numpy(y.grad), atol=5e-3)


def test_the_state_given_is_not_changed_and_what_is_returned_is_ones_own():
    net, h, c = nn.LSTM(2, 3), minidl.ones(1, 2, 3), minidl.ones(1, 2, 3)
    output, last = net(minidl.ones(4, 2, 2), (h, c))
    assert (to_numpy(h) == 1).all() and (to_numpy(c) == 1).all()
    for tensor in (output, *last):
        with minidl.no_grad():
            tensor.zero_()
    again, _ = net(minidl.ones(4, 2, 2), (h, c))
    assert to_numpy(again).any()


@pytest.mark.parametrize("changed", [0, 1])
def test_a_state_changed_before_backward_is_noticed(changed):
    states = minidl.rand(1, 2, 3), minidl.rand(1, 2, 3)
    output, _ = nn.LSTM(2, 3)(minidl.ones(4, 2, 2), states)
    states[changed].zero_()
    with pytest.raises(GraphError, match="changed in place"):
        output.sum().backward()


def test_weights_by_layer():
    net, reference = nn.LSTM(2, 3, 2, bidirectional=True), torch.nn.LSTM(2, 3, 2, bidirectional=True)
    assert [[tuple(p.shape) for p in row] for row in net.all_weights] == [
        [tuple(p.shape) for p in row] for row in reference.all_weights
    ]
    assert net.all_weights[3][0] is net.weight_ih_l1_reverse
    assert net.flatten_parameters() is None
    bound = 1 / np.sqrt(3)
    drawn = np.concatenate([to_numpy(p).ravel() for p in nn.GRU(40, 3).parameters()])
    assert 0.98 * bound < np.abs(drawn).max() <= bound


def test_summary_counts_the_products():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(5, 4, batch_first=True, proj_size=2)

        def forward(self, x):
            return self.lstm(x)[0][:, -1]

    (row,) = [row for row in summarize(Last(), (3, 7, 5)).layers if row.name == "lstm"]
    assert row.multiply_adds == 3 * 7 * (16 * 5 + 16 * 2 + 2 * 4)
    assert row.parameters == sum(p.numel() for p in nn.LSTM(5, 4, proj_size=2).parameters())
    assert row.output == (3, 7, 2)


X = minidl.ones(4, 2, 3)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.LSTM(3, 4)(X[:, :, :2]), ShapeError, r"\(4, 2, 2\) but input_size is 3"),
        (lambda: nn.LSTM(3, 4)(X[None]), ShapeError, "input must be"),
        (lambda: nn.LSTM(3, 4)(X[:0]), ShapeError, "no time step"),
        (lambda: nn.LSTM(3, 4)(X.double()), ArgumentError, r"float64 but the weights are float32; use input\.to"),
        (lambda: nn.LSTM(3, 4)(X, minidl.ones(1, 2, 4)), ArgumentTypeError, "pair"),
        (lambda: nn.GRU(3, 4)(X, (X, X)), ArgumentTypeError, "h_0 must be a Tensor"),
        (lambda: nn.GRU(3, 4)(X, minidl.ones(2, 2, 4)), ShapeError, r"= \(1, 2, 4\); got \(2, 2, 4\)"),
        (lambda: nn.GRU(3, 4)(X[:, 0], minidl.ones(1, 2, 4)), ShapeError, "states of 2 dimensions"),
        (lambda: nn.GRU(3, 4)(X, minidl.ones(1, 2, 4).double()), ArgumentError, "h_0 is float64"),
        (lambda: nn.LSTM(3, 4, proj_size=4), ArgumentError, "proj_size 4 must be below"),
        (lambda: nn.LSTM(3, 4, dropout=1.5), ArgumentError, "dropout must be between 0 and 1"),
        (lambda: nn.RNN(3, 4, nonlinearity="sin"), ArgumentError, "'tanh' or 'relu'; got 'sin'"),
        (lambda: nn.RNNBase("LSTN", 3, 4), ArgumentError, "mode 'LSTN' is unknown"),
        (lambda: nn.LSTMCell(3, 4)(X[0], X[0]), ArgumentTypeError, "pair"),
        (lambda: nn.GRUCell(3, 4)(X), ShapeError, r"input must be \(N, 3\)"),
        (lambda: nn.LSTM(3, 4)(rnn.pack_sequence([X[0, :, :2]])), ShapeError, "data .* input_size is 3"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


# Padding and packing


@st.composite
def sequences(draw):
    """Some sequences (L, ...) of several lengths, as NumPy arrays."""
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    rest = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return [rng.uniform(-1, 1, (length, *rest)) for length in lengths]


def both(arrays):
    pairs = [same_tensor(a) for a in arrays]
    for pair in pairs:
        for tensor in pair:
            if a_float(tensor):
                tensor.requires_grad_()
    return [x for x, _ in pairs], [t for _, t in pairs]


def a_float(tensor):
    return "float" in str(tensor.dtype)


@given(sequences(), st.booleans(), st.sampled_from(["right", "left"]), st.sampled_from([np.float64, np.int64]))
def test_padding_and_packing_and_back(arrays, batch_first, side, dtype):
    ours, theirs = both([(10 * a).astype(dtype) for a in arrays])
    results = []
    for package, given_sequences in ((rnn, ours), (theirs_rnn, theirs)):
        padded = package.pad_sequence(given_sequences, batch_first, 7.0, side)
        packed = package.pack_sequence(given_sequences, enforce_sorted=False)
        again, lengths = package.pad_packed_sequence(packed, batch_first, -1.0, total_length=5)
        parts = package.unpack_sequence(packed)
        short = package.pad_sequence(given_sequences, batch_first)
        cut = package.unpad_sequence(short.clone(), lengths, batch_first)
        results.append([padded, packed.data, *packed[1:], again, lengths, *parts, *cut])
    for i, (z, t) in enumerate(zip(*results, strict=True)):
        assert_close(z, t, f"result {i}")
    if dtype is np.float64:
        for found in results:
            backward([z for z in found if a_float(z)])
        for x, t in zip(ours, theirs):
            assert_close(x.grad, t.grad)


def test_packing_of_sorted_lengths_keeps_no_order():
    x = np.arange(12.0).reshape(3, 2, 2)
    ours = rnn.pack_padded_sequence(minidl.tensor(x), minidl.tensor([3, 1], device="cpu"), batch_first=False)
    theirs = theirs_rnn.pack_padded_sequence(torch.tensor(x), torch.tensor([3, 1]), batch_first=False)
    assert_close(ours.data, theirs.data)
    assert ours.sorted_indices is theirs.sorted_indices is None
    assert repr(ours).startswith("PackedSequence(data=tensor(")
    assert ours.double() is ours and not ours.cpu().is_cuda
    assert ours.half().data.dtype == minidl.float16
    assert ours.to(minidl.float32).batch_sizes is ours.batch_sizes
    made = rnn.PackedSequence((ours.data, ours.batch_sizes))
    assert made.data is ours.data and made.unsorted_indices is None


Y = minidl.ones(3, 2, 4)


@pytest.mark.parametrize(
    ("call", "theirs", "error", "says"),
    [
        (lambda p, y: p.pack_padded_sequence(y, [1, 3]), True, ArgumentError, "use enforce_sorted=False"),
        (lambda p, y: p.pack_padded_sequence(y, [3, 0]), True, ArgumentError, "lengths must be 1 to 3"),
        (lambda p, y: p.pack_padded_sequence(y, [4, 1]), False, ArgumentError, "lengths must be 1 to 3"),
        (lambda p, y: p.pack_padded_sequence(y, [3]), True, ShapeError, r"must be \(2,\).*got \(1,\)"),
        (lambda p, y: p.pack_padded_sequence(y[0, 0], [3]), True, ShapeError, r"padded batch \(T, N"),
        (lambda p, y: p.pack_padded_sequence([1], [1]), False, DtypeError, "takes a Tensor"),
        (lambda p, y: p.pack_sequence([y[:1], y]), True, ArgumentError, "enforce_sorted"),
        (lambda p, y: p.pad_sequence([]), True, ArgumentError, "at least one sequence"),
        (lambda p, y: p.pad_sequence(3), True, ArgumentTypeError, "iterable of Tensors"),
        (lambda p, y: p.pad_sequence([y, y[:, :1]]), False, ShapeError, "only the first dimension"),
        (lambda p, y: p.pad_sequence([y], padding_side="top"), True, ArgumentError, "padding_side"),
        (lambda p, y: p.pad_packed_sequence(p.pack_sequence([y]), total_length=2), True, ArgumentError, "total_length"),
        (lambda p, y: p.pad_packed_sequence(y), True, ArgumentTypeError, "takes a PackedSequence"),
        (lambda p, y: p.PackedSequence(y), False, ArgumentTypeError, "data and batch_sizes"),
    ],
)
def test_wrong_batches(call, theirs, error, says):
    with pytest.raises(error, match=says):
        call(rnn, Y)
    if theirs:
        with pytest.raises((RuntimeError, ValueError, IndexError, AttributeError)), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(theirs_rnn, torch.ones(3, 2, 4))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_an_empty_batch_gives_an_empty_result_and_gradients_of_zeros(kind):
    layer = getattr(minidl.nn, kind)(6, 7, batch_first=True)
    z, _ = layer(minidl.zeros(0, 5, 6))
    assert z.shape == (0, 5, 7)
    z.sum().backward()
    assert all(not parameter.grad.any().item() for parameter in layer.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bits_with_any_number_of_threads(kind):
    rng = np.random.default_rng(0)
    x, dz = minidl.tensor(rng.standard_normal((3, 70, 20))).float(), minidl.tensor(rng.standard_normal((3, 70, 128)))
    layer = getattr(nn, kind)(20, 128)
    found = []
    before = minidl.get_num_threads()
    for threads in (1, 2, 3, 2):
        minidl.set_num_threads(threads)
        layer.zero_grad()
        z, _ = layer(x)
        z.backward(dz.float())
        found.append([z.detach(), *[w.grad.clone() for w in layer.parameters()]])
    minidl.set_num_threads(before)
    for others in found[1:]:
        for a, b in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
