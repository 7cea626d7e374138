"""`minidl data`: fetch the data set, or verify the files of one."""

from __future__ import annotations

import argparse
from typing import Any

from ..data.datasets import DATASETS, FolderReport, fetch, verify
from ..training.options import OptionError
from .console import notice, say, say_json, table
from .exit_codes import DONE, NO_DATA


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "data", help="fetch or verify the data set", description="Download MNIST, or check its files by SHA-256."
    )
    parser.add_argument(
        "action", choices=("fetch", "verify"), help="fetch: download what is missing; verify: check only"
    )
    parser.add_argument("dataset", nargs="?", choices=tuple(DATASETS), default="mnist", help="(default: mnist)")
    parser.add_argument("--data", metavar="DIR", help="the folder (default: MINIDL_DATA, else the platform's cache)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Fetch or verify, then report on each file; 4 if one is missing, damaged, or not the published one."""
    if arguments.data == "":
        raise OptionError("--data is empty; name a folder, or leave it out")
    if arguments.action == "fetch":
        report = fetch(arguments.dataset, arguments.data)
    else:
        report = verify(arguments.data, arguments.dataset)
    if arguments.json:
        say_json(_as_dict(report))
    else:
        say(table([[file.status, str(file.path or file.name), file.detail] for file in report.files]))
    if not report.ok and arguments.action == "verify":
        where = "" if arguments.data is None else f" --data {arguments.data}"
        notice(f"to download what is missing or cannot be read: minidl data fetch {arguments.dataset}{where}")
    return DONE if report.ok else NO_DATA


def _as_dict(report: FolderReport) -> dict[str, Any]:
    files = [{**vars(file), "path": None if file.path is None else str(file.path)} for file in report.files]
    return {"source": report.source, "folder": str(report.folder), "ok": report.ok, "files": files}
