"""What all tests share: hypothesis profiles, the backend under test, seeds, and checks for leaked state."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, settings

import minidl
from minidl.backend import current_backend, get_backend
from minidl.engine.grad_mode import is_grad_enabled
from minidl.errors import BackendError

slow_machines = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "dev", max_examples=15, deadline=None, derandomize="CI" in os.environ, suppress_health_check=slow_machines
)
settings.register_profile("ci", max_examples=40, deadline=None, derandomize=True, suppress_health_check=slow_machines)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backend", default="numpy", help="the array library the suite runs on: numpy or cupy")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "numpy_only(reason): about NumPy itself; skipped on another backend")
    config.addinivalue_line("markers", "solver: needs LAPACK or cuSOLVER; skipped on the imitation of a GPU")
    minidl.use_backend(config.getoption("--backend"))
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="minidl-tests-")  # models that tests allow to run
    torch.set_num_threads(1)  # its threads would only wait for each other on arrays this small


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    backend, no_gpu = config.getoption("--backend"), _no_real_gpu()
    for item in items:
        if {"lane_available", "driver"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)  # a process with an imitated GPU; a browser
        if backend != "numpy" and (mark := item.get_closest_marker("numpy_only")) is not None:
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))
        if backend != "numpy" and no_gpu and item.get_closest_marker("solver") is not None:
            item.add_marker(pytest.mark.skip(reason="the imitation of a GPU has no cuSOLVER"))
        if no_gpu and item.get_closest_marker("gpu") is not None:
            item.add_marker(pytest.mark.skip(reason=no_gpu))


def _no_real_gpu() -> str | None:
    """Why tests marked `gpu` cannot run here; None if they can."""
    try:
        gpu = get_backend("cupy")
    except BackendError as reason:
        return f"needs a real GPU: {reason}"
    return f"needs a real GPU, and this one is {gpu.device_label()}" if gpu.emulated else None


@pytest.fixture(autouse=True)
def _no_leaked_state() -> Iterator[None]:
    """Every test starts from the same seed and leaves the engine as it found it."""
    minidl.manual_seed(0)
    backend = current_backend()
    yield
    assert is_grad_enabled(), "the test left gradients switched off"
    assert current_backend() is backend, "the test left another backend chosen"
