"""CuPy on a GPU: the backend, and the kernels that CuPy lacks."""
