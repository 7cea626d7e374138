"""matplotlib's figures, whatever MPLBACKEND says: they are written as PNG and never shown.

`matplotlib` cannot even be imported if MPLBACKEND names a module that this environment lacks, as when a Jupyter kernel
of another environment sets it. A setting that can be used is left alone: it may be the user's own, for other figures.
"""

from __future__ import annotations

import os
import sys

from ..files import replace_file

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
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

__all__ = ["Axes", "Figure", "LogLocator", "MaxNLocator", "NullLocator", "save"]


def save(figure: Figure, path: str | os.PathLike[str], dpi: float | None = None) -> None:
    """Write `figure` as PNG, completely or not at all. Raises `OutputError`."""
    canvas = FigureCanvasAgg(figure)
    replace_file(path, lambda stream: canvas.print_figure(stream, format="png", dpi=dpi))
