"""Handwritten kernels: barriers, votes, shuffles, shared memory, atomics, templates and constants."""

from __future__ import annotations

import numpy as np
import pytest

BLOCK_SUM = r"""
extern "C" __global__ void block_sum(const float* x, float* y, int n) {
  extern __shared__ float partial[];
  int t = threadIdx.x;
  partial[t] = t < n ? x[t] : 0;
  __syncthreads();
  for (int s = blockDim.x / 2; s > 0; s >>= 1) {
    if (t < s) partial[t] += partial[t + s];
    __syncthreads();
  }
  if (t == 0) y[blockIdx.x] = partial[0];
}"""

EARLY_RETURN = r"""
extern "C" __global__ void early_return(float* x, int n) {
  __shared__ float first;
  int t = threadIdx.x;
  if (t >= n) return;                    // threads that have returned are not waited for
  if (t == 0) first = x[0];
  __syncthreads();
  x[t] += first;
}"""

WARP = r"""
extern "C" __global__ void warp(int* out) {
  const unsigned all = 0xffffffffu;
  int t = threadIdx.x, lane = t % 32;
  int sum = t;
  for (int step = 16; step; step >>= 1) sum += __shfl_xor_sync(all, sum, step);
  out[t * 8 + 0] = sum;
  out[t * 8 + 1] = __shfl_up_sync(all, t, 3);
  out[t * 8 + 2] = __shfl_down_sync(all, t, 3);
  out[t * 8 + 3] = __shfl_sync(all, t, 5);
  out[t * 8 + 4] = __shfl_up_sync(all, t, 1, 8);
  out[t * 8 + 5] = (int)__ballot_sync(all, lane % 2);
  out[t * 8 + 6] = __any_sync(all, lane == 7) + 2 * __all_sync(all, lane < 31);
  int half = 0;
  if (lane < 16) half = __shfl_sync(0x0000ffffu, t, 0);
  else half = __shfl_sync(0xffff0000u, t, 16);
  out[t * 8 + 7] = half;
}"""

VOTE = r"""
extern "C" __global__ void vote(int* out) {
  int t = threadIdx.x;
  int odd = __syncthreads_count(t % 2);
  out[t] = odd + 1000 * __syncthreads_or(t == 3) + 2000 * __syncthreads_and(t < 99);
}"""


def test_dynamic_shared_memory_and_barriers(cp):
    out = cp.empty(2, np.float32)
    cp.RawKernel(BLOCK_SUM, "block_sum")(
        (2,), (128,), (cp.arange(100, dtype=np.float32), out, np.int32(100)), shared_mem=512
    )
    assert out.tolist() == [4950.0, 4950.0]


def test_threads_that_returned_are_not_waited_for(cp):
    x = cp.arange(1, 65, dtype=np.float32)
    cp.RawKernel(EARLY_RETURN, "early_return")((1,), (64,), (x, np.int32(40)))
    expected = np.arange(1, 65) + (np.arange(64) < 40)
    assert x.tolist() == expected.tolist()


def test_warp_operations(cp):
    out = cp.empty((64, 8), np.int32)
    cp.RawKernel(WARP, "warp")((1,), (64,), (out,))
    t = np.arange(64)
    lane, start = t % 32, t // 32 * 32
    expected = np.stack([
        start * 32 + 496,
        np.where(lane >= 3, t - 3, t),
        np.where(lane < 29, t + 3, t),
        start + 5,
        np.where(t % 8 >= 1, t - 1, t),
        np.full(64, np.array(0xAAAAAAAA, np.uint32).view(np.int32)),
        np.ones(64),
        t // 16 * 16,
    ], axis=1)  # fmt: skip
    assert np.array_equal(out.get(), expected)


def test_votes_of_a_block(cp):
    out = cp.empty(50, np.int32)
    cp.RawKernel(VOTE, "vote")((1,), (50,), (out,))
    assert set(out.tolist()) == {25 + 1000 + 2000}


