"""The `minidl` command: one file a verb, each a thin caller of the package.

Results go to stdout, progress and notices to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 backend not
available, 4 data or checkpoint missing or damaged, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .._version import __version__
from ..errors import BackendError, CheckpointError, DataError, MinidlError
from ..models.networks import UnknownModelError
from . import bench, data, doctor, explain, gradcheck, predict, summary, test, train
from .console import complain, fit_to_console, notice
from .parser import Parser, UsageError

DONE, FAILED, USAGE, NO_BACKEND, NO_DATA, INTERRUPTED = 0, 1, 2, 3, 4, 130


def make_parser() -> Parser:
    """The parser of the whole command; each verb adds its own part."""
    parser = Parser(
        prog="minidl",
        description="Train a network on MNIST by handwritten backpropagation, test it, let it read photos of digits.",
        epilog="exit codes: 0 done, 1 failed, 2 wrong usage, 3 backend not available, 4 data missing or damaged, "
        "130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"minidl {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in (train, test, predict, summary, explain, gradcheck, data, doctor, bench):
        verb.add_to(verbs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (default: the process's own) and return its exit code."""
    fit_to_console()
    try:
        words = sys.argv[1:] if arguments is None else list(arguments)
        if not words:
            make_parser().print_help(sys.stderr)
            return USAGE
        parsed = make_parser().parse_args(words)
        return parsed.run(parsed)
    except KeyboardInterrupt:
        notice("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the results has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except MinidlError as error:
        complain(str(error))
        return exit_code(error)
    except OSError as error:
        complain(f"{error.filename or 'a file'}: {error.strerror or error}")
        return FAILED


def exit_code(error: MinidlError) -> int:
    """What kind of failure it was."""
    if isinstance(error, UsageError | UnknownModelError):
        return USAGE
    if isinstance(error, BackendError):
        return NO_BACKEND
    return NO_DATA if isinstance(error, DataError | CheckpointError) else FAILED
