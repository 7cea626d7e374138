"""Weights in files of other programs: safetensors judged by its own package, .pt by PyTorch, both directions."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import models, nn
from minidl.dtypes import SUPPORTED
from minidl.errors import CheckpointError, DtypeError
from tests.support.packages import judge

DTYPES = sorted(dtype.name for dtype in SUPPORTED)
states = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "__metadata__" and name.isprintable()),
    st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 3), max_size=3)),
    max_size=4,
)


def state_of(shapes: dict[str, tuple[str, list[int]]]) -> dict[str, minidl.Tensor]:
    return {
        name: minidl.tensor(np.arange(1, 1 + int(np.prod(shape))).reshape(shape).astype(dtype))
        for name, (dtype, shape) in shapes.items()
    }


def check_equal(found: Any, state: dict[str, minidl.Tensor]) -> None:
    assert list(found) == list(state)
    for name, x in state.items():
        array = found[name].numpy() if isinstance(found[name], minidl.Tensor | torch.Tensor) else found[name]
        assert (array.dtype, array.shape) == (x.dtype, x.shape)
        assert np.array_equal(array, x.numpy())


def written(save: Callable[..., None], *arguments: Any) -> bytes:
    file = io.BytesIO()
    save(arguments[0], file, *arguments[1:])
    return file.getvalue()


@given(states)
def test_pt_files_go_both_ways(shapes: dict[str, Any]) -> None:
    state = state_of(shapes)
    content = written(minidl.save_pt, state)
    check_equal(torch.load(io.BytesIO(content), weights_only=True), state)
    check_equal(minidl.load_pt(io.BytesIO(content)), state)
    file = io.BytesIO()
    torch.save({name: torch.tensor(x.numpy()) for name, x in state.items()}, file)
    check_equal(minidl.load_pt(io.BytesIO(file.getvalue())), state)


@given(states)
def test_safetensors_go_both_ways(shapes: dict[str, Any]) -> None:
    theirs = judge("safetensors.numpy")
    state = state_of(shapes)
    content = written(minidl.save_safetensors, state, {"of": "minidl"})
    found = theirs.load(content)
    check_equal({name: found[name] for name in state}, state)
    assert len(found) == len(state)
    check_equal(minidl.load_safetensors(io.BytesIO(content)), state)
    again = minidl.load_safetensors(io.BytesIO(theirs.save({name: x.numpy() for name, x in state.items()})))
    check_equal({name: again[name] for name in state}, state)


def test_a_model_trained_in_pytorch_runs_here_and_back(tmp_path: Path) -> None:
    ours = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2)).eval()
    t = torch.nn
    theirs = t.Sequential(t.Conv2d(1, 3, 3), t.BatchNorm2d(3), t.Flatten(), t.Linear(12, 2)).eval()
    x = np.random.default_rng(0).random((2, 1, 4, 4), np.float32)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    ours.load_state_dict(minidl.load_pt(tmp_path / "theirs.pt"))
    with torch.no_grad():
        np.testing.assert_allclose(ours(minidl.tensor(x)).numpy(force=True), theirs(torch.tensor(x)).numpy(), atol=1e-6)
    other = models.Lecture()
    minidl.save_pt(other.state_dict(), tmp_path / "ours.pt")
    found = torch.load(tmp_path / "ours.pt", weights_only=True)
    check_equal(found, {name: x.detach() for name, x in other.state_dict().items()})
    assert isinstance(found, OrderedDict)


def test_whole_checkpoints_views_and_parameters(tmp_path: Path) -> None:
    weight = torch.arange(12.0).reshape(3, 4)
    state = {
        "epoch": 3,
        "loss": 0.5,
        "name": "née",
        "done": True,
        "none": None,
        "big": -(1 << 70),
        "betas": (0.9, [1, 2]),
        "model": OrderedDict(turned=weight.t(), row=weight[1], part=weight[1:, ::2], wide=weight[0].expand(2, 4)),
        "parameter": torch.nn.Parameter(weight[0].clone()),
        "empty": torch.zeros(0, 2),
    }
    torch.save(state, tmp_path / "c.pt")
    found = minidl.load_pt(tmp_path / "c.pt")
    for name in ("epoch", "loss", "name", "done", "none", "big", "betas"):
        assert found[name] == state[name]
    for name, x in state["model"].items():
        assert found["model"][name].tolist() == x.tolist()
    assert found["parameter"].tolist() == [0, 1, 2, 3] and found["empty"].shape == (0, 2)
    content = written(minidl.save_pt, found)
    again = torch.load(io.BytesIO(content), weights_only=True)
    assert again["betas"] == (0.9, [1, 2]) and again["big"] == -(1 << 70)
    assert again["model"]["turned"].tolist() == weight.t().tolist()
    assert content == written(minidl.save_pt, found)


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    def refused(what: Any, message: str) -> None:
        torch.save(what, tmp_path / "x.pt")
        with pytest.raises(CheckpointError, match=message):
            minidl.load_pt(tmp_path / "x.pt")

    refused(torch.nn.Linear(2, 2), r"x\.pt: names 'torch\.nn\.modules\.linear\.Linear', which could run code")
    refused({"f": os.system}, r"names '(posix|nt)\.system'")
    refused({"d": torch.float32}, r"names 'torch\.float32'")
    refused({"w": torch.zeros(2, dtype=torch.bfloat16)}, "holds a BFloat16Storage, whose dtype minidl does not have")
    torch.save({"w": torch.zeros(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError, match=r"old\.pt: is damaged, or no file of PyTorch 1\.6 or newer"):
        minidl.load_pt(tmp_path / "old.pt")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        for name in ("s/data.pkl", "s/constants.pkl"):
            archive.writestr(name, b"\x80\x02}.")
    with pytest.raises(CheckpointError, match="TorchScript is not read"):
        minidl.load_pt(tmp_path / "script.pt")
    with pytest.raises(CheckpointError, match=r"none\.pt: no such file"):
        minidl.load_pt(tmp_path / "none.pt")
    with pytest.raises(DtypeError, match=r"save_pt: a/1 is a object; such a file holds tensors"):
        minidl.save_pt({"a": [1, object()]}, tmp_path / "y.pt")
    assert not (tmp_path / "y.pt").exists()


class Evil:
    """What a hostile file does: it names a function and calls it."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def archive_of(program: bytes, **members: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", program)
        for name, content in members.items():
            archive.writestr(f"a/data/{name}", content)
    file.seek(0)
    return file


