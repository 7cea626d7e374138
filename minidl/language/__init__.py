"""The language in which the command speaks: which one is chosen, and the catalogue of its messages."""

from .catalogue import speak, spoken, translated
from .chosen import LANGUAGES, chosen_language, known_language

__all__ = ["LANGUAGES", "chosen_language", "known_language", "speak", "spoken", "translated"]
