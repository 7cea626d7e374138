"""One registry: what libraries are called, which one is chosen, by whom; a third one needs nothing but its own file."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import minidl
from minidl import nn, optim
from minidl.backend import (
    backend_named,
    backend_names,
    backend_of,
    current_backend,
    device_named,
    get_backend,
    is_array,
    register_backend,
    registry,
    to_host,
    use_backend,
    work_in,
)
from minidl.backend.numpy.backend import NumpyBackend
from minidl.cli import main
from minidl.data import DataLoader, TensorDataset
from minidl.errors import ArgumentError, BackendError
from minidl.nn import functional as F
from minidl.training.options import OptionError, Options
from tests.support.imitation import MirrorArray, MirrorBackend


@pytest.fixture
def mirror() -> Iterator[str]:
    """A third library, registered for the time of a test."""
    tables = registry._entries, registry._made, registry.by_type
    before = [dict(table) for table in tables]
    register_backend("mirror", MirrorBackend, device="glass", aliases=("looking-glass",))
    yield "mirror"
    for table, content in zip(tables, before):
        table.clear()
        table.update(content)


@pytest.fixture
def default(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test calls `use_backend` with is forgotten after it."""
    monkeypatch.setattr(registry, "_calls", registry._calls)


@pytest.mark.parametrize(("word", "name", "device"), [
    ("numpy", "numpy", "cpu"), ("cpu", "numpy", "cpu"), ("cupy", "cupy", "cuda"), ("cuda", "cupy", "cuda"),
    ("gpu", "cupy", "cuda"), ("tpu", None, None),
])  # fmt: skip
def test_every_word_for_a_library(word, name, device):
    assert (backend_named(word), device_named(word)) == (name, device)
    if device is None:
        with pytest.raises(BackendError, match="'tpu' is unknown; use 'numpy' or 'cupy'"):
            get_backend(word)
        with pytest.raises(ArgumentError, match="'tpu' is unknown"):
            minidl.device(word)
    else:
        assert minidl.device(word).type == device


@pytest.mark.numpy_only("its tensors are moved from NumPy's")
def test_a_third_library_needs_nothing_but_itself(mirror, tmp_path, capsys):
    """Its name and device are known everywhere, and a network trains on it as it does on NumPy."""
    assert backend_names()[:2] == ("numpy", "cupy")
    assert backend_names()[-1] == "mirror"
    rng = np.random.default_rng(0)
    images, labels = rng.random((4, 1, 8, 8), np.float32), rng.integers(0, 3, 4)

    def trained() -> tuple[float, list[np.ndarray], nn.Module]:
        minidl.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(2),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 3),
        )  # fmt: skip
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        for x, t in DataLoader(TensorDataset(minidl.tensor(images), minidl.tensor(labels)), batch_size=4, prefetch=1):
            loss = F.cross_entropy(model(x), t)
            loss.backward()
            optimizer.step()
        return loss.item(), [to_host(p._array) for p in model.parameters()], model

    with use_backend(mirror):
        loss, weights, model = trained()
        weight = next(model.parameters())
        assert type(weight._array) is MirrorArray
        assert type(weight.grad._array) is MirrorArray
        assert weight.device == minidl.device("looking-glass")
        assert "device='glass'" in repr(weight.detach())
        with pytest.raises(BackendError, match="glass"):
            weight.detach().numpy()
    expected_loss, expected, _ = trained()
    assert loss == expected_loss
    for ours, theirs in zip(weights, expected):
        np.testing.assert_array_equal(ours, theirs)
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    (x.to("glass") * 3).sum().backward()
    assert type(x.grad._array) is np.ndarray

    run = str(tmp_path / "run")
    options = ["--epochs", "1", "--limit", "100", "--batch-size", "50", "--model", "mlp", "--quiet", "--out", run]
    with use_backend("numpy"):
        assert main(["train", "--backend", mirror, *options]) == 0
        assert main(["test", run, "--backend", mirror]) == 0
    assert "test accuracy" in capsys.readouterr().out
    with pytest.raises(OptionError, match=r"one of numpy, cupy, .*mirror; got 'glass'; did you mean mirror\?"):
        Options(backend="glass").checked()


def test_a_word_has_one_meaning(mirror):
    for words in (("mirror", "x"), ("x", "glass"), ("x", "cuda"), ("x", "y", ("gpu",))):
        with pytest.raises(BackendError, match="use another word"):
            register_backend(words[0], MirrorBackend, *words[1:])
    assert "x" not in backend_names()


