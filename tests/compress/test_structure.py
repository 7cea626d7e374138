"""Folding, pruning, low rank and the steps from which a smaller network is made again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minidl
from minidl import compress, models, nn
from minidl.backend import to_host
from minidl.compress.flow import chains
from minidl.compress.steps import is_steps
from minidl.errors import ArgumentError, CheckpointError


def images(*shape: int) -> minidl.Tensor:
    return minidl.tensor(np.random.default_rng(0).random(shape, np.float32))


def trained_looking(model: nn.Module) -> nn.Module:
    """In evaluation mode, with statistics and biases that are not those of the start."""
    for name, x in [*model.named_parameters(), *model.named_buffers()]:
        if x.dtype.kind == "f" and x.ndim == 1:
            x.data = x + minidl.rand(x.shape) * (1 if name.endswith("var") else 0.3)
    return model.eval()


def small_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3),
        nn.BatchNorm2d(8), nn.Tanh(), nn.Flatten(), nn.Linear(8 * 4 * 4, 5), nn.BatchNorm1d(5),
        nn.Dropout(0.5), nn.Linear(5, 3),
    )  # fmt: skip


def outputs(model: nn.Module, x: minidl.Tensor) -> np.ndarray:
    with minidl.no_grad():
        return to_host(model(x)._array)


def check_made_again(make: Any, model: nn.Module, steps: list[Any], x: minidl.Tensor) -> None:
    """The steps and the numbers make the same network from a new one; the steps survive a file."""
    import json

    read = json.loads(json.dumps(steps))
    assert is_steps(read)
    again = compress.rebuilt(make(), read).eval()
    again.load_state_dict(model.state_dict())
    assert np.array_equal(outputs(again, x), outputs(model, x))


def test_folding_keeps_the_function() -> None:
    x = images(3, 1, 14, 14)
    model = trained_looking(small_cnn())
    before = outputs(model, x)
    steps = compress.fold(model, x[:2])
    assert [type(model[i]).__name__ for i in (1, 5, 9)] == ["Identity"] * 3
    assert model[0].bias is not None
    np.testing.assert_allclose(outputs(model, x), before, rtol=0, atol=1e-5 * np.abs(before).max())
    check_made_again(small_cnn, model, steps, x)
    assert compress.fold(model, x[:2]) == []


def test_folding_the_whole_resnet() -> None:
    make = lambda: models.make_model("resnet18")
    model, x = trained_looking(make()), images(2, 1, 28, 28)
    before = outputs(model, x)
    steps = compress.fold(model, x)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in model.modules())
    np.testing.assert_allclose(outputs(model, x), before, rtol=0, atol=1e-5 * np.abs(before).max())
    check_made_again(make, model, steps, x)


class Forked(nn.Module):
    """A convolution whose output goes into a normalisation and elsewhere: neither can be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        z = self.conv(x)
        return self.fc((self.norm(z) + z).mean((2, 3)))


def test_what_is_used_twice_is_left_alone() -> None:
    model, x = trained_looking(Forked()), images(2, 1, 6, 6)
    assert compress.fold(model, x) == []
    assert chains(model, x) == []
    assert compress.prune_units(model, 0.5, x) == []


def silent(model: nn.Module, names: dict[str, list[int]]) -> None:
    """Make these units of layers give 0 and have the smallest weights, so that removing them changes nothing."""
    for name, units in names.items():
        layer = model.get_submodule(name)
        for x in (layer.weight, layer.bias):
            if x is not None:
                array = to_host(x._array).copy()
                array[units] = 0
                x.data = minidl.tensor(array)


