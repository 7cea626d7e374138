"""Clients that are slow on purpose hold a connection for a while only: at the head, in the body, at the answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.runs import sample

from .conftest import Served, serving

PATIENCE = 1.0
HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def hasty(run_folder: Any) -> Iterator[Served]:
    """A server that waits a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minidl.serve.server.PATIENCE", PATIENCE)
        with serving(run_folder, seconds=PATIENCE) as found:
            yield found


def dripped(served: Served, begin: bytes, drop: bytes) -> tuple[bytes, float]:
    """Send the beginning, then a drop every tenth of a second; what came back, and how long the server bore it."""
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 30) as link:
        link.sendall(begin)
        link.settimeout(0.1)
        began, found = time.monotonic(), b""
        while time.monotonic() - began < 20:
            try:
                link.sendall(drop)
                chunk = link.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if not chunk:
                break
            found += chunk
    return found, time.monotonic() - began


@pytest.mark.parametrize("begin", [b"", b"GET / HT", HEAD + b"X-"], ids=["nothing", "a line", "headers"])
def test_a_head_must_come_in_time(hasty: Served, begin: bytes) -> None:
    found, seconds = dripped(hasty, begin, b"a" if begin else b"")
    assert found == b""
    assert 0.8 * PATIENCE < seconds < 15


def test_a_second_head_must_come_in_time_too(hasty: Served) -> None:
    found, seconds = dripped(hasty, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET ", b"a")
    assert found.startswith(b"HTTP/1.1 200")
    assert seconds < 25  # uvicorn's own time of an idle connection, if all came at once


def test_a_body_must_come_in_time(hasty: Served) -> None:
    found, seconds = dripped(hasty, HEAD + b"Content-Length: 5000\r\n\r\n{", b" ")
    assert found.startswith(b"HTTP/1.1 408")
    assert b"was not here within 1 seconds" in found
    assert 0.8 * PATIENCE < seconds < 15


def test_an_answer_must_be_taken(hasty: Served) -> None:
    """A client that reads nothing of many long answers: its connection is gone, and the server lives."""
    item = {"pixels": sample(False, 1)[0][0].tolist()}
    body = json.dumps({"images": [item] * 64}).encode()
    ask = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    port = int(hasty.url.rpartition(":")[2])
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.settimeout(0.5)
        link.connect(("127.0.0.1", port))
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - began < 30:
                try:
                    link.sendall(ask)
                except TimeoutError:
                    continue
    with socket.create_connection(("127.0.0.1", port), 30) as link:
        link.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert link.recv(100).startswith(b"HTTP/1.1 200")
