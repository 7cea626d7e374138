"""Numbers as 8-bit integers: round trips, saturation, zero points, scales per channel; products in int32."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn
from minidl.backend import Backend, Window, current_backend, to_host
from minidl.compress import QuantizedConv2d, QuantizedLinear, quantize
from minidl.compress.integers import (
    HIGH,
    LARGEST,
    LOW,
    MOST_IN_FLOAT32,
    MOST_SUMMED,
    IntegerConv2d,
    IntegerLinear,
    affine,
    dtype_of_sums,
    quantized,
    symmetric,
)
from minidl.errors import ArgumentError, UnsupportedError

reals = st.floats(-1e6, 1e6, width=32)


def q_of(x: np.ndarray, scale: np.float32, zero: np.int8) -> np.ndarray:
    backend = current_backend()
    return to_host(quantized(backend, *(backend.asarray(np.asarray(a)) for a in (x, scale, zero))))


@given(st.lists(reals, min_size=1, max_size=20))
def test_a_round_trip_is_off_by_half_a_step_at_most(numbers: list[float]) -> None:
    x = np.array(numbers, np.float32)
    scale, zero = affine(x.min(), x.max())
    q = q_of(x, scale, zero)
    assert q.dtype == np.int8
    back = scale.astype(np.float64) * (q.astype(np.int64) - int(zero))
    assert np.abs(back - x).max() <= scale * (0.5 + 0.5) * (1 + 1e-5)  # the zero point is rounded as well


@given(reals, reals)
def test_zero_is_exact_and_the_range_is_used(a: float, b: float) -> None:
    low, high = sorted((a, b))
    scale, zero = affine(low, high)
    assert scale.dtype == np.float32 and zero.dtype == np.int8 and scale > 0
    assert q_of(np.zeros(1, np.float32), scale, zero)[0] == zero  # stands for 0, without an error
    spread = np.float32((max(high, 0) - min(low, 0)) / (HIGH - LOW))
    if spread > 0:
        ends = q_of(np.array([min(low, 0), max(high, 0)], np.float32), scale, zero)
        assert ends[0] <= LOW + 1 and ends[1] >= HIGH - 1


@given(reals, reals, st.floats(1.01, 1e3))
def test_what_lies_outside_saturates(a: float, b: float, times: float) -> None:
    scale, zero = affine(a, b)
    beyond = np.array([-np.inf, -300 * times * scale, 300 * times * scale, np.inf], np.float32)
    assert q_of(beyond, scale, zero).tolist() == [LOW, LOW, HIGH, HIGH]


@given(st.integers(1, 5), st.integers(1, 5), st.integers(-20, 20), st.booleans())
def test_weights_have_a_scale_per_channel_or_one(outputs: int, inputs: int, power: int, per_channel: bool) -> None:
    generator = np.random.default_rng(0)
    weight = (generator.normal(size=(outputs, inputs)) * 10.0 ** generator.integers(-3, 3, (outputs, 1))).astype(
        np.float32
    )
    weight *= np.float32(2.0**power)
    q, scale = symmetric(weight, per_channel)
    assert q.dtype == np.int8 and scale.dtype == np.float32 and scale.shape == ((outputs,) if per_channel else ())
    assert q.min() >= -HIGH  # -128 is left out, so that -w is as good as w
    assert np.array_equal(symmetric(-weight, per_channel)[0], -q)
    wide = scale[:, None] if per_channel else scale
    assert (np.abs(q * wide.astype(np.float64) - weight) <= wide * 0.5 * (1 + 1e-5)).all()
    largest = np.abs(q).max(1) if per_channel else np.abs(q).max()
    assert (largest == HIGH).all()


def test_weights_of_zeros_and_tiny_ones() -> None:
    for weight in (np.zeros((2, 3), np.float32), np.full((2, 3), 1e-45, np.float32)):
        for per_channel in (True, False):
            q, scale = symmetric(weight, per_channel)
            assert not q.any() and (scale == 1).all()
    assert affine(0, 0) == (1, 0)


@given(st.booleans(), st.booleans(), st.sampled_from([(5,), (3, 5), (2, 3, 5), (0, 5)]))
def test_a_linear_layer_is_that_of_its_integers(per_channel: bool, bias: bool, shape: tuple[int, ...]) -> None:
    """Against the same integers multiplied as Python's, which have no rounding and no limit."""
    layer = nn.Linear(5, 4, bias=bias)
    made = QuantizedLinear(layer, per_channel)
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    made.fill(layer, -1.5, 2.0)
    found = made(minidl.tensor(x))
    s, p = made.input_scale.numpy(), made.input_zero.numpy()
    q = q_of(x, s, p).astype(object) - int(p)
    total = q @ made.weight.numpy().astype(object).T
    expected = total.astype(np.float64) * (float(s) * made.weight_scale.numpy().astype(np.float64))
    if bias:
        expected = expected + layer.bias.numpy(force=True)
    assert (found.dtype, found.shape) == (np.float32, (*shape[:-1], 4))
    np.testing.assert_allclose(found.numpy(), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"padding": "same", "dilation": 2}, {"groups": 2},
                                     {"bias": False, "padding": "valid"}])  # fmt: skip