def test_units_that_do_nothing_can_be_removed() -> None:
    """Values are kept when the smallest units are silent: the right inputs of the next layer go, flattened ones too."""
    make = models.Lecture
    model, x = make().eval(), images(3, 1, 28, 28)
    silent(model, {"layer1.0": [1, 4, 7, 8, 9], "layer2.0": [0, *range(3, 12)]})
    before = outputs(model, x)
    steps = compress.prune_units(model, 0.5, x[:2])
    assert [model.get_submodule(name).weight.shape for name in ("layer1.0", "layer2.0", "fc")] == [
        (5, 1, 5, 5), (10, 5, 5, 5), (10, 640)
    ]  # fmt: skip
    np.testing.assert_allclose(outputs(model, x), before, rtol=0, atol=1e-5 * np.abs(before).max())
    check_made_again(make, model, steps, x)


def test_units_with_normalisations_between() -> None:
    model, x = trained_looking(small_cnn()), images(3, 1, 14, 14)
    for i, units in ((0, [0, 2]), (4, [1, 6])):
        silent(model, {str(i): units})
        norm = model[i + 1]
        for x_ in (norm.bias, norm.running_mean):
            array = to_host(x_._array).copy()
            array[units] = 0
            x_.data = minidl.tensor(array)
    before = outputs(model, x)
    steps = compress.prune_units(model, 0.3, x[:2])
    assert model[0].weight.shape == (4, 1, 3, 3) and model[4].weight.shape == (6, 4, 3, 3)
    assert model[1].num_features == 4 and model[8].weight.shape[1] == 6 * 16
    check_made_again(small_cnn, model, steps, x)
    assert outputs(model, x).shape == before.shape


def test_residual_sums_keep_their_channels() -> None:
    make = lambda: models.make_model("resnet18")
    model, x = trained_looking(make()), images(2, 1, 28, 28)
    steps = compress.prune_units(model, 0.5, x)
    block = model.layer2[0]
    assert (block.conv1.out_channels, block.conv2.in_channels, block.conv2.out_channels) == (64, 64, 128)
    assert block.downsample[0].out_channels == 128 and model.conv1.out_channels == 64
    check_made_again(make, model, steps, x)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_smallest_weights_become_zero(share: float) -> None:
    model = models.Lecture()
    before = {name: to_host(x._array).copy() for name, x in model.named_parameters()}
    kept = compress.prune_weights(model, share)
    assert set(kept) == {"layer1.0.weight", "layer2.0.weight", "fc.weight"}
    for name, x in model.named_parameters():
        array, old = to_host(x._array), before[name]
        if name in kept:
            gone = ~kept[name]
            assert gone.sum() == round(share * old.size)
            assert not array[gone].any() and np.array_equal(array[kept[name]], old[kept[name]])
            assert np.abs(old[gone]).max() <= np.abs(old[kept[name]]).min()
        else:
            assert np.array_equal(array, old)


def test_low_rank_keeps_as_much_as_was_asked() -> None:
    make = lambda: nn.Sequential(nn.Linear(30, 40), nn.ReLU(), nn.Linear(40, 3))
    model, x = make().eval(), images(4, 30)
    weight = to_host(model[0].weight._array)
    steps = compress.low_rank(model, 0.8)
    first, second = model[0]
    product = to_host(second.weight._array) @ to_host(first.weight._array)
    lost = np.linalg.norm(weight - product) ** 2 / np.linalg.norm(weight) ** 2
    s = np.linalg.svd(weight, compute_uv=False) ** 2
    assert 0.2 - s[first.out_features - 1] / s.sum() <= lost <= 0.2 + 1e-5
    assert [step["module"] for step in steps] == ["0"]  # two layers for 40 -> 3 would be larger
    assert isinstance(model[2], nn.Linear)
    check_made_again(make, model, steps, x)


def test_a_layer_of_low_rank_loses_nothing() -> None:
    model, x = nn.Sequential(nn.Linear(20, 20)).eval(), images(4, 20)
    generator = np.random.default_rng(0)
    low = generator.normal(size=(20, 2)) @ generator.normal(size=(2, 20))
    model[0].weight.data = minidl.tensor(low.astype(np.float32))
    before = outputs(model, x)
    assert compress.low_rank(model, 0.999999)[0]["rank"] == 2
    np.testing.assert_allclose(outputs(model, x), before, rtol=0, atol=1e-5 * np.abs(before).max())


