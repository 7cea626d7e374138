"""How things look in PyTorch: `torch.Size([2, 3])`, `torch.float32`, `<MulBackward0>`."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from ..backend import use_backend
from ..devices import device
from ..dtypes import SUPPORTED, DType
from ..engine.function import Function
from ..engine.tensor import Output, Tensor
from ..errors import MinidlError
from ..linalg import determinants, eigenvalues, factors, inverses, singular
from ..nn.parameter import Parameter
from ..nn.state import IncompatibleKeys
from ..ops import order
from ..ops.breadth import running, statistics
from ..random import Generator
from ..tensors import printing
from .nodes import COPIED, told


class Size(tuple[int, ...]):
    """A shape: a tuple that knows its number of elements and prints as PyTorch's.

    >>> Size((2, 3)), Size((2, 3)).numel(), Size((2, 3))[1:], Size((2, 3)) == (2, 3)
    (torch.Size([2, 3]), 6, torch.Size([3]), True)
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return Size(part) if isinstance(index, slice) else part

    def __add__(self, other: Any) -> Any:
        return Size((*self, *other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Any:
        return Size(super().__mul__(times))

    __rmul__ = __mul__


class Format:
    """A way to lay out memory: minidl chooses its own, so a wish for one changes nothing but speed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


strided = Format("strided")
FORMATS = [Format(name) for name in ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")]


class dtype:
    """An element type under PyTorch's name; NumPy and minidl take it for their own of that name.

    >>> dtype(np.dtype("float32")), dtype(np.dtype("float32")) == np.dtype("float32")
    (torch.float32, True)
    """

    __slots__ = ("_known", "name")

    def __init__(self, known: Any) -> None:
        self._known, self.name = known, known.name

    @property
    def dtype(self) -> DType:
        """NumPy's: by this attribute, it takes the object for a dtype."""
        return self._known

    @property
    def type(self) -> Any:
        """NumPy's type of one element, which second derivatives ask for."""
        return self._known.type

    @property
    def kind(self) -> str:
        """NumPy's letter for the kind of number: b, i, u or f."""
        return self._known.kind

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self._known.itemsize

    @property
    def is_floating_point(self) -> bool:
        """Whether it holds fractions."""
        return self._known.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Always False: minidl has no complex numbers."""
        return False

    @property
    def is_signed(self) -> bool:
        """Whether it holds negative numbers."""
        return self._known.kind in "if"

    def __eq__(self, other: object) -> bool:
        return self._known == (other._known if isinstance(other, dtype) else other)

    def __hash__(self) -> int:
        return hash(self._known)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> Any:
        return dtype_named, (self.name,)


class LeftOut(dtype):
    """A dtype of PyTorch's that minidl leaves out: it can be named, but nothing can have it."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def _known(self) -> DType:
        instead = "torch.float16 or torch.float32" if self.name == "bfloat16" else "a dtype of NumPy's real numbers"
        raise MinidlError(f"torch.{self.name} is left out of minidl; use {instead}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LeftOut) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


DTYPES: dict[Any, dtype] = {known: dtype(known) for known in SUPPORTED}
LEFT_OUT = {
    name: LeftOut(name)
    for name in (
        "bfloat16", "complex32", "complex64", "complex128", "qint8", "quint8", "qint32", "uint16", "uint32", "uint64",
        "float8_e4m3fn", "float8_e5m2",
    )
}  # fmt: skip


def dtype_named(name: str) -> dtype:
    """The dtype of that name."""
    return LEFT_OUT[name] if name in LEFT_OUT else DTYPES[np.dtype(name)]


class AccumulateGrad:
    """The end of the graph at a leaf: what arrives here is added to `variable.grad`."""

    next_functions: tuple[Any, ...] = ()

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        """PyTorch's name of this node."""
        return "torch::autograd::AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


# Operations that PyTorch divides otherwise, or calls otherwise.
_NAMES = {
    "AbsoluteError": "L1Loss", "AddScaled": "Add", "AvgPool2d": "AvgPool2D", "Cast": "ToCopy", "Chosen": "Max",
    "Clamp": "ClampBackward1", "Conv2d": "Convolution", "ConvTranspose2d": "Convolution",
    "CrossEntropy": "NllLoss", "Dropout": "Mul", "KlDivergence": "KlDiv", "Linear": "Addmm", "MatMul": "Mm",
    "MaxPool2d": "MaxPool2DWithIndices", "NegativeLogLikelihood": "NllLoss", "Norm": "LinalgVectorNorm",
    "Normalize": "NativeLayerNorm", "NormalizeChannels": "NativeBatchNorm",
    "Overwritten": COPIED, "Pad": "ConstantPadNd",
    "Permute": "T", "Put": "IndexPut", "Replace": "Copy", "Reshape": "View", "SquaredError": "MseLoss",
    "Standardize": "NativeBatchNorm", "Take": "Index", "TakeAlong": "Gather", "Triangle": "Triu",
}  # fmt: skip


# Operations to which PyTorch gives numbers, indices, masks and classes as settings, not as inputs.
_WITHOUT_CONSTANTS = {
    "Clamp", "CrossEntropy", "Gather", "Embedding", "IndexSelect", "MaskedFill", "NegativeLogLikelihood", "Pow", "Take",
    "TakeAlong", "Where",
}  # fmt: skip


def backward_name(function: Any) -> str:
    """PyTorch's name for the node of an operation, such as MulBackward0; "SquareBackward" for one of your own."""
    if function in told:
        return told[function][0]
    kind = type(function).__name__
    if not type(function).__module__.startswith("minidl."):
        return f"{kind}Backward"
    name = _NAMES.get(kind, kind)
    return name if "Backward" in name or name == COPIED else f"{name}Backward0"


def _told(function: Any) -> str:
    name = backward_name(function)
    return f"torch::autograd::{name}" if name == COPIED else name


def _shown(function: Any) -> str:
    own = type(function).__module__.startswith("minidl.")
    return f"<{'' if own else 'torch.autograd.function.'}{backward_name(function)} object at {id(function):#x}>"


def next_functions(function: Function) -> tuple[tuple[Any, int], ...]:
    """For each input, the node that its gradient goes to and which of its outputs it is; None for a constant."""
    edges: Any = told[function][1] if function in told else function.edges or ()
    if type(function).__name__ in _WITHOUT_CONSTANTS:
        edges = [edge for edge in edges if edge is not None]
    return tuple(map(_next, edges))


def _next(edge: Any) -> tuple[Any, int]:
    if isinstance(edge, Output):
        return edge.node, edge.place
    return (AccumulateGrad(edge) if isinstance(edge, Tensor) else edge), 0


def several(self: Any) -> str:
    """The values and places that a function such as `max` returns, as PyTorch prints them."""
    name = type(self).__name__.removesuffix("Result").lower()
    name = f"linalg_{name}" if type(self).__module__.startswith("minidl.linalg") else name
    return (
        f"torch.return_types.{name}(\n"
        + ",\n".join(f"{field}={value!r}" for field, value in self._asdict().items())
        + ")"
    )


def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the length of dimension `dim`."""
    return Size(self._array.shape) if dim is None else _plain_size(self, dim)


_plain_size: Any = Tensor.size


def loaded(self: IncompatibleKeys) -> str:
    """What `load_state_dict` returns, as PyTorch prints it."""
    text = _plain_keys(self)
    return text if text.startswith("<") else f"_{text}"


for _kind in (Size, dtype, LeftOut):
    _kind.__module__ = "torch"


_plain_keys: Any = IncompatibleKeys.__repr__


_places = threading.local()


def _enter(self: device) -> device:
    """`with torch.device("cpu"):` makes new tensors there."""
    context = use_backend(self.type)
    context.__enter__()
    _places.entered = [*getattr(_places, "entered", ()), context]
    return self


def _exit(self: device, *error: Any) -> None:
    _places.entered.pop().__exit__(*error)


def look_like_pytorch() -> None:
    """Let shapes, dtypes and operations print, and answer, as PyTorch's."""
    put: Any = setattr
    put(Tensor, "shape", property(lambda self: Size(self._array.shape), doc="The length of each dimension."))
    put(Tensor, "dtype", property(lambda self: DTYPES[self._array.dtype], doc="The element type."))
    put(Tensor, "size", size)
    put(Function, "next_functions", property(next_functions))
    put(Function, "name", _told)
    put(Function, "__repr__", _shown)
    for room in (order, running, statistics, determinants, eigenvalues, factors, inverses, singular):
        for name, kind in vars(room).items():
            if name.endswith("Result"):
                put(kind, "__repr__", several)
    put(Tensor, "__module__", "torch")
    put(device, "__module__", "torch")
    put(Generator, "__module__", "torch._C")
    put(device, "__enter__", _enter)
    put(device, "__exit__", _exit)
    put(Parameter, "__module__", "torch.nn.parameter")
    put(IncompatibleKeys, "__repr__", loaded)
    printing.options.module = "torch"
    put(printing.options, "operation", backward_name)
