"""Resolve the extras for a GPU as pip would on a new machine, and check that they include all that a kernel needs.

    python scripts/resolve_extras.py

uv resolves by the metadata of the packages, on Linux and Windows and for the oldest and the newest Python, without
downloading them: together they take over a gigabyte. Only CUDA's runtime, 3 MB, is fetched, to see its headers.
Exit code 1 if something is missing. Needs uv (in the extra `dev`), and the network.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
NEEDED = {  # the parts of CUDA that must come with each extra
    "gpu": ("cupy-cuda12x", "nvidia-cuda-nvrtc-cu12", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12"),
    "gpu-cuda13": ("cupy-cuda13x", "nvidia-cuda-nvrtc", "nvidia-cublas", "nvidia-cuda-runtime"),
}
HEADERS = ("cuda_runtime.h", "cuda_fp16.h", "vector_types.h")  # that CuPy's kernels include
PLATFORMS, PYTHONS = ("linux", "windows"), ("3.11", "3.13")
SECONDS = 120


def resolved(extra: str, platform: str, python: str) -> dict[str, str]:
    """Every package that the extra brings there, with its version. Raises `SystemExit` if it cannot be resolved."""
    command = ["uv", "pip", "compile", str(PROJECT), "--extra", extra, "--no-header", "--no-annotate", "--quiet"]
    command += ["--python-version", python, "--python-platform", platform]
    return packages(_output(command))


def packages(text: str) -> dict[str, str]:
    """The packages in a list of requirements.

    >>> packages("numpy==2.4.6\\ncuda-toolkit[nvrtc]==12.9.2 ; python_version > '3'\\n# a comment")
    {'numpy': '2.4.6', 'cuda-toolkit': '12.9.2'}
    """
    return dict(re.findall(r"^([\w.-]+)(?:\[.*?\])?==([^\s;]+)", text, re.MULTILINE))


def missing(extra: str, found: dict[str, str]) -> list[str]:
    """The packages that the extra should bring, but does not."""
    return [name for name in NEEDED[extra] if name not in found]


def missing_headers(runtime: str, version: str) -> list[str]:
    """The headers that CUDA's runtime package does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        _output([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                 "--dest", folder, f"{runtime}=={version}"])  # fmt: skip
        (wheel,) = Path(folder).glob("*.whl")
        held = {Path(name).name for name in zipfile.ZipFile(wheel).namelist()}
    return [header for header in HEADERS if header not in held]


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{' '.join(command)}: took more than {SECONDS} seconds") from None
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    failed = False
    for extra, needed in NEEDED.items():
        for platform in PLATFORMS:
            for python in PYTHONS:
                found = resolved(extra, platform, python)
                lacks = missing(extra, found)
                failed = failed or bool(lacks)
                told = ", ".join(f"{name} {found[name]}" for name in needed if name in found)
                print(
                    f"{extra}, {platform}, Python {python}: {told}"
                    + (f"; MISSING: {', '.join(lacks)}" if lacks else "")
                )
        if (runtime := needed[-1]) in found:
            lacks = missing_headers(runtime, found[runtime])
            failed = failed or bool(lacks)
            print(f"{runtime}: " + (f"MISSING: {', '.join(lacks)}" if lacks else f"holds {', '.join(HEADERS)}"))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
