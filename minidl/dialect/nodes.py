"""The names of operations where PyTorch divides its functions otherwise: `<MseLossBackward0>`, not the mean's.

Several functions of minidl are made of others: `stack` joins what `view` reshaped, `mse_loss` is a mean. Their results
would print the name of the last step. In a PyTorch script they are told by the function that was called, and
`next_functions` leads to what it was given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from .. import nn
from ..engine.function import Function
from ..engine.tensor import Tensor

Namer = str | Callable[..., str]
told: WeakKeyDictionary[Function, tuple[str, tuple[Any, ...]]] = WeakKeyDictionary()


def _by_dim(name: str, without: int, along: int) -> Callable[..., str]:
    """The name of a reduction, which has two numbers: of everything, and along a dimension."""

    def named(input: Tensor, *arguments: Any, **options: Any) -> str:
        dims = [*arguments[:1], options.get("dim"), options.get("axis")]
        along_one = any(dim is not None and not isinstance(dim, Tensor) for dim in dims)
        return f"{name}Backward{along if along_one else without}"

    return named


def _matmul(input: Tensor, other: Tensor) -> str:
    kinds = {(1, 1): "Dot", (2, 1): "Mv", (2, 2): "Mm", (1, 2): "SqueezeBackward4"}
    return kinds.get((input.ndim, other.ndim), "UnsafeView")


def _indexed(input: Tensor, index: Any) -> str:
    """The last step that an index takes: one place, a part, a new dimension; other tensors as indices are `Index`."""
    items = index if isinstance(index, tuple) else (index,)
    name = "Slice" if any(isinstance(item, slice) for item in items) else "Alias"
    for item in items:
        if item is None:
            name = "Unsqueeze"
        elif item is Ellipsis or (isinstance(item, slice) and item == slice(None)):
            continue
        elif isinstance(item, slice):
            name = "Slice"
        elif isinstance(item, int) and not isinstance(item, bool):
            name = "Select"
        else:
            return "Index"
    return name


def _adaptive(input: Tensor, output_size: Any) -> str:
    return "MeanBackward1" if output_size in (1, (1, 1), [1, 1]) else "AdaptiveAvgPool2D"


def _interpolated(input: Tensor, *arguments: Any, **options: Any) -> str:
    mode = options.get("mode", arguments[2] if len(arguments) > 2 else "nearest")
    kinds = {"linear": "Linear", "bilinear": "Bilinear", "trilinear": "Trilinear", "bicubic": "Bicubic"}
    return f"Upsample{kinds.get(mode, 'Nearest')}{input.ndim - 2}D"


def _linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> str:
    if input.ndim == 2:
        return "Mm" if bias is None else "Addmm"
    return "UnsafeView" if bias is None else "View"


LOSSES: dict[str, Namer] = {
    "binary_cross_entropy": "BinaryCrossEntropy", "binary_cross_entropy_with_logits": "BinaryCrossEntropyWithLogits",
    "huber_loss": "HuberLoss", "mse_loss": "MseLoss", "smooth_l1_loss": "SmoothL1Loss",
}  # fmt: skip
LAYERS: dict[str, Namer] = {
    "adaptive_avg_pool2d": _adaptive, "conv1d": "Convolution", "conv3d": "Convolution", "fold": "Col2Im", "glu": "Glu",
    "grid_sample": "GridSampler2D", "group_norm": "NativeGroupNorm", "interpolate": _interpolated, "linear": _linear,
    "pixel_shuffle": "PixelShuffle", "prelu": "PreluKernel", "unfold": "Im2Col",
}  # fmt: skip
EVERYWHERE: dict[str, Namer] = {
    "addcdiv": "Addcdiv", "addcmul": "Addcmul", "addmm": "Addmm", "addmv": "Addmv", "baddbmm": "Baddbmm", "bmm": "Bmm",
    "ceil": "Ceil", "chunk": "Split", "cdist": "Cdist", "det": "LinalgDet", "dist": "Dist", "dot": "Dot",
    "floor": "Floor", "index_add": "IndexAdd", "inverse": "LinalgInvEx", "kthvalue": "Kthvalue", "log1p": "Log1P",
    "logsumexp": "Logsumexp", "masked_select": "MaskedSelect", "matmul": _matmul, "max": _by_dim("Max", 1, 0),
    "mean": _by_dim("Mean", 0, 1), "median": "Median", "min": _by_dim("Min", 1, 0), "movedim": "Permute", "mv": "Mv",
    "nansum": "Nansum", "permute": "Permute", "repeat": "Repeat", "round": "Round", "select": "Select", "sign": "Sign",
    "sort": "Sort", "split": "Split", "squeeze": _by_dim("Squeeze", 0, 1), "stack": "Stack",
    "sum": _by_dim("Sum", 0, 1), "swapaxes": "Transpose", "t": "T", "take": "Take", "tile": "Repeat", "topk": "Topk",
    "trace": "Trace", "transpose": "Transpose", "tril": "Tril", "trunc": "Trunc", "unbind": "Unbind",
    "unsqueeze": "Unsqueeze",
}  # fmt: skip
OPERATORS: dict[str, Namer] = {
    "__getitem__": _indexed, "__matmul__": _matmul, "__rmatmul__": _matmul, "__rsub__": "RsubBackward1",
    "__rpow__": "PowBackward2", "__radd__": "Add", "__rmul__": "Mul",
}  # fmt: skip


COPIED = "CopySlices"


def _edge(x: Tensor) -> Any:
    """Where the gradient of a tensor goes: to what made it, to itself if it is a leaf, nowhere."""
    return None if not x.requires_grad else x if x._edge is None else x._edge


def _tensors(arguments: Iterable[Any]) -> list[Any]:
    """Those of the arguments that can be a node's inputs; of lists, what is in them."""
    found: list[Any] = []
    for x in arguments:
        found += _tensors(x) if isinstance(x, tuple | list) else [x] if isinstance(x, Tensor) else []
    return found


