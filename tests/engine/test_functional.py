"""`autograd.functional` and `func` against PyTorch's, forward products against differences too."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import func
from minidl.autograd import functional
from minidl.errors import ArgumentError, GraphError, ShapeError, UnsupportedError
from tests.support.compare import assert_close, to_numpy

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

OURS = {"functional": functional, "func": func}
THEIRS = {"functional": torch.autograd.functional, "func": torch.func}


def number(library, *shape, seed=0, grad=False):
    values = np.random.default_rng(seed).uniform(0.5, 1.5, shape)
    return library.tensor(values, dtype=library.float64, requires_grad=grad)


def agree(ours, theirs, tolerance=1e-8):
    """Equal in structure, numbers, and whether gradients go on."""
    if isinstance(theirs, torch.Tensor):
        assert_close(ours.detach(), theirs.detach(), tolerance=tolerance)
        assert ours.requires_grad == theirs.requires_grad
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            agree(ours[key], theirs[key], tolerance)
    elif isinstance(theirs, tuple | list):
        assert type(ours) is type(theirs) and len(ours) == len(theirs)
        for x, t in zip(ours, theirs):
            agree(x, t, tolerance)
    else:
        assert ours == theirs


def both(room, run):
    agree(run(minidl, OURS[room]), run(torch, THEIRS[room]))


def one(x):
    return (x.sin() * x).sum()


def two(x, y):
    return (x * y.exp()).sum() / (x * x).sum()


def many(x, y):
    return x * y.sum(), (x.exp() @ y).tanh()


@pytest.mark.parametrize("create", [False, True])
class TestFunctional:
    def test_vjp_and_jvp(self, create):
        def run(library, room):
            x, y = number(library, 2, 3, grad=True), number(library, 3, seed=1, grad=True)
            v = (number(library, 2, 3, seed=2), number(library, 2, seed=3))
            return [
                room.vjp(one, x, create_graph=create),
                room.vjp(many, (x, y), v, create_graph=create),
                room.jvp(many, (x, y), (v[0], number(library, 3, seed=4)), create_graph=create),
                room.jvp(lambda x: x.sin(), number(library, 1), create_graph=create),
                room.vjp(lambda x: x.sum(), (x,), create_graph=create),
                room.jvp(lambda x, y: x * 2, (x, y), (v[0], y.detach()), create_graph=create),
            ]

        both("functional", run)

    def test_hessian_products(self, create):
        def run(library, room):
            x, y = number(library, 2, 3, grad=True), number(library, 3, seed=1, grad=True)
            v = number(library, 2, 3, seed=2)
            return [
                room.vhp(one, x, v, create_graph=create), room.hvp(one, x, v, create_graph=create),
                room.hvp(two, (x, y), (v, number(library, 3)), create_graph=create),
            ]  # fmt: skip

        both("functional", run)

    def test_matrices(self, create):
        def run(library, room):
            x, y = number(library, 2, 3, grad=True), number(library, 3, seed=1, grad=True)
            return [
                room.jacobian(one, x, create_graph=create), room.jacobian(many, (x, y), create_graph=create),
                room.hessian(one, x, create_graph=create), room.hessian(two, (x, y), create_graph=create),
                room.jacobian(lambda x: (x, x * 2), x, create_graph=create),
            ]  # fmt: skip

        both("functional", run)


def test_gradients_of_what_create_graph_returns():
    def run(library, room):
        x = number(library, 3, grad=True)
        (product,) = [room.hvp(lambda x: (x**4).sum(), x, number(library, 3, seed=1), create_graph=True)[1]]
        product.sum().backward()
        return [x.grad]

    both("functional", run)


UNUSED = {  # what a function does not depend on, or only linearly
    "an input": (lambda x, y: (x**2).sum(), 2), "the input": (lambda x: x.detach() * 2, 1),
    "its slope": (lambda x: x.sum() * 2, 1), "nothing": (lambda x, y: (x * x * y).sum(), 2),
}  # fmt: skip


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("what", UNUSED)
def test_strict_refuses_what_pytorchs_refuses(what, create):
    function, count = UNUSED[what]
    for name in ("jacobian", "hessian", "vjp", "jvp", "hvp", "vhp"):
        found = []
        for library, room in ((minidl, functional), (torch, torch.autograd.functional)):
            xs = [number(library, 1, seed=i) for i in range(count)]
            v = [] if name in ("jacobian", "hessian", "vjp") else [tuple(xs)]
            try:
                found.append(getattr(room, name)(function, tuple(xs), *v, create_graph=create, strict=True))
            except (RuntimeError, GraphError):
                found.append(None)
        assert (found[0] is None) == (found[1] is None), name
        if found[1] is not None:
            agree(*found)


def test_strict_and_wrong_arguments():
    x = number(minidl, 3)
    constant = minidl.ones(3)
    with pytest.raises(GraphError, match="strict=True"):
        functional.vjp(lambda x: constant, x, constant, strict=True)
    with pytest.raises(GraphError, match="does not depend"):
        functional.hessian(lambda x: x.sum(), x, strict=True)
    with pytest.raises(ArgumentError, match="v may be left out"):
        functional.vjp(lambda x: x * 2, x)
    with pytest.raises(ShapeError, match="v has shapes"):
        functional.jvp(lambda x: x * 2, x, minidl.ones(2))
    with pytest.raises(ArgumentError, match="one element"):
        functional.hvp(lambda x: x * 2, x, x)
    with pytest.raises(ArgumentError, match="inputs must be a Tensor"):
        functional.jacobian(lambda x: x, [1.0])
    with pytest.raises(ArgumentError, match="strategy"):
        functional.jacobian(lambda x: x, x, strategy="forward-mode")


class TestFunc:
    def test_gradients_of_trees(self):
        def run(library, room):
            x, params = number(library, 3), {"w": number(library, 2, 3, seed=1), "b": [number(library, 2, seed=2)]}

            def loss(params, x):
                z = params["w"] @ x + params["b"][0]
                return (z * z).sum(), z

            return [
                room.grad(loss, has_aux=True)(params, x), room.grad_and_value(loss, has_aux=True)(params, x),
                room.grad(lambda p, x: loss(p, x)[0], argnums=(0, 1))(params, x),
                room.grad_and_value(one)(x), room.grad(lambda x, *, y: (x * y).sum())(x, y=x),
                room.grad(lambda x, y: (x * y).sum(), argnums=-1)(x, x * 2),
                room.jacrev(lambda p: p["w"] @ x)(params), room.jacfwd(lambda p: {"z": p["w"] @ x})(params),
            ]  # fmt: skip

        both("func", run)

    def test_nested(self):
        def run(library, room):
            x, y = number(library, 3), number(library, 3, seed=1, grad=True)
            inner = room.grad(lambda x, y: (x**3 * y).sum())
            return [
                room.grad(room.grad(room.grad(lambda x: x**5)))(number(library)),
                room.grad(lambda x: (inner(x, y) ** 2).sum())(x), inner(x, y), inner(x, y.detach()),
                room.grad(lambda y: room.grad(lambda x: (x**2 * y).sum())(x).sum())(y),
                room.hessian(one)(x), room.jacfwd(room.jacfwd(one))(x), room.jacrev(room.jacrev(one))(x),
                room.hessian(lambda x, y: (x * y).sum() ** 2, argnums=(0, 1))(x, y.detach()),
            ]  # fmt: skip

        both("func", run)

    def test_products(self):
        def run(library, room):
            x, y, u = number(library, 2, 3), number(library, 3, seed=1), number(library, 2, 3, seed=2)
            z, back = room.vjp(many, x, y)
            single = room.vjp(lambda x: {"a": x * x}, x)
            return [
                z, back((u, number(library, 2))), back((u, number(library, 2))),
                single[0], single[1]({"a": u}), room.jvp(many, (x, y), (u, y * 2)),
                room.jvp(lambda x: (x * x, x), (x,), (u,), has_aux=True),
                room.vjp(lambda x: (x * x, x + 1), x, has_aux=True)[2],
                room.jvp(lambda x: room.jvp(lambda x: x**3, (x,), (u,))[1], (x,), (u,)),
            ]  # fmt: skip

        both("func", run)

    def test_ordinary_backward_goes_on_through_them(self):
        def run(library, room):
            w = number(library, 3, grad=True)
            x = number(library, 3, seed=1)
            penalty = (room.grad(lambda x: (w * x**3).sum())(x) ** 2).sum()
            penalty.backward()
            return [w.grad, penalty]

        both("func", run)

    def test_without_recording_nothing_is_recorded(self):
        def run(library, room):
            w = number(library, 3, grad=True)
            with library.no_grad():
                return [room.grad(lambda x: (w * x**3).sum())(number(library, 3, seed=1))]

        both("func", run)

    def test_wrong_arguments(self):
        x = number(minidl, 3)
        with pytest.raises(ArgumentError, match="without dimensions"):
            func.grad(lambda x: x * 2)(x)
        with pytest.raises(ArgumentError, match="argnums=3"):
            func.grad(one, argnums=3)(x)
        with pytest.raises(ArgumentError, match=r"argnums=\(0, -2\) names an argument twice"):
            func.grad(two, argnums=(0, -2))(x, x)
        with pytest.raises(ArgumentError, match="tensors only"):
            func.grad(one)([x, 1.0])
        with pytest.raises(ArgumentError, match="has_aux"):
            func.grad(one, has_aux=True)(x)
        with pytest.raises(ShapeError, match="tangents"):
            func.jvp(one, (x,), (minidl.ones(2),))
        with pytest.raises(ArgumentError, match="tuples"):
            func.jvp(one, x, x)
        with pytest.raises(UnsupportedError, match="vmap"):
            func.vmap(one)
        with pytest.raises(UnsupportedError, match="chunk_size"):
            func.jacrev(one, chunk_size=2)


SMOOTH = st.sampled_from(["sin", "tanh", "exp", "sigmoid", "sqrt", "square"])


@given(st.lists(SMOOTH, min_size=1, max_size=3), st.integers(0, 9))
def test_forward_products_are_the_slope_along_a_line(names, seed):
    def function(x):
        for name in names:
            x = getattr(minidl, name)(x) * 0.5 + 0.6
        return x.reshape(2, 2) @ x[:2]

    x, v = number(minidl, 4, seed=seed), number(minidl, 4, seed=seed + 1)
    (_, moved), step = func.jvp(function, (x,), (v,)), 1e-6
    slope = (to_numpy(function(x + step * v)) - to_numpy(function(x - step * v))) / (2 * step)
    np.testing.assert_allclose(to_numpy(moved), slope, rtol=1e-6, atol=1e-8)


def test_a_forward_product_needs_no_second_derivative():
    class Doubled(minidl.Function):
        """z = (2 x)²"""

        def forward(self, x):
            self.twice = 2 * x
            return self.twice**2

        def backward(self, dz):
            return 4 * self.twice * dz

    x, v = number(minidl, 3), number(minidl, 3, seed=1)
    moved = func.jvp(Doubled.apply, (x,), (v,))[1]
    np.testing.assert_allclose(to_numpy(moved), 8 * to_numpy(x) * to_numpy(v))


class TestFunctionalCall:
    def modules(self, library):
        made = library.nn.Sequential(library.nn.Linear(2, 2), library.nn.BatchNorm1d(2), library.nn.Linear(2, 2))
        made.add_module("3", made[0])  # under two names
        return made.double()

    def test_other_parameters(self):
        def run(library, room):
            model, x = self.modules(library), number(library, 4, 2)
            own = dict(model.named_parameters())
            given = {name: number(library, *p.shape, seed=i) for i, (name, p) in enumerate(own.items())}
            buffers = {"1.running_mean": number(library, 2, seed=8), "1.running_var": number(library, 2, seed=9)}
            z = room.functional_call(model, (given, buffers), (x,))
            if library is minidl:  # PyTorch 2.13 leaves a layer with two names with other parameters
                assert all(p is own[name] for name, p in model.named_parameters())
            model.eval()
            return [
                z, buffers, room.functional_call(model, given, x, tie_weights=True),
                room.grad(lambda p: room.functional_call(model, p, x).sum())(given),
            ]  # fmt: skip

        both("func", run)

    def test_wrong_ones(self):
        model = self.modules(minidl)
        with pytest.raises(ArgumentError, match="no parameter or buffer 'nothing'"):
            func.functional_call(model, {"nothing": minidl.ones(1)}, minidl.ones(2, 2))
        with pytest.raises(ArgumentError, match="strict=True"):
            func.functional_call(model, {"0.bias": minidl.ones(2)}, minidl.ones(2, 2), strict=True)
        with pytest.raises(ArgumentError, match="in two"):
            func.functional_call(model, [{"0.bias": minidl.ones(2)}] * 2, minidl.ones(2, 2))
        before = model[0].bias
        with pytest.raises(ShapeError):
            func.functional_call(model, {"0.bias": minidl.ones(7).double()}, minidl.ones(2, 2).double())
        assert model[0].bias is before
