"""Random numbers: always drawn on the host, so that one seed gives one run on every backend."""

from __future__ import annotations

import copy
import secrets
from typing import Any

import numpy as np


class Generator:
    """A seeded stream of random numbers (PCG64), with PyTorch's methods.

    `numpy` is the underlying `numpy.random.Generator`.

    >>> a, b = Generator().manual_seed(7), Generator().manual_seed(7)
    >>> bool(a.numpy.random() == b.numpy.random())
    True
    """

    def __init__(self, seed: int | None = None) -> None:
        self.manual_seed(secrets.randbits(63) if seed is None else seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream over from `seed` (any integer >= 0) and return the generator."""
        self._seed = int(seed)
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def initial_seed(self) -> int:
        """The seed the stream was started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """The place in the stream, as a plain dictionary of integers and strings."""
        return {"seed": self._seed, **copy.deepcopy(dict(self.numpy.bit_generator.state))}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go to the place in the stream that `get_state` returned."""
        state = copy.deepcopy(state)
        self._seed = state.pop("seed")
        self.numpy.bit_generator.state = state


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, which decides initial weights, shuffles and dropout masks.

    >>> _ = manual_seed(0); a = default_generator.numpy.random()
    >>> _ = manual_seed(0); bool(a == default_generator.numpy.random())
    True
    """
    return default_generator.manual_seed(seed)


def generator_or_default(generator: Generator | None) -> np.random.Generator:
    """The NumPy generator behind `generator`, or behind the default one."""
    return (default_generator if generator is None else generator).numpy
