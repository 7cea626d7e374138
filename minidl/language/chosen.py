"""Which language the page opens in: the one asked for, else `MINIDL_LANG`, else that of the locale, else English."""

from __future__ import annotations

import os

from ..errors import ArgumentError

LANGUAGES = ("en", "ko")
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as for other programs


def chosen_language(asked: str | None = None) -> str:
    """The language, en or ko. ArgumentError if the one that is asked for is not there.

    >>> chosen_language("ko")
    'ko'
    """
    if asked is not None:
        return known_language(asked, "lang")
    if wanted := os.environ.get("MINIDL_LANG"):
        return known_language(wanted, "MINIDL_LANG")
    locale = next((os.environ[name] for name in LOCALE if os.environ.get(name)), "")
    return next((lang for lang in LANGUAGES if locale.split(".")[0].split("_")[0] == lang), LANGUAGES[0])


def known_language(lang: str, what: str = "lang") -> str:
    """The language itself, if it is one of those."""
    if lang not in LANGUAGES:
        raise ArgumentError(f"{what} must be one of {', '.join(LANGUAGES)}; got {lang!r}")
    return lang
