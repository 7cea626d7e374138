"""The options of a training run, and the optimizer and the schedule that they name."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any

from .. import optim
from ..backend import DEFAULT, backend_named, backend_names, device_named
from ..data.datasets import DATASETS
from ..errors import ArgumentError
from ..files import read_bytes
from ..models.networks import MODELS
from ..nn import Module
from ..optim import lr_scheduler

MOST_TOML = 1 << 20  # bytes

# class, learning rate, the highest one of a onecycle schedule (which warms up, and so can go higher), weight decay
OPTIMIZERS: dict[str, tuple[Callable[..., optim.Optimizer], float, float, float]] = {
    "sgd": (optim.SGD, 0.02, 0.1, 0.0),
    "adam": (optim.Adam, 0.001, 0.003, 0.0),
    "adamw": (optim.AdamW, 0.001, 0.003, 0.01),
    "rmsprop": (optim.RMSprop, 0.001, 0.002, 0.0),
    "adagrad": (optim.Adagrad, 0.01, 0.03, 0.0),
}
MOMENTUM = {"sgd": 0.9, "rmsprop": 0.0}
STEEP = ("rnn",)  # models whose gradients grow over the steps: the highest rate of a onecycle schedule breaks them


class OptionError(ArgumentError):
    """An option of the command or of its TOML file is unknown or has an invalid value."""


def option(default: Any, what: str) -> Any:
    """A field with the sentence that explains it in `--help`."""
    return field(default=default, metadata={"help": what})


@dataclass(frozen=True)
class Options:
    """Every option of a run, by its name on the command line; `checked` refuses wrong ones, and fills in None.

    The defaults train the lecture's CNN to about 99 % on MNIST in three epochs.
    """

    model: str = option("lecture", f"{', '.join(MODELS)}, or FILE.py:NAME, a Module class or a function that makes one")
    dataset: str = option("mnist", f"{', '.join(DATASETS)}, or idx (any folder of IDX files)")
    data: str | None = option(None, "folder of the data set's files (default: the cache, a download, or the sample)")
    backend: str | None = option(
        None,
        " or ".join(f"{name} ({device_named(name)})" for name in backend_names())
        + f" (default: MINIDL_BACKEND, else {DEFAULT})",
    )
    epochs: int = option(3, "passes through the training images")
    batch_size: int = option(100, "images per step")
    lr: float | None = option(
        None, "learning rate; the highest one of a onecycle schedule (default: by optimizer and model)"
    )
    optimizer: str = option("sgd", ", ".join(OPTIMIZERS))
    momentum: float | None = option(None, "momentum of sgd (default 0.9) and rmsprop (default 0)")
    weight_decay: float | None = option(None, "pull of the weights towards 0 (default: the optimizer's own)")
    schedule: str = option(
        "onecycle", "learning rate over time: onecycle, constant, cosine, step, exponential, plateau"
    )
    augment: bool = option(False, "rotate, shift and scale the training images a little, at random")
    seed: int = option(0, "random seed of the weights, the order and everything else that is random")
    limit: int | None = option(None, "use only the first N training images")
    val_split: float = option(0.05, "share of the training images held back for validation, or their number")

    def checked(self) -> Options:
        """The options, with None replaced by defaults that depend on other options. Raises `OptionError`."""
        for name, known in {**CHOICES, "backend": (None, *backend_names())}.items():
            _check_choice(name, getattr(self, name), known)
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("limit", 1)):
            _check_at_least(name, getattr(self, name), least)
        for name in ("lr", "momentum", "weight_decay"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:  # so that NaN is refused too
                raise OptionError(f"{flag(name)} must be a finite number of at least 0, got {value}")
        if self.momentum is not None and self.optimizer not in MOMENTUM:
            raise OptionError(
                f"{flag('momentum')}: {self.optimizer} takes no momentum; leave it out, or use {' or '.join(MOMENTUM)}"
            )
        if not (0 <= self.val_split < 1 or (2 <= self.val_split < MOST and self.val_split == int(self.val_split))):
            raise OptionError(
                f"{flag('val_split')} must be a share of 0 to below 1, or a whole number of at least 2; got "
                f"{self.val_split:g}"
            )
        _check_path("data", self.data)
        _, plain, peak, decay = OPTIMIZERS[self.optimizer]
        usual = peak if self.schedule == "onecycle" and self.model not in STEEP else plain
        return replace(
            self,
            lr=usual if self.lr is None else self.lr,
            momentum=self.momentum if self.momentum is not None else MOMENTUM.get(self.optimizer),
            weight_decay=decay if self.weight_decay is None else self.weight_decay,
        )

    def as_dict(self) -> dict[str, Any]:
        """The options by name."""
        return asdict(self)


CHOICES = {
    "dataset": (*DATASETS, "idx"),
    "optimizer": tuple(OPTIMIZERS),
    "schedule": ("onecycle", "constant", "cosine", "step", "exponential", "plateau"),
}
MOST = 1 << 53  # of a count: the largest that a float can hold exactly


def flag(name: str) -> str:
    """How an option is written on the command line.

    >>> flag("batch_size")
    '--batch-size'
    """
    return "--" + name.replace("_", "-")


def merged(given: Mapping[str, Any], file: str | None = None) -> Options:
    """The checked options: `given` overrides a TOML `file`, which overrides the defaults."""
    return replace(Options(), **{**({} if file is None else read_toml(file)), **given}).checked()


def read_toml(path: str) -> dict[str, Any]:
    """The options in a TOML file, as `batch-size = 64` or `batch_size = 64`, at the top or in a table `[train]`.

    Raises `OptionError` for an unknown name or a value of the wrong type.
    """
    try:
        content = tomllib.loads(read_bytes(path, MOST_TOML).decode("utf-8-sig"))  # Notepad writes a BOM in front
    except OSError as error:
        raise OptionError(f"--config {path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise OptionError(f"--config {path}: is not TOML: {error}") from None
    table = content.pop("train", {})
    if not isinstance(table, dict):
        raise OptionError(f"--config {path}: train must be a table, [train]")
    found: dict[str, Any] = {}
    for name, value in [*content.items(), *table.items()]:
        known = name.replace("-", "_")
        if known not in KINDS:
            near = get_close_matches(known, KINDS, n=1)
            raise OptionError(
                f"--config {path}: there is no option {name!r}"
                + (f"; did you mean {near[0].replace('_', '-')!r}?" if near else f"; known: {', '.join(KINDS)}")
            )
        if known in found:
            raise OptionError(f"--config {path}: {name!r} is given twice")
        found[known] = _of_kind(f"--config {path}: {name}", value, KINDS[known])
    return found


def _of_kind(what: str, value: Any, kind: type) -> Any:
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise OptionError(f"{what} is too large a number") from None
    if type(value) is not kind:
        names = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
        raise OptionError(f"{what} must be {names[kind]}, got {shortened(value)}")
    return value


def shortened(value: Any) -> str:
    """A value in an error message, shortened.

    >>> shortened("a" * 500)[:5], len(shortened("a" * 500))
    ("'aaaa", 83)
    """
    try:
        text = repr(value)
    except ValueError:  # an integer with more digits than Python converts
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:80]}..."


def _kind(annotation: str) -> type:
    return {"int": int, "float": float, "bool": bool, "str": str}[annotation.split(" | ")[0]]


KINDS = {f.name: _kind(str(f.type)) for f in fields(Options)}


def _check_choice(name: str, value: Any, known: tuple[Any, ...]) -> None:
    if value not in known:
        shown = [choice for choice in known if choice is not None]
        meant = backend_named(str(value)) if name == "backend" else None
        near = [meant] if meant else get_close_matches(str(value), shown, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise OptionError(f"{flag(name)} must be one of {', '.join(shown)}; got {value!r}{hint}")


def _check_at_least(name: str, value: int | None, least: int) -> None:
    if value is not None and not least <= value <= MOST:
        shown = str(value) if abs(value) < 1 << 64 else "a number of many digits"
        raise OptionError(
            f"{flag(name)} must be {least} to {MOST}, got {shown}"
            if value > 0
            else f"{flag(name)} must be at least {least}, got {shown}"
        )


def _check_path(name: str, value: str | None) -> None:
    """Raise `OptionError` for a name that no file can have."""
    if value == "":
        raise OptionError(f"{flag(name)} is empty; name a folder, or leave it out")
    if value is not None and "\0" in value:
        raise OptionError(f"{flag(name)} {value!r}: no file can have this name; it has a NUL in it")


def make_optimizer(options: Options, model: Module) -> Any:
    """The optimizer that the (checked) options name, over the parameters of `model`."""
    parameters = list(model.parameters())
    common = {"lr": options.lr, "weight_decay": options.weight_decay}
    if options.optimizer in MOMENTUM:
        common["momentum"] = options.momentum
    return OPTIMIZERS[options.optimizer][0](parameters, **common)


def make_scheduler(options: Options, optimizer: Any, batches: int) -> tuple[Any, str]:
    """The schedule that the options name, and whether it steps after each "batch" or "epoch"; `batches` per epoch."""
    steps, lr = options.epochs * batches, options.lr or 0.0
    if options.schedule == "onecycle":
        return lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=steps, cycle_momentum=False), "batch"
    if options.schedule == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps), "batch"
    if options.schedule == "step":
        third = max(1, math.ceil(options.epochs / 3))
        return lr_scheduler.StepLR(optimizer, step_size=third, gamma=0.1), "epoch"
    if options.schedule == "exponential":
        return lr_scheduler.ExponentialLR(optimizer, gamma=0.9), "epoch"
    if options.schedule == "plateau":
        return lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=2), "epoch"
    return None, "batch"


def planned_length(options: Options) -> bool:
    """Whether the schedule was planned for this number of epochs, so that more of them would be another run."""
    return options.schedule in ("onecycle", "cosine", "step")
