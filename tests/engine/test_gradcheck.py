"""gradcheck accepts what is right, tells kinks apart, and finds every seeded mistake."""

import numpy as np
import pytest

import minidl
from minidl.backend import current_backend
from minidl.engine.function import Function
from minidl.errors import ArgumentError, DtypeError
from minidl.ops import activation, arithmetic, conv, dropout, loss, norm, pool, reduce, softmax
from minidl.proof.gradcheck import GradcheckError, gradcheck
from tests.support.mistakes import MISTAKES, random


def tensors(arrays):
    return [minidl.tensor(array, requires_grad=array.dtype.kind == "f") for array in arrays]


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_is_found(name):
    if current_backend().name != "numpy":
        pytest.skip("the mistakes are written in NumPy")
    function, inputs = MISTAKES[name]
    report = gradcheck(function, tensors(inputs), raise_exception=False)
    assert not report
    assert report.failures
    with pytest.raises(GradcheckError, match="wrong"):
        gradcheck(function, tensors(inputs))


LABELS = np.array([0, 2, 1])
RIGHT = {
    "mul with itself": (lambda x: arithmetic.mul(x, x), [random(3)]),
    "broadcast": (arithmetic.mul, [random(3, 1), random(2)]),
    "scalar": (lambda x: arithmetic.mul(x, x), [np.array(1.5)]),
    "empty": (lambda x: arithmetic.mul(x, x), [np.zeros((0, 2))]),
    "several outputs": (lambda x, y: (arithmetic.add(x, y), arithmetic.mul(x, y)), [random(2), random(2)]),
    "softmax": (lambda x: softmax.softmax(x, dim=1), [random(2, 3)]),
    "conv2d": (
        lambda x, w, b: conv.conv2d(x, w, b, stride=2, padding=1, dilation=(1, 2), groups=2),
        [random(2, 4, 5, 6), random(2, 2, 3, 2), random(2)],
    ),
    "conv_transpose2d": (
        lambda x, w, b: conv.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1),
        [random(1, 2, 3, 2), random(2, 2, 3, 3), random(2)],
    ),
    "max_pool2d": (lambda x: pool.max_pool2d(x, 3, stride=2, padding=1), [-random(1, 2, 5, 4)]),
    "avg_pool2d": (lambda x: pool.avg_pool2d(x, 3, stride=2, padding=1, ceil_mode=True), [random(1, 2, 5, 4)]),
    "adaptive_avg_pool2d": (lambda x: pool.adaptive_avg_pool2d(x, (2, 3)), [random(1, 2, 5, 4)]),
    "batch_norm": (
        lambda x, w, b: norm.batch_norm(x, None, None, w, b, training=True), [random(4, 2, 3), random(2), random(2)],
    ),
    "layer_norm": (lambda x, w: norm.layer_norm(x, (3,), w), [random(4, 3), random(3)]),
    "group_norm": (lambda x, w: norm.group_norm(x, 2, w), [random(2, 4, 3), random(4)]),
    "dropout": (lambda x: dropout.dropout(x, 0.5, generator=minidl.Generator(0)), [random(5)]),
    "cross_entropy": (loss.cross_entropy, [random(3, 4), LABELS]),
    "cross_entropy of far rows": (loss.cross_entropy, [random(3, 4) + np.array([[0.0], [-900], [900]]), LABELS]),
    "smoothed": (lambda x, t: loss.cross_entropy(x, t, ignore_index=2, label_smoothing=0.2), [random(3, 4), LABELS]),
    "probabilities": (loss.cross_entropy, [random(3, 4), random(3, 4)]),
    "mse_loss": (loss.mse_loss, [random(3), random(4)[:3]]),
    "multi_margin_loss": (lambda x, t: loss.multi_margin_loss(x, t, p=2), [random(3, 4), LABELS]),
    "not the first input": (lambda t, x: loss.cross_entropy(x, t), [LABELS, random(3, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name):
    function, inputs = RIGHT[name]
    report = gradcheck(function, tensors(inputs))
    floating = [a.size for a in inputs if a.dtype.kind == "f"]
    assert report.compared >= sum(floating)
    assert not report.kinks
    assert "every gradient is right" in str(report)


def test_kinks_are_listed_not_failed():
    report = gradcheck(lambda x: activation.relu(x), tensors([np.array([-1.0, 0.0, 1.0])]))
    assert len(report.kinks) == 1
    assert "d output 0[1] / d input 0[1]: backward says 0, the sides 0 and 1" in str(report)


def test_a_kink_that_lies_within_eps_is_no_failure():
    assert gradcheck(lambda x: activation.relu(x), tensors([np.array([3e-7, -3e-7])]))


def test_a_strong_bend_is_no_kink():
    report = gradcheck(lambda x: arithmetic.pow(x, 40), tensors([np.array([1.5])]))
    assert not report.kinks


def test_a_small_mistake_is_found_up_to_the_tolerance():
    class Nearly(Function):
        error = 1.0

        def forward(self, x):
            return 2 * x

        def backward(self, dz):
            return dz * 2 * self.error

    x = tensors([random(2)])
    for error, found in ((1 + 1e-2, True), (1 + 1e-5, False)):
        Nearly.error = error
        assert bool(gradcheck(Nearly.apply, x, raise_exception=False)) is not found
    assert not gradcheck(Nearly.apply, x, rtol=1e-7, atol=1e-7, raise_exception=False)


def test_an_output_outside_of_the_graph_must_not_depend_on_the_input():
    assert not gradcheck(lambda x: arithmetic.mul(x, x).detach(), tensors([random(2)]), raise_exception=False)
    assert gradcheck(lambda x: (arithmetic.mul(x, x), minidl.tensor([1.0])), tensors([random(2)]))


def test_the_report_lists_places_and_stops_at_ten():
    report = gradcheck(lambda x: reduce.sum(x).detach(), tensors([random(20)]), raise_exception=False)
    assert len(report.failures) == 20
    assert "d output 0[0] / d input 0[3]: backward says 0, differences 1" in str(report)
    assert "and 10 more" in str(report)


def test_the_inputs_gradients_are_left_alone():
    (x,) = tensors([random(3)])
    gradcheck(lambda x: arithmetic.mul(x, x), x)
    assert x.grad is None


def test_what_cannot_be_checked_is_an_error():
    with pytest.raises(ArgumentError, match="no input requires gradients"):
        gradcheck(lambda x: x, minidl.tensor(np.ones(2)))
    with pytest.raises(DtypeError, match="input 0 is float32; differences need float64"):
        gradcheck(lambda x: x, minidl.tensor([1.0], requires_grad=True))
    with pytest.raises(DtypeError, match="the function must return tensors; got float"):
        gradcheck(lambda x: 1.0, tensors([random(2)]))


def test_a_report_without_right_derivatives_does_not_praise_their_error():
    class Shapeless(Function):
        def forward(self, x):
            return x * 2

        def backward(self, dz):
            return None

    report = gradcheck(Shapeless.apply, tensors([random(2)]), raise_exception=False)
    assert "2 gradients are wrong" in str(report)
    assert "largest error 0" not in str(report)
