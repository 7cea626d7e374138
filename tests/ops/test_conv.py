"""Convolutions, unfold and fold against PyTorch, and against the plain loops."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.backend import Backend, Window, current_backend
from minidl.errors import ArgumentError, DtypeError, ShapeError
from minidl.ops import conv, unfold
from tests.support.compare import by_rows, check, to_numpy
from tests.support.strategies import arrays

pairs = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))
LOOSE = {"float32": 1e-4}


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


@st.composite
def conv_calls(draw, transposed=False):
    """An input that at least one window fits into, a weight, a bias or None, and the arguments."""
    groups = draw(st.integers(1, 3))
    inner, outer = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, dilation, stride = as_pair(draw(pairs)), draw(pairs), draw(pairs)
    padding = draw(st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2))))
    if not transposed and stride == 1 and draw(st.booleans()):
        padding = draw(st.sampled_from(["same", "valid"]))
    extent = [d * (k - 1) + 1 for d, k in zip(as_pair(dilation), kernel)]
    sides = (0, 0) if isinstance(padding, str) else as_pair(padding)
    arguments = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    size = [max(1, e - 2 * p) + draw(st.integers(0, 4)) for e, p in zip(extent, sides)]
    if transposed:
        limit = [max(s, d) for s, d in zip(as_pair(stride), as_pair(dilation))]
        arguments["output_padding"] = tuple(draw(st.integers(0, n - 1)) for n in limit)
        least = [1 + max(0, -(-(2 * p + 1 - e) // s)) for e, p, s in zip(extent, sides, as_pair(stride))]
        size = [n + draw(st.integers(0, 3)) for n in least]
    batch = draw(st.sampled_from([(), (0,), (1,), (3,)]))
    x = draw(arrays((*batch, inner, *size)))
    w = draw(arrays((inner, outer // groups, *kernel) if transposed else (outer, inner // groups, *kernel)))
    b = draw(st.one_of(st.none(), arrays((outer,))))
    return (x, w, b), arguments


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@given(conv_calls())
def test_conv2d(call):
    inputs, arguments = call
    check(conv.conv2d, by_rows(F.conv2d), *inputs, tolerance=LOOSE, **arguments)


@given(conv_calls(transposed=True))
def test_conv_transpose2d(call):
    inputs, arguments = call
    check(conv.conv_transpose2d, by_rows(F.conv_transpose2d), *inputs, tolerance=LOOSE, **arguments)


@given(conv_calls())
def test_the_plain_primitives_agree_with_the_tuned_ones(call):
    (x, w, b), arguments = call
    assume(x.ndim == 4 and not isinstance(arguments["padding"], str))
    backend, groups = current_backend(), arguments["groups"]
    (top, left), pairs = as_pair(arguments["padding"]), {k: as_pair(arguments[k]) for k in ("stride", "dilation")}
    window = Window(w.shape[2:], padding=((top, top), (left, left)), **pairs)
    x, w, b = (None if a is None else backend.asarray(np.array(a)) for a in (x, w, b))
    z = Backend.correlate(backend, x, w, b, window, groups)
    dz = backend.asarray(np.random.default_rng(0).standard_normal(z.shape))
    for plain, tuned in (
        (z, backend.correlate(x, w, b, window, groups)),
        (
            Backend.correlate_grad_input(backend, dz, w, window, groups, x.shape[2:]),
            backend.correlate_grad_input(dz, w, window, groups, x.shape[2:]),
        ),
        (
            Backend.correlate_grad_weight(backend, dz, x, window, groups),
            backend.correlate_grad_weight(dz, x, window, groups),
        ),
    ):
        np.testing.assert_allclose(backend.to_numpy(plain), backend.to_numpy(tuned), rtol=1e-10, atol=1e-10)


@given(st.booleans(), st.integers(1, 2), st.sampled_from([0, 1, (2,), "same"]), st.integers(1, 2), st.integers(1, 2))
def test_conv1d(batched, stride, padding, dilation, groups):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 4, 9) if batched else (4, 9))
    w, b = rng.standard_normal((6, 4 // groups, 3)), rng.standard_normal(6)
    stride = 1 if padding == "same" else stride
    check(conv.conv1d, by_rows(F.conv1d), x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)


@given(st.booleans(), st.integers(2, 3), st.integers(0, 1), st.integers(0, 1), st.integers(1, 2))
def test_conv_transpose1d(batched, stride, padding, output_padding, groups):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 4, 5) if batched else (4, 5))
    w, b = rng.standard_normal((4, 3, 4)), rng.standard_normal(3 * groups)
    check(
        conv.conv_transpose1d, by_rows(F.conv_transpose1d), x, w, b,
        stride=stride, padding=padding, output_padding=output_padding, groups=groups,
    )  # fmt: skip


def test_same_padding_of_an_even_kernel_puts_one_more_after():
    x, w = np.arange(5.0).reshape(1, 1, 1, 5), np.array([[[[1.0, 10.0]]]])
    z = conv.conv2d(minidl.tensor(x), minidl.tensor(w), padding="same")
    assert to_numpy(z).ravel().tolist() == [10, 21, 32, 43, 4]


def test_float16_is_computed_in_float32_and_rounded_once():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 3, 6, 6)), rng.standard_normal((4, 3, 3, 3))
    check(conv.conv2d, F.conv2d, x, w, dtypes=["float16"], padding=1)


def test_only_the_wanted_gradients_are_computed():
    x, w = minidl.tensor(np.ones((1, 1, 3, 3))), minidl.tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    conv.conv2d(x, w).backward(minidl.tensor(np.ones((1, 1, 2, 2))))
    assert x.grad is None
    assert to_numpy(w.grad).tolist() == [[[[4, 4], [4, 4]]]]


def test_infinities_stay_where_their_windows_are():
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, 1, 1] = np.inf
    check(conv.conv2d, F.conv2d, x, np.ones((1, 1, 2, 2)), gradients=False)


X, W = (4, 3, 8, 8), (6, 3, 3, 3)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("where", ["x", "w", "dz"])
@pytest.mark.parametrize(
    "arguments",
    [{"padding": 1}, {"padding": 0}, {"padding": 2, "dilation": 2}, {"padding": 1, "stride": 2}, {"groups": 2}],
)
def test_nothing_is_multiplied_with_padding(arguments, where, value):
    """0 · inf is NaN: it may be so for a pixel, but what lies outside of the image is no pixel."""
    rng = np.random.default_rng(0)
    for ours, theirs in ((conv.conv2d, F.conv2d), (conv.conv_transpose2d, F.conv_transpose2d)):
        arrays = {"x": rng.standard_normal((2, 4, 7, 6)), "w": rng.standard_normal((4, 4, 3, 3))}
        arrays["w"] = arrays["w"][:, : 4 // arguments.get("groups", 1)]
        arrays["dz"] = rng.standard_normal(theirs(*map(torch.tensor, (arrays["x"], arrays["w"])), **arguments).shape)
        arrays[where][1, 0, 0, 0] = value
        results = []
        for library, function in ((minidl, ours), (torch, theirs)):
            x, w, dz = (library.tensor(arrays[name]) for name in ("x", "w", "dz"))
            z = function(x.requires_grad_(), w.requires_grad_(), **arguments)
            z.backward(dz)
            results.append([to_numpy(a) for a in (z, x.grad, w.grad)])
        for found, expected in zip(*results):
            known = ~np.isnan(expected)  # PyTorch multiplies with padding here and there
            np.testing.assert_allclose(found[known], expected[known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("x", "w", "b", "arguments", "error", "words"),
    [
        (X, (6, 2, 3, 3), None, {}, ShapeError,
         r"conv2d: input \(4, 3, 8, 8\) has 3 channels but weight \(6, 2, 3, 3\) with groups=1 takes 2"),
        (X, (4, 1, 3, 3), None, {"groups": 3}, ShapeError, "4 kernels, which groups=3"),
        (X, W, (5,), {}, ShapeError, r"bias must be \(6,\); got \(5,\)"),
        (X, (6, 3, 9, 3), None, {}, ShapeError, "does not fit into an image of 8x8"),
        (X, (6, 3, 3), None, {}, ShapeError, "weight must have 4 dimensions"),
        (X, (6, 3, 0, 3), None, {}, ShapeError, "none of them empty"),
        ((4, 3, 8), W, None, {"padding": 3}, ShapeError, "has 4 channels"),
        ((8, 8), W, None, {}, ShapeError, r"must be \(N, C, H, W\)"),
        ((4, 3, 0, 8), W, None, {"padding": 3}, ShapeError, "only the batch may be of size 0"),
        (X, W, None, {"stride": 0}, ArgumentError, "stride must be at least 1; got 0"),
        (X, W, None, {"padding": -1}, ArgumentError, "padding must be at least 0; got -1"),
        (X, W, None, {"dilation": (1, 2, 3)}, ArgumentError, "dilation must be an integer or two"),
        (X, W, None, {"stride": 1.5}, ArgumentError, "stride must be an integer or two"),
        (X, W, None, {"stride": True}, ArgumentError, "stride must be an integer or two"),
        (X, W, None, {"groups": 0}, ArgumentError, "groups must be a positive integer"),
        (X, W, None, {"padding": "same", "stride": 2}, ArgumentError, "padding='same' needs stride 1"),
        (X, W, None, {"padding": "full"}, ArgumentError, "must be 'same', 'valid'"),
    ],
)  # fmt: skip
def test_conv2d_says_what_does_not_fit(x, w, b, arguments, error, words):
    if x == (4, 3, 8):
        x = (4, 8, 8)
    inputs = [None if shape is None else minidl.tensor(np.zeros(shape)) for shape in (x, w, b)]
    with pytest.raises(error, match=words):
        conv.conv2d(*inputs, **arguments)


@pytest.mark.parametrize(
    ("x", "w", "b", "arguments", "error", "words"),
    [
        (X, W, None, {}, ShapeError, r"input \(4, 3, 8, 8\) has 3 channels, weight \(6, 3, 3, 3\) takes 6 in 1 groups"),
        (X, (3, 2, 3, 3), (3,), {}, ShapeError, r"bias must be \(2,\)"),
        (X, (3, 2, 3, 3), None, {"output_padding": 1}, ArgumentError, "output_padding 1 must be smaller"),
        (X, (3, 2, 3, 3), None, {"padding": 5}, ShapeError, "would give an output of 0x0"),
        (X, (3, 2, 3, 3), None, {"groups": 2}, ShapeError, "in 2 groups"),
        (X, (3, 2, 3, 3), None, {"padding": "same"}, ArgumentError, "padding must be an integer or two"),
    ],
)
def test_conv_transpose2d_says_what_does_not_fit(x, w, b, arguments, error, words):
    inputs = [None if shape is None else minidl.tensor(np.zeros(shape)) for shape in (x, w, b)]
    with pytest.raises(error, match=words):
        conv.conv_transpose2d(*inputs, **arguments)


def test_dtypes_that_do_not_fit_are_named():
    x, w = minidl.tensor(np.zeros(X, np.float32)), minidl.tensor(np.zeros(W))
    with pytest.raises(DtypeError, match="input is float32 but weight is float64"):
        conv.conv2d(x, w)
    with pytest.raises(DtypeError, match="bias is float64"):
        conv.conv2d(x, minidl.tensor(np.zeros(W, np.float32)), minidl.tensor(np.zeros(6)))
    with pytest.raises(DtypeError, match="input is int64"):
        conv.conv2d(minidl.tensor(np.zeros(X, np.int64)), w)
    with pytest.raises(DtypeError, match="weight must be a Tensor"):
        conv.conv2d(x, np.zeros(W))


def test_signals_with_wrong_dimensions_are_named():
    with pytest.raises(ShapeError, match=r"input must be \(N, C, L\)"):
        conv.conv1d(minidl.tensor(np.zeros((1, 1, 3, 3))), minidl.tensor(np.zeros((1, 1, 3))))
    with pytest.raises(ArgumentError, match="stride must be one integer"):
        conv.conv1d(minidl.tensor(np.zeros((1, 1, 3))), minidl.tensor(np.zeros((1, 1, 3))), stride=(1, 1))


window_arguments = st.fixed_dictionaries(
    {"kernel_size": pairs, "stride": pairs, "dilation": pairs, "padding": st.integers(0, 2)}
)


@given(window_arguments, st.sampled_from([(), (0,), (2,)]), st.data())
def test_unfold(arguments, batch, data):
    extent = [d * (k - 1) + 1 for d, k in zip(as_pair(arguments["dilation"]), as_pair(arguments["kernel_size"]))]
    x = data.draw(arrays((*batch, 2, extent[0] + 2, extent[1] + 1)))
    check(unfold.unfold, F.unfold, x, **arguments)


@given(window_arguments, st.sampled_from([(), (0,), (2,)]), st.data())
def test_fold(arguments, batch, data):
    extent = [d * (k - 1) + 1 for d, k in zip(as_pair(arguments["dilation"]), as_pair(arguments["kernel_size"]))]
    size = (extent[0] + 2, extent[1] + 1)
    depth, length = F.unfold(torch.zeros(1, 2, *size), **arguments).shape[1:]
    x = data.draw(arrays((*batch, depth, length)))
    check(unfold.fold, F.fold, x, output_size=size, **arguments)


def test_a_convolution_is_a_matrix_product_with_unfold():
    rng = np.random.default_rng(0)
    x, w = minidl.tensor(rng.standard_normal((2, 3, 7, 6))), minidl.tensor(rng.standard_normal((4, 3, 3, 2)))
    columns = to_numpy(unfold.unfold(x, (3, 2), stride=2))
    product = (to_numpy(w).reshape(4, -1) @ columns).reshape(2, 4, 3, 3)
    np.testing.assert_allclose(product, to_numpy(conv.conv2d(x, w, stride=2)), rtol=1e-12)


def test_fold_says_what_it_expected():
    with pytest.raises(ShapeError, match=r"fold: input must be \(N, C \* 4, 9\)"):
        unfold.fold(minidl.tensor(np.zeros((1, 4, 8))), (4, 4), 2)
    with pytest.raises(ShapeError, match="fold: a window of 5x5"):
        unfold.fold(minidl.tensor(np.zeros((1, 25, 1))), (4, 4), 5)
    with pytest.raises(DtypeError, match="fold: input is int64"):
        unfold.fold(minidl.tensor(np.zeros((1, 4, 9), np.int64)), (4, 4), 2)
