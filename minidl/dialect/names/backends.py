"""`torch.backends`: what is there, honestly. minidl computes with NumPy and CuPy; it has no cuDNN and no Metal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ... import cuda as _cuda

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]


class _Absent(SimpleNamespace):
    """A library that minidl does not use. Its switches can be set, and change nothing."""

    def is_available(self) -> bool:
        """False."""
        return False

    is_built = is_available

    def version(self) -> None:
        """None: there is no version."""
        return


class _Cuda(SimpleNamespace):
    """What is known of CUDA."""

    def is_built(self) -> bool:
        """Whether a GPU could be used: CuPy is installed and finds one."""
        return _cuda.is_available()


cudnn = _Absent(enabled=False, benchmark=False, deterministic=True, allow_tf32=False)
mps, mkl, openmp = _Absent(), _Absent(), _Absent()
mkldnn = _Absent(enabled=False)
cuda: Any = _Cuda(matmul=SimpleNamespace(allow_tf32=False))
cpu = SimpleNamespace(get_cpu_capability=lambda: "NumPy")
