"""The recording: what ran, on which line, with which numbers; and that it leaves the pass as it was."""

from __future__ import annotations

import html
import json
import linecache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import Function
from minidl.explain import record
from minidl.explain.recording.trace import VISITS
from minidl.explain.recording.values import Value, block_of
from minidl.explain.teaching.passes import example
from minidl.nn import functional as F
from tests.explain.passes import array_of, digits, lecture, lecture_json

ROOT = Path(minidl.__file__).parent.parent


def leaf(tape: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in tape["leaves"] if one["name"] == name)


@pytest.mark.slow
def test_the_operations_of_the_lecture_in_their_order_with_their_modules() -> None:
    found = [(node["op"], node["name"]) for node in lecture_json()["nodes"]]
    assert found == [
        ("Conv2d", "layer1.0"), ("Relu", "layer1.1"), ("MaxPool2d", "layer1.2"), ("Conv2d", "layer2.0"),
        ("Relu", "layer2.1"), ("MaxPool2d", "layer2.2"), ("Reshape", ""), ("Linear", "fc"), ("CrossEntropy", ""),
    ]  # fmt: skip
    names = {one["name"] for one in lecture_json()["leaves"] if one["grad"] is not None}
    layers = ("layer1.0", "layer2.0", "fc")
    assert names == {"input"} | {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}


def conv(x: np.ndarray, w: np.ndarray, b: np.ndarray, pad: int) -> np.ndarray:
    """(C, H, W), (O, C, k, k) -> (O, Ho, Wo), in float64 and in loops."""
    x = np.pad(x.astype(np.float64), ((0, 0), (pad, pad), (pad, pad)))
    k = w.shape[-1]
    z = np.zeros((len(w), x.shape[1] - k + 1, x.shape[2] - k + 1)) + b[:, None, None]
    for i in range(k):
        for j in range(k):
            z += np.tensordot(w[:, :, i, j], x[:, i : i + z.shape[1], j : j + z.shape[2]], 1)
    return z


