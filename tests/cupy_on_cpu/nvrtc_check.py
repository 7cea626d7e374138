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
import re
import sys
import time
from pathlib import Path

from tests.cupy_on_cpu.build import LaneUnavailable, cache_folder, check_requirements, cupy_include

ARCHITECTURES = ("sm_75", "sm_80", "sm_90")
NAME = re.compile(r"__global__[^;{]*?\bvoid\s+(?:__launch_bounds__\(\d+\)\s*)?(\w+)\s*\(")
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


def name_of(kernel: Path) -> str:
    """The kernel's name without the types that CuPy appends: `cupy_add` for `cupy_add__float32_float32_float32`."""
    found = NAME.search(json.loads(kernel.read_text())["source"])
    return found[1].split("__")[0] if found else kernel.stem


def selected(kernels: list[Path], ours_first: bool) -> list[tuple[Path, str]]:
    """Which kernel is compiled for which architecture: each for all of them; or minidl's own for all of them, and of
    those that CuPy generates, tested by CuPy, the first of each name for one."""
    if not ours_first:
        return [(kernel, architecture) for kernel in kernels for architecture in ARCHITECTURES]
    jobs, seen = [], set()
    for kernel in kernels:
        name = name_of(kernel)
        if "minidl" in kernel.read_text():
            jobs += [(kernel, architecture) for architecture in ARCHITECTURES]
        elif name not in seen:
            jobs.append((kernel, ARCHITECTURES[len(seen) % len(ARCHITECTURES)]))
        seen.add(name)
    return jobs


def run(folder: Path, used_since: float, processes: int, ours_first: bool) -> tuple[int, int, list[str]]:
    """Compile what has not been compiled yet. -> kernels, compilations done now, failures as text"""
    version = check_wheels()[WHEELS[0]]
    kernels = [path for path in sorted(folder.glob("*.json")) if path.stat().st_mtime >= used_since]
    jobs = [job for job in selected(kernels, ours_first) if not _mark(*job, version).exists()]
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
    parser.add_argument(
        "--ours-first", action="store_true", help="of the kernels that CuPy generates, only the first of each name"
    )
    arguments = parser.parse_args(argv)
    started = time.perf_counter()
    used_since = 0.0 if arguments.used_within is None else time.time() - 60 * arguments.used_within
    try:
        folder = arguments.folder or cache_folder() / "kernels"
        kernels, compiled, failures = run(folder, used_since, arguments.processes, arguments.ours_first)
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
