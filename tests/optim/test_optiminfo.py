"""PyTorch's own sample options for every optimizer that minidl has: the same parameters after every step."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import minidl
from minidl.errors import MinidlError
from tests.support.compare import assert_close
from tests.support.opinfo import translate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_optimizers import optim_db

KNOWN = [info for info in optim_db if hasattr(minidl.optim, info.optim_cls.__name__)]
STEPS = 6


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.optim_cls.__name__)
def test_samples(info, dtype):
    followed = 0
    for sample in info.optim_inputs_func("cpu"):
        rng = np.random.default_rng(0)
        start = [rng.standard_normal(shape).astype(dtype) for shape in ((3, 4), (4,), ())]
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
            ours.step()
            theirs.step()
            for x, t in zip(xs, ts):
                assert_close(x.detach(), t.detach(), f"{sample}, step {step}")
    assert followed


@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.optim_cls.__name__)
def test_options_that_pytorch_refuses_are_refused(info):
    for sample in info.optim_error_inputs_func("cpu", torch.float32):
        asked = sample.optimizer_error_input
        if "duplicate" in asked.desc:  # translated, one tensor would be two
            continue
        params = [torch.ones(2, requires_grad=True)] if asked.params is None else asked.params
        mine = translate(params)  # before PyTorch, which changes the groups
        with pytest.raises(sample.error_type):
            info.optim_cls(params, **asked.kwargs)
        with pytest.raises(MinidlError):
            getattr(minidl.optim, info.optim_cls.__name__)(mine, **translate(asked.kwargs))
