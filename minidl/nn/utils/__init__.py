"""Clipping gradients, parameters as one vector, weights made anew (`parametrize`) or 0 (`prune`); lengths (`rnn`)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from importlib import import_module as _import_module
from typing import Any

from ...backend import backend_of
from ...dtypes import float16, float32, promote_types
from ...engine.inplace import overwrite
from ...engine.tensor import Tensor, wrap
from ...errors import ArgumentError, DtypeError, ShapeError, refuse
from ...missing import of_module as _of_module
from ...ops.join import cat
from ...ops.shape import reshape
from ...tensors.creation import tensor
from ..parameter import listed
from . import rnn as rnn


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by max_norm / total norm if that is below 1, in place, and return the total norm before.

    The total norm is that of all gradients as one vector: (Σ |g|ᵖ)^(1/p), the largest |g| for p = inf. With
    `error_if_nonfinite`, ArgumentError if it is inf or NaN.
    """
    refuse("clip_grad_norm_", foreach=foreach)
    gradients = _gradients("clip_grad_norm_", parameters)
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    backend = backend_of(total._array)
    with backend.quiet():
        factor = backend.xp.minimum(float(max_norm) / (total._array + 1e-6), 1.0)
        for gradient in gradients:
            overwrite(gradient, gradient._array * factor.astype(gradient.dtype))
    return total


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors as one vector; 0 for none."""
    refuse("get_total_norm", foreach=foreach)
    given, p = listed("get_total_norm", tensors), float(norm_type)
    if not given:
        return tensor(0.0)
    dtype = given[0].dtype
    for other in given:
        dtype = promote_types(dtype, other.dtype)
    backend = backend_of(given[0]._array)
    xp, wide = backend.xp, float32 if dtype == float16 else dtype
    with backend.quiet():
        norms = xp.stack([_norm(xp, other._array.astype(wide, copy=False), p) for other in given])
        total = wrap(backend.asarray(_norm(xp, norms, p)).astype(dtype))
    if error_if_nonfinite and not bool(xp.isfinite(total._array)):
        raise ArgumentError(
            f"the total norm of order {p} of the gradients is {float(total._array)}, so they cannot be clipped; "
            "find where they overflow, or leave error_if_nonfinite=False"
        )
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Clip every element of all gradients to [-clip_value, clip_value], in place."""
    refuse("clip_grad_value_", foreach=foreach)
    limit = float(clip_value)
    for gradient in _gradients("clip_grad_value_", parameters):
        overwrite(gradient, gradient._array.clip(-limit, limit))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters joined into one 1-dimensional tensor, in the graph."""
    return cat([reshape(parameter, (-1,)) for parameter in listed("parameters_to_vector", parameters)])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the parts of `vec` into the parameters: the inverse of `parameters_to_vector`.

    ShapeError if it has too few elements, DtypeError if it has another dtype.
    """
    if not isinstance(vec, Tensor):
        raise DtypeError(f"vector_to_parameters: a Tensor is expected; got {type(vec).__name__}")
    targets = listed("vector_to_parameters", parameters)
    sizes = [parameter._array.size for parameter in targets]
    if vec.ndim != 1 or vec.shape[0] < sum(sizes):
        raise ShapeError(f"vector_to_parameters: a vector of {sum(sizes)} elements is expected; got shape {vec.shape}")
    for parameter in targets:
        if parameter.dtype != vec.dtype:
            raise DtypeError(f"vector_to_parameters: a vector of {vec.dtype} for a parameter of {parameter.dtype}")
    start = 0
    for parameter, size in zip(targets, sizes):
        overwrite(parameter, vec._array[start : start + size].reshape(parameter.shape))
        start += size


def _gradients(function: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients that exist. UserWarning for an exhausted iterator, such as model.parameters() used twice."""
    given = listed(function, parameters)
    if not given and isinstance(parameters, Iterator):
        warnings.warn(
            f"{function}: the iterator of parameters is used up, so nothing is clipped; call model.parameters() again, "
            "or keep list(model.parameters())",
            UserWarning,
            stacklevel=3,
        )
    return [parameter.grad for parameter in given if parameter.grad is not None]


def _norm(xp: Any, x: Any, p: float) -> Any:
    """(Σ |x|ᵖ)^(1/p) of all elements; the largest or smallest |x| for p = ±inf, how many are not 0 for p = 0."""
    size = abs(x)
    if p == float("inf"):
        return size.max() if size.size else xp.zeros((), size.dtype)
    if p == float("-inf"):
        return size.min() if size.size else xp.full((), float("inf"), size.dtype)
    if p == 0:
        return (size != 0).sum().astype(size.dtype)
    if p == 2:
        return xp.sqrt((size * size).sum())
    return (size**p).sum() ** (1 / p)


_LATER = {"reweighted": "remove_spectral_norm remove_weight_norm spectral_norm weight_norm"}

_held_later = _of_module(__name__, globals(), _LATER)


def __getattr__(name: str) -> Any:
    if name in ("parametrizations", "parametrize", "prune"):
        return _import_module(f"{__name__}.{name}")
    return _held_later(name)
