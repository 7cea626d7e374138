"""Out of tensors and between them: Python numbers, NumPy arrays, dtypes, devices, copies, text."""

import copy
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.backend import registry
from minidl.backend.numpy.backend import NumpyBackend
from minidl.errors import ArgumentError, BackendError, DtypeError, GraphError, ShapeError
from tests.support.compare import check, same_tensor, to_numpy
from tests.support.dtypes import ALL
from tests.support.strategies import arrays, shapes

CASTS = {
    "half": "float16", "float": "float32", "double": "float64", "char": "int8", "short": "int16", "int": "int32",
    "long": "int64", "byte": "uint8", "bool": "bool",
}  # fmt: skip


@given(arrays(low=0, high=9), st.sampled_from(sorted(CASTS)))
def test_casts(x, name):
    check(lambda t: getattr(t, name)(), lambda t: getattr(t, name)(), x, tolerance={"float64": 1e-3, "float32": 1e-3})
    if hasattr(torch, name):
        assert getattr(minidl, name) == CASTS[name]


def test_a_cast_to_the_same_dtype_is_the_tensor_itself():
    x = minidl.ones(2)
    assert x.float() is x
    assert x.to(minidl.float32) is x
    assert x.to(x.device) is x
    assert x.cpu() is x or x.is_cuda
    assert x.to(minidl.float32, copy=True) is not x


def test_every_form_of_to():
    x, other = minidl.ones(2), minidl.ones(1, dtype=minidl.int8)
    here = x.device
    for made in (
        x.to(minidl.int8), x.to(here, minidl.int8), x.to(str(here), minidl.int8), x.to(other), x.type_as(other),
        x.to(dtype=minidl.int8), x.to(device=here, dtype=minidl.int8, non_blocking=True), x.type(minidl.int8),
        x.to(None, minidl.int8), x.to(minidl.int8, True, True),
    ):  # fmt: skip
        assert made.dtype == minidl.int8
        assert made.device == here
    for wrong in (lambda: x.to(colour="red"), lambda: x.to(minidl.int8, dtype=minidl.int8)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ArgumentError, match="'float64' is unknown"):
        x.to("float64")


class Elsewhere(np.ndarray):
    """Arrays of a second library, for tests of what goes from one to the other."""


class ElsewhereBackend(NumpyBackend):
    name = "elsewhere"
    array_type = Elsewhere

    def asarray(self, value, dtype=None):
        return np.array(value, dtype).view(Elsewhere)

    def to_numpy(self, array):
        return np.array(array)

    def device_name(self, array):
        return "cuda:0"


@pytest.fixture
def second_backend(monkeypatch):
    made = ElsewhereBackend()
    monkeypatch.setitem(registry._made, "cupy", made)
    monkeypatch.setitem(registry.by_type, Elsewhere, made)
    return made


@pytest.mark.skipif("minidl.backend.current_backend().name != 'numpy'", reason="stands in for the second library")
def test_gradients_come_back_from_another_device(second_backend):
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    moved = x.to("cuda")
    assert type(moved._array) is Elsewhere
    assert str(moved.device) == "cuda:0"
    (moved * moved).sum().backward()
    assert type(x.grad._array) is np.ndarray
    assert x.grad.tolist() == [2, 4]
    back = moved.detach().cpu()
    assert type(back._array) is np.ndarray
    assert moved.cuda() is moved
    with pytest.raises(BackendError, match="two libraries"):
        x + moved
    with pytest.raises(BackendError, match="cpu"):
        moved.detach().numpy()
    assert moved.numpy(force=True).tolist() == [1, 2]
    with pytest.raises(BackendError, match="two libraries"):
        back[0] = moved.detach()[0]
    assert repr(moved.detach()) == "tensor([1., 2.], device='cuda:0')"
    assert moved.type() == "minidl.cuda.FloatTensor"


def test_devices():
    assert minidl.device("cpu") != minidl.device("cuda")
    assert minidl.device("cuda:0").index == 0
    assert repr(minidl.device("cuda", 0)) == "device(type='cuda', index=0)"
    assert len({minidl.device("cpu"), minidl.device("numpy")}) == 1
    for wrong in ("tpu", "cuda:x", "cuda:1"):
        with pytest.raises(ArgumentError, match="device"):
            minidl.device(wrong)


