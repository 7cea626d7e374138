"""Which language and view the page opens in: asked for, else the environment's, else the locale's, else English."""

from __future__ import annotations

from pathlib import Path

import pytest

import minidl
from minidl.cli import main
from minidl.errors import ArgumentError
from minidl.explain import record
from minidl.language import chosen_language

SETTINGS = ("MINIDL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("settings", "asked", "language"),
    [
        ({}, None, "en"),
        ({"LANG": "ko_KR.UTF-8"}, None, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "de_DE.UTF-8"}, None, "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "ko"}, None, "ko"),
        ({"LANG": "ko_KR.UTF-8", "MINIDL_LANG": "en"}, None, "en"),
        ({"MINIDL_LANG": "ko"}, "en", "en"),
        ({"LANG": "korean"}, None, "en"),
    ],
)
def test_the_language(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], asked: str | None, language: str
) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert chosen_language(asked) == language


def test_an_unknown_language_is_refused_by_the_name_of_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIDL_LANG", "fr")
    with pytest.raises(ArgumentError, match="MINIDL_LANG must be one of en, ko; got 'fr'"):
        chosen_language()
    with pytest.raises(ArgumentError, match="lang must be one of en, ko; got 'de'"):
        chosen_language("de")


def test_a_tape_writes_its_page_in_that_language_and_view(monkeypatch: pytest.MonkeyPatch) -> None:
    x = minidl.tensor([1.0], requires_grad=True)
    with record(torch=False) as tape:
        (x * 2).sum().backward()
    monkeypatch.setenv("MINIDL_LANG", "ko")
    assert '<html lang="ko">' in tape.html() and 'data-view="lesson"' in tape.html()
    assert '<html lang="en">' in tape.html("en") and 'data-view="engine"' in tape.html(view="engine")


def test_the_command_opens_the_view_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIDL_LANG", "ko")
    page = tmp_path / "page.html"
    assert main(["explain", "--model", "mlp", "--no-torch", "--engine", "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert 'data-view="engine"' in text and '<html lang="ko">' in text and len(text.encode()) < 3_000_000
