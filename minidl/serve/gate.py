"""What every request passes on its way in and out: whose it is, how much, how long; and the headers of every answer."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPMethod
from typing import Any

from .hosts import refusal
from .limits import Limits
from .metrics import Metrics
from .problems import FAILED, GONE, MEDIA_TYPE, Problem

METHODS = frozenset(HTTPMethod)
LESSON, LESSON_SECONDS = "/lesson", 60.0  # a pass whose every gradient is checked takes longer than an answer
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
OF_LESSON = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"  # the page itself has the rest of its policy
HEADERS = {
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store", "permissions-policy": "camera=(), microphone=(), geolocation=()",
}  # fmt: skip


class Gate:
    """An ASGI application around another one, `app`; `names`: the hosts by which it may be called besides addresses.

    `paths` are the only ones that metrics name.
    """

    def __init__(
        self, app: Any, limits: Limits, metrics: Metrics, names: frozenset[str], paths: frozenset[str]
    ) -> None:
        self.app, self.limits, self.metrics, self.names, self.paths = app, limits, metrics, names, paths
        self._bytes = 0  # of the bodies being held

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, answer = time.perf_counter(), _Answer(send, scope["path"])
        self.metrics.in_flight += 1
        body = _Body(receive, self)
        try:
            self._check(scope)
            async with asyncio.timeout(LESSON_SECONDS if scope["path"] == LESSON else self.limits.seconds):
                await self.app(scope, body, answer)
        except Problem as problem:
            await answer.tell(problem)
        except TimeoutError:
            await answer.tell(self._late(body))
        except Exception as error:
            _complain(scope, error)
            await answer.tell(Problem(500, FAILED))
        finally:
            self._bytes -= body.held
            self.metrics.in_flight -= 1
            self._count(scope, answer.status, time.perf_counter() - began)

    def _check(self, scope: Any) -> None:
        """Raise the `Problem` of a request that is not let in."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if (why := refusal(scope["method"], scope["path"], headers, self.names)) is not None:
            raise Problem(403, why)
        if headers.get("content-length", "").isdecimal():
            self.check_size(int(headers["content-length"]))
        if self.metrics.in_flight > self.limits.max_in_flight and scope["path"] not in ("/health", "/metrics"):
            raise Problem(503, f"{self.limits.max_in_flight} requests are in work, the most there may be; try again")

    def _late(self, body: _Body) -> Problem:
        """The problem of a request whose time is over: its sender's, or ours."""
        if body.waiting:
            return Problem(408, f"the body was not here within {self.limits.seconds:g} seconds; send it faster")
        return Problem(503, f"this took longer than {self.limits.seconds:g} seconds; try again")

    def check_size(self, size: int) -> None:
        """Raise the `Problem` of a body that is too large."""
        if size > self.limits.body_bytes:
            raise Problem(413, f"the body is larger than {self.limits.max_body:g} MiB; send a smaller picture")

    def hold(self, size: int) -> None:
        """Count bytes that are held until the request is answered; raise the `Problem` of too many."""
        self._bytes += size
        if self._bytes > self.limits.bytes_in_flight:
            raise Problem(503, "too many large requests at once; try again")

    def _count(self, scope: Any, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        path = scope["path"] if scope["path"] in self.paths else "other"
        self.metrics.requests[method, path, status] += 1
        self.metrics.seconds.add(seconds)


class _Body:
    """The body of a request as it comes in, counted."""

    def __init__(self, receive: Any, gate: Gate) -> None:
        self.receive, self.gate, self.held, self.waiting = receive, gate, 0, False

    async def __call__(self) -> Any:
        self.waiting = True  # and so it stays if the time runs out meanwhile
        message = await self.receive()
        self.waiting = False
        size = len(message.get("body", b""))
        self.held += size
        self.gate.hold(size)
        self.gate.check_size(self.held)
        return message


class _Answer:
    """The answer to a request on its way out: it gets the headers of every answer, and its status is kept."""

    def __init__(self, send: Callable[[Any], Any], path: str) -> None:
        self.send, self.path, self.started, self.ended = send, path, False, False
        self.status = GONE  # until there is another

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            own = {name.lower() for name, _ in message["headers"]}
            policy = OF_LESSON if self.path == LESSON and message["status"] == 200 else POLICY
            every = {**HEADERS, "content-security-policy": policy}
            more = [(name.encode(), value.encode()) for name, value in every.items() if name.encode() not in own]
            message = {**message, "headers": [*message["headers"], *more]}
        await self.send(message)
        self.ended = message["type"] == "http.response.body" and not message.get("more_body", False)

    async def tell(self, problem: Problem) -> None:
        """Answer with a problem. If another answer has begun, the connection ends short, and the client sees that."""
        if self.ended:
            return
        if self.started:
            raise problem
        body = problem.body()
        headers = {
            "content-type": MEDIA_TYPE, "content-length": str(len(body)), "connection": "close", **problem.headers()
        }  # fmt: skip
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": problem.status, "headers": pairs})
        await self({"type": "http.response.body", "body": body})


def _complain(scope: Any, error: Exception) -> None:
    """One line on the terminal."""
    trace, last = error.__traceback__, None
    while trace is not None:
        last, trace = trace, trace.tb_next
    where = "" if last is None else f" ({last.tb_frame.f_code.co_filename}, line {last.tb_lineno})"
    with suppress(OSError, ValueError):
        text = f"minidl: error: {scope['method']} {scope['path'][:80]!r}: {type(error).__name__}: {error}{where}"
        print(" ".join(text.split())[:500], file=sys.stderr, flush=True)
