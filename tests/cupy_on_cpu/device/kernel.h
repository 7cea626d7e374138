// CUDA's words, as g++ can compile them: the first line of every kernel source that the lane compiles for the host.
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>
#include "emulated.h"

#define __device__
#define __host__
#define __global__
#define __constant__
#define __managed__
#define __shared__ static __attribute__((section("emulated_shared")))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __restrict__
#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 9
#define __CUDA_ARCH__ 900

#define threadIdx (emulated_thread.thread)
#define blockIdx (emulated_thread.block)
#define blockDim (emulated_thread.block_dim)
#define gridDim (emulated_thread.grid_dim)
#define warpSize 32

#include "barriers.h"
#include "atomics.h"
#include "intrinsics.h"

// A launch hands over an array of pointers to the arguments; their types are the kernel's own.
template <class... Arguments, size_t... I>
inline void emulated_call(void (*kernel)(Arguments...), void** values, std::index_sequence<I...>) {
  kernel(*reinterpret_cast<std::remove_reference_t<Arguments>*>(values[I])...);
}
template <class... Arguments>
inline void emulated_call(void (*kernel)(Arguments...), void** values) {
  emulated_call(kernel, values, std::index_sequence_for<Arguments...>{});
}
template <class... Arguments>
constexpr size_t emulated_sizes(void (*)(Arguments...), size_t* sizes) {
  size_t i = 0;
  ((sizes ? void(sizes[i++] = sizeof(Arguments)) : void(i++)), ...);
  return i;
}
