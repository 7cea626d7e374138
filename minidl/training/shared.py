"""Training one model by several processes, each with its part of every batch, to the weights that one would reach.

The batch is the one that a single process would have: process r of n takes its images r, r + n, ... Gradients are
weighted by how many these are, and batch normalisation counts all of the batch (`SyncBatchNorm`). So the weights are
those of one process, but for rounding: sums are added up in another order. Two things are drawn by each process for
itself, and so are other ones than a single process draws: the masks of dropout, from a stream that the run's seed,
the step and the rank determine, and the changes of `--augment`, from one of the epoch, the batch and the rank.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from ..backend import to_host
from ..data import DataLoader
from ..data.loader import AUGMENT, derived
from ..distributed.reduce_op import ReduceOp
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor, wrap
from ..errors import DistributedError
from ..nn.parallel import DistributedDataParallel
from ..random import default_generator
from .evaluation import Evaluation, joined, results
from .loop import Progress, Trainer
from .meter import DivergenceError
from .team import Team


class SharedLoader(DataLoader):
    """The batches of a `DataLoader`, but of each only this process's part; it may be empty."""

    def __init__(self, team: Team, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.team = team

    def _order(self, seed: int) -> Iterator[Any]:
        return (indices[self.team.rank :: self.team.size] for indices in super()._order(seed))

    def _stream(self, seed: int, number: int) -> np.random.Generator:
        return derived(seed, AUGMENT, number, self.team.rank)


class EveryNthBatch(DataLoader):
    """Of n processes, process r makes the batches r, r + n, ... of a `DataLoader`, and those whole."""

    def __init__(self, team: Team, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.team = team

    def _order(self, seed: int) -> Iterator[Any]:
        return islice(super()._order(seed), self.team.rank, None, self.team.size)


class SharedTrainer(Trainer):
    """A `Trainer` whose steps are shared by the processes of `team`: every one makes the same calls.

    Losses and counts are those of the entire batch. All processes stop after the same step if one of them is asked to.
    """

    def __init__(self, team: Team, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.team, self.parallel = team, DistributedDataParallel(self.model)
        self._asked: Callable[[], bool] = lambda: False
        self._stopping = False

    def fit(
        self,
        epochs: int,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_epoch: Callable[[dict[str, Any]], None] = lambda record: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        self._asked = should_stop
        return super().fit(epochs, on_progress=on_progress, on_epoch=on_epoch, should_stop=lambda: self._stopping)

    def _step(self, x: Tensor, y: Tensor) -> int:
        batch = self._images_in_batch()
        with stream_of(default_generator.initial_seed(), self.step, self.team.rank):
            self.optimizer.zero_grad()
            z = self.parallel(x)
            loss = self.loss(z, y) if len(y) else z.sum()  # the sum of nothing: 0
            with no_grad():
                right = (z.argmax(1) == y).sum()
            mine = np.array([float(loss.item()) * len(y), float(right.item()), float(self._asked())])
            total = mine.copy()  # of all processes; on its way while backward computes
            work = self.team.group.all_reduce(total, ReduceOp.SUM)  # type: ignore[union-attr]
            (loss * (len(y) * self.team.size / batch)).backward()  # the mean over processes is then that over images
        work.wait()
        self._check_loss(mine[0], total[0])
        self.optimizer.step()
        self._stopping = bool(total[2])
        return self._count(wrap(np.asarray(total[0] / batch)), wrap(np.asarray(total[1])), batch)

    def _images_in_batch(self) -> int:
        """How many images all processes together have in the batch that is next."""
        images, size = len(self.loader.dataset), self.loader.batch_size or 1
        return min(size, images - self.step % len(self.loader) * size)

    def _check_loss(self, mine: float, total: float) -> None:
        """Raise `DivergenceError`, on every process, with the rank whose loss is not finite."""
        if not math.isfinite(total):
            losses, step = self.team.all_told(mine), self.step + 1
            rank = next((r for r, loss in enumerate(losses) if not math.isfinite(loss)), 0)
            raise self._diverged(f"the loss became {losses[rank]} at step {step} on rank {rank}", step)

    def _diverged(self, what: str, step: int) -> DivergenceError:
        return super()._diverged(what if " on rank " in what else f"{what} on all {self.team.size} ranks", step)

    def _finish_epoch(self) -> dict[str, Any]:
        self._check_weights_are_the_same()
        return super()._finish_epoch()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self._check_weights_are_the_same()

    def _check_weights_are_the_same(self) -> None:
        sums = [zlib.crc32(to_host(tensor._array).tobytes()) for tensor in self.model.state_dict().values()]
        if (rank := self.team.other((self.step, sums))) is not None:
            raise DistributedError(
                f"rank {rank} has other weights than rank 0 after step {self.step}: another processor, or another "
                "state in its run folder?"
            )

    def evaluate(self, loader: DataLoader) -> Evaluation:
        """Each process evaluates some of the batches; the result is that of one process, bit for bit."""
        parts = self.team.all_told(results(self.model, loader, self.loss))
        longest = max(map(len, parts))
        return joined([part[i] for i in range(longest) for part in parts if i < len(part)])


@contextmanager
def stream_of(seed: int, step: int, rank: int) -> Iterator[None]:
    """A context in which the default generator is a stream of that step and rank alone; its own one stays as it was.

    So the order of the images depends on no mask, and nothing of the streams has to be saved for a run to resume.
    """
    before = default_generator.numpy
    default_generator.numpy = derived(seed, step, rank)
    try:
        yield
    finally:
        default_generator.numpy = before
