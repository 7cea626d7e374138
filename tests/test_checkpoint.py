"""Checkpoints: complete or absent, equal bit for bit, and never a way to run code."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl
from minidl.errors import CheckpointError, DtypeError
from minidl.files import OutputError, write_json
from minidl.tensors import saving as checkpoint
from tests.support.compare import to_numpy


def same(a: Any, b: Any) -> bool:
    """Equal in type and bit for bit, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, minidl.Tensor):
        return same(to_numpy(a), to_numpy(b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return a == b or (a != a and b != b)


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**130), 2**130), st.floats(), st.text(max_size=5),
    st.sampled_from(["float16", "float32", "float64", "int64", "uint8", "bool"]).map(
        lambda dtype: minidl.tensor(np.arange(6).reshape(2, 3).astype(dtype))
    ),
    st.sampled_from([(0,), (), (2, 0, 3)]).map(lambda shape: np.full(shape, math.pi)),
)  # fmt: skip
keys = st.one_of(
    st.text(max_size=6), st.integers(0, 9), st.sampled_from(["$tensor", "minidl.json", "a/b", "a", "file"])
)
states = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=8,
)


@given(states)
def test_any_state_comes_back_to_the_last_bit(tmp_path_factory: pytest.TempPathFactory, state: Any) -> None:
    path = tmp_path_factory.mktemp("state") / "state.npz"
    checkpoint.save(state, path)
    assert same(checkpoint.load(path), state)


def test_numpy_reads_the_weights(tmp_path: Path) -> None:
    model = minidl.nn.Linear(3, 2)
    checkpoint.save({"model": model.state_dict()}, tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        assert np.array_equal(archive["model/weight"], to_numpy(model.weight))
        assert json.loads(archive["minidl.json"])["format"] == 1


def test_equal_states_make_equal_files(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        checkpoint.save({"w": minidl.tensor([1.0]), "n": 3}, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_npz_of_other_software_gives_its_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", weight=np.ones((2, 3), ">f4"), bias=np.zeros(2))
    found = checkpoint.load(tmp_path / "plain.npz")
    assert same(found["weight"], minidl.tensor(np.ones((2, 3), np.float32)))
    assert same(found["bias"], minidl.tensor(np.zeros(2)))


def test_what_cannot_be_saved_is_named_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    checkpoint.save({"n": 1}, path)
    with pytest.raises(DtypeError, match="model/hook is a function"):
        checkpoint.save({"model": {"hook": lambda: 0}}, path)
    with pytest.raises(DtypeError, match="objects is a ndarray"):
        checkpoint.save({"objects": np.array([None])}, path)
    assert checkpoint.load(path) == {"n": 1}


class Malice:
    def __reduce__(self) -> Any:
        return os.system, ("touch owned",)


def test_objects_are_refused_and_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("evil.npz", weight=np.array([Malice()], object))
    with pytest.raises(CheckpointError, match=r"evil\.npz: its array 'weight.npy' holds Python objects"):
        checkpoint.load("evil.npz")
    assert not Path("owned").exists()


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)[:10], bytes(1000)])
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.npz: is damaged"):
        checkpoint.load(tmp_path / "model.npz")


def test_missing_and_newer_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        checkpoint.load(tmp_path / "none.npz")
    with zipfile.ZipFile(tmp_path / "new.npz", "w") as archive:
        archive.writestr("minidl.json", json.dumps({"format": 2, "state": {}}))
    with pytest.raises(CheckpointError, match="format 2, this minidl reads 1"):
        checkpoint.load(tmp_path / "new.npz")


@settings(max_examples=60)
@given(st.data())
def test_damage_is_an_error_or_harmless(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("damage")
    state = {"model": {"w": minidl.tensor(np.arange(50.0))}, "step": 3, "betas": (0.9, 0.99)}
    checkpoint.save(state, folder / "a.npz")
    content = bytearray((folder / "a.npz").read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    (folder / "a.npz").write_bytes(content)
    try:
        found = checkpoint.load(folder / "a.npz")
    except CheckpointError:
        return
    assert same(found, state)


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        checkpoint.save({}, tmp_path / "file" / "model.npz")
    with pytest.raises(OutputError, match="cannot be written"):
        checkpoint.save({}, tmp_path / "missing" / "model.npz")


KILLED = """
import os, signal, sys
import numpy as np
from minidl import checkpoint, tensor
if sys.argv[2] == "array":
    write_array, calls = np.lib.format.write_array, []
    def killed(*arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        write_array(*arguments, **options)
    np.lib.format.write_array = killed
else:
    os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
checkpoint.save({"a": tensor([2.0] * 10000), "b": tensor([2.0] * 10000)}, sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("when", ["array", "sync"])
def test_killed_while_saving_the_previous_one_is_whole(tmp_path: Path, when: str) -> None:
    path = tmp_path / "model.npz"
    checkpoint.save({"a": minidl.tensor([1.0])}, path)
    before = path.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), when], capture_output=True, timeout=120)
    assert killed.returncode == -9, killed.stderr
    assert path.read_bytes() == before
    checkpoint.save({"a": minidl.tensor([3.0])}, path)
    assert to_numpy(checkpoint.load(path)["a"]).tolist() == [3.0]
    assert os.listdir(tmp_path) == ["model.npz"]


def test_json_for_any_program(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"loss": math.nan, "curve": [math.inf, 1.0], "name": "née"})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"loss": None, "curve": [None, 1.0], "name": "née"}
    assert "NaN" not in text


def test_a_pickle_is_told_from_a_damaged_file(tmp_path: Path) -> None:
    state = {"weight": torch.ones(2)}
    torch.save(state, tmp_path / "new.pt")
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"weight": [1.0]}))
    for name in ("new.pt", "old.pt", "plain.pkl"):
        with pytest.raises(CheckpointError, match=rf"{name}: is a pickle, as torch\.save writes it.*np\.savez"):
            minidl.load(tmp_path / name)
    np.savez(tmp_path / "weights.npz", **{name: w.numpy() for name, w in state.items()})  # as the error says
    assert minidl.load(tmp_path / "weights.npz")["weight"].tolist() == [1, 1]
    (tmp_path / "broken.npz").write_bytes(b"abc")
    with pytest.raises(CheckpointError, match="is damaged"):
        minidl.load(tmp_path / "broken.npz")
