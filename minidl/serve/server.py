"""The server: a socket on one address, requests until it is told to stop, and those in work still answered."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import MinidlError
from .gate import LESSON_SECONDS, Gate

BACKLOG = 128  # connections that wait to be accepted
PATIENCE = 10.0  # seconds in which the head of a request must be here, and an answer must be on its way
IDLE = 15  # seconds that a connection without a request is kept


class AddressError(MinidlError, OSError):
    """The server cannot listen where it was told to."""


def listening(host: str, port: int) -> socket.socket:
    """A socket on that address; port 0 takes a free one. Raises `AddressError`, with the reason."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise AddressError(f"--host {host}: is no address of this machine: {_why(error)}") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise AddressError(f"--host {host} --port {port}: {_why(error)}; choose another") from None
    return found


class Patient(H11Protocol):
    """uvicorn's, but a connection that brings no whole head of a request in time is closed, and one that takes none
    of its answer too.

    The time of a head begins with the connection, or with the first byte after an answer; further bytes do not make
    it longer. How long a body may take is the gate's business.
    """

    _deadline: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_a_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_a_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _wait_for_a_head(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_waiting()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(PATIENCE, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """uvicorn's, but a signal that has stopped it in good order does not end the process too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Inside it, SIGINT and SIGTERM stop the server; a second SIGINT does not wait for what is in work."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def make_server(application: Gate) -> Server:
    """The server of an application; it ends on SIGINT and SIGTERM once every request in work has been answered."""
    return Server(
        uvicorn.Config(
            application, lifespan="on", loop="asyncio", http=Patient, ws="none", log_level="critical", access_log=False,
            server_header=False, proxy_headers=False, timeout_keep_alive=IDLE, backlog=BACKLOG,
            timeout_graceful_shutdown=int(LESSON_SECONDS),
        )
    )  # fmt: skip


def serve(application: Gate, on: socket.socket, told: Any = lambda: None) -> None:
    """Answer requests on a socket until a signal; `told()` is called when they are taken."""
    server = make_server(application)
    told()
    server.run([on])


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
