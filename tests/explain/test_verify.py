"""The verdicts: right gradients are found right, wrong ones wrong and at the right place, kinks are kinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import Function, nn
from minidl.explain import Tape, record
from minidl.explain.checks.differences import sample_size
from minidl.explain.teaching.passes import example
from minidl.nn import functional as F
from tests.explain.passes import digits, lecture, states


def verdict(tape: Tape, op: str, k: int | None = 0) -> Any:
    return next(c.verdict for c in tape.checks if tape.nodes[c.node].op == op and c.input == k)


def test_every_gradient_of_the_lecture_is_right() -> None:
    tape = lecture()
    assert states(tape) == set()
    assert not any(check.verdict.inherited for check in tape.checks)
    assert len(tape.checks) == 24  # 9 outputs, 15 inputs
    for leaf in tape.leaves:
        if leaf.gradient is not None:
            assert leaf.verdict is not None and leaf.verdict.state in ("exact", "kink"), leaf.name
            assert leaf.verdict.closeness == "exact"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp", "lenet", "residual", "biased", "twice", "bright"])
def test_every_gradient_of_the_other_passes_is_right(name: str) -> None:
    tape = example(name, *digits()).record()
    assert states(tape) == set()
    assert not any(check.verdict.inherited for check in tape.checks)


def test_the_numeric_column_is_the_slope_of_the_loss() -> None:
    """Against differences of the whole model in float64, made here without the recording."""
    tape = lecture()
    bias = next(leaf for leaf in tape.leaves if leaf.name == "layer2.0.bias")
    assert bias.verdict is not None and bias.verdict.numeric is not None
    made = example("lecture", *digits())
    model = made.model.double()
    x = made.input.detach().double()

    def loss(place: int, by: float) -> float:
        b = model.layer2[0].bias
        with minidl.no_grad():
            b[place] += by
            found = F.cross_entropy(model(x), made.target).item()
            b[place] -= by
        return found

    for place in (0, 7, 19):
        slope = (loss(place, 1e-5) - loss(place, -1e-5)) / 2e-5
        assert bias.verdict.numeric[place] == pytest.approx(slope, abs=1e-6)


def test_what_was_compared_is_said_and_stands_beside_it() -> None:
    for check in lecture().checks:
        found, node = check.verdict, lecture().nodes[check.node]
        gradient = node.dz if check.input is None else node.gradients[check.input]
        assert gradient is not None and found.analytic is not None and found.numeric is not None
        if found.places is None:
            assert found.checked in (f"all {gradient.size:,} elements", "the only element")
            np.testing.assert_array_equal(found.analytic, gradient.ravel())
        else:
            assert found.checked == f"{len(found.places)} of {gradient.size:,} elements, seed 0"
            assert len(set(found.places.tolist())) == len(found.places)
            np.testing.assert_array_equal(found.analytic, gradient.ravel()[found.places])
        assert found.analytic.shape == found.numeric.shape


def test_relu_at_0_is_a_kink_and_elsewhere_is_not() -> None:
    x = minidl.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    with record() as tape:
        minidl.relu(x).sum().backward()
    found = verdict(tape, "Relu")
    assert (found.state, found.kinks, found.closeness) == ("kink", 1, "exact")


def test_ties_in_max_are_kinks() -> None:
    x = minidl.tensor([[[[1.0, 1.0], [0.0, -1.0]]]], requires_grad=True)
    with record() as tape:
        F.max_pool2d(x, 2).sum().backward()
    found = verdict(tape, "MaxPool2d")
    assert (found.state, found.kinks) == ("kink", 2)


def test_a_gradient_of_one_side_of_a_kink_may_be_rounded_to_just_beyond_it() -> None:
    """The left slope is the exact product of two weights; backward's is that product rounded down in float32."""
    v, w = np.float32(0.3), np.float32(0.6)
    assert v * w < np.float64(v) * np.float64(w)
    x = minidl.tensor([0.0], requires_grad=True)
    with record() as tape:
        (x * float(v) * float(w) + minidl.relu(x) * 1e-4).sum().backward()
    leaf = next(leaf for leaf in tape.leaves if leaf.name == "x")
    assert leaf.verdict is not None and leaf.verdict.state == "kink"


