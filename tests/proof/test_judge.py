"""The judge: no right rule is accused, no wrong one is passed, and what cannot be told says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import Function, Tensor, nn
from minidl.cli import main
from minidl.errors import ArgumentError, DtypeError, ShapeError
from minidl.explain import record
from minidl.nn import functional as F
from minidl.proof.differences import Probe
from minidl.proof.gradcheck import GradcheckError, MismatchError, gradcheck
from minidl.proof.judge import CORNER, EDGE, JUMP, NOT_FINITE, RIGHT, ROUNDING, WRONG, judge, random_seeds
from minidl.proof.parameters import judge_model, judge_parameters
from tests.explain.passes import digits, states

numerical_gradient = minidl.autograd.numerical_gradient


def on(f: Callable[[np.ndarray], np.ndarray], x: Any, claim: Any) -> list[str]:
    """The verdicts on a claimed gradient of Σ f(x), an element each."""
    x = np.array(x, np.float64)
    with np.errstate(all="ignore"):
        probe = Probe(lambda moved: [np.asarray(f(moved))], x)
        seeds = [[np.ones_like(z) for z in probe.rest]]
        return [f.verdict for f in judge(probe, seeds, [np.array(claim, float)], np.arange(x.size)).findings]


@pytest.mark.parametrize(
    ("f", "x", "claim", "verdict"),
    [
        (np.square, [3.0], [6.0], RIGHT),
        (np.square, [3.0], [6.1], WRONG),
        (np.square, [3.0], [np.nan], WRONG),
        (np.abs, [0.0], [0.0], CORNER),
        (np.abs, [0.0], [2.0], CORNER),  # outside: only the rule alone can be accused
        (lambda x: np.maximum(x, 0), [1e-9], [1.0], RIGHT),
        (lambda x: np.maximum(x, 0), [-1e-9], [1.0], WRONG),
        (lambda x: np.maximum(x, 0) + x, [1e-13], [2.0], RIGHT),
        (np.sign, [0.0], [0.0], JUMP),
        (np.floor, [2.0], [0.0], JUMP),
        (lambda x: np.where(x > 0, x + 1, x), [0.0], [1.0], JUMP),
        (np.sqrt, [0.0], [np.inf], EDGE),
        (np.log, [-1.0], [np.nan], NOT_FINITE),
        (lambda x: 1e-9 * x + 1e9, [1.0], [1e-3], ROUNDING),
        (lambda x: np.tanh(x), [8.0], [1 - np.tanh(8.0) ** 2], RIGHT),
        (lambda x: np.tanh(x), [8.0], [2 - 2 * np.tanh(8.0) ** 2], WRONG),
        (lambda x: (x + 1e8) - 1e8, [1.0], [1.0], RIGHT),
        (lambda x: (x + 1e8) - 1e8, [1.0], [1.2], ROUNDING),  # the rounding inside cannot be seen from outside
        (lambda x: x * 0, [1.0], [0.0], RIGHT),
        (lambda x: x**40, [1.5], [40 * 1.5**39], RIGHT),
        (lambda x: np.sin(1e6 * x), [0.1], [1e6 * np.cos(1e5)], RIGHT),
    ],
)
def test_one_number(f: Callable[[np.ndarray], np.ndarray], x: Any, claim: Any, verdict: str) -> None:
    assert on(f, x, claim) == [verdict]


@given(st.floats(-3, 3), st.sampled_from([1.0, 1.05, -1.0, 0.0]))
def test_a_smooth_function_is_always_told(x: float, factor: float) -> None:
    slope = np.cos(x) * np.exp(np.sin(x))
    expected = RIGHT if factor == 1 or abs(slope) * abs(1 - factor) < 1e-12 else WRONG
    if expected == WRONG and abs(slope) < 1e-3:
        return
    assert on(lambda v: np.exp(np.sin(v)), [x], [slope * factor]) == [expected]


@given(st.lists(st.floats(-1e-3, 1e-3), min_size=1, max_size=4))
def test_relu_however_near_to_its_corner_is_never_accused(numbers: list[float]) -> None:
    x = np.array(numbers)
    assert WRONG not in on(lambda v: np.maximum(v, 0), x, (x > 0).astype(float))


def test_random_seeds_are_not_1_and_of_both_signs() -> None:
    for seeds in random_seeds([np.zeros((5, 5)), np.zeros(())], 2):
        assert all((np.abs(np.abs(seed) - 1) > 1e-6).all() and (seed != 0).all() for seed in seeds)
        assert (seeds[0] > 0).any() and (seeds[0] < 0).any()


# A1


def test_a1_near_ties_behind_batch_norm_are_no_mistake() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn, self.fc = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Linear(3 * 49, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(F.max_pool2d(F.relu(self.bn(self.conv(x))), 2).flatten(1))

    images, labels = digits()
    minidl.manual_seed(0)
    x = minidl.tensor(images[:1, None, ::2, ::2].astype(np.float32) / 255, requires_grad=True)
    with record(torch=False) as tape:
        F.cross_entropy(Net()(x), minidl.tensor(labels[:1].astype(np.int64))).backward()
    assert states(tape) == set()
    assert not any(check.verdict.inherited for check in tape.checks)


def test_a1_what_cancels_in_float32_is_no_mistake() -> None:
    a, b, c = (minidl.tensor(v, requires_grad=True) for v in (2.0, -3.0, 10.0))
    with record(torch=False) as tape:
        ((a * b + c) * a).tanh().backward()
    assert states(tape) == set()
    assert not any(check.verdict.inherited for check in tape.checks)


# A3


class Cut(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x).detach().relu())


def cross_entropy(scores: Tensor) -> Tensor:
    return F.cross_entropy(scores, minidl.tensor([0, 1, 1]))


def test_a3_a_parameter_that_no_gradient_reaches_is_told() -> None:
    minidl.manual_seed(0)
    model, x = Cut(), minidl.randn(3, 3)
    found = judge_model(model, x, cross_entropy)
    assert {name for name, one in found.items() if one.wrong} == {"a.weight", "a.bias"}
    assert all(one.missing for name, one in found.items() if one.wrong)
    with record(torch=False) as tape:
        cross_entropy(model(x)).backward()
    leaves = {leaf.name: leaf.verdict for leaf in tape.leaves if leaf.verdict is not None}
    assert {name: verdict.state for name, verdict in leaves.items()} == {
        "a.weight": "MISMATCH", "a.bias": "MISMATCH", "b.weight": "exact", "b.bias": "exact",
    }  # fmt: skip
    assert leaves["a.weight"].checked == "no gradient, differences say it should have one"
    assert "a.weight" in tape.text() and "2 of them MISMATCH" in tape.text()


def test_a3_only_what_requires_no_gradient_is_exempt() -> None:
    minidl.manual_seed(0)
    model, x = Cut(), minidl.randn(3, 3)
    for parameter in model.a.parameters():
        parameter.requires_grad_(False)
    assert not any(one.wrong for one in judge_model(model, x, cross_entropy).values())
    with record(torch=False) as tape:
        cross_entropy(model(x)).backward()
    assert {leaf.verdict.state for leaf in tape.leaves if leaf.verdict is not None} == {"exact"}


# A4


def test_a4_what_is_no_function_is_refused() -> None:
    x = minidl.tensor([1.0, 2.0, 3.0], dtype=minidl.float64, requires_grad=True)
    calls = [0]

    def counts(x: Tensor) -> Tensor:
        calls[0] += 1
        return x * calls[0]

    for f in (counts, F.dropout, lambda x: x * minidl.rand(3).double()):
        with pytest.raises(ArgumentError, match="gives a different output 0 each time for the same inputs"):
            gradcheck(f, x)


# A5


class Jump(Function):
    """z = x, and one more to the right of 0"""

    slope = 1.0

    def forward(self, x: Any) -> Any:
        return np.where(x > 0, x + 1, x)

    def backward(self, dz: Any) -> Any:
        return dz * self.slope


class Steeper(Jump):
    slope = 7.0


def float64(*numbers: float) -> Tensor:
    return minidl.tensor(list(numbers), dtype=minidl.float64, requires_grad=True)


def test_a5_a_jump_is_no_corner() -> None:
    report = gradcheck(Steeper.apply, float64(0.0), raise_exception=False)
    assert not report and not report.kinks
    report = gradcheck(Jump.apply, float64(0.0), raise_exception=False)
    assert not report and not report.failures and "a jump" in report.untold[0]
    report = gradcheck(Jump.apply, float64(0.0, 1.0))
    assert report and "every gradient with a verdict is right" in str(report)


def test_a5_corners_alone_prove_nothing() -> None:
    report = gradcheck(lambda x: minidl.relu(x).sum(), float64(0.0, 0.0), raise_exception=False)
    assert not report and not report.failures and len(report.kinks) == 2
    assert "nothing is proven" in str(report) and "right" not in str(report).splitlines()[0]
    with pytest.raises(GradcheckError, match="nothing is proven") as raised:
        gradcheck(minidl.relu, float64(0.0))
    assert not isinstance(raised.value, MismatchError)


def test_right_rules_whose_corners_add_up_are_not_accused() -> None:
    for f in (lambda x: minidl.relu(x) - minidl.relu(-x), lambda x: minidl.relu(x) - 3 * minidl.relu(-x)):
        report = gradcheck(f, float64(0.0, 1.0))
        assert report.told > 0 and len(report.kinks) == 1


# A8


class SquareForgetsDz(Function):
    """z = Σ x²"""

    def forward(self, x: Any) -> Any:
        self.x = x
        return (x * x).sum()

    def backward(self, dz: Any) -> Any:
        return 2 * self.x


def test_a8_a_backward_that_forgets_dz_is_found() -> None:
    with pytest.raises(MismatchError):
        gradcheck(SquareForgetsDz.apply, float64(1.0, 2.0))
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record(torch=False) as tape:
        SquareForgetsDz.apply(x).backward()
    assert states(tape) == {("SquareForgetsDz", 0, "MISMATCH")}
    assert "does backward multiply by dz" in tape.mismatches()[0].verdict.checked
    with pytest.raises(DtypeError, match=r"model.double\(\)"):
        judge_parameters(lambda: SquareForgetsDz.apply(x), {"x": x})
    x = float64(1.0, 2.0)
    assert judge_parameters(lambda: SquareForgetsDz.apply(x), {"x": x})["x"].wrong


# G


def test_failures_are_arrays_too() -> None:
    class Half(Function):
        def forward(self, x: Any) -> Any:
            return 2 * x

        def backward(self, dz: Any) -> Any:
            return dz * np.array([2.0, 1.0])

    report = gradcheck(Half.apply, float64(1.0, 3.0), raise_exception=False)
    np.testing.assert_allclose(report.failures.yours, [1.0])
    np.testing.assert_allclose(report.failures.differences, [2.0], rtol=1e-6)
    assert report.failures.where.tolist() == [[0, (1,), 0, (1,)]]
    (comparison,) = report.comparisons
    np.testing.assert_allclose(comparison.yours, np.diag([2.0, 1.0]))
    np.testing.assert_allclose(comparison.differences, np.diag([2.0, 2.0]), atol=1e-6)
    assert comparison.right.tolist() == [[True, True], [True, False]] and comparison.told.all()


@given(st.lists(st.integers(0, 3), max_size=3), st.integers(0, 2**32 - 1))
def test_the_numerical_gradient_is_that_of_backward(shape: list[int], seed: int) -> None:
    draw = np.random.default_rng(seed)
    x, y = (minidl.tensor(draw.normal(size=shape), requires_grad=True) for _ in range(2))
    dz = minidl.tensor(draw.normal(size=shape))
    (x.sin() * y).backward(dz)
    dx, dy = numerical_gradient(lambda x, y: x.sin() * y, (x, y), dz)
    assert dx.dtype == minidl.float64 and dx.shape == x.shape
    np.testing.assert_allclose(dx.numpy(), x.grad.numpy(), atol=1e-8)
    np.testing.assert_allclose(dy.numpy(), y.grad.numpy(), atol=1e-8)


def test_the_numerical_gradient_leaves_its_inputs_alone_and_widens_them() -> None:
    x = minidl.tensor([1.0, 2.0], dtype=minidl.float16)
    (dx,) = numerical_gradient(lambda x: (x**3, x.sum()), x)
    np.testing.assert_allclose(dx.numpy(), [4.0, 13.0], rtol=1e-7)
    assert x.dtype == minidl.float16 and x.tolist() == [1.0, 2.0]


def test_the_numerical_gradient_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ArgumentError, match="no input is a floating tensor"):
        numerical_gradient(lambda x: x, minidl.tensor([1, 2]))
    with pytest.raises(ArgumentError, match="eps must be a positive number; got 0"):
        numerical_gradient(lambda x: x, float64(1.0), eps=0)
    with pytest.raises(ShapeError, match=r"grad_outputs\[0\] has shape \(2,\), the output has \(1,\)"):
        numerical_gradient(lambda x: x, float64(1.0), minidl.ones(2))
    with pytest.raises(ArgumentError, match="1 outputs but 2 grad_outputs"):
        numerical_gradient(lambda x: x, float64(1.0), [minidl.ones(1), minidl.ones(1)])


# the verbs


def verb(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str, str]:
    try:
        code = main([str(word) for word in words])
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else 1
    out, err = capsys.readouterr()
    return code, out, err


def model_file(folder: Path, body: str, layers: str = "") -> str:
    (folder / "net.py").write_text(
        "import minidl\nfrom minidl import nn\nfrom minidl.nn import functional as F\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.a, self.b = nn.Linear(784, 4), nn.Linear(4, 10)\n        {layers or 'pass'}\n\n"
        f"    def forward(self, x):\n        {body}\n"
    )
    return "net.py:Net"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


CUT = "return self.b(self.a(x.flatten(1)).detach().relu())"


def test_gradcheck_tells_a_missing_gradient(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = verb(capsys, "gradcheck", "--model", model_file(here, CUT), "--no-torch")
    assert code == 1
    row = next(line for line in out.splitlines() if line.startswith("a.weight"))
    assert "MISMATCH" in row and "no gradient, differences say it should have one" in row
    assert verb(capsys, "explain", "--model", "net.py:Net", "--no-torch", "--text")[0] == 1


def test_gradcheck_of_what_cannot_be_told_is_no_success(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "return self.b(self.a(x.flatten(1))) * float('nan')"
    code, out, err = verb(capsys, "gradcheck", "--model", model_file(here, body), "--no-torch", "--json")
    assert code == 1
    assert {row["verdict"] for row in json.loads(out)} == {"not checked"}
    assert "nothing is proven" in err
    code, _, err = verb(capsys, "explain", "--model", "net.py:Net", "--no-torch")
    assert code == 1 and "nothing is proven" in err
    assert (here / "explain.html").exists()


@pytest.mark.parametrize("layers", ["self.n = nn.BatchNorm1d(4)", "self.n = nn.Dropout(0.5)"])
def test_gradcheck_of_batch_norm_and_dropout(here: Path, capsys: pytest.CaptureFixture[str], layers: str) -> None:
    body = "return self.b(self.n(self.a(x.flatten(1))))"
    code, out, _ = verb(capsys, "gradcheck", "--model", model_file(here, body, layers), "--no-torch")
    assert code == 0, out
    if "Batch" in layers:
        assert "digits 0 to 3 of the bundled sample" in out
        assert verb(capsys, "explain", "--model", "net.py:Net", "--no-torch", "--text")[0] == 0


def test_the_hardest_image_and_one_that_is_wrong(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from minidl.data import datasets

    name = model_file(here, "return self.b(self.a(x.flatten(1)).tanh())")
    for which in ("hardest", "wrong"):
        code, out, _ = verb(capsys, "gradcheck", "--model", name, "--sample", which, "--no-torch")
        assert code == 0 and " of the bundled sample's test images, labelled " in out
    body = "return F.one_hot(minidl.full((len(x),), self.answer), 10).float() + 0 * self.b(self.a(x.flatten(1)))"
    only = int(datasets.MNIST(datasets.SAMPLE_FOLDER, train=False).targets.numpy()[0])
    name = model_file(here, body, f"self.answer = {only}")
    code, out, _ = verb(capsys, "gradcheck", "--model", name, "--sample", "wrong", "--no-torch")
    assert f"labelled {only}\n" not in out
    code, _, err = verb(capsys, "explain", "--sample", "easiest")
    assert code == 2 and "must be a whole number, hardest or wrong, got 'easiest'" in err
    code, _, err = verb(capsys, "explain", "--break", "tanh-not-squared", "--sample", "wrong")
    assert code == 2 and "needs a model" in err
