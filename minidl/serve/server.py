"""The server: a socket on one address, requests until it is told to stop, and those in work still answered."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from ..errors import MinidlError
from .gate import LESSON_SECONDS, Gate

BACKLOG = 128  # connections that wait to be accepted
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
            application, lifespan="on", loop="asyncio", http="h11", ws="none", log_level="critical", access_log=False,
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
