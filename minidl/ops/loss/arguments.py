"""How losses check their arguments: the reduction, shapes that must agree, weights, labels in range."""

from __future__ import annotations

from typing import Any

from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from .._check.arguments import promoted, tensor_of
from ..reduce import mean, sum

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(
    function: str, reduction: str, size_average: None = None, reduce: None = None, allowed: tuple[str, ...] = REDUCTIONS
) -> None:
    """`reduction` must be one of `allowed`; PyTorch's older names for it are refused."""
    for name, value in (("size_average", size_average), ("reduce", reduce)):
        if value is not None:  # False too has its own meaning
            raise UnsupportedError(f"{function}: the argument {name}={value!r} is left out of minidl; use reduction")
    if reduction not in allowed:
        raise ArgumentError(f"{function}: reduction must be one of {', '.join(map(repr, allowed))}; got {reduction!r}")


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """All the losses, their mean, or their sum."""
    return losses if reduction == "none" else mean(losses) if reduction == "mean" else sum(losses)


def alike(function: str, input: Any, target: Any, mixed: bool = True) -> tuple[Tensor, Tensor]:
    """Input and target, which must have the same shape and floating dtype; two floating dtypes only if `mixed`."""
    x, y = tensor_of(function, input), tensor_of(function, target, "target")
    if x.shape != y.shape:
        raise ShapeError(
            f"{function}: input {x.shape} and target {y.shape} must have the same shape: a loss does not broadcast; "
            f"for example target.reshape({x.shape})"
        )
    if not mixed and x.dtype != y.dtype and x.dtype.kind == y.dtype.kind == "f":
        raise DtypeError(f"{function}: input is {x.dtype} but target is {y.dtype}; bring both to one dtype")
    x, y = promoted(function, x, y)
    if x.dtype.kind != "f":
        raise DtypeError(f"{function}: input and target are {x.dtype}; use a floating dtype, for example input.float()")
    return x, y


def check_weight(function: str, x: Tensor, weight: Any, shape: tuple[int, ...] | None, name: str = "weight") -> None:
    """A constant weight, if any: in the dtype of x, of `shape` (None: any that broadcasts to the shape of x)."""
    if weight is None:
        return
    if tensor_of(function, weight, name).requires_grad:
        raise ArgumentError(f"{function}: no gradient is computed for {name}; use {name}.detach()")
    if weight.dtype != x.dtype:
        raise DtypeError(f"{function}: input is {x.dtype} but {name} is {weight.dtype}; bring both to one dtype")
    if shape is not None and weight.shape != shape:
        raise ShapeError(f"{function}: {name} must be {shape} for input {x.shape}; got {weight.shape}")
    if shape is None and not _broadcasts(weight.shape, x.shape):
        raise ShapeError(f"{function}: {name} {weight.shape} does not broadcast to the shape of input {x.shape}")


def _broadcasts(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    tail = wanted[len(wanted) - len(shape) :]
    return len(shape) <= len(wanted) and all(n in (1, m) for n, m in zip(shape, tail))
