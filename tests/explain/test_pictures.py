"""README's and docs' pictures of the page: those that the script makes, and all of them there."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from scripts import make_page_pictures as script

ROOT = Path(script.__file__).resolve().parent.parent
TEXTS = (ROOT / "README.md", ROOT / "docs" / "LESSON.md")
PICTURE = re.compile(r"!\[.*?\]\((\S+?\.png)\)")
SHOWN = {(text.parent / name).resolve() for text in TEXTS for name in PICTURE.findall(text.read_text(encoding="utf-8"))}


def test_the_script_makes_every_picture_that_is_shown() -> None:
    docs = ROOT / "docs"
    made = {docs / "lesson" / f"{screen}.{lang}.png" for lang, screens in script.SCREENS.items() for screen in screens}
    assert {path for path in SHOWN if path.is_relative_to(docs)} == made | {docs / "explain.png"}


@pytest.mark.parametrize("path", sorted(SHOWN), ids=lambda path: path.name)
def test_a_picture_is_a_screen_of_the_page(path: Path) -> None:
    start = path.read_bytes()[:24]
    assert start.startswith(b"\x89PNG") and struct.unpack(">II", start[16:]) == script.SIZE
    assert 20_000 < path.stat().st_size < 400_000
