"""The engine's own promises, on the smallest operations that can break them."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import minidl
from minidl import Function, no_grad, tensor
from minidl.engine.backward import sum_to
from minidl.errors import ArgumentError, BackendError, DtypeError, GraphError, ShapeError, UnsupportedError
from minidl.ops.arithmetic import add, mul
from tests.support.compare import to_numpy


class Square(Function):
    """z = x²        ∂z/∂x = 2x"""

    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dz):
        return 2 * self.x * dz


class Total(Function):
    """z = Σ x        ∂z/∂x = 1"""

    def forward(self, x):
        self.shape = x.shape
        return x.sum()

    def backward(self, dz):
        return self.xp.broadcast_to(dz, self.shape)


square, total = Square.apply, Total.apply


def leaf(*values, dtype="float32"):
    return tensor(np.array(values, dtype), requires_grad=True)


def ones(x):
    return tensor(np.ones(x.shape, x.dtype))


class TestGradients:
    def test_a_chain(self):
        x = leaf(1.0, 2.0)
        total(square(square(x))).backward()
        np.testing.assert_allclose(to_numpy(x.grad), [4.0, 32.0])  # d(x⁴) = 4x³

    def test_a_diamond_adds_its_two_paths(self):
        x = leaf(3.0)
        a = square(x)
        total(add(mul(a, x), a)).backward()
        np.testing.assert_allclose(to_numpy(x.grad), [33.0])  # d(x³ + x²) = 3x² + 2x

    def test_paths_double_at_each_step_without_doubling_the_work(self):
        x = leaf(1.0)
        h = x
        for _ in range(60):  # 2⁶⁰ paths
            h = add(h, h)
        h.backward()
        np.testing.assert_allclose(to_numpy(x.grad), [2.0**60])

    def test_backward_adds_to_the_gradient_that_is_there(self):
        x = leaf(1.0, 2.0)
        total(square(x)).backward()
        total(square(x)).backward()
        np.testing.assert_allclose(to_numpy(x.grad), [4.0, 8.0])

    @pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (1, 3), (2, 3)])
    def test_broadcast_axes_are_summed(self, shape):
        x, y = tensor(np.ones(shape), requires_grad=True), tensor(np.arange(6.0).reshape(2, 3))
        total(mul(x, y)).backward()
        np.testing.assert_allclose(to_numpy(x.grad), sum_to(np.arange(6.0).reshape(2, 3), shape))
        assert x.grad.shape == shape

    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
    def test_dtypes_are_kept(self, dtype):
        x = leaf(1.0, 2.0, dtype=dtype)
        z = square(x)
        assert str(z.dtype) == dtype
        total(z).backward()
        assert str(x.grad.dtype) == dtype

    def test_float16_is_computed_in_float32(self):
        x = leaf(*[1.0] * 5000, dtype="float16")
        assert total(mul(x, 0.5))._array == 2500  # float16 addition would stop at 2048
        assert np.isfinite(to_numpy(mul(leaf(1e-2, dtype="float16"), 1e6))).all()  # though 1e6 is no float16

    def test_what_is_too_large_for_float16_is_infinity_without_a_warning(self):  # as a warning is an error in tests
        x = leaf(6e4, 6e4, dtype="float16")
        assert np.isposinf(to_numpy(mul(x, 2.0))).all()
        z = total(x)
        assert np.isposinf(z._array)
        z.backward()
        np.testing.assert_array_equal(to_numpy(x.grad), [1, 1])

    def test_inputs_that_want_no_gradient_get_none(self):
        x, y = leaf(2.0), tensor([3.0])
        mul(x, y).backward()
        assert y.grad is None

    def test_a_leaf_that_is_added_and_multiplied(self):
        for swapped in (False, True):
            x = leaf(1.5, 2.0)
            h = mul(x, 2.0)
            parts = (mul(x, h), add(x, h))  # 2x² + 3x: add sends one array to x and to h
            mul(add(*parts[::-1] if swapped else parts), 3.0).backward(tensor(np.ones(2, np.float32)))
            assert to_numpy(x.grad).tolist() == [27.0, 33.0]  # 12x + 9

    def test_backward_from_a_leaf(self):
        x = leaf(2.0)
        x.backward()
        assert to_numpy(x.grad).tolist() == [1.0]


class TestAliasing:
    def test_two_inputs_of_add_do_not_share_a_gradient(self):
        x, y = leaf(1.0), leaf(2.0)
        add(x, y).backward()
        x.grad._array += 5
        assert to_numpy(y.grad).tolist() == [1.0]

    def test_a_gradient_given_by_the_user_is_not_kept(self):
        x, seed = leaf(1.0), tensor([7.0])
        add(x, 0.0).backward(seed)
        seed._array[...] = 0
        assert to_numpy(x.grad).tolist() == [7.0]

    def test_an_operation_that_returns_what_it_kept_does_not_share_it(self):
        class Dot(Function):
            def forward(self, x, y):
                self.x, self.y = x, y
                return (x * y).sum()

            def backward(self, dz):
                return self.y, self.x  # right for dz = 1, and the very arrays of the inputs

        x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
        Dot.apply(x, y).backward()
        x.grad._array[...] = 0
        assert to_numpy(y).tolist() == [3.0, 4.0]

    def test_accumulation_under_retain_graph_leaves_kept_arrays_alone(self):
        class Kept(Function):
            def forward(self, x):
                self.slope = 2 * np.ones_like(x)
                return 2 * x

            def backward(self, dz):
                return self.slope

        x = leaf(1.0)
        z = Kept.apply(x)
        for expected in (2.0, 4.0, 6.0):
            z.backward(retain_graph=True)
            assert to_numpy(x.grad).tolist() == [expected]

    def test_a_view_as_gradient_is_copied(self):
        x = leaf(1.0, 2.0, 3.0)
        total(x).backward()
        x.grad._array[0] = 9
        assert to_numpy(x.grad).tolist() == [9.0, 1.0, 1.0]


class TestTheGraph:
    def test_a_second_backward_is_an_error(self):
        z = total(square(leaf(1.0)))
        z.backward()
        with pytest.raises(GraphError, match=r"second time.*retain_graph=True"):
            z.backward()

    def test_retain_graph_allows_a_second_backward(self):
        x = leaf(3.0)
        z = total(square(x))
        z.backward(retain_graph=True)
        z.backward()
        assert to_numpy(x.grad).tolist() == [12.0]

    def test_a_non_scalar_needs_a_gradient(self):
        with pytest.raises(GraphError, match=r"one element; this one has shape \(2,\)"):
            square(leaf(1.0, 2.0)).backward()

    def test_a_gradient_of_another_shape(self):
        with pytest.raises(ShapeError, match=r"\(3,\) for a tensor of shape \(2,\)"):
            square(leaf(1.0, 2.0)).backward(tensor([1.0, 1.0, 1.0]))

    def test_a_gradient_that_is_no_tensor(self):
        with pytest.raises(ArgumentError, match="must be a Tensor; got float"):
            square(leaf(1.0)).backward(1.0)

    def test_nothing_requires_a_gradient(self):
        with pytest.raises(GraphError, match="does not require gradients"):
            square(tensor([1.0])).backward()

    def test_integers_cannot_require_gradients(self):
        with pytest.raises(DtypeError, match="int64"):
            tensor([1, 2], requires_grad=True)

    def test_a_backward_with_a_gradient_missing(self):
        class Wrong(Mulled):
            def backward(self, dz):
                return (dz,)

        with pytest.raises(GraphError, match="1 gradients for 2 inputs"):
            Wrong.apply(leaf(1.0), leaf(1.0)).backward()

    def test_a_backward_of_a_wrong_shape(self):
        class Wrong(Square):
            def backward(self, dz):
                return dz[:1]

        with pytest.raises(ShapeError, match=r"Wrong: a gradient of shape \(1,\) for an input of shape \(2,\)"):
            total(Wrong.apply(leaf(1.0, 2.0))).backward()

    def test_an_operation_without_backward_says_so(self):
        class OneWay(Function):
            def forward(self, x):
                return x + 1

        with pytest.raises(TypeError, match="OneWay has no backward"):
            OneWay.apply(leaf(1.0)).backward()


class Mulled(Function):
    def forward(self, x, y):
        return x * y


class TestAssigning:
    def test_requires_grad_is_checked_as_by_the_method(self):
        with pytest.raises(DtypeError, match="int64"):
            tensor([1]).requires_grad = True
        with pytest.raises(GraphError, match="only on a leaf"):
            square(leaf(1.0)).requires_grad = False
        x = tensor([1.0])
        x.requires_grad = True
        square(x).backward()
        assert to_numpy(x.grad).tolist() == [2.0]

    @pytest.mark.parametrize("wrong", [tensor([1.0, 2.0]), tensor(np.ones(1)), tensor([1])], ids=repr)
    def test_a_gradient_unlike_its_tensor(self, wrong):
        with pytest.raises(ShapeError, match="they must be the same"):
            leaf(1.0).grad = wrong

    def test_a_gradient_that_is_no_tensor(self):
        with pytest.raises(ArgumentError, match="Tensor or None; got list"):
            leaf(1.0).grad = [1.0]

    def test_a_gradient_may_be_set_and_forgotten(self):
        x = leaf(1.0)
        x.grad = tensor([5.0])
        square(x).backward()
        assert to_numpy(x.grad).tolist() == [7.0]
        x.grad = None
        assert x.grad is None


class TestInPlaceChanges:
    def test_a_raw_array_handed_out_before_forward(self):
        x = leaf(1.0, 2.0)
        raw = x.array
        z = total(square(x))
        raw[0] = 5
        with pytest.raises(GraphError, match="Square: an array that backward needs was changed in place"):
            z.backward()

    def test_a_raw_array_handed_out_after_forward(self):
        x = leaf(1.0, 2.0)
        z = total(square(x))
        x.array[0] = 5
        with pytest.raises(GraphError, match="changed in place"):
            z.backward()

    def test_the_numpy_array_behind_from_numpy(self):
        raw = np.ones(3)
        x = minidl.from_numpy(raw).requires_grad_()
        z = total(square(x))
        raw[1] = 0
        with pytest.raises(GraphError, match="changed in place"):
            z.backward()

    def test_a_swap_of_two_elements(self):
        x = leaf(1.0, 2.0)
        z = total(square(x))
        x.array[:] = x.array[::-1].copy()
        with pytest.raises(GraphError, match="changed in place"):
            z.backward()

    def test_looking_without_touching_is_no_error(self):
        x = leaf(1.0, 2.0)
        z = total(square(x))
        assert x.array.sum() == 3
        z.backward()
        assert to_numpy(x.grad).tolist() == [2.0, 4.0]

    def test_a_change_of_memory_that_backward_does_not_need(self):
        x, y = leaf(1.0), leaf(2.0)
        z = add(x, y)
        x.array[0] = 5
        z.backward()
        assert to_numpy(x.grad).tolist() == [1.0]

    def test_memory_that_backward_does_not_need_is_not_read(self, monkeypatch):
        x = leaf(*range(8))
        x.array[0] = 5
        read = []
        monkeypatch.setattr("minidl.engine.function.checksum", lambda array: read.append(array) or 0)
        x[2:].sum().backward()
        assert not read
        square(x)
        assert len(read) == 1

    def test_a_change_after_backward_is_no_error(self):
        x = leaf(1.0)
        square(x).backward()
        x.array[0] = 5


class TestMemory:
    def test_the_graph_is_freed_as_backward_passes_it(self):
        x = leaf(1.0)
        z = square(x)
        node = z.grad_fn
        z.backward()
        assert not node.__dict__
        assert node.edges is None

    def test_no_cycles(self):
        gc.collect()
        gc.disable()
        try:
            x = leaf(*range(1000))
            z = total(square(x))
            gone = [weakref.ref(z), weakref.ref(z.grad_fn)]
            del z
            assert [r() for r in gone] == [None, None]
            z = total(square(x))
            z.backward()
            gone = [weakref.ref(z), weakref.ref(z.grad_fn), weakref.ref(x), weakref.ref(x.grad)]
            del z, x
            assert [r() for r in gone] == [None] * 4
        finally:
            gc.enable()

    def test_memory_of_a_step_comes_back_without_the_collector(self):
        def step():
            x = tensor(np.ones(200_000, "float32"), requires_grad=True)
            total(square(square(x))).backward()

        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            step()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(5):
                step()
            assert tracemalloc.get_traced_memory()[0] - before < 100_000
        finally:
            tracemalloc.stop()
            gc.enable()

    def test_intermediates_that_backward_does_not_need_are_freed_in_forward(self):
        x = leaf(*range(10))
        h = add(x, 1.0)
        gone = weakref.ref(h)
        z = total(add(h, 1.0))
        del h
        assert gone() is None
        z.backward()

    @pytest.mark.parametrize("operation", [lambda h: add(h, 1.0), lambda h: mul(h, 1.0)])
    def test_a_hundred_thousand_operations(self, operation):
        x = leaf(1.0)
        h = x
        for _ in range(100_000):
            h = operation(h)
        h.backward()
        assert to_numpy(x.grad).tolist() == [1.0]

    def test_a_long_chain_is_dropped_without_backward(self):
        h = leaf(1.0)
        for _ in range(100_000):
            h = mul(h, 1.0)
        del h


class TestModes:
    def test_no_grad_as_context_and_decorator(self):
        x = leaf(1.0)
        with no_grad():
            assert square(x).grad_fn is None
        assert no_grad()(lambda: square(x))().grad_fn is None
        assert square(x).grad_fn is not None

    def test_no_grad_nests_and_survives_an_error(self):
        with pytest.raises(ZeroDivisionError), no_grad():
            with minidl.enable_grad():
                assert minidl.is_grad_enabled()
            assert not minidl.is_grad_enabled()
            raise ZeroDivisionError
        assert minidl.is_grad_enabled()

    def test_one_instance_can_decorate_a_recursive_function(self):
        @no_grad()
        def depth(n):
            return 0 if n == 0 else 1 + depth(n - 1)

        assert depth(3) == 3
        assert minidl.is_grad_enabled()

    def test_set_grad_enabled(self):
        with minidl.set_grad_enabled(False):
            assert not minidl.is_grad_enabled()
        assert minidl.is_grad_enabled()
        minidl.set_grad_enabled(False)
        assert not minidl.is_grad_enabled()
        minidl.set_grad_enabled(True)

    def test_detach_shares_memory_but_not_the_graph(self):
        x = leaf(2.0)
        z = square(x)
        assert z.detach().grad_fn is None
        assert z.detach()._array is z._array
        total(mul(z.detach(), x)).backward()
        assert to_numpy(x.grad).tolist() == [4.0]


class TestHooks:
    def test_a_hook_sees_the_whole_gradient_once(self):
        x = leaf(1.0)
        h = square(x)
        seen = []
        h.register_hook(lambda g: seen.append(to_numpy(g).tolist()))
        add(h, h).backward()
        assert seen == [[2.0]]

    def test_a_hook_of_a_leaf_sees_the_whole_gradient_once(self):
        x, seen = leaf(1.0), []
        x.register_hook(lambda g: seen.append(to_numpy(g).tolist()))
        x.register_hook(lambda g: minidl.clamp(g, -4, 4))
        add(mul(x, 2.0), mul(x, 3.0)).backward()
        assert seen == [[5.0]]
        assert to_numpy(x.grad).tolist() == [4.0]
        assert to_numpy(minidl.grad(add(mul(x, 2.0), mul(x, 3.0)), x)[0]).tolist() == [4.0]

    def test_a_hook_may_replace_the_gradient(self):
        x = leaf(1.0)
        h = square(x)
        h.register_hook(lambda g: mul(g, 10.0))
        x.register_hook(lambda g: mul(g, 10.0))
        h.backward()
        assert to_numpy(x.grad).tolist() == [200.0]

    def test_a_hook_cannot_reach_into_the_engine(self):
        x, h = leaf(1.0), []
        z = square(x)
        z.register_hook(lambda g: h.append(g))
        z.backward()
        h[0]._array[...] = 99
        assert to_numpy(x.grad).tolist() == [2.0]

    def test_a_hook_that_returns_nonsense(self):
        x = leaf(1.0)
        x.register_hook(lambda g: 5)
        with pytest.raises(ArgumentError, match="hook must return None or a Tensor"):
            square(x).backward()

    def test_remove(self):
        x = leaf(1.0)
        handle = x.register_hook(lambda g: mul(g, 10.0))
        handle.remove()
        handle.remove()
        square(x).backward()
        assert to_numpy(x.grad).tolist() == [2.0]

    def test_retain_grad(self):
        x = leaf(3.0)
        h = square(x)
        h.retain_grad()
        square(h).backward()
        assert to_numpy(h.grad).tolist() == [18.0]
        assert square(x).grad is None

    def test_retain_grad_keeps_what_the_hooks_made_of_it_once(self):
        x = leaf(3.0)
        h = square(x)
        h.retain_grad()
        h.register_hook(lambda g: mul(g, 10.0))
        h.retain_grad()
        square(h).backward()
        assert to_numpy(h.grad).tolist() == [180.0]

    def test_retain_grad_before_a_change_in_place_is_of_the_changed_tensor(self):
        h = square(leaf(3.0))
        h.retain_grad()
        h.mul_(5.0)
        mul(h, 2.0).backward()
        assert to_numpy(h.grad).tolist() == [2.0]

    def test_retain_grad_and_hooks_beside_the_way_to_the_inputs_of_grad(self):
        x, y, seen = leaf(3.0), leaf(1.0), []
        h = square(x)
        h.retain_grad()
        h.register_hook(seen.append)
        minidl.grad(add(h, y), y)
        assert h.grad is None and not seen


class TestGrad:
    def test_of_a_leaf_and_of_an_intermediate(self):
        x = leaf(3.0)
        h = square(x)
        z = total(square(h))
        dx, dh = minidl.grad(z, [x, h])
        assert to_numpy(dx).tolist() == [108.0]
        assert to_numpy(dh).tolist() == [18.0]
        assert x.grad is None

    def test_the_part_of_the_graph_beyond_the_inputs_stays(self):
        x = leaf(3.0)
        h = square(x)
        (dh,) = minidl.grad(total(square(h)), h)
        h.backward(dh)
        assert to_numpy(x.grad).tolist() == [108.0]

    def test_an_unused_input(self):
        x, y = leaf(1.0), leaf(1.0)
        with pytest.raises(GraphError, match=r"do not depend on inputs\[1\]"):
            minidl.grad(square(x), [x, y])
        assert minidl.grad(square(x), [x, y], allow_unused=True)[1] is None

    def test_an_input_that_requires_no_gradient(self):
        with pytest.raises(GraphError, match=r"inputs\[0\] does not require"):
            minidl.grad(square(leaf(1.0)), tensor([1.0]))

    def test_several_outputs(self):
        x = leaf(2.0)
        (dx,) = minidl.grad([square(x), mul(x, 3.0)], x, [tensor([1.0]), tensor([10.0])])
        assert to_numpy(dx).tolist() == [34.0]

    def test_an_output_that_is_also_an_input(self):
        x = leaf(2.0)
        z = square(x)
        dz, dx = minidl.grad(z, [z, x])
        assert to_numpy(dz).tolist() == [1.0]
        assert to_numpy(dx).tolist() == [4.0]

    @pytest.mark.parametrize("wrong", [[], 5.0, [None]])
    def test_what_is_no_list_of_tensors(self, wrong):
        x = leaf(2.0)
        with pytest.raises(ArgumentError, match="grad: outputs must be a Tensor or several"):
            minidl.grad(wrong, x)
        with pytest.raises(ArgumentError, match="grad: inputs must be a Tensor or several"):
            minidl.grad(square(x), wrong)

    def test_batched_gradients_are_refused_by_name(self):
        x = leaf(2.0)
        with pytest.raises(UnsupportedError, match="is_grads_batched"):
            minidl.grad(square(x), x, is_grads_batched=True)


def test_an_unknown_backend():
    with pytest.raises(BackendError, match=r"'jax' is unknown; use 'numpy' or 'cupy'"):
        minidl.use_backend("jax")


def test_shapes_that_do_not_broadcast_are_told_with_the_operation():
    x, y = minidl.ones(2, 3), minidl.ones(4, 5)
    for call in (lambda: x + y, lambda: x * y, lambda: x / y, lambda: minidl.maximum(x, y), lambda: x == y):
        with pytest.raises(ShapeError, match=r"\w+: .*\(2, ?3\).*\(4, ?5\)"):
            call()
