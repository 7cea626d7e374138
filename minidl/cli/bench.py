"""`minidl bench`: how fast it is, and against what."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..backend import DEFAULT, backend_names
from ..files import write_json
from ..training.options import OptionError
from .console import notice, say, table

SUITES = ("lecture", "sequence", "ops", "scaling", "epoch", "to98", "cpu-gpu")


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "bench",
        help="measure the speed, against PyTorch too",
        description="Measure training steps, single operations or entire epochs: one process per contestant, measured "
        "in turns, warm-up not counted. No ratio is given unless all compute the same.",
    )
    parser.add_argument("--suite", choices=SUITES, default="lecture", help="(default: lecture)")
    parser.add_argument("--against", choices=("torch",), help="also PyTorch, in both orders of images in memory")
    parser.add_argument(
        "--backend",
        metavar="NAMES",
        help=f"of {', '.join(backend_names())}, with commas (default: {DEFAULT}; cpu-gpu: both)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads of every contestant (default: all cores)")
    parser.add_argument(
        "--only",
        metavar="ROW",
        action="append",
        default=[],
        help="only this row of lecture, sequence or ops, by its name or its title in the tables; can be repeated",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="MNIST's files, for epoch and to98 (default: the cache, else the network, else the sample)",
    )
    parser.add_argument("--json", metavar="FILE", help="write everything that was measured")
    parser.add_argument("--plot", metavar="FILE.png", help="draw it")
    parser.add_argument("--quick", action="store_true", help="few, short rounds: to see that it works")
    parser.set_defaults(run=run)


def _check_files(json: str | None, plot: str | None) -> None:
    """Raise `OptionError` for a file that cannot be written: before minutes of measuring, not after."""
    for option, name in (("--json", json), ("--plot", plot)):
        if name is None:
            continue
        path = Path(name)
        if name == "-" or path.is_dir() or not path.absolute().parent.is_dir():
            raise OptionError(f"{option} {name}: name a file in a folder that exists")
    if plot is not None and Path(plot).suffix.lower() != ".png":
        raise OptionError(f"--plot {plot}: it is drawn as PNG; name it so, such as {Path(plot).stem or 'bench'}.png")
    if json is not None and plot is not None and Path(json).absolute() == Path(plot).absolute():
        raise OptionError(f"--json and --plot both name {json}; name two files")


def run(arguments: argparse.Namespace) -> int:
    """Measure, then report. Contestants that do not compute the same, or cannot run, are an error: 1."""
    from ..bench import figures, report, session

    _check_files(arguments.json, arguments.plot)
    request = session.Request.checked(
        suite=arguments.suite,
        against=arguments.against,
        backends=arguments.backend and arguments.backend.split(","),
        threads=arguments.threads,
        only=arguments.only,
        data=arguments.data,
        quick=arguments.quick,
        tell=notice,
    )
    found = session.measure(request)
    say("\n".join(report.heading(found)))
    for title, rows in report.tables(found).items():
        if len(rows) > 1:
            say(f"\n{title}\n{table(rows, right=report.numeric(rows))}")
    if arguments.json:
        write_json(arguments.json, found)
    if arguments.plot:
        figures.draw(found, arguments.plot)
    return 0
