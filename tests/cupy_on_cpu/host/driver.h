// The stand-in driver's inner side: everything a stream does is work handed to `submit`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

// Does the work now, or writes it down where the stream is being captured into a graph. -> CUDA's error code, 0 = done
int submit(void* stream, std::function<void()> work);
