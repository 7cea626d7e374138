"""The CuPy backend: chosen and refused in words, never waited for in a training step, and equal to NumPy's run.

On a machine without a GPU these run under `python -m tests.cupy_on_cpu`; see `test_cupy_in_lane.py`.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial

import numpy as np
import pytest

import minidl
from minidl import nn, optim
from minidl.backend import Backend, get_backend
from minidl.data import DataLoader, TensorDataset
from minidl.errors import BackendError, RangeError
from minidl.models import make_model
from minidl.nn import functional as F
from minidl.ops.loss.cross_entropy import CrossEntropy
from minidl.optim.sgd import momentum_step
from minidl.training import Trainer
from minidl.training.job import Job
from minidl.training.options import merged
from minidl.training.run import RunFolder

pytestmark = pytest.mark.skipif(not minidl.cuda.is_available(), reason="no GPU, and not under tests.cupy_on_cpu")


def on_cupy(values, **options) -> minidl.Tensor:
    return minidl.tensor(values, device="cuda", **options)


def test_every_way_of_choosing_it():
    with minidl.use_backend("cupy"):
        x = minidl.ones(2)
    for y in (x, minidl.ones(2, device="cuda"), minidl.ones(2, device="cpu").to("cupy"), minidl.ones(2).cuda()):
        assert str(y.device) == "cuda:0"
        assert y.is_cuda
    assert str(x.cpu().device) == "cpu"
    assert repr(on_cupy([1.0, 2.0])) == "tensor([1., 2.], device='cuda:0')"
    assert minidl.cuda.device_count() == 1
    minidl.cuda.synchronize()


def test_a_gradient_flows_through_a_move():
    x = minidl.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    (x.cuda() * 3).sum().backward()
    assert str(x.grad.device) == "cpu"
    assert x.grad.tolist() == [3.0, 3.0]


def test_two_libraries_in_one_operation_are_told_apart():
    with pytest.raises(BackendError, match=r"argument 0 is in cupy, argument 1 is in numpy.*tensor\.to"):
        on_cupy([1.0]) + minidl.ones(1, device="cpu")
    layer = nn.Linear(2, 3).to("cuda")
    with pytest.raises(BackendError, match="is in numpy"):
        layer(minidl.ones(1, 2, device="cpu"))


def test_an_optimizer_made_before_the_model_moved_says_so():
    model = nn.Linear(2, 1).to("cpu")
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(minidl.ones(1, 2, device="cpu")).sum().backward()
    optimizer.step()
    model.to("cuda").zero_grad()
    model(minidl.ones(1, 2, device="cuda")).sum().backward()
    with pytest.raises(BackendError, match=r"momentum_buffer .* numpy, .* parameter in cupy; move the model before"):
        optimizer.step()


def test_a_label_out_of_range_never_reaches_the_device():
    scores = minidl.zeros(3, 4, device="cuda")
    with pytest.raises(RangeError, match="label 4 at index 1"):
        F.cross_entropy(scores, minidl.tensor([0, 4, 1], device="cpu").to("cuda"))


def digits(batch: int) -> TensorDataset:
    rng = np.random.default_rng(0)
    images = rng.random((4 * batch, 1, 28, 28), np.float32)
    return TensorDataset(
        minidl.tensor(images, device="cpu"), minidl.tensor(rng.integers(0, 10, 4 * batch), device="cpu")
    )


def counters_of_the_lane():
    counters = pytest.importorskip("tests.cupy_on_cpu.counters")
    try:
        counters.snapshot()
    except Exception:
        pytest.skip("only the imitated device counts what it is asked for")
    return counters


@pytest.mark.parametrize(
    ("make", "launches"),
    [
        (lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9), 35),  # as benchmarks/GPU.md says
        (lambda parameters: optim.Adam(parameters), 35),
    ],
    ids=["sgd", "adam"],
)
def test_a_training_step_copies_nothing_and_waits_for_nothing(make, launches):
    counters = counters_of_the_lane()
    with minidl.use_backend("cupy"):
        model = make_model("lecture", 10)
        loader = DataLoader(digits(8), batch_size=8, device="cuda")
        trainer = Trainer(model, make(model.parameters()), loader)
        batches = iter(loader)
        for _ in range(3):  # the first steps compile kernels, make the state of the optimizer, fill the memory pool
            trainer._step(*next(batches))
        with counters.count() as upload:
            x, y = next(batches)
        with counters.count() as step:
            trainer._step(x, y)
    assert upload["copies_to_device"] == 2
    assert upload["bytes_copied_to_device"] == x.nbytes + y.nbytes
    for waiting in ("synchronizations", "copies_to_host", "pinned_allocations", "allocations", "frees"):
        assert upload[waiting] == step[waiting] == 0, waiting
    assert step["copies_to_device"] == 0
    assert step["launches"] == launches, counters.launches_of(step)
    assert sum(n for name, n in counters.launches_of(step).items() if "cublas" in name) == 8


def test_losses_are_read_once_an_interval_not_once_a_step(monkeypatch):
    counters = counters_of_the_lane()
    monkeypatch.setattr("minidl.training.loop.REPORT_SECONDS", 3600)  # so the one interval ends with the epoch
    reads = []
    with minidl.use_backend("cupy"):
        for batch in (16, 4):
            model = make_model("mlp", 10)
            loader = DataLoader(digits(16), batch_size=batch, prefetch=2, device="cuda")
            trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.01), loader)
            trainer.fit(1)
            with counters.count() as epoch:
                trainer.fit(2)
            assert trainer.step == 2 * 64 // batch
            reads.append((epoch["copies_to_host"], epoch["synchronizations"]))
    assert reads[0] == reads[1]
    assert 2 < reads[0][0] <= 2 + len(list(model.parameters())), "losses, right answers, the check of each weight"


def losses_of_a_run(backend: str) -> tuple[list[float], float]:
    """The loss of every step of a run as the command makes it, and its accuracy on the test set."""
    given = {"backend": backend, "limit": 2000, "epochs": 1, "seed": 0}
    losses: list[float] = []
    before = minidl.backend.current_backend().name
    with tempfile.TemporaryDirectory() as folder:
        job = Job.start(merged(given, None), RunFolder(folder + "/run"))
        meter = job.trainer.meter
        note = meter.add

        def add(step, loss, right, samples):
            losses.append(loss.item())
            note(step, loss, right, samples)

        meter.add = add
        job.run()
    minidl.use_backend(before)
    return losses, job.tested.accuracy


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_run_on_real_digits_is_numpys_run():
    """The command's own run. Rounding drives losses apart, most of all where it decides which pixel a pool takes."""
    expected, accuracy = losses_of_a_run("numpy")
    found, found_accuracy = losses_of_a_run("cupy")
    assert len(found) == 19
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found_accuracy == accuracy


