"""What the tests of the recording share: real digits, numbers out of a tape's JSON, and models of a user's own."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np

from minidl.data import datasets
from minidl.explain import Tape
from minidl.explain.teaching import passes


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The first images (N, 28, 28) uint8 of the bundled sample, and their labels."""
    data = datasets.MNIST(datasets.SAMPLE_FOLDER)
    return data.data.numpy()[:4].copy(), data.targets.numpy()[:4].copy()


@cache
def lecture() -> Tape:
    """The lecture's CNN on the first digit, recorded once; not to be changed."""
    return passes.example("lecture", *digits()).record()


@cache
def lecture_json() -> dict[str, Any]:
    """The same as JSON."""
    return lecture().to_dict()


def array_of(tape: dict[str, Any], place: int) -> np.ndarray:
    """An array of a tape's JSON, which must be complete."""
    value = tape["values"][place]
    assert value["sampled"] is None, value["sampled"]
    return np.frombuffer(base64.b64decode(value["data"]), "<f4").reshape(value["shape"])


def states(tape: Tape) -> set[tuple[str, int | None, str]]:
    """(operation, input, state) of every check that is neither exact, approximate nor at a kink."""
    fine = ("exact", "approximate", "kink")
    return {
        (tape.nodes[check.node].op, check.input, check.verdict.state)
        for check in tape.checks
        if check.verdict.state not in fine
    }