def test_atomics(cp):
    source = r"""extern "C" __global__ void count(int* total, float* sum, unsigned* largest, int* firsts) {
      atomicAdd(total, 1); atomicAdd(sum, 0.5f); atomicMax(largest, threadIdx.x);
      if (atomicCAS(firsts, 0, 1) == 0) atomicAdd(firsts + 1, 1);
    }"""
    total, firsts = cp.zeros(1, np.int32), cp.zeros(2, np.int32)
    total_float, largest = cp.zeros(1, np.float32), cp.zeros(1, np.uint32)
    cp.RawKernel(source, "count")((3,), (70,), (total, total_float, largest, firsts))
    assert (total.item(), total_float.item(), largest.item(), firsts.tolist()) == (210, 105.0, 69, [1, 1])


def test_grids_of_three_dimensions(cp):
    source = r"""extern "C" __global__ void where_am_i(int* out) {
      int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
      int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
      out[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1 + thread + 100 * block;
    }"""
    out = cp.zeros((2 * 3 * 4, 5 * 2 * 3), np.int32)
    cp.RawKernel(source, "where_am_i")((2, 3, 4), (5, 2, 3), (out,))
    assert np.array_equal(out.get(), 1 + np.arange(30) + 100 * np.arange(24)[:, None])


def test_templates_and_constants(cp):
    source = r"""__constant__ float factor[2];
    template <class T> __global__ void scale(T* x) { x[threadIdx.x] *= factor[1]; }"""
    module = cp.RawModule(code=source, options=("-std=c++17",), name_expressions=("scale<float>", "scale<double>"))
    factor = cp.ndarray(2, np.float32, module.get_global("factor"))
    factor[...] = cp.asarray([1, 3], np.float32)
    for name, dtype in (("scale<float>", np.float32), ("scale<double>", np.float64)):
        x = cp.arange(4, dtype=dtype)
        module.get_function(name)((1,), (4,), (x,))
        assert x.tolist() == [0, 3, 6, 9]


def test_elementwise_and_reduction_kernels(cp):
    x = cp.arange(12, dtype=np.float32).reshape(3, 4)
    scale = cp.ElementwiseKernel("T x, float32 a", "T y", "y = a * x + i", "scale_and_index")
    assert np.array_equal(scale(x, 2).get(), 3 * np.arange(12.0).reshape(3, 4))
    norm = cp.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "length_of_rows")
    np.testing.assert_allclose(norm(x, axis=1).get(), np.linalg.norm(x.get(), axis=1), rtol=1e-6)


def test_fused_function(cp):
    @cp.fuse()
    def squared_distance(a, b):
        return cp.sum((a - b) ** 2)

    a, b = cp.arange(6, dtype=np.float32), cp.ones(6, np.float32)
    assert squared_distance(a, b).item() == pytest.approx(((np.arange(6) - 1.0) ** 2).sum())


def test_half_in_a_handwritten_kernel(cp):
    source = r"""#include <cuda_fp16.h>
    extern "C" __global__ void axpy(const __half* x, __half* y, float a) {
      int i = threadIdx.x;
      y[i] = __float2half(a * __half2float(x[i]) + __half2float(y[i]));
    }"""
    x, y = cp.arange(8, dtype=np.float16), cp.ones(8, np.float16)
    cp.RawKernel(source, "axpy")((1,), (8,), (x, y, np.float32(0.1)))
    expected = (np.float32(0.1) * np.arange(8, dtype=np.float32) + 1).astype(np.float16)
    assert np.array_equal(y.get(), expected)


def test_shared_memory_starts_as_poison(cp):
    """A kernel that reads shared memory before writing it gets no zeros to hide behind."""
    source = r"""extern "C" __global__ void unwritten(unsigned char* out) {
      __shared__ unsigned char buffer[64];
      out[blockIdx.x] = buffer[threadIdx.x];
      buffer[threadIdx.x] = 0;
    }"""
    out = cp.zeros(3, np.uint8)
    cp.RawKernel(source, "unwritten")((3,), (1,), (out,))
    from tests.cupy_on_cpu import memory

    assert out.tolist() == [memory.POISON] * 3
