"""A link to the same page in the other language; in figures, the caption for those who cannot see."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from docutils.transforms import Transform

NAMES = {"en": "English", "ko": "한국어"}


class Described(Transform):
    """A picture without a text of its own, and a frame without a title, get the words of their caption."""

    default_priority = 900  # after Sphinx has put the translations in

    def apply(self) -> None:
        for caption in self.document.findall(nodes.caption):
            words = caption.astext()
            for picture in caption.parent.findall(nodes.image):
                picture["alt"] = picture.get("alt") or words
            for frame in caption.parent.findall(nodes.raw):
                titled = frame.astext().replace("<iframe ", f'<iframe title="{escape(words)}" ')
                frame.replace_self(nodes.raw("", titled, format="html"))


def _link(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if "body" not in context or page == "search":
        return
    here = app.config.language
    up = "../" * (page.count("/") + 1)
    links = " · ".join(
        f"<span aria-current='true'>{name}</span>" if language == here
        else f"<a href='{up}{language}/{page}.html' hreflang='{language}' lang='{language}'>{name}</a>"
        for language, name in NAMES.items()
    )  # fmt: skip
    context["body"] = f"<p class='languages'>{links}</p>\n{context['body']}"
    navigation = context.get("furo_navigation_tree") or ""  # a heading must say its level
    context["furo_navigation_tree"] = navigation.replace('role="heading"', 'role="heading" aria-level="2"')


def _words(app: Any, config: Any) -> None:
    """What MyST-NB writes on the folded cells of a lab."""
    if config.language == "ko":
        config.nb_code_prompt_show, config.nb_code_prompt_hide = "코드 보기", "코드 접기"


def setup(app: Any) -> dict[str, Any]:
    app.add_transform(Described)
    app.connect("config-inited", _words)
    app.connect("html-page-context", _link, priority=900)  # after the theme has made its navigation
    return {"parallel_read_safe": True, "parallel_write_safe": True}
