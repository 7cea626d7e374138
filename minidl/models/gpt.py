"""A small GPT: a stack of causal attention blocks that says which token comes next."""

from __future__ import annotations

import math

from .. import nn
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ..nn import functional as F
from ..nn.evaluating import evaluating
from ..ops.join import cat, stack
from ..ops.shape import reshape, tril
from ..tensors.creation import arange, ones
from .sampling import next_token, started

Cache = list[tuple[Tensor, Tensor]]  # per block: the keys and values (N, heads, S, width / heads) of what was read


class GPT(nn.Module):
    """Tokens (N, T), int64, at most `context` of them -> the scores of the next ones (N, T, vocabulary).

    `positions` is "learned", or "sinusoidal" for waves of fixed lengths. Matrices start from N(0, 0.02²), those at the
    end of a block from less, as `layers` blocks add up. Source: Radford et al. 2019 (GPT-2).

    >>> from minidl import zeros
    >>> model = GPT(65)
    >>> model(zeros(2, 10).long()).shape, sum(p.numel() for p in model.parameters())
    ((2, 10, 65), 212480)
    """

    def __init__(
        self,
        vocabulary: int,
        context: int = 64,
        width: int = 64,
        layers: int = 4,
        heads: int = 4,
        dropout: float = 0.0,
        positions: str = "learned",
    ) -> None:
        super().__init__()
        if positions not in ("learned", "sinusoidal"):
            raise ArgumentError(f"GPT: positions must be 'learned' or 'sinusoidal'; got {positions!r}")
        self.context = context
        self.tokens = nn.Embedding(vocabulary, width)
        if positions == "learned":
            self.positions = nn.Embedding(context, width)
        else:
            self.register_buffer("waves", sinusoids(context, width), persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList([Block(width, heads, dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                ends_block = name.endswith(("proj.weight", "fc2.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers) if ends_block else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """With a `cache` (a list, empty at first), `ids` continue what it holds, and it is extended by them."""
        past = cache[0][0].shape[2] if cache else 0
        if ids.ndim != 2 or not 0 < past + ids.shape[1] <= self.context:
            raise ShapeError(f"GPT: ids {ids.shape} after {past}: (N, T) of 1 to {self.context} tokens are expected")
        x = self.dropout(self.tokens(ids) + self._places(past, past + ids.shape[1], ids))  # (N, T, width)
        for i, block in enumerate(self.blocks):
            x, seen = block(x, cache[i] if past and cache else None)
            if cache is not None:
                cache[i : i + 1] = [seen]
        return self.head(self.norm(x))

    def _places(self, start: int, stop: int, like: Tensor) -> Tensor:
        """What is added to the tokens at these places: (T, width)."""
        if hasattr(self, "waves"):
            return self.waves[start:stop]
        return self.positions(arange(start, stop, device=like.device))

    def generate(
        self,
        ids: Tensor,
        count: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int | None = None,
    ) -> Tensor:
        """Texts (N, T) continued by `count` tokens: (N, T + count); see `next_token` for the options.

        The keys and values of what was read are kept, so that a further token costs one step, until the context is
        full: then the last `context` tokens are read anew for each. `seed`: that of the draws; without it they come
        from minidl's default stream.
        """
        generator = started(ids, seed, "token")
        cache: Cache = []
        new = ids[:, -self.context :]
        with no_grad(), evaluating(self):
            for _ in range(count):
                if cache and cache[0][0].shape[2] == self.context:
                    cache, new = [], ids[:, -self.context :]
                new = next_token(self(new, cache)[:, -1], temperature, top_k, generator)
                ids = cat([ids, new], 1)
        return ids


class Block(nn.Module):
    """x + attention(norm x), then x + feed-forward(norm x): (N, T, width) -> the same, and its keys and values."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        attended, seen = self._attended(self.norm1(x), past)
        x = x + self.dropout(attended)
        return x + self.dropout(self.fc2(F.gelu(self.fc1(self.norm2(x))))), seen

    def _attended(self, x: Tensor, past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        n, t, width = x.shape
        q, k, v = [
            reshape(part, (n, t, self.heads, width // self.heads)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1)
        ]  # (N, heads, T, width / heads)
        mask = None
        if past is not None:
            before = past[0].shape[2]
            k, v = cat([past[0], k], 2), cat([past[1], v], 2)
            mask = tril(ones(t, before + t, dtype="bool", device=x.device), before)
        drop = self.dropout.p if self.training else 0.0
        z = F.scaled_dot_product_attention(q, k, v, mask, drop, is_causal=past is None)
        return self.proj(reshape(z.transpose(1, 2), (n, t, width))), (k, v)


def sinusoids(length: int, width: int) -> Tensor:
    """Positions as waves (length, width): sin and cos of p / 10000^(2i / width) at columns 2i and 2i + 1.

    Source: Vaswani et al. 2017.

    >>> sinusoids(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    half = (width + 1) // 2
    angles = arange(length).float().unsqueeze(1) * (arange(half).float() * (-2 * math.log(10000) / width)).exp()
    return reshape(stack([angles.sin(), angles.cos()], -1), (length, 2 * half))[:, :width].clone()
