"""Normalisation: subtract the mean, divide by the standard deviation, then scale and shift.

Batch, layer, group and instance normalisation differ only in the axes over which mean and variance are taken.
Batch normalisation also keeps running statistics, which replace them in evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..backend import Array
from ..dtypes import float16, float32
from ..engine.function import Function
from ..engine.inplace import overwrite
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, ShapeError, refuse
from ._check.arguments import number, tensor_of
from .shape import reshape

Track = Callable[[Array, Array], None]


class Normalize(Function):
    """x̂ = (x - mean(x)) / σ,  σ = √(var(x) + ε),  z = w · x̂ + b        mean and var over `axes`; w, b broadcast

    dx = (g - mean(g) - x̂ · mean(g · x̂)) / σ        where g = w · dz: x also moved the mean and the variance
    dw = dz · x̂,  db = dz
    """

    def forward(self, x: Any, w: Any, b: Any, axes: tuple[int, ...], eps: float, track: Track | None = None) -> Any:
        self.axes, self.w = axes, w
        mean, centred = self.backend.centred(x, axes)  # mean(x), x - mean(x)
        var = self.mean(centred, centred)
        if track is not None:
            track(mean, var)
        self.sigma = self.xp.sqrt(var + eps)
        self.normal = self.xp.divide(centred, self.sigma, out=centred)  # x̂
        return _scaled(self.normal, w, b)

    def backward(self, dz: Any) -> Any:
        dx, _, _ = self.backward_normal(dz if self.w is None else self.w * dz)
        return dx, dz * self.normal if self.needs[1] else None, dz

    def backward_normal(self, g: Any) -> Any:
        normal = self.normal
        return (g - self.mean(g) - normal * self.mean(g, normal)) / self.sigma, None, None

    def backward_sigma(self, ds: Any) -> Any:
        return ds * self.normal / math.prod(self.normal.shape[axis] for axis in self.axes), None, None

    def mean(self, x: Any, y: Any = None) -> Any:
        """The mean of x, or of x · y, over `axes`, which stay with length 1."""
        return self.backend.mean(x, y, self.axes)


class NormalizeChannels(Normalize):
    """x̂ = (x - mean(x)) / σ,  σ = √(var(x) + ε),  z = w · x̂ + b        w and b are the same all over `axes`

    dx = w / σ · (dz - mean(dz) - x̂ · mean(dz · x̂))        over m values, mean(dz) = db / m and mean(dz · x̂) = dw / m
    dw = Σ dz · x̂,  db = Σ dz
    """

    def backward(self, dz: Any) -> Any:
        normal, m = self.normal, math.prod(dz.shape[axis] for axis in self.axes)
        dw = self.backend.inner(dz, normal, self.axes)  # Σ dz · x̂
        db = self.backend.inner(dz, None, self.axes)  # Σ dz
        scale = 1 / self.sigma if self.w is None else self.w / self.sigma
        dx = scale * (dz - db / m - normal * (dw / m))
        return dx, dw, db


class Standardize(Function):
    """x̂ = (x - mean) / σ,  σ = √(var + ε),  z = w · x̂ + b        mean and var are given, and constant; all broadcast

    dx = w / σ · dz,  dw = dz · x̂,  db = dz
    """

    fixed = ("sigma",)

    def forward(self, x: Any, w: Any, b: Any, mean: Any, var: Any, eps: float) -> Any:
        self.w, self.sigma = w, self.xp.sqrt(var + eps)
        self.normal = (x - mean) / self.sigma
        return _scaled(self.normal, w, b)

    def backward(self, dz: Any) -> Any:
        dx = (1 if self.w is None else self.w) / self.sigma * dz
        return dx, dz * self.normal if self.needs[1] else None, dz, None, None

    def backward_normal(self, dn: Any) -> Any:
        return dn / self.sigma, None, None, None, None


def _scaled(normal: Array, w: Array | None, b: Array | None) -> Array:
    z = normal.copy() if w is None else normal * w
    if b is not None:
        z += b
    return z


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of (N, C, ...) to mean 0 and variance 1 over the batch, times `weight` plus `bias` (C,).

    In training the batch's own statistics are used (the variance with 1/n), and the running ones, if given, are updated
    in place: running = (1 - momentum) · running + momentum · batch, the variance with 1/(n - 1). Otherwise the
    running ones are used. float16 inputs may come with float32 parameters.

    Raises `ArgumentError` in evaluation without running statistics, and for an `eps` that is negative, or 0 in
    training; `ShapeError` for fewer than 2 values per channel in training or parameters of another shape; `DtypeError`.
    """
    name = "batch_norm"
    x, w, b = channelwise(name, input, running_mean, running_var, weight, bias)
    eps = number(name, "eps", eps)
    if eps < 0 or (training and eps == 0):
        raise ArgumentError(f"{name}: eps must be {'positive in training' if training else 'at least 0'}; got {eps!r}")
    if not training:
        if running_mean is None or running_var is None:
            raise ArgumentError(f"{name}: evaluation (training=False) needs running_mean and running_var")
        wide = (1, x.shape[1]) + (1,) * (x.ndim - 2)  # (1, C, 1, ...)
        mean, var = reshape(running_mean.detach(), wide), reshape(running_var.detach(), wide)
        return Standardize.apply(x, w, b, mean, var, eps=eps)
    count = x._array.size // max(x.shape[1], 1)
    if count == 1:
        raise ShapeError(
            f"{name}: training needs more than 1 value per channel, but the input {x.shape} is a batch of one; leave "
            "a last batch of one out (drop_last=True), choose another batch size (--batch-size), or use model.eval()"
        )
    move = mover(running_mean, running_var, number(name, "momentum", momentum))

    def track(mean: Array, var: Array) -> None:
        move(mean, var, count)

    axes = (0, *range(2, x.ndim))
    return NormalizeChannels.apply(x, w, b, axes=axes, eps=eps, track=track if count else None)


