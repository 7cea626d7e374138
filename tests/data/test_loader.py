"""The loader: every sample once, the same batches however they are made, nothing left running."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl.data import (
    DataLoader,
    Dataset,
    RandomSampler,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
    transforms,
)
from minidl.data.datasets import ImageDataset
from minidl.errors import ArgumentError, UnsupportedError

WAYS: list[dict[str, int]] = [{}, {"prefetch": 1}, {"prefetch": 3}, {"num_workers": 1}, {"num_workers": 3}]


class Squares(Dataset):
    """Sample i is i squared."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> int:
        return index * index


def digits(size: int = 50) -> ImageDataset:
    """Random images 12 by 12, each labelled with its number."""
    images = np.random.default_rng(1).integers(0, 256, (size, 12, 12)).astype(np.uint8)
    turn = transforms.RandomAffine(30, (0.2, 0.2), (0.8, 1.2), interpolation="bilinear")
    noise = transforms.SaltPepperNoise(0.1)
    return ImageDataset(images, np.arange(size), transforms.Compose([turn, noise, transforms.ToTensor()]))


def values(loader: Any) -> list[Any]:
    """Every batch as nested lists."""
    return [
        [part.array.tolist() for part in batch] if isinstance(batch, list) else batch.array.tolist() for batch in loader
    ]


def loader_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("minidl-loader")]


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    yield
    assert loader_threads() == []


@given(
    size=st.integers(1, 40),
    batch_size=st.integers(1, 45),
    drop_last=st.booleans(),
    shuffle=st.booleans(),
    way=st.sampled_from(WAYS),
)
def test_an_epoch_is_cut_as_in_pytorch(
    size: int, batch_size: int, drop_last: bool, shuffle: bool, way: dict[str, int]
) -> None:
    if drop_last and batch_size > size:
        with pytest.raises(ArgumentError, match=f"batch_size={batch_size} is more than the {size} samples"):
            DataLoader(Squares(size), batch_size, shuffle, drop_last=drop_last)
        return
    ours = DataLoader(Squares(size), batch_size, shuffle, drop_last=drop_last, **way)
    theirs = torch.utils.data.DataLoader(Squares(size), batch_size, shuffle, drop_last=drop_last)  # type: ignore[arg-type, var-annotated]
    batches = values(ours)
    assert len(ours) == len(theirs) == len(batches)
    assert [len(batch) for batch in batches] == [len(batch) for batch in theirs]
    seen = [value for batch in batches for value in batch]
    if shuffle:
        assert len(set(seen)) == len(seen)
        assert set(seen) <= {i * i for i in range(size)}
    else:
        assert batches == [batch.tolist() for batch in theirs]


def test_a_seed_gives_an_order_and_each_epoch_another() -> None:
    def epochs(seed: int) -> list[Any]:
        loader = DataLoader(Squares(30), 7, shuffle=True, generator=minidl.Generator().manual_seed(seed))
        return [values(loader) for _ in range(3)]

    assert epochs(5) == epochs(5)
    assert epochs(5) != epochs(6)
    assert all(a != b for a, b in itertools.combinations(epochs(5), 2))


def test_every_order_is_about_as_likely() -> None:
    loader = DataLoader(range(3), 3, shuffle=True)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(1200):
        order = tuple(values(loader)[0])
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert all(140 < count < 260 for count in counts.values())  # 200 expected, deviation 13


def test_the_default_generator_decides_without_a_generator() -> None:
    minidl.manual_seed(11)
    first = values(DataLoader(Squares(20), 4, shuffle=True))
    minidl.manual_seed(11)
    assert values(DataLoader(Squares(20), 4, shuffle=True)) == first


def test_batches_are_the_same_however_they_are_made() -> None:
    made = []
    for way in WAYS:
        minidl.manual_seed(4)
        made.append(values(DataLoader(digits(), 8, shuffle=True, **way)))
    assert all(batches == made[0] for batches in made)


