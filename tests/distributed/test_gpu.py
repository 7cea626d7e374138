"""Several processes whose tensors are on GPUs, as far as the imitated one goes."""

from __future__ import annotations

import pytest

from tests.support.lane import required

from .launch import needs_mpi, run


@needs_mpi
@pytest.mark.slow
def test_on_the_imitated_gpu():
    required()
    done = run(2, "-m", "tests.cupy_on_cpu", "python", "-m", "tests.distributed.gpu")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("done") == 2
