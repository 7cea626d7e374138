// Stand-in for libcuda.so.1. A "module" is the path of a host library, a launch runs the kernel thread by thread.
#include "driver.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fibers.h"

namespace {

enum { SUCCESS = 0, INVALID_VALUE = 1, INVALID_IMAGE = 200, NOT_FOUND = 500 };
constexpr unsigned MAX_THREADS = 1024, SHARED_BYTES = 48 << 10, SHARED_BYTES_OPT_IN = 227 << 10, MAX_GRID_YZ = 65535;
constexpr int ATTRIBUTE_MAX_THREADS = 0, ATTRIBUTE_DYNAMIC_SHARED = 8;
constexpr char IMAGE_PREFIX[] = "EMULATED:";

struct Module {
  void* library;
  char *shared_start, *shared_end;      // the module's `__shared__` variables
};

struct Function {
  std::string name;
  const Module* module;
  void (*run)(void** arguments);        // one thread
  std::vector<size_t> argument_sizes;
  bool has_barrier;
  unsigned dynamic_shared_limit = SHARED_BYTES;
};

struct Launch {
  const Function* function;
  uint3 grid, block;
  unsigned shared_bytes;
  std::vector<std::vector<char>> arguments;
};

std::mutex running;                     // kernels run one at a time, whichever Python thread launches them
std::map<std::string, unsigned long long> launches;
uint3 indexed = {0, 0, 0};              // the block size that `indices` is for
std::vector<uint3> indices;             // threadIdx of each thread

bool reversed() {
  static const char* order = getenv("EMULATED_THREAD_ORDER");
  static const bool yes = order && !strcmp(order, "reversed");
  return yes;
}

int poison_byte() {
  static const char* text = getenv("EMULATED_POISON");
  static const int byte = text ? int(strtol(text, nullptr, 0)) & 0xff : 0xff;
  return byte;
}

void run_block(const Function& function, unsigned shared_bytes, void** arguments) {
  memset(emulated_dynamic_shared, poison_byte(), shared_bytes);
  if (function.module->shared_start)
    memset(function.module->shared_start, poison_byte(), function.module->shared_end - function.module->shared_start);
  if (function.has_barrier) return run_block_as_fibers({function.run, arguments, reversed()});
  const unsigned threads = unsigned(indices.size());
  for (unsigned i = 0; i < threads; i++) {
    emulated_thread.thread = indices[reversed() ? threads - 1 - i : i];
    function.run(arguments);
  }
}

void number_threads(const uint3& block) {
  if (indexed.x == block.x && indexed.y == block.y && indexed.z == block.z) return;
  indexed = block;
  indices.clear();
  for (unsigned z = 0; z < block.z; z++)
    for (unsigned y = 0; y < block.y; y++)
      for (unsigned x = 0; x < block.x; x++) indices.push_back({x, y, z});
}

void run(Launch& launch) {
  number_threads(launch.block);
  std::vector<void*> arguments;
  for (auto& bytes : launch.arguments) arguments.push_back(bytes.data());
  const uint3 grid = launch.grid;
  const unsigned long long blocks = 1ull * grid.x * grid.y * grid.z;
  emulated_thread.grid_dim = grid;
  emulated_thread.block_dim = launch.block;
  for (unsigned long long i = 0; i < blocks; i++) {
    const unsigned long long b = reversed() ? blocks - 1 - i : i;
    emulated_thread.block = {unsigned(b % grid.x), unsigned(b / grid.x % grid.y), unsigned(b / grid.x / grid.y)};
    run_block(*launch.function, launch.shared_bytes, arguments.data());
  }
}

const char* error_name(int error) {
  switch (error) {
    case INVALID_VALUE: return "CUDA_ERROR_INVALID_VALUE";
    case INVALID_IMAGE: return "CUDA_ERROR_INVALID_IMAGE";
    case NOT_FOUND: return "CUDA_ERROR_NOT_FOUND";
    case 900: return "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED";
    case 906: return "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT";
    default: return "CUDA_ERROR_UNKNOWN";
  }
}

[[noreturn]] void unsupported(const char* symbol) {
  fprintf(stderr, "cupy_on_cpu: %s is not emulated\n", symbol);
  abort();
}

// ---- graphs: work written down while a stream is captured ----
struct Graph { std::vector<std::function<void()>> work; };
void* captured_stream = nullptr;
std::unique_ptr<Graph> capture;

}  // namespace

