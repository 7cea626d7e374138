"""`python -m docs` builds the site in both languages; `python -m docs translate` updates the Korean catalogues."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .build import OUT, BuildError, build
from .translations import faults, update


def main() -> int:
    """Build, or bring the catalogues up to date. 1 if a page has a warning or a string has no Korean."""
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.add_argument("task", nargs="?", choices=["build", "translate"], default="build")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder of the site (default: build/site)")
    arguments = parser.parse_args()
    if arguments.task == "translate":
        update()
        print("\n".join(faults()) or "every string has its Korean")
        return 0
    try:
        build(arguments.out)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {arguments.out}; open {arguments.out / 'index.html'} in a browser")
    return 0


if __name__ == "__main__":
    sys.exit(main())
