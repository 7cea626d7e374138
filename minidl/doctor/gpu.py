"""Checks of the GPU, from the driver up to a product of matrices. Without an NVIDIA driver they only warn."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from importlib import metadata
from typing import Any

import numpy as np

from ..backend import get_backend
from ..backend.cupy.wheel import USUAL, for_this_machine
from ..errors import BackendError, first_line
from .report import FAIL, OK, WARN, Check, Finding

SECONDS = 20  # seconds: nvidia-smi hangs if a driver is half installed
NO_GPU = "nothing to do without an NVIDIA GPU; --backend numpy needs none"


def nvidia_smi() -> Finding:
    """What NVIDIA's own tool says about driver and card."""
    if shutil.which("nvidia-smi") is None:
        return Finding(WARN, "nvidia-smi", "not found: no NVIDIA driver, or not on the PATH", NO_GPU)
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode != 0:
        what, *_ = (done.stdout + done.stderr).strip().splitlines() or ["it prints nothing"]
        return Finding(FAIL, "nvidia-smi", what, "reinstall the driver, then reboot; in a container: --gpus all")
    return Finding(OK, "nvidia-smi", "; ".join(done.stdout.strip().splitlines()))


def nvcc() -> Finding:
    """NVIDIA's command-line compiler, which CuPy does not need."""
    path = shutil.which("nvcc")
    if path is None:
        return Finding(
            OK, "nvcc", f"not found, and not needed: {for_this_machine().wheel}[ctk] brings NVRTC and its headers"
        )
    done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=SECONDS)
    return Finding(OK, "nvcc", (done.stdout.strip().splitlines() or ["no version"])[-1])


def cupy_wheel() -> Finding:
    """CuPy comes from one wheel that suits driver, GPU and PyTorch; two overwrite each other's files."""
    found = {
        name: dist.version
        for dist in metadata.distributions()
        if (name := (dist.metadata["Name"] or "").lower()) == "cupy" or name.startswith("cupy-")
    }
    right = for_this_machine()
    if not found:
        remedy = f"{right.install}, if there is an NVIDIA GPU ({right.why})"
        return Finding(WARN, "CuPy", "not installed", remedy)
    wheels = ", ".join(f"{name} {version}" for name, version in found.items())
    if len(found) > 1:
        return Finding(
            FAIL, "CuPy", f"several wheels clash: {wheels}", f"pip uninstall -y {' '.join(found)}; {right.install}"
        )
    if right.wheel not in found and right.cuda != USUAL:
        return Finding(
            WARN, "CuPy", f"{wheels}, but {right.why}", f"pip uninstall -y {' '.join(found)}; {right.install}"
        )
    return Finding(OK, "CuPy", wheels)


def driver_and_runtime() -> Finding:
    """The versions of both; a driver must not be older than what CuPy was built for."""
    runtime = _cupy().cuda.runtime
    driver, built = runtime.driverGetVersion(), runtime.runtimeGetVersion()
    detail = f"driver for CUDA {_dotted(driver)}, CuPy's runtime {_dotted(built)}"
    if driver == 0:
        return Finding(WARN, "CUDA", f"no driver; CuPy's runtime {_dotted(built)}", NO_GPU)
    if driver // 1000 < built // 1000:
        return Finding(FAIL, "CUDA", detail, "update the NVIDIA driver")
    return Finding(OK, "CUDA", detail)


def device() -> Finding:
    """The GPU's name, its memory and what it can do."""
    runtime = _cupy().cuda.runtime
    count = runtime.getDeviceCount()
    properties = runtime.getDeviceProperties(0)
    free, total = runtime.memGetInfo()
    detail = (
        f"{properties['name'].decode()}, compute capability {properties['major']}.{properties['minor']}, "
        f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    )
    if count > 1:
        detail += f"; {count} GPUs, number 0 is used (CUDA_VISIBLE_DEVICES chooses)"
    return Finding(OK, "GPU", detail)


def compile_a_kernel() -> Finding:
    """NVRTC from source to result, with a kernel that no cache can hold."""
    cupy = _cupy()
    name = f"minidl_{uuid.uuid4().hex}"
    x = cupy.zeros(4, np.int32)
    cupy.RawKernel(f'extern "C" __global__ void {name}(int* x) {{ x[threadIdx.x] = 7; }}', name)((1,), (4,), (x,))
    return _verdict("compile", x.tolist() == [7] * 4, "a kernel compiles and runs")


def allocate() -> Finding:
    """The GPU's memory keeps what is written to it."""
    x = _cupy().full(1 << 22, 3, np.float32)
    return _verdict("memory", float(x.sum()) == 3.0 * (1 << 22), "16 MiB allocated, written and summed")


def multiply() -> Finding:
    """A product of matrices by cuBLAS."""
    cupy = _cupy()
    x = np.arange(64 * 64, dtype=np.float32).reshape(64, 64) / 4096
    found = cupy.asnumpy(cupy.asarray(x) @ cupy.asarray(x))
    return _verdict("matmul", np.allclose(found, x @ x, rtol=1e-3), "cuBLAS multiplies as NumPy does")


def _verdict(part: str, right: bool, detail: str) -> Finding:
    return Finding(OK, part, detail) if right else Finding(FAIL, part, "a wrong result", "nvidia-smi -q; test the card")


def _cupy() -> Any:
    import cupy

    return cupy


def _dotted(version: int) -> str:
    """12090 -> 12.9"""
    return f"{version // 1000}.{version % 1000 // 10}"


def _needs_gpu(part: str, check: Check) -> Check:
    """The check of that part, or a warning if there is nothing to check it on."""

    def guarded() -> Finding:
        try:
            cupy = _cupy()
        except Exception as error:  # not there, or broken
            missing = isinstance(error, ModuleNotFoundError)
            why = "CuPy is not installed" if missing else first_line(error.__cause__ or error)
            remedy = f"{for_this_machine().install}, if there is an NVIDIA GPU"
            return Finding(WARN if missing else FAIL, part, f"not tried: {why}", remedy)
        try:
            if part != "CUDA" and cupy.cuda.runtime.driverGetVersion() == 0:
                return Finding(WARN, part, "not tried: there is no driver", NO_GPU)
            return check()
        except Exception as error:  # CUDA, NVRTC and cuBLAS have errors of their own
            remedy = (
                f"{for_this_machine().install}; it brings NVRTC, cuBLAS and CUDA's headers"
                if part in ("compile", "matmul")
                else "update the NVIDIA driver, check CUDA_VISIBLE_DEVICES, and run nvidia-smi"
            )
            return Finding(FAIL, part, f"{type(error).__name__}: {first_line(error)}", remedy)

    return guarded


def usable() -> Finding:
    """The backend's own verdict, in its own words."""
    try:
        gpu = get_backend("cuda")
    except BackendError as error:
        return Finding(WARN, "--backend cupy", str(error), "see the lines above")
    usable_on = f"usable on {gpu.device_label()}"
    if gpu.emulated:
        return Finding(WARN, "--backend cupy", f"{usable_on}: host memory, no GPU; its speed means nothing",
                       "run without tests.cupy_on_cpu")  # fmt: skip
    return Finding(OK, "--backend cupy", usable_on)


ON_GPU: dict[str, Check] = {
    "CUDA": driver_and_runtime, "GPU": device, "compile": compile_a_kernel, "memory": allocate, "matmul": multiply
}  # fmt: skip
GPU: tuple[Check, ...] = (nvidia_smi, nvcc, cupy_wheel, *(_needs_gpu(*named) for named in ON_GPU.items()), usable)
