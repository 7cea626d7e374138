"""A verb that `mpiexec` has started several times: one voice, and one end for all.

Only rank 0 prints; another one speaks only to say what ended it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..backend.numpy.threads import available_cores, set_num_threads
from ..distributed.ending import abort, all_failed
from ..distributed.process_group import destroy_process_group, init_process_group, the_group
from .exit_codes import FAILED
from .watching import Notes, watch_over

RANKS = ("PMI_RANK", "OMPI_COMM_WORLD_RANK")  # MPICH and its kin, Open MPI
SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")


def started_by_mpi() -> bool:
    """Whether this is one of several processes that an mpiexec has started."""
    return _number(SIZES) > 1


def _number(names: tuple[str, ...]) -> int:
    found = next((os.environ[name] for name in names if name in os.environ), "0")
    return int(found) if found.isdecimal() else 0


def together(run: Callable[[], int], tell: Callable[[BaseException], int]) -> int:
    """The exit code of `run()`, which all processes call as one group; `tell` prints an error and gives its code.

    An error in one process ends all of them.
    """
    rank = _number(RANKS)
    notes = Notes()
    if hasattr(os, "fork") and (code := watch_over(rank, notes)) is not None:
        return code
    voice = _silence() if rank else None
    try:
        init_process_group()
    except Exception as error:  # the same on all of them
        return tell(error)
    try:
        _share_machine(the_group())
        code = run()
        destroy_process_group()
        return code
    except SystemExit as error:  # from the parser, on all of them
        return int(error.code or 0)
    except BaseException as error:
        failed = error
    if all_failed(the_group()):
        return tell(failed)  # which rank 0 alone prints
    if voice is not None:
        os.dup2(voice, 2)
    notes.note(rank)
    abort(the_group(), tell(_of_rank(failed, rank)))
    return FAILED


def _of_rank(error: BaseException, rank: int) -> BaseException:
    """The error, whose message says on which rank it was, unless it does already."""
    if error.args and isinstance(error.args[0], str) and "rank" not in error.args[0]:
        error.args = (f"rank {rank}: {error.args[0]}", *error.args[1:])
    return error


def _silence() -> int:
    """Print nothing from here on; returns a handle of what stderr was."""
    voice = os.dup(2)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for handle in (1, 2):
        os.dup2(nowhere, handle)
    return voice


def _share_machine(group: Any) -> None:
    """Give each process of this machine its share of the cores, and a GPU of its own.

    MINIDL_NUM_THREADS and OPENBLAS_NUM_THREADS say otherwise. Of CUDA_VISIBLE_DEVICES, or of all GPUs, it is the one
    whose place is the process's number on its machine.
    """
    from threadpoolctl import threadpool_limits

    here = group.comm.Split_type(group.mpi.COMM_TYPE_SHARED)
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    share = max(1, available_cores() // here.allgather(mine).count(mine))
    number = here.Get_rank()
    here.Free()
    if "MINIDL_NUM_THREADS" not in os.environ:
        set_num_threads(share)
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        threadpool_limits(share, user_api="blas")
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if gpus == [""]:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(number)
    elif number < len(gpus):
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number]
