"""What a lab must have; `faults` names what is missing."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from .build import notebook, pictures, stored
from .pairs import HANGUL, LANGUAGES, code_faults, text_faults

EXERCISES = 3
LARGEST = 2_000_000  # bytes of a stored notebook; one of photographs needs most of them
LINK = re.compile(r"\]\(([^)\s]+)\)")
SCREENS = {  # of the lesson page, for `lesson:` in a link
    "overview", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "reshape1", "linear1", "softmax1",
    "softmax1.dx", "linear1.dw", "linear1.db", "linear1.dx", "reshape1.dx", "pool2.dx", "relu2.dx", "conv2.dw",
    "conv2.db", "conv2.dx", "pool1.dx", "relu1.dx", "conv1.dw", "conv1.db", "conv1.dx", "update", "change", "live",
}  # fmt: skip


def faults(folder: Path) -> list[str]:
    """All that is wrong with a lab before it is run."""
    found = source_faults(folder) + teacher_faults(folder)
    if found:
        return found  # a notebook of a wrong source would only say the same again
    for language in LANGUAGES:
        fresh = notebook(folder, language)
        found += [f"{language}: {fault}" for fault in part_faults(fresh) + link_faults(fresh, folder)]
        found += stored_faults(folder, language, fresh)
    return found


def source_faults(folder: Path) -> list[str]:
    """Where the two languages of the source part ways."""
    cells = jupytext.read(folder / "lab.py").cells
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    found = []
    if not cells or cells[0].cell_type != "markdown" or not cells[0].source.startswith("# "):
        found.append("lab.py starts with its title, `# ...` in a text cell")
    if [cell.metadata.get("lang") for cell in texts] != [*LANGUAGES] * (len(texts) // 2):
        return [*found, f"lab.py: each text cell is followed by its translation: {out_of_step(texts)}"]
    for ko, en in zip(texts[::2], texts[1::2]):
        differ = text_faults(ko.source, en.source)
        if ko.metadata.get("tags", []) != en.metadata.get("tags", []):
            differ.append("the tags differ")
        found += [f"{fault}, at {ko.source.splitlines()[0]!r}" for fault in differ]
    for cell in cells:
        if cell.cell_type == "code":
            found += code_faults(cell.source, may_be_korean="korean" in cell.metadata.get("tags", []))
    return found


def out_of_step(texts: list[Any]) -> str:
    """The first text cell without its partner."""
    expected = LANGUAGES * (len(texts) // 2 + 1)
    wrong = (cell for cell, language in zip(texts, expected) if cell.metadata.get("lang") != language)
    return repr(next(wrong, texts[-1]).source.splitlines()[0])


def teacher_faults(folder: Path) -> list[str]:
    """What is wrong with the teacher's page."""
    pages = {language: folder / f"teacher.{language}.md" for language in LANGUAGES}
    missing = [f"no {path.name}" for path in pages.values() if not path.exists()]
    if missing:
        return missing
    ko, en = (path.read_text(encoding="utf-8") for path in pages.values())
    found = [] if HANGUL.search(ko) else ["teacher.ko.md is not in Korean"]
    return found + [f"teacher: {fault}" for fault in text_faults(ko, en)]


def part_faults(book: Any) -> list[str]:
    """Which part of a lab is missing."""
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    tags = [(cell.cell_type, tag) for cell in book.cells for tag in cell.metadata.get("tags", [])]
    texts = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    asked, told = (re.findall(rf"^{name}\((\d+),", code, re.M) for name in ("commit", "reveal"))
    found = []
    if not asked or asked != told:
        found.append(f"every question is asked by commit(n, ...) and told by reveal(n, ...): {asked} and {told}")
    if ("code", "mistake") not in tags:
        found.append("no code cell is tagged `mistake`")
    if (count := tags.count(("markdown", "exercise"))) != EXERCISES:
        found.append(f"{count} text cells are tagged `exercise`; it takes {EXERCISES}")
    if "minidl.judge(" not in code:
        found.append("no exercise is judged by minidl.judge")
    if not re.search(r"^ *show\(", code, re.M) or ("code", "print") not in tags:
        found.append("no figure, or none that is worth printing (tag `print`)")
    if not re.search(r"^ *assert ", code, re.M):
        found.append("no bound is asserted")
    if "lesson:" not in texts and "lesson." not in texts and "link(" not in code:
        found.append("no link into the lesson page")
    return found


