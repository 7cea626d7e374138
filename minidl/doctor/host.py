"""Checks of the machine without its GPU: Python, NumPy's BLAS and its threads, OpenCV, data, disk."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata

from .._version import __version__
from ..backend.numpy.threads import available_cores, get_num_threads
from ..data.sources import cache_folder, verify
from .report import FAIL, OK, WARN, Check, Finding

OLDEST_PYTHON = (3, 11)
ROOM = 200 << 20  # bytes: MNIST packed and unpacked, and a few run folders
OPENCVS = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")


def python() -> Finding:
    """Its version."""
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}; minidl {__version__}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding(FAIL, "Python", detail, "install Python 3.11 or newer")
    return Finding(OK, "Python", detail)


def blas() -> Finding:
    """NumPy's library for matrix products, and how many threads share the work."""
    import numpy as np
    from threadpoolctl import threadpool_info

    libraries = [x for x in threadpool_info() if x["user_api"] == "blas" and "numpy" in x["filepath"]]
    libraries = libraries or [x for x in threadpool_info() if x["user_api"] == "blas"]
    cores, threads = available_cores(), get_num_threads()
    if not libraries:
        return Finding(
            WARN, "NumPy", f"{np.__version__}, no BLAS found: products will be slow", "pip install --force numpy"
        )
    library = libraries[0]
    detail = (
        f"{np.__version__}, {library['internal_api']} {library['version']} ({library.get('architecture', '?')}), "
        f"{library['num_threads']} BLAS threads, {threads} of minidl's, {cores} cores"
    )
    if max(threads, library["num_threads"]) > cores:
        return Finding(
            WARN, "NumPy", detail + ": more threads than cores", "unset OPENBLAS_NUM_THREADS MINIDL_NUM_THREADS"
        )
    return Finding(OK, "NumPy", detail)


def opencv() -> Finding:
    """OpenCV, which the transforms use; two wheels of it overwrite each other's files."""
    import cv2

    wheels = [name for name in OPENCVS if _version(name) is not None]
    if len(wheels) > 1:
        return Finding(
            WARN, "OpenCV", f"{cv2.__version__}, from {len(wheels)} wheels that overwrite each other: "
            f"{', '.join(wheels)}", f"pip uninstall -y {' '.join(wheels)} && pip install {wheels[0]}",
        )  # fmt: skip
    return Finding(OK, "OpenCV", f"{cv2.__version__} ({', '.join(wheels) or 'not from a wheel'})")


def data_cache() -> Finding:
    """MNIST in the cache, and whether its files are the genuine ones."""
    report = verify()
    missing = [file.name for file in report.files if file.status == "missing"]
    if report.ok:
        return Finding(OK, "Data", f"MNIST in {report.folder}, its files genuine")
    if len(missing) == len(report.files):
        return Finding(
            WARN, "Data", f"MNIST is not in {report.folder}; the bundled sample is used", "minidl data fetch"
        )
    wrong = [f"{file.name}: {file.status}" for file in report.files if file.status != "genuine"]
    return Finding(FAIL, "Data", f"{report.folder}: {'; '.join(wrong)}", "minidl data fetch")


def disk_space() -> Finding:
    """Room for data and run folders, here and in the cache."""
    folder = cache_folder()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = {place: shutil.disk_usage(place).free for place in (str(folder), os.getcwd())}
    detail = ", ".join(f"{room / 2**30:.1f} GiB free in {place}" for place, room in free.items())
    if min(free.values()) < ROOM:
        return Finding(WARN, "Disk", detail, "free some space, or set MINIDL_DATA to a folder on another disk")
    return Finding(OK, "Disk", detail)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


HOST: tuple[Check, ...] = (python, blas, opencv, data_cache, disk_space)