def test_kinks_that_add_up_downstream_do_not_look_like_a_mistake() -> None:
    """Both slopes of the loss lie on one side of what backward says; the operation itself is smooth."""
    x = minidl.tensor([1.0], requires_grad=True)
    with record() as tape:
        h = x + (-1)  # exactly 0
        (minidl.relu(h) - 3 * minidl.relu(-h)).sum().backward()
    assert states(tape) == set()
    assert verdict(tape, "Add", None).state == "kink"
    assert [leaf.verdict.state for leaf in tape.leaves if leaf.verdict] == ["kink"]


def _wrong(factor: float) -> type[Function]:
    class Wrong(Function):
        def forward(self, x: Any) -> Any:
            return 2 * x

        def backward(self, dz: Any) -> Any:
            return dz * (2 * factor)

    return Wrong


@pytest.mark.parametrize("factor", [0.0, 1.01, -1.0, float("nan")])
def test_a_wrong_rule_is_found_and_those_before_it_are_not_blamed(factor: float) -> None:
    x = minidl.tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True)
    with record() as tape:
        h = minidl.tanh(x * 0.5)
        (_wrong(factor).apply(h) * 3).sum().backward()
    assert ("Wrong", 0, "MISMATCH") in states(tape)
    assert {op for op, _, state in states(tape) if state == "MISMATCH"} == {"Wrong"}
    assert verdict(tape, "Tanh").inherited
    assert not verdict(tape, "Mul").inherited or np.isnan(factor)


def test_a_right_rule_differs_only_by_rounding() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        _wrong(1.0).apply(x).exp().sum().backward()
    assert states(tape) == set()
    assert verdict(tape, "Wrong").state == "exact"


def test_a_rule_that_is_off_by_a_ten_thousandth_is_approximate() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        _wrong(1.0001).apply(x).sum().backward()
    found = verdict(tape, "Wrong")
    assert found.state == "approximate"
    assert found.max_difference == pytest.approx(2e-4, rel=0.01)


def test_a_gradient_that_is_left_out_is_found() -> None:
    class Forgetful(Function):
        def forward(self, x: Any, y: Any) -> Any:
            self.y = y
            return x * y

        def backward(self, dz: Any) -> Any:
            return dz * self.y, None

    x, y = minidl.tensor([1.0], requires_grad=True), minidl.tensor([2.0], requires_grad=True)
    with record() as tape:
        Forgetful.apply(x, y).sum().backward()
    assert states(tape) == {("Forgetful", 1, "MISMATCH")}
    leaves = {leaf.name: leaf.verdict.state for leaf in tape.leaves if leaf.verdict is not None}
    assert leaves == {"x": "exact", "y": "MISMATCH"}


def test_a_single_wrong_element_of_many_is_found_where_it_is_not_0() -> None:
    """A large gradient that is 0 nearly everywhere: half of what is compared is where it is not."""

    class Picked(Function):
        def forward(self, x: Any) -> Any:
            self.shape = x.shape
            return x[3, 5] * 1

        def backward(self, dz: Any) -> Any:
            dx = self.xp.zeros(self.shape, dz.dtype)
            dx[3, 5] = 2 * dz
            return dx

    x = minidl.ones(100, 100, requires_grad=True)
    with record() as tape:
        Picked.apply(x).sum().backward()
    assert states(tape) == {("Picked", 0, "MISMATCH")}


def test_a_mistake_that_the_sample_misses_is_told_where_it_shows_first() -> None:
    """Of 1,000,000 elements those with a wrong gradient of 0 are seldom compared; their sum upstream is."""

    class Narrow(Function):
        def forward(self, x: Any) -> Any:
            return x * 1

        def backward(self, dz: Any) -> Any:
            dx = dz.copy()
            dx[::2] = 0
            return dx

    class Spread(Function):
        def forward(self, x: Any) -> Any:
            self.shape = x.shape
            return self.xp.broadcast_to(x, (100_000,)) * 1

        def backward(self, dz: Any) -> Any:
            return dz.sum().reshape(1)

    x = minidl.tensor([1.5], requires_grad=True)
    with record() as tape:
        Narrow.apply(Spread.apply(x)).mean().backward()
    assert tape.nodes[tape.mismatches()[0].node].op in ("Narrow", "Spread")


def test_dropout_keeps_its_mask() -> None:
    x = minidl.ones(20, requires_grad=True)
    with record() as tape:
        (F.dropout(x) ** 2).sum().backward()
    assert states(tape) == set()
    assert verdict(tape, "Dropout").state == "exact"


