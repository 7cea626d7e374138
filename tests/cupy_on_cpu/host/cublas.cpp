// Stand-in for the part of cuBLAS that CuPy's dot, matmul, tensordot and einsum call. Column-major, as cuBLAS is.
//
// Sums are taken as a CUDA core takes them: one term after the other, with fused multiply-adds, in the precision of the
// result (single for half). The real cuBLAS may take its terms in another order, so results are close to its, not equal.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../device/cuda_fp16.h"
#include "driver.h"

extern "C" void emulated_count_launch(const char* name);

namespace {

enum { SUCCESS = 0, NOT_SUPPORTED = 15, REAL_32F = 0, REAL_64F = 1, REAL_16F = 2 };
enum { HOST_POINTERS = 0, DEVICE_POINTERS = 1 };

void* current_stream = nullptr;
int pointer_mode = HOST_POINTERS;

#if defined(__x86_64__) && !defined(__clang__)
#define WITH_AND_WITHOUT_FMA __attribute__((target_clones("fma", "default")))
#else
#define WITH_AND_WITHOUT_FMA
#endif

WITH_AND_WITHOUT_FMA void add_multiple(float* sum, const float* row, float factor, int n) {
  for (int i = 0; i < n; i++) sum[i] = std::fma(factor, row[i], sum[i]);
}
WITH_AND_WITHOUT_FMA void add_multiple(double* sum, const double* row, double factor, int n) {
  for (int i = 0; i < n; i++) sum[i] = std::fma(factor, row[i], sum[i]);
}

float wide(float value) { return value; }
double wide(double value) { return value; }
float wide(half value) { return float(value); }
template <class T>
using Sum = decltype(wide(T()));

// One operand: element (row, column) after the optional transposition.
template <class T>
struct Matrix {
  const T* data;
  int transposed, leading;
  Sum<T> at(int row, int column) const {
    return wide(transposed ? data[size_t(row) * leading + column] : data[size_t(column) * leading + row]);
  }
};

// C = alpha * op(A) @ op(B) + beta * C        op(A): (m, k)   op(B): (k, n)   C: (m, n)
// A few rows of A at a time, small enough to stay in the cache for all columns of B.
template <class T>
void gemm(Matrix<T> a, Matrix<T> b, T* c, int leading_c, int m, int n, int k, double alpha, double beta) {
  constexpr int ROWS = 128;
  std::vector<Sum<T>> a_columns(size_t(ROWS) * k), sums(ROWS);
  for (int start = 0; start < m; start += ROWS) {
    const int rows = std::min(ROWS, m - start);
    for (int p = 0; p < k; p++)
      for (int i = 0; i < rows; i++) a_columns[size_t(p) * ROWS + i] = a.at(start + i, p);
    for (int j = 0; j < n; j++) {
      sums.assign(ROWS, 0);
      for (int p = 0; p < k; p++) add_multiple(sums.data(), &a_columns[size_t(p) * ROWS], b.at(p, j), rows);
      T* column = c + size_t(j) * leading_c + start;
      for (int i = 0; i < rows; i++)      // beta = 0 does not read C, which may hold NaN
        column[i] = T(alpha * sums[i] + (beta == 0 ? 0.0 : beta * wide(column[i])));
    }
  }
}

struct Problem {
  int transpose_a, transpose_b, m, n, k, leading_a, leading_b, leading_c;
  double alpha, beta;
};

template <class T>
void multiply(const Problem& p, const void* a, const void* b, void* c) {
  gemm<T>({(const T*)a, p.transpose_a, p.leading_a}, {(const T*)b, p.transpose_b, p.leading_b}, (T*)c, p.leading_c,
          p.m, p.n, p.k, p.alpha, p.beta);
}

int submit_named(const char* name, std::function<void()> work) {
  return submit(current_stream, [name, work] { emulated_count_launch(name); work(); }) ? NOT_SUPPORTED : SUCCESS;
}

void host_pointers_only(const char* name) {
  if (pointer_mode == HOST_POINTERS) return;
  fprintf(stderr, "cupy_on_cpu: %s with factors on the device is not emulated\n", name);
  abort();
}

int refuse_types(const char* name, int a, int b, int c) {
  fprintf(stderr, "cupy_on_cpu: %s with types %d, %d, %d is not emulated\n", name, a, b, c);
  abort();
}

template <class T>
int batched(const char* name, const Problem& p, const T* const* a, const T* const* b, T* const* c, int count) {
  host_pointers_only(name);
  return submit_named(name, [=] { for (int i = 0; i < count; i++) multiply<T>(p, a[i], b[i], c[i]); });
}

template <class T>
int strided(const char* name, const Problem& p, const void* a, long long step_a, const void* b, long long step_b,
            void* c, long long step_c, int count) {
  host_pointers_only(name);
  return submit_named(name, [=] {
    for (int i = 0; i < count; i++) multiply<T>(p, (const T*)a + i * step_a, (const T*)b + i * step_b, (T*)c + i * step_c);
  });
}

template <class T>
int single(const char* name, const Problem& p, const void* a, const void* b, void* c) {
  return strided<T>(name, p, a, 0, b, 0, c, 0, 1);
}

void forward_steps_only(const char* name, int step_x, int step_y) {
  if (step_x > 0 && step_y > 0) return;
  fprintf(stderr, "cupy_on_cpu: %s with steps %d and %d is not emulated\n", name, step_x, step_y);
  abort();
}

// y = alpha * op(A) @ x + beta * y
template <class T>
int gemv(const char* name, int transposed, int m, int n, T alpha, const T* a, int leading, const T* x, int step_x, T beta,
         T* y, int step_y) {
  host_pointers_only(name);
  forward_steps_only(name, step_x, step_y);
  const int rows = transposed ? n : m, columns = transposed ? m : n;
  return submit_named(name, [=] {
    for (int i = 0; i < rows; i++) {
      T sum = 0;
      for (int p = 0; p < columns; p++)
        sum = std::fma(transposed ? a[size_t(i) * leading + p] : a[size_t(p) * leading + i], x[size_t(p) * step_x], sum);
      y[size_t(i) * step_y] = alpha * sum + (beta == T(0) ? T(0) : beta * y[size_t(i) * step_y]);
    }
  });
}

template <class T>
int dot(const char* name, int n, const T* x, int step_x, const T* y, int step_y, T* result) {
  forward_steps_only(name, step_x, step_y);
  return submit_named(name, [=] {      // the result may lie on the host or on the device: both are memory here
    T sum = 0;
    for (int i = 0; i < n; i++) sum = std::fma(x[size_t(i) * step_x], y[size_t(i) * step_y], sum);
    *result = sum;
  });
}

template <class T>
int ger(const char* name, int m, int n, T alpha, const T* x, int step_x, const T* y, int step_y, T* a, int leading) {
  host_pointers_only(name);
  forward_steps_only(name, step_x, step_y);
  return submit_named(name, [=] {
    for (int j = 0; j < n; j++)
      for (int i = 0; i < m; i++) a[size_t(j) * leading + i] += alpha * x[size_t(i) * step_x] * y[size_t(j) * step_y];
  });
}

}  // namespace

