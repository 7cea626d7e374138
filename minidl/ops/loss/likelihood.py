"""How unlikely a target is under a predicted distribution: Poisson and normal."""

from __future__ import annotations

import math

from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, ShapeError
from .._check.arguments import broadcast_shape, float_only, number, promoted, tensor_of
from ..arithmetic import add, div, mul, square, sub
from ..comparison import le
from ..elementary import exp, log
from ..gather import masked_fill
from ..shape import unsqueeze
from .arguments import check_reduction, reduced


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: None = None,
    eps: float = 1e-8,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """rate - target · log(rate) for counts `target`: -log of their Poisson probability, without log(target!).

    `input` is log(rate), or with `log_input=False` the rate itself, to which `eps` is added in the logarithm. `full`
    adds Stirling's formula for log(target!) where target > 1. Shapes are broadcast.
    """
    name = "poisson_nll_loss"
    check_reduction(name, reduction, size_average, reduce)
    x, t = float_only(name, input), tensor_of(name, target, "target")
    broadcast_shape(name, x.shape, t.shape)
    x, t = promoted(name, x, t)
    if log_input:
        losses = sub(exp(x), mul(t, x))
    else:
        losses = sub(x, mul(t, log(add(x, number(name, "eps", eps)))))
    if full:
        stirling = add(sub(mul(t, log(t)), t), mul(log(mul(t, 2 * math.pi)), 0.5))
        losses = add(losses, masked_fill(stirling, le(t, 1), 0.0))
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log(var) + (input - target)² / var) / 2: -log of the normal density, without its constant unless `full`.

    `var` has the shape of `input`, or lacks its last dimension, or has 1 in one of them; or it is a number. Below
    `eps` it counts as `eps`, but gets the gradient all the same. ArgumentError for a negative variance.
    """
    name = "gaussian_nll_loss"
    check_reduction(name, reduction)
    x, t = float_only(name, input), tensor_of(name, target, "target")
    v = wrap(x._array * 0 + number(name, "var", var)) if not isinstance(var, Tensor) else float_only(name, var)
    if (v._array < 0).any():
        raise ArgumentError(f"{name}: var must not be negative; the smallest is {v._array.min()}")
    v = _spread(name, v, x)
    broadcast_shape(name, x.shape, t.shape)
    floored = wrap(v._array.clip(number(name, "eps", eps), None))
    v = add(sub(v, v.detach()), floored)  # the value of `floored`, the gradient of v
    losses = mul(add(log(v), div(square(sub(x, t)), v)), 0.5)
    if full:
        losses = add(losses, 0.5 * math.log(2 * math.pi))
    return reduced(losses, reduction)


def _spread(name: str, v: Tensor, x: Tensor) -> Tensor:
    """The variance in a shape that can be broadcast to that of x."""
    if v.shape == x.shape:
        return v
    if v.shape == x.shape[:-1]:
        return unsqueeze(v, -1)
    if v.ndim == x.ndim and [m for n, m in zip(x.shape, v.shape) if n != m] == [1]:
        return v
    raise ShapeError(f"{name}: var must have the shape of input {x.shape}, without its last dimension or with 1 in "
                     f"place of one; got {v.shape}")  # fmt: skip