def test_running_statistics_move_once() -> None:
    model = nn.BatchNorm2d(3)
    x = minidl.randn(4, 3, 2, 2).requires_grad_()
    twin = nn.BatchNorm2d(3)
    twin(x)
    with record() as tape:
        (model(x) ** 3).sum().backward()
    assert states(tape) == set()
    np.testing.assert_array_equal(model.running_mean.numpy(), twin.running_mean.numpy())
    np.testing.assert_array_equal(model.running_var.numpy(), twin.running_var.numpy())


def test_a_forward_that_draws_anew_each_time_is_not_checked() -> None:
    class Noisy(Function):
        def forward(self, x: Any) -> Any:
            self.noise = minidl.rand(*x.shape).numpy().astype(x.dtype)
            return x * self.noise

        def backward(self, dz: Any) -> Any:
            return dz * self.noise

    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        Noisy.apply(x * 2).sum().backward()
    found = verdict(tape, "Noisy")
    assert found.state == "not checked"
    assert "something else each time" in found.checked
    assert verdict(tape, "Sum").state == "exact"


def test_a_forward_that_takes_no_float64_is_not_checked() -> None:
    class Picky(Function):
        def forward(self, x: Any) -> Any:
            if x.dtype != np.float32:
                raise ValueError("float32 only")
            return x * 2

        def backward(self, dz: Any) -> Any:
            return dz * 2

    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        Picky.apply(x).sum().backward()
    found = verdict(tape, "Picky")
    assert found.state == "not checked"
    assert "ValueError: float32 only" in found.checked


def test_a_hook_that_changes_a_gradient_is_not_a_mistake() -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        h = x * 3
        h.register_hook(lambda g: g * 10)
        (h * h).sum().backward()
    assert "MISMATCH" not in {state for _, _, state in states(tape)}
    assert ("Mul", None, "not checked") in states(tape)
    plain = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        h = plain * 3
        h.retain_grad()
        (h * h).sum().backward()
    assert states(tape) == set()


@pytest.mark.parametrize("dtype", [minidl.float16, minidl.float32, minidl.float64])
def test_verdicts_know_how_exact_the_dtype_is(dtype: Any) -> None:
    x = minidl.tensor([0.5, -1.25, 2.0], dtype=dtype, requires_grad=True)
    with record() as tape:
        (minidl.tanh(x) * x).sum().backward()
    assert states(tape) == set()
    with record() as tape:
        (_wrong(1.1).apply(x) * x).sum().backward()
    assert ("Wrong", 0, "MISMATCH") in states(tape)


def test_a_cast_in_the_pass() -> None:
    x = minidl.tensor([0.5, -1.25], requires_grad=True)
    with record() as tape:
        (x.double() ** 2).float().sum().backward()
    assert states(tape) == set()


def test_tiny_and_huge_gradients() -> None:
    for scale in (1e-12, 1e12):
        x = minidl.tensor([0.5, -1.25], requires_grad=True)
        with record() as tape:
            (x.exp() * scale).sum().backward()
        assert states(tape) == set(), scale
        with record() as tape:
            (_wrong(1.1).apply(x) * scale).sum().backward()
        assert ("Wrong", 0, "MISMATCH") in states(tape), scale


def test_a_tiny_gradient_beside_a_large_loss_is_not_passed_by_rounding_alone() -> None:
    x = minidl.tensor([0.5, -1.25], requires_grad=True)
    with record() as tape:
        (_wrong(1.5).apply(x) * 1e-13 + 1000.0).sum().backward()
    assert ("Wrong", 0, "MISMATCH") in states(tape)


@pytest.mark.slow
def test_pytorch_s_gradients_stand_beside_if_it_is_asked() -> None:
    pytest.importorskip("torch")
    tape = example("lecture", *digits()).record(torch=True)
    leaves = [leaf for leaf in tape.leaves if leaf.gradient is not None]
    assert len(leaves) == 7
    for leaf in leaves:
        assert leaf.verdict is not None and leaf.verdict.torch is not None, leaf.name
        assert leaf.verdict.analytic is not None
        np.testing.assert_allclose(leaf.verdict.torch, leaf.verdict.analytic, atol=1e-6)
    assert (
        all(leaf.verdict.torch is None for leaf in lecture().leaves if leaf.verdict)
        or "torch" in __import__("sys").modules
    )