def test_other_draws_meanwhile_do_not_change_the_batches() -> None:
    def epoch(draws: int, **way: int) -> list[Any]:
        minidl.manual_seed(4)
        batches = []
        for batch in DataLoader(digits(), 8, shuffle=True, **way):
            batches.append([part.array.tolist() for part in batch])
            minidl.random.default_generator.numpy.random(draws)  # as dropout does
        return batches

    assert epoch(0) == epoch(1000) == epoch(10, prefetch=3)


def test_a_batch_s_augmentation_is_not_the_next_one_s() -> None:
    images = np.tile(np.random.default_rng(0).integers(0, 256, (1, 12, 12)).astype(np.uint8), (4, 1, 1))
    data = ImageDataset(
        images, np.zeros(4, int), transforms.Compose([transforms.RandomRotation(90), transforms.ToTensor()])
    )
    loader = DataLoader(data, 2)
    turned = [image for batch in values(loader) for image in batch[0]]
    assert all(a != b for a, b in itertools.combinations(turned, 2))
    assert values(loader) != values(loader)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stop", [0, 1, 3, 7])
def test_an_interrupted_epoch_goes_on_to_the_bit(way: dict[str, int], stop: int) -> None:
    def loader() -> DataLoader:
        return DataLoader(digits(), 8, shuffle=True, generator=generator, **way)

    generator = minidl.Generator().manual_seed(9)
    whole = loader()
    expected = [values(whole), values(whole)]

    generator = minidl.Generator().manual_seed(9)
    stopped = loader()
    batches = iter(stopped)
    begun = [values([next(batches)])[0] for _ in range(stop)]
    saved = json.dumps([stopped.state_dict(), generator.get_state()])
    batches.close()  # type: ignore[attr-defined]

    state, stream = json.loads(saved)
    generator = minidl.Generator()
    generator.set_state(stream)
    resumed = loader()
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert begun + values(resumed) == expected[0]
    assert values(resumed) == expected[1]
    assert resumed.state_dict() == {"epoch_seed": None, "batch": 0}


def test_resuming_does_not_make_the_batches_that_were_given() -> None:
    asked: list[int] = []

    class Watched(Squares):
        def __getitem__(self, index: int) -> int:
            asked.append(index)
            return index

    loader = DataLoader(Watched(10), 2)
    loader.load_state_dict({"epoch_seed": 1, "batch": 3})
    assert values(loader) == [[6, 7], [8, 9]]
    assert asked == [6, 7, 8, 9]


def test_a_state_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ArgumentError, match="batch 9, but an epoch has 5"):
        DataLoader(Squares(10), 2).load_state_dict({"epoch_seed": 1, "batch": 9})
    with pytest.raises(ArgumentError, match="not a sampler's"):
        DataLoader(Squares(10), 2, sampler=[1, 2]).load_state_dict({"epoch_seed": 1, "batch": 0})
    DataLoader(Squares(10), 2, sampler=[1, 2]).load_state_dict({"epoch_seed": None, "batch": 0})


class Faulty(Squares):
    def __getitem__(self, index: int) -> int:
        if index == 5:
            raise ZeroDivisionError("sample 5 is broken")
        return index


@pytest.mark.parametrize("way", WAYS)
def test_an_error_comes_out_at_its_batch(way: dict[str, int]) -> None:
    given = []
    with pytest.raises(ZeroDivisionError, match="sample 5"):
        for batch in DataLoader(Faulty(20), 2, **way):
            given.append(batch.array.tolist())
    assert given == [[0, 1], [2, 3]]
    assert loader_threads() == []


@pytest.mark.parametrize("way", WAYS[1:])
def test_leaving_early_leaves_no_thread(way: dict[str, int]) -> None:
    for _ in DataLoader(Squares(100), 2, **way):
        break
    iterator = iter(DataLoader(Squares(100), 2, **way))
    next(iterator)
    assert loader_threads() != []
    del iterator
    assert loader_threads() == []
    iter(DataLoader(Squares(100), 2, **way))  # never asked for a batch


