"""`minidl train`: train a network, keep everything in a run folder."""

from __future__ import annotations

import argparse
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from ..training.job import Job
from ..training.options import KINDS, OptionError, Options, flag, merged
from ..training.run import RunFolder
from ..training.tensorboard import EventWriter, require_tensorboard
from .console import notice, say, say_json
from .exit_codes import DONE, INTERRUPTED
from .parser import add_trust
from .progress import Reporter, StopOnInterrupt
from .trusting import say_trusted

METAVARS = {"data": "DIR", "epochs": "N", "batch_size": "N", "limit": "N", "seed": "N", "val_split": "SHARE|N"}


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "train",
        help="train a network on MNIST",
        description="Train a network on MNIST (by default the lecture's CNN) and keep weights, metrics and figures in "
        "a run folder. Ctrl-C saves a checkpoint; --resume then reaches the same weights as a run never stopped.",
    )
    for field in fields(Options):
        _add_option(parser, field)
    parser.add_argument("--out", metavar="DIR", help="the run folder (default: runs/MODEL-1, -2, ...)")
    parser.add_argument("--resume", action="store_true", help="resume the run in --out where it was stopped")
    add_trust(parser)
    parser.add_argument("--config", metavar="FILE.toml", help="options from a file; those on the command line win")
    parser.add_argument("--tensorboard", action="store_true", help="also write DIR/tensorboard (needs tensorboardX)")
    parser.add_argument("--json", action="store_true", help="print the metrics as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the result")
    parser.set_defaults(run=run)


def _add_option(parser: argparse.ArgumentParser, field: Field[Any]) -> None:
    """Add one field of `Options`; one not given stays out of the result, so that a file or the default decides."""
    text = field.metadata["help"].replace("%", "%%")
    if "(default" not in text and KINDS[field.name] is not bool and field.default is not None:
        text += f" (default: {field.default})"
    if KINDS[field.name] is bool:
        parser.add_argument(
            flag(field.name), action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text
        )
    else:
        parser.add_argument(
            flag(field.name), type=KINDS[field.name], default=argparse.SUPPRESS, help=text,
            metavar=METAVARS.get(field.name),
        )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Train from the beginning or from a checkpoint; 130 if Ctrl-C stopped it."""
    given = {name: value for name, value in vars(arguments).items() if name in KINDS}
    if arguments.tensorboard:
        require_tensorboard()  # before anything is made
    _check(arguments)
    with _resumed(arguments, given) if arguments.resume else _started(arguments, given) as job:
        return _train(job, arguments)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.out == "" or (arguments.out and "\0" in arguments.out):
        raise OptionError(f"--out {arguments.out!r} is not the name of a folder; name one, or leave it out")
    if arguments.trust and not arguments.resume:
        raise OptionError("--trust is for the Python file that a run names; with --model you name it yourself")
    if arguments.resume and arguments.out is None:
        raise OptionError("--resume needs --out DIR, the folder of the run to resume")
    if arguments.resume and arguments.config is not None:
        raise OptionError("--resume takes the options from the run itself; leave --config out")


def _train(job: Job, arguments: argparse.Namespace) -> int:
    if job.splits.description["published"] is False and not arguments.quiet:
        notice(
            f"these are not the files that {job.options.dataset} was published with; `minidl data verify` tells more"
        )
    reporter = Reporter(job.options.epochs, arguments.quiet, len(job.splits.classes))
    writes = arguments.tensorboard and job.team.leads
    events = EventWriter(job.folder / "tensorboard", job.trainer) if writes else None

    def on_epoch(record: dict[str, Any]) -> None:
        reporter.on_epoch(record)
        if events is not None:
            events.on_epoch(record)

    with StopOnInterrupt() as stop:
        done = job.run(
            on_progress=reporter.on_progress,
            on_epoch=on_epoch,
            should_stop=lambda: stop.asked,
        )
    reporter.close()
    if not done:
        notice(
            f"stopped after step {job.trainer.step}; checkpoint in {job.folder.model_path}; resume with: "
            f"minidl train --resume --out {job.folder.path}"
        )
        return INTERRUPTED
    _tell(job, arguments.json)
    return DONE


def _started(arguments: argparse.Namespace, given: dict[str, Any]) -> Job:
    options = merged(given, arguments.config)
    return Job.start(options, None if arguments.out is None else RunFolder(arguments.out))


def _resumed(arguments: argparse.Namespace, given: dict[str, Any]) -> Job:
    folder = RunFolder(arguments.out)
    if arguments.trust:
        say_trusted(folder, argparse.Namespace(trust=True, model=given.get("model")))
    job = Job.resume(given, folder, arguments.trust)
    if job.trainer.epoch >= job.options.epochs:
        notice(f"all {job.options.epochs} epochs of {arguments.out} are done; only testing it again")
    else:
        notice(f"resuming {arguments.out} after step {job.trainer.step}")
    return job


def _tell(job: Job, as_json: bool) -> None:
    """The result."""
    assert job.tested is not None
    if as_json:
        say_json({**job.metrics(), "run": str(Path(job.folder.path))})
    else:
        say(f"test accuracy {job.tested.accuracy:.2%}, loss {job.tested.loss:.4f} ({len(job.tested.labels):,} images)")
        say(f"run folder    {job.folder.path}")
