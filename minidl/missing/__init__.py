"""Errors for missing names: whether it is PyTorch's, and what to use instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any

INSTEAD = {
    "autocast": "model.half(), or nothing: numbers are float32",
    "bfloat16": "float16",
    "compile": "nothing: operations run as they are called",
    "complex64": "two real tensors",
    "complex128": "two real tensors",
    "data_ptr": "x.array, the raw array",
    "angle": "atan2 of two real tensors",
    "complex": "two real tensors",
    "SparseAdam": "Adam",
    "CrossMapLRN2d": "LocalResponseNorm: the gradients of PyTorch's CrossMapLRN2d are not those of its values",
    "as_strided": "views by slicing, unfold, diagonal or expand",
    "compiler": "nothing: operations run as they are called",
    "benchmark": "Python's timeit, or minidl bench",
    "export": "minidl.onnx.export(model, inputs, FILE)",
    "forward_ad": "torch.func.jvp",
    "fx": "module hooks, or minidl.explain",
    "graph": "torch.utils.checkpoint, which computes again what it does not keep; Tensor.register_hook",
    "hub": "a file of weights: load(FILE), load_state_dict",
    "inv_ex": "linalg.inv, whose error says why",
    "cholesky_ex": "linalg.cholesky, whose error says why",
    "ldl_factor": "linalg.cholesky, or linalg.eigh",
    "masked": "where and masked_fill",
    "mps": "the NumPy and CuPy backends",
    "multiprocessing": "Python's multiprocessing; DataLoader(num_workers=N) for data",
    "nested": "nn.utils.rnn.pad_sequence and pack_padded_sequence",
    "ormqr": "linalg.householder_product, and a product of matrices",
    "profiler": "minidl bench, or Python's cProfile",
    "register_backward_hook": "register_full_backward_hook",
    "special": "erfinv, lgamma, digamma, xlogy, logit, sinc and others under their own names",
    "eig": "linalg.eigh for symmetric matrices; other eigenvalues are complex numbers",
    "eigvals": "eigvalsh for symmetric matrices; other eigenvalues are complex numbers",
    "fft": "a convolution, or numpy.fft on x.numpy(): there are no complex numbers, and so no gradients of them",
    "istft": "numpy.fft on x.numpy(): there are no complex numbers",
    "lstsq": "linalg.lstsq",
    "matrix_rank": "linalg.matrix_rank",
    "polar": "two real tensors",
    "qr": "linalg.qr",
    "stft": "unfold and numpy.fft on x.numpy(): there are no complex numbers",
    "symeig": "linalg.eigh",
    "triangular_solve": "linalg.solve_triangular",
    "DataParallel": "nothing: minidl trains on one device",
    "inference_mode": "no_grad()",
    "IterableDataset": "a Dataset with len() and [index]",
    "jit": "nothing: operations run as they are called",
    "Size": "a tuple",
    "quantization": "half()",
    "quantize_per_tensor": "half()",
    "sparse": "zeros and a mask; Embedding for one-hot products",
    "sparse_coo_tensor": "zeros and index_put",
    "vmap": "operations on a batch dimension",
    "utils": "minidl.data for torch.utils.data",
}
_NETS = (
    "AlexNet MobileNet_V2 ResNeXt50_32X4D ResNet101 ResNet152 ResNet18 ResNet34 ResNet50 SqueezeNet1_0 SqueezeNet1_1 "
    "VGG11 VGG11_BN VGG13 VGG13_BN VGG16 VGG16_BN VGG19 VGG19_BN Wide_ResNet50_2"
)
for _net in _NETS.split():
    INSTEAD[f"{_net}_Weights"] = "model.load_state_dict(minidl.load_pt(FILE)), as no weights are downloaded"
for _kind in ("Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short"):
    INSTEAD[f"{_kind}Tensor"] = "tensor(..., dtype=...)"


@cache
def _of_pytorch(room: str) -> frozenset[str]:
    """PyTorch's names for that module; read only when something is missing."""
    from .names import NAMES

    return frozenset(NAMES[room].split())


def is_pytorchs(room: str, name: str) -> bool:
    """Whether PyTorch's module, which stands where `room` does, has that name."""
    return name in _of_pytorch(room)


def absent(words: str, room: str, name: str, have: Callable[[], Iterable[str]]) -> AttributeError:
    """The error for `name`, which begins with Python's `words`; `have` gives the existing names.

    >>> words = "module 'minidl.optim' has no attribute 'SparseAdam'"
    >>> print(absent(words, "minidl.optim", "SparseAdam", lambda: ["Adam"]))
    module 'minidl.optim' has no attribute 'SparseAdam': it is PyTorch's, but left out of minidl; there is: Adam
    """
    if name.startswith("_") or name not in _of_pytorch(room):
        return AttributeError(words)
    public = sorted(other for other in have() if not other.startswith("_"))
    close = get_close_matches(name, public, 4, 0.6) or (public if len(public) < 20 else [])
    instead = INSTEAD.get(name) or ", ".join(close)
    hint = f"there is: {instead}" if instead else f"dir({room}) lists what there is"
    return AttributeError(f"{words}: it is PyTorch's, but left out of minidl; {hint}")


def of_module(
    room: str, names: dict[str, Any], later: dict[str, str] | None = None, within: str | None = None
) -> Callable[[str], Any]:
    """A `__getattr__` for the module `room` with these global names.

    `later` lists, for each file of the room (or of the package `within`) that is loaded only when it is needed, the
    names that it holds.
    """
    homes = {name: file for file, held in (later or {}).items() for name in held.split()}

    def __getattr__(name: str) -> Any:
        if name in homes:
            names[name] = value = getattr(import_module(f"{within or room}.{homes[name]}"), name)
            return value
        raise absent(f"module {room!r} has no attribute {name!r}", room, name, lambda: names.get("__all__", names))

    return __getattr__


def of_object(kind: str) -> Callable[[object, str], object]:
    """A `__getattr__` for the objects that PyTorch calls a `kind`: a Tensor, a Module, an Optimizer."""

    def __getattr__(self: object, name: str) -> object:
        if hasattr(type(self), name):  # a property that failed: its own error tells why
            return object.__getattribute__(self, name)
        words = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise absent(words, kind, name, lambda: dir(type(self)))

    return __getattr__
