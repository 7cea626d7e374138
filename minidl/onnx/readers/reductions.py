"""Operators that sum up: reductions, softmax, normalisation."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from ...engine.tensor import Tensor
from ...nn import functional as F
from ...ops import arithmetic, elementary, order, reduce, shape
from ...ops.reduce import var
from .node import Node, Reader, axes_of


def reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def read(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
        dims = axes_of(node, axes)
        if not dims and node.get("noop_with_empty_axes", 0):
            return x if function not in (l1, l2, sum_square, log_sum) else function(x, (), True, none=True)
        return function(x, tuple(dims) if dims else tuple(range(x.ndim)), bool(node.get("keepdims", 1)))

    return read


def total(x: Tensor, dims: tuple[int, ...], keep: bool) -> Tensor:
    return reduce.sum(x, dims, keep, dtype=x.dtype) if dims else x


def product(x: Tensor, dims: tuple[int, ...], keep: bool) -> Tensor:
    for dim in sorted((d % max(x.ndim, 1) for d in dims), reverse=True):
        x = reduce.prod(x, dim, keep, dtype=x.dtype)
    return x


def l1(x: Tensor, dims: tuple[int, ...], keep: bool, none: bool = False) -> Tensor:
    return elementary.abs(x) if none else total(elementary.abs(x), dims, keep)


def l2(x: Tensor, dims: tuple[int, ...], keep: bool, none: bool = False) -> Tensor:
    return elementary.sqrt(sum_square(x, dims, keep, none))


def sum_square(x: Tensor, dims: tuple[int, ...], keep: bool, none: bool = False) -> Tensor:
    return arithmetic.mul(x, x) if none else total(arithmetic.mul(x, x), dims, keep)


def log_sum(x: Tensor, dims: tuple[int, ...], keep: bool, none: bool = False) -> Tensor:
    return elementary.log(x if none else total(x, dims, keep))


def log_sum_exp(x: Tensor, dims: tuple[int, ...], keep: bool) -> Tensor:
    return reduce.logsumexp(x, dims, keep)


def extreme(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def read(x: Tensor, dims: tuple[int, ...], keep: bool) -> Tensor:
        return function(x.to(dtype="uint8"), dims, keep).bool() if x.dtype.kind == "b" else function(x, dims, keep)

    return read


def arg(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def read(node: Node, x: Tensor) -> Tensor:
        axis, keep = node.get("axis", 0), bool(node.get("keepdims", 1))
        if not node.get("select_last_index", 0):
            return function(x, axis, keep)
        return x.shape[axis] - 1 - function(shape.flip(x, axis), axis, keep)

    return read


def softmax(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def read(node: Node, x: Tensor) -> Tensor:
        """Before opset 13, all dimensions from `axis` on are one row."""
        axis = node.get("axis", -1 if node.version >= 13 else 1)
        if node.version >= 13:
            return function(x, axis)
        return shape.reshape(function(shape.reshape(x, (prod(x.shape[:axis]), -1)), -1), x.shape)

    return read


def batch_norm(node: Node, x: Tensor, w: Tensor, b: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    node.only(training_mode=0)
    if node.outputs > 1:
        raise node.refuse("training is not run; export the model in evaluation mode")
    if x.ndim == 1:
        return shape.squeeze(
            F.batch_norm(shape.unsqueeze(x, 1), mean, var, w, b, False, 0.1, node.get("epsilon", 1e-5)), 1
        )
    return F.batch_norm(x, mean, var, w, b, False, 0.1, node.get("epsilon", 1e-5))


def instance_norm(node: Node, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return F.instance_norm(x, None, None, w, b, True, 0.1, node.get("epsilon", 1e-5))


def layer_norm(node: Node, x: Tensor, w: Tensor, b: Tensor | None = None) -> Any:
    axis = node.get("axis", -1) % x.ndim
    rest = x.shape[axis:]
    eps, dims = node.get("epsilon", 1e-5), tuple(range(axis, x.ndim))
    z = F.layer_norm(x, rest, None, None, eps) * w
    z = z if b is None else z + b
    if node.outputs == 1:
        return z
    return z, reduce.mean(x, dims, True), elementary.rsqrt(var(x, dims, correction=0, keepdim=True) + eps)


def group_norm(node: Node, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    groups = node.get("num_groups")
    z = F.group_norm(x, groups, None, None, node.get("epsilon", 1e-5))
    if node.version < 21:  # one weight for each group
        w, b = (
            shape.reshape(shape.expand(shape.unsqueeze(p, 1), (groups, x.shape[1] // groups)), (-1,)) for p in (w, b)
        )
    wide = (1, x.shape[1], *[1] * (x.ndim - 2))
    return z * shape.reshape(w, wide) + shape.reshape(b, wide)


READERS: dict[str, Reader] = {
    "ReduceSum": reduction(total), "ReduceMean": reduction(reduce.mean), "ReduceProd": reduction(product),
    "ReduceMax": reduction(extreme(reduce.amax)), "ReduceMin": reduction(extreme(reduce.amin)),
    "ReduceL1": reduction(l1), "ReduceL2": reduction(l2), "ReduceSumSquare": reduction(sum_square),
    "ReduceLogSum": reduction(log_sum), "ReduceLogSumExp": reduction(log_sum_exp), "ArgMax": arg(order.argmax),
    "ArgMin": arg(order.argmin), "Softmax": softmax(F.softmax), "LogSoftmax": softmax(F.log_softmax),
    "BatchNormalization": batch_norm, "InstanceNormalization": instance_norm, "LayerNormalization": layer_norm,
    "GroupNormalization": group_norm,
}  # fmt: skip
