"""The base of elementwise operations: what it keeps, what it computes when, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl.backend.numpy import elementwise as blocks
from minidl.engine.elementwise import Elementwise
from minidl.errors import ArgumentError
from minidl.ops import activation, arithmetic, elementary
from minidl.ops.loss import regression
from tests.support.compare import to_numpy


class Scaled(Elementwise):
    """z = a x² + b        ∂z/∂x = 2 a x"""

    a: float
    b: float = 1.0

    def value(self, x: Any) -> Any:
        return self.a * x * x + self.b

    def slope(self, x: Any) -> Any:
        return 2 * self.a * x


class Blend(Elementwise):
    """z = x e^y        ∂z/∂x = e^y,  ∂z/∂y = z"""

    def e(self, y: Any) -> Any:
        return self.xp.exp(y)

    def value(self, x: Any, y: Any, e: Any) -> Any:
        return x * e

    def slope_x(self, e: Any) -> Any:
        return e

    def slope_y(self, z: Any) -> Any:
        return z


def leaf(*values: float) -> minidl.Tensor:
    return minidl.tensor(values, dtype=minidl.float64, requires_grad=True)


def kept(z: minidl.Tensor) -> dict[str, Any]:
    """The arrays that the operation behind z keeps, by name."""
    return {name: x for name, x in vars(z.grad_fn).items() if isinstance(x, type(z._array))}


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (elementary.Exp, {"z"}), (elementary.Sin, {"x"}), (activation.Tanh, {"z"}), (activation.Relu, {"z"}),
        (activation.Hardsigmoid, {"mask"}), (activation.Gelu, {"x", "cdf_"}), (activation.Silu, {"x", "s_"}),
        (arithmetic.Square, {"x"}), (arithmetic.Reciprocal, {"z"}),
    ],
)  # fmt: skip
def test_only_what_the_slope_takes_is_kept(function: type[Elementwise], names: set[str]) -> None:
    x = leaf(0.5, 2.0)
    z = function.apply(x)
    assert kept(z).keys() == names
    for name, array in (("x", x._array), ("z", z._array)):
        assert name not in names or kept(z)[name] is array  # itself, not a copy
    assert all(array.dtype == bool for name, array in kept(z).items() if name == "mask")


def test_what_passes_is_kept_as_z_or_for_images_as_a_mask() -> None:
    x = minidl.tensor([[-1.0, 0.0, 2.0, float("nan")]], dtype=minidl.float64)
    gradients = []
    for shape, name in (((1, 4), "z"), ((2, 1, 2), "z"), ((1, 1, 2, 2), "mask")):
        leaf = x.reshape(shape).requires_grad_()
        z = leaf.relu()
        assert kept(z).keys() == {name}
        z.backward(minidl.tensor([[float("inf"), float("nan"), 3.0, 4.0]], dtype=minidl.float64).reshape(shape))
        gradients.append(leaf.grad.flatten().tolist())
    assert gradients == [[0.0, 0.0, 3.0, 4.0]] * 3


def test_a_result_that_is_kept_may_be_changed_all_the_same() -> None:
    x = leaf(1.0, -2.0)
    z = minidl.relu(x)
    z -= 1
    z.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_of_several_inputs_only_what_the_wanted_gradients_need_is_kept() -> None:
    x, y = leaf(1.0, 2.0), leaf(0.0, 1.0)
    assert kept(Blend.apply(x, y)).keys() == {"e_", "z"}
    assert kept(Blend.apply(x, y.detach())).keys() == {"e_"}
    assert kept(Blend.apply(x.detach(), y)).keys() == {"z"}


def test_without_a_gradient_nothing_is_kept_and_no_mask_is_made() -> None:
    class Watched(Elementwise):
        """z = x"""

        def value(self, x: Any) -> Any:
            return x.copy()

        def passes(self, x: Any) -> Any:
            raise AssertionError("a gradient is not wanted")

    nodes: list[Any] = []
    x = leaf(1.0)
    Watched.apply(x.detach())
    with minidl.no_grad():
        Watched.apply(x)
    with pytest.raises(AssertionError, match="not wanted"):
        nodes.append(Watched.apply(x))


def test_an_intermediate_result_and_broadcasting() -> None:
    x, y = leaf(1.0, 2.0, 3.0), leaf(0.5)
    t, u = [torch.tensor(to_numpy(v), requires_grad=True) for v in (x, y)]
    z, w = Blend.apply(x, y), t * u.exp()
    z.sum().backward()
    w.sum().backward()
    for ours, theirs in ((z, w), (x.grad, t.grad), (y.grad, u.grad)):
        np.testing.assert_allclose(to_numpy(ours), theirs.detach().numpy(), rtol=1e-14)


def test_numbers_are_inputs_too() -> None:
    x = leaf(1.0, 3.0)
    arithmetic.Lerp.apply(x, minidl.tensor([2.0, 5.0], dtype=minidl.float64), 0.25).sum().backward()
    assert x.grad.tolist() == [0.75, 0.75]


def test_options_are_kept_by_name_and_checked_like_arguments() -> None:
    x = leaf(3.0)
    assert Scaled.apply(x, a=2.0).item() == 19.0
    z = Scaled.apply(x, a=2.0, b=0.0)
    z.backward()
    assert (z.item(), x.grad.item()) == (18.0, 12.0)
    assert Scaled.defaults() == {"b": 1.0}
    assert (Scaled.names(1), Blend.names(2), regression.Huber.names(2)) == (["x"], ["x", "y"], ["x", "y"])
    with pytest.raises(TypeError, match="Scaled needs the option 'a'"):
        Scaled.apply(x)
    with pytest.raises(TypeError, match="Scaled has no option 'c'"):
        Scaled.apply(x, a=1.0, c=1.0)


def test_a_class_that_leaves_something_out_is_refused_when_it_is_made() -> None:
    with pytest.raises(ArgumentError, match="Nothing: states no value"):

        class Nothing(Elementwise):
            pass

    with pytest.raises(ArgumentError, match="Flat: states no slope; write def slope"):

        class Flat(Elementwise):
            def value(self, x: Any) -> Any:
                return x

    with pytest.raises(ArgumentError, match="Half: states no slope_y; write def slope_y"):

        class Half(Elementwise):
            def value(self, x: Any, y: Any) -> Any:
                return x

            def slope_x(self) -> Any:
                return 1

    with pytest.raises(ArgumentError, match=r"Typo\.slope: 'w' is none of x, z"):

        class Typo(Elementwise):
            def value(self, x: Any) -> Any:
                return x

            def slope(self, w: Any) -> Any:
                return w


def test_a_subclass_may_state_another_slope() -> None:
    class Same(Scaled):
        """z = a x² + b        ∂z/∂x = 2 √(a (z - b))"""

        def slope(self, x: Any, z: Any) -> Any:
            return 2 * self.xp.sqrt(self.a * (z - self.b)) * self.xp.sign(x)

    x, y = leaf(-1.5, 3.0), leaf(-1.5, 3.0)
    Scaled.apply(x, a=2.0).sum().backward()
    Same.apply(y, a=2.0).sum().backward()
    np.testing.assert_allclose(to_numpy(x.grad), to_numpy(y.grad))


@pytest.mark.numpy_only("about the blocks of NumPy's backend")
@pytest.mark.parametrize("name", ["relu", "gelu", "hardswish", "sigmoid", "softplus"])
def test_in_blocks_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values, found = np.random.default_rng(0).standard_normal((7, 31)), []
    for block in (1 << 18, 16):
        monkeypatch.setattr(blocks, "BLOCK", block)
        x = minidl.tensor(values, requires_grad=True)
        z = getattr(minidl.nn.functional, name)(x)
        z.backward(minidl.tensor(values[::-1].copy()))
        found.append((z.detach().numpy().tobytes(), x.grad.numpy().tobytes()))
    assert found[0] == found[1]


def test_an_infinite_gradient_stops_where_it_does_not_pass() -> None:
    x = leaf(-5.0, 0.0, 5.0)
    for name, expected in (("relu", [0, 0, np.inf]), ("hardsigmoid", [0, np.inf, 0]), ("hardtanh", [0, np.inf, 0])):
        x.grad = None
        getattr(minidl.nn.functional, name)(x).backward(minidl.full((3,), np.inf, dtype=minidl.float64))
        assert x.grad.tolist() == expected, name
