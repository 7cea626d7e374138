"""PyTorch's other spellings of arguments, turned into those that minidl's functions take.

`axis` and `keepdims` for `dim` and `keepdim`; `out=`; `size=` by keyword; `inplace=True`; `size_average` and `reduce`;
a softmax without `dim`. A function that knows none of them stays as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from inspect import BoundArguments, Parameter, Signature, signature
from typing import Any

from ..engine.grad_mode import is_grad_enabled, no_grad
from ..engine.tensor import Tensor
from ..errors import DtypeError, GraphError, ShapeError
from ..tensors.writing import in_place

NUMPY = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}
MAKERS = ("minidl.ops.", "minidl.tensors.")  # the rooms whose functions take out= in PyTorch

LAID_OUT = {
    "to", "contiguous", "clone", "is_contiguous", "empty", "empty_like", "zeros_like", "ones_like", "rand_like",
    "randn_like", "full_like", "float", "double", "half", "type", "cpu", "cuda",
}  # fmt: skip
LAST = {"torch.channels_last": 4, "torch.channels_last_3d": 5}  # how many dimensions a tensor must have for it

Call = Callable[..., Any]


def channels_last(x: Tensor, layout: Any, back: bool = True) -> Tensor:
    """The tensor with its channels last in memory; without `back`, in its shape too, and nothing moved."""
    needed = LAST[str(layout)]
    if x.ndim != needed:
        raise ShapeError(f"memory_format={layout} needs a tensor of {needed} dimensions; got shape {tuple(x.shape)}")
    last = x.permute(0, *range(2, x.ndim), 1)
    return last.contiguous().permute(0, x.ndim - 1, *range(1, x.ndim - 1)) if back else last


def spoken(function: Call) -> Call:
    """The function, taking PyTorch's other spellings too."""
    known = signature(function)
    names = known.parameters
    if "inplace" in names:
        function = _maybe_in_place(function, known)
    if "size_average" in names and "reduce" in names:
        function = _old_reduction(function, known)
    if function.__name__ in ("softmax", "log_softmax", "softmin"):
        function = _guessed_dim(function)
    if any(name in names for name in ("dim", "keepdim", "input", "size")) or function.__module__.startswith(MAKERS):
        function = _renamed(function, known)
    return function


def _renamed(function: Call, known: Signature) -> Call:
    """NumPy's names, `size=` where sizes are positional, and `out=`."""
    names = known.parameters
    other = {theirs: ours for theirs, ours in NUMPY.items() if ours in names and theirs not in names}
    sizes = any(p.name == "size" and p.kind is Parameter.VAR_POSITIONAL for p in names.values())

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        if not named:
            return function(*args)
        out = named.pop("out", None)
        layout = named.pop("memory_format", None) if function.__name__ in LAID_OUT else None
        if function.__name__ == "is_contiguous" and str(layout) in LAST:
            args = (channels_last(args[0], layout, back=False),)
        for theirs in [name for name in named if name in other]:
            if other[theirs] in named:
                raise TypeError(
                    f"{function.__name__}() got both {other[theirs]!r} and {theirs!r}, which are one argument"
                )
            named[other[theirs]] = named.pop(theirs)
        if sizes and "size" in named:
            args = (*args, named.pop("size"))
        if out is None:
            result = function(*args, **named)
            return channels_last(result, layout) if str(layout) in LAST and isinstance(result, Tensor) else result
        return _put(function.__name__, out, function, args, named)

    return call


def _put(name: str, out: Any, function: Call, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The result, written into the tensor or tensors `out`, which are resized if need be."""
    outs = [out] if isinstance(out, Tensor) else list(out)
    given = [x for x in (*args, *named.values(), *outs) if isinstance(x, Tensor)]
    if is_grad_enabled() and any(x.requires_grad for x in given):
        raise GraphError(f"{name}: out= cannot be differentiated; leave it out, or call under torch.no_grad()")
    with no_grad():
        result = function(*args, **named)
        for target, made in zip(outs, [result] if isinstance(result, Tensor) else result):
            if "biuf".index(made.dtype.kind.replace("u", "i")) > "biuf".index(target.dtype.kind.replace("u", "i")):
                raise DtypeError(f"{name}: a result of {made.dtype} does not fit into out of {target.dtype}")
            if target.shape == made.shape:
                target.copy_(made)
                continue
            if target.numel():
                warnings.warn(
                    f"{name}: out of shape {target.shape} was resized to {made.shape}", UserWarning, stacklevel=4
                )
            target.data = made.to(target.dtype)
    return out


def _maybe_in_place(function: Call, known: Signature) -> Call:
    """With `inplace=True`, the input itself takes the result."""
    place = list(known.parameters).index("inplace")

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        if len(args) <= place and "inplace" not in named:
            return function(*args, **named)
        bound = known.bind(*args, **named)
        wanted = bound.arguments.pop("inplace")
        return (in_place(function) if wanted else function)(*bound.args, **bound.kwargs)

    return call


def _old_reduction(function: Call, known: Signature) -> Call:
    """`size_average` and `reduce`, which PyTorch still takes, with its warning."""
    place = list(known.parameters).index("size_average")

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        if len(args) <= place and "size_average" not in named and "reduce" not in named:
            return function(*args, **named)
        bound = known.bind(*args, **named)
        modernize(bound, 3)
        return function(*bound.args, **bound.kwargs)

    return call


def modernize(bound: BoundArguments, level: int) -> None:
    """Replace `size_average` and `reduce` by the reduction that they mean; warn `level` calls up from here."""
    given = {name: bound.arguments.get(name) for name in ("size_average", "reduce")}
    average, reduce = given.values()
    if given == {"size_average": None, "reduce": None} or not all(isinstance(x, bool | None) for x in given.values()):
        return  # nothing asked for, or tensors given to the constructor, which minidl's own check explains
    for name in given:
        bound.arguments.pop(name, None)
    reduction = "none" if reduce is False else "sum" if average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction={reduction!r} instead.",
        UserWarning,
        stacklevel=level + 1,
    )
    bound.arguments["reduction"] = reduction


def guess_dim(name: str, ndim: int) -> int:
    """The dim that PyTorch takes for a softmax without one: 0 of 0, 1 or 3 dimensions, else 1; with its warning."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=4,
    )
    return 0 if ndim in (0, 1, 3) else 1


def _guessed_dim(function: Call) -> Call:
    @wraps(function)
    def call(input: Any, dim: Any = None, *args: Any, **named: Any) -> Any:
        named.pop("_stacklevel", None)
        if dim is None and "axis" in named:
            dim = named.pop("axis")
        return function(input, guess_dim(function.__name__, input.ndim) if dim is None else dim, *args, **named)

    return call