def test_numpy_shares_memory_and_refuses_what_would_lose_gradients():
    if minidl.backend.current_backend().name != "numpy":
        pytest.skip("shares memory only on the host")
    x = minidl.zeros(2)
    x.numpy()[0] = 5
    assert x.tolist() == [5, 0]
    np.asarray(x)[1] = 7
    assert x.tolist() == [5, 7]
    np.array(x, copy=True)[0] = 9
    assert x.tolist() == [5, 7]
    p = minidl.ones(2, requires_grad=True)
    for call in (p.numpy, p.__array__, lambda: np.array(p, dtype=np.float64), lambda: np.array(p, copy=True)):
        with pytest.raises(GraphError, match="detach"):
            call()
    assert p.numpy(force=True).tolist() == p.detach().numpy().tolist() == [1, 1]


def test_array_protocol():
    if minidl.backend.current_backend().name != "numpy":
        pytest.skip("arrays of the GPU are not handed to NumPy")
    x = minidl.tensor([1.0, 4.0])
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="copy"):
        np.array(x, dtype=np.float64, copy=False)
    root = np.sqrt(x)
    assert isinstance(root, minidl.Tensor)
    assert root.tolist() == [1, 2]
    with pytest.raises(TypeError):
        np.ones(2) * x
    assert (x * np.ones(2)).dtype == minidl.float64


@given(arrays(shapes(max_side=2)))
def test_tolist_item_and_sizes(x):
    ours, theirs = same_tensor(x)
    assert ours.tolist() == theirs.tolist()
    assert ours.dim() == ours.ndim == theirs.dim()
    assert ours.numel() == ours.nelement() == theirs.numel()
    assert ours.size() == tuple(theirs.size())
    assert (ours.element_size(), ours.itemsize) == (theirs.element_size(), theirs.itemsize)
    assert ours.nbytes == theirs.nbytes
    for dim in range(-x.ndim, x.ndim):
        assert ours.size(dim) == theirs.size(dim)
    if x.ndim:
        assert len(ours) == len(theirs)
        assert [t.tolist() for t in ours] == [t.tolist() for t in theirs]
    if x.size == 1:
        assert ours.item() == theirs.item() == float(ours)
        assert int(ours) == int(theirs)
        assert bool(ours) == bool(theirs)
    else:
        for call in (ours.item, lambda: bool(ours), lambda: float(ours), lambda: int(ours)):
            with pytest.raises(ShapeError):
                call()


def test_strides_and_contiguity():
    ours, theirs = minidl.zeros(2, 3, 4), torch.zeros(2, 3, 4)
    for get in (lambda x: x, lambda x: x.transpose(0, 2), lambda x: x[:, 1:], lambda x: x[0]):
        assert get(ours).stride() == get(theirs).stride()
        assert get(ours).is_contiguous() == get(theirs).is_contiguous()
    assert ours.stride(-2) == theirs.stride(-2)
    assert ours.contiguous() is ours
    assert ours.transpose(0, 1).contiguous().is_contiguous()


def test_a_tensor_as_an_index_and_in_text():
    assert range(9)[minidl.tensor(3)] == range(9)[minidl.tensor([3])] == 3
    with pytest.raises(DtypeError, match="integer tensor"):
        range(9)[minidl.tensor(3.0)]
    assert f"{minidl.tensor(2.5):.2f}" == "2.50"
    assert f"{minidl.ones(2)}" == repr(minidl.ones(2))
    with pytest.raises(DtypeError, match="item"):
        f"{minidl.ones(2):.1f}"


def test_membership_and_iteration():
    x = minidl.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert 3 in x
    assert minidl.tensor(4.0) in x
    assert 5.0 not in x
    with pytest.raises(DtypeError, match="NoneType"):
        assert None in x
    _, last = x
    assert last.tolist() == [3, 4]
    for call in (lambda: list(minidl.tensor(1.0)), lambda: len(minidl.tensor(1.0))):
        with pytest.raises(TypeError, match="0-dimensional"):
            call()


def test_a_tensor_remembers_its_type():
    place = "cuda." if minidl.ones(1).is_cuda else ""
    assert minidl.ones(1).type() == f"minidl.{place}FloatTensor"
    assert minidl.ones(1, dtype=minidl.int64).type() == f"minidl.{place}LongTensor"
    assert minidl.ones(1).is_floating_point()
    assert minidl.is_floating_point(minidl.ones(1))
    assert not minidl.ones(1).int().is_floating_point()
    assert minidl.is_tensor(minidl.ones(1))
    assert not minidl.is_tensor([1])
    assert minidl.numel(minidl.ones(2, 3)) == 6


