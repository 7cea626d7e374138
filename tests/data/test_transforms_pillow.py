"""Resizing and changes of colour against Pillow itself, to the last bit; pictures and tensors as images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import minidl
from minidl.data import transforms as T
from minidl.data.transforms import adjust, erasing
from minidl.data.transforms.geometric import resized
from minidl.errors import ArgumentError, DtypeError, ShapeError
from tests.support.compare import to_numpy

pillow = pytest.importorskip("PIL")
from PIL import Image, ImageEnhance, ImageOps  # noqa: E402

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4}
sizes = st.integers(1, 40)
factors = st.floats(0, 3, width=32)
images = st.tuples(st.integers(1, 12), st.integers(1, 12), st.booleans()).flatmap(
    lambda form: npst.arrays(np.uint8, form[:2] + ((3,) if form[2] else ()))
)
colored = st.tuples(st.integers(1, 8), st.integers(1, 8), st.just(3)).flatmap(lambda form: npst.arrays(np.uint8, form))


@pytest.mark.skipif(int(pillow.__version__.split(".")[0]) < 13, reason="Pillow began with other rows or columns")
@pytest.mark.parametrize("name", FILTERS)
@given(sizes, sizes, sizes, sizes, st.booleans(), st.integers(0, 99))
def test_resizing(name: str, h: int, w: int, new_h: int, new_w: int, color: bool, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (h, w, 3) if color else (h, w)).astype(np.uint8)
    theirs = Image.fromarray(image).resize((new_w, new_h), FILTERS[name])
    np.testing.assert_array_equal(resized(image, new_h, new_w, name, True), np.asarray(theirs))


# Of images with one column, PyTorch 2.13 takes all rows for the first, with the kernels of some processors.
@given(sizes, st.integers(2, 40), sizes, st.integers(2, 40), st.sampled_from(["bilinear", "bicubic"]))
def test_resizing_floats_is_pytorchs_antialias(h: int, w: int, new_h: int, new_w: int, name: str) -> None:
    image = np.random.default_rng(0).random((h, w), np.float32)
    theirs = F.interpolate(torch.tensor(image)[None, None], (new_h, new_w), mode=name, antialias=True)[0, 0]
    ours = T.Resize((new_h, new_w), name, antialias=True)(image)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)
    turned = T.Resize((new_w, new_h), name, antialias=True)(np.ascontiguousarray(image.T))
    np.testing.assert_allclose(turned.T, ours, atol=1e-5)


@given(sizes, sizes)
def test_one_column_is_resized_as_one_row(h: int, new_h: int) -> None:
    column = np.random.default_rng(0).random((h, 1), np.float32)
    row = T.Resize((1, new_h), "bilinear", antialias=True)(np.ascontiguousarray(column.T))
    np.testing.assert_allclose(T.Resize((new_h, 1), "bilinear", antialias=True)(column), row.T, atol=1e-6)


@pytest.mark.parametrize(
    ("ours", "kind"),
    [
        (adjust.adjust_brightness, ImageEnhance.Brightness),
        (adjust.adjust_contrast, ImageEnhance.Contrast),
        (adjust.adjust_saturation, ImageEnhance.Color),
        (adjust.adjust_sharpness, ImageEnhance.Sharpness),
    ],
)
@given(image=images, factor=factors)
def test_enhancing(ours: Any, kind: Any, image: np.ndarray, factor: float) -> None:
    if ours is adjust.adjust_sharpness and min(image.shape[:2]) <= 2:
        np.testing.assert_array_equal(ours(image, factor), image)  # nothing but outermost pixels
        return
    np.testing.assert_array_equal(ours(image, factor), np.asarray(kind(Image.fromarray(image)).enhance(factor)))


@given(images, st.integers(1, 8), st.integers(0, 255))
def test_other_changes(image: np.ndarray, bits: int, threshold: int) -> None:
    picture = Image.fromarray(image)
    for ours, theirs in [
        (adjust.autocontrast(image), ImageOps.autocontrast(picture)),
        (adjust.equalize(image), ImageOps.equalize(picture)),
        (adjust.posterize(image, bits), ImageOps.posterize(picture, bits)),
        (adjust.solarize(image, threshold), ImageOps.solarize(picture, threshold)),
        (adjust.invert(image), ImageOps.invert(picture)),
    ]:
        np.testing.assert_array_equal(ours, np.asarray(theirs))


@given(colored, st.floats(-0.5, 0.5))
def test_hue(image: np.ndarray, factor: float) -> None:
    hue, saturation, value = Image.fromarray(image).convert("HSV").split()
    turned = (np.asarray(hue).astype(int) + int(factor * 255)) % 256
    theirs = Image.merge("HSV", (Image.fromarray(turned.astype(np.uint8)), saturation, value)).convert("RGB")
    # one step of hue, which rounding may decide otherwise, is at most 6 of 255
    np.testing.assert_allclose(adjust.adjust_hue(image, factor).astype(int), np.asarray(theirs).astype(int), atol=6)


@given(colored)
def test_gray_as_pillow(image: np.ndarray) -> None:
    np.testing.assert_array_equal(adjust.gray(image)[..., 0], np.asarray(Image.fromarray(image).convert("L")))


def test_float_images_stay_in_their_range() -> None:
    image = np.random.default_rng(0).random((5, 6, 3), np.float32)
    for changed in (
        adjust.adjust_brightness(image, 3),
        adjust.adjust_contrast(image, 3),
        adjust.adjust_hue(image, 0.3),
    ):
        assert changed.dtype == np.float32
        assert changed.min() >= 0
        assert changed.max() <= 1
    np.testing.assert_allclose(adjust.adjust_hue(image, 0.0), image, atol=1e-5)
    np.testing.assert_allclose(adjust.adjust_brightness(image, 0.5), image / 2, atol=1e-6)
    np.testing.assert_allclose(adjust.invert(image), 1 - image)


def test_what_cannot_be_changed_is_refused() -> None:
    image = np.zeros((3, 3), np.float32)
    with pytest.raises(ArgumentError, match=r"between -0\.5 and 0\.5; got 0\.7"):
        adjust.adjust_hue(image, 0.7)
    with pytest.raises(ArgumentError, match="at least 0; got -1"):
        adjust.adjust_contrast(image, -1)
    with pytest.raises(ArgumentError, match="equalize: takes a uint8 image"):
        adjust.equalize(image)
    with pytest.raises(ArgumentError, match="posterize: keeps 0 to 8 bits of a uint8"):
        adjust.posterize(image, 3)
    with pytest.raises(ShapeError, match=r"FiveCrop: size \(4, 4\) is larger"):
        T.FiveCrop(4)(image)
    with pytest.raises(DtypeError, match="RandomErasing: expected a tensor"):
        T.RandomErasing()(image)


@pytest.mark.parametrize(
    "transform",
    [
        T.Resize((3, 5)), T.CenterCrop(4), T.Pad(1), T.Flip(), T.Rotate(90), T.Grayscale(1), T.Grayscale(3),
        T.GaussianBlur(3, 1.0), T.ColorJitter((0.5, 0.5)),
    ],
)  # fmt: skip
def test_a_picture_comes_back_as_one_and_a_tensor_as_one(transform: Any) -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.uint8)
    array = transform(image)
    picture = transform(Image.fromarray(image))
    assert isinstance(picture, Image.Image)
    np.testing.assert_array_equal(np.asarray(picture), array)
    tensor = transform(minidl.from_numpy(image.transpose(2, 0, 1).copy()))
    assert isinstance(tensor, minidl.Tensor)
    np.testing.assert_array_equal(tensor.numpy(), np.atleast_3d(array).transpose(2, 0, 1))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 9))
def test_a_random_part_has_the_area_and_the_proportions_asked_for(h: int, w: int, seed: int) -> None:
    crop = T.RandomResizedCrop(5, (0.2, 0.6), (0.5, 2.0), generator=minidl.Generator().manual_seed(seed))
    image = np.zeros((h, w, 3), np.uint8)
    top, left, height, width = crop.part(image)
    assert 0 <= top <= top + height <= h
    assert 0 <= left <= left + width <= w
    assert height >= 1
    assert width >= 1
    if min(h, w) >= 20:
        assert 0.1 <= height * width / (h * w) <= 0.75
    assert crop(image).shape == (5, 5, 3)


def test_erasing() -> None:
    image = minidl.ones(3, 20, 20)
    erase = T.RandomErasing(1.0, (0.1, 0.2), value=(0.25, 0.5, 0.75), generator=minidl.Generator().manual_seed(0))
    result = erase(image)
    hit = to_numpy(result) != 1
    assert (hit[0] == hit[1]).all()
    assert 0.05 < hit[0].mean() < 0.25
    assert sorted(set(to_numpy(result)[hit].tolist())) == [0.25, 0.5, 0.75]
    assert (to_numpy(image) == 1).all()
    assert T.RandomErasing(0.0)(image) is image
    T.RandomErasing(1.0, (0.1, 0.2), inplace=True)(image)
    assert (to_numpy(image) == 0).any()


def test_dtypes_with_their_ranges() -> None:
    whole = minidl.tensor([[[0, 128, 255]]], dtype="uint8")
    np.testing.assert_allclose(to_numpy(erasing.converted(whole)), [[[0, 128 / 255, 1]]], rtol=1e-6)
    np.testing.assert_array_equal(to_numpy(erasing.converted(erasing.converted(whole), "uint8")), to_numpy(whole))
    np.testing.assert_array_equal(to_numpy(erasing.converted(whole, "int32")), to_numpy(whole).astype(int) * 2**23)
    with pytest.raises(DtypeError, match="float32 has too few digits for int64"):
        erasing.converted(minidl.ones(1, 1, 1), "int64")


def test_crops_of_five_and_ten() -> None:
    image = np.arange(30, dtype=np.uint8).reshape(5, 6)
    five = T.FiveCrop(2)(image)
    np.testing.assert_array_equal(five[0], image[:2, :2])
    np.testing.assert_array_equal(five[3], image[3:, 4:])
    ten = T.TenCrop(2)(image)
    assert len(ten) == 10
    np.testing.assert_array_equal(ten[5], image[:2, ::-1][:, :2])


def test_choosing_among_transforms() -> None:
    minidl.manual_seed(0)
    image = np.arange(4, dtype=np.uint8).reshape(2, 2)
    chosen = {T.RandomChoice([T.Flip("horizontal"), T.Flip("vertical")])(image).tobytes() for _ in range(30)}
    assert chosen == {T.Flip("horizontal")(image).tobytes(), T.Flip("vertical")(image).tobytes()}
    only = T.RandomChoice([T.Flip("horizontal"), T.Flip("vertical")], p=[0, 1])
    assert {only(image).tobytes() for _ in range(9)} == {T.Flip("vertical")(image).tobytes()}
    np.testing.assert_array_equal(T.RandomOrder([T.Flip("horizontal"), T.Flip("vertical")])(image), image[::-1, ::-1])


@pytest.mark.parametrize("policy", [T.TrivialAugmentWide(), T.RandAugment(3, 20)])
def test_policies_change_images_and_keep_their_shape(policy: Any) -> None:
    minidl.manual_seed(0)
    image = np.random.default_rng(0).integers(0, 256, (33, 40, 3)).astype(np.uint8)
    results = [policy(image) for _ in range(60)]
    assert all(result.shape == image.shape and result.dtype == np.uint8 for result in results)
    assert len({result.tobytes() for result in results}) > 30
