"""Seeded mistakes: code that passes on NumPy and must fail here, each as somebody once wrote it."""

from __future__ import annotations

import numpy as np
import pytest


def numpy_buffer_mixed_in(xp, x):
    return x + np.ones(3, np.float32)


def numpy_row_assigned(xp, x):
    x[0] = np.ones(3, np.float32)
    return x


def asarray_of_a_device_array(xp, x):
    return np.asarray(x)


def assigned_into_a_host_array(xp, x):
    host = np.zeros((2, 3), np.float32)
    host[:] = x
    return host


def numpy_concatenate(xp, x):
    return np.concatenate([x, np.zeros((1, 3), np.float32)])


def sum_where(xp, x):
    return x.sum(where=x > 1)


def max_initial(xp, x):
    return xp.max(x, initial=0)


def seterr(xp, x):
    xp.seterr(all="raise")
    return x


def generator_permutation(xp, x):
    return xp.random.Generator.permutation


def numpy_array_to_a_kernel(xp, x):
    if xp is np:
        return x
    kernel = xp.RawKernel('extern "C" __global__ void one(float* x) { x[0] = 1; }', "one")
    kernel((1,), (1,), (np.zeros(4, np.float32),))
    return x


MISTAKES = {
    numpy_buffer_mixed_in: TypeError,
    numpy_row_assigned: ValueError,
    asarray_of_a_device_array: TypeError,
    assigned_into_a_host_array: TypeError,
    numpy_concatenate: TypeError,
    sum_where: TypeError,
    max_initial: TypeError,
    seterr: AttributeError,
    generator_permutation: AttributeError,
    numpy_array_to_a_kernel: TypeError,
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda f: f.__name__)
def test_passes_on_numpy_and_fails_here(cp, mistake):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    with np.errstate():
        mistake(np, x.copy())
    with pytest.raises(MISTAKES[mistake]):
        mistake(cp, cp.asarray(x))


def test_label_out_of_range_is_silent_on_the_device(cp):
    """NumPy raises; CuPy wraps round. A test that expects an error for such a label fails here if it gets that far."""
    x = np.arange(6.0).reshape(2, 3)
    labels = np.array([7, 0])
    with pytest.raises(IndexError):
        x[np.arange(2), labels]
    picked = cp.asarray(x)[cp.arange(2), cp.asarray(labels)]
    assert picked.tolist() == [1.0, 3.0]


def test_launch_that_no_gpu_would_take(cp):
    kernel = cp.RawKernel('extern "C" __global__ void one(float* x) { x[0] = 1; }', "one")
    x = cp.zeros(1, np.float32)
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="INVALID_VALUE"):
        kernel((1,), (2048,), (x,))
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="INVALID_VALUE"):
        kernel((1,), (32,), (x,), shared_mem=64 << 10)
    assert x.item() == 0


def test_memory_that_no_gpu_has(cp):
    with pytest.raises(cp.cuda.memory.OutOfMemoryError):
        cp.empty(1 << 45, np.uint8)


def test_copy_in_the_wrong_direction(cp):
    x, host = cp.zeros(4, np.float32), np.zeros(4, np.float32)
    runtime = cp.cuda.runtime
    with pytest.raises(runtime.CUDARuntimeError, match="InvalidValue"):
        runtime.memcpy(host.ctypes.data, x.data.ptr, x.nbytes, runtime.memcpyHostToDevice)
    with pytest.raises(runtime.CUDARuntimeError, match="InvalidValue"):
        runtime.memcpy(x.data.ptr, host.ctypes.data, 1 << 20, runtime.memcpyHostToDevice)
