"""A headless Firefox, spoken to by WebDriver BiDi, which it understands without a driver in between."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60  # for Firefox to start, and for any answer
EVENTS = ["log.entryAdded", "network.beforeRequestSent"]


class Firefox:
    """One tab: commands go out, answers come back, and what happens meanwhile is kept in `events`."""

    def __init__(self, port: int) -> None:
        import websocket  # comes with selenium

        self.socket = websocket.create_connection(f"ws://127.0.0.1:{port}/session", SECONDS, suppress_origin=True)
        self.numbers, self.events = itertools.count(1), list[dict[str, Any]]()
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=EVENTS)
        self.tab = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **params: Any) -> Any:
        """The result of a command. RuntimeError with Firefox's words if it fails."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("type") == "event":
                self.events.append(answer)
            elif answer.get("id") == number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]

    def open(self, url: str, width: int, height: int) -> None:
        self.events.clear()
        self.call("browsingContext.setViewport", context=self.tab, viewport={"width": width, "height": height})
        self.call("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def js(self, expression: str) -> Any:
        """The value of an expression (a string, a number, a truth value)."""
        found = self.call(
            "script.evaluate", expression=expression, target={"context": self.tab}, awaitPromise=True
        )  # fmt: skip
        if found["type"] != "success":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key, as WebDriver writes it: a letter, or a code such as \\ue014."""
        self._perform("key", [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")])

    def drag(self, points: list[tuple[float, float]], pointer: str = "mouse") -> None:
        """Press a mouse or a finger ("touch") at the first point of the window, move it along, lift it."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y)} for x, y in points]
        down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
        self._perform("pointer", [moves[0], down, *moves[1:], up], id=pointer, parameters={"pointerType": pointer})

    def _perform(self, device: str, actions: list[dict[str, Any]], **more: Any) -> None:
        source = {"type": device, "id": device, "actions": actions} | more
        self.call("input.performActions", context=self.tab, actions=[source])

    def errors(self, own: str = "file:") -> list[str]:
        """What the console called an error, and every request that goes neither to `own` nor to the page's data."""
        found = []
        for event in self.events:
            told = event["params"]
            if event["method"] == "log.entryAdded" and told["level"] == "error":
                found.append(str(told["text"]))
            if event["method"] == "network.beforeRequestSent":
                url = told["request"]["url"]
                if not url.startswith((own, "data:", "blob:", "about:")):
                    found.append(f"request: {url}")
        return found


@contextmanager
def firefox() -> Iterator[Firefox]:
    """Firefox with a profile of its own; skips where there is none, fails there under CI."""
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the page must be opened in Firefox here: install the package firefox-esr")
        pytest.skip("needs Firefox (package firefox-esr)")
    pytest.importorskip("websocket", reason="needs the packages of the browser extra")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [binary, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", profile]
        process = subprocess.Popen([*command, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            tab = Firefox(_port(Path(profile), process))
            yield tab
            tab.socket.close()
        finally:
            process.terminate()
            process.wait(SECONDS)


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    """The port that Firefox chose: it writes it into its profile."""
    told = profile / "WebDriverBiDiServer.json"
    for _ in range(SECONDS * 10):
        if told.exists() and (text := told.read_text()).strip():
            return int(json.loads(text)["ws_port"])
        if process.poll() is not None:
            raise RuntimeError(f"Firefox ended with exit code {process.returncode} before it could be spoken to")
        time.sleep(0.1)
    raise RuntimeError(f"Firefox did not open its port within {SECONDS} s")
