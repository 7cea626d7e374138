"""no_grad, enable_grad and set_grad_enabled as decorators of functions and of generators, as in PyTorch."""

from __future__ import annotations

import threading

import pytest
import torch

import minidl

LIBRARIES = pytest.mark.parametrize("library", [minidl, torch], ids=["minidl", "torch"])


@LIBRARIES
def test_decorated_functions(library):
    def recording():
        return library.is_grad_enabled()

    assert library.no_grad()(recording)() is False
    assert library.no_grad(recording)() is False
    assert library.set_grad_enabled(False)(recording)() is False
    assert library.is_grad_enabled()
    with library.no_grad():
        assert library.enable_grad()(recording)() is True
        assert library.enable_grad(recording)() is True
        assert library.set_grad_enabled(True)(recording)() is True
        assert not library.is_grad_enabled()
    assert library.no_grad(recording).__name__ == "recording"


@LIBRARIES
def test_a_decorated_generator_runs_inside_and_its_caller_outside(library):
    seen = []

    @library.no_grad()
    def steps():
        seen.append(library.is_grad_enabled())
        seen.append((yield library.is_grad_enabled()))
        try:
            yield library.is_grad_enabled()
        except KeyError:
            seen.append(library.is_grad_enabled())
        yield "last"
        return "result"

    running = steps()
    assert next(running) is False
    assert library.is_grad_enabled()
    assert running.send("sent") is False
    assert library.is_grad_enabled()
    assert running.throw(KeyError) == "last"
    with pytest.raises(StopIteration) as stop:
        next(running)
    assert stop.value.value == "result"
    assert seen == [False, "sent", False]
    unfinished = steps()
    next(unfinished)
    unfinished.close()
    assert library.is_grad_enabled()


@LIBRARIES
def test_an_error_inside_leaves_the_mode_as_it_was(library):
    @library.no_grad()
    def fail():
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert library.is_grad_enabled()


@LIBRARIES
def test_other_threads_record(library):
    seen = []
    with library.no_grad():
        thread = threading.Thread(target=lambda: seen.append(library.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]
