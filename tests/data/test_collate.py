"""default_collate beside PyTorch's, on nested samples of every kind."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import minidl
from minidl.data import default_collate, default_convert
from minidl.errors import ArgumentError, DtypeError, ShapeError

Pair = namedtuple("Pair", ["x", "y"])
DTYPES = [np.float16, np.float32, np.float64, np.uint8, np.int8, np.int16, np.int32, np.int64, np.bool_]
LEAVES = ["int", "float", "bool", "str", "bytes", "numpy scalar", "array", "tensor"]

leaf_shapes = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
shapes: Any = st.recursive(
    st.tuples(st.sampled_from(LEAVES), st.sampled_from(DTYPES), leaf_shapes),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
        st.tuples(inner, inner).map(lambda pair: Pair(*pair)),
    ),
    max_leaves=5,
)  # fmt: skip


def is_leaf(form: Any) -> bool:
    return isinstance(form, tuple) and len(form) == 3 and form[0] in LEAVES


def sample(form: Any, random: np.random.Generator, tensor: Any) -> Any:
    """A sample of that form; its tensors are made by `tensor`."""
    if is_leaf(form):
        kind, dtype, shape = form
        number = int(random.integers(2, 100))
        array = random.integers(0, 100, shape).astype(dtype)
        simple = {"int": number, "float": number / 7, "bool": number > 50, "str": str(number), "bytes": b"%d" % number}
        made = {"numpy scalar": dtype(number), "array": array, "tensor": tensor(array)}
        return (simple | made)[kind]
    if isinstance(form, dict):
        return {key: sample(value, random, tensor) for key, value in form.items()}
    if isinstance(form, Pair):
        return Pair(*(sample(value, random, tensor) for value in form))
    return type(form)(sample(value, random, tensor) for value in form)


def same(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, minidl.Tensor)
        assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
        assert ours.shape == tuple(theirs.shape)
        np.testing.assert_array_equal(ours.array, theirs.numpy())
    elif isinstance(theirs, dict):
        assert isinstance(ours, dict)
        assert list(ours) == list(theirs)
        for key in theirs:
            same(ours[key], theirs[key])
    elif isinstance(theirs, (list, tuple)):
        assert type(ours) is type(theirs)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    else:
        assert ours == theirs


@given(form=shapes, size=st.integers(1, 4), seed=st.integers(0, 1000))
def test_nested_samples_are_collated_as_in_pytorch(form: Any, size: int, seed: int) -> None:
    ours, theirs = (
        [sample(form, random, make) for _ in range(size)]
        for random, make in (
            (np.random.default_rng(seed), minidl.from_numpy),
            (np.random.default_rng(seed), torch.from_numpy),
        )
    )
    same(default_collate(ours), torch.utils.data.default_collate(theirs))
    same(default_convert(ours[0]), torch.utils.data.default_convert(theirs[0]))


@pytest.mark.parametrize("batch", [[1.0, 2], [True, 2], [2, True], [1.5, True], [True, False]])
def test_mixed_numbers(batch: list[Any]) -> None:
    same(default_collate(batch), torch.utils.data.default_collate(batch))


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        ([], ArgumentError, "empty"),
        ([np.zeros(2), np.zeros(3)], ShapeError, r"sample 0 has shape \(2,\), sample 1 \(3,\).*Resize"),
        ([(1, 2), (1, 2, 3)], ShapeError, "sample 0 has length 2, sample 1 3"),
        ([{"a": 1}, {"b": 1}], ShapeError, "keys"),
        ([1, 2.5], DtypeError, "sample 0 is int, sample 1 float"),
        ([1, "a"], DtypeError, "sample 1 str"),
        ([(1,), 2], DtypeError, "sample 0 is tuple, sample 1 int"),
        ([None, None], DtypeError, "NoneType"),
        ([object()], DtypeError, "cannot put object into a batch"),
        ([np.array(["a"])], DtypeError, "cannot be tensors"),
        ([{"a": 1}, 3], DtypeError, "sample 0 is dict, sample 1 int"),
    ],
)
def test_what_cannot_be_a_batch(batch: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        default_collate(batch)


def test_tensors_of_different_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="sample 2"):
        default_collate(
            [
                minidl.from_numpy(np.array([1.0])),
                minidl.from_numpy(np.array([1.0])),
                minidl.from_numpy(np.array([1.0, 2.0])),
            ]
        )