def link_faults(book: Any, folder: Path) -> list[str]:
    """Links that lead nowhere."""
    found = []
    for target in LINK.findall("\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")):
        path, _, anchor = target.partition("#")
        if "/lesson." in path:
            found += [] if anchor in SCREENS else [f"the lesson page has no screen {anchor!r}"]
        elif not path.startswith(("http", "mailto:")) and path and not (folder / path).exists():
            found.append(f"the link {target} leads nowhere")
    return found


def stored_faults(folder: Path, language: str, fresh: Any) -> list[str]:
    """Where the stored notebook is not that of the source, or was not executed whole and without a warning."""
    path = stored(folder, language)
    remedy = f"`python -m labs build {folder.name[0].upper()}` writes it"
    if not path.exists():
        return [f"no {path.name}: {remedy}"]
    book = nbformat.read(path, as_version=4)
    if contents(book) != contents(fresh):
        return [f"{path.name} is not what lab.py gives: {remedy}"]
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    shown = pictures(book, "print")
    files = {file.name: file.read_bytes() for file in (folder / "figures").glob(f"{language}-*.png")}
    found = []
    if [cell.execution_count for cell in code] != [*range(1, len(code) + 1)]:
        found.append(f"{path.name} was not executed from top to bottom")
    if any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs):
        found.append(f"{path.name} shows an error or a warning")
    if re.search(r" at 0x[0-9a-f]+", path.read_text(encoding="utf-8")):
        found.append(f"{path.name} shows an address of memory, which differs from run to run")
    if not shown or files != {f"{language}-{name}.png": data for name, data in shown.items()}:
        found.append(f"figures/{language}-*.png are not the pictures tagged `print`: {remedy}")
    if path.stat().st_size > LARGEST:
        found.append(f"{path.name} has {path.stat().st_size:,} bytes, of at most {LARGEST:,}")
    return found


def contents(book: Any) -> list[tuple[str, str, list[str]]]:
    """What a source decides of a notebook."""
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in book.cells]


NUMBER = re.compile(r"[-−]?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")


def differing_outputs(stored_book: Any, today: Any) -> list[str]:
    """Cells that say something else today than they did: in words, or in numbers by more than a twentieth.

    Processors round differently, so training does not repeat to the last digit; a lab asserts what must hold.
    Cells tagged `machine` (times, versions) are not compared.
    """
    found = []
    for number, (old, new) in enumerate(zip(stored_book.cells, today.cells, strict=True)):
        if old.cell_type == "code" and "machine" not in old.metadata.get("tags", []):
            for before, after in zip_texts(old, new):
                if NUMBER.sub("#", before) != NUMBER.sub("#", after) or not close(before, after):
                    found.append(f"cell {number} said {before!r}, and today {after!r}")
    return found


def zip_texts(old: Any, new: Any) -> list[tuple[str, str]]:
    before, after = texts_of(old), texts_of(new)
    if len(before) != len(after):
        return [(f"{len(before)} outputs", f"{len(after)} outputs")]
    return list(zip(before, after))


def texts_of(cell: Any) -> list[str]:
    """What a cell's outputs say; of a picture, its alternative text."""
    return [
        output.get("text")
        or output.get("metadata", {}).get("image/png", {}).get("alt")
        or output.get("data", {}).get("text/markdown")
        or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]


def close(before: str, after: str) -> bool:
    old, new = ([float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)] for text in (before, after))
    return all(abs(a - b) <= 0.05 * max(abs(a), abs(b)) for a, b in zip(old, new))


def differing_results(one: Any, other: Any) -> list[str]:
    """Variables whose numbers differ between two runs of a lab, in either language: something is drawn without a seed.

    Not looked at: what a cell tagged `machine` binds (times), and a lab in which the clock decides (tag `clock`).
    """
    tagged = [(cell.source, cell.metadata.get("tags", [])) for cell in one.cells if cell.cell_type == "code"]
    if any("clock" in tags for _, tags in tagged):
        return []
    timed = {name for source, tags in tagged if "machine" in tags for name in bound(source)}
    before, after = one.metadata["results"], other.metadata["results"]
    return sorted(name for name in before.keys() - timed if before[name] != after.get(name))


def bound(source: str) -> set[str]:
    """The names that a cell binds."""
    names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}
