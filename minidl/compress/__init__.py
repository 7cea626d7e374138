"""Smaller networks: in 8-bit integers, with fewer weights or units, folded, or as products of narrow layers.

Each function changes a model in place and returns its steps: data from which `rebuilt` makes the structure again.
"""

from .fold import fold
from .int8 import quantize
from .layers import QuantizedConv2d, QuantizedLinear
from .low_rank import low_rank
from .prune import prune_units, prune_weights
from .steps import is_steps, rebuilt

__all__ = [
    "QuantizedConv2d", "QuantizedLinear", "fold", "is_steps", "low_rank", "prune_units", "prune_weights", "quantize",
    "rebuilt",
]  # fmt: skip
