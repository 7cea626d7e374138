"""The `minidl` command: one file per verb, each a thin caller of the package.

Results go to stdout, progress and notices to stderr; `exit_codes` lists the exit codes.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from .._starting import end_starting
from .._version import __version__
from ..backend.numpy.threads import get_num_threads
from ..errors import ArgumentError, MinidlError
from ..language import LANGUAGES, chosen_language, speak
from ..training.options import OptionError
from . import bench, data, doctor, explain, export, gradcheck, judge, predict, serve, shrink, summary, test, train
from .console import complain, fit_to_console, notice
from .exit_codes import FAILED, INTERRUPTED, SUMMARY, USAGE, exit_code
from .parser import Parser, add_language, translate
from .together import started_by_mpi, together

VERBS = (  # as `minidl --help` lists them
    train, test, predict, export, shrink, serve, summary, explain, gradcheck, judge, data, doctor, bench,
)  # fmt: skip
TRACEBACK = "MINIDL_TRACEBACK"  # set to anything: errors show where they came from


def make_parser() -> Parser:
    """The parser of the entire command; each verb adds its own part."""
    parser = Parser(
        prog="minidl",
        description="Train a network on MNIST by handwritten backpropagation, test it, let it read photos of digits.",
        epilog=f"{SUMMARY}. {TRACEBACK}=1 shows where an error came from.",
    )
    parser.add_argument("--version", action="version", version=f"minidl {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS:
        verb.add_to(verbs)
    for each in (parser, *verbs.choices.values()):
        add_language(each)
    translate(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (default: the process's own) and return its exit code."""
    end_starting()
    fit_to_console()
    try:
        if arguments is None:
            _open_standard_handles()
        words = sys.argv[1:] if arguments is None else list(arguments)
        speak("en")  # until the language is known
        speak(_language(words))
        if _verb(words) == "train" and started_by_mpi():
            return together(lambda: _run(words), _tell)
        return _run(words)
    except (KeyboardInterrupt, Exception) as error:
        return _tell(error)


def _tell(error: BaseException) -> int:
    """Print what went wrong, in one line, and return its exit code."""
    if isinstance(error, KeyboardInterrupt):
        notice("interrupted")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):  # the reader of the results has gone
        return FAILED
    _show_traceback(error)
    if isinstance(error, MinidlError):
        complain(str(error))
        return exit_code(error)
    if isinstance(error, MemoryError):
        complain("there is not enough memory for this; try fewer images at a time, or a smaller network")
    elif isinstance(error, OSError):
        complain(f"{error.filename or 'a file'}: {error.strerror or error}")
    else:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        complain(
            f"{type(error).__name__}: {error} ({frame.filename}, line {frame.lineno}); this is a bug in minidl; "
            f"{TRACEBACK}=1 shows where it came from"
        )
    return FAILED


def _run(words: list[str]) -> int:
    if not words:
        with suppress(OSError):
            make_parser().print_help(sys.stderr)
        return USAGE
    parsed = make_parser().parse_args(words)
    get_num_threads()  # so that a wrong MINIDL_NUM_THREADS is reported before any work
    return parsed.run(parsed)


def _verb(words: list[str]) -> str | None:
    """The first word that is no option, nor the language that one asks for."""
    return next((word for word in words if not word.startswith("-") and word not in LANGUAGES), None)


def _language(words: list[str]) -> str:
    """The language asked for by --lang, which the help itself must know; else the one of the surroundings.

    A console that cannot show Hangul is spoken to in English, unless Korean is asked for by name.
    """
    asked = [word.partition("=")[2] for word in words if word.startswith("--lang=")]
    asked += [after for word, after in pairwise(words) if word == "--lang"]
    if asked and asked[-1] in LANGUAGES:
        return asked[-1]
    try:
        found = chosen_language()
    except ArgumentError as error:
        raise OptionError(str(error)) from None
    if found == "ko" and not os.environ.get("MINIDL_LANG"):
        try:
            "한".encode(getattr(sys.stderr, "encoding", None) or "ascii")
        except UnicodeEncodeError:
            return "en"
    return found


def _show_traceback(error: BaseException) -> None:
    if os.environ.get(TRACEBACK):
        with suppress(OSError, ValueError):
            traceback.print_exception(error)


def _open_standard_handles() -> None:
    """Open the null device as 0, 1 and 2 if they are closed, before a file of ours gets one of these numbers."""
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
