"""Power-average pooling: the p-norm of each window."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod
from typing import Any

from ..engine.tensor import Tensor
from ._check.arguments import number
from ._check.volumes import triple
from ._check.windows import pair
from .arithmetic import mul, neg, pow
from .elementary import abs, sign
from .pool import avg_pool2d, max_pool2d
from .pool1d import avg_pool1d, max_pool1d, one
from .pool3d import avg_pool3d, max_pool3d
from .rectifier import relu


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ x^norm_type)^(1 / norm_type) over each window of (N, C, L); windows and errors as of `avg_pool1d`."""
    count = one("lp_pool1d", "kernel_size", kernel_size)
    return _lp_pool("lp_pool1d", avg_pool1d, max_pool1d, input, norm_type, kernel_size, stride, ceil_mode, count)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ x^norm_type)^(1 / norm_type) over each window of (N, C, H, W); windows and errors as of `avg_pool2d`.

    The sum's negative part counts as 0. With `norm_type` inf it is the largest |x|, with -inf the smallest. At the
    edge, with `ceil_mode`, the mean of the pixels that are there counts for those that are not.
    """
    count = prod(pair("lp_pool2d", "kernel_size", kernel_size, 1))
    return _lp_pool("lp_pool2d", avg_pool2d, max_pool2d, input, norm_type, kernel_size, stride, ceil_mode, count)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ x^norm_type)^(1 / norm_type) over each box of (N, C, D, H, W); windows and errors as of `avg_pool3d`."""
    count = prod(triple("lp_pool3d", "kernel_size", kernel_size, 1))
    return _lp_pool("lp_pool3d", avg_pool3d, max_pool3d, input, norm_type, kernel_size, stride, ceil_mode, count)


def _lp_pool(
    name: str, mean: Callable[..., Any], largest: Callable[..., Any], x: Tensor, norm_type: float, kernel: Any,
    stride: Any, ceil_mode: bool, count: int,
) -> Tensor:  # fmt: skip
    p = number(name, "norm_type", norm_type)
    if p == inf:
        return largest(abs(x), kernel, stride, 0, 1, ceil_mode)
    if p == -inf:
        return neg(largest(neg(abs(x)), kernel, stride, 0, 1, ceil_mode))
    means = mean(pow(x, p), kernel, stride, 0, ceil_mode)
    sums = mul(mul(sign(means), relu(abs(means))), count)
    return pow(sums, 1 / p)
