"""PyTorch's own sample options for every optimizer that minidl has: the same parameters after every step."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings

import numpy as np
import pytest
import torch

import minidl
from minidl.errors import MinidlError, UnsupportedError
from tests.support.compare import assert_close
from tests.support.opinfo import Untranslatable, translate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_optimizers import optim_db

KNOWN = [info for info in optim_db if hasattr(minidl.optim, info.optim_cls.__name__)]
STEPS = 6
SHAPES = {"Muon": ((3, 4), (4, 2), (1, 3))}  # of the parameters, which must be matrices
TOLERANCE = {"Muon": 1e-4}  # which computes in bfloat16


@pytest.mark.parametrize("room", [minidl.optim, minidl.optim.lr_scheduler], ids=lambda room: room.__name__)
def test_what_pytorch_has_too_is_exported(room):
    theirs = importlib.import_module(room.__name__.replace("minidl", "torch"))
    for info in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        for name, kind in vars(importlib.import_module(info.name)).items():
            if inspect.isclass(kind) and kind.__module__ == info.name and hasattr(theirs, name):
                assert getattr(room, name, None) is kind, f"{room.__name__}.{name} is missing"
                assert name in room.__all__, f"{room.__name__}.__all__ lacks {name}"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.optim_cls.__name__)
def test_samples(info, dtype):
    followed = 0
    for sample in info.optim_inputs_func("cpu"):
        rng = np.random.default_rng(0)
        shapes = SHAPES.get(info.optim_cls.__name__, ((3, 4), (4,), ()))
        start = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        xs = [minidl.tensor(value, requires_grad=True) for value in start]
        ts = [torch.tensor(value, requires_grad=True) for value in start]
        theirs = info.optim_cls(ts, **sample.kwargs)
        try:
            ours = getattr(minidl.optim, info.optim_cls.__name__)(xs, **translate(sample.kwargs))
        except MinidlError as refusal:
            assert isinstance(sample.kwargs.get("lr"), torch.Tensor), f"{sample}: {refusal}"  # noqa: PT017
            continue
        followed += 1
        for step in range(STEPS):
            for x, t in zip(xs, ts):
                gradient = np.asarray(rng.standard_normal(t.shape), dtype)
                x.grad, t.grad = minidl.tensor(gradient), torch.tensor(gradient)
            closure = [lambda: 1.0] if info.optim_cls is torch.optim.LBFGS else []  # which it cannot do without
            ours.step(*closure)
            theirs.step(*closure)
            for x, t in zip(xs, ts):
                assert_close(x.detach(), t.detach(), f"{sample}, step {step}", TOLERANCE.get(info.optim_cls.__name__))
    assert followed


@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.optim_cls.__name__)
def test_options_that_pytorch_refuses_are_refused(info):
    for sample in info.optim_error_inputs_func("cpu", torch.float32):
        asked = sample.optimizer_error_input
        params = [torch.ones(2, requires_grad=True)] if asked.params is None else asked.params
        try:
            mine = translated(params, {})  # before PyTorch, which changes the groups
        except Untranslatable:  # complex parameters
            continue
        ours = getattr(minidl.optim, info.optim_cls.__name__)
        with warnings.catch_warnings(), pytest.raises(sample.error_type):
            warnings.simplefilter("error")  # a parameter given twice is an error to come
            info.optim_cls(params, **asked.kwargs)
        with warnings.catch_warnings(), pytest.raises((MinidlError, Warning)) as raised:
            warnings.simplefilter("error")
            ours(mine, **translate(asked.kwargs))
        left_out = isinstance(raised.value, UnsupportedError)  # a rate that is a Tensor, whatever is in it
        caught = isinstance(raised.value, sample.error_type) or issubclass(sample.error_type, Warning)
        assert caught or left_out, f"{raised.value!r}, PyTorch {sample.error_type.__name__}"


def translated(x, known):
    """As `translate`, but the same tensor twice stays one."""
    if isinstance(x, torch.Tensor):
        return known.setdefault(id(x), translate(x))
    if isinstance(x, dict):
        return {name: translated(value, known) for name, value in x.items()}
    return type(x)(translated(item, known) for item in x) if isinstance(x, list | tuple) else x
