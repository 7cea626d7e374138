"""`minidl serve` as a process: what it prints, how it ends, and the mistakes that get one line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minidl import cli
from tests.support.runs import minidl_process, sample, write_data

from .hostile import bodies


def started(*arguments: object) -> tuple[subprocess.Popen[str], str]:
    """The process, and the address that it prints."""
    process = subprocess.Popen(
        minidl_process("serve", *arguments, "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", line), process.communicate()
    return process, line.strip()


def counted(url: str) -> int:
    """The requests that the server has answered when nothing else is in work, this question among them."""
    while True:
        with urllib.request.urlopen(f"{url}metrics") as reply:
            lines = [line.rsplit(" ", 1) for line in reply.read().decode().splitlines() if line.startswith("minidl_")]
        if dict(lines)["minidl_in_flight"] == "1":
            return 1 + sum(int(value) for name, value in lines if name.startswith("minidl_requests_total"))


def test_no_accepted_request_is_lost_at_the_end(run_folder: Any, tmp_path: Path) -> None:
    """SIGTERM under load: every answer that the server counts has reached a client whole; then hostile bodies."""
    process, url = started(run_folder.path, "--collect", tmp_path / "kept")
    question = json.dumps({"images": [{"pixels": sample(False, 1)[0][0].tolist()}]}).encode()
    answers: list[dict[str, Any]] = []
    warm = threading.Event()

    def client() -> None:
        while True:
            asked = urllib.request.Request(f"{url}v1/predict", question, {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(asked, timeout=60) as reply:
                    answers.append(json.load(reply)["answers"][0])
            except (urllib.error.URLError, ConnectionError):
                return  # not accepted any more
            if len(answers) > 60:
                warm.set()

    port = int(url.rsplit(":", 1)[1].strip("/"))
    statuses = [ask(port) for _, ask in bodies(48)]
    assert not [status for status in statuses if status.startswith("5")], statuses
    with urllib.request.urlopen(f"{url}metrics") as reply:
        metrics = reply.read().decode()
    assert 'status="499"' in metrics, "bodies that are shorter than they say: their senders hang up"
    assert 'status="5' not in metrics
    before = counted(url)
    clients = [threading.Thread(target=client) for _ in range(8)]
    for thread in clients:
        thread.start()
    assert warm.wait(60)
    process.send_signal(signal.SIGTERM)
    for thread in clients:
        thread.join(60)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
    assert "error" not in err
    told = int(re.findall(r"stopped; ([\d,]+) requests answered", err)[0].replace(",", ""))
    assert told == before + len(answers)
    assert all(one["scores"] == answers[0]["scores"] or one["answer"] == answers[0]["answer"] for one in answers)
    assert "thresholds from 500 validation images" in err
    assert "of those right" not in err
    assert f"--collect {tmp_path / 'kept'}" in err
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["minidl-corrections.json"]


def test_a_network_that_reads_little_is_told(tmp_path: Path) -> None:
    """Whoever serves a run of a second's training learns why so many digits get no answer."""
    data = write_data(tmp_path / "data", train=300, test=50)
    run = tmp_path / "run"
    assert cli.main(["train", "--epochs", "1", "--quiet", "--data", str(data), "--out", str(run)]) == 0
    process, _ = started(run)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[1]
    share = re.search(r"reads (\d+)% of those right: .* train it longer", said)
    assert share, said
    assert int(share[1]) < 90


def test_mistakes_get_one_line(run_folder: Any, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    run = run_folder.path
    for arguments, code, message in (
        ((tmp_path / "none",), 4, "is no run folder"),
        ((run, "--port", "70000"), 2, "--port must be 0 to 65535"),
        ((run, "--max-body", "0"), 2, "--max-body must be 0.01 to 256"),
        ((run, "--batch-wait", "nan"), 2, "--batch-wait must be 0 to 1000"),
        ((run, "--host", "192.0.2.1", "--port", "0"), 1, "choose another"),
        ((run, "--host", "no such host", "--port", "0"), 1, "is no address of this machine"),
        ((run, "--collect", tmp_path / "full"), 2, "holds other files"),
        ((run, "--collect", ""), 2, "not the name of a folder"),
    ):
        assert cli.main(["serve", *map(str, arguments)]) == code, arguments
        err = capsys.readouterr().err
        assert message in err
        assert len(err.splitlines()) == 1, err


def test_a_missing_package_is_named(run_folder: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minidl.serve.packages.NEEDED", {"no_such_module": "fastapi"})
    assert cli.main(["serve", str(run_folder.path)]) == 1
    assert "pip install 'minidl[serve]'" in capsys.readouterr().err


def test_another_host_is_told_what_it_means(run_folder: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []

    def serve(application: Any, on: Any, told: Callable[[], None]) -> None:
        served.append(application.names)
        told()

    monkeypatch.setattr("minidl.serve.server.serve", serve)
    assert cli.main(["serve", str(run_folder.path), "--host", "0.0.0.0", "--port", "0"]) == 0
    found = capsys.readouterr()
    assert "without a password and without encryption" in " ".join(found.err.split())
    assert found.out.startswith("http://0.0.0.0:")
    assert served == [frozenset({"0.0.0.0"})]
