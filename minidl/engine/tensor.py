"""The tensor: an array, the operation that made it, and the gradient that will reach it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..backend import Array, same_backend
from ..dtypes import FLOATING
from ..errors import ArgumentError, DtypeError, GraphError, ShapeError
from .grad_mode import grad_mode
from .memory import Storage
from .view import Step, View, dense_strides, is_row_by_row, strides_of

if TYPE_CHECKING:
    from ._signatures import TensorMethods
else:
    TensorMethods = object

Hook = Callable[["Tensor"], "Tensor | None"]

_NO_GRADIENT = "this tensor does not require gradients, so none will reach it"


class Tensor(TensorMethods):
    """An array that can take part in differentiation.

    Made by `minidl.tensor(...)` and its relatives; `Tensor(...)` itself is PyTorch's old constructor. You can set your
    own attributes on it, as on any object.
    """

    __slots__ = (
        "__dict__", "__weakref__", "_array", "_edge", "_grad", "_hooks", "_requires_grad", "_storage", "_strides",
        "_view",
    )  # fmt: skip
    __array_priority__ = 1000  # NumPy leaves `array + tensor` to the tensor
    __hash__ = object.__hash__

    _array: Array
    _storage: Storage  # the memory, shared by all views of it; counts the writes to it
    _hooks: list[Callable[[Array], Array]] | None
    _grad: Tensor | None
    _edge: Any  # where its gradient goes next: a Function, one of several outputs, None for a leaf
    _view: View | None  # how it was taken from its base, if it shares the memory of another tensor
    _strides: tuple[int, ...] | None  # those it would have in PyTorch; None where the elements lie row by row
    _requires_grad: bool
    _after: list[Callable[[Tensor], None]] | None = None  # what is called when a gradient has been added to `.grad`

    def _become(self, made: Tensor) -> None:
        """Take over all that the new tensor `made` holds; for constructors."""
        for name in _HELD:
            setattr(self, name, getattr(made, name))

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor; assigning to it calls `requires_grad_`."""
        follow_base(self)
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    @property
    def grad_fn(self) -> Any:
        """The Function that made it; None for a leaf."""
        follow_base(self)
        return self._edge.node if isinstance(self._edge, Output) else self._edge

    @property
    def grad(self) -> Tensor | None:
        """After `backward()`, the sum of the gradients that reached this leaf, in its shape and dtype; None before."""
        return self._grad

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        if gradient is not None:
            if not isinstance(gradient, Tensor):
                raise ArgumentError(f".grad must be a Tensor or None; got {type(gradient).__name__}")
            if (gradient.shape, gradient.dtype) != (self.shape, self.dtype):
                raise ShapeError(
                    f".grad of shape {gradient.shape} and dtype {gradient.dtype} for a tensor of shape {self.shape} "
                    f"and dtype {self.dtype}; they must be the same"
                )
            same_backend(".grad", (self._array, gradient._array))
        self._grad = gradient

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def array(self) -> Array:
        """The raw array, sharing memory. If a recorded operation needs it and it was changed, backward is an error."""
        self._storage.expose(self._array)
        return self._array

    # read so often that they are worth an attrgetter, which avoids a Python call
    shape = property(attrgetter("_array.shape"), doc="The length of each dimension.")
    dtype = property(attrgetter("_array.dtype"), doc="The element type.")
    ndim = property(attrgetter("_array.ndim"), doc="The number of dimensions.")

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.grad_fn is None

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph, like `detach()`; assigning a tensor replaces this one's memory."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        if value._storage is not self._storage:
            self._storage.version += 1  # operations that kept the old memory must notice
            self._array, self._storage = value._array, value._storage
            self._storage.viewed, self._view, self._strides = True, None, strides_of(value)

    def detach(self) -> Tensor:
        """The same memory, outside the graph: no gradient flows through it."""
        return alias_of(self)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set whether gradients flow to this leaf, and return it. Only floating dtypes can have gradients."""
        if requires_grad and self.dtype not in FLOATING:
            raise DtypeError(
                f"only tensors of a floating dtype can require gradients; this one is {self.dtype}; use .float()"
            )
        if not requires_grad and self.grad_fn is not None:
            raise GraphError("requires_grad can be switched off only on a leaf; use .detach()")
        if requires_grad and self._edge is None:
            self._view = None  # a leaf has no history to follow
        self._requires_grad = bool(requires_grad)
        return self

    def register_hook(self, hook: Hook) -> RemovableHook:
        """Call `hook(gradient)` when this tensor's gradient is known; a Tensor it returns replaces it.

        Returns a handle whose `remove()` removes the hook.
        """
        meta = (self.shape, self.dtype)
        return self._attach(lambda gradient: _call_hook(hook, gradient, meta))

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate tensor, after its hooks, in `.grad`; a leaf keeps it anyway."""
        if not self.requires_grad:
            raise GraphError(_NO_GRADIENT)
        if self.grad_fn is None:
            return
        me = weakref.ref(self)

        def keep(gradient: Array) -> None:
            tensor = me()
            if tensor is None:
                return
            if isinstance(gradient, Recorded):
                tensor._grad = gradient.tensor if tensor.grad is None else tensor.grad + gradient.tensor
                return
            kept = gradient.copy()
            if tensor.grad is not None:
                kept += tensor.grad._array
            tensor._grad = wrap(kept)

        edge_of(self).retain = keep

    def _attach(self, hook: Callable[[Array], Array]) -> RemovableHook:
        if not self.requires_grad:
            raise GraphError(_NO_GRADIENT)
        if self._edge is not None:
            hooks = self._edge.hooks = self._edge.hooks or []
        else:
            hooks = self._hooks = self._hooks or []
        hooks.append(hook)
        return RemovableHook(hooks, hook)