def test_no_code_of_a_file_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for function, arguments in [
        (os.mkdir, (str(mark),)),
        (eval, (f"open({str(mark)!r}, 'w')",)),
        (getattr, ("x", "mkdir")),
        (print, ("x",)),
        (OrderedDict.fromkeys, ((1, 2),)),
    ]:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(CheckpointError, match="names '"):
                minidl.load_pt(archive_of(pickle.dumps({"w": Evil(function, *arguments)}, protocol)))
    assert not mark.exists()


def tensor_program(size: str, stride: str, offset: str = "K\x00", count: str = "K\x04") -> bytes:
    storage = "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + count + "tQ"
    call = f"ctorch._utils\n_rebuild_tensor_v2\n({storage}{offset}{size}{stride}\x89ccollections\nOrderedDict\n)RtR."
    return b"\x80\x02" + call.encode("latin-1")


def test_forged_tensors() -> None:
    numbers = np.arange(4, dtype="<f4").tobytes()
    right = minidl.load_pt(archive_of(tensor_program("(K\x02t", "(K\x02t", "K\x01"), **{"0": numbers}))
    assert right.tolist() == [1, 3]
    for size, stride, offset in [
        ("(K\x05t", "(K\x01t", "K\x00"),
        ("(K\x02t", "(K\x04t", "K\x00"),
        ("(K\x01t", "(K\x01t", "K\x04"),
        ("(J\xff\xff\xff\xfft", "(K\x01t", "K\x00"),
        ("(K\x02t", "(J\xff\xff\xff\xfft", "K\x03"),
        ("(K\x02t", "(K\x01t", "J\xff\xff\xff\xff"),
        ("(K\x02t", ")", "K\x00"),
    ]:
        with pytest.raises(CheckpointError, match="is damaged"):
            minidl.load_pt(archive_of(tensor_program(size, stride, offset), **{"0": numbers}))
    huge = "(J\x00\x00\x00\x40J\x00\x00\x00\x40t", "(K\x00K\x00t"  # 2^60 numbers out of one
    with pytest.raises(CheckpointError, match="meant to fill the memory"):
        minidl.load_pt(archive_of(tensor_program(*huge), **{"0": numbers}))
    with pytest.raises(CheckpointError, match="storage 0 has 16 bytes for 5 numbers"):
        minidl.load_pt(archive_of(tensor_program("(K\x02t", "(K\x01t", count="K\x05"), **{"0": numbers}))
    state = b"\x80\x02]q\x00h\x00a."  # a list that holds itself
    with pytest.raises(CheckpointError, match="is damaged"):
        minidl.load_pt(archive_of(state))


