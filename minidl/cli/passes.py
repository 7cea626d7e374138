"""What `explain` and `gradcheck` share: the options that choose a model and an image, and the pass made from them."""

from __future__ import annotations

import argparse
import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np

from ..backend import to_host
from ..data import datasets
from ..data.datasets import ImageDataset
from ..explain.teaching import passes
from ..explain.teaching.breaks import BREAKS
from ..models.networks import MODELS, check_model, make_model, source_file
from ..nn.evaluating import evaluating
from ..nn.normalization import BatchNorm1d, BatchNorm2d
from ..random import manual_seed
from ..training import predict
from ..training.data import open_dataset
from ..training.options import OptionError
from ..training.run import RunFolder
from .parser import add_trust
from .trusting import say_trusted

Words = dict[str, str]  # in each language

CLASSES = 10
MOST = 4  # images that an example pass may take
BATCH = 4  # images for a model with batch normalisation
CHOICES = ("hardest", "wrong")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose the pass."""
    parser.add_argument("--model", help=f"{', '.join(MODELS)} or FILE.py:NAME (default: lecture)")
    parser.add_argument(
        "--run", dest="folder", metavar="RUN", help="a trained model: a run folder (--model: only its own Python file)"
    )
    add_trust(parser)
    parser.add_argument("--data", metavar="DIR", help="folder of MNIST's files (default: the bundled sample)")
    parser.add_argument(
        "--sample", type=_sample, metavar="N|hardest|wrong",
        help="which training image (default: 0, the first); or the test image with the largest loss; or the first "
        "test image that the model gets wrong",
    )  # fmt: skip
    parser.add_argument("--image", metavar="FILE", help="a photo of a digit, instead of --sample")
    parser.add_argument(
        "--label", type=int, metavar="N", help="which digit --image shows (default: the model's answer)"
    )
    parser.add_argument(
        "--torch", action=argparse.BooleanOptionalAction, default=None,
        help="PyTorch's gradients as a third column (default: if it is installed)",
    )  # fmt: skip


def _sample(text: str) -> int | str:
    """A number, or a word for an image worth looking at."""
    if text in CHOICES:
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, hardest or wrong, got {text!r}") from None


def wants_torch(arguments: argparse.Namespace) -> bool:
    """Whether to show PyTorch's gradients."""
    found = importlib.util.find_spec("torch") is not None
    if arguments.torch and not found:
        raise OptionError("--torch: PyTorch is not installed; leave the option out, or install torch")
    return found if arguments.torch is None else arguments.torch


def chosen_pass(arguments: argparse.Namespace, mistake: str | None = None) -> passes.Pass:
    """The pass that the options ask for; for a mistake and no model, one in which it can be seen."""
    _check(arguments)
    if mistake is not None and arguments.model is arguments.folder is arguments.image is None:
        if arguments.sample in CHOICES:
            raise OptionError(f"--sample {arguments.sample} needs a model; give --model or --run, or a number")
        images, labels, _ = _images(_dataset(arguments), arguments.sample or 0, MOST)
        return passes.example(BREAKS[mistake].example, images, labels)
    manual_seed(passes.SEED)
    names: list[str] | None = None
    if arguments.folder is not None:
        folder = RunFolder(arguments.folder)
        known = [str(one) for one in folder.read_config()["data"]["classes"]]
        names, classes, name = known, len(known), folder.read_options(arguments.model).model
        say_trusted(folder, arguments)
        model, title = folder.load_model(arguments.model, arguments.trust), f"{name}, {arguments.folder}"
    else:
        classes, name = CLASSES, "lecture" if arguments.model is None else arguments.model
        model, title = make_model(name, classes), name
    if arguments.image is not None:
        made = _of_photo(arguments, model, title, classes)
    else:
        chosen = _dataset(arguments, train=arguments.sample not in CHOICES)
        first = _asked_of(model, chosen[0], arguments.sample) if arguments.sample in CHOICES else arguments.sample or 0
        images, labels, says = _images(chosen, first, BATCH if needs_several(model) else 1)
        made = passes.image_pass(model, images, labels, title, says)
    check_model(name, model, made.input, classes)
    return replace(made, classes=names)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.model is not None and arguments.folder is not None and source_file(arguments.model) is None:
        raise OptionError("--model and --run both name a model; give one of them")
    if arguments.trust and arguments.folder is None:
        raise OptionError("--trust is for the Python file that a --run names; leave it out")
    if arguments.image is not None and (arguments.sample is not None or arguments.data):
        raise OptionError("--image replaces --sample and --data; give one or the other")
    if arguments.label is not None and arguments.image is None:
        raise OptionError("--label says what --image shows; a sample has its own label")
    if isinstance(arguments.sample, int) and arguments.sample < 0:
        raise OptionError(f"--sample must be at least 0, got {arguments.sample}")


