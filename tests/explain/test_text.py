"""The walk in the terminal, the formulas, and the verbs `explain` and `gradcheck`."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import unicodedata
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from xml.dom import minidom

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl.ops
from minidl import Function
from minidl.cli import main
from minidl.engine.elementwise import Elementwise
from minidl.explain.teaching import passes
from minidl.explain.teaching.breaks import BREAKS
from minidl.explain.teaching.worksheet import worksheet
from minidl.explain.views.formulas import formulas_of, translated
from minidl.explain.views.mathml import characters, mathml
from minidl.explain.views.text import WORDS, as_text
from minidl.ops.over_time import OverTime
from minidl.ops.recurrent import Step
from minidl.ops.softmax import Rowwise
from tests.explain.passes import digits, lecture

Result = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command in an empty folder: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: Any) -> Result:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit:
            code = int(exit.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_walk_fits_the_terminal(lang: str) -> None:
    for tape in (lecture(), passes.example("bright", *digits()).record("softmax-global-max", torch=False)):
        assert max(columns(line) for line in as_text(tape, lang).splitlines()) <= 100


def test_the_walk_goes_down_and_up_again_with_formulas_values_and_verdicts() -> None:
    lines = as_text(lecture()).splitlines()
    forward, backward, leaves = (lines.index(word) for word in ("FORWARD", "BACKWARD", "LEAVES"))
    heads = [re.match(r"(\d)  (\w+)", line) for line in lines]
    order = [(i, int(head[1])) for i, head in enumerate(heads) if head]
    assert [number for i, number in order if forward < i < backward] == list(range(1, 10))
    assert [number for i, number in order if backward < i < leaves] == list(range(9, 0, -1))
    text = "\n".join(lines)
    assert "z[n,o,p,q] = b[o] + Σ_cij w[o,c,i,j] · x[n,c,p+i,q+j]" in text
    assert re.search(r"dw → fc\.weight +\(10, 1280\) ", text)
    assert re.search(r"minidl/ops/conv\.py:\d+$", text, re.M)
    assert "engine: added to layer1.0.weight.grad" in text
    assert lines[-1] == f"{len(lecture().checks)} gradients checked, 0 of them MISMATCH"


def test_the_korean_walk_has_no_english_words_but_those_of_the_code() -> None:
    told = [line for line in as_text(lecture(), "ko").splitlines() if not re.search(r"│|minidl/|[←→]", line)]
    assert "연산 9개" in told[2]
    assert not re.search(r"\b(elements?|operations|seed|engine|all)\b", "\n".join(told))


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["ko"].keys()
    for name, word in WORDS["en"].items():
        assert word.count("{}") == WORDS["ko"][name].count("{}")


def every_operation() -> Iterator[type[Function]]:
    for module in pkgutil.walk_packages(minidl.ops.__path__, "minidl.ops."):
        importlib.import_module(module.name)

    def below(kind: type[Function]) -> Iterator[type[Function]]:
        for found in kind.__subclasses__():
            yield found
            yield from below(found)

    return (
        found
        for found in below(Function)
        if found.__module__.startswith("minidl.")
        and found not in (Elementwise, Rowwise, Step, OverTime)
        and ({"forward", "value", "step"} & vars(found).keys() or OverTime in found.__bases__)
    )


def test_the_words_of_every_formula_are_known_in_korean() -> None:
    """And nothing but the words differs: what a formula computes is the same in every language."""
    lines = [line for function in every_operation() for f in [formulas_of(function)]
             for line in (*f.formula_lines, *f.derivative_lines)]  # fmt: skip
    lines += [one["plain"] for seed in range(4) for one in worksheet(seed)["questions"]]
    unknown = []
    for line in lines:
        words = [word for word in re.findall(r"<mtext>([^<]*)</mtext>", mathml([line])) if re.search("[a-z]{2}", word)]
        korean = translated(line, "ko")
        assert translated(line, "en") == line
        if words and korean == line:
            unknown.append(line)
            continue
        assert not re.search(r"\b(where|else|with|the|of|for|no|and|its|in|by|along|sum)\b", korean), korean
        left, right = line.split("=", 1)[0], korean.split("=", 1)[0]
        assert left == right or "=" not in line.split(":", 1)[0], line
        assert not re.search(r"<mtext>[^<]*(d\w+ ?=|\[)[^<]*</mtext>", mathml([korean])), korean
    assert not unknown, "add them to minidl/explain/views/formulas.ko.json:\n" + "\n".join(unknown)


def test_every_operation_of_minidl_has_a_formula_that_can_be_set() -> None:
    for function in every_operation():
        found = formulas_of(function)
        assert found.plain, f"{function.__name__}: no formula in {function.__doc__!r}"
        for lines, made in ((found.formula_lines, found.formula), (found.derivative_lines, found.derivative)):
            if not lines:
                continue
            minidom.parseString(made)
            shown = unescape(re.sub(r"<[^>]*>", "", made))
            assert characters(shown) == characters("".join(lines)), function.__name__
            assert f"<mtext>{lines[0][:3]}" not in made, f"{function.__name__}: not read as a formula: {lines}"


@given(st.text(alphabet="xyzΣ√²+-*/^_()[]{}|= dabc…ᵀ<&12.,;`", max_size=30))
def test_any_text_gives_well_formed_mathml_that_loses_nothing(text: str) -> None:
    made = mathml([text])
    if made:
        minidom.parseString(made)
    assert characters(unescape(re.sub(r"<[^>]*>", "", made))) == characters(text)


def test_what_is_no_formula_is_not_shown_as_one() -> None:
    class Prose(Function):
        """Multiplies by a secret number. z = ?"""

        def forward(self, x: Any) -> Any:
            return x

    class Inherits(Prose):
        def forward(self, x: Any) -> Any:
            return -x

    assert formulas_of(Prose).plain == formulas_of(Inherits).plain == formulas_of(Inherits).derivative == ""


def test_fractions_powers_subscripts_and_sums() -> None:
    assert mathml(["z = 2 x / (n - c)"]).endswith(
        "<mfrac><mrow><mn>2</mn><mi>x</mi></mrow><mrow><mi>n</mi><mo>−</mo><mi>c</mi></mrow></mfrac></math>"
    )
    assert "<msup><mi>e</mi><mrow><mo>−</mo><mi>x</mi></mrow></msup>" in mathml(["z = e^-x"])
    assert "<munder><mo>∑</mo><mrow><mi>i</mi><mi>j</mi></mrow></munder>" in mathml(["z = Σ_ij x"])
    assert "<msqrt><mi>x</mi></msqrt>" in mathml(["z = √x"])
    for d in "∂d":  # a reader's own docstring may say dz/dx
        made = f"<mfrac><mrow><mi>{d}</mi><mi>z</mi></mrow><mrow><mi>{d}</mi><mi>x</mi></mrow></mfrac>"
        assert made in mathml([f"{d}z/{d}x = z"])


def test_explain_text_without_colours_on_a_pipe(run: Callable[..., Result]) -> None:
    code, out, err = run("explain", "--model", "mlp", "--text", "--no-torch")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert out.splitlines()[0] == "mlp"
    assert not list(Path().iterdir())


def test_colours_on_a_terminal_unless_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    from minidl.cli import explain
    from minidl.cli.console import coloured

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured("x", explain.COLOURS["MISMATCH"], Terminal()) == "\x1b[31mx\x1b[0m"  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("x", explain.COLOURS["MISMATCH"], Terminal()) == "x"  # type: ignore[arg-type]


@pytest.mark.slow
def test_explain_writes_a_page_small_enough(run: Callable[..., Result]) -> None:
    code, out, err = run("explain", "--sample", 0, "-o", "page.html", "--no-torch")
    assert (code, out) == (0, "")
    assert "wrote page.html" in err
    page = Path("page.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 3_000_000
    found = re.search(r'<script type="application/json" id="tape">(.*?)</script>', page, re.S)
    assert found is not None
    tape = json.loads(found[1])
    label = digits()[1][0]
    assert tape["input"]["en"] == f"digit 0 of the bundled sample, labelled {label}"
    assert tape["input"]["ko"] == f"기본 제공 표본의 0번 숫자, 정답 {label}"
    assert {check["verdict"]["state"] for check in tape["checks"]} <= {"exact", "approximate", "kink"}


@pytest.mark.slow
def test_explain_a_mistake(run: Callable[..., Result]) -> None:
    code, out, _ = run("explain", "--break", "broadcast-sum-forgotten", "--text", "--no-torch")
    assert code == 0
    assert "1 of them MISMATCH" in out
    code, out, _ = run("explain", "--break", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(BREAKS)
    code, _, err = run("explain", "--break", "nonsense")
    assert code == 2
    assert "there is no such mistake; use one of grad-assigned-not-accumulated" in err
    code, _, err = run("explain", "--break", "conv-kernel-not-flipped", "--model", "mlp", "--no-torch")
    assert code == 1
    assert "makes no difference" in err


def test_explain_a_model_and_a_photo_of_the_user_s_own(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from minidl import nn\n\n\ndef Net():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"
    )
    cv2.imwrite("photo.png", 255 - digits()[0][1])
    chosen = ("--model", "mine.py:Net", "--image", "photo.png", "--text", "--no-torch")
    code, out, _ = run("explain", *chosen, "--label", 3)
    assert code == 0
    assert "the digit on photo.png, labelled 3" in out
    code, out, _ = run("explain", *chosen)
    assert "the model's own answer" in out


@pytest.mark.parametrize("name", ["cube", "penalty"])
def test_explain_shows_a_second_derivative(run: Callable[..., Result], name: str) -> None:
    code, out, _ = run("explain", "--second", name, "--text", "--no-torch", "--lang", "en")
    assert code == 0
    assert "in the backward of" in out and " 0 of them MISMATCH" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sample", -1), "--sample must be at least 0"),
        (("--sample", 10_000_000), "there are 10,000 images"),
        (("--sample", 1, "--image", "x.png"), "give one or the other"),
        (("--label", 3), "--label says what --image shows"),
        (("--model", "mlp", "--run", "runs/x"), "give one of them"),
        (("--worksheet", 1, "--text"), "leave --text out"),
        (("--worksheet", 1, "--second", "cube"), "leave --second out"),
        (("--second", "cube", "--model", "mlp"), "leave --model out"),
        (("--second", "penalty", "--break", "wrong-order"), "leave --break out"),
        (("--worksheet", -1), "--worksheet must be at least 0"),
        (("--lang", "fr"), "invalid choice"),
    ],
)
def test_explain_refuses_what_makes_no_sense(run: Callable[..., Result], arguments: Any, said: str) -> None:
    code, _, err = run("explain", *arguments)
    assert code == 2
    assert said in " ".join(err.split())


def test_gradcheck_prints_a_line_a_parameter(run: Callable[..., Result]) -> None:
    code, out, _ = run("gradcheck", "--model", "mlp", "--no-torch")
    lines = out.splitlines()
    assert code == 0
    assert lines[1].split()[:3] == ["parameter", "shape", "verdict"]
    assert [line.split()[0] for line in lines[2:]] == [
        "input", "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias",
    ]  # fmt: skip
    assert all(re.search(r"\b(exact|approximate)\b", line) for line in lines[2:])


def test_gradcheck_says_MISMATCH_and_fails(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(
        "from minidl import Function, nn\n\n\n"
        "class Half(Function):\n    def forward(self, x):\n        return x * 0.5\n\n"
        "    def backward(self, dz):\n        return dz\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(784, 10)\n        self.scale = nn.Parameter(self.fc.bias.detach().clone())\n\n"
        "    def forward(self, x):\n        return self.fc(x.flatten(1)) + Half.apply(self.scale)\n"
    )
    code, out, _ = run("gradcheck", "--model", "wrong.py:Net", "--no-torch", "--json")
    assert code == 1
    found = {one["parameter"]: one["verdict"] for one in json.loads(out)}
    assert found == {"input": "exact", "fc.weight": "exact", "fc.bias": "exact", "scale": "MISMATCH"}
