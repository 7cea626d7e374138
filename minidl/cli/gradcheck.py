"""`minidl gradcheck`: is the gradient of each parameter the slope of the loss?"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

from ..explain.recording.tape import Leaf
from .console import RED, coloured, say, say_json, table
from .exit_codes import FAILED
from .passes import add_options, chosen_pass, wants_torch


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "gradcheck",
        help="check the gradient of every parameter",
        description="Run one pass and compare the gradient of every parameter, and of the image, with central "
        "differences of the loss in float64. Exit code 1 if one is wrong.",
    )
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Record, check, tell."""
    made = chosen_pass(arguments)
    tape = made.record(torch=wants_torch(arguments))
    leaves = [leaf for leaf in tape.leaves if leaf.verdict is not None]
    if arguments.json:
        say_json([_as_dict(leaf) for leaf in leaves])
    else:
        rows = [["parameter", "shape", "verdict", "max difference", "to PyTorch", "compared"]]
        rows += [_row(leaf) for leaf in leaves]
        if all(row[4] == "" for row in rows[1:]):
            rows = [[*row[:4], row[5]] for row in rows]
        say(f"{made.title}: {made.says['en']}\n{table(rows)}")
    wrong = any(leaf.verdict is not None and leaf.verdict.state == "MISMATCH" for leaf in leaves)
    return FAILED if wrong else 0


def _row(leaf: Leaf) -> list[str]:
    found = _as_dict(leaf)
    torch = "" if found["torch_difference"] is None else f"{found['torch_difference']:.1e}"
    difference = "" if found["max_difference"] is None else f"{found['max_difference']:.1e}"
    verdict = coloured(found["verdict"], RED, sys.stdout) if found["verdict"] == "MISMATCH" else found["verdict"]
    compared = found["compared"] + (f", {found['kinks']} at a kink" if found["kinks"] else "")
    shape = "(" + ", ".join(map(str, found["shape"])) + ")"
    return [found["parameter"], shape, verdict, difference, torch, compared]


def _as_dict(leaf: Leaf) -> dict[str, Any]:
    verdict = leaf.verdict
    assert verdict is not None
    torch = None
    if verdict.torch is not None and verdict.analytic is not None:
        torch = float(np.max(np.abs(verdict.torch - verdict.analytic), initial=0))
    return {
        "parameter": leaf.name or "-",
        "shape": list(leaf.array.shape),
        "verdict": verdict.closeness if verdict.state == "kink" else verdict.state,
        "max_difference": verdict.max_difference,
        "torch_difference": torch,
        "compared": verdict.checked,
        "kinks": verdict.kinks,
    }
