"""`minidl doctor`: is this machine ready, and does its GPU compute what NumPy does?"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from ..doctor import Finding, examine
from ..doctor.selftest import certificate
from ..files import write_json
from ..language import translated
from .console import notice, say, say_json, table
from .exit_codes import FAILED


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "doctor",
        help="check this machine and its GPU",
        description="Look at Python, NumPy's BLAS, OpenCV, data, disk, driver, CUDA and CuPy: each line OK, WARN or "
        "FAIL, with the command that fixes it. Exit code 1 if a line is FAIL.",
    )
    parser.add_argument(
        "--selftest", action="store_true", help="also compare operations, layers and optimizers on the GPU with NumPy's"
    )
    parser.add_argument(
        "--out", metavar="FILE", default="minidl-certificate.json", help="the certificate (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Examine, self-test if asked, report; 1 if something failed."""
    findings = examine()
    if not arguments.json:
        say(_report(findings))
    failed = any(finding.status == "FAIL" for finding in findings)
    made: dict[str, Any] | None = None
    if arguments.selftest:
        made = certificate()
        write_json(arguments.out, made)
        failed = failed or not made["passed"]
        notice(f"certificate written to {arguments.out}")
    if arguments.json:
        say_json({"findings": [asdict(finding) for finding in findings], "selftest": made})
    elif made is not None:
        say(_told(made))
    return FAILED if failed else 0


def _report(findings: list[Finding]) -> str:
    lines = table([[one.status, translated(one.part), translated(one.detail)] for one in findings]).splitlines()
    for i in reversed(range(len(findings))):  # a remedy for several lines in a row is shown once, below them
        remedy = findings[i].remedy
        if remedy and (i + 1 == len(findings) or findings[i + 1].remedy != remedy):
            lines.insert(i + 1, f"      -> {translated(remedy)}")
    return "\n".join(lines)


def _told(made: dict[str, Any]) -> str:
    wrong = [check for check in made["checks"] if not check["passed"]]
    lines = [
        f"FAIL  {check['name']}, {check['dtype']}: "
        + (check["error"] or f"differs by {check['difference']:.1e}, more than {check['tolerance']:.0e}")
        for check in wrong
    ]
    lines.append(f"self-test on {made['device']}: {len(made['checks']) - len(wrong)} of {len(made['checks'])} passed")
    if made["emulated"]:
        lines.append("this device is imitated in host memory: it says nothing about a real GPU")
    return "\n".join(lines)
