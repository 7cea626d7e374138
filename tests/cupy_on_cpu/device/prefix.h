// The headers that CuPy puts before almost every kernel, compiled once.
#pragma once
#include "kernel.h"
#include <cupy/complex.cuh>
#include <cupy/carray.cuh>
#include <cupy/atomics.cuh>
#include <cupy/math_constants.h>
