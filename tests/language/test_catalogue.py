"""The catalogue is complete, and a finished message is found in it."""

import re
import string
import tomllib

import pytest

from minidl.errors import ArgumentError
from minidl.language import catalogue, speak, spoken, translated
from minidl.language.catalogue import HOLE
from tests.language.messages import PACKAGE, found

KOREAN = tomllib.loads((PACKAGE / "language" / "ko.toml").read_text(encoding="utf-8"))
HANGUL = re.compile("[가-힣]")
NAMES = "minidl|pip|unset|nvidia-smi|PyTorch|CUDA|GPU|CuPy|Python|NumPy|OpenCV|nvcc"
AS_IT_IS = re.compile(r"--\w+|[\w./ -]*(\{\d+\}|" + NAMES + ")")


@pytest.fixture(autouse=True)
def english_again():
    yield
    speak("en")


@pytest.fixture
def korean():
    speak("ko")


def test_every_message_has_its_korean():
    missing = [f"{where}: {text!r}" for text, where in found().items() if text not in KOREAN]
    assert not missing, "add them to minidl/language/ko.toml:\n" + "\n".join(missing)


def test_the_catalogue_holds_no_message_that_is_gone():
    assert not KOREAN.keys() - found().keys()


def test_a_translation_is_korean_and_fills_in_the_same():
    for english, korean in KOREAN.items():
        check(english, korean)


def check(english, korean):
    assert set(HOLE.findall(korean)) <= set(HOLE.findall(english))
    if dropped := set(HOLE.findall(english)) - set(HOLE.findall(korean)):
        assert re.search(r"\w\{\d+\}[ .]", english), f"{dropped} dropped, which is no plural's s: {english}"
    assert HANGUL.search(korean) or AS_IT_IS.match(korean), korean
    for command in re.findall(r"--[a-z][a-z-]+|`[^`]+`|minidl\[\w+\]|https?://\S+", english):
        assert command in korean, f"{command} is not in {korean!r}"


def test_every_finished_message_is_recognised(korean):
    """Filled with words that occur nowhere, each message comes back as its own translation."""
    for english, answer in KOREAN.items():
        holes = HOLE.findall(english)
        words = {hole: f"Zq{letter}" for hole, letter in zip(holes, string.ascii_lowercase)}
        words |= {second: "; Zq" for _, second in re.findall(r"\{(\d+)\}\{(\d+)\}", english)}
        if sum(letter.isalpha() for letter in HOLE.sub("", english)) < catalogue.LEAST_LETTERS:
            continue
        text = HOLE.sub(lambda hole, words=words: words[hole[1]], english)
        assert translated(text) == HOLE.sub(lambda hole, words=words: words[hole[1]], answer)


def test_what_is_filled_in_is_translated_in_turn(korean):
    assert translated("images: cannot be read: no such file") == "images: 읽을 수 없어요: 그런 파일이 없어요"


def test_english_stays_and_so_does_what_is_not_known(korean):
    assert translated("Zqa zqb") == "Zqa zqb"
    speak("en")
    assert spoken() == "en"
    assert translated("interrupted") == "interrupted"


def test_an_unknown_language_is_refused():
    with pytest.raises(ArgumentError, match="lang must be one of en, ko; got 'fr'"):
        from minidl.language import known_language

        known_language("fr")
