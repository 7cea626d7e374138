"""The static check finds what CuPy does not have, and finds nothing in the package."""

from __future__ import annotations

from pathlib import Path

import pytest

import minidl
from tests.lane.static_check import check_source, check_tree


@pytest.mark.parametrize(
    "line",
    [
        "xp.seterr(all='raise')",
        "self.xp.no_such_function(x)",
        "backend().xp.linalg.no_such_function(x)",
        "cupy.random.Generator.permutation",
        "xp.sum(x, where=m)",
        "xp.max(x, initial=0)",
        "xp.add(x, y, where=m)",
        "xp.exp(x, where=m)",
        "xp.add.reduce(x, where=m)",
        "xp.take(x, i, mode='raise')",
        "xp.clip(x, 0, 1, None, 2)",
        "xp.add(x, y, out, z)",
        "x.sum(where=m)",
        "x.max(axis=1, initial=0)",
        "y.data.all(where=m)",
        "x.sort(stable=True)",
    ],
)
def test_finds(cp, line):
    findings = check_source(f"\n\n{line}\n", Path("seeded.py"))
    assert len(findings) == 1, findings
    assert str(findings[0]).startswith("seeded.py:3: ")


@pytest.mark.parametrize(
    "line",
    [
        "xp.sum(x, axis=1, keepdims=True)",
        "self.xp.add(x, y, out=z)",
        "xp.add.at(x, i, 1)",
        "xp.add.reduce(x, axis=0, keepdims=True)",
        "xp.pad(x, 1, constant_values=0)",
        "xp.einsum('ij->i', x, optimize=True)",
        "xp.lib.stride_tricks.as_strided(x, shape=s, strides=t)",
        "xp.concatenate([x, y], axis=1)",
        "x.sum(dim=0, keepdim=True)",  # a Tensor's method: NumPy's array does not take these either
        "x.astype(t, copy=False)",
        "np.sum(x, where=m)",  # the host's library
        "self.xp",
    ],
)
def test_accepts(cp, line):
    assert check_source(line, Path("fine.py")) == []


def test_package(cp):
    root = Path(minidl.__file__).parent
    findings, files = check_tree(root)
    assert files > 10
    assert not findings, "\n".join(map(str, findings))
