"""A headless chromium that opens one page, and what the tests ask of it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

SIZES = [(1024, 768), (1280, 720), (1920, 1080)]
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


def _missing() -> str | None:
    """What the browser tests lack on this machine."""
    if _binary() is None or shutil.which("chromedriver") is None:
        return "needs chromium and chromedriver (packages chromium and chromium-driver)"
    try:
        import axe_core_python  # noqa: F401
        import selenium  # noqa: F401
    except ImportError as error:
        return f"needs the packages of the browser extra: {error}"
    return None


def _binary() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """A driver with a profile of its own; skips where there is no browser, fails there under CI."""
    if lack := _missing():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the browser tests must run here: {lack}")
        pytest.skip(lack)
    from selenium import webdriver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = _binary()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


class Page:
    """One page in the browser: pressing keys, reading what is shown."""

    def __init__(self, driver: Any, where: Path | str) -> None:
        self.driver, self.url = driver, where if isinstance(where, str) else where.as_uri()
        driver.get_log("browser"), driver.get_log("performance")
        self.resize(1280, 720)
        driver.get(self.url)
        self.settle()

    def settle(self) -> None:
        """Wait until the program of the view that was opened has run; a page without views has nothing to wait for."""
        end = time.monotonic() + 20
        while time.monotonic() < end and self.js("return globalThis.views?.shown === null"):
            time.sleep(0.01)

    def resize(self, width: int, height: int) -> None:
        """Give the window a size, and wait until what is drawn by its size has been drawn anew."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
        self.driver.execute_async_script(frames)

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str, shift: bool = False) -> None:
        """Press keys where the focus is, as a person does."""
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        chain = ActionChains(self.driver, duration=0)
        if shift:
            chain.key_down(Keys.SHIFT)
        for key in keys:
            chain.send_keys(getattr(Keys, key, key))
        if shift:
            chain.key_up(Keys.SHIFT)
        chain.perform()
        self.settle()

    def click(self, css: str) -> None:
        self.js("document.querySelector(arguments[0]).click()", css)
        self.settle()

    def text(self, css: str) -> str:
        """The text of the first element that matches; "" if there is none, or if it is not shown."""
        script = "const e = document.querySelector(arguments[0]); return e?.checkVisibility() ? e.innerText : ''"
        return self.js(script, css)

    def texts(self, css: str) -> list[str]:
        return self.js("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", css)

    def each(self, css: str, function: str) -> list[Any]:
        """What a JavaScript function says of each element that matches."""
        return self.js(f"return [...document.querySelectorAll(arguments[0])].map({function})", css)

    def position(self) -> int:
        """The place of the slider, from 0."""
        return int(self.js("return document.getElementById('slider').value"))

    def last(self) -> int:
        return int(self.js("return document.getElementById('slider').max"))

    def go(self, place: int) -> None:
        """Move the slider."""
        script = (
            "const s = document.getElementById('slider'); s.value = arguments[0]; s.dispatchEvent(new Event('input'))"
        )
        self.js(script, place)

    def pick(self, row: int, column: int, rows: int, columns: int) -> None:
        """Click the cell of the heat map."""
        self.js(
            """const canvas = document.getElementById('map'), box = canvas.getBoundingClientRect();
            canvas.dispatchEvent(new MouseEvent('click', {bubbles: true,
              clientX: box.left + (arguments[1] + 0.5) * box.width / arguments[3],
              clientY: box.top + (arguments[0] + 0.5) * box.height / arguments[2]}))""",
            row, column, rows, columns,
        )  # fmt: skip

    def errors(self) -> list[str]:
        """The console's complaints since the page was opened or this was last called."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Every address that this page asked for, its own among them; not what the browser itself does meanwhile."""
        import json

        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in asked if one["documentURL"].partition("#")[0] == self.url]

    def violations(self) -> list[str]:
        """What axe-core finds, one line per rule."""
        axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        self.js(axe)
        found = self.driver.execute_async_script("axe.run(document).then(arguments[arguments.length - 1])")
        return [f"{v['id']}: {[node['html'][:200] for node in v['nodes'][:4]]}" for v in found["violations"]]
