"""Download one file: several mirrors, resumed where it stopped, checked, and moved into place whole or not at all."""

from __future__ import annotations

import hashlib
import http
import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ..errors import DataError

CHUNK = 1 << 16
TIMEOUT = 10.0  # seconds without a byte before the next mirror is tried
USER_AGENT = "minidl"

NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)


class DownloadError(DataError):
    """No mirror gave the file. `reasons` has one line a mirror. `offline` is true if none answered with a whole file
    (no network, or the mirrors are gone), false if one did and its content is wrong.
    """

    def __init__(self, message: str, reasons: Sequence[str] = (), offline: bool = False) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)
        self.offline = offline


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
    timeout: float = TIMEOUT,
    progress: bool = True,
) -> Path:
    """Fetch the file whose SHA-256 is `sha256` from the first of `urls` that has it, and put it at `destination`.

    The bytes gather in `destination.part`. If the connection breaks, the next attempt (now, on another mirror, or
    in a later call) asks for the rest only. `destination` appears by a rename after the checksum has been
    verified, so it is never there half written. `progress` shows a bar on a terminal and nothing elsewhere.

    Raises `DownloadError` with every mirror's reason, or `DataError` if the folder cannot be written.
    """
    destination = Path(destination)
    part = destination.with_name(destination.name + ".part")
    reasons, offline = [], True
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        for url in urls:
            try:
                _fetch_checked(url, part, sha256, timeout, progress)
            except _WrongContent as error:
                offline = False
                reasons.append(f"{url}: {error}")
            except NETWORK_ERRORS as error:
                reasons.append(f"{url}: {_explain(error)}")
            else:
                os.replace(part, destination)
                return destination
    except OSError as error:
        raise DataError(f"{destination}: cannot be written: {error.strerror or error}") from error
    raise DownloadError(
        f"{destination.name}: no mirror could give this file:\n  "
        + ";\n  ".join(reasons or ["no mirrors are known"])
        + f".\nTry again with a network, or bring the file from another machine into {destination.parent}",
        reasons,
        offline,
    )


def _fetch_checked(url: str, part: Path, sha256: str, timeout: float, progress: bool) -> None:
    """Bring `part` to the full file from `url`, and remove it if its content is wrong."""
    resumed = part.exists() and part.stat().st_size > 0
    _fetch(url, part, timeout, progress)
    if resumed and sha256_of(part) != sha256:  # the beginning may be of another file: once more, from the start
        part.unlink()
        _fetch(url, part, timeout, progress)
    if (found := sha256_of(part)) != sha256:
        part.unlink()
        raise _WrongContent(f"wrong content: SHA-256 is {found}, expected {sha256}")


def _fetch(url: str, part: Path, timeout: float, progress: bool) -> None:
    """Append to `part` what `url` has beyond it."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        if error.headers.get("Content-Range", "").strip() != f"bytes */{have}":
            part.unlink()  # longer than the file itself: of no use
            _fetch(url, part, timeout, progress)
        return
    with response:
        resumes = response.status == http.HTTPStatus.PARTIAL_CONTENT and _range_start(response) == have
        if response.status == http.HTTPStatus.PARTIAL_CONTENT and not resumes:
            raise http.client.HTTPException(f"asked for bytes {have}-, got {response.headers.get('Content-Range')}")
        _copy(response, part, have if resumes else 0, progress)


def _copy(response: http.client.HTTPResponse, part: Path, start: int, progress: bool) -> None:
    """Write the body of `response` into `part` from byte `start` on; a body cut short is an error."""
    length = response.headers.get("Content-Length")
    remaining = int(length) if length is not None and length.isdigit() else None
    bar = tqdm(
        total=None if remaining is None else start + remaining,
        initial=start,
        desc=part.stem,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        leave=False,
        disable=None if progress else True,  # None: only on a terminal
    )
    received = 0
    with bar, open(part, "ab" if start else "wb") as stream:
        while piece := _read(response):
            stream.write(piece)
            received += len(piece)
            bar.update(len(piece))
    if remaining is not None and received != remaining:
        raise http.client.IncompleteRead(b"", remaining - received)


def _read(response: http.client.HTTPResponse) -> bytes:
    """The next piece of the body. A dropped connection is told apart from a full disk, which is an OSError too."""
    try:
        return response.read1(CHUNK)
    except http.client.HTTPException:
        raise
    except OSError as error:
        raise urllib.error.URLError(error) from error


def _range_start(response: http.client.HTTPResponse) -> int | None:
    """The first byte of `Content-Range: bytes FIRST-LAST/SIZE`."""
    unit, _, span = response.headers.get("Content-Range", "").strip().partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else None


def _explain(error: Exception) -> str:
    """A network error in words a reader can act on."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    if isinstance(error, http.client.IncompleteRead):
        return f"the connection ended {error.expected} bytes early; the next attempt resumes"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"the certificate cannot be verified ({reason.verify_message}); on macOS run "
            "'Install Certificates.command' of your Python, behind a proxy set SSL_CERT_FILE to its certificate"
        )
    return str(reason) or type(reason).__name__
