"""The files that a page is made of: styles, programs and texts, beside the code that puts them together."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def static_text(package: str, name: str) -> str:
    """The text of a file of the package, by its path there, such as `js/main.js`."""
    return files(package).joinpath(*name.split("/")).read_text(encoding="utf-8")


@cache
def static_names(package: str, folder: str, suffix: str) -> list[str]:
    """The files of a folder by name, sorted, without their ending: whatever lies there is part of the page."""
    found = [part.name for part in files(package).joinpath(*folder.split("/")).iterdir()]
    return sorted(name.removesuffix(suffix) for name in found if name.endswith(suffix))
