"""The engine: tensors remember the operations that made them, and `backward` goes back through those.

An operation is a `Function`: `forward` computes on raw arrays and keeps on `self` what `backward` will
need; `backward` receives dz, the gradient of the final scalar with respect to the operation's output, and
returns one gradient an input (the chain rule). What no operation should have to know is done once, here and in
`graph.py`: broadcast axes are summed, dtypes are kept, gradients are never shared, and a tensor that is used
twice gets the sum of both.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import graph
from .backend import Array, backend_of, same_backend
from .dtypes import FLOATING, float16, float32
from .errors import ArgumentError, DtypeError, GraphError, ShapeError, refuse
from .grad_mode import grad_mode
from .storage import Storage, checksum

if TYPE_CHECKING:
    from ._signatures import TensorMethods
else:
    TensorMethods = object

Hook = Callable[["Tensor"], "Tensor | None"]

_NO_GRADIENT = "this tensor does not require gradients, so none will reach it"


class Tensor(TensorMethods):
    """An array that can take part in differentiation.

    Made by `minidl.tensor(...)` and its friends; this constructor wraps an array without copying it.

    Attributes:
        grad_fn: the Function that made it, or None for a leaf.
    """

    __slots__ = ("__weakref__", "_array", "_grad", "_hooks", "_requires_grad", "_storage", "grad_fn")
    __array_priority__ = 1000  # NumPy leaves `array + tensor` to the tensor
    __hash__ = object.__hash__

    def __init__(self, array: Array, requires_grad: bool = False) -> None:
        backend_of(array)
        self._array = array
        self._storage = Storage(array)
        self._hooks: list[Callable[[Array], Array]] | None = None
        self._grad: Tensor | None = None
        self.grad_fn: Function | None = None
        self._requires_grad = False
        if requires_grad:
            self.requires_grad_()

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor; assigning is `requires_grad_`."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    @property
    def grad(self) -> Tensor | None:
        """After `backward()`, the sum of the gradients that reached this leaf; None before. Of its shape and dtype."""
        return self._grad

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        if gradient is not None:
            if not isinstance(gradient, Tensor):
                raise ArgumentError(f".grad must be a Tensor or None; got {type(gradient).__name__}")
            if (gradient.shape, gradient.dtype) != (self.shape, self.dtype):
                raise ShapeError(
                    f".grad of shape {gradient.shape} and dtype {gradient.dtype} for a tensor of shape {self.shape} "
                    f"and dtype {self.dtype}; they must be alike"
                )
            same_backend(".grad", (self._array, gradient._array))
        self._grad = gradient

    @property
    def array(self) -> Array:
        """The raw array, sharing memory. A change to it under a recorded operation is caught by backward."""
        self._storage.expose(self._array)
        return self._array

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.grad_fn is None

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph, as `detach()`; assigning a tensor puts it in the place of this one's."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        if value._storage is not self._storage:
            self._storage.version += 1  # operations that kept the old memory must notice
            self._array, self._storage = value._array, value._storage
            self._storage.viewed = True

    def detach(self) -> Tensor:
        """The same memory, outside the graph: no gradient flows through it."""
        return view_of(self, self._array)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Say whether gradients flow to this leaf, and return it. Only floating dtypes can."""
        if requires_grad and self.dtype not in FLOATING:
            raise DtypeError(
                f"only tensors of a floating dtype can require gradients; this one is {self.dtype}; use .float()"
            )
        if not requires_grad and self.grad_fn is not None:
            raise GraphError("requires_grad can be switched off only on a leaf; use .detach()")
        self._requires_grad = bool(requires_grad)
        return self

    def register_hook(self, hook: Hook) -> RemovableHook:
        """Call `hook(gradient)` when this tensor's gradient is known; a Tensor it returns takes its place.

        Returns a handle whose `remove()` takes the hook away.
        """
        meta = (self.shape, self.dtype)
        return self._attach(lambda gradient: _call_hook(hook, gradient, meta))

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate tensor, after its hooks, in `.grad` too; a leaf keeps it anyway."""
        if not self.requires_grad:
            raise GraphError(_NO_GRADIENT)
        if self.grad_fn is None:
            return
        me = weakref.ref(self)

        def keep(gradient: Array) -> None:
            tensor = me()
            if tensor is not None:
                kept = gradient.copy()
                if tensor.grad is not None:
                    kept += tensor.grad._array
                tensor._grad = wrap(kept)

        self.grad_fn.retain = keep

    def _attach(self, hook: Callable[[Array], Array]) -> RemovableHook:
        if not self.requires_grad:
            raise GraphError(_NO_GRADIENT)
        if self.grad_fn is not None:
            hooks = self.grad_fn.hooks = self.grad_fn.hooks or []
        else:
            hooks = self._hooks = self._hooks or []
        hooks.append(hook)
        return RemovableHook(hooks, hook)

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool = False,
        create_graph: bool = False,
        inputs: None = None,
    ) -> None:
        """Add d(self)/d(leaf) to the `.grad` of every leaf that this tensor was computed from.

        Gradients add up over calls, so that one update can follow several backward passes (several losses,
        or a large batch in parts); `zero_grad()` starts over. `gradient`, of this tensor's shape, is
        needed unless it has one element. `retain_graph=True` keeps the graph for another backward.

        >>> import minidl
        >>> x = minidl.tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4., 6.])
        """
        refuse("backward", create_graph=create_graph, inputs=inputs)
        graph.walk([(edge_of(self), seed_gradient(self, gradient))], _accumulate, retain_graph)


class RemovableHook:
    """The handle of a registered hook."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)