int submit(void* stream, std::function<void()> work) {
  std::lock_guard<std::mutex> lock(running);
  if (capture && stream == captured_stream) {
    capture->work.push_back(std::move(work));
    return SUCCESS;
  }
  if (capture && stream == nullptr) return 906;      // the default stream waits for the captured one
  work();
  return SUCCESS;
}

const std::vector<uint3>& thread_indices() { return indices; }

extern "C" {

EmulatedThread emulated_thread;
alignas(256) char emulated_dynamic_shared[SHARED_BYTES_OPT_IN];

// ---- asked by the lane's Python side ----
unsigned long long emulated_launches(const char* kernel) { return launches[kernel]; }
void emulated_kernel_names(void (*visit)(const char* name, unsigned long long count)) {
  for (auto& [name, count] : launches) visit(name.c_str(), count);
}
void emulated_count_launch(const char* name) { launches[name]++; }
int emulated_copy(void* to, const void* from, size_t bytes, void* stream) {
  return submit(stream, [=] { memmove(to, from, bytes); });
}
int emulated_fill(void* to, int byte, size_t bytes, void* stream) {
  return submit(stream, [=] { memset(to, byte, bytes); });
}
void emulated_poison(void* to, int byte, size_t bytes) { memset(to, byte, bytes); }     // fresh memory: no stream's work
int emulated_capture_begin(void* stream) {
  if (capture) return 900;
  capture = std::make_unique<Graph>();
  captured_stream = stream;
  return SUCCESS;
}
void* emulated_capture_end(void* stream) {
  if (!capture || stream != captured_stream) return nullptr;
  captured_stream = nullptr;
  return capture.release();
}
void* emulated_captured_stream() { return captured_stream; }
int emulated_graph_launch(void* graph, void* stream) {
  return submit(stream, [graph] { for (auto& work : ((Graph*)graph)->work) work(); });
}
size_t emulated_graph_size(void* graph) { return ((Graph*)graph)->work.size(); }
void emulated_graph_destroy(void* graph) { delete (Graph*)graph; }

// ---- the driver's own interface ----
int cuGetErrorName(int error, const char** text) { *text = error_name(error); return SUCCESS; }
int cuGetErrorString(int, const char** text) { *text = "reported by the emulated device"; return SUCCESS; }
int cuInit(unsigned) { return SUCCESS; }
int cuCtxGetCurrent(void** context) { *context = (void*)1; return SUCCESS; }
int cuCtxSetCurrent(void*) { return SUCCESS; }
int cuCtxGetDevice(int* device) { *device = 0; return SUCCESS; }
int cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }

int cuModuleLoadData(void** module, const void* image) {
  const char* path = (const char*)image;
  if (strncmp(path, IMAGE_PREFIX, sizeof IMAGE_PREFIX - 1)) return INVALID_IMAGE;
  void* library = dlopen(path + sizeof IMAGE_PREFIX - 1, RTLD_NOW | RTLD_LOCAL);
  if (!library) { fprintf(stderr, "cupy_on_cpu: %s\n", dlerror()); return INVALID_IMAGE; }
  auto range = (char* (*)(int))dlsym(library, "emulated_shared_range");
  *module = new Module{library, range(0), range(1)};
  return SUCCESS;
}
int cuModuleUnload(void*) { return SUCCESS; }        // a kernel that a graph holds may outlive its module object

