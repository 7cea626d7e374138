"""Files of a run folder, checked name by name, because they may be damaged or forged."""

from __future__ import annotations

import math
import os
import string
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from .._version import __version__
from ..compress.steps import is_steps
from ..errors import CheckpointError
from .options import KINDS, OptionError, Options, shortened

MOST_PIXELS = 1 << 14  # each way


def checked_config(content: Any, path: Path) -> dict[str, Any]:
    """`content`, if it is what `RunFolder.write_config` writes. Raises a `CheckpointError` that names what is not."""
    if not isinstance(content, dict) or not {"options", "data"} <= content.keys():
        raise CheckpointError(f"{path}: is not the config.json of a run: it lacks options and data")
    for place, what, is_right in RULES:
        holder, _, name = place.rpartition(".")
        found = content.get(holder) if holder else content
        value = found.get(name) if isinstance(found, dict) else None
        if not is_right(value):
            raise CheckpointError(f"{path}: is damaged: {place} must be {what}, got {shortened(value)}")
    return content


def checked_options(found: dict[str, Any], path: Path) -> Options:
    """The options in a `config.json`. Raises `CheckpointError` if they are wrong, or not those of this version."""
    if found.keys() != KINDS.keys():
        raise CheckpointError(
            f"{path}: its options are not those of minidl {__version__} (differing: "
            f"{shortened(sorted(found.keys() ^ KINDS.keys()))}); use the version that wrote it"
        )
    optional = {field.name for field in fields(Options) if field.default is None}
    for name, value in found.items():
        kinds = (int, float) if KINDS[name] is float else (KINDS[name],)
        if type(value) not in kinds and not (value is None and name in optional):
            raise CheckpointError(
                f"{path}: is damaged: options.{name} must be {KINDS[name].__name__}, got {shortened(value)}"
            )
    try:
        return Options(**found).checked()
    except (OptionError, OverflowError) as error:
        raise CheckpointError(f"{path}: is damaged: {error}") from None


def checked_state(state: dict[str, Any], path: Path) -> dict[str, Any]:
    """The state of a trainer from a checkpoint. Raises `CheckpointError` if a part is missing or of the wrong kind."""
    meter = state.get("meter")
    right = {
        "epoch and step": _is_count(state.get("epoch")) and _is_count(state.get("step")),
        "seconds": _is_number(state.get("seconds")),
        "history": isinstance(state.get("history"), list) and all(map(_is_record, state["history"])),
        "meter": isinstance(meter, dict) and meter.keys() == METER and _is_meter(meter),
        "loader": isinstance(state.get("loader"), dict),
    }
    for name, is_right in right.items():
        if not is_right:
            raise CheckpointError(
                f"{path}: cannot be resumed: its {name} is missing or malformed; `minidl test` needs only the weights"
            )
    return state


METER = {"loss_sum", "right", "seen", "curve_sum", "curve"}
RECORD = {
    "epoch", "step", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "lr", "seconds", "images_per_second"
}  # fmt: skip


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -math.inf < value < math.inf


def _is_record(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and record.keys() == RECORD
        and all(_is_number(value) or (value is None and name.startswith("val_")) for name, value in record.items())
        and record["epoch"] >= 1
    )


def _is_meter(meter: dict[str, Any]) -> bool:
    points = meter["curve"]
    return (
        isinstance(points, list)
        and all(isinstance(point, list) and len(point) == 2 and all(map(_is_number, point)) for point in points)
        and all(_is_number(meter[name]) for name in METER - {"curve"})
    )


def is_name(value: Any) -> bool:
    """Whether a file could have this name."""
    if not isinstance(value, str) or not value or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (2, 3)
        and all(type(size) is int and 1 <= size <= MOST_PIXELS for size in value)
    )


def _is_classes(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) < 1 << 20 and all(isinstance(name, str) for name in value)


def _is_digests(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and all(isinstance(x, str) and len(x) == 64 and set(x) <= set(string.hexdigits) for x in value.values())
    )


Rule = tuple[str, str, Callable[[Any], bool]]
RULES: tuple[Rule, ...] = (
    ("options", "a table", lambda value: isinstance(value, dict)),
    ("options.model", "text", is_name),
    ("options.data", "text or null", lambda value: value is None or is_name(value)),
    ("model", "text", lambda value: value is None or is_name(value)),
    ("model_files", "a table of SHA-256", _is_digests),
    ("shrunk", "a list of the steps of minidl shrink", is_steps),
    ("data", "a table", lambda value: isinstance(value, dict)),
    ("data.classes", "a list of names", _is_classes),
    ("data.shape", "the height and width of the images, and their channels if there are several", _is_shape),
    ("data.crc32", "a whole number", _is_count),
    ("data.train", "a whole number", _is_count),
    ("data.folder", "text or null", lambda value: value is None or is_name(value)),
    ("data.origin", "text", lambda value: value is None or isinstance(value, str)),
)
