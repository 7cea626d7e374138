"""Dropout layers, which act only in training."""

from __future__ import annotations

from ..engine.tensor import Tensor
from ..errors import ArgumentError, refuse
from ..ops.dropout import is_probability
from .functional import dropout, dropout1d, dropout2d, dropout3d
from .module import Module


class Dropout(Module):
    """In training, each element is 0 with probability `p` and divided by 1 - p otherwise; in evaluation, nothing is.

    Masks come from minidl's default generator: see `minidl.manual_seed`. Source: Srivastava et al. 2014.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        refuse(type(self).__name__, inplace=inplace)
        if not is_probability(p):
            raise ArgumentError(f"{type(self).__name__}: p must be between 0 and 1; got {p!r}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """Dropout of whole channels of (N, C, L) or (C, L)."""

    def forward(self, input: Tensor) -> Tensor:
        return dropout1d(input, self.p, self.training)


class Dropout2d(Dropout):
    """Dropout of whole channels of (N, C, H, W); see `F.dropout2d` for fewer dimensions."""

    def forward(self, input: Tensor) -> Tensor:
        return dropout2d(input, self.p, self.training)


class Dropout3d(Dropout):
    """Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        return dropout3d(input, self.p, self.training)
