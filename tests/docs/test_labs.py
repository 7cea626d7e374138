"""Labs as pages: their links lead somewhere on the site; and a site without labs is built too."""

from __future__ import annotations

import json
import os

import pytest

from .pages import ROOT


@pytest.fixture
def labs(tmp_path):
    """One lab, with a link of each kind."""
    home = tmp_path / "labs" / "a_losses"
    (home / "figures").mkdir(parents=True)
    (home / "figures" / "ko-1.png").write_bytes(b"a picture")
    code = os.path.relpath(ROOT / "minidl" / "ops" / "linear.py", home)
    said = f"[dw](../lesson.ko.html#linear1.dw) [code]({code}) [out](https://example.org/x) [b](#b) [gone](gone.txt)"
    output = {
        "output_type": "display_data",
        "data": {"text/markdown": ["[dx](../lesson.ko.html#conv1.dx)"]},
        "metadata": {},
    }
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": [said]},
        {"cell_type": "code", "metadata": {}, "source": ["x[0](1)"], "outputs": [output], "execution_count": 1},
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (home / "lab.ko.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (home / "teacher.ko.md").write_text("# A\n\n![one](figures/ko-1.png) [lab](lab.ko.ipynb)\n", encoding="utf-8")
    (tmp_path / "labs" / "PLANS.ko.md").write_text(
        "# Plans\n\n[A](a_losses/teacher.ko.md) [Z](z/lab.ko.ipynb)\n", encoding="utf-8"
    )
    return tmp_path / "labs"


def staged(labs, folder, language="ko"):
    from docs.labs import write_labs

    folder.mkdir()
    return write_labs(folder, language, labs)


def test_the_pages_of_a_lab(labs, tmp_path):
    assert staged(labs, tmp_path / "pages") == (["labs/a_losses"], ["labs/plans", "labs/a_losses-teacher"])


def test_the_links_of_a_lab(labs, tmp_path):
    staged(labs, folder := tmp_path / "pages")
    words, code = json.loads((folder / "labs" / "a_losses.ipynb").read_text(encoding="utf-8"))["cells"]
    assert words["source"] == (
        "[dw](lab-lesson:linear1.dw) [code](/source/minidl-ops-linear.md) [out](https://example.org/x) "
        "[b](#b) [gone](gone.txt)"
    )
    assert code["source"] == ["x[0](1)"], "code is no Markdown"
    assert code["outputs"][0]["data"]["text/markdown"] == "[dx](lab-lesson:conv1.dx)"
    assert "class Linear(Function):" in (folder / "source" / "minidl-ops-linear.md").read_text(encoding="utf-8")
    teacher = (folder / "labs" / "a_losses-teacher.md").read_text(encoding="utf-8")
    assert teacher == "# A\n\n![one](a_losses/ko-1.png) [lab](/labs/a_losses)\n"
    assert (folder / "labs" / "a_losses" / "ko-1.png").read_bytes() == b"a picture"
    assert (folder / "labs" / "plans.md").read_text(encoding="utf-8") == "# Plans\n\n[A](/labs/a_losses-teacher) Z\n", (
        "a lab that is not there yet is not led to"
    )


def test_without_labs(tmp_path):
    assert staged(tmp_path / "none", tmp_path / "pages") == ([], [])


def test_a_list_of_pages_is_put_where_its_name_stands(tmp_path):
    from docs.generated import fill

    page = tmp_path / "labs.md"
    page.write_text("# Labs\n\n% labs\n\nend\n")
    fill(page, "labs", ["labs/a"])
    assert page.read_text() == "# Labs\n\n```{toctree}\n:maxdepth: 1\n\nlabs/a\n```\n\nend\n"
    page.write_text("# Labs\n\n% labs\n\nend\n")
    fill(page, "labs", [])
    assert page.read_text() == "# Labs\n\n\n\nend\n"
    with pytest.raises(ValueError, match=r"labs\.md has no line '% teachers'"):
        fill(page, "teachers", [])
