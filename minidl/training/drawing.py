"""matplotlib's figures, whatever MPLBACKEND says: they are written as PNG and never shown.

`matplotlib` cannot even be imported if MPLBACKEND names a module that this environment lacks, as when a Jupyter kernel
of another environment sets it. A setting that can be used is left alone: it may be the user's own, for other figures.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from ..files import replace_file
from ..language import spoken, translated

try:
    import matplotlib
except ValueError:  # what MPLBACKEND names is not there
    if (asked := os.environ.pop("MPLBACKEND", None)) is None:
        raise
    for name in [name for name in sys.modules if name.startswith("matplotlib.")]:
        del sys.modules[name]  # what the failed import left
    try:
        import matplotlib  # noqa: F401
    finally:
        os.environ["MPLBACKEND"] = asked

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

__all__ = ["Axes", "Figure", "LogLocator", "MaxNLocator", "NullLocator", "save"]


HANGUL = ("NotoSansCJK-Regular", "NotoSansKR", "NanumGothic", "malgun", "AppleSDGothicNeo", "AppleGothic")  # font files


def save(figure: Figure, path: str | os.PathLike[str], dpi: float | None = None) -> None:
    """Write `figure` as PNG, completely or not at all, in the spoken language. Raises `OutputError`."""
    if spoken() == "ko":
        _in_korean(figure)
    canvas = FigureCanvasAgg(figure)
    replace_file(path, lambda stream: canvas.print_figure(stream, format="png", dpi=dpi))


def _in_korean(figure: Figure) -> None:
    """Translate the words of the figure, if a font here has Hangul; otherwise they stay English."""
    if (family := hangul_font()) is None:
        return
    for text in figure.findobj(Text):
        if (korean := translated(text.get_text())) != text.get_text():
            text.set_text(korean)
            text.set_fontfamily([family, *text.get_fontfamily()])


@cache
def hangul_font() -> str | None:
    """The name of a font with Hangul, the first of `HANGUL` that the system has; None without one."""
    files = {Path(file).stem.lower(): file for file in findSystemFonts()}  # matplotlib's own list may be an old one
    for name in HANGUL:
        if (file := files.get(name.lower())) is not None:
            fontManager.addfont(file)
            return FontProperties(fname=file).get_name()
    return None
