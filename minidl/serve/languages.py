"""The language that a request asks for."""

from __future__ import annotations

import re

from ..language import LANGUAGES


def language_of(accepted: str) -> str:
    """The language that an Accept-Language header likes best of those that are there; English if it likes none.

    >>> language_of("fr, ko;q=0.8, en;q=0.5")
    'ko'
    """
    liked: dict[str, float] = {}
    for part in accepted[:200].split(","):
        tag, _, weight = part.partition(";")
        found = re.fullmatch(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", weight) if weight else None
        name = tag.strip().partition("-")[0].lower()
        if name in LANGUAGES and (found or not weight):
            liked.setdefault(name, float(found[1]) if found else 1.0)
    return max(LANGUAGES, key=lambda name: liked.get(name, 0.0))
