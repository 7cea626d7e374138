"""`set_printoptions` against PyTorch's: the same text for every option."""

import numpy as np
import pytest
import torch

import minidl
from minidl.errors import ArgumentError
from minidl.tensors import printing

OPTIONS = [
    {}, {"precision": 2}, {"precision": 7, "sci_mode": False}, {"sci_mode": True}, {"edgeitems": 2, "threshold": 5},
    {"linewidth": 40}, {"profile": "short"}, {"profile": "full"}, {"edgeitems": 1}, {"profile": "default"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _default(monkeypatch):
    monkeypatch.setattr(printing.options, "module", "torch")
    yield
    for library in (minidl, torch):
        library.set_printoptions(profile="default", sci_mode=None)


@pytest.mark.numpy_only("on a device the text names it, and PyTorch's tensors here are on the host")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_same_text(options):
    for library in (minidl, torch):
        library.set_printoptions(**options)
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) * k for s in [(3,), (2, 3), (9, 20), (1200,), (0, 3), ()] for k in (1, 1e-5, 1e9)]
    for array in [*arrays, np.arange(2000), np.array([1.0, 2, 3]), np.array([1e10, 2]), np.array([True, False])]:
        for x in (array, array.astype("float32")):
            assert repr(minidl.tensor(x)) == repr(torch.tensor(x))


def test_an_unknown_profile_is_refused():
    with pytest.raises(ArgumentError, match="profile must be one of default, short, full; got 'long'"):
        minidl.set_printoptions(profile="long")
