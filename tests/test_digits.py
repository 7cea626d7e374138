"""Photos of digits become images like MNIST's, however they were taken."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from minidl.data import write_image
from minidl.data.photo import NoDigitError, apart, centred, prepare, read_digit
from minidl.data.photo.light import paper
from minidl.errors import DataError
from tests.support.photos import STYLES, on_desk, photo
from tests.support.runs import sample

EACH = 12
LEAST_LIKENESS = {"turned": 0.75, "everything": 0.7}  # correlation with the original; the others reach 0.9


@pytest.fixture(scope="module")
def originals() -> tuple[np.ndarray, np.ndarray]:
    return sample(train=False, count=400)


@pytest.mark.parametrize("style", STYLES)
def test_a_photo_becomes_the_digit_it_was_made_from(style: str, originals: tuple[np.ndarray, np.ndarray]) -> None:
    random = np.random.default_rng(7)
    likeness = []
    for digit in originals[0][:EACH]:
        found, _ = prepare(photo(digit, style, random))
        assert found.shape == (28, 28)
        assert found.dtype == np.uint8
        likeness.append(np.corrcoef(found.ravel(), digit.ravel())[0, 1])
    assert np.mean(likeness) > LEAST_LIKENESS.get(style, 0.88), np.round(likeness, 2)


@pytest.mark.slow
@pytest.mark.parametrize("sides", ["tblr", "l", "tl", "tlr"])
def test_the_desk_around_the_paper_is_not_the_digit(sides: str, originals: tuple[np.ndarray, np.ndarray]) -> None:
    random = np.random.default_rng(11)
    likeness = []
    for digit in originals[0][:EACH]:
        found, steps = prepare(on_desk(photo(np.pad(digit, 4), "dark on light", random), sides, random))
        likeness.append(np.corrcoef(found.ravel(), digit.ravel())[0, 1])
        assert [step.name for step in steps][-2:] == ["cropped", "as MNIST"]
    assert np.mean(likeness) > 0.88, np.round(likeness, 2)


def test_a_turned_sheet_on_a_desk(originals: tuple[np.ndarray, np.ndarray]) -> None:
    drawn = np.full((300, 300), 40, np.uint8)
    drawn[60:240, 60:240] = 230 - 0.75 * np.pad(cv2.resize(originals[0][0], (100, 100)), 40)
    turned = cv2.warpAffine(drawn, cv2.getRotationMatrix2D((150, 150), 8, 1), (300, 300), borderValue=40)
    upright = cv2.warpAffine(originals[0][0], cv2.getRotationMatrix2D((14, 14), 8, 1), (28, 28))
    assert np.corrcoef(prepare(turned)[0].ravel(), upright.ravel())[0, 1] > 0.85


def test_a_thick_1_is_no_sheet_of_paper() -> None:
    for margin in (40, 90):
        image = cv2.copyMakeBorder(np.zeros((200, 60), np.uint8), *[margin] * 4, cv2.BORDER_CONSTANT, value=240)
        found, _ = prepare(image)
        rows, columns = np.flatnonzero(found.max(1) > 128), np.flatnonzero(found.max(0) > 128)
        assert rows[-1] - rows[0] + 1 == 20
        assert columns[-1] - columns[0] + 1 == 6


def test_inverting_the_photo_changes_nothing_to_speak_of(originals: tuple[np.ndarray, np.ndarray]) -> None:
    random = np.random.default_rng(3)
    for digit in originals[0][:10]:
        image = photo(digit, "plain", random)
        one, other = prepare(image)[0].astype(int), prepare(255 - image)[0].astype(int)
        assert np.abs(one - other).max() <= 3


def test_gray_and_rgb_are_read_alike(originals: tuple[np.ndarray, np.ndarray]) -> None:
    gray = cv2.resize(originals[0][0], (90, 90))
    one, other = prepare(gray)[0].astype(int), prepare(np.repeat(gray[..., None], 3, 2))[0].astype(int)
    assert np.abs(one - other).max() <= 3


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".jpg", ".gif"])
def test_every_format_is_read(tmp_path: Path, suffix: str, originals: tuple[np.ndarray, np.ndarray]) -> None:
    image = photo(originals[0][4], "dark on light", np.random.default_rng(5))
    path = tmp_path / f"digit{suffix}"
    if suffix == ".gif" and not _writes_gif(path, image):
        pytest.skip("this OpenCV does not write GIF")
    write_image(path, image)
    found, steps = read_digit(path)
    wanted, _ = prepare(image)
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.98
    assert [step.name for step in steps] == ["photo", "gray", "ink is light", "digit", "cropped", "as MNIST"]


def _writes_gif(path: Path, image: np.ndarray) -> bool:
    try:
        return bool(cv2.imwrite(str(path), image))
    except cv2.error:
        return False


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_a_transparent_picture(tmp_path: Path, ink: int, originals: tuple[np.ndarray, np.ndarray]) -> None:
    opacity = cv2.resize(originals[0][2], (120, 120))
    image = np.dstack([np.full((120, 120, 3), ink, np.uint8), opacity])
    cv2.imwrite(str(tmp_path / "drawn.png"), image)
    found, _ = read_digit(tmp_path / "drawn.png")
    assert np.corrcoef(found.ravel(), originals[0][2].ravel())[0, 1] > 0.9


def test_the_centre_of_mass_is_where_mnist_has_it(originals: tuple[np.ndarray, np.ndarray]) -> None:
    for ink in (np.ones((40, 10)), np.tri(30), np.ones((1, 1)), np.ones((3, 200)), originals[0][0] / 255.0):
        digit = centred(ink.astype(np.float32)).astype(float)
        for axis in (0, 1):
            along = digit.sum(1 - axis)
            middle = float(along @ np.arange(28)) / along.sum()
            assert abs(middle - 14) <= 0.5 + 1e-6
    rows = np.flatnonzero(centred(np.ones((40, 10), np.float32)).any(1))
    assert rows[-1] - rows[0] + 1 == 20


def test_a_lopsided_digit_is_not_cut_off() -> None:
    ink = np.zeros((20, 20), np.float32)
    ink[0, :] = 0.05
    ink[:, 0] = 0.05
    ink[12:, 12:] = 1
    assert np.count_nonzero(centred(ink)) >= np.count_nonzero(ink)


def test_specks_are_left_out(originals: tuple[np.ndarray, np.ndarray]) -> None:
    image = 255 - cv2.copyMakeBorder(cv2.resize(originals[0][0], (100, 100)), 60, 60, 60, 60, cv2.BORDER_CONSTANT)
    clean, _ = prepare(image)
    for x, y in ((10, 10), (200, 15), (205, 200), (12, 190)):
        cv2.circle(image, (x, y), 3, 0, -1)
    dirty, _ = prepare(image)
    assert np.corrcoef(clean.ravel(), dirty.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (300, 2), (64, 64)])
def test_a_blank_picture_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NoDigitError, match="shows no digit"):
        prepare(np.full((*size, 3), 200, np.uint8))


def test_a_gradient_alone_is_no_digit() -> None:
    ramp = np.tile(np.linspace(40, 230, 200).astype(np.uint8), (150, 1))
    with pytest.raises(NoDigitError, match="shows no digit"):
        prepare(ramp)


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(DataError, match=r"text\.png: is not an image"):
        read_digit(tmp_path / "text.png")
    with pytest.raises(DataError, match="no such file"):
        read_digit(tmp_path / "none.png")
    write_image(tmp_path / "blank.png", np.full((50, 50), 255, np.uint8))
    with pytest.raises(DataError, match=r"blank\.png: shows no digit"):
        read_digit(tmp_path / "blank.png")


def test_the_light_on_the_paper_is_found() -> None:
    y, x = np.mgrid[0:1:120j, 0:1:90j]
    light = (120 + 60 * x - 40 * y + 20 * x * y).astype(np.float32)
    picture = light.copy()
    picture[40:80, 40:50] -= 90
    assert np.abs(paper(picture) - light).max() < 2


@pytest.mark.slow
def test_several_digits_on_one_picture_are_noticed(originals: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = originals
    for i in range(0, len(images) - 1, 2):
        one = np.pad(images[i], 6)
        assert apart(prepare(one)[1]) == 1
        assert apart(prepare(np.hstack([one, np.pad(images[i + 1], 6)]))[1]) == 2
