"""What all tests share: hypothesis profiles, the backend under test, seeds, and checks for leaked state."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, settings

import minidl
from minidl.backend import current_backend
from minidl.grad_mode import is_grad_enabled

slow_machines = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("dev", max_examples=15, deadline=None, suppress_health_check=slow_machines)
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True, suppress_health_check=slow_machines)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backend", default="numpy", help="the array library the suite runs on: numpy or cupy")


def pytest_configure(config: pytest.Config) -> None:
    minidl.use_backend(config.getoption("--backend"))
    torch.set_num_threads(1)  # its threads would only wait for each other on arrays this small


@pytest.fixture(autouse=True)
def _no_leaked_state() -> Iterator[None]:
    """Every test starts from the same seed and leaves the engine as it found it."""
    minidl.manual_seed(0)
    backend = current_backend()
    yield
    assert is_grad_enabled(), "the test left gradients switched off"
    assert current_backend() is backend, "the test left another backend chosen"
