"""Attention with several heads: queries, keys and values are projected, cut into heads, mixed, and joined again."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..backend import backend_of
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, ShapeError
from ._check.arguments import cast, tensor_of
from .arithmetic import add, mul
from .attention import scaled_dot_product_attention
from .dropout import dropout
from .gather import masked_fill
from .join import cat, chunk, pad, split
from .linalg import matmul
from .linear import linear
from .reduce import mean
from .shape import expand, permute, reshape, squeeze, transpose, unsqueeze
from .softmax import softmax


class Weights(NamedTuple):
    """The parameters: one input projection for all, or three; biases of a further key and value; the output's."""

    in_proj: Tensor | None
    separate: tuple[Any, Any, Any] | None
    in_bias: Tensor | None
    bias_k: Tensor | None
    bias_v: Tensor | None
    out_proj: Tensor
    out_bias: Tensor | None


class Options(NamedTuple):
    """The options of one call, as in PyTorch's `multi_head_attention_forward`; `batch_first`: of all its tensors."""

    num_heads: int
    add_zero_attn: bool = False
    dropout_p: float = 0.0
    key_padding_mask: Tensor | None = None
    need_weights: bool = True
    attn_mask: Tensor | None = None
    average_attn_weights: bool = True
    is_causal: bool = False
    batch_first: bool = False


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """What `nn.MultiheadAttention` computes, its parameters as arguments: query (L, N, E), key and value (S, N, ·).

    `static_k` and `static_v` (N · num_heads, S, E / num_heads) stand in place of the projected keys and values.
    """
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    if (separate and any(w is None for w in separate)) or (separate is None and in_proj_weight is None):
        raise ArgumentError(
            "multi_head_attention_forward: give in_proj_weight, or use_separate_proj_weight=True and q_proj_weight, "
            "k_proj_weight, v_proj_weight"
        )
    if query.shape[-1] != embed_dim_to_check:
        raise ShapeError(f"multi_head_attention_forward: query {query.shape} but embed_dim is {embed_dim_to_check}")
    weights = Weights(
        None if separate else in_proj_weight, separate, in_proj_bias, bias_k, bias_v, out_proj_weight, out_proj_bias
    )
    options = Options(
        num_heads, add_zero_attn, dropout_p if training else 0.0, key_padding_mask, need_weights, attn_mask,
        average_attn_weights, is_causal,
    )  # fmt: skip
    return attend(query, key, value, weights, options, static_k, static_v)


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weights: Weights,
    o: Options,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """The output in the layout of the query, and the weights that the keys had, if they are needed."""
    single = _check_ranks(query, key, value, o)
    batch, time = (0, 1) if o.batch_first else (1, 0)
    padding = o.key_padding_mask
    if single:
        query, key, value = _each_once(lambda x: unsqueeze(x, batch), query, key, value)
        padding = None if padding is None else unsqueeze(padding, 0)
    n, length, source = query.shape[batch], query.shape[time], key.shape[time]
    masks = _masks(o.attn_mask, padding, (n, o.num_heads, length, source), query)
    q, k, v = _projected(query, key, value, weights)
    extra = 0
    if weights.bias_k is not None and weights.bias_v is not None:
        shape = (n, 1, k.shape[-1]) if o.batch_first else (1, n, k.shape[-1])
        k, v = [cat([x, expand(b, shape)], time) for x, b in ((k, weights.bias_k), (v, weights.bias_v))]
        extra += 1
    q, k, v = [_heads(x, o) for x in (q, k, v)]  # (N, H, L, E / H), (N, H, S, E / H)
    k = k if static_k is None else reshape(static_k, (*k.shape[:2], -1, k.shape[-1]))
    v = v if static_v is None else reshape(static_v, (*v.shape[:2], -1, v.shape[-1]))
    if o.add_zero_attn:
        k, v = _with_zero(k), _with_zero(v)
        extra += 1
    causal = o.is_causal and padding is None and not o.need_weights  # the mask is then the triangle, as was said
    mask = None if causal else _merged(masks, extra)
    z, seen = _mixed(q, k, v, mask, causal, o)
    z = transpose(z, 1, 2) if o.batch_first else permute(z, (2, 0, 1, 3))  # (N, L, H, E / H) or (L, N, H, E / H)
    z = linear(reshape(z, query.shape), weights.out_proj, weights.out_bias)
    if seen is not None and o.average_attn_weights:
        seen = mean(seen, 1)
    if single:
        return squeeze(z, batch), None if seen is None else squeeze(seen, 0)
    return z, seen


