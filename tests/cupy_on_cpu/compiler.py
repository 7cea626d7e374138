"""CuPy's kernel compiler: g++ instead of NVRTC, its output cached on disk by a hash of all inputs.

Every source is written down with its options, for `nvrtc_check` to compile with NVIDIA's compiler in another process.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path

from tests.cupy_on_cpu import counters
from tests.cupy_on_cpu.build import KERNEL_FLAGS, include_flags, run_compiler, write_whole
from tests.cupy_on_cpu.hooks import build_folder

KERNEL = re.compile(r"__global__\s+void\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?(\w+)\s*\(")
TEMPLATE_BEFORE = re.compile(r"template\s*<[^;{}]*>\s*$")
BARRIER = re.compile(r"__(?:sync(?:threads|warp)|shfl|ballot|any|all)\w*\s*\(")
DYNAMIC_SHARED = re.compile(
    r"extern\s+__shared__\s+(?:__align__\s*\(\s*\w+\s*\)\s*)?(?P<type>[\w:<>, ]+?)\s+(?P<name>\w+)\s*\[\s*\]\s*;"
)
LOCKSTEP = re.compile(r"\b(?:arg)?partition(?:_merge)?_kernel\b")
CUPY_PREFIX = "#include <cupy/complex.cuh>"


def compile_for_host(
    source, options=(), *, arch=None, extra_source=None, backend="nvrtc", enable_cooperative_groups=False,
    name_expressions=None, log_stream=None, jitify=False, to_ltoir=False,
):  # fmt: skip
    """Stands in for `cupy.cuda.compiler._compile_module_with_cache`: the same arguments, a loaded module."""
    from cupy.cuda import function

    unsupported = {"enable_cooperative_groups": enable_cooperative_groups, "jitify": jitify, "to_ltoir": to_ltoir}
    for name, asked in unsupported.items():
        if asked:
            raise NotImplementedError(f"cupy_on_cpu: compiling a kernel with {name} is not emulated")
    if LOCKSTEP.search(source):
        raise NotImplementedError(
            "cupy_on_cpu: partition and argpartition rely on 32 threads running in step without a barrier, "
            "which is not emulated; sort or argsort instead"
        )
    expressions = tuple(sorted(name_expressions or ()))
    record(source, tuple(options), expressions)
    library = compile_source(source, tuple(options), expressions)
    module = function.Module()
    module.load(b"EMULATED:" + str(library).encode() + b"\0")
    module._set_mapping({expression: _expression_name(i) for i, expression in enumerate(expressions)})
    return module


def record(source: str, options: tuple[str, ...], expressions: tuple[str, ...]) -> None:
    """Write the CUDA source down for `nvrtc_check`; paths of this machine's headers are left out."""
    kept = [o for o in options if not o.startswith("-I")]
    text = json.dumps({"source": source, "options": kept, "name_expressions": expressions}, indent=1)
    path = build_folder() / "kernels" / f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.json"
    if path.exists():
        path.touch()  # in use: `nvrtc_check --used-within` goes by this
    else:
        write_whole(path, text)


def compile_source(source: str, options: tuple[str, ...], expressions: tuple[str, ...]) -> Path:
    """The host library of one CUDA source, compiled unless the cache has it."""
    from cupy.cuda.compiler import CompileException

    unit = translation_unit(source, expressions)
    definitions = [o for o in options if o.startswith("-D")]
    name = hashlib.sha256("\n".join([unit, *definitions]).encode()).hexdigest()[:20]
    library = build_folder() / "kernels" / f"{name}.so"
    if library.exists():
        return library
    text = library.with_suffix(".cpp")
    write_whole(text, unit)
    include = ["-I", str(build_folder() / "include"), *include_flags()]
    started = time.perf_counter()
    try:
        run_compiler(["g++", *KERNEL_FLAGS, *include, *definitions, str(text)], library)
    except RuntimeError as error:
        raise CompileException(str(error), source, str(text), options, "g++") from None
    counters.add("kernels_compiled")
    counters.add("compile_seconds", time.perf_counter() - started)
    return library


def _expression_name(index: int) -> str:
    return f"expression_{index}"


def translation_unit(source: str, expressions: tuple[str, ...]) -> str:
    """The C++ for one CUDA source: its headers, its text, and an entry for each kernel by its argument types."""
    prefix = "prefix.h" if source.startswith(CUPY_PREFIX) else "kernel.h"
    body = DYNAMIC_SHARED.sub(
        r"static \g<type>* const \g<name> = reinterpret_cast<\g<type>*>(emulated_dynamic_shared);", source
    )
    kernels = {
        m.group(1): m.group(1) for m in KERNEL.finditer(source) if not TEMPLATE_BEFORE.search(source[: m.start()])
    }
    kernels |= {_expression_name(i): expression for i, expression in enumerate(expressions)}
    entries = "".join(
        f'extern "C" void emulated_run_{name}(void** values) {{ emulated_call(&{kernel}, values); }}\n'
        f'extern "C" size_t emulated_sizes_{name}(size_t* sizes) {{ return emulated_sizes(&{kernel}, sizes); }}\n'
        for name, kernel in kernels.items()
    )
    return f"""#include "{prefix}"
#line 1 "kernel.cu"
{body}
#line 1 "entries"
{entries}
extern "C" int emulated_has_barrier;
int emulated_has_barrier = {int(bool(BARRIER.search(source)))};
extern char emulated_shared_start[] __asm__("__start_emulated_shared") __attribute__((weak, visibility("hidden")));
extern char emulated_shared_stop[] __asm__("__stop_emulated_shared") __attribute__((weak, visibility("hidden")));
extern "C" char* emulated_shared_range(int end) {{ return end ? emulated_shared_stop : emulated_shared_start; }}
"""