def test_a_library_is_what_it_was_registered_as(mirror):
    class OtherArray(np.ndarray):
        pass

    class Same(NumpyBackend):
        name, device = "same", "there"

    register_backend("other", MirrorBackend, device="elsewhere")
    with pytest.raises(BackendError, match="calls itself 'mirror' on 'glass'"):
        get_backend("other")
    register_backend("same", Same, device="there")
    with pytest.raises(BackendError, match="type of their own"):
        get_backend("same")


def test_a_library_is_made_once_for_all_threads(mirror):
    made, start = [], threading.Barrier(4)

    def ask() -> None:
        start.wait()
        made.append(get_backend("glass"))

    _run(*[ask] * 4)
    assert len(made) == 4
    assert len(set(map(id, made))) == 1


def test_a_context_is_its_thread_s_own(mirror):
    """Two threads, each within a context of its own at the same time: neither sees the other's."""
    before, here, seen = current_backend(), threading.Barrier(2), {}

    def work(name: str) -> None:
        with use_backend(name):
            here.wait()
            seen[name] = current_backend().name, backend_of(minidl.ones(2)._array).name
            here.wait()
        seen[name] += (current_backend().name,)

    _run(lambda: work("numpy"), lambda: work(mirror))
    assert seen == {name: (name, name, before.name) for name in ("numpy", mirror)}
    assert current_backend() is before


def test_threads_that_enter_and_leave_at_random_leave_no_trace(mirror):
    before = current_backend()

    def work(name: str) -> None:
        for _ in range(300):
            with use_backend(name), use_backend("numpy"), use_backend(name):
                assert current_backend().name == name

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        _run(*[lambda: work("numpy"), lambda: work(mirror)] * 2)
    finally:
        sys.setswitchinterval(interval)
    assert current_backend() is before


def test_a_call_is_for_the_whole_process(mirror, default):
    seen = []
    use_backend(mirror)
    _run(lambda: seen.append(current_backend().name))
    assert seen == [mirror]
    assert current_backend().name == mirror
    with use_backend("numpy"):
        assert current_backend().name == "numpy"
    assert current_backend().name == mirror


def test_a_call_within_a_context_is_for_that_context(mirror):
    before, seen = current_backend(), []
    with use_backend("numpy"):
        use_backend(mirror)
        assert current_backend().name == mirror
        _run(lambda: seen.append(current_backend() is before))
    assert seen == [True]
    assert current_backend() is before


def test_a_context_can_be_made_before_it_is_entered(mirror, default):
    before = current_backend()
    context = use_backend(mirror)
    assert current_backend().name == mirror
    with context:
        assert current_backend().name == mirror
    assert current_backend() is before


def test_many_calls_are_not_kept(default):
    for _ in range(100):
        use_backend("numpy")
    gc.collect()
    use_backend("numpy")
    assert len(registry._calls) <= 2


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_s_threads_work_in_the_library_of_who_asked(mirror, workers):
    made = []

    def collate(samples: list[np.ndarray]) -> minidl.Tensor:
        made.append(current_backend().name)
        return minidl.tensor(np.stack(samples))

    with use_backend(mirror):
        for batch in DataLoader([np.zeros(2, np.float32)] * 6, batch_size=2, num_workers=workers, collate_fn=collate):
            assert type(batch._array) is MirrorArray
    assert made == [mirror] * 3


def test_a_thread_can_work_for_another(mirror):
    seen = []

    def work() -> None:
        work_in(get_backend(mirror))
        seen.append(current_backend().name)

    _run(work)
    assert seen == [mirror]
    assert current_backend().name != mirror


def test_to_host(mirror):
    x = np.arange(3.0)
    assert to_host(x) is x
    number = to_host(np.float32(2))
    assert (type(number), number.shape, number.dtype) == (np.ndarray, (), np.float32)
    assert type(to_host(get_backend(mirror).asarray(x))) is np.ndarray
    assert is_array(x)
    assert is_array(get_backend(mirror).asarray(x))
    assert not is_array([1.0])
    with pytest.raises(BackendError, match="list is not an array"):
        to_host([1.0])


def test_the_environment_chooses_for_the_process():
    code = "import minidl; print(minidl.backend.current_backend().name)"
    for value, code_expected, says in (("cpu", 0, "numpy"), ("nothing", 1, "'nothing' is unknown")):
        done = subprocess.run(
            [sys.executable, "-c", code], env={"MINIDL_BACKEND": value, **_paths()}, capture_output=True, text=True
        )
        assert done.returncode == code_expected
        assert says in done.stdout + done.stderr


def _paths() -> dict[str, str]:
    import os

    return {name: os.environ[name] for name in ("PYTHONPATH", "PATH", "HOME") if name in os.environ}


def _run(*works) -> None:
    """Run each in a thread of its own, at the same time; what one raises is raised here."""
    failures = []

    def guarded(work) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
