"""The built site, in both languages: links and anchors lead somewhere, nothing comes from elsewhere, nothing is cut."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from ..explain.page.browser import Page

pytestmark = pytest.mark.slow

LANGUAGES = ("en", "ko")
SIZES = [(390, 844), (1280, 720), (1920, 1080)]
# One of each kind: words, tables, a frame, a drawing, code, folded lists, a list of pages, the reference.
LOOKED_AT = (
    "index", "start", "tour", "lesson", "labs", "lecture", "browser", "engine", "operation", "pytorch", "api",
    "api/minidl.nn.init", "benchmarks", "gpu", "safety", "glossary", "reading/02-function",
)  # fmt: skip
ELSEWHERE = ("http:", "https:", "//")
CUT = """
const wide = innerWidth, found = [];
const scrolls = (e) => e && e !== document.body
  && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
if (document.documentElement.scrollWidth > wide) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
for (const e of document.querySelectorAll('article *')) {
  const box = e.getBoundingClientRect();
  const out = box.width && box.right > wide + 1 && e.checkVisibility() && !scrolls(e.parentElement);
  if (out) found.push(e.outerHTML.slice(0, 120));
}
for (const text of document.querySelectorAll('svg.house text')) {
  const box = text.getBBox(), frame = text.ownerSVGElement.viewBox.baseVal;
  if (!text.hasAttribute('transform') && (box.x < 0 || box.x + box.width > frame.width)) found.push(text.textContent);
}
return found;
"""


class Document(HTMLParser):
    """The anchors of a page, its links, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = {""}
        self.links: list[str] = []
        self.loads: list[str] = []
        self.titles = 0
        self.language: str | None = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in given}
        self.ids |= {attributes[name] for name in ("id", "name") if name in attributes}
        self.titles += tag == "h1"
        if tag == "html":
            self.language = attributes.get("lang")
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "link" and attributes.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(attributes["href"])
        elif "src" in attributes:
            self.loads.append(attributes["src"])


@cache
def document(path: Path) -> Document:
    return Document(path)


def pages(site: Path, language: str) -> list[Path]:
    """Every page of the site but those of `minidl explain`, which have tests of their own."""
    found = [
        path for path in sorted((site / language).rglob("*.html")) if path.parent.name not in ("lesson", "_static")
    ]
    assert len(found) > 40
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_leads_to_a_page_and_its_anchor(site, language):
    wrong = []
    for page in [*pages(site, language), site / "index.html"]:
        for link in {*document(page).links, *document(page).loads}:
            if link.startswith((*ELSEWHERE, "data:", "mailto:")):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / unquote(path.partition("?")[0])).resolve() if path else page
            if not target.is_file():
                wrong.append(f"{page.name}: {link}: no such file")
            elif (
                target.suffix == ".html"
                and target.parent.name != "lesson"
                and unquote(anchor) not in document(target).ids
            ):
                wrong.append(f"{page.name}: {link}: no such anchor")
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_from_elsewhere(site, language):
    for page in pages(site, language):
        assert [found for found in document(page).loads if found.startswith(ELSEWHERE)] == [], page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_its_language_and_has_one_title(site, language):
    for page in pages(site, language):
        assert document(page).language == language, page
        assert document(page).titles == 1 or page.name == "search.html", page  # furo writes no title there


def test_both_languages_have_the_same_pages_each_leading_to_the_other(site):
    english, korean = ([page.relative_to(site / lang) for page in pages(site, lang)] for lang in LANGUAGES)
    assert english == korean
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        for page in pages(site, language):
            name = page.relative_to(site / language)
            if name.name != "search.html":
                link = f"{'../' * len(name.parts)}{other}/{name.as_posix()}"
                assert link in document(page).links, page


def test_every_lab_is_a_page(site):
    from docs.labs import LABS

    for language in LANGUAGES:
        for notebook in LABS.glob(f"*/lab.{language}.ipynb"):
            assert (site / language / "labs" / f"{notebook.parent.name}.html").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_and_nothing_complains(site: Path, driver: Any, language: str) -> None:
    labs = [
        path.relative_to(site / language).with_suffix("").as_posix()
        for path in (site / language / "labs").glob("*.html")
    ]
    wrong = []
    for name in (*LOOKED_AT, *labs[:2]):
        page = Page(driver, site / language / f"{name}.html")
        for size in SIZES:
            page.resize(*size)
            wrong += [f"{name} at {size}: {found}" for found in page.js(CUT)]
        wrong += [f"{name}: {said}" for said in page.errors()]
        wrong += [f"{name}: asks for {url}" for url in page.requests() if not url.startswith(("file:", "data:"))]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(site: Path, driver: Any, language: str) -> None:
    for name in ("index", "lesson", "glossary"):
        page = Page(driver, site / language / f"{name}.html")
        page.js("document.querySelectorAll('iframe').forEach((frame) => frame.remove())")  # tests/explain looks at it
        assert page.violations() == [], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lesson_stands_in_its_frame(site: Path, driver: Any, language: str) -> None:
    page = Page(driver, site / language / "lesson.html")
    page.js("document.querySelector('iframe').loading = 'eager'")
    driver.switch_to.frame(driver.find_element("css selector", "iframe"))
    try:
        assert driver.execute_script("return document.documentElement.lang") == language
        assert driver.execute_script("return document.querySelectorAll('svg, canvas').length") > 0
    finally:
        driver.switch_to.default_content()
