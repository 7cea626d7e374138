"""Every lab, in both languages: it has all its parts, it runs, and its stored notebook is that of its source.

`LABS_QUICK=1` cuts training, as CI does; without it, what the notebooks say today is compared with what is stored.
"""

import os
import re
import shutil

import nbformat
import numpy as np
import pytest

import minidl

from .build import HERE, all_labs, build, execute, notebook, pictures, stored
from .kit import results
from .pairs import LANGUAGES, code_faults, half, text_faults
from .rules import differing_outputs, differing_results, faults

LABS = all_labs()
QUICK = os.environ.get("LABS_QUICK", "") not in ("", "0")


@pytest.mark.parametrize("letter", LABS)
def test_a_lab_lacks_nothing(letter):
    assert faults(LABS[letter]) == []


@pytest.mark.parametrize("letter", LABS)
def test_a_lab_runs_and_computes_the_same_in_both_languages(letter):
    folder = LABS[letter]
    # Its bounds are asserted in its cells.
    runs = {language: execute(notebook(folder, language), folder, quick=QUICK) for language in LANGUAGES}
    for language, today in runs.items():
        outputs = [output for cell in today.cells for output in cell.get("outputs", ())]
        assert [output.text for output in outputs if output.get("name") == "stderr"] == []
        if not QUICK:
            assert differing_outputs(nbformat.read(stored(folder, language), as_version=4), today) == []
    assert differing_results(*runs.values()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plans_name_every_lab(language):
    text = (HERE / f"PLANS.{language}.md").read_text(encoding="utf-8")
    assert [letter for letter in LABS if f"({LABS[letter].name}/lab.{language}.ipynb)" not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plans_name_the_minutes_that_the_teachers_pages_have(language):
    text = (HERE / f"PLANS.{language}.md").read_text(encoding="utf-8")
    planned = dict(re.findall(rf"\((\w+)/lab\.{language}\.ipynb\).*\| (\d+) \|$", text, re.M))
    titles = {folder.name: (folder / f"teacher.{language}.md").read_text(encoding="utf-8") for folder in LABS.values()}
    assert planned == {name: re.match(r"# .*?(\d+) ?(?:minutes|분)\)", title)[1] for name, title in titles.items()}


def test_the_plans_say_the_same():
    assert text_faults(*((HERE / f"PLANS.{language}.md").read_text(encoding="utf-8") for language in LANGUAGES)) == []


# What judges the labs is judged on a lab as small as a lab can be.

SOURCE = """\
# %% [markdown] lang="ko"
# # 실습 Z. 아주 작은 실습
#
# $x^2$을 [미분](lesson:conv1.dw)해요. 정답은 `2 * x`, 42예요.

# %% [markdown] lang="en"
# # Lab Z. As small as a lab can be
#
# The [derivative](lesson:conv1.dw) of $x^2$ is `2 * x`, 42.

# %%
from labs.kit import board, commit, reveal, show

import minidl

commit(1, "")

# %% tags=["figure", "print"]
figure = board("제목 ‖ a title", 2)  # 그림 ‖ the figure
show(figure, "1-square", "그림 ‖ a figure")
reveal(1, "B")

# %% tags=["mistake"]
slope = 21
assert slope == 21
print(f"{slope}은 틀렸다 ‖ {slope} is wrong")

# %% [markdown] lang="ko" tags=["exercise"]
# 하나

# %% [markdown] lang="en" tags=["exercise"]
# One

# %% [markdown] lang="ko" tags=["exercise"]
# 둘

# %% [markdown] lang="en" tags=["exercise"]
# Two

# %% [markdown] lang="ko" tags=["exercise"]
# 셋

# %% [markdown] lang="en" tags=["exercise"]
# Three

# %%
@minidl.judge("relu")
def backward(dz, x):
    return dz

# %% [markdown] lang="ko"
# <details><summary>풀이</summary>
#
# ```python
# assert 2 * slope == 42  # 맞았어요
# ```
# </details>

# %% [markdown] lang="en"
# <details><summary>Answer</summary>
#
# ```python
# assert 2 * slope == 42  # right
# ```
# </details>
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labs") / "z_small"
    folder.mkdir()
    (folder / "lab.py").write_text(SOURCE, encoding="utf-8")
    (folder / "teacher.ko.md").write_text("# 교사용\n\n목표: 42\n", encoding="utf-8")
    (folder / "teacher.en.md").write_text("# For the teacher\n\nAim: 42\n", encoding="utf-8")
    for language in LANGUAGES:
        build(folder, language)
    return folder


@pytest.fixture
def small(built, tmp_path):
    """A copy of the small lab, to spoil."""
    folder = tmp_path / built.name
    shutil.copytree(built, folder)
    return folder


def spoiled(folder, file, old, new):
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return "; ".join(faults(folder))


def test_the_small_lab_is_picked_up_and_whole(built):
    assert all_labs(built.parent) == {"Z": built}
    assert faults(built) == []


def test_each_language_reads_its_half(built):
    ko, en = (nbformat.read(stored(built, language), as_version=4) for language in LANGUAGES)
    assert [len(book.cells) for book in (ko, en)] == [10, 10]
    assert "](../lesson.ko.html#conv1.dw)" in ko.cells[0].source
    assert ko.cells[4].outputs[0].text == "21은 틀렸다\n"
    assert en.cells[4].outputs[0].text == "21 is wrong\n"
    assert en.cells[3].source.startswith('figure = board("a title", 2)  # the figure\n')
    assert en.cells[3].outputs[0].metadata["image/png"]["alt"] == "a figure"
    assert ko.cells[8].outputs[0].text.startswith("relu: 아직 틀렸습니다")
    assert en.cells[8].outputs[0].text.startswith("relu: not right yet")
    assert list(pictures(en)) == ["1-square"]
    assert (built / "figures" / "en-1-square.png").read_bytes() == pictures(en)["1-square"]


def test_a_second_build_gives_the_same_bytes(small):
    before = stored(small, "ko").read_bytes()
    build(small, "ko")
    assert stored(small, "ko").read_bytes() == before
    book = nbformat.read(stored(small, "ko"), as_version=4)
    assert differing_outputs(book, book) == []


def test_an_answer_that_is_wrong_is_found(small):
    spoiled(small, "lab.py", "assert 2 * slope == 42  # 맞", "assert 2 * slope == 43  # 맞")
    with pytest.raises(Exception, match="AssertionError"):
        build(small, "ko")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("lab.py", ' lang="en"\n# # Lab Z', "\n# # Lab Z", "followed by its translation"),
        ("lab.py", "is `2 * x`, 42", "is `2 * x`, 43", "the number 43 is in English only"),
        ("lab.py", "is `2 * x`", "is `3 * x`", "the code `3 * x` is in English only"),
        ("lab.py", "of $x^2$", "of $x^3$", "the formula $x^3$ is in English only"),
        ("lab.py", "[derivative](lesson:conv1.dw)", "derivative", "the link lesson:conv1.dw is in Korean only"),
        ("lab.py", "# # Lab Z.", "# ## Lab Z.", "headings"),
        ("lab.py", "slope == 42  # right", "slope == 44", "the code of the answers differs"),
        ("lab.py", '"제목 ‖ a title"', '"제목"', "Korean without its English: figure = board"),
        ("lab.py", '"제목 ‖ a title"', "'제목 ‖ a title'", "a pair must be a whole literal"),
        ("lab.py", "{slope} is wrong", "{slop} is wrong", "fill in other values"),
        ("lab.py", "commit(1,", "print(1,", "every question is asked"),
        ("lab.py", "reveal(1,", "print(1,", "every question is asked"),
        ("lab.py", 'tags=["mistake"]', "", "tagged `mistake`"),
        ("lab.py", ' tags=["exercise"]\n# 하나', "\n# 하나", "the tags differ"),
        ("lab.py", "minidl.judge(", "print(", "judged by minidl.judge"),
        ("lab.py", 'show(figure, "1-square", "그림 ‖ a figure")', "", "no figure"),
        ("lab.py", '"figure", "print"', '"figure"', "worth printing"),
        ("lab.py", "assert slope == 21\n", "", "no bound"),
        ("lab.py", "slope = 21", "slope = 10 + 11", "is not what lab.py gives"),
        ("lab.py", "# 하나", "# 하나 더", "lab.ko.ipynb is not what lab.py gives"),
        ("teacher.en.md", "42", "41", "teacher: the number 41 is in English only"),
        ("lab.en.ipynb", '"execution_count": 3', '"execution_count": 7', "not executed from top to bottom"),
        ("lab.en.ipynb", '"name": "stdout"', '"name": "stderr"', "shows an error or a warning"),
    ],
)  # fmt: skip
def test_a_fault_is_named(small, file, old, new, said):
    assert said in spoiled(small, file, old, new)


@pytest.mark.parametrize("name", ["teacher.ko.md", "teacher.en.md", "lab.ko.ipynb", "lab.en.ipynb"])
def test_a_missing_file_is_named(small, name):
    (small / name).unlink()
    assert f"no {name}" in "; ".join(faults(small))


def test_a_link_that_leads_nowhere_is_named(small):
    for text in ("미분](lesson:conv1.dw)", "derivative](lesson:conv1.dw)"):
        found = spoiled(small, "lab.py", text, text.replace("conv1.dw", "conv9"))
    assert "no screen 'conv9'" in found
    for text in ("미분](lesson:conv9)", "derivative](lesson:conv9)"):
        found = spoiled(small, "lab.py", text, text.replace("lesson:conv9", "../nowhere.py"))
    assert "../nowhere.py leads nowhere" in found


def test_what_a_notebook_says_otherwise_is_named(small):
    old, new = (nbformat.read(stored(small, "en"), as_version=4) for _ in range(2))
    new.cells[4].outputs[0].text = "21.5 is wrong\n"
    assert differing_outputs(old, new) == []  # within a twentieth
    new.cells[4].outputs[0].text = "23 is wrong\n"
    assert "cell 4 said '21 is wrong" in differing_outputs(old, new)[0]
    new.cells[4].outputs[0].text = "21 is right\n"
    assert len(differing_outputs(old, new)) == 1
    new.cells[4].metadata["tags"] = old.cells[4].metadata["tags"] = ["machine"]
    assert differing_outputs(old, new) == []


def test_what_is_drawn_without_a_seed_is_named(small):
    spoiled(
        small,
        "lab.py",
        "slope = 21",
        "slope, free = 21, minidl.randn(3)\nbound = [minidl.manual_seed(1).numpy.random()]",
    )
    one, other = (execute(notebook(small, language), small) for language in LANGUAGES)
    assert {"slope", "free", "bound"} <= set(one.metadata["results"])
    assert differing_results(one, other) == ["free"]
    one.cells[4].metadata["tags"] = ["machine"]
    assert differing_results(one, other) == []


def test_numbers_are_found_in_what_holds_them():
    line, more = minidl.nn.Linear(2, 1), {"a": [1.0, {"b": np.float32(2)}], "words": ["x"]}
    found = results({"line": line, "more": more, "words": ["x"], "none": None})
    assert set(found) == {"line", "more"}
    assert found["more"] != results({"more": {"a": [1.0, {"b": np.float32(3)}]}})["more"]
    assert results({"ab": {"a": 1, "b": 2}}) != {"ab": results({"ba": {"b": 2, "a": 1}})["ba"]}, "a set's order counts"


def test_halves():
    code = 'x = f"{a:.1f}초 ‖ {a:.1f} s"  # 초 ‖ seconds\n"""손실 ‖ loss"""'
    assert half(code, "ko") == 'x = f"{a:.1f}초"  # 초\n"""손실"""'
    assert half(code, "en") == 'x = f"{a:.1f} s"  # seconds\n"""loss"""'
    assert code_faults(code) == []
    assert code_faults('"loss ‖ 손실"') != []
    assert code_faults("name = '김'", may_be_korean=True) == []