def named(function: Any, namer: Namer, operator: bool = False) -> Any:
    """The function, whose results that have a gradient tell its name."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        parts = result if isinstance(result, tuple | list) else (result,)
        for part in parts:
            if not (isinstance(part, Tensor) and part.requires_grad and isinstance(part._edge, Function)):
                continue
            inputs = _tensors((*arguments, *options.values()))
            if any(part._edge is x._edge for x in inputs):
                continue  # the very tensor, or another look at it
            name = namer if isinstance(namer, str) else namer(*arguments, **options)
            # PyTorch adds the bias to a product: x W + b has the inputs b, x, W.
            edges = tuple(map(_edge, inputs if namer is not _linear else (*inputs[2:], *inputs[:2])))
            if operator and len(edges) == 1 and name in ("Add", "Mul"):
                edges = (*edges, None)  # the number
            told[part._edge] = name if "Backward" in name else f"{name}Backward0", edges
        return result

    return call


def _assigned(function: Any) -> Any:
    """`x[i] = v`, after which x comes from a copy into a part of it."""

    @wraps(function)
    def call(self: Tensor, index: Any, value: Any) -> None:
        before = _edge(self)
        function(self, index, value)
        if self.requires_grad and isinstance(self._edge, Function) and _indexed(self, index) != "Index":
            told[self._edge] = COPIED, (before, *map(_edge, _tensors((value,))))

    return call


def _recurrent(kind: Any, name: str) -> None:
    """The outputs of a layer over time, which PyTorch joins from its steps; those of packed sequences stay."""
    forward = kind.forward

    @wraps(forward)
    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        output, state = forward(self, *arguments, **options)
        turned = "TransposeBackward0" if kind is nn.LSTM else "TransposeBackward1"
        joined = turned if self.batch_first else "CatBackward0" if self.bidirectional else f"{name}Backward0"
        states = state if isinstance(state, tuple) else (state,)
        for part, said in ((output, joined), *((h, "StackBackward0") for h in states)):
            if isinstance(part, Tensor) and isinstance(part._edge, Function):
                told[part._edge] = said, part._edge.edges or ()
        return output, state

    kind.forward = call


def speak_nodes() -> None:
    """Let the functions and methods tell their names."""
    for place, table in (("minidl.nn.functional", LOSSES | LAYERS), ("minidl", EVERYWHERE)):
        module: Any = import_module(place)
        layers = [vars(layer) for path, layer in sys.modules.items() if path.startswith("minidl.nn.")]
        for name in table.keys() & vars(module).keys():  # what is loaded later keeps its steps' names
            plain = getattr(module, name)
            for names in (vars(module), *layers):  # layers may have it under its own name
                if names.get(name) is plain:
                    names[name] = named(plain, table[name])
    for name, namer in (EVERYWHERE | OPERATORS).items():
        method: Any = vars(Tensor).get(name)
        if callable(method):
            setattr(Tensor, name, named(method, namer, operator=name in OPERATORS))
    for kind, name in ((nn.LSTM, "MkldnnRnnLayer"), (nn.GRU, "Stack"), (nn.RNN, "Stack")):
        _recurrent(kind, name)
    put: Any = setattr
    put(Tensor, "__setitem__", _assigned(Tensor.__setitem__))