def needs_several(model: Any) -> bool:
    """Whether one image is too few: batch normalisation in training takes the mean over the batch."""
    return any(isinstance(module, BatchNorm1d | BatchNorm2d) and module.training for module in model.modules())


def _asked_of(model: Any, dataset: ImageDataset, which: str) -> int:
    """The test image with the largest loss, or the first that the model gets wrong."""
    images, labels = to_host(dataset.data._array), to_host(dataset.targets._array)
    planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    with evaluating(model):
        parts = [predict(model, planes[i : i + 256].astype(np.float32) / 255) for i in range(0, len(planes), 256)]
    found = np.concatenate(parts)
    if which == "hardest":
        return int(np.argmin(found[np.arange(len(labels)), labels]))
    wrong = np.flatnonzero(found.argmax(axis=1) != labels)
    if not wrong.size:
        raise OptionError(f"--sample wrong: the model gets all {len(labels):,} test images right; try --sample hardest")
    return int(wrong[0])


def _dataset(arguments: argparse.Namespace, train: bool = True) -> tuple[ImageDataset, Words]:
    """The training or test images, and their name."""
    if arguments.folder is not None:
        folder = RunFolder(arguments.folder)
        options, origin = folder.read_options(arguments.model), folder.read_config()["data"].get("origin")
        if arguments.data:
            options, origin = replace(options, data=arguments.data), None
        found = open_dataset(options, train=train, origin=origin, download=False)
        if not train:
            return found, {"en": "the run's test images", "ko": "시험 이미지"}
        return found, {"en": "the run's training images", "ko": "학습에 쓴 이미지"}
    if arguments.data is not None:
        return datasets.MNIST(arguments.data, train=train), {"en": arguments.data, "ko": arguments.data}
    name = {"en": "the bundled sample", "ko": "기본 제공 표본"}
    if not train:
        name = {"en": "the bundled sample's test images", "ko": "기본 제공 표본의 시험 이미지"}
    return datasets.MNIST(sample=True, train=train), name


def _images(found: tuple[ImageDataset, Words], first: int, most: int) -> tuple[np.ndarray, np.ndarray, Words]:
    """Up to `most` images from number `first` on, their labels, and a description of the images."""
    dataset, name = found
    if first >= len(dataset):
        raise OptionError(f"--sample {first}: there are {len(dataset):,} images, numbered from 0")
    images, labels = [to_host(x._array)[first : first + most] for x in (dataset.data, dataset.targets)]
    answers = ", ".join(str(int(label)) for label in labels)
    last = first + len(labels) - 1
    digits = f"digit {first}" if last == first else f"digits {first} to {last}"
    numbers = f"{first}번" if last == first else f"{first}~{last}번"
    return (
        images,
        labels,
        {
            "en": f"{digits} of {name['en']}, labelled {answers}",
            "ko": f"{name['ko']}의 {numbers} 숫자, 정답 {answers}",
        },
    )


def _of_photo(arguments: argparse.Namespace, model: Any, title: str, classes: int) -> passes.Pass:
    from ..data.photo import read_digit

    if needs_several(model):
        raise OptionError("--image is one image, and batch normalisation in training needs several; use --sample")
    digit, _ = read_digit(arguments.image)
    label = arguments.label
    says = {
        "en": f"the digit on {arguments.image}, labelled {label}",
        "ko": f"{arguments.image}의 숫자, 정답 {label}",
    }
    if label is None:
        label = int(predict(model, digit[None, None].astype(np.float32) / 255)[0].argmax())
        says = {
            "en": f"the digit on {arguments.image}, taken for the model's own answer {label}",
            "ko": f"{arguments.image}의 숫자, 모델의 답 {label}을(를) 정답으로 봄",
        }
    if not 0 <= label < classes:
        raise OptionError(f"--label must be 0 to {classes - 1}, got {label}")
    return passes.image_pass(model, digit[None], np.array([label]), title, says)