def channelwise(
    name: str, input: Any, running_mean: Any, running_var: Any, weight: Any, bias: Any
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """The input (N, C, ...), checked, and the weight and bias (C,) as (1, C, 1, ...)."""
    x = _input(name, input, 2)
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _check_parameters(name, x, (x.shape[1],), given)
    wide = (1, x.shape[1]) + (1,) * (x.ndim - 2)
    return x, _reshaped(weight, wide), _reshaped(bias, wide)


def mover(running_mean: Tensor | None, running_var: Tensor | None, momentum: float) -> Callable[..., None]:
    """A function of a batch's mean, variance and count of values that moves the running ones towards them."""

    def move(mean: Array, var: Array, count: int) -> None:
        for running, batch in ((running_mean, mean), (running_var, var * (count / max(count - 1, 1)))):
            if running is not None:
                moved = (1 - momentum) * running._array + momentum * batch.reshape(running.shape)
                overwrite(running, moved.astype(running.dtype, copy=False))

    return move


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each sample to mean 0 and variance 1 over its last dimensions, which must be `normalized_shape`.

    `weight` and `bias` have that shape. Raises `ShapeError`, `ArgumentError`, `DtypeError`.
    """
    if not isinstance(normalized_shape, Sequence) or len(normalized_shape) == 0:
        raise ArgumentError(f"layer_norm: normalized_shape must be a tuple, not empty; got {normalized_shape!r}")
    x, shape = _input("layer_norm", input, 1), tuple(normalized_shape)
    if x.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm: the last dimensions of input {x.shape} must be normalized_shape {shape}")
    _check_parameters("layer_norm", x, shape, {"weight": weight, "bias": bias})
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    return Normalize.apply(x, weight, bias, axes=axes, eps=number("layer_norm", "eps", eps))


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise each group of C / num_groups channels of each sample of (N, C, ...) to mean 0 and variance 1.

    `weight` and `bias` are (C,). Raises `ShapeError`, `ArgumentError`, `DtypeError`.
    """
    x = _input("group_norm", input, 2)
    n, channels = x.shape[:2]
    if type(num_groups) is not int or num_groups < 1 or channels % num_groups:
        raise ArgumentError(f"group_norm: num_groups {num_groups!r} must divide the {channels} channels of {x.shape}")
    if n == 1 and x._array.size == num_groups:
        raise ShapeError(f"group_norm: more than 1 value per group is needed; got an input of shape {x.shape}")
    _check_parameters("group_norm", x, (channels,), {"weight": weight, "bias": bias})
    each = channels // num_groups
    grouped = reshape(x, (n, num_groups, each, math.prod(x.shape[2:])))  # (N, G, C/G, rest)
    w, b = (_reshaped(parameter, (1, num_groups, each, 1)) for parameter in (weight, bias))
    return reshape(Normalize.apply(grouped, w, b, axes=(2, 3), eps=number("group_norm", "eps", eps)), x.shape)


def instance_norm(
    input: Tensor,
    running_mean: None = None,
    running_var: None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each sample of (N, C, ...) to mean 0 and variance 1; `weight` and `bias` are (C,).

    Running statistics are left out, so `momentum` has no effect. Raises `ShapeError` for a single value per
    channel, `DtypeError`, `UnsupportedError`.
    """
    refuse("instance_norm", running_mean=running_mean, running_var=running_var)
    if not use_input_stats:
        raise ArgumentError("instance_norm: use_input_stats=False needs running statistics, which minidl leaves out")
    x = _input("instance_norm", input, 2)
    if math.prod(x.shape[2:]) == 1:
        raise ShapeError(f"instance_norm: more than 1 value per channel is needed; got an input of shape {x.shape}")
    _check_parameters("instance_norm", x, (x.shape[1],), {"weight": weight, "bias": bias})
    wide = (1, x.shape[1]) + (1,) * (x.ndim - 2)
    w, b = _reshaped(weight, wide), _reshaped(bias, wide)
    return NormalizeChannels.apply(x, w, b, axes=tuple(range(2, x.ndim)), eps=number("instance_norm", "eps", eps))


def _input(name: str, input: Any, least: int) -> Tensor:
    x = tensor_of(name, input)
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: input is {x.dtype}; use a floating dtype, for example input.float()")
    if x.ndim < least:
        raise ShapeError(f"{name}: input must have at least {least} dimension{'s' * (least > 1)}; got {x.shape}")
    return x


def _check_parameters(name: str, x: Tensor, shape: tuple[int, ...], given: dict[str, Any]) -> None:
    """Each parameter that is not None must be a tensor of that shape, in the dtype of x (float32 for float16)."""
    for what, parameter in given.items():
        if parameter is None:
            continue
        if tensor_of(name, parameter, what).shape != shape:
            raise ShapeError(f"{name}: {what} must be {shape} for an input of shape {x.shape}; got {parameter.shape}")
        if parameter.dtype != x.dtype and (x.dtype, parameter.dtype) != (float16, float32):
            raise DtypeError(f"{name}: input is {x.dtype} but {what} is {parameter.dtype}; bring both to one dtype")


def _reshaped(parameter: Tensor | None, shape: tuple[int, ...]) -> Tensor | None:
    return None if parameter is None else reshape(parameter, shape)
