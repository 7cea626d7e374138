"""Derivatives of functions: products with a Jacobian or a Hessian, and these matrices themselves, as in PyTorch.

A Jacobian-vector product J v is computed by going back twice: Jᵀ u is linear in u, and its derivative with respect
to u, along v, is J v.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.grad_mode import enable_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError, GraphError, ShapeError
from ..ops.join import stack
from ..ops.shape import reshape, view_as
from ..tensors.creation import ones_like, zeros_like
from ..tensors.gradients import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Several = Tensor | tuple[Tensor, ...]
Func = Callable[..., Any]


def vjp(
    func: Func, inputs: Several, v: Several | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(*inputs), and vᵀ J: v, in the shapes of the outputs, times the Jacobian of `func`, in those of the inputs.

    `v` may be left out for a single output of one element. With `create_graph` both can be differentiated in turn.
    An output that does not depend on an input gives zeros, or with `strict` a GraphError.

    >>> import minidl
    >>> vjp(lambda x: (x * x).sum(), minidl.tensor([1.0, 2.0]))
    (tensor(5.), tensor([2., 4.]))
    """
    call = _Call("vjp", func, inputs, create_graph, strict)
    seeds = call.vectors(v, call.outputs, call.one_output, "outputs")
    return call.value(), call.result(call.back(call.outputs, seeds, call.inputs, create_graph))


