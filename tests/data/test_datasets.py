"""Where data sets are looked for, what they hold, and the errors when they cannot be found."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import minidl
from minidl.data import DataLoader, datasets, default_collate, sources, transforms
from minidl.data.datasets import MNIST, FashionMNIST, IDXFolder, ImageFolder
from minidl.data.download import DownloadError
from minidl.data.idx import read_idx, write_idx
from minidl.data.images import write_image
from minidl.errors import ArgumentError, DataError

from .mirror import Mirror


@pytest.fixture
def served(mirror: Mirror, digits: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """A mirror that serves the small digits, whose digests stand for the real ones."""
    resources = []
    for resource in sources.MNIST_SOURCE.resources:
        content = (digits / f"{resource.name}.gz").read_bytes()
        mirror.files[f"{resource.name}.gz"] = content
        raw = gzip.decompress(content)
        resources.append(
            replace(
                resource,
                packed_sha256=hashlib.sha256(content).hexdigest(),
                sha256=hashlib.sha256(raw).hexdigest(),
            )
        )
    source = replace(sources.MNIST_SOURCE, resources=tuple(resources), mirrors=(mirror.url,))
    monkeypatch.setattr(MNIST, "source", source)
    monkeypatch.setattr(MNIST, "mirrors", source.mirrors)
    monkeypatch.setitem(sources.SOURCES, "mnist", source)
    return mirror


def test_what_an_mnist_holds(digits: Path) -> None:
    data = MNIST(digits)
    assert len(data) == 30
    assert (data.data.shape, str(data.data.dtype)) == ((30, 28, 28), "uint8")
    assert (data.targets.shape, str(data.targets.dtype)) == ((30,), "int64")
    assert data.train_data is data.test_data is data.data
    assert data.train_labels is data.test_labels is data.targets
    assert data.classes[3] == "3 - three"
    assert data.class_to_idx["9 - nine"] == 9
    assert data.origin == "root"
    image, label = data[12]
    assert isinstance(image, np.ndarray)
    assert (image.shape, image.dtype, label, type(label)) == ((28, 28), np.uint8, 2, int)
    np.testing.assert_array_equal(image, read_idx(digits / "train-images-idx3-ubyte.gz")[12])
    assert repr(data).splitlines()[0] == "Dataset MNIST"
    assert len(MNIST(digits, train=False)) == 10


def test_transforms_are_applied(digits: Path) -> None:
    data = MNIST(digits, transform=transforms.ToTensor(), target_transform=lambda label: label + 100)
    image, label = data[4]
    assert isinstance(image, minidl.Tensor)
    assert (image.shape, str(image.dtype), label) == ((1, 28, 28), "float32", 104)


@pytest.mark.parametrize("place", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("form", ["gz", "raw", "dotted"])
def test_every_layout_is_found(digits: Path, tmp_path: Path, place: str, form: str) -> None:
    root = tmp_path / "root"
    (root / place).mkdir(parents=True)
    for path in digits.iterdir():
        name = path.name if form == "gz" else path.stem
        if form == "dotted":
            name = name.replace("-idx", ".idx")
        content = path.read_bytes() if form == "gz" else gzip.decompress(path.read_bytes())
        (root / place / name).write_bytes(content)
    assert len(MNIST(root)) == 30
    assert sources.verify(root).ok


def test_a_named_folder_without_the_files_is_an_error(tmp_path: Path, digits: Path) -> None:
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte and train-labels-idx1-ubyte.*download=True"):
        MNIST(tmp_path / "nowhere")
    (digits / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="has no train-labels-idx1-ubyte "):
        MNIST(digits)


def test_the_cache_comes_before_the_network(digits: Path, cache: Path, tmp_path: Path, served: Mirror) -> None:
    shutil.copytree(digits, cache / "MNIST" / "raw")
    assert MNIST().origin == "cache"
    assert MNIST(tmp_path / "elsewhere", download=True).origin == "cache"
    assert served.requests == []


def test_a_download_goes_to_the_root_and_is_used_next_time(tmp_path: Path, served: Mirror) -> None:
    root = tmp_path / "MNIST_data"
    data = MNIST(root, download=True)
    assert (data.origin, len(data)) == ("download", 30)
    raw = root / "MNIST" / "raw"
    assert sorted(p.name for p in raw.iterdir()) == sorted(served.files), "all four, as torchvision does"
    asked = len(served.requests)
    assert MNIST(root, download=True).origin == "root"
    assert MNIST(root, train=False).origin == "root"
    assert len(served.requests) == asked


def test_a_download_without_root_goes_to_the_cache(cache: Path, served: Mirror) -> None:
    assert MNIST(train=False, download=True).origin == "download"
    assert (cache / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz").is_file()


def test_the_sample_takes_over_without_a_network_and_says_so_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train, test = MNIST(tmp_path, download=True), MNIST(tmp_path, train=False, download=True)
    assert (len(train), len(test), train.origin) == (10_000, 2_000, "sample")
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "bundled sample of real digits" in err
    assert "no mirror could be reached" in err
    assert list(tmp_path.iterdir()) == [] or [p.name for p in tmp_path.iterdir()] == ["MNIST"]


def test_no_mirror_is_asked_twice_in_a_row(tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MNIST, "mirrors", (mirror.url,))
    MNIST(tmp_path, download=True)
    MNIST(tmp_path, train=False, download=True)
    assert len(mirror.requests) == 1
    monkeypatch.setattr(datasets, "RETRY_AFTER", 0.0)
    MNIST(tmp_path, download=True)
    assert len(mirror.requests) == 2


def test_a_mirror_with_wrong_content_is_an_error_not_a_sample(tmp_path: Path, served: Mirror) -> None:
    served.files["train-images-idx3-ubyte.gz"] = b"<html>log in first</html>"
    with pytest.raises(DownloadError, match="wrong content"):
        MNIST(tmp_path, download=True)


def test_fashion_has_no_sample(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no FashionMNIST in .*download=True"):
        FashionMNIST()
    with pytest.raises(DownloadError, match="no mirror could give"):
        FashionMNIST(tmp_path, download=True)


def test_one_data_set_is_not_taken_for_another(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = digits / "train-labels-idx1-ubyte.gz"
    known = hashlib.sha256(gzip.decompress(labels.read_bytes())).hexdigest()
    changed = replace(sources.FASHION_SOURCE, resources=(sources.Resource("train-labels-idx1-ubyte", "", known),))
    monkeypatch.setattr(FashionMNIST, "source", changed)
    with pytest.raises(DataError, match="labels of FashionMNIST, not MNIST"):
        MNIST(digits)


def test_labels_out_of_range_are_refused(digits: Path) -> None:
    write_idx(digits / "train-labels-idx1-ubyte.gz", np.full(30, 10, np.uint8))
    with pytest.raises(DataError, match="labels must be 0 to 9, got 10 to 10"):
        MNIST(digits)


def test_damage_is_named(digits: Path) -> None:
    path = digits / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: the packed data is damaged"):
        MNIST(digits)


def test_data_can_be_cut_down_as_in_torchvision(digits: Path) -> None:
    data = MNIST(digits, transform=transforms.ToTensor())
    expected = data[3]
    data.data, data.targets = data.data[3:7], data.targets[3:7]
    assert len(data) == 4
    images, labels = next(iter(DataLoader(data, batch_size=4)))
    np.testing.assert_array_equal(images.array[0], expected[0].array)
    assert labels.array.tolist() == [3, 4, 5, 6]


@pytest.mark.parametrize(
    "transform",
    [
        None,
        transforms.ToTensor(),
        transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.1307, 0.3081)]),
        transforms.Compose([transforms.CenterCrop(20), transforms.Compose([transforms.ToTensor()])]),
        transforms.Compose([transforms.RandomAffine(20, (0.1, 0.1), (0.8, 1.2)), transforms.ToTensor()]),
        transforms.Compose(
            [transforms.ToTensor(), transforms.Lambda(lambda x: {"x": x, "mean": float(x.array.mean())})]
        ),
        transforms.Compose([transforms.RandomRotation(20), transforms.SaltPepperNoise(), transforms.ToTensor()]),
        transforms.Resize(14),
        lambda image: int(image[14, 14]),
    ],
)
@pytest.mark.parametrize("target_transform", [None, lambda label: (label, str(label))])
def test_a_batch_is_what_collating_its_samples_gives(digits: Path, transform: object, target_transform: object) -> None:
    data = MNIST(digits, transform=transform, target_transform=target_transform)  # type: ignore[arg-type]
    indices = np.array([5, 2, 2, 29])
    minidl.manual_seed(3)
    together = data.get_batch(indices)
    minidl.manual_seed(3)
    alone = default_collate([data[i] for i in indices])
    same(together, alone)


def same(a: object, b: object) -> None:
    assert type(a) is type(b)
    if isinstance(a, minidl.Tensor):
        assert isinstance(b, minidl.Tensor)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.array, b.array)
    elif isinstance(a, dict):
        assert isinstance(b, dict)
        same(list(a.items()), list(b.items()))
    elif isinstance(a, (list, tuple)):
        assert isinstance(b, (list, tuple))
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert a == b


# verify and fetch


def test_verify_tells_genuine_from_sound_from_damaged_from_missing(digits: Path, served: Mirror) -> None:
    report = sources.verify(digits)
    assert report.ok
    assert [file.status for file in report.files] == ["genuine"] * 4
    write_idx(digits / "t10k-images-idx3-ubyte.gz", np.zeros((10, 28, 28), np.uint8))
    (digits / "t10k-labels-idx1-ubyte.gz").write_bytes(b"junk")
    (digits / "train-labels-idx1-ubyte.gz").unlink()
    report = sources.verify(digits)
    assert not report.ok
    statuses = {file.name: file.status for file in report.files}
    assert statuses == {
        "train-images-idx3-ubyte": "genuine",
        "train-labels-idx1-ubyte": "missing",
        "t10k-images-idx3-ubyte": "well-formed",
        "t10k-labels-idx1-ubyte": "damaged",
    }


def test_verify_sees_swapped_files_and_files_of_different_length(digits: Path) -> None:
    images, labels = digits / "train-images-idx3-ubyte.gz", digits / "train-labels-idx1-ubyte.gz"
    images.rename(digits / "x")
    labels.rename(images)
    (digits / "x").rename(labels)
    write_idx(digits / "t10k-labels-idx1-ubyte.gz", np.zeros(9, np.uint8))
    details = {file.name: file.detail for file in sources.verify(digits).files if file.status == "damaged"}
    assert "swapped" in details["train-labels-idx1-ubyte"]
    assert "10 images but" in details["t10k-labels-idx1-ubyte"]


def test_genuine_content_in_another_packing_is_genuine(digits: Path, served: Mirror) -> None:
    path = digits / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))
    assert sources.verify(digits).files[0].status == "genuine"


def test_a_file_whose_digest_is_not_known_is_well_formed(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_packed = tuple(replace(resource, sha256=None) for resource in sources.MNIST_SOURCE.resources)
    monkeypatch.setitem(sources.SOURCES, "mnist", replace(sources.MNIST_SOURCE, resources=only_packed))
    report = sources.verify(digits)
    assert report.ok
    assert {(file.status, "digest is of the .gz only" in file.detail) for file in report.files} == {
        ("well-formed", True)
    }


def test_fetch_brings_what_is_missing_or_damaged(digits: Path, served: Mirror) -> None:
    (digits / "train-labels-idx1-ubyte.gz").unlink()
    (digits / "t10k-labels-idx1-ubyte.gz").write_bytes(b"junk")
    report = sources.fetch("mnist", digits)
    assert report.ok
    assert [file.status for file in report.files] == ["genuine"] * 4
    assert [name for name, _ in served.requests] == ["train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
    assert (digits / "t10k-labels-idx1-ubyte.gz.damaged").read_bytes() == b"junk"
    assert sources.fetch("MNIST", digits).ok
    assert len(served.requests) == 2


def test_fetch_repairs_a_file_in_its_own_place(tmp_path: Path, served: Mirror) -> None:
    assert sources.fetch("mnist", tmp_path).ok
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"junk")
    assert sources.fetch("mnist", tmp_path).ok
    assert sorted(p.name for p in path.parent.iterdir() if "train-images" in p.name) == [
        path.name,
        f"{path.name}.damaged",
    ]


def test_fetch_knows_its_data_sets() -> None:
    with pytest.raises(ArgumentError, match="cifar.*" + ", ".join(sorted(sources.SOURCES))):
        sources.fetch("cifar")


def test_the_real_files_are_genuine(full_mnist: Path) -> None:
    report = sources.verify(full_mnist)
    assert [file.status for file in report.files] == ["genuine"] * 4
    assert len(MNIST(full_mnist)) == 60_000
    assert len(MNIST(full_mnist, train=False)) == 10_000


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/minidl"),
        ("linux", {"HOME": "/home/me"}, "/home/me/.cache/minidl"),
        ("darwin", {"HOME": "/Users/me"}, "/Users/me/Library/Caches/minidl"),
        ("win32", {"LOCALAPPDATA": "/C/Local"}, "/C/Local/minidl/Cache"),
        ("linux", {"MINIDL_DATA": "~/d", "HOME": "/home/me"}, "/home/me/d"),
    ],
)
def test_the_cache_is_where_the_platform_keeps_such(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("MINIDL_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert sources.cache_folder().as_posix() == expected


# any folder


def test_any_folder_of_idx_files(tmp_path: Path) -> None:
    images = np.arange(4 * 8 * 8 * 3, dtype=np.uint8).reshape(4, 8, 8, 3)
    write_idx(tmp_path / "emnist-letters-train-images-idx4-ubyte.gz", images)
    write_idx(tmp_path / "emnist-letters-train-labels-idx1-int", np.array([0, 25, 1, 2], np.int32))
    write_idx(tmp_path / "emnist-letters-test-images-idx3-ubyte", images[:2, ..., 0])
    write_idx(tmp_path / "emnist-letters-test-labels-idx1-ubyte", np.array([3, 4], np.uint8))
    train = IDXFolder(tmp_path, transform=transforms.ToTensor())
    assert (len(train), len(train.classes), train[1][0].shape, train[1][1]) == (4, 26, (3, 8, 8), 25)
    batch = train.get_batch(np.array([0, 1]))[0]
    assert batch.shape == (2, 3, 8, 8)
    assert len(IDXFolder(tmp_path, train=False)) == 2


def test_a_folder_of_idx_files_that_is_not_clear(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        IDXFolder(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"one file with 'images' and 'train'.*found none"):
        IDXFolder(tmp_path)
    for name in ("a-train-images", "b-train-images"):
        write_idx(tmp_path / name, np.zeros((1, 2, 2), np.uint8))
    with pytest.raises(DataError, match="found a-train-images, b-train-images"):
        IDXFolder(tmp_path)


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    for kind, name, value in (("dog", "1.png", 10), ("cat", "b.bmp", 20), ("cat", "a.png", 30)):
        (tmp_path / kind).mkdir(exist_ok=True)
        write_image(tmp_path / kind / name, np.full((3, 4, 3), value, np.uint8))
    (tmp_path / "cat" / "notes.txt").write_text("not a picture")
    data = ImageFolder(tmp_path, transform=transforms.ToTensor())
    assert (data.classes, data.class_to_idx, data.targets) == (["cat", "dog"], {"cat": 0, "dog": 1}, [0, 0, 1])
    images, labels = next(iter(DataLoader(data, batch_size=3)))
    assert images.shape == (3, 3, 3, 4)
    np.testing.assert_array_equal(np.rint(images.array[:, 0, 0, 0] * 255), [30, 20, 10])
    assert labels.array.tolist() == [0, 0, 1]


def test_a_folder_of_pictures_that_lacks_some(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one folder per class"):
        ImageFolder(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match="cat: holds no picture"):
        ImageFolder(tmp_path)
    assert len(ImageFolder(tmp_path, allow_empty=True)) == 0


def test_the_notice_is_the_only_output_of_the_lecture_s_lines(tmp_path: Path) -> None:
    listing = (
        "import minidl.data.datasets as dsets\n"
        "import minidl.data.transforms as transforms\n"
        "from minidl.data import DataLoader\n"
        "dsets.MNIST.mirrors = ()\n"
        "for train in (True, False):\n"
        "    d = dsets.MNIST(root='MNIST_data/', train=train, transform=transforms.ToTensor(), download=True)\n"
        "X, Y = next(iter(DataLoader(dataset=d, batch_size=100, shuffle=True, drop_last=True)))\n"
        "assert X.shape == (100, 1, 28, 28) and Y.shape == (100,)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", listing], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "sample" in done.stderr
