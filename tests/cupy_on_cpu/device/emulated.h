// What a kernel and the stand-in driver share: where the running thread is, and where it may wait for others.
#pragma once
#include <cstdint>

struct uint3 { unsigned x, y, z; };

extern "C" {
struct EmulatedThread { uint3 thread, block, block_dim, grid_dim; };
extern EmulatedThread emulated_thread;            // of the one thread that runs at this moment
extern char emulated_dynamic_shared[];            // `extern __shared__ T name[]` points here

// Each waits until every thread that has not returned is at the same barrier, in the block or in the lanes of `mask`.
unsigned emulated_block_barrier(const char* name, int line, int predicate, unsigned* voters);   // -> how many said yes
void emulated_warp_barrier(const char* name, int line, unsigned mask);
uint64_t emulated_shuffle(const char* name, int line, unsigned mask, uint64_t value, int source_lane);
unsigned emulated_ballot(const char* name, int line, unsigned mask, int predicate);
}
