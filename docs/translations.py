"""The Korean of the pages: catalogues in `locale/ko/LC_MESSAGES`, and what they lack."""

from __future__ import annotations

import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from .sphinx_runs import HERE, finish, start

LANGUAGES = ("en", "ko")
LOCALE = HERE / "locale"
CATALOGUES = LOCALE / "ko" / "LC_MESSAGES"
THEME = "sphinx"  # the catalogue of the theme's own words, which Sphinx reads too


def extract(folder: Path) -> Path:
    """Sphinx's templates, one per page, of everything on the pages that is to be translated."""
    finish(start("gettext", HERE / "pages", folder / "pot", folder / "trees", "en"), "the texts of the pages")
    return folder / "pot"


def update() -> None:
    """Bring the catalogues up to the English: new strings empty, changed ones fuzzy."""
    from sphinx_intl.basic import update as update_catalogues

    with tempfile.TemporaryDirectory() as folder:
        update_catalogues(str(LOCALE), str(extract(Path(folder))), ["ko"], line_width=110)


def faults() -> list[str]:
    """What is missing, fuzzy or left over in the catalogues: nothing, if the Korean is complete."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        wanted = {path.stem: _read(path) for path in sorted(extract(Path(folder)).glob("*.pot"))}
    for page, template in wanted.items():
        path = CATALOGUES / f"{page}.po"
        found += _faults_of(page, template, _read(path)) if path.exists() else [f"{page}: has no catalogue {path.name}"]
    left = {path.stem for path in CATALOGUES.glob("*.po")} - set(wanted) - {THEME}
    return found + [f"{page}.po: there is no such page" for page in sorted(left)]


def _faults_of(page: str, template: Catalog, korean: Catalog) -> list[str]:
    found = []
    for message in template:
        if not message.id:
            continue
        translated = korean.get(message.id)
        if translated is None or not translated.string:
            found.append(f"{page}: no Korean for {message.id!r}")
        elif translated.fuzzy:
            found.append(f"{page}: the English has changed; look at the Korean of {message.id!r}")
    left = [message.id for message in korean if message.id and message.id not in template]
    return found + [f"{page}: Korean for what the page no longer says: {text!r}" for text in left]


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)