def test_damaged_files_raise_named_errors() -> None:
    """Bytes changed at random: what is not read is refused, and by one error."""
    generator = np.random.default_rng(0)
    state = {"fc.weight": minidl.rand(3, 2), "fc.bias": minidl.rand(3)}
    for save, load in ((minidl.save_pt, minidl.load_pt), (minidl.save_safetensors, minidl.load_safetensors)):
        whole = written(save, state)
        for _ in range(300):
            damaged = bytearray(whole[: generator.integers(len(whole) // 2, len(whole) + 1)])
            for place in generator.integers(0, len(damaged), 2):
                damaged[place] = generator.integers(256)
            with suppress(CheckpointError):
                load(io.BytesIO(bytes(damaged)))


def forged(header: Any, content: bytes = bytes(8)) -> io.BytesIO:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(len(text).to_bytes(8, "little") + text + content)


def test_forged_safetensors(tmp_path: Path) -> None:
    def entry(dtype: str = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
        return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}

    assert minidl.load_safetensors(forged(entry()))["w"].shape == (2,)
    for wrong in (
        entry(shape=(3,)),
        entry(shape=(-2, -1)),
        entry(offsets=(0, 16)),
        entry(offsets=(1, 9)),
        entry(shape=(2.0,)),
        entry(offsets=(0, 4)),
        {"w": 3},
        [],
        {"w": {"dtype": "F32"}},
        b"{",
        b"\xff" * 9,
        {},
    ):
        with pytest.raises(CheckpointError, match="is damaged"):
            minidl.load_safetensors(forged(wrong))
    with pytest.raises(CheckpointError, match="w has the dtype BF16, which minidl does not have"):
        minidl.load_safetensors(forged(entry("BF16", (4,))))
    overlapping = entry() | {"v": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}
    with pytest.raises(CheckpointError, match="v of shape"):
        minidl.load_safetensors(forged(overlapping))
    with pytest.raises(CheckpointError, match="its header would be"):
        minidl.load_safetensors(io.BytesIO((1 << 60).to_bytes(8, "little")))
    with pytest.raises(CheckpointError, match=r"none: no such file"):
        minidl.load_safetensors(tmp_path / "none")
    for state in ({"a": [minidl.ones(1)]}, {1: minidl.ones(1)}, {"__metadata__": minidl.ones(1)}):
        with pytest.raises(DtypeError, match="such a file holds tensors under names"):
            minidl.save_safetensors(state, tmp_path / "x")  # type: ignore[arg-type]
    with pytest.raises(DtypeError, match="must be text under a name"):
        minidl.save_safetensors({}, tmp_path / "x", {"a": 1})  # type: ignore[dict-item]
