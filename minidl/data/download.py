"""Download one file: several mirrors, resumed where it stopped, checked, and moved into place only when complete."""

from __future__ import annotations

import hashlib
import http
import http.client
import io
import os
import secrets
import socket
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tqdm import tqdm

from ..errors import DataError
from ..files.locks import NO_LINK, still_there, try_lock

CHUNK = 1 << 16
TIMEOUT = 10.0  # seconds without a byte before the next mirror is tried
DEADLINE = 600.0  # seconds for one file, all mirrors together
MOST = 1 << 30  # bytes of a file whose size is not known
OTHERS = 30.0  # seconds to wait for another process that fetches the same file
USER_AGENT = "minidl"
OPEN = os.O_RDWR | os.O_CREAT | NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

HTTPS = hasattr(http.client, "HTTPSConnection")  # not where Python lacks ssl, as it may in a browser
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)


class DownloadError(DataError):
    """No mirror gave the file. `reasons` has one line per mirror. `offline` is true if none sent a complete file
    (no network, or the mirrors are gone), false if one did but its content was wrong.
    """

    def __init__(self, message: str, reasons: Sequence[str] = (), offline: bool = False) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)
        self.offline = offline


class UnwritableError(DataError):
    """The folder that a download should go to cannot be written."""


class _WrongContent(Exception):
    """A complete answer that is not the file that was asked for."""


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file's bytes, in lower-case hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def download(
    urls: Sequence[str],
    destination: str | os.PathLike[str],
    sha256: str,
    *,
    size: int | None = None,
    timeout: float = TIMEOUT,
    deadline: float = DEADLINE,
    progress: bool = True,
) -> Path:
    """Fetch the file whose SHA-256 is `sha256` from the first of `urls` that has it, and put it at `destination`.

    The bytes gather in `destination.part`. If the connection breaks, the next attempt (now, on another mirror, or
    in a later call) asks for the rest only. `destination` appears by a rename after the checksum has been
    verified, so it is never there half written. A process that finds another one fetching the same file waits,
    or else fetches into a `.part` of its own. `progress` shows a bar on a terminal and nothing elsewhere.

    Args:
        sha256: its beginning is enough; with "" nothing is checked, and nothing resumed.
        size: bytes that the file has at most; a mirror that sends more is given up (default: 1 GiB).
        timeout: seconds without a byte before the next mirror is tried; `deadline`: for all of it.

    Raises `DownloadError` with every mirror's reason, or `UnwritableError` if the folder cannot be written.
    """
    destination = Path(destination)
    limits = _Limits(MOST if size is None else size, timeout, time.monotonic() + deadline)
    reasons, offline = [], True
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        part = _Part(destination, sha256)
        if part.arrived:
            return destination
        with part:
            for url in urls:
                try:
                    _fetch_checked(url, part, sha256, limits, progress)
                except _WrongContent as error:
                    offline = False
                    reasons.append(f"{url}: {error}")
                except NETWORK_ERRORS as error:
                    reasons.append(f"{url}: {_explain(error)}")
                else:
                    part.put_in_place()
                    return destination
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UnwritableError(f"{destination}: cannot be written: {why}") from error
    raise DownloadError(
        f"{destination.name}: no mirror could give this file:\n  "
        + ";\n  ".join(reasons or ["no mirrors are known"])
        + f".\nTry again with a network, or bring the file from another machine into {destination.parent}",
        reasons,
        offline,
    )


