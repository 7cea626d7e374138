"""What the transforms do to pixels, against plain NumPy, PyTorch, or what can be seen by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

import minidl
from minidl.data import transforms as T
from minidl.data.transforms import warp
from minidl.errors import ArgumentError, ShapeError

sizes = st.integers(1, 20)


def noise(height: int, width: int, *channels: int, dtype: type = np.float32, seed: int = 0) -> np.ndarray:
    image = np.random.default_rng(seed).random((height, width, *channels))
    return (image * 255).astype(np.uint8) if dtype is np.uint8 else image.astype(dtype)


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (0.5 + 0.25 * np.sin(x / 5 + 1) + 0.25 * np.cos(y / 4)).astype(np.float32)


# size, crop, flip, pad


@given(sizes, sizes, sizes, sizes, st.sampled_from(["nearest", "bilinear", "bicubic"]))
def test_resize_is_pytorch_s_interpolate(h: int, w: int, new_h: int, new_w: int, how: str) -> None:
    image = noise(h, w)
    corners = {} if how == "nearest" else {"align_corners": False}
    theirs = F.interpolate(torch.tensor(image)[None, None], (new_h, new_w), mode=how, **corners)[0, 0].numpy()  # type: ignore[arg-type]
    ours = T.Resize((new_h, new_w), how)(image)
    assert ours.shape == (new_h, new_w)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(2, 4))
def test_shrinking_takes_the_mean_of_what_falls_together(h: int, w: int, factor: int) -> None:
    image = noise(h * factor, w * factor)
    expected = image.reshape(h, factor, w, factor).mean(axis=(1, 3))
    np.testing.assert_allclose(T.Resize((h, w))(image), expected, atol=1e-6)


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 30))
def test_one_number_is_the_shorter_side(h: int, w: int, size: int) -> None:
    new_h, new_w = T.Resize(size)(np.zeros((h, w), np.uint8)).shape
    assert min(new_h, new_w) == size
    longer = int(size * max(h, w) / min(h, w))
    assert max(new_h, new_w) == longer
    assert (new_h <= new_w) == (h <= w) or new_h == new_w


def test_the_longer_side_can_be_limited() -> None:
    assert T.Resize(10, max_size=20)(np.zeros((50, 200), np.uint8)).shape == (5, 20)
    assert T.Resize(10, max_size=20)(np.zeros((60, 50), np.uint8)).shape == (12, 10)


def test_crops() -> None:
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    np.testing.assert_array_equal(T.Crop(1, 2, 3, 4)(image), image[1:4, 2:6])
    np.testing.assert_array_equal(T.CenterCrop(3)(image), image[1:4, 2:5])
    np.testing.assert_array_equal(T.CenterCrop((5, 1))(image), image[:, 3:4])
    np.testing.assert_array_equal(T.CenterCrop((7, 7))(image)[1:6], image)
    np.testing.assert_array_equal(T.CenterCrop(9)(image), np.pad(image, ((2, 2), (1, 1))))
    with pytest.raises(ShapeError, match=r"rows 3:6 and columns 0:2.*\(5, 7\)"):
        T.Crop(3, 0, 3, 2)(image)


def test_a_random_crop_is_every_part_of_the_image() -> None:
    image = np.arange(20, dtype=np.uint8).reshape(4, 5)
    crop = T.RandomCrop((3, 3), generator=minidl.Generator().manual_seed(0))
    parts = {image[y : y + 3, x : x + 3].tobytes() for y, x in itertools.product(range(2), range(3))}
    assert {crop(image).tobytes() for _ in range(200)} == parts


def test_a_random_crop_of_a_small_image() -> None:
    image = np.ones((4, 4), np.uint8)
    with pytest.raises(ShapeError, match=r"RandomCrop: size \(6, 6\) is larger than the image \(4, 4\)"):
        T.RandomCrop(6)(image)
    assert T.RandomCrop(6, padding=1)(image).sum() == 16
    assert T.RandomCrop(6, pad_if_needed=True)(image).shape == (6, 6)
    assert (T.RandomCrop(6, pad_if_needed=True, padding_mode="edge")(image) == 1).all()


@pytest.mark.parametrize(
    ("mode", "numpy_mode"),
    [("constant", "constant"), ("edge", "edge"), ("reflect", "reflect"), ("symmetric", "symmetric")],
)
@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_pad_is_numpy_s(mode: str, numpy_mode: Any, left: int, top: int, right: int, bottom: int) -> None:
    image = noise(4, 5, 3)
    expected = np.pad(image, ((top, bottom), (left, right), (0, 0)), numpy_mode)
    np.testing.assert_array_equal(T.Pad((left, top, right, bottom), padding_mode=mode)(image), expected)


def test_padding_that_has_nothing_to_reflect() -> None:
    with pytest.raises(ShapeError, match="Pad: reflecting needs padding smaller than the image"):
        T.Pad(4, padding_mode="reflect")(noise(4, 9))
    with pytest.raises(ShapeError, match="Pad: symmetric padding"):
        T.Pad(5, padding_mode="symmetric")(noise(4, 9))
    assert T.Pad(4, padding_mode="symmetric")(noise(4, 9)).shape == (12, 17)


def test_flips() -> None:
    image = noise(3, 4, 3)
    np.testing.assert_array_equal(T.Flip("horizontal")(image), image[:, ::-1])
    np.testing.assert_array_equal(T.Flip("vertical")(image), image[::-1])
    np.testing.assert_array_equal(T.Flip("both")(image), image[::-1, ::-1])
    np.testing.assert_array_equal(T.RandomHorizontalFlip(1)(image), image[:, ::-1])
    np.testing.assert_array_equal(T.RandomVerticalFlip(1)(image), image[::-1])
    np.testing.assert_array_equal(T.RandomHorizontalFlip(0)(image), image)
    flipped = [np.array_equal(T.RandomHorizontalFlip(0.25)(image), image[:, ::-1]) for _ in range(400)]
    assert 65 < sum(flipped) < 135  # 100 expected, deviation 9


# moved along a matrix


def moved(image: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The image moved by `matrix`, bilinear with zeros outside, by PyTorch's grid_sample."""
    (height, width), (h, w) = shape, image.shape
    y, x = np.mgrid[:height, :width]
    points = np.linalg.inv(matrix) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    grid = np.stack([2 * points[0] / points[2] / (w - 1) - 1, 2 * points[1] / points[2] / (h - 1) - 1], axis=1)
    return F.grid_sample(
        torch.tensor(image, dtype=torch.float64)[None, None],
        torch.tensor(grid).reshape(1, height, width, 2),
        align_corners=True,
    )[0, 0].numpy()


