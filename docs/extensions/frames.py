"""`{lesson} NAME`: a page of `minidl explain` in a frame, with its words below."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class LessonFrame(SphinxDirective):
    """A figure whose picture is a live page; the content is its caption."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        figure = nodes.figure(classes=["lesson"])
        figure += nodes.raw(
            "", f"<iframe src='lesson/{self.arguments[0]}.html' loading='lazy'></iframe>", format="html"
        )
        self.state.nested_parse(self.content, self.content_offset, caption := nodes.Element())
        figure += nodes.caption(caption[0].rawsource, "", *caption[0].children)
        figure[-1].source, figure[-1].line = caption[0].source, caption[0].line
        return [figure]


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("lesson", LessonFrame)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
