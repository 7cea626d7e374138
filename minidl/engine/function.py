"""An operation: a rule next to its derivative, and the record of one call of it.

A `Function` computes on raw arrays and keeps on `self` what `backward` will need. Everything that an operation should
not have to care about is done once, here and in `backward.py`: dtypes are kept, float16 is computed in float32,
broadcast axes are summed, gradients are never shared, and a tensor that is used twice gets the sum of both.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

import numpy as np

from ..backend import Array, Backend, same_backend
from ..backend.registry import by_type
from ..dtypes import FLOATING, float16, float32
from ..errors import GraphError, OutOfMemoryError, ShapeError
from .context import take_context
from .grad_mode import grad_mode
from .memory import Storage, checksum, root
from .observe import listening
from .tensor import Output, Tensor, follow_base, inherited_strides, view_of, wrap


class Function:
    """One differentiable operation: `forward` and `backward` on raw arrays, side by side.

    `apply(*inputs, **options)` runs `forward(*arrays, **options)` and, if an input wants a gradient, records
    it. Inputs are Tensors, Python numbers or None. `backward(dz)` returns one gradient per input (None where
    there is none), in any shape that the input was broadcast to; it must not change dz in place. Both
    may use the array module `self.xp` and `self.backend`; `self.needs[i]` tells whether input i wants
    a gradient, so that an expensive one can be skipped. A `forward` that returns a tuple has several outputs, and
    its `backward(dz0, dz1, ...)` takes one gradient per output: zeros for an output that nothing used.

    The graph's own fields are slots; what the operation keeps for backward lies in `__dict__`, by name. What forward
    computed and keeps as `self.FIELD` needs a rule for second derivatives, `backward_FIELD`, unless `fixed` names it.
    """

    __slots__ = ("__dict__", "__weakref__", "backend", "edges", "hooks", "ids", "meta", "needs", "retain", "versions")

    computes = True  # does arithmetic: float16 is computed in float32 and rounded once
    is_view = False  # the output shares memory with the first input
    constants: frozenset[int] = frozenset()  # the outputs through which no gradient comes back
    materialize = True  # an output that nothing used has a gradient of zeros, not None
    fixed: tuple[str, ...] = ()  # what forward computed and keeps, and whose derivative is 0
    crosswise: tuple[str, ...] = ()  # what is kept of two inputs, each for the gradient of the other alone

    backend: Backend
    needs: tuple[bool, ...]
    edges: tuple[Any, ...] | None  # per input, where its gradient goes: a Function, a leaf, None; None once freed
    meta: Any  # shape and dtype of the output; a list of them for several
    versions: list[tuple[Storage, int, int | None]]  # memory read or made; its version; its checksum if `.array` has it
    ids: tuple[int, ...]  # the id of each array that forward took and returned, to know them among what is kept
    hooks: list[Callable[[Array], Array]] | None  # called with the gradient of the output
    retain: Callable[[Array], None] | None  # called with that gradient after the hooks

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if isinstance(vars(cls).get("forward"), staticmethod):
            take_context(cls)

    @property
    def xp(self) -> Any:
        """The array module: numpy or cupy."""
        return self.backend.xp

    def forward(self, *arrays: Any, **options: Any) -> Array:
        """The operation itself; what backward will need is kept by name on `self`."""
        raise TypeError(f"{type(self).__name__} has no forward")

    def backward(self, *dz: Array) -> Any:
        """The inputs' gradients (an array, None, or a Part: that of a slice), given the gradient dz of each output."""
        raise TypeError(f"{type(self).__name__} has no backward: it cannot be differentiated")

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        """How many products are added up for this output: the operation's cost; 0 where there are hardly any."""
        return 0

    @classmethod
    def names(cls, count: int) -> list[str]:
        """The names of `forward`'s first `count` parameters, the arrays.

        >>> from minidl.ops.linalg import Linear
        >>> Linear.names(3)
        ['x', 'w', 'b']
        """
        found: list[str] = []
        for parameter in list(signature(cls.forward).parameters.values())[1:]:
            if parameter.kind is Parameter.VAR_POSITIONAL:
                return found + [f"{parameter.name}[{i}]" for i in range(count - len(found))]
            if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD:
                found.append(parameter.name)
        return found[:count]

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The optional options of `forward`, with their defaults."""
        parameters = signature(cls.forward).parameters
        return {name: p.default for name, p in parameters.items() if p.default is not Parameter.empty}

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Any:
        """Run the operation, record it if an input wants a gradient, and return a Tensor, or a tuple of several."""
        node = cls()
        arrays, edges, read, half = node._inputs(inputs)
        backend = node.backend
        before = backend.mute()  # infinities and NaN are ordinary results
        try:
            if half:  # float16 is for storage, not for computing: widen, compute in float32, round once
                arrays = [x.astype(float32) if getattr(x, "dtype", None) == float16 else x for x in arrays]
            kernel: Any = backend.kernels and not listening.observers and backend.stand_in(cls.forward)
            made = z = kernel(node, *arrays, **options) if kernel else node.forward(*arrays, **options)
            if half:
                z = tuple(map(_rounded, z)) if isinstance(z, (tuple, list)) else _rounded(z)
        except ValueError as error:
            if "could not be broadcast" not in str(error) or isinstance(error, ShapeError):
                raise
            raise ShapeError(f"{cls.__name__}: {error}; from the right, lengths must be equal or 1") from None
        except MemoryError as error:
            raise OutOfMemoryError.at(cls.__name__, error) from None
        finally:
            backend.unmute(before)
        if isinstance(z, (tuple, list)):
            node.ids = (*map(id, arrays), *map(id, made))
            output: Any = node._outputs(z, edges, read)
        else:
            if isinstance(z, np.generic):
                z = backend.asarray(z)  # reductions of NumPy return scalars
            output = view_of(inputs[0], z, (cls, options)) if cls.is_view else wrap(z)
            if not cls.is_view and not z.flags.c_contiguous:
                output._strides = inherited_strides(inputs, z)
            if True in node.needs and z.dtype in FLOATING and not node.constants:
                node.ids, node.meta = (*map(id, arrays), id(made)), (z.shape, z.dtype)
                node._record(edges, [*read, output._storage])
                output._edge, output._requires_grad = node, True
        for observer in listening.observers:
            observer.on_forward(node, inputs, options, output)
        return output

    def _inputs(self, inputs: tuple[Any, ...]) -> tuple[list[Any], list[Any], list[Storage], bool]:
        """The raw arrays, where their gradients go, their memory, and whether to compute float16 in float32."""
        arrays, edges, read, half = [], [], [], False
        recording = grad_mode.enabled
        library: Any = None  # the type of the arrays; False if there are several types
        for x in inputs:
            edge = None
            if isinstance(x, Tensor):
                read.append(x._storage)
                if recording:
                    if x._view is not None:
                        follow_base(x)
                    if x._requires_grad:  # as `edge_of`, without a call
                        edge = x if x._edge is None else x._edge
                x = x._array
                half = half or (self.computes and x.dtype == float16)
                library = type(x) if library is None or library is type(x) else False
            arrays.append(x)
            edges.append(edge)
        self.needs = tuple([edge is not None for edge in edges])
        known = by_type.get(library)  # all arrays are of one library, whose backend is known by their type
        self.backend = same_backend(type(self).__name__, arrays) if known is None else known
        return arrays, edges, read, half

    def _record(self, edges: list[Any], touched: list[Storage]) -> None:
        """Link the operation to what made its inputs, and note the state of the memory that it read or made."""
        self.edges = tuple(edges)
        self.hooks = self.retain = None
        self.versions = [(m, m.version, None if m.exposed is None else self._seal_of(m)) for m in touched]

    def _outputs(self, arrays: Any, edges: list[Any], read: list[Storage]) -> tuple[Tensor, ...]:
        """The tensors of an operation with several outputs; integer ones take no gradient."""
        arrays = [self.backend.asarray(z) if isinstance(z, np.generic) else z for z in arrays]
        outputs = tuple([wrap(z) for z in arrays])
        if True in self.needs and any(z.dtype in FLOATING for z in arrays):
            self._record(edges, [*read, *[z._storage for z in outputs]])
            self.meta = [(z.shape, z.dtype) for z in arrays]
            for place, (z, output) in enumerate(zip(arrays, outputs)):
                if z.dtype in FLOATING and place not in self.constants:
                    output._edge, output._requires_grad = Output(self, place, self.meta[place]), True
        return outputs

    def _seal_of(self, memory: Storage) -> int:
        """The checksum of exposed memory, or 0 if backward needs none of it: then it is never compared."""
        return checksum(memory.exposed) if memory.owner in self.kept_memory() else 0

    def keeps(self, array: Array) -> bool:
        """Whether this very array is kept for backward."""
        for value in self.__dict__.values():
            if value is array:
                return True
            if isinstance(value, (list, tuple)):  # quicker than list | tuple
                for item in value:
                    if item is array:
                        return True
        return False

    def kept_memory(self) -> set[int]:
        """The memory that is kept for backward and needed: the `Storage.owner` of each array."""
        unneeded = [name for name, other in zip(self.crosswise, reversed(self.needs)) if not other]
        kept = [value for name, value in self.__dict__.items() if name not in unneeded]
        values = [v for value in kept for v in (value if isinstance(value, list | tuple) else [value])]
        return {id(root(value)) for value in values if isinstance(value, self.backend.array_type)}

    def check_unchanged(self) -> None:
        """GraphError if memory that is kept for backward has changed since forward."""
        for storage, version, seal in self.versions:
            if storage.version == version and storage.exposed is None:
                continue
            if storage.owner not in self.kept_memory():
                continue
            expected = storage.seal if seal is None else seal
            if storage.version != version or checksum(storage.exposed) != expected:
                raise GraphError(
                    f"{type(self).__name__}: an array that backward needs was changed in place after forward; "
                    "make a new one (x = x + y, not x += y), or change it after backward"
                )

    def release(self) -> None:
        """Free what was kept for backward, and the graph behind it."""
        self.__dict__.clear()
        self.edges, self.versions = None, []


def _rounded(z: Array) -> Array:
    """What was computed in float32, as float16; a number too large for that is infinity."""
    return z.astype(float16) if z.dtype == float32 else z