def inside(difference: np.ndarray) -> float:
    """The largest difference but for one in a hundred pixels: edges fall a hair to either side."""
    return float(np.quantile(np.abs(difference), 0.99))


@given(
    st.floats(-180, 180),
    st.floats(0.6, 1.5),
    st.floats(-30, 30),
    st.floats(-30, 30),
    st.floats(-4, 4),
    st.floats(-4, 4),
)
def test_an_affine_map_is_pytorch_s_grid_sample(
    angle: float, scale: float, shear_x: float, shear_y: float, x: float, y: float
) -> None:
    image = smooth(24, 30)
    matrix = warp.translation(x, y) @ warp.about(warp.middle(image), warp.linear(angle, scale, (shear_x, shear_y)))
    ours = warp.warp(image, matrix, (24, 30), "bilinear", 0)
    assert inside(ours - moved(image, matrix, (24, 30))) < 0.05


@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0, 4)), min_size=4, max_size=4))
def test_perspective_takes_points_to_points(inwards: list[tuple[float, float]]) -> None:
    start = np.array([[0, 0], [23, 0], [23, 19], [0, 19]], float)
    end = start + np.array(inwards) * [[1, 1], [-1, 1], [-1, -1], [1, -1]]
    matrix = warp.perspective(start, end)
    images = matrix @ np.column_stack([start, np.ones(4)]).T
    np.testing.assert_allclose((images[:2] / images[2]).T, end, atol=1e-3)
    image = smooth(20, 24)
    ours = T.Perspective(start.tolist(), end.tolist())(image)
    assert inside(ours - moved(image, matrix, (20, 24))) < 0.05


