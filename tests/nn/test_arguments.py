"""What a layer is made with is checked at once, and told by layer and argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minidl
from minidl import nn
from minidl.errors import ArgumentError

WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.Linear(3.5, 2), "Linear: in_features must be an integer of at least 0; got 3.5"),
    (lambda: nn.Linear(3, "a"), "Linear: out_features must be an integer of at least 0; got 'a'"),
    (lambda: nn.Linear(True, 2), "Linear: in_features must be an integer of at least 0; got True"),
    (lambda: nn.Linear(3, 2, bias="a"), "Linear: bias must be True or False; got 'a'"),
    (lambda: nn.Conv2d(4.0, 8, 3), "Conv2d: in_channels must be an integer of at least 0; got 4.0"),
    (lambda: nn.Conv1d(4, -8, 3), "Conv1d: out_channels must be an integer of at least 0; got -8"),
    (lambda: nn.Conv2d(4, 8, 3.5), "Conv2d: kernel_size must be one integer or 2, at least 1; got 3.5"),
    (lambda: nn.Conv2d(4, 8, (3, True)), "Conv2d: kernel_size must be one integer or 2, at least 1; got (3, True)"),
    (lambda: nn.ConvTranspose2d(4, 8, 3, groups="a"), "ConvTranspose2d: groups must be an integer of at least 1"),
    (lambda: nn.Conv2d(4, 8, 3, bias="no"), "Conv2d: bias must be True or False; got 'no'"),
    (lambda: nn.Embedding(3.5, 2), "Embedding: num_embeddings must be an integer of at least 0; got 3.5"),
    (lambda: nn.BatchNorm2d(3, affine="a"), "BatchNorm2d: affine must be True or False; got 'a'"),
    (lambda: nn.GroupNorm(0, 4), "GroupNorm: num_groups must be an integer of at least 1; got 0"),
    (lambda: nn.Dropout("a"), "Dropout: p must be between 0 and 1; got 'a'"),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_wrong_argument_is_named(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        make()
    assert str(error.value).startswith(message)


def test_integers_of_numpy_are_integers() -> None:
    layer = nn.Conv2d(np.int64(4), np.int32(8), np.uint8(3), padding=np.array([1, 2]), bias=np.bool_(False))
    assert layer.weight.shape == (8, 4, 3, 3)
    assert layer.padding == (1, 2)
    assert layer.bias is None
    assert nn.Linear(np.int64(4), 0).weight.shape == (0, 4)


def test_a_size_can_be_an_integer_tensor():
    assert minidl.nn.Linear(minidl.tensor(2), minidl.tensor(3)).weight.shape == (3, 2)
    with pytest.raises(minidl.errors.ArgumentError, match="in_features must be an integer"):
        minidl.nn.Linear(minidl.tensor(2.0), 3)
