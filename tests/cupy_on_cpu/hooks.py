"""Change four of CuPy's modules as they are imported, and nothing else of it."""

from __future__ import annotations

import ctypes
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from tests.cupy_on_cpu import CUPY_VERSION


def build_folder() -> Path:
    """Where the launcher built the stand-in libraries; it says so to every process below it."""
    return Path(os.environ["CUPY_ON_CPU_BUILD"])


def load_libraries() -> None:
    """Load the stand-ins by path: the loader then takes them for NVIDIA's, because their names are the same."""
    for name in ("libcuda.so.1", "libcublasLt.so.12", "libcublas.so.12", "libcurand.so.10"):
        ctypes.CDLL(str(build_folder() / "lib" / name), mode=ctypes.RTLD_GLOBAL)


def _runtime(module: ModuleType) -> None:
    from tests.cupy_on_cpu import runtime

    load_libraries()
    runtime.replace(module)


def _compiler(module: ModuleType) -> None:
    from tests.cupy_on_cpu import compiler

    module._compile_module_with_cache = compiler.compile_for_host


def _thrust(module: ModuleType) -> None:
    from tests.cupy_on_cpu import sorting

    module.sort, module.argsort, module.lexsort = sorting.sort, sorting.argsort, sorting.lexsort


def _cupy(module: ModuleType) -> None:
    from tests.cupy_on_cpu import runtime

    if module.__version__ != CUPY_VERSION:
        raise ImportError(f"cupy_on_cpu is made for CuPy {CUPY_VERSION}, found {module.__version__}")
    runtime.poison_new_arrays(module)


CHANGES: dict[str, Callable[[ModuleType], None]] = {
    "cupy_backends.cuda.api.runtime": _runtime,
    "cupy.cuda.compiler": _compiler,
    "cupy.cuda.thrust": _thrust,
    "cupy": _cupy,
}


class _ChangeAfterLoading(importlib.abc.Loader):
    """A module's own loader, and the change once it has done its work."""

    def __init__(self, loader: importlib.abc.Loader, change: Callable[[ModuleType], None]):
        self.loader, self.change = loader, change

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        module.__spec__.loader = module.__loader__ = self.loader
        self.change(module)

    def __getattr__(self, name):
        return getattr(self.loader, name)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name not in CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader = _ChangeAfterLoading(spec.loader, CHANGES[name])
        return spec


def install() -> None:
    """Called at start-up, before anything can import CuPy."""
    sys.meta_path.insert(0, _Finder())
