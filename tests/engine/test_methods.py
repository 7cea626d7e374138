"""Which functions are methods and operators: none forgotten, all declared, and what shares memory says so."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import minidl
import minidl.nn.functional as F
from minidl import ops
from minidl.engine.observe import Observer, observed
from minidl.tensors.methods import METHODS, PROPERTIES, SPECIAL
from tests.support.compare import assert_close

ROOT = Path(__file__).parents[2]

# Names that mean something else in PyTorch: Tensor.unfold is not F.unfold; torch's own forms of these functions
# have other arguments, and belong to F here.
NOT_METHODS = {"unfold"}
NOT_TORCH_LEVEL = {
    "adaptive_avg_pool1d", "adaptive_max_pool1d", "alpha_dropout", "batch_norm", "binary_cross_entropy_with_logits",
    "cosine_embedding_loss", "ctc_loss", "dropout", "embedding", "embedding_bag", "feature_alpha_dropout",
    "group_norm", "hinge_embedding_loss", "instance_norm", "kl_div", "layer_norm", "margin_ranking_loss", "max_pool1d",
    "max_pool2d", "max_pool3d", "poisson_nll_loss", "triplet_margin_loss",
}  # fmt: skip


def functions():
    """Every public function of the rooms of mathematics, by name."""
    found = {}
    for info in pkgutil.walk_packages(ops.__path__, "minidl.ops."):
        module = importlib.import_module(info.name)
        found |= {
            name: function
            for name, function in vars(module).items()
            if inspect.isfunction(function) and not name.startswith("_") and function.__module__ == info.name
        }
    return found


def test_every_function_that_pytorch_has_is_where_pytorch_has_it():
    for name, function in functions().items():
        if hasattr(torch.Tensor, name) and name not in NOT_METHODS:
            assert hasattr(minidl.Tensor, name), f"Tensor.{name} is not attached"
        if hasattr(torch, name) and name not in NOT_TORCH_LEVEL and name not in NOT_METHODS:
            assert getattr(minidl, name, None) is function, f"minidl.{name} is missing"
        if hasattr(torch.nn.functional, name):
            assert getattr(F, name, None) is function, f"nn.functional.{name} is missing"


def test_every_method_is_one_of_pytorchs():
    for name in (*METHODS, *PROPERTIES):
        assert hasattr(torch.Tensor, name), name
    assert [name for name in F.__all__ if not hasattr(torch.nn.functional, name)] == ["rmse_loss"]


def test_the_index_lists_what_it_holds():
    for name in F.__all__:
        assert callable(getattr(F, name))
    assert sorted(F.__all__) == F.__all__


def test_the_index_leads_to_the_file_of_each_name():
    lines = re.findall(r"^    (\S.*?)  +(ops/\S.*)$", F.__doc__, re.MULTILINE)
    assert len(lines) > 30
    for names, files in lines:
        places = [files.split(", ")[0], *(f"ops/{file}" for file in files.split(", ")[1:])]
        for name in re.findall(r"(?<!\S)[a-z]\w+", names):  # not "...2d", which is a part of a name
            found = getattr(F, name).__module__.removeprefix("minidl.").replace(".", "/") + ".py"
            assert found in places, f"{name} is in {found}, not in {files}"


def test_declarations_are_those_of_the_functions():
    script = ROOT / "scripts" / "make_signatures.py"
    if not script.exists():
        pytest.skip("the script is part of the repository, not of the installed package")
    done = subprocess.run([sys.executable, str(script), "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run python scripts/make_signatures.py"


def test_declarations_name_each_method_once():
    text = (Path(minidl.__file__).parent / "engine" / "_signatures.pyi").read_text(encoding="utf-8")
    declared = [line.split("def ")[1].split("(")[0] for line in text.splitlines() if line.startswith("    def ")]
    attached = {*METHODS, *PROPERTIES, *SPECIAL} - {"__repr__"}
    assert sorted(declared) == sorted(attached)


OPERATORS = [
    lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x // y,
    lambda x, y: x % y, lambda x, y: x**y, lambda x, y: x < y, lambda x, y: x <= y, lambda x, y: x > y,
    lambda x, y: x >= y, lambda x, y: x == y, lambda x, y: x != y,
]  # fmt: skip


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("number", [2, 2.5, True, np.float64(2.5), np.int32(2)], ids=str)
def test_operators_with_a_number_on_either_side(operator, number):
    ours, theirs = minidl.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 3.0])
    for call in (lambda x: operator(x, number), lambda x: operator(number, x), lambda x: operator(x, x)):
        try:
            expected = call(theirs)
        except RuntimeError:  # x - True
            with pytest.raises(minidl.MinidlError):
                call(ours)
        else:
            assert_close(call(ours), expected)


def test_unary_and_bit_operators():
    for lib in (minidl, torch):
        x = lib.tensor([1, -2, 3])
        assert (-x).tolist() == [-1, 2, -3]
        assert (+x).tolist() == [1, -2, 3]
        assert abs(x).tolist() == [1, 2, 3]
        assert (~(x > 0)).tolist() == [False, True, False]
        assert ((x > 0) & (x > 1)).tolist() == [False, False, True]
        assert ((x > 2) | True).tolist() == [True, True, True]
        assert (True ^ (x > 0)).tolist() == [False, True, False]
        assert (x & 1).tolist() == [1, 0, 1]


def test_comparison_with_what_is_no_number():
    x = minidl.ones(2)
    assert (x == None) is False  # noqa: E711
    assert (x != "a") is True
    for wrong in (lambda: x + None, lambda: x < "a", lambda: [1] * x, lambda: x @ 2, lambda: x & None):
        with pytest.raises(TypeError):
            wrong()


def test_where_as_a_method():
    x = minidl.tensor([1.0, 2.0])
    assert x.where(x > 1, 0).tolist() == [0, 2]


class Watch(Observer):
    """Notes operations whose output shares memory with an input, and whether they say so."""

    def __init__(self):
        self.silent = set()
        self.seen = set()

    def on_forward(self, node, inputs, options, output):
        name = type(node).__name__
        self.seen.add(name)
        for z in output if isinstance(output, tuple) else (output,):
            shared = [isinstance(x, minidl.Tensor) and np.shares_memory(x._array, z._array) for x in inputs]
            if any(shared) and not (node.is_view and z._storage is inputs[0]._storage):
                self.silent.add(name)


X = np.random.default_rng(0).uniform(0.1, 0.9, (2, 3, 4, 4))
INTEGERS = np.zeros((4, 4), np.int64)
ARGUMENTS = [
    lambda x: (), lambda x: (0,), lambda x: (x,), lambda x: (0, 1), lambda x: (1.0,), lambda x: (x, x),
    lambda x: (1, 0), lambda x: (-1,), lambda x: (x.shape,), lambda x: (x.detach() > 0,),
    lambda x: (x.detach() > 0, x), lambda x: (0, x.detach().long()), lambda x: (0, x.detach().long(), x),
    lambda x: (0, 0, 1), lambda x: (1,) * max(x.ndim, 1), lambda x: (x.detach() < 2, 1.0),
    lambda x: (0, minidl.tensor([0])), lambda x: (tuple(range(x.ndim)),), lambda x: (-1, (2, 2)), lambda x: (1, 2),
    lambda x: (x[0],), lambda x: (x.detach().long(), 0), lambda x: (2, x, -1),
    lambda x: (x[:, None] * x, x), lambda x: (x[None], x[None]), lambda x: (0, x.detach().long(), x, "sum"),
    lambda x: (x, x.detach().int()[..., 0] + 1),
    lambda x: (0, minidl.tensor([0]), x[:1], "mean"), lambda x: ((minidl.tensor([0]),), x[0]),
]  # fmt: skip


@pytest.mark.skipif("minidl.backend.current_backend().name != 'numpy'", reason="asks NumPy what shares memory")
def test_what_shares_memory_with_an_input_says_so():
    watch, called = Watch(), set()
    names = {name for name in METHODS if not name.endswith("_") and name != "cuda"}
    with observed(watch):
        for name in names:
            function = METHODS[name]
            for part in (X, X[0], X[0, 0], X[0, 0, 0], X[0, 0, 0, 0], X[:1, :1, :1, :1], INTEGERS, INTEGERS[0]):
                for arguments in ARGUMENTS:
                    x = minidl.tensor(part, requires_grad=part.dtype == float and name != "numpy")
                    try:
                        function(x, *arguments(x))
                        called.add(name)
                    except (minidl.MinidlError, TypeError, ValueError, IndexError, AttributeError):
                        continue
        for joined in (minidl.cat, minidl.stack, minidl.vstack, minidl.hstack):
            joined([minidl.tensor(X)])
        for equation in ("abcd->dcba", "aacd", "abcd->a", "abcd,abcd->ab"):
            minidl.einsum(equation, *[minidl.tensor(X[:, :2])] * (1 + equation.count(",")))
        F.pad(minidl.tensor(X), (0, 0))
    assert not watch.silent
    assert {"Reshape", "Permute", "Expand", "Slice", "Clone", "Cast", "Flip", "Relu"} <= watch.seen
    assert names == called


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("view", {"size": (3, 2)}), ("reshape", {"shape": (3, 2)}), ("expand", {"size": (4, 2, 3)}),
        ("repeat", {"repeats": (1, 2)}), ("tile", {"dims": (2,)}), ("flip", {"dims": (1,)}),
        ("permute", {"dims": (1, 0)}),
    ],
)  # fmt: skip
def test_sizes_may_be_named(name, named):
    x, t = minidl.arange(6).reshape(2, 3), torch.arange(6).reshape(2, 3)
    assert_close(getattr(x, name)(**named), getattr(t, name)(**named))
    with pytest.raises(TypeError, match="got"):
        getattr(x, name)(1, **named)
    with pytest.raises(TypeError, match="wrong"):
        getattr(x, name)(wrong=1)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float16"])
def test_numbers_that_a_dtype_cannot_hold_are_converted_without_a_warning(dtype):
    x = minidl.tensor([1.0, 1e30, float("inf")])
    assert x.to(np.dtype(dtype)).dtype == np.dtype(dtype)
    assert minidl.zeros(3, dtype=dtype).copy_(x).dtype == np.dtype(dtype)


def test_a_gradient_can_be_deleted():
    for library in (minidl, torch):
        x = library.ones(2, requires_grad=True)
        x.sum().backward()
        del x.grad
        assert x.grad is None
        x.sum().backward()
        assert x.grad.tolist() == [1, 1]
