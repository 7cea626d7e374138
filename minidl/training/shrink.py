"""A run made smaller: from its folder to another one, which `minidl test`, `predict` and `export` take as any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from .. import compress
from ..backend import current_backend
from ..engine.tensor import Tensor
from ..errors import ArgumentError, CheckpointError
from ..files import write_json
from ..nn import Module
from ..random import manual_seed
from ..tensors import saving as checkpoint
from .data import Splits, evaluation_loader, open_splits, train_loader
from .distill import train_on
from .evaluation import evaluate, on_device
from .measure import Cost, costs
from .options import OptionError, flag
from .run import RunFolder

LR = 0.02


@dataclass(frozen=True)
class Wishes:
    """What is to be done, in this order. `checked` refuses wrong ones."""

    fold: bool = False
    prune_units: float | None = None
    low_rank: float | None = None
    prune: float | None = None
    epochs: int | None = None
    int8: bool = False
    per_tensor: bool = False
    distill: str | None = None
    lr: float | None = None

    def checked(self) -> Wishes:
        """Itself. Raises `OptionError`."""
        for name in ("prune_units", "low_rank", "prune"):
            share = getattr(self, name)
            if share is not None and not 0 < share < 1:
                raise OptionError(f"{flag(name)} must be a share between 0 and 1, such as 0.5; got {share:g}")
        if self.epochs is not None and not 0 <= self.epochs <= 1000:
            raise OptionError(f"{flag('epochs')} must be 0 to 1000; got {self.epochs}")
        if self.lr is not None and not 0 < self.lr < 100:
            raise OptionError(f"{flag('lr')} must be above 0 and below 100; got {self.lr:g}")
        if self.per_tensor and not self.int8:
            raise OptionError("--per-tensor is about --int8; give both, or leave it out")
        if self.lr is not None and not self.trained:
            raise OptionError("--lr is of training: give --epochs or --distill, or leave it out")
        if self.distill is not None and self.epochs == 0:
            raise OptionError("--distill trains; give it --epochs of at least 1")
        if not (self.fold or self.prune_units or self.low_rank or self.prune or self.int8 or self.distill):
            raise OptionError(
                "nothing is asked for; give at least one of --int8, --prune SHARE, --prune-units SHARE, --low-rank "
                "SHARE, --fold, --distill RUN"
            )
        return self

    @property
    def trained(self) -> int:
        """How many epochs the smaller network is trained: 1 by a teacher, else none, unless it is said."""
        return self.epochs if self.epochs is not None else int(self.distill is not None)


@dataclass(frozen=True)
class Shrunk:
    """The networks before and after, and the steps between them."""

    before: Cost
    after: Cost
    steps: list[dict[str, Any]]


def shrink(
    source: RunFolder,
    target: RunFolder,
    wishes: Wishes,
    data: str | None = None,
    model: str | None = None,
    trusting: bool = False,
    on_news: Callable[[str], None] = lambda text: None,
) -> Shrunk:
    """Write the run of `source`, made smaller, to the new folder `target`; `on_news` is told what is going on.

    Inputs' ranges come from the run's validation images; accuracy is that of its test images. Raises `OptionError`,
    `CheckpointError`, `DataError`, and `TakenError` if the target holds a run.
    """
    target.check_free()
    splits, config = _splits(source, data, model)
    original = source.load_model(model, trusting)
    smaller = source.load_model(model, trusting)
    teacher = None if wishes.distill is None else _teacher(RunFolder(wishes.distill), config, trusting)
    manual_seed(config["options"]["seed"])
    steps = _changed(smaller, teacher, splits, source.read_options(model), wishes, on_news)
    loader = evaluation_loader(splits.test)
    tested = [evaluate(network, loader) for network in (original, smaller)]
    image = next(_images(splits))[:1]
    before, after = costs([original, smaller], image, tested)
    found = Shrunk(before, after, steps)
    target.create()
    try:
        _write(source, target, config, smaller, wishes, found, len(splits.test))
    finally:
        target.unlock()
    return found


def _splits(source: RunFolder, data: str | None, model: str | None) -> tuple[Splits, dict[str, Any]]:
    """The run's own data, and its configuration. CheckpointError if they have changed since."""
    config, options = source.read_config(), source.read_options(model)
    origin = config["data"].get("origin")
    if data is not None:
        options, origin = type(options)(**{**options.as_dict(), "data": data}).checked(), None
    splits = open_splits(options, origin)
    if splits.description["crc32"] != config["data"]["crc32"]:
        raise CheckpointError(
            f"{source.path}: was trained on other data than {options.data or 'the data found now'}; name the same with "
            f"{flag('data')}"
        )
    return splits, config


