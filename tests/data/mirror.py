"""A web server on this machine that serves files well, or badly in the ways real mirrors do."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class Mirror:
    """Serves `files` (path -> bytes) at `url`; `requests` is the list of (path, Range header or None) it was asked.

    Attributes:
        ranges: whether Range is obeyed; if not, the whole file is sent.
        cut_after: send only so many bytes of each answer, then close the connection; for the first `cuts` answers.
        shifted: answer Range requests with a part that starts somewhere else.
        status: answer everything with this code.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.ranges, self.shifted = True, False
        self.cut_after: int | None = None
        self.cuts = 1 << 30
        self.status: int | None = None
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        name, span = request.path.lstrip("/"), request.headers.get("Range")
        self.requests.append((name, span))
        if self.status is not None or name not in self.files:
            request.send_error(self.status or 404)
            return
        content, start = self.files[name], 0
        if span and self.ranges:
            start = int(span.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                request.send_response(416)
                request.send_header("Content-Range", f"bytes */{len(content)}")
                request.end_headers()
                return
            start += self.shifted
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            request.send_response(200)
        body = content[start:]
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if self.cut_after is not None and self.cuts > 0:
            self.cuts -= 1
            body = body[: self.cut_after]
        request.wfile.write(body)

    def __enter__(self) -> Mirror:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
