"""`minidl gradcheck`: is the gradient of each parameter the slope of the loss?"""

from __future__ import annotations

import argparse
import copy
import sys
from typing import Any

import numpy as np

from ..explain.checks.differences import EXACT, REASONS, how_many
from ..explain.checks.torch_column import torch_tensors
from ..explain.checks.verify import FORGETS, MISSING
from ..explain.teaching.passes import Pass
from ..nn import functional as F
from ..proof.judge import CORNER, JUMP, ROUNDING
from ..proof.parameters import Judged, judge_model
from .console import RED, coloured, notice, say, say_json, table
from .exit_codes import FAILED
from .passes import add_options, chosen_pass, wants_torch


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "gradcheck",
        help="check the gradient of every parameter",
        description="Run the model in float64 and compare the gradient of every parameter, and of the image, with "
        "central differences of the loss. Exit code 0 if some could be judged and all of those are right; 1 if one is "
        "wrong or missing, or if none could be judged.",
    )
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Judge and print."""
    made = chosen_pass(arguments)
    differences = _to_torch(made) if wants_torch(arguments) else {}
    found = {name: _as_dict(name, one, differences.get(name)) for name, one in _judged(made).items()}
    if arguments.json:
        say_json(list(found.values()))
    else:
        rows = [["parameter", "shape", "verdict", "max difference", "to PyTorch", "compared"]]
        rows += [_row(one) for one in found.values()]
        if all(row[4] == "" for row in rows[1:]):
            rows = [[*row[:4], row[5]] for row in rows]
        say(f"{made.title}: {made.says['en']}\n{table(rows)}")
    verdicts = {one["verdict"] for one in found.values()}
    if "MISMATCH" in verdicts:
        return FAILED
    if not verdicts & {"exact", "approximate"}:
        notice("no gradient could be judged by differences, so nothing is proven; try another --sample")
        return FAILED
    return 0


def _judged(made: Pass) -> dict[str, Judged]:
    """The verdicts on the image and the parameters, from a copy of the model in float64."""
    return judge_model(made.model, made.input, lambda scores: F.cross_entropy(scores, made.target))


def _to_torch(made: Pass) -> dict[str, float]:
    """How far each gradient of the pass itself is from PyTorch's, if PyTorch can run the pass."""
    tape = copy.deepcopy(made).unchecked()
    if (found := torch_tensors(tape)) is None:
        return {}
    pairs = [
        (leaf.name, leaf.gradient, tensor.grad)
        for leaf, tensor in zip(tape.leaves, found[1].values())
        if leaf.name and leaf.gradient is not None and tensor.grad is not None
    ]
    return {name: float(np.max(np.abs(ours - theirs.numpy()), initial=0)) for name, ours, theirs in pairs}


def _row(found: dict[str, Any]) -> list[str]:
    torch = "" if found["torch_difference"] is None else f"{found['torch_difference']:.1e}"
    difference = "" if found["max_difference"] is None else f"{found['max_difference']:.1e}"
    verdict = coloured(found["verdict"], RED, sys.stdout) if found["verdict"] == "MISMATCH" else found["verdict"]
    compared = found["compared"] + (f", {found['kinks']} at a kink" if found["kinks"] else "")
    if found["reason"]:
        compared = f"{found['reason']} ({compared})"
    shape = "(" + ", ".join(map(str, found["shape"])) + ")"
    return [found["parameter"], shape, verdict, difference, torch, compared]


def _as_dict(name: str, found: Judged, torch: float | None) -> dict[str, Any]:
    judgement = found.judgement
    looked_at = judgement.told if found.wrong else judgement.right
    shown = looked_at & np.isfinite(judgement.yours) & np.isfinite(judgement.differences)
    error = np.abs(judgement.yours - judgement.differences)[shown]
    size = found.size
    return {
        "parameter": name,
        "shape": list(found.shape),
        "verdict": _verdict(found),
        "max_difference": float(np.max(error)) if error.size else None,
        "torch_difference": torch,
        "compared": how_many(size, None if len(judgement.places) == size else judgement.places),
        "kinks": sum(finding.verdict in (CORNER, JUMP) for finding in judgement.findings),
        "reason": _reason(found),
    }


def _verdict(found: Judged) -> str:
    """exact, approximate, MISMATCH or not checked."""
    if found.wrong:
        return "MISMATCH"
    judgement = found.judgement
    if not found.told:
        return "not checked"
    right = judgement.right
    error = np.abs(judgement.yours - judgement.differences)[right]
    noise = max((f.noise for f in judgement.findings if np.isfinite(f.noise)), default=0.0)
    scale = float(np.max(np.abs(judgement.yours[right]), initial=0))
    return "exact" if (error <= EXACT * scale + noise).all() else "approximate"


def _reason(found: Judged) -> str | None:
    """Why a gradient is wrong or cannot be judged, if a reason is known."""
    if found.wrong:
        return MISSING if found.missing else FORGETS if found.judgement.forgets_dz else None
    if found.told:
        return "no gradient, and the loss does not depend on it" if found.missing and found.size else None
    reason = next(iter(found.judgement.reasons), ROUNDING)
    return REASONS.get(reason, reason)
