"""The one group that a process belongs to: made, asked about, ended."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from ..errors import ArgumentError, DistributedError, refuse
from .ending import end_all_if_one_fails
from .mpi import MPIGroup
from .nccl import NCCLGroup

BACKENDS = {"mpi": MPIGroup, "nccl": NCCLGroup}


class _Joined:
    group: MPIGroup | None = None
    leave: Any = None  # undoes `end_all_if_one_fails`


_joined = _Joined()


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: Any = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Join the processes that `mpiexec` started; a process started alone is a group of one.

    From here on, an error that nobody catches in one process ends all of them, and says its rank.

    Args:
        backend: "mpi" (the default), or "nccl" for tensors on GPUs.
        init_method: MPI knows the others, so only "env://" or None.
        world_size, rank: not needed; ArgumentError if they are not MPI's.

    Raises `DistributedError` if a group was joined before, `MissingPackageError` without mpi4py, `BackendError` without
    NCCL, `UnsupportedError` for PyTorch's other arguments.
    """
    refuse(
        "init_process_group", timeout=timeout, store=store, group_name=group_name or None, pg_options=pg_options,
        device_id=device_id,
    )  # fmt: skip
    if _joined.group is not None:
        raise DistributedError("init_process_group: this process is in a group already; destroy_process_group() first")
    if init_method not in (None, "env://"):
        raise ArgumentError(
            f"init_process_group: init_method {init_method!r}: mpiexec starts the processes; leave it out"
        )
    if backend is not None and backend not in BACKENDS:
        raise ArgumentError(f"init_process_group: backend {backend!r} is not in minidl; use {' or '.join(BACKENDS)}")
    group = BACKENDS[backend or "mpi"]()
    for name, given, known in (("world_size", world_size, group.size), ("rank", rank, group.rank)):
        if given not in (-1, known):
            group.close()
            raise ArgumentError(
                f"init_process_group: {name}={given}, but by MPI it is {known}; start with mpiexec -n, and leave it out"
            )
    _joined.group, _joined.leave = group, end_all_if_one_fails(group)


def destroy_process_group(group: None = None) -> None:
    """Leave the group; every process must."""
    refuse("destroy_process_group", group=group)
    joined = the_group()
    joined.barrier().wait()
    _joined.leave()
    joined.close()
    _joined.group = None


def is_available() -> bool:
    """Whether mpi4py is installed."""
    return find_spec("mpi4py") is not None


def is_initialized() -> bool:
    """Whether this process has joined a group."""
    return _joined.group is not None


def the_group(group: None = None) -> MPIGroup:
    """The group that this process has joined. DistributedError if there is none."""
    refuse("torch.distributed", group=group)
    if _joined.group is None:
        raise DistributedError("no process group: call minidl.distributed.init_process_group() first")
    return _joined.group


def get_rank(group: None = None) -> int:
    """The number of this process, from 0."""
    return the_group(group).rank


def get_world_size(group: None = None) -> int:
    """How many processes there are."""
    return the_group(group).size


def get_backend(group: None = None) -> str:
    """What carries the tensors: "mpi" or "nccl"."""
    return the_group(group).name
