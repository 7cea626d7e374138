"""torchvision's networks: the names, shapes and numbers of their parameters, and their blocks written in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl import models, nn
from minidl.errors import ArgumentError
from minidl.models import mobilenetv2, resnet, squeezenet, vgg
from tests.nn.pairs import compare, same_weights
from tests.support.compare import to_numpy

# As torchvision's documentation gives them for 1000 classes.
PARAMETERS = {
    "alexnet": 61_100_840, "mobilenet_v2": 3_504_872, "resnet18": 11_689_512, "resnet34": 21_797_672,
    "resnet50": 25_557_032, "resnet101": 44_549_160, "resnet152": 60_192_808, "resnext50_32x4d": 25_028_904,
    "squeezenet1_0": 1_248_424, "squeezenet1_1": 1_235_496, "vgg11": 132_863_336, "vgg11_bn": 132_868_840,
    "vgg13": 133_047_848, "vgg13_bn": 133_053_736, "vgg16": 138_357_544, "vgg16_bn": 138_365_992,
    "vgg19": 143_667_240, "vgg19_bn": 143_678_248, "wide_resnet50_2": 68_883_240,
}  # fmt: skip
# Some of torchvision's names, with the shapes of what they name.
NAMES: dict[str, dict[str, tuple[int, ...]]] = {
    "alexnet": {
        "features.0.weight": (64, 3, 11, 11), "features.10.bias": (256,), "classifier.1.weight": (4096, 9216),
        "classifier.6.weight": (1000, 4096),
    },
    "mobilenet_v2": {
        "features.0.0.weight": (32, 3, 3, 3), "features.1.conv.0.0.weight": (32, 1, 3, 3),
        "features.1.conv.1.weight": (16, 32, 1, 1), "features.2.conv.1.0.weight": (96, 1, 3, 3),
        "features.17.conv.3.running_var": (320,), "features.18.1.bias": (1280,), "classifier.1.weight": (1000, 1280),
    },
    "resnet34": {"layer3.5.conv2.weight": (256, 256, 3, 3), "layer2.0.downsample.0.weight": (128, 64, 1, 1)},
    "resnet50": {
        "conv1.weight": (64, 3, 7, 7), "layer1.0.downsample.1.running_mean": (256,),
        "layer2.0.conv2.weight": (128, 128, 3, 3), "layer4.2.bn3.weight": (2048,), "fc.weight": (1000, 2048),
    },
    "resnet152": {"layer3.35.conv3.weight": (1024, 256, 1, 1), "layer2.7.bn2.num_batches_tracked": ()},
    "resnext50_32x4d": {"layer1.0.conv2.weight": (128, 4, 3, 3)},
    "wide_resnet50_2": {"layer4.0.conv1.weight": (1024, 1024, 1, 1)},
    "squeezenet1_0": {"features.3.squeeze.weight": (16, 96, 1, 1), "features.12.expand3x3.bias": (256,)},
    "squeezenet1_1": {
        "features.3.squeeze.weight": (16, 64, 1, 1), "features.12.expand1x1.weight": (256, 64, 1, 1),
        "classifier.1.weight": (1000, 512, 1, 1),
    },
    "vgg11": {"features.18.weight": (512, 512, 3, 3), "classifier.0.weight": (4096, 25088)},
    "vgg16": {"features.28.bias": (512,), "classifier.6.bias": (1000,)},
    "vgg16_bn": {"features.41.running_mean": (512,), "features.40.weight": (512, 512, 3, 3)},
    "vgg19": {"features.34.weight": (512, 512, 3, 3)},
}  # fmt: skip


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models whose weights are never drawn: 140 million numbers take seconds, and memory once they are written."""
    for name in ("kaiming_normal_", "kaiming_uniform_", "normal_", "uniform_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *args, **options: tensor)


@pytest.mark.numpy_only("the memory of a GPU is not had by asking for it alone")
@pytest.mark.parametrize("name", PARAMETERS)
def test_names_shapes_and_numbers_of_parameters(name: str, undrawn: None) -> None:
    model = getattr(models, name)()
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]
    state = model.state_dict()
    for key, shape in NAMES.get(name, {}).items():
        assert state[key].shape == shape, key


