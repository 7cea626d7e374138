"""From a lab's source to its executed notebooks.

`lab.py` is jupytext's py:percent. Text cells come in pairs, `# %% [markdown] lang="ko"` before `lang="en"`. Code cells
are shared, and what a person reads in them is a pair, `"손실 ‖ loss"`, of which a notebook gets its half (`pairs.py`).
Cells tagged `setup` or `figure` are folded. Python in a text (an answer, inside <details>) is run after the last cell,
and left out. A link to `lesson:conv1.dw` goes to that screen of the lesson page.
"""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

from .pairs import FENCE, LANGUAGES, half

HERE = Path(__file__).resolve().parent
FOLDED = {"setup", "figure"}
LESSON = re.compile(r"\]\(lesson:([^)\s]+)\)")
SETUP = """\
# 언어를 정하고 labs 폴더를 찾아요 ‖ the language, and where the labs are
import os
import sys
from pathlib import Path

os.environ["LAB_LANGUAGE"] = "{language}"
places = (Path.cwd(), *Path.cwd().parents)
sys.path[:0] = [str(place) for place in places if (place / "labs" / "kit.py").exists()][:1]"""

RESULTS = """\
import json
from labs.kit import results
print(json.dumps(results({name: value for name, value in globals().items() if name[0] != "_"})))"""


def all_labs(where: Path = HERE) -> dict[str, Path]:
    """The folders of the labs by their letters."""
    return {path.parent.name[0].upper(): path.parent for path in sorted(where.glob("?_*/lab.py"))}


def stored(folder: Path, language: str) -> Path:
    """Where a lab's notebook lies."""
    return folder / f"lab.{language}.ipynb"


def notebook(folder: Path, language: str) -> Any:
    """A lab in one language, not executed."""
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    source = jupytext.read(folder / "lab.py")
    cells = [cell for cell in source.cells if cell.metadata.get("lang", language) == language]
    cells.insert(1, nbformat.v4.new_code_cell(SETUP.format(language=language), metadata={"tags": ["setup"]}))
    for number, cell in enumerate(cells):
        cell["id"] = f"{language}-{number}"
        if cell.cell_type == "code":
            cell.source = half(cell.source, language)
        else:
            cell.source = LESSON.sub(rf"](../lesson.{language}.html#\1)", cell.source)
        tags = cell.metadata.get("tags", [])
        if FOLDED & set(tags):
            cell.metadata["tags"] = [*tags, "hide-input"]
            cell.metadata["jupyter"] = {"source_hidden": True}
    about = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=about)


def execute(book: Any, folder: Path, *, quick: bool = False, timeout: float = 600) -> Any:
    """Run a notebook in its folder, the answers last, and return it. Raises nbclient's `CellExecutionError`.

    Its metadata then has the digests of its variables, `results`, for `rules.differing_results`.
    """
    length = len(book.cells)
    texts = [cell.source for cell in book.cells if cell.cell_type == "markdown"]
    book.cells += [nbformat.v4.new_code_cell(code) for text in texts for code in FENCE.findall(text)]
    book.cells.insert(length, nbformat.v4.new_code_cell(RESULTS))  # before the answers, which may name anything
    client = NotebookClient(
        book,
        timeout=timeout,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=os.environ | {"LABS_QUICK": "1" if quick else "", "PYTHONPATH": str(HERE.parent)})
    book.metadata["results"] = json.loads(book.cells[length].outputs[0].text)
    book.cells = book.cells[:length]
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # times differ from run to run
    book.metadata["language_info"] = {"name": "python"}  # no version: it differs from machine to machine
    return book


def pictures(book: Any, tag: str | None = None) -> dict[str, bytes]:
    """The PNG files that a notebook's cells showed, by name; with `tag`, only those of cells that have it."""
    found = {}
    for cell in book.cells:
        if cell.cell_type != "code" or (tag and tag not in cell.metadata.get("tags", [])):
            continue
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                name = output.metadata.get("image/png", {}).get("name", cell["id"])
                found[name] = base64.b64decode(output.data["image/png"])
    return found


def build(folder: Path, language: str, *, quick: bool = False, figures: Path | None = None) -> Any:
    """Write `lab.LANGUAGE.ipynb`, executed, and `figures/`: the pictures of cells tagged `print`. Returns the run.

    `figures`: a folder for all pictures, to look at. `quick`: shorter training, and nothing but `figures` is written.
    """
    book = execute(notebook(folder, language), folder, quick=quick)
    nbformat.validate(book)
    if figures:
        write_pictures(pictures(book), figures, f"{folder.name}-{language}-")
    if quick:
        return book
    about = {name: what for name, what in book.metadata.items() if name != "results"}
    nbformat.write(nbformat.v4.new_notebook(cells=book.cells, metadata=about), stored(folder, language))
    for old in (folder / "figures").glob(f"{language}-*.png"):
        old.unlink()
    write_pictures(pictures(book, "print"), folder / "figures", f"{language}-")
    return book


def write_pictures(found: dict[str, bytes], where: Path, prefix: str) -> None:
    where.mkdir(parents=True, exist_ok=True)
    for name, data in found.items():
        (where / f"{prefix}{name}.png").write_bytes(data)
