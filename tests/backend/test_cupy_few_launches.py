"""What a GPU does in one launch equals the array calls that it stands for, and is one launch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn, optim
from minidl.backend import Backend, get_backend
from minidl.engine.observe import Observer, observed
from minidl.nn import functional as F
from minidl.ops.loss.cross_entropy import CrossEntropy
from minidl.ops.rectifier import Relu
from minidl.optim import adam, sgd

pytestmark = pytest.mark.skipif(not minidl.cuda.is_available(), reason="no GPU, and not under tests.cupy_on_cpu")

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
RULES = [
    (sgd.gradient_step, 2, (0.1,)),
    (sgd.momentum_step, 3, (0.1, 0.9)),
    (sgd.nesterov_step, 3, (0.1, 0.9)),
    (adam.adam_step, 4, (1 - 0.9, 0.999, 1 - 0.999, 0.01, 0.5, 1e-8)),
    (adam.descend, 3, (0.01, 0.5, 1e-8)),
]


def backend() -> Backend:
    return get_backend("cupy")


def drawn(shape: tuple[int, ...], dtype: str = "float32", seed: int = 0):
    return backend().asarray(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


def on_cupy(shape: tuple[int, ...], dtype: str = "float32") -> minidl.Tensor:
    return minidl.tensor(drawn(shape, dtype).get(), device="cuda", requires_grad=True)


def launches(work) -> int | None:
    """How many launches `work` is, once it is compiled; None on a real GPU, which does not tell."""
    work()
    if not backend().emulated:
        return None
    from tests.cupy_on_cpu import counters

    with counters.count() as found:
        work()
    return found["launches"]


def loss_of(x, t, tuned: bool = True):
    """The loss, the softmax that is kept, and the gradient for dz = 2.5: by the kernels or by the operation's lines."""
    node, dz = CrossEntropy(), backend().asarray(np.asarray(2.5, x.dtype))
    node.backend = backend()
    with backend().quiet():
        if tuned:
            forward, backward = map(backend().stand_in, (CrossEntropy.forward, CrossEntropy.backward))
            return forward(node, x, t), node.softmax, backward(node, dz)[0]
        return node.forward(x, t), node.softmax, node.backward(dz)[0]


@given(
    st.tuples(st.integers(0, 4), st.integers(1, 5)),
    st.sampled_from([(), (3,), (2, 2)]),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(["int64", "int32", "uint8"]),
    st.sampled_from([1, 300]),
    st.booleans(),
)
def test_cross_entropy(shape, rest, dtype, label_dtype, scale, swapped):
    """Large scores too; scores and labels that do not lie row by row; no scores at all."""
    n, classes = shape
    x = drawn((n, classes, *rest), dtype) * np.dtype(dtype).type(scale)
    t = backend().asarray(np.random.default_rng(1).integers(0, classes, (n, *rest)).astype(label_dtype))
    if swapped:
        x = backend().xp.ascontiguousarray(x.swapaxes(0, -1)).swapaxes(0, -1)
        t = backend().xp.ascontiguousarray(t.swapaxes(0, -1)).swapaxes(0, -1)
    for ours, theirs in zip(loss_of(x, t), loss_of(x, t, tuned=False)):
        assert_close(ours, theirs)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 3])
def test_cross_entropy_of_what_is_not_finite(value, place):
    x, t = drawn((3, 4)), backend().asarray(np.array([0, 3, 1]))
    x[0, place] = value
    for ours, theirs in zip(loss_of(x, t), loss_of(x, t, tuned=False)):
        assert_close(ours, theirs)


def test_cross_entropy_is_three_launches():
    x, t, dz = drawn((100, 10)), backend().asarray(np.arange(100) % 10), drawn(())
    forward, backward = map(backend().stand_in, (CrossEntropy.forward, CrossEntropy.backward))
    node = CrossEntropy()
    assert launches(lambda: (forward(node, x, t), backward(node, dz))) in (3, None)


