"""python -m labs: list the labs, check them, build their notebooks, write the lesson page that they link to."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from nbclient.exceptions import CellExecutionError

from minidl.cli import main as minidl_command

from .build import HERE, all_labs, build
from .pairs import LANGUAGES
from .rules import differing_results, faults


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m labs", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="letters and folders")
    verbs.add_parser("lesson", help="write lesson.ko.html and lesson.en.html, to which the labs link")
    check = verbs.add_parser("check", help="what a lab lacks, without running it")
    make = verbs.add_parser("build", help="write the executed notebooks")
    for verb in (check, make):
        verb.add_argument("letters", nargs="*", type=str.upper, metavar="LETTER", help="which labs (default: all)")
    make.add_argument("--language", choices=LANGUAGES, help="only this one")
    make.add_argument("--figures", type=Path, metavar="DIR", help="write all pictures there too, to look at them")
    make.add_argument("--quick", action="store_true", help="train less, and write no notebook: does it run?")
    arguments = parser.parse_args(words)
    if arguments.verb == "lesson":
        return write_lesson()
    labs = all_labs()
    if unknown := set(getattr(arguments, "letters", ())) - set(labs):
        parser.error(f"no lab {', '.join(sorted(unknown))}; there are {', '.join(labs)}")
    chosen = {letter: labs[letter] for letter in getattr(arguments, "letters", ()) or labs}
    if arguments.verb == "list":
        print("\n".join(f"{letter}  {folder.name}" for letter, folder in chosen.items()))
        return 0
    if arguments.verb == "check":
        found = [f"{letter}: {fault}" for letter, folder in chosen.items() for fault in faults(folder)]
        print("\n".join(found) or "nothing is missing")
        return 1 if found else 0
    return build_all(chosen, [arguments.language] if arguments.language else LANGUAGES, arguments)


def build_all(chosen: dict[str, Path], languages: list[str] | tuple[str, ...], arguments: argparse.Namespace) -> int:
    code = 0
    for letter, folder in chosen.items():
        runs = []
        for language in languages:
            start = time.perf_counter()
            try:
                runs.append(build(folder, language, quick=arguments.quick, figures=arguments.figures))
            except CellExecutionError as error:
                print(f"{letter} {language}: {error}", file=sys.stderr)
                code = 1
            else:
                print(f"{letter} {language}: {time.perf_counter() - start:.0f} s", flush=True)
        if differing := [name for run in runs[1:] for name in differing_results(runs[0], run)]:
            print(f"{letter}: not the same in both runs: {', '.join(differing)}", file=sys.stderr)
            code = 1
    return code


def write_lesson() -> int:
    """The lesson page of both languages, beside the labs' folders."""
    words = ["explain", "--sample", "0", "--no-torch", "--lang"]
    return max(
        minidl_command([*words, language, "-o", str(HERE / f"lesson.{language}.html")]) for language in LANGUAGES
    )


if __name__ == "__main__":
    sys.exit(main())
