"""The exercises themselves, against PyTorch: the forward that is given, the model answer, the loops that judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from minidl.explain.teaching.judge import runner
from minidl.explain.teaching.judge.exercise import listed
from minidl.explain.teaching.judge.exercises import NAMES, find
from minidl.explain.teaching.judge.verdict import calls_of, verdict

F = torch.nn.functional


def lstm_step(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any) -> Any:
    cell = torch.nn.LSTMCell(x.shape[1], h.shape[1], dtype=torch.float64)
    given = {"weight_ih": w, "weight_hh": u, "bias_ih": b, "bias_hh": torch.zeros_like(b)}
    return torch.func.functional_call(cell, given, (x, (h, c)))


PYTORCH: dict[str, Callable[..., Any]] = {
    "add": torch.add, "mul": torch.mul, "broadcast": torch.add, "relu": torch.relu, "sigmoid": torch.sigmoid,
    "tanh": torch.tanh, "matmul": torch.matmul, "linear": F.linear, "mse": F.mse_loss,
    "softmax": lambda x: torch.softmax(x, 1), "cross_entropy": F.cross_entropy, "max_pool2d": F.max_pool2d,
    "conv2d": F.conv2d, "batch_norm": lambda x, w, b, eps: _batch_norm(x, w, b, eps),
    "attention": lambda q, k, v: F.scaled_dot_product_attention(q[None], k[None], v[None])[0], "lstm_step": lstm_step,
}  # fmt: skip


def _batch_norm(x: Any, w: Any, b: Any, eps: float) -> Any:
    if len(x) > 1:
        return F.batch_norm(x, None, None, w, b, training=True, eps=eps)
    return w * (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + eps) + b  # PyTorch refuses a single row


@pytest.mark.parametrize("name", NAMES)
def test_forward_and_gradients_are_pytorch_s(name: str) -> None:
    exercise = find(name)
    for number, case in enumerate(exercise.cases):
        tensors: list[Any] = [torch.from_numpy(np.array(x)) if isinstance(x, np.ndarray) else x for x in case.inputs]
        wanted = [tensors[exercise.inputs.index(gradient[1:])].requires_grad_() for gradient in exercise.gradients]
        outputs = PYTORCH[name](*tensors)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        for ours, theirs in zip(exercise.results(case.inputs), outputs):
            np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-12)
        seeds = [torch.from_numpy(np.array(seed)) for seed in exercise.seeds(number)]
        gradients = torch.autograd.grad(outputs, wanted, seeds)
        model = listed(exercise.backward(*exercise.given(number)))
        for ours, loops, theirs in zip(model, exercise.right(number), gradients):
            if name == "max_pool2d" and case.together:
                theirs = theirs if np.array_equal(ours, theirs.numpy()) else torch.from_numpy(loops)
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-11)
            np.testing.assert_allclose(loops, theirs.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_a_number_that_is_two_percent_off_in_one_case_is_found_there(name: str) -> None:
    exercise = find(name)
    right = runner.run({"backward": exercise.backward}, calls_of(exercise), "")
    for number in range(len(exercise.cases)):
        for which, gradient in enumerate(exercise.gradients):
            arrays = right.returned[2 * number + 1]
            if not arrays[which].size:
                continue
            before = arrays[which]
            arrays[which] = before.copy()
            arrays[which].flat[0] += 0.02 * max(float(np.abs(before).max()), 0.5)
            right.returned[-1] = right.returned[1]  # the last call is the first one again
            found = verdict(exercise, right)
            arrays[which] = before
            assert found.failed == {name: [number] if name == gradient else [] for name in exercise.gradients}
            assert found.causes == [], "no cause explains a single case"
