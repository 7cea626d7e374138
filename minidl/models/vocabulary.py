"""Text as integers: one for each character."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine.tensor import Tensor
from ..errors import RangeError
from ..tensors.creation import tensor


class Vocabulary:
    """The characters of a text, in order; `encode` and `decode` go between text and their numbers.

    >>> letters = Vocabulary("hello")
    >>> letters.characters, letters.encode("hole").tolist()
    ('ehlo', [1, 3, 2, 0])
    >>> letters.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, text: str) -> None:
        self.characters = "".join(sorted(set(text)))
        self._numbers = {character: i for i, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Tensor:
        """The numbers of the characters, int64 (T,). RangeError for one that the vocabulary lacks."""
        for character in text:
            if character not in self._numbers:
                raise RangeError(f"the vocabulary of {len(self)} characters has no {character!r}")
        return tensor([self._numbers[character] for character in text]).long()

    def decode(self, numbers: Tensor | Iterable[int]) -> str:
        """The text of some numbers (T,)."""
        return "".join(self.characters[i] for i in (numbers.tolist() if isinstance(numbers, Tensor) else numbers))
