"""The written pages and both READMEs: for whom they are, what their code does, whether the two languages keep step."""

from __future__ import annotations

import ast
import doctest
import re
from types import SimpleNamespace

import pytest

from minidl.cli import VERBS

from . import commands
from .pages import PAGES, ROOT, WRITTEN, blocks, headings, targets, without_code


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.name)


@each(PAGES)
def test_the_first_line_below_the_title_says_for_whom_the_page_is(path):
    first = r"# \S.*\n\n:::\{container\} for-whom\nFor .+[.:]?\n:::\n"
    assert re.match(first, path.read_text(encoding="utf-8")), path.read_text(encoding="utf-8")[:200]


@each(WRITTEN)
def test_the_python_of_a_page_does_what_it_says(path, tmp_path, monkeypatch):
    """Sessions are run, one after another with the same names; scripts are compiled."""
    monkeypatch.chdir(tmp_path)
    runner, names = doctest.DocTestRunner(), {}
    for language, text, line in blocks(path.read_text(encoding="utf-8")):
        if language != "python":
            continue
        if ">>> " not in text:
            compile(text, f"{path.name}:{line}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            continue
        session = doctest.DocTestParser().get_doctest(text + "\n", names, f"{path.name}:{line}", str(path), line)
        said: list[str] = []
        result = runner.run(session, out=said.append, clear_globs=False)
        names = session.globs
        assert result.attempted > 0
        assert result.failed == 0, "".join(said)


@each(WRITTEN)
def test_the_commands_of_a_page_exist_with_their_options(path):
    found = [
        f"line {block.line}: {fault}"
        for block in blocks(path.read_text(encoding="utf-8"))
        if block.language == "sh"
        for fault in commands.faults(block.text)
    ]
    assert found == []


@each(WRITTEN)
def test_a_block_has_a_language_that_is_looked_at(path):
    assert {block.language for block in blocks(path.read_text(encoding="utf-8"))} <= {"python", "sh"}


@pytest.mark.parametrize(
    "line",
    [
        "minidl trian", "minidl train --epoch-count 3", "minidl explain --level 9", "python -m minidl.as_touch x.py",
        "pip install -e '.[sreve]'", "pytest tests/nowhere.py", "python scripts/nowhere.py", "minidle train",
        "python3 -m venv .venv && .venv/bin/minidl trian",
    ],
)  # fmt: skip
def test_a_wrong_command_is_found(line):
    assert list(commands.faults(line))


def test_the_commands_of_the_running_text_exist():
    """`minidl VERB --option ...`: the verb, and each option of it."""
    for path in WRITTEN:
        for words in re.findall(r"`(minidl [a-z]+(?: [^`]*)?)`", path.read_text(encoding="utf-8")):
            verb = words.split()[1]
            for option in re.findall(r"--[a-z-]+", words) or ["--help"]:
                said = "".join(commands.faults(f"minidl {verb} {option}"))
                assert "invalid choice" not in said, (path.name, words)
                assert "unrecognized arguments" not in said, (path.name, words)


def test_the_page_of_the_lecture_leaves_no_section_and_no_lab_out():
    """That its links lead somewhere is seen on the built site."""
    text = (ROOT / "docs" / "pages" / "lecture.md").read_text(encoding="utf-8")
    named = {number for row in re.findall(r"^\| ([\d., ]+) \|", text, re.MULTILINE) for number in row.split(", ")}
    sections = (
        "1.1 1.2 1.3 2.1.1 2.1.2 2.1.3 2.1.4 2.1.5 2.1.6 2.2 3 4.1 4.2 5.1 6.1 6.2 6.3 6.4 6.5 7.1 7.2 8 9 10 11 12 13"
    )
    assert named == set(sections.split())
    labs = {path.parent.name for path in (ROOT / "labs").glob("*/lab.py")}
    assert len(labs) == 15
    assert {name for name in labs if f"](labs/{name})" not in text} == set()


class TestKorean:
    """README.ko.md is README.md in Korean: not one heading, block, table row or link more or less."""

    english = (ROOT / "README.md").read_text(encoding="utf-8")
    korean = (ROOT / "README.ko.md").read_text(encoding="utf-8")

    def test_the_headings(self):
        assert headings(self.english) == headings(self.korean)

    def test_the_code(self):
        plain = [SimpleNamespace(language=b.language, text=b.text) for b in blocks(self.english)]
        assert plain == [SimpleNamespace(language=b.language, text=b.text) for b in blocks(self.korean)]

    def test_the_links(self):
        other = {"README.md", "README.ko.md"}  # to each other
        assert sorted(set(targets(self.english)) - other) == sorted(set(targets(self.korean)) - other)
        assert "README.ko.md" in targets(self.english) and "README.md" in targets(self.korean)

    def test_the_tables(self):
        rows = [re.findall(r"^\|.*\|$", text, re.MULTILINE) for text in (self.english, self.korean)]
        assert [row.count(" |") for row in rows[0]] == [row.count(" |") for row in rows[1]]
        commands_of = [re.findall(r"^\| (`minidl [^`]+`)", text, re.MULTILINE) for text in (self.english, self.korean)]
        assert commands_of[0] == commands_of[1]

    def test_the_figures_of_the_text(self):
        """A number that changes in one language and not in the other."""
        found = [re.findall(r"\d+[.,]\d+|\d{3,}", without_code(text)) for text in (self.english, self.korean)]
        assert len(found[0]) > 10
        assert sorted(found[0]) == sorted(found[1])

    def test_no_paragraph_was_left_in_english(self):
        paragraphs = [p for p in re.split(r"\n\n+", without_code(self.korean)) if p.strip("\n")]
        english = [
            p for p in paragraphs if not re.search("[가-힣]", p) and p not in ("# minidl", "<!-- test command -->")
        ]
        assert english == []


def test_every_verb_has_a_row_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = "\n".join(re.findall(r"^\| (`minidl [^|]*)\|", readme, re.MULTILINE))
    named = set(re.findall(r"`minidl ([a-z]+)", rows))
    assert named == {verb.__name__.rpartition(".")[2] for verb in VERBS}


def test_files_that_the_readmes_name_exist():
    for path in WRITTEN[:3]:
        for target in targets(path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target.partition("#")[0]).exists(), (path.name, target)
