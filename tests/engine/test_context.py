"""Functions in PyTorch's form, with several outputs, and attributes of one's own, against PyTorch."""

import copy

import pytest
import torch

import minidl
from minidl.errors import ArgumentError, GraphError, UnsupportedError
from tests.support.compare import to_numpy

X = [1.0, -2.0, 3.0]


def make(T):
    class Power(T.autograd.Function):
        @staticmethod
        def forward(ctx, x, k):
            ctx.save_for_backward(x)
            ctx.k = k
            return x**k

        @staticmethod
        @T.autograd.function.once_differentiable
        def backward(ctx, dz):
            (x,) = ctx.saved_tensors
            T.needs = ctx.needs_input_grad
            return ctx.k * x ** (ctx.k - 1) * dz, None

    class Three(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            a, sign = x.sin(), (x > 0).to(x.dtype)
            ctx.mark_non_differentiable(sign)
            ctx.save_for_backward(x)
            return a, sign, x * 2

        @staticmethod
        def backward(ctx, da, dsign, dc):
            (x,) = ctx.saved_tensors
            assert dsign.tolist() == [0, 0, 0]
            return da * x.cos() + 2 * dc

    class Reversed(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, dz):
            return -dz

    class SetUp(T.autograd.Function):
        @staticmethod
        def forward(x, power):
            return x**power

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.power = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx, dz):
            (x,) = ctx.saved_tensors
            return ctx.power * x ** (ctx.power - 1) * dz, None

    return Power, Three, Reversed, SetUp


def both(program):
    found = []
    for T in (torch, minidl):
        x = T.tensor(X, dtype=T.float64, requires_grad=True)
        result = program(T, x, *make(T))
        found.append([r.tolist() if hasattr(r, "tolist") else r for r in (*result, x.grad) if r is not None])
    assert found[0] == found[1]


def test_all_forms_in_one_graph():
    def program(T, x, Power, Three, Reversed, SetUp):
        a, sign, c = Three.apply(x)
        z = Power.apply(x, 3) + Reversed.apply(x) + a * c + sign + SetUp.apply(x, 4)
        z.sum().backward()
        assert T.needs == (True, False)
        return z.detach(), sign.requires_grad, c.requires_grad, sign.is_leaf

    both(program)


def test_outputs_that_nothing_used_send_zeros():
    def program(T, x, Power, Three, Reversed, SetUp):
        Three.apply(x)[2].sum().backward()
        return ()

    both(program)


def test_hooks_grad_and_retained_gradients_of_one_output():
    def program(T, x, Power, Three, Reversed, SetUp):
        a, _, c = Three.apply(x)
        seen = []
        c.register_hook(lambda g: seen.append(g.tolist()))
        c.register_hook(lambda g: g * 10)
        a.retain_grad()
        (a * c).sum().backward()
        kept = a.grad
        a, _, c = Three.apply(x)
        return seen[0], kept, *T.autograd.grad((a * c).sum(), [a, c, x])

    both(program)


def test_no_gradient_wanted():
    Power, Three, *_ = make(minidl)
    with minidl.no_grad():
        x = minidl.tensor(X, requires_grad=True)
        assert Power.apply(x, 2).is_leaf
        assert all(z.is_leaf for z in Three.apply(x))


def test_materialize_grads():
    for T in (torch, minidl):
        seen = []

        class Two(T.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.set_materialize_grads(False)
                return x * 1, x * 2

            @staticmethod
            def backward(ctx, da, db):
                seen.append((da, db))  # noqa: B023
                return db * 2

        x = T.ones(2, requires_grad=True)
        Two.apply(x)[1].sum().backward()
        assert seen[0][0] is None
        assert x.grad.tolist() == [2, 2]


def test_an_identity_does_not_share_memory_with_its_input():
    _, _, Reversed, _ = make(minidl)
    x = minidl.ones(2, requires_grad=True)
    z = Reversed.apply(x)
    with minidl.no_grad():
        x += 1
    assert z.tolist() == [1, 1]


def test_a_saved_tensor_that_was_changed_is_noticed():
    Power, *_ = make(minidl)
    x = minidl.ones(2, requires_grad=True)
    y = x * 1
    z = Power.apply(y, 2)
    with minidl.no_grad():
        y.add_(1)
    with pytest.raises(GraphError, match="changed in place"):
        z.sum().backward()


def test_what_is_left_out_is_refused_by_name():
    class Dirty(minidl.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x

    class Changes(minidl.Function):
        @staticmethod
        def forward(ctx, x):
            return x.add_(1)

    class Saves(minidl.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x * 1

    class Number(minidl.Function):
        @staticmethod
        def forward(ctx, x):
            return 3

    x = minidl.ones(2)
    for function, error, says in (
        (Dirty, UnsupportedError, "mark_dirty"), (Changes, GraphError, "in place"),
        (Saves, ArgumentError, "takes Tensors"), (Number, ArgumentError, "must return a Tensor"),
    ):  # fmt: skip
        with pytest.raises(error, match=says):
            function.apply(x)


class MinMax(minidl.Function):
    """z0 = min x, z1 = max x, in minidl's own form with two outputs"""

    def forward(self, x):
        self.low, self.high, self.shape = x.argmin(), x.argmax(), x.shape
        return x.min(), x.max()

    def backward(self, dlow, dhigh):
        dx = self.xp.zeros(self.shape, dlow.dtype)
        dx[self.low] += dlow
        dx[self.high] += dhigh
        return dx


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_several_outputs_in_minidls_own_form(dtype):
    x = minidl.tensor(X, dtype=dtype, requires_grad=True)
    low, high = MinMax.apply(x)
    assert (low.item(), high.item()) == (-2, 3)
    (low * 3 + high * high).backward()
    assert to_numpy(x.grad).tolist() == [0, 3, 6]
    with pytest.raises(GraphError, match="MinMax a second time"):
        low.backward()


def test_one_of_several_outputs_kept_for_a_second_pass():
    x = minidl.tensor(X, requires_grad=True)
    low, high = MinMax.apply(x)
    low.backward(retain_graph=True)
    high.backward()
    assert x.grad.tolist() == [0, 1, 1]


def test_a_tensor_takes_attributes():
    x = minidl.ones(2, requires_grad=True)
    x.g, x.name = [1, 2], "weights"
    twin = copy.deepcopy(x)
    assert (twin.g, twin.name) == ([1, 2], "weights")
    assert twin.g is not x.g
    weight = minidl.nn.Parameter(minidl.ones(2))
    weight.scale = 3
    assert weight.scale == 3
