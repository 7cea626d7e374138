"""A recorded pass that can show itself: as a page, as text, as JSON, in a notebook."""

from __future__ import annotations

import os
from html import escape
from typing import Any

from ..files import replace_file
from ..language import chosen_language
from .recording.tape import Recording
from .views import export
from .views.lesson import render
from .views.text import as_text


class Tape(Recording):
    """One recorded pass: `nodes` in the order they ran, `leaves`, the lines as `events`, the gradients' `checks`."""

    def to_dict(self) -> dict[str, Any]:
        """The tape as plain lists, texts and numbers: what the page is made of."""
        return export.tape_dict(self)

    def html(self, lang: str | None = None, view: str = "lesson") -> str:
        """The page on which the pass is taught and walked through, one file without network.

        `lang`: en or ko; None: that of `MINIDL_LANG` or of the locale. `view`: lesson, or engine for its own lines.
        """
        return render(self.to_dict(), chosen_language(lang), view)

    def save(self, path: str | os.PathLike[str], lang: str | None = None, view: str = "lesson") -> None:
        """Write the page to a file. Raises `OutputError` if it cannot be written."""
        page = self.html(lang, view).encode()
        replace_file(path, lambda stream: stream.write(page))

    def text(self, lang: str = "en") -> str:
        """The walk as text, 96 columns wide."""
        return as_text(self, lang)

    def _repr_html_(self) -> str:
        """The page in a frame of a notebook."""
        page = escape(self.html(), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:760px;border:0" sandbox="allow-scripts"></iframe>'
