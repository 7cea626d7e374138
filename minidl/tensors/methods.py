"""The functions that are also methods and operators of Tensor: `x.relu()` is `relu(x)`, `x + y` is `add(x, y)`.

`_signatures.pyi` says the same to type checkers and editors; `scripts/make_signatures.py` writes it from `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.tensor import Tensor
from ..errors import ArgumentTypeError, ShapeError
from ..missing import of_object
from ..ops import (
    activation,
    arithmetic,
    comparison,
    counting,
    cumulative,
    elementary,
    gated,
    gather,
    index,
    join,
    linalg,
    order,
    rearrange,
    reduce,
    selection,
    shape,
    shrinkage,
    softmax,
    trigonometry,
)
from ..ops._check.arguments import Operand
from . import conversion, gradients, later, writing
from .creation import construct, tensor
from .later import Later, homes
from .printing import tensor_text
from .writing import in_place, shape_in_place

_SAME_NAME = {
    gradients: "backward register_post_accumulate_grad_hook",
    arithmetic: "add sub mul div floor_divide remainder fmod neg positive reciprocal square pow lerp",
    elementary: "exp expm1 log log2 log10 log1p sqrt rsqrt sin cos erf abs sign floor ceil trunc round",
    trigonometry: "acos acosh asin asinh atan atan2 atanh cosh exp2 sinh tan",
    activation: "relu sigmoid tanh",
    gated: "prelu",
    shrinkage: "hardshrink",
    softmax: "softmax log_softmax",
    comparison: "eq ne lt le gt ge logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor "
    "bitwise_not isnan isinf isfinite isclose allclose equal",
    selection: "maximum minimum clamp",
    reduce: "sum mean var std prod logsumexp norm amax amin cumsum all any count_nonzero",
    cumulative: "cumprod",
    rearrange: "cross diag diff kron repeat_interleave trace",
    counting: "bincount unique",
    order: "argmax argmin max min sort argsort topk median",
    shape: "flatten ravel unflatten squeeze unsqueeze transpose t movedim expand_as broadcast_to view_as reshape_as "
    "roll tril triu diagonal clone",
    index: "select narrow",
    gather: "index_select gather take_along_dim masked_fill masked_select nonzero argwhere",
    join: "split chunk unbind",
    linalg: "matmul mm bmm mv dot outer addmm",
    conversion: "to cpu cuda type_as numpy item tolist size stride dim numel element_size is_floating_point "
    "is_contiguous contiguous new_tensor new_zeros new_ones new_full",
    writing: "zero_ fill_ copy_ uniform_ normal_ bernoulli_ detach_",
}

_SEVERAL = "reshape view permute expand repeat tile flip"  # take their sizes as x.view(2, 3) too

_IN_PLACE = {
    arithmetic: "add sub mul div floor_divide remainder fmod neg reciprocal square pow lerp",
    elementary: "exp expm1 log log2 log10 log1p sqrt rsqrt sin cos erf abs sign floor ceil trunc round",
    trigonometry: "acos acosh asin asinh atan atan2 atanh cosh exp2 sinh tan",
    activation: "relu sigmoid tanh",
    selection: "clamp",
    cumulative: "cumprod",
    shape: "tril triu",
    gather: "masked_fill",
    reduce: "cumsum",
    linalg: "addmm",
    comparison: "eq ne lt le gt ge logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor "
    "bitwise_not",
}

_SHAPE_IN_PLACE = "squeeze unsqueeze transpose t"

ALIASES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "clip": "clamp", "concat": "cat", "divide": "div",
    "greater": "gt", "greater_equal": "ge",
    "less": "lt", "less_equal": "le", "moveaxis": "movedim", "multiply": "mul", "ndimension": "dim",
    "negative": "neg", "nelement": "numel", "not_equal": "ne", "subtract": "sub", "swapaxes": "transpose",
    "swapdims": "transpose", "true_divide": "div", "type": "type_", "fix": "trunc", "ger": "outer",
}  # fmt: skip

_IN_PLACE_ALIASES = (
    "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "clip", "divide", "multiply",
    "negative", "subtract", "true_divide", "fix", "greater", "greater_equal", "less", "less_equal", "not_equal",
    "swapaxes", "swapdims",
)  # fmt: skip


def _several(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method for a function that takes a tuple: x.view(2, 3), x.view((2, 3)), x.view(size=(2, 3)) are the same."""

    def method(self: Tensor, *sizes: Any, **named: Any) -> Tensor:
        if named and not sizes:
            return function(self, **named)
        if named:
            raise TypeError(f"{function.__name__}() got multiple values, {sizes} and {named}")
        if not sizes:
            raise ArgumentTypeError(f"{function.__name__}: give at least one integer, or a tuple of them")
        one = len(sizes) == 1 and not hasattr(sizes[0], "__index__")
        return function(self, sizes[0] if one else sizes)

    method.__name__ = method.__qualname__ = function.__name__
    method.__doc__ = function.__doc__
    return method


def where(self: Tensor, condition: Tensor, other: Operand) -> Tensor:
    """The elements of this tensor where `condition` is True, else those of `other`."""
    return selection.where(condition, self, other)


def clamp_min(self: Tensor, min: Operand) -> Tensor:
    """The elements, with those below `min` raised to it."""
    return selection.clamp(self, min=min)


def clamp_max(self: Tensor, max: Operand) -> Tensor:
    """The elements, with those above `max` lowered to it."""
    return selection.clamp(self, max=max)


