// The few functions of CuPy's runtime module that may fail, between CuPy and the Python that implements them.
//
// A Python callback cannot raise through C, so it leaves an error code behind; the exception is set here, and CuPy
// sees what it would see on a GPU: cudaErrorMemoryAllocation, cudaErrorStreamCaptureUnsupported and so on.
#include <cstddef>
#include <cstdint>

extern "C" {
struct PyObject;
void PyErr_SetObject(PyObject* type, PyObject* value);
PyObject* PyLong_FromLong(long value);
void Py_DecRef(PyObject* object);
}

static PyObject* error_class;
static thread_local int pending;

extern "C" void emulated_error_class(PyObject* type) { error_class = type; }
extern "C" void emulated_fail(int code) { pending = code; }

static bool failed() {
  if (!pending) return false;
  PyObject* code = PyLong_FromLong(pending);
  pending = 0;
  PyErr_SetObject(error_class, code);
  Py_DecRef(code);
  return true;
}

static PyObject* checked(PyObject* result) {
  if (!failed()) return result;
  Py_DecRef(result);
  return nullptr;
}
static intptr_t checked(intptr_t result) { return failed() ? 0 : result; }

#define MAY_FAIL(Result, name, parameters, arguments)                                   \
  static Result(*python_##name) parameters;                                             \
  extern "C" void emulated_bind_##name(Result(*f) parameters) { python_##name = f; }    \
  extern "C" Result emulated_##name parameters { return checked(python_##name arguments); }

MAY_FAIL(intptr_t, malloc, (size_t bytes, int skip), (bytes, skip))
MAY_FAIL(PyObject*, memcpy, (intptr_t to, intptr_t from, size_t bytes, int kind, int skip), (to, from, bytes, kind, skip))
MAY_FAIL(PyObject*, memcpyAsync, (intptr_t to, intptr_t from, size_t bytes, int kind, intptr_t stream, int skip),
         (to, from, bytes, kind, stream, skip))
MAY_FAIL(PyObject*, memset, (intptr_t to, int byte, size_t bytes, int skip), (to, byte, bytes, skip))
MAY_FAIL(PyObject*, memsetAsync, (intptr_t to, int byte, size_t bytes, intptr_t stream, int skip),
         (to, byte, bytes, stream, skip))
MAY_FAIL(PyObject*, deviceSynchronize, (int skip), (skip))
MAY_FAIL(PyObject*, setDevice, (int device, int skip), (device, skip))
MAY_FAIL(PyObject*, streamSynchronize, (intptr_t stream, int skip), (stream, skip))
MAY_FAIL(PyObject*, eventSynchronize, (intptr_t event, int skip), (event, skip))
MAY_FAIL(intptr_t, streamEndCapture, (intptr_t stream, int skip), (stream, skip))
MAY_FAIL(PyObject*, graphLaunch, (intptr_t graph, intptr_t stream, int skip), (graph, stream, skip))
