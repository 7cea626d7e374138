"""Measure every suite, then write the tables of README.md: `python benchmarks/run.py`.

    python benchmarks/run.py --suite lecture --suite epoch --data DIR    # only these
    python benchmarks/run.py --suite lecture --avx2                      # as on a machine without AVX-512
    python benchmarks/run.py --tables                                    # measure nothing, only rewrite the tables

The results go to results/SUITE.json and results/SUITE.png (SUITE-avx2 with `--avx2`); the tables are made from those
files alone. With `--quick` nothing is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from minidl import cuda
from minidl.bench import figures, report
from minidl.bench.machine import AVX2
from minidl.bench.session import SUITES, Request, measure
from minidl.errors import MinidlError
from minidl.files import replace_file

HERE = Path(__file__).parent
RESULTS = HERE / "results"
DIGITS = 5  # digits kept of a time
IN_A_FILE_OF_ITS_OWN = ("ops", "times")  # some 500 lines
ON_MNIST = ("epoch", "to98")  # each has one table, whose title tells how many images there were
NOT_MEASURED = "not measured yet"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the suites and write the tables of benchmarks/README.md.")
    parser.add_argument("--suite", action="append", choices=tuple(SUITES), help="(default: all that can run here)")
    parser.add_argument("--tables", action="store_true", help="measure nothing, only write the tables")
    parser.add_argument("--data", metavar="DIR", help="MNIST's files, for epoch and to98")
    parser.add_argument("--threads", type=int, help="threads of every contestant (default: all cores)")
    parser.add_argument("--avx2", action="store_true", help="hold NumPy's BLAS and PyTorch to AVX2")
    parser.add_argument("--quick", action="store_true", help="few, short rounds, to see that it works; keeps nothing")
    arguments = parser.parse_args()
    if arguments.avx2 and not AVX2.items() <= os.environ.items():  # to be known before these libraries are loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | AVX2)
    failed = False
    for suite in [] if arguments.tables else arguments.suite or possible():
        try:
            run(suite, arguments)
        except MinidlError as error:
            print(f"{suite}: {error}", file=sys.stderr)
            failed = True
    if not arguments.quick:
        write_tables()
    return int(failed)


def possible() -> list[str]:
    """All suites; the GPU's only if there is a GPU."""
    return [suite for suite in SUITES if suite != "cpu-gpu" or cuda.is_available()]


def run(suite: str, arguments: argparse.Namespace) -> None:
    """Measure one suite and keep the results."""
    request = Request.checked(
        suite=suite,
        against=None if suite == "cpu-gpu" else "torch",
        threads=arguments.threads,
        data=arguments.data if suite in ON_MNIST else None,
        quick=arguments.quick,
        tell=lambda line: print(f"{suite}: {line}", file=sys.stderr, flush=True),
    )
    found = measure(request)
    if arguments.quick:
        return
    found["machine"]["versions"]["minidl"] += commit()
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(rounded(found), ensure_ascii=False) + "\n"
    name = f"{suite}-avx2" if arguments.avx2 else suite
    replace_file(RESULTS / f"{name}.json", lambda stream: stream.write(text.encode()))
    figures.draw(found, RESULTS / f"{name}.png")


def commit() -> str:
    """The source that was measured, if git knows it."""

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *words], cwd=HERE.parent, capture_output=True, text=True, check=False)

    described = git("describe", "--always", "--exclude=*")
    if described.returncode != 0:
        return ""
    changed = git("diff", "--quiet", "HEAD", "--", "minidl").returncode != 0
    return f" ({described.stdout.strip()}{', changed' if changed else ''})"


def rounded(content: Any) -> Any:
    """The same with its floats rounded to a few digits."""
    if isinstance(content, dict):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in content]
    return float(f"{content:.{DIGITS}g}") if isinstance(content, float) else content


def write_tables() -> None:
    """Fill each `<!-- SUITE: TABLE -->` ... `<!-- end -->` of README.md from the results."""
    readme = HERE / "README.md"
    lines, inside = [], False
    for line in readme.read_text(encoding="utf-8").splitlines():
        if line == "<!-- end -->":
            inside = False
        if not inside:
            lines.append(line)
        if line.startswith("<!-- ") and ": " in line:
            suite, _, title = line.removeprefix("<!-- ").removesuffix(" -->").partition(": ")
            lines += ["", content(suite, title), ""]
            inside = True
    replace_file(readme, lambda stream: stream.write(("\n".join(lines) + "\n").encode()))


def content(suite: str, title: str) -> str:
    """A suite's table, or what it was measured on (`machine`)."""
    path = RESULTS / f"{suite}.json"
    if not path.exists():
        return NOT_MEASURED
    found = json.loads(path.read_text(encoding="utf-8"))
    if title == "machine":
        return "\n".join(f"* {line}" for line in report.heading(found))
    tables = report.tables(found)
    table = next(iter(tables.values())) if title in ON_MNIST else tables[title]
    if (suite, title) == IN_A_FILE_OF_ITS_OWN:
        text = "\n".join(["# Every operation", "", *report.heading(found), "", report.markdown(table), ""])
        replace_file(HERE / "OPS.md", lambda stream: stream.write(text.encode()))
        return f"{len(table) - 1} rows, in [OPS.md](OPS.md)."
    return report.markdown(table) if len(table) > 1 else "none"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; finished suites are kept, the tables are not written")
