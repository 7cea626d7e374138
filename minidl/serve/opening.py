"""From a run folder to a service."""

from __future__ import annotations

from ..data.photo import SIDE
from ..errors import CheckpointError
from ..models.networks import check_model
from ..tensors.creation import zeros
from ..training.run import RunFolder
from .collection import Collection
from .guard import Guard
from .limits import Limits
from .reader import Reader
from .service import Run, Service
from .study import Study
from .thresholds import DIGITS, measured


def opened(
    folder: RunFolder, model: str | None, trusting: bool, limits: Limits, collection: Collection | None
) -> Service:
    """The service of a run; `model` and `trusting` as in `RunFolder.find_model`.

    Raises `CheckpointError` for a run of other images than 28 by 28 gray ones, and what `RunFolder` raises.
    """
    data = folder.read_config()["data"]
    if data["shape"] != [SIDE, SIDE]:
        raise CheckpointError(
            f"{folder.path}: was trained on images of {data['shape']}, not on gray ones of {SIDE} by {SIDE}"
        )
    classes = [name.split(" - ")[0] for name in data["classes"]]
    name = folder.read_options(model).model
    made = folder.load_model(model, trusting)
    check_model(name, made, zeros(1, 1, SIDE, SIDE), len(classes))
    guard = Guard.load() if tuple(classes) == DIGITS else None
    thresholds = measured(folder, made, guard)
    shown = name.rpartition("/")[2].rpartition("\\")[2]  # not the folders of this machine
    run = Run(shown, classes, data["shape"], sum(array._array.size for array in made.state_dict().values()))
    return Service(run, Reader(made, classes, guard, thresholds), Study(made, shown, classes), limits, collection)
