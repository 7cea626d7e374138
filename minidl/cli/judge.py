"""`minidl judge`: a backward of one's own, judged by central differences and the plain loops."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..explain.teaching.judge import report, scores, stub
from ..explain.teaching.judge.exercise import Exercise
from ..explain.teaching.judge.exercises import NAMES, find
from ..explain.teaching.judge.layout import NARROWEST, WIDEST
from ..explain.teaching.judge.process import SECONDS
from ..explain.teaching.judge.session import Judged, judge_file
from ..explain.teaching.judge.words import SAYS
from ..files import check_regular, replace_file
from ..language import LANGUAGES, chosen_language
from ..training.options import OptionError
from .console import RED, coloured, notice, say
from .exit_codes import DONE, FAILED

GREEN = "32"
COLOURS = {"right": GREEN, "wrong": RED}
PYTHON = ".py"


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "judge",
        help="judge a backward that you write",
        description=f"Exercises in backpropagation, {len(NAMES)} of them in order of difficulty: write the backward of "
        "an operation in NumPy, and have it judged by central differences and by plain loops. It runs your own code on "
        "your own machine, in a process of its own with a time limit. Exit code 0 if it is right, 1 if not.",
    )
    parser.add_argument("name", metavar="list|NAME", help="an exercise, or list to see them all")
    parser.add_argument("--file", metavar="ANSWER.py", help="judge this file; without it, the exercise is shown")
    parser.add_argument("--stub", action="store_true", help="write the file to start from")
    parser.add_argument("--both", action="store_true", help="with --stub: leave the forward to be written too")
    parser.add_argument("-o", "--output", metavar="FILE.py", help="with --stub: its name (default: NAME.py)")
    parser.add_argument(
        "--hint", type=int, nargs="?", const=1, choices=(1, 2), help="show the first hint, or the second"
    )
    parser.add_argument("--seconds", type=float, help=f"the time limit of --file (default: {SECONDS:g})")
    parser.add_argument(
        "--class", dest="scores", metavar="SCORES.csv", help="with --file: add the verdict to a score sheet"
    )
    parser.add_argument("--name", dest="student", help="with --class: whose answer it is (default: the file's name)")
    parser.add_argument(
        "--lang", choices=LANGUAGES, help="language (default: MINIDL_LANG, or that of the locale, or en)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show, write a stub, hint or judge."""
    try:
        lang = chosen_language(arguments.lang)
        exercise = None if arguments.name == "list" else find(arguments.name)
    except ArgumentError as error:
        raise OptionError(str(error)) from error
    _check(arguments)
    columns = min(max(shutil.get_terminal_size((80, 24)).columns - 1, NARROWEST), WIDEST)
    if exercise is None:
        say(report.listing(lang, columns))
        return DONE
    if arguments.stub:
        _write_stub(exercise, arguments, lang)
    code = DONE
    if arguments.file is not None:
        code = _judge(exercise, arguments, lang, columns)
    elif not arguments.stub and arguments.hint is None:
        say(report.statement(exercise, lang, columns))
    if arguments.hint is not None:
        say(("\n" if arguments.file is not None else "") + report.hint(exercise, arguments.hint, lang, columns))
    return code


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that would do nothing here."""
    of_file = {"--class": arguments.scores, "--seconds": arguments.seconds}
    of_stub = {"--both": arguments.both or None, "--output": arguments.output}
    given = {"--file": arguments.file, "--stub": arguments.stub or None, "--hint": arguments.hint, **of_file, **of_stub}
    if arguments.name == "list":
        for name, value in given.items():
            if value is not None:
                raise OptionError(f"list takes no {name}; name an exercise")
    for needed, options in (("--file", of_file), ("--stub", of_stub), ("--class", {"--name": arguments.student})):
        for name, value in options.items():
            if value is not None and not getattr(arguments, {"--class": "scores"}.get(needed, needed[2:])):
                raise OptionError(f"{name} needs {needed}")
    if arguments.stub and arguments.file is not None:
        raise OptionError("--stub begins a file, --file judges one; give one of them")
    if arguments.seconds is not None and not 0 < arguments.seconds <= 3600:
        raise OptionError(f"--seconds must be more than 0 and at most 3600, got {arguments.seconds:g}")


def _write_stub(exercise: Exercise, arguments: argparse.Namespace, lang: str) -> None:
    path = Path(arguments.output or exercise.name + PYTHON)
    if path.exists():
        raise OptionError(f"{path} is there already, with an answer perhaps; name another file by -o")
    text = stub.stub(exercise, lang, arguments.both)
    replace_file(path, lambda stream: stream.write(text.encode()))
    notice(f"wrote {path}")


def _judge(exercise: Exercise, arguments: argparse.Namespace, lang: str, columns: int) -> int:
    path, seconds = arguments.file, SECONDS if arguments.seconds is None else arguments.seconds
    try:
        check_regular(path)
    except (OSError, ValueError) as error:
        raise OptionError(f"--file {path}: {getattr(error, 'strerror', None) or error}") from error
    if arguments.scores is not None:
        _refused(scores.check, arguments.scores)
    notice(SAYS["runs"][lang].format(path=path, seconds=seconds))
    judged = judge_file(exercise, os.path.abspath(path), seconds)
    paint = lambda text, state: coloured(text, COLOURS[state], sys.stdout)  # noqa: E731
    say(report.report(judged.verdict, lang, columns, paint, judged.printed))
    if arguments.scores is not None:
        _enter(exercise, arguments, judged)
    return DONE if judged.verdict.right else FAILED


def _refused(check: Any, path: str) -> None:
    try:
        check(path)
    except ArgumentError as error:
        raise OptionError(str(error)) from error


def _enter(exercise: Exercise, arguments: argparse.Namespace, judged: Judged) -> None:
    verdict = judged.verdict
    word = "right" if verdict.right else "wrong" if verdict.problem is None else verdict.problem.kind
    cause = " ".join(cause.key for cause in verdict.causes)
    student = arguments.student or Path(arguments.file).stem
    scores.enter(arguments.scores, student, exercise.name, word, cause, judged.seconds)
