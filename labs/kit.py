"""What every lab shares: colours and figures, questions that are answered before the run, the score sheet."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image, Markdown, display
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image as Picture

import minidl

from .pairs import BAR, LANGUAGES

LANGUAGE = os.environ.get("LAB_LANGUAGE") or LANGUAGES[0]
if LANGUAGE not in LANGUAGES:
    raise ValueError(f"LAB_LANGUAGE must be one of {', '.join(LANGUAGES)}, not {LANGUAGE!r}")
os.environ["MINIDL_LANG"] = LANGUAGE  # what minidl itself says, minidl.judge above all
QUICK = os.environ.get("LABS_QUICK", "") not in ("", "0")

PAPER, INK, MUTED, RULE = "#f7f5ef", "#16191d", "#50565e", "#cfcabd"
TEAL, CRIMSON, ORANGE = "#0b5a74", "#a3163f", "#f2a33a"  # forward, backward, result
SHADE = LinearSegmentedColormap.from_list("shade", ["white", TEAL])
CHIP = {"boxstyle": "round,pad=0.22", "fc": ORANGE, "ec": "none"}  # the box of a result, for text(bbox=)


def say(pair: str) -> str:
    """One half of `한국어 ‖ English`."""
    return pair.split(BAR)[LANGUAGES.index(LANGUAGE)]


def known(*names: str) -> list[str]:
    """Those of the fonts that this machine has."""
    here = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in names if name in here]


KOREAN = ("Noto Sans CJK KR", "Noto Sans CJK JP", "Malgun Gothic", "Apple SD Gothic Neo", "NanumGothic")
if not known(*KOREAN):  # matplotlib keeps a list of fonts, which may be older than the fonts
    for path in font_manager.findSystemFonts():
        if "CJK" in path or "Liberation" in path:
            font_manager.fontManager.addfont(path)
SANS = known("Liberation Sans", "Arial", *KOREAN, "DejaVu Sans")
SERIF = known("Noto Serif CJK KR", "Noto Serif CJK JP", "Batang", "AppleMyungjo", "NanumMyeongjo", "DejaVu Serif")
plt.rcParams.update({
    "font.family": SANS, "font.size": 15, "mathtext.fontset": "stix",
    "figure.facecolor": PAPER, "axes.facecolor": PAPER, "text.color": INK,
    "axes.edgecolor": MUTED, "axes.labelcolor": MUTED, "xtick.color": MUTED, "ytick.color": MUTED,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 1.2,
    "axes.labelsize": 15, "xtick.labelsize": 14, "ytick.labelsize": 14, "lines.linewidth": 3.2,
})  # fmt: skip


def budget(full: Any, quick: Any) -> Any:
    """`full`; in CI, which looks only whether the lab runs, `quick`."""
    return quick if QUICK else full


def seed(number: int = 0) -> np.random.Generator:
    """Seed minidl, and return NumPy's generator with the same seed."""
    minidl.manual_seed(number)
    return np.random.default_rng(number)


def board(title: str, height: float = 5.4) -> Figure:
    """A figure, 10 inches wide, with its one idea written on top."""
    figure = plt.figure(figsize=(10, height))
    figure.text(0.025, 1 - 0.18 / height, title, family=SERIF, size=21, va="top")
    return figure


def show(figure: Figure, name: str, alt: str, colors: int = 96) -> None:
    """Display a figure as a small PNG; `alt` says what it shows to those who cannot see it.

    `colors`: how many the PNG has; photographs want 256, the most.
    """
    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, dpi=128)
    plt.close(figure)
    Picture.open(raw).convert("RGB").quantize(colors).save(small, "PNG", optimize=True)
    display(Image(small.getvalue(), alt=alt, width=900, metadata={"name": name}))


def picture(ax: Axes, pixels: np.ndarray, **how: Any) -> None:
    """Pixels with a frame and without ticks: gray (H, W) in white to teal, 0 to 1, or colour (H, W, 3)."""
    ax.imshow(pixels, **{"cmap": SHADE, "vmin": 0, "vmax": 1, "interpolation": "nearest"} | how)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=MUTED)


def num(value: float, digits: int = 2) -> str:
    """A number with the minus sign of print; none before what rounds to 0."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def link(screen: str, words: str = "") -> str:
    """A Markdown link to a screen of the lesson page, such as conv1.dw; `python -m labs lesson` writes that page."""
    return f"[{words or screen}](../lesson.{LANGUAGE}.html#{screen})"


answers: dict[int, str] = {}
truth: dict[int, str] = {}
WAITING = "✎ 따옴표 사이에 A, B, C 가운데 하나를 적고 실행하세요. ‖ ✎ Write A, B or C between the quotes, then run."
COMMITTED = "질문 {}: 내 답은 **{}**, 이제 바뀌지 않아요. ‖ Question {}: your answer is **{}**, and stays."
REVEALED = "질문 {}: 결과 **{}** · 내 답 **{}** ‖ Question {}: result **{}** · your answer **{}**"


def commit(question: int, letter: str) -> None:
    """Write an answer down before the run: the first one counts."""
    letter = letter.strip().upper()
    if len(letter) > 1 or letter not in "ABCD":
        raise ValueError(say("A, B, C 같은 글자 하나를 적어요 ‖ write one letter, such as A, B or C") + f": {letter!r}")
    if letter:
        answers.setdefault(question, letter)
    display(Markdown(say(COMMITTED if question in answers else WAITING).format(question, answers.get(question))))


def reveal(question: int, letter: str) -> None:
    """What came out, beside what was written down."""
    truth[question] = letter
    display(Markdown(say(REVEALED).format(question, letter, answers.get(question, "―"))))


def score() -> None:
    """The score sheet: every question's result beside the answer."""
    rows = [
        [say("질문 ‖ question"), *map(str, truth)],
        ["---"] * (len(truth) + 1),
        [say("결과 ‖ result"), *truth.values()],
        [say("내 답 ‖ yours"), *(answers.get(question, "―") for question in truth)],
    ]
    right = sum(answers.get(question) == letter for question, letter in truth.items())
    total = f"{len(truth)}개 가운데 **{right}개**를 맞혔어요. ‖ **{right}** of {len(truth)} are right."
    display(Markdown("\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n\n" + say(total)))


def results(names: dict[str, Any]) -> dict[str, str]:
    """A short digest of the numbers in each variable of a notebook, to hold two runs against each other."""
    found = {}
    for name, value in names.items():
        if numbers := b",".join(numbers_in(value)):
            found[name] = hashlib.sha256(numbers).hexdigest()[:12]
    return found


def numbers_in(value: Any) -> Iterator[bytes]:
    """The bytes of all numbers in a value, in its order: arrays, tensors, networks, and what holds such."""
    if isinstance(value, minidl.nn.Module):
        value = value.state_dict()
    if isinstance(value, dict):
        value = [*value.items()]  # in its order, which a run must not change either
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from numbers_in(part)
    elif isinstance(value, minidl.Tensor):
        yield value.detach().numpy().tobytes()
    elif isinstance(value, np.ndarray | np.number | float | int) and np.asarray(value).dtype.kind in "biuf":
        yield np.asarray(value).tobytes()