def test_batches_are_made_ahead_but_not_further_than_asked() -> None:
    made, enough = [], threading.Event()

    class Watched(Squares):
        def __getitem__(self, index: int) -> int:
            made.append(index)
            if len(made) == 4:
                enough.set()
            return index

    batches = iter(DataLoader(Watched(50), 1, prefetch=3))
    next(batches)
    assert enough.wait(5)
    time.sleep(0.05)
    assert made == [0, 1, 2, 3]  # the one given and three ahead
    batches.close()  # type: ignore[attr-defined]


def test_two_epochs_at_once_do_not_disturb_each_other() -> None:
    loader = DataLoader(Squares(9), 2, shuffle=True, prefetch=2)
    pairs = list(zip(loader, loader, strict=True))
    for which in (0, 1):
        assert sorted(i for pair in pairs for i in pair[which].array.tolist()) == [i * i for i in range(9)]


def test_a_transform_s_own_generator_keeps_its_order_or_is_refused() -> None:
    def data() -> ImageDataset:
        turn = transforms.RandomRotation(45, generator=minidl.Generator().manual_seed(2))
        return ImageDataset(
            np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(np.uint8),
            np.arange(20),
            transforms.Compose([turn, transforms.ToTensor()]),
        )

    assert (
        values(DataLoader(data(), 4))
        == values(DataLoader(data(), 4, prefetch=3))
        == values(DataLoader(data(), 4, num_workers=1))
    )
    with pytest.raises(ArgumentError, match=r"RandomRotation.*num_workers=1"):
        values(DataLoader(data(), 4, num_workers=2))


# what the batches are made of


def test_an_overridden_getitem_is_not_passed_over() -> None:
    class Negative(ImageDataset):
        def __getitem__(self, index: int) -> Any:
            return super().__getitem__(index)[0].astype(np.int64) * -1

    data = Negative(np.ones((4, 2, 2), np.uint8), np.zeros(4, np.int64))
    assert values(DataLoader(data, 4)) == [[[[-1, -1], [-1, -1]]] * 4]
    assert values(DataLoader(Subset(data, [2, 1]), 4)) == [[[[-1, -1], [-1, -1]]] * 2]

    class Doubled(Subset):
        def __getitem__(self, index: int) -> Any:
            return 2 * self.dataset[self.indices[index]]

    assert values(DataLoader(Doubled(Squares(5), [3, 4]), 2)) == [[18, 32]]


def test_getitems_is_asked_for_a_list_of_samples() -> None:
    class Lists(Squares):
        def __getitems__(self, indices: list[int]) -> list[int]:
            assert all(type(i) is int for i in indices)
            return [i + 100 for i in indices]

    assert values(DataLoader(Lists(3), 2)) == [[100, 101], [102]]


def test_a_subset_of_images_is_gathered_at_once() -> None:
    data = digits(20)
    asked: list[int] = []
    original = data.get_batch
    data.get_batch = lambda indices: asked.append(len(indices)) or original(indices)  # type: ignore[func-returns-value, method-assign, assignment]
    loader = DataLoader(Subset(Subset(data, range(10, 20)), [9, 0, 5]), 3)
    assert values(loader)[0][1] == [19, 10, 15]
    assert asked == [3]


def test_a_collate_fn_gets_the_samples() -> None:
    assert list(DataLoader(Squares(5), 2, collate_fn=tuple)) == [(0, 1), (4, 9), (16,)]
    assert list(DataLoader(digits(3), 2, collate_fn=len, num_workers=2)) == [2, 1]


