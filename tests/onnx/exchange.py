"""A model written as ONNX and run by onnxruntime, and by minidl from the file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

import minidl
from minidl import nn
from tests.support.packages import judge

onnxruntime = judge("onnxruntime")
judge("onnx")


class Of(nn.Module):
    """A module that is one function."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs)


def exported(model: nn.Module, inputs: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    minidl.onnx.export(model, inputs, file, **options)
    return file.getvalue()


def run(content: bytes, *inputs: np.ndarray) -> list[np.ndarray]:
    """onnxruntime's outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, {x.name: array for x, array in zip(session.get_inputs(), inputs)})


def arrays(found: Any) -> list[np.ndarray]:
    parts = [found] if isinstance(found, minidl.Tensor) else list(found)
    return [array for part in parts for array in ([part.numpy()] if isinstance(part, minidl.Tensor) else arrays(part))]


def check_same(model: nn.Module, content: bytes, *inputs: minidl.Tensor, close: float = 1e-5) -> None:
    """onnxruntime and minidl's reader give what the model gives: dtype, shape, values relative to the largest."""
    with minidl.no_grad():
        expected = arrays(model(*inputs))
        ours = arrays(minidl.onnx.load(io.BytesIO(content))(*inputs))
    theirs = run(content, *[x.numpy() for x in inputs])
    assert len(expected) == len(ours) == len(theirs)
    for wanted, *found in zip(expected, ours, theirs):
        for array in found:
            assert (array.dtype, array.shape) == (wanted.dtype, wanted.shape)
            scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=1.0) if wanted.dtype.kind == "f" else 1
            np.testing.assert_allclose(array, wanted, rtol=0, atol=close * scale)
