"""What the command says, in other languages than English.

The code is written in English. `ko.toml`, next to this file, has a line per message, with `{0}`, `{1}`, ... for what
is filled in: `"there is no {0} in {1}" = "{1}에 {0}이(가) 없어요"`. A finished message is recognised by its words, and
what was filled in is translated in turn: it may hold a message itself, such as the reason of an error.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

HOLE = re.compile(r"\{(\d+)\}")
LEAST_LETTERS = 3  # of a message with holes: fewer say too little to be recognised by
FEW_LETTERS = 6  # up to here, what fills a hole has no spaces: "{0} needs {1}" must not be found in any sentence
SUFFIX = r"((?:[;:,. (].*?)?)"  # what may follow a hole without a word between, such as "; did you mean ...?"

_spoken = "en"


def speak(language: str) -> None:
    """From now on the command speaks this language (of `LANGUAGES`)."""
    global _spoken
    _spoken = language


def spoken() -> str:
    """The language that the command speaks."""
    return _spoken


def translated(text: str, language: str | None = None) -> str:
    """The text in that language (None: the spoken one); as it is in English, and where the catalogue lacks it.

    >>> translated("the network is not sure: 1 or 7", "ko")
    '신경망이 자신 없어 해요: 1 아니면 7'
    """
    language = _spoken if language is None else language
    return text if language == "en" or not text else _in(language, text)


def _in(language: str, text: str) -> str:
    known, patterns = _catalogue(language)
    if text in known:
        return known[text]
    for literals, pattern, answer in patterns:
        if all(part in text for part in literals) and (found := pattern.fullmatch(text)):
            return HOLE.sub(lambda hole: _in(language, found[int(hole[1]) + 1]), answer)
    return text


@cache
def _catalogue(language: str) -> tuple[dict[str, str], list[tuple[list[str], re.Pattern[str], str]]]:
    """The messages without holes; and those with holes, the longest first: the most words are the surest match."""
    messages: dict[str, str] = tomllib.loads((files(__package__) / f"{language}.toml").read_text(encoding="utf-8"))
    patterns = []
    for text, answer in messages.items():
        parts = HOLE.split(text)  # words, number, words, ...
        if len(parts) == 1:
            continue
        words = parts[::2]
        assert parts[1::2] == [str(i) for i in range(len(words) - 1)], f"holes must be numbered from 0: {text!r}"
        letters = sum(letter.isalpha() for word in words for letter in word)
        if letters >= LEAST_LETTERS:
            hole = r"(\S*?)" if letters <= FEW_LETTERS else "(.*?)"
            text = re.escape(words[0]) + "".join(
                (hole if i == 0 or words[i] else SUFFIX) + re.escape(word) for i, word in enumerate(words[1:])
            )
            patterns.append((words, re.compile(text, re.DOTALL), answer))
    patterns.sort(key=lambda entry: (-sum(map(len, entry[0])), -len(entry[0])))
    return messages, patterns
