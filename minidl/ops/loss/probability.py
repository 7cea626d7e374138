"""Losses between probabilities: binary cross-entropy, and the Kullback-Leibler divergence."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.elementwise import Elementwise
from ...engine.function import Function
from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError
from ..arithmetic import div
from ..reduce import sum
from .arguments import REDUCTIONS, alike, check_reduction, check_weight, reduced


class BinaryCrossEntropy(Function):
    """z = -w (t log x + (1 - t) log(1 - x))        each logarithm at least -100, as in PyTorch

    ∂z/∂x = w (x - t) / (x (1 - x)),  ∂z/∂t = w (log(1 - x) - log x)
    """

    def forward(self, x: Any, t: Any, w: Any) -> Any:
        xp = self.xp
        self.x, self.t, self.w = x, t, w
        z = (t - 1) * xp.maximum(xp.log1p(-x), -100) - t * xp.maximum(xp.log(x), -100)
        return z if w is None else z * w

    def backward(self, dz: Any) -> Any:
        x, t, xp = self.x, self.t, self.xp
        if self.w is not None:
            dz = dz * self.w
        dx = dz * (x - t) / xp.maximum((1 - x) * x, 1e-12)
        return dx, dz * (xp.log1p(-x) - xp.log(x)) if self.needs[1] else None, None


class BinaryCrossEntropyWithLogits(Function):
    """z = w ((1 - t) x + (1 + (p - 1) t) log(1 + e^-x))        binary cross-entropy of σ(x), positives counted p times

    ∂z/∂x = w ((1 - t + p t) σ(x) - p t),  ∂z/∂t = w ((p - 1) log(1 + e^-x) - x)
    """

    def forward(self, x: Any, t: Any, w: Any, p: Any) -> Any:
        xp = self.xp
        self.x, self.t, self.w, self.p = x, t, w, p
        self.softplus = xp.log1p(xp.exp(-xp.abs(x))) + xp.maximum(-x, 0)  # log(1 + e^-x), without overflow
        z = (1 - t) * x + (self.softplus if p is None else (1 + (p - 1) * t) * self.softplus)
        return z if w is None else z * w

    def backward(self, dz: Any) -> Any:
        x, t, p = self.x, self.t, self.p
        if self.w is not None:
            dz = dz * self.w
        s = self.backend.sigmoid(x)
        dx = dz * (s - t if p is None else (1 - t + p * t) * s - p * t)
        dt = None
        if self.needs[1]:
            dt = dz * (-x if p is None else (p - 1) * self.softplus - x)
        return dx, dt, None, None

    def backward_softplus(self, ds: Any) -> Any:
        return -self.backend.sigmoid(-self.x) * ds, None, None, None


class KlDivergence(Elementwise):
    """z = t (log t - x), 0 where t = 0        ∂z/∂x = -t,  ∂z/∂t = log t + 1 - x"""

    def value(self, x: Any, t: Any) -> Any:
        entropy = self.xp.where(t == 0, 0, t * self.xp.log(t))
        return entropy - t * x

    def slope_x(self, t: Any) -> Any:
        return -t

    def slope_t(self, x: Any, t: Any) -> Any:
        return self.xp.where(t == 0, 0, self.xp.log(t)) + t / t - x  # NaN at t = 0, as in PyTorch


class KlDivergenceOfLogs(Elementwise):
    """z = e^t (t - x)        ∂z/∂x = -e^t,  ∂z/∂t = e^t + z"""

    def value(self, x: Any, t: Any) -> Any:
        return self.xp.exp(t) * (t - x)

    def slope_x(self, t: Any) -> Any:
        return -self.xp.exp(t)

    def slope_t(self, t: Any, z: Any) -> Any:
        return self.xp.exp(t) + z


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(target · log(input) + (1 - target) · log(1 - input)) for probabilities, times `weight`, which may broadcast.

    Logarithms are cut at -100, so that a probability of exactly 0 or 1 costs 100, not infinity. After a sigmoid,
    `binary_cross_entropy_with_logits` is more exact. Raises `ArgumentError` for an input outside 0 ... 1 (on the host;
    on a GPU, where the check would have to wait, the loss is NaN), `ShapeError`, `DtypeError`.
    """
    name = "binary_cross_entropy"
    check_reduction(name, reduction, size_average, reduce)
    x, t = alike(name, input, target, mixed=False)
    check_weight(name, x, weight, None)
    values = x._array
    if isinstance(values, np.ndarray) and values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ArgumentError(
            f"{name}: input must be probabilities in 0 ... 1; got {values.min()} to {values.max()}; "
            "apply a sigmoid first, or use binary_cross_entropy_with_logits"
        )
    return reduced(BinaryCrossEntropy.apply(x, t, weight), reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), in a single formula that is accurate for logits of any size.

    `weight` multiplies each loss, `pos_weight` only the positives' term; both may broadcast to the input.
    Raises `ShapeError`, `DtypeError`.

    >>> import minidl
    >>> binary_cross_entropy_with_logits(minidl.tensor([1000.0, -1000.0]), minidl.tensor([1.0, 0.0]))
    tensor(0.)
    """
    name = "binary_cross_entropy_with_logits"
    check_reduction(name, reduction, size_average, reduce)
    x, t = alike(name, input, target)
    if target.dtype.kind == "f" and target.dtype != x.dtype:  # PyTorch would round the loss to it
        raise DtypeError(f"{name}: input is {x.dtype} but target is {target.dtype}; bring both to one dtype")
    check_weight(name, x, weight, None)
    check_weight(name, x, pos_weight, None, "pos_weight")
    return reduced(BinaryCrossEntropyWithLogits.apply(x, t, weight, pos_weight), reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target · (log(target) - input), where `input` holds log-probabilities, and so does the target if `log_target`.

    `reduction="batchmean"` divides the sum by the length of the first dimension, which is the divergence as
    defined; "mean" divides by the number of elements. Raises `ShapeError`, `DtypeError`.
    """
    check_reduction("kl_div", reduction, size_average, reduce, (*REDUCTIONS, "batchmean"))
    x, t = alike("kl_div", input, target)
    losses = (KlDivergenceOfLogs if log_target else KlDivergence).apply(x, t)
    if reduction == "batchmean":
        return div(sum(losses), float(x.shape[0])) if x.ndim else losses
    return reduced(losses, reduction)
