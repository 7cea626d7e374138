"""Networks by name, networks from a user's own file, language models, and a summary of each layer."""

from .characters import CharLSTM
from .gpt import GPT
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
from .resnet import ResNet, resnet18
from .rows import Rows
from .vocabulary import Vocabulary

__all__ = [
    "GPT",
    "MLP",
    "CharLSTM",
    "LeNet5",
    "Lecture",
    "ModelError",
    "ResNet",
    "Rows",
    "UnknownModelError",
    "Vocabulary",
    "check_model",
    "make_model",
    "resnet18",
    "with_whole_path",
]
