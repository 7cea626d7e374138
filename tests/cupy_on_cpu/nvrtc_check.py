"""Compile with NVIDIA's own compiler every kernel that the lane has seen, for real cards. No GPU is needed.

    pip install nvidia-cuda-nvrtc-cu12 nvidia-cuda-runtime-cu12
    python -m tests.cupy_on_cpu.nvrtc_check

Not under the launcher: NVRTC needs a process without the stand-in driver. A kernel that compiled once is not compiled
again; exit code 1 if any fails, with the compiler's words. The cache also holds kernels that no code asks for any more:
`--used-within 60` checks those that the lane used in the last hour.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

from tests.cupy_on_cpu.build import LaneUnavailable, cache_folder, check_requirements, cupy_include

ARCHITECTURES = ("sm_75", "sm_80", "sm_90")
WHEELS = ("nvidia-cuda-nvrtc-cu12", "nvidia-cuda-runtime-cu12")


def check_wheels() -> dict[str, str]:
    """The versions of NVIDIA's two wheels; LaneUnavailable says which one is missing."""
    check_requirements()
    versions = {}
    for wheel in WHEELS:
        try:
            versions[wheel] = importlib.metadata.version(wheel)
        except importlib.metadata.PackageNotFoundError:
            raise LaneUnavailable(f"{wheel} is not installed; install it: pip install {wheel}") from None
    return versions


def _options() -> tuple[str, ...]:
    """What CuPy itself adds to a kernel's own options."""
    include = cupy_include()
    cuda = importlib.metadata.distribution(WHEELS[1]).locate_file("nvidia/cuda_runtime/include")
    cccl = [f"-I{include}/cupy/_cccl/{part}" for part in ("cub", "thrust", "libcudacxx")]
    return (*cccl, f"-I{include}", f"-I{cuda}", "-ftz=true", "--device-as-default-execution-space")


def compile_kernel(job: tuple[Path, str]) -> tuple[Path, str, str]:
    """One recorded source for one architecture. -> the job, and the compiler's complaint or nothing"""
    from cupy_backends.cuda.libs import nvrtc

    path, architecture = job
    kernel = json.loads(path.read_text())
    program = nvrtc.createProgram(kernel["source"], "kernel.cu", (), ())
    for expression in kernel["name_expressions"]:
        nvrtc.addNameExpression(program, expression)
    try:
        nvrtc.compileProgram(program, (*kernel["options"], *_options(), f"-arch={architecture}"))
        if not nvrtc.getCUBIN(program):
            return path, architecture, "the compiler returned nothing"
    except nvrtc.NVRTCError:
        return path, architecture, nvrtc.getProgramLog(program)
    finally:
        nvrtc.destroyProgram(program)
    return path, architecture, ""


def _mark(path: Path, architecture: str, version: str) -> Path:
    """The empty file that says: this source compiled, with this NVRTC."""
    return path.with_name(f"{path.stem}.{architecture}.nvrtc-{version}")


def architectures_for(kernel: Path, one_each: bool) -> tuple[str, ...]:
    """All of them; or one, which the kernel's name decides: of many kernels, a third for each."""
    return (ARCHITECTURES[int(kernel.stem, 16) % len(ARCHITECTURES)],) if one_each else ARCHITECTURES


def run(folder: Path, used_since: float, processes: int, one_each: bool) -> tuple[int, int, list[str]]:
    """Compile what has not been compiled yet. -> kernels, compilations done now, failures as text"""
    version = check_wheels()[WHEELS[0]]
    kernels = [path for path in sorted(folder.glob("*.json")) if path.stat().st_mtime >= used_since]
    jobs = [(k, a) for k in kernels for a in architectures_for(k, one_each) if not _mark(k, a, version).exists()]
    failures = []
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for path, architecture, complaint in pool.imap_unordered(compile_kernel, jobs, chunksize=4):
            if complaint:
                failures.append(f"{path} for {architecture}:\n{complaint[:2000]}")
            else:
                _mark(path, architecture, version).touch()
    return len(kernels), len(jobs), failures


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cupy_on_cpu.nvrtc_check", description=__doc__)
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="compilations at once")
    parser.add_argument("--folder", type=Path, help="the recorded kernels (default: those of this build)")
    parser.add_argument("--used-within", type=float, metavar="MINUTES", help="leave older kernels of the cache out")
    parser.add_argument("--one-each", action="store_true", help="each kernel for one of the architectures, not for all")
    arguments = parser.parse_args(argv)
    started = time.perf_counter()
    used_since = 0.0 if arguments.used_within is None else time.time() - 60 * arguments.used_within
    try:
        folder = arguments.folder or cache_folder() / "kernels"
        kernels, compiled, failures = run(folder, used_since, arguments.processes, arguments.one_each)
    except LaneUnavailable as reason:
        print(f"nvrtc_check: {reason}", file=sys.stderr)
        return 1
    print(*failures, sep="\n")
    seconds = time.perf_counter() - started
    print(
        f"nvrtc_check: {kernels} kernels for {', '.join(ARCHITECTURES)}; {compiled} compilations in {seconds:.1f} s, "
        f"{len(failures)} failed"
    )
    if kernels == 0:
        print(
            "nvrtc_check: nothing was recorded: run something under python -m tests.cupy_on_cpu first", file=sys.stderr
        )
    return int(bool(failures) or kernels == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
