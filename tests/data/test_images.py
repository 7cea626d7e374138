"""Image files: RGB on this side, whatever the format."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from minidl.data import read_image, write_image
from minidl.errors import DataError, ShapeError

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def flag() -> np.ndarray:
    """(24, 32, 3): red, green and blue stripes."""
    image = np.zeros((24, 32, 3), np.uint8)
    image[:8], image[8:16], image[16:] = RED, GREEN, BLUE
    return image


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".jpg", ".gif"])
def test_colours_survive_a_round_trip(tmp_path: Path, flag: np.ndarray, suffix: str) -> None:
    write_image(tmp_path / f"flag{suffix}", flag)
    back = read_image(tmp_path / f"flag{suffix}")
    assert (back.shape, back.dtype) == (flag.shape, np.uint8)
    loss = 0 if suffix in (".png", ".bmp", ".tif") else 40
    assert np.abs(back[[4, 12, 20]].astype(int) - flag[[4, 12, 20]]).max() <= loss


def test_red_is_written_as_red(tmp_path: Path) -> None:
    write_image(tmp_path / "red.bmp", np.full((1, 1, 3), RED, np.uint8))
    assert (tmp_path / "red.bmp").read_bytes()[54:57] == bytes([0, 0, 255])  # BMP keeps blue, green, red


def test_gray_becomes_three_channels_and_16_bits_become_8(tmp_path: Path) -> None:
    write_image(tmp_path / "gray.png", np.full((2, 3), 77, np.uint8))
    assert (read_image(tmp_path / "gray.png") == 77).all()
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((2, 3), 0x4D00, np.uint16))
    deep = read_image(tmp_path / "deep.png")
    assert (deep.shape, deep.dtype) == ((2, 3, 3), np.uint8)
    assert (deep == 0x4D).all()


def test_what_is_transparent_lies_on_white_or_the_gray_asked_for(tmp_path: Path) -> None:
    bgra = np.zeros((1, 3, 4), np.uint8)
    bgra[0, 1] = (0, 0, 255, 255)
    bgra[0, 2] = (0, 0, 0, 128)
    cv2.imwrite(str(tmp_path / "a.png"), bgra)
    assert read_image(tmp_path / "a.png").tolist() == [[[255, 255, 255], [255, 0, 0], [127, 127, 127]]]
    assert read_image(tmp_path / "a.png", background=0).tolist() == [[[0, 0, 0], [255, 0, 0], [0, 0, 0]]]


def test_a_name_in_any_script(tmp_path: Path, flag: np.ndarray) -> None:
    write_image(tmp_path / "숫자 五.png", flag)
    np.testing.assert_array_equal(read_image(tmp_path / "숫자 五.png"), flag)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.png.*not an image.*save it as JPG or PNG"):
        read_image(tmp_path / "x.png")


@pytest.mark.parametrize("suffix", [".png", ".gif"])
def test_the_decoder_keeps_quiet(tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"x{suffix}"
    write_image(path, np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:600])
    level = cv2.utils.logging.getLogLevel()
    with pytest.raises(DataError, match="not an image"):
        read_image(path)
    assert capfd.readouterr() == ("", ""), "the error says it all"
    assert cv2.utils.logging.getLogLevel() == level


def test_a_truncated_image_is_refused_or_read(tmp_path: Path, flag: np.ndarray) -> None:
    write_image(tmp_path / "x.bmp", flag)
    whole = (tmp_path / "x.bmp").read_bytes()
    (tmp_path / "x.bmp").write_bytes(whole[:60])
    with pytest.raises(DataError, match="not an image"):
        read_image(tmp_path / "x.bmp")


def test_files_that_cannot_be(tmp_path: Path, flag: np.ndarray) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(DataError, match="cannot be read"):
        read_image(tmp_path)
    with pytest.raises(DataError, match=r"no image format named '\.xyz'"):
        write_image(tmp_path / "a.xyz", flag)
    with pytest.raises(DataError, match="cannot be written"):
        write_image(tmp_path / "missing" / "a.png", flag)
    for wrong in (flag.astype(np.float32), flag[..., :2], np.zeros((0, 3), np.uint8)):
        with pytest.raises(ShapeError, match="write_image"):
            write_image(tmp_path / "a.png", wrong)
