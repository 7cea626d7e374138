"""Initial weights: fill a tensor in place and return it; nothing is recorded.

Numbers are drawn on the host in float64 from `generator` (else the default one, see `minidl.manual_seed`) and
rounded to the tensor's dtype, so that a seed gives the same weights on every backend.

For a weight (O, I, ...) of layers, fan_in = I * (taps) is the number of inputs that one output sums over, and
fan_out = O * (taps). Xavier: Glorot & Bengio 2010. Kaiming: He et al. 2015.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.inplace import overwrite
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, ShapeError
from ..missing import of_module as _of_module
from ..random import Generator, generator_or_default

LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


def _fill(name: str, tensor: Tensor, values: Any) -> Tensor:
    """Copy host values into the tensor."""
    if not isinstance(tensor, Tensor):
        raise DtypeError(f"init.{name}: a Tensor is expected; got {type(tensor).__name__}")
    overwrite(tensor, backend_of(tensor._array).asarray(np.asarray(values), tensor.dtype))
    return tensor


def _shape(name: str, tensor: Tensor) -> tuple[int, ...]:
    """The shape of a tensor, after checking that it can hold random numbers."""
    if not isinstance(tensor, Tensor):
        raise DtypeError(f"init.{name}: a Tensor is expected; got {type(tensor).__name__}")
    if tensor.dtype.kind != "f":
        raise DtypeError(f"init.{name}: a tensor of a floating dtype is expected; got {tensor.dtype}")
    return tensor.shape


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with U(a, b). ArgumentError if a > b."""
    shape = _shape("uniform_", tensor)
    if not a <= b:
        raise ArgumentError(f"init.uniform_: a <= b is expected; got a={a}, b={b}")
    return _fill("uniform_", tensor, generator_or_default(generator).uniform(a, b, shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with N(mean, std²). ArgumentError if std < 0."""
    shape = _shape("normal_", tensor)
    if not std >= 0:
        raise ArgumentError(f"init.normal_: std >= 0 is expected; got {std}")
    return _fill("normal_", tensor, generator_or_default(generator).normal(mean, std, shape))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with N(mean, std²) conditioned on [a, b]: by rejection from the normal or uniform, whichever accepts more.

    ArgumentError if std <= 0 or a >= b.
    """
    shape = _shape("trunc_normal_", tensor)
    if not (std > 0 and a < b):
        raise ArgumentError(f"init.trunc_normal_: std > 0 and a < b are expected; got std={std}, a={a}, b={b}")
    random = generator_or_default(generator)
    mode = min(max(mean, a), b)  # where the density is highest in [a, b]
    often = math.erf((b - mean) / std / math.sqrt(2)) - math.erf((a - mean) / std / math.sqrt(2)) > 0.6
    values = np.empty(math.prod(shape))
    waiting = np.arange(values.size)
    while waiting.size:
        if often:
            drawn = random.normal(mean, std, waiting.size)
            accepted = (drawn >= a) & (drawn <= b)
        else:
            drawn = random.uniform(a, b, waiting.size)
            log_density = ((mode - mean) ** 2 - (drawn - mean) ** 2) / (2 * std**2)
            accepted = np.log1p(-random.random(waiting.size)) <= log_density
        values[waiting[accepted]] = drawn[accepted]
        waiting = waiting[~accepted]
    low, high = np.asarray([a, b], tensor.dtype)  # rounding to the dtype must not leave [a, b]
    return _fill("trunc_normal_", tensor, values.astype(tensor.dtype).clip(low, high).reshape(shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with `val`."""
    return _fill("constant_", tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return _fill("zeros_", tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return _fill("ones_", tensor, 1)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: 1 where the row is the column, else 0. ShapeError unless 2-dimensional."""
    if tensor.ndim != 2:
        raise ShapeError(f"init.eye_: a tensor of 2 dimensions is expected; got shape {tensor.shape}")
    return _fill("eye_", tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight (O, I, ...) so that it passes its input on, for as many channels as possible.

    ShapeError unless it has 3 to 5 dimensions and `groups` divides O.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ShapeError(f"init.dirac_: a tensor of 3, 4 or 5 dimensions is expected; got shape {tensor.shape}")
    if groups < 1 or tensor.shape[0] % groups:
        raise ShapeError(f"init.dirac_: {groups} groups do not divide the {tensor.shape[0]} output channels")
    values = np.zeros(tensor.shape)
    per_group = tensor.shape[0] // groups
    centre = tuple(length // 2 for length in tensor.shape[2:])
    for g in range(groups):
        for d in range(min(per_group, tensor.shape[1])):
            values[(g * per_group + d, d, *centre)] = 1
    return _fill("dirac_", tensor, values)


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (O, I, ...). ShapeError if it has fewer than 2 dimensions."""
    if tensor.ndim < 2:
        raise ShapeError(
            f"init: fan_in and fan_out need a weight of 2 or more dimensions; got shape {tensor.shape}; "
            "use uniform_, normal_ or zeros_ for a bias"
        )
    taps = math.prod(tensor.shape[2:])
    return tensor.shape[1] * taps, tensor.shape[0] * taps


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights before this nonlinearity have a larger standard deviation, to keep signals alive.

    `param` is the negative slope of "leaky_relu" (0.01 if None). ArgumentError for an unknown name.

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity in LINEAR or nonlinearity == "sigmoid":
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, int | float | None):
            raise ArgumentError(f"calculate_gain: the negative slope must be a number; got {param!r}")
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    known = ", ".join((*LINEAR, "sigmoid", "tanh", "relu", "leaky_relu", "selu"))
    raise ArgumentError(f"calculate_gain: the nonlinearity {nonlinearity!r} is unknown; use one of {known}")


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """U(-a, a) with a = gain * sqrt(6 / (fan_in + fan_out))."""
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """N(0, std²) with std = gain * sqrt(2 / (fan_in + fan_out))."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """U(-b, b) with b = gain * sqrt(3 / fan); `a` is the negative slope of leaky_relu."""
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """N(0, std²) with std = gain / sqrt(fan); `a` is the negative slope of leaky_relu."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A random (semi-)orthogonal matrix times `gain`; dimensions after the first are flattened into one.

    ShapeError if it has fewer than 2 dimensions. Source: Saxe et al. 2013.
    """
    shape = _shape("orthogonal_", tensor)
    if tensor.ndim < 2:
        raise ShapeError(f"init.orthogonal_: a tensor of 2 or more dimensions is expected; got shape {shape}")
    if 0 in shape:
        return tensor
    rows, columns = shape[0], math.prod(shape[1:])
    drawn = generator_or_default(generator).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q *= np.sign(np.diag(r))  # makes the distribution uniform over orthogonal matrices
    return _fill("orthogonal_", tensor, gain * (q if rows >= columns else q.T).reshape(shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal numbers of that `std`, with a share `sparsity` of each column (rounded up) set to 0.

    ShapeError if it has not 2 dimensions. Source: Martens 2010.
    """
    shape = _shape("sparse_", tensor)
    if tensor.ndim != 2:
        raise ShapeError(f"init.sparse_: a tensor of 2 dimensions is expected; got shape {shape}")
    if not 0 <= sparsity <= 1:
        raise ArgumentError(f"init.sparse_: sparsity must be between 0 and 1; got {sparsity!r}")
    random = generator_or_default(generator)
    drawn = random.normal(scale=std, size=shape)
    order = random.permuted(np.broadcast_to(np.arange(shape[0])[:, None], shape), axis=0)
    drawn[order < math.ceil(sparsity * shape[0])] = 0
    return _fill("sparse_", tensor, drawn)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = fans(tensor)
    return gain * math.sqrt(2.0 / max(fan_in + fan_out, 1))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    mode = str(mode).lower()
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"init: the mode {mode!r} is unknown; use 'fan_in' or 'fan_out'")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


__getattr__ = _of_module(__name__, globals())
