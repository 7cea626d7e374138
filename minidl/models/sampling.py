"""Drawing the next token from the scores that a language model gives."""

from __future__ import annotations

from typing import Any

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..ops.gather import masked_fill
from ..ops.order import argmax, topk
from ..ops.softmax import softmax
from ..random import Generator
from ..tensors.sampling import multinomial


def next_token(scores: Tensor, temperature: float, top_k: int | None, generator: Generator | None) -> Tensor:
    """One token for each row of scores (N, V): (N, 1), int64.

    Each is drawn from softmax(scores / temperature), among the `top_k` best if given; temperature 0 takes the best.
    """
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not temperature >= 0:
        raise ArgumentError(f"temperature must be a number of at least 0; got {temperature!r}")
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
        raise ArgumentError(f"top_k must be an integer of at least 1, or None for all tokens; got {top_k!r}")
    if temperature == 0:
        return argmax(scores, dim=-1, keepdim=True)
    if top_k is not None and top_k < scores.shape[-1]:
        least = topk(scores, top_k, dim=-1).values[:, -1:]
        scores = masked_fill(scores, scores < least, -float("inf"))
    return multinomial(softmax(scores / temperature, dim=-1), 1, generator=generator)


def started(ids: Tensor, seed: Any, what: str) -> Generator | None:
    """The random stream of a seed (None, minidl's own, for None). ShapeError unless there are texts to continue."""
    if ids.ndim != 2 or ids.shape[1] == 0:
        raise ShapeError(f"generate: texts (N, T) of at least one {what} are expected; got {ids.shape}")
    return None if seed is None else Generator().manual_seed(seed)
