"""The IDX format: the files MNIST comes in, read and written; nothing that they claim is trusted.

    two zero bytes, one byte for the dtype, one for the number of dimensions,
    each dimension as a big-endian 32-bit count, then the values, big-endian, last dimension fastest

Source: http://yann.lecun.com/exdb/mnist (the format's author), "the IDX file format".
"""

from __future__ import annotations

import gzip
import io
import math
import os
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, DtypeError, MissingPackageError
from ..files import OutputError, check_regular, replace_file

if TYPE_CHECKING:
    from lzma import LZMAFile

    Readable = IO[bytes] | gzip.GzipFile | LZMAFile

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
CODES = {dtype.newbyteorder("="): code for code, dtype in DTYPES.items()}

GZIP_MAGIC = b"\x1f\x8b"
XZ_MAGIC = b"\xfd7zXZ\x00"
CHUNK = 1 << 20
MOST_UNPACKED = 2 << 30  # bytes: EMNIST, the largest set of this format, unpacks to a quarter of it
MAX_DIMENSIONS = 64  # NumPy's own limit
AGAIN = "fetch the file again"


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array in an IDX file, raw or packed (`.gz`, `.xz` by name), in this machine's byte order.

    Raises `DataError` for anything that is not exactly one IDX array, and for one of more than 2 GiB in a packed
    file. Memory grows with what the file holds, never with what its header claims.
    """
    path = Path(path)
    damaged: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile, *_xz_errors())
    try:
        most = check_regular(path)
        with _open(path) as stream:
            return _parse(stream, path, most if isinstance(stream, io.BufferedReader) else MOST_UNPACKED)
    except MemoryError:
        raise DataError(f"{path}: is larger than the memory that is free") from None
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except damaged as error:
        raise DataError(f"{path}: the packed data is damaged or cut short ({error}); {AGAIN}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def decode_idx(content: bytes, name: str = "<bytes>") -> np.ndarray:
    """The array in the bytes of one unpacked IDX file, called `name` in errors.

    >>> decode_idx(encode_idx(np.array([[1, 2], [3, 4]], dtype=np.uint8)))
    array([[1, 2],
           [3, 4]], dtype=uint8)
    """
    return _parse(io.BytesIO(content), Path(name), len(content))


def encode_idx(array: np.ndarray) -> bytes:
    """The bytes of the IDX file that holds `array`.

    Raises `DtypeError` for a dtype the format lacks: it has uint8, int8, int16, int32, float32, float64.

    >>> encode_idx(np.array([7, 9], dtype=np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 07 09'
    """
    array = np.asarray(array)
    code = CODES.get(array.dtype.newbyteorder("="))
    if code is None:
        known = ", ".join(str(dtype) for dtype in CODES)
        raise DtypeError(f"encode_idx: dtype {array.dtype} has no place in an IDX file; convert to one of {known}")
    if not 1 <= array.ndim <= MAX_DIMENSIONS or any(size >= 1 << 32 for size in array.shape):
        raise DataError(f"encode_idx: an IDX file holds 1 or more dimensions of 32 bits each, got shape {array.shape}")
    header = bytes([0, 0, code, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.astype(DTYPES[code]).tobytes()


def write_idx(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write `array` as an IDX file, packed if the name ends in `.gz` or `.xz`; completely or not at all.

    The same array always gives the same bytes: the gzip header carries no time.
    """
    path = Path(path)
    content = encode_idx(array)
    if path.suffix == ".gz":
        content = gzip.compress(content, compresslevel=9, mtime=0)
    elif path.suffix == ".xz":
        lzma = _lzma(path)
        content = lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
    try:
        replace_file(path, lambda stream: stream.write(content))
    except OutputError as error:
        raise DataError(str(error)) from error


def read_pair(
    images_path: str | os.PathLike[str], labels_path: str | os.PathLike[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Images `(N, H, W)` or `(N, H, W, C)` uint8 and their labels `(N,)` int64, checked against each other."""
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim == 1 and labels.ndim in (3, 4):
        raise DataError(
            f"{images_path}: holds labels (shape {images.shape}) and {labels_path} images (shape {labels.shape}): "
            "the two files are swapped; give each the other's name"
        )
    if images.ndim not in (3, 4) or images.dtype != np.uint8:
        raise DataError(
            f"{images_path}: expected images, (N, H, W) or (N, H, W, C) of uint8, got {images.shape} of {images.dtype}"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"{labels_path}: expected labels, (N,) of integers, got {labels.shape} of {labels.dtype}")
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images)} images but {labels_path} holds {len(labels)} labels: "
            "the files are not of one set; take both from one place"
        )
    return images, labels.astype(np.int64)


def _open(path: Path) -> Readable:
    """The unpacked stream of `path`, once its content is known to be what its name says."""
    with open(path, "rb") as stream:
        start = stream.read(len(XZ_MAGIC))
    packed = {GZIP_MAGIC: ".gz", XZ_MAGIC: ".xz"}
    actual = next((suffix for magic, suffix in packed.items() if start.startswith(magic)), "")
    named = path.suffix if path.suffix in packed.values() else ""
    if named and not actual:
        raise DataError(
            f"{path}: is not {named} data (it starts with {start.hex(' ') or 'nothing'}); fetch it again, or drop "
            f"{named} from its name if it was unpacked on the way"
        )
    if named != actual:
        raise DataError(f"{path}: is packed as {actual} but not named so; rename it to {path.name}{actual}")
    if actual == ".gz":
        return gzip.open(path)
    return _lzma(path).open(path) if actual == ".xz" else open(path, "rb")


def _lzma(path: Path) -> Any:
    """Python's module for `.xz`, which Python in a browser loads only when asked to."""
    try:
        import lzma
    except ImportError as error:
        raise MissingPackageError(f"{path}: is packed as .xz, which needs Python's module lzma: {error}") from error
    return lzma


def _xz_errors() -> tuple[type[Exception], ...]:
    """What damaged `.xz` data raises; nothing where such data cannot be opened."""
    try:
        from lzma import LZMAError
    except ImportError:
        return ()
    return (LZMAError,)


def _parse(stream: Readable, path: Path, most: int) -> np.ndarray:
    """The array in `stream`, which has at most `most` bytes."""
    magic = stream.read(4)
    if len(magic) < 4:
        raise DataError(
            f"{path}: {len(magic)} bytes are no IDX file, which starts with 4 bytes of magic number; {AGAIN}"
        )
    dtype = DTYPES.get(magic[2])
    if magic[:2] != b"\0\0" or dtype is None or not 1 <= magic[3] <= MAX_DIMENSIONS:
        raise DataError(
            f"{path}: not an IDX file: its magic number is {magic.hex(' ')}, expected 00 00, a dtype "
            f"(08 09 0b 0c 0d 0e) and the number of dimensions (01 to 40); {AGAIN}"
        )
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise DataError(
            f"{path}: ends inside its header: {magic[3]} dimensions need {4 * magic[3]} bytes, got {len(header)}; "
            f"{AGAIN}"
        )
    shape = tuple(int(size) for size in np.frombuffer(header, dtype=">u4"))
    expected = math.prod(shape) * dtype.itemsize
    content = _read_exactly(stream, expected, shape, path, most)
    try:
        return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    except ValueError as error:  # zero elements, but dimensions whose product NumPy cannot hold
        raise DataError(f"{path}: shape {shape} is not one an array can have: {error}; {AGAIN}") from error


def _read_exactly(stream: Readable, expected: int, shape: tuple[int, ...], path: Path, most: int) -> bytearray:
    """The `expected` bytes that remain; read piece by piece, because the header may claim any size.

    If it claims more than `most`, the file is only measured.
    """
    content, size = bytearray(), 0
    while size <= most and (piece := stream.read(min(CHUNK, expected + 1 - size))):
        size += len(piece)
        if expected <= most:
            content += piece
    if size > most:
        raise DataError(f"{path}: shape {shape} takes {expected:,} bytes, more than the {most:,} that are read at most")
    if size != expected:
        found = f"{size}" if size < expected else "more"
        kind = "cut short" if size < expected else "too long"
        raise DataError(
            f"{path}: is {kind}: shape {shape} needs {expected} bytes of data, the file has {found}; {AGAIN}"
        )
    return content
