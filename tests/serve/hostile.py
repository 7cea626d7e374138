"""Bodies and requests that nobody in good faith sends: each is sent, and its status told."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from tests.support.runs import sample

Ask = Callable[[int], str]
HEAD = "POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"


def sent(port: int, content: bytes, hang_up: bool = False) -> str:
    """Send these bytes, and perhaps no more; the status of the answer, or "closed" if there is none."""
    with socket.create_connection(("127.0.0.1", port), 30) as link:
        answer = b""
        try:
            link.sendall(content)
            if hang_up:
                link.shutdown(socket.SHUT_WR)
            while chunk := link.recv(65536):
                answer += chunk
        except ConnectionError:  # it was closed before all was sent
            pass
    assert b"Traceback" not in answer
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/") else "closed"


def posted(kind: str, body: bytes, length: int | None = None) -> Ask:
    told = len(body) if length is None else length
    head = f"{HEAD}Content-Type: {kind}\r\nContent-Length: {told}\r\n\r\n".encode()
    return lambda port: sent(port, head + body, hang_up=told > len(body))


def garbage(content: bytes) -> Ask:
    return lambda port: sent(port, content, hang_up=True)


def bodies(count: int, seed: int = 0) -> Iterator[tuple[str, Ask]]:
    """That many, of all kinds in turn, always the same for one seed."""
    random = np.random.default_rng(seed)
    images, _ = sample(False, 20)
    files = [
        cv2.imencode(kind, cv2.cvtColor(cv2.resize(image, (96, 96)), cv2.COLOR_GRAY2BGR))[1].tobytes()
        for image in images[:4]
        for kind in (".png", ".jpg", ".bmp", ".webp", ".gif", ".tiff")
    ]
    good = json.dumps({"images": [{"pixels": images[0].tolist()}]}).encode()
    kinds = [
        ("damaged file", lambda: posted("image/png", damaged(files, random))),
        ("cut file", lambda: posted("image/png", cut(files, random))),
        ("noise", lambda: posted("application/octet-stream", random.bytes(int(random.integers(0, 5000))))),
        ("damaged JSON", lambda: posted("application/json", flipped(good, random))),
        ("deep JSON", lambda: posted("application/json", b'{"images":' + b"[" * int(random.integers(1, 50_000)))),
        ("odd numbers", lambda: posted("application/json", odd(random))),
        ("damaged form", lambda: posted("multipart/form-data; boundary=b", form(files, random))),
        ("wrong length", lambda: posted("application/json", good, int(random.integers(0, 2 * len(good))))),
        ("huge length", lambda: posted("image/png", b"x", int(random.integers(1 << 24, 1 << 60)))),
        ("noise for HTTP", lambda: garbage(random.bytes(300))),
        ("odd header", lambda: header(random, good)),
        ("odd path", lambda: path(random)),
    ]  # fmt: skip
    for number in range(count):
        name, make = kinds[number % len(kinds)]
        yield name, make()


def damaged(files: list[bytes], random: np.random.Generator) -> bytes:
    return flipped(files[random.integers(len(files))], random)


def flipped(content: bytes, random: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for at in random.integers(0, len(changed), int(random.integers(1, 12))):
        changed[at] = random.integers(256)
    return bytes(changed)


def cut(files: list[bytes], random: np.random.Generator) -> bytes:
    content = files[random.integers(len(files))]
    return content[: random.integers(len(content))]


NUMBERS = (
    "1e400", "-1e400", "NaN", "null", "true", '"x"', "1" * 400, "-0.0", "0.5", "{}", "[]", "1e-400", "2.0000001",
)  # fmt: skip
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="../../x"\r\n\r\n'
HEADERS = (
    "Host: evil.example", "Origin: null", "Transfer-Encoding: chunked", "Content-Length: 5", f"X: {'y' * 70_000}",
    "Expect: 100-continue", "Content-Type: application/json; charset=\x00", "X-Forwarded-For: 1\r\n folded",
)  # fmt: skip
PATHS = (
    "/static/../../etc/passwd", "/%00", "/v1/predict/", "//", "/lesson?digit=%ff&label=1e9", "*",
    "/lesson?label=1&digit=" + "A" * 5000, "http://evil.example/", "/static/%2e%2e%2fapi.py", "/docs?x=" + "y" * 3000,
)  # fmt: skip


def odd(random: np.random.Generator) -> bytes:
    points = ",".join(f"[{','.join(random.choice(NUMBERS, 3))}]" for _ in range(int(random.integers(1, 20))))
    return f'{{"images": [{{"strokes": [[{points}]]}}]}}'.encode()


def form(files: list[bytes], random: np.random.Generator) -> bytes:
    part = PART + damaged(files, random) + b"\r\n"
    return flipped(part * int(random.integers(1, 4)) + b"--b--\r\n", random)


def header(random: np.random.Generator, body: bytes) -> Ask:
    lines = f"{HEAD}{random.choice(HEADERS)}\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda port: sent(port, lines.encode("latin-1") + body)


def path(random: np.random.Generator) -> Ask:
    lines = f"GET {random.choice(PATHS)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    return lambda port: sent(port, lines.encode())
