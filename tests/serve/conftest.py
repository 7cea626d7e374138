"""A run, and a server for it in this process. Without the extra's packages: skipped, or failed under CI."""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from minidl import cli
from minidl.serve.packages import NEEDED
from minidl.training.run import RunFolder
from tests.support.runs import write_data

TESTERS = {"httpx": "httpx", "schemathesis": "schemathesis"}  # of the extra `serving`


def lacking() -> str | None:
    """What these tests lack."""
    missing = [package for name, package in (NEEDED | TESTERS).items() if importlib.util.find_spec(name) is None]
    return f"needs the packages {', '.join(missing)}: pip install '.[serve,serving]'" if missing else None


@pytest.fixture(scope="session", autouse=True)
def _packages() -> None:
    if lack := lacking():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the tests of serve must run here: {lack}")
        pytest.skip(lack)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The lecture's CNN after two epochs on the bundled sample; after six where many drawn digits are to be read."""
    from minidl.training.job import Job

    out = tmp_path_factory.mktemp("serve") / "run"
    data = write_data(out.parent / "data", train=10_000, test=200)
    draw, Job.draw = Job.draw, lambda self: None  # type: ignore[method-assign]
    try:
        epochs = "2" if "MINIDL_DRAWN_DIGITS" not in os.environ else "6"
        assert cli.main(["train", "--epochs", epochs, "--quiet", "--data", str(data), "--out", str(out)]) == 0
    finally:
        Job.draw = draw  # type: ignore[method-assign]
    return RunFolder(out)


class Served:
    """A running server: its address, and what it is made of."""

    def __init__(self, url: str, service: Any) -> None:
        self.url, self.service = url, service


@contextmanager
def serving(run: RunFolder, collect: Path | None = None, **limits: Any) -> Iterator[Served]:
    """A server in a thread of this process, on a free port."""
    from minidl.serve.api import application
    from minidl.serve.collection import Collection
    from minidl.serve.limits import Limits
    from minidl.serve.opening import opened
    from minidl.serve.server import listening, make_server

    collection = None if collect is None else Collection(collect)
    service = opened(run, None, False, Limits(**limits).checked(), collection)
    with listening("127.0.0.1", 0) as on:
        server = make_server(application(service))
        thread = threading.Thread(target=server.run, args=([on],))
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            yield Served(f"http://127.0.0.1:{on.getsockname()[1]}", service)
        finally:
            server.should_exit = True
            thread.join(30)
            if collection is not None:
                collection.close()
    assert not thread.is_alive(), "the server did not stop"


@pytest.fixture(scope="session")
def served(run_folder: RunFolder) -> Iterator[Served]:
    """A server with its usual limits that keeps nothing."""
    with serving(run_folder) as found:
        yield found


@pytest.fixture(scope="session")
def client(served: Served) -> Iterator[Any]:
    """An HTTP client of that server."""
    import httpx

    with httpx.Client(base_url=served.url, timeout=30) as found:
        yield found


Answering = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def answer(client: Any) -> Answering:
    """The answer to one item of JSON."""

    def asked(item: dict[str, Any], **more: Any) -> dict[str, Any]:
        reply = client.post("/v1/predict", json={"images": [item], **more})
        assert reply.status_code == 200, reply.text
        return reply.json()["answers"][0]

    return asked
