"""Drawn pictures, several in one, Pillow's pictures, and event files."""

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import minidl
from minidl.data import drawn, transforms
from minidl.data.grid import make_grid, save_image
from minidl.data.images import read_image
from minidl.errors import ArgumentError, DataError, DtypeError, MissingPackageError, ShapeError, UnsupportedError
from minidl.utils.tensorboard import SummaryWriter


def test_fake_data():
    data = drawn.FakeData(5, (3, 4, 6), 3, transform=transforms.ToTensor())
    image, target = data[4]
    assert image.shape == (3, 4, 6) and 0 <= target < 3 and len(list(data)) == 5
    assert (image == drawn.FakeData(5, (3, 4, 6), 3, transform=transforms.ToTensor())[4][0]).all()
    assert not (image == drawn.FakeData(9, (3, 4, 6), transform=transforms.ToTensor(), random_offset=1)[4][0]).all()
    with pytest.raises(IndexError):
        data[5]
    with pytest.raises(ArgumentError, match="image_size is"):
        drawn.FakeData(5, (4, 6))


def test_cifar_is_read_or_drawn(tmp_path, capsys):
    with pytest.raises(DataError, match=r"data_batch_1\.bin: no such file"):
        drawn.CIFAR10(tmp_path)
    data = drawn.CIFAR10(tmp_path, download=True)
    assert len(data) == 5000 and data.data.shape == (5000, 32, 32, 3) and data.origin == "drawn"
    assert "drawing pictures of ten patterns instead" in capsys.readouterr().err
    means = np.array([data.data.numpy()[data.targets.numpy() == c].mean((0, 1, 2)) for c in range(10)])
    assert min(abs(a - b).sum() for i, a in enumerate(means) for b in means[:i]) > 5, "classes can be told apart"
    folder = tmp_path / drawn.FOLDER
    folder.mkdir()
    record = np.concatenate([[7], np.repeat([10, 20, 30], 1024)]).astype(np.uint8)
    (folder / "test_batch.bin").write_bytes(record.tobytes() * 2)
    image, target = drawn.CIFAR10(tmp_path, train=False)[1]
    assert target == 7 and (image == [10, 20, 30]).all() and image.shape == (32, 32, 3)
    (folder / "test_batch.bin").write_bytes(record.tobytes()[:-1])
    with pytest.raises(DataError, match="is no CIFAR-10 file"):
        drawn.CIFAR10(tmp_path, train=False)


def test_a_grid_has_every_image_in_its_place():
    images = minidl.arange(1, 6).float().reshape(5, 1, 1, 1) * minidl.ones(5, 1, 2, 3)
    grid = make_grid(images, nrow=2, padding=1, pad_value=-1)
    assert grid.shape == (3, 1 + 3 * 3, 1 + 2 * 4)
    assert grid[0, 1].tolist() == [-1, 1, 1, 1, -1, 2, 2, 2, -1]
    assert grid[2, 7].tolist() == [-1, 5, 5, 5, -1, -1, -1, -1, -1]
    assert make_grid([images[0], images[1]], padding=0).shape == (3, 2, 6)
    assert make_grid(images[:1]).shape == (3, 2, 3)
    assert make_grid(images, normalize=True).max() == 1 and make_grid(images, normalize=True).min() == 0
    assert make_grid(images, normalize=True, value_range=(0, 10), padding=0)[0, 0, 0].item() == pytest.approx(0.1)
    with pytest.raises(ArgumentError, match="normalize=True"):
        make_grid(images, scale_each=True)
    with pytest.raises(ShapeError, match="takes images"):
        make_grid(minidl.ones(2))
    with pytest.raises(DtypeError, match="a list of them"):
        make_grid([])


def test_an_image_file(tmp_path):
    images = minidl.tensor(np.random.default_rng(0).random((3, 3, 4, 5), np.float32))
    save_image(images, tmp_path / "grid.png", nrow=3, padding=0)
    found = read_image(tmp_path / "grid.png")
    expected = make_grid(images, nrow=3, padding=0).cpu().numpy().transpose(1, 2, 0) * 255
    assert found.shape == (4, 15, 3) and abs(found - expected).max() <= 0.51


def test_pictures_of_pillow():
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    picture = Image.fromarray(pixels)
    assert (transforms.ToTensor()(picture) == transforms.ToTensor()(pixels)).all()
    np.testing.assert_array_equal(transforms.CenterCrop(2)(picture), transforms.CenterCrop(2)(pixels))
    assert transforms.ToTensor()(picture.convert("L")).shape == (1, 4, 4)
    with pytest.raises(DtypeError, match="ToTensor: takes pictures of mode L, RGB or RGBA; got P"):
        transforms.ToTensor()(picture.convert("P"))


def test_event_files(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingPackageError, match="install it with pip install"):
        SummaryWriter("runs")
    written = []

    class Writer:
        def __init__(self, *args, **options):
            written.append((args, options))

        def add_scalar(self, *args):
            written.append(args)

        def add_histogram(self, tag, values, step=None):
            written.append((tag, type(values), values.tolist(), step))

        def close(self):
            written.append("closed")

    monkeypatch.setitem(sys.modules, "tensorboardX", SimpleNamespace(SummaryWriter=Writer))
    with SummaryWriter("runs", flush_secs=3) as writer:
        writer.add_scalar("loss", minidl.tensor(0.5), 1)
        writer.add_histogram("weights", minidl.ones(2, requires_grad=True), step=2)
        with pytest.raises(UnsupportedError, match="add_graph is left out"):
            writer.add_graph(None)
    assert written == [
        (("runs", ""), {"flush_secs": 3}), ("loss", np.float32(0.5), 1), ("weights", np.ndarray, [1.0, 1.0], 2),
        "closed",
    ]  # fmt: skip


def test_checkpoints_in_open_files():
    file = io.BytesIO()
    minidl.save({"w": minidl.ones(2), "n": 3}, file)
    file.seek(0)
    found = minidl.load(file)
    assert found["n"] == 3 and found["w"].tolist() == [1, 1]
    with pytest.raises(minidl.errors.CheckpointError, match="is a pickle"):
        minidl.load(io.BytesIO(b"\x80\x04junk"))
    with pytest.raises(minidl.errors.CheckpointError, match="is damaged"):
        minidl.load(io.BytesIO(b"junk"))
