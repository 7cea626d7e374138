// One block of threads, each on a stack of its own (a fiber), so that a barrier in the middle of a kernel is exact.
#pragma once
#include <vector>

#include "../device/emulated.h"

struct BlockRun {
  void (*run)(void** arguments);      // one thread of the kernel
  void** arguments;
  bool reversed;                      // threads take their turns last to first
};

const std::vector<uint3>& thread_indices();      // of the block that runs, one for each thread
void run_block_as_fibers(const BlockRun& block);
