"""Data sets and their combinations, beside PyTorch's; and the samplers."""

from __future__ import annotations

import collections
import itertools
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data as reference
from hypothesis import assume, given
from hypothesis import strategies as st

import minidl
from minidl.data import (
    BatchSampler,
    ConcatDataset,
    Dataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)
from minidl.errors import ArgumentError, ShapeError


def test_a_tensor_data_set() -> None:
    x, y = np.arange(12.0).reshape(6, 2), np.arange(6)
    data = TensorDataset(minidl.from_numpy(x), minidl.from_numpy(y))
    assert len(data) == 6
    row, label = data[4]
    assert (row.array.tolist(), label.array.item(), label.shape) == ([8, 9], 4, ())
    rows, labels = data.get_batch(np.array([5, 0, 5]))
    np.testing.assert_array_equal(rows.array, x[[5, 0, 5]])
    assert labels.array.tolist() == [5, 0, 5]


@pytest.mark.parametrize("shapes", [[], [(3,), (4,)], [()], [(2, 2), ()]])
def test_tensors_of_different_length_are_refused(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ShapeError, match="same first dimension"):
        TensorDataset(*(minidl.from_numpy(np.zeros(shape)) for shape in shapes))
    with pytest.raises(ArgumentError, match="got ndarray"):
        TensorDataset(np.zeros(3))  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.data())
def test_data_sets_one_after_the_other(sizes: list[int], data: st.DataObject) -> None:
    parts = [[(which, i) for i in range(size)] for which, size in enumerate(sizes)]
    flat = [sample for part in parts for sample in part]
    joined = ConcatDataset(parts)
    assert len(joined) == len(flat)
    assert [joined[i] for i in range(len(joined))] == flat
    assert [joined[i] for i in range(-len(joined), 0)] == flat
    with pytest.raises(IndexError, match="out of range"):
        joined[data.draw(st.sampled_from([len(flat), -len(flat) - 1]))]


def test_plus_joins_data_sets_and_none_is_refused() -> None:
    class Two(Dataset):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> int:
            return index

    joined = Two() + Two() + [7]  # type: ignore[operator]
    assert [joined[i] for i in range(5)] == [0, 1, 0, 1, 7]
    with pytest.raises(ArgumentError, match="no data sets"):
        ConcatDataset([])
    with pytest.raises(TypeError, match="Dataset must define __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="Dataset must define __len__"):
        len(Dataset())


def test_a_subset_is_indexed_as_in_pytorch() -> None:
    ours, theirs = Subset("abcdef", [4, 0, 2]), reference.Subset("abcdef", [4, 0, 2])  # type: ignore[arg-type, var-annotated]
    assert len(ours) == len(theirs)
    assert [ours[i] for i in (0, 1, 2, -1)] == [theirs[i] for i in (0, 1, 2, -1)]
    letters = np.array(list("abcdef"))
    ours, theirs = Subset(letters, [4, 0, 2]), reference.Subset(letters, [4, 0, 2])  # type: ignore[arg-type, var-annotated]
    assert ours[[0, 2]].tolist() == theirs[[0, 2]].tolist() == ["e", "c"]  # type: ignore[attr-defined]
    assert ours.__getitems__([1, 1]) == theirs.__getitems__([1, 1])


@given(st.integers(0, 60), st.lists(st.integers(1, 10), min_size=1, max_size=5))
def test_fractions_are_rounded_as_in_pytorch(total: int, weights: list[int]) -> None:
    fractions = [weight / sum(weights) for weight in weights]
    assume(sum(fractions) <= 1)  # PyTorch refuses what rounding puts above
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch warns of parts that come out empty
        theirs = reference.random_split(range(total), fractions)  # type: ignore[arg-type, var-annotated]
    ours = random_split(range(total), fractions)
    assert [len(part) for part in ours] == [len(part) for part in theirs]
    assert sorted(i for part in ours for i in part.indices) == list(range(total))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), st.integers(0, 100))
def test_whole_lengths_are_kept_and_a_seed_decides(lengths: list[int], seed: int) -> None:
    total = sum(lengths)
    parts, again = (random_split(range(total), lengths, minidl.Generator().manual_seed(seed)) for _ in range(2))
    assert [len(part) for part in parts] == lengths
    assert [list(part.indices) for part in parts] == [list(part.indices) for part in again]
    assert sorted(i for part in parts for i in part.indices) == list(range(total))


