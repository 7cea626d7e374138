"""Derivatives of derivatives: `create_graph`, `inputs`, hooks, accumulation, in-place checks. PyTorch is the judge."""

import threading
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
import minidl.nn.functional as F
from minidl.autograd import gradgradcheck
from minidl.engine.function import Function
from minidl.engine.observe import Observer, observed
from minidl.errors import ArgumentError, GraphError
from minidl.models.networks import Lecture
from minidl.proof.gradcheck import MismatchError
from tests.engine.test_random_graphs import OPERATIONS, steps
from tests.support.compare import assert_close, to_numpy

BOTH = (minidl, torch)


def gradients_of(library):
    return minidl.grad if library is minidl else torch.autograd.grad


def agree(run, tolerance=None):
    """run(library) returns tensors (or None), which must be equal."""
    ours, theirs = run(minidl), run(torch)
    assert len(ours) == len(theirs)
    for i, (x, t) in enumerate(zip(ours, theirs)):
        assert (x is None) == (t is None), i
        if t is not None:
            assert_close(x.detach(), t.detach(), str(i), tolerance)
            assert x.requires_grad == t.requires_grad, i


def leaf(library, *shape, seed=0, dtype="float64"):
    values = np.random.default_rng(seed).uniform(0.5, 1.5, shape)
    return library.tensor(values, dtype=getattr(library, dtype), requires_grad=True)


class TestAnyOrder:
    def test_the_third_derivative_of_the_fifth_power(self):
        x = minidl.tensor(2.0, requires_grad=True)
        for z in (x * x * x * x * x, x**5):
            for _ in range(3):
                (z,) = minidl.grad(z, x, create_graph=True)
            assert z.item() == 240.0

    def test_the_fifth_derivative_of_a_chain(self):
        def run(library):
            x = leaf(library, 4)
            z = ((x * x).sin() * (x.tanh() + 1).log() / x.sqrt()).sum()
            found = []
            for _ in range(5):
                (g,) = gradients_of(library)(z, x, create_graph=True)
                found.append(g)
                z = g.sum()
            return found

        agree(run, 1e-8)

    def test_without_create_graph_the_gradient_has_no_history(self):
        x = leaf(minidl, 3)
        (g,) = minidl.grad((x * x).sum(), x)
        assert not g.requires_grad

    def test_it_is_recorded_under_no_grad_too(self):
        x = leaf(minidl, 3)
        z = (x * x).sum()
        with minidl.no_grad():
            (g,) = minidl.grad(z, x, create_graph=True)
            assert g.requires_grad and not minidl.is_grad_enabled()

    def test_a_seed_that_requires_a_gradient(self):
        def run(library):
            x, u = leaf(library, 3), leaf(library, 3, seed=1)
            (g,) = gradients_of(library)(x.exp(), x, u, create_graph=True)
            return (g, *gradients_of(library)(g.sum(), [x, u]))

        agree(run)

    def test_the_graph_is_kept_unless_asked_to_be_freed(self):
        x = leaf(minidl, 2)
        z = (x.exp() * x).sum()
        minidl.grad(z, x, create_graph=True)
        minidl.grad(z, x, create_graph=True, retain_graph=False)
        with pytest.raises(GraphError, match="a second time"):
            minidl.grad(z, x)

    def test_a_freed_graph_cannot_be_walked_by_the_second_pass(self):
        x = leaf(minidl, 2)
        (g,) = minidl.grad((x.exp() * x).sum(), x, create_graph=True, retain_graph=False)
        with pytest.raises(GraphError, match="a second time"):
            minidl.grad(g.sum(), x)


