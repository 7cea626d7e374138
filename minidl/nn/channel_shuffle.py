"""Channels dealt out among groups."""

from __future__ import annotations

from ..engine.tensor import Tensor
from . import functional as F
from ._arguments import as_int
from .module import Module


class ChannelShuffle(Module):
    """The channels of (N, C, ...), one from each of `groups` in turn."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = as_int("ChannelShuffle", "groups", groups, 1)

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