def test_new_tensors_like_this_one():
    x = minidl.ones(2, dtype=minidl.float64)
    for made in (x.new_zeros(3), x.new_ones((3,)), x.new_full((3,), 2), x.new_tensor([1, 2, 3])):
        assert made.dtype == minidl.float64
        assert made.shape == (3,)
    assert x.new_zeros(2, dtype=minidl.int8).dtype == minidl.int8


def test_copies():
    x = minidl.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    twin, shared, stored = copy.deepcopy(x), copy.copy(x), pickle.loads(pickle.dumps(x))
    assert twin.grad.tolist() == [2, 4]
    for made in (twin, shared, stored):
        assert made.requires_grad
        assert made.is_leaf
        assert made.tolist() == [1, 2]
    with minidl.no_grad():
        x.fill_(9)
    assert shared.tolist() == [9, 9]
    assert twin.tolist() == stored.tolist() == [1, 2]
    assert copy.deepcopy([x, x])[0] is not x
    both = copy.deepcopy([x, x])
    assert both[0] is both[1]
    for call in (copy.deepcopy, pickle.dumps):
        with pytest.raises(GraphError, match="detach"):
            call(x * 2)


PRINTED = [
    2.5, [1.0, 2.0], [1.5, -2.25], [1e10, 1.0], [1e-5, 1.0], [float("nan"), float("inf"), -1.0], [float("nan")], [],
    [[]], [True, False], True, [1, -200], [[1.5], [2]], [[[1.0, 2], [3, 4]], [[5, 6], [7, 8.5]]], [1000000.0, 2],
    [0.1, 1000.5], [1e38], 1e-8, [99999999.0], [100000001.0], [0.0, 0.0], [-0.0], [1e-320], [123456.789], -3,
]  # fmt: skip


@pytest.mark.numpy_only("on a GPU the text says device='cuda:0'")
@pytest.mark.parametrize("data", PRINTED, ids=str)
@pytest.mark.parametrize("dtype", [None, "float64", "float16", "int32"])
def test_text_is_pytorchs(data, dtype):
    theirs = torch.tensor(data)
    if dtype == "int32" and theirs.dtype.is_floating_point:
        pytest.skip("whole numbers only")
    theirs = theirs if dtype is None else theirs.to(getattr(torch, dtype))
    ours = minidl.tensor(to_numpy(theirs))
    assert repr(ours) == repr(theirs).replace("torch.", "minidl.")


@pytest.mark.numpy_only("on a GPU the text says device='cuda:0'")
@given(arrays(shapes(max_side=7), low=-1e3, high=1e3), st.sampled_from(ALL))
def test_text_of_any_tensor_is_pytorchs(x, dtype):
    array = np.array(x).astype(dtype) if dtype != "uint8" else np.abs(np.array(x)).astype(np.int64).astype(dtype)
    # "minidl" is one letter longer than "torch", so the dtype may move to the next line one letter earlier.
    ours, theirs = (re.sub(r",\s+dtype", ", dtype", repr(library.tensor(array))) for library in (minidl, torch))
    assert ours == theirs.replace("torch.", "minidl.")


@pytest.mark.numpy_only("on a GPU the text says device='cuda:0'")
@pytest.mark.parametrize(
    "shape", [(2000,), (40, 40), (7, 300), (2, 3, 400), (2000, 1), (1001,), (1000,), (0, 5), (3, 0)]
)
def test_large_and_empty_tensors_are_shortened_as_in_pytorch(shape):
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 8
    assert repr(minidl.tensor(array)) == repr(torch.tensor(array))
    assert repr(minidl.tensor(array).long()) == repr(torch.tensor(array).long()).replace("torch.", "minidl.")


@pytest.mark.numpy_only("on a GPU the text says device='cuda:0'")
def test_text_says_how_a_tensor_takes_part_in_the_graph():
    x = minidl.ones(2, requires_grad=True)
    assert repr(x) == "tensor([1., 1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 2.], grad_fn=<Mul>)"
    assert repr((x * 2).detach()) == "tensor([2., 2.])"
