"""The interface: every form of a question, every refusal, and what is promised of all answers."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.support.photos import photo
from tests.support.runs import sample

from .conftest import Answering, Served, serving
from .pen import SHAPES, jittered, traced

PEN = 0.075


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def paper(number: int = 0) -> tuple[bytes, str]:
    """A photo of a test digit, and which it is."""
    images, labels = sample(False, number + 1)
    return png(photo(images[number], "dark on light", np.random.default_rng(0))), str(labels[number])


def strokes(lines: Any, pen: float = PEN) -> dict[str, Any]:
    return {"strokes": [[[x, y, pen] for x, y in line] for line in lines]}


def problem(reply: Any, status: int) -> dict[str, Any]:
    """The problem details of a refusal."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    told = reply.json()
    assert told["status"] == status
    assert told["detail"]
    assert "Traceback" not in reply.text
    assert "/tmp" not in told["detail"]
    assert ".py" not in told["detail"]
    return told


def test_every_form_of_one_picture_gets_the_same_answer(client: Any) -> None:
    content, label = paper()
    asked = [
        client.post("/v1/predict", json={"images": [{"base64": base64.b64encode(content).decode()}]}),
        client.post("/v1/predict", files={"file": ("a.png", content, "image/png")}),
        client.post("/v1/predict", content=content, headers={"content-type": "image/png"}),
        client.post("/v1/predict", content=content, headers={"content-type": "application/octet-stream"}),
    ]
    answers = [reply.json()["answers"] for reply in asked]
    for found in answers:
        assert found == answers[0]
    assert answers[0][0]["answer"] == label
    assert answers[0][0]["state"] in ("sure", "unsure")
    pixels = answers[0][0]["pixels"]
    again = client.post("/v1/predict", json={"images": [{"pixels": pixels}]}).json()["answers"][0]
    assert again["answer"] == label
    assert np.allclose(again["scores"], answers[0][0]["scores"], atol=1e-4)


def test_many_images_are_answered_in_their_order(client: Any) -> None:
    images, labels = sample(False, 40)
    reply = client.post("/v1/predict", json={"images": [{"pixels": one.tolist()} for one in images]})
    found = [max(one["probabilities"], key=lambda c: c["probability"])["name"] for one in reply.json()["answers"]]
    assert sum(a == str(b) for a, b in zip(found, labels)) >= 36
    files = [("file", (f"{i}.png", paper(i)[0], "image/png")) for i in range(3)]
    answers = client.post("/v1/predict", files=files).json()["answers"]
    assert len(answers) == 3


def test_scores_are_those_of_the_engine(client: Any, run_folder: Any) -> None:
    from minidl.training import predict

    images, _ = sample(False, 30)
    model = run_folder.load_model()
    expected = predict(model, images[:, None].astype(np.float32) / 255)
    reply = client.post("/v1/predict", json={"images": [{"pixels": one.tolist()} for one in images]}).json()
    found = [[c["probability"] for c in one["probabilities"]] for one in reply["answers"]]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_traced_digits_are_read_and_figures_are_not(answer: Answering) -> None:
    """The ten digits in strokes, and letters and figures that a network for digits would call one."""
    random = np.random.default_rng(5)
    images, labels = sample(False, 300)
    right = 0
    for digit in range(10):
        for at in np.flatnonzero(labels == digit)[:5]:
            found = answer(strokes(jittered(traced(images[at]), random, 0.006)))
            right += found["answer"] == str(digit)
    assert right >= 44
    passed = [name for name, lines in SHAPES.items() if answer(strokes(jittered(lines, random)))["answer"] is not None]
    assert len(passed) <= 2, passed


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "empty"),
        ([[(0.5, 0.5)]], "dot"),
        ([[(0.1, 0.2), (0.1, 0.8)], [(0.9, 0.2), (0.9, 0.8)]], "several"),
    ],
)
def test_drawings_without_an_answer(answer: Answering, lines: Any, code: str) -> None:
    found = answer(strokes(lines))
    assert (found["answer"], found["state"], found["code"]) == (None, "abstained", code)


