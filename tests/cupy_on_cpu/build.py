"""Build the stand-in libraries once and keep them, with every compiled kernel, in a cache folder.

    <cache>/<key>/lib/         libcuda, libcublas, libcublasLt, libcurand: what CuPy loads instead of NVIDIA's
    <cache>/<key>/kernels/     one host library a kernel, and beside it the CUDA source and the options it was given
    <cache>/<key>/include/     the headers that every kernel begins with, precompiled

`<key>` is the hash of these sources, the CuPy version, the compiler and the Python version: a change in any of them
starts a new folder. `<cache>` is `$CUPY_ON_CPU_CACHE`, or `cupy-on-cpu` in the platform's cache folder.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cupy_on_cpu import CUPY_VERSION

HERE = Path(__file__).resolve().parent
COMPILE = ("g++", "-w", "-fPIC", "-shared", "-fno-strict-aliasing", "-ffp-contract=off", "-U_FORTIFY_SOURCE")
KERNEL_FLAGS = ("-std=c++20", "-O1", "-fpermissive", *COMPILE[1:])
PREFIXES = ("prefix.h", "kernel.h")  # with CuPy's headers, and without


class LaneUnavailable(RuntimeError):
    """This machine cannot run the lane; the message says what is missing and how to get it."""


def check_requirements() -> None:
    """Raise LaneUnavailable unless g++ and the pinned CuPy wheel are here."""
    if not sys.platform.startswith("linux"):
        raise LaneUnavailable(f"the lane replaces Linux libraries; this is {sys.platform}")
    if shutil.which("g++") is None:
        raise LaneUnavailable("no g++ on the PATH; install it (Debian, Ubuntu: apt-get install g++)")
    try:
        version = importlib.metadata.version("cupy-cuda12x")
    except importlib.metadata.PackageNotFoundError:
        version = None
    if version != CUPY_VERSION:
        found = "not installed" if version is None else f"found {version}"
        raise LaneUnavailable(f"cupy-cuda12x is {found}; install it: pip install cupy-cuda12x=={CUPY_VERSION}")


def cache_root() -> Path:
    """The folder that holds every build: an absolute path, not created here."""
    if chosen := os.environ.get("CUPY_ON_CPU_CACHE"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cupy-on-cpu"


@functools.cache
def cache_folder() -> Path:
    """The folder of this build: the root and the key."""
    compiler = subprocess.run(["g++", "-dumpfullversion", "-dumpmachine"], capture_output=True, text=True, check=True)
    parts = [CUPY_VERSION, compiler.stdout, platform.python_version(), str(_package_folder("cupy"))]
    digest = hashlib.sha256("\n".join([*parts, *KERNEL_FLAGS]).encode())
    for source in sorted([*HERE.glob("host/*"), *HERE.glob("device/**/*.h")]):
        digest.update(source.name.encode() + source.read_bytes())
    return cache_root() / digest.hexdigest()[:16]


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LaneUnavailable(f"the package {package} is not installed")
    return Path(spec.submodule_search_locations[0])


def cupy_include() -> Path:
    """CuPy's own CUDA headers, as the wheel ships them."""
    return _package_folder("cupy") / "_core" / "include"


def write_whole(path: Path, text: str) -> None:
    """Write to a temporary name and rename: another process sees the whole file or none."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    partial.write_text(text)
    partial.replace(path)


def run_compiler(command: list[str], target: Path) -> None:
    """Compile to a temporary name and rename: an interrupted build, or two at once, leave no half file."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    done = subprocess.run([*command, "-o", str(partial)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"g++ could not make {target.name}:\n{done.stderr[:4000]}")
    partial.replace(target)


def build() -> Path:
    """Build what is missing and return the folder of this build; of several launchers at once, one builds."""
    check_requirements()
    import fcntl  # not on Windows, where the line above has said so

    folder = cache_folder()
    for part in ("lib", "kernels", "include"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _build_missing(folder)
    return folder


def _build_missing(folder: Path) -> None:
    driver = folder / "lib" / "libcuda.so.1"
    if not driver.exists():
        sources = [str(HERE / "host" / name) for name in ("driver.cpp", "fibers.cpp")]
        run_compiler([*COMPILE, "-std=c++20", "-O2", *sources, "-ldl", "-Wl,-soname,libcuda.so.1"], driver)
    raising = folder / "lib" / "libemulated_runtime.so"
    if not raising.exists():
        run_compiler([*COMPILE, "-std=c++20", "-O2", str(HERE / "host" / "runtime.cpp")], raising)
    _build_library("libcublas.so.12", "cublas(?!Lt)", [HERE / "host" / "cublas.cpp"], folder)
    _build_library("libcublasLt.so.12", "cublasLt", [], folder)
    _build_library("libcurand.so.10", "curand", [], folder)
    for prefix in PREFIXES:
        _precompile(prefix, folder)


def _build_library(name: str, prefix: str, sources: list[Path], folder: Path) -> None:
    """The library `name`: its emulated functions, and for every other that CuPy links to, one that aborts by name."""
    target = folder / "lib" / name
    if target.exists():
        return
    objects = []
    for source in sources:
        objects.append(folder / "lib" / f"{source.stem}.o")
        run_compiler([*[f for f in COMPILE if f != "-shared"], "-std=c++20", "-O3", "-c", str(source)], objects[-1])
    emulated = set().union(*(_symbols(file, "--defined-only", prefix) for file in objects))
    extensions = [*_package_folder("cupy_backends").rglob("*.so"), *_package_folder("cupy").rglob("*.so")]
    wanted = set().union(*(_symbols(file, "--undefined-only", prefix) for file in extensions))
    stubs = folder / "lib" / f"{name}.stubs.cpp"
    stubs.write_text(
        "#include <cstdio>\n#include <cstdlib>\n"
        + "".join(
            f'extern "C" int {s}(...) {{ fprintf(stderr, "cupy_on_cpu: {s} is not emulated\\n"); abort(); }}\n'
            for s in sorted(wanted - emulated)
        )
    )
    versions = folder / "lib" / f"{name}.map"
    versions.write_text(f"{name} {{ global: *; }};\n")  # CuPy asks for versioned symbols
    link = [f"-Wl,--version-script={versions}", f"-Wl,-soname,{name}"]
    run_compiler([*COMPILE, *map(str, objects), str(stubs), *link], target)


def _symbols(file: Path, which: str, prefix: str) -> set[str]:
    dynamic = [] if file.suffix == ".o" else ["-D"]
    listing = subprocess.run(["nm", *dynamic, which, str(file)], capture_output=True, text=True, check=True).stdout
    return {m.group(1) for m in re.finditer(rf" [TUW] ({prefix}\w+)", listing)}


def _precompile(prefix: str, folder: Path) -> None:
    """The header `prefix` and its compiled form, side by side, as g++ wants them."""
    header, compiled = folder / "include" / prefix, folder / "include" / f"{prefix}.gch"
    if compiled.exists():
        return
    header.write_text(f'#include "{HERE / "device" / prefix}"\n')
    run_compiler(["g++", *KERNEL_FLAGS, *include_flags(), "-x", "c++-header", str(header)], compiled)


def include_flags() -> list[str]:
    return [f"-I{HERE / 'device'}", f"-I{cupy_include()}"]
