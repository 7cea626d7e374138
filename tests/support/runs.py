"""Small data sets, small models and the `minidl` command as a process, for tests of training."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minidl.data.idx import read_pair, write_idx
from minidl.data.sources import SAMPLE_FOLDER

NAMES = {True: "train", False: "t10k"}

TINY = """
import os, signal
import minidl
from minidl import nn
from minidl.nn import functional as F


class Tiny(nn.Module):
    '''Fast, but with all that a checkpoint must carry: buffers, dropout, several layers.'''

    calls = 0

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(4 * 8 * 8, 10)

    def forward(self, x):
        if self.training:
            Tiny.calls += 1
            if Tiny.calls == int(os.environ.get("SIGINT_AT_STEP", 0)):
                os.kill(os.getpid(), signal.SIGINT)
        return self.fc(self.drop(F.relu(self.norm(self.conv(x)))).flatten(1))


class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(640, 10)

    def forward(self, x):
        return self.fc(x.flatten(1))


class Five(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 5)

    def forward(self, x):
        return self.fc(x.flatten(1))


class Broken(nn.Module):
    def forward(self, x):
        return self.does_not_exist(x)


def make():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def make_nothing():
    return 7
"""


def sample(train: bool, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` real digits of the bundled sample: (count, 28, 28) uint8 and their labels."""
    part = SAMPLE_FOLDER / NAMES[train]
    images, labels = read_pair(f"{part}-images-idx3-ubyte.xz", f"{part}-labels-idx1-ubyte.xz")
    return images[:count], labels[:count]


def write_data(folder: Path, train: int = 600, test: int = 200) -> Path:
    """A folder with the four IDX files, holding that many real digits."""
    folder.mkdir(parents=True, exist_ok=True)
    for is_train, count in ((True, train), (False, test)):
        images, labels = sample(is_train, count)
        write_pair(folder, is_train, images, labels)
    return folder


def write_pair(folder: Path, train: bool, images: np.ndarray, labels: np.ndarray) -> None:
    """The two files of one split."""
    write_idx(folder / f"{NAMES[train]}-images-idx3-ubyte", images)
    write_idx(folder / f"{NAMES[train]}-labels-idx1-ubyte", labels.astype(np.uint8))


# The whole command but for the four figures, which take longer than the training in these tests.
WITHOUT_FIGURES = """
import sys
from minidl.cli import main
from minidl.training import job
job.Job.draw = lambda self: None
sys.exit(main(sys.argv[1:]))
"""


def minidl_process(*arguments: object, figures: bool = False) -> list[str]:
    """The words that run `minidl ARGUMENTS` as a process; a training draws its figures only if they are asked for."""
    little = arguments[:1] == ("train",) and not figures
    return [sys.executable, *(("-c", WITHOUT_FIGURES) if little else ("-m", "minidl")), *map(str, arguments)]


def minidl_command(
    *arguments: object, limit: Callable[[], None] | None = None, figures: bool = False, **env: str
) -> Any:
    """Run `minidl ARGUMENTS` as a process to its end; its stdout, stderr and return code."""
    return subprocess.run(
        minidl_process(*arguments, figures=figures),
        capture_output=True, text=True, timeout=300, env={**os.environ, "NO_COLOR": "1", **env}, preexec_fn=limit,
    )  # fmt: skip
