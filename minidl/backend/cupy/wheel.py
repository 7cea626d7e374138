"""Which of CuPy's wheels suits a machine: the one for CUDA 12 or the one for CUDA 13.

A bare wheel has neither NVRTC nor cuBLAS nor CUDA's headers, without which no kernel compiles: its extra `ctk` brings
them, so that the machine needs a driver and nothing else.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

SECONDS = 20  # nvidia-smi hangs when a driver is only partly installed
USUAL, NEWER = 12, 13  # versions of CUDA
LEAST_DRIVER = {12: 525, 13: 580}  # the oldest driver for each, by its major version
LEAST_CAPABILITY = {12: 5.0, 13: 7.5}  # the oldest GPUs for each: Maxwell, Turing


@dataclass(frozen=True)
class Gpu:
    """What decides: the driver, such as "580.65.06", and the GPU's compute capability; None where unknown."""

    driver: str
    capability: float | None

    def runs(self, cuda: int) -> bool:
        """Whether that version of CUDA runs on this GPU."""
        new_enough = int(self.driver.partition(".")[0]) >= LEAST_DRIVER[cuda]
        return new_enough and (self.capability is None or self.capability >= LEAST_CAPABILITY[cuda])

    def __str__(self) -> str:
        return f"driver {self.driver}" + (f", compute capability {self.capability}" if self.capability else "")


@dataclass(frozen=True)
class Torch:
    """An installed PyTorch: its version, and the version of CUDA that it brings, None for its CPU build."""

    version: str
    cuda: int | None


@dataclass(frozen=True)
class Choice:
    """A wheel, and the reason for choosing it."""

    cuda: int
    why: str

    @property
    def wheel(self) -> str:
        """The distribution's name on PyPI."""
        return f"cupy-cuda{self.cuda}x"

    @property
    def install(self) -> str:
        """The command that installs it, with what it needs."""
        return f'pip install "{self.wheel}[ctk]"'


def choose(gpu: Gpu | None, torch: Torch | None) -> Choice:
    """The wheel for that GPU (None: there is none, or no driver) in a process that may load that PyTorch too.

    >>> choose(Gpu("580.65.06", 9.0), None).install
    'pip install "cupy-cuda12x[ctk]"'
    >>> choose(Gpu("580.65.06", 9.0), Torch("2.11.0", 13)).why
    'torch 2.11.0 brings CUDA 13, and one process cannot hold two; driver 580.65.06, compute capability 9.0: runs it'
    """
    if gpu is None:
        return Choice(USUAL, "no driver says otherwise, and it suits most machines")
    if not gpu.runs(USUAL):
        return Choice(USUAL, f"{gpu}: too old; CUDA 12 needs driver {LEAST_DRIVER[USUAL]} and a Maxwell GPU, or newer")
    if torch is None or torch.cuda not in (USUAL, NEWER):
        return Choice(USUAL, f"{gpu}: runs CUDA {USUAL}, and no torch here brings another")
    if gpu.runs(torch.cuda):
        why = f"torch {torch.version} brings CUDA {torch.cuda}, and one process cannot hold two; {gpu}: runs it"
        return Choice(torch.cuda, why)
    why = f"{gpu}: runs CUDA {USUAL}, not the CUDA {torch.cuda} of torch {torch.version}; import only one of the two"
    return Choice(USUAL, why)


@cache
def for_this_machine() -> Choice:
    """The wheel for this machine, as it was when first asked."""
    return choose(_gpu(), _torch())


def _gpu() -> Gpu | None:
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", "--query-gpu=driver_version,compute_cap", "--format=csv,noheader"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=SECONDS).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"(\d+[.\d]*)(?:,\s*(\d+\.\d+))?", told)  # the first GPU; old drivers report no capability
    return Gpu(found[1], float(found[2]) if found[2] else None) if found else None


def _torch() -> Torch | None:
    """The installed PyTorch according to its files, which saves the seconds that importing it takes."""
    try:
        found = metadata.distribution("torch")
        told = Path(str(found.locate_file("torch/version.py"))).read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError):
        return None
    cuda = re.search(r"^cuda\b.*= '(\d+)", told, re.MULTILINE)
    return Torch(found.version, int(cuda[1]) if cuda else None)
