"""Hundreds of bad inputs to every verb: each ends soon, with an exit code and a line of its own, never a traceback.

What a mutation makes of a file can be right by chance; so success is allowed where damage may be harmless.
"""

from __future__ import annotations

import copy
import json
import random
import shutil
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.data import write_image
from minidl.data.idx import write_idx
from tests.support.runs import minidl_command, sample, write_data

Run = Callable[..., tuple[int, str, str]]

SECONDS = 60  # for one input, on a machine that does much else
STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    1.5,
    -0.0,
    10**30,
    -(10**30),
    1e308,
    "",
    "x",
    "\0",
    "../..",
    "/dev/null",
    "\ud800",
    "é" * 300,
    [],
    [None],
    [[]],
    {},
    {"a": {}},
    ["a"] * 50,
    "lecture",
    "mlp",
    "cupy",
    [28, 28],
    [0, 0],
    [-1, 28],
    [28, 28, 1],
    "Infinity",
)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """An error instead of a hang."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def refused(run: Run, *arguments: Any, may_pass: bool = False) -> str:
    """Run it and return its message. It must end, say why in its last line, and not report a bug in minidl."""
    with within(SECONDS):
        code, out, err = run(*arguments)
    shown = f"{arguments!r:.500}\n{err[-2000:]}"
    assert "Traceback" not in err + out, shown
    assert "a bug in minidl" not in err, shown
    assert code in ((0, 1, 2, 4) if may_pass else (1, 2, 4)), f"{code}: {shown}"
    if code:
        assert "error:" in err.splitlines()[-1] or arguments[:2] == ("data", "verify"), shown
    return err


@pytest.fixture(scope="module")
def built_in(tmp_path_factory: pytest.TempPathFactory, digits: Path) -> Path:
    """A run of a built-in model."""
    folder = tmp_path_factory.mktemp("runs") / "mlp"
    done = minidl_command("train", "--model", "mlp", "--data", digits, "--epochs", 1, "--limit", 60, "--batch-size", 20,
                          "--out", folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to an entry in nested lists and dictionaries."""
    yield place
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*place, key))


def mutated(config: Any, chance: random.Random) -> str:
    """The text of a damaged config.json: a value changed, removed or doubled, or bytes of the text changed."""
    config = copy.deepcopy(config)
    kind = chance.randrange(4)
    place = chance.choice([p for p in places(config) if p])
    holder = config
    for key in place[:-1]:
        holder = holder[key]
    if kind == 0:
        del holder[place[-1]]
    else:
        holder[place[-1]] = chance.choice(STRANGE)
    text = json.dumps(config)
    if kind == 2:
        start = chance.randrange(len(text))
        text = text[:start] + text[start + chance.randrange(1, 30) :]
    if kind == 3:
        start = chance.randrange(len(text))
        text = (
            text[:start] + chance.choice(["{", "}", "NaN", "9" * 5000, "[" * 5000, '"', "\\ud800", ","]) + text[start:]
        )
    return text


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_a_damaged_config(run: Run, built_in: Path, tmp_path: Path, part: int) -> None:
    """100 each; what is left readable is tested, summarised, or resumed."""
    folder = Path(shutil.copytree(built_in, tmp_path / "run"))
    config = json.loads((folder / "config.json").read_text())
    chance = random.Random(part)
    verbs: list[tuple[Any, ...]] = [
        ("summary", folder), ("test", folder, "--json"), ("train", "--resume", "--quiet", "--out", folder),
        ("predict", folder, "none.png"),
    ]  # fmt: skip
    for number in range(100):
        (folder / "config.json").write_text(mutated(config, chance), errors="surrogatepass")
        refused(run, *verbs[number % 3 if number % 10 else 3], may_pass=True)


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.slow
def test_a_damaged_checkpoint(run: Run, built_in: Path, tmp_path: Path) -> None:
    """Bytes changed in 40, the state in it changed in 60."""
    folder = Path(shutil.copytree(built_in, tmp_path / "run"))
    path, chance = folder / "model.npz", random.Random(0)
    whole, parts = path.read_bytes(), members(folder / "model.npz")
    state = json.loads(parts["minidl.json"])
    for number in range(100):
        if number < 40:
            damaged = bytearray(whole)
            if number % 2:
                damaged = damaged[: chance.randrange(len(whole))]
            else:
                for _ in range(5):
                    damaged[chance.choice((chance.randrange(3000), chance.randrange(len(damaged))))] ^= (
                        chance.randrange(256)
                    )
            path.write_bytes(damaged)
        else:
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in parts.items():
                    archive.writestr(name, mutated(state, chance) if name == "minidl.json" else content)
        verb = ("test", folder) if number % 2 else ("train", "--resume", "--quiet", "--out", folder)
        refused(run, *verb, may_pass=True)


