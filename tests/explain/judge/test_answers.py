"""Right answers pass, wrong ones do not, and the cause that is named is the one that was made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minidl.explain.teaching.judge import causes, runner
from minidl.explain.teaching.judge.exercises import NAMES, UnknownExerciseError, find
from minidl.explain.teaching.judge.stub import stub
from minidl.explain.teaching.judge.verdict import Verdict, calls_of, verdict

from .right_answers import RIGHT
from .wrong_answers import WRONG


def judged(name: str, code: str) -> Verdict:
    """The verdict on the text of a file, by the functions that its process runs."""
    names: dict[str, Any] = {"np": np}
    exec(compile(code, "answer.py", "exec"), names)
    return verdict(find(name), runner.run(names, calls_of(find(name)), "answer.py"))


@pytest.mark.parametrize("name", NAMES)
def test_every_model_answer_is_right(name: str) -> None:
    exercise = find(name)
    names = {"forward": exercise.forward, "backward": exercise.backward}
    found = verdict(exercise, runner.run(names, calls_of(exercise), ""))
    assert found.right and found and not found.changed
    assert list(found.failed) == [*exercise.outputs, *exercise.gradients], "all were judged"


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("name", NAMES)
def test_every_stub_runs_and_fails(name: str, lang: str) -> None:
    for both in (False, True):
        found = judged(name, stub(find(name), lang, both))
        assert not found.right and found.problem is not None and found.problem.kind == "unwritten"


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_with_the_model_answer_in_it_is_right(name: str) -> None:
    names: dict[str, Any] = {}
    exec(compile(stub(find(name), "ko"), "answer.py", "exec"), names)
    found = runner.run({**names, "backward": find(name).backward}, calls_of(find(name)), "")
    assert verdict(find(name), found).right


@pytest.mark.parametrize(("name", "code"), [(name, code) for name in NAMES for code in RIGHT[name]])
def test_right_answers_of_all_kinds_are_accepted(name: str, code: str) -> None:
    found = judged(name, code)
    assert found.right, (found.wrong, found.problem)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_are_refused_with_their_cause(name: str) -> None:
    assert len(WRONG[name]) >= 5
    for cause, results, code in WRONG[name]:
        found = judged(name, code)
        assert not found.right, code
        named = {one.key: list(one.names) for one in found.causes}
        assert named == {cause: results.split()}, code
        if found.problem is None:
            assert set(found.wrong) <= set(results.split()), code


@pytest.mark.parametrize("name", NAMES)
def test_every_known_mistake_is_wrong_and_named(name: str) -> None:
    exercise = find(name)

    for key, mistake in exercise.mistakes.items():

        def backward(*given: Any, wrong: Any = mistake.wrong) -> Any:
            right = dict(zip(exercise.gradients, causes_arrays(exercise.backward(*given))))
            return tuple({**right, **wrong(*given)}[gradient] for gradient in exercise.gradients)

        found = verdict(exercise, runner.run({"backward": backward}, calls_of(exercise), ""))
        assert not found.right, key
        assert [cause.key for cause in found.causes] == [key]


def causes_arrays(returned: Any) -> tuple[Any, ...]:
    return returned if isinstance(returned, tuple) else (returned,)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_in_no_known_way_gets_no_cause(name: str) -> None:
    """A gradient that is wrong at a single place, or by noise, has no cause to be named."""
    exercise = find(name)

    def backward(*given: Any) -> Any:
        right = [np.array(one, float) for one in causes_arrays(exercise.backward(*given))]
        for one in right:
            if one.size:
                one.flat[-1] += 0.37
        return tuple(right)

    found = verdict(exercise, runner.run({"backward": backward}, calls_of(exercise), ""))
    assert set(found.wrong) == set(exercise.gradients)
    assert found.causes == []
    for wrong in found.wrong.values():
        assert wrong.kind == "number" and isinstance(wrong.yours, float) and isinstance(wrong.wanted, float)
        assert wrong.high is not None or wrong.yours - wrong.wanted == pytest.approx(0.37)


def test_the_factor_is_named_by_its_size() -> None:
    def factor(name: str, code: str) -> str:
        (cause,) = judged(name, code).causes
        return cause.holes["factor"]

    assert factor("mse", "def backward(dz, x, t): return dz * (x - t) / x.size") == "1/2"
    assert factor("mse", "def backward(dz, x, t): return dz * 2 * (x - t)") == "N"
    assert factor("mse", "def backward(dz, x, t): return dz * (x - t)") == "1/2·N"
    assert factor("mse", "def backward(dz, x, t): return -2 * dz * 2 * (x - t) / x.size") == "-2"
    assert factor("mse", "def backward(dz, x, t): return dz * 2 * (x - t) / x.size ** 2") == "1/N"
    code = {results: code for cause, results, code in WRONG["conv2d"] if cause == "factor"}
    assert factor("conv2d", code["dw"]) == "1/N" and factor("conv2d", code["db"]) == "1/(N·P·Q)"


def test_a_cause_that_explains_only_some_cases_is_not_named() -> None:
    code = "def backward(dz, x): return -dz * (x > 0) if x.ndim == 2 else dz * (x > 0) * 3"
    found = judged("relu", code)
    assert not found.right and found.causes == []


def test_an_answer_that_remembers_or_draws_is_wrong() -> None:
    code = "seen = []\ndef backward(dz, x):\n    seen.append(0)\n    return dz * (x > 0) * (1 if len(seen) < 6 else 2)"
    found = judged("relu", code)
    assert not found.right and found.causes == [causes.REMEMBERS]


def test_numbers_that_are_tied_are_right_together_only() -> None:
    winners = next(code for cause, _, code in WRONG["max_pool2d"] if cause == "all_winners")
    (wrong,) = judged("max_pool2d", winners).wrong.values()
    assert wrong.kind == "together" and wrong.place is None
    assert abs(wrong.yours - 4 * wrong.wanted) < 1e-9


def test_at_a_corner_what_is_not_between_the_slopes_is_wrong() -> None:
    found = judged("relu", "def backward(dz, x): return np.where(x == 0, 3 * dz, dz * (x > 0))")
    wrong = found.wrong["dx"]
    assert (
        wrong.place == (1,) and wrong.high is not None and min(wrong.wanted, wrong.high) in (wrong.wanted, wrong.high)
    )  # type: ignore[type-var]


def test_the_first_wrong_element_is_told() -> None:
    code = "def backward(dz, x):\n    dx = dz * (x > 0)\n    if x.ndim == 2 and x.size: dx[1, 2] += 1\n    return dx"
    wrong = judged("relu", code).wrong["dx"]
    assert wrong.place == (1, 2) and wrong.case is find("relu").cases[0]
    assert wrong.yours == pytest.approx(float(wrong.wanted) + 1)


def test_a_forward_of_one_s_own_is_judged_too() -> None:
    backward = "\ndef backward(dz, x): return dz * (x > 0)"
    assert judged("relu", "def forward(x): return x * (x > 0)" + backward).right
    found = judged("relu", "def forward(x): return abs(x)" + backward)
    assert list(found.wrong) == ["z"] and not found.right
    assert [cause.key for cause in judged("relu", "def forward(x): return -x * (x > 0)" + backward).causes] == ["sign"]


def test_what_is_changed_in_place_is_noted_but_right() -> None:
    found = judged("mul", RIGHT["mul"][0])
    assert found.right and found.changed == ["dz"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("missing", "def backwards(dz, x): return dz"),
        ("arguments", "def backward(dz): return dz"),
        ("none", "def backward(dz, x): dx = dz * (x > 0)"),
        ("unwritten", "def backward(dz, x): return ..."),
        ("raised", "def backward(dz, x): return dz * (x > 0) / nothing"),
        ("exit", "def backward(dz, x): exit()"),
        ("exit", "import sys\ndef backward(dz, x): sys.exit(3)"),
        ("memory", "def backward(dz, x): raise MemoryError"),
        ("part", "def backward(dz, x): return 'dx'"),
        ("part", "def backward(dz, x): return dz * (x > 0) * 1j"),
        ("part", "def backward(dz, x): return {'dx': dz}"),
        ("ragged", "def backward(dz, x): return [[1.0], [2.0, 3.0]]"),
        ("large", "def backward(dz, x): return np.broadcast_to(0.0, (1000, 1001))"),
        ("raised", "def backward(dz, x): return backward(dz, x)"),
    ],
)
def test_what_is_no_answer_is_told(kind: str, code: str) -> None:
    found = judged("relu", code)
    assert not found.right and found.problem is not None and found.problem.kind == kind


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("count", "def backward(dz, x, y): return dz, dz, dz"),
        ("count", "def backward(dz, x, y): return [dz]"),
        ("type", "def backward(dz, x, y): return 3.0"),
        ("part", "def backward(dz, x, y): return dz, None"),
    ],
)
def test_several_gradients_are_counted(kind: str, code: str) -> None:
    found = judged("add", code)
    assert found.problem is not None and found.problem.kind == kind and found.case is not None


def test_the_case_in_which_it_stopped_is_told() -> None:
    found = judged("matmul", "def backward(dz, x, y): return dz @ y, x @ dz")
    assert found.problem is not None and found.problem.kind == "raised" and found.case is find("matmul").cases[1]
    assert judged("relu", "def backward(dz, x): return dz * (x > 0) if x.ndim else 1 / 0").case is find("relu").cases[3]


@pytest.mark.parametrize("value", ["np.nan", "np.inf"])
def test_what_is_not_finite_is_wrong(value: str) -> None:
    found = judged("relu", f"def backward(dz, x): return dz * (x > 0) * {value}")
    assert not found.right and "dx" in found.wrong


def test_a_wrong_shape_is_told_with_both() -> None:
    wrong = judged("linear", "def backward(dz, x, w, b): return dz @ w, dz.T @ x, dz.sum(axis=0)[None]").wrong["db"]
    assert (wrong.kind, wrong.yours, wrong.wanted) == ("shape", (1, 2), (2,))


def test_the_cases_of_every_exercise_reach_its_edges() -> None:
    for name in NAMES:
        exercise = find(name)
        sizes = [min((x.size for x in case.inputs if isinstance(x, np.ndarray)), default=0) for case in exercise.cases]
        assert len(exercise.cases) >= 3 and 1 in [*sizes, *(x.shape[0] for case in exercise.cases for x in case.inputs
                                                            if isinstance(x, np.ndarray) and x.ndim)]  # fmt: skip
        for number in range(len(exercise.cases)):
            assert all((abs(seed) != 1).all() and seed.all() for seed in exercise.seeds(number))


def test_unknown_names_get_a_suggestion() -> None:
    assert find("Max-Pool2d").name == "max_pool2d"
    with pytest.raises(UnknownExerciseError, match="did you mean conv2d"):
        find("conv2")
    with pytest.raises(UnknownExerciseError, match="there are add, mul"):
        find("?")
