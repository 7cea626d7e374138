"""Functions that return derivatives of functions: `grad(f)` is a function, and can be given to `grad` again.

Arguments and results may be tensors in lists, tuples and dicts.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import Any

from ..autograd.functional import forward_product, tracked
from ..engine.grad_mode import enable_grad, is_grad_enabled
from ..engine.tensor import Tensor, edge_of
from ..errors import ArgumentError, ShapeError, UnsupportedError, refuse
from ..ops.join import stack
from ..ops.shape import reshape
from ..tensors import gradients
from ..tensors.creation import zeros_like
from .trees import leaves, mapped, replaced, tensors_in

Func = Callable[..., Any]
Numbers = int | tuple[int, ...]


def grad(func: Func, argnums: Numbers = 0, has_aux: bool = False) -> Func:
    """A function that returns the gradient of `func`, which returns one number, with respect to argument `argnums`.

    With several numbers it returns a tuple. With `has_aux`, `func` returns (number, anything), and the new function
    (gradient, anything).

    >>> import minidl
    >>> grad(grad(lambda x: x**3))(minidl.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def slope(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return slope


def grad_and_value(func: Func, argnums: Numbers = 0, has_aux: bool = False) -> Func:
    """`grad` with the value: (gradient, value), or with `has_aux` (gradient, (value, anything))."""

    @wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        call = _Call("grad", func, args, kwargs, argnums, has_aux)
        z = call.output
        if not isinstance(z, Tensor) or z.ndim:
            raise ArgumentError(f"grad: func must return a tensor without dimensions; got {_told(z)}")
        found = call.back([z], None)
        value = (call.kept(z), call.kept(call.aux)) if has_aux else call.kept(z)
        return call.as_chosen(found), value

    return both


def vjp(func: Func, *primals: Any, has_aux: bool = False) -> Any:
    """func(*primals), and the function from v, like the output, to vᵀ J: one gradient per argument.

    It returns a tuple. With `has_aux`, what `func` returned beside its output comes third.
    """
    call = _Call("vjp", func, primals, {}, tuple(range(len(primals))), has_aux)
    outputs = tensors_in("vjp", "the output of func", call.output)

    def back(*cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        seeds = tensors_in("vjp", "the cotangents", given)
        if [v.shape for v in seeds] != [z.shape for z in outputs]:
            raise ShapeError(f"vjp: cotangents of {[v.shape for v in seeds]} for {[z.shape for z in outputs]}")
        return call.as_chosen(call.back(outputs, seeds, create_graph, retain_graph))

    result = call.kept(call.output)
    return (result, back, call.kept(call.aux)) if has_aux else (result, back)


def jvp(func: Func, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """func(*primals), and J v for the tuple v = `tangents`, like `primals`: how the output moves as the arguments do.

    With `has_aux`, what `func` returned beside its output comes third.

    >>> import minidl
    >>> jvp(lambda x: x * x, (minidl.tensor(3.0),), (minidl.tensor(10.0),))
    (tensor(9.), tensor(60.))
    """
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple) or len(primals) != len(tangents):
        raise ArgumentError("jvp: primals and tangents must be tuples of one length, (x,) and (v,)")
    call = _Call("jvp", func, primals, {}, tuple(range(len(primals))), has_aux)
    along = tensors_in("jvp", "tangents", tangents)
    if [v.shape for v in along] != [x.shape for x in call.inputs]:
        raise ShapeError(f"jvp: tangents of {[v.shape for v in along]} for primals of {[x.shape for x in call.inputs]}")
    moved = call.forward(along, strict)
    result = call.kept(call.output), call.kept(replaced(call.output, iter(moved)))
    return (*result, call.kept(call.aux)) if has_aux else result


def jacrev(
    func: Func,
    argnums: Numbers = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Func:
    """A function that returns the Jacobian of `func`, output.shape + argument.shape: a pass back per output element."""
    refuse("jacrev", chunk_size=chunk_size, _preallocate_and_copy=_preallocate_and_copy)

    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacrev", func, args, kwargs, argnums, has_aux)

        def of(z: Tensor) -> Any:
            rows = [call.back([z], [unit]) for unit in _units(z)]
            whole = [_stacked([row[i] for row in rows], (*z.shape, *x.shape), x) for i, x in enumerate(call.inputs)]
            return call.as_chosen(whole)

        found = mapped(of, call.output)
        return (found, call.kept(call.aux)) if has_aux else found

    return jacobian


def jacfwd(func: Func, argnums: Numbers = 0, has_aux: bool = False, *, randomness: str = "error") -> Func:
    """A function that returns the Jacobian of `func`, output.shape + argument.shape, by a `jvp` per element of it."""
    if randomness != "error":
        raise UnsupportedError(f"jacfwd: the argument randomness={randomness!r} of PyTorch's is left out of minidl")

    @wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacfwd", func, args, kwargs, argnums, has_aux)
        outputs = tensors_in("jacfwd", "the output of func", call.output)
        per_input: list[list[Tensor]] = []  # for each input, the Jacobian of each output
        for i, x in enumerate(call.inputs):
            still = [zeros_like(y) for y in call.inputs]
            columns = [call.forward([*still[:i], unit, *still[i + 1 :]]) for unit in _units(x)]
            per_input.append([_columns([column[j] for column in columns], z, x) for j, z in enumerate(outputs)])
        each = iter([call.as_chosen([columns[j] for columns in per_input]) for j in range(len(outputs))])
        found = replaced(call.output, each)
        return (found, call.kept(call.aux)) if has_aux else found

    return jacobian


def hessian(func: Func, argnums: Numbers = 0) -> Func:
    """A function that returns the second derivatives of `func`: `jacfwd(jacrev(func))`.

    >>> import minidl
    >>> hessian(lambda x: (x**3).sum())(minidl.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def vmap(func: Func, *args: Any, **kwargs: Any) -> Func:
    """Left out: UnsupportedError."""
    raise UnsupportedError("vmap of PyTorch's is left out of minidl; write the batch dimension out, or loop and stack")


class _Call:
    """One call of a function at arguments whose derivatives are wanted."""

    def __init__(
        self, name: str, func: Func, args: tuple[Any, ...], kwargs: Any, argnums: Numbers, has_aux: bool
    ) -> None:
        self.recording = is_grad_enabled()
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for number in numbers:
            if not -len(args) <= number < len(args):
                raise ArgumentError(f"{name}: argnums={argnums!r} names argument {number} of {len(args)}")
        places = [number % len(args) for number in numbers]
        if len(set(places)) < len(places):
            raise ArgumentError(f"{name}: argnums={argnums!r} names an argument twice")
        self.one = isinstance(argnums, int)
        self.chosen = tuple([args[number] for number in numbers])
        given = tensors_in(name, f"argument {argnums!r}", self.chosen)
        with enable_grad():
            self.inputs = [tracked(x, self.recording) for x in given]
            fresh = replaced(self.chosen, iter(self.inputs))
            called = [fresh[places.index(i)] if i in places else x for i, x in enumerate(args)]
            self.output = func(*called, **kwargs)
        self.aux: Any = None
        if has_aux:
            if not isinstance(self.output, tuple) or len(self.output) != 2:
                raise ArgumentError(f"{name}: with has_aux=True, func must return (output, anything)")
            self.output, self.aux = self.output
        own = {id(x) for x in self.inputs}
        self.outside = self.recording and _leads_on([z for z in leaves(self.output) if isinstance(z, Tensor)], own)

    def back(
        self, outputs: list[Tensor], seeds: Any, create_graph: bool | None = None, retain_graph: bool = True
    ) -> list[Tensor]:
        """The gradients of the inputs, zeros where there are none."""
        create_graph = self.outside if create_graph is None else create_graph
        pairs = [(z, v) for z, v in zip(outputs, seeds or [None] * len(outputs)) if z.requires_grad]
        if not pairs:
            return [zeros_like(x) for x in self.inputs]
        used, given = zip(*pairs)
        create_graph = create_graph or (self.recording and any(v is not None and v.requires_grad for v in given))
        found = gradients.grad(used, self.inputs, given, retain_graph, create_graph, materialize_grads=True)
        return [g for g in found if g is not None]

    def forward(self, along: list[Tensor], strict: bool = False) -> list[Tensor]:
        """How each output moves along these directions of the inputs, zeros where it does not."""
        outputs = tensors_in("jvp", "the output of func", self.output)
        graph = self.outside or (self.recording and any(v.requires_grad for v in along))
        found = forward_product(outputs, self.inputs, along, graph)
        if strict and any(g is None for g in found):
            raise ArgumentError("jvp: an output does not depend on the primals, which strict=True does not allow")
        return [zeros_like(z) if g is None else g for g, z in zip(found, outputs)]

    def kept(self, tree: Any) -> Any:
        """Results, each with its graph only if gradients go on from there."""
        _past.update({id(x): x for x in self.inputs if x.is_leaf})
        return mapped(lambda x: x if not isinstance(x, Tensor) or _leads_on([x], set()) else x.detach(), tree)

    def as_chosen(self, found: list[Tensor]) -> Any:
        """One derivative per tensor, in the structure of the arguments that were chosen."""
        made = self.kept(replaced(self.chosen, iter(found)))
        return made[0] if self.one else made


_past: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()  # leaves of transforms that are done


def _leads_on(tensors: list[Tensor], own: set[int]) -> bool:
    """Whether gradients go on from these tensors to leaves that someone wants: not `own` (by id), nor past ones."""
    edges = [edge_of(z) for z in tensors]
    seen: set[Any] = set()
    while edges:
        edge = edges.pop()
        if edge is None or edge in seen:
            continue
        seen.add(edge)
        if not isinstance(edge, Tensor):
            edges.extend(edge.edges or ())
        elif id(edge) not in own and id(edge) not in _past:
            return True
    return False


def _units(x: Tensor) -> list[Tensor]:
    """For each element, a tensor like x with 1 there and 0 elsewhere."""
    made = []
    for place in range(x._array.size):
        unit = zeros_like(x)
        unit._array.reshape(-1)[place] = 1
        made.append(unit)
    return made


def _stacked(rows: list[Tensor], shape: tuple[int, ...], like: Tensor) -> Tensor:
    if rows:
        return reshape(stack(rows), shape)
    return like.new_zeros(shape)


def _columns(columns: list[Tensor], z: Tensor, x: Tensor) -> Tensor:
    if columns:
        return reshape(stack(columns, -1), (*z.shape, *x.shape))
    return z.new_zeros((*z.shape, *x.shape))


def _told(z: Any) -> str:
    return f"shape {z.shape}" if isinstance(z, Tensor) else type(z).__name__