def pooled(x: np.ndarray) -> np.ndarray:
    c, h, w = x.shape
    return x[:, : h // 2 * 2, : w // 2 * 2].reshape(c, h // 2, 2, w // 2, 2).max(axis=(2, 4))


def test_every_number_of_the_forward_pass_is_that_of_an_independent_computation() -> None:
    tape = lecture_json()
    whole = {one.name: one.array for one in lecture().leaves if one.name}
    x = digits()[0][0] / 255.0
    c1 = conv(x[None], whole["layer1.0.weight"], whole["layer1.0.bias"], 3)
    p1 = pooled(np.maximum(c1, 0))
    c2 = conv(p1, whole["layer2.0.weight"], whole["layer2.0.bias"], 3)
    p2 = pooled(np.maximum(c2, 0))
    scores = whole["fc.weight"].astype(np.float64) @ p2.ravel() + whole["fc.bias"]
    loss = np.log(np.exp(scores).sum()) - scores[digits()[1][0]]
    expected = [c1, np.maximum(c1, 0), p1, c2, np.maximum(c2, 0), p2, p2, scores, loss]
    for node, wanted in zip(tape["nodes"], expected):
        found = array_of(tape, node["output"])
        np.testing.assert_allclose(found.ravel(), np.ravel(wanted), atol=2e-5, rtol=2e-5, err_msg=node["op"])
        summary = tape["values"][node["output"]]
        np.testing.assert_allclose(
            [summary["min"], summary["max"], summary["mean"]],
            [np.min(wanted), np.max(wanted), np.mean(wanted)], atol=2e-5,
        )  # fmt: skip
    assert tape["loss"] == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(array_of(tape, leaf(tape, "input")["value"])[0, 0], x, rtol=1e-6)


def test_the_gradients_of_the_tape_are_those_of_an_independent_computation() -> None:
    """By hand from the scores to the last weights; the rest is compared with differences in test_verify."""
    tape = lecture_json()
    whole = {one.name: one for one in lecture().leaves if one.name}
    flat = array_of(tape, tape["nodes"][6]["output"]).ravel().astype(np.float64)
    scores = array_of(tape, tape["nodes"][7]["output"]).ravel().astype(np.float64)
    d = np.exp(scores) / np.exp(scores).sum()
    d[digits()[1][0]] -= 1
    np.testing.assert_allclose(array_of(tape, leaf(tape, "fc.bias")["grad"]), d, atol=1e-6)
    gradient = whole["fc.weight"].gradient
    assert gradient is not None
    np.testing.assert_allclose(gradient, np.outer(d, flat), atol=1e-6)
    back = [step for step in tape["steps"] if step["phase"] == "backward" and step["node"] == 7 and step["returned"]]
    dx = array_of(tape, back[0]["returned"][0])
    np.testing.assert_allclose(dx[0], d @ whole["fc.weight"].array, atol=1e-6)


def test_the_values_on_a_line_are_those_after_it() -> None:
    tape = lecture_json()
    steps = [step for step in tape["steps"] if step["node"] == 8 and step["phase"] == "forward"]
    lines = {tape["sources"][s["source"]]["lines"][s["line"] - tape["sources"][s["source"]]["first"]]: s for s in steps}
    step = next(s for line, s in lines.items() if line.strip().startswith("e = self.xp.exp(x)"))
    held = {name: place for name, place, _ in step["locals"]}
    x, e = array_of(tape, held["x"]), array_of(tape, held["e"])
    np.testing.assert_allclose(e, np.exp(x), rtol=1e-6)
    assert x.max() == 0
    assert [name for name, _, changed in step["locals"] if changed] == ["e"]


def test_every_file_and_line_is_that_of_the_source() -> None:
    tape = lecture_json()
    assert {source["file"] for source in tape["sources"]} >= {"minidl/ops/conv.py", "minidl/ops/pool.py"}
    for source in tape["sources"]:
        lines = (ROOT / source["file"]).read_text(encoding="utf-8").splitlines()
        assert source["lines"] == lines[source["first"] - 1 : source["first"] - 1 + len(source["lines"])]
        assert source["lines"][0].lstrip().startswith("def ")
    for step in tape["steps"]:
        source = tape["sources"][step["source"]]
        assert source["first"] < step["line"] < source["first"] + len(source["lines"])
        assert source["lines"][step["line"] - source["first"]].strip()


def test_the_steps_go_forward_and_then_backward_and_end_each_operation_with_what_it_returned() -> None:
    tape = lecture_json()
    phases = [step["phase"] for step in tape["steps"]]
    assert phases == sorted(phases, reverse=True)  # all "forward", then all "backward"
    order = list(dict.fromkeys((step["phase"], step["node"]) for step in tape["steps"]))
    assert order == [("forward", i) for i in range(9)] + [("backward", i) for i in reversed(range(9))]
    for phase, number in order:
        steps = [s for s in tape["steps"] if (s["phase"], s["node"]) == (phase, number)]
        assert [s["returned"] is not None for s in steps] == [False] * (len(steps) - 1) + [True]
        if phase == "forward":
            assert steps[-1]["returned"] == [tape["nodes"][number]["output"]]


def test_a_page_of_the_lecture_stays_small_and_is_valid_json() -> None:
    assert len(json.dumps(lecture_json(), allow_nan=False)) < 2_500_000


def test_recording_changes_no_bit_of_the_results() -> None:
    def run(recorded: bool) -> list[np.ndarray]:
        made = example("residual", *digits())
        if recorded:
            made.record()
        else:
            F.cross_entropy(made.model(made.input), made.target).backward()
        gradients = [p.grad for p in (made.input, *made.model.parameters())]
        return [g.numpy() for g in gradients if g is not None]

    plain, recorded = run(False), run(True)
    assert len(plain) == len(recorded) == 7
    assert all(np.array_equal(a, b) for a, b in zip(plain, recorded))


def test_the_random_stream_goes_on_as_without_a_recording() -> None:
    def draw(recorded: bool) -> list[float]:
        minidl.manual_seed(3)
        x = minidl.ones(50, requires_grad=True)
        if recorded:
            with record():
                F.dropout(x).sum().backward()
        else:
            F.dropout(x).sum().backward()
        return minidl.rand(3).tolist()

    assert draw(True) == draw(False)


class Doubled(Function):
    """z = 2 x        ∂z/∂x = 2"""

    def forward(self, x: Any) -> Any:
        two = 2
        return _times(x, two)

    def backward(self, dz: Any) -> Any:
        return 2 * dz


def _times(x: Any, factor: int) -> Any:
    return x * factor


def test_an_operation_of_the_user_s_own_is_followed_into_the_helpers_of_its_file() -> None:
    x = minidl.tensor([1.0, -2.0], requires_grad=True)
    with record() as tape:
        Doubled.apply(x).sum().backward()
    node = tape.nodes[0]
    assert (node.op, tape.to_dict()["nodes"][0]["plain"]) == ("Doubled", "z = 2 x")
    lines = [linecache.getline(__file__, e.step.line).strip() for e in tape.events if e.node == 0]
    assert lines == ["two = 2", "return x * factor", "return _times(x, two)", "return 2 * dz"]
    assert {tape.sources[e.step.source].file for e in tape.events if e.node == 0} == {"tests/explain/test_record.py"}
    assert tape.leaves[0].name == "x"  # the variable's own name


def test_what_a_helper_returns_stands_at_its_last_line() -> None:
    x, t = minidl.rand(2, 3, requires_grad=True), minidl.tensor([0, 2])
    with record() as tape:
        F.cross_entropy(x, t).backward()
    node = tape.nodes[0]
    at_end = {
        phase: {name: kept for name, kept, _ in event.step.locals if name.startswith("return")}
        for event in tape.events
        if event.step.source not in (node.forward_source, node.backward_source)
        for phase in [event.phase]
    }
    places, onehot = at_end["forward"], at_end["backward"]
    assert list(places) == ["return[0]", "return[1]"] and list(onehot) == ["return"]
    np.testing.assert_array_equal(tape.values.items[places["return[0]"]].data, [0, 1])
    np.testing.assert_array_equal(tape.values.items[places["return[1]"]].data, [0, 2])
    np.testing.assert_array_equal(tape.values.items[onehot["return"]].data, np.eye(3)[[0, 2]])


def test_an_operation_without_a_docstring_has_no_formula() -> None:
    class Plain(Function):
        def forward(self, x: Any) -> Any:
            return x + 0

        def backward(self, dz: Any) -> Any:
            return dz

    x = minidl.tensor([1.0], requires_grad=True)
    with record() as tape:
        Plain.apply(x).sum().backward()
    node = tape.to_dict()["nodes"][0]
    assert (node["plain"], node["formula"], node["derivative_plain"], node["derivative"]) == ("", "", "", "")


def test_an_operation_from_a_notebook_cell() -> None:
    cell = (
        "class Tripled(Function):\n"
        "    def forward(self, x):\n"
        "        y = x * 3\n"
        "        return y\n"
        "    def backward(self, dz):\n"
        "        return 3 * dz\n"
    )
    name = "<ipython-input-7-0123456789ab>"
    linecache.cache[name] = (len(cell), None, cell.splitlines(True), name)
    space: dict[str, Any] = {"Function": Function, "__name__": "__main__"}
    exec(compile(cell, name, "exec"), space)
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record() as tape:
        space["Tripled"].apply(x).sum().backward()
    source = tape.sources[tape.events[0].step.source]
    assert (source.file, source.first, source.lines[1]) == ("notebook", 2, "        y = x * 3")
    assert [event.step.line for event in tape.events if event.node == 0] == [3, 4, 6]
    assert tape.checks[-1].verdict.state == "exact"


def test_no_page_names_a_place_on_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from minidl import Function\n\n\nclass Same(Function):\n    def forward(self, x):\n        return x + 0\n\n"
        "    def backward(self, dz):\n        return dz\n"
    )
    space: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    x = minidl.tensor([1.0], requires_grad=True)
    with record() as tape:
        space["Same"].apply(x).sum().backward()
    assert tape.sources[0].file == "mine.py"
    assert str(tmp_path) not in json.dumps(tape.to_dict())


