"""The run folder: the options, weights and results of a run, in files written completely or not at all.

config.json     every option as it was resolved, versions, seed, data, the SHA-256 of the user's own model file
metrics.json    the history, the test accuracy, the times
model.npz       the newest checkpoint: weights, and what is needed to resume
*.png           curves, confusion, mistakes, filters
.lock           while a training writes here

Nothing in it is trusted: a folder may come from someone else.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .._version import __version__
from ..backend import current_backend
from ..backend.numpy.threads import get_num_threads
from ..compress.steps import rebuilt
from ..distributed.process_group import get_world_size, is_initialized
from ..errors import CheckpointError
from ..files import FileLock, LockedError, OutputError, make_folder, read_bytes, write_json
from ..models.networks import Maker, find_model, source_file, with_whole_path
from ..models.trust import UntrustedError, sha256_of_code, trust, trusted
from ..models.user_file import ChangedError, UnknownModelError, all_allowed, code_of
from ..nn import Module
from ..tensors import saving as checkpoint
from .config import checked_config, checked_options
from .options import OptionError, Options

MOST = 16 << 20  # bytes of a config.json


class TakenError(OptionError):
    """A folder that holds a run, or in which one is being trained."""


class RunFolder:
    """The folder of one run."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.config_path = self.path / "config.json"
        self.metrics_path = self.path / "metrics.json"
        self.model_path = self.path / "model.npz"
        self._lock = FileLock(self.path / ".lock")

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def check_free(self) -> None:
        """Raise `TakenError` if a run is here already; one killed before its first checkpoint does not count."""
        if os.path.lexists(self.model_path) or os.path.lexists(self.metrics_path):
            raise TakenError(f"--out {self.path}: holds a run already; resume it with --resume, or name another folder")

    def create(self) -> None:
        """Make the folder and lock it. Raises `TakenError` if it holds a run, `OutputError` if it cannot be made."""
        make_folder(self.path)
        self.lock()
        try:
            self.check_free()
        except TakenError:
            self.unlock()
            raise

    def lock(self) -> None:
        """Keep other trainings out until `unlock`, or the end of this process. Raises `TakenError` if one is here."""
        try:
            self._lock.acquire()
        except LockedError as error:
            raise TakenError(
                f"--out {self.path}: another training, {error.strerror}; wait for its end, or name another folder"
            ) from None
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}; name another folder") from error

    def unlock(self) -> None:
        """Let others train here again."""
        self._lock.release()

    def write_config(
        self,
        options: Options,
        data: dict[str, Any],
        model: Module,
        files: Mapping[str, str],
        given: Mapping[str, Any] | None = None,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        """Write `config.json`.

        Args:
            files: the SHA-256 of each of the user's Python files that make the model.
            given: the options as whoever started the run gave them, if they have changed since.
            before: the configuration at the start, for a run that is resumed: its versions and machine stay.
        """
        here = {"versions": versions(), "machine": machine()}
        start = here if before is None else {name: before.get(name) for name in here}
        content = {
            "options": {**options.as_dict(), **(given or {})},
            "model": with_whole_path(options.model),
            "model_files": dict(files),
            "seed": options.seed,
            "backend": current_backend().name,
            "data": data | {"folder": None if options.data is None else str(Path(options.data).resolve())},
            "parameters": sum(parameter._array.size for parameter in model.parameters()),
            **start,
        }
        if before is not None:
            content["resumed"] = [*_list(before.get("resumed")), here]
        write_json(self.config_path, content)

    def read_config(self) -> dict[str, Any]:
        """The content of `config.json`. Raises `CheckpointError` if there is no run here, or the file is damaged."""
        try:
            content = json.loads(read_bytes(self.config_path, MOST).decode("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise CheckpointError(
                f"{self.path} is no run folder: it has no config.json; name a folder that `minidl train --out` wrote"
            ) from None
        except OSError as error:
            raise CheckpointError(f"{self.config_path}: cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise CheckpointError(f"{self.config_path}: is damaged: {error}") from None
        return checked_config(content, self.config_path)

    def read_options(self, model: str | None = None) -> Options:
        """The options of the run, with the current paths of the data and of a user's own model.

        `model`: FILE.py:NAME, instead of the one that the run names. Raises `CheckpointError` as `read_config`, or if
        the model's file is gone; `OptionError` if `model` is not a user's own.
        """
        config = self.read_config()
        options = checked_options(config["options"], self.config_path)
        if model is None:
            model = self._place_of_model(options.model, config.get("model"))
        elif source_file(model) is None:
            raise OptionError(
                f"--model {model}: the run {self.path} names its own model; beside a run, --model takes FILE.py:NAME, "
                "the file from which that model is to be made"
            )
        places: dict[str, Any] = {"model": with_whole_path(model)}
        if isinstance(folder := config["data"].get("folder"), str):
            moved = not _is_folder(folder) and options.data is not None and _is_folder(options.data)
            places["data"] = options.data if moved else folder
        return Options(**{**options.as_dict(), **places})

    def find_model(self, model: str | None = None, trusting: bool = False) -> Maker:
        """The maker of the run's model, as it was made smaller. A user's own file is run only if the user allowed it.

        Allowed are: `model`, FILE.py:NAME, named for this call; any file, if `trusting`; else a file that is bit for
        bit the one that the run noted, if this user trained with it or has named it before (see `models.trust`).
        Raises `UntrustedError` for another file, before a line of it is run; `CheckpointError` if that file has
        changed since, or no longer makes a model.
        """
        made, steps = self._find_model(model, trusting), self.read_config().get("shrunk")
        if steps is None:
            return made
        return Maker(made.name, lambda classes: rebuilt(made(classes), steps), made.files)

    def _find_model(self, model: str | None, trusting: bool) -> Maker:
        """The maker of the model as it was trained."""
        name = self.read_options(model).model
        try:
            if source_file(name) is None:
                return find_model(name)
            if model is None and not trusting:
                return find_model(name, self._allowed(name))
            made = find_model(name)
        except UnknownModelError as error:
            if model is not None:
                raise
            raise CheckpointError(f"{self.path}: this run's model cannot be made: {error}") from None
        except ChangedError as error:
            raise CheckpointError(
                f"{self.path}: this run's model cannot be made: {error}{_how_to_allow(name)}"
            ) from None
        trust(made.files.values())
        return made

    def _allowed(self, name: str) -> set[str]:
        """The SHA-256 of the files that the run noted. Raises `UntrustedError` if the user did not allow them all."""
        noted, path = self.read_config().get("model_files") or {}, source_file(name)
        assert path is not None
        if not all_allowed(noted, trusted()):
            digest = sha256_of_code(code_of(path))[:16]
            raise UntrustedError(
                f"{self.path}: this run's model is Python code, {path} (SHA-256 {digest}...), "
                f"which you have not trained with or named before, so it is not run{_how_to_allow(name)}"
            )
        return set(noted.values())

    def _place_of_model(self, given: str, whole: Any) -> str:
        """The model by the absolute path noted at the start or, if the project has moved since, as it was given."""
        for name in (whole, given):
            if isinstance(name, str) and ((path := source_file(name)) is None or path.is_file()):
                return name
        raise CheckpointError(
            f"{self.path}: this run's model is {whole or given}, but that file is gone; put it back, or "
            f"call from the folder in which {given} is right"
        )

    def load_state(self, only: str | None = None) -> dict[str, Any]:
        """The newest checkpoint, or `only` this part of it. Raises `CheckpointError` if it is damaged or missing."""
        if self.config_path.is_file() and not os.path.lexists(self.model_path):
            raise CheckpointError(
                f"{self.model_path}: no such file: the run was stopped before its first checkpoint; start it anew: "
                f"minidl train --out {self.path}"
            )
        state = checkpoint.load(self.model_path, only=only)
        if not isinstance(state, dict) or not isinstance(state.get("model"), dict):
            raise CheckpointError(f"{self.model_path}: is no checkpoint of a run: it holds no model")
        return state

    def load_model(self, model: str | None = None, trusting: bool = False) -> Module:
        """The model of the run with its newest weights, in evaluation mode; the arguments are `find_model`'s.

        Raises `CheckpointError` if a weight is NaN or infinite.
        """
        made = self.find_model(model, trusting)(len(self.read_config()["data"]["classes"]))
        self.put_weights(made, self.load_state("model")["model"])
        return made.eval()

    def put_weights(self, model: Module, weights: dict[str, Any]) -> None:
        """Load `weights` into `model`. Raises `CheckpointError` if they are of another model."""
        try:
            model.load_state_dict(weights)
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            raise CheckpointError(f"{self.model_path}: its weights are of another model: {error}") from error
        for name, tensor in model.state_dict().items():
            array = tensor.cpu()._array
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise CheckpointError(
                    f"{self.model_path}: its array {name} holds NaN or infinity, so that its answers mean "
                    "nothing; train again, or take another copy"
                )


def next_folder(model: str) -> RunFolder:
    """The first of runs/MODEL-1, runs/MODEL-2, ... that is not there yet."""
    name = model.rpartition(":")[2].lower()
    number = 1
    while (path := Path("runs") / f"{name}-{number}").exists():
        number += 1
    return RunFolder(path)


def _how_to_allow(name: str) -> str:
    return f"; look at it first, then name it: --model {name}, or say --trust"


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except ValueError:  # a NUL, or a letter that no file name can hold
        return False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def machine() -> dict[str, Any]:
    """The processor: the same versions give other bits on another kind."""
    return {
        "platform": platform.platform(), "processor": platform.processor() or platform.machine(),
        "threads": get_num_threads(), "processes": get_world_size() if is_initialized() else 1,
    }  # fmt: skip


def versions() -> dict[str, str]:
    """The versions of all that affects the result."""
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