@pytest.mark.parametrize("lengths", [[5, 4], [11], [-1, 11], [0.5, 0.4], [5.5, 4.5], [1.5, -0.5]])
def test_lengths_that_do_not_add_up(lengths: list[float]) -> None:
    with pytest.raises(ArgumentError, match="sum to 10, the number of samples"):
        random_split(range(10), lengths)


# samplers


def test_samplers_visit_what_they_say() -> None:
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert sorted(RandomSampler(range(5))) == [0, 1, 2, 3, 4]
    assert len(set(SubsetRandomSampler([7, 9, 11]))) == 3
    assert len(SubsetRandomSampler([7, 9])) == 2
    order = list(RandomSampler(range(4), num_samples=10))
    assert len(order) == 10
    assert sorted(order[:4]) == sorted(order[4:8]) == [0, 1, 2, 3]
    drawn = list(RandomSampler(range(4), replacement=True, num_samples=50))
    assert len(drawn) == 50
    assert set(drawn) == {0, 1, 2, 3}
    with pytest.raises(TypeError, match="Sampler must define __iter__"):
        iter(Sampler())


def test_a_seed_decides_what_is_drawn() -> None:
    def drawn(seed: int) -> list[Any]:
        def generator() -> minidl.Generator:
            return minidl.Generator().manual_seed(seed)

        return [
            list(RandomSampler(range(20), generator=generator())),
            list(SubsetRandomSampler(range(20), generator=generator())),
            list(WeightedRandomSampler([1.0] * 20, 20, generator=generator())),
        ]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_weights_are_kept_in_the_mean() -> None:
    counts = collections.Counter(WeightedRandomSampler([1, 0, 3], 4000))
    assert counts[1] == 0
    assert 900 < counts[0] < 1100  # 1000 expected, deviation 27
    assert sorted(WeightedRandomSampler([1, 0, 3], 2, replacement=False)) == [0, 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda: RandomSampler([]),
        lambda: RandomSampler(range(3), num_samples=0),
        lambda: WeightedRandomSampler([0, 0], 1),
        lambda: WeightedRandomSampler([-1, 2], 1),
        lambda: WeightedRandomSampler([1, np.nan], 1),
        lambda: WeightedRandomSampler([1, 2], 0),
        lambda: WeightedRandomSampler([1, 0], 2, replacement=False),
        lambda: BatchSampler(range(3), 0),
    ],
)
def test_samplers_refuse_what_cannot_be_drawn(make: Any) -> None:
    with pytest.raises(ArgumentError):
        make()


@given(st.integers(0, 20), st.integers(1, 7), st.booleans())
def test_batches_of_indices_are_those_of_pytorch(size: int, batch_size: int, drop_last: bool) -> None:
    ours = BatchSampler(range(size), batch_size, drop_last)
    theirs = reference.BatchSampler(range(size), batch_size, drop_last)
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    "sampler",
    [
        lambda: RandomSampler(range(3), replacement=True, num_samples=10**10),
        lambda: RandomSampler(range(3), num_samples=10**10),
        lambda: WeightedRandomSampler([1, 2, 3], 10**10),
    ],
)
def test_indices_are_drawn_as_they_are_asked_for(sampler):
    drawn = sampler()
    assert len(drawn) == 10**10
    assert set(itertools.islice(drawn, 5000)) == {0, 1, 2}


def test_an_epoch_is_not_changed_by_what_else_is_drawn_meanwhile():
    def epoch(disturb: bool) -> list[int]:
        minidl.manual_seed(3)
        order = []
        for index in RandomSampler(range(9), replacement=True, num_samples=10_000):
            if disturb:
                minidl.rand(1)
            order.append(index)
        return order

    assert epoch(disturb=True) == epoch(disturb=False)


def test_samplers_refuse_what_is_no_number():
    for make in (RandomSampler, reference.RandomSampler):
        with pytest.raises(ValueError, match="num_samples"):
            make(range(3), num_samples=1.5)
        with pytest.raises(TypeError, match="replacement"):
            make(range(3), replacement="yes")
    with pytest.raises(ValueError, match="num_samples must be an integer"):
        WeightedRandomSampler([1.0, 2.0], 1.5)