@pytest.mark.parametrize("per_channel", [True, False])
def test_a_convolution_is_that_of_its_integers(options: dict, per_channel: bool) -> None:
    """Against PyTorch's convolution of the same integers in float64, where they are exact; 0 in the padding."""
    layer = nn.Conv2d(4, 6, 3, **options)
    made = QuantizedConv2d(layer, per_channel)
    made.fill(layer, -0.5, 3.0)
    x = np.random.default_rng(1).uniform(-1, 4, (2, 4, 7, 6)).astype(np.float32)
    s, p, t = made.input_scale.numpy(), made.input_zero.numpy(), made.weight_scale.numpy()
    q = torch.tensor(q_of(x, s, p).astype(np.float64) - float(p))
    kept = {name: value for name, value in options.items() if name != "bias"}
    total = torch.nn.functional.conv2d(q, torch.tensor(made.weight.numpy().astype(np.float64)), **kept).numpy()
    assert np.array_equal(total, np.rint(total))
    expected = total * (float(s) * t.astype(np.float64).reshape(-1, 1, 1) if per_channel else float(s) * float(t))
    if layer.bias is not None:
        expected = expected + layer.bias.numpy(force=True)[:, None, None]
    for images, wanted in ((x, expected), (x[0], expected[0])):
        found = made(minidl.tensor(images))
        assert (found.dtype, found.shape) == (np.float32, wanted.shape)
        np.testing.assert_allclose(found.numpy(), wanted, rtol=2e-6, atol=2e-6)


