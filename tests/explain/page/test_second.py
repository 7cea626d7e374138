"""The pages of passes with second derivatives, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from minidl.explain.teaching.second import SECOND
from minidl.explain.views.lesson import render

from .browser import Page
from .lesson import CUT, Lesson

SAYS = {
    "en": ("Compute the slope by operations too", "▼ forward · backward of xʸ"),
    "ko": ("기울기도 연산으로 계산하면", "▼ 순전파 · xʸ의 역전파"),
}


@pytest.mark.parametrize("lang", SAYS)
def test_the_recorded_backward_is_taught_as_operations(driver: Any, tmp_path: Path, lang: str) -> None:
    for name, make in SECOND.items():
        path = tmp_path / f"{name}.html"
        path.write_text(render(make(False).to_dict(), lang), encoding="utf-8")
        lesson = Lesson(Page(driver, path))
        page = lesson.page
        page.resize(1280, 720)
        assert page.js("return document.getElementById('idea').innerText").startswith(SAYS[lang][0])
        for screen in lesson.screens()[:: 1 if name == "cube" else 4]:
            lesson.go(screen)
            assert not page.js(CUT), (name, screen)
            if (name, screen) == ("cube", "mul1"):
                assert page.js("return document.getElementById('phase').innerText") == SAYS[lang][1]
        assert not page.errors()