class _Limits:
    """What a mirror is allowed: bytes, seconds without one, and seconds in all."""

    def __init__(self, size: int, timeout: float, until: float) -> None:
        self.size, self.timeout, self.until = size, timeout, until

    def left(self) -> float:
        """Seconds for the next answer. Raises `TimeoutError` after the deadline."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long; the next attempt resumes")
        return min(self.timeout, left)


class _Part:
    """The open file in which a download gathers, locked for this process alone.

    `NAME.part`, where an earlier attempt may have left its bytes; or a new file beside it, if another process holds
    that one or it is no plain file of its own (a link, a FIFO, a hard link to some other file).

    Attributes:
        arrived: whether another process has fetched the file meanwhile.
    """

    def __init__(self, destination: Path, sha256: str) -> None:
        self.destination, self.sha256 = destination, sha256
        self.path = destination.with_name(destination.name + ".part")
        self.arrived = self.begun = False
        handle, until = None, time.monotonic() + OTHERS
        while True:
            handle, is_plain = self._shared()
            # checked with the lock, if it is free
            if sha256 and destination.is_file() and sha256_of(destination).startswith(sha256):
                self._leave(handle)
                return
            if handle is not None or not is_plain or time.monotonic() > until:
                break
            time.sleep(0.05)  # another process holds it
        self.resumable = handle is not None
        if handle is None:
            self.path = destination.with_name(f"{destination.name}.{secrets.token_hex(4)}.part")
            handle = os.open(self.path, OPEN | os.O_EXCL, 0o666)
        self.stream = os.fdopen(handle, "r+b")

    def _leave(self, handle: int | None) -> None:
        """There is nothing to do: another process has fetched the file."""
        self.arrived = True
        if handle is not None:
            if os.fstat(handle).st_size == 0 and os.name != "nt":
                self.path.unlink()
            os.close(handle)

    def _shared(self) -> tuple[int | None, bool]:
        """The handle of `NAME.part`, if it is free, and whether it is a plain file."""
        try:
            handle = os.open(self.path, OPEN, 0o666)
        except OSError:
            return None, False
        found = os.fstat(handle)
        is_plain = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
        if is_plain and try_lock(handle) and still_there(handle, self.path):
            return handle, True
        os.close(handle)
        return None, is_plain

    def size(self) -> int:
        return os.fstat(self.stream.fileno()).st_size

    def begin_at(self, start: int) -> None:
        """Truncate to `start` bytes, and write from there on."""
        self.stream.seek(start)
        self.stream.truncate()
        self.begun = True

    def forget(self) -> None:
        """Discard all of it: it belongs to another file."""
        self.begin_at(0)
        self.begun = False

    def digest(self) -> str:
        self.stream.flush()
        self.stream.seek(0)
        return hashlib.file_digest(self.stream, "sha256").hexdigest()

    def put_in_place(self) -> None:
        """Rename it to `destination`."""
        self.stream.flush()
        with suppress(OSError):  # some network mounts cannot
            os.fsync(self.stream.fileno())
        if os.name == "nt":
            self.stream.close()
        os.replace(self.path, self.destination)

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(OSError, ValueError):  # closed by then: it is in place
            useless = not self.resumable or (self.size() == 0 and not self.begun)
            if useless and still_there(self.stream.fileno(), self.path):
                self.path.unlink()
        self.stream.close()


def _fetch_checked(url: str, part: _Part, sha256: str, limits: _Limits, progress: bool) -> None:
    """Complete `part` from `url`, and empty it if its content is wrong."""
    if not sha256:
        part.forget()
    resumed = part.size() > 0
    _fetch(url, part, limits, progress)
    found = part.digest()
    if resumed and not found.startswith(sha256):  # the beginning may be of another file: once more, from the start
        part.begin_at(0)
        _fetch(url, part, limits, progress)
        found = part.digest()
    if not found.startswith(sha256):
        part.forget()
        raise _WrongContent(f"wrong content: SHA-256 is {found}, expected {sha256}")


def _fetch(url: str, part: _Part, limits: _Limits, progress: bool) -> None:
    """Append to `part` what `url` has beyond it."""
    have = part.size()
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = open_url(url, headers, limits)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        if error.headers.get("Content-Range", "").strip() != f"bytes */{have}":
            part.begin_at(0)  # longer than the file itself: of no use
            _fetch(url, part, limits, progress)
        return
    with response:
        resumes = response.status == http.HTTPStatus.PARTIAL_CONTENT and _range_start(response) == have
        if response.status == http.HTTPStatus.PARTIAL_CONTENT and not resumes:
            raise http.client.HTTPException(f"asked for bytes {have}-, got {response.headers.get('Content-Range')}")
        _copy(response, part, have if resumes else 0, limits, progress)


def _copy(response: Any, part: _Part, start: int, limits: _Limits, progress: bool) -> None:
    """Write the body of `response` into `part` from byte `start` on; a body cut short is an error."""
    length = response.headers.get("Content-Length")
    remaining = int(length) if length is not None and length.isdecimal() and len(length) < 19 else None
    bar = tqdm(
        total=None if remaining is None else start + remaining,
        initial=start,
        desc=part.destination.name,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        leave=False,
        disable=None if progress else True,  # None: only on a terminal
    )
    received = 0
    part.begin_at(start)
    with bar:
        while piece := _read(response):
            if start + received + len(piece) > limits.size:
                part.forget()
                raise _WrongContent(f"wrong content: it sends more than the {limits.size:,} bytes of the file")
            part.stream.write(piece)
            received += len(piece)
            bar.update(len(piece))
    part.stream.flush()
    if remaining is not None and received != remaining:
        raise http.client.IncompleteRead(b"", remaining - received)


def _read(response: Any) -> bytes:
    """The next piece of the body. A dropped connection is distinguished from a full disk, also an OSError."""
    try:
        return response.read1(CHUNK)
    except (http.client.HTTPException, TimeoutError):
        raise
    except OSError as error:
        raise urllib.error.URLError(error) from error


def open_url(url: str, headers: dict[str, str], limits: _Limits) -> Any:
    """The response of `url`: redirects within http(s) are followed, each read keeps to the limits."""
    opener = urllib.request.build_opener(_Http(limits), _Https(limits), _Redirects)
    try:
        return opener.open(urllib.request.Request(url, headers=headers), timeout=limits.left())
    except (ValueError, UnicodeError) as error:  # not a valid address
        raise urllib.error.URLError(f"its address, or one it redirects to, is not valid: {error}") from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to http or https, and nowhere else."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).scheme.lower() not in ("http", "https"):
            raise urllib.error.URLError(f"it redirects to {newurl}, which is not http or https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Timed(io.RawIOBase):
    """The reading side of a connection, which keeps to the limits at each read, of headers and body."""

    def __init__(self, raw: Any, connection: socket.socket, limits: _Limits) -> None:
        self.raw, self.connection, self.limits = raw, connection, limits

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.connection.settimeout(self.limits.left())
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


def _within(limits: _Limits, kind: type[http.client.HTTPConnection]) -> Any:
    """Makes connections of that kind, whose responses keep to the limits."""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, limits))

    class Connection(kind):  # type: ignore[misc, valid-type]
        response_class = Response

    return Connection


class _Http(urllib.request.HTTPHandler):
    def __init__(self, limits: _Limits) -> None:
        super().__init__()
        self.limits = limits

    def http_open(self, req: Any) -> Any:
        return self.do_open(_within(self.limits, http.client.HTTPConnection), req)


class _Https(urllib.request.HTTPSHandler if HTTPS else urllib.request.HTTPHandler):  # type: ignore[misc]
    def __init__(self, limits: _Limits) -> None:
        super().__init__()
        self.limits = limits

    def https_open(self, req: Any) -> Any:
        if not HTTPS:
            raise urllib.error.URLError("this Python has no module ssl, which https needs")
        return self.do_open(_within(self.limits, http.client.HTTPSConnection), req)


def _range_start(response: http.client.HTTPResponse) -> int | None:
    """The first byte of `Content-Range: bytes FIRST-LAST/SIZE`."""
    unit, _, span = response.headers.get("Content-Range", "").strip().partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else None


def _explain(error: Exception) -> str:
    """A network error in words that the user can act on."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    if isinstance(error, http.client.IncompleteRead):
        return f"the connection ended {error.expected} bytes early; the next attempt resumes"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if message := getattr(reason, "verify_message", None):  # ssl.SSLCertVerificationError
        return (
            f"the certificate cannot be verified ({message}); on macOS run "
            "'Install Certificates.command' of your Python, behind a proxy set SSL_CERT_FILE to its certificate"
        )
    return str(reason) or type(reason).__name__
