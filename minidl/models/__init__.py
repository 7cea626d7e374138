"""Networks by name, with torchvision's among them, or from a user's file; language models; a summary by layers."""

from .alexnet import AlexNet, alexnet
from .characters import CharLSTM
from .gpt import GPT
from .mobilenetv2 import MobileNetV2, mobilenet_v2
from .networks import (
    MLP,
    Lecture,
    LeNet5,
    ModelError,
    UnknownModelError,
    check_model,
    make_model,
    with_whole_path,
)
from .resnet import (
    ResNet,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    resnext50_32x4d,
    wide_resnet50_2,
)
from .rows import Rows
from .squeezenet import SqueezeNet, squeezenet1_0, squeezenet1_1
from .vgg import VGG, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn
from .vocabulary import Vocabulary

__all__ = [
    "GPT",
    "MLP",
    "VGG",
    "AlexNet",
    "CharLSTM",
    "LeNet5",
    "Lecture",
    "MobileNetV2",
    "ModelError",
    "ResNet",
    "Rows",
    "SqueezeNet",
    "UnknownModelError",
    "Vocabulary",
    "alexnet",
    "check_model",
    "make_model",
    "mobilenet_v2",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "wide_resnet50_2",
    "with_whole_path",
]
