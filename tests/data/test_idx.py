"""IDX both ways, and every way in which a file can be wrong."""

from __future__ import annotations

import gzip
import lzma
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from minidl.data.idx import CODES, decode_idx, encode_idx, read_idx, read_pair, write_idx
from minidl.errors import DataError, DtypeError, MinidlError

arrays = st.sampled_from(list(CODES)).flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=5))
)


@given(arrays, st.sampled_from(["", ".gz", ".xz"]))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, suffix: str) -> None:
    path = tmp_path_factory.mktemp("idx") / f"array{suffix}"
    write_idx(path, array)
    back = read_idx(path)
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, array)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@given(arrays)
def test_any_memory_order_and_byte_order_is_written_alike(array: np.ndarray) -> None:
    expected = encode_idx(np.ascontiguousarray(array))
    assert encode_idx(np.asfortranarray(array)) == expected
    assert encode_idx(array.astype(array.dtype.newbyteorder(">"))) == expected
    assert encode_idx(array[::-1][::-1]) == expected


def test_the_bytes_are_those_of_the_format() -> None:
    assert encode_idx(np.array([[1, -2]], dtype=np.int16)) == bytes.fromhex("00000b02 00000001 00000002 0001 fffe")
    assert decode_idx(bytes.fromhex("00000d01 00000001 3fc00000")) == np.float32(1.5)


@pytest.mark.parametrize("dtype", [np.uint16, np.int64, np.float16, np.bool_, np.complex64])
def test_a_dtype_the_format_lacks_is_refused(dtype: type) -> None:
    with pytest.raises(DtypeError, match=np.dtype(dtype).name):
        encode_idx(np.zeros(3, dtype))


def test_an_array_without_dimensions_is_refused() -> None:
    with pytest.raises(DataError, match="1 or more dimensions"):
        encode_idx(np.uint8(3))


@given(arrays, st.data())
def test_every_cut_and_every_addition_is_noticed(array: np.ndarray, data: st.DataObject) -> None:
    whole = encode_idx(array)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DataError, match=r"cut short|ends inside|no IDX file"):
        decode_idx(whole[:cut])
    with pytest.raises(DataError, match="too long"):
        decode_idx(whole + data.draw(st.binary(min_size=1, max_size=9)))


@given(st.binary(max_size=40))
def test_random_bytes_give_an_array_or_a_data_error(content: bytes) -> None:
    try:
        array = decode_idx(content)
    except DataError:
        return
    assert encode_idx(array) == content or np.isnan(array.astype(float)).any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes are no IDX file"),
        (b"<html>no such page</html>", "3c 68 74 6d"),
        (bytes.fromhex("00000701 00000001 00"), "not an IDX file"),
        (bytes.fromhex("00000800"), "number of dimensions"),
        (bytes.fromhex("00000841") + bytes(4 * 65), "number of dimensions"),
        (bytes.fromhex("00000803 00000001"), "ends inside its header"),
        (bytes.fromhex("00000802 ffffffff ffffffff 00"), "cut short"),
        (bytes.fromhex("00000804 ffffffff ffffffff ffffffff 00000000"), "not one an array can have"),
    ],
)
def test_a_damaged_file_is_named_with_what_came(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith("; fetch the file again"), "what to do"


def peak_memory(path: Path) -> int:
    """The bytes in use at most while a file is refused."""
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            read_idx(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_a_huge_size_in_the_header_allocates_nothing(tmp_path: Path, suffix: str) -> None:
    content = struct.pack(">BBBBIII", 0, 0, 8, 3, 60_000, 4_000, 4_000) + bytes(1000)  # claims 960 GB
    pack = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[suffix]
    path = tmp_path / f"images{suffix}"
    path.write_bytes(pack(content))
    with pytest.raises(DataError, match="needs 960000000000 bytes of data, the file has 1000"):
        read_idx(path)
    assert peak_memory(path) < 10_000_000


def test_a_packed_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(bytes.fromhex("00000801 00000005") + bytes(100_000_000)))
    with pytest.raises(DataError, match="too long"):
        read_idx(path)
    assert peak_memory(path) < 10_000_000


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_packed_file_cut_short_or_changed_is_refused(tmp_path: Path, suffix: str, pack: object) -> None:
    whole = pack(encode_idx(np.arange(5000, dtype=np.int32)))  # type: ignore[operator]
    path = tmp_path / f"labels{suffix}"
    for damaged in (whole[: len(whole) // 2], whole[:-4], whole[:100] + b"\xff\xff\xff" + whole[103:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="labels"):
            read_idx(path)


def test_the_name_must_say_how_the_file_is_packed(tmp_path: Path) -> None:
    raw = encode_idx(np.arange(3, dtype=np.uint8))
    (tmp_path / "a.gz").write_bytes(raw)
    with pytest.raises(DataError, match=r"not .gz data.*00 00 08"):
        read_idx(tmp_path / "a.gz")
    (tmp_path / "a").write_bytes(gzip.compress(raw))
    with pytest.raises(DataError, match=r"rename it to a.gz"):
        read_idx(tmp_path / "a")
    (tmp_path / "b.xz").write_bytes(gzip.compress(raw))
    with pytest.raises(DataError, match=r"packed as .gz"):
        read_idx(tmp_path / "b.xz")


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_idx(tmp_path / "nothing")
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path)
    with pytest.raises(DataError, match="cannot be written"):
        write_idx(tmp_path / "missing" / "file", np.zeros(1, np.uint8))


def test_the_same_array_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz", "a.xz", "b.xz"):
        write_idx(tmp_path / name, np.arange(100, dtype=np.uint8))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.xz").read_bytes() == (tmp_path / "b.xz").read_bytes()


IMAGES, LABELS = np.zeros((3, 4, 5), np.uint8), np.array([0, 1, 2], np.uint8)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (LABELS, IMAGES, "swapped; give each the other's name"),
        (IMAGES, LABELS[:2], "3 images but .*labels holds 2 labels.*; take both from one place"),
        (LABELS, LABELS, r"expected images"),
        (IMAGES, IMAGES, r"expected labels"),
        (IMAGES.astype(np.float32), LABELS, "float32"),
        (IMAGES, LABELS.astype(np.float32), "float32"),
    ],
)
def test_files_that_are_not_a_pair(tmp_path: Path, images: np.ndarray, labels: np.ndarray, message: str) -> None:
    write_idx(tmp_path / "images", images)
    write_idx(tmp_path / "labels", labels)
    with pytest.raises(DataError, match=message) as caught:
        read_pair(tmp_path / "images", tmp_path / "labels")
    assert isinstance(caught.value, MinidlError)


def test_a_pair(tmp_path: Path) -> None:
    write_idx(tmp_path / "images", IMAGES)
    write_idx(tmp_path / "labels", LABELS)
    images, labels = read_pair(tmp_path / "images", tmp_path / "labels")
    assert (images.shape, images.dtype, labels.dtype) == ((3, 4, 5), np.uint8, np.int64)
    assert labels.tolist() == [0, 1, 2]