@pytest.mark.parametrize("turns", [-3, -1, 0, 1, 2, 4])
@pytest.mark.parametrize("shape", [(6, 6), (7, 7), (5, 8), (8, 5, 3)])
@pytest.mark.parametrize("how", ["nearest", "bilinear"])
def test_quarter_turns_are_exact_and_counter_clockwise(turns: int, shape: tuple[int, ...], how: str) -> None:
    image = noise(*shape, dtype=np.uint8)
    np.testing.assert_array_equal(T.Rotate(90 * turns, how, expand=True)(image), np.rot90(image, turns))


def test_an_expanded_image_holds_the_turned_one() -> None:
    image = np.ones((10, 20), np.float32)
    turned = T.Rotate(45, "bilinear", expand=True)(image)
    assert turned.shape == (22, 22)  # 30 / sqrt(2) = 21.2
    assert abs(turned.sum() - 200) < 4
    assert T.Rotate(45, "bilinear")(image).shape == (10, 20)


def test_a_turn_about_a_corner() -> None:
    image = np.zeros((9, 9), np.uint8)
    image[0, 4] = 255
    assert T.Rotate(-90, center=(0, 0))(image)[4, 0] == 255  # clockwise: what was right of the corner is below it


def test_a_shift_is_a_shift() -> None:
    image = noise(8, 10, dtype=np.uint8)
    shifted = warp.warp(image, warp.translation(3, -2), (8, 10), "bilinear", 9)
    np.testing.assert_array_equal(shifted[:6, 3:], image[2:, :7])
    assert (shifted[6:] == 9).all()
    assert (shifted[:, :3] == 9).all()


def test_directions_of_turn_scale_and_shear() -> None:
    right, down = np.array([1, 0, 1]), np.array([0, 1, 1])
    np.testing.assert_allclose(warp.linear(90) @ right, down, atol=1e-12)  # clockwise as seen, y down
    np.testing.assert_allclose(warp.linear(0, 2) @ right, [2, 0, 1])
    lean = math.tan(math.radians(30))
    np.testing.assert_allclose(warp.linear(0, 1, (30, 0)) @ down, [-lean, 1, 1])
    np.testing.assert_allclose(warp.linear(0, 1, (0, 30)) @ right, [1, -lean, 1])


def test_random_affine_stays_in_its_ranges() -> None:
    image = np.zeros((20, 40), np.uint8)
    affine = T.RandomAffine((10, 20), translate=(0.1, 0.2), scale=(0.5, 2), generator=minidl.Generator().manual_seed(1))
    center = np.array([19.5, 9.5, 1])
    angles, scales, moves = [], [], []
    for _ in range(300):
        matrix = affine.matrix(image)
        scales.append(math.hypot(matrix[0, 0], matrix[1, 0]))
        angles.append(math.degrees(math.atan2(matrix[1, 0], matrix[0, 0])))
        moves.append((matrix @ center - center)[:2])
    assert 10 <= min(angles) < 11
    assert 19 < max(angles) <= 20
    assert 0.5 <= min(scales) < 0.55
    assert 1.9 < max(scales) <= 2
    assert np.abs(moves).max(axis=0) == pytest.approx([4, 4])


def test_random_rotation_and_perspective_without_reach_change_nothing() -> None:
    image = noise(9, 9, dtype=np.uint8)
    np.testing.assert_array_equal(T.RandomRotation(0)(image), image)
    np.testing.assert_array_equal(T.RandomAffine(0)(image), image)
    np.testing.assert_array_equal(T.RandomPerspective(0, p=1)(image), image)
    np.testing.assert_array_equal(T.RandomPerspective(p=0)(image), image)


def test_images_of_one_pixel() -> None:
    dot = np.full((1, 1), 200, np.uint8)
    for transform in (T.RandomPerspective(p=1), T.RandomRotation(0), T.GaussianBlur(3), T.MedianBlur(3), T.Sharpen()):
        assert transform(dot)[0, 0] == 200
    assert T.Resize((3, 3))(dot).tolist() == [[200] * 3] * 3


# filters and noise


