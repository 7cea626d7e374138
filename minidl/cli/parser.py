"""argparse, with a hint if a word is nearly right."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from typing import Any, NoReturn

from ..language import LANGUAGES, translated

LONGEST = 80  # letters of a wrong word that are shown
ELSEWHERE = {  # what other commands call it
    "--device": "--backend", "--gpu": "--backend", "--cuda": "--backend", "--learning-rate": "--lr",
    "--optim": "--optimizer", "--output": "--out", "--dir": "--out", "--decay": "--weight-decay",
}  # fmt: skip


class Parser(argparse.ArgumentParser):
    """A parser that takes options by their full names only and suggests what an unknown word could have been."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, but a verb reports unknown arguments itself, with its own usage and name."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, with a suggestion if there is one, and exit with 2."""
        if wrong := re.fullmatch(r"(argument .*): invalid (int|float) value: (.*)", message):
            found = wrong[3] if len(wrong[3]) <= LONGEST else f"{wrong[3][:LONGEST]}..."
            message = f"{wrong[1]}: must be a {'whole ' if wrong[2] == 'int' else ''}number, got {found}"
        super().error(translated(message + self._suggestion(message)))

    def format_usage(self) -> str:
        """As argparse's, translated."""
        return _usage_translated(super().format_usage())

    def format_help(self) -> str:
        """As argparse's, translated."""
        return _usage_translated(super().format_help())

    def _suggestion(self, message: str) -> str:
        if wrong := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
            known = re.findall(r"[\w.-]+", wrong[2])
        elif wrong := re.search(r"unrecognized arguments: (--[\w-]+)", message):
            known = list(self._option_string_actions)
            if ELSEWHERE.get(wrong[1]) in known:
                return f"; did you mean {ELSEWHERE[wrong[1]]}?"
        else:
            return ""
        near = get_close_matches(wrong[1], known, n=1)
        return f"; did you mean {near[0]}?" if near else ""


def _usage_translated(text: str) -> str:
    word = "usage: "
    return translated(word) + text.removeprefix(word) if text.startswith(word) else text


def add_language(parser: argparse.ArgumentParser) -> None:
    """The option that says in which language the command speaks; a verb may have one of its own."""
    if "--lang" not in parser._option_string_actions:
        parser.add_argument(
            "--lang", choices=LANGUAGES, default=argparse.SUPPRESS,
            help="language (default: MINIDL_LANG, or that of the locale, or en)",
        )  # fmt: skip


def translate(parser: argparse.ArgumentParser) -> None:
    """Put all that the help of the parser says, and of its verbs, into the spoken language."""
    parser.description, parser.epilog = [
        None if text is None else translated(text) for text in (parser.description, parser.epilog)
    ]
    for group in parser._action_groups:
        group.title = translated(group.title or "")
        for action in group._group_actions:
            if isinstance(action, argparse._SubParsersAction):
                for entry in action._choices_actions:
                    entry.help = translated(entry.help or "")
                for verb in action.choices.values():
                    translate(verb)
            if action.help not in (None, argparse.SUPPRESS):
                action.help = translated(action.help)


def add_trust(parser: argparse.ArgumentParser) -> None:
    """The option that lets a run's own Python file be run."""
    parser.add_argument(
        "--trust", action="store_true", help="run the Python file that the run names for its model, now and in future"
    )


def add_own_model(parser: argparse.ArgumentParser) -> None:
    """The two options that let a user's own model be made for a run."""
    parser.add_argument(
        "--model", metavar="FILE.py:NAME", help="the file that makes the run's own model (default: as in training)"
    )
    add_trust(parser)
