"""A recurrent language model: an LSTM that reads a text and says which character comes next."""

from __future__ import annotations

from .. import nn
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..nn.evaluating import evaluating
from ..ops.join import cat
from .sampling import next_token, started

State = tuple[Tensor, Tensor]


class CharLSTM(nn.Module):
    """Characters (N, T), int64, and the state so far -> the scores of the next ones (N, T, vocabulary), the new state.

    >>> from minidl import zeros
    >>> scores, state = CharLSTM(30)(zeros(2, 5).long())
    >>> scores.shape
    (2, 5, 30)
    """

    def __init__(
        self, vocabulary: int, width: int = 64, hidden: int = 128, layers: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, hidden, layers, batch_first=True, dropout=dropout)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        output, state = self.lstm(self.embedding(ids), state)  # (N, T, hidden)
        return self.head(output), state

    def generate(
        self,
        ids: Tensor,
        count: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int | None = None,
    ) -> Tensor:
        """Texts (N, T) continued by `count` characters: (N, T + count); see `next_token` for the options.

        The state carries all that was read, so that each further character costs one step. `seed`: that of the draws;
        without it they come from minidl's default stream.
        """
        generator = started(ids, seed, "character")
        new, state = ids, None
        with no_grad(), evaluating(self):
            for _ in range(count):
                scores, state = self(new, state)
                new = next_token(scores[:, -1], temperature, top_k, generator)
                ids = cat([ids, new], 1)
        return ids
