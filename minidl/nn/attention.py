"""Attention with several heads, as a layer."""

from __future__ import annotations

from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..ops.dropout import is_probability
from ..ops.multihead import Options, Weights, attend
from ..tensors.creation import empty
from . import init
from ._arguments import as_bool, as_int
from .linear import Linear
from .module import Module
from .parameter import Parameter


class MultiheadAttention(Module):
    """Each query mixes the values by how well their keys match it, in each of `num_heads` subspaces of its own.

    head_h = softmax(q_h k_hᵀ / √d) v_h, with q_h, k_h, v_h the parts of W_q query, W_k key, W_v value, each d =
    embed_dim / num_heads long; the heads side by side are projected by out_proj. Query (L, N, embed_dim), key
    (S, N, kdim), value (S, N, vdim), with `batch_first` (N, L, ·), or without N for one sample.

    `dropout` acts on the weights in training. `add_bias_kv` adds a learned key and value that every query sees,
    `add_zero_attn` one of zeros. Source: Vaswani et al. 2017.

    >>> import minidl
    >>> x = minidl.zeros(2, 5, 8)
    >>> output, weights = MultiheadAttention(8, 4, batch_first=True)(x, x, x)
    >>> output.shape, weights.shape
    ((2, 5, 8), (2, 5, 5))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = "MultiheadAttention"
        self.embed_dim = as_int(name, "embed_dim", embed_dim, 1)
        self.num_heads = as_int(name, "num_heads", num_heads, 1)
        self.kdim = embed_dim if kdim is None else as_int(name, "kdim", kdim, 1)
        self.vdim = embed_dim if vdim is None else as_int(name, "vdim", vdim, 1)
        if embed_dim % num_heads:
            raise ShapeError(f"{name}: num_heads {num_heads} must divide embed_dim {embed_dim}")
        if not is_probability(dropout):
            raise ArgumentError(f"{name}: dropout must be between 0 and 1; got {dropout!r}")
        self.dropout, self.batch_first = dropout, as_bool(name, "batch_first", batch_first)
        self.head_dim, self.add_zero_attn = embed_dim // num_heads, as_bool(name, "add_zero_attn", add_zero_attn)
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        widths = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        together = self._qkv_same_embed_dim
        shapes: dict[str, tuple[int, ...] | None] = {
            key: None if together else (embed_dim, width) for key, width in widths.items()
        }
        shapes["in_proj_weight"] = (3 * embed_dim, embed_dim) if together else None
        shapes["in_proj_bias"] = (3 * embed_dim,) if as_bool(name, "bias", bias) else None
        self._make(shapes, device, dtype)
        self.out_proj = _OutProjection(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        further = (1, 1, embed_dim) if as_bool(name, "add_bias_kv", add_bias_kv) else None
        self._make({"bias_k": further, "bias_v": further}, device, dtype)
        self._reset_parameters()

    def _make(self, shapes: dict[str, tuple[int, ...] | None], device: Any, dtype: Any) -> None:
        for name, shape in shapes.items():
            made = None if shape is None else Parameter(empty(shape, device=device, dtype=dtype))
            self.register_parameter(name, made)

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for further in (self.bias_k, self.bias_v):
            if further is not None:
                init.xavier_normal_(further)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output, shaped as query, and the weights of the keys (N, L, S), or None unless `need_weights`.

        Masks are bool, True where a key must not be looked at, or floating, added to the scores: `key_padding_mask`
        (N, S), `attn_mask` (L, S) or (N · num_heads, L, S). `is_causal` says that attn_mask is the triangle of -inf.
        Without `average_attn_weights` each head's weights are returned, (N, num_heads, L, S). A query that may look at
        nothing gives 0, but NaN with `need_weights`, as in PyTorch.
        """
        separate = None
        if self.q_proj_weight is not None and self.k_proj_weight is not None and self.v_proj_weight is not None:
            separate = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        weights = Weights(
            self.in_proj_weight, separate, self.in_proj_bias, self.bias_k, self.bias_v, self.out_proj.weight,
            self.out_proj.bias,
        )  # fmt: skip
        options = Options(
            self.num_heads, self.add_zero_attn, self.dropout if self.training else 0.0, key_padding_mask, need_weights,
            attn_mask, average_attn_weights, is_causal, self.batch_first,
        )  # fmt: skip
        return attend(query, key, value, weights, options)


class _OutProjection(Linear):
    """The last projection, under the name that PyTorch prints."""

    def _get_name(self) -> str:
        return "NonDynamicallyQuantizableLinear"
