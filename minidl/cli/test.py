"""`minidl test`: the accuracy of a run on the test set."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from ..backend import DEFAULT, backend_names, current_backend, use_backend
from ..errors import DataError
from ..training import evaluate
from ..training.data import evaluation_loader, open_dataset
from ..training.run import RunFolder
from .console import say, say_json
from .exit_codes import DONE
from .parser import add_own_model
from .trusting import say_trusted


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser("test", help="test a run", description="Test the weights of a run on the test images.")
    parser.add_argument("folder", metavar="RUN", help="the run folder, as written by minidl train --out")
    parser.add_argument("--data", metavar="DIR", help="folder of the data set's files (default: as in training)")
    parser.add_argument(
        "--backend", choices=backend_names(), help=f"the array library (default: MINIDL_BACKEND, else {DEFAULT})"
    )
    add_own_model(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load, evaluate, report."""
    use_backend(arguments.backend or current_backend().name)
    folder = RunFolder(arguments.folder)
    config, options = folder.read_config(), folder.read_options(arguments.model)
    say_trusted(folder, arguments)
    model = folder.load_model(arguments.model, arguments.trust)
    origin = config["data"].get("origin")
    if arguments.data is not None:
        options, origin = replace(options, data=arguments.data).checked(), None
    data = open_dataset(options, train=False, origin=origin)
    highest, classes = int(data.targets._array.max()), len(config["data"]["classes"])
    if highest >= classes:
        raise DataError(
            f"the test set has a class {highest}, but the run {folder.path} knows {classes} classes, from 0"
        )
    found = evaluate(model, evaluation_loader(data))
    if arguments.json:
        say_json(
            {"run": str(folder.path), "test_accuracy": found.accuracy, "test_loss": found.loss, "images": len(data)}
        )
    else:
        say(f"test accuracy {found.accuracy:.2%}, loss {found.loss:.4f} ({len(data):,} images)")
    return DONE
