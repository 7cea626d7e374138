"""A model and a folder of images of your own.

Teaches: how to replace the lecture's two ingredients. Put one folder of pictures per class into a folder (its name is
the class), change `Model`, and run:

    python examples/train_your_own.py --images FOLDER        # FOLDER/cat/1.jpg, FOLDER/dog/7.png, ...
    python examples/train_your_own.py                        # makes such a folder from real digits first
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import minidl
from minidl import nn
from minidl.data import DataLoader, Dataset, random_split, read_image, write_image
from minidl.data import transforms as T
from minidl.data.datasets import MNIST
from minidl.errors import DataError

SIZE = 32  # every picture is resized to SIZE x SIZE
BATCH = 32
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
NEEDED = "needed: FOLDER/cat/1.jpg, FOLDER/dog/7.png, ...: one subfolder of pictures for each class"


class Folder(Dataset):
    """One subfolder per class: item i is an image (3, SIZE, SIZE) and the number of its class."""

    def __init__(self, root, transform):
        if not Path(root).is_dir():
            raise SystemExit(f"{root}: there is no such folder; {NEEDED}")
        self.classes = sorted(p.name for p in Path(root).iterdir() if p.is_dir())
        self.files = [
            (file, number)
            for number, name in enumerate(self.classes)
            for file in sorted(Path(root, name).iterdir())
            if file.suffix.lower() in SUFFIXES
        ]
        self.transform = transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        file, label = self.files[index]
        try:
            image = read_image(file)  # (H, W, 3) uint8, RGB
        except DataError as error:
            raise SystemExit(str(error)) from None
        return self.transform(image), label


class Model(nn.Module):
    """Three convolutions, each followed by a halving of the image, and one linear layer.

    Evaluation uses the running averages of the batch normalisations. With only ten batches per epoch they must adapt
    faster than PyTorch's default momentum of 0.1 lets them, or the test accuracy lags several epochs behind.
    """

    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16, momentum=0.3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32, momentum=0.3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64, momentum=0.3), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        )  # fmt: skip
        self.head = nn.Linear(64 * 2 * 2, classes)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


def write_digits(root, each=40):
    """A folder of pictures to start with: `each` real digits per class, as PNG files."""
    digits = MNIST(None, train=True)
    images, labels = digits.data.numpy(), digits.targets.numpy()
    for label in range(10):
        folder = Path(root, str(label))
        folder.mkdir(parents=True)
        for i, image in enumerate(images[labels == label][:each]):
            write_image(folder / f"{i}.png", image)


def accuracy(model, loader):
    """The share of pictures whose highest score is for their class."""
    model.eval()
    with minidl.no_grad():
        right = sum(int((model(x).argmax(1) == y).sum()) for x, y in loader)
    model.train()
    return right / len(loader.dataset)


def main():
    arguments = argparse.ArgumentParser(description="Train a model of your own on images of your own.")
    arguments.add_argument("--images", help="a folder with one subfolder of pictures per class")
    arguments.add_argument("--epochs", type=int, default=6)
    options = arguments.parse_args()
    minidl.manual_seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        root = options.images or scratch
        if options.images is None:
            write_digits(root)
        transform = T.Compose([T.Resize((SIZE, SIZE)), T.ToTensor()])
        pictures = Folder(root, transform)
        train, test = random_split(pictures, [0.8, 0.2])
        if len(pictures.classes) < 2 or len(train) < BATCH or len(test) == 0:
            raise SystemExit(
                f"{root}: has {len(pictures)} pictures in {len(pictures.classes)} classes, but at least 2 classes and "
                f"{BATCH} pictures to train on are needed; {NEEDED}"
            )
        print(
            f"{len(pictures)} pictures of {len(pictures.classes)} classes: {len(train)} to train, {len(test)} to test"
        )
        model = Model(len(pictures.classes))
        optimizer = minidl.optim.Adam(model.parameters(), lr=3e-3)
        criterion = nn.CrossEntropyLoss()
        for epoch in range(options.epochs):
            losses = []
            for x, y in DataLoader(train, batch_size=BATCH, shuffle=True):
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            test_accuracy = accuracy(model, DataLoader(test, batch_size=64))
            print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, test accuracy {test_accuracy:.1%}")


if __name__ == "__main__":
    main()