@pytest.mark.slow
def test_each_step_from_the_same_weights_is_numpys_step():
    """No drift: both start every step from NumPy's weights, so every step is compared on its own."""
    data = digits(50)
    ours, theirs = make_model("lecture", 10), None
    with minidl.use_backend("numpy"):
        theirs = make_model("lecture", 10)
    ours = make_model("lecture", 10).to("cuda")
    optimizer = optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    for x, y in DataLoader(data, batch_size=50):
        ours.load_state_dict({name: w.to("cuda") for name, w in theirs.state_dict().items()})
        ours.zero_grad()
        optimizer.zero_grad()
        loss, expected = F.cross_entropy(ours(x.cuda()), y.cuda()), F.cross_entropy(theirs(x.cpu()), y.cpu())
        loss.backward()
        expected.backward()
        np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-6)
        for p, q in zip(ours.parameters(), theirs.parameters()):
            scale = float(np.abs(q.grad.numpy()).max())
            np.testing.assert_allclose(p.grad.cpu().numpy(), q.grad.numpy(), rtol=0, atol=2e-5 * scale)
        optimizer.step()


@pytest.mark.gpu
def test_a_real_gpu_answers():
    """What only a real device can say: the result of a large product, made on a stream, is there after a wait."""
    cupy = get_backend("cupy").xp
    with cupy.cuda.Stream(non_blocking=True):
        x = minidl.ones(2000, 2000, device="cuda")
        z = x @ x
        minidl.cuda.synchronize()
        assert z[0, 0].item() == 2000


@pytest.mark.gpu
def test_a_real_gpu_rounds_single_precision():
    """A product keeps 24 bits, not the 11 of TF32; minidl's kernels stay as near to double as NumPy's results do."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 512, 512)).astype(np.float32)
    error = np.abs((on_cupy(x) @ on_cupy(y)).cpu().numpy() - x.astype(np.float64) @ y) / (np.abs(x) @ np.abs(y))
    assert error.max() < 2e-6  # about 1e-7 in single precision, 6e-5 in TF32
    scores, labels = rng.standard_normal((100, 10)).astype(np.float32) * 20, rng.integers(0, 10, 100)
    loss = F.cross_entropy(on_cupy(scores), on_cupy(labels)).item()
    exact = F.cross_entropy(minidl.tensor(scores.astype(np.float64), device="cpu"), minidl.tensor(labels, device="cpu"))
    assert loss == pytest.approx(exact.item(), rel=1e-6)


def kernels_and_array_calls(name: str):
    """One work done by minidl's own kernels, and by array calls."""
    backend, rng = get_backend("cupy"), np.random.default_rng(0)
    if name == "cross_entropy":
        node = CrossEntropy()
        node.backend = backend
        scores, labels = rng.standard_normal((1000, 10), np.float32), rng.integers(0, 10, 1000)
        given = backend.asarray(scores), backend.asarray(labels)
        kernels = backend.stand_in(CrossEntropy.forward)
        return lambda: [kernels(node, *given)], lambda: [node.forward(*given)]
    start = rng.standard_normal((6, 3, 12800), np.float32)

    def updates(update_all):
        parameters = [[backend.asarray(x) for x in arrays] for arrays in start]
        each = [(momentum_step, *arrays, 0.01, 0.9) for arrays in parameters]

        def work():
            update_all(each)
            return [x for arrays in parameters for x in arrays]

        return work

    return updates(backend.update_all), updates(partial(Backend.update_all, backend))


@pytest.mark.parametrize("name", ["cross_entropy", "updates"])
def test_few_launches_give_what_many_do(name):
    ours, theirs = [work() for work in kernels_and_array_calls(name)]
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.get(), y.get(), rtol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["cross_entropy", "updates"])
def test_few_launches_are_faster_than_many_on_a_real_gpu(name):
    def seconds(work) -> float:
        best = float("inf")
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(100):
                work()
            get_backend("cupy").synchronize()
            best = min(best, time.perf_counter() - began)
        return best

    ours, theirs = kernels_and_array_calls(name)
    assert seconds(ours) < seconds(theirs)


@pytest.mark.gpu
def test_the_memory_pool_of_a_real_gpu_does_not_grow():
    """After a few steps every array comes from memory that an earlier step has given back."""
    pool = get_backend("cupy").xp.get_default_memory_pool()
    with minidl.use_backend("cupy"):
        model = make_model("lecture", 10)
        trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.01), DataLoader(digits(100), batch_size=100))
        sizes = []
        for _ in range(3):
            trainer.fit(trainer.epoch + 1)
            sizes.append(pool.total_bytes())
    assert sizes[2] == sizes[1]