class TestWhatIsKept:
    """An array that forward kept is known by its identity, and stands for the tensor that it came from."""

    def test_the_same_tensor_twice(self):
        agree(lambda lib: second(lib, lambda x, y: (x * x) / (y * y)))

    def test_a_constant_with_the_same_memory(self):
        agree(lambda lib: second(lib, lambda x, y: (x * x.detach()) * (y.detach() / y)))

    def test_the_same_memory_in_an_operation_that_tells_its_inputs_apart_by_place(self):
        agree(lambda lib: second(lib, lambda x, y: lib.einsum("i,i,i->i", x * 1, y, y)))

    def test_views_of_one_memory(self):
        def function(x, y):
            a, b, c = (x * 2).reshape(3, 1).unbind(0)
            return a * b * c + y[0] * y[1:] * y[:2]

        agree(lambda lib: second(lib, function))

    def test_one_array_twice_under_a_name_that_says_nothing(self):
        class Odd(Function):
            """z = x y"""

            def forward(self, x, y):
                self.first, self.other = x, y
                return x * y

            def backward(self, dz):
                return dz * self.other, dz * self.first

        x = leaf(minidl, 3)
        (g,) = minidl.grad(Odd.apply(x, x.detach()).sum(), x, create_graph=True)
        with pytest.raises(GraphError, match="given twice"):
            minidl.grad(g.sum(), x)

    def test_an_array_that_forward_computed_is_an_error_that_names_it(self):
        class Doubled(Function):
            """z = (2 x)²"""

            def forward(self, x):
                self.twice = 2 * x
                return self.twice**2

            def backward(self, dz):
                return 4 * self.twice * dz

        x = leaf(minidl, 3)
        (g,) = minidl.grad(Doubled.apply(x).sum(), x, create_graph=True)
        np.testing.assert_allclose(to_numpy(g.detach()), 8 * to_numpy(x.detach()))
        with pytest.raises(GraphError, match=r"Doubled cannot.*self\.twice.*backward_twice"):
            minidl.grad(g.sum(), x)

    def test_an_array_within_lists_is_an_error_that_names_it_too(self):
        class Twice(Function):
            """z = (2 x)²"""

            def forward(self, x):
                self.kept = [(1, 2 * x)]
                return self.kept[0][1] ** 2

            def backward(self, dz):
                return 4 * self.kept[0][1] * dz

        x = leaf(minidl, 3)
        (g,) = minidl.grad(Twice.apply(x).sum(), x, create_graph=True)
        with pytest.raises(GraphError, match=r"Twice cannot.*self\.kept\[0\]\[1\]"):
            minidl.grad(g.sum(), x)

    def test_a_rule_for_what_forward_computed(self):
        class Doubled(Function):
            """z = (2 x)²"""

            def forward(self, x):
                self.twice = 2 * x
                return self.twice**2

            def backward(self, dz):
                return 4 * self.twice * dz

            def backward_twice(self, dt):
                return 2 * dt

        x = leaf(minidl, 3)
        (g,) = minidl.grad((Doubled.apply(x) * x).sum(), x, create_graph=True)  # 4 x³
        (h,) = minidl.grad(g.sum(), x, create_graph=True)
        (third,) = minidl.grad(h.sum(), x)
        np.testing.assert_allclose(to_numpy(h.detach()), 24 * to_numpy(x.detach()))
        np.testing.assert_allclose(to_numpy(third), 24)

    def test_a_backward_beyond_the_vocabulary_is_an_error_that_names_it(self):
        class Sorted(Function):
            """z = x"""

            def forward(self, x):
                return x.copy()

            def backward(self, dz):
                return self.xp.sort(dz)

        x = leaf(minidl, 3)
        with pytest.raises(GraphError, match="sort is not known"):
            minidl.grad(Sorted.apply(x).sum(), x, create_graph=True)

    def test_numpys_own_functions_in_a_users_backward(self):
        class Cubed(Function):
            """z = x³"""

            def forward(self, x):
                self.x = x
                return x**3

            def backward(self, dz):
                return np.multiply(dz, np.where(self.x > 0, 3 * np.exp(2 * np.log(self.x)), 0))

        if minidl.backend.current_backend().name != "numpy":
            pytest.skip("np.exp of a CuPy array")
        x = leaf(minidl, 3)
        (g,) = minidl.grad(Cubed.apply(x).sum(), x, create_graph=True)
        np.testing.assert_allclose(to_numpy(minidl.grad(g.sum(), x)[0]), 6 * to_numpy(x.detach()))

    def test_memory_changed_in_place_before_the_second_pass(self):
        def run(library):
            x = leaf(library, 3)
            y = x * 1
            (g,) = gradients_of(library)((y**3).sum(), x, create_graph=True)
            with library.no_grad():
                y.mul_(2)
            with pytest.raises((RuntimeError, GraphError), match=r"in place|inplace"):
                gradients_of(library)(g.sum(), x)
            return []

        agree(run)

    def test_memory_changed_in_place_before_the_first_pass(self):
        x = leaf(minidl, 3)
        z = (x**3).sum()
        with minidl.no_grad():
            x.mul_(2)
        with pytest.raises(GraphError, match="in place"):
            minidl.grad(z, x, create_graph=True)


