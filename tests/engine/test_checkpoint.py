"""Checkpoints: the same gradients and random numbers as without one, in less memory."""

import tracemalloc

import numpy as np
import pytest

import minidl
import minidl.nn.functional as F
from minidl import nn
from minidl.errors import ArgumentError, GraphError, UnsupportedError
from minidl.utils.checkpoint import checkpoint, checkpoint_sequential
from tests.support.compare import to_numpy


def network():
    minidl.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 4), nn.GELU(), nn.Linear(4, 2))


def gradients(run):
    """The output and the gradients of input and parameters, of run(model, x); and the next random number."""
    model = network()
    x = minidl.tensor(np.linspace(-1, 1, 6).reshape(2, 3), dtype=minidl.float32, requires_grad=True)
    minidl.manual_seed(7)
    z = run(model, x)
    (z * z).sum().backward()
    return [to_numpy(t.detach()) for t in (z, x.grad, *(p.grad for p in model.parameters()), minidl.rand(3))]


@pytest.mark.parametrize("run", [
    lambda model, x: checkpoint(model, x),
    lambda model, x: checkpoint(model, x, use_reentrant=False, determinism_check="none"),
    lambda model, x: checkpoint_sequential(model, 3, x),
    lambda model, x: checkpoint(lambda x: checkpoint(model[2:], checkpoint(model[:2], x)), x),
    lambda model, x: checkpoint(lambda *, x: model(x), x=x),
])  # fmt: skip
def test_the_same_gradients_masks_and_random_numbers(run):
    for ours, plain in zip(gradients(run), gradients(lambda model, x: model(x)), strict=True):
        np.testing.assert_array_equal(ours, plain)


def test_second_derivatives_go_through():
    x = minidl.tensor([0.5, 1.0], dtype=minidl.float64, requires_grad=True)
    found = []
    for function in (lambda x: (x.exp() * x).sin(), lambda x: checkpoint(lambda x: (x.exp() * x).sin(), x)):
        (g,) = minidl.grad(function(x).sum(), x, create_graph=True)
        found.append(to_numpy(minidl.grad((g * g).sum(), x)[0]))
    np.testing.assert_array_equal(*found)


def test_grad_with_respect_to_a_parameter_inside():
    layer, x = nn.Linear(2, 2), minidl.ones(1, 2)
    (g,) = minidl.grad(checkpoint(layer, x).sum(), layer.weight)
    assert to_numpy(g).tolist() == [[1, 1], [1, 1]]


def test_the_mask_drawn_anew_is_another_one():
    """The mistake that the random state prevents."""

    def run(preserve):
        minidl.manual_seed(0)
        x = minidl.ones(1000, requires_grad=True)
        z = checkpoint(lambda x: F.dropout(x, 0.5).exp(), x, preserve_rng_state=preserve)
        minidl.rand(1)
        z.sum().backward()
        return ((to_numpy(x.grad) != 0) == (to_numpy(z.detach()) != 1)).mean()

    assert run(True) == 1
    assert run(False) < 0.7


def test_backward_twice():
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    z = checkpoint(lambda x: x.exp() * x, x).sum()
    z.backward(retain_graph=True)
    z.backward()
    np.testing.assert_allclose(to_numpy(x.grad), 2 * np.exp([1.0, 2.0]) * [2, 3], rtol=1e-6)
    with pytest.raises(GraphError, match="second time"):
        z.backward()


def test_without_recording_nothing_is_kept():
    with minidl.no_grad():
        assert not checkpoint(lambda x: x * 2, minidl.ones(2, requires_grad=True)).requires_grad


def test_what_changed_in_between_is_an_error():
    layer, x = nn.Linear(2, 2), minidl.ones(1, 2)
    for changed in (layer.weight, x):
        z = checkpoint(lambda x: layer(x).exp(), x).sum()
        with minidl.no_grad():
            changed.mul_(2)
        with pytest.raises(GraphError, match="changed in place after forward"):
            z.backward()


def test_a_function_that_does_something_else_the_second_time():
    calls = []

    def more_and_more(x):
        calls.append(0)
        for _ in calls:
            x = x * 2
        return x

    def another(x):
        calls.append(0)
        return x.exp() if len(calls) % 2 else x.sin()

    x = minidl.ones(2, requires_grad=True)
    with pytest.raises(GraphError, match="1 operations at first and 2"):
        checkpoint(more_and_more, x).sum().backward()
    calls.clear()
    with pytest.raises(GraphError, match=r"Exp of .* at first, Sin of"):
        checkpoint(another, x).sum().backward()


def test_wrong_arguments():
    x = minidl.ones(2, requires_grad=True)
    with pytest.raises(UnsupportedError, match="use_reentrant"):
        checkpoint(lambda x: x, x, use_reentrant=True)
    with pytest.raises(ArgumentError, match="determinism_check"):
        checkpoint(lambda x: x, x, determinism_check="maybe")
    with pytest.raises(ArgumentError, match="segments must be from 1 to the 6"):
        checkpoint_sequential(network(), 7, x)


def test_it_needs_less_memory():
    """64 layers of one array each: in eight parts, the ends and one part at a time, plain all of them."""
    if minidl.backend.current_backend().name != "numpy":
        pytest.skip("tracemalloc sees the host's memory")
    layers = [lambda x: x.tanh()] * 64
    x = minidl.tensor(np.ones(1 << 14), requires_grad=True)

    def peak(run):
        tracemalloc.start()
        try:
            run(x).sum().backward()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    plain, parts = (
        peak(lambda x: checkpoint_sequential(layers, 1, x)),
        peak(lambda x: checkpoint_sequential(layers, 8, x)),
    )
    assert plain > 63 * x.numel() * 8
    assert parts < 0.3 * plain, f"{parts / plain:.2f} of the memory"