def _teacher(folder: RunFolder, config: dict[str, Any], trusting: bool) -> Module:
    """The teacher's network. CheckpointError if it was trained for other classes or images."""
    theirs = folder.read_config()["data"]
    for name in ("classes", "shape"):
        if theirs[name] != config["data"][name]:
            raise CheckpointError(f"{folder.path}: cannot teach this run: its {name} are others")
    return folder.load_model(trusting=trusting)


def _images(splits: Splits) -> Iterator[Tensor]:
    """The batches of the validation set; of the first test images' place the training set, where there is none."""
    images = splits.train if splits.validation is None else splits.validation
    for x, _ in on_device(evaluation_loader(images)):
        yield x


def _changed(
    model: Module, teacher: Module | None, splits: Splits, options: Any, wishes: Wishes, on_news: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Change the model in place, as wished; the steps."""
    few, steps, kept = next(_images(splits))[:2], [], {}
    try:
        if wishes.fold:
            steps += _some(compress.fold(model, few), "--fold: no layer is followed by a batch normalisation alone")
        if wishes.prune_units:
            found = compress.prune_units(model, wishes.prune_units, few)
            steps += _some(found, "--prune-units: no layer is followed by one other layer alone")
        if wishes.low_rank:
            found = compress.low_rank(model, wishes.low_rank)
            steps += _some(
                found, f"--low-rank {wishes.low_rank:g}: two narrow layers would be larger; give a smaller share"
            )
        if wishes.prune:
            kept = compress.prune_weights(model, wishes.prune)
        if wishes.trained:
            train_on(
                model, train_loader(splits, options), wishes.trained, wishes.lr or LR, teacher, kept,
                lambda epoch, loss: on_news(f"epoch {epoch} of {wishes.trained}: loss {loss:.4f}"),
            )  # fmt: skip
        if wishes.int8:
            steps += compress.quantize(model, _images(splits), not wishes.per_tensor)
    except ArgumentError as error:
        raise OptionError(f"{error}") from error
    model.eval()
    return [dict(step) for step in steps]


def _some(steps: list[Any], why: str) -> list[Any]:
    if not steps:
        raise OptionError(why)
    return steps


def _write(
    source: RunFolder,
    target: RunFolder,
    config: dict[str, Any],
    model: Module,
    wishes: Wishes,
    found: Shrunk,
    images: int,
) -> None:
    """The folder: weights, configuration with the steps, numbers, figure."""
    from . import plots

    steps = [*(config.get("shrunk") or []), *found.steps]
    checkpoint.save({"model": model.state_dict()}, target.model_path)
    parameters = sum(x._array.size for x in model.state_dict().values())
    wished = {f.name: getattr(wishes, f.name) for f in fields(wishes)}
    write_json(
        target.config_path,
        {
            **config,
            "parameters": parameters,
            "shrunk": steps,
            "shrunk_from": str(source.path.resolve()),
            "shrink": wished,
        },
    )
    metrics = {
        "model": config["options"]["model"], "backend": current_backend().name, "finished": True,
        "test_accuracy": found.after.accuracy, "test_loss": found.after.loss, "test_images": images,
        "before": asdict(found.before), "after": asdict(found.after),
    }  # fmt: skip
    write_json(target.metrics_path, metrics)
    plots.save(plots.shrunk(asdict(found.before), asdict(found.after)), target / "shrink.png")
