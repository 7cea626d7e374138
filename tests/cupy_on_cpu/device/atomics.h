// Atomics: one thread runs at a time, so a plain read and write is atomic. Types as in CUDA: no more, no fewer.
#pragma once

#define EMULATED_ATOMIC(name, T, expression) \
  inline T name(T* address, T value) {       \
    const T old = *address;                  \
    *address = (expression);                 \
    return old;                              \
  }
#define EMULATED_ATOMIC_CAS(T)                          \
  inline T atomicCAS(T* address, T compare, T value) {  \
    const T old = *address;                             \
    if (old == compare) *address = value;               \
    return old;                                         \
  }
#define EMULATED_ATOMICS_INTEGER(T)                          \
  EMULATED_ATOMIC(atomicMin, T, old < value ? old : value)   \
  EMULATED_ATOMIC(atomicMax, T, old > value ? old : value)   \
  EMULATED_ATOMIC(atomicAnd, T, old& value)                  \
  EMULATED_ATOMIC(atomicOr, T, old | value)                  \
  EMULATED_ATOMIC(atomicXor, T, old ^ value)                 \
  EMULATED_ATOMIC(atomicExch, T, value)                      \
  EMULATED_ATOMIC_CAS(T)

EMULATED_ATOMICS_INTEGER(int)
EMULATED_ATOMICS_INTEGER(unsigned)
EMULATED_ATOMICS_INTEGER(unsigned long long)
EMULATED_ATOMIC(atomicMin, long long, old < value ? old : value)
EMULATED_ATOMIC(atomicMax, long long, old > value ? old : value)
EMULATED_ATOMIC(atomicAnd, long long, old& value)
EMULATED_ATOMIC(atomicOr, long long, old | value)
EMULATED_ATOMIC(atomicXor, long long, old ^ value)
EMULATED_ATOMIC_CAS(unsigned short)
EMULATED_ATOMIC(atomicExch, float, value)
EMULATED_ATOMIC(atomicAdd, int, int(unsigned(old) + unsigned(value)))
EMULATED_ATOMIC(atomicAdd, unsigned, old + value)
EMULATED_ATOMIC(atomicAdd, unsigned long long, old + value)
EMULATED_ATOMIC(atomicAdd, float, old + value)
EMULATED_ATOMIC(atomicAdd, double, old + value)
EMULATED_ATOMIC(atomicSub, int, int(unsigned(old) - unsigned(value)))
EMULATED_ATOMIC(atomicSub, unsigned, old - value)
EMULATED_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
EMULATED_ATOMIC(atomicDec, unsigned, (old == 0 || old > value) ? value : old - 1)
