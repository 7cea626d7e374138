"""PyTorch's own samples for every layer that minidl has: outputs, gradients, buffers and `repr`."""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
import warnings
from typing import Any

import pytest
import torch

import minidl
import minidl.nn.functional as F
from minidl.errors import MinidlError
from tests.support.compare import assert_close
from tests.support.opinfo import EQUAL, WRONG, Untranslatable, judge, translate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

KNOWN = [info for info in module_db if hasattr(minidl.nn, info.module_cls.__name__)]


def layers() -> dict[str, type[minidl.nn.Module]]:
    """Every public class of a layer in the files of `minidl/nn`, by name."""
    files = [info.name for info in pkgutil.iter_modules(minidl.nn.__path__, "minidl.nn.")]
    return {
        name: kind
        for file in files
        for name, kind in vars(importlib.import_module(file)).items()
        if inspect.isclass(kind) and issubclass(kind, minidl.nn.Module) and kind.__module__ == file
        if not name.startswith("_")
    }


def test_every_layer_is_exported():
    assert len(layers()) > 50
    for name, kind in layers().items():
        assert getattr(minidl.nn, name, None) is kind, f"nn.{name} is missing"
        assert name in minidl.nn.__all__, f"nn.__all__ lacks {name}"


def test_every_function_whose_layer_pytorch_has_has_it_here():
    """`max_pool2d` and `MaxPool2d`: what can be called can be put into a Sequential."""
    theirs = {name.lower(): name for name, kind in vars(torch.nn).items() if inspect.isclass(kind)}
    wanted = {theirs[name.replace("_", "")] for name in F.__all__ if name.replace("_", "") in theirs}
    assert len(wanted) > 30
    assert not wanted - layers().keys()


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.module_cls.__name__)
def test_samples(info, dtype, training):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
        assert [check_sample(info.module_cls, sample, dtype, training) for sample in samples]


def check_sample(kind: type[torch.nn.Module], sample: Any, dtype: torch.dtype, training: bool) -> None:
    made = sample.constructor_input
    theirs = kind(*made.args, **made.kwargs).to(dtype).train(training)
    ours = getattr(minidl.nn, kind.__name__)(*translate(made.args), **translate(made.kwargs)).train(training)
    ours.to(minidl.as_dtype(str(dtype).removeprefix("torch.")))
    if kind.__name__.startswith("Lazy"):  # its first input decides the shapes of its parameters
        assert repr(ours) == repr(theirs)
        theirs(*sample.forward_input.args)
        ours(*translate(sample.forward_input.args))
    ours.load_state_dict({name: value.numpy() for name, value in copy.deepcopy(theirs.state_dict()).items()})
    assert repr(ours) == repr(theirs)
    if sample.forward_input is None:
        return
    verdict = judge(ours, theirs, sample.forward_input.args, sample.forward_input.kwargs)
    assert verdict.kind != WRONG, f"{ours} {verdict.text}"
    if verdict.kind != EQUAL:
        return
    for (name, parameter), reference in zip(ours.named_parameters(), theirs.parameters()):
        if reference.grad is None:
            assert parameter.grad is None, name
        else:
            assert_close(parameter.grad, reference.grad, name, floor=1.0)
    for (name, buffer), reference in zip(ours.named_buffers(), theirs.buffers()):
        assert_close(buffer, reference, name)


def translated(x: Any) -> Any:
    """As `translate`; a number that is complex stays one, and has to be refused."""
    try:
        return translate(x)
    except Untranslatable:
        return x


# BatchNorm is asked about eps alone, for which see tests/ops/test_norm.py.
WITH_ERRORS = [
    info
    for info in KNOWN
    if info.module_error_inputs_func is not None and not info.module_cls.__name__.startswith("BatchNorm")
]


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("info", WITH_ERRORS, ids=lambda info: info.module_cls.__name__)
def test_what_pytorch_refuses_is_refused(info, training):
    """Options and inputs that PyTorch's layers refuse: an error by name, which PyTorch's except clauses catch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples = info.module_error_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=training
        )
    for sample in samples:
        asked = sample.module_error_input
        made = asked.constructor_input

        def call(kind: Any, asked: Any = asked, made: Any = made) -> None:
            convert = translated if kind.__module__.startswith("minidl") else lambda x: x
            layer = kind(*convert(made.args), **convert(made.kwargs)).train(training)
            if asked.forward_input is not None:
                layer(*convert(asked.forward_input.args), **convert(asked.forward_input.kwargs))

        with pytest.raises(sample.error_type):
            call(info.module_cls)
        with pytest.raises(MinidlError) as raised:
            call(getattr(minidl.nn, info.module_cls.__name__))
        assert isinstance(raised.value, sample.error_type), f"{raised.value!r}, PyTorch {sample.error_type.__name__}"
