"""Tapes for the page's tests: real passes, and the numbers of a tape read back without the page."""

from __future__ import annotations

import base64
import lzma
from pathlib import Path
from typing import Any

import numpy as np

import minidl
from minidl import nn
from minidl.explain import record
from minidl.explain.teaching import breaks
from minidl.models import make_model
from minidl.nn import functional as F

SAMPLE = Path(minidl.__file__).parent / "data" / "sample"


class Small(nn.Module):
    """A shortcut around a convolution in two groups, one with stride and dilation, both poolings, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=2)  # (N, 4, 10, 10)
        self.inner = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.strided = nn.Conv2d(4, 6, (2, 3), stride=2, padding=1, dilation=(1, 2))
        self.fc = nn.Linear(24, 5)

    def forward(self, x: minidl.Tensor) -> minidl.Tensor:
        h = F.relu(self.conv(x))
        h = F.tanh(self.inner(h)) + h
        h = F.max_pool2d(h, 2)  # (N, 4, 5, 5)
        h = self.strided(h)  # (N, 6, 3, 2)
        h = F.avg_pool2d(h, 2, stride=1)  # (N, 6, 2, 1)
        return self.fc(F.relu(h).flatten(1).repeat(1, 2))


def _bytes(name: str) -> np.ndarray:
    return np.frombuffer(lzma.decompress((SAMPLE / name).read_bytes()), np.uint8)


def lecture_tape() -> dict[str, Any]:
    """The lecture's CNN on a real digit of the bundled sample."""
    minidl.manual_seed(0)
    images = _bytes("t10k-images-idx3-ubyte.xz")[16:].reshape(-1, 1, 28, 28)
    labels = _bytes("t10k-labels-idx1-ubyte.xz")[8:]
    model = make_model("lecture")
    x = minidl.tensor(images[:1].astype(np.float32) / 255, requires_grad=True)
    with record("lecture") as tape:
        F.cross_entropy(model(x), minidl.tensor([int(labels[0])])).backward()
    tape.model, tape.input = repr(model), f"digit 0 of the bundled sample, labelled {labels[0]}"
    return tape.to_dict()


def small_tape(mistake: str | None = None) -> dict[str, Any]:
    """A pass of `Small` back to its input, with a seeded mistake if one is named."""
    minidl.manual_seed(3)
    model = Small()
    x = minidl.rand(2, 1, 8, 8, requires_grad=True)
    if mistake is None:
        return _recorded(model, x)
    with breaks.broken(mistake):
        return _recorded(model, x)


def _recorded(model: nn.Module, x: minidl.Tensor) -> dict[str, Any]:
    with record("a small model") as tape:
        F.cross_entropy(model(x), minidl.tensor([1, 4])).backward()
    tape.model, tape.input = repr(model), "random pixels"
    return tape.to_dict()


def odd_tape() -> dict[str, Any]:
    """Zeros, NaN, infinities and exact fractions in one array of two rows."""
    x = minidl.tensor([[0.0, np.nan, np.inf, -np.inf], [0.5, -0.25, 1e-7, 123456.7]], requires_grad=True)
    with record("odd numbers") as tape:
        (x * 2).sum().backward()
    return tape.to_dict()


def numbers(tape: dict[str, Any], place: int) -> np.ndarray:
    """The block of a value that the tape holds, float32."""
    value = tape["values"][place]
    block = np.frombuffer(base64.b64decode(value["data"]), "<f4")
    return block.reshape([stop - start for start, stop in value["block"]])


def parsed(text: str) -> float:
    """A number as the page writes it."""
    text = text.strip().removeprefix("(").removesuffix(")").replace("−", "-").replace("∞", "inf")
    return float(text)


def is_rounding(text: str, exact: float) -> bool:
    """Whether a text is that number to four significant digits, or the number itself."""
    shown = parsed(text)
    if np.isnan(exact) or np.isinf(exact):
        return bool(shown == exact or (np.isnan(shown) and np.isnan(exact)))
    if shown == exact:
        return True
    if exact == 0:
        return False
    unit = 10.0 ** (np.floor(np.log10(abs(exact))) - 3)
    return bool(abs(shown - exact) <= 0.5000001 * unit)
