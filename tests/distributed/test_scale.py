"""The schedule that scripts/scale.py simulates."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCALE = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "scale.py"), run_name="scale")


def test_a_bucket_moves_while_the_next_is_computed():
    step = SCALE["shared_step"]
    assert step([1.0, 3.0], 3.0, 0.5, [1.0, 1.0]) == 4.5, "the first is hidden"
    assert step([1.0, 3.0], 3.0, 0.5, [4.0, 1.0]) == 6.5, "the second waits for the first"
    assert step([1.0, 2.0], 9.0, 0.5, [1.0, 1.0]) == 9.5, "all is hidden"
    assert step([1.0, 3.0], 3.0, 0.5, [1.0, 1.0], own_wires=False) == 5.5


def test_ring_and_tree():
    assert SCALE["ring"](2, 100, 1, 10) == SCALE["ring"](2, 0, 1, 10) + 10
    assert SCALE["ring"](8, 0, 1, 10) == 14
    assert SCALE["tree"](8, 0, 1, 10) == SCALE["tree"](5, 0, 1, 10) == 6
    assert SCALE["ring"](64, 1e9, 0, 1) < SCALE["tree"](64, 1e9, 0, 1)


def test_between_the_measured_sizes_the_cost_is_a_straight_line():
    cost = SCALE["cost_of"]({"sizes": [8, 108, 208], "all_reduce": [1.0, 2.0, 4.0]})
    assert [cost(size) for size in (1, 8, 58, 158, 308)] == pytest.approx([1, 1, 1.5, 3, 6])