int cuModuleGetFunction(void** function, void* handle, const char* name) {
  const Module* module = (const Module*)handle;
  const std::string symbol = std::string("emulated_run_") + name;
  auto run = (void (*)(void**))dlsym(module->library, symbol.c_str());
  if (!run) return NOT_FOUND;
  auto sizes = (size_t (*)(size_t*))dlsym(module->library, (std::string("emulated_sizes_") + name).c_str());
  std::vector<size_t> argument_sizes(sizes(nullptr));
  sizes(argument_sizes.data());
  const bool has_barrier = *(int*)dlsym(module->library, "emulated_has_barrier");
  *function = new Function{name, module, run, argument_sizes, has_barrier};
  return SUCCESS;
}

int cuModuleGetGlobal_v2(void** address, size_t* bytes, void* handle, const char* name) {
  void* found = dlsym(((Module*)handle)->library, name);
  if (!found) return NOT_FOUND;
  Dl_info info;
  ElfW(Sym)* symbol = nullptr;
  dladdr1(found, &info, (void**)&symbol, RTLD_DL_SYMENT);
  if (address) *address = found;
  if (bytes) *bytes = symbol ? symbol->st_size : 0;
  return SUCCESS;
}

int cuFuncGetAttribute(int* value, int attribute, void* handle) {
  if (attribute == ATTRIBUTE_MAX_THREADS) *value = MAX_THREADS;
  else if (attribute == ATTRIBUTE_DYNAMIC_SHARED) *value = ((Function*)handle)->dynamic_shared_limit;
  else *value = 0;
  return SUCCESS;
}
int cuFuncSetAttribute(void* handle, int attribute, int value) {
  if (attribute != ATTRIBUTE_DYNAMIC_SHARED) return SUCCESS;       // the others are hints
  if (value < 0 || unsigned(value) > SHARED_BYTES_OPT_IN) return INVALID_VALUE;
  ((Function*)handle)->dynamic_shared_limit = value;
  return SUCCESS;
}
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int block_size, size_t) {
  *blocks = 2048 / block_size;
  return SUCCESS;
}
int cuOccupancyMaxPotentialBlockSize(int* grid, int* block, void*, size_t (*)(int), size_t, int limit) {
  *grid = 1;
  *block = limit && unsigned(limit) < MAX_THREADS ? limit : MAX_THREADS;
  return SUCCESS;
}

int cuLaunchKernel(void* handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared_bytes, void* stream, void** parameters, void** extra) {
  const Function* function = (const Function*)handle;
  const bool sizes_allowed = gx && gy && gz && bx && by && bz && gx <= 0x7fffffffu && gy <= MAX_GRID_YZ &&
                             gz <= MAX_GRID_YZ && bx <= MAX_THREADS && by <= MAX_THREADS && bz <= 64 &&
                             1ull * bx * by * bz <= MAX_THREADS && shared_bytes <= function->dynamic_shared_limit;
  if (!sizes_allowed) return INVALID_VALUE;
  if (extra) unsupported("cuLaunchKernel with extra");
  auto launch = std::make_shared<Launch>(Launch{function, {gx, gy, gz}, {bx, by, bz}, shared_bytes, {}});
  for (size_t i = 0; i < function->argument_sizes.size(); i++) {
    const char* value = (const char*)parameters[i];
    launch->arguments.emplace_back(value, value + function->argument_sizes[i]);
  }
  return submit(stream, [launch] {
    launches[launch->function->name]++;
    run(*launch);
  });
}

#define UNSUPPORTED(symbol) int symbol(...) { unsupported(#symbol); }
UNSUPPORTED(cuCtxCreate_v2) UNSUPPORTED(cuCtxDestroy_v2) UNSUPPORTED(cuStreamGetCtx) UNSUPPORTED(cuModuleLoad)
UNSUPPORTED(cuLinkCreate_v2) UNSUPPORTED(cuLinkAddData_v2) UNSUPPORTED(cuLinkAddFile_v2) UNSUPPORTED(cuLinkComplete)
UNSUPPORTED(cuLinkDestroy) UNSUPPORTED(cuLaunchCooperativeKernel)
}