def test_cross_entropy_of_many_classes_is_left_to_the_formula():
    x, t = drawn((5, 129)), backend().asarray(np.arange(5) * 30)
    for ours, theirs in zip(loss_of(x, t), loss_of(x, t, tuned=False)):
        assert_close(ours, theirs)
    forward, node = backend().stand_in(CrossEntropy.forward), CrossEntropy()
    node.backend = backend()
    few, many = (launches(lambda x=x: forward(node, x, t)) for x in (x[:, :128].copy(), x))
    assert few is None or few < many


def test_the_engine_takes_the_kernels_where_nobody_looks_in_between(monkeypatch):
    """An observer sees the operation's own lines; whoever puts others in their place gets these."""
    x, t = on_cupy((4, 3)), minidl.tensor([0, 2, 1, 1], device="cuda")
    expected = F.cross_entropy(x, t)
    from minidl.backend.cupy import loss

    calls: list = []
    for name, kernel in loss.KERNELS.items():
        counted = lambda *given, kernel=kernel: calls.append(kernel) or kernel(*given)
        monkeypatch.setitem(backend().kernels, name, counted)
    F.cross_entropy(x, t).backward()
    assert [kernel.__name__ for kernel in calls] == ["forward", "backward"]
    with observed(Observer()):
        z = F.cross_entropy(x, t)
        z.backward()
    assert len(calls) == 2
    assert z.item() == pytest.approx(expected.item(), rel=1e-6)
    monkeypatch.setattr(CrossEntropy, "forward", lambda self, x, t: x.sum())
    assert F.cross_entropy(x, t).item() == pytest.approx(x.sum().item())
    assert len(calls) == 2


def test_cross_entropy_can_still_be_differentiated_twice():
    t = minidl.tensor([0, 2], device="cuda")
    x = on_cupy((2, 3), "float64")
    assert minidl.autograd.gradgradcheck(lambda x: F.cross_entropy(x, t), (x,))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_relu_and_its_mask_in_one_launch(dtype):
    values = np.array([-2, -1, 0, 1, 3]).astype(dtype)
    if values.dtype.kind == "f":
        values = np.array([-1.5, -0.0, 0.0, 2.5, np.nan, np.inf, -np.inf, 1e-40], dtype)
    x = backend().asarray(values.reshape(1, 1, 1, -1))  # an image
    forward = backend().stand_in(Relu.forward)
    nodes = [Relu(), Relu()]
    for node in nodes:
        node.backend, node.needs = backend(), (True,)
    z, expected = forward(nodes[0], x), nodes[1].forward(x)
    assert (z.dtype, nodes[0].mask.dtype) == (expected.dtype, bool)
    np.testing.assert_array_equal(z.get(), expected.get())
    np.testing.assert_array_equal(nodes[0].mask.get(), nodes[1].mask.get())
    assert launches(lambda: forward(nodes[0], x)) in (1, None)


def test_an_activation_with_options_keeps_its_own_lines():
    x = on_cupy((4, 3))
    z = F.hardtanh(x, -0.5, 0.25)
    np.testing.assert_array_equal(z.numpy(force=True), x.detach().numpy(force=True).clip(-0.5, 0.25))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (3, 1, 0, 2)])
def test_masked_keeps_the_memory_order(dtype, order):
    x = (drawn((2, 3, 4, 5)) * 4).astype(dtype).transpose(order)
    for shape in (x.shape, (1, *x.shape[1:]), x.shape[-1:]):
        mask = drawn(shape, seed=1) > 0
        found = backend().masked(x, mask)
        np.testing.assert_array_equal(found.get(), Backend.masked(backend(), x, mask).get())
        assert (found.strides, found.dtype) == (x.strides, x.dtype)
    x[:] = np.nan if x.dtype.kind == "f" else 7
    assert not backend().masked(x, x != x if x.dtype.kind == "i" else x == x).any()


def parameters(arrays: int, shapes, dtype: str) -> list[list]:
    return [[abs(drawn(shape, dtype, seed=7 * i + k)) for k in range(arrays)] for i, shape in enumerate(shapes)]


