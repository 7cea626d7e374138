"""Losses for numbers: how far each prediction x is from its target y."""

from __future__ import annotations

from typing import Any

from ...engine.elementwise import Elementwise
from ...engine.tensor import Tensor
from ...errors import ArgumentError, ShapeError
from .._check.arguments import number, promoted, tensor_of
from ..arithmetic import div, mul
from ..elementary import sign_of
from ..reduce import sum
from .arguments import alike, check_reduction, reduced


class AbsoluteError(Elementwise):
    """z = |e|,  e = x - y        ∂z/∂x = sign(e),  ∂z/∂y = -sign(e),  both 0 where x = y"""

    def e(self, x: Any, y: Any) -> Any:
        return x - y

    def value(self, x: Any, y: Any, e: Any) -> Any:
        return self.xp.abs(e)

    def slope_x(self, e: Any) -> Any:
        return sign_of(e)

    def slope_y(self, e: Any) -> Any:
        return -sign_of(e)

    def backward_e_(self, de: Any) -> Any:
        return de, -de


class SquaredError(Elementwise):
    """z = e²,  e = x - y        ∂z/∂x = 2 e,  ∂z/∂y = -2 e"""

    def e(self, x: Any, y: Any) -> Any:
        return x - y

    def value(self, x: Any, y: Any, e: Any) -> Any:
        return e * e

    def slope_x(self, e: Any) -> Any:
        return 2 * e

    def slope_y(self, e: Any) -> Any:
        return -2 * e

    def backward_e_(self, de: Any) -> Any:
        return de, -de


class Huber(Elementwise):
    """z = ½ e² where |e| < δ, else δ (|e| - ½ δ), with e = x - y        ∂z/∂x = e cut to -δ ... δ,  ∂z/∂y = -∂z/∂x

    Both are c (|e| - ½ c), with c = |e| cut to δ.
    """

    delta: float

    def value(self, x: Any, y: Any) -> Any:
        size = self.xp.abs(x - y)
        cut = size.clip(0, self.delta)
        return cut * (size - 0.5 * cut)

    def slope_x(self, x: Any, y: Any) -> Any:
        return (x - y).clip(-self.delta, self.delta)

    def slope_y(self, x: Any, y: Any) -> Any:
        return (y - x).clip(-self.delta, self.delta)


class RootOrZero(Elementwise):
    """z = √x        ∂z/∂x = 1 / (2 z), and 0 where x = 0: a perfect prediction is left alone"""

    cheap = True

    def value(self, x: Any) -> Any:
        return self.xp.sqrt(x)

    def slope(self, z: Any) -> Any:
        return 1 / (2 * z)

    def passes(self, z: Any) -> Any:
        return z != 0


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute error |input - target|; its mean is the MAE. Shapes must be equal.

    With `weight`, of the same shape, each error counts that many times: the mean is Σ weight · error / Σ weight.
    """
    check_reduction("l1_loss", reduction, size_average, reduce)
    losses = AbsoluteError.apply(*alike("l1_loss", input, target))
    return _weighted("l1_loss", losses, weight, reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared error (input - target)². Shapes must be equal; `weight` as in `l1_loss`.

    >>> import minidl
    >>> mse_loss(minidl.tensor([1.0, 5.0]), minidl.tensor([1.0, 3.0]))
    tensor(2.)
    """
    check_reduction("mse_loss", reduction, size_average, reduce)
    losses = SquaredError.apply(*alike("mse_loss", input, target))
    return _weighted("mse_loss", losses, weight, reduction)


def rmse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The root of `mse_loss`, in the unit of the target: √(mean (input - target)²), or of the sum, or of each.

    Not in PyTorch. Where the root is 0 its gradient is defined as 0 (a plain square root would give NaN).

    >>> import minidl
    >>> rmse_loss(minidl.tensor([1.0, 5.0]), minidl.tensor([1.0, 3.0]), reduction="sum")
    tensor(2.)
    """
    check_reduction("rmse_loss", reduction)
    return RootOrZero.apply(reduced(SquaredError.apply(*alike("rmse_loss", input, target)), reduction))


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Half the squared error up to |error| = delta, beyond that linear with slope delta: outliers count less.

    With `weight`, of the same shape, each error is multiplied by it; the mean is, as in PyTorch and unlike `l1_loss`,
    still divided by the number of errors.
    """
    check_reduction("huber_loss", reduction)
    delta = number("huber_loss", "delta", delta)
    if not delta > 0:
        raise ArgumentError(f"huber_loss: delta must be positive; got {delta!r}")
    losses = Huber.apply(*alike("huber_loss", input, target, mixed=False), delta=delta)
    return _weighted("huber_loss", losses, weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """`huber_loss` with delta = beta, divided by beta: the slope far out is 1. With beta = 0, `l1_loss`."""
    check_reduction("smooth_l1_loss", reduction, size_average, reduce)
    beta = number("smooth_l1_loss", "beta", beta)
    if not beta >= 0:
        raise ArgumentError(f"smooth_l1_loss: beta must not be negative; got {beta!r}")
    x, y = alike("smooth_l1_loss", input, target)
    if beta == 0:
        return reduced(AbsoluteError.apply(x, y), reduction)
    return div(reduced(Huber.apply(x, y, delta=beta), reduction), beta)


def _weighted(name: str, losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """The losses times `weight`, reduced; as in PyTorch, Huber's mean still divides by the number of losses."""
    if weight is None:
        return reduced(losses, reduction)
    if tensor_of(name, weight, "weight").shape != losses.shape:
        raise ShapeError(f"{name}: weight must have the shape of the input, {losses.shape}; got {weight.shape}")
    losses, weight = promoted(name, losses, weight)
    weighted = mul(losses, weight)
    if reduction == "mean" and name != "huber_loss":
        return div(sum(weighted), sum(weight))
    return reduced(weighted, reduction)
