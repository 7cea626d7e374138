"""The parts of the server by themselves: batches, thresholds, what is collected, who may ask, the guard."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minidl import cli
from minidl.data.idx import read_idx
from minidl.serve.collection import MARK, Collection
from minidl.serve.hosts import is_loopback, is_own, refusal
from minidl.serve.thresholds import LEAST, SUREST, WRONG, sure_from
from minidl.training.options import OptionError
from tests.support.runs import sample


def batched(work: Any, items: list[list[Any]], most: int = 4, wait: float = 0.05) -> tuple[list[Any], list[int]]:
    """The results of callers that ask at once, and the sizes of the batches."""
    from minidl.serve.batching import Batcher

    sizes: list[int] = []

    async def all_of_them() -> list[Any]:
        async with Batcher(work, most, wait, sizes.append) as batcher:
            return await asyncio.gather(*(batcher(some) for some in items), return_exceptions=True)

    return asyncio.run(all_of_them()), sizes


@given(st.lists(st.lists(st.integers(), max_size=6), max_size=12), st.integers(1, 5))
def test_every_caller_gets_its_own_results(items: list[list[int]], most: int) -> None:
    found, sizes = batched(lambda batch: [x * 2 for x in batch], items, most, 0.001)
    assert found == [[x * 2 for x in some] for some in items]
    assert sum(sizes) == sum(map(len, items))
    assert all(size <= most for size in sizes)


def test_a_full_batch_does_not_wait_and_a_lone_item_waits_no_longer_than_told() -> None:
    began = time.monotonic()
    found, sizes = batched(list, [[1], [2], [3], [4]], 4, 30)
    assert (found, sizes) == ([[1], [2], [3], [4]], [4])
    assert time.monotonic() - began < 10
    _, sizes = batched(list, [[1]], 4, 0.05)
    assert sizes == [1]


def test_an_error_reaches_all_of_its_batch_and_the_next_goes_on() -> None:
    from minidl.serve.batching import Batcher

    def work(batch: list[int]) -> list[int]:
        if 0 in batch:
            raise ValueError("zero")
        return batch

    async def both() -> tuple[list[Any], list[int]]:
        async with Batcher(work, 8, 0.02) as batcher:
            failed = await asyncio.gather(batcher([0]), batcher([1]), return_exceptions=True)
            return failed, await batcher([2])

    failed, after = asyncio.run(both())
    assert [str(error) for error in failed] == ["zero", "zero"]
    assert after == [2]


def test_what_nobody_waits_for_is_not_computed() -> None:
    from minidl.serve.batching import Batcher

    seen: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(batch: list[int]) -> list[int]:
        seen.extend(batch)
        begun.set()
        go_on.wait(10)
        return batch

    async def one_leaves() -> None:
        async with Batcher(work, 1, 0) as batcher:
            first = asyncio.create_task(batcher([1]))
            while not begun.is_set():
                await asyncio.sleep(0.005)
            second = asyncio.create_task(batcher([2]))
            await asyncio.sleep(0.01)
            second.cancel()
            await asyncio.sleep(0.01)
            go_on.set()
            assert await first == [1]
            assert await batcher([3]) == [3]

    asyncio.run(one_leaves())
    assert seen == [1, 3]


@given(st.lists(st.tuples(st.floats(0.1, 1), st.booleans()), min_size=1, max_size=60))
def test_sure_answers_are_seldom_wrong(answers: list[tuple[float, bool]]) -> None:
    p, right = np.array([a for a, _ in answers]), np.array([b for _, b in answers])
    found = sure_from(p, right)
    assert LEAST <= found <= SUREST
    above = p >= found + 0.001
    if found < SUREST and above.any() and len(set(p)) == len(p):
        assert (~right[above]).mean() <= max(WRONG, 1 / above.sum())


def test_loopback_and_hosts() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.5", "example.org")))
    assert is_own("192.168.1.5:8000", frozenset())
    assert not is_own("lab.example:8000", frozenset())
    assert is_own("lab.example:8000", frozenset({"lab.example"}))
    assert refusal("GET", "/", {"host": "localhost", "sec-fetch-site": "cross-site"}, frozenset()) is None
    assert refusal("GET", "/lesson", {"host": "localhost", "sec-fetch-site": "cross-site"}, frozenset())


@given(st.text(max_size=30))
def test_any_host_header_is_judged(text: str) -> None:
    assert is_own(text, frozenset()) in (True, False)
    assert not is_own(f"{text}.evil.example", frozenset())


def test_corrections_are_a_data_set_that_train_takes(tmp_path: Path, capsys: Any) -> None:
    images, labels = sample(True, 40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minidl.training.job.Job.draw", lambda self: None)
        kept = Collection(tmp_path / "kept")
        for image, label in zip(images[:25], labels[:25]):
            kept.add(image, int(label))
        with pytest.raises(OptionError, match="at work here"):
            Collection(tmp_path / "kept")
        kept.close()
        again = Collection(tmp_path / "kept")
        assert again.add(images[25], int(labels[25])) == (26, "test")
        again.close()
        test = read_idx(tmp_path / "kept" / "t10k-images-idx3-ubyte")
        train = read_idx(tmp_path / "kept" / "train-images-idx3-ubyte")
        assert np.array_equal(test, images[:26:5])
        assert np.array_equal(train, np.delete(images[:26], np.arange(0, 26, 5), 0))
        arguments = ["train", "--data", str(tmp_path / "kept"), "--out", str(tmp_path / "run")]
        assert cli.main([*arguments, "--epochs", "1", "--batch-size", "5", "--val-split", "0"]) == 0
    assert "(6 images)" in capsys.readouterr().out


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"mine")
    with pytest.raises(OptionError, match="holds other files"):
        Collection(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["train-images-idx3-ubyte"]
    for name in ("", "a\0b"):
        with pytest.raises(OptionError, match="not the name of a folder"):
            Collection(name)


def test_a_crash_between_image_and_label_loses_that_one_alone(tmp_path: Path) -> None:
    from minidl.data.idx import write_idx

    images, labels = sample(True, 3)
    kept = Collection(tmp_path / "kept")
    kept.add(images[0], int(labels[0]))
    kept.close()
    write_idx(tmp_path / "kept" / "t10k-images-idx3-ubyte", images[:2])  # as a crash leaves it
    kept = Collection(tmp_path / "kept")
    assert len(kept) == 1
    kept.close()
    assert (tmp_path / "kept" / MARK).is_file()


def test_the_guard_knows_digits(run_folder: Any) -> None:
    from minidl.serve.guard import Guard
    from minidl.serve.thresholds import measured

    guard, model = Guard.load(), run_folder.load_model()
    found = measured(run_folder, model, guard)
    assert found.strange is not None
    images, _ = sample(False, 1000)
    assert (guard.strangeness(images) > found.strange).mean() < 0.06
    assert guard.strangeness(np.zeros((300, 28, 28), np.uint8)).shape == (300,)


def test_thresholds_without_validation_images(run_folder: Any, tmp_path: Path) -> None:
    """The data have been moved away: the bundled sample's test digits take their place, and that is told."""
    import json
    import shutil

    from minidl.serve.guard import Guard
    from minidl.serve.thresholds import measured
    from minidl.training.run import RunFolder

    shutil.copytree(run_folder.path, tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    config["data"]["folder"] = config["options"]["data"] = str(tmp_path / "gone")
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    folder = RunFolder(tmp_path / "run")
    model = folder.load_model()
    assert "bundled sample" in measured(folder, model, Guard.load()).origin
    assert "defaults" in measured(folder, model, None).origin


def test_both_languages_have_every_text_and_every_text_is_used() -> None:
    import minidl.serve
    from minidl.serve.page import static_files, words

    english, korean = words()["en"], words()["ko"]
    assert list(english) == list(korean)
    web = Path(minidl.serve.__file__).parent / "web"
    parts = [content.decode() for content, _ in static_files().values()] + [(web / "page.html").read_text("utf-8")]
    page = "\n".join(parts)
    made = {"pen0", "pen1", "pen2"}  # `pen${i}`
    for key in english:
        assert key in made or key.startswith(("s.", "k.")) or f'"{key}"' in page, key
    for key in english:
        assert english[key].count("{") == korean[key].count("{"), key


@pytest.mark.parametrize("flag", [(0.62, 0.985), (0.6, 0.9), (0.5, 0.7)])
def test_all_strokes_are_the_digit(flag: tuple[float, float]) -> None:
    """The flag of a 5 is neither a line under it nor something that lies at the edge of the picture."""
    from minidl.data.photo import read_strokes

    body = [(0.55, 0.3, 0.075), (0.68, 0.5, 0.075), (0.55, 0.8, 0.075)]
    bar = [(x, 0.12, 0.075) for x in flag]
    base = [(x - 0.1, 0.93, 0.075) for x in flag]
    alone, _ = read_strokes([body])
    for more in (bar, base):
        digit, steps = read_strokes([body, more])
        mask = next(step.image for step in steps if step.name == "digit")
        for x, y, _ in more[:1]:
            assert mask[int(y * len(mask)), int(x * len(mask))] == 255
        assert not np.array_equal(digit, alone)


def test_a_network_in_integers_answers_but_has_no_slopes(run_folder: Any, tmp_path: Path) -> None:
    import httpx

    from minidl.training.run import RunFolder

    from .conftest import serving

    assert cli.main(["shrink", str(run_folder.path), "--int8", "--out", str(tmp_path / "r8")]) == 0
    image = sample(False, 1)[0][0].tolist()
    with serving(RunFolder(tmp_path / "r8")) as small, httpx.Client(base_url=small.url, timeout=60) as client:
        model = client.get("/v1/model").json()
        assert model["has_gradients"] is False
        assert [stage["shape"] for stage in model["stages"]][-1] == [10]
        found = client.post("/v1/predict", json={"images": [{"pixels": image}], "layers": True}).json()["answers"][0]
        assert found["answer"] == "2"
        assert len(found["layers"]) == len(model["stages"])
        reply = client.post("/v1/slope", json={"pixels": image, "label": 2})
        assert reply.status_code == 422
        assert "integers" in reply.json()["detail"]
