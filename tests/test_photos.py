"""What `minidl predict` promises for photos: read right, with a warning, or refused with the reason."""

from __future__ import annotations

import contextlib
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from minidl.data import read_image, write_image
from minidl.data.exif import orientation, upright
from minidl.data.photo import NoDigitError, prepare, read_digit
from minidl.data.photo.likeness import likeness
from minidl.errors import DataError
from minidl.training.run import RunFolder
from tests.support.photo_table import measure
from tests.support.photos import (
    NO_DIGIT,
    OTHER_INK,
    READ,
    STYLES,
    checkerboard,
    letter,
    megapixels,
    noise,
    photo,
    shadow,
)  # fmt: skip
from tests.support.runs import minidl_command, sample

FEW = {"12 megapixels": 5, "12 megapixels, fine pen": 5, "clean, all styles": 50}
EACH = 10


@pytest.fixture(scope="module")
def digit() -> np.ndarray:
    return sample(False, 1)[0][0]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a network of two epochs on the bundled sample."""
    folder = tmp_path_factory.mktemp("runs") / "lecture"
    done = minidl_command("train", "--epochs", 2, "--seed", 0, "--out", folder, MINIDL_DATA=str(folder.parent))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_predict_reads_photos_nearly_as_well_as_the_test_set(reader: Path, tmp_path: Path) -> None:
    """Photos of all styles, of digits that it has never seen."""
    accuracy = json.loads((reader / "metrics.json").read_text())["test_accuracy"]
    random = np.random.default_rng(0)
    images, labels = sample(False, 99)
    paths = [tmp_path / f"{i}.{('png', 'jpg', 'bmp')[i % 3]}" for i in range(len(images))]
    for i, (path, image) in enumerate(zip(paths, images)):
        write_image(path, photo(image, STYLES[i % len(STYLES)], random))
    read = minidl_command("predict", reader, *paths, "--json")
    assert read.returncode == 0, read.stderr
    answers = [int(answer["answer"]) for answer in json.loads(read.stdout)]
    assert np.mean(np.array(answers) == labels) > accuracy - 0.04


@pytest.mark.slow
def test_photos_of_every_kind_are_read_or_warned_of_or_refused(reader: Path) -> None:
    """Digits that the network has not seen."""
    model = RunFolder(reader).load_model()
    rows = {kind: measure(model, kind, FEW.get(kind, EACH)) for kind in (*READ, *OTHER_INK, *NO_DIGIT)}
    table = "\n".join(map(str, rows.values()))
    clean = rows["clean, all styles"]
    assert clean.abstained <= 0.01 * clean.photos, table
    assert clean.right + clean.right_warned >= 0.93 * clean.photos, table
    for kind in READ:
        assert rows[kind].right + rows[kind].right_warned >= 0.8 * rows[kind].photos, table
    for kind in OTHER_INK:
        assert rows[kind].confidently_wrong <= 0.2 * rows[kind].photos, table
    assert sum(rows[kind].abstained for kind in NO_DIGIT) >= 0.9 * EACH * len(NO_DIGIT), table
    assert sum(row.confidently_wrong for row in rows.values()) <= 0.02 * sum(row.photos for row in rows.values()), table


def test_a_shadow_s_edge_is_no_ink(digit: np.ndarray) -> None:
    for seed in range(3):
        found, _ = prepare(shadow(digit, np.random.default_rng(seed)))
        assert np.corrcoef(found.ravel(), digit.ravel())[0, 1] > 0.75


def test_a_small_digit_on_a_large_photo_is_looked_at_closely(digit: np.ndarray) -> None:
    found, steps = prepare(megapixels(digit, np.random.default_rng(0)))
    assert "closer" in [step.name for step in steps]
    assert np.corrcoef(found.ravel(), digit.ravel())[0, 1] > 0.85


@pytest.mark.parametrize("make", [noise, checkerboard])
def test_what_has_no_ink_is_refused_or_unlike_any_digit(make: Callable[..., np.ndarray], digit: np.ndarray) -> None:
    for seed in range(5):
        with contextlib.suppress(NoDigitError):
            assert likeness(prepare(make(digit, np.random.default_rng(seed)))[0]).digit > 0.1


def test_a_letter_is_known_as_one_and_a_digit_is_not(digit: np.ndarray) -> None:
    letters = [likeness(prepare(letter(digit, np.random.default_rng(seed)))[0]) for seed in range(20)]
    assert sum(looks.letter < 0.85 * looks.digit for looks in letters) >= 18  # a y of some font is much like a 9
    for image, label in zip(*sample(False, 20)):
        looks = likeness(image)
        assert looks.letter > 0.85 * looks.digit, f"{label} taken for the letter {looks.letter_name}"


@pytest.mark.parametrize("shape", [(1, 300), (71, 2), (300, 1), (8, 400), (7, 7)])
def test_a_thin_picture_is_refused(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    with pytest.raises(NoDigitError, match=f"shows no digit: the picture has only {shape[1]} by {shape[0]} pixels"):
        prepare(image)


@pytest.mark.parametrize("mark", range(1, 9))
@pytest.mark.parametrize("alpha", [False, True])
def test_the_orientation_of_a_png_is_obeyed(tmp_path: Path, mark: int, alpha: bool) -> None:
    seen = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    stored = next(
        turned
        for turned in (np.rot90(f, k) for f in (seen, seen[:, ::-1]) for k in range(4))
        if np.array_equal(upright(turned, mark), seen)
    )
    bgr = stored[..., ::-1]
    if alpha:
        bgr = np.dstack([bgr, np.full(bgr.shape[:2], 255, np.uint8)])
    (tmp_path / "x.png").write_bytes(_marked_png(np.ascontiguousarray(bgr), mark))
    np.testing.assert_array_equal(read_image(tmp_path / "x.png"), seen)


def test_an_orientation_that_makes_no_sense_is_upright() -> None:
    image = np.zeros((2, 2, 4), np.uint8)
    for tiff in (b"", b"II", b"MM\0*\0\0\xff\xff", b"II*\0\x08\0\0\0\x05\0", b"nonsense"):
        assert orientation(_marked_png(image, 1, tiff)) == 1
    assert orientation(_marked_png(image, 9)) == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_of_a_webp_is_found(order: str) -> None:
    tiff = _tiff(6, order)
    chunks = b"VP8X" + struct.pack("<I", 3) + b"abc\0" + b"EXIF" + struct.pack("<I", len(tiff) + 6) + b"Exif\0\0" + tiff
    assert orientation(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks) == 6


@pytest.mark.parametrize("scale", [1, 4, 16, 256])
def test_deep_pictures_are_read_whatever_bits_they_use(tmp_path: Path, scale: int, digit: np.ndarray) -> None:
    cv2.imwrite(str(tmp_path / "x.png"), cv2.resize(digit, (84, 84)).astype(np.uint16) * scale)
    found, _ = read_digit(tmp_path / "x.png")
    assert np.corrcoef(found.ravel(), digit.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("white", [1, 255])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_float_pictures_are_read(tmp_path: Path, white: float, channels: int) -> None:
    wanted = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    wanted[0, 0] = 255
    if channels == 4:
        wanted[..., 3] = 255
    cv2.imwrite(str(tmp_path / "x.tif"), (wanted / np.float32(255 / white)).astype(np.float32))
    rgb = np.repeat(wanted, 3, 2) if channels == 1 else wanted[..., 2::-1]
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), rgb)


@pytest.mark.parametrize("value", [-1.0, 7.0, 300.0, np.nan, np.inf])
def test_float_pictures_out_of_range_are_refused_with_the_reason(tmp_path: Path, value: float) -> None:
    image = np.zeros((3, 3), np.float32)
    image[1, 1] = value
    cv2.imwrite(str(tmp_path / "x.tif"), image)
    with pytest.raises(DataError, match=r"x\.tif: its pixels are float32 .* is expected; .* save it with 8 bits"):
        read_image(tmp_path / "x.tif")


def test_decoders_say_nothing_of_their_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, encoded = cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    whole = encoded.tobytes()
    for place in range(20, len(whole), 997):
        (tmp_path / "x.png").write_bytes(whole[:place] + b"damage" + whole[place + 6 :])
        with contextlib.suppress(DataError):
            read_image(tmp_path / "x.png")
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mlp"
    done = minidl_command("train", "--model", "mlp", "--epochs", 1, "--out", folder, MINIDL_DATA=str(folder.parent))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_one_bad_file_does_not_lose_the_batch(run_folder: Path, tmp_path: Path, digit: np.ndarray) -> None:
    random = np.random.default_rng(0)
    pictures: dict[str, Any] = {
        "thin.png": np.zeros((2, 71, 3), np.uint8),
        "good.png": photo(digit, "plain", random),
        "noise.png": noise(digit, random),
        "letter.png": letter(digit, random),
        "titled.png": OTHER_INK["title above"](digit, np.random.default_rng(3)),  # its letters lie apart
    }
    for name, image in pictures.items():
        cv2.imwrite(str(tmp_path / name), image[..., ::-1])
    (tmp_path / "bad.png").write_text("no image")
    paths = [tmp_path / name for name in (*pictures, "bad.png")]
    done = minidl_command("predict", run_folder, *paths, "--json", "--show", tmp_path / "steps.png")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    answers = {Path(answer["image"]).name: answer for answer in json.loads(done.stdout)}
    assert [*answers] == [path.name for path in paths]
    assert answers["good.png"]["abstained"] is None and answers["good.png"]["answer"] is not None
    assert "2 pixels" in answers["thin.png"]["abstained"]
    assert "not an image" in answers["bad.png"]["abstained"]
    assert "shows no digit" in answers["noise.png"]["abstained"]
    assert "does not look like a digit" in answers["letter.png"]["abstained"]
    assert any("printed text" in warning for warning in answers["titled.png"]["warnings"])
    assert all(answers[name]["answer"] is None for name in ("thin.png", "bad.png", "noise.png", "letter.png"))
    assert done.stderr.count("minidl: error:") == 4
    assert cv2.imread(str(tmp_path / "steps.png")).std() > 5
    words = minidl_command("predict", run_folder, tmp_path / "titled.png")
    assert words.returncode == 0
    assert "; warning: other ink" in words.stdout


def _tiff(mark: int, order: str = ">") -> bytes:
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, mark, 0, 0)


def _marked_png(image: np.ndarray, mark: int, tiff: bytes | None = None) -> bytes:
    """A PNG with the orientation mark in a chunk before the pixels."""
    content = cv2.imencode(".png", image)[1].tobytes()
    chunk = b"eXIf" + (_tiff(mark) if tiff is None else tiff)
    check = struct.pack(">I", zlib.crc32(chunk))
    return content[:33] + struct.pack(">I", len(chunk) - 4) + chunk + check + content[33:]
