// float16 as CUDA's header of this name spells it: stored in 16 bits, computed in float, rounded to nearest even.
#pragma once
#include "kernel.h"

struct __half_raw { unsigned short x; };

inline unsigned short emulated_float_to_half(float value) {
  const unsigned bits = __float_as_uint(value), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (unsigned short)(sign | 0x7fffu);           // NaN, as the GPU writes it
  if (magnitude >= 0x477ff000u) return (unsigned short)(sign | 0x7c00u);          // 65520 and above round to infinity
  if (magnitude < 0x38800000u) {                                                  // below 2^-14: in units of 2^-24
    const float units = __uint_as_float(magnitude) * 16777216.0f;
    return (unsigned short)(sign | unsigned(std::nearbyint(units)));
  }
  const unsigned odd = magnitude >> 13 & 1u;
  return (unsigned short)(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
}
inline float emulated_half_to_float(unsigned short half) {
  const unsigned sign = (half & 0x8000u) << 16, exponent = half >> 10 & 0x1fu, mantissa = half & 0x3ffu;
  if (exponent == 0x1f) return __uint_as_float(sign | 0x7f800000u | mantissa << 13);
  if (exponent == 0) {
    const float value = float(mantissa) / 16777216.0f;
    return sign ? -value : value;
  }
  return __uint_as_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

struct __half {
  unsigned short emulated_data;
  __half() = default;
  __half(const __half_raw& raw) : emulated_data(raw.x) {}
  __half(float value) : emulated_data(emulated_float_to_half(value)) {}
  // A double, or an integer wider than float holds, is rounded once: to odd in float first, then to half.
  __half(double value) : emulated_data(emulated_float_to_half(round_to_odd(value))) {}
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  __half(T value) : __half(double(value)) {}
  operator float() const { return emulated_half_to_float(emulated_data); }
  operator __half_raw() const { return {emulated_data}; }

 private:
  static float round_to_odd(double value) {
    float near = float(value);
    if (double(near) == value || !std::isfinite(near)) return near;
    if (std::fabs(double(near)) > std::fabs(value)) near = std::nextafterf(near, 0.0f);      // towards zero
    return __uint_as_float(__float_as_uint(near) | 1u);
  }
};
typedef __half half;

inline float __half2float(half x) { return x; }
inline half __float2half(float x) { return half(x); }
inline half __float2half_rn(float x) { return half(x); }
inline half __double2half(double x) { return half(x); }
inline unsigned short __half_as_ushort(half x) { return x.emulated_data; }
inline half __ushort_as_half(unsigned short x) { return half(__half_raw{x}); }
inline bool __hisnan(half x) { return std::isnan(float(x)); }
inline half operator+(const half& x, const half& y) { return half(float(x) + float(y)); }
inline half operator-(const half& x, const half& y) { return half(float(x) - float(y)); }
inline half operator*(const half& x, const half& y) { return half(float(x) * float(y)); }
inline half operator/(const half& x, const half& y) { return half(float(x) / float(y)); }
inline half __hadd(half x, half y) { return x + y; }
inline half __hsub(half x, half y) { return x - y; }
inline half __hmul(half x, half y) { return x * y; }
inline half __hdiv(half x, half y) { return x / y; }
