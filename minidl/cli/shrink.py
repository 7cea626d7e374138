"""`minidl shrink`: the network of a run made smaller."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from typing import Any

from ..backend import DEFAULT, backend_names, current_backend, use_backend
from ..training.measure import Cost
from ..training.run import RunFolder
from ..training.shrink import Wishes, shrink
from .console import notice, say, say_json, table
from .exit_codes import DONE
from .parser import add_own_model
from .trusting import say_trusted


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "shrink",
        help="make a run's network smaller",
        description="Make the network of a run smaller and write it as another run folder, which test, predict, "
        "summary and export take. What is asked for is done in this order: fold, prune units, low rank, prune weights, "
        "train, int8. A table and shrink.png compare both networks.",
    )
    parser.add_argument("folder", metavar="RUN", help="the run folder, as written by minidl train --out")
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="the new run folder")
    parser.add_argument("--int8", action="store_true", help="linear layers and convolutions in 8-bit integers")
    parser.add_argument("--per-tensor", action="store_true", help="with --int8: one scale per weight, not per output")
    parser.add_argument("--prune", type=float, metavar="SHARE", help="set this share of the weights to 0, the smallest")
    parser.add_argument(
        "--prune-units", type=float, metavar="SHARE", help="remove this share of the units, so that layers are smaller"
    )
    parser.add_argument(
        "--low-rank", type=float, metavar="SHARE", help="linear layers as two narrow ones that keep this share of Σ s²"
    )
    parser.add_argument("--fold", action="store_true", help="fold batch normalisations into the layers before them")
    parser.add_argument("--distill", metavar="RUN", help="train the smaller network on what this run's network says")
    parser.add_argument("--epochs", type=int, metavar="N", help="train the smaller network (default: 1 with --distill)")
    parser.add_argument("--lr", type=float, help="learning rate of that training (default: 0.02)")
    parser.add_argument("--data", metavar="DIR", help="folder of the data set's files (default: as in training)")
    parser.add_argument(
        "--backend", choices=backend_names(), help=f"the array library (default: MINIDL_BACKEND, else {DEFAULT})"
    )
    add_own_model(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Shrink, report."""
    wishes = Wishes(**{f.name: getattr(arguments, f.name) for f in fields(Wishes)}).checked()
    use_backend(arguments.backend or current_backend().name)
    source, target = RunFolder(arguments.folder), RunFolder(arguments.out)
    source.read_config()
    say_trusted(source, arguments)
    found = shrink(source, target, wishes, arguments.data, arguments.model, arguments.trust, notice)
    if arguments.json:
        say_json({"run": str(target.path), "before": asdict(found.before), "after": asdict(found.after)})
    else:
        say(_as_table(found.before, found.after))
        say(f"written to {target.path}")
    return DONE


def _as_table(before: Cost, after: Cost) -> str:
    rows = [["", "before", "after", "before / after"]]
    for name, title, form in (
        ("bytes", "bytes of weights", "{:,}"),
        ("zeros", "weights that are 0", "{:.1%}"),
        ("multiply_adds", "multiply-adds per image", "{:,}"),
        ("milliseconds", "milliseconds per image", "{:.3f}"),
        ("memory", "memory at the peak", "{:,}"),
        ("accuracy", "test accuracy", "{:.2%}"),
    ):
        one, two = getattr(before, name), getattr(after, name)
        if one is None:
            continue
        ratio = f"{one / two:.2f}" if two and name not in ("zeros", "accuracy") else ""
        rows.append([title, form.format(one), form.format(two), ratio])
    return table(rows, right=(1, 2, 3))