class Function(graph.Node):
    """One differentiable operation: `forward` and `backward` on raw arrays, side by side.

    `apply(*inputs, **options)` runs `forward(*arrays, **options)` and, if an input wants a gradient, records
    it. Inputs are Tensors, Python numbers or None. `backward(dz)` returns one gradient an input (None where
    there is none), in any shape that the input was broadcast to; it must not change dz in place. Both
    may use the array module `self.xp` and `self.backend`; `self.needs[i]` tells whether input i wants
    a gradient, so that an expensive one can be skipped.
    """

    __slots__ = ("needs",)

    is_view = False  # the output shares memory with the first input
    needs: tuple[bool, ...]

    @property
    def xp(self) -> Any:
        """The array module: numpy or cupy."""
        return self.backend.xp

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, form in (("forward", "forward(self, x)"), ("backward", "backward(self, dz)")):
            if isinstance(vars(cls).get(name), staticmethod):
                raise ArgumentError(
                    f"{cls.__name__}: {name} is an ordinary method in minidl: write def {form}, without @staticmethod "
                    "and ctx; it gets raw arrays and keeps what backward needs on self"
                )

    def forward(self, *arrays: Any, **options: Any) -> Array:
        """The operation itself; what backward will need is kept by name on `self`."""
        raise TypeError(f"{type(self).__name__} has no forward")

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Tensor:
        """Run the operation, and record it if an input wants a gradient."""
        node = cls()
        arrays = tuple([x._array if isinstance(x, Tensor) else x for x in inputs])
        backend = node.backend = same_backend(cls.__name__, arrays)
        edges = tuple([edge_of(x) for x in inputs]) if grad_mode.enabled else (None,) * len(inputs)
        node.needs = tuple([edge is not None for edge in edges])
        try:
            if cls.is_view:
                z = node.forward(*arrays, **options)
            else:
                with backend.quiet():
                    z = node._compute(arrays, options)
        except ValueError as error:
            if "could not be broadcast" not in str(error) or isinstance(error, ShapeError):
                raise
            raise ShapeError(f"{cls.__name__}: {error}; from the right, lengths must be equal or 1") from None
        if isinstance(z, np.generic):
            z = backend.asarray(z)  # reductions of NumPy return scalars
        output = view_of(inputs[0], z) if cls.is_view else wrap(z)
        if True in node.needs and z.dtype in FLOATING:
            node._record(edges, inputs, output)
        if graph.observer is not None:
            graph.observer.on_forward(node, inputs, output)
        return output

    def _compute(self, arrays: tuple[Any, ...], options: dict[str, Any]) -> Array:
        """`forward`; float16 is for keeping, not for computing: widen, compute in float32, round once."""
        if not self.computes or not any(map(_is_half, arrays)):
            return self.forward(*arrays, **options)
        wide = [x.astype(float32) if _is_half(x) else x for x in arrays]
        z = self.forward(*wide, **options)
        return z.astype(float16) if z.dtype == float32 else z

    def _record(self, edges: tuple[Any, ...], inputs: tuple[Any, ...], output: Tensor) -> None:
        """Tie the operation to what made its inputs, and note the state of the memory that it saw."""
        self.edges = edges
        self.meta = output._array.shape, output._array.dtype
        self.hooks = self.retain = None
        self.versions = [
            (memory, memory.version, None if memory.exposed is None else self._seal_of(memory))
            for x in (*inputs, output)
            if isinstance(x, Tensor)
            for memory in (x._storage,)
        ]
        output.grad_fn = self
        output._requires_grad = True

    def _seal_of(self, memory: Storage) -> int:
        """The checksum of exposed memory, or 0 if backward needs none of it: then nobody will compare."""
        return checksum(memory.exposed) if memory.owner in self.kept_memory() else 0