def second(library, function, dtype="float64"):
    """First and second gradients of a random combination of function(x, y)."""
    x, y = leaf(library, 3, dtype=dtype), leaf(library, 3, seed=1, dtype=dtype)
    grad = gradients_of(library)
    z = function(x, y)
    weights = library.tensor(np.linspace(1, 2, z.numel()).reshape(tuple(z.shape)), dtype=getattr(library, dtype))
    first = grad((z * weights).sum(), [x, y], create_graph=True)
    return (*first, *grad(sum((g * g).sum() for g in first), [x, y], allow_unused=True))


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True will create a reference cycle")
class TestTheEngine:
    def test_gradients_accumulate(self):
        def run(library):
            x = leaf(library, 3)
            (x**3).sum().backward()
            (x**4).sum().backward(create_graph=True)
            first = x.grad
            x.grad = None
            (first * first).sum().backward()
            return [first, x.grad]

        agree(run)

    def test_two_leaves_do_not_share_a_gradient(self):
        x, y = leaf(minidl, 3), leaf(minidl, 3)
        (x + y).sum().backward(create_graph=True)
        assert x.grad is not y.grad
        with minidl.no_grad():
            x.grad.zero_()
        assert to_numpy(y.grad.detach()).tolist() == [1, 1, 1]

    def test_hooks_see_and_replace_the_recorded_gradient(self):
        def run(library):
            seen = []
            x = leaf(library, 3)
            h = x * x
            h.register_hook(lambda g: seen.append(g.detach()) or g * x)
            x.register_hook(lambda g: g * 2)
            h.retain_grad()
            h.exp().sum().backward(create_graph=True)
            first, kept = x.grad, h.grad
            x.grad = None
            (second,) = gradients_of(library)((first * kept).sum(), x)
            return [first, kept, second, seen[0]]

        agree(run)

    def test_a_hook_that_returns_something_else(self):
        x = leaf(minidl, 3)
        x.register_hook(lambda g: g.sum())
        with pytest.raises(ArgumentError, match="a hook must return"):
            (x * x).sum().backward(create_graph=True)

    def test_several_outputs_and_several_inputs(self):
        def run(library):
            x, y = leaf(library, 3), leaf(library, 3, seed=1)
            h = x * y
            outs = [h.exp(), h.sum(0), x.sin()]
            seeds = [leaf(library, 3, seed=2), leaf(library, seed=3), leaf(library, 3, seed=4)]
            grad = gradients_of(library)
            first = grad(outs, [x, h, y], seeds, create_graph=True)
            return [*first, *grad(sum(g.sum() for g in first), [x, y, *seeds])]

        agree(run)

    def test_a_function_with_several_outputs(self):
        class Polar(Function):
            """z0 = x y,  z1 = x / y"""

            def forward(self, x, y):
                self.x, self.y = x, y
                return x * y, x / y

            def backward(self, dp, dq):
                return dp * self.y + dq / self.y, dp * self.x - dq * self.x / (self.y * self.y)

        def run(library):
            both = Polar.apply if library is minidl else lambda x, y: (x * y, x / y)
            found = second(library, lambda x, y: (lambda p, q: p * p * q)(*both(x, y)))
            return found + second(library, lambda x, y: both(x, y)[1])

        agree(run)

    def test_an_operation_that_keeps_one_of_its_outputs(self):
        class Both(Function):
            """z0 = e^x,  z1 = x²"""

            def forward(self, x):
                self.x, self.e = x, np.exp(x)
                return self.e, x * x

            def backward(self, de, ds):
                return de * self.e + 2 * ds * self.x

        if minidl.backend.current_backend().name != "numpy":
            pytest.skip("np.exp of a CuPy array")

        def run(library):
            both = Both.apply if library is minidl else lambda x: (x.exp(), x * x)
            return second(library, lambda x, y: (lambda e, s: e * e * s)(*both(x * y)))

        agree(run)

    def test_broadcasting(self):
        agree(lambda lib: second(lib, lambda x, y: (x.reshape(3, 1) * y / (x + y.reshape(3, 1))) ** 2))

    def test_slices_and_index_arrays(self):
        agree(lambda lib: second(lib, lambda x, y: x[1:] * x[:-1] ** 2 + y[[0, 0]] * x[0] * y[1]))

    def test_an_in_place_write_in_forward(self):
        def function(x, y):
            h = x * y
            h[1:] = h[:-1].exp()
            h *= x
            return h

        agree(lambda lib: second(lib, function))

    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    def test_dtypes(self, dtype):
        agree(lambda lib: second(lib, lambda x, y: (x * y).sigmoid() * x.sqrt() + y.tanh().exp(), dtype), 6e-3)

    def test_mixed_dtypes(self):
        def run(library):
            x = leaf(library, 3, dtype="float32")
            (g,) = gradients_of(library)((x.double() ** 3).sum(), x, create_graph=True)
            return [g, *gradients_of(library)((g.double() ** 2).sum(), x)]

        agree(run)

    def test_unused_and_materialized(self):
        def run(library):
            x, y = leaf(library, 3), leaf(library, 2)
            z = (x * x).sum()
            grad = gradients_of(library)
            return [
                *grad(z, [x, y], create_graph=True, allow_unused=True),
                *grad(z, [x, y], retain_graph=True, materialize_grads=True),
            ]

        agree(run)
        with pytest.raises(ArgumentError, match="materialize_grads"):
            x = leaf(minidl, 3)
            minidl.grad(x.sum(), x, materialize_grads=True, allow_unused=False)

    def test_every_thread_by_itself(self):
        found = {}

        def work(seed):
            x = leaf(minidl, 5, seed=seed)
            (g,) = minidl.grad((x**4).sum(), x, create_graph=True)
            found[seed] = (to_numpy(minidl.grad(g.sum(), x)[0]), 12 * to_numpy(x.detach()) ** 2)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        for ours, expected in found.values():
            np.testing.assert_allclose(ours, expected, rtol=1e-12)


