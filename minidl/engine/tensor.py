"""The tensor: an array, the operation that made it, and the gradient that will reach it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..backend import Array, backend_of, same_backend
from ..dtypes import FLOATING
from ..errors import ArgumentError, DtypeError, GraphError, ShapeError
from .memory import Storage

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
        self.grad_fn: Any = None
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

    # read so often that they are worth an attrgetter, which is no call of Python's
    shape = property(attrgetter("_array.shape"), doc="The length of each dimension.")
    dtype = property(attrgetter("_array.dtype"), doc="The element type.")
    ndim = property(attrgetter("_array.ndim"), doc="The number of dimensions.")

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


class RemovableHook:
    """The handle of a registered hook."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)


def _call_hook(hook: Hook, gradient: Array, meta: tuple[tuple[int, ...], Any]) -> Array:
    """The gradient after `hook` has seen it: its own, or the one that the hook returned."""
    replaced = hook(wrap(gradient.copy()))
    if replaced is None:
        return gradient
    if not isinstance(replaced, Tensor) or (replaced.shape, replaced.dtype) != meta:
        raise ArgumentError(
            f"a hook must return None or a Tensor of shape {meta[0]} and dtype {meta[1]}; got {replaced!r}"
        )
    return replaced._array.copy()


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