def _check_ranks(query: Tensor, key: Tensor, value: Tensor, o: Options) -> bool:
    """Whether the tensors are one sample, without a batch; ShapeError if they do not fit together."""
    name = "MultiheadAttention"
    for what, x in (("query", query), ("key", key), ("value", value)):
        tensor_of(name, x, what)
    batch = 0 if o.batch_first else 1
    same = key.shape[:-1] == value.shape[:-1] and (query.ndim == 2 or query.shape[batch] == key.shape[batch])
    if query.ndim not in (2, 3) or key.ndim != query.ndim or value.ndim != query.ndim or not same:
        order = "(N, L, E), (N, S, ·), (N, S, ·)" if o.batch_first else "(L, N, E), (S, N, ·), (S, N, ·)"
        raise ShapeError(
            f"{name}: query {query.shape}, key {key.shape}, value {value.shape}; expected {order}, or (L, E), (S, ·), "
            "(S, ·) for one sample"
        )
    if query.shape[-1] % o.num_heads:
        raise ShapeError(f"{name}: {o.num_heads} heads do not divide the {query.shape[-1]} features of query")
    if o.is_causal and o.attn_mask is None:
        raise ArgumentError(
            f"{name}: is_causal=True says that attn_mask is the causal one; give it: "
            "nn.Transformer.generate_square_subsequent_mask(L)"
        )
    return query.ndim == 2


def _each_once(change: Any, *tensors: Tensor) -> list[Tensor]:
    """The changed tensors; those that were the same one stay the same one."""
    found = {id(x): change(x) for x in tensors}
    return [found[id(x)] for x in tensors]


def _projected(query: Tensor, key: Tensor, value: Tensor, weights: Weights) -> list[Tensor]:
    """W_q query + b_q, W_k key + b_k, W_v value + b_v: one product for inputs that are the same tensor."""
    w, b, e = weights.in_proj, weights.in_bias, query.shape[-1]
    if w is None:
        biases = [None] * 3 if b is None else chunk(b, 3)
        return [linear(x, own, bias) for x, own, bias in zip((query, key, value), weights.separate or (), biases)]
    if query is key and key is value:
        return list(chunk(linear(query, w, b), 3, -1))
    if key is value:
        (w_q, w_kv), (b_q, b_kv) = split(w, [e, 2 * e]), (None, None) if b is None else split(b, [e, 2 * e])
        return [linear(query, w_q, b_q), *chunk(linear(key, w_kv, b_kv), 2, -1)]
    biases = [None] * 3 if b is None else chunk(b, 3)
    return [linear(x, own, bias) for x, own, bias in zip((query, key, value), chunk(w, 3), biases)]


def _heads(x: Tensor, o: Options) -> Tensor:
    """(N, S, E) or (S, N, E) -> (N, H, S, E / H)"""
    cut = reshape(x, (*x.shape[:2], o.num_heads, x.shape[2] // o.num_heads))
    return transpose(cut, 1, 2) if o.batch_first else permute(cut, (1, 2, 0, 3))


def _with_zero(x: Tensor) -> Tensor:
    """(N, H, S, D) with one more key, or value, of zeros: (N, H, S + 1, D)"""
    return pad(x, (0, 0, 0, 1))


def _masks(attn: Any, padding: Any, shape: tuple[int, ...], query: Tensor) -> list[Tensor]:
    """Both masks as what is added to scores (N, H, L, S): broadcast to them, -inf where a bool is True."""
    n, heads, length, source = shape
    found = []
    if attn is not None:
        mask = _as_added("attn_mask", attn, query)
        if mask.shape == (length, source):
            found.append(reshape(mask, (1, 1, length, source)))
        elif mask.shape == (n * heads, length, source):
            found.append(reshape(mask, shape))
        else:
            raise ShapeError(
                f"MultiheadAttention: attn_mask must be (L, S) = {(length, source)} or (N · heads, L, S) = "
                f"{(n * heads, length, source)}; got {mask.shape}"
            )
    if padding is not None:
        mask = _as_added("key_padding_mask", padding, query)
        if mask.shape != (n, source):
            raise ShapeError(
                f"MultiheadAttention: key_padding_mask must be (N, S) = {(n, source)}, or (S,) for one sample; got "
                f"{mask.shape}"
            )
        found.append(reshape(mask, (n, 1, 1, source)))
    return found


def _as_added(name: str, mask: Any, query: Tensor) -> Tensor:
    mask = tensor_of("MultiheadAttention", mask, name)
    if mask.dtype.kind == "b":
        zeros = wrap(backend_of(mask._array).xp.zeros(mask.shape, query.dtype))
        return masked_fill(zeros, mask, -math.inf)
    if mask.dtype.kind != "f":
        raise DtypeError(f"MultiheadAttention: {name} must be bool (True: not to be looked at) or floating, added to "
                         f"the scores; got {mask.dtype}")  # fmt: skip
    return cast(mask, query.dtype)


def _merged(masks: list[Tensor], extra: int) -> Tensor | None:
    """The sum of the masks, with `extra` further keys that every query may look at."""
    if not masks:
        return None
    mask = masks[0] if len(masks) == 1 else add(*masks)
    return pad(mask, (0, extra)) if extra else mask


def _mixed(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, causal: bool, o: Options
) -> tuple[Tensor, Tensor | None]:
    """The values as the queries mix them, and the weights if they are needed: of a row that is all masked, NaN."""
    if not o.need_weights:
        return scaled_dot_product_attention(q, k, v, mask, o.dropout_p, causal), None
    scores = matmul(mul(q, 1 / math.sqrt(q.shape[-1])), transpose(k, -2, -1))
    p = dropout(softmax(scores if mask is None else add(scores, mask), -1), o.dropout_p)
    return matmul(p, v), p