class TestInputs:
    @pytest.mark.filterwarnings("ignore:The .grad attribute")
    def test_only_these_get_a_gradient(self):
        def run(library):
            x, y = leaf(library, 3), leaf(library, 3, seed=1)
            h = x * y
            z = (h * x).sum()
            z.backward(inputs=[x, h], retain_graph=True)
            z.backward(inputs=x)
            return [x.grad, y.grad, h.grad]

        agree(run)

    def test_wrong_ones(self):
        x = leaf(minidl, 3)
        with pytest.raises(ArgumentError, match="at least one"):
            (x * x).sum().backward(inputs=[])
        with pytest.raises(GraphError, match=r"inputs\[0\] does not require"):
            (x * x).sum().backward(inputs=minidl.ones(3))


class TestPyTorchsForm:
    def test_saved_tensors_have_their_place_in_the_graph(self):
        def made(library):
            class Cube(library.autograd.Function):
                @staticmethod
                def forward(ctx, x, scale):
                    y = x**3 * scale
                    ctx.save_for_backward(x, y)
                    ctx.scale = scale
                    return y

                @staticmethod
                def backward(ctx, dz):
                    x, y = ctx.saved_tensors
                    return dz * 3 * y / x, None

            return Cube.apply

        agree(lambda lib: second(lib, lambda x, y: made(lib)(x, 2.0) * made(lib)(x * y, 3.0)))

    def test_once_differentiable_is_refused_by_name(self):
        class Once(minidl.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            @minidl.autograd.function.once_differentiable
            def backward(ctx, dz):
                return dz * 2

        x = leaf(minidl, 3)
        with pytest.raises(GraphError, match="Once: its backward is marked once_differentiable"):
            minidl.grad(Once.apply(x).sum(), x, create_graph=True)

    def test_a_saved_intermediate_is_an_error_that_names_it(self):
        class Halves(minidl.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                half = x / 2
                ctx.save_for_backward(half)
                return half * half

            @staticmethod
            def backward(ctx, dz):
                (half,) = ctx.saved_tensors
                return dz * half

        x = leaf(minidl, 3)
        (g,) = minidl.grad(Halves.apply(x).sum(), x, create_graph=True)
        with pytest.raises(GraphError, match=r"Halves cannot be.*saved_tensors\[0\]"):
            minidl.grad(g.sum(), x)


def second_of_program(library, program, ends):
    """The second gradients of a random graph with respect to its leaves."""
    rng = np.random.default_rng(0)
    leaves = [library.tensor(rng.standard_normal((2, 3)), requires_grad=True) for _ in range(3)]
    found = list(leaves)
    for operation, i, j, _ in program:
        found.append(OPERATIONS[operation](found[i % len(found)], found[j % len(found)]))
    loss = sum((found[-1 - end % len(found)] ** 2 * (3 + end)).sum() for end in ends) + sum(x.sum() for x in leaves)
    grad = gradients_of(library)
    first = grad(loss, leaves, create_graph=True)
    mixed = sum((g * g * (i + 1)).sum() for i, g in enumerate(first))
    return [*first, *(grad(mixed, leaves, allow_unused=True) if mixed.requires_grad else [])]


@given(st.lists(steps, min_size=1, max_size=8), st.lists(st.integers(0, 5), min_size=1, max_size=3))
def test_random_graphs(program, ends):
    ours, theirs = (second_of_program(library, program, ends) for library in BOTH)
    for x, t in zip(ours, theirs, strict=True):
        if x is None or t is None:
            assert all(g is None or not g.detach().any() for g in (x, t))
        else:
            assert_close(x.detach(), t.detach(), tolerance=1e-8)


class TestNetworks:
    def network(self, library, x, weights, target):
        f = F if library is minidl else torch.nn.functional
        h = f.max_pool2d(f.relu(f.conv2d(x, weights[0], weights[1], stride=1, padding=1)), 2)
        h = f.tanh(f.batch_norm(h, None, None, weights[2], weights[3], training=True))
        h = f.avg_pool2d(f.conv_transpose2d(h, weights[4], None, stride=2, groups=2), 3, 2, 1)
        return f.cross_entropy(f.linear(h.flatten(1), weights[5], weights[6]), target, label_smoothing=0.1)

    def test_a_convolutional_network(self):
        shapes = [(4, 2, 3, 3), (4,), (4,), (4,), (4, 1, 2, 2), (3, 18), (3,)]

        def run(library):
            weights = [leaf(library, *shape, seed=i) for i, shape in enumerate(shapes)]
            x, target = leaf(library, 3, 2, 6, 6, seed=9), library.tensor([0, 2, 1])
            grad = gradients_of(library)
            first = grad(self.network(library, x, weights, target), [x, *weights], create_graph=True)
            return [*first, *grad(sum((g * g).sum() for g in first), [x, *weights])]

        agree(run, 1e-7)

    def test_a_recorded_backward_keeps_at_most_twice_as_much(self):
        """The peak of forward and backward of the lecture's CNN, with and without `create_graph`."""
        if minidl.backend.current_backend().name != "numpy":
            pytest.skip("tracemalloc sees the host's memory")
        model, x, target = Lecture(), minidl.ones(20, 1, 28, 28), minidl.arange(20) % 10

        def peak(create_graph):
            tracemalloc.start()
            try:
                minidl.grad(F.cross_entropy(model(x), target), list(model.parameters()), create_graph=create_graph)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        # The least of some: scratch memory stays, and a thread may take its own late.
        plain, recorded = map(min, zip(*[(peak(False), peak(True)) for _ in range(4)]))
        assert recorded < 2 * plain

    def test_what_is_not_asked_for_is_not_recorded(self):
        x, w = leaf(minidl, 2, 3), leaf(minidl, 4, 3, seed=1)
        counted = []

        class Counts(Observer):
            def on_forward(self, node, inputs, options, output):
                counted.append(node)

        found, operations = [], []
        for asked in ([x], [x, w]):
            z = F.linear(x, w).tanh().sum()
            counted.clear()
            with observed(Counts()):
                found.append(to_numpy(minidl.grad(z, asked, create_graph=True)[0].detach()))
            operations.append(len(counted))
        np.testing.assert_array_equal(*found)
        assert operations[0] < operations[1]

    @pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}])
    def test_convolutions_three_times(self, options):
        def run(library):
            f = F if library is minidl else torch.nn.functional
            x, w = leaf(library, 2, 2, 6, 7), leaf(library, 4, 2 // options.get("groups", 1), 2, 3, seed=1)
            grad = gradients_of(library)
            (g,) = grad((f.conv2d(x, w, None, **options) ** 3).sum(), w, create_graph=True)
            (h,) = grad((g**2).sum(), x, create_graph=True)
            return [g, h, *grad((h**2).sum(), [x, w])]

        agree(run, 1e-7)


class Doubled(Function):
    """z = (2 x)²"""

    scale = 2

    def forward(self, x):
        self.twice = 2 * x
        return self.twice**2

    def backward(self, dz):
        return 4 * self.twice * dz

    def backward_twice(self, dt):
        return self.scale * dt


class Mistaken(Doubled):
    """z = (2 x)²"""

    scale = 3


class TestGradgradcheck:
    def test_right_and_wrong(self):
        x = leaf(minidl, 3)
        assert gradgradcheck(Doubled.apply, x)
        with pytest.raises(MismatchError, match="3 gradients are wrong"):
            gradgradcheck(Mistaken.apply, x)
        assert not gradgradcheck(Mistaken.apply, x, raise_exception=False)
        assert minidl.gradcheck(Mistaken.apply, x), "its first derivative is right"

    def test_several_outputs_and_given_seeds(self):
        x, y = leaf(minidl, 3), leaf(minidl, 2)
        report = gradgradcheck(lambda x, y, n: (x**n, x.sum() * y), (x, y, 3), [leaf(minidl, 3), leaf(minidl, 2)])
        assert report and report.compared == (3 + 2) * (3 + 2 + 3 + 2)
        with pytest.raises(ArgumentError, match="1 grad_outputs for 2"):
            gradgradcheck(lambda x, y: (x, y), (x, y), leaf(minidl, 3))
        with pytest.raises(ArgumentError, match="no input requires"):
            gradgradcheck(lambda x: x, minidl.ones(2))

    @pytest.mark.parametrize("call", [
        lambda x: F.max_pool2d(x, 2, 1) ** 2, lambda x: F.layer_norm(x, (3,)), lambda x: F.softmax(x, 1) * x,
        lambda x: F.unfold(x, 2) ** 2, lambda x: x.std(1), lambda x: x.norm(3, dim=1), lambda x: x.prod(1),
        lambda x: F.adaptive_avg_pool2d(x, 2) ** 2, lambda x: F.scaled_dot_product_attention(x, x, x),
        lambda x: F.pad(x, (1, 0)) ** 2,
    ])  # fmt: skip
    def test_operations(self, call):
        assert gradgradcheck(call, leaf(minidl, 1, 2, 3, 3))

    @pytest.mark.solver
    def test_matrices(self):
        for call in (minidl.linalg.inv, minidl.linalg.det):
            assert gradgradcheck(lambda x: call(x + 3 * minidl.eye(3).double()), leaf(minidl, 1, 2, 3, 3))  # noqa: B023
