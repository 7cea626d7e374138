"""The real CuPy package on a machine without a GPU: `python -m tests.cupy_on_cpu COMMAND...` (see README.md here)."""

CUPY_VERSION = "14.2.0"  # its private interfaces are used, so it is pinned
DEVICE_NAME = "EMULATED-HOST"  # what the device calls itself: a benchmark must refuse to time it
