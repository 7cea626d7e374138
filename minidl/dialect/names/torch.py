"""Names of `torch` itself beside those of minidl: types, dtypes, questions about the machine, files."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes, linalg, random
from ...backend import current_backend, use_backend
from ...cuda import is_available
from ...devices import device
from ...engine.grad_mode import no_grad
from ...engine.tensor import Tensor
from ...errors import ArgumentError, ShapeError, UnsupportedError, refuse
from ...tensors.creation import as_tensor, tensor
from ..look import DTYPES, FORMATS, LEFT_OUT, Format, Size, dtype, several, strided
from ..saving import load, save
from ..typed import TYPES, type_named
from .version import __version__

__all__ = [
    "Generator", "Size", "__version__", "are_deterministic_algorithms_enabled", "asarray", "autocast",
    "broadcast_shapes", "chain_matmul", "detach", "svd",
    "bfloat16", "bool", "channels_last", "channels_last_3d",
    "complex64", "complex128", "contiguous_format", "device", "double", "dtype",
    "finfo", "float", "float16", "float32", "float64", "get_default_device", "get_default_dtype",
    "get_float32_matmul_precision", "half", "iinfo", "inference_mode", "int", "int8",
    "int16", "int32", "int64", "is_inference_mode_enabled", "load", "long", "memory_format", "newaxis",
    "preserve_format", "promote_types", "result_type", "save", "set_default_device",
    "range", "real", "set_default_tensor_type", "set_float32_matmul_precision", "short", "strided", "typename", "uint8",
    "use_deterministic_algorithms", *TYPES["cpu"],
]  # fmt: skip

_int = int  # Python's; torch.int is a dtype
globals().update(TYPES["cpu"])
globals().update(LEFT_OUT)
bfloat16, complex64, complex128 = (LEFT_OUT[name] for name in ("bfloat16", "complex64", "complex128"))
float16, float32, float64 = (DTYPES[known] for known in (dtypes.float16, dtypes.float32, dtypes.float64))
int8, int16, int32, int64 = (DTYPES[known] for known in (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64))
uint8, bool = DTYPES[dtypes.uint8], DTYPES[dtypes.bool_]
half, float, double, short, int, long = float16, float32, float64, int16, int32, int64
newaxis = None


class inference_mode(no_grad):
    """`no_grad` under PyTorch's newer name; `mode=False` records as usual."""

    def __new__(cls, mode: Any = True) -> Any:
        if callable(mode):
            return cls()(mode)
        return object.__new__(cls)

    def __init__(self, mode: Any = True) -> None:
        self.mode = not mode

    def _again(self) -> inference_mode:
        return inference_mode(not self.mode)

    def __enter__(self) -> None:
        if not self.mode:
            super().__enter__()

    def __exit__(self, *error: object) -> None:
        if not self.mode:
            super().__exit__(*error)


def is_inference_mode_enabled() -> Any:
    """Always False: tensors made under `inference_mode` are ordinary ones."""
    return False


class Generator(random.Generator):
    """A stream of random numbers; they are drawn on the host for every device."""

    def __init__(self, device: Any = "cpu") -> None:
        super().__init__(67280421310721)  # PyTorch's seed of a new generator
        self.device = _device(device)

    def seed(self) -> Any:
        """Start over from a random seed, which is returned."""
        self.manual_seed(random.Generator().initial_seed())
        return self.initial_seed()


_device = device


memory_format = layout = Format
contiguous_format, preserve_format, channels_last, channels_last_3d = FORMATS


class _Info:
    """The limits of a dtype, as Python numbers."""

    def __init__(self, type: Any = None) -> None:
        known = dtypes.get_default_dtype() if type is None else dtypes.as_dtype(type)
        self._fill(known)
        self.bits, self.dtype = known.itemsize * 8, known.name

    def _fill(self, known: Any) -> None:
        raise NotImplementedError

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:g}" for name, value in vars(self).items() if name not in ("bits", "dtype"))
        return f"{type(self).__name__}({shown}, dtype={self.dtype})"


class finfo(_Info):
    """The limits of a floating dtype: min, max, eps, tiny, smallest_normal, resolution, bits."""

    def _fill(self, known: Any) -> None:
        limits = np.finfo(known)
        for name in ("resolution", "min", "max", "eps", "smallest_normal", "tiny"):
            setattr(self, name, getattr(limits, name).item())


class iinfo(_Info):
    """The limits of an integer dtype: min, max, bits."""

    def _fill(self, known: Any) -> None:
        limits = np.iinfo(known)
        self.min, self.max = limits.min, limits.max


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats."""
    return DTYPES[dtypes.get_default_dtype()]


def promote_types(type1: Any, type2: Any) -> dtype:
    """The smallest dtype of the higher category that holds both."""
    return DTYPES[dtypes.promote_types(dtypes.as_dtype(type1), dtypes.as_dtype(type2))]


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of an operation on two tensors or numbers."""
    return DTYPES[dtypes.result_type(*(x._array if isinstance(x, Tensor) else x for x in (tensor1, tensor2)))]


