"""A table of vectors, looked up by integers."""

from __future__ import annotations

from typing import Any

from ..engine.inplace import overwrite
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError, refuse
from ..tensors.creation import empty
from . import init
from ._arguments import as_int
from .functional import embedding
from .module import Module
from .parameter import Parameter


class Embedding(Module):
    """Row i of the weight (num_embeddings, embedding_dim) for each integer i: (...) -> (..., embedding_dim).

    The weight starts from N(0, 1). The row `padding_idx` starts from 0 and gets no gradient. RangeError for an integer
    outside 0 to num_embeddings - 1.
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        refuse("Embedding", max_norm=max_norm, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)
        refuse("Embedding", norm_type=None if norm_type == 2.0 else norm_type)
        num_embeddings = as_int("Embedding", "num_embeddings", num_embeddings)
        embedding_dim = as_int("Embedding", "embedding_dim", embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ArgumentError(f"Embedding: padding_idx {padding_idx} is outside {num_embeddings} rows")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        if _weight is None:
            made = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(made, requires_grad=not _freeze)
            self.reset_parameters()
        elif _weight.shape != (num_embeddings, embedding_dim):
            raise ShapeError(f"Embedding: a weight of {_weight.shape} for ({num_embeddings}, {embedding_dim})")
        else:
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, **options: Any
    ) -> Embedding:
        """An embedding whose weight is `embeddings` (rows, dim), which is not learned if `freeze`."""
        if embeddings.ndim != 2:
            raise ShapeError(f"Embedding.from_pretrained: (rows, dim) is expected; got shape {embeddings.shape}")
        rows, dim = embeddings.shape
        return cls(rows, dim, padding_idx, _weight=embeddings, _freeze=freeze, **options)

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight._array[self.padding_idx] = 0
            overwrite(self.weight, self.weight._array)

    def forward(self, input: Tensor) -> Tensor:
        return embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
