"""PyTorch's form of a Function: static methods that take `ctx`, and Tensors instead of raw arrays.

class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, dz):
        (x,) = ctx.saved_tensors
        return 2 * x * dz
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

from ..errors import ArgumentError, GraphError, refuse
from .grad_mode import no_grad
from .memory import root
from .observe import unobserved
from .tensor import Tensor, wrap


class Context:
    """Carries values from `forward` to `backward`; you may set your own attributes on it.

    Attributes:
        needs_input_grad: for each argument of forward, whether a gradient is wanted.
    """

    def __init__(self, needs: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs
        self.saved: tuple[Tensor | None, ...] = ()
        self.constants: tuple[Tensor, ...] = ()
        self.materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward, which finds them in `saved_tensors`. Later changes to them are detected."""
        for x in tensors:
            if x is not None and not isinstance(x, Tensor):
                raise ArgumentError(
                    f"save_for_backward: takes Tensors and None; got {type(x).__name__}; set other things on ctx"
                )
        self.saved = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The tensors that `save_for_backward` kept."""
        return self.saved

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Declare that no gradient comes back through these outputs."""
        self.constants = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether an output that nothing used has a gradient of zeros (the default) or None."""
        self.materialize = bool(value)

    def mark_dirty(self, *inputs: Tensor) -> None:
        """Refused: an operation of minidl does not change its inputs."""
        refuse("Function", mark_dirty=inputs or True)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a backward that is not made of differentiable operations; for first derivatives, any backward may be."""
    backward.once_differentiable = True  # type: ignore[attr-defined]
    return backward


def take_context(cls: Any) -> None:
    """Adapt a Function in PyTorch's form to minidl's: its methods get a Context and Tensors."""
    forward, backward = cls.forward, cls.backward
    setup = getattr(cls, "setup_context", None)

    def forward_on_arrays(self: Any, *arrays: Any, **options: Any) -> Any:
        self.context = context = Context(self.needs)
        inputs = [wrap(x) if isinstance(x, self.backend.array_type) else x for x in arrays]
        with no_grad(), unobserved():
            if setup is None:
                result = forward(context, *inputs, **options)
            else:
                result = forward(*inputs, **options)
                setup(context, tuple(inputs), result)
        return _returned(self, inputs, result)

    def backward_on_arrays(self: Any, *dz: Any) -> Any:
        with no_grad(), unobserved():
            returned = backward(self.context, *[None if d is None else wrap(d) for d in dz])
        return tuple([g._array if isinstance(g, Tensor) else g for g in _listed(self, returned)])

    def backward_on_recorded(self: Any, *dz: Any) -> Any:
        returned = backward(self.context, *[None if d is None else d.tensor for d in dz])
        box = self.backend.array_type
        return tuple([box(g) if isinstance(g, Tensor) else g for g in _listed(self, returned)])

    named = signature(forward)
    if setup is not None:
        first = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD)
        named = named.replace(parameters=[first, *named.parameters.values()])
    forward_on_arrays.__signature__ = named  # type: ignore[attr-defined]
    cls.forward, cls.backward, cls.computes = forward_on_arrays, backward_on_arrays, False
    cls.backward_on_recorded = None if hasattr(backward, "once_differentiable") else backward_on_recorded


def _listed(node: Any, returned: Any) -> list[Any]:
    """One gradient per input, of what backward returned; further ones must be None, and are left out."""
    grads = list(returned) if isinstance(returned, tuple | list) else [returned]
    while len(grads) > len(node.needs) and grads[-1] is None:
        grads.pop()
    return grads


def _returned(node: Any, inputs: list[Any], result: Any) -> Any:
    """The arrays that a forward on Tensors returned, in their own memory, after noting what backward will need."""
    name, context = type(node).__name__, node.context
    outputs = result if isinstance(result, tuple | list) else [result]
    for x in outputs:
        if not isinstance(x, Tensor):
            raise ArgumentError(f"{name}.forward: must return a Tensor or several; got {type(x).__name__}")
    tensors = [x for x in inputs if isinstance(x, Tensor)]
    if any(x._storage.version for x in tensors):
        raise GraphError(f"{name}.forward: changes an input in place, which is left out of minidl; make a new tensor")
    node.constants = frozenset(i for i, x in enumerate(outputs) if any(x is fixed for fixed in context.constants))
    node.materialize = context.materialize
    node.saved = [x._array for x in context.saved if x is not None]
    memory = {id(root(x._array)) for x in tensors}
    arrays = [node.backend.copy(x._array) if id(root(x._array)) in memory else x._array for x in outputs]
    return tuple(arrays) if isinstance(result, tuple | list) else arrays[0]
