"""Attention: each query mixes the values, by how well their keys match it."""

from __future__ import annotations

import math
from math import prod
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.function import Function
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError
from ..random import generator_or_default
from ._check.arguments import broadcast_shape, cast, float_only, number, tensor_of
from .dropout import is_probability
from .shape import expand, reshape, unsqueeze


class Attention(Function):
    """s = scale q kᵀ + m,  p = softmax of each row of s,  z = p v

    dv = pᵀ dz,  dp = dz vᵀ,  ds = p (dp - Σ_j dp_j p_j),  dq = scale ds k,  dk = scale dsᵀ q,  dm = ds
    p is computed twice: kept for backward, its (..., L, S) numbers would be most of what a long sequence keeps.
    """

    fixed = ("drop", "scale")

    def forward(self, q: Any, k: Any, v: Any, mask: Any, kept: Any, scale: float, p_drop: float) -> Any:
        self.q, self.k, self.v, self.mask, self.scale = q, k, v, mask, q.dtype.type(scale)
        self.drop = None  # as in ops/dropout.py: 0, or 1 / (1 - p_drop)
        if kept is not None:
            rest = q.dtype.type(0 if p_drop == 1 else 1 / (1 - p_drop))
            self.drop = self.backend.asarray(kept).astype(q.dtype) * rest
        return self.by_heads(self.mix, q, k, v)

    def backward(self, dz: Any) -> Any:
        found = iter(self.by_heads(self.gradients, self.q, self.k, self.v, dz))
        return [next(found) if needed else None for needed in self.needs]

    def mix(self, q: Any, k: Any, v: Any, mask: Any, drop: Any) -> Any:
        """z."""
        return self.backend.matmul(dropped(self.weights(q, k, mask), drop), v)

    def gradients(self, q: Any, k: Any, v: Any, dz: Any, mask: Any, drop: Any) -> tuple[Any, ...]:
        """Those of dq, dk, dv and dm that are wanted."""
        matmul = self.backend.matmul
        p = self.weights(q, k, mask)
        dp = dropped(matmul(dz, v.swapaxes(-1, -2)), drop)
        ds = p * (dp - self.backend.inner(dp, p, p.ndim - 1))
        dq = matmul(ds, k) * self.scale if self.needs[0] else None
        dk = matmul(ds.swapaxes(-1, -2), q) * self.scale if self.needs[1] else None
        dv = matmul(dropped(p, drop).swapaxes(-1, -2), dz) if self.needs[2] else None
        dm = ds if self.needs[3] else None
        return tuple([d for d in (dq, dk, dv, dm) if d is not None])

    def weights(self, q: Any, k: Any, mask: Any) -> Any:
        """p (..., L, S): the softmax of each row of s; 0 where all of it is -inf: a query that may look at nothing."""
        s = self.backend.matmul(q * self.scale, k.swapaxes(-1, -2))
        if mask is not None:
            s = s + mask
        if s.size == 0:
            return s
        top = s.max(axis=-1, keepdims=True)
        top[top == -np.inf] = 0
        e = self.backend.exp(s - top)
        total = self.backend.inner(e, None, e.ndim - 1)
        total[total == 0] = 1
        return e / total

    def by_heads(self, formula: Any, q: Any, k: Any, v: Any, *dz: Any) -> Any:
        """formula(q, k, v, ..., mask, drop), for some of the heads at a time: none of them needs another."""
        alike = q.shape[:-2] == k.shape[:-2] == v.shape[:-2]  # else some serve several
        axes = tuple(range(q.ndim - 2 if alike else 0, q.ndim))  # along which numbers are mixed
        size = prod(q.shape[:-1]) * k.shape[-2]  # of p
        return self.backend.along(axes, formula, q, k, v, *dz, self.mask, self.drop, size=size)

    @classmethod
    def multiply_adds(cls, output: Any, /, *inputs: Any, **options: Any) -> int:
        q, k = inputs[:2]
        return prod(output.shape[:-1]) * k.shape[-2] * (q.shape[-1] + output.shape[-1])


