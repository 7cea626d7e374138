"""When an answer is sure and when it is none: from the answers to digits that the run did not train on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from ..backend import to_host
from ..data import datasets
from ..data.datasets import ImageDataset
from ..errors import MinidlError
from ..nn import Module
from ..training import predict
from ..training.data import open_splits
from ..training.run import RunFolder
from .guard import Guard

DIGITS = tuple("0123456789")
WRONG = 0.005  # of the sure answers to validation digits may be wrong
REFUSED = 0.02  # of the validation digits may be taken for something else
LEAST = 0.5  # a probability below this is no answer
SUREST = 0.99
USUAL = 0.9  # where there is nothing to measure it on
AT_ONCE = 500


@dataclass(frozen=True)
class Thresholds:
    """`sure`: a smaller probability gets a warning; `strange`: a higher score of the guard means no digit.

    `right`: the share of the digits of `origin` that the network reads right.
    """

    sure: float = USUAL
    least: float = LEAST
    strange: float | None = None
    right: float | None = None
    origin: str = "defaults"


def measured(folder: RunFolder, model: Module, guard: Guard | None) -> Thresholds:
    """The thresholds of a run: from its validation digits or, if they are not on this machine, the bundled sample's.

    Nothing is downloaded. A run of other classes than the ten digits has no guard and no sample.
    """
    images, labels, origin = _digits(folder, guard is not None)
    if not len(labels):
        return Thresholds(origin="defaults: the run has no validation images on this machine")
    planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    parts = [planes[i : i + AT_ONCE].astype(np.float32) / 255 for i in range(0, len(planes), AT_ONCE)]
    found = np.concatenate([predict(model, part) for part in parts])  # (N, C)
    right = found.argmax(1) == labels
    strange = None if guard is None else float(np.quantile(guard.strangeness(images), 1 - REFUSED))
    return Thresholds(sure_from(found.max(1), right), LEAST, strange, float(right.mean()), origin)


def sure_from(probabilities: np.ndarray, right: np.ndarray) -> float:
    """The least probability from which on at most `WRONG` of the answers are wrong, within `LEAST` and `SUREST`.

    >>> sure_from(np.array([0.6, 0.7, 0.8, 0.9]), np.array([False, True, True, True]))
    0.7
    """
    order = np.argsort(-probabilities, kind="stable")
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    fine = np.flatnonzero(wrong <= WRONG)
    found = probabilities[order][fine[-1]] if fine.size else SUREST
    return round(float(np.clip(found, LEAST, SUREST)), 3)


def _digits(folder: RunFolder, digits: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Images `(N, H, W[, C])` uint8, labels `(N,)`, and where they are from."""
    config = folder.read_config()["data"]
    try:
        splits = open_splits(folder.read_options(), config.get("origin"), download=False)
        if splits.validation is not None and splits.description["crc32"] == config["crc32"]:
            held, data = np.asarray(splits.validation.indices), cast(ImageDataset, splits.validation.dataset)
            images, labels = (to_host(x._array)[held] for x in (data.data, data.targets))
            return images, labels, f"{len(held):,} validation images of the run"
    except MinidlError:
        pass
    if not digits:
        return np.empty(0), np.empty(0), ""
    test = datasets.MNIST(sample=True, train=False)
    images, labels = to_host(test.data._array), to_host(test.targets._array)
    return images, labels, f"{len(labels):,} test digits of the bundled sample, for want of the run's validation images"