def jvp(
    func: Func, inputs: Several, v: Several | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """func(*inputs), and J v: the Jacobian of `func` times v, which has the shapes of the inputs.

    How the outputs change as the inputs move along v. `v` may be left out for a single input of one element;
    `create_graph` and `strict` as in `vjp`.

    >>> import minidl
    >>> jvp(lambda x: x * x, minidl.tensor([1.0, 2.0]), minidl.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    call = _Call("jvp", func, inputs, create_graph, strict)
    along = call.vectors(v, call.inputs, call.one_input, "inputs")
    found = forward_product(call.outputs, call.inputs, along, create_graph, strict)
    return call.value(), call.result(call.filled(found, call.outputs), call.one_output)


def forward_product(
    outputs: list[Tensor], inputs: list[Tensor], along: Sequence[Tensor], create_graph: bool, strict: bool = False
) -> list[Tensor | None]:
    """J v for each output; None for one that depends on no input. With `strict`, every input must be used."""
    used = [z for z in outputs if z.requires_grad]
    if not used:
        return [None] * len(outputs)
    seeds = [zeros_like(z).requires_grad_() for z in used]
    back = grad(used, inputs, seeds, create_graph=True, allow_unused=True)
    for i, g in enumerate(back):
        if strict and g is None:
            raise GraphError(f"jvp: the outputs do not depend on input {i}, which strict=True does not allow")
    pairs = [(g, v) for g, v in zip(back, along) if g is not None and g.requires_grad]
    if not pairs:
        return [None] * len(outputs)
    grads, vectors = zip(*pairs)
    found = grad(grads, seeds, vectors, create_graph=create_graph, allow_unused=True)
    each = iter(found)
    return [next(each) if z.requires_grad else None for z in outputs]


def vhp(
    func: Func, inputs: Several, v: Several | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensor, Any]:
    """func(*inputs), of one element, and vᵀ H: v, in the shapes of the inputs, times the Hessian of `func`."""
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Func, inputs: Several, v: Several | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensor, Any]:
    """func(*inputs), of one element, and H v: the Hessian of `func` times v, which has the shapes of the inputs.

    The Hessian is symmetric, so this is `vhp`.

    >>> import minidl
    >>> hvp(lambda x: (x**3).sum(), minidl.tensor([1.0, 2.0]), minidl.tensor([1.0, 10.0]))
    (tensor(9.), tensor([  6., 120.]))
    """
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def _hessian_product(
    name: str, func: Func, inputs: Any, v: Any, create_graph: bool, strict: bool
) -> tuple[Tensor, Any]:
    call = _Call(name, func, inputs, create_graph, strict)
    call.check_scalar()
    along = call.vectors(v, call.inputs, call.one_input, "inputs")
    slopes = call.back(call.outputs, [None], call.inputs, True)
    return call.value(), call.result(call.back(slopes, along, call.inputs, create_graph))


def jacobian(
    func: Func,
    inputs: Several,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """d(output)/d(input), of shape output.shape + input.shape; tuples of them for several outputs or inputs.

    One pass back per element of the outputs. `vectorize` only chooses between implementations in PyTorch; the strategy
    "forward-mode" is left out.

    >>> import minidl
    >>> jacobian(lambda x: x * x.sum(), minidl.tensor([1.0, 2.0]))
    tensor([[4., 1.],
            [2., 5.]])
    """
    if strategy != "reverse-mode":
        raise ArgumentError(
            f"jacobian: strategy must be 'reverse-mode'; got {strategy!r}; minidl.func.jacfwd goes forward"
        )
    call = _Call("jacobian", func, inputs, create_graph, strict)
    rows = [call.detached(call.rows(z, create_graph)) for z in call.outputs]
    per_output = [tuple(row) if not call.one_input else row[0] for row in rows]
    return per_output[0] if call.one_output else tuple(per_output)


def hessian(
    func: Func,
    inputs: Several,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of `func`, of one element: input.shape + input.shape; tuples of tuples for several inputs.

    >>> import minidl
    >>> hessian(lambda x: (x**3).sum(), minidl.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def slopes(*xs: Tensor) -> Any:
        def checked(*ys: Tensor) -> Any:
            z = func(*ys)
            if not isinstance(z, Tensor) or z._array.size != 1:
                raise ArgumentError("hessian: func must return a tensor of one element")
            return reshape(z, ())

        return jacobian(checked, xs if len(xs) > 1 or isinstance(inputs, tuple) else xs[0], True, strict)

    return jacobian(slopes, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


class _Call:
    """One call of a function: its inputs, made to require gradients, and its outputs."""

    def __init__(self, name: str, func: Func, inputs: Any, create_graph: bool, strict: bool) -> None:
        self.name, self.strict, self.create_graph = name, strict, create_graph
        self.one_input = isinstance(inputs, Tensor)
        given = self._listed(inputs, "inputs")
        with enable_grad():
            self.inputs = [tracked(x, create_graph) for x in given]
            outputs = func(*self.inputs)
        self.one_output = isinstance(outputs, Tensor)
        self.outputs = self._listed(outputs, "the outputs of func")
        for i, z in enumerate(self.outputs):
            if strict and not z.requires_grad:
                raise GraphError(f"{name}: output {i} does not depend on the inputs, which strict=True does not allow")

    def _listed(self, several: Any, what: str) -> list[Tensor]:
        found = [several] if isinstance(several, Tensor) else list(several) if isinstance(several, tuple | list) else []
        if not found or not all(isinstance(x, Tensor) for x in found):
            raise ArgumentError(f"{self.name}: {what} must be a Tensor or a tuple of several; got {several!r}")
        return found

    def check_scalar(self) -> None:
        """ArgumentError unless func returned one tensor of one element."""
        if not self.one_output or self.outputs[0]._array.size != 1:
            raise ArgumentError(f"{self.name}: func must return a tensor of one element")

    def vectors(self, v: Any, like: list[Tensor], one: bool, what: str) -> list[Tensor]:
        """v as a list, in the shapes of the inputs or outputs; 1 if it is left out."""
        if v is None:
            if not one or like[0]._array.size != 1:
                raise ArgumentError(f"{self.name}: v may be left out only where the {what} have one element in all")
            return [ones_like(like[0])]
        found = self._listed(v, "v")
        if [x.shape for x in found] != [x.shape for x in like]:
            raise ShapeError(
                f"{self.name}: v has shapes {[x.shape for x in found]}, the {what} {[x.shape for x in like]}"
            )
        return list(found)

    def back(
        self, outputs: Sequence[Any], seeds: Sequence[Any], inputs: list[Tensor], create_graph: bool
    ) -> list[Tensor]:
        """The gradients of the inputs; zeros where there are none."""
        pairs = [(z, seed) for z, seed in zip(outputs, seeds) if z.requires_grad]
        if not pairs:
            return self.filled([None] * len(inputs), inputs)
        used, given = zip(*pairs)
        return self.filled(list(grad(used, inputs, given, True, create_graph, allow_unused=True)), inputs)

    def filled(self, found: Sequence[Tensor | None], like: list[Tensor]) -> list[Tensor]:
        """The derivatives; zeros, or a GraphError if that is not allowed, where there are none."""
        for i, g in enumerate(found):
            if self.strict and (g is None or (self.create_graph and not g.requires_grad)):
                what = "the derivative" if g is None else "the derivative's own derivative"
                raise GraphError(f"{self.name}: {what} for {i} does not depend on the inputs; strict=True forbids that")
        return [zeros_like(x) if g is None else g for g, x in zip(found, like)]

    def rows(self, z: Tensor, create_graph: bool) -> list[Tensor]:
        """The Jacobian of one output, per input: one pass back for each of its elements."""
        flat = reshape(z, (z._array.size,))
        found = [self.back([flat[i]], [None], self.inputs, create_graph) for i in range(len(flat))]
        made = []
        for k, x in enumerate(self.inputs):
            column, shape = [row[k] for row in found], (*z.shape, *x.shape)
            made.append(reshape(stack(column), shape) if column else x.new_zeros(shape))
        return made

    def detached(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """With their graph only if that was asked for."""
        return list(tensors) if self.create_graph else [x.detach() for x in tensors]

    def value(self) -> Any:
        """What func returned."""
        return self.result(self.outputs, self.one_output)

    def result(self, tensors: Sequence[Tensor], one: bool | None = None) -> Any:
        """In the structure of the inputs, or of the outputs."""
        found = self.detached(tensors)
        return found[0] if (self.one_input if one is None else one) else tuple(found)


def tracked(x: Tensor, connected: bool) -> Tensor:
    """x as an input whose derivatives are wanted; if `connected`, a view, so that gradients go on to x itself."""
    if connected and x.requires_grad:
        return view_as(x, x)
    return x.detach().requires_grad_()
