"""`torch.autograd.functional` by its name: derivatives of a function of tensors at a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.grad_mode import enable_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError, refuse
from ..ops.join import stack
from ..ops.shape import reshape
from ..tensors.creation import zeros_like
from ..tensors.gradients import grad

__all__ = ["jacobian", "vjp"]

Tensors = Tensor | tuple[Tensor, ...]


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """∂func_i/∂x_j of every output and input: of one output and one input, a tensor of the shape of both together.

    With several inputs, a tuple of one for each; with several outputs, a tuple of those. `vectorize` only chooses
    between implementations in PyTorch.

    >>> import minidl
    >>> jacobian(lambda x: x * x, minidl.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    refuse("jacobian", create_graph=create_graph, strict=strict)
    if strategy != "reverse-mode":
        raise ArgumentError(f"jacobian: strategy must be 'reverse-mode'; got {strategy!r}")
    outputs, points = _called(func, inputs)
    rows = tuple(_rows(y, points) for y in _tuple(outputs))
    shaped = rows if isinstance(inputs, tuple) else tuple(row[0] for row in rows)
    return shaped if isinstance(outputs, tuple) else shaped[0]


def vjp(
    func: Callable[..., Any], inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(inputs), and Σ_i v_i ∂func_i/∂x for each input; v is needed unless the output has one element."""
    refuse("vjp", create_graph=create_graph, strict=strict)
    outputs, points = _called(func, inputs)
    found = grad(_tuple(outputs), points, None if v is None else _tuple(v), allow_unused=True)
    filled = tuple(zeros_like(x) if g is None else g for g, x in zip(found, points))
    values = tuple(y.detach() for y in _tuple(outputs))
    return (
        values if isinstance(outputs, tuple) else values[0],
        filled if isinstance(inputs, tuple) else filled[0],
    )


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def _called(func: Callable[..., Any], inputs: Tensors) -> tuple[Any, tuple[Tensor, ...]]:
    """The outputs at copies of the inputs that want a gradient, and these copies."""
    with enable_grad():
        points = tuple(x.detach().clone().requires_grad_() for x in _tuple(inputs))
        return func(*points), points


def _rows(y: Tensor, points: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """∂y/∂x for each x, of the shape of y and x together."""
    rows: list[list[Tensor]] = [[] for _ in points]
    for i in range(y.numel()):
        seed = zeros_like(y)
        reshape(seed, (-1,))[i] = 1
        found = grad(y, points, seed, retain_graph=True, allow_unused=True) if y.requires_grad else [None] * len(points)
        for row, g, x in zip(rows, found, points):
            row.append(zeros_like(x) if g is None else g)
    return tuple(reshape(stack(row), (*y.shape, *x.shape)) for row, x in zip(rows, points))