def test_pytorch_s_column_tells_a_mistake() -> None:
    pytest.importorskip("torch")
    tape = example("residual", *digits()).record("tanh-not-squared", torch=True)
    for check in tape.mismatches()[:1]:  # the nearest to the loss: what arrives there is right
        found = check.verdict
        assert found.torch is not None and found.numeric is not None and found.analytic is not None
        np.testing.assert_allclose(found.torch, found.numeric, atol=1e-5)
        assert np.abs(found.torch - found.analytic).max() > 1e-3


def test_an_operation_that_pytorch_s_table_lacks_leaves_the_column_empty() -> None:
    pytest.importorskip("torch")
    x = minidl.tensor([1.0], requires_grad=True)
    with record(torch=True) as tape:
        F.gelu(x).sum().backward()
    assert all(check.verdict.torch is None for check in tape.checks)


UNARY: list[Callable[[Any], Any]] = [
    minidl.tanh, minidl.sigmoid, minidl.exp, F.softplus, F.gelu, F.silu, lambda x: x * x * x, lambda x: 1 / (x * x + 1),
    lambda x: minidl.softmax(x, 0), lambda x: x.sum() * x, lambda x: x.max() * x, lambda x: minidl.relu(x) + x,
]  # fmt: skip


@given(
    st.lists(st.integers(0, len(UNARY) - 1), min_size=1, max_size=4),
    st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=5),
)
def test_any_chain_of_right_rules_is_found_right(chain: list[int], numbers: list[float]) -> None:
    x = minidl.tensor(numbers, dtype=minidl.float64, requires_grad=True)
    with record() as tape:
        y = x
        for i in chain:
            y = UNARY[i](y)
        y.sum().backward()
    assert "MISMATCH" not in {check.verdict.state for check in tape.checks}


def test_size_0_and_1() -> None:
    empty = minidl.zeros(0, 3, requires_grad=True)
    with record() as tape:
        (empty * 2).sum().backward()
    assert states(tape) == set()
    one = minidl.tensor(2.0, requires_grad=True)
    with record() as tape:
        (one * one).backward()
    assert states(tape) == set()
    assert verdict(tape, "Mul", None).checked == "the only element"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_a_gradient_that_cancels_to_0_is_right_although_rounding_is_all_of_it(seed: int, twice: bool) -> None:
    """Batch normalisation subtracts the mean, and with it any effect of a bias before it."""
    minidl.manual_seed(seed)
    conv, norm = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)
    x = minidl.rand(4, 1, 6, 6, requires_grad=True)
    with record() as tape:
        h = norm(conv(x)) * norm(conv(x * x)) if twice else norm(conv(x))
        (h.tanh() * minidl.rand(4, 3, 6, 6)).sum().backward()
    bias, weight = (np.abs(p.grad.numpy()).max() for p in (conv.bias, conv.weight))
    assert bias < 1e-4 * weight
    assert states(tape) == set()
    assert not any(check.verdict.inherited for check in tape.checks)
    found = [leaf.verdict for leaf in tape.leaves if leaf.tensor.requires_grad]
    assert all(known.state in ("exact", "approximate") and not known.inherited for known in found)


def test_a_mistake_is_not_hidden_by_what_cancels() -> None:
    class Off(Function):
        """z = x + b"""

        def forward(self, x: Any, b: Any) -> Any:
            return x + b

        def backward(self, dz: Any) -> Any:
            return dz, dz * 1.01

    minidl.manual_seed(0)
    x, b = minidl.rand(4, 8, requires_grad=True), minidl.rand(8, requires_grad=True)
    with record() as tape:
        (Off.apply(x, b) * minidl.tensor(np.tile([[1.0], [-0.9]], (2, 8)).astype(np.float32))).sum().backward()
    assert states(tape) == {("Off", 1, "MISMATCH")}


def test_a_gradient_is_sampled_the_more_thinly_the_more_there_are() -> None:
    assert sample_size(60_000, 30) == 120
    assert sample_size(6_000_000, 30) > sample_size(6_000_000, 300) == 6


def test_an_overflow_in_the_pass_is_not_called_a_mistake() -> None:
    x = minidl.tensor([100.0], requires_grad=True)
    with record() as tape:
        (x.exp() * 1.0).sum().backward()  # infinite in float32
    assert "MISMATCH" not in {state for _, _, state in states(tape)}
