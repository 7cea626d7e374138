"""Which trainer and which loaders a run takes: those of one process, or those that share every batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .. import nn
from ..data import DataLoader
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import first_line
from ..nn.evaluating import evaluating
from .loop import Trainer
from .options import OptionError, Options, flag
from .team import Team


@dataclass(frozen=True)
class Kinds:
    """What makes the parts of a run; `model` takes the model and gives the one to train."""

    model: Callable[[nn.Module], nn.Module]
    trainer: Callable[..., Trainer]
    train_loader: Callable[..., DataLoader]
    evaluation_loader: Callable[..., DataLoader]


def kinds_for(team: Team) -> Kinds:
    """The kinds for as many processes as `team` has."""
    if team.size == 1:
        return Kinds(lambda model: model, Trainer, DataLoader, DataLoader)
    from .shared import EveryNthBatch, SharedLoader, SharedTrainer

    return Kinds(
        nn.SyncBatchNorm.convert_sync_batchnorm,
        partial(SharedTrainer, team), partial(SharedLoader, team), partial(EveryNthBatch, team),
    )  # fmt: skip


def check_parts(team: Team, options: Options, images: int, model: nn.Module, none: Tensor) -> None:
    """Raise `OptionError` if the batches cannot be shared: fewer images than processes, or no model for `none`.

    `none`: a batch without images, as some get where the last batch has fewer images than there are processes.
    """
    size = options.batch_size
    if size < team.size:
        raise OptionError(
            f"{flag('batch_size')} {size} is less than one image for each of the {team.size} processes; choose a "
            "larger one, or start fewer"
        )
    if not 0 < images % size < team.size:
        return
    try:
        with no_grad(), evaluating(model):
            model(none)
    except Exception as error:
        raise OptionError(
            f"{flag('batch_size')} {size}: the last of {images} images are {images % size}, fewer than the {team.size} "
            f"processes, and this model takes no empty batch ({first_line(error)}); choose another batch size"
        ) from error
