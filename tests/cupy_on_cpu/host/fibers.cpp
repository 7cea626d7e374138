// Threads of one block as fibers: each runs until it returns or waits; barriers open when all that must come are there.
//
// The rules are those of compute capability 7.0 and later, per thread: a block barrier waits for every thread that has
// not returned; a warp operation waits for every lane of its mask that has not returned. Threads that wait at different
// barriers, or lanes of one mask at different operations, never meet: that is undefined on a GPU and aborts here.
#include "fibers.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <ucontext.h>
#include <vector>

namespace {

constexpr unsigned WARP = 32;
constexpr size_t STACK_BYTES = 256 << 10;
constexpr size_t PAGE_BYTES = 4096;
constexpr size_t STAGGER_BYTES = 832;      // stacks that begin at like addresses would fight for the same cache lines

enum State { READY, AT_BLOCK_BARRIER, AT_WARP_BARRIER, RETURNED };

struct Fiber {
  ucontext_t start;
  jmp_buf resume;
  bool started = false;
  State state = RETURNED;
  const char* waits_at = "";
  int line = 0;
  unsigned mask = 0;
  uint64_t value = 0;            // given to a warp operation or a vote
  unsigned lanes = 0;            // which lanes took part in the warp operation
};

std::vector<std::unique_ptr<Fiber>> fibers;
jmp_buf scheduler;

// What the threads gave at the last barrier that opened. A barrier opens only when no thread can run, so all that it
// set free have read this before the next one overwrites it.
uint64_t given[1024];
unsigned yes, voters;

unsigned current, block_size;
bool inside = false;
BlockRun now;

void yield() {
  if (!_setjmp(fibers[current]->resume)) _longjmp(scheduler, 1);
}

void fiber_body() {
  for (;;) {                     // a fiber is reused by every later block
    now.run(now.arguments);
    fibers[current]->state = RETURNED;
    yield();
  }
}

void add_fiber() {
  void* stack = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) { perror("cupy_on_cpu: no memory for a thread's stack"); abort(); }
  mprotect(stack, PAGE_BYTES, PROT_NONE);        // an overflow faults instead of corrupting its neighbour
  auto fiber = std::make_unique<Fiber>();
  getcontext(&fiber->start);
  fiber->start.uc_stack.ss_sp = stack;
  fiber->start.uc_stack.ss_size = STACK_BYTES - fibers.size() % 64 * STAGGER_BYTES;
  fiber->start.uc_link = nullptr;
  makecontext(&fiber->start, fiber_body, 0);
  fibers.push_back(std::move(fiber));
}

void run_until_it_waits(unsigned thread) {
  current = thread;
  emulated_thread.thread = thread_indices()[thread];
  Fiber& fiber = *fibers[thread];
  if (_setjmp(scheduler)) return;
  if (fiber.started) _longjmp(fiber.resume, 1);
  fiber.started = true;
  setcontext(&fiber.start);
}

bool same_place(const Fiber& a, const Fiber& b) {
  return a.state == b.state && a.line == b.line && a.mask == b.mask &&
         (a.waits_at == b.waits_at || !strcmp(a.waits_at, b.waits_at));
}

bool open_block_barrier() {
  const Fiber* first = nullptr;
  for (unsigned t = 0; t < block_size; t++) {
    const Fiber& fiber = *fibers[t];
    if (fiber.state == RETURNED) continue;
    if (fiber.state != AT_BLOCK_BARRIER || (first && !same_place(*first, fiber))) return false;
    if (!first) first = &fiber;
  }
  yes = voters = 0;
  for (unsigned t = 0; t < block_size; t++) {
    if (fibers[t]->state != AT_BLOCK_BARRIER) continue;
    yes += fibers[t]->value;
    voters++;
    fibers[t]->state = READY;
  }
  return first != nullptr;
}

// The lanes of one warp that wait with `leader`, or 0 while one of its mask has still to come.
unsigned lanes_complete(unsigned warp_start, const Fiber& leader) {
  unsigned lanes = 0;
  for (unsigned lane = 0; lane < WARP && warp_start + lane < block_size; lane++) {
    const Fiber& fiber = *fibers[warp_start + lane];
    if (!(leader.mask >> lane & 1) || fiber.state == RETURNED) continue;
    if (!same_place(leader, fiber)) return 0;
    lanes |= 1u << lane;
  }
  return lanes;
}

