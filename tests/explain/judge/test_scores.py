"""The score sheet of a class."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from minidl.explain.teaching.judge import scores
from minidl.files import FileLock, OutputError


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_each_verdict_is_a_line_that_spreadsheets_can_read(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    scores.enter(str(path), "김민수", "conv2d", "wrong", "kernel_turned", 1.25)
    scores.enter(str(path), "O'Neil, Ann", "relu", "right", "", 0.5)
    assert path.read_bytes().startswith(b"\xef\xbb\xbftime,name,exercise,verdict,cause,seconds\r\n")
    first, second = rows(path)
    assert (first["name"], first["exercise"], first["verdict"], first["cause"]) == (
        "김민수", "conv2d", "wrong", "kernel_turned",
    )  # fmt: skip
    assert (second["name"], second["seconds"]) == ("O'Neil, Ann", "0.5")
    assert first["time"][:2] == "20" and len(first["time"]) == 19
    assert not (tmp_path / "scores.csv.lock").exists()


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\n=1", "  =1+1"])
def test_no_cell_is_a_formula(tmp_path: Path, name: str) -> None:
    path = tmp_path / "scores.csv"
    scores.enter(str(path), name, "relu", "right", "", 0.5)
    (row,) = rows(path)
    assert row["name"][0] not in "=+-@\t\r\n " and row["name"].lstrip("'").split() == name.split()


def test_many_at_once_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: scores.enter(str(path), f"s{i}", "relu", "right", "", i), range(24)))
    assert sorted(row["name"] for row in rows(path)) == sorted(f"s{i}" for i in range(24))


def test_after_a_line_that_was_cut_short_comes_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    scores.enter(str(path), "a", "relu", "right", "", 1)
    path.write_bytes(path.read_bytes()[:-6])
    scores.enter(str(path), "b", "relu", "right", "", 1)
    assert [row["name"] for row in rows(path)] == ["a", "b"]


def test_what_is_no_score_sheet_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("name,grade\nAnn,1\n", encoding="utf-8")
    with pytest.raises(scores.ScoresError, match="this is no score sheet"):
        scores.check(str(path))
    with pytest.raises(scores.ScoresError):
        scores.enter(str(path), "a", "relu", "right", "", 1)
    assert path.read_text(encoding="utf-8") == "name,grade\nAnn,1\n"
    for wrong in ("", str(tmp_path), str(tmp_path / "none" / "a.csv")):
        with pytest.raises(scores.ScoresError, match="name a file"):
            scores.check(wrong)


def test_somebody_who_keeps_the_sheet_is_waited_for_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "PATIENCE", 0.2)
    path = tmp_path / "scores.csv"
    with FileLock(f"{path}.lock"), pytest.raises(OutputError, match="is at work here"):
        scores.enter(str(path), "a", "relu", "right", "", 1)
    assert not path.exists()
