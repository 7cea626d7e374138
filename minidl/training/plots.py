"""The figures of a run and of a prediction. Each function makes a matplotlib `Figure`; none is shown or kept."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..backend import to_host
from ..data.datasets import ImageDataset
from ..data.photo import Step
from ..engine.tensor import Tensor
from .drawing import Axes, Figure, LogLocator, MaxNLocator, NullLocator, save

__all__ = ["confusion", "curves", "filters", "host_images", "mistakes", "predictions", "save"]

MOST_NUMBERS = 30  # up to this many classes, each cell of the confusion matrix shows its number
LARGEST = 14.0  # inches of the side of the confusion matrix
MOST_MISTAKES = 25
MOST_FILTERS = 64
LONGEST_NAME = 22  # letters of a file name over its photo
LEAST_WIDTH = 7.0  # inches of the steps of photos: leaves room for a reason
LETTERS_PER_INCH = 12  # of the reason below them


def curves(history: Sequence[Mapping[str, Any]], curve: Sequence[Sequence[float]]) -> Figure:
    """Loss and accuracy over the epochs; the training loss also between them, from `[step, loss]` points."""
    figure = Figure(figsize=(10, 4))
    loss, accuracy = figure.subplots(1, 2, gridspec_kw={"left": 0.08, "right": 0.98, "bottom": 0.13, "top": 0.92})
    epochs = [record["epoch"] for record in history]
    if curve and epochs:
        per_epoch = history[-1]["step"] / history[-1]["epoch"]
        loss.plot([step / per_epoch for step, _ in curve], [value for _, value in curve], color="0.7", label="steps")
    for axis, name in ((loss, "loss"), (accuracy, "accuracy")):
        for split, label in (("train", "training"), ("val", "validation")):
            values = [record[f"{split}_{name}"] for record in history]
            if any(value is not None for value in values):
                axis.plot(epochs, [np.nan if v is None else v for v in values], marker="o", label=label)
        axis.set(xlabel="epoch", ylabel=name, title=name, xlim=(0, max(epochs, default=1) + 0.15))
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.grid(alpha=0.3)
        if axis.get_legend_handles_labels()[0]:
            axis.legend()
    loss.set(yscale="log", ylabel="loss (log scale)")
    loss.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    loss.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    loss.yaxis.set_minor_locator(NullLocator())
    return figure


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> Figure:
    """How often each class (row) was taken for each other (column); labels and predictions `(N,)`.

    Mistakes are shaded; the diagonal, what is right, is not. If there are many classes, only some are labelled.
    """
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    side = min(max(4.5, 0.55 * len(classes)), LARGEST)
    figure = Figure(figsize=(side + 1.6, side), layout="constrained")
    axis = figure.subplots()
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    shades = axis.imshow(wrong, cmap="Reds", vmin=0, vmax=max(1, wrong.max()))
    figure.colorbar(
        shades, ax=axis, shrink=0.8, ticks=MaxNLocator(integer=True), label="mistakes; the diagonal is not shaded"
    )
    ticks = range(0, len(classes), -(-len(classes) // 64))
    names = [_short(classes[i]) for i in ticks]
    crowded = len(classes) > MOST_NUMBERS or max(map(len, names)) > 9
    size = 8 if len(classes) > MOST_NUMBERS else None
    axis.set_xticks(ticks, names, rotation=90 if crowded else 0, size=size)
    axis.set_yticks(ticks, names, size=size)
    if len(classes) <= MOST_NUMBERS:
        for i, j in np.argwhere(counts):
            dark = wrong[i, j] > 0.6 * wrong.max() and i != j
            axis.text(j, i, str(counts[i, j]), ha="center", va="center", size=8, color="white" if dark else "black")
    right = np.trace(counts) / max(1, counts.sum())
    axis.set(xlabel="predicted", ylabel="true", title=f"{right:.2%} of {counts.sum():,} right")
    return figure


def mistakes(images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> Figure:
    """The wrong answers given with the most confidence: images `(N, H, W)` or `(N, H, W, C)`."""
    predicted, confidence = probabilities.argmax(1), probabilities.max(1)
    wrong = np.flatnonzero(predicted != labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_MISTAKES]
    names = [_short(name) for name in classes]
    titles = [f"{names[labels[i]]} read as {names[predicted[i]]}, {confidence[i]:.0%}" for i in worst]
    heading = f"{len(wrong):,} of {len(labels):,} wrong; the most confident" if len(worst) else "no mistakes"
    return _tiles(heading, list(images[worst] / 255), titles, columns=5, size=1.6, cmap="gray", vmin=0, vmax=1)


def filters(weights: Mapping[str, Tensor], image_shape: Sequence[int]) -> Figure:
    """The first layer's weights as pictures: a convolution's kernels, or a linear layer's weights of each pixel."""
    name, kernels = _first_layer(weights, image_shape)
    scaled = [kernel / (float(np.abs(kernel).max()) or 1.0) for kernel in kernels]
    heading = f"{name}: blue below 0, red above" if kernels else "no layer sees the pixels directly"
    numbers = [str(number) for number in range(len(kernels))]
    return _tiles(heading, scaled, numbers, columns=8, size=1.1, cmap="RdBu_r", vmin=-1, vmax=1)


