"""Tells digits from letters and other figures: a network for ten digits calls everything one of them.

Its weights, `guard.npz`, were made by `scripts/make_guard.py` from the bundled sample and drawn counter-examples. How
strange a picture may be is not its business: that limit comes from the run's own validation digits (`thresholds.py`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import nn
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor, wrap
from ..tensors import saving

FILE = "guard.npz"
AT_ONCE = 256  # images: what a pass holds in memory


class Guard(nn.Module):
    """(N, 1, 28, 28) -> scores (N, 2): a digit, or something else. 18,106 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 12, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2),  # (N, 12, 14, 14)
            nn.Conv2d(12, 24, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 24, 5, 5)
            nn.Flatten(), nn.Linear(600, 18), nn.ReLU(), nn.Linear(18, 2),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)

    @classmethod
    def load(cls) -> Guard:
        """The guard with its weights."""
        made = cls()
        made.load_state_dict({name: array.float() for name, array in saving.load(Path(__file__).parent / FILE).items()})
        return made.eval()

    def strangeness(self, digits: np.ndarray) -> np.ndarray:
        """How much more like something else than like a digit, `(N,)`, for images `(N, 28, 28)` uint8."""
        parts = []
        with no_grad():
            for start in range(0, len(digits), AT_ONCE):
                images = digits[start : start + AT_ONCE, None].astype(np.float32) / 255
                scores = self(wrap(images))._array
                parts.append(scores[:, 1] - scores[:, 0])
        return np.concatenate(parts)