def dropped(p: Any, drop: Any) -> Any:
    """p after dropout."""
    return p if drop is None else p * drop


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale query keyᵀ + mask) value: (..., L, E), (..., S, E), (..., S, V) -> (..., L, V).

    attn_mask is broadcast to (..., L, S): bool, True where a query may look at a key, or floating, added to the scores.
    `is_causal`: query i looks at keys 0 to i. A query that may look at nothing gives 0. scale is 1 / √E if not given.
    `dropout_p` acts on the weights always, not only in training. With `enable_gqa`, each head of key and value (the
    third dimension from the end) serves several heads of query. Source: Vaswani et al. 2017.

    >>> import minidl
    >>> x = minidl.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    name = "scaled_dot_product_attention"
    q, k, v = _operands(name, query=query, key=key, value=value)
    if not is_probability(dropout_p):
        raise ArgumentError(f"{name}: dropout_p must be between 0 and 1; got {dropout_p!r}")
    if attn_mask is not None and is_causal:
        raise ArgumentError(f"{name}: give attn_mask or is_causal=True, not both; put the triangle into the mask")
    if enable_gqa:
        k, v = _repeated(name, k, q), _repeated(name, v, q)
    shape = (*broadcast_shape(name, q.shape[:-2], k.shape[:-2], v.shape[:-2]), q.shape[-2], k.shape[-2])
    mask = _added(name, attn_mask, q, shape) if attn_mask is not None else _causal(q, k) if is_causal else None
    kept = None if dropout_p == 0 else generator_or_default(None).random(shape, dtype=np.float32) >= dropout_p
    factor = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else number(name, "scale", scale)
    return Attention.apply(q, k, v, mask, kept=kept, scale=factor, p_drop=float(dropout_p))


def _operands(name: str, **named: Any) -> list[Tensor]:
    """Query, key and value, if they fit."""
    q, k, v = found = [float_only(name, tensor_of(name, x, what)) for what, x in named.items()]
    if len({x.dtype for x in found}) > 1:
        raise DtypeError(f"{name}: query, key and value must have one dtype; got {q.dtype}, {k.dtype}, {v.dtype}")
    if min(x.ndim for x in found) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"{name}: query {q.shape}, key {k.shape}, value {v.shape}; expected (..., L, E), (..., S, E), (..., S, V)"
        )
    return found


def _repeated(name: str, x: Tensor, q: Tensor) -> Tensor:
    """Each head of x (..., H, S, E) several times in a row, so that there are as many as q has."""
    if min(x.ndim, q.ndim) < 3 or x.shape[-3] == 0 or q.shape[-3] % x.shape[-3]:
        raise ShapeError(
            f"{name}: enable_gqa: the heads of key and value, {x.shape}, must divide those of query, {q.shape}"
        )
    times = q.shape[-3] // x.shape[-3]
    several = expand(unsqueeze(x, -3), (*x.shape[:-2], times, *x.shape[-2:]))
    return reshape(several, (*x.shape[:-3], q.shape[-3], *x.shape[-2:]))


def _added(name: str, mask: Any, q: Tensor, shape: tuple[int, ...]) -> Tensor:
    """What is added to the scores: the mask itself, or 0 where a bool is True and -inf where it is not."""
    mask = tensor_of(name, mask, "attn_mask")
    if broadcast_shape(name, mask.shape, shape) != shape:
        raise ShapeError(f"{name}: attn_mask {mask.shape} cannot be broadcast to the scores {shape}")
    if mask.dtype.kind == "b":
        return wrap(backend_of(mask._array).xp.where(mask._array, q.dtype.type(0), q.dtype.type(-np.inf)))
    if mask.dtype not in (q.dtype, np.float32):
        raise DtypeError(f"{name}: attn_mask must be bool, float32 or {q.dtype}, as query is; got {mask.dtype}")
    return cast(mask, q.dtype)


def _causal(q: Tensor, k: Tensor) -> Tensor:
    """-inf above the diagonal (L, S)."""
    xp = backend_of(q._array).xp
    return wrap(xp.triu(xp.full((q.shape[-2], k.shape[-2]), -np.inf, q.dtype), 1))
