"""Random numbers: always drawn on the host, so that a seed gives the same run on every backend.

`manual_seed` seeds `default_generator`; whatever draws takes it from `generator_or_default`.
"""

from __future__ import annotations

import copy
import secrets
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from .errors import ArgumentTypeError, CheckpointError, RangeError


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
        """Start the stream over from `seed` and return the generator.

        As in PyTorch, a 64-bit integer; a negative one stands for 2**64 + seed. RangeError for anything larger.
        """
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise ArgumentTypeError(f"manual_seed: the seed must be an integer; got {seed!r}")
        if not -(2**63) <= index(seed) < 2**64:
            raise RangeError(f"manual_seed: the seed must be from -2**63 to 2**64 - 1; got {seed}")
        self._seed = index(seed) % 2**64
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def initial_seed(self) -> int:
        """The seed the stream was started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """The position in the stream, as a plain dictionary of integers and strings."""
        return {"seed": self._seed, **copy.deepcopy(dict(self.numpy.bit_generator.state))}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go to the position in the stream that `get_state` returned. CheckpointError if it is not one."""
        try:
            place = copy.deepcopy(dict(state))
            seed = place.pop("seed")
            self.numpy.bit_generator.state = place
        except (TypeError, ValueError, KeyError) as error:
            raise CheckpointError(f"set_state: not a generator state, as get_state() returns it: {error}") from None
        self._seed = seed


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, which decides initial weights, shuffles and dropout masks.

    >>> _ = manual_seed(0); a = default_generator.numpy.random()
    >>> _ = manual_seed(0); bool(a == default_generator.numpy.random())
    True
    """
    return default_generator.manual_seed(int(seed) if isinstance(seed, Real) else seed)


def seed() -> int:
    """Seed the default generator at random, and return the seed."""
    return default_generator.manual_seed(secrets.randbits(63)).initial_seed()


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """The default generator's place in its stream, for `set_rng_state`."""
    return default_generator.get_state()


def set_rng_state(new_state: dict[str, Any]) -> None:
    """Go to a place that `get_rng_state` returned. CheckpointError if it is not one."""
    default_generator.set_state(new_state)


def generator_or_default(generator: Generator | None) -> np.random.Generator:
    """The NumPy generator behind `generator`, or behind the default one."""
    if generator is not None and not isinstance(generator, Generator):
        raise ArgumentTypeError(f"generator must be a minidl.Generator; got {type(generator).__name__}")
    return (default_generator if generator is None else generator).numpy