def _accumulate(leaf: Tensor, gradient: Array) -> None:
    """Add the gradient that arrived to the leaf's `.grad`; nothing else holds its memory."""
    for hook in leaf._hooks or ():
        gradient = hook(gradient)
    if leaf.grad is None:
        leaf._grad = wrap(gradient)
    else:
        leaf.grad._array += gradient
        leaf.grad._storage.version += 1
    if graph.observer is not None:
        graph.observer.on_leaf(leaf, gradient)


def seed_gradient(output: Tensor, gradient: Any) -> Array:
    """The gradient that backward starts from: 1 for a single element, else the one that was given."""
    if not output.requires_grad:
        raise GraphError(
            "backward: this tensor does not require gradients: nothing it was computed from does, "
            "or it was computed under no_grad"
        )
    if gradient is None:
        if output._array.size != 1:
            raise GraphError(
                f"backward() without a gradient needs a tensor of one element; this one has shape {output.shape}; "
                "reduce it (.sum(), .mean()) or pass a gradient of its shape"
            )
        return backend_of(output._array).xp.ones(output.shape, output.dtype)
    if not isinstance(gradient, Tensor):
        raise ArgumentError(f"backward: the gradient must be a Tensor; got {type(gradient).__name__}")
    if gradient.shape != output.shape:
        raise ShapeError(f"backward: a gradient of shape {gradient.shape} for a tensor of shape {output.shape}")
    same_backend("backward", (output._array, gradient._array))
    return gradient._array.astype(output.dtype, copy=False)


def _call_hook(hook: Hook, gradient: Array, meta: graph.Meta) -> Array:
    """The gradient after `hook` has seen it: its own, or the one that the hook returned."""
    replaced = hook(wrap(gradient.copy()))
    if replaced is None:
        return gradient
    if not isinstance(replaced, Tensor) or (replaced.shape, replaced.dtype) != meta:
        raise ArgumentError(
            f"a hook must return None or a Tensor of shape {meta[0]} and dtype {meta[1]}; got {replaced!r}"
        )
    return replaced._array.copy()


def _is_half(x: Any) -> bool:
    return getattr(x, "dtype", None) == float16


def edge_of(x: Any) -> Any:
    """Where the gradient of an input goes: to the operation that made it, to the leaf itself, or nowhere."""
    if not isinstance(x, Tensor) or not x._requires_grad:
        return None
    return x if x.grad_fn is None else x.grad_fn


def wrap(array: Array, storage: Storage | None = None) -> Tensor:
    """A tensor around memory that nothing else holds, unless its `storage` is given."""
    tensor = Tensor.__new__(Tensor)
    tensor._array = array
    tensor._storage = Storage(array) if storage is None else storage
    tensor._hooks = tensor._grad = tensor.grad_fn = None
    tensor._requires_grad = False
    return tensor


def view_of(source: Tensor, array: Array) -> Tensor:
    """A tensor that sees (part of) the memory of `source`."""
    source._storage.viewed = True
    return wrap(array, source._storage)
