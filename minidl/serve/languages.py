"""Answers in the language that a request asks for: what the rest says in English, `answers.ko.json` says in Korean.

The file's keys are the English sentences, with {0}, {1} where a number or a name stands; these may be keys themselves.
"""

from __future__ import annotations

import json
import re
from functools import cache

from ..explain.views.static import static_text
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


def told(text: str, lang: str) -> str:
    """An English sentence of an answer in that language; as it is if the file lacks it.

    >>> told("the network is not sure: 1 or 7", "ko")
    '신경망에 확신이 없다: 1, 아니면 7'
    """
    if lang == "en":
        return text
    sentences = _sentences(lang)
    for pattern, words in sentences:
        if found := pattern.fullmatch(text):
            return words.format(*(told(part, lang) for part in found.groups()))
    return text


@cache
def _sentences(lang: str) -> list[tuple[re.Pattern[str], str]]:
    """Each English sentence as a pattern with a group for every number or name; those without any first."""
    known: dict[str, str] = json.loads(static_text(__package__, f"answers.{lang}.json"))
    found = []
    for english, words in sorted(known.items(), key=lambda pair: pair[0].count("{")):
        parts = re.split(r"\{\d\}", english)
        found.append((re.compile("(.+)".join(map(re.escape, parts))), words))
    return found
