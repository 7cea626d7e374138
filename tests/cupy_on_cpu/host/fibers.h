// One block of threads, each on a stack of its own (a fiber), so that a barrier in the middle of a kernel is exact.
#pragma once
#include "../device/emulated.h"

struct BlockRun {
  void (*run)(void** arguments);      // one thread of the kernel
  void** arguments;
  bool reversed;                      // threads take their turns last to first
};

unsigned threads_in_block();
void set_thread_index(unsigned thread);
void run_block_as_fibers(const BlockRun& block);
