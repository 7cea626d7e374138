"""A table of vectors, looked up by integers."""

from __future__ import annotations

from typing import Any, Self

from ..engine.inplace import overwrite
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError, refuse
from ..tensors.creation import empty
from . import init
from ._arguments import as_int
from .functional import embedding, embedding_bag
from .module import Module
from .parameter import Parameter


class _Table(Module):
    """A weight (num_embeddings, embedding_dim) that starts from N(0, 1), with a row `padding_idx` of zeros."""

    weight: Parameter

    def _make(
        self, rows: int, length: int, padding_idx: int | None, weight: Tensor | None, freeze: bool, **where: Any
    ) -> None:
        name = type(self).__name__
        self.num_embeddings = rows = as_int(name, "num_embeddings", rows)
        self.embedding_dim = length = as_int(name, "embedding_dim", length)
        if padding_idx is not None and not -rows <= padding_idx < rows:
            raise ArgumentError(f"{name}: padding_idx {padding_idx} is outside {rows} rows")
        self.padding_idx = None if padding_idx is None else padding_idx % rows
        if weight is None:
            self.weight = Parameter(empty(rows, length, **where), requires_grad=not freeze)
            self.reset_parameters()
        elif weight.shape != (rows, length):
            raise ShapeError(f"{name}: a weight of {weight.shape} for ({rows}, {length})")
        else:
            self.weight = Parameter(weight, requires_grad=not freeze)

    def _keep(self, max_norm: float | None, norm_type: float, scale_grad_by_freq: bool, sparse: bool) -> None:
        refuse(type(self).__name__, sparse=sparse)
        self.max_norm, self.norm_type, self.sparse = max_norm, norm_type, False
        self.scale_grad_by_freq = bool(scale_grad_by_freq)

    def reset_parameters(self) -> None:
        """Draw new initial weights."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight._array[self.padding_idx] = 0
            overwrite(self.weight, self.weight._array)

    def _shown(self, *names: str) -> str:
        """The sizes, and the options of these names that are not at their defaults."""
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False, "mode": ""}
        others = [f"{name}={getattr(self, name)!r}" for name in names if getattr(self, name) != usual[name]]
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *others])


class Embedding(_Table):
    """Row i of the weight (num_embeddings, embedding_dim) for each integer i: (...) -> (..., embedding_dim).

    The weight starts from N(0, 1). The row `padding_idx` starts from 0 and gets no gradient. With `max_norm`, rows that
    are looked up and longer are first shortened to it; `scale_grad_by_freq` divides each row's gradient by how often
    the row is looked up. RangeError for an integer outside 0 to num_embeddings - 1.
    """

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
        self._keep(max_norm, norm_type, scale_grad_by_freq, sparse)
        self._make(num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device=device, dtype=dtype)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An embedding whose weight is `embeddings` (rows, dim), which is not learned if `freeze`."""
        rows, dim = _sizes("Embedding", embeddings)
        return cls(rows, dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze)

    def forward(self, input: Tensor) -> Tensor:
        return embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq)

    def extra_repr(self) -> str:
        return self._shown("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq")


class EmbeddingBag(_Table):
    """The sum, mean or maximum (`mode`) of the rows that each bag names; see `embedding_bag` for the shapes.

    The row `padding_idx` starts from 0, gets no gradient, and is left out of its bags.

    >>> import minidl
    >>> EmbeddingBag(10, 3)(minidl.tensor([1, 2, 4, 5]), minidl.tensor([0, 3])).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._keep(max_norm, norm_type, scale_grad_by_freq, sparse)
        self.mode, self.include_last_offset = mode, include_last_offset
        self._make(num_embeddings, embedding_dim, padding_idx, _weight, False, device=device, dtype=dtype)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """A layer whose weight is `embeddings` (rows, dim), which is not learned if `freeze`."""
        rows, dim = _sizes("EmbeddingBag", embeddings)
        made = cls(
            rows, dim, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings, include_last_offset,
            padding_idx,
        )  # fmt: skip
        made.weight.requires_grad_(not freeze)
        return made

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, False,
            per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return self._shown("max_norm", "norm_type", "scale_grad_by_freq", "mode", "padding_idx")


def _sizes(layer: str, embeddings: Tensor) -> tuple[int, int]:
    if embeddings.ndim != 2:
        raise ShapeError(f"{layer}.from_pretrained: (rows, dim) is expected; got shape {embeddings.shape}")
    rows, dim = embeddings.shape
    return rows, dim
