// Barriers, votes and shuffles: thin names over the fibers. Each passes its line, so a divergent one can be reported.
#pragma once

#define __syncthreads() ((void)emulated_block_barrier("__syncthreads", __LINE__, 0, nullptr))
#define __syncthreads_count(p) ((int)emulated_block_barrier("__syncthreads_count", __LINE__, (p) ? 1 : 0, nullptr))
#define __syncthreads_or(p) ((int)(emulated_block_barrier("__syncthreads_or", __LINE__, (p) ? 1 : 0, nullptr) != 0))
#define __syncthreads_and(p) emulated_syncthreads_and(__LINE__, (p) ? 1 : 0)
inline int emulated_syncthreads_and(int line, int predicate) {
  unsigned voters;
  return emulated_block_barrier("__syncthreads_and", line, predicate, &voters) == voters;
}

#define emulated_first_argument(first, ...) (first)
#define __syncwarp(...) emulated_warp_barrier("__syncwarp", __LINE__, emulated_first_argument(__VA_ARGS__ __VA_OPT__(,) 0xffffffffu, 0))
#define __ballot_sync(mask, p) emulated_ballot("__ballot_sync", __LINE__, (mask), (p) ? 1 : 0)
#define __any_sync(mask, p) ((int)(emulated_ballot("__any_sync", __LINE__, (mask), (p) ? 1 : 0) != 0))
#define __all_sync(mask, p) ((int)(emulated_ballot("__all_sync", __LINE__, (mask), (p) ? 0 : 1) == 0))

inline unsigned emulated_lane() {
  const uint3 &t = emulated_thread.thread, &n = emulated_thread.block_dim;
  return (t.x + n.x * (t.y + n.y * t.z)) % 32;
}

template <class T>
inline T emulated_exchange(const char* name, int line, unsigned mask, T value, int source) {
  static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof(T));
  bits = emulated_shuffle(name, line, mask, bits, source);
  memcpy(&value, &bits, sizeof(T));
  return value;
}

// A lane whose source lies outside its segment of `width` lanes gets its own value back.
template <class T>
inline T emulated_shfl(int line, unsigned mask, T value, int source, int width = 32) {
  const int start = emulated_lane() / width * width;
  return emulated_exchange("__shfl_sync", line, mask, value, start + (source & (width - 1)));
}
template <class T>
inline T emulated_shfl_up(int line, unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = emulated_lane(), source = lane - int(delta);
  return emulated_exchange("__shfl_up_sync", line, mask, value, source < lane / width * width ? lane : source);
}
template <class T>
inline T emulated_shfl_down(int line, unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = emulated_lane(), source = lane + int(delta);
  return emulated_exchange("__shfl_down_sync", line, mask, value, source >= (lane / width + 1) * width ? lane : source);
}
template <class T>
inline T emulated_shfl_xor(int line, unsigned mask, T value, int lane_mask, int width = 32) {
  const int lane = emulated_lane(), source = lane ^ lane_mask;
  return emulated_exchange("__shfl_xor_sync", line, mask, value, source >= (lane / width + 1) * width ? lane : source);
}
#define __shfl_sync(...) emulated_shfl(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) emulated_shfl_up(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) emulated_shfl_down(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) emulated_shfl_xor(__LINE__, __VA_ARGS__)

// Threads run one at a time, so every write is seen by the next.
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
