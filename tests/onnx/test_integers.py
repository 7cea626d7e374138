"""Quantised networks, judged by onnxruntime: the same integers, so that scores differ by float32 rounding alone."""

from __future__ import annotations

import io

import numpy as np
import pytest

import minidl
from minidl import compress, models, nn
from tests.onnx.exchange import exported, onnxruntime
from tests.support.runs import sample


def digits(count: int) -> minidl.Tensor:
    return minidl.tensor(sample(False, count)[0].reshape(count, 1, 28, 28).astype(np.float32) / 255)


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("name", ["lecture", "mlp", "lenet"])
def test_onnxruntime_computes_the_same_integers(name: str, per_channel: bool) -> None:
    """QDQ as written, node by node: without fusions, whose kernels saturate on processors without VNNI."""
    model, x = models.make_model(name).eval(), digits(100)
    compress.quantize(model, [x], per_channel)
    content = exported(model, x[:2])
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(content, options)
    with minidl.no_grad():
        expected = model(x).numpy()
        ours = minidl.onnx.load(io.BytesIO(content))(x).numpy()
    theirs = session.run(None, {"input": x.numpy()})[0]
    for found in (theirs, ours):
        far = np.abs(found - expected) > 5e-6 * np.abs(expected).max()
        assert far.mean() < 0.1  # a number half-way between two integers may be rounded to either: some images differ
        np.testing.assert_allclose(found, expected, rtol=0, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize(
    "layer", [nn.Linear(9, 4), nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 2, 2, groups=2, bias=False)]
)
def test_one_layer_is_equal(layer: nn.Module, per_channel: bool) -> None:
    shape = (50, 9) if isinstance(layer, nn.Linear) else (5, layer.in_channels, 6, 6)
    model, x = nn.Sequential(layer).eval(), minidl.randn(shape)
    compress.quantize(model, [x], per_channel)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    (found,) = onnxruntime.InferenceSession(exported(model, x), options).run(None, {"input": x.numpy()})
    with minidl.no_grad():
        np.testing.assert_allclose(found, model(x).numpy(), rtol=0, atol=2e-6 * np.abs(found).max())