class TorchBottleneck(torch.nn.Module):
    def __init__(self, inplanes: int, width: int, planes: int, stride: int, groups: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inplanes, width, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(width)
        self.conv2 = torch.nn.Conv2d(width, width, 3, stride, dilation, dilation, groups, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(width)
        self.conv3 = torch.nn.Conv2d(width, 4 * planes, 1, bias=False)
        self.bn3 = torch.nn.BatchNorm2d(4 * planes)
        self.downsample = None
        if stride != 1 or inplanes != 4 * planes:
            shortcut = torch.nn.Conv2d(inplanes, 4 * planes, 1, stride, bias=False)
            self.downsample = torch.nn.Sequential(shortcut, torch.nn.BatchNorm2d(4 * planes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return (self.bn3(self.conv3(z)) + (x if self.downsample is None else self.downsample(x))).relu()


@pytest.mark.parametrize(
    ("inplanes", "planes", "stride", "groups", "base_width", "dilation"),
    [(16, 4, 1, 1, 64, 1), (8, 4, 2, 1, 64, 1), (8, 8, 1, 4, 16, 1), (8, 4, 1, 1, 128, 2)],
)
def test_bottleneck(inplanes: int, planes: int, stride: int, groups: int, base_width: int, dilation: int) -> None:
    downsample = None
    if stride != 1 or inplanes != 4 * planes:
        shortcut = nn.Conv2d(inplanes, 4 * planes, 1, stride, bias=False)
        downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * planes))
    mine = resnet.Bottleneck(inplanes, planes, stride, downsample, groups, base_width, dilation)
    theirs = TorchBottleneck(inplanes, planes * base_width // 64 * groups, planes, stride, groups, dilation)
    mine.double(), theirs.double()
    same_weights(mine, theirs, 0)
    compare(mine, theirs, np.random.default_rng(0).normal(size=(2, inplanes, 6, 6)), tolerance=1e-8)


class TorchInvertedResidual(torch.nn.Module):
    def __init__(self, inp: int, oup: int, stride: int, expand: int) -> None:
        super().__init__()
        wide, t = inp * expand, torch.nn
        layers: list[Any] = []
        if expand != 1:
            layers.append(t.Sequential(t.Conv2d(inp, wide, 1, bias=False), t.BatchNorm2d(wide), t.ReLU6()))
        depth = t.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False)
        layers += [t.Sequential(depth, t.BatchNorm2d(wide), t.ReLU6()), t.Conv2d(wide, oup, 1, bias=False)]
        self.conv, self.adds = t.Sequential(*layers, t.BatchNorm2d(oup)), stride == 1 and inp == oup

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.adds else self.conv(x)


@pytest.mark.parametrize(("inp", "oup", "stride", "expand"), [(4, 4, 1, 6), (4, 6, 1, 2), (4, 4, 2, 3), (4, 4, 1, 1)])
def test_inverted_residual(inp: int, oup: int, stride: int, expand: int) -> None:
    mine, theirs = (kind(inp, oup, stride, expand) for kind in (mobilenetv2.InvertedResidual, TorchInvertedResidual))
    mine.double(), theirs.double()
    same_weights(mine, theirs, 0)
    compare(mine, theirs, np.random.default_rng(0).normal(size=(2, inp, 6, 6)), tolerance=1e-8)


class TorchFire(torch.nn.Module):
    def __init__(self, inplanes: int, squeeze: int, one: int, three: int) -> None:
        super().__init__()
        self.squeeze = torch.nn.Conv2d(inplanes, squeeze, 1)
        self.expand1x1 = torch.nn.Conv2d(squeeze, one, 1)
        self.expand3x3 = torch.nn.Conv2d(squeeze, three, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


def test_fire() -> None:
    mine, theirs = squeezenet.Fire(4, 2, 3, 5).double(), TorchFire(4, 2, 3, 5).double()
    same_weights(mine, theirs, 0)
    compare(mine, theirs, np.random.default_rng(0).normal(size=(2, 4, 5, 5)), tolerance=1e-9)


def test_vgg_features() -> None:
    """The convolutions of a short column, with and without normalisation."""
    t = torch.nn
    plain = t.Sequential(t.Conv2d(3, 4, 3, 1, 1), t.ReLU(), t.MaxPool2d(2), t.Conv2d(4, 2, 3, 1, 1), t.ReLU())
    normal = t.Sequential(t.Conv2d(3, 4, 3, 1, 1), t.BatchNorm2d(4), t.ReLU(), t.MaxPool2d(2))
    for column, theirs in (([4, "M", 2], plain), ([4, "M"], normal)):
        mine = vgg.make_layers(column, theirs is normal).double()
        theirs.double()
        same_weights(mine, theirs, 0)
        compare(mine, theirs, np.random.default_rng(0).normal(size=(2, 3, 6, 6)), tolerance=1e-9)


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: models.squeezenet1_0(num_classes=3), 40),
        (lambda: models.squeezenet1_1(num_classes=3), 40),
        (lambda: models.mobilenet_v2(num_classes=3, width_mult=0.25), 33),
        (lambda: resnet.ResNet(resnet.Bottleneck, (1, 1, 1, 1), 3, groups=2, width_per_group=8), 33),
    ],
)
def test_whole_networks_learn(make: Any, size: int) -> None:
    """Their forward and backward pass: shapes, and a loss that goes down."""
    minidl.manual_seed(0)
    model = make().eval()  # without dropout
    x, y = minidl.randn(2, 3, size, size), minidl.tensor([0, 2])
    optimizer, found = minidl.optim.SGD(model.parameters(), lr=1e-4), []
    for _ in range(3):
        scores = model(x)
        assert scores.shape == (2, 3)
        loss = nn.functional.cross_entropy(scores, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    assert found[2] < found[0]
    assert all(p.grad is not None for p in model.parameters())


def test_initial_weights() -> None:
    """Those of torchvision: He's for convolutions, N(0, 0.01²) for the last layers of MobileNetV2 and SqueezeNet."""
    net = resnet.ResNet(resnet.Bottleneck, (1, 1, 1, 1), 10, zero_init_residual=True)
    weight = to_numpy(net.layer3[0].conv2.weight)
    assert abs(weight.std() / (2 / (9 * 256)) ** 0.5 - 1) < 0.02
    assert not to_numpy(net.layer3[0].bn3.weight).any() and to_numpy(net.bn1.weight).all()
    net = models.mobilenet_v2(num_classes=50)
    assert abs(to_numpy(net.classifier[1].weight).std() / 0.01 - 1) < 0.02
    assert not to_numpy(net.classifier[1].bias).any()
    net = models.squeezenet1_1()
    assert abs(to_numpy(net.classifier[1].weight).std() / 0.01 - 1) < 0.02
    assert not to_numpy(net.features[0].bias).any()


def test_dilation_keeps_the_size() -> None:
    net = resnet.ResNet(resnet.Bottleneck, (1, 2, 1, 1), 3, replace_stride_with_dilation=(False, True, True))
    x = minidl.randn(1, 64, 8, 8)
    for stage, shape in ((net.layer1, 8), (net.layer2, 4), (net.layer3, 4), (net.layer4, 4)):
        x = stage(x)
        assert x.shape[2:] == (shape, shape)
    assert net.layer3[0].conv2.dilation == (1, 1) and net.layer4[0].conv2.dilation == (2, 2)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: models.resnet50(pretrained=True), ArgumentError, "resnet50: pretrained=True: minidl ships no trained"),
        (lambda: models.vgg16("DEFAULT"), ArgumentError, r"downloads none; .*load_state_dict\(minidl.load_pt\(FILE\)"),
        (lambda: models.resnet18(num_clases=3), TypeError, "num_clases"),
        (lambda: models.resnet18(groups=2), ArgumentError, "BasicBlock: takes groups=1.* use Bottleneck"),
        (lambda: models.resnet50(replace_stride_with_dilation=(True,)), ArgumentError, "None or 3 bools"),
        (lambda: squeezenet.SqueezeNet("1_2"), ArgumentError, "'1_0' or '1_1'; got '1_2'"),
        (lambda: mobilenetv2.InvertedResidual(2, 2, 3, 1), ArgumentError, "stride must be 1 or 2; got 3"),
        (lambda: mobilenetv2.MobileNetV2(inverted_residual_setting=[(1, 2)]), ArgumentError, "rows of 4 numbers"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        call()
