"""From a photo of a digit to an image like MNIST's, 28 by 28, light ink on black, centred by mass; and how sure it is.

`light` removes colours, uneven light, shadows and noise; `field` finds a sheet on a desk and looks inside rings;
`parts` tells the digit from other ink; `mnist` scales, thickens and centres it. `likeness` compares it with `known`
digits and counter-examples; `judge` weighs that against what the network says: an answer, a warning, or neither.
`strokes` does the same for a drawing, whose ink is known.
"""

from __future__ import annotations

from .judge import Verdict, verdict
from .mnist import SIDE, centred
from .read import apart, decode_digit, prepare, read_digit
from .step import NoDigitError, Step
from .strokes import read_strokes

__all__ = [
    "SIDE", "NoDigitError", "Step", "Verdict", "apart", "centred", "decode_digit", "prepare", "read_digit",
    "read_strokes", "verdict",
]  # fmt: skip
