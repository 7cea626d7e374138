"""Everything in `inside/`, under the launcher: as it is, with the threads' order reversed, and with other poison."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "environment",
    [{}, {"EMULATED_THREAD_ORDER": "reversed"}, {"EMULATED_POISON": "0xcc"}],
    ids=["plain", "reversed", "other poison"],
)
def test_inside_the_lane(run_in_lane, environment):
    done = run_in_lane("pytest", "-p", "no:cacheprovider", "-rs", "tests/lane/inside", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout, done.stdout