def test_batch_size_none_gives_single_samples() -> None:
    assert list(DataLoader(Squares(3), batch_size=None)) == [0, 1, 4]
    data = TensorDataset(minidl.from_numpy(np.arange(6.0).reshape(3, 2)), minidl.from_numpy(np.arange(3)))
    loader = DataLoader(data, batch_size=None, shuffle=True)
    assert len(loader) == 3
    assert sorted(sample[1].array.item() for sample in loader) == [0, 1, 2]
    image, _ = next(iter(DataLoader(ImageDataset(np.ones((2, 3, 3), np.uint8), np.zeros(2, int)), batch_size=None)))
    assert isinstance(image, minidl.Tensor)
    assert image.shape == (3, 3)


def test_samplers_decide_the_order() -> None:
    assert values(DataLoader(Squares(9), 2, sampler=[5, 1, 8])) == [[25, 1], [64]]
    loader = DataLoader(Squares(9), batch_sampler=[[1], [2, 3, 4]], prefetch=2)
    assert (len(loader), values(loader)) == (2, [[1], [4, 9, 16]])
    random = DataLoader(Squares(9), 4, sampler=RandomSampler(range(9), num_samples=6))
    assert [len(batch) for batch in values(random)] == [4, 2]
    assert len(random) == 2


def test_an_endless_sampler_is_followed() -> None:
    def forever() -> Iterator[int]:
        while True:
            yield from range(3)

    for way in WAYS:
        batches = iter(DataLoader(Squares(3), 2, sampler=forever(), **way))
        assert [next(batches).array.tolist() for _ in range(4)] == [[0, 1], [4, 0], [1, 4], [0, 1]]
        batches.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"batch_size": True}, "batch_size"),
        ({"num_workers": -1}, "num_workers"),
        ({"prefetch": -1}, "prefetch"),
        ({"prefetch_factor": 2}, "prefetch_factor"),
        ({"num_workers": 1, "prefetch": 0}, "nothing to do"),
        ({"shuffle": True, "sampler": [1]}, "leave shuffle out"),
        ({"batch_sampler": [[1]], "batch_size": 3}, "leave batch_size"),
        ({"batch_sampler": [[1]], "drop_last": True}, "drop_last"),
        ({"batch_size": None, "drop_last": True}, "drop_last needs batches"),
        ({"generator": 3}, "minidl.Generator, got int"),
        ({"in_order": False}, "in_order"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        DataLoader(Squares(5), **arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"pin_memory": True}, {"timeout": 3}, {"worker_init_fn": print}, {"persistent_workers": True}],
)
def test_arguments_left_out_are_named(arguments: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match=next(iter(arguments))):
        DataLoader(Squares(5), **arguments)


def test_an_empty_or_endless_data_set() -> None:
    with pytest.raises(ArgumentError, match="the data set is empty"):
        DataLoader([])
    with pytest.raises(ArgumentError, match="generator lacks len"):
        DataLoader(i for i in range(3))  # type: ignore[arg-type]


def test_arguments_of_pytorch_s_that_ask_for_nothing_are_taken() -> None:
    loader = DataLoader(
        Squares(4), 2, False, None, None, 0, None, False, False, 0, None, None, None, prefetch_factor=None,
        persistent_workers=False, pin_memory_device="", in_order=True,
    )  # fmt: skip
    assert len(loader) == 2
    assert DataLoader(Squares(4), num_workers=2, prefetch_factor=5).prefetch == 10


@pytest.mark.parametrize("split", [False, True])
def test_an_epoch_of_mnist_s_size_takes_well_under_a_second(split: bool) -> None:
    images = np.zeros((60_000, 28, 28), np.uint8)
    data = ImageDataset(images, np.zeros(60_000, np.int64), transforms.ToTensor())
    loader = DataLoader(random_split(data, [1.0])[0] if split else data, batch_size=100, shuffle=True)
    start = time.perf_counter()
    count = sum(labels.shape[0] for _, labels in loader)
    assert count == 60_000
    assert time.perf_counter() - start < 1.0  # measured: 0.04 s
    assert default_collate is loader.collate_fn
