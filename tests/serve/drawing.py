"""The page of the server in a browser, and hands to draw on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.explain.page.browser import Page

from .pen import Stroke

PATIENCE = 20.0  # seconds


class Sheet(Page):
    """The page with its pad."""

    def __init__(self, driver: Any, url: str, lang: str = "en") -> None:
        super().__init__(driver, f"{url}/")
        self.js("localStorage.setItem('minidl', arguments[0])", f'{{"lang": "{lang}", "theme": "light"}}')
        self.driver.refresh()
        self.until(lambda: self.text("h1") != "")

    def until(self, true: Callable[[], Any]) -> Any:
        """Wait for what is to become true."""
        end = time.monotonic() + PATIENCE
        while not (found := true()):
            assert time.monotonic() < end, (self.text("#sentence"), self.errors())
            time.sleep(0.02)
        return found

    def place(self) -> tuple[float, float, float]:
        """The pad on the screen: left, top, side."""
        self.js("document.querySelector('#pad').scrollIntoView({block: 'nearest'})")
        box = self.js(
            "const b = document.querySelector('#pad').getBoundingClientRect(); return [b.left, b.top, b.width]"
        )
        return tuple(box)

    def draw(self, strokes: list[Stroke], pointer: str = "mouse") -> None:
        """Strokes by real pointer events of the browser, not the page's own: mouse, pen or touch."""
        left, top, side = self.place()
        for stroke in strokes:
            points = [{"x": left + x * side, "y": top + y * side} for x, y in stroke]
            if pointer == "touch":
                self._touch("touchStart", points[:1])
                for point in points[1:]:
                    self._touch("touchMove", [point])
                self._touch("touchEnd", [])
                continue
            kind = {"button": "left", "pointerType": pointer, "force": 0.6 if pointer == "pen" else 0}
            self._mouse("mousePressed", points[0] | kind | {"clickCount": 1, "buttons": 1})
            for point in points[1:]:
                self._mouse("mouseMoved", point | kind | {"buttons": 1})
            self._mouse("mouseReleased", points[-1] | kind | {"clickCount": 1, "buttons": 0})

    def _mouse(self, kind: str, event: dict[str, Any]) -> None:
        self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, **event})

    def _touch(self, kind: str, points: list[dict[str, float]]) -> None:
        self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def clear(self) -> None:
        self.js("const b = document.querySelector('#clear'); if (!b.disabled) b.click()")
        self.until(lambda: self.look() == "none")

    def settled(self) -> str:
        """What the page answers once nothing is in work and all is painted: the glyph and its look, as "7 sure"."""
        idle = """return document.querySelector('#answer').ariaBusy !== 'true'
          && document.querySelector('#glyph').className !== 'none'"""
        self.until(lambda: self.js(idle))
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        return f"{self.text('#glyph')} {self.look()}"

    def look(self) -> str:
        """How the glyph stands: none, sure, unsure or odd."""
        return self.js("return document.querySelector('#glyph').classList[0]")
