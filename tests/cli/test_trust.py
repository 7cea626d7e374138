"""Nothing that lies in a run folder is run, unless the user named it, trained with it, or said --trust."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minidl
from minidl.errors import CheckpointError
from minidl.models import trust
from minidl.tensors import saving as checkpoint
from tests.support.runs import TINY

Run = Callable[..., tuple[int, str, str]]

VERBS = ("test", "predict", "summary", "explain", "gradcheck", "resume")


def words(verb: str, folder: Path) -> tuple[Any, ...]:
    return {
        "test": ("test", folder), "predict": ("predict", folder, "none.png"), "summary": ("summary", folder),
        "explain": ("explain", "--text", "--run", folder), "gradcheck": ("gradcheck", "--run", folder),
        "resume": ("train", "--resume", "--quiet", "--out", folder),
    }[verb]  # fmt: skip


@pytest.fixture
def of_a_stranger(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that came with its own Python file, which leaves a mark when it is run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # a user who has trusted nothing
    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    mark = f"import pathlib\npathlib.Path({str(tmp_path / 'mark')!r}).touch()\n"
    (folder / "net.py").write_text(mark + TINY)
    set_model(folder, folder / "net.py")
    return folder


def set_model(folder: Path, path: Path, **more: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["options"]["model"] = config["model"] = f"{path}:Tiny"
    config["model_files"] = {path.name: trust.sha256_of_code(path.read_bytes()), **more}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("verb", VERBS)
def test_a_stranger_s_file_is_not_run(run: Run, of_a_stranger: Path, tmp_path: Path, verb: str) -> None:
    code, out, err = run(*words(verb, of_a_stranger))
    assert (code, out) == (2, "")
    assert f"this run's model is Python code, {of_a_stranger / 'net.py'}" in err
    assert f"name it: --model {of_a_stranger / 'net.py'}:Tiny, or say --trust" in err
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_run_where_it_is_named(run: Run, of_a_stranger: Path, tmp_path: Path, verb: str) -> None:
    code, _, err = run(*words(verb, of_a_stranger), "--model", f"{of_a_stranger / 'net.py'}:Tiny")
    assert code == (4 if verb == "predict" else 0), err
    assert "--trust" not in err
    assert (tmp_path / "mark").exists()
    assert run("test", of_a_stranger)[0] == 0, "from now on it is known"


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_run_after_trust_which_says_so(run: Run, of_a_stranger: Path, tmp_path: Path, verb: str) -> None:
    code, _, err = run(*words(verb, of_a_stranger), "--trust")
    assert code == (4 if verb == "predict" else 0), err
    assert f"--trust: runs {of_a_stranger / 'net.py'}, the Python file that {of_a_stranger} names" in err
    assert (tmp_path / "mark").exists()


def test_a_file_that_was_changed_since_is_not_run(run: Run, of_a_stranger: Path, tmp_path: Path) -> None:
    assert run("test", of_a_stranger, "--trust")[0] == 0
    (tmp_path / "mark").unlink()
    path = of_a_stranger / "net.py"
    path.write_text(path.read_text() + "# another letter\n")
    code, _, err = run("test", of_a_stranger)
    assert code == 4
    assert "this run's model cannot be made" in err
    assert "its SHA-256 is another" in err
    assert not (tmp_path / "mark").exists()


def test_what_the_run_notes_of_another_file_is_not_believed(run: Run, of_a_stranger: Path, tmp_path: Path) -> None:
    """The stranger knows the SHA-256 of a file that the user trusts, and records it for his own file."""
    known = trust.sha256_of_code(b"known = 1\n")
    trust.trust([known])
    config = json.loads((of_a_stranger / "config.json").read_text())
    config["model_files"] = {"net.py": known}
    (of_a_stranger / "config.json").write_text(json.dumps(config))
    assert run("test", of_a_stranger)[0] in (2, 4)
    assert not (tmp_path / "mark").exists()


def test_a_neighbour_that_came_later_is_not_run(
    run: Run, of_a_stranger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_a_stranger / "net.py"
    path.write_text("try:\n    import helper_of_a_stranger\nexcept ModuleNotFoundError:\n    pass\n" + TINY)
    assert run("test", of_a_stranger, "--model", f"{path}:Tiny")[0] == 0
    set_model(of_a_stranger, path)
    assert run("test", of_a_stranger)[0] == 0
    (of_a_stranger / "helper_of_a_stranger.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w')\n")
    code, _, err = run("test", of_a_stranger)
    assert code == 4, err
    assert "helper_of_a_stranger.py is not a file that was allowed to run" in err
    assert not (tmp_path / "mark").exists()


def test_a_compiled_copy_is_not_run(run: Run, of_a_stranger: Path, tmp_path: Path) -> None:
    """`__pycache__` may hold other code than the file that was checked."""
    import py_compile

    path, mark = of_a_stranger / "neighbour_with_a_copy.py", tmp_path / "compiled"
    good, bad = "x = 1\n", f"open({str(mark)!r}, 'w')\n"
    path.write_text(bad)
    py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    path.write_text(good)
    net = of_a_stranger / "net.py"
    net.write_text("import neighbour_with_a_copy\n" + TINY)
    assert run("test", of_a_stranger, "--model", f"{net}:Tiny")[0] == 0
    assert not mark.exists()
    sys.modules.pop("neighbour_with_a_copy", None)


def test_a_run_notes_its_files_and_training_with_one_is_trusting_it(
    run: Run, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "part_of_mine.py").write_text("size = 784\n")
    net = tmp_path / "net.py"
    net.write_text("from minidl import nn\nimport part_of_mine\ndef make():\n"
                   "    return nn.Sequential(nn.Flatten(), nn.Linear(part_of_mine.size, 10))\n")  # fmt: skip
    out = tmp_path / "run"
    code, _, err = run("train", "--model", f"{net}:make", "--data", digits, "--epochs", 1, "--out", out)
    assert code == 0, err
    noted = json.loads((out / "config.json").read_text())["model_files"]
    assert noted == {
        name: trust.sha256_of_code((tmp_path / name).read_bytes()) for name in ("net.py", "part_of_mine.py")
    }
    sys.modules.pop("part_of_mine")
    assert run("test", out)[0] == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "of another user"))
    sys.modules.pop("part_of_mine")
    assert run("test", out)[0] == 2
    sys.modules.pop("part_of_mine", None)


def test_where_nothing_can_be_noted_the_file_is_named_each_time(
    run: Run, of_a_stranger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "closed"))
    assert run("test", of_a_stranger, "--trust")[0] == 0
    assert run("test", of_a_stranger)[0] == 2


def test_trust_and_model_where_they_mean_nothing(run: Run, of_a_stranger: Path) -> None:
    for arguments in (
        ("train", "--trust"), ("summary", "--trust"), ("explain", "--trust"), ("test", of_a_stranger, "--model", "mlp"),
        ("summary", of_a_stranger, "--model", "mlp"), ("train", "--resume", "--out", of_a_stranger, "--model", "mlp"),
    ):  # fmt: skip
        assert run(*arguments)[0] == 2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("verb", VERBS)
def test_weights_that_are_not_finite_are_no_result(
    run: Run, trained: Path, tmp_path: Path, verb: str, value: float
) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    state = checkpoint.load(folder / "model.npz")
    state["model"]["fc.weight"] = minidl.tensor(np.full((10, 256), value, np.float32))
    checkpoint.save(state, folder / "model.npz")
    code, out, err = run(*words(verb, folder))
    if verb == "summary":  # it shows shapes, and reads no weights
        assert code == 0, err
        return
    assert (code, out) == (4, "")
    assert "model.npz: its array fc.weight holds NaN or infinity" in err


def test_weights_too_large_for_an_answer_are_said(run: Run, trained: Path, tmp_path: Path) -> None:
    """Finite weights whose products are not; JSON knows no NaN."""
    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    state = checkpoint.load(folder / "model.npz")
    state["model"]["fc.weight"] = minidl.tensor(np.full((10, 256), 3e38, np.float32))
    state["model"]["fc.bias"] = minidl.tensor(np.full(10, -3e38, np.float32))
    checkpoint.save(state, folder / "model.npz")
    _, out, _ = run("test", folder, "--json")
    assert "NaN" not in out
    assert "Infinity" not in out


def write_bomb(path: Path, mode: Any) -> None:
    """Add an array that takes 1 GiB, and 1 MB of the file."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 28,)}
    with zipfile.ZipFile(path, mode, zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(1 << 6):
            member.write(bytes(1 << 24))


@pytest.mark.slow
def test_a_member_that_nobody_asked_for_is_not_read(run: Run, trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    write_bomb(folder / "model.npz", "a")
    assert run("test", folder)[0] == 0
    write_bomb(tmp_path / "asked.npz", "w")
    with pytest.raises(CheckpointError, match=r"'bomb\.npy' unpacks to 1,073,741,9\d\d bytes, more than"):
        checkpoint.load(tmp_path / "asked.npz")


def test_a_run_without_its_first_checkpoint_is_started_anew(
    run: Run, trained: Path, digits: Path, tmp_path: Path
) -> None:
    """Killed between the configuration and the weights."""
    out = tmp_path / "run"
    out.mkdir()
    shutil.copy(trained / "config.json", out)
    code, _, err = run("train", "--resume", "--out", out)
    assert code == 4
    assert f"start it anew: minidl train --out {out}" in err
    code, _, err = run("train", "--model", "mlp", "--data", digits, "--epochs", 1, "--limit", 200, "--out", out)
    assert code == 0, err


def test_resume_keeps_what_was_noted_at_the_start(run: Run, trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    config = json.loads((folder / "config.json").read_text())
    config.pop("resumed", None)  # another test may have resumed the run that all share
    config["versions"] = {"minidl": "0.0.1", "numpy": "1.0"}
    config["machine"] = {"platform": "of the start", "threads": 64}
    (folder / "config.json").write_text(json.dumps(config))
    assert run("train", "--resume", "--out", folder)[0] == 0
    assert run("train", "--resume", "--out", folder)[0] == 0
    found = json.loads((folder / "config.json").read_text())
    assert (found["versions"], found["machine"]) == (config["versions"], config["machine"])
    assert len(found["resumed"]) == 2
    assert found["resumed"][0]["versions"]["minidl"] == minidl.__version__
    assert "processor" in found["resumed"][0]["machine"]
