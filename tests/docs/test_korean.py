"""The Korean of the site is complete, and what would be missing, outdated or left over is told."""

from __future__ import annotations

import doctest
import importlib
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from .pages import ROOT

pytestmark = pytest.mark.usefixtures("sphinx")


@pytest.fixture
def catalogues(tmp_path, monkeypatch):
    from docs import translations

    monkeypatch.setattr(translations, "CATALOGUES", shutil.copytree(translations.CATALOGUES, tmp_path / "ko"))
    return translations.CATALOGUES


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """What Sphinx extracts, once."""
    from docs import translations

    return translations.extract(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def faults(catalogues, templates, monkeypatch):
    from docs import translations

    monkeypatch.setattr(translations, "extract", lambda folder: templates)
    return translations.faults


def test_every_string_has_its_korean(faults):
    assert faults() == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('msgstr "둘러보기"', 'msgstr ""', "tour: no Korean for 'The tour'"),
        ('msgid "The tour"', '#, fuzzy\nmsgid "The tour"', "the English has changed; look at the Korean of 'The tour'"),
        ('msgid "The tour"', 'msgid "A tour"', "Korean for what the page no longer says: 'A tour'"),
    ],
)
def test_what_is_not_as_it_should_be_is_told(faults, catalogues, old, new, says):
    page = catalogues / "tour.po"
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(says in fault for fault in faults()), faults()


def test_a_page_without_a_catalogue_and_a_catalogue_without_a_page_are_told(faults, catalogues):
    (catalogues / "tour.po").rename(catalogues / "detour.po")
    assert faults() == ["tour: has no catalogue tour.po", "detour.po: there is no such page"]


def test_the_site_is_not_built_without_its_korean(monkeypatch, tmp_path):
    from docs import build

    monkeypatch.setattr(build, "faults", lambda: ["tour: no Korean for 'The tour'"])
    with pytest.raises(build.BuildError, match="no Korean for 'The tour'\npython -m docs translate brings"):
        build.build(tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_warning_of_sphinx_ends_the_build(tmp_path):
    from docs.sphinx_runs import BuildError, finish, start

    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text("# One\n\n[nowhere](nowhere.md)\n")
    with pytest.raises(BuildError, match=r"nowhere\.md"):
        finish(start("html", tmp_path / "pages", tmp_path / "out", tmp_path / "trees", "en"), "one page")


@pytest.mark.parametrize("name", ["docstrings", "mathml"])
def test_the_examples_of_the_extensions(name):
    assert doctest.testmod(importlib.import_module(f"docs.extensions.{name}")) == (doctest.TestResults(0, 1))


def test_the_table_of_pytorchs_names_is_that_of_the_package():
    from docs.extensions.names import split

    there, out = split("minidl.optim")
    assert "SGD" in there
    assert "SparseAdam" in out
    for room in ("minidl.nn", "Tensor"):
        there, out = split(room)
        assert len(there) > 100
        assert not set(there) & set(out)


def test_the_command_explains_itself():
    done = subprocess.run(
        [sys.executable, "-m", "docs", "--help"], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0
    assert "translate" in done.stdout


def test_what_to_use_instead_is_said_in_korean():
    from docs.extensions.names import KOREAN, advice

    english, korean = advice("en"), advice("ko")
    catalogue = tomllib.loads(KOREAN.read_text(encoding="utf-8"))
    assert set(catalogue) == {english[name] for name in korean if " " in english[name]}, "none that is gone"
    names = {"linalg.solve, linalg.inv, linalg.det", "tensor(..., dtype=...)"}
    assert [
        said for said in korean.values() if " " in said and not re.search("[가-힣]", said) and said not in names
    ] == []
    assert korean["as_strided"] == "자르기, unfold, diagonal, expand로 만드는 뷰"
