"""What the written pages hold: their texts, and the code blocks in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "pages").glob("*.md"))
WRITTEN = [ROOT / "README.md", ROOT / "README.ko.md", ROOT / "docs" / "LESSON.md", *PAGES]
FENCE = re.compile(r"^( *)(`{3,})(.*)$")


class Block(NamedTuple):
    """One code block: its language, its text, and the line of the page on which it starts."""

    language: str
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    """The code blocks of a page in Markdown; directives, whose language stands in braces, are none.

    >>> blocks("one\\n```sh\\nminidl train\\n```\\n")
    [Block(language='sh', text='minidl train', line=2)]
    """
    found, inside, lines = [], None, []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if inside is None:
            if fence:
                inside, lines = (fence[1], fence[2], fence[3].strip(), number), []
        elif fence and fence[2] == inside[1] and not fence[3]:
            if not inside[2].startswith("{"):
                found.append(Block(inside[2], "\n".join(lines), inside[3]))
            inside = None
        else:
            lines.append(line.removeprefix(inside[0]))
    assert inside is None, f"the block of line {inside and inside[3]} has no end"
    return found


def headings(text: str) -> list[int]:
    """The level of each heading outside code."""
    return [len(found) for found in re.findall(r"^(#+) ", without_code(text), re.MULTILINE)]


def without_code(text: str) -> str:
    """The page without its code blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def targets(text: str) -> list[str]:
    """Where the links and pictures of a page lead, in order."""
    return re.findall(r"\]\(([^)\s]+)\)", text)
