"""CuPy on one NVIDIA GPU. Nothing here waits for the GPU, except to fetch a value or where waiting is the point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

import cupy
import numpy as np

from ...errors import BackendError, first_line
from ..base import Array, Backend, lowest
from ..window import Pair, Window
from . import gate, linalg, loss, together
from . import kernels as cupy_kernels

EMULATED = "EMULATED-HOST"  # the name of the simulated device of `tests/cupy_on_cpu`
_PROBE = 'extern "C" __global__ void minidl_probe(int* x) { x[threadIdx.x] += threadIdx.x; }'


class CupyBackend(Backend):
    """Arrays are `cupy.ndarray`, in the memory of GPU 0 (choose another by CUDA_VISIBLE_DEVICES).

    BackendError, with the reason and what to do, unless a driver and a device are there and a kernel compiles and runs.
    """

    name = "cupy"
    device = "cuda"
    xp = cupy
    linalg = linalg
    array_type = cupy.ndarray
    updates_together = True
    kernels = loss.KERNELS | gate.KERNELS

    def __init__(self) -> None:
        check_usable()

    def asarray(self, value: Any, dtype: Any = None) -> Array:
        """Host data goes through page-locked memory; the copy is started but not waited for."""
        return cupy.asarray(value, dtype)

    def to_numpy(self, array: Array) -> Any:
        return cupy.asnumpy(array)

    def scatter_add(self, target: Array, index: Any, values: Array) -> None:
        cupy.add.at(target, index, values)

    def device_name(self, array: Array) -> str:
        return f"{self.device}:{array.device.id}"

    def synchronize(self) -> None:
        cupy.cuda.get_current_stream().synchronize()

    def device_label(self) -> str:
        return cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice())["name"].decode()

    @property
    def emulated(self) -> bool:
        return self.device_label() == EMULATED

    def memory(self) -> tuple[int, int]:
        pool = cupy.get_default_memory_pool()
        return pool.used_bytes(), pool.total_bytes()

    def mark(self) -> Any:
        event = cupy.cuda.Event()
        event.record()  # in the stream: the host does not wait
        return event

    def seconds_between(self, earlier: Any, later: Any) -> float:
        later.synchronize()
        return cupy.cuda.get_elapsed_time(earlier, later) / 1e3

    def erf(self, x: Array) -> Array:
        from cupyx.scipy.special import erf

        return erf(x)

    def scatter_windows(self, dwindows: Array, window: Window, size: Pair) -> Array:
        return cupy_kernels.scatter_windows(dwindows, window, size)

    def max_pool(self, x: Array, window: Window, size: Pair) -> tuple[Array, Array]:
        return cupy_kernels.max_pool(x, window, size, lowest(x.dtype))

    def add_at_winners(self, dz: Array, winners: Array, window: Window, size: Pair) -> Array:
        return cupy_kernels.add_at_winners(dz, winners, window, size)

    def masked(self, x: Array, mask: Array) -> Array:
        return cupy_kernels.masked(x, mask)

    def channel_sums(self, x: Array) -> Array:
        return _outputs(x, 1)[0].sum(axis=1)  # of rows: over three axes, CuPy takes up to nine times as long

    def sigmoid(self, x: Array) -> Array:
        return cupy_kernels.sigmoid(x)

    def update(self, rule: Callable[..., None], *arguments: Any) -> None:
        _fused(rule)(*arguments)

    def update_all(self, updates: Sequence[together.Update]) -> None:
        super().update_all(together.launch(updates))

    # A convolution is one matrix product per group, over all images at once:
    # kernels (G, O/G, C/G·kh·kw) times columns (G, C/G·kh·kw, N·Ho·Wo).

    def correlate(self, x: Array, w: Array, bias: Array | None, window: Window, groups: int) -> Array:
        ho, wo = window.output_size(x.shape[2:])
        z = _product(_kernels(w, groups), _columns(x, window, (ho, wo), groups))  # (G, O/G, N·Ho·Wo)
        z = z.reshape(w.shape[0], x.shape[0], ho, wo).transpose(1, 0, 2, 3)
        return cupy.ascontiguousarray(z) if bias is None else cupy_kernels.add_bias(z, bias[:, None, None])

    def correlate_grad_input(self, dz: Array, w: Array, window: Window, groups: int, size: Pair) -> Array:
        n, _, ho, wo = dz.shape
        columns = _product(_kernels(w, groups).transpose(0, 2, 1), _outputs(dz, groups))  # like `_columns`
        taps = columns.reshape(w.shape[1] * groups, *window.kernel, n, ho, wo).transpose(3, 0, 4, 5, 1, 2)
        return cupy_kernels.scatter_windows(taps, window, size)

    def correlate_grad_weight(self, dz: Array, x: Array, window: Window, groups: int) -> Array:
        columns = _columns(x, window, (dz.shape[2], dz.shape[3]), groups)
        shape = dz.shape[1], x.shape[1] // groups, *window.kernel
        dw = cupy.empty(shape, x.dtype)  # not a view, which would be copied later
        _product(_outputs(dz, groups), columns.transpose(0, 2, 1), out=_kernels(dw, groups))
        return dw


@cache
def _fused(rule: Callable[..., None]) -> Callable[..., None]:
    """The lines of a rule as one kernel, instead of one for each operator."""

    def lines(*arguments: Any) -> None:
        rule(cupy, *arguments)

    lines.__name__ = f"minidl_{rule.__name__}"  # the name of the kernel
    return cupy.fuse()(lines)


def _product(x: Array, y: Array, out: Array | None = None) -> Array:
    """x @ y for each group. CuPy copies transposed matrices of a stack; a single one cuBLAS reads as it lies."""
    if len(x) > 1:
        return cupy.matmul(x, y, out=out)
    return cupy.dot(x[0], y[0], out=None if out is None else out[0])[None]


def _kernels(w: Array, groups: int) -> Array:
    """w (O, C/G, kh, kw) as (G, O/G, C/G·kh·kw)."""
    return w.reshape(groups, w.shape[0] // groups, prod(w.shape[1:]))


def _columns(x: Array, window: Window, size: Pair, groups: int) -> Array:
    """The taps of x (N, C, H, W) as (G, C/G·kh·kw, N·Ho·Wo), for `size` = (Ho, Wo)."""
    columns = cupy_kernels.gather_windows(x, window, size)
    return columns.reshape(groups, x.shape[1] // groups * prod(window.kernel), x.shape[0] * prod(size))


def _outputs(dz: Array, groups: int) -> Array:
    """dz (N, O, Ho, Wo) as (G, O/G, N·Ho·Wo): a view of what lies channel by channel, as `add_at_winners` writes."""
    n, o, ho, wo = dz.shape
    return dz.transpose(1, 0, 2, 3).reshape(groups, o // groups, n * ho * wo)


def check_usable() -> None:
    """Raise a BackendError that says what is missing and what to do, unless a kernel compiles and runs on a GPU."""
    runtime = cupy.cuda.runtime
    try:
        if runtime.driverGetVersion() == 0:
            raise _unusable("there is no NVIDIA driver", "install it (nvidia-smi must list the GPU)")
        if runtime.getDeviceCount() == 0:
            raise _unusable("the driver finds no GPU", "check nvidia-smi and CUDA_VISIBLE_DEVICES")
    except runtime.CUDARuntimeError as error:
        raise _unusable(str(error), "check nvidia-smi and CUDA_VISIBLE_DEVICES, or update the driver") from error
    try:
        x = cupy.arange(4, dtype=np.int32)
        cupy.RawKernel(_PROBE, "minidl_probe")((1,), (4,), (x,))
        found = x.tolist()
    except Exception as error:  # the compiler, its headers and the memory each raise different errors
        raise _unusable(f"a test kernel failed: {first_line(error)}", "see what `minidl doctor` says") from error
    if found != [0, 2, 4, 6]:
        raise _unusable(f"a test kernel computed {found} instead of [0, 2, 4, 6]", "see what `minidl doctor` says")


def _unusable(reason: str, remedy: str) -> BackendError:
    return BackendError(f"the backend 'cupy' cannot be used: {reason}; {remedy}, or use --backend numpy")
