"""Where the well-known data sets come from, where they are on this machine, and how to recognise the real files.

A folder is searched as torchvision lays it out: `ROOT/MNIST/raw/`, then `ROOT/raw/`, then `ROOT` itself, for each file
raw or `.gz`, under its own name or the one with a dot (`train-images.idx3-ubyte`).
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import ArgumentError, DataError
from .download import TIMEOUT, download, sha256_of
from .idx import read_idx, read_pair

SAMPLE_FOLDER = Path(__file__).parent / "sample"
MOST_UNPACKED = 64 << 20  # bytes: more than any of these files has
SPLITS = {True: "train", False: "t10k"}


@dataclass(frozen=True)
class Resource:
    """One file: its unpacked name, the SHA-256 of the `.gz` that the mirrors serve and of the file in it, its size.

    Other packings of the same content are the same file, so the second digest decides if it is known.
    """

    name: str
    packed_sha256: str
    sha256: str | None = None
    packed_size: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its array: 60,000 to train, 10,000 to test, 28 by 28."""
        count = 60_000 if self.name.startswith(SPLITS[True]) else 10_000
        return (count, 28, 28) if "images" in self.name else (count,)


@dataclass(frozen=True)
class Source:
    """A data set of four IDX files: its torchvision name, its mirrors (the most reliable first) and its files."""

    name: str
    mirrors: tuple[str, ...]
    resources: tuple[Resource, ...]

    def split(self, train: bool) -> tuple[Resource, Resource]:
        """The images and the labels of the training or the test set."""
        images, labels = (r for r in self.resources if r.name.startswith(SPLITS[train]))
        return images, labels


MNIST_SOURCE = Source(
    "MNIST",
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    (
        Resource(
            "train-images-idx3-ubyte",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            9_912_422,
        ),
        Resource(
            "train-labels-idx1-ubyte",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            28_881,
        ),
        Resource(
            "t10k-images-idx3-ubyte",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            1_648_877,
        ),
        Resource(
            "t10k-labels-idx1-ubyte",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            4_542,
        ),
    ),
)

FASHION_SOURCE = Source(
    "FashionMNIST",
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    (
        Resource(
            "train-images-idx3-ubyte",
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            packed_size=26_421_880,
        ),
        Resource(
            "train-labels-idx1-ubyte",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            29_515,
        ),
        Resource(
            "t10k-images-idx3-ubyte",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            packed_size=4_422_102,
        ),
        Resource(
            "t10k-labels-idx1-ubyte",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            5_148,
        ),
    ),
)

SOURCES = {"mnist": MNIST_SOURCE, "fashion": FASHION_SOURCE, "fashionmnist": FASHION_SOURCE}


def source_named(name: str) -> Source:
    """The source called `name`, in any case, with or without - and _: a word of `SOURCES`."""
    try:
        return SOURCES[name.lower().replace("-", "").replace("_", "")]
    except KeyError:
        raise ArgumentError(f"no data set is called {name!r}; known: {', '.join(sorted(SOURCES))}") from None


