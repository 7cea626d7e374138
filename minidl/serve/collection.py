"""Corrected digits, kept as a data set in the four files that `minidl train --data` takes.

Of five corrections the first is for testing, the others are for training, so that one is never both.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np

from ..data.idx import read_idx, write_idx
from ..data.photo import SIDE
from ..errors import DataError
from ..files import FileLock, LockedError, OutputError, make_folder, write_json
from ..training.options import OptionError

MARK = "minidl-corrections.json"  # tells a folder of corrections from somebody's data set
MOST = 20_000  # corrections: a folder that grows without end is no help
TEST_OF = 5
NAMES = {"train": "train", "test": "t10k"}


class FullError(DataError):
    """The folder holds as many corrections as it may."""


class Collection:
    """The folder of corrections; locked until `close`. Raises `OptionError` for a folder that holds something else."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        if str(folder) == "" or "\0" in str(folder):
            raise OptionError(f"--collect {str(folder)!r} is not the name of a folder; name one, or leave it out")
        make_folder(self.folder)
        if any(self.folder.iterdir()) and not (self.folder / MARK).is_file():
            raise OptionError(
                f"--collect {self.folder}: holds other files; name a new folder, or one of earlier corrections"
            )
        self._file_lock, self._lock = FileLock(self.folder / ".lock"), threading.Lock()
        try:
            self._file_lock.acquire()
        except LockedError as error:
            raise OptionError(f"--collect {self.folder}: {error.strerror}; name another folder") from None
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be written: {error.strerror}; name another folder") from error
        try:
            self._sets = {split: self._read(split) for split in NAMES}
            self._write_mark()
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return sum(len(labels) for _, labels in self._sets.values())

    def add(self, digit: np.ndarray, label: int) -> tuple[int, str]:
        """Keep a digit `(28, 28)` uint8 with its label; how many there are now, and the split that it went to.

        Raises `FullError` if there are too many, `OutputError` if it cannot be written.
        """
        with self._lock:
            if len(self) >= MOST:
                raise FullError(f"{self.folder}: holds {MOST:,} corrections, the most that are kept")
            split = "test" if len(self) % TEST_OF == 0 else "train"
            images, labels = self._sets[split]
            grown = np.concatenate([images, digit[None]]), np.append(labels, np.uint8(label))
            image_file, label_file = self._files(split)
            write_idx(image_file, grown[0])  # a crash between the two leaves an image without a label: see _read
            write_idx(label_file, grown[1])
            self._sets[split] = grown
            self._write_mark()
            return len(self), split

    def close(self) -> None:
        """Let others collect here."""
        self._file_lock.release()

    def _files(self, split: str) -> tuple[Path, Path]:
        start = f"{NAMES[split]}-"
        return self.folder / f"{start}images-idx3-ubyte", self.folder / f"{start}labels-idx1-ubyte"

    def _read(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        image_file, label_file = self._files(split)
        if not label_file.exists():
            return np.empty((0, SIDE, SIDE), np.uint8), np.empty(0, np.uint8)
        images, labels = read_idx(image_file), read_idx(label_file)
        if images.shape[1:] != (SIDE, SIDE) or labels.ndim != 1 or len(images) < len(labels):
            raise DataError(f"{image_file}: holds {images.shape}, its labels are {labels.shape}: not corrections")
        return images[: len(labels)], labels

    def _write_mark(self) -> None:
        kept = {split: len(labels) for split, (_, labels) in self._sets.items()}
        write_json(self.folder / MARK, {"what": "digits corrected on the page of minidl serve", **kept})
