"""Names of PyTorch's that minidl leaves out: the error says so, and what there is instead."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import minidl
from minidl import nn, optim
from minidl.missing.names import NAMES

ROOT = Path(__file__).parents[1]
OBJECTS = {"Tensor": minidl.ones(2, 2), "Module": nn.Linear(1, 1), "Optimizer": optim.SGD([minidl.ones(1)], lr=0.1)}


def test_the_names_are_those_of_pytorch():
    """A layer or function that PyTorch has, and the list lacks, would be taken for a misspelling."""
    script = ROOT / "scripts" / "make_pytorch_names.py"
    done = subprocess.run([sys.executable, script, "--check"], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, "run python scripts/make_pytorch_names.py"


@pytest.mark.parametrize("room", NAMES)
def test_every_name_of_pytorchs_is_there_or_told(room):
    place = OBJECTS[room] if room in OBJECTS else importlib.import_module(room)
    missing = [name for name in NAMES[room].split() if not hasattr(place, name)]
    assert len(missing) < len(NAMES[room].split()), "some are there"
    for name in missing:
        with pytest.raises(AttributeError, match=f"no attribute '{name}': it is PyTorch's, but left out of minidl; "):
            getattr(place, name)


@pytest.mark.parametrize(
    ("look", "says"),
    [
        (
            lambda: nn.CrossMapLRN2d,
            "module 'minidl.nn' has no attribute 'CrossMapLRN2d': it is PyTorch's.*there is: LocalResponseNorm",
        ),
        (lambda: optim.SparseAdam, "no attribute 'SparseAdam': .*there is: .*Adam"),
        (lambda: nn.functional.max_pool3d_with_indices, "no attribute 'max_pool3d_with_indices': .*: .*max_pool3d"),
        (lambda: minidl.inference_mode, r"no attribute 'inference_mode': .*there is: no_grad\(\)"),
        (lambda: minidl.FloatTensor, r"no attribute 'FloatTensor': .*there is: tensor\(\.\.\., dtype=\.\.\.\)"),
        (lambda: minidl.data.IterableDataset, "no attribute 'IterableDataset': .*there is: a Dataset"),
        (
            lambda: nn.Linear(1, 1).register_module_full_hook,
            "^'Linear' object has no attribute 'register_module_full_h",
        ),
        (lambda: minidl.ones(1).data_ptr(), r"^'Tensor' object has no attribute 'data_ptr': .*there is: x\.array"),
        (lambda: minidl.fft, "no attribute 'fft': .*there is: .*no complex numbers"),
        (lambda: minidl.linalg.eigvals, "no attribute 'eigvals': .*there is: eigvalsh for symmetric matrices"),
        (lambda: minidl.ones(1).qr(), r"no attribute 'qr': .*there is: linalg\.qr"),
        (lambda: nn.Linaer, "^module 'minidl.nn' has no attribute 'Linaer'$"),
        (lambda: minidl.ones(1).tolsit(), "^'Tensor' object has no attribute 'tolsit'$"),
    ],
)
def test_the_words(look, says):
    with pytest.raises(AttributeError, match=says):
        look()


def test_a_property_that_fails_tells_its_own_reason():
    class Net(nn.Module):
        @property
        def width(self) -> int:
            return self.layer.out_features

    with pytest.raises(AttributeError, match="'Net' object has no attribute 'layer'"):
        _ = Net().width


def test_looking_for_a_name_does_not_disturb_copying_and_hasattr():
    assert not hasattr(minidl.ones(1), "__array_interface__")
    assert not hasattr(nn.Module.__new__(nn.Linear), "weight"), "before __init__ too"
    assert getattr(minidl.ones(1), "angle", None) is None
