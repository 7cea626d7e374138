"""The site in both languages, from its pages and the code: no network, no warning, no string without its Korean."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from . import generated
from .sphinx_runs import HERE, ROOT, BuildError, finish, start
from .translations import LANGUAGES, faults

OUT = ROOT / "build" / "site"


def build(out: Path = OUT) -> None:
    """Write `out/index.html`, `out/en` and `out/ko`; `BuildError` with the reasons if anything is wrong."""
    if lacking := faults():
        raise BuildError("\n".join([*lacking, "python -m docs translate brings the catalogues up to the English"]))
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="minidl-docs-") as name:
        folder = Path(name)
        runs = {
            language: start("html", stage(folder / language, language), out / language, folder / "trees", language)
            for language in LANGUAGES
        }
        pages = generated.lesson_pages(LANGUAGES)  # while Sphinx runs
        for language, started in runs.items():
            finish(started, f"the site in {language}")
    for (language, lesson), page in pages.items():
        file = out / language / "lesson" / f"{lesson}.html"
        file.parent.mkdir(exist_ok=True)
        file.write_text(page, encoding="utf-8")
    shutil.copy(HERE / "static" / "languages.html", out / "index.html")


def stage(folder: Path, language: str) -> Path:
    """What Sphinx reads: the pages, and beside them those that are made from the code, the labs and the README."""
    shutil.copytree(HERE / "pages", folder)
    generated.write_api(folder)
    generated.write_reading(folder)
    generated.write_lab_pages(folder, language)
    return folder
