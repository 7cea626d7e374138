"""`torch.special`: functions that minidl has under the names of `torch`, and a few made of them."""

from __future__ import annotations

import math

from ...engine.tensor import Tensor
from ...ops.activation import sigmoid
from ...ops.breadth.gamma import digamma, lgamma, polygamma
from ...ops.breadth.normal import erfc, erfinv
from ...ops.breadth.numbers import logit, sinc
from ...ops.breadth.pairs import xlogy
from ...ops.elementary import erf, expm1, log1p, round
from ...ops.reduce import logsumexp
from ...ops.selection import where
from ...ops.softmax import log_softmax, softmax
from ...ops.trigonometry import exp2

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p", "log_softmax", "logit",
    "logsumexp", "ndtr", "polygamma", "psi", "round", "sinc", "softmax", "xlogy",
]  # fmt: skip

expit, gammaln, psi = sigmoid, lgamma, digamma


def entr(input: Tensor) -> Tensor:
    """-x ln x; 0 at 0, -inf below."""
    return where(input < 0, -math.inf, 0 - xlogy(input, input))


def ndtr(input: Tensor) -> Tensor:
    """How probable a number below x is under the normal distribution."""
    return erfc(input * -math.sqrt(0.5)) / 2