extern "C" {
int cublasCreate_v2(void** handle) { *handle = (void*)1; return SUCCESS; }
int cublasDestroy_v2(void*) { return SUCCESS; }
int cublasGetVersion_v2(void*, int* version) { *version = 120904; return SUCCESS; }
int cublasSetStream_v2(void*, void* stream) { current_stream = stream; return SUCCESS; }
int cublasGetStream_v2(void*, void** stream) { *stream = current_stream; return SUCCESS; }
int cublasSetPointerMode_v2(void*, int mode) { pointer_mode = mode; return SUCCESS; }
int cublasGetPointerMode_v2(void*, int* mode) { *mode = pointer_mode; return SUCCESS; }
int cublasSetMathMode(void*, int) { return SUCCESS; }
int cublasGetMathMode(void*, int* mode) { *mode = 0; return SUCCESS; }

#define GEMM_FOR(letter, T)                                                                                          \
  int cublas##letter##gemm_v2(void*, int ta, int tb, int m, int n, int k, const T* alpha, const T* a, int lda,       \
                              const T* b, int ldb, const T* beta, T* c, int ldc) {                                   \
    return single<T>("cublas" #letter "gemm", {ta, tb, m, n, k, lda, ldb, ldc, *alpha, *beta}, a, b, c);             \
  }                                                                                                                  \
  int cublas##letter##gemmStridedBatched(void*, int ta, int tb, int m, int n, int k, const T* alpha, const T* a,     \
                                         int lda, long long step_a, const T* b, int ldb, long long step_b,           \
                                         const T* beta, T* c, int ldc, long long step_c, int count) {                \
    return strided<T>("cublas" #letter "gemmStridedBatched", {ta, tb, m, n, k, lda, ldb, ldc, *alpha, *beta}, a,     \
                      step_a, b, step_b, c, step_c, count);                                                          \
  }                                                                                                                  \
  int cublas##letter##gemmBatched(void*, int ta, int tb, int m, int n, int k, const T* alpha, const T* const* a,     \
                                  int lda, const T* const* b, int ldb, const T* beta, T* const* c, int ldc,          \
                                  int count) {                                                                       \
    return batched<T>("cublas" #letter "gemmBatched", {ta, tb, m, n, k, lda, ldb, ldc, *alpha, *beta}, a, b, c,      \
                      count);                                                                                        \
  }                                                                                                                  \
  int cublas##letter##gemv_v2(void*, int ta, int m, int n, const T* alpha, const T* a, int lda, const T* x,          \
                              int step_x, const T* beta, T* y, int step_y) {                                         \
    return gemv<T>("cublas" #letter "gemv", ta, m, n, *alpha, a, lda, x, step_x, *beta, y, step_y);                  \
  }                                                                                                                  \
  int cublas##letter##dot_v2(void*, int n, const T* x, int step_x, const T* y, int step_y, T* result) {              \
    return dot<T>("cublas" #letter "dot", n, x, step_x, y, step_y, result);                                          \
  }                                                                                                                  \
  int cublas##letter##ger_v2(void*, int m, int n, const T* alpha, const T* x, int step_x, const T* y, int step_y,    \
                             T* a, int lda) {                                                                        \
    return ger<T>("cublas" #letter "ger", m, n, *alpha, x, step_x, y, step_y, a, lda);                               \
  }
GEMM_FOR(S, float)
GEMM_FOR(D, double)

int cublasGemmEx(void*, int ta, int tb, int m, int n, int k, const void* alpha, const void* a, int type_a, int lda,
                 const void* b, int type_b, int ldb, const void* beta, void* c, int type_c, int ldc, int, int) {
  if (type_a != type_b || type_a != type_c) return refuse_types("cublasGemmEx", type_a, type_b, type_c);
  const bool wide = type_c == REAL_64F;      // float16 computes with float factors
  const Problem p{ta, tb, m, n, k, lda, ldb, ldc, wide ? *(const double*)alpha : *(const float*)alpha,
                  wide ? *(const double*)beta : *(const float*)beta};
  if (type_c == REAL_32F) return single<float>("cublasGemmEx", p, a, b, c);
  if (type_c == REAL_64F) return single<double>("cublasGemmEx", p, a, b, c);
  if (type_c == REAL_16F) return single<half>("cublasGemmEx", p, a, b, c);
  return refuse_types("cublasGemmEx", type_a, type_b, type_c);
}

int cublasGemmStridedBatchedEx(void*, int ta, int tb, int m, int n, int k, const void* alpha, const void* a, int type_a,
                               int lda, long long step_a, const void* b, int type_b, int ldb, long long step_b,
                               const void* beta, void* c, int type_c, int ldc, long long step_c, int count, int, int) {
  if (type_a != type_b || type_a != type_c) return refuse_types("cublasGemmStridedBatchedEx", type_a, type_b, type_c);
  const bool wide = type_c == REAL_64F;
  const Problem p{ta, tb, m, n, k, lda, ldb, ldc, wide ? *(const double*)alpha : *(const float*)alpha,
                  wide ? *(const double*)beta : *(const float*)beta};
  const char* name = "cublasGemmStridedBatchedEx";
  if (type_c == REAL_32F) return strided<float>(name, p, a, step_a, b, step_b, c, step_c, count);
  if (type_c == REAL_64F) return strided<double>(name, p, a, step_a, b, step_b, c, step_c, count);
  if (type_c == REAL_16F) return strided<half>(name, p, a, step_a, b, step_b, c, step_c, count);
  return refuse_types(name, type_a, type_b, type_c);
}
}
