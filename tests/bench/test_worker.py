"""The contestants' processes: asked over a pipe, failing by name, ended with the context."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from minidl.bench.contestant import Contestant, contestants, opponents
from minidl.bench.errors import BenchmarkError
from minidl.bench.library import Entry
from minidl.bench.machine import STAT, Others
from minidl.bench.memory import STATUS, peak_memory, peak_memory_of
from minidl.bench.ops import CASES
from minidl.bench.works import WORKS


@pytest.fixture(scope="module")
def ours() -> Iterator[Contestant]:
    with Contestant(Entry("minidl", 1)) as contestant:
        yield contestant


def test_a_work_is_prepared_timed_and_measured(ours: Contestant) -> None:
    ours.ask("prepare_work", name="lecture-32")
    losses = ours.ask("results", count=3)
    assert len(losses) == 3
    assert all(1 < loss < 5 for loss in losses)
    assert 1 <= ours.ask("warm_up", seconds=0.02) < 100
    phases = ours.ask("round", steps=2)
    assert list(phases) == ["data", "forward", "backward", "update"]
    assert all(seconds > 0 for seconds in phases.values())
    memory = ours.ask("memory")
    assert 10e6 < memory["at_start"] <= memory["peak"] < 1e9
    assert ours.ask("kept") > 32 * WORKS["lecture-32"].must_keep


def test_inference_has_a_forward_only(ours: Contestant) -> None:
    ours.ask("prepare_work", name="inference-1")
    assert list(ours.ask("round", steps=2)) == ["data", "forward"]
    assert all(value > 0 for value in ours.ask("results", count=2))


def test_an_operation_is_prepared_and_timed(ours: Contestant) -> None:
    ours.ask("prepare_op", name="relu", size=0)
    assert set(ours.ask("round", steps=5)) == {"forward", "backward", "data"}
    assert len(ours.ask("results", count=1)) > 10
    ours.ask("prepare_op", name="eq", size=0)
    assert set(ours.ask("round", steps=5)) == {"forward", "data"}
    assert "relu" in CASES


def test_an_epoch_over_images_in_a_folder(ours: Contestant, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", rng.integers(0, 256, (50, 28, 28), np.uint8))
    np.save(tmp_path / "labels.npy", rng.integers(0, 10, 50))
    assert ours.ask("load_images", folder=str(tmp_path), batch=20, lr=0.01) == 50
    found, again, other = (ours.ask("epoch", seed=seed) for seed in (1, 1, 2))
    assert found["loss"] == again["loss"] != other["loss"]
    assert 1 < found["loss"] < 5
    assert 0 <= found["accuracy"] <= 1
    assert found["seconds"] > 0


def test_what_fails_in_the_process_is_told_by_name_and_it_goes_on(ours: Contestant) -> None:
    with pytest.raises(BenchmarkError, match="minidl: prepare_work failed: KeyError: 'nothing'"):
        ours.ask("prepare_work", name="nothing")
    with pytest.raises(BenchmarkError, match=r"AttributeError.*no_such"):
        ours.ask("no_such")
    assert ours.ask("memory")["peak"] > 0


def test_a_process_that_ends_is_an_error() -> None:
    with Contestant(Entry("minidl", 1)) as contestant:
        contestant.ask("memory")
        contestant.process.kill()
        with pytest.raises(BenchmarkError, match="ended with code -9 when asked to memory"):
            contestant.ask("memory")


def test_a_library_that_is_not_there_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        Contestant(Entry("no_such_library", 1)) as contestant,
        pytest.raises(BenchmarkError, match="ended with code 1"),
    ):
        contestant.ask("memory")
    assert "no_such_library" in capfd.readouterr().err


def test_all_processes_have_ended_after_the_context() -> None:
    with contestants([Entry("minidl", 1), Entry("minidl", 2)]) as both:
        threads = [contestant.entry.threads for contestant in both]
        assert all(contestant.process.poll() is None for contestant in both)
    assert threads == [1, 2]
    assert [contestant.process.returncode for contestant in both] == [0, 0]


def test_opponents_are_both_layouts_where_there_are_images() -> None:
    pytest.importorskip("torch")
    assert [entry.name for entry in opponents("torch", 2)] == ["torch", "torch channels_last"]
    assert [entry.name for entry in opponents("torch", 2, images=False)] == ["torch"]
    assert opponents(None, 2) == []


def test_without_pytorch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BenchmarkError, match="pip install torch"):
        opponents("torch", 1)


@pytest.mark.slow
def test_peak_memory_sees_an_allocation() -> None:
    before = peak_memory()
    held = np.ones(before // 8 + 10_000_000)
    assert peak_memory() >= before + (50_000_000 if STATUS.exists() else 0)
    assert held[0] == 1


def test_peak_memory_of_another_process_is_its_own() -> None:
    if not STATUS.exists():
        pytest.skip("only Linux tells the memory of another process")
    held = np.ones(10_000_000)  # a process that is started inherits getrusage's figure, not VmHWM
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        found = peak_memory_of(process.pid)
    assert found is not None
    assert 0 < found < held.nbytes
    assert peak_memory_of(process.pid) is None


def test_a_contestant_that_has_died_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('broken')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with (
        pytest.raises(BenchmarkError, match="torch: its process ended with code 1"),
        Contestant(Entry("torch", 1)) as contestant,
    ):
        contestant.ask("memory")


def test_an_interrupt_is_left_to_whoever_started_it(capfd: pytest.CaptureFixture[str]) -> None:
    with Contestant(Entry("minidl", 1)) as contestant:
        contestant.ask("memory")
        contestant.process.send_signal(signal.SIGINT)
        assert contestant.ask("memory")["peak"] > 0
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Contestant(Entry("minidl", 1)) as contestant:
        contestant.ask("memory")
        raise KeyboardInterrupt
    assert time.monotonic() - began < 8, "it is not waited for"
    assert capfd.readouterr().err == ""


def test_others_are_told_from_oneself() -> None:
    others = Others()
    if not STAT.exists():
        assert others.share() is None
        return
    began = time.monotonic()
    while time.monotonic() - began < 0.5:
        pass
    own = others.share()
    work = "import time; began = time.monotonic()\nwhile time.monotonic() - began < 1.5: pass"
    others, stranger = Others(), subprocess.Popen([sys.executable, "-c", work])
    time.sleep(1.2)
    found = others.share()
    stranger.wait()
    assert own is not None
    assert found is not None
    assert found > 0.5 / (os.cpu_count() or 1), "a process that has not ended counts as another's"
