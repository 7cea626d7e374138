"""Strokes for tests: digits traced along the skeletons of MNIST's own, and shapes that are no digit."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from tests.support.photos import thinned

Stroke = list[tuple[float, float]]

CURVES = 4  # the image is traced this many times as large
SHORT = 0.07  # of the pad: a branch of the skeleton this short is a spur
TREND = 6  # pixels back over which a line's direction is taken


def skeleton(image: np.ndarray) -> np.ndarray:
    """The middle of the strokes of a digit `(28, 28)` uint8, one pixel wide, `(112, 112)` bool."""
    large = cv2.resize(image, None, fx=CURVES, fy=CURVES, interpolation=cv2.INTER_CUBIC)
    return thinned(cv2.GaussianBlur(large, (0, 0), 1) > 128)


def traced(image: np.ndarray) -> list[Stroke]:
    """The strokes that draw this digit, each a list of (x, y) from 0 to 1, longest first."""
    points = {(int(y), int(x)) for y, x in np.argwhere(skeleton(image))}
    around = [(-1, 0), (0, 1), (1, 0), (0, -1), (-1, -1), (-1, 1), (1, 1), (1, -1)]

    def neighbours(p: tuple[int, int], among: set[tuple[int, int]]) -> list[tuple[int, int]]:
        return [q for q in ((p[0] + a, p[1] + b) for a, b in around) if q in among]

    left, paths = set(points), []
    while left:
        ends = [p for p in left if len(neighbours(p, left)) == 1]
        at = min(ends or left)
        path, heading = [at], np.zeros(2)
        left.discard(at)
        while near := neighbours(at, left):
            at = max(
                near,
                key=lambda q: (
                    float(np.dot(heading, np.subtract(q, path[-1])))
                    - 0.01 * around.index((q[0] - path[-1][0], q[1] - path[-1][1]))
                ),
            )
            path.append(at)
            left.discard(at)
            heading = np.subtract(path[-1], path[max(0, len(path) - TREND)]).astype(float)
        touching = [q for q in neighbours(path[-1], points) if q not in path[-3:]]
        if touching:
            path.append(touching[0])  # closes a loop, or meets an older stroke
        paths.append(path)
    side = 28 * CURVES
    strokes = [
        [((x + 0.5) / side, (y + 0.5) / side) for y, x in path[:: 3 if len(path) > 8 else 1] + path[-1:]]
        for path in paths
    ]
    long = [s for s in strokes if length(s) > SHORT]
    return sorted(long or strokes, key=length, reverse=True)


def length(stroke: Stroke) -> float:
    return float(sum(np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(stroke)))


SHAPES: dict[str, list[Stroke]] = {
    "A": [[(0.25, 0.85), (0.5, 0.15), (0.75, 0.85)], [(0.35, 0.6), (0.66, 0.6)]],
    "E": [[(0.7, 0.15), (0.3, 0.15), (0.3, 0.85), (0.7, 0.85)], [(0.3, 0.5), (0.62, 0.5)]],
    "F": [[(0.7, 0.15), (0.3, 0.15), (0.3, 0.85)], [(0.3, 0.5), (0.62, 0.5)]],
    "H": [[(0.28, 0.15), (0.28, 0.85)], [(0.72, 0.15), (0.72, 0.85)], [(0.28, 0.5), (0.72, 0.5)]],
    "K": [[(0.3, 0.15), (0.3, 0.85)], [(0.7, 0.15), (0.3, 0.55)], [(0.42, 0.44), (0.72, 0.85)]],
    "M": [[(0.2, 0.85), (0.25, 0.15), (0.5, 0.6), (0.75, 0.15), (0.8, 0.85)]],
    "N": [[(0.27, 0.85), (0.27, 0.15), (0.73, 0.85), (0.73, 0.15)]],
    "P": [[(0.3, 0.85), (0.3, 0.15), (0.6, 0.17), (0.7, 0.32), (0.6, 0.48), (0.3, 0.5)]],
    "R": [[(0.3, 0.85), (0.3, 0.15), (0.6, 0.17), (0.7, 0.32), (0.6, 0.48), (0.3, 0.5), (0.72, 0.85)]],
    "T": [[(0.22, 0.17), (0.78, 0.17)], [(0.5, 0.17), (0.5, 0.85)]],
    "U": [[(0.27, 0.15), (0.27, 0.6), (0.35, 0.8), (0.5, 0.86), (0.65, 0.8), (0.73, 0.6), (0.73, 0.15)]],
    "W": [[(0.15, 0.2), (0.32, 0.82), (0.5, 0.4), (0.68, 0.82), (0.85, 0.2)]],
    "X": [[(0.25, 0.17), (0.75, 0.85)], [(0.75, 0.17), (0.25, 0.85)]],
    "Y": [[(0.25, 0.15), (0.5, 0.5)], [(0.75, 0.15), (0.5, 0.5), (0.5, 0.87)]],
    "house": [[(0.25, 0.85), (0.25, 0.45), (0.5, 0.15), (0.75, 0.45), (0.75, 0.85), (0.25, 0.85)]],
    "heart": [[(0.5, 0.35), (0.4, 0.2), (0.25, 0.22), (0.2, 0.4), (0.33, 0.6), (0.5, 0.82), (0.67, 0.6), (0.8, 0.4),
               (0.75, 0.22), (0.6, 0.2), (0.5, 0.35)]],
    "star": [[(0.3, 0.85), (0.5, 0.15), (0.7, 0.85), (0.18, 0.42), (0.82, 0.42), (0.3, 0.85)]],
    "triangle": [[(0.2, 0.8), (0.5, 0.2), (0.8, 0.8), (0.2, 0.8)]],
    "tick": [[(0.2, 0.55), (0.4, 0.8), (0.8, 0.2)]],
    "cross in a box": [[(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.25)],
                       [(0.25, 0.25), (0.75, 0.75)], [(0.75, 0.25), (0.25, 0.75)]],
}  # fmt: skip


def jittered(strokes: list[Stroke], random: np.random.Generator, amount: float = 0.012) -> list[Stroke]:
    """The strokes as a hand repeats them: moved, scaled, turned and trembling a little; dense in points."""
    angle, scale = random.uniform(-0.12, 0.12), random.uniform(0.8, 1.05)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    move = random.uniform(-0.05, 0.05, 2)
    made = []
    for stroke in strokes:
        points = [np.array(stroke[0])]
        for a, b in pairwise(stroke):
            steps = max(1, round(float(np.hypot(b[0] - a[0], b[1] - a[1])) / 0.04))
            points += [np.array(a) + (np.array(b) - a) * (k + 1) / steps for k in range(steps)]
        placed = [turn @ (p - 0.5) + 0.5 + move + random.normal(0, amount / 2, 2) for p in points]
        made.append([(float(np.clip(x, 0.04, 0.96)), float(np.clip(y, 0.04, 0.96))) for x, y in placed])
    return made
