"""Module: names, order, state dicts in both directions, moves between dtypes, hooks, and where an error happened."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import weakref
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl import nn, optim
from minidl.errors import ArgumentError, CheckpointError, DtypeError, MinidlError, ShapeError, UnsupportedError
from tests.nn.models import both, small
from tests.nn.pairs import compare, numpy_state, same_weights, torch_state
from tests.support.compare import to_numpy


def test_names_and_order_are_pytorchs() -> None:
    mine, reference = both()
    for method in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [n for n, _ in getattr(mine, method)()] == [n for n, _ in getattr(reference, method)()], method
    assert [n for n, _ in mine.named_parameters(prefix="net", recurse=True)] == [
        n for n, _ in reference.named_parameters(prefix="net")
    ]
    assert list(mine.named_parameters(recurse=False)) == []
    assert list(mine.state_dict()) == list(reference.state_dict())
    assert list(mine.state_dict(prefix="net.")) == list(reference.state_dict(prefix="net."))
    assert repr(mine) == repr(reference)
    for name in ("parameters", "buffers", "modules", "children"):
        assert len(list(getattr(mine, name)())) == len(list(getattr(reference, name)())), name
    for (name, x), (_, t) in zip(mine.state_dict().items(), reference.state_dict().items()):
        assert x.shape == tuple(t.shape), name
        assert str(x.dtype) == str(t.dtype).removeprefix("torch."), name


def test_training_follows_pytorch_from_the_same_weights() -> None:
    mine, reference = (net.double() for net in both())
    mine.dropout.p = reference.dropout.p = 0.0
    same_weights(mine, reference, 0)
    rng = np.random.default_rng(0)
    optimizers = optim.SGD(mine.parameters(), 0.05, 0.9), torch.optim.SGD(reference.parameters(), 0.05, 0.9)
    for _ in range(3):
        compare(mine, reference, rng.standard_normal((4, 1, 8, 8)))
        for optimizer in optimizers:
            optimizer.step()
    mine.eval()
    reference.eval()
    compare(mine, reference, rng.standard_normal((1, 1, 8, 8)))
    assert repr(reference.load_state_dict(torch_state(mine))) == "<All keys matched successfully>"
    compare(mine, reference, rng.standard_normal((2, 1, 8, 8)))


def test_shared_parameters_and_modules_are_found_once() -> None:
    def make(library: Any) -> Any:
        net = library.Sequential(library.Linear(2, 2), library.Linear(2, 2), library.ReLU())
        net[1].weight = net[0].weight
        net.append(net[2])
        return net

    mine, reference = make(nn), make(torch.nn)
    for options in ({}, {"remove_duplicate": False}):
        assert [n for n, _ in mine.named_parameters(**options)] == [n for n, _ in reference.named_parameters(**options)]
        assert [n for n, _ in mine.named_modules(**options)] == [n for n, _ in reference.named_modules(**options)]
    assert list(mine.state_dict()) == list(reference.state_dict())
    assert [n for n, _ in mine.named_children()] == [n for n, _ in reference.named_children()]


def test_state_dict_shares_memory_and_is_detached() -> None:
    layer = nn.Linear(2, 2)
    state = layer.state_dict()
    assert not state["weight"].requires_grad
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight
    nn.init.zeros_(layer.weight)
    np.testing.assert_array_equal(to_numpy(state["weight"]), np.zeros((2, 2)))
    into: dict[str, Any] = {"other": 1}
    assert layer.state_dict(destination=into) is into
    assert list(into) == ["other", "weight", "bias"]


def test_loading_converts_dtypes_and_copies() -> None:
    layer = nn.Linear(2, 1)
    weight = np.array([[1, 2]], "int64")
    layer.load_state_dict({"weight": weight, "bias": minidl.tensor(np.array([0.5]))})
    weight[:] = 9
    assert layer.weight.dtype == np.float32
    np.testing.assert_array_equal(to_numpy(layer.weight), [[1, 2]])
    np.testing.assert_array_equal(to_numpy(layer(minidl.tensor([[1.0, 1.0]]))), [[3.5]])
    bare = nn.Module()
    bare.register_buffer("scalar", minidl.tensor(1.0))
    bare.load_state_dict({"scalar": np.ones(1) * 4})
    assert float(to_numpy(bare.scalar)) == 4.0


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    net = small(nn)
    before = numpy_state(net)
    state = {name: value + 1 for name, value in before.items()}
    state["extra.weight"] = np.ones(3)
    state["layer1.0.bias"] = np.ones(4)
    del state["heads.odd.bias"]
    with pytest.raises(CheckpointError) as caught:
        net.load_state_dict(state)
    for part in (
        "not one of Net; nothing was loaded",
        "missing: heads.odd.bias",
        "unexpected: extra.weight",
        "layer1.0.bias: shape (4,) in the state but (3,) in the model",
    ):
        assert part in str(caught.value)
    with pytest.raises(CheckpointError, match=r"layer1\.0\.bias: shape"):
        net.load_state_dict(state, strict=False)
    for name, value in numpy_state(net).items():
        np.testing.assert_array_equal(value, before[name])
    for bad, message in (
        (np.array([object()] * 3), "values of dtype object"),
        ("weights", "expected; got str"),
        (np.ones(3, complex), "values of dtype complex128"),
    ):
        with pytest.raises(CheckpointError, match=message):
            net.load_state_dict({**before, "layer1.0.bias": bad})
    with pytest.raises(DtypeError, match="a mapping of names to tensors is expected; got list"):
        net.load_state_dict([1])
    with pytest.raises(UnsupportedError, match="assign=True"):
        net.load_state_dict(before, assign=True)


def test_not_strict_loading_reports_keys() -> None:
    layer, reference = nn.Linear(2, 2), torch.nn.Linear(2, 2)
    result = layer.load_state_dict({"weight": np.ones((2, 2)), "other": np.ones(1)}, strict=False)
    expected = reference.load_state_dict({"weight": torch.ones(2, 2), "other": torch.ones(1)}, strict=False)
    assert result.missing_keys == list(expected.missing_keys) == ["bias"]
    assert result.unexpected_keys == list(expected.unexpected_keys) == ["other"]
    assert repr(result) == "IncompatibleKeys(missing_keys=['bias'], unexpected_keys=['other'])"


def test_old_batch_norm_states_have_no_count() -> None:
    layer, reference = nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    state = {name: value for name, value in numpy_state(layer).items() if name != "num_batches_tracked"}
    reference.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    assert layer.load_state_dict(state).missing_keys == []


def test_loading_frees_no_graph_silently() -> None:
    layer = nn.Linear(2, 1)
    z = layer(minidl.tensor([[1.0, 2.0]], requires_grad=True))
    layer.load_state_dict(numpy_state(layer))
    with pytest.raises(MinidlError, match="changed in place"):
        z.backward()


def test_dtypes() -> None:
    net = small(nn)
    parameter = net.layer1[0].weight
    parameter.grad = minidl.tensor(np.ones(parameter.shape, "float32"))
    for call, dtype in ((net.double, "float64"), (net.half, "float16"), (net.float, "float32")):
        assert call() is net
        assert {str(p.dtype) for p in net.parameters()} == {dtype}
        assert str(parameter.grad.dtype) == dtype
        assert net.layer1[0].weight is parameter
        assert str(net.blocks[0].norm.running_var.dtype) == dtype
        assert str(net.blocks[0].norm.num_batches_tracked.dtype) == "int64"
    net.to(minidl.tensor(np.ones(1)))
    assert str(parameter.dtype) == "float64"
    net.to("cpu", minidl.float32)
    net.to(device="cpu", dtype="float32", non_blocking=True)
    assert str(net.cpu().layer1[0].weight.dtype) == "float32"
    with pytest.raises(DtypeError, match="parameters have a floating dtype; got int64"):
        net.to(minidl.int64)
    with pytest.raises(DtypeError, match="is not a dtype"):
        net.to(3.5)
    with pytest.raises(ArgumentError, match="tpu"):
        net.to("tpu")


def test_modes() -> None:
    net = small(nn)
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert all(module.training for module in net.train().modules())
    with pytest.raises(ArgumentError, match="mode must be True or False"):
        net.train("no")  # type: ignore[arg-type]
    assert not any(p.requires_grad for p in net.requires_grad_(False).parameters())


def test_zero_grad() -> None:
    layer = nn.Linear(2, 1)
    layer(minidl.tensor([[1.0, 2.0]])).backward()
    layer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(to_numpy(layer.weight.grad), [[0, 0]])
    layer.zero_grad()
    assert layer.weight.grad is None


def test_apply_goes_from_the_inside_out() -> None:
    def names(library: Any) -> list[str]:
        found: list[str] = []
        small(library).apply(lambda module: found.append(type(module).__name__))
        return found

    assert names(nn) == names(torch.nn)


def test_registering() -> None:
    module = nn.Module()
    module.register_parameter("weight", None)
    assert module.weight is None
    assert list(module.parameters()) == []
    module.weight = nn.Parameter(minidl.tensor([1.0]))
    module.register_buffer("kept", minidl.tensor([2.0]))
    module.register_buffer("transient", minidl.tensor([3.0]), persistent=False)
    module.register_buffer("missing", None)
    module.add_module("0", nn.ReLU())
    module.register_module("inner", None)
    assert list(module.state_dict()) == ["weight", "kept"]
    assert [name for name, _ in module.named_buffers()] == ["kept", "transient"]
    assert dict(module._modules)["inner"] is None
    assert list(module._parameters) == ["weight"]
    assert list(module._buffers) == ["kept", "transient", "missing"]
    module.kept = minidl.tensor([5.0])
    assert float(to_numpy(module.state_dict()["kept"])[0]) == 5.0
    assert "0" not in dir(module)
    assert "weight" in dir(module)
    del module.weight
    assert list(module.state_dict()) == ["kept"]
    assert not hasattr(module, "weight")


def test_what_cannot_be_registered() -> None:
    module = nn.Linear(2, 2)
    computed = minidl.tensor([1.0], requires_grad=True) * 2
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: module.register_parameter("a.b", None), ArgumentError, "not be empty nor contain a dot"),
        (lambda: module.register_buffer("", None), ArgumentError, "not be empty"),
        (lambda: module.register_buffer("forward", None), ArgumentError, "has an attribute 'forward' already"),
        (lambda: module.register_buffer("weight", None), ArgumentError, "has an attribute 'weight' already"),
        (lambda: module.add_module(3, nn.ReLU()), DtypeError, "must be a string; got 3"),  # type: ignore[arg-type]
        (lambda: module.add_module("x", 3), DtypeError, "'x' must be a Module; got int"),  # type: ignore[arg-type]
        (lambda: module.register_buffer("x", 3), DtypeError, "Tensor or None; got int"),  # type: ignore[arg-type]
        (lambda: module.register_parameter("x", computed), DtypeError, "must be a Parameter or None; got Tensor"),
        (lambda: setattr(module, "weight", computed), DtypeError, "is a parameter; Tensor cannot take its place"),
        (lambda: nn.Parameter([1.0]), DtypeError, "data must be a Tensor; got list"),  # type: ignore[arg-type]
        (lambda: nn.Parameter(minidl.tensor([1])), DtypeError, "only tensors of a floating dtype"),
        (lambda: nn.Module()(3), TypeError, "Module has no forward"),
        (lambda: module.get_submodule("a.b"), AttributeError, "Linear has no module 'a'"),
        (lambda: module.get_parameter("w"), AttributeError, "no parameter 'w'.*it has: weight, bias"),
        (lambda: module.get_buffer("w"), AttributeError, "no buffer 'w'"),
        (lambda: module.missing, AttributeError, "missing"),
    ]
    for call, error, message in cases:
        with pytest.raises(error, match=message):
            call()
    norm = nn.BatchNorm1d(2)
    with pytest.raises(DtypeError, match="is a buffer; int cannot take its place"):
        norm.running_mean = 3
    net = nn.Sequential(nn.ReLU())
    with pytest.raises(DtypeError, match="is a module; int cannot take its place"):
        setattr(net, "0", 3)


def test_super_init_comes_first() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"Early: call super\(\).__init__\(\) before assigning a module"):
        Early()

    class EarlyBuffer(nn.Module):
        def __init__(self) -> None:
            self.register_buffer("x", None)

    with pytest.raises(AttributeError, match="before assigning a buffer"):
        EarlyBuffer()


def test_getting_by_dotted_name() -> None:
    net = small(nn)
    assert net.get_submodule("") is net
    assert net.get_submodule("blocks.1.conv") is net.blocks[1].conv
    assert net.get_parameter("heads.digit.bias") is net.heads["digit"].bias
    assert net.get_buffer("blocks.0.norm.running_mean") is net.blocks[0].norm.running_mean


def test_an_error_says_in_which_layer() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(4, 640), nn.ReLU()))
            self.fc = nn.Linear(641, 10)
            self.stages = nn.ModuleList([nn.Linear(9, 9)])

        def forward(self, x: Any, where: str) -> Any:
            if where == "here":
                raise ShapeError("wrong")
            if where == "loose":
                return nn.Linear(3, 3)(x)
            if where == "list":
                return self.stages[0](x)
            return self.fc(self.features(x))

    net = Net()
    x = minidl.tensor(np.ones((100, 4), "float32"))
    wrong = minidl.tensor(np.ones((100, 5), "float32"))
    cases = [
        (
            wrong,
            "",
            r"^features\.1\.0 \(Linear\): input \(100, 5\) but in_features is 4; use in_features=5, or .*4\)$",
        ),
        (x, "", r"^fc \(Linear\): input \(100, 640\) but in_features is 641; "),
        (x, "here", "^Net: wrong$"),
        (x, "loose", r"^Linear \(Linear\): input"),
        (x, "list", r"^stages\.0 \(Linear\): input"),
    ]
    for value, where, message in cases:
        with pytest.raises(ShapeError, match=message):
            net(value, where)
    assert nn.current_module_path() == ""
    with pytest.raises(ShapeError, match=r"^1\.0 \(Linear\): input \(100, 5\)"):
        net.features(wrong)


def test_paths_in_threads() -> None:
    seen: dict[str, list[str]] = {"a": [], "b": []}
    barrier = threading.Barrier(2)

    class Show(nn.Module):
        def forward(self, x: str) -> str:
            barrier.wait(timeout=10)
            seen[x].append(nn.current_module_path())
            return x

    nets = {"a": nn.Sequential(Show()), "b": nn.Sequential(nn.Identity(), nn.Sequential(Show()))}
    threads = [threading.Thread(target=nets[name], args=(name,)) for name in nets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"a": ["0"], "b": ["1.0"]}


@pytest.mark.parametrize("library", [nn, torch.nn])
def test_hooks(library: Any) -> None:
    layer, log = library.Identity(), []
    first = layer.register_forward_pre_hook(lambda module, inputs: log.append(("pre", inputs)))
    second = layer.register_forward_pre_hook(lambda module, inputs: inputs[0] + 1)
    third = layer.register_forward_hook(lambda module, inputs, output: log.append(("post", inputs, output)))
    fourth = layer.register_forward_hook(lambda module, inputs, output: output * 10)
    fifth = layer.register_forward_hook(
        lambda module, inputs, options, output: output + 1, with_kwargs=True, prepend=True
    )
    assert layer(1) == 30
    assert log == [("pre", (1,)), ("post", (2,), 3)]
    for handle in (first, second, third, fourth, fifth):
        handle.remove()
    sixth = layer.register_forward_pre_hook(
        lambda module, inputs, options: ((5,), options), with_kwargs=True, prepend=True
    )
    assert layer(1) == 5
    sixth.remove()
    assert layer(1) == 1
    assert len(log) == 2


def test_hooks_that_are_left_out() -> None:
    with pytest.raises(UnsupportedError, match="always_call=True"):
        nn.Identity().register_forward_hook(print, always_call=True)


def test_copies_are_independent() -> None:
    net = small(nn)
    net.layer1[0].weight.grad = minidl.tensor(np.ones(net.layer1[0].weight.shape, "float32"))
    for made in (copy.deepcopy(net.layer1), pickle.loads(pickle.dumps(net.layer1))):
        assert isinstance(made[0].weight, nn.Parameter)
        assert made[0].weight.requires_grad
        for (name, x), (_, y) in zip(made.state_dict().items(), net.layer1.state_dict().items()):
            np.testing.assert_array_equal(to_numpy(x), to_numpy(y), err_msg=name)
        nn.init.zeros_(made[0].weight)
        assert to_numpy(net.layer1[0].weight).any()
    norm = copy.deepcopy(net.blocks[0].norm)
    norm(minidl.tensor(np.random.default_rng(0).standard_normal((4, 3, 2, 2)).astype("float32")))
    assert int(to_numpy(norm.num_batches_tracked)) == 1
    assert int(to_numpy(net.blocks[0].norm.num_batches_tracked)) == 0


def test_deep_copies_keep_sharing() -> None:
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, nn.Linear(2, 2))
    net[1].weight = layer.weight
    made = copy.deepcopy(net)
    assert made[0].weight is made[1].weight


def test_parameter() -> None:
    source = minidl.tensor([1.0, 2.0])
    parameter = nn.Parameter(source)
    nn.init.zeros_(source)
    np.testing.assert_array_equal(to_numpy(parameter), [0, 0])
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert not nn.Parameter(source, requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)
    assert repr(parameter).replace("device='cuda:0', ", "") == repr(torch.nn.Parameter(torch.zeros(2)))


def test_calling_leaves_no_cycle() -> None:
    """With the garbage collector off, what a call made is freed with its output, also by way of a hook or an error."""
    net = small(nn)
    net.layer1[0].register_forward_hook(lambda module, inputs, output: output * 2)
    x = minidl.tensor(np.ones((2, 1, 8, 8), "float32"))
    gc.disable()
    try:
        z = net(x)
        made = [weakref.ref(z), weakref.ref(z.grad_fn)]
        del z
        assert [ref() for ref in made] == [None, None]
        try:
            net(minidl.tensor(np.ones((2, 2, 8, 8), "float32")))
        except ShapeError as error:
            made = [weakref.ref(error)]
        assert made[0]() is None
    finally:
        gc.enable()


class Trace:
    """Hooks that note which module they were called with."""

    seen: list[nn.Module] = []  # noqa: RUF012

    @classmethod
    def before(cls, module: nn.Module, inputs: Any) -> None:
        cls.seen.append(module)

    @classmethod
    def after(cls, module: nn.Module, inputs: Any, output: Any) -> None:
        cls.seen.append(module)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_the_hooks_of_a_copy_are_called_with_the_copy(again: Any) -> None:
    layer = nn.Identity()
    layer.register_forward_pre_hook(Trace.before)
    layer.register_forward_hook(Trace.after)
    copied = again(layer)
    Trace.seen.clear()
    copied(minidl.ones(1))
    assert len(Trace.seen) == 2
    assert all(module is copied for module in Trace.seen)
