"""Answers in Korean: every sentence that may come has its words, and the request's language decides."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl.serve
from minidl.language import translated
from minidl.serve.languages import language_of

from .pen import jittered, traced
from .test_api import paper, sample, strokes

ROOT = Path(minidl.__file__).parent
SPEAKERS = (
    "data/photo/judge",
    "data/photo/light",
    "data/photo/parts",
    "data/photo/strokes",
    "serve/pictures",
    "serve/reader",
    "serve/thresholds",
)
KNOWN = tomllib.loads((ROOT / "language" / "ko.toml").read_text("utf-8"))


def sentences(path: Path) -> Iterator[str]:
    """Patterns of the texts of three words and more in a file, without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            pieces = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | parts:
            pieces = [node.value]
        else:
            continue
        if sum(len(piece.split()) for piece in pieces if piece) >= 3:
            yield "".join(".+" if piece is None else re.escape(piece) for piece in pieces)


def test_every_sentence_has_korean_words() -> None:
    for name in SPEAKERS:
        found = list(sentences(ROOT / f"{name}.py"))
        assert found, name
        for pattern in found:
            assert any(re.search(pattern, english) for english in KNOWN), pattern


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [("", "en"), ("ko", "ko"), ("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("en,ko;q=0.9", "en"), ("fr", "en"),
     ("fr,ko;q=0.1", "ko"), ("ko;q=0", "en"), ("KO", "ko"), ("ko;q=nan,en;q=0.1", "en"), (";;,=", "en")],
)  # fmt: skip
def test_the_language_of_a_header(accepted: str, lang: str) -> None:
    assert language_of(accepted) == lang


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_any_header_and_any_text_will_do(text: str) -> None:
    assert language_of(text) in ("en", "ko")
    assert isinstance(translated(text, "ko"), str)


def test_a_mark_is_named_in_korean() -> None:
    said = translated("other ink touches or surrounds the digit: it looks struck through", "ko")
    assert said == "다른 잉크가 숫자에 닿거나 숫자를 둘러싸고 있어요: 줄을 그어 지운 것 같아요"


def test_requests_are_answered_in_their_language(client: Any) -> None:
    image = sample(False, 1)[0][0]
    twice = [[(x / 2, y / 2) for x, y in line] for line in traced(image)]
    twice += [[(x + 0.5, y) for x, y in line] for line in twice]
    question = {"images": [strokes(jittered(twice, np.random.default_rng(0), 0.001))]}
    found = {}
    for lang in ("en", "ko"):
        reply = client.post("/v1/predict", json=question, headers={"accept-language": lang})
        assert reply.headers["content-language"] == lang
        found[lang] = reply.json()["answers"][0]
    assert found["en"]["code"] == found["ko"]["code"] == "several"
    assert found["en"]["reason"].startswith("there are 2 large separate parts")
    assert found["ko"]["reason"].startswith("큰 조각이 2개라")
    content, _ = paper()
    reply = client.post(
        "/v1/predict", content=content[:200], headers={"content-type": "image/png", "accept-language": "ko"}
    )
    assert "파일이 그림 중간에서 끊겼어요" in reply.json()["answers"][0]["reason"]