_HELD = [name for name in Tensor.__slots__ if not name.startswith("__")]


class Output:
    """One of several outputs of an operation: where the gradients of that tensor meet on their way back."""

    __slots__ = ("hooks", "meta", "node", "place", "retain")

    def __init__(self, node: Any, place: int, meta: tuple[tuple[int, ...], Any]) -> None:
        self.node, self.place, self.meta = node, place, meta
        self.hooks: list[Callable[[Array], Array]] | None = None
        self.retain: Callable[[Array], None] | None = None

    @property
    def edges(self) -> tuple[Any, ...] | None:
        """The operation itself, unless its graph was freed."""
        return None if self.node.edges is None else (self.node,)


class Recorded:
    """A gradient that is recorded itself (`create_graph`): in place of an array, a Tensor with its place in the graph.

    `tensors/second/` gives it NumPy's operators, so that a backward takes it for an array.
    """

    __slots__ = ("tensor",)

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


class RemovableHook:
    """The handle of a registered hook."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Remove the hook; a second call does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)


def _call_hook(hook: Hook, gradient: Array, meta: tuple[tuple[int, ...], Any]) -> Array:
    """The gradient after `hook` has seen it: the same one, or the one that the hook returned."""
    recorded = isinstance(gradient, Recorded)
    replaced = hook(gradient.tensor if recorded else wrap(gradient.copy()))
    if replaced is None:
        return gradient
    if not isinstance(replaced, Tensor) or (replaced.shape, replaced.dtype) != meta:
        raise ArgumentError(
            f"a hook must return None or a Tensor of shape {meta[0]} and dtype {meta[1]}; got {replaced!r}"
        )
    return type(gradient)(replaced) if recorded else replaced._array.copy()


def edge_of(x: Any) -> Any:
    """Where the gradient of an input goes: to the operation that made it, to the leaf itself, or nowhere."""
    if not isinstance(x, Tensor):
        return None
    if x._view is not None:
        follow_base(x)
    if not x._requires_grad:
        return None
    return x if x._edge is None else x._edge


def follow_base(x: Tensor) -> None:
    """Give a view the history that its base has now, if a recorded write has changed it."""
    view = x._view
    if view is not None and view.age != x._storage.rewrites:
        again = view.again()
        x._edge, x._requires_grad = again._edge, again._requires_grad
        view.age = x._storage.rewrites


def wrap(array: Array, storage: Storage | None = None) -> Tensor:
    """A new tensor around an array. Its memory must be nothing else's, or `storage` says whose it is too."""
    tensor = Tensor.__new__(Tensor)
    tensor._array = array
    if storage is None:
        storage = Storage.__new__(Storage)
        storage.owner = id(array if array.base is None else array.base)
    tensor._storage = storage
    tensor._hooks = tensor._grad = tensor._edge = tensor._view = tensor._strides = None
    tensor._requires_grad = False
    return tensor


def alias_of(source: Tensor) -> Tensor:
    """A tensor that shares the memory of `source`, with its own history."""
    source._storage.viewed = True
    tensor = wrap(source._array, source._storage)
    tensor._strides = strides_of(source)
    return tensor


def inherited_strides(inputs: tuple[Any, ...], array: Array) -> tuple[int, ...] | None:
    """The strides of an operation's output if it takes them from an input of its shape, and so in PyTorch too."""
    for x in inputs:
        view, strides = getattr(x, "_view", None), getattr(x, "_strides", None)
        if (view is not None or strides is not None) and x.shape == array.shape and not is_row_by_row(x):
            return dense_strides(x, array.itemsize)
    return None


def view_of(source: Tensor, array: Array, step: Step) -> Tensor:
    """A tensor that shares (part of) the memory of `source`, and follows it when recorded operations write there."""
    source._storage.viewed = True
    tensor = wrap(array, source._storage)
    known = source._view
    base, steps = (source, ()) if known is None else (known.base, known.steps)
    tensor._view = View(base, (*steps, step), source._storage.rewrites, grad_mode.enabled)
    return tensor
