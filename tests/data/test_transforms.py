"""Every transform's duties: dtype, axes, an untouched input, a named refusal, controlled randomness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import minidl
from minidl.data import transforms as T
from minidl.data.stream import use_stream
from minidl.errors import ArgumentError, DtypeError, ShapeError

QUAD = [(1, 1), (9, 0), (9, 9), (0, 8)]
DETERMINISTIC: list[T.Transform] = [
    T.AverageBlur((3, 2)),
    T.CenterCrop(7),
    T.Crop(1, 2, 3, 4),
    T.Flip("both"),
    T.GaussianBlur(3, 1.0),
    T.MedianBlur(3),
    T.Pad((1, 2), 3, "constant"),
    T.Pad(2, padding_mode="reflect"),
    T.Perspective([(0, 0), (9, 0), (9, 9), (0, 9)], QUAD),
    T.Resize(5),
    T.Resize((12, 7)),
    T.Resize((4, 12), "bicubic", antialias=True),
    T.Rotate(30, "bilinear"),
    T.Rotate(30, expand=True),
    T.Sharpen(0.5),
]
RANDOM: list[T.RandomTransform] = [
    T.GaussianBlur(5),
    T.ColorJitter(0.4, 0.4, 0.4, 0.1),
    T.RandomAdjustSharpness(3),
    T.RandomResizedCrop(8),
    T.RandomAffine(30, (0.2, 0.1), (0.5, 1.5), (-10, 10, -5, 5), "bilinear"),
    T.RandomCrop(8, padding=2),
    T.RandomHorizontalFlip(),
    T.RandomVerticalFlip(),
    T.RandomPerspective(p=0.9),
    T.RandomRotation(90, "bicubic"),
    T.SaltPepperNoise(0.2),
]


def named(transform: Any) -> str:
    return type(transform).__name__


def with_generator(transform: T.RandomTransform, seed: int) -> T.RandomTransform:
    arguments = {field.name: getattr(transform, field.name) for field in fields(transform)}  # type: ignore[arg-type]
    return type(transform)(**arguments | {"generator": minidl.Generator().manual_seed(seed)})


images = st.tuples(
    st.sampled_from([np.uint8, np.float32]), st.integers(9, 14), st.integers(9, 14), st.sampled_from([None, 1, 3, 4])
).flatmap(
    lambda form: npst.arrays(
        form[0],
        (form[1], form[2]) if form[3] is None else (form[1], form[2], form[3]),
        elements=st.integers(0, 255) if form[0] is np.uint8 else st.floats(0, 1, width=32),
    )
)


@pytest.mark.parametrize("transform", DETERMINISTIC + RANDOM, ids=named)
@given(image=images)
def test_dtype_and_axes_stay_and_the_input_is_untouched(transform: T.Transform, image: np.ndarray) -> None:
    before = image.copy()
    result = transform(image)
    assert result.dtype == image.dtype
    assert result.ndim == image.ndim
    assert result.shape[2:] == image.shape[2:]
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("transform", [t for t in DETERMINISTIC if not isinstance(t, T.Sharpen)], ids=named)
@given(image=images.filter(lambda image: image.ndim == 3))
def test_channels_are_treated_alike(transform: T.Transform, image: np.ndarray) -> None:
    alone = np.stack([transform(np.ascontiguousarray(image[..., c])) for c in range(image.shape[2])], axis=2)
    np.testing.assert_allclose(
        transform(image).astype(float), alone.astype(float), atol=1 if image.dtype == np.uint8 else 1e-5
    )


@pytest.mark.parametrize("transform", DETERMINISTIC, ids=named)
def test_memory_order_does_not_matter(transform: T.Transform) -> None:
    image = np.random.default_rng(0).integers(0, 256, (10, 11, 3)).astype(np.uint8)
    expected = transform(image)
    np.testing.assert_array_equal(transform(np.asfortranarray(image)), expected)
    np.testing.assert_array_equal(transform(np.ascontiguousarray(image[::-1, :, ::-1])[::-1, :, ::-1]), expected)
    np.testing.assert_array_equal(transform(np.repeat(image, 2, axis=1)[:, ::2]), expected)


@pytest.mark.parametrize("transform", DETERMINISTIC + RANDOM, ids=named)
@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((4, 4), np.float64), DtypeError, "float64"),
        (np.zeros((4, 4), bool), DtypeError, "bool"),
        (np.zeros((3, 4, 5), np.uint8), ShapeError, r"\(3, 4, 5\); move the channels last"),
        (np.zeros((4, 4, 2), np.uint8), ShapeError, r"\(4, 4, 2\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), ShapeError, r"\(2, 4, 4, 3\)"),
        (np.zeros((0, 4), np.uint8), ShapeError, r"\(0, 4\)"),
        ([[1, 2]], DtypeError, "got list"),
        (minidl.ones(2, 3, 3), ShapeError, r"\(C, H, W\).*\(2, 3, 3\)"),
        (minidl.ones(1, 3, 3, dtype="float64"), DtypeError, "float64"),
    ],
)
def test_what_is_no_image_is_refused_by_name(
    transform: T.Transform, image: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"{named(transform)}.*{message}"):
        transform(image)


@pytest.mark.parametrize("transform", RANDOM, ids=named)
def test_chance_follows_the_generator(transform: T.RandomTransform) -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 12, 3)).astype(np.uint8)

    def run(source: T.RandomTransform) -> list[bytes]:
        return [source(image).tobytes() for _ in range(8)]

    first = run(with_generator(transform, 1))
    assert run(with_generator(transform, 1)) == first
    assert run(with_generator(transform, 2)) != first
    assert len(set(first)) > 1
    minidl.manual_seed(5)
    default = run(transform)
    minidl.manual_seed(5)
    assert run(transform) == default
    with use_stream(np.random.default_rng(3)):
        inside = run(transform)
    assert run(transform) != inside
    with use_stream(np.random.default_rng(3)):
        assert run(transform) == inside


def test_a_stream_ends_with_its_block_even_if_it_fails() -> None:
    noise, image = T.SaltPepperNoise(0.5), np.full((9, 9), 128, np.uint8)
    minidl.manual_seed(1)
    expected = noise(image)
    minidl.manual_seed(1)
    with pytest.raises(ZeroDivisionError), use_stream(np.random.default_rng(0)):
        raise ZeroDivisionError
    np.testing.assert_array_equal(noise(image), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: T.Resize(0), "Resize: size must be a whole number of at least 1"),
        (lambda: T.Resize((1, 2, 3)), "Resize: size"),
        (lambda: T.Resize(2.5), "Resize: size"),
        (lambda: T.Resize(8, "cubic"), "interpolation='cubic' is unknown; use one of nearest, bilinear, bicubic, area"),
        (lambda: T.Resize((8, 8), max_size=9), "max_size=9"),
        (lambda: T.Resize(8, max_size=7), "max_size=7"),
        (lambda: T.Pad((1, 2, 3)), "padding must be 1, 2 or 4"),
        (lambda: T.Pad(-1), "padding"),
        (lambda: T.Pad(1, padding_mode="wrap"), "padding_mode='wrap'"),
        (lambda: T.Crop(-1, 0, 2, 2), "top and left"),
        (lambda: T.Crop(0, 0, 0, 2), "Crop"),
        (lambda: T.RandomCrop(4, padding=-1), "padding"),
        (lambda: T.RandomCrop(4, padding_mode="x"), "padding_mode"),
        (lambda: T.Flip("sideways"), "direction='sideways'"),
        (lambda: T.RandomResizedCrop(4, ratio=(0, 1)), "ratio more than 0"),
        (lambda: T.RandomResizedCrop(4, interpolation="x"), "interpolation='x' is unknown"),
        (lambda: T.ColorJitter(-1), "brightness as one number must be at least 0; got -1"),
        (lambda: T.ColorJitter(hue=0.6), "hue must lie between -0.5 and 0.5; got 0.6"),
        (lambda: T.ColorJitter(contrast=(-1, 2)), "contrast must lie between 0"),
        (lambda: T.RandomErasing(2), "p must be between 0 and 1"),
        (lambda: T.RandomErasing(value="noise"), "numbers or 'random'; got 'noise'"),
        (lambda: T.RandomChoice([]), "RandomChoice: transforms must be a list"),
        (lambda: T.RandomChoice([T.Flip()], p=[1, 2]), "one number, at least 0, per transform"),
        (lambda: T.TrivialAugmentWide(1), "num_magnitude_bins must be at least 2"),
        (lambda: T.RandAugment(magnitude=31), "magnitude must be a step"),
        (lambda: T.RandomHorizontalFlip(1.5), "p must be between 0 and 1"),
        (lambda: T.Rotate(np.inf), "angle"),
        (lambda: T.Rotate(10, "area"), "interpolation='area'"),
        (lambda: T.Rotate(10, expand=True, center=(1, 1)), "leave center out"),
        (lambda: T.Rotate(10, center=3), "center"),
        (lambda: T.RandomRotation(-5), "degrees"),
        (lambda: T.RandomRotation((5, -5)), "low <= high"),
        (lambda: T.RandomRotation("ten"), "degrees"),
        (lambda: T.RandomAffine(0, translate=(2, 0)), "translate"),
        (lambda: T.RandomAffine(0, scale=(0, 1)), "scale must be more than 0"),
        (lambda: T.RandomAffine(0, shear=90), "shear"),
        (lambda: T.RandomAffine(0, shear=(1, 2, 3)), "shear"),
        (lambda: T.RandomPerspective(1.0), "distortion_scale"),
        (lambda: T.Perspective([(0, 0)] * 3, QUAD), "four points"),
        (lambda: T.Perspective([(0, 0), (1, 1), (2, 2), (0, 5)], QUAD), "on one line"),
        (lambda: T.SaltPepperNoise(-0.1), "SaltPepperNoise: amount"),
        (lambda: T.SaltPepperNoise(0.1, salt=2), "salt"),
        (lambda: T.GaussianBlur(4), "odd"),
        (lambda: T.GaussianBlur(3, 0), "sigma must be more than 0"),
        (lambda: T.GaussianBlur(3, (2, 1)), "low <= high"),
        (lambda: T.MedianBlur(4), "odd"),
        (lambda: T.MedianBlur((3, 5)), "one odd number"),
        (lambda: T.Sharpen(-1), "amount"),
        (lambda: T.ColorConvert("BGR", "RGB"), "source='BGR' is unknown"),
        (lambda: T.ColorConvert("RGB", 3), "target=3"),
        (lambda: T.Grayscale(2), "num_output_channels"),
        (lambda: T.Normalize(0, 0), "std not 0"),
        (lambda: T.Normalize([0, np.nan], 1), "finite"),
        (lambda: T.Normalize(0, 1, inplace=True), "inplace"),
        (lambda: T.Compose([T.ToTensor(), 3]), "got 3, which cannot be called"),
        (lambda: T.Lambda("x"), "expected a function"),
    ],
)
def test_arguments_are_checked_when_given(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make()
    assert message in str(caught.value)


def test_opencv_s_own_errors_are_named() -> None:
    class Broken(T.Transform):
        def apply(self, image: np.ndarray) -> np.ndarray:
            return cv2.resize(image, (0, 0))

    with pytest.raises(ArgumentError, match=r"Broken.*OpenCV cannot do this to an image \(2, 3\) of uint8"):
        Broken()(np.zeros((2, 3), np.uint8))


def test_fill_has_a_value_a_channel() -> None:
    image = np.zeros((3, 3, 3), np.uint8)
    assert T.Pad(1, (10, 20, 30))(image)[0, 0].tolist() == [10, 20, 30]  # RGB in, RGB out
    assert T.Rotate(45, fill=(10, 20, 30))(np.zeros((9, 9, 3), np.uint8))[0, 0].tolist() == [10, 20, 30]
    assert T.Pad(1, 7)(np.zeros((3, 3, 4), np.uint8))[0, 0].tolist() == [7, 7, 7, 7]
    with pytest.raises(ArgumentError, match="has 2 values, the image has 3 channels"):
        T.Pad(1, (1, 2))(image)


def test_transforms_print_what_they_are() -> None:
    assert repr(T.RandomRotation(10)).startswith("RandomRotation(degrees=10, interpolation='nearest'")
    assert repr(T.Compose([T.ToTensor(), T.Normalize(0.5, 0.25)])).splitlines() == [
        "Compose(", "    ToTensor()", "    Normalize(mean=0.5, std=0.25, inplace=False)", ")",
    ]  # fmt: skip


# to tensors


@given(image=images)
def test_to_tensor_is_division_by_255(image: np.ndarray) -> None:
    tensor = T.ToTensor()(image)
    channels_last = image if image.ndim == 3 else image[..., None]
    expected = channels_last.transpose(2, 0, 1)
    if image.dtype == np.uint8:
        expected = expected.astype(np.float32) / np.float32(255)
    assert str(tensor.dtype) == "float32"
    np.testing.assert_array_equal(tensor.array, expected)
    assert tensor.array.flags.c_contiguous
    assert not np.shares_memory(tensor.array, image)


@given(image=images, count=st.integers(1, 4))
def test_a_batch_is_converted_as_one_after_the_other(image: np.ndarray, count: int) -> None:
    stack = np.stack([np.roll(image, i, axis=0) for i in range(count)])
    steps = [T.ToTensor(), T.Normalize(0.3, 0.7)]
    together, alone = stack, list(stack)
    for step in steps:
        together, alone = step.batch(together), [step(one) for one in alone]  # type: ignore[attr-defined]
        np.testing.assert_array_equal(together.array, np.stack([one.array for one in alone]))


def test_normalize_by_hand() -> None:
    image = np.array([[[0, 128, 255]]], dtype=np.uint8)
    tensor = T.Normalize((0.5, 0.25, 0.0), (0.5, 2.0, 4.0))(T.ToTensor()(image))
    np.testing.assert_allclose(tensor.array.ravel(), [-1, (128 / 255 - 0.25) / 2, 0.25], rtol=1e-6)
    assert str(tensor.dtype) == "float32"
    double = T.Normalize(0.5, 0.5)(minidl.from_numpy(np.ones((1, 2, 2))))
    assert str(double.dtype) == "float64"


@pytest.mark.parametrize(
    ("transform", "image", "error", "message"),
    [
        (T.ToTensor(), np.zeros((2, 2), np.int32), DtypeError, "int32 has no known range"),
        (T.ToTensor(), np.zeros(4, np.uint8), ShapeError, r"\(4,\)"),
        (T.ToTensor(), minidl.from_numpy(np.array([1.0])), DtypeError, "got Tensor"),
        (T.ToTensor(), [[1]], DtypeError, "got list"),
        (T.Normalize(0, 1), np.zeros((2, 2)), DtypeError, "put ToTensor before it"),
        (T.Normalize(0, 1), minidl.from_numpy(np.zeros((1, 2, 2), np.uint8)), DtypeError, "uint8"),
        (T.Normalize([0, 0], 1), minidl.from_numpy(np.zeros((3, 2, 2))), ShapeError, "2 numbers for a tensor"),
        (T.Normalize(0, 1), minidl.from_numpy(np.zeros((2, 2))), ShapeError, r"\(2, 2\)"),
    ],
)
def test_tensors_refuse_by_name(transform: Any, image: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"{named(transform)}.*{message}"):
        transform(image)
