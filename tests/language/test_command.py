"""The command in Korean: its help, its errors and its figures."""

import re
from pathlib import Path

import pytest
from matplotlib.text import Text

from minidl.cli import VERBS, main
from minidl.language import speak
from minidl.training import drawing, plots

HANGUL = re.compile("[가-힣]")


@pytest.fixture(autouse=True)
def no_language_of_its_own(monkeypatch):
    for name in ("MINIDL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield
    speak("en")


def name_of(verb) -> str:
    return verb.__name__.rsplit(".", 1)[1]


@pytest.mark.parametrize("verb", ["", *map(name_of, VERBS)])
def test_all_of_the_help_is_korean(verb, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*filter(None, [verb]), "--lang", "ko", "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("사용법: minidl")
    sentences = re.findall(r"(?:[a-z]+ ){3,}[a-z]+", re.sub(r"[`(\[{][^`)\]}]*[`)\]}]", "", text))
    assert not sentences, "left in English"


@pytest.mark.parametrize("asked", [["--lang", "ko"], ["--lang=ko"]])
def test_an_error_is_korean(asked, capsys):
    assert main(["test", "nowhere", *asked]) == 4
    assert "nowhere: 학습 폴더가 아니에요" in capsys.readouterr().err


def test_the_surroundings_choose_and_the_option_wins(capsys, monkeypatch):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    main(["test", "nowhere"])
    assert HANGUL.search(capsys.readouterr().err)
    main(["test", "nowhere", "--lang", "en"])
    assert not HANGUL.search(capsys.readouterr().err)
    monkeypatch.setenv("MINIDL_LANG", "en")
    main(["test", "nowhere"])
    assert not HANGUL.search(capsys.readouterr().err)


def test_a_wrong_setting_is_refused_by_its_name(capsys, monkeypatch):
    monkeypatch.setenv("MINIDL_LANG", "fr")
    assert main(["test", "nowhere"]) != 0
    assert "MINIDL_LANG must be one of en, ko; got 'fr'" in capsys.readouterr().err


def test_argparse_speaks_korean_too(capsys):
    for words, said in (
        (["trian"], "혹시 train?"), (["train", "--lr", "x"], "--lr: 수여야 하는데 'x'이 왔어요"),
        (["test"], "다음 인자가 필요해요: RUN"), (["train", "--lagn", "1"], "모르는 인자예요"),
    ):  # fmt: skip
        with pytest.raises(SystemExit):
            main(["--lang", "ko", *words])
        assert said in capsys.readouterr().err


def test_json_is_for_programs_and_has_no_language(capsys):
    main(["summary", "--json", "--lang", "ko"])
    assert not HANGUL.search(capsys.readouterr().out)


def test_a_table_is_aligned_under_wide_letters(capsys):
    assert main(["summary", "--lang", "ko"]) == 0
    lines = capsys.readouterr().out.splitlines()
    from minidl.explain.teaching.judge.layout import width

    assert lines[1].startswith("층")
    assert len({width(line) for line in lines[1:-1]}) == 1


@pytest.mark.skipif(drawing.hangul_font() is None, reason="no font with Hangul here")
def test_a_figure_is_korean(tmp_path: Path):
    record = {"epoch": 1, "step": 10, "train_loss": 0.5, "train_accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7}
    figure = plots.curves([record], [[1, 2.0], [10, 0.5]])
    speak("ko")
    plots.save(figure, tmp_path / "curves.png")
    words = {text.get_text() for text in figure.findobj(Text)}
    assert {"손실 (로그 눈금)", "에포크", "정확도", "학습", "검증"} <= words
