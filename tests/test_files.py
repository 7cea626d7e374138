"""Writers of files: separate names, nothing replaced but plain files, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl.data.idx import write_idx
from minidl.files import (
    FileLock,
    LockedError,
    OutputError,
    check_regular,
    read_bytes,
    replace_file,
    to_json,
    write_json,
    writing,
)

posix = pytest.mark.skipif(os.name != "posix", reason="links, modes and FIFOs are POSIX's")


def write(path: Path, text: str) -> None:
    replace_file(path, lambda stream: stream.write(text.encode()))


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    write(tmp_path / "a", "one")
    write(tmp_path / "a", "two")
    assert (tmp_path / "a").read_text() == "two"
    assert os.listdir(tmp_path) == ["a"]


def test_what_fails_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    write(tmp_path / "a", "one")

    def fail(stream: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="a: cannot be written: No space left"):
        replace_file(tmp_path / "a", fail)
    assert (tmp_path / "a").read_text() == "one"
    assert os.listdir(tmp_path) == ["a"]


@posix
def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    write(tmp_path / "a", "one")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) & 0o600 == 0o600
    for mode in (0o600, 0o640, 0o664):
        (tmp_path / "a").chmod(mode)
        write(tmp_path / "a", "two")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@posix
def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    write(tmp_path / "there" / "a", "one")
    (tmp_path / "link").symlink_to("there/a")
    write(tmp_path / "link", "two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "a").read_text() == "two"
    (tmp_path / "new").symlink_to("there/b")
    write(tmp_path / "new", "three")
    assert (tmp_path / "there" / "b").read_text() == "three"
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match="circle: cannot be written"):
        write(tmp_path / "circle", "four")


@posix
def test_a_device_and_a_fifo_get_the_content(tmp_path: Path) -> None:
    before = os.stat("/dev/null")
    write(Path("/dev/null"), "gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert os.stat("/dev/null").st_ino == before.st_ino
    os.mkfifo(tmp_path / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    write(tmp_path / "pipe", "through")
    reader.join(10)
    assert read == ["through"]
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


@posix
def test_the_name_of_a_handle_is_written_to() -> None:
    code = "from minidl.files import *; replace_file('/dev/stdout', lambda stream: stream.write(b'told'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "told"


@posix
def test_a_link_planted_at_the_old_temporary_s_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / ".a.tmp").symlink_to("victim")
    write(tmp_path / "a", "one")
    assert (tmp_path / "victim").read_text() == "mine"


@posix
def test_only_temporaries_that_nobody_holds_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".a.0123abcd.tmp").write_text("of a killed process")
    (tmp_path / ".other.0123abcd.tmp").write_text("of another file")
    (tmp_path / ".a.00000000.tmp").symlink_to("a")
    os.mkfifo(tmp_path / ".a.11111111.tmp")

    def nested(stream: object) -> None:
        write(tmp_path / "a", "inner")
        stream.write(b"outer")  # type: ignore[attr-defined]

    replace_file(tmp_path / "a", nested)
    assert (tmp_path / "a").read_text() == "outer"
    left = sorted(os.listdir(tmp_path))
    assert left == [".a.00000000.tmp", ".a.11111111.tmp", ".other.0123abcd.tmp", "a"]


@pytest.mark.parametrize("name", ["a" * 250, "é" * 120, "[*?]", "-"])
def test_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "one")
    write(tmp_path / name, "two")
    assert os.listdir(tmp_path) == [name]


@posix
@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    write(tmp_path / "a", "one")
    assert (tmp_path / "a").read_text() == "one"


@posix
def test_a_disk_that_fails_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="Input/output error"):
        write(tmp_path / "a", "one")


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / name, "one")


def test_idx_files_are_written_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a.gz")
    write_idx(tmp_path / "link", np.zeros(3, np.uint8))
    assert (tmp_path / "link").is_symlink()


def test_json_of_letters_that_utf_8_lacks(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "\udcff"})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"name": "\udcff"}
    assert json.loads(to_json([float("inf"), 1.0])) == [None, 1.0]


@posix
def test_only_files_are_read_and_only_so_far(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bytes(tmp_path / "a", 5) == b"12345"
    with pytest.raises(OSError, match="longer than 4 bytes"):
        read_bytes(tmp_path / "a", 4)
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path / "pipe", "a FIFO"), (tmp_path, "a folder"), (Path("/dev/zero"), "a device")):
        with pytest.raises(OSError, match=f"it is {what}"):
            read_bytes(path, 4)
        with pytest.raises(OSError, match=f"it is {what}"):
            check_regular(path)


def test_a_lock_keeps_others_out_and_is_gone_afterwards(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock"):
        with pytest.raises(LockedError, match=f"process {os.getpid()} on "):
            FileLock(tmp_path / "lock").acquire()
        assert (tmp_path / "lock").exists()
    assert not (tmp_path / "lock").exists()
    with FileLock(tmp_path / "lock"):
        pass


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = f"import os; from minidl.files import FileLock; FileLock({str(tmp_path / 'lock')!r}).acquire(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert (tmp_path / "lock").exists()
    with FileLock(tmp_path / "lock"):
        pass


@posix
def test_a_file_system_without_locks_asks_for_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl
    import platform

    def refuse(handle: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    sleeping = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (tmp_path / "lock").write_text(f"{sleeping.pid} {platform.node()}")
        with pytest.raises(LockedError, match=f"process {sleeping.pid} on "):
            FileLock(tmp_path / "lock").acquire()
    finally:
        sleeping.communicate(b"\n")
    with FileLock(tmp_path / "lock"):
        pass


class Windows:
    """`os` as it is on Windows, imitated: a file that a reader holds cannot be replaced, for as many tries."""

    name = "nt"

    def __init__(self, held: int) -> None:
        self.held, self.tries = held, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def replace(self, old: Path, new: Path) -> None:
        self.tries += 1
        if self.tries <= self.held:
            raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used")
        os.replace(old, new)


@pytest.mark.parametrize(("held", "content"), [(0, "two"), (5, "two"), (19, "two"), (20, "one")])
def test_on_windows_a_file_that_is_read_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int, content: str
) -> None:
    write(tmp_path / "a", "one")
    slept: list[float] = []
    monkeypatch.setattr(writing, "os", Windows(held))
    monkeypatch.setattr(writing.time, "sleep", slept.append)
    if content == "two":
        write(tmp_path / "a", "two")
        assert len(slept) == held
    else:
        with pytest.raises(OutputError, match="a: cannot be written: The process cannot access the file"):
            write(tmp_path / "a", "two")
    assert (tmp_path / "a").read_text() == content
    assert os.listdir(tmp_path) == ["a"]
