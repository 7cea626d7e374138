"""What layers say of inputs and arguments that they cannot take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minidl
from minidl import nn
from minidl.errors import ArgumentError, DtypeError, MinidlError, RangeError, ShapeError, UnsupportedError


def bad_calls() -> list[tuple[Any, tuple[int, ...], type[MinidlError], str]]:
    return [
        (nn.Linear(640, 10), (100, 1280), ShapeError, r"Linear: input \(100, 1280\) but in_features is 640"),
        (nn.Linear(3, 2), (), ShapeError, r"Linear: input \(\) but in_features is 3"),
        (nn.Conv2d(3, 2, 3), (1, 4, 5, 5), ShapeError, r"Conv2d: input \(1, 4, 5, 5\) has 4 channels but in_channels"),
        (nn.Conv2d(3, 2, 3), (4, 5, 5), ShapeError, r"it must be \(N, 3, H, W\)"),
        (nn.Conv2d(3, 2, 3), (4, 5), ShapeError, r"Conv2d: conv2d: input must be \(N, C, H, W\)"),
        (nn.Conv2d(3, 2, 9), (1, 3, 5, 5), ShapeError, "Conv2d: .*does not fit"),
        (nn.Conv1d(3, 2, 3), (1, 4, 5), ShapeError, r"Conv1d: .*it must be \(N, 3, L\)"),
        (nn.ConvTranspose2d(3, 2, 3), (1, 4, 5, 5), ShapeError, "ConvTranspose2d: .*4 channels but in_channels is 3"),
        (nn.MaxPool2d(9), (1, 3, 5, 5), ShapeError, "MaxPool2d: .*does not fit"),
        (nn.AvgPool2d(2), (5,), ShapeError, "AvgPool2d: .*input must be"),
        (nn.AdaptiveAvgPool2d(2), (5,), ShapeError, "AdaptiveAvgPool2d: .*input must be"),
        (nn.BatchNorm2d(3), (2, 4, 5, 5), ShapeError, "BatchNorm2d: input .* has 4 channels but num_features is 3"),
        (nn.BatchNorm2d(3), (2, 3), ShapeError, r"but BatchNorm2d takes \(N, C, H, W\)"),
        (nn.BatchNorm1d(3), (2, 3, 4, 5), ShapeError, r"but BatchNorm1d takes \(N, C\) or \(N, C, L\)"),
        (nn.LayerNorm((3, 4)), (2, 4, 3), ShapeError, r"LayerNorm: .*normalized_shape is \(3, 4\)"),
        (nn.GroupNorm(2, 4), (2, 6, 3), ShapeError, "GroupNorm: .*6 channels but num_channels is 4"),
        (nn.Dropout2d(), (3,), ShapeError, "Dropout2d: dropout2d: input must be"),
        (nn.Unflatten(1, (2, 2)), (3, 5), ShapeError, "Unflatten: "),
    ]


@pytest.mark.parametrize("number", range(18))
def test_inputs_of_the_wrong_shape(number: int) -> None:
    layer, shape, error, message = bad_calls()[number]
    with pytest.raises(error, match=message):
        layer(minidl.tensor(np.ones(shape, "float32")))


def test_inputs_of_the_wrong_dtype() -> None:
    x = minidl.tensor(np.ones((2, 3, 4, 4)))
    for layer in (nn.Conv2d(3, 2, 3), nn.Linear(4, 2), nn.BatchNorm2d(3), nn.LayerNorm(4), nn.GroupNorm(1, 3)):
        with pytest.raises(DtypeError, match="float64"):
            layer(x)
    for layer in (nn.Conv2d(3, 2, 3), nn.Linear(4, 2), nn.BatchNorm2d(3), nn.Flatten(), nn.ReLU()):
        with pytest.raises(DtypeError, match="must be a Tensor"):
            layer(np.ones((2, 3, 4, 4), "float32"))
    with pytest.raises(RangeError, match="Embedding: "):
        nn.Embedding(3, 2)(minidl.tensor([3]))
    with pytest.raises(DtypeError, match=r"use \.long\(\)"):
        nn.Embedding(3, 2)(minidl.tensor([1.0]))


REFUSED = [
    ("ConvTranspose2d", (1, 1, 1), {"padding_mode": "circular"}, "ConvTranspose2d: the argument padding_mode="),
    ("ReLU", (), {"inplace": True}, "ReLU: the argument inplace=True"),
    ("RReLU", (), {"inplace": True}, "RReLU: the argument inplace=True"),
    ("Threshold", (0.1, 2.0), {"inplace": True}, "Threshold: the argument inplace=True"),
    ("AlphaDropout", (), {"inplace": True}, "AlphaDropout: the argument inplace=True"),
    ("SELU", (), {"inplace": True}, "SELU: the argument inplace=True"),
    ("LeakyReLU", (), {"inplace": True}, "LeakyReLU: the argument inplace=True"),
    ("ELU", (), {"inplace": True}, "ELU: the argument inplace=True"),
    ("CELU", (), {"inplace": True}, "CELU: the argument inplace=True"),
    ("Hardtanh", (), {"inplace": True}, "Hardtanh: the argument inplace=True"),
    ("Hardtanh", (), {"min_value": -2.0}, "Hardtanh: the argument min_value="),
    ("Dropout", (), {"inplace": True}, "Dropout: the argument inplace=True"),
    ("Dropout2d", (), {"inplace": True}, "Dropout2d: the argument inplace=True"),
    ("Embedding", (2, 2), {"sparse": True}, "Embedding: the argument sparse=True"),
    ("EmbeddingBag", (2, 2), {"sparse": True}, "EmbeddingBag: the argument sparse=True"),
    ("MSELoss", (), {"size_average": True}, "MSELoss: the argument size_average=True"),
    ("CrossEntropyLoss", (), {"reduce": True}, "CrossEntropyLoss: the argument reduce=True"),
]


@pytest.mark.parametrize(("name", "args", "options", "message"), REFUSED)
def test_what_is_left_out_is_refused_by_name(name: str, args: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        getattr(nn, name)(*args, **options)


BAD_ARGUMENTS = [
    ("Conv2d", (3, 2, 1), {"groups": 2}, "groups=2, in_channels=3, out_channels=2"),
    ("Conv2d", (1, 1, 0), {}, "kernel_size must be one integer or 2, at least 1; got 0"),
    ("Conv2d", (1, 1, (1, 2, 3)), {}, r"kernel_size must be one integer or 2, at least 1; got \(1, 2, 3\)"),
    ("Conv1d", (1, 1, 1), {"stride": 0}, "Conv1d: stride must be one integer, at least 1; got 0"),
    ("Conv2d", (1, 1, 1), {"padding_mode": "mirror"}, "padding_mode must be one of zeros, reflect, .*; got 'mirror'"),
    ("Conv3d", (1, 1, (1, 2)), {}, r"kernel_size must be one integer or 3, at least 1; got \(1, 2\)"),
    ("TripletMarginLoss", (0.0,), {}, "TripletMarginLoss: margin must be greater than 0"),
    ("Bilinear", (0, 2, 2), {}, "Bilinear: in1_features must be an integer of at least 1"),
    ("Conv2d", (1, 1, 1), {"padding": "full"}, "padding must be integers, 'same' or 'valid'; got 'full'"),
    ("Conv2d", (1, 1, 1), {"padding": "same", "stride": 2}, "padding='same' needs stride 1"),
    ("ConvTranspose2d", (1, 1, 1), {"padding": "same"}, "padding must be integers; got 'same'"),
    ("Dropout", (1.5,), {}, "p must be between 0 and 1; got 1.5"),
    ("Dropout2d", (-0.5,), {}, "Dropout2d: p must be between 0 and 1"),
    ("GELU", ("fast",), {}, "approximate must be 'none' or 'tanh'"),
    ("Hardtanh", (1.0, 1.0), {}, "min_val < max_val is expected"),
    ("GroupNorm", (2, 3), {}, "num_groups 2 must divide num_channels 3"),
    ("Embedding", (3, 2), {"padding_idx": 3}, "padding_idx 3 is outside 3 rows"),
    ("Unflatten", (1, 4), {}, "unflattened_size must be a tuple of integers; got 4"),
    ("Unflatten", ("C", (2, 2)), {}, "named dimensions are left out"),
    ("MultiMarginLoss", (3,), {}, "p must be 1 or 2; got 3"),
]


@pytest.mark.parametrize(("name", "args", "options", "message"), BAD_ARGUMENTS)
def test_bad_arguments(name: str, args: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        getattr(nn, name)(*args, **options)


def test_a_linear_layer_says_both_ways_out():
    fc = nn.Linear(800, 10)
    with pytest.raises(ShapeError, match=r"input \(2, 1152\) but in_features is 800; use in_features=1152, or give it"):
        fc(minidl.zeros(2, 1152))
    with pytest.raises(ShapeError, match=r"flatten the images first, x\.flatten\(1\)$"):
        fc(minidl.zeros(2, 8, 10, 10))
    with pytest.raises(ShapeError, match=r"x\.flatten\(1\) and use in_features=72$"):
        fc(minidl.zeros(2, 8, 3, 3))
    with pytest.raises(ShapeError, match=r"give it \(\.\.\., 800\)$"):
        fc(minidl.tensor(1.0))


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.MaxPool2d, nn.MSELoss])
def test_a_wrong_argument_is_told_with_the_layer_s_own_name(kind):
    with pytest.raises(TypeError, match=rf"^{kind.__name__}\.__init__\(\) got an unexpected keyword argument 'kernel'"):
        kind(1, 2, kernel=3)


@pytest.mark.parametrize(
    "kind",
    [nn.CrossEntropyLoss, nn.MSELoss, nn.HuberLoss, nn.NLLLoss, nn.BCELoss, nn.MultiMarginLoss, nn.HingeEmbeddingLoss],
)
def test_a_loss_that_is_given_its_input_too_early(kind):
    with pytest.raises(
        ArgumentError, match=rf"make the loss first, then call it: nn\.{kind.__name__}\(\)\(input, target\)"
    ):
        kind(minidl.zeros(2, 3), minidl.tensor([1, 2]))
