"""One training run from its options to its run folder: started or resumed, then run to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np

from ..backend import current_backend, use_backend
from ..errors import CheckpointError, DistributedError
from ..files import write_json
from ..models.networks import Maker, check_model, find_model, source_file
from ..models.trust import trust
from ..models.user_file import call
from ..random import manual_seed
from ..tensors import saving as checkpoint
from .config import checked_state
from .data import Splits, evaluation_loader, open_splits, train_loader
from .evaluation import Evaluation, to_device
from .kinds import check_parts, kinds_for
from .loop import Progress
from .options import OptionError, Options, flag, make_optimizer, make_scheduler, planned_length
from .run import RunFolder, TakenError, next_folder
from .team import Team

RESUMABLE = ("epochs", "data")  # options that may differ when a run is resumed


class Job:
    """A run: its options, data, model, trainer and folder, which is locked until `close`.

    In a process group every process has the run, and one of them writes it. `maker` makes the model, unless it is
    simply the one that the options name; `origin`: where the data came from when the run was started.

    Attributes:
        tested: the evaluation on the test set, after `run` has ended by itself.
    """

    def __init__(
        self, options: Options, folder: RunFolder, maker: Maker | None = None, origin: str | None = None
    ) -> None:
        use_backend(options.backend or current_backend().name)
        self.team = Team()
        self.options, self.folder = replace(options, backend=current_backend().name), folder
        manual_seed(options.seed)
        self.maker = maker or find_model(options.model)  # a wrong name is reported before any data is looked for
        self.splits = self._open_splits(origin)
        manual_seed(options.seed)
        self.model = self.maker(len(self.splits.classes))
        self._check_model()
        kinds = kinds_for(self.team)
        self.model = kinds.model(self.model)
        self.test_loader = evaluation_loader(self.splits.test, kinds.evaluation_loader)
        loader = train_loader(self.splits, options, kinds.train_loader)
        optimizer = make_optimizer(options, self.model)
        scheduler, each = make_scheduler(options, optimizer, len(loader))
        held = self.splits.validation
        validation = None if held is None else evaluation_loader(held, kinds.evaluation_loader)
        self.trainer = kinds.trainer(
            self.model, optimizer, loader, validation=validation, scheduler=scheduler, each=each
        )
        self.tested: Evaluation | None = None

    @classmethod
    def start(cls, options: Options, folder: RunFolder | None = None) -> Job:
        """A new run, in the next free folder of `runs/` if none is given.

        The folder is made and the first checkpoint written, so that a full disk shows at once. Raises `TakenError` if
        the folder holds a run, or another training is at work in it.
        """
        if folder is not None and Team().leads:
            folder.check_free()
        job = cls(options, folder or next_folder(options.model))
        if job.team.leads:
            job._begin(folder is not None)
        path = job.team.told(str(job.folder.path))  # there now, with the first checkpoint in it
        if not job.team.leads:
            job.folder = RunFolder(path)
        return job

    def _begin(self, named: bool) -> None:
        """Make the run folder, the `named` one or the next that is free, lock it, and write all that is known."""
        trust(self.maker.files.values())  # training with a file means having named it
        while True:
            try:
                self.folder.create()
                break
            except TakenError:
                if named:
                    raise
                self.folder = next_folder(self.options.model)  # another training came first
        try:
            self._write_config()
            self.save()
        except BaseException:
            self.close()
            raise

    @classmethod
    def resume(cls, given: dict[str, Any], folder: RunFolder, trusting: bool = False) -> Job:
        """The run in `folder`, at its newest checkpoint. Of the options `given` anew only epochs and data may differ.

        A model of the user's own is made as `RunFolder.find_model` allows. Raises `OptionError` for an option that
        differs, `CheckpointError` if checkpoint or data are not those of the run, `TakenError` if another training is
        at work in the folder.
        """
        folder.read_config()  # a folder that is no run gets no lock file
        if Team().leads:
            folder.lock()
        try:
            return cls._resumed(given, folder, trusting)
        except BaseException:
            folder.unlock()
            raise

    @classmethod
    def _resumed(cls, given: dict[str, Any], folder: RunFolder, trusting: bool) -> Job:
        named = given.get("model")
        if named is not None and source_file(named) is None:  # a built-in one is compared like every other option
            named = None
        config, options = folder.read_config(), folder.read_options(named)
        if config.get("shrunk") is not None:
            raise OptionError(
                f"--out {folder.path}: was made smaller by minidl shrink and cannot be resumed; resume "
                f"{config.get('shrunk_from')} and shrink it again"
            )
        if named is not None:
            _check_same_name(options.model, config["options"]["model"])
            given = {**given, "model": options.model}
        for name, value in given.items():
            before = getattr(options, name)
            if value != before and name not in RESUMABLE:
                raise OptionError(
                    f"{flag(name)} {value} differs from the run's own, {before}; leave it out to resume the run, "
                    "or start another one"
                )
        wanted = replace(options, **given).checked()
        if wanted.epochs != options.epochs and planned_length(options):
            raise OptionError(
                f"{flag('epochs')} {wanted.epochs}: this run's {options.schedule} schedule was planned for "
                f"{options.epochs} epochs; leave it out, or start another run"
            )
        maker = folder.find_model(named, trusting)
        state = folder.load_state()
        job = cls(wanted, folder, maker, None if "data" in given else config["data"].get("origin"))
        if job.splits.description["crc32"] != config["data"]["crc32"]:
            raise CheckpointError(
                f"{folder.path}: was trained on other data than {job.options.data or 'the data found now'} "
                f"({config['data']['train']} training images then); name the same with {flag('data')}"
            )
        job._load(state)
        typed = config["options"]
        words = {"model": typed["model"], "data": given.get("data", typed["data"])}
        if job.team.leads:
            job._write_config(words, config)
        return job

    def close(self) -> None:
        """Let others train in the folder again."""
        self.folder.unlock()

    def __enter__(self) -> Job:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_epoch: Callable[[dict[str, Any]], None] = lambda record: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the end, with a checkpoint after each epoch; then test, and draw the figures.

        False if `should_stop` ended it earlier, which leaves a checkpoint too.
        """

        def finished(record: dict[str, Any]) -> None:
            self.save()
            on_epoch(record)

        def fit() -> bool:
            return self.trainer.fit(
                self.options.epochs, on_progress=on_progress, on_epoch=finished, should_stop=should_stop
            )

        if not self._of_the_user(fit):
            self.save()
            return False
        self.tested = self._of_the_user(lambda: self.trainer.evaluate(self.test_loader))
        if self.team.leads:
            write_json(self.folder.metrics_path, self.metrics())
            self.draw()
        self.team.wait()
        return True

    def save(self) -> None:
        """Write the checkpoint and the metrics so far, on the process that leads."""
        if not self.team.leads:
            return
        checkpoint.save(self.trainer.state_dict(), self.folder.model_path)
        write_json(self.folder.metrics_path, self.metrics())

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`; the test's part is None until the run has ended."""
        trainer, tested = self.trainer, self.tested
        seconds = [record["seconds"] for record in trainer.history]
        return {
            "model": self.options.model,
            "backend": current_backend().name,
            "seed": self.options.seed,
            "epochs": trainer.epoch,
            "steps": trainer.step,
            "finished": tested is not None,
            "test_accuracy": None if tested is None else tested.accuracy,
            "test_loss": None if tested is None else tested.loss,
            "test_images": len(self.splits.test),
            "data": self.splits.description["origin"],
            "seconds_per_epoch": sum(seconds) / len(seconds) if seconds else None,
            "history": trainer.history,
            "curve": trainer.meter.curve,
        }

    def draw(self) -> None:
        """Write the four figures."""
        from . import plots

        assert self.tested is not None
        images = plots.host_images(self.splits.test)
        classes = self.splits.classes
        figures = {
            "curves.png": plots.curves(self.trainer.history, self.trainer.meter.curve),
            "confusion.png": plots.confusion(self.tested.labels, self.tested.predicted, classes),
            "mistakes.png": plots.mistakes(images, self.tested.labels, self.tested.probabilities, classes),
            "filters.png": plots.filters(self.model.state_dict(), images.shape[1:]),
        }
        for name, figure in figures.items():
            plots.save(figure, self.folder / name)

    def _open_splits(self, origin: str | None) -> Splits:
        """The data, which must be the same on all processes; the one that leads fetches it before the others look."""
        if self.team.leads:
            splits = open_splits(self.options, origin)
        self.team.wait()
        origin = self.team.told(splits.description["origin"] if self.team.leads else None)
        if not self.team.leads:
            splits = open_splits(self.options, origin)
        if (rank := self.team.other(splits.description["crc32"])) is not None:
            raise DistributedError(f"rank {rank} has found other data than rank 0; name the same with {flag('data')}")
        return splits

    def _check_model(self) -> None:
        few = np.arange(min(2, len(self.splits.test)))
        images = to_device(self.splits.test.get_batch(few)[0])
        check_model(self.options.model, self.model, images, len(self.splits.classes))
        if self.team.size > 1:
            check_parts(self.team, self.options, len(self.splits.train), self.model, images[:0])

    def _of_the_user(self, function: Callable[[], Any]) -> Any:
        """Call `function`; an error in the user's model file becomes one line that names its place."""
        path = source_file(self.options.model)
        return function() if path is None else call(function, path)

    def _write_config(self, given: Mapping[str, Any] | None = None, before: Mapping[str, Any] | None = None) -> None:
        self.folder.write_config(self.options, self.splits.description, self.model, self.maker.files, given, before)

    def _load(self, state: dict[str, Any]) -> None:
        self.folder.put_weights(self.model, state["model"])
        checked_state(state, self.folder.model_path)
        try:
            self.trainer.load_state_dict(state)
        except Exception as error:  # a damaged state can raise nearly anything
            raise CheckpointError(
                f"{self.folder.model_path}: cannot be resumed: {type(error).__name__}: {error}"
            ) from error


def _check_same_name(named: str, before: str) -> None:
    """Raise `OptionError` if --model names another class than the run's; its file may have moved or been fixed."""
    if source_file(before) is None or named.rpartition(":")[2] != before.rpartition(":")[2]:
        raise OptionError(
            f"{flag('model')} {named} differs from the run's own, {before}; leave it out to resume the run, or "
            "start another one"
        )
