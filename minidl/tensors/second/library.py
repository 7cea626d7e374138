"""The array library of recorded arrays: NumPy's functions by name, and the backend's primitives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from ...backend import Array, Backend
from ...backend.registry import by_type
from ...backend.window import Window
from ...engine.tensor import Tensor, wrap
from ...linalg.solving import inv, solve
from ...ops import activation, arithmetic, einsum, elementary, join, reduce, selection, shape, trigonometry
from ...ops.conv import Conv2d, ConvTranspose2d
from ...ops.linalg import MatMul
from .box import Box, NotRecorded, raw, unbox
from .primitives import AddAt, Call, CorrelateGradWeight, LinearMap, Masked

STEPS = {  # constant between their steps: without a gradient, as comparisons are
    "isnan", "isinf", "isfinite", "sign", "floor", "ceil", "trunc", "rint", "logical_and", "logical_or", "logical_not",
    "argmax", "argmin", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "count_nonzero",
}  # fmt: skip


def _minimum(x: Any, y: Any) -> Any:
    return selection.minimum(x, y) if isinstance(y, Tensor) else selection.clamp(x, max=y)


def _maximum(x: Any, y: Any) -> Any:
    return selection.maximum(x, y) if isinstance(y, Tensor) else selection.clamp(x, min=y)


def _fmin(x: Any, high: float) -> Any:
    """min(x, high) for a number; `high` where x is NaN."""
    return selection.where(wrap(x._array <= high), x, high)


KNOWN: dict[str, Callable[..., Any]] = {  # on Tensors and numbers
    "exp": elementary.exp, "expm1": elementary.expm1, "log": elementary.log, "log2": elementary.log2,
    "log10": elementary.log10, "log1p": elementary.log1p, "sqrt": elementary.sqrt, "sin": elementary.sin,
    "cos": elementary.cos, "abs": elementary.abs, "absolute": elementary.abs,
    "tanh": activation.tanh, "tan": trigonometry.tan, "sinh": trigonometry.sinh, "cosh": trigonometry.cosh,
    "inv": inv, "solve": solve,
    "add": arithmetic.add, "subtract": arithmetic.sub, "multiply": arithmetic.mul, "divide": arithmetic.div,
    "true_divide": arithmetic.div, "power": arithmetic.pow, "negative": arithmetic.neg, "square": arithmetic.square,
    "reciprocal": arithmetic.reciprocal,
    "where": selection.where, "minimum": _minimum, "maximum": _maximum, "fmin": _fmin,
    "reshape": shape.reshape, "broadcast_to": shape.expand, "moveaxis": shape.movedim, "swapaxes": shape.transpose,
    "flip": lambda x, axis: shape.flip(x, (axis,) if isinstance(axis, int) else axis),
    "roll": shape.roll,
    "tril": shape.tril, "triu": shape.triu,
    "concatenate": lambda xs, axis=0: join.cat(xs, axis), "cumsum": lambda x, axis: reduce.cumsum(x, axis),
}  # fmt: skip


class Names:
    """NumPy's functions by their names; on raw arrays alone, they are the library's own."""

    def __init__(self, box: type[Box], library: Any) -> None:
        self.box, self.library = box, library

    def __getattr__(self, name: str) -> Any:
        own: Any = getattr(self.library, name, None)
        if isinstance(own, (type, int, float)):
            return own  # a dtype or a constant
        if name in ("zeros", "ones", "empty", "full"):
            return lambda *args, **named: self.box(wrap(own(*args, **named)))

        def call(*args: Any, **named: Any) -> Any:
            flat = [x for arg in args for x in (arg if isinstance(arg, (list, tuple)) else (arg,))]
            boxes = [x for x in flat if isinstance(x, Box)]
            if not boxes:
                return own(*args, **named)
            if name in STEPS:
                return own(*map(raw, args), **named)
            return self._recorded(name, boxes[0], args, named)

        return call

    def _recorded(self, name: str, like: Box, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if name in ("asarray", "ascontiguousarray"):
            return args[0] if isinstance(args[0], Box) else self.box(unbox(like, args[0]))
        if name.endswith("_like"):
            return self.box(wrap(getattr(self.library, name)(like.tensor._array, *args[1:], **named)))
        if name == "einsum":
            terms, output = args[0].split("->")
            xs = [unbox(like, x) for x in args[1:]]
            return self.box(einsum.Einsum.apply(*xs, inputs=terms.split(","), output=output))
        if name == "where":
            condition = raw(args[0])
            mask = wrap(condition if condition.dtype.kind == "b" else condition != 0)
            return self.box(selection.where(mask, *[unbox(like, x) for x in args[1:]]))
        if name in ("sum", "mean", "max", "min", "prod", "clip", "transpose", "squeeze"):
            return getattr(like, name)(*args[1:], **named)
        if name not in KNOWN:
            raise NotRecorded(
                f"create_graph: {name} is not known to recorded arrays, so this backward cannot be differentiated"
            )
        given = [
            type(arg)(unbox(like, x) for x in arg) if isinstance(arg, (list, tuple)) else unbox(like, arg)
            for arg in args
        ]
        return self.box(KNOWN[name](*given, **named))


class Library(Backend):
    """A backend whose arrays are recorded: the plain primitives of any backend, and those below as operations."""

    def __init__(self, of: Backend) -> None:
        self.of, self.name, self.device = of, of.name, of.device
        self.array_type = self.box = type("Box", (Box,), {"__slots__": (), "library": self})
        self.xp, self.linalg = Names(self.box, of.xp), Names(self.box, of.linalg)

    def asarray(self, value: Any, dtype: Any = None) -> Any:
        """A constant, or a recorded array as it is."""
        if not isinstance(value, Box):
            value = self.box(wrap(self.of.asarray(value, dtype)))
        return value if dtype is None else value.astype(dtype)

    def to_numpy(self, array: Any) -> Any:
        """The numbers of an array, recorded or raw, on the host."""
        return self.of.to_numpy(raw(array))

    def mute(self) -> Any:
        """As with raw arrays."""
        return self.of.mute()

    def unmute(self, token: Any) -> None:
        """As with raw arrays."""
        self.of.unmute(token)

    def copy(self, x: Any, order: Any = "K") -> Any:
        """A copy of either kind."""
        return x.copy() if isinstance(x, Box) else self.of.copy(x, order)

    def scatter_add(self, target: Any, index: Any, values: Any) -> None:
        """target[index] += values, by replacing what `target` holds."""
        target.tensor = AddAt.apply(target.tensor, unbox(target, values), index=index)

    def add_at(self, target: Any, places: Array, values: Any) -> None:
        """target += values at those flat places."""
        flat = target.reshape(-1)
        self.scatter_add(flat, places, values)
        target.tensor = flat.reshape(target.shape).tensor

    def masked(self, x: Any, mask: Array) -> Any:
        """x where the mask is true, else 0."""
        return self.box(Masked.apply(x.tensor, wrap(mask))) if isinstance(x, Box) else self.of.masked(x, mask)

    def matmul(self, x: Any, y: Any) -> Any:
        """x @ y."""
        like = x if isinstance(x, Box) else y
        return self.box(MatMul.apply(unbox(like, x), unbox(like, y)))

    def one_job(self) -> AbstractContextManager[None]:
        """Nothing is deferred."""
        return nullcontext()

    def erf(self, x: Any) -> Any:
        """The error function."""
        return self.box(elementary.erf(x.tensor))

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + e^-x), with a slope that is right where e^-x overflows."""
        return self.box(activation.sigmoid(x.tensor))

    def correlate(self, x: Any, w: Any, bias: Any, window: Window, groups: int) -> Any:
        """Conv2d."""
        like = x if isinstance(x, Box) else w
        x, w = unbox(like, x), unbox(like, w)
        return self.box(Conv2d.apply(x, w, bias, window=window, groups=groups))

    def correlate_grad_input(self, dz: Any, w: Any, window: Window, groups: int, size: Any) -> Any:
        """Conv2d's dx: a transposed convolution."""
        like = dz if isinstance(dz, Box) else w
        dz, w, size = unbox(like, dz), unbox(like, w), tuple(size)
        return self.box(ConvTranspose2d.apply(dz, w, None, window=window, groups=groups, size=size))

    def correlate_grad_weight(self, dz: Any, x: Any, window: Window, groups: int) -> Any:
        """Conv2d's dw."""
        like = dz if isinstance(dz, Box) else x
        return self.box(CorrelateGradWeight.apply(unbox(like, dz), unbox(like, x), window=window, groups=groups))

    def sum_pool(self, x: Any, window: Window) -> Any:
        """The sums of the taps; their gradient goes back to each of them."""
        return self._linear(x, ("sum_pool", window), ("add_at_taps", window, x.shape[2:]))

    def add_at_taps(self, dz: Any, window: Window, size: Any) -> Any:
        """The adjoint of `sum_pool`."""
        return self._linear(dz, ("add_at_taps", window, size), ("sum_pool", window))

    def add_at_winners(self, dz: Any, winners: Array, window: Window, size: Any) -> Any:
        """The adjoint of `at_winners`."""
        return self._linear(dz, ("add_at_winners", winners, window, size), ("at_winners", winners, window))

    def at_winners(self, x: Any, winners: Array, window: Window) -> Any:
        """The taps that won."""
        return self._linear(x, ("at_winners", winners, window), ("add_at_winners", winners, window, x.shape[2:]))

    def windows(self, x: Any, window: Window, fill: float = 0.0) -> Any:
        """Every window; what fills the padding has no gradient."""
        return self._linear(x, ("windows", window, fill), ("scatter_windows", window, x.shape[2:]))

    def scatter_windows(self, dwindows: Any, window: Window, size: Any) -> Any:
        """The adjoint of `windows`."""
        return self._linear(dwindows, ("scatter_windows", window, size), ("windows", window))

    def _linear(self, x: Any, there: Call, back: Call) -> Any:
        return self.box(LinearMap.apply(x.tensor, there=there, back=back))


@cache
def library_of(backend: Backend) -> Library:
    """The library of arrays that record what is done to those of `backend`."""
    library = Library(backend)
    by_type[library.box] = library
    return library