def test_int8_of_a_network() -> None:
    make = models.LeNet5
    model, x = make().eval(), images(20, 1, 28, 28)
    before = outputs(model, x)
    steps = compress.quantize(model, [x[:10], x[10:]])
    assert [step["module"] for step in steps] == ["conv1", "conv2", "fc1", "fc2", "fc3"]
    np.testing.assert_allclose(outputs(model, x), before, rtol=0, atol=0.03 * np.abs(before).max())
    check_made_again(make, model, steps, x)
    assert list(model.parameters()) == []
    with pytest.raises(ArgumentError, match=r"has no nn\.Linear or nn\.Conv2d"):
        compress.quantize(nn.Sequential(nn.ReLU()), [x])


def test_everything_after_each_other() -> None:
    model, x = trained_looking(small_cnn()), images(4, 1, 14, 14)
    steps = [*compress.fold(model, x), *compress.prune_units(model, 0.5, x), *compress.low_rank(model, 0.9)]
    compress.prune_weights(model, 0.5)
    steps += compress.quantize(model, [x], per_channel=False)
    check_made_again(small_cnn, model, steps, x)


def test_a_layer_that_is_held_twice_is_replaced_in_both_places() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(4, 4)
            self.two = nn.Sequential(self.one)

        def forward(self, x: Any) -> Any:
            return self.two(self.one(x))

    model, x = Twice().eval(), images(3, 4)
    steps = compress.quantize(model, [x])
    assert model.one is model.two[0] and isinstance(model.one, compress.QuantizedLinear)
    check_made_again(Twice, model, steps, x)


WRONG = [
    3, [3], [{}], [{"module": "fc", "becomes": "list"}], [{"module": "fc", "becomes": "int8"}],
    [{"module": "fc", "becomes": "int8", "per_channel": 1}], [{"module": 1, "becomes": "identity"}],
    [{"module": "fc", "becomes": "low rank", "rank": 0}], [{"module": "fc", "becomes": "low rank", "rank": True}],
    [{"module": "fc", "becomes": "identity", "more": 1}],
    [{"module": "fc", "becomes": ["identity"]}],
]  # fmt: skip


def test_steps_from_a_file_are_checked() -> None:
    for wrong in WRONG:
        assert not is_steps(wrong), wrong
    for step, message in [
        ({"module": "none", "becomes": "identity"}, "has no module 'none'"),
        ({"module": "layer1.1", "becomes": "int8", "per_channel": True}, "ReLU has no form in integers"),
        ({"module": "layer1.0", "becomes": "low rank", "rank": 2}, "Conv2d is no linear layer"),
        ({"module": "fc", "becomes": "low rank", "rank": 1 << 40}, "rank must be at most 10, as it was"),
        (
            {"module": "fc", "becomes": "resized", "inputs": 1281, "outputs": 1, "bias": True},
            "inputs must be at most 1280",
        ),
        (
            {"module": "layer1.0", "becomes": "resized", "inputs": 1, "outputs": 11, "bias": True},
            "outputs must be at most 10",
        ),
        ({"module": "fc", "becomes": "batch norm", "features": 2}, "Linear is no batch normalisation"),
        (
            {"module": "layer1.1", "becomes": "resized", "inputs": 1, "outputs": 1, "bias": True},
            "ReLU cannot be resized",
        ),
    ]:
        assert is_steps([step])
        with pytest.raises(CheckpointError, match=message):
            compress.rebuilt(models.Lecture(), [step])


def test_wrong_shares() -> None:
    model, x = models.Lecture(), images(2, 1, 28, 28)
    for call in (lambda s: compress.prune_weights(model, s), lambda s: compress.prune_units(model, s, x),
                 lambda s: compress.low_rank(model, s)):  # fmt: skip
        for share in (0.0, 1.0, -0.5, float("nan")):
            with pytest.raises(ArgumentError, match="must be a share between 0 and 1"):
                call(share)