def shrunk(before: Mapping[str, Any], after: Mapping[str, Any]) -> Figure:
    """Two networks by what they cost, a panel for each: bars from 0, with their numbers."""
    panels = {
        "bytes": ("bytes of weights", "{:,.0f}"), "multiply_adds": ("multiply-adds per image", "{:,.0f}"),
        "milliseconds": ("milliseconds per image", "{:.2f}"), "memory": ("bytes of memory at the peak", "{:,.0f}"),
        "accuracy": ("test accuracy", "{:.2%}"),
    }  # fmt: skip
    panels = {name: panel for name, panel in panels.items() if before[name] is not None}
    figure = Figure(figsize=(2.6 * len(panels), 3.2), layout="constrained")
    for axis, (name, (title, form)) in zip(figure.subplots(1, len(panels)), panels.items()):
        values = [before[name], after[name]]
        bars = axis.bar(["before", "after"], values, color=["0.7", "tab:blue"])
        axis.bar_label(bars, [form.format(value) for value in values], size=8)
        axis.set_title(title, size=10)
        axis.set(ylim=(0, 1.15 * max(*values, 1e-9)), yticks=[])
        axis.spines[["left", "right", "top"]].set_visible(False)
    return figure


def _tiles(
    heading: str, tiles: Sequence[np.ndarray], titles: Sequence[str], columns: int, size: float, **colours: Any
) -> Figure:
    """Small pictures of one shape, `size` inches wide, row by row, each under its title."""
    rows, columns = max(1, -(-len(tiles) // columns)), max(1, min(columns, len(tiles)))
    width, height = max(4.0, size * (1.06 * columns + 0.14)), size * (1.2 * rows + 0.25) + 0.5
    figure = Figure(figsize=(width, height))
    figure.suptitle(heading, y=1 - 0.15 / height, va="top")
    axis = figure.add_axes((0, 0, 1, 1 - 0.5 / height))
    for place, (tile, title) in enumerate(zip(tiles, titles, strict=True)):
        row, column = divmod(place, columns)
        y, x = row * 1.2, column * 1.06
        axis.imshow(tile, extent=(x, x + 1, y + 1, y), interpolation="nearest", **colours)
        axis.text(x + 0.5, y - 0.03, title, ha="center", va="bottom", size=8)
    axis.set(xlim=(-0.1, columns * 1.06 + 0.04), ylim=(rows * 1.2 + 0.05, -0.2), aspect="equal")
    axis.set_axis_off()
    return figure


def _first_layer(weights: Mapping[str, Tensor], image_shape: Sequence[int]) -> tuple[str, list[np.ndarray]]:
    """The name of the first weight that sees pixels, and its pictures `(h, w)`, one for each output and channel."""
    for name, tensor in weights.items():
        array = to_host(tensor._array)
        if array.ndim == 4:  # (O, C, kh, kw)
            return name, list(array.reshape(-1, *array.shape[2:])[:MOST_FILTERS])
        if array.ndim == 2 and len(image_shape) == 2 and array.shape[1] == image_shape[0] * image_shape[1]:
            return name, list(array.reshape(-1, *image_shape)[:MOST_FILTERS])
    return "", []


def predictions(read: Sequence[tuple[str, Sequence[Step], np.ndarray | None, str]], classes: Sequence[str]) -> Figure:
    """The steps from each photo to its answer, one row per photo, then the probability of each class `(C,)`.

    Warnings stand below; if there is no answer, the probabilities are None, and the reason stands there.
    """
    columns = max(len(steps) for _, steps, _, _ in read) + 1
    size = (max(LEAST_WIDTH, 1.8 * columns), 2.5 * len(read) + 0.2)
    figure = Figure(figsize=size, layout="constrained")
    letters = round(size[0] * LETTERS_PER_INCH)
    rows = figure.subfigures(len(read), 1, squeeze=False)[:, 0]
    for row, (name, steps, probabilities, remark) in zip(rows, read):
        axes = row.subplots(1, columns, squeeze=False)[0]
        _draw_steps(axes, name, steps)
        _draw_answer(axes[-1], probabilities, classes)
        refused = probabilities is None
        said = f"{'No answer' if refused else 'Warning'}: {remark}" if remark else ""
        colour = "tab:red" if refused else "tab:orange"
        row.supxlabel(textwrap.fill(said, letters), size=9, color=colour, weight="bold")
    return figure


def _draw_steps(axes: Sequence[Axes], name: str, steps: Sequence[Step]) -> None:
    for axis in axes[:-1]:
        axis.set(xlim=(0, 1), ylim=(0, 1), box_aspect=1)  # one height, so that the names line up
        axis.set_axis_off()
    for axis, step in zip(axes, steps):
        height, width = step.image.shape[:2]
        x, y = width / max(height, width) / 2, height / max(height, width) / 2
        axis.imshow(step.image, cmap="gray", vmin=0, vmax=255, extent=(0.5 - x, 0.5 + x, 0.5 - y, 0.5 + y))
        axis.set(xlim=(0, 1), ylim=(0, 1))
        axis.set_title(step.name, size=8)
    axes[0].set_title(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…", size=8)


def _draw_answer(axis: Axes, probabilities: np.ndarray | None, classes: Sequence[str]) -> None:
    axis.set_title("answer", size=8)
    if probabilities is None:
        axis.set(xlim=(0, 1), ylim=(0, 1), box_aspect=1)
        axis.text(0.5, 0.5, "?", ha="center", va="center", size=48, color="tab:red")
        axis.set_axis_off()
        return
    axis.barh([_short(c) for c in classes], probabilities, color="tab:blue")
    axis.set(xlim=(0, 1), box_aspect=1)
    axis.set_xlabel("probability", size=7)
    axis.set_ylabel("class", size=7)
    axis.invert_yaxis()
    axis.tick_params(labelsize=6)


def host_images(dataset: ImageDataset) -> np.ndarray:
    """The images of a data set in host memory, uint8."""
    return to_host(dataset.data._array)


def _short(name: str) -> str:
    """The class name shortened for a small label: MNIST's "7 - seven" is just 7."""
    return name.split(" - ")[0]
