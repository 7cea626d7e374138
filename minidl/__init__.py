"""minidl: a deep-learning engine to read in an afternoon, with PyTorch's names.

    import minidl as torch

This module holds the names of `torch` itself: making tensors, arithmetic, shapes, `no_grad`. Layers are in
`minidl.nn`, update rules in `minidl.optim`, data sets in `minidl.data`.
"""

# ruff: noqa: F401
import importlib as _importlib
import math as _math

# First the handling of Ctrl-C while the rest is imported; then `methods`, which gives Tensor its methods and
# operators; everything else may then use them.
from . import _starting as _starting  # isort: skip
from .tensors import methods as methods  # isort: skip
from . import _moved, autograd, cuda, nn, optim
from ._version import __version__ as __version__
from .backend import use_backend
from .backend.numpy.threads import get_num_threads, set_num_threads
from .devices import device
from .dtypes import (
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    result_type,
    set_default_dtype,
    uint8,
)
from .engine.function import Function
from .engine.grad_mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .engine.tensor import Tensor
from .errors import MinidlError
from .missing import absent as _absent
from .missing import is_pytorchs as _is_pytorchs
from .ops.activation import celu, relu, selu, sigmoid, tanh
from .ops.arithmetic import (
    add,
    div,
    floor_divide,
    fmod,
    lerp,
    mul,
    neg,
    positive,
    pow,
    reciprocal,
    remainder,
    square,
    sub,
)
from .ops.comparison import (
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    equal,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
)
from .ops.conv import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from .ops.counting import bincount, bucketize, isin, searchsorted, unique
from .ops.cumulative import cumprod
from .ops.distance import cosine_similarity, pairwise_distance, pdist
from .ops.einsum import einsum
from .ops.elementary import (
    abs,
    ceil,
    cos,
    erf,
    exp,
    expm1,
    floor,
    log,
    log1p,
    log2,
    log10,
    round,
    rsqrt,
    sign,
    sin,
    sqrt,
    trunc,
)
from .ops.gated import prelu, rrelu
from .ops.gather import (
    argwhere,
    gather,
    index_select,
    masked_fill,
    masked_select,
    nonzero,
    take_along_dim,
)
from .ops.index import narrow, select
from .ops.join import cat, chunk, concat, concatenate, hstack, split, stack, unbind, vstack
from .ops.linalg import addmm, bmm, dot, matmul, mm, mv, outer
from .ops.order import argmax, argmin, argsort, max, median, min, sort, topk
from .ops.pool1d import adaptive_avg_pool1d, avg_pool1d
from .ops.rearrange import (
    broadcast_tensors,
    cross,
    diag,
    diff,
    kron,
    meshgrid,
    repeat_interleave,
    std_mean,
    tensordot,
    trace,
    var_mean,
)
from .ops.recurrent import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from .ops.reduce import all, amax, amin, any, count_nonzero, cumsum, logsumexp, mean, norm, prod, std, sum, var
from .ops.resize import pixel_shuffle, pixel_unshuffle
from .ops.selection import clamp, maximum, minimum, where
from .ops.shape import (
    broadcast_to,
    clone,
    diagonal,
    flatten,
    flip,
    moveaxis,
    movedim,
    permute,
    ravel,
    reshape,
    roll,
    squeeze,
    swapaxes,
    swapdims,
    t,
    tile,
    transpose,
    tril,
    triu,
    unflatten,
    unsqueeze,
)
from .ops.shrinkage import hardshrink, threshold
from .ops.softmax import log_softmax, softmax
from .ops.trigonometry import acos, acosh, asin, asinh, atan, atan2, atanh, cosh, exp2, sinh, tan
from .proof.gradcheck import gradcheck
from .random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .tensors import later as _later
from .tensors.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from .tensors.gradients import grad
from .tensors.printing import set_printoptions
from .tensors.pt import load_pt, save_pt
from .tensors.safetensors import load_safetensors, save_safetensors
from .tensors.sampling import bernoulli, multinomial, normal, rand, rand_like, randint, randn, randn_like, randperm
from .tensors.saving import load, save

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
bool = bool_

inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e

fix, ger, row_stack = trunc, outer, vstack
absolute, clip, divide, multiply, negative, subtract, true_divide = abs, clamp, div, mul, neg, sub, div
arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh = acos, acosh, asin, asinh, atan, atan2, atanh
greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne


_HOMES = _later.homes(_later.FUNCTIONS)


def __getattr__(name: str) -> object:
    """What loads on first use, because the engine needs none of it: rooms, `judge`, the breadth of PyTorch."""
    if name in ("compress", "data", "distributed", "distributions", "explain", "func", "linalg", "onnx", "utils"):
        return _importlib.import_module(f".{name}", __name__)
    whole = _later.ALIASES.get(name, name)
    if whole in _HOMES:
        globals()[name] = found = getattr(_importlib.import_module(_HOMES[whole]), whole)
        return found
    if name.endswith("_") and name in methods.METHODS and _is_pytorchs(__name__, name):
        return methods.METHODS[name]  # torch.exp_(x) is x.exp_()
    if name == "judge":
        return _importlib.import_module(".explain.teaching.judge.notebook", __name__).judge
    raise _absent(f"module 'minidl' has no attribute {name!r}", "minidl", name, __dir__)


def __dir__() -> list[str]:
    """The names of this module, those that load on first use included."""
    return sorted({*globals(), *_HOMES, *_later.ALIASES})


def is_tensor(obj: object) -> bool_:  # type: ignore[valid-type]
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool_:  # type: ignore[valid-type]
    """Whether the input's dtype is float16, float32 or float64."""
    return input.is_floating_point()


def numel(input: Tensor) -> int:  # type: ignore[valid-type]
    """The number of elements."""
    return input.numel()


_moved.install()