LINES: list[tuple[Any, ...]] = [
    (),
    ("",),
    ("-",),
    ("--",),
    ("train", "--"),
    ("x" * 5000,),
    ("train", "--epochs"),
    ("train", "--out", ""),
    ("train", "--resume"),
    ("train", "--resume", "--out", ""),
    ("train", "--trust"),
    ("test",),
    ("test", ""),
    ("test", "\udcff"),
    ("predict",),
    ("predict", "none"),
    ("predict", "none", ""),
    ("summary", "none"),
    ("summary", ""),
    ("explain", "--run", "none"),
    ("summary", "--trust"),
    ("explain", "--run", ""),
    ("explain", "--trust"),
    ("gradcheck", "--run", "none"),
    ("data",),
    ("data", "verify", "cifar"),
    ("data", "verify", "--data", ""),
    ("data", "verify", "--data", "\udcff"),
    ("data", "fetch", "--data", "/dev/null/x"),
    ("bench", "--suite", "none"),
    ("summary", "--model", ""),
    ("summary", "--model", ":"),
    ("summary", "--model", ".py:"),
    ("summary", "--model", "x.py"),
    ("summary", "--model", "/dev/zero:x"),
    ("summary", "--model", "/dev/null.py:x"),
    ("summary", "--input", ""),
    ("summary", "--input", "0,0,0"),
    ("summary", "--input", "1,28,28,28,28"),
    ("summary", "--input", "9" * 5000),
    ("summary", "--batch-size", "-1"),
    ("test", "none", "--model", "mlp"),
    ("explain", "--image", "/dev/zero"),
    ("explain", "--image", ""),
    ("explain", "--image", "/"),
    ("explain", "--sample", "-1"),
    ("explain", "--break", ""),
    ("gradcheck", "--label", "5"),
    ("explain", "-o", "/none/x.html", "--worksheet", "1"),
    ("gradcheck", "--data", "/dev/null"),
]
VALUES = ("", "nan", "inf", "-inf", "-1", "0", "1e-9", "1e400", "9" * 30, "9" * 5000, "x", "\udcff", "0x10", "1.0")
WRONG_FOR_TRAIN = [
    ("train", f"--{name}", value)
    for name in ("epochs", "batch-size", "lr", "momentum", "weight-decay", "seed", "limit", "val-split", "optimizer",
                 "schedule", "dataset", "backend", "model", "data")
    for value in VALUES
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_a_wrong_command_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: Path, part: int
) -> None:
    """All of them; a value that happens to be right is stopped by a folder that cannot be made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    wrong = [(*line, "--out", tmp_path / "file" / "run") if line[:1] == ("train",) and "--out" not in line else line
             for line in [*LINES, *WRONG_FOR_TRAIN]]  # fmt: skip
    for line in wrong[part::4]:
        if "--data" not in line and line[:1] == ("train",) and "--resume" not in line:
            line = (*line, "--data", digits)
        if line == ():
            assert run()[0] == 2
        elif "\udcff" in "".join(map(str, line)) or "9" * 30 in line or "0" in line:
            refused(run, *line, may_pass=True)
        else:
            refused(run, *line)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == ["file"]


TOMLS = [
    "",
    "=",
    "epochs",
    "epochs = ",
    "epochs = 'x'",
    "epochs = 1.5",
    "epochs = true",
    "epochs = []",
    "epochs = {}",
    "epochs = 0",
    "epochs = -1",
    "epochs = 1\nepochs = 2",
    "epochs = " + "9" * 5000,
    "lr = " + "9" * 5000,
    "lr = nan",
    "lr = inf",
    "lr = -1",
    "lr = 1e400",
    "lr = ''",
    "data = ''",
    'data = "a\\u0000b"',
    "model = ''",
    "model = 1",
    "train = 1",
    "[train]\nx = 1",
    "[[train]]\nepochs = 1",
    "[a]\n[a]",
    "val-split = inf",
    "val-split = nan",
    "val-split = 1.0",
    "val-split = 1e-9",
    "val_split = -1",
    "val-split = 1e300",
    "seed = 1e3",
    "seed = -1",
    "seed = 1979-05-27",
    "augment = 1",
    "augment = 'yes'",
    "x = " + "[" * 5000,
    "x = " + "{a = " * 5000,
    "\x00",
    "\ufeff=",
    "epochs = 0x",
    "backend = 'tpu'",
    "optimizer = 'lion'",
    "schedule = ''",
    "dataset = 'idx'",
    "limit = 0",
    "limit = 10000000000000000000000000000",
    "batch-size = 10000000000000000000000000000",
    "batch_size = 0",
    "momentum = 1\noptimizer = 'adam'",
]


def test_a_wrong_toml(run: Run, tmp_path: Path, digits: Path) -> None:
    path = tmp_path / "a.toml"
    (tmp_path / "file").write_text("")
    for text in TOMLS:
        path.write_text(text)
        refused(run, "train", "--config", path, "--data", digits, "--out", tmp_path / "file" / "run")
    for content in (b"\xff\xfe", b"\x00" * 100, b"epochs = 1\xe9", b"x" * (2 << 20)):
        path.write_bytes(content)
        refused(run, "train", "--config", path, "--data", digits)
    for name in ("/dev/zero", "/", "", "none.toml", str(tmp_path)):
        refused(run, "train", "--config", name, "--data", digits)


def test_a_toml_that_notepad_wrote(run: Run, tmp_path: Path, digits: Path) -> None:
    (tmp_path / "a.toml").write_bytes("\ufeffepochs = 0\r\n".encode())
    assert "--epochs must be at least 1" in refused(run, "train", "--config", tmp_path / "a.toml", "--data", digits)


@pytest.mark.slow
def test_damaged_data(run: Run, tmp_path: Path) -> None:
    """Each of the four files, damaged in 15 ways, read by a verb that needs it."""
    folder, chance = write_data(tmp_path / "data", train=60, test=20), random.Random(0)
    (tmp_path / "file").write_text("")
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for number in range(15):
            damaged = bytearray(whole)
            if number < 5:
                damaged = damaged[: chance.randrange(len(whole))]
            elif number < 10:
                damaged[chance.randrange(16)] ^= chance.randrange(1, 256)
            else:
                start = chance.randrange(len(whole))
                damaged[start : start + 20] = bytes(chance.randrange(256) for _ in range(20))
            path.write_bytes(damaged)
            for dataset in ("mnist", "idx"):
                refused(run, "train", "--dataset", dataset, "--data", folder, "--batch-size", 20,
                        "--out", tmp_path / "file" / "run")  # fmt: skip
            refused_by_verify(run, folder)
        path.write_bytes(whole)


def refused_by_verify(run: Run, folder: Path) -> None:
    with within(SECONDS):
        code, out, err = run("data", "verify", "--data", folder)
    assert code in (0, 4)
    assert "Traceback" not in out + err
    assert "a bug in minidl" not in err


@pytest.mark.slow
def test_damaged_images(run: Run, built_in: Path, tmp_path: Path) -> None:
    chance = random.Random(0)
    digit = 255 - np.kron(sample(False, 1)[0][0], np.ones((4, 4), np.uint8))
    for suffix in ("png", "jpg", "bmp", "gif", "webp", "tif"):
        path = tmp_path / f"a.{suffix}"
        write_image(path, digit)
        whole = path.read_bytes()
        for number in range(12):
            damaged = bytearray(whole)
            if number < 4:
                damaged = damaged[: chance.randrange(len(whole))]
            else:
                for _ in range(4):
                    damaged[chance.randrange(min(len(whole), 60 if number % 2 else len(whole)))] = chance.randrange(256)
            path.write_bytes(damaged)
            refused(run, "predict", built_in, path, may_pass=True)
    for name in ("/dev/zero", "/dev/null", "/", "", str(tmp_path), "\udcff"):
        refused(run, "predict", built_in, name)


def png_of(width: int, height: int) -> bytes:
    """The start of a PNG that claims to be that large."""
    return (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    )


def test_a_picture_that_claims_to_be_huge(run: Run, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of(100_000, 30_000))
    assert "a.png: is a picture of 100,000 by 30,000 pixels" in refused(run, "predict", trained, tmp_path / "a.png")


ENVIRONMENTS: list[dict[str, str]] = [
    {"MINIDL_NUM_THREADS": value} for value in ("x", "", "0", "-1", "1.5", "9" * 5000, "99999999")
] + [{"MINIDL_DATA": "~nouser"}, {"MINIDL_BACKEND": "tpu"}, {"MINIDL_BACKEND": "\udcff"}]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("variables", ENVIRONMENTS, ids=lambda variables: str(variables)[:40])
def test_a_wrong_environment(tmp_path: Path, variables: dict[str, str]) -> None:
    failed = minidl_command("train", "--epochs", 1, "--out", tmp_path / "run", **variables)
    assert failed.returncode in (1, 2, 3, 4), failed.stderr
    assert "Traceback" not in failed.stderr
    assert next(iter(variables)) in failed.stderr or "backend" in failed.stderr


@pytest.mark.parametrize("label", [2_000_000_000, 100_000, 255, -1])
@pytest.mark.parametrize("train", [True, False])
def test_a_stray_label_makes_no_classes(run: Run, tmp_path: Path, label: int, train: bool) -> None:
    folder = write_data(tmp_path / "data", train=60, test=60)
    name = "train" if train else "t10k"
    labels = sample(train, 60)[1].astype(np.int32)
    labels[17] = label
    write_idx(folder / f"{name}-labels-idx1-ubyte", labels)
    code, _, err = run("train", "--dataset", "idx", "--data", folder, "--batch-size", 20, "--out", tmp_path / "run")
    assert code == 4
    assert f"{name}-labels-idx1-ubyte: the label {label} (image 17)" in err
    assert "number the classes from 0" in err
    assert not (tmp_path / "run").exists()
