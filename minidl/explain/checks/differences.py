"""Which elements of a gradient are compared, and the verdict on them for a tape."""

from __future__ import annotations

import numpy as np

from ...proof.judge import CORNER, EDGE, JUMP, NOT_FINITE, RIGHT, ROUNDING, Judgement
from ..recording.tape import Verdict

EXACT = 1e-6  # how far differences in float64 may be from an exact gradient, relative to the largest
EXACT_ROUNDINGS = 64  # roundings of the pass's dtype
CANCELLED = 8  # roundings of the largest sum of magnitudes behind an element, where its terms cancel
SAMPLE, LEAST = 120, 6  # elements of a larger gradient that are compared: in a small pass, and at least
WORK = 2_500_000_000  # elements that the replays for all gradients may touch, before fewer are compared

FAINT = "too small beside the function itself for differences in float64"
NO_NUMBERS = "the pass holds NaN or infinity here"
AT_A_JUMP = "at a jump, where there is no slope"
AT_AN_EDGE = "at the edge of where the function is defined"
REASONS = {ROUNDING: FAINT, JUMP: AT_A_JUMP, EDGE: AT_AN_EDGE, NOT_FINITE: NO_NUMBERS}


def how_many(size: int, places: np.ndarray | None) -> str:
    """Which elements were compared, in words."""
    if places is None:
        return f"all {size:,} elements" if size != 1 else "the only element"
    return f"{len(places)} of {size:,} elements, seed 0"


def sample_size(elements: int, gradients: int) -> int:
    """How many elements of each gradient to compare in a pass of that size: fewer in a large one.

    >>> sample_size(60_000, 31), sample_size(6_000_000, 31)
    (120, 13)
    """
    return max(LEAST, min(SAMPLE, WORK // max(elements * gradients, 1)))


def verdict(
    found: Judgement, recorded: np.ndarray, claims: np.ndarray, places: np.ndarray | None, wrong: bool
) -> Verdict:
    """The verdict of the differences on a gradient.

    Args:
        found: the judge's findings on the gradient in float64.
        recorded: the gradient of the pass, in its dtype; it is shown.
        claims: the same in float64; it is judged.
        places: the elements that were compared; None for all of them.
        wrong: whether this is a mismatch.
    """
    here = recorded.ravel()[found.places].astype(np.float64)
    corners = np.array([f.verdict in (CORNER, JUMP) for f in found.findings], bool)
    with np.errstate(invalid="ignore"):
        error = np.abs(here - found.differences)
    close = _is_close(found, recorded, claims, corners)
    state = "MISMATCH" if wrong else _state(found, corners, close, recorded.size)
    checked = how_many(recorded.size, places)
    if state == "not checked":
        checked = REASONS.get(next(iter(found.reasons), NOT_FINITE), FAINT)
    return Verdict(
        state, checked, here, found.differences, None, places, float(np.max(error[~corners], initial=0.0)),
        int(corners.sum()), close,
    )  # fmt: skip


def _state(found: Judgement, corners: np.ndarray, close: str, size: int) -> str:
    told = bool(found.told.any()) or not size
    if not told and not corners.any():
        return "not checked"
    if not told and all(f.verdict == JUMP for f in found.findings):
        return "not checked"
    return "kink" if corners.any() else close


def _is_close(found: Judgement, recorded: np.ndarray, claims: np.ndarray, corners: np.ndarray) -> str:
    """How well a right gradient agrees: "exact" (up to rounding of the pass's dtype and of the differences) or less."""
    right = np.array([f.verdict == RIGHT for f in found.first], bool) & ~corners
    here, exact = (x.ravel()[found.places].astype(np.float64) for x in (recorded, claims))
    scale = float(np.max(np.abs(exact[right]), initial=0))
    reach = max((f.reach for f in found.first if np.isfinite(f.reach)), default=0.0)
    noise = max((f.noise for f in found.first if np.isfinite(f.noise)), default=0.0)
    eps = float(np.finfo(recorded.dtype).eps)
    rounding = eps * max(EXACT_ROUNDINGS * scale, CANCELLED * reach)
    as_in_float64 = np.abs(here - exact)[right] <= rounding
    as_differences = np.abs(exact - found.differences)[right] <= EXACT * scale + noise
    return "exact" if as_in_float64.all() and as_differences.all() else "approximate"