def test_a_long_loop_is_kept_in_part_and_says_so() -> None:
    class Slow(Function):
        def forward(self, x: Any) -> Any:
            for _ in range(1000):
                x = x + 0.001
            return x

        def backward(self, dz: Any) -> Any:
            return dz

    x = minidl.tensor([1.0], requires_grad=True)
    with record() as tape:
        Slow.apply(x).sum().backward()
    steps = [event.step for event in tape.events if event.node == 0 and event.phase == "forward"]
    assert len(steps) == 2 * VISITS + 1
    told = [text for name, text, _ in steps[-1].locals if name == "..."]
    assert any("ran 1,000 times" in str(text) for text in told)


def test_a_statement_over_several_lines_is_one_step() -> None:
    class Wide(Function):
        def forward(self, x: Any) -> Any:
            y = (
                x
                + x
            )  # fmt: skip
            y += 0
            return y

        def backward(self, dz: Any) -> Any:
            return dz * 2

    x = minidl.tensor([1.0], requires_grad=True)
    with record() as tape:
        Wide.apply(x).sum().backward()
    lines = [linecache.getline(__file__, e.step.line).strip() for e in tape.events if e.node == 0]
    assert lines == ["y = (", "y += 0", "return y", "return dz * 2"]


def test_arrays_of_an_operation_that_takes_any_number_are_named_apart_from_its_options() -> None:
    x, y = (minidl.rand(2, 3, requires_grad=True) for _ in range(2))
    with record() as tape:
        minidl.cat([x, y], 1).sum().backward()
    node = tape.nodes[0]
    assert [known.label for known in node.inputs] == ["xs[0]", "xs[1]"]
    assert node.options == {"dim": 1}
    assert {check.verdict.state for check in tape.checks} == {"exact"}


