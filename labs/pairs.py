"""Two languages in one source: which half is whose, and whether both say the same."""

from __future__ import annotations

import re

LANGUAGES = ("ko", "en")
BAR = " ‖ "
STRING = re.compile(rf'"([^"\n]*?){BAR}([^"\n]*)"')  # "손실 ‖ loss" in code ...
COMMENT = re.compile(rf"# ([^\n‖]*?){BAR}([^\n]*)$", re.M)  # ... and in comments
HANGUL = re.compile(r"[가-힣]")
FENCE = re.compile(r"^```python\n(.*?)^```", re.S | re.M)  # an answer's code, inside <details>
FACTS = {
    "formula": re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.S),
    "code": re.compile(r"`[^`\n]+`"),
    "number": re.compile(r"\d[\d.,]*\d"),
    "link": re.compile(r"\]\(([^)\s]+)\)"),
}
SHAPE = re.compile(r"^(#+ |\||```|<details>|- |\d\. )", re.M)  # headings, rows of tables, code, answers, lists


def half(code: str, language: str) -> str:
    """A code cell as one language reads it: of each pair `"한국어 ‖ English"`, in strings and comments, one half."""
    side = LANGUAGES.index(language) + 1
    return COMMENT.sub(lambda pair: f"# {pair[side]}", STRING.sub(lambda pair: f'"{pair[side]}"', code))


def code_faults(code: str, *, may_be_korean: bool = False) -> list[str]:
    """What is wrong with the pairs of a code cell."""
    found = []
    for ko, en in [pair.groups() for pattern in (STRING, COMMENT) for pair in pattern.finditer(code)]:
        if not HANGUL.search(ko) and HANGUL.search(en):
            found.append(f"Korean comes first: {ko}{BAR}{en}")
        if fields(ko) != fields(en):
            found.append(f"the halves fill in other values: {ko}{BAR}{en}")
        found += [f"{fault}: {ko}{BAR}{en}" for fault in disagreements(ko, en, ("number",))]
    english = half(code, "en")
    if "‖" in english:
        found.append(f"a pair must be a whole literal, or a whole comment: {line_with('‖', english)}")
    if HANGUL.search(english) and not may_be_korean:
        found.append(f"Korean without its English: {line_with(HANGUL.search(english)[0], english)}")
    return found


def fields(text: str) -> set[str]:
    """The names that an f-string fills in; how they are formatted may differ."""
    return {re.split(r"[:!]", field)[0] for field in re.findall(r"\{([^{}]*)\}", text)}


def line_with(part: str, text: str) -> str:
    return next(line.strip() for line in text.splitlines() if part in line)


def text_faults(ko: str, en: str) -> list[str]:
    """In what a text and its translation differ, where they must not: formulas, code, numbers, links, structure."""
    found = disagreements(ko, en, tuple(FACTS))
    if SHAPE.findall(ko) != SHAPE.findall(en):
        found.append("headings, rows of tables, lists, code and answers are not the same")
    if "‖" in ko + en:
        found.append("a text is not paired by bars: each language has its own cell")
    if HANGUL.search(en) and not HANGUL.search(ko):
        found.append("the languages are the wrong way round")
    if [bare(code) for code in FENCE.findall(ko)] != [bare(code) for code in FENCE.findall(en)]:
        found.append("the code of the answers differs")
    return found


def disagreements(ko: str, en: str, kinds: tuple[str, ...]) -> list[str]:
    found = []
    for kind in kinds:
        in_ko, in_en = ({same(fact) for fact in FACTS[kind].findall(FENCE.sub("", text))} for text in (ko, en))
        found += [f"the {kind} {fact} is in Korean only" for fact in sorted(in_ko - in_en)]
        found += [f"the {kind} {fact} is in English only" for fact in sorted(in_en - in_ko)]
    return found


def same(fact: str) -> str:
    """What must agree of a fact: the words inside a formula and the language of a linked page may differ."""
    return re.sub(r"\.(ko|en)\.", ".*.", re.sub(r"\\text\{[^}]*\}", r"\\text{}", fact))


def bare(code: str) -> str:
    """Code without its comments."""
    return re.sub(r"\s*#[^\n]*", "", code)
