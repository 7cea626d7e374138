"""What a live step needs beyond the lesson's arrays: which tensor each input is, what is trained, where backward began.

leaves    for each operation, of each input the leaf that it is, or None
options   for each operation, its options that are arrays: {"kept": index of a value}
seeds     for each operation, the gradient that backward began with there, or None
trained   the leaves that a step moves
ends      leaves that stand for something a live step cannot follow: a tensor changed in place
hooked    operations whose gradient a hook may change
input     the leaf that is the network's input, or None
paper     how a digit is drawn on it: {"side", "low", "high"}, or None
samples   real digits to begin with: [{"label", "pixels": base64 of 28 x 28 bytes}]
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np

from ....data.idx import read_pair
from ....data.sources import SAMPLE_FOLDER
from ....nn.parameter import Parameter
from ...checks.update import moved_leaves
from ...recording.replay import find_seed
from ...recording.tape import Recording
from ...recording.values import Value, Values

SIDE = 28  # of a digit
ROOM = 1_200_000  # characters of JSON for leaves that are on the page whole
PER_NUMBER = 16 / 3  # characters of a float32 in base64


def live_dict(tape: Recording, values: Values) -> dict[str, Any] | None:
    """What a live step needs; None where there is none: no backward, or a seeded mistake that it would give away."""
    seeds = [find_seed(tape, node) for node in tape.nodes]
    if tape.broken or all(seed is None for seed in seeds):
        return None
    trained = [number for number, _ in moved_leaves(tape)]
    given = _input(tape, trained)
    paper = None if given is None else _paper(tape.leaves[given].array)
    return {
        "leaves": [[x.leaf for x in node.inputs] for node in tape.nodes],
        "options": [
            {name: values.add(np.asarray(thing)) for name, thing in node.options.items() if _is_array(thing)}
            for node in tape.nodes
        ],
        "seeds": [None if seed is None else values.add(seed.astype(np.float32)) for seed in seeds],
        "trained": trained,
        "ends": [i for i, leaf in enumerate(tape.leaves) if leaf.tensor.grad_fn is not None],
        "hooked": [node.id for node in tape.nodes if node.hooked],
        "input": given,
        "paper": paper,
        "samples": _samples() if paper else [],
    }


def whole_leaves(tape: Recording, values: Values) -> dict[int, int]:
    """Put all numbers of every leaf into `values`, where a page has room for them; how many, by index of the value."""
    arrays = {leaf.value: leaf.array for leaf in tape.leaves}
    if sum(array.size for array in arrays.values()) * PER_NUMBER > ROOM:
        return {}
    for place, array in arrays.items():
        values.items[place] = Value.of(array, array.size)
    return {place: array.size for place, array in arrays.items()}


def _is_array(thing: Any) -> bool:
    return hasattr(thing, "shape") and hasattr(thing, "dtype") and not isinstance(thing, np.generic)


def _input(tape: Recording, trained: list[int]) -> int | None:
    """The first leaf of floating numbers that is no parameter and is not trained."""
    for number, leaf in enumerate(tape.leaves):
        is_number = leaf.array.dtype.kind == "f" and leaf.array.ndim > 0
        if is_number and number not in trained and not isinstance(leaf.tensor, Parameter):
            return number
    return None


def _paper(array: np.ndarray) -> dict[str, Any] | None:
    """The first sample as a square picture of one channel, whose side divides 28; None if it is something else.

    `low` and `high` are paper and ink: 0 and 1, or the least and the greatest number of a picture in other units.
    """
    sample = array.shape[1:] if array.ndim > 1 else ()
    side = SIDE if sample == (SIDE * SIDE,) else sample[-1] if sample else 0
    planes = {(SIDE * SIDE,), (side, side), (1, side, side)}
    if sample not in planes or side < 4 or SIDE % side or not np.isfinite(array[0]).all():
        return None
    low, high = float(array[0].min()), float(array[0].max())
    if (low >= 0 and high <= 1) or low == high:
        low, high = 0.0, 1.0
    return {"side": side, "low": low, "high": high}


@cache
def _samples() -> list[dict[str, Any]]:
    """The first real digit of each class in the bundled sample."""
    images, labels = read_pair(*(SAMPLE_FOLDER / f"t10k-{kind}-ubyte.xz" for kind in ("images-idx3", "labels-idx1")))
    firsts = [int(np.flatnonzero(labels == label)[0]) for label in range(10)]
    return [
        {"label": label, "pixels": base64.b64encode(np.asarray(images[place], np.uint8).tobytes()).decode("ascii")}
        for label, place in enumerate(firsts)
    ]
