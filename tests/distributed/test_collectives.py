"""The processes' collectives, each process checking them; and what is said outside of a group."""

from __future__ import annotations

import subprocess
import sys

import pytest

from minidl import distributed as dist
from minidl.errors import DistributedError

from .launch import finish, needs_mpi, run, start

ENDS = "import minidl.distributed as d, sys, time\nd.init_process_group()\n{}\nd.barrier()\n"


@needs_mpi
@pytest.mark.parametrize("processes", [1, 3])
def test_every_collective(processes):
    done = run(processes, "-m", "tests.distributed.collectives")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("done") == processes


@needs_mpi
def test_an_error_that_nobody_catches_ends_all():
    script = ENDS.format("if d.get_rank() == 1: raise KeyError('lost')")
    done = finish(start(2, ["-c", script]), 60)
    assert done.returncode != 0
    assert "KeyError: 'lost' (on rank 1 of 2)" in done.stderr


@needs_mpi
def test_an_error_on_all_processes_is_said_once():
    done = finish(start(3, ["-c", ENDS.format("raise KeyError('lost')")]), 60)
    assert done.returncode == 1
    assert done.stderr.count("KeyError: 'lost'") == 1
    assert "(on all 3 processes)" in done.stderr


@pytest.mark.parametrize("ask", [dist.get_rank, dist.get_world_size, dist.get_backend, dist.barrier])
def test_outside_of_a_group(ask):
    assert not dist.is_initialized()
    with pytest.raises(DistributedError, match=r"no process group: call .*init_process_group"):
        ask()


def test_importing_it_starts_no_mpi_and_without_mpi4py_it_says_what_to_install():
    script = (
        "import sys; sys.modules['mpi4py'] = None\n"
        "import minidl, minidl.nn.parallel, minidl.distributed as d\n"
        "assert not d.is_initialized()\n"
        "try: d.init_process_group()\n"
        "except minidl.errors.MissingPackageError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "install both with pip install 'minidl[mpi]'" in done.stdout, done.stderr
    light = "import sys, minidl, minidl.nn; print([m for m in sys.modules if 'distributed' in m or 'mpi4py' in m])"
    done = subprocess.run([sys.executable, "-c", light], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", "import minidl loads none of it"
