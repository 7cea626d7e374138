"""The download against a server on this machine that behaves well and badly."""

from __future__ import annotations

import hashlib
import os
import ssl
import urllib.error
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minidl.data import download as module
from minidl.data.download import DownloadError, download
from minidl.dialect.names import hub
from minidl.errors import DataError

from .mirror import Mirror

CONTENT = bytes(range(256)) * 1000
SHA = hashlib.sha256(CONTENT).hexdigest()
DEAD = "http://127.0.0.1:9/file"


@pytest.fixture
def good(mirror: Mirror) -> Mirror:
    mirror.files["file"] = CONTENT
    return mirror


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole(good: Mirror, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = download([good.url + "file"], tmp_path / "new" / "folder" / "file", SHA)
    assert path.read_bytes() == CONTENT
    assert left_over(path.parent) == ["file"]
    assert good.requests == [("file", None)]
    assert capfd.readouterr() == ("", "")  # no progress bar where there is no terminal


def test_a_dead_mirror_is_passed_over(good: Mirror, tmp_path: Path) -> None:
    assert download([DEAD, good.url + "gone", good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT


def test_all_mirrors_dead_says_why_for_each(good: Mirror, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="HTTP 404") as caught:
        download([DEAD, good.url + "gone"], tmp_path / "file", SHA)
    assert len(caught.value.reasons) == 2
    assert "refused" in caught.value.reasons[0]
    assert caught.value.offline
    assert left_over(tmp_path) == []


def test_no_mirror_at_all(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="no mirrors are known"):
        download([], tmp_path / "file", SHA)


def test_a_wrong_checksum_is_never_moved_into_place(good: Mirror, tmp_path: Path) -> None:
    good.files["file"] = CONTENT[:-1] + b"!"
    with pytest.raises(DownloadError, match="wrong content") as caught:
        download([good.url + "file"], tmp_path / "file", SHA)
    assert SHA in str(caught.value)
    assert not caught.value.offline
    assert left_over(tmp_path) == []


def test_the_beginning_of_a_checksum_is_enough(good: Mirror, tmp_path: Path) -> None:
    assert download([good.url + "file"], tmp_path / "file", SHA[:8]).read_bytes() == CONTENT
    with pytest.raises(DownloadError, match="wrong content"):
        download([good.url + "file"], tmp_path / "other", "0" + SHA[:8])
    assert left_over(tmp_path) == ["file"]


def test_without_a_checksum_nothing_is_resumed_and_an_old_file_is_replaced(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file.part").write_bytes(b"of another file")
    assert download([good.url + "file"], tmp_path / "file", "").read_bytes() == CONTENT
    assert good.requests == [("file", None)]
    assert left_over(tmp_path) == ["file"]


def test_torch_hub_fetches_so_too(good: Mirror, tmp_path: Path) -> None:
    hub.download_url_to_file(good.url + "file", str(tmp_path / "file"), SHA[:8])
    assert (tmp_path / "file").read_bytes() == CONTENT
    with pytest.raises(DataError, match="wrong content"):
        hub.download_url_to_file(good.url + "file", str(tmp_path / "other"), "0000")
    assert left_over(tmp_path) == ["file"]


def test_a_wrong_checksum_tries_the_next_mirror(good: Mirror, tmp_path: Path) -> None:
    good.files["other"] = b"<html>please log in</html>"
    assert download([good.url + "other", good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT


def test_a_truncated_body_is_kept_and_said(good: Mirror, tmp_path: Path) -> None:
    good.cut_after = 1000
    with pytest.raises(DownloadError, match="255000 bytes early"):
        download([good.url + "file"], tmp_path / "file", SHA)
    assert left_over(tmp_path) == ["file.part"]
    assert (tmp_path / "file.part").read_bytes() == CONTENT[:1000]


def test_the_next_call_resumes_where_the_last_one_stopped(good: Mirror, tmp_path: Path) -> None:
    good.cut_after, good.cuts = 1000, 1
    with pytest.raises(DownloadError):
        download([good.url + "file"], tmp_path / "file", SHA)
    assert download([good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT
    assert good.requests == [("file", None), ("file", "bytes=1000-")]
    assert left_over(tmp_path) == ["file"]


def test_the_next_mirror_resumes_what_the_first_one_began(good: Mirror, tmp_path: Path) -> None:
    good.files["same"] = CONTENT
    good.cut_after, good.cuts = 777, 1
    assert download([good.url + "file", good.url + "same"], tmp_path / "file", SHA).read_bytes() == CONTENT
    assert good.requests == [("file", None), ("same", "bytes=777-")]


def test_a_server_that_ignores_range_starts_over(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:500])
    good.ranges = False
    assert download([good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT
    assert good.requests == [("file", "bytes=500-")]


def test_a_server_that_sends_another_range_is_not_believed(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:500])
    good.shifted = True
    with pytest.raises(DownloadError, match="asked for bytes 500-"):
        download([good.url + "file"], tmp_path / "file", SHA)
    assert (tmp_path / "file.part").read_bytes() == CONTENT[:500]


def test_a_part_of_another_file_is_thrown_away(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 500)
    assert download([good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT
    assert good.requests == [("file", "bytes=500-"), ("file", None)]


def test_a_part_that_is_already_whole(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT)
    assert download([good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT
    assert good.requests == [("file", f"bytes={len(CONTENT)}-")]


def test_a_part_longer_than_the_file(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    assert download([good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 5000), max_size=5), ranges=st.booleans())
def test_any_chain_of_interruptions_ends_with_the_file(
    tmp_path_factory: pytest.TempPathFactory, mirror: Mirror, cuts: list[int], ranges: bool
) -> None:
    folder = tmp_path_factory.mktemp("chain")
    content = CONTENT[:4000]
    sha = hashlib.sha256(content).hexdigest()
    mirror.files["file"], mirror.ranges = content, ranges
    for cut in cuts:
        mirror.cut_after, mirror.cuts = cut, 1
        try:
            download([mirror.url + "file"], folder / "file", sha)
            break
        except DownloadError:
            assert left_over(folder) == ["file.part"]
    mirror.cuts = 0
    assert download([mirror.url + "file"], folder / "file", sha).read_bytes() == content
    assert left_over(folder) == ["file"]


def test_an_old_file_stays_until_the_new_one_is_whole(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    good.status = 503
    with pytest.raises(DownloadError, match="HTTP 503"):
        download([good.url + "file"], tmp_path / "file", SHA)
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_folder_that_cannot_be_written(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be written") as caught:
        download([good.url + "file"], tmp_path / "plain" / "file", SHA)
    assert not isinstance(caught.value, DownloadError)


def test_a_certificate_that_cannot_be_verified_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*args: object, **options: object) -> None:
        error = ssl.SSLCertVerificationError(1, "certificate verify failed")
        error.verify_message = "unable to get local issuer certificate"
        raise urllib.error.URLError(error)

    monkeypatch.setattr(module, "open_url", refuse)
    with pytest.raises(DownloadError, match=r"local issuer.*SSL_CERT_FILE"):
        download(["https://mirror.invalid/file"], tmp_path / "file", SHA)


def test_a_mirror_that_falls_silent_is_left(tmp_path: Path, good: Mirror) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        path = download([url, good.url + "file"], tmp_path / "file", SHA, timeout=0.2)
    assert path.read_bytes() == CONTENT


# limits


def test_a_body_longer_than_the_file_is_cut_off(good: Mirror, tmp_path: Path) -> None:
    good.files["endless"] = CONTENT * 20
    with pytest.raises(DownloadError, match=f"sends more than the {len(CONTENT):,} bytes") as caught:
        download([good.url + "endless"], tmp_path / "file", SHA, size=len(CONTENT))
    assert not caught.value.offline
    assert left_over(tmp_path) == []
    urls = [good.url + "endless", good.url + "file"]
    assert download(urls, tmp_path / "file", SHA, size=len(CONTENT)).read_bytes() == CONTENT


@pytest.mark.parametrize("headers", [True, False])
def test_a_mirror_that_drips_is_left_at_the_deadline(tmp_path: Path, headers: bool) -> None:
    """A byte now and then keeps every timeout away, in the headers or in the body."""
    import socket
    import threading
    import time

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: " if headers else b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        url, began = f"http://127.0.0.1:{server.getsockname()[1]}/file", time.monotonic()
        with pytest.raises(DownloadError, match=r"it takes too long|timed out"):
            download([url], tmp_path / "file", SHA, timeout=5, deadline=0.5)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "target", ["http://[::bad", "ftp://127.0.0.1/file", "file:///etc/passwd", "data:,x", "http://"]
)
def test_a_redirect_leads_to_http_or_nowhere(tmp_path: Path, target: str) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", target)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(DownloadError, match="no mirror could give this file"):
            download([f"http://127.0.0.1:{server.server_port}/file"], tmp_path / "file", SHA)
        server.shutdown()


@pytest.mark.parametrize("url", ["nonsense", "http://[::bad", "ftp://127.0.0.1/x", "http://a b/"])
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="no mirror could give this file"):
        download([url], tmp_path / "file", SHA)


@pytest.mark.skipif(os.name != "posix", reason="links and FIFOs are POSIX's")
def test_what_is_planted_at_the_part_is_left_alone(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    part = tmp_path / "file.part"
    plants = {
        "link": lambda: part.symlink_to("victim"), "second name": lambda: part.hardlink_to(tmp_path / "victim"),
        "FIFO": lambda: os.mkfifo(part), "folder": part.mkdir,
    }  # fmt: skip
    for name, plant in plants.items():
        plant()
        assert download([good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT, name
        assert (tmp_path / "victim").read_bytes() == b"mine", name
        assert left_over(tmp_path) == ["file", "file.part", "victim"], name
        part.rmdir() if name == "folder" else part.unlink()


def test_many_fetches_of_one_file_all_end_with_it(good: Mirror, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(12) as pool:
        futures = [pool.submit(download, [good.url + "file"], tmp_path / "file", SHA) for _ in range(12)]
        assert [future.result().read_bytes() for future in futures] == [CONTENT] * 12
    assert left_over(tmp_path) == ["file"]
    assert len(good.requests) == 1, "the others waited"


def test_a_fetch_that_waits_too_long_fetches_by_itself(
    good: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OTHERS", 0.1)
    with module._Part(tmp_path / "file", SHA):
        assert download([good.url + "file"], tmp_path / "file", SHA).read_bytes() == CONTENT
    assert left_over(tmp_path) == ["file"]