bool complete_warp_operations() {
  bool any = false;
  for (unsigned t = 0; t < block_size; t++) {
    if (fibers[t]->state != AT_WARP_BARRIER) continue;
    const unsigned warp_start = t / WARP * WARP, lanes = lanes_complete(warp_start, *fibers[t]);
    for (unsigned lane = 0; lane < WARP; lane++) {
      if (!(lanes >> lane & 1)) continue;
      Fiber& fiber = *fibers[warp_start + lane];
      given[warp_start + lane] = fiber.value;
      fiber.lanes = lanes;
      fiber.state = READY;
      any = true;
    }
  }
  return any;
}

[[noreturn]] void abort_divergent() {
  fprintf(stderr, "cupy_on_cpu: divergent barrier: these threads of block (%u, %u, %u) can never meet:\n",
          emulated_thread.block.x, emulated_thread.block.y, emulated_thread.block.z);
  const Fiber* last = nullptr;
  for (unsigned t = 0; t < block_size; t++) {
    const Fiber& fiber = *fibers[t];
    if (fiber.state == RETURNED || (last && same_place(*last, fiber))) continue;
    fprintf(stderr, "  from thread %u on: %s, kernel line %d, mask 0x%08x\n", t, fiber.waits_at, fiber.line, fiber.mask);
    last = &fiber;
  }
  abort();
}

Fiber& wait(State state, const char* name, int line, unsigned mask, uint64_t value) {
  if (!inside) {
    fprintf(stderr, "cupy_on_cpu: %s in a kernel whose source shows no barrier: put it in the kernel's own source\n", name);
    abort();
  }
  Fiber& fiber = *fibers[current];
  if (state == AT_WARP_BARRIER && !(mask >> (current % WARP) & 1)) {
    fprintf(stderr, "cupy_on_cpu: %s, kernel line %d: lane %u is not in its own mask 0x%08x\n", name, line, current % WARP, mask);
    abort();
  }
  fiber.state = state;
  fiber.waits_at = name;
  fiber.line = line;
  fiber.mask = mask;
  fiber.value = value;
  yield();
  return fiber;
}

}  // namespace

void run_block_as_fibers(const BlockRun& block) {
  now = block;
  block_size = unsigned(thread_indices().size());
  while (fibers.size() < block_size) add_fiber();
  for (unsigned t = 0; t < block_size; t++) fibers[t]->state = READY;
  inside = true;
  for (;;) {
    bool live = false;
    for (unsigned i = 0; i < block_size; i++) {
      const unsigned t = block.reversed ? block_size - 1 - i : i;
      if (fibers[t]->state == READY) run_until_it_waits(t);
      live |= fibers[t]->state != RETURNED;
    }
    if (!live) break;
    const bool warps = complete_warp_operations();
    if (!warps && !open_block_barrier()) abort_divergent();
  }
  inside = false;
}

unsigned emulated_block_barrier(const char* name, int line, int predicate, unsigned* all_voters) {
  wait(AT_BLOCK_BARRIER, name, line, 0, predicate != 0);
  if (all_voters) *all_voters = voters;
  return yes;
}

void emulated_warp_barrier(const char* name, int line, unsigned mask) { wait(AT_WARP_BARRIER, name, line, mask, 0); }

uint64_t emulated_shuffle(const char* name, int line, unsigned mask, uint64_t value, int source_lane) {
  const Fiber& fiber = wait(AT_WARP_BARRIER, name, line, mask, value);
  if (!(fiber.lanes >> source_lane & 1)) return ~uint64_t(0);      // undefined on a GPU: NaN, or every bit set
  return given[current / WARP * WARP + source_lane];
}

unsigned emulated_ballot(const char* name, int line, unsigned mask, int predicate) {
  const Fiber& fiber = wait(AT_WARP_BARRIER, name, line, mask, predicate != 0);
  unsigned votes = 0;
  for (unsigned lane = 0; lane < WARP; lane++)
    if (fiber.lanes >> lane & 1) votes |= unsigned(given[current / WARP * WARP + lane]) << lane;
  return votes;
}