def neighbourhoods(image: np.ndarray, height: int, width: int, mode: Any = "reflect") -> np.ndarray:
    """(H, W, height, width): what lies around each pixel."""
    padded = np.pad(image, ((height // 2, height - 1 - height // 2), (width // 2, width - 1 - width // 2)), mode)
    return sliding_window_view(padded, (height, width))


@given(st.integers(1, 5), st.integers(1, 5), st.integers(6, 12), st.integers(6, 12))
def test_average_blur_is_a_mean(kernel_height: int, kernel_width: int, h: int, w: int) -> None:
    image = noise(h, w)
    expected = neighbourhoods(image, kernel_height, kernel_width).mean(axis=(2, 3))
    np.testing.assert_allclose(T.AverageBlur((kernel_width, kernel_height))(image), expected, atol=1e-5)


@given(st.sampled_from([1, 3, 5, 7]), st.sampled_from([1, 3, 5]), st.floats(0.3, 3))
def test_gaussian_blur_is_a_weighted_mean(kernel_height: int, kernel_width: int, sigma: float) -> None:
    image = noise(10, 11)
    rows, columns = (
        np.exp(-(np.arange(-(n // 2), n // 2 + 1) ** 2) / (2 * sigma**2)) for n in (kernel_height, kernel_width)
    )
    weights = np.outer(rows / rows.sum(), columns / columns.sum())
    expected = (neighbourhoods(image, kernel_height, kernel_width) * weights).sum(axis=(2, 3))
    np.testing.assert_allclose(T.GaussianBlur((kernel_width, kernel_height), sigma)(image), expected, atol=1e-5)


def test_gaussian_blur_draws_sigma_from_its_range() -> None:
    image = noise(9, 9)
    blurred = np.stack([T.GaussianBlur(5, (0.5, 1.0))(image) for _ in range(50)])
    least, most = T.GaussianBlur(5, 0.5)(image), T.GaussianBlur(5, 1.0)(image)
    spread = blurred.std(axis=(1, 2))
    assert most.std() < spread.min() < spread.max() < least.std()


@given(st.sampled_from([1, 3, 5, 7, 9]), st.integers(1, 12), st.integers(1, 12))
def test_median_blur_is_a_median(size: int, h: int, w: int) -> None:
    image = noise(h, w, dtype=np.uint8)
    expected = np.median(neighbourhoods(image, size, size, "edge"), axis=(2, 3))
    np.testing.assert_array_equal(T.MedianBlur(size)(image), expected)


def test_median_blur_of_float_images() -> None:
    image = noise(9, 9)
    np.testing.assert_array_equal(T.MedianBlur(3)(image), np.median(neighbourhoods(image, 3, 3, "edge"), axis=(2, 3)))
    with pytest.raises(ArgumentError, match="kernel_size=7 needs a uint8 image"):
        T.MedianBlur(7)(image)


@given(st.floats(0, 3), st.sampled_from([np.uint8, np.float32]))
def test_sharpen_adds_the_laplacian(amount: float, dtype: type) -> None:
    image = noise(8, 9, dtype=dtype)
    around = neighbourhoods(image.astype(np.float64), 3, 3)
    center = around[..., 1, 1]
    laplacian = 4 * center - around[..., 0, 1] - around[..., 2, 1] - around[..., 1, 0] - around[..., 1, 2]
    expected = center + np.float32(amount) * laplacian
    if dtype is np.uint8:
        expected = expected.clip(0, 255)
    np.testing.assert_allclose(T.Sharpen(amount)(image), expected, atol=0.51 if dtype is np.uint8 else 1e-5)


def test_salt_and_pepper_in_their_proportions() -> None:
    image = noise(100, 100, 3, dtype=np.uint8).clip(1, 254)
    noisy = T.SaltPepperNoise(0.2, salt=0.25)(image)
    white, black = (noisy == 255).all(axis=2), (noisy == 0).all(axis=2)
    np.testing.assert_array_equal(noisy[~white & ~black], image[~white & ~black])
    assert 420 < white.sum() < 580  # 500 expected, deviation 22
    assert 1380 < black.sum() < 1620  # 1500 expected, deviation 36
    np.testing.assert_array_equal(T.SaltPepperNoise(0)(image), image)
    assert (T.SaltPepperNoise(1, salt=1)(image) == 255).all()
    assert (T.SaltPepperNoise(1, salt=1)(noise(3, 3)) == 1).all()
    assert (T.SaltPepperNoise(1, salt=0)(noise(3, 3)) == 0).all()


# colour

RED, GREEN, BLUE = ([255, 0, 0], [0, 255, 0], [0, 0, 255])


@pytest.mark.parametrize(
    ("space", "color", "expected"),
    [
        ("GRAY", RED, 76),
        ("GRAY", BLUE, 29),
        ("HSV", RED, [0, 255, 255]),
        ("HSV", GREEN, [60, 255, 255]),
        ("HSV", BLUE, [120, 255, 255]),
        ("Lab", RED, [136, 208, 195]),
        ("Lab", BLUE, [82, 207, 20]),
        ("YUV", RED, [76, 90, 255]),
        ("YUV", BLUE, [29, 239, 103]),
        ("RGB", RED, RED),
    ],
)
def test_red_is_red_and_blue_is_blue(space: str, color: list[int], expected: Any) -> None:
    result = T.ColorConvert("RGB", space)(np.array([[color]], np.uint8))
    assert result.dtype == np.uint8
    assert np.abs(result[0, 0].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("source", ["RGB", "GRAY", "YUV", "HSV", "Lab"])
@pytest.mark.parametrize("target", ["RGB", "GRAY", "YUV", "HSV", "Lab"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_every_pair_of_spaces_there_and_back(source: str, target: str, dtype: type) -> None:
    rgb = noise(16, 16, 3, dtype=dtype)
    start = T.ColorConvert("RGB", source)(rgb)
    result = T.ColorConvert(source, target)(start)
    assert result.dtype == dtype
    assert result.shape == ((16, 16) if target == "GRAY" else (16, 16, 3))
    if source == target:
        np.testing.assert_array_equal(result, start)
        assert not np.shares_memory(result, start)
        return
    np.testing.assert_array_equal(result, T.ColorConvert("RGB", target)(T.ColorConvert(source, "RGB")(start)))
    if "GRAY" not in (source, target):
        back = T.ColorConvert(source, "RGB")(T.ColorConvert(target, source)(result))
        loss = np.abs(back.astype(float) - rgb.astype(float))
        assert loss.mean() < (2.5 if dtype is np.uint8 else 5e-3)


def test_gray_is_the_weighted_mean_of_red_green_and_blue() -> None:
    image = noise(5, 5, 3)
    expected = image @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(T.ColorConvert("RGB", "GRAY")(image), expected, atol=1e-5)
    np.testing.assert_allclose(T.Grayscale()(image), expected, atol=1e-5)
    np.testing.assert_allclose(T.Grayscale(3)(image), np.repeat(expected[..., None], 3, axis=2), atol=1e-5)
    gray = image[..., 0]
    np.testing.assert_array_equal(T.Grayscale()(gray), gray)
    np.testing.assert_array_equal(T.Grayscale()(gray[..., None]), gray)
    assert T.Grayscale(3)(gray).shape == (5, 5, 3)


def test_hue_of_float_images_is_in_degrees() -> None:
    image = np.array([[[0, 1, 0], [0, 0, 1]]], np.float32)
    np.testing.assert_allclose(T.ColorConvert("rgb", "hsv")(image), [[[120, 1, 1], [240, 1, 1]]], atol=1e-3)
    white = T.ColorConvert("RGB", "Lab")(np.ones((1, 1, 3), np.float32))
    np.testing.assert_allclose(white, [[[100, 0, 0]]], atol=0.1)


@pytest.mark.parametrize(
    ("source", "shape"), [("RGB", (4, 4)), ("HSV", (4, 4, 4)), ("GRAY", (4, 4, 3)), ("RGB", (4, 4, 1))]
)
def test_a_number_of_channels_that_is_not_the_space_s(source: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=f"a {source} image has"):
        T.ColorConvert(source, "YUV")(np.zeros(shape, np.uint8))
    with pytest.raises(ShapeError, match="Grayscale"):
        T.Grayscale()(np.zeros((4, 4, 4), np.uint8))


def test_gray_with_an_axis_of_one_is_taken() -> None:
    assert T.ColorConvert("GRAY", "RGB")(np.full((2, 2, 1), 9, np.uint8)).tolist() == [[[9] * 3] * 2] * 2
    assert T.ColorConvert("GRAY", "GRAY")(np.full((2, 2, 1), 9, np.uint8)).shape == (2, 2)