def cache_folder() -> Path:
    """The folder in which downloads are kept: `MINIDL_DATA`, or the platform's place for caches."""
    if chosen := os.environ.get("MINIDL_DATA"):
        return _expanded(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local") / "minidl" / "Cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "minidl"
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / "minidl"


def _home() -> Path:
    """The user's folder. Raises `DataError` if there is none."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise DataError(f"there is no home folder to keep data in ({error}); set MINIDL_DATA to a folder") from None


def _expanded(chosen: str) -> Path:
    try:
        return Path(chosen).expanduser()
    except RuntimeError as error:
        raise DataError(f"MINIDL_DATA={chosen}: {error}; set it to a folder") from None


def find_file(root: Path, name: str, folder: str = "MNIST") -> Path | None:
    """The file called `name`, raw or packed, in `root` or where torchvision puts it below `root`; None if absent."""
    head, _, tail = name.rpartition("-idx")
    for place in (root / folder / "raw", root / "raw", root):
        for candidate in (name, f"{name}.gz", f"{head}.idx{tail}", f"{head}.idx{tail}.gz", f"{name}.xz"):
            if (place / candidate).is_file():
                return place / candidate
    return None


def is_genuine(path: Path, resource: Resource) -> bool | None:
    """Whether `path`, raw or `.gz`, is that resource, bit for bit; None if it cannot be told.

    It cannot if only the digest of the packed file is known and the file is unpacked or was repacked.
    """
    if sha256_of(path) in (resource.packed_sha256, resource.sha256):
        return True
    if resource.sha256 is None:
        return None
    return path.suffix == ".gz" and _sha256_unpacked(path) == resource.sha256


def digest(content: bytes) -> str:
    """The SHA-256 of `content`, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _sha256_unpacked(path: Path) -> str | None:
    hashed, read = hashlib.sha256(), 0
    try:
        with gzip.open(path) as stream:
            while (piece := stream.read(1 << 20)) and (read := read + len(piece)) <= MOST_UNPACKED:
                hashed.update(piece)
    except (OSError, EOFError, zlib.error):
        return None
    return hashed.hexdigest()


@dataclass(frozen=True)
class FileReport:
    """What `verify` or `fetch` found out about one file.

    `status` is 'genuine' (SHA-256 equal to the original's), 'altered' (of the original's shape, but with other
    content), 'well-formed' (a sound IDX file of another set, or one whose digest is not known), 'damaged' or
    'missing'; `detail` says more in words.
    """

    name: str
    path: Path | None
    status: str
    detail: str


@dataclass(frozen=True)
class FolderReport:
    """The result of `verify` or `fetch`: `ok` if every file is there and can be used."""

    source: str
    folder: Path
    files: tuple[FileReport, ...]

    @property
    def ok(self) -> bool:
        return all(file.status in ("genuine", "well-formed") for file in self.files)


def verify(folder: str | os.PathLike[str] | None = None, name: str = "mnist") -> FolderReport:
    """Check the four files of the data set `name` in `folder` (default: the cache), pixel data included."""
    source, folder = source_named(name), cache_folder() if folder is None else Path(folder)
    files = {resource.name: _verify_file(folder, source, resource) for resource in source.resources}
    for train in (True, False):
        images, labels = (files[resource.name] for resource in source.split(train))
        if images.status == labels.status == "genuine" or not (images.path and labels.path):
            continue
        if "damaged" in (images.status, labels.status):
            continue
        try:
            read_pair(images.path, labels.path)
        except DataError as error:
            files[labels.name] = FileReport(
                labels.name, labels.path, "damaged", str(error).removeprefix(f"{labels.path}: ")
            )
    return FolderReport(source.name, folder, tuple(files.values()))


def _verify_file(folder: Path, source: Source, resource: Resource) -> FileReport:
    path = find_file(folder, resource.name, source.name)
    if path is None:
        return FileReport(resource.name, None, "missing", f"not in {folder}, raw or .gz")
    try:
        if genuine := is_genuine(path, resource):
            return FileReport(resource.name, path, "genuine", "SHA-256 as published")
        shape = read_idx(path).shape
    except (DataError, OSError) as error:
        return FileReport(resource.name, path, "damaged", str(error).removeprefix(f"{path}: "))
    if genuine is False and shape == resource.shape:
        return FileReport(
            resource.name, path, "altered",
            f"not the file that {source.name} was published with: other content; move it away and fetch it again",
        )  # fmt: skip
    why = "its published digest is of the .gz only" if genuine is None else "not the published file"
    return FileReport(resource.name, path, "well-formed", f"shape {shape}; {why}")


def fetch(
    name: str = "mnist",
    folder: str | os.PathLike[str] | None = None,
    *,
    mirrors: tuple[str, ...] | None = None,
    timeout: float = TIMEOUT,
    progress: bool = True,
) -> FolderReport:
    """Make sure that all four files of the data set `name` are in `folder` (default: the cache), genuine.

    Sound files are left alone, whether or not they are the originals; missing or damaged ones are downloaded to
    `folder/NAME/raw/`.

    Raises `DownloadError` if no mirror gives a file, `DataError` if the folder cannot be written.
    """
    source, folder = source_named(name), cache_folder() if folder is None else Path(folder)
    for resource in source.resources:
        fetch_file(source, resource, folder, mirrors or source.mirrors, timeout, progress)
    return verify(folder, name)


def fetch_file(
    source: Source, resource: Resource, folder: Path, mirrors: tuple[str, ...], timeout: float, progress: bool
) -> Path:
    """The path of one sound file of `source` in `folder`, downloaded if it is missing or damaged.

    A damaged file is kept beside the new one, as `NAME.damaged`.
    """
    found = _verify_file(folder, source, resource)
    if found.path is not None and found.status != "damaged":
        return found.path
    destination = folder / source.name / "raw" / f"{resource.name}.gz"
    fetched = destination if found.path != destination else destination.with_name(f"{destination.name}.new")
    urls = [f"{mirror.rstrip('/')}/{destination.name}" for mirror in mirrors]
    download(urls, fetched, resource.packed_sha256, size=resource.packed_size, timeout=timeout, progress=progress)
    with suppress(FileNotFoundError):  # another process repaired the same file first
        if found.path is not None:
            os.replace(found.path, found.path.with_name(f"{found.path.name}.damaged"))
        os.replace(fetched, destination)
    return destination