def polygamma(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of `digamma`."""
    return Later("minidl.ops.breadth.gamma", "polygamma")(n, self)


def _collect() -> dict[str, Callable[..., Any]]:
    """Every method by its name."""
    methods: dict[str, Callable[..., Any]] = dict(conversion.CASTS)
    methods |= {"where": where, "clamp_min": clamp_min, "clamp_max": clamp_max, "type_": conversion.type_}
    methods |= {"polygamma": polygamma, "polygamma_": in_place(polygamma)}
    for module, names in _SAME_NAME.items():
        methods |= {name: getattr(module, name) for name in names.split()}
    methods |= {name: _several(getattr(shape, name)) for name in _SEVERAL.split()}
    methods |= {"resize_": _several(writing.resize_)}
    methods |= {name: Later(home, name) for name, home in homes(later.METHODS).items()}
    methods |= {alias: methods[name] for alias, name in ALIASES.items() if name in methods}
    for module, names in _IN_PLACE.items():
        methods |= {f"{name}_": in_place(getattr(module, name)) for name in names.split()}
    methods |= {f"{name}_": Later(home, name, in_place) for name, home in homes(later.IN_PLACE).items()}
    methods |= {f"{name}_": shape_in_place(getattr(shape, name)) for name in _SHAPE_IN_PLACE.split()}
    methods |= {"clamp_min_": in_place(clamp_min), "clamp_max_": in_place(clamp_max)}
    methods |= {f"{alias}_": methods[f"{ALIASES[alias]}_"] for alias in _IN_PLACE_ALIASES}
    return methods


METHODS = _collect()
del METHODS["type_"]


def transposed(self: Tensor) -> Tensor:
    """The transpose of a matrix (M, N); a tensor of fewer dimensions is returned as it is."""
    return shape.t(self)


def matrix_transposed(self: Tensor) -> Tensor:
    """The matrices (..., M, N) transposed to (..., N, M)."""
    if self.ndim < 2:
        raise ShapeError(f"mT: takes matrices (..., M, N); this tensor has shape {self.shape}")
    return shape.transpose(self, -2, -1)


PROPERTIES = {
    "T": transposed,
    "mT": matrix_transposed,
    "device": conversion.place,
    "is_cuda": conversion.is_cuda,
    "nbytes": conversion.nbytes,
    "itemsize": conversion.element_size,
}

_OPERANDS = (Tensor, bool, int, float, np.generic)


def _operator(function: Callable[..., Tensor]) -> Callable[[Tensor, Operand], Tensor]:
    """x + y; if y is not a tensor, number or array, Python tries the other side or raises TypeError."""

    def method(self: Tensor, other: Operand) -> Tensor:
        if isinstance(other, _OPERANDS):
            return function(self, other)
        return function(self, tensor(other)) if isinstance(other, np.ndarray) else NotImplemented

    return method


def _reflected(function: Callable[..., Tensor]) -> Callable[[Tensor, Operand], Tensor]:
    """y + x where y is a number."""

    def method(self: Tensor, other: Operand) -> Tensor:
        return function(other, self) if isinstance(other, _OPERANDS) else NotImplemented

    return method


def _matrix_product(self: Tensor, other: Tensor) -> Tensor:
    if isinstance(other, np.ndarray):
        other = tensor(other)
    return linalg.matmul(self, other) if isinstance(other, Tensor) else NotImplemented


_BINARY = {
    "add": arithmetic.add, "sub": arithmetic.sub, "mul": arithmetic.mul, "truediv": arithmetic.div,
    "floordiv": arithmetic.floor_divide, "mod": arithmetic.remainder, "pow": arithmetic.pow,
    "and": comparison.bitwise_and, "or": comparison.bitwise_or, "xor": comparison.bitwise_xor,
    "lshift": METHODS["bitwise_left_shift"], "rshift": METHODS["bitwise_right_shift"],
}  # fmt: skip
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

SPECIAL: dict[str, Callable[..., Any]] = {
    "__init__": construct,
    "__matmul__": _matrix_product,
    "__neg__": arithmetic.neg,
    "__pos__": arithmetic.positive,
    "__abs__": elementary.abs,
    "__invert__": comparison.bitwise_not,
    "__getitem__": index.getitem,
    "__setitem__": writing.set_item,
    "__len__": conversion.length,
    "__iter__": conversion.iterate,
    "__contains__": conversion.contains,
    "__bool__": conversion.to_bool,
    "__int__": conversion.to_int,
    "__float__": conversion.to_float,
    "__index__": conversion.to_index,
    "__array__": conversion.to_array,
    "__array_wrap__": conversion.wrap_array,
    "__format__": conversion.format_,
    "__repr__": tensor_text,
    "__copy__": conversion.shallow_copy,
    "__deepcopy__": conversion.deep_copy,
    "__reduce_ex__": conversion.reduce,
}
SPECIAL |= {f"__{name}__": _operator(function) for name, function in _BINARY.items()}
SPECIAL |= {f"__r{name}__": _reflected(function) for name, function in _BINARY.items()}
SPECIAL |= {f"__i{name}__": _operator(in_place(function)) for name, function in _BINARY.items()}
SPECIAL |= {f"__{name}__": _operator(getattr(comparison, name)) for name in _COMPARISONS}


def attach() -> None:
    """Give Tensor its methods, properties and operators."""
    for name, method in {**METHODS, **SPECIAL}.items():
        setattr(Tensor, name, method)
    for name, getter in PROPERTIES.items():
        setattr(Tensor, name, property(getter))
    Tensor.__getattr__ = of_object("Tensor")  # type: ignore[attr-defined]


attach()
