"""The run folder: all that a run was told, learned and measured, in files that are written whole or not at all.

config.json     every option as it was resolved, versions, seed, data
metrics.json    the history, the test accuracy, the times
model.npz       the newest checkpoint: weights, and what is needed to go on
*.png           curves, confusion, mistakes, filters
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from .._version import __version__
from ..backend import current_backend
from ..backend.numpy.threads import get_num_threads
from ..errors import CheckpointError
from ..files import make_folder, write_json
from ..models.networks import UnknownModelError, make_model, source_file, with_whole_path
from ..nn import Module
from ..tensors import saving as checkpoint
from .options import OptionError, Options


class RunFolder:
    """The folder of one run."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.config_path = self.path / "config.json"
        self.metrics_path = self.path / "metrics.json"
        self.model_path = self.path / "model.npz"

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def check_free(self) -> None:
        """Raise `OptionError` if a run is here already."""
        if self.config_path.exists() or self.model_path.exists():
            raise OptionError(
                f"--out {self.path}: holds a run already; go on with it by --resume, or name another folder"
            )

    def create(self) -> None:
        """Make the folder. Raises `OptionError` if it holds a run already, `OutputError` if it cannot be made."""
        self.check_free()
        make_folder(self.path)

    def write_config(
        self, options: Options, data: dict[str, Any], model: Module, given: Mapping[str, Any] | None = None
    ) -> None:
        """Note what the run is; `given`: options in the words of whoever started it, if they are others by now."""
        backend = current_backend()
        content = {
            "options": {**options.as_dict(), **(given or {})},
            "model": with_whole_path(options.model),
            "seed": options.seed,
            "backend": backend.name,
            "data": data | {"folder": None if options.data is None else str(Path(options.data).resolve())},
            "parameters": sum(parameter._array.size for parameter in model.parameters()),
            "versions": versions(),
            "machine": {"platform": platform.platform(), "threads": get_num_threads()},
        }
        write_json(self.config_path, content)

    def read_config(self) -> dict[str, Any]:
        """What `write_config` noted. Raises `CheckpointError` if there is no run here, or its file is damaged."""
        try:
            content = json.loads(self.config_path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise CheckpointError(
                f"{self.path} is no run folder: it has no config.json; name a folder that `minidl train --out` wrote"
            ) from None
        except OSError as error:
            raise CheckpointError(f"{self.config_path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise CheckpointError(f"{self.config_path}: is damaged: {error}") from None
        if not isinstance(content, dict) or not {"options", "data"} <= content.keys():
            raise CheckpointError(f"{self.config_path}: is not the config.json of a run: it lacks options and data")
        return content

    def read_options(self) -> Options:
        """The options of the run; a model of the user's own, and the data, by the place where they are now.

        Raises `CheckpointError` as `read_config`, or if that file is gone.
        """
        config = self.read_config()
        found = config["options"]
        known = {field.name for field in fields(Options)}
        if not isinstance(found, dict) or found.keys() != known:
            differing = sorted(set(found) ^ known) if isinstance(found, dict) else found
            raise CheckpointError(
                f"{self.config_path}: its options are not those of minidl {__version__} (differing: {differing}); "
                "use the version that wrote it"
            )
        places = {"model": self._place_of_model(found["model"], config.get("model"))}
        if isinstance(folder := config["data"].get("folder"), str):
            moved = not Path(folder).is_dir() and Path(found["data"]).is_dir()
            places["data"] = found["data"] if moved else folder
        return Options(**{**found, **places})

    def _place_of_model(self, given: Any, whole: Any) -> str:
        """The model by the absolute path noted at the start or, where the project has moved since, as it was given."""
        for name in (whole, given):
            if isinstance(name, str) and ((path := source_file(name)) is None or path.is_file()):
                return with_whole_path(name)
        raise CheckpointError(
            f"{self.path}: this run's model is {whole or given}, but that file is not there any more; put it back, or "
            f"call from the folder in which {given} is right"
        )

    def load_state(self) -> dict[str, Any]:
        """The newest checkpoint. Raises `CheckpointError` if it is damaged or missing."""
        state = checkpoint.load(self.model_path)
        if not isinstance(state, dict) or not isinstance(state.get("model"), dict):
            raise CheckpointError(f"{self.model_path}: is no checkpoint of a run: it holds no model")
        return state

    def load_model(self) -> Module:
        """The model of the run with its newest weights, in evaluation mode."""
        config, options = self.read_config(), self.read_options()
        try:
            model = make_model(options.model, len(config["data"]["classes"]))
        except UnknownModelError as error:
            raise CheckpointError(f"{self.path}: this run's model cannot be made: {error}") from None
        self.put_weights(model, self.load_state()["model"])
        return model.eval()

    def put_weights(self, model: Module, weights: dict[str, Any]) -> None:
        """Load `weights` into `model`. Raises `CheckpointError` if they are of another model."""
        try:
            model.load_state_dict(weights)
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            raise CheckpointError(f"{self.model_path}: its weights are of another model: {error}") from error


def next_folder(model: str) -> Path:
    """The first of runs/MODEL-1, runs/MODEL-2, ... that is not there yet."""
    name = model.rpartition(":")[2].lower()
    number = 1
    while (path := Path("runs") / f"{name}-{number}").exists():
        number += 1
    return path


def versions() -> dict[str, str]:
    """The versions of all that has a say in the result."""
    import cv2

    found = {
        "minidl": __version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }
    backend = current_backend()
    found.setdefault(backend.name, backend.xp.__version__)
    return found
