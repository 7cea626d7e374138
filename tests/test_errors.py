"""Where PyTorch raises, minidl raises an error of its own that `except` clauses written for PyTorch catch."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
import torch

import minidl
from minidl import errors
from minidl.engine.function import Function
from minidl.errors import MinidlError

INF, NAN = float("inf"), float("nan")

# Each call raises in both libraries.
BOTH = {
    # shapes
    "matmul": lambda T: T.ones(2, 3) @ T.ones(2, 3),
    "add": lambda T: T.ones(2) + T.ones(3),
    "view": lambda T: T.ones(6).view(4),
    "reshape": lambda T: T.ones(6).reshape(-1, 4),
    "expand": lambda T: T.ones(2, 3).expand(3, 3),
    "cat": lambda T: T.cat([T.ones(2, 3), T.ones(3, 2)]),
    "cat of nothing": lambda T: T.cat([]),
    "cat of a tensor": lambda T: T.cat(T.ones(2)),
    "stack": lambda T: T.stack([T.ones(2), T.ones(3)]),
    "conv2d": lambda T: T.nn.functional.conv2d(T.ones(1, 1, 5, 5), T.ones(1, 2, 3, 3)),
    "linear": lambda T: T.nn.functional.linear(T.ones(1, 3), T.ones(2, 4)),
    "max_pool2d": lambda T: T.nn.functional.max_pool2d(T.ones(1, 1, 2, 2), 3),
    "BatchNorm1d of one": lambda T: T.nn.BatchNorm1d(3)(T.ones(1, 3)),
    "LayerNorm": lambda T: T.nn.LayerNorm(3)(T.ones(2, 4)),
    "cross_entropy": lambda T: T.nn.functional.cross_entropy(T.ones(2, 3), T.tensor([0, 1, 1])),
    "split": lambda T: T.ones(5).split([2, 2]),
    "item": lambda T: T.ones(3).item(),
    "bool": lambda T: bool(T.ones(3)),
    "put a shape": lambda T: T.ones(3).__setitem__(slice(None), T.ones(2)),
    "grad of a shape": lambda T: setattr(T.ones(2, requires_grad=True), "grad", T.ones(3)),
    "copy_": lambda T: T.ones(2).copy_(T.ones(3)),
    # dimensions
    "dim of sum": lambda T: T.ones(2, 3).sum(2),
    "dim of softmax": lambda T: T.ones(2, 3).softmax(5),
    "dim of cat": lambda T: T.cat([T.ones(2, 3)], 5),
    "dim of squeeze": lambda T: T.ones(2, 3).squeeze(3),
    "dim of transpose": lambda T: T.ones(2, 3).transpose(0, 3),
    "dim of size": lambda T: T.ones(4).size(3),
    "dim of a scalar": lambda T: T.tensor(1.0).size(0),
    "dim that is no integer": lambda T: T.ones(2, 3).sum(0.5),
    "dim twice": lambda T: T.ones(2, 3).sum((0, 0)),
    "roll a scalar": lambda T: T.roll(T.tensor(1.0), 0, 0),
    "unbind a scalar": lambda T: T.tensor(1.0).unbind(),
    "diagonal of a vector": lambda T: T.ones(3).diagonal(),
    "max of nothing": lambda T: T.ones(0, 2).max(0),
    "amax of nothing": lambda T: T.ones(0, 2).amax(0),
    "argmax of nothing": lambda T: T.ones(0).argmax(),
    # indices
    "index": lambda T: T.ones(3)[5],
    "index tensor": lambda T: T.ones(3)[T.tensor([5])],
    "index of a scalar": lambda T: T.tensor(1.0)[0],
    "too many indices": lambda T: T.ones(3)[0, 0],
    "mask": lambda T: T.ones(3)[T.tensor([True, False])],
    "fraction": lambda T: T.ones(3)[0.5],
    "float index tensor": lambda T: T.ones(3)[T.tensor([0.5])],
    "indices that do not broadcast": lambda T: T.ones(3, 3)[T.tensor([0, 1]), T.tensor([0, 1, 2])],
    "gather": lambda T: T.ones(3).gather(0, T.tensor([5])),
    "index_select": lambda T: T.ones(3).index_select(0, T.tensor([5])),
    "index_select by a matrix": lambda T: T.ones(3).index_select(0, T.tensor([[0]])),
    "embedding": lambda T: T.nn.functional.embedding(T.tensor([5]), T.ones(3, 2)),
    "label": lambda T: T.nn.functional.cross_entropy(T.ones(2, 3), T.tensor([0, 3])),
    "one_hot": lambda T: T.nn.functional.one_hot(T.tensor([5]), 3),
    "narrow": lambda T: T.ones(3).narrow(0, 2, 5),
    "narrow from a bool tensor": lambda T: T.narrow(T.ones(3, 3, 3), -3, T.tensor(False), 3),
    "narrow from a vector": lambda T: T.narrow(T.ones(3, 3, 3), 0, T.tensor([0]), 3),
    "narrow from a bool": lambda T: T.narrow(T.ones(3, 3, 3), 0, False, 3),
    "select by a bool": lambda T: T.ones(3).select(0, False),
    "select of a scalar": lambda T: T.tensor(1.0).select(0, 0),
    # dtypes
    "matmul of dtypes": lambda T: T.ones(2, 3) @ T.ones(3, 2).double(),
    "conv2d of dtypes": lambda T: T.nn.functional.conv2d(T.ones(1, 1, 5, 5), T.ones(1, 1, 3, 3).double()),
    "mean of integers": lambda T: T.tensor([1, 2]).mean(),
    "minus bool": lambda T: -T.tensor([True]),
    "gradient of integers": lambda T: T.tensor([1], requires_grad=True),
    "add_ of another kind": lambda T: T.tensor([1]).add_(0.5),
    "where": lambda T: T.where(T.ones(2), T.ones(2), T.ones(2)),
    "put by indices": lambda T: T.ones(2, 3, dtype=T.float64).__setitem__(
        (slice(None), [1]), T.ones(2, 1, dtype=T.int32)
    ),
    "put a scalar by indices": lambda T: T.ones(2, 3, dtype=T.float64).__setitem__([0], T.tensor(1)),
    "put by a mask": lambda T: T.ones(2, dtype=T.float64).__setitem__(T.ones(2) > 0, T.ones(2)),
    "put by two masks": lambda T: T.ones(2, 2).double().__setitem__((T.ones(2) > 0, T.ones(2) > 0), T.tensor(1)),
    "put by True and indices": lambda T: T.ones(2, 3, dtype=T.float64).__setitem__((True, [0]), T.tensor(1)),
    # state
    "missing keys": lambda T: T.nn.Linear(2, 2).load_state_dict({}),
    "shapes in the state": lambda T: T.nn.Linear(1, 1).load_state_dict({"weight": T.ones(3, 3), "bias": T.ones(1)}),
    "no forward": lambda T: T.nn.Module()(1),
    "no state": lambda T: T.nn.Linear(1, 1).load_state_dict([]),
    "backward twice": lambda T: [y := (T.ones(1, requires_grad=True) * 2).exp(), y.backward(), y.backward()],
    "backward of a constant": lambda T: T.ones(1).backward(),
    "optimizer groups": lambda T: T.optim.SGD([T.ones(2)], lr=0.1).load_state_dict(
        T.optim.SGD([T.ones(2), T.ones(2)], lr=0.1).state_dict()
    ),
    # arguments
    "flip without dims": lambda T: T.ones(2, 3).flip(),
    "view without sizes": lambda T: T.ones(1).view(),
    "repeat without sizes": lambda T: T.tensor(1.0).repeat(),
    "zeros without sizes": lambda T: T.zeros(),
    "zeros of a fraction": lambda T: T.zeros(2.5),
    "zeros below 0": lambda T: T.zeros(-1),
    "zeros too large": lambda T: T.zeros(10**12, 10**12),
    "to bools": lambda T: T.ones(2).to("cpu", True, True),
    "to two dtypes": lambda T: T.ones(2).to(T.float32, T.float64),
    "to like, and a dtype": lambda T: T.ones(2).to(T.ones(2), T.float64),
    "to copy=1": lambda T: T.ones(2).to("cpu", copy=1),
    "to non_blocking='a'": lambda T: T.ones(2).to("cpu", non_blocking="a"),
    "to nowhere": lambda T: T.ones(2).to("nowhere"),
    "eq of a number": lambda T: T.eq(2, T.ones(3)),
    "fmod of a number": lambda T: T.fmod(2, T.ones(3)),
    "HuberLoss": lambda T: T.nn.HuberLoss(delta=1j),
    "HuberLoss of 0": lambda T: T.nn.HuberLoss(delta=0)(T.ones(2), T.zeros(2)),
    "arange to inf": lambda T: T.arange(0, INF, 2),
    "arange to NaN": lambda T: T.arange(NAN),
    "arange too far": lambda T: T.arange(0, 1e30),
    "arange too large": lambda T: T.arange(2**63, 2**63 + 2),
    "arange of text": lambda T: T.arange("a"),
    "linspace of 1.0 steps": lambda T: T.linspace(0, 3, 1.0),
    "linspace of True steps": lambda T: T.linspace(0, 3, True),
    "tensor of 2**63": lambda T: T.tensor([2**63]),
    "tensor of 10**30": lambda T: T.tensor([10**30]),
    "tensor of -2**63 - 1": lambda T: T.tensor([-(2**63) - 1]),
    "tensor of 2**63 in uint8": lambda T: T.tensor([2**63], dtype=T.uint8),
    "tensor of text": lambda T: T.tensor(np.array(["a"]), dtype=T.float32),
    "tensor of objects": lambda T: T.tensor(np.array([None]), dtype=T.float32),
    "Generator.manual_seed(2**64)": lambda T: T.Generator().manual_seed(2**64),
    "Generator.manual_seed(-2**63 - 1)": lambda T: T.Generator().manual_seed(-(2**63) - 1),
    "Generator.manual_seed(1.5)": lambda T: T.Generator().manual_seed(1.5),
    "Generator.manual_seed(None)": lambda T: T.Generator().manual_seed(None),
    "no generator": lambda T: T.rand(2, generator=5),
    "randint without a size": lambda T: T.randint(10),
    "randint of a fraction": lambda T: T.randint(10.0, (2,)),
    "randint of True": lambda T: T.randint(True, (2,)),
    "randint from 5 to 5": lambda T: T.randint(5, 5, (2,)),
    "randint in uint8": lambda T: T.randint(0, 300, (2,), dtype=T.uint8),
    "randint in bool": lambda T: T.randint(0, 3, (2,), dtype=T.bool),
    "randint in float16": lambda T: T.randint(0, 70000, (2,), dtype=T.float16),
    "randperm of a fraction": lambda T: T.randperm(2.5),
    "randperm in uint8": lambda T: T.randperm(300, dtype=T.uint8),
    "randperm in float16": lambda T: T.randperm(3000, dtype=T.float16),
    "normal of std NaN": lambda T: T.normal(T.ones(2), NAN),
    "normal of text": lambda T: T.normal("a", 1.0, (2,)),
    "uniform_ to inf": lambda T: T.ones(2).uniform_(0, INF),
    "multinomial of a fraction": lambda T: T.multinomial(T.ones(3), 1.5),
    "multinomial 'yes'": lambda T: T.multinomial(T.ones(3), 1, "yes"),
    "SGD(model)": lambda T: T.optim.SGD(T.nn.Linear(2, 2), lr=0.1),
    "SGD(None)": lambda T: T.optim.SGD(None, lr=0.1),
    "SGD(lr='a')": lambda T: T.optim.SGD([T.ones(2)], lr="a"),
    "clip_grad_norm_(model)": lambda T: T.nn.utils.clip_grad_norm_(T.nn.Linear(2, 2), 1.0),
    "parameters_to_vector(model)": lambda T: T.nn.utils.parameters_to_vector(T.nn.Linear(2, 2)),
    "promote_types": lambda T: T.promote_types(T.int64, "x"),
    "result_type": lambda T: T.result_type(1, "a"),
    "Tensor(5.5)": lambda T: T.Tensor(5.5),
    "Tensor(True)": lambda T: T.Tensor(True),
    "Tensor('abc')": lambda T: T.Tensor("abc"),
    "Tensor(None)": lambda T: T.Tensor(None),
    "Tensor(2, 1.5)": lambda T: T.Tensor(2, 1.5),
    "Tensor(-1)": lambda T: T.Tensor(-1),
    "Tensor of a set": lambda T: T.Tensor({1, 2}),
}  # fmt: skip


@pytest.mark.parametrize("call", BOTH.values(), ids=BOTH)
def test_an_except_clause_written_for_pytorch_catches_it(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as theirs:
            call(torch)
    with pytest.raises(MinidlError) as ours:
        call(minidl)
    assert isinstance(ours.value, theirs.type), f"{type(ours.value).__mro__}, PyTorch {theirs.value!r}"
    assert str(ours.value), "an error says what came"


@pytest.mark.parametrize("kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)])
def test_every_error_is_a_runtime_error_and_survives_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("what came")))
    assert isinstance(error, MinidlError)
    assert isinstance(error, RuntimeError)
    assert type(error) is kind


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: minidl.arange(0, INF, 2), "arange: start, end and step must be finite; got 0, inf, 2"),
        (lambda: minidl.linspace(0, 3, 1.0), r"linspace: steps, the number of values, must be an integer; got 1\.0"),
        (lambda: minidl.ones(4).view(minidl.int32), r"view: .*the same bytes as int32, is left out.*\.to\(dtype\)"),
        (lambda: minidl.tensor([2**63]), "tensor: 9223372036854775808 does not fit into int64; ask for another"),
        (lambda: minidl.tensor([1, 10**30]), f"tensor: {10**30} does not fit into int64"),
        (lambda: minidl.tensor([1, 300], dtype="uint8"), "tensor: 300 does not fit into uint8"),
        (lambda: minidl.manual_seed(2**64), r"seed must be from -2\*\*63 to 2\*\*64 - 1; got 18446744073709551616"),
        (lambda: minidl.randint(0, 300, (2,), dtype="uint8"), "uint8 cannot hold the integers from 0 to 299"),
        (lambda: minidl.ones(2).to("cpu", True, True), r"to: True stands where the dtype is expected"),
        (lambda: minidl.ones(2).to(minidl.float32, minidl.float64), r"to: non_blocking must be True or False"),
        (lambda: minidl.optim.SGD(minidl.nn.Linear(1, 1)), r"SGD: .*; got Linear; write model\.parameters\(\)"),
        (lambda: minidl.nn.utils.clip_grad_norm_(minidl.nn.Linear(1, 1), 1), r"write model\.parameters\(\)"),
        (lambda: minidl.roll(minidl.tensor(1.0), 0, 0), "roll: dims .* 0-dimensional tensor"),
        (lambda: minidl.ones(2, 3).flip(), "flip: give at least one integer"),
        (
            lambda: minidl.nn.BatchNorm1d(3)(minidl.ones(1, 3)),
            r"a batch of one; .*drop_last=True.*--batch-size.*model\.eval\(\)",
        ),
    ],
)
def test_an_error_tells_the_reason_and_what_to_do(call, says):
    with pytest.raises(MinidlError, match=says):
        call()


class Greedy(Function):
    """z = x, if there is memory."""

    phase = "forward"

    def forward(self, x):
        return self.wanting("forward", x)

    def backward(self, dz):
        return self.wanting("backward", dz)

    def wanting(self, phase, x):
        if phase == self.phase:
            raise MemoryError("Unable to allocate 14.9 GiB")
        return x.copy()


class GreedyLater(Greedy):
    """z = x, and its gradient if there is memory."""

    phase = "backward"


def test_a_full_memory_is_a_runtime_error_as_in_pytorch(monkeypatch):
    x = minidl.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Greedy: Unable to allocate 14\.9 GiB; use a smaller batch"):
        Greedy.apply(x)
    with pytest.raises(RuntimeError, match="GreedyLater, backward: Unable to allocate"):
        GreedyLater.apply(x).sum().backward()

    def full(*arguments):
        raise MemoryError

    monkeypatch.setattr(minidl.backend.current_backend().xp, "full", full)
    with pytest.raises(MemoryError, match="zeros: the memory is full"):
        minidl.zeros(3)