def test_a_pad_full_of_ink(answer: Answering) -> None:
    found = answer(strokes([[(0.05, y), (0.95, y)] for y in np.linspace(0, 1, 12)], 0.2))
    assert (found["answer"], found["code"]) == (None, "ink")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be that large."""
    import struct
    import zlib

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def moving(kind: str) -> bytes:
    frames = [Image.fromarray(np.full((40, 40), shade, np.uint8)) for shade in (0, 120, 250)]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def hostile() -> dict[str, tuple[bytes, str]]:
    """Files that are no picture to read, and the code of each."""
    good, _ = paper()
    jpeg = cv2.imencode(".jpg", cv2.imdecode(np.frombuffer(good, np.uint8), 1))[1].tobytes()
    return {
        "bomb": (bomb(60_000, 60_000), "unreadable"),
        "wide bomb": (bomb(2**31 - 1, 1), "unreadable"),
        "half a PNG": (good[: len(good) // 2], "truncated"),
        "half a JPG": (jpeg[: len(jpeg) // 2], "truncated"),
        "GIF that moves": (moving("GIF"), "animated"),
        "PNG that moves": (moving("PNG"), "animated"),
        "WebP that moves": (moving("WEBP"), "animated"),
        "TIFF of pages": (moving("TIFF"), "animated"),
        "text": (b"hello", "unreadable"),
        "HTML": (b"<script>alert(1)</script>", "unreadable"),
        "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "unreadable"),
        "portable map": (b"P5 100000 100000 255\n", "unreadable"),
        "damaged PNG": (good[:60] + bytes(200) + good[260:], "unreadable"),
        "nothing but a head": (b"\xff\xd8\xff", "unreadable"),
        "TIFF that points beyond": (b"II*\0\xff\xff\xff\xff", "unreadable"),
    }


@pytest.mark.parametrize("name", list(hostile()))
def test_hostile_files_are_told_so(client: Any, name: str) -> None:
    content, code = hostile()[name]
    reply = client.post("/v1/predict", content=content, headers={"content-type": "image/png"})
    assert reply.status_code == 200, reply.text
    (found,) = reply.json()["answers"]
    assert found["answer"] is None
    assert found["state"] == "unreadable", found
    assert found["code"] == code
    assert found["pixels"] is None


def test_one_bad_file_does_not_spoil_the_others(client: Any) -> None:
    good, label = paper()
    files = [("file", ("a", b"no", "image/png")), ("file", ("../../etc/passwd", good, "text/html"))]
    first, second = client.post("/v1/predict", files=files).json()["answers"]
    assert first["state"] == "unreadable"
    assert second["answer"] == label


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b'{"images": 1}', "images"),
        (b'{"images": []}', "images"),
        (b'{"images": [{}]}', "images"),
        (b'{"images": [{"pixels": [[1]]}]}', "images"),
        (json.dumps({"images": [{"pixels": [[256] * 28] * 28}]}).encode(), "images"),
        (json.dumps({"images": [{"pixels": [[0.5] * 28] * 28}]}).encode(), "images"),
        (b'{"images": [{"strokes": [[[NaN, 0, 0.1]]]}]}', ""),
        (b'{"images": [{"strokes": [[[1e999, 0, 0.1]]]}]}', ""),
        (json.dumps({"images": [{"strokes": [[[0.5, 0.5, 0.1]] * 5001]}]}).encode(), "images"),
        (json.dumps({"images": [{"strokes": [[[0.5, 0.5, 0.1]] * 3000] * 2}]}).encode(), "images"),
        (b'{"images": [{"base64": "aa"}], "model": "x"}', "model"),
        (b"[" * 100_000, ""),
        (b'{"images": [{"pixels": ' + b"[" * 5000, ""),
        (b"\xff\xfe\x00", ""),
    ],
)
def test_json_that_is_not_a_question(client: Any, body: bytes, where: str) -> None:
    reply = client.post("/v1/predict", content=body, headers={"content-type": "application/json"})
    errors = problem(reply, 422)["errors"]
    assert errors[0]["where"].startswith(where)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"pixels": [[1] * 28] * 27 + [[1] * 27]}, ["images/0/pixels/27"]),
        ({"base64": ""}, ["images/0/base64"]),
        ({"strokes": [[[0.5, "x", 0.1]]]}, ["images/0/strokes/0/0/1"]),
        ({"base64": "aa", "strokes": []}, ["images/0/strokes"]),
        ({"picture": "aa"}, ["images/0"]),
        (7, ["images/0"]),
    ],
)
def test_mistakes_are_told_once_and_where_they_are(client: Any, item: Any, told: list[str]) -> None:
    """Not once for each kind of image that it might have been."""
    errors = problem(client.post("/v1/predict", json={"images": [item]}), 422)["errors"]
    assert [one["where"] for one in errors] == told
    if told == ["images/0"]:
        assert "base64, pixels or strokes" in errors[0]["what"]


def test_the_commands_of_the_docs_ask_this_server(client: Any, served: Served) -> None:
    page = html.unescape(client.get("/docs").text)
    commands = re.findall(r"https?://[^\s]+", page.partition("<pre")[2].partition("</pre>")[0])
    assert len(commands) >= 5
    assert set(commands) == {f"{served.url}/v1/predict"}
    assert "<dt>header accept-language</dt>" in page
    assert "<dt>?label=</dt>" in page


def test_refusals(client: Any, served: Served) -> None:
    problem(client.post("/v1/predict", content=b"x", headers={"content-type": "text/plain"}), 415)
    problem(client.post("/v1/predict", content=b"x"), 415)
    problem(client.post("/v1/predict", content=b"", headers={"content-type": "image/png"}), 422)
    assert problem(client.get("/v1/predict"), 405)["detail"] == "this path takes POST"
    problem(client.get("/nothing"), 404)
    problem(client.post("/v1/predict", content=b"x", headers={"content-type": "multipart/form-data"}), 422)
    problem(
        client.post("/v1/predict", content=b"--x", headers={"content-type": "multipart/form-data; boundary=x"}), 422
    )
    many = {"images": [{"base64": "aa"}] * (served.service.limits.max_images + 1)}
    assert "65 images" in problem(client.post("/v1/predict", json=many), 422)["detail"]
    large = b"x" * (served.service.limits.body_bytes + 1)
    problem(client.post("/v1/predict", content=large, headers={"content-type": "image/png"}), 413)
    problem(
        client.post("/v1/predict", content=iter([large[:500_000]] * 20), headers={"content-type": "image/png"}), 413
    )
    digit = {"pixels": [[0] * 28] * 28, "label": 10}
    problem(client.post("/v1/slope", json=digit), 422)
    problem(client.post("/v1/corrections", json=digit | {"label": 1}), 403)
    for query in ("", "?digit=&label=1", "?digit=AAAA&label=1", "?digit=x&label=-1", f"?digit={'A' * 1046}==&label=99"):
        problem(client.get(f"/lesson{query}"), 422)


def test_no_file_of_the_server_can_be_named(client: Any) -> None:
    import http.client

    for path in ("/static/../api.py", "/static/..%2fapi.py", "/static//etc/passwd", "/static/js/../../guard.npz", "/..",
                 "/static/%2e%2e/page.html", "/static/page.html", "/static/words.en.json"):  # fmt: skip
        raw = http.client.HTTPConnection(client.base_url.host, client.base_url.port)
        raw.request("GET", path)  # as it is: an HTTP library would tidy it
        assert raw.getresponse().status == 404, path
        raw.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "evil.example:80"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "127.0.0.1@evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "localhost:1"}, 200),
        ({"host": "[::1]:1"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_only_its_own_page_may_ask(client: Any, headers: dict[str, str], status: int) -> None:
    """Another site's page, and another site's name that leads to this machine (DNS rebinding), are refused."""
    assert client.get("/v1/model", headers=headers).status_code == status


def test_cors_is_closed(client: Any) -> None:
    item = {"images": [{"strokes": []}]}
    for origin in ("http://evil.example", "null", "https://127.0.0.1"):
        problem(client.post("/v1/predict", json=item, headers={"origin": origin}), 403)
    own = client.post("/v1/predict", json=item, headers={"origin": str(client.base_url).rstrip("/")})
    assert own.status_code == 200
    asked = client.options(
        "/v1/predict", headers={"origin": "http://evil.example", "access-control-request-method": "POST"}
    )
    for reply in (asked, own):
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_headers_of_every_answer(client: Any) -> None:
    for path in ("/", "/docs", "/v1/model", "/nothing", "/static/page.css"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers


def test_the_pages_ask_nobody_else(client: Any) -> None:
    names = re.findall(r'(?:src|href)="(/[^"]+)"', client.get("/").text)
    assert "/static/js/main.js" in names
    for path in ("/", "/docs", *(name for name in names if name.startswith("/static"))):
        reply = client.get(path)
        assert reply.status_code == 200
        assert not re.search(r"""(src|href|action|url|import|from|fetch)[=( "']+(https?:)?//""", reply.text), path


def test_layers_are_what_the_network_computes(answer: Answering, client: Any, run_folder: Any) -> None:
    import minidl
    from minidl.nn import functional as F

    image = sample(False, 1)[0][0]
    layers = answer({"pixels": image.tolist()}, layers=True)["layers"]
    stages = client.get("/v1/model").json()["stages"]
    assert [{"name": one["name"], "shape": one["shape"], "shown": one["shown"]} for one in layers] == stages
    model = run_folder.load_model()
    first = F.relu(model.layer1[0](minidl.tensor(image[None, None].astype(np.float32) / 255)))._array[0]
    numbers = np.frombuffer(base64.b64decode(layers[0]["values"]), np.int8).reshape(layers[0]["shape"])
    np.testing.assert_allclose(numbers * layers[0]["scale"], first, atol=layers[0]["scale"])


def test_slopes_are_the_derivative_of_the_score(client: Any, run_folder: Any) -> None:
    import minidl

    image = sample(False, 1)[0][0]
    found = client.post("/v1/slope", json={"pixels": image.tolist(), "label": 3}).json()
    model = run_folder.load_model()
    x = minidl.tensor(image[None, None].astype(np.float32) / 255, requires_grad=True)
    score = model(x)[0, 3]
    score.backward()
    np.testing.assert_allclose(found["slopes"], x.grad._array[0, 0], atol=1e-6)
    assert found["score"] == pytest.approx(score.item(), abs=1e-5)
    total = (np.array(found["slopes"]) * image / 255).sum() + found["rest"]
    assert total == pytest.approx(found["score"], abs=1e-6)


def test_the_lesson_of_a_digit(client: Any) -> None:
    image = sample(False, 1)[0][0]
    digit = base64.urlsafe_b64encode(image.tobytes()).decode()
    for lang, word in (("en", "the digit that was drawn, labelled 7"), ("ko", "그린 숫자, 정답 7")):
        reply = client.get("/lesson", params={"digit": digit, "label": 7, "lang": lang})
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/html")
        assert word in reply.text
        assert f'<html lang="{lang}"' in reply.text
        assert "default-src 'none'" in reply.text, "the page's own policy"
    problem(client.get("/lesson", params={"digit": digit, "label": 7, "lang": "xx"}), 422)


def test_metrics_count(client: Any) -> None:
    def value(name: str) -> float:
        text = client.get("/metrics").text
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    name = 'minidl_requests_total{method="POST",path="/v1/predict",status="200"}'
    before, images = value(name), value("minidl_batch_size_sum")
    for _ in range(3):
        client.post("/v1/predict", json={"images": [{"pixels": [[9] * 28] * 28}] * 2})
    assert value(name) == before + 3
    assert value("minidl_batch_size_sum") == images + 6
    client.get("/no/such/path/of/a/client")
    assert "such" not in client.get("/metrics").text
    label = r'[a-z]+="[^"\n]*"'
    for line in client.get("/metrics").text.splitlines():
        assert re.fullmatch(rf"# (HELP|TYPE) .+|[a-z_]+(\{{{label}(,{label})*\}})? [0-9.e+-]+", line), line


def test_the_model_tells_no_folder(client: Any, run_folder: Any) -> None:
    told = client.get("/v1/model").json()
    assert told["classes"] == list("0123456789")
    assert told["parameters"] == 18_090
    assert 0.5 <= told["thresholds"]["sure"] <= 0.99
    assert "500 validation images" in told["thresholds"]["origin"]
    for text in (json.dumps(told), client.get("/").text):
        assert str(run_folder.path.parent) not in text


def test_concurrent_requests_share_passes_and_keep_their_answers(served: Served, client: Any) -> None:
    images, _ = sample(False, 48)
    alone = [client.post("/v1/predict", json={"images": [{"pixels": one.tolist()}]}).json() for one in images]
    sizes = served.service.metrics.batches
    passes, taken = sum(sizes.counts), sizes.sum
    with ThreadPoolExecutor(16) as pool:
        together = list(
            pool.map(lambda one: client.post("/v1/predict", json={"images": [{"pixels": one.tolist()}]}).json(), images)
        )
    assert sizes.sum - taken == 48
    assert sum(sizes.counts) - passes < 48, "some passes took more than one image"
    for a, b in zip(alone, together):
        assert a["answers"][0]["answer"] == b["answers"][0]["answer"]
        np.testing.assert_allclose(a["answers"][0]["scores"], b["answers"][0]["scores"], atol=1e-4)


def test_a_server_with_small_limits(run_folder: Any) -> None:
    import httpx

    with serving(run_folder, max_in_flight=1, max_pixels=0.001, seconds=1) as small:
        batcher = small.service._batcher
        read = batcher.work
        with httpx.Client(base_url=small.url, timeout=20) as client:
            content, _ = paper()
            found = client.post("/v1/predict", content=content, headers={"content-type": "image/png"}).json()
            assert "more than the 1,000" in found["answers"][0]["reason"]
            hold = threading.Event()
            batcher.work = lambda digits: (hold.wait(10), read(digits))[1]
            item = {"images": [{"pixels": [[9] * 28] * 28}]}
            with ThreadPoolExecutor(1) as pool:
                first = pool.submit(client.post, "/v1/predict", json=item)
                while not small.service.metrics.in_flight:
                    time.sleep(0.005)
                refused = client.post("/v1/predict", json=item)
                assert client.get("/health").status_code == 200, "it says that it lives when it is full"
                late = first.result()
            hold.set()
            batcher.work = read
            assert "1 requests are in work" in problem(refused, 503)["detail"]
            assert refused.headers["retry-after"] == "1"
            assert "longer than 1 seconds" in problem(late, 503)["detail"]
            assert client.post("/v1/predict", json=item).status_code == 200


def test_an_error_of_the_server_is_no_traceback(served: Served, client: Any, capfd: Any) -> None:
    batcher = served.service._batcher
    read, batcher.work = batcher.work, lambda digits: 1 / 0
    try:
        reply = client.post("/v1/predict", json={"images": [{"pixels": [[9] * 28] * 28}]})
    finally:
        batcher.work = read
    told = problem(reply, 500)
    assert "ZeroDivision" not in json.dumps(told)
    err, end = "", time.monotonic() + 10
    while not err.endswith("\n") and time.monotonic() < end:  # the server may tell it after its reply
        err += capfd.readouterr().err
        time.sleep(0.01)
    assert "ZeroDivisionError" in err
    assert len(err.splitlines()) == 1