@pytest.mark.parametrize(("rule", "arrays", "numbers"), RULES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_updates_in_one_launch(rule, arrays, numbers, dtype):
    """Small and empty parameters, and one with more elements than a row of blocks has threads."""
    shapes = [(10, 1, 5, 5), (10,), (), (0,), (3, 300), (1024 * 256 + 3,)]
    ours, theirs = parameters(arrays, shapes, dtype), parameters(arrays, shapes, dtype)
    assert launches(lambda: together(rule, ours, numbers)) in (1, None)
    for _ in range(2 if backend().emulated else 1):  # as often as `launches` did it
        for given_arrays in theirs:
            rule(backend().xp, *given_arrays, *numbers)
    for found, expected in zip(ours, theirs):
        for x, y in zip(found, expected):
            assert_close(x, y)


def together(rule, all_arrays, numbers) -> None:
    backend().update_all([(rule, *arrays, *numbers) for arrays in all_arrays])


def test_more_parameters_than_one_launch_takes():
    shapes = [(i % 5 + 1,) for i in range(150)]
    ours, theirs = parameters(3, shapes, "float32"), parameters(3, shapes, "float32")
    assert launches(lambda: together(sgd.momentum_step, ours, (0.1, 0.9))) in (3, None)
    for _ in range(2 if backend().emulated else 1):
        for arrays in theirs:
            sgd.momentum_step(backend().xp, *arrays, 0.1, 0.9)
    for found, expected in zip(ours, theirs):
        assert_close(found[0], expected[0])


def branching(xp, p, g) -> None:
    if (g > 0).all():
        p -= g


def test_what_no_common_kernel_can_do_is_done_one_by_one():
    """A rule that looks at values; gradients in another memory order; half precision; another number each."""
    xp = backend().xp
    p, g = drawn((3, 4)), abs(drawn((3, 4), seed=1))
    expected = p - g
    together(sgd.gradient_step, [[p, xp.ascontiguousarray(g.T).T]], (1.0,))
    assert_close(p, expected)

    from minidl.backend.cupy import together as module

    assert module.launch([(branching, p, g)]) == [(branching, p, g)]
    half = p.astype("float16")
    assert len(module.launch([(sgd.gradient_step, half, half.copy(), 1.0)])) == 1
    a, b, one = xp.ones(3), xp.ones(3), xp.ones(3)
    assert module.launch([(sgd.gradient_step, a, one, 1.0), (sgd.gradient_step, b, one, 0.5)]) == []
    assert (a.tolist(), b.tolist()) == ([0.0] * 3, [0.5] * 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.1),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, dampening=0),
        lambda p: optim.Adam(p, weight_decay=0.01),
        lambda p: optim.Adam(p, amsgrad=True),
        lambda p: optim.AdamW(p),
    ],
)
def test_optimizers_take_numpys_steps(make):
    """Two groups, one of them at another rate; a parameter without a gradient; a model in half precision beside."""
    found = {}
    for device in ("cpu", "cuda"):
        minidl.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)).to(device)
        half = nn.Linear(2, 2).to(device).half()
        unused = nn.Linear(2, 2).to(device)
        first = {"params": [*model[0].parameters(), *unused.parameters()]}
        optimizer = make([first, {"params": model[1].parameters(), "lr": 0.02}, {"params": half.parameters()}])
        x = minidl.tensor(np.random.default_rng(0).standard_normal((5, 3)).astype("float32")).to(device)
        for _ in range(3):
            optimizer.zero_grad()
            half(model(x).half()).float().square().mean().backward()
            optimizer.step()
        found[device] = [p.detach().cpu().numpy() for m in (model, half, unused) for p in m.parameters()]
    for ours, theirs in zip(found["cuda"], found["cpu"]):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3 if ours.dtype == np.float16 else 1e-4, atol=1e-5)


def assert_close(found, expected) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    tolerance = TOLERANCE[found.dtype.name]
    np.testing.assert_allclose(found.get(), expected.get(), rtol=tolerance, atol=tolerance)
