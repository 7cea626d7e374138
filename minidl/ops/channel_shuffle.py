"""Channels dealt out among groups, so that the next grouped convolution sees all of them."""

from __future__ import annotations

from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError
from ._check.arguments import tensor_of
from .shape import reshape, transpose


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """(N, C, ...): the C / groups channels of each group, dealt out in turns (Zhang et al. 2017, arXiv:1707.01083).

    >>> import minidl
    >>> channel_shuffle(minidl.arange(6).reshape(1, 6, 1), 2).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """
    x = tensor_of("channel_shuffle", input)
    if x.ndim < 3:
        raise ShapeError(f"channel_shuffle: input must be (N, C, ...), of at least 3 dimensions; got {x.shape}")
    if type(groups) is not int or groups < 1 or x.shape[1] % groups:
        raise ArgumentError(f"channel_shuffle: groups must divide the {x.shape[1]} channels; got {groups!r}")
    n, channels, *size = x.shape
    dealt = transpose(reshape(x, (n, groups, channels // groups, *size)), 1, 2)
    return reshape(dealt, x.shape)