def set_default_tensor_type(t: Any) -> None:
    """Make the type's dtype and device those of new tensors, with PyTorch's warning."""
    kind = type_named(t)
    if kind is None:
        raise ArgumentError(f"set_default_tensor_type: takes a type such as torch.FloatTensor or its name; got {t!r}")
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
        UserWarning,
        stacklevel=2,
    )
    dtypes.set_default_dtype(kind.dtype)
    set_default_device(kind.place)


def set_default_device(device: Any) -> None:
    """Make new tensors there; BackendError, with the reason, if it cannot be used. None: on the host."""
    use_backend(_device("cpu" if device is None else device).type)


def get_default_device() -> device:
    """Where new tensors are made."""
    return _device(current_backend().device)


def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: Any = None, requires_grad: Any = False) -> Tensor:
    """A tensor of `obj`, sharing its memory where that is possible; `copy=True`: never."""
    found = as_tensor(obj, dtype=dtype, device=device)
    if copy is False and not isinstance(obj, (Tensor, np.ndarray)):
        raise ArgumentError(f"asarray: copy=False, but {type(obj).__name__} has no memory to share")
    return (found.clone() if copy else found).requires_grad_(requires_grad) if requires_grad or copy else found


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape to which these are broadcast. ShapeError if they do not fit."""
    listed = [(shape,) if isinstance(shape, _int) else tuple(shape) for shape in shapes]
    try:
        return Size(np.broadcast_shapes(*listed))
    except ValueError:
        raise ShapeError(
            f"broadcast_shapes: {', '.join(map(str, listed))} do not fit; lengths must be equal or 1"
        ) from None


def chain_matmul(*matrices: Any) -> Tensor:
    """`linalg.multi_dot` under its old name, with PyTorch's warning."""
    warnings.warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters.",
        UserWarning,
        stacklevel=2,
    )
    return linalg.multi_dot(matrices)


def real(input: Tensor) -> Tensor:
    """The input: minidl's numbers are real."""
    return input


def range(
    start: Any, end: Any, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: Any = False
) -> Tensor:
    """start, start + step, ... up to `end`, which is the last one if a step falls on it; with PyTorch's warning."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"range: no step of {step} leads from {start} to {end}")
    count = _int((end - start) / step) + 1
    values = np.arange(count) * step + start
    chosen = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return tensor(values.astype(chosen), device=device, requires_grad=requires_grad)


def detach(input: Tensor) -> Tensor:
    """`input.detach()`"""
    return input.detach()


def use_deterministic_algorithms(mode: Any, *, warn_only: Any = False) -> None:
    """Nothing to do: minidl's operations give the same bits every time. UnsupportedError for warn_only."""
    if warn_only:
        raise UnsupportedError("use_deterministic_algorithms: warn_only is left out of minidl; nothing would warn")


def are_deterministic_algorithms_enabled() -> Any:
    """Always True."""
    return True


def set_float32_matmul_precision(precision: str) -> None:
    """A permission to compute less exactly, which minidl does not use."""
    if precision not in ("highest", "high", "medium"):
        raise ArgumentError(f"set_float32_matmul_precision: 'highest', 'high' or 'medium'; got {precision!r}")


def get_float32_matmul_precision() -> str:
    """Always "highest": float32 is computed in float32."""
    return "highest"


class SvdResult(NamedTuple):
    """U, S and V of a matrix."""

    U: Tensor
    S: Tensor
    V: Tensor


SvdResult.__repr__ = several  # type: ignore[method-assign]


def svd(input: Tensor, some: Any = True, compute_uv: Any = True) -> SvdResult:
    """U, S and V (not its transpose) of input = U diag(S) Vᵀ; `some=False` is left out of minidl."""
    refuse("svd", some=None if some else "False", compute_uv=None if compute_uv else "False")
    u, s, vh = linalg.svd(input, full_matrices=False)
    return SvdResult(u, s, vh.transpose(-2, -1))


def typename(obj: Any) -> str:
    """The type of a tensor, or the full name of another object's."""
    return obj.type() if isinstance(obj, Tensor) else f"{type(obj).__module__}.{type(obj).__qualname__}"


def autocast(
    device_type: str = "cuda", dtype: Any = None, enabled: Any = True, cache_enabled: Any = None
) -> contextlib.AbstractContextManager[None]:
    """A context in which nothing changes, if it is not enabled, or meant for a GPU that is not there.

    UnsupportedError otherwise.
    """
    if enabled and device_type == "cuda" and not is_available():
        warnings.warn("CUDA is not available. Disabling autocast.", stacklevel=2)
    elif enabled:
        raise UnsupportedError(
            "autocast is left out of minidl; use model.half(), or enabled=False: numbers are float32 then"
        )
    return contextlib.nullcontext()
