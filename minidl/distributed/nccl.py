"""The same group for the memory of GPUs: NCCL carries it, by cupyx.distributed, on a stream of its own.

Untried: no machine with several GPUs has run this file.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array, get_backend
from ..dtypes import float16
from ..errors import BackendError, first_line
from .mpi import MPIGroup
from .reduce_op import ReduceOp
from .work import Work

NAMES = {
    ReduceOp.SUM: "sum", ReduceOp.AVG: "sum", ReduceOp.PRODUCT: "prod", ReduceOp.MIN: "min", ReduceOp.MAX: "max"
}  # fmt: skip


class NCCLGroup(MPIGroup):
    """MPI's processes, each with a GPU of its own. Arrays on the host still go by MPI, as do reductions of bits."""

    name = "nccl"

    def __init__(self) -> None:
        super().__init__()
        self.gpu = get_backend("cupy")
        try:
            from cupyx import distributed

            self.nccl = distributed.init_process_group(self.size, self.rank, backend="nccl", use_mpi=True)
        except (ImportError, RuntimeError, OSError) as error:
            raise BackendError(
                f"NCCL cannot be used: {first_line(error)}; pip install nvidia-nccl-cu12, or use backend='mpi'"
            ) from None
        self.stream = self.gpu.xp.cuda.Stream(non_blocking=True)

    def close(self) -> None:
        self.nccl.stop()
        super().close()

    def all_reduce(self, array: Array, op: ReduceOp) -> Work:
        if self._is_elsewhere(array) or op not in NAMES:
            return super().all_reduce(array, op)
        self._op(op, array)
        return self._queue("all_reduce", array, array, NAMES[op], finish=lambda: self._divide(array, op))

    def reduce(self, array: Array, op: ReduceOp, dst: int) -> Work:
        if self._is_elsewhere(array) or op not in NAMES:
            return super().reduce(array, op, dst)
        self._op(op, array)
        out = array if self.rank == dst else self.gpu.xp.empty_like(array)
        return self._queue("reduce", array, out, dst, NAMES[op], finish=lambda: self._divide(out, op))

    def broadcast(self, array: Array, src: int) -> Work:
        if self._is_elsewhere(array):
            return super().broadcast(array, src)
        return self._queue("broadcast", array, src)

    def all_gather(self, out: Array, array: Array) -> Work:
        if self._is_elsewhere(array) or self._is_elsewhere(out):
            return super().all_gather(out, array)
        return self._queue("all_gather", array, out, array.size)

    def _is_elsewhere(self, array: Any) -> bool:
        """Whether NCCL cannot take it: it is on the host, in pieces, or bools."""
        if not isinstance(array, self.gpu.array_type):
            return True
        found: Any = array
        return not found.flags.c_contiguous or found.dtype.kind == "b"

    def _queue(self, name: str, *arguments: Any, finish: Any = lambda: None) -> Work:
        """Start it on the stream of this group, after all that the current stream has been given so far."""
        cuda = self.gpu.xp.cuda
        self.stream.wait_event(cuda.get_current_stream().record())
        getattr(self.nccl, name)(*arguments, stream=self.stream)
        return Work(_Event(cuda, self.stream.record()), finish)

    def _divide(self, total: Array, op: ReduceOp) -> None:
        if op is ReduceOp.AVG:
            total /= total.dtype.type(self.size) if total.dtype == float16 else self.size


class _Event:
    """A place in the group's stream, as MPI's requests are asked."""

    def __init__(self, cuda: Any, event: Any) -> None:
        self.cuda, self.event = cuda, event

    def Test(self) -> bool:
        return bool(self.event.done)

    def Wait(self) -> None:
        """What the current stream is given from now on comes after it; the host does not wait."""
        self.cuda.get_current_stream().wait_event(self.event)