def test_what_the_engine_did_is_told() -> None:
    x = minidl.ones(4, 3, requires_grad=True)
    b = minidl.ones(3, requires_grad=True)
    with record() as tape:
        h = x + b
        (h * h).sum().backward()
    found = tape.to_dict()
    engine = [what for step in found["steps"] for what in step["engine"]]
    summed = next(what for what in engine if what["kind"] == "summed")
    assert (summed["input"], summed["axes"]) == (1, [0])
    np.testing.assert_array_equal(array_of(found, summed["from"]), np.full((4, 3), 4.0))
    np.testing.assert_array_equal(array_of(found, summed["to"]), np.full(3, 16.0))
    added = next(what for what in engine if what["kind"] == "accumulated")
    assert (added["node"], added["uses"]) == (0, 2)
    np.testing.assert_array_equal(array_of(found, added["total"]), np.full((4, 3), 4.0))
    totals = {found["leaves"][what["leaf"]]["name"]: what["total"] for what in engine if what["kind"] == "leaf"}
    np.testing.assert_array_equal(array_of(found, totals["b"]), np.full(3, 16.0))
    assert found["sources"][summed["source"]]["lines"][0].startswith("def sum_to")
    assert found["nodes"][0]["uses"] == 2


def test_a_cast_by_the_engine_is_told() -> None:
    class Wider(Function):
        def forward(self, x: Any) -> Any:
            return x + 0

        def backward(self, dz: Any) -> Any:
            return dz.astype(np.float64)

    x = minidl.ones(2, requires_grad=True)
    with record() as tape:
        Wider.apply(x).sum().backward()
    casts = [what for event in tape.events for what in event.engine if what["kind"] == "cast"]
    assert [(what["input"], what["dtype"]) for what in casts] == [(0, "float32")]


@given(st.lists(st.integers(0, 40), max_size=4), st.integers(1, 500))
def test_a_kept_block_fits_the_limit_and_starts_at_the_beginning(shape: list[int], limit: int) -> None:
    block = block_of(tuple(shape), limit)
    assert all(start == 0 and min(1, n) <= stop <= n for (start, stop), n in zip(block, shape))
    assert np.prod([stop for _, stop in block]) <= limit or np.prod(shape) == 0
    array = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    kept = Value.of(array, limit).to_dict(limit)
    part = array[tuple(slice(0, stop) for _, stop in block)]
    assert np.frombuffer(__import__("base64").b64decode(kept["data"]), "<f4").tolist() == part.ravel().tolist()
    assert (kept["sampled"] is None) == (part.size == array.size)


def test_a_summary_counts_what_is_not_a_number() -> None:
    found = Value.of(np.array([0.0, 0.0, np.nan, np.inf, -np.inf, 3.0], np.float32)).to_dict()
    assert (found["zeros"], found["nans"], found["infs"], found["min"], found["max"], found["mean"]) == (
        2, 1, 2, 0.0, 3.0, 1.0,
    )  # fmt: skip


def test_a_tape_shows_itself_as_a_page_as_text_and_in_a_notebook(tmp_path: Path) -> None:
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    with record("squares") as tape:
        (x * x).sum().backward()
    tape.save(tmp_path / "page.html", lang="ko")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page == tape.html("ko")
    assert "<title>squares</title>" in page
    frame = tape._repr_html_()
    assert frame.startswith('<iframe srcdoc="')
    assert html.unescape(frame.split('srcdoc="')[1].split('"')[0]) == tape.html()
    assert tape.text().startswith("squares\n")