def extremes(rows: int, outputs: int, summed: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs without zero point (rows, summed) and weights (outputs, summed): all the largest, then any."""
    random = np.random.default_rng(seed)
    q = random.integers(0, HIGH - LOW, (rows, summed), endpoint=True)
    v = random.integers(-HIGH, HIGH, (outputs, summed), endpoint=True)
    q[0], v[0], v[1] = HIGH - LOW, HIGH, -HIGH
    return q, v


def of_ones(q: np.ndarray, v: np.ndarray) -> tuple[minidl.Tensor | None, ...]:
    """The operands of an integer product whose scales are 1, so that z is the sum itself."""
    one, low = minidl.tensor(np.float32(1)), minidl.tensor(np.int8(LOW))
    return minidl.tensor(q.astype(np.float32)), minidl.tensor(v.astype(np.int8)), one, None, one, low


@pytest.mark.parametrize("summed", [1, 25, MOST_IN_FLOAT32, MOST_IN_FLOAT32 + 1, 4096, MOST_SUMMED])
def test_the_largest_sums_of_a_linear_layer_are_those_of_integers(summed: int) -> None:
    """Bit for bit: int64 adds without rounding, and one rounding to float32 comes at the end."""
    q, v = extremes(3, 4, summed, summed)
    q[0, 0] -= 1  # so that not every term is alike
    total = q @ v.T  # int64
    assert np.abs(total).max() > summed * LARGEST - 2 * HIGH
    assert np.array_equal(IntegerLinear.apply(*of_ones(q, v)).numpy(), total.astype(np.float32))


@pytest.mark.parametrize(("channels", "side"), [(1, 1), (1, 5), (57, 3), (58, 3), (130, 8)])
def test_the_largest_sums_of_a_convolution_are_those_of_integers(channels: int, side: int) -> None:
    q, v = extremes(2, 4, channels * side * side, channels)
    q, v = (a.reshape(-1, channels, side, side) for a in (q, v))
    q = np.concatenate([q, q[:, :, ::-1]], axis=2)  # more than one place for the kernel
    window = Window((side, side), (1, 1), ((1, 1), (0, 1)), (1, 1))
    backend = current_backend()
    total = to_host(Backend.correlate(backend, backend.asarray(q), backend.asarray(v), None, window, 1))  # int64
    assert np.abs(total).max() == channels * side * side * LARGEST
    found = IntegerConv2d.apply(*of_ones(q, v), window=window, groups=1)
    assert np.array_equal(found.numpy(), total.astype(np.float32))


def test_the_dtype_of_sums_holds_the_worst_sum_and_its_neighbours() -> None:
    for summed, dtype in ((MOST_IN_FLOAT32, np.float32), (MOST_IN_FLOAT32 + 1, np.float64), (MOST_SUMMED, np.float64)):
        assert dtype_of_sums(np.empty((2, summed), np.int8)) is dtype
        worst = summed * LARGEST
        assert [int(dtype(n)) for n in (worst, worst - 1, 1 - worst)] == [worst, worst - 1, 1 - worst]
    assert int(np.float32((MOST_IN_FLOAT32 + 1) * LARGEST)) != (MOST_IN_FLOAT32 + 1) * LARGEST


def test_sums_that_could_overflow_are_refused() -> None:
    layer = nn.Linear(MOST_SUMMED + 1, 1, bias=False)
    with pytest.raises(ArgumentError, match="products of int8 may not fit into int32"):
        QuantizedLinear(layer)
    assert MOST_SUMMED * (HIGH - LOW) * HIGH < 2**31


def test_integers_have_no_gradient() -> None:
    layer = nn.Linear(3, 2)
    made = QuantizedLinear(layer)
    made.fill(layer, -1, 1)
    with pytest.raises(UnsupportedError, match="8-bit integers has no gradients"):
        made(minidl.rand(2, 3, requires_grad=True)).sum().backward()


class Own(nn.Module):
    """A network whose first product is written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(minidl.randn(4, 4))
        self.shift = nn.Parameter(minidl.randn(2, 4))
        self.fc = nn.Linear(4, 2)

    def forward(self, x: minidl.Tensor) -> minidl.Tensor:
        return self.fc(x @ self.weight.t() + self.shift)


class First(nn.Module):
    """Of what the layer gives, a tuple perhaps, the first; then a linear layer."""

    def __init__(self, layer: nn.Module, takes: int = 1) -> None:
        super().__init__()
        self.layer, self.takes, self.last = layer, takes, nn.LazyLinear(2)

    def forward(self, x: minidl.Tensor) -> minidl.Tensor:
        z = self.layer(*[x] * self.takes)
        return self.last((z[0] if isinstance(z, tuple) else z).flatten(1))


@pytest.mark.parametrize(
    ("model", "shape", "named"),
    [
        (First(nn.LSTM(4, 3, batch_first=True)), (2, 5, 4), "layer (LSTM)"),
        (First(nn.GRU(4, 3, batch_first=True)), (2, 5, 4), "layer (GRU)"),
        (First(nn.RNN(4, 3, batch_first=True)), (2, 5, 4), "layer (RNN)"),
        (First(nn.GRUCell(4, 3)), (2, 4), "layer (GRUCell)"),
        (First(nn.MultiheadAttention(4, 2), 3), (2, 5, 4), "layer (MultiheadAttention)"),
        (First(nn.Conv1d(4, 3, 2)), (2, 4, 5), "layer (Conv1d)"),
        (First(nn.Conv3d(1, 3, 2)), (2, 1, 3, 3, 3), "layer (Conv3d)"),
        (First(nn.ConvTranspose2d(1, 3, 2)), (2, 1, 3, 3), "layer (ConvTranspose2d)"),
        (First(nn.Bilinear(4, 4, 3), 2), (2, 4), "layer (Bilinear)"),
        (Own(), (2, 4), "the model (Own)"),
    ],
    ids=lambda value: type(getattr(value, "layer", value)).__name__,
)
def test_what_would_stay_float_is_refused_by_name(model: nn.Module, shape: tuple[int, ...], named: str) -> None:
    x = minidl.randn(*shape)
    model(x)
    with pytest.raises(ArgumentError) as told:
        quantize(model, [x])
    assert str(told.value).startswith(f"int8: {named} would multiply by float32 weights")


def test_what_adds_or_looks_up_is_no_product() -> None:
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    assert len(quantize(model, [minidl.tensor([[0, 1], [2, 4]])])) == 2
