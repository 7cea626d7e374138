"""What cannot be emulated ends the process at once, by name: never a wrong result."""

from __future__ import annotations

import signal

import pytest

DIVERGENT = {
    "two different barriers": "if (threadIdx.x < 8) __syncthreads();\n else __syncthreads();",
    "a barrier and a warp operation": "if (threadIdx.x < 8) __syncthreads();\n else __syncwarp();",
    "a lane of the mask that never comes": "if (threadIdx.x < 8) __shfl_sync(~0u, 1, 0);\n else __syncthreads();",
}
KERNEL = """
kernel = cp.RawKernel(r'''extern "C" __global__ void k(float* x) {{
  {body}
  x[threadIdx.x] = 1;
}}''', "k")
kernel((1,), (32,), (cp.zeros(32, np.float32),))
"""


@pytest.mark.parametrize("case", DIVERGENT)
def test_divergent_barrier(python_in_lane, case):
    done = python_in_lane(KERNEL.format(body=DIVERGENT[case]))
    assert done.returncode == -signal.SIGABRT
    assert "divergent barrier" in done.stderr
    assert "from thread 0 on" in done.stderr
    assert "from thread 8 on" in done.stderr


def test_lane_outside_its_own_mask(python_in_lane):
    done = python_in_lane(KERNEL.format(body="__syncwarp(0x0000ffffu);"))
    assert done.returncode == -signal.SIGABRT
    assert "lane 16 is not in its own mask" in done.stderr


@pytest.mark.parametrize(
    ("code", "symbol"),
    [
        ("cp.random.rand(3)", "curandCreateGenerator"),
        ("cp.cuda.malloc_managed(10)", "mallocManaged"),
        ("cp.ones((2, 2), np.complex64) @ cp.ones((2, 2), np.complex64)", "cublasGemmEx with types"),
        ("from cupy_backends.cuda.api import driver; driver.moduleLoad('x.cubin')", "cuModuleLoad"),
        ("cp.cuda.runtime.deviceGetLimit(0)", "deviceGetLimit"),
    ],
)
def test_unsupported_symbol(python_in_lane, code, symbol):
    done = python_in_lane(code)
    assert done.returncode == -signal.SIGABRT, done.stderr
    assert symbol in done.stderr
    assert "is not emulated" in done.stderr


def test_runaway_recursion_faults_instead_of_corrupting(python_in_lane):
    code = KERNEL.format(body="__syncthreads(); volatile char big[300000]; big[0] = 1; x[0] = big[0];")
    assert python_in_lane(code).returncode == -signal.SIGSEGV


def test_lockstep_kernels_are_refused(python_in_lane):
    done = python_in_lane("cp.partition(cp.arange(100_000.0), 3)")
    assert done.returncode == 1
    assert "NotImplementedError" in done.stderr
    assert "sort or argsort instead" in done.stderr
