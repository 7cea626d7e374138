"""The figures say what they show: axes with names, a legend of every line, titles in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from minidl.data.photo import Step
from minidl.training import plots

TEN = [str(number) for number in range(10)]


def test_the_curves_of_one_epoch() -> None:
    record = {
        "epoch": 1, "step": 95, "train_loss": 1.9, "val_loss": 0.8, "train_accuracy": 0.5, "val_accuracy": 0.8
    }  # fmt: skip
    figure = plots.curves([record], [[25, 2.3], [50, 1.8]])
    figure.canvas.draw()
    for axis in figure.axes:
        low, high = axis.get_xlim()
        assert low == 0 < 1 < high < 1.5
        labels = [label.get_text() for label in axis.get_yticklabels() + axis.get_yticklabels(minor=True)]
        assert any(labels)
        assert not any("times" in label for label in labels)
        assert {"training", "validation"} <= {text.get_text() for text in axis.get_legend().get_texts()}


def test_the_loss_is_labelled_with_plain_numbers() -> None:
    """Also over several powers of ten, where a log axis would write 1e-01, and between two of them."""
    for last in (1.7, 0.2, 0.05, 0.003, 2e-5):
        accuracy = {"train_accuracy": 0.5, "val_accuracy": 0.8}
        record = {"epoch": 1, "step": 9, "train_loss": 2.2, "val_loss": last, **accuracy}
        figure = plots.curves([record], [[3, 2.2], [9, last]])
        figure.canvas.draw()
        axis = figure.axes[0]
        low, high = axis.get_ylim()
        ticks = [*zip(axis.get_yticks(), axis.get_yticklabels())]
        ticks += zip(axis.get_yticks(minor=True), axis.get_yticklabels(minor=True))
        shown = sorted((place, label.get_text(), label) for place, label in ticks if low <= place <= high)
        shown = [(place, text, label) for place, text, label in shown if text]
        assert len(shown) >= 2
        assert all(float(text) == pytest.approx(place) for place, text, _ in shown)
        assert not any("e" in text for place, text, _ in shown if place >= 1e-4)
        boxes = [label.get_window_extent() for *_, label in shown]
        assert all(below.y1 < above.y0 for below, above in pairwise(boxes)), "no label on another"


def test_the_confusion_has_a_legend_of_its_shades() -> None:
    figure = plots.confusion(np.arange(10), np.roll(np.arange(10), 1), TEN)
    assert "mistakes" in figure.axes[1].get_ylabel()


def test_the_loss_axis_says_that_it_is_logarithmic() -> None:
    loss, accuracy = plots.curves([], []).axes
    assert (loss.get_yscale(), loss.get_ylabel()) == ("log", "loss (log scale)")
    assert (accuracy.get_yscale(), accuracy.get_ylabel()) == ("linear", "accuracy")


@pytest.mark.parametrize("classes", [10, 26, 40, 256, 1000])
def test_the_confusion_of_many_classes_stays_a_picture(classes: int, tmp_path: Path) -> None:
    """Its size is bounded, and with it the time; every name that is shown can be read."""
    names = [f"{i} - name" for i in range(classes)]
    figure = plots.confusion(np.arange(classes), np.roll(np.arange(classes), 1), names)
    assert max(figure.get_size_inches()) < 18
    plots.save(figure, tmp_path / "a.png")
    height, width = cv2.imread(str(tmp_path / "a.png")).shape[:2]
    assert height * width < 3_000_000
    axis = figure.axes[0]
    for labels in (axis.get_xticklabels(), axis.get_yticklabels()):
        assert labels[0].get_text() == "0"
        assert len(labels) == classes if classes <= 64 else 32 <= len(labels) <= 64
        boxes = [label.get_window_extent() for label in labels]
        assert all(not a.overlaps(b) for a, b in pairwise(boxes))
    ticks = figure.axes[1].get_yticks()
    assert np.array_equal(ticks, np.round(ticks)), "there are no halves of mistakes"


@pytest.mark.parametrize(
    "backend", ["module://nowhere", "module://matplotlib_inline.backend_inline", "nonsense", "tkagg", "agg"]
)
def test_no_setting_of_matplotlib_s_backend_keeps_a_figure_from_being_saved(backend: str, tmp_path: Path) -> None:
    code = f"""
import os, numpy as np
from minidl.training import plots
from minidl.bench import figures
plots.save(plots.confusion(np.arange(3), np.arange(3), ["a", "b", "c"]), {str(tmp_path / "a.png")!r})
print(os.environ["MPLBACKEND"])
"""
    environment = os.environ | {"MPLBACKEND": backend}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == [backend], done.stderr
    assert cv2.imread(str(tmp_path / "a.png")).std() > 5


@pytest.mark.parametrize("shape", [(40, 90), (90, 40)])
def test_a_prediction_s_titles_stand_in_one_line(shape: tuple[int, int]) -> None:
    steps = [Step("photo", np.zeros(shape, np.uint8)), Step("as MNIST", np.zeros((28, 28), np.uint8))]
    figure = plots.predictions([("a_very_long_name_of_a_photo_0001.jpg", steps, np.full(10, 0.1), "")], TEN)
    figure.canvas.draw()
    tops = [axis.get_position().y1 for axis in figure.axes]
    assert np.allclose(tops, tops[0], atol=0.02)
    *_, answer = figure.axes
    assert (answer.get_xlabel(), answer.get_ylabel()) == ("probability", "class")
    boxes = [axis.title.get_window_extent() for axis in figure.axes]
    assert all(box.x0 >= 0 and box.y1 <= figure.bbox.height for box in boxes)
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
