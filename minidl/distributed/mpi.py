"""The group of processes that MPI started. Its collectives take arrays; those on a GPU pass through host memory.

Every collective is started without blocking and waited for by its `Work`. All processes must call the same ones in the
same order.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array, backend_of, to_host
from ..dtypes import float16, float32
from ..errors import DtypeError, MissingPackageError
from .reduce_op import ReduceOp
from .work import Work

NAMES = {
    ReduceOp.SUM: "SUM", ReduceOp.AVG: "SUM", ReduceOp.PRODUCT: "PROD", ReduceOp.MIN: "MIN", ReduceOp.MAX: "MAX",
    ReduceOp.BAND: "BAND", ReduceOp.BOR: "BOR", ReduceOp.BXOR: "BXOR",
}  # fmt: skip
SPIN, NAP = 2e-4, 2e-3  # seconds: how long a wait keeps its core, and how long at most it then sleeps between two looks
BITWISE = (ReduceOp.BAND, ReduceOp.BOR, ReduceOp.BXOR)


def require_mpi() -> Any:
    """The module mpi4py.MPI; MPI starts when it is first imported. MissingPackageError if it cannot be used."""
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # RuntimeError: there is mpi4py, but no library of MPI
        raise MissingPackageError(
            f"several processes need mpi4py and an MPI ({str(error).splitlines()[0]}); install both with "
            "pip install 'minidl[mpi]'"
        ) from None
    return MPI


class MPIGroup:
    """All processes that `mpiexec` started: this one is `rank` of 0 ... size - 1.

    The methods on arrays return a `Work`; where they write to an array, its result is there after `wait()`.
    """

    name = "mpi"

    def __init__(self) -> None:
        self.mpi = require_mpi()
        self.comm = self.mpi.COMM_WORLD.Dup()  # so that messages of the user's own never meet ours
        self.failures = self.comm.Dup()  # where processes meet that others may be waiting for
        self.rank, self.size = self.comm.Get_rank(), self.comm.Get_size()

    def close(self) -> None:
        """End the group, on every process; MPI itself goes on."""
        self.failures.Free()
        self.comm.Free()

    def all_reduce(self, array: Array, op: ReduceOp) -> Work:
        """`array` becomes the reduction of all processes' arrays: the same bits on each of them."""
        host = _host(array)
        request = self.comm.Iallreduce(self.mpi.IN_PLACE, host, self._op(op, array))
        return self._work(request, lambda: _put(array, self._mean(host, op)))

    def reduce(self, array: Array, op: ReduceOp, dst: int) -> Work:
        """The same, but only on process `dst`; elsewhere `array` stays as it is."""
        host = _host(array)
        if self.rank != dst:
            return self._work(self.comm.Ireduce(host, None, self._op(op, array), dst))
        request = self.comm.Ireduce(self.mpi.IN_PLACE, host, self._op(op, array), dst)
        return self._work(request, lambda: _put(array, self._mean(host, op)))

    def broadcast(self, array: Array, src: int) -> Work:
        """`array` becomes that of process `src`."""
        host = _host(array)
        return self._work(self.comm.Ibcast(host, src), lambda: _put(array, host))

    def all_gather(self, out: Array, array: Array) -> Work:
        """`out` (size, *shape) becomes all processes' arrays (shape), by rank."""
        sent, host = _host(array), _host(out)
        return self._work(self.comm.Iallgather(sent, host), lambda: _put(out, host))

    def gather(self, out: Array | None, array: Array, dst: int) -> Work:
        """The same, but only on process `dst`; elsewhere `out` is None."""
        sent, host = _host(array), None if out is None else _host(out)
        return self._work(self.comm.Igather(sent, host, dst), lambda: None if out is None else _put(out, host))

    def scatter(self, array: Array, parts: Array | None, src: int) -> Work:
        """`array` (shape) becomes this process's part of `parts` (size, *shape), which process `src` has."""
        sent, host = None if parts is None else _host(parts), _host(array)
        return self._work(self.comm.Iscatter(sent, host, src), lambda: _put(array, host))

    def barrier(self) -> Work:
        """Done when every process has called it."""
        return self._work(self.comm.Ibarrier())

    def told(self, value: Any, src: int = 0) -> Any:
        """The object of process `src`, pickled, on every process."""
        self.barrier().wait()  # which lets others have the core; what follows does not
        return self.comm.bcast(value, src)

    def all_told(self, value: Any) -> list[Any]:
        """Every process's object, pickled, by rank."""
        self.barrier().wait()
        return self.comm.allgather(value)

    def _work(self, request: Any, finish: Callable[[], None] = lambda: None) -> Work:
        return Work(_Patient(request), finish)

    def _op(self, op: ReduceOp, array: Array) -> Any:
        kind = array.dtype.kind
        if kind == "b" or (op in BITWISE and kind == "f") or (op is ReduceOp.AVG and kind != "f"):
            raise DtypeError(f"ReduceOp.{op.name} of {array.dtype} is not defined; use another dtype or reduction")
        return getattr(self.mpi, NAMES[op])

    def _mean(self, total: np.ndarray, op: ReduceOp) -> np.ndarray:
        if op is ReduceOp.AVG:
            total /= self.size
        return total


class _Patient:
    """A request of MPI's that is waited for without keeping a core busy for long: others may have work for it."""

    def __init__(self, request: Any) -> None:
        self.request, self.Test = request, request.Test

    def Wait(self) -> None:
        began = time.perf_counter()
        while not self.Test():
            if (waited := time.perf_counter() - began) > SPIN:
                time.sleep(min(waited / 20, NAP))


def _host(array: Array) -> np.ndarray:
    """The array as MPI can take it: itself, if it lies in one piece in host memory; MPI has no float16."""
    host = to_host(array)
    if host.dtype == float16:
        return host.astype(float32, order="C")
    return host if host.flags.c_contiguous else host.copy(order="C")


def _put(array: Array, host: Any) -> None:
    if host is not array:
        array[...] = backend_of(array).asarray(host.astype(array.dtype, copy=False))
