"""What is timed: every operation has a case, both libraries compute the same in it, and a difference would show."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest

import minidl
from minidl.backend import current_backend
from minidl.bench.contestant import PACKAGE
from minidl.bench.library import CHANNELS_LAST, Entry, Library
from minidl.bench.op_timing import Operation, convolution, drawn
from minidl.bench.ops import CASES, REASONS, Case, Input
from minidl.bench.rounds import largest_difference
from minidl.bench.suites.scaling import arithmetic
from minidl.bench.training import Training
from minidl.bench.works import WORKS
from minidl.nn import functional as F

pytest.importorskip("torch")

TOLERANCE = 1e-3
# views and other names of what is timed under one name, and what has no forward and backward of its own
COVERED_ELSEWHERE = {
    *("absolute", "clip", "divide", "true_divide", "multiply", "negative", "subtract", "concat", "concatenate"),
    *("arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh"),
    *("greater", "greater_equal", "less", "less_equal", "not_equal"),
    *("moveaxis", "movedim", "swapaxes", "swapdims", "t", "ravel", "squeeze", "unsqueeze", "unflatten"),
    *("celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_", "threshold_"),
    *("fix", "ger", "row_stack", "trapz"),
    "index_reduce",  # PyTorch warns of its own
    "rmse_loss",  # not in PyTorch
}


@pytest.fixture(scope="module")
def libraries() -> dict[str, Library]:
    backend = current_backend().name
    entries = [Entry("minidl", minidl.get_num_threads(), backend=backend), Entry("torch", 1)]
    entries.append(Entry("torch", 1, layout=CHANNELS_LAST))
    return {entry.name.removesuffix(f" {backend}"): Library(entry) for entry in entries}


def test_every_operation_has_a_case() -> None:
    public = {
        name
        for name, value in vars(minidl).items()
        if inspect.isfunction(value) and value.__module__.startswith("minidl.ops.")
    }
    words = {name.replace(",", "").split(" ")[0] for name in CASES}
    named = {name for case in CASES.values() for name in case.run.__code__.co_names}
    assert public | set(F.__all__) <= words | named | COVERED_ELSEWHERE


def test_reasons_are_of_cases() -> None:
    assert REASONS.keys() <= CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_both_libraries_compute_the_same(name: str, libraries: dict[str, Library]) -> None:
    case = CASES[name]
    found = {who: Operation(library, case, 0) for who, library in libraries.items()}
    results = {who: operation.results(1) for who, operation in found.items()}
    assert results["minidl"]
    for who in results:
        assert largest_difference(results["minidl"], results[who]) < TOLERANCE, who
    assert len({operation.records for operation in found.values()}) == 1
    wants = any(one.is_leaf() for one in case.inputs)
    assert wants == found["minidl"].records


@pytest.mark.parametrize("wrong", ["value", "gradient", "size of the result"])
def test_a_wrong_operation_would_be_noticed(wrong: str, libraries: dict[str, Library]) -> None:
    right = CASES["sigmoid"]

    def run(T, F, x):
        z = T.sigmoid(x)
        return {"value": z + 0.01, "gradient": z.detach() + 0 * x, "size of the result": 1.01 * z}[wrong]

    changed = Operation(libraries["minidl"], Case("wrong", right.inputs, run), 1).results(1)
    assert largest_difference(changed, Operation(libraries["torch"], right, 1).results(1)) > TOLERANCE


@pytest.mark.parametrize("draw", ["normal", "positive", "unit", "signs", "labels", "bools", "log"])
def test_inputs_are_what_they_say(draw: str) -> None:
    x = drawn(Input(((50, 4),) * 3, draw, (3, 3, 3)), 0, np.random.default_rng(0))
    assert x.shape == (50, 4)
    expected = {"labels": "int64", "bools": "bool"}.get(draw, "float32")
    assert x.dtype == expected
    ranges = {"positive": (0.5, 1.5), "unit": (0.05, 0.95), "signs": (-1, 1), "labels": (0, 2)}
    if draw in ranges:
        assert ranges[draw][0] <= x.min() < x.max() <= ranges[draw][1]
    if draw == "log":
        np.testing.assert_allclose(np.exp(x).sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in WORKS if not name.endswith(("500", "1000"))])
def test_both_libraries_train_alike(name: str, libraries: dict[str, Library]) -> None:
    work = WORKS[name]
    results = {
        who: Training(library, work, 3).results(4)
        for who, library in libraries.items()
        if work.has_images or library.entry.layout == "NCHW"
    }
    assert len(set(results["minidl"])) == 4
    for who, values in results.items():
        assert largest_difference(results["minidl"], values) < TOLERANCE, who


def test_other_weights_would_be_noticed(libraries: dict[str, Library]) -> None:
    one, other = (Training(libraries["minidl"], WORKS["mlp-128"], 3, seed).results(3) for seed in (0, 1))
    assert largest_difference(one, other) > TOLERANCE


def test_a_convolution_of_the_scaling_suite_is_the_one_that_is_counted(libraries: dict[str, Library]) -> None:
    sizes = {"batch": 2, "side": 6, "channels": 3, "kernel": 5}
    found = [convolution(library, **sizes).results(1) for library in libraries.values()]
    assert all(largest_difference(found[0], one) < TOLERANCE for one in found)
    outputs = sizes["batch"] * sizes["side"] ** 2 * sizes["channels"]
    each = 2 * sizes["channels"] * sizes["kernel"] ** 2
    assert arithmetic(**sizes) == 3 * outputs * each


def test_the_opponents_process_holds_nothing_of_the_engine() -> None:
    code = f"""
import sys, types
package = types.ModuleType("minidl"); package.__path__ = [{str(PACKAGE)!r}]; sys.modules["minidl"] = package
import minidl.bench.worker, minidl.bench.training, minidl.bench.op_timing, minidl.bench.epoch_loop, minidl.bench.works
print(*sorted(name for name in sys.modules if name.startswith("minidl") and not name.startswith("minidl.bench")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout.split() == ["minidl"]
