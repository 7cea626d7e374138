"""The labs as pages: their executed notebooks, the teacher's pages and the plans, with links that lead somewhere here.

A notebook links to the lesson page beside it, to files of minidl, and to other labs. On the site the lesson is
`lesson/lecture.html`, a file of minidl is a page of its own, and a lab is a page.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from .sphinx_runs import ROOT

LABS = ROOT / "labs"
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")


def write_labs(folder: Path, language: str, labs: Path = LABS) -> tuple[list[str], list[str]]:
    """The pages of every lab that is there, and those for teachers; `folder` is what Sphinx reads."""
    (folder / "labs").mkdir()
    pages = {f"labs/{file.parent.name}": file for file in sorted(labs.glob(f"*/lab.{language}.ipynb"))}
    plans = labs / f"PLANS.{language}.md"
    teachers = {"labs/plans": plans} if plans.is_file() else {}
    teachers |= {f"labs/{file.parent.name}-teacher": file for file in sorted(labs.glob(f"*/teacher.{language}.md"))}
    for page, file in pages.items():
        notebook = json.loads(file.read_text(encoding="utf-8"))
        _relink_cells(notebook, file.parent, folder)
        (folder / f"{page}.ipynb").write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    for page, file in teachers.items():
        (folder / f"{page}.md").write_text(
            relinked(file.read_text(encoding="utf-8"), file.parent, folder), encoding="utf-8"
        )
    return list(pages), list(teachers)


def _relink_cells(notebook: dict, home: Path, folder: Path) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = relinked("".join(cell["source"]), home, folder)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/markdown" in data:
                data["text/markdown"] = relinked("".join(data["text/markdown"]), home, folder)


def relinked(text: str, home: Path, folder: Path) -> str:
    """The Markdown of a file of the folder `home`, as it must be on a page in `folder/labs`."""

    def link(found: re.Match[str]) -> str:
        picture, words, path, anchor = found[1], found[2], found[3], found[4] or ""
        file = (home / path).resolve()
        if re.fullmatch(r"lesson\.\w+\.html", file.name):
            return f"[{words}](lab-lesson:{anchor.removeprefix('#')})"
        if re.fullmatch(r"(lab|teacher)\.\w+\.(ipynb|md|py)", file.name):
            if not file.is_file():  # not written yet
                return words
            return f"[{words}](/labs/{file.parent.name}{'-teacher' * file.name.startswith('teacher')})"
        if "://" in path or not path or not file.is_file():
            return found[0]
        if file.suffix == ".py":
            return f"[{words}](/{write_source(folder, file)}.md)"
        if file.suffix == ".md":
            return f"[{words}](/{write_text(folder, file)}.md)"
        (folder / "labs" / home.name).mkdir(exist_ok=True)
        shutil.copy(file, folder / "labs" / home.name / file.name)
        return f"{picture}[{words}]({home.name}/{file.name})"

    return LINK.sub(link, text)


def write_text(folder: Path, file: Path) -> str:
    """A page of a Markdown file that stands outside of the site; its name."""
    page = f"source/{file.relative_to(ROOT).as_posix().removesuffix('.md').replace('/', '-')}"
    (folder / "source").mkdir(exist_ok=True)
    text = file.read_text(encoding="utf-8")
    (folder / f"{page}.md").write_text(f"---\norphan: true\n---\n{text}", encoding="utf-8")
    return page


def write_source(folder: Path, file: Path, page: str | None = None) -> str:
    """A page with the lines of a file, numbered; its name."""
    name = file.relative_to(ROOT).as_posix()
    page = page or f"source/{name.removesuffix('.py').replace('/', '-')}"
    target = folder / f"{page}.md"
    target.parent.mkdir(exist_ok=True)
    orphan = "---\norphan: true\n---\n" if page.startswith("source/") else ""
    code = file.read_text(encoding="utf-8")
    title = name.removeprefix("minidl/")
    target.write_text(
        f"{orphan}# {title}\n\n````{{code-block}} python\n:linenos:\n:force:\n\n{code}````\n", encoding="utf-8"
    )
    return page
