"""`minidl explain`: one pass, line by line, with every gradient checked: as a page or in the terminal."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..explain.tape import Tape
from ..explain.teaching.breaks import BREAKS
from ..explain.teaching.second import SECOND
from ..explain.teaching.worksheet import LEVELS, worksheet
from ..explain.views.page import render_worksheet
from ..explain.views.text import as_text
from ..files import replace_file
from ..language import LANGUAGES, chosen_language
from ..training.options import OptionError
from .console import RED, YELLOW, coloured, notice, say, table
from .passes import add_options, chosen_pass, wants_torch

FAILED = 1
GREEN = "32"
COLOURS = {"MISMATCH": RED, "not checked": YELLOW, "kink": YELLOW, "exact": GREEN, "approximate": GREEN}


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "explain",
        help="walk through one pass, line by line",
        description="Record one forward and backward pass and write a page on which every source line, its values and "
        "every gradient, checked by central differences, can be stepped through. Exit code 1 if a gradient is wrong or "
        "missing (unless --break asked for it), or if none could be judged.",
    )
    add_options(parser)
    parser.add_argument("-o", "--output", metavar="PAGE.html", help="the page (default: explain.html, worksheet.html)")
    parser.add_argument("--text", action="store_true", help="print the walk instead (with -o: write the page too)")
    parser.add_argument("--break", dest="mistake", metavar="NAME|list", help="seed a mistake, for a class to find")
    parser.add_argument(
        "--second",
        choices=SECOND,
        help="a pass whose slope is differentiated again: x³, or a critic's gradient penalty",
    )
    parser.add_argument("--worksheet", type=int, metavar="SEED", help="write a pen-and-paper exercise instead")
    parser.add_argument(
        "--level",
        type=int,
        choices=LEVELS,
        help="with --worksheet: 1 (default) to 4; from 2 on, the derivatives are asked for too",
    )
    parser.add_argument("--engine", action="store_true", help="open the page at the engine's own lines, not the lesson")
    parser.add_argument(
        "--lang", choices=LANGUAGES, help="language (default: MINIDL_LANG, or that of the locale, or en)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Record, check, write."""
    arguments.lang = chosen_language(arguments.lang)
    if arguments.worksheet is not None:
        return _write_worksheet(arguments)
    if arguments.level is not None:
        raise OptionError("--level is that of a --worksheet; give both")
    if arguments.second is not None:
        _refuse(arguments, "--second is a pass of its own", {"--break": arguments.mistake})
        return _show(SECOND[arguments.second](wants_torch(arguments)), arguments)
    if arguments.mistake == "list":
        say(table([[found.name, found.says] for found in BREAKS.values()]))
        return 0
    if arguments.mistake is not None and arguments.mistake not in BREAKS:
        raise OptionError(f"--break {arguments.mistake}: there is no such mistake; use one of {', '.join(BREAKS)}")
    return _show(chosen_pass(arguments, arguments.mistake).record(arguments.mistake, wants_torch(arguments)), arguments)


def _show(tape: Tape, arguments: argparse.Namespace) -> int:
    """Print the walk, write the page, and tell by the code whether its gradients are right."""
    if arguments.text:
        say(as_text(tape, arguments.lang, lambda text, state: coloured(text, COLOURS[state], sys.stdout)))
    if arguments.output or not arguments.text:
        _write(
            arguments.output or "explain.html", tape.html(arguments.lang, "engine" if arguments.engine else "lesson")
        )
    return 0 if arguments.mistake is not None else _exit_code(tape)


def _exit_code(tape: Tape) -> int:
    """0 if something could be judged, and all of that is right."""
    found = [check.verdict for check in tape.checks] + [leaf.verdict for leaf in tape.leaves]
    states = {one.state for one in found if one is not None}
    if "MISMATCH" in states:
        notice("a gradient is wrong or missing: look for MISMATCH")
        return FAILED
    if not states & {"exact", "approximate", "kink"}:
        notice("no gradient could be checked, so nothing is proven; the page says why")
        return FAILED
    return 0


def _refuse(arguments: argparse.Namespace, reason: str, others: dict[str, Any]) -> None:
    """OptionError for the options that choose a pass, and for the others that are given."""
    given = {
        "--model": arguments.model, "--run": arguments.folder, "--data": arguments.data, "--image": arguments.image,
        "--sample": arguments.sample, "--label": arguments.label, **others,
    }  # fmt: skip
    for name, value in given.items():
        if value is not None:
            raise OptionError(f"{reason}; leave {name} out")


def _write_worksheet(arguments: argparse.Namespace) -> int:
    others = {
        "--break": arguments.mistake, "--second": arguments.second, "--text": arguments.text or None,
        "--torch": arguments.torch, "--engine": arguments.engine or None,
    }  # fmt: skip
    _refuse(arguments, "--worksheet makes an exercise of its own", others)
    if arguments.worksheet < 0:
        raise OptionError(f"--worksheet must be at least 0, got {arguments.worksheet}")
    sheet = worksheet(arguments.worksheet, arguments.level or 1)
    _write(arguments.output or "worksheet.html", render_worksheet(sheet, arguments.lang))
    return 0


def _write(path: str, page: str) -> None:
    replace_file(path, lambda stream: stream.write(page.encode()))
    notice(f"wrote {Path(path)} ({len(page.encode()) / 1e3:,.0f} KB); open it in a browser")
