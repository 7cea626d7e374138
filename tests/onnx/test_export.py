"""Exporting models: those that the command trains, names, batches, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minidl
import minidl.nn.functional as F
from minidl import models, nn
from minidl.errors import ArgumentError, ShapeError
from minidl.models.networks import MODELS
from minidl.onnx import ExportError
from minidl.ops.over_time import layer_over_time
from tests.onnx.exchange import Of, check_same, exported, run
from tests.support.runs import sample

onnx = pytest.importorskip("onnx")


def digits(count: int) -> minidl.Tensor:
    """Real digits of the bundled sample: (count, 1, 28, 28) float32 from 0 to 1."""
    return minidl.tensor(np.stack(sample(False, count)[0]).reshape(count, 1, 28, 28).astype(np.float32) / 255)


@pytest.mark.parametrize("name", MODELS)
def test_onnxruntime_reads_a_thousand_digits_as_minidl_does(name: str) -> None:
    """In batches of 100, and some of them one by one; ResNet-18, which is slow, reads fewer."""
    model = models.make_model(name).eval()
    for buffer_name, buffer in model.named_buffers():
        if buffer_name.endswith("running_var"):
            buffer.data = buffer + minidl.rand(buffer.shape)
    content = exported(model, minidl.zeros(2, 1, 28, 28))
    images = digits(1000 if name != "resnet18" else 100)
    for batch in images.split(100):
        check_scores(model, content, batch)
    for i in range(0, len(images), 50):
        check_scores(model, content, images[i : i + 1])


def check_scores(model: nn.Module, content: bytes, images: minidl.Tensor) -> None:
    with minidl.no_grad():
        expected = model(images).numpy()
    (found,) = run(content, images.numpy())
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("model", [models.GPT(17, 8, 8, 2, 2), models.GPT(17, 8, 8, 1, 2, positions="sinusoidal"),
                                   models.CharLSTM(17, 4, 6, 2)], ids=["gpt", "gpt waves", "charlstm"])  # fmt: skip
def test_models_of_text(model: nn.Module) -> None:
    model.eval()
    content = exported(model, minidl.randint(0, 17, (2, 8)))
    check_same(model, content, minidl.randint(0, 17, (3, 8)))


def test_the_graph_keeps_the_names_of_modules() -> None:
    proto = onnx.load_model_from_string(exported(models.Lecture(), minidl.zeros(1, 1, 28, 28)))
    names = [node.name for node in proto.graph.node]
    assert names == ["layer1.0/Conv", "layer1.1/Relu", "layer1.2/MaxPool", "layer2.0/Conv", "layer2.1/Relu",
                     "layer2.2/MaxPool", "Reshape", "fc/Gemm", "output"]  # fmt: skip
    assert {"layer1.0.weight", "fc.bias"} <= {x.name for x in proto.graph.initializer}
    assert [d.dim_param or d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim] == ["batch", 1, 28, 28]
    assert [d.dim_param or d.dim_value for d in proto.graph.output[0].type.tensor_type.shape.dim] == ["batch", 10]
    assert proto.opset_import[0].version >= 18
    assert proto.producer_name == "minidl"


def test_a_weight_used_twice_is_stored_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x: Any) -> Any:
            return self.fc(self.fc(x))

    model = Twice()
    content = exported(model, minidl.ones(2, 3))
    assert len(onnx.load_model_from_string(content).graph.initializer) == 2
    check_same(model, content, minidl.ones(4, 3))


def test_a_fixed_batch_and_own_names(tmp_path: Path) -> None:
    path = tmp_path / "sum.onnx"
    model = Of(lambda x, y: (x + y, x.var(0)))
    minidl.onnx.export(
        model, [minidl.ones(2, 3), minidl.ones(2, 3)], path, dynamic_batch=False, input_names=["a", "b"],
        output_names=["sum", "spread"],
    )  # fmt: skip
    check_same(model, path.read_bytes(), minidl.rand(2, 3), minidl.rand(2, 3))
    loaded = minidl.onnx.load(path)
    assert (loaded.inputs, loaded.outputs) == (["a", "b"], ["sum", "spread"])
    with pytest.raises(ShapeError, match=r"input a must be of shape \(2, 3\); got \(4, 3\)"):
        loaded(minidl.ones(4, 3), minidl.ones(4, 3))
    with pytest.raises(ExportError, match="the batch depends on its size; export with dynamic_batch=False"):
        exported(model, [minidl.ones(2, 3), minidl.ones(2, 3)])


def test_training_mode_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))
    before = {name: x.clone() for name, x in model.state_dict().items()}
    content = exported(model, minidl.rand(4, 3))
    assert model.training and all(minidl.equal(x, before[name]) for name, x in model.state_dict().items())
    check_same(model.eval(), content, minidl.rand(2, 3))


def added(x: Any) -> Any:
    z = x * 2
    z += 1
    return z * 2


def layer(rows: Any, w_ih: Any, sizes: list[int]) -> Any:
    h, w_hh = minidl.zeros(sizes[0], 2), minidl.ones(2, 2)
    return layer_over_time("RNN_TANH", rows, [h], [w_ih, w_hh, None, None, None], sizes)[0]


REFUSED: dict[str, tuple[Any, str]] = {
    "an operation without a writer": (lambda x: x.median(1).values, r"MedianPlace: there is no way"),
    "its line": (lambda x: x.median(1).values, r"test_export\.py, line \d+"),
    "numbers of this batch": (lambda x: x * x.numpy().max(), "computed from the input outside of minidl"),
    "a Python number of this batch": (lambda x: x * x.sum().item(), "computed from the input outside|depends on"),
    "the length of the batch": (lambda x: x / len(x), "always be those of this one batch"),
    "one less than the batch": (lambda x: x[:, :1].expand(-1, len(x) - 1), "multiple of the batch"),
    "pooling the batch": (lambda x: F.adaptive_avg_pool1d(x.transpose(0, 1)[None], 4), "works along|depends on"),
    "a branch on numbers": (lambda x: x.sin() if x[0, 0].item() > 0 else x.cos(), "Sin for one batch and Cos for"),
    "a loop over the batch": (lambda x: minidl.stack([row * 2 for row in x]), "for one batch|more operations|batch"),
    "a change in place": (added, "changed in place"),
    "steps of a layer": (lambda x: nn.RNN(3, 2)(x[:, None])[0], "fixed number of steps"),
    "a projection": (lambda x: nn.LSTM(3, 4, proj_size=2)(x[None])[0], "no projection"),
    "lengths": (lambda x: layer(minidl.cat((x, x[:1])), minidl.ones(2, 3), [len(x), 1]), "pad them to one length"),
    "weights": (lambda x: layer(x, minidl.ones(2, 3) * x.sum(0), [len(x)]), "weights that are computed from the input"),
    "an output that is no tensor": (lambda x: {"a": x}, "gave dict"),
    "an output that does not depend on it": (lambda x: minidl.ones(3), "does not depend on the inputs"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_refused(name: str) -> None:
    function, message = REFUSED[name]
    x = minidl.tensor([[0.5, -1.0, 2.0], [-3.0, 4.0, 1.0]])
    with pytest.raises(ExportError, match=message):
        exported(Of(function), x)


def test_the_module_and_the_line_of_a_refusal() -> None:
    class Inner(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.median(1).values

    with pytest.raises(ExportError, match=r"^1, test_export\.py, line \d+: MedianPlace"):
        exported(nn.Sequential(nn.ReLU(), Inner()), minidl.rand(2, 3))


def test_wrong_arguments() -> None:
    file = io.BytesIO()
    model = nn.Linear(3, 2)
    with pytest.raises(ArgumentError, match=r"model must be a minidl\.nn\.Module; got function"):
        minidl.onnx.export(lambda x: x, minidl.ones(1), file)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="inputs must be a Tensor"):
        minidl.onnx.export(model, [np.ones(3)], file)  # type: ignore[list-item]
    with pytest.raises(ArgumentError, match="input_names must be 1 different names"):
        minidl.onnx.export(model, minidl.ones(2, 3), file, input_names=["a", "b"])
    with pytest.raises(ShapeError, match="the first dimension of each input is the batch"):
        minidl.onnx.export(model, [minidl.ones(2, 3), minidl.ones(3, 3)], file)
    with pytest.raises(ShapeError, match="must not be empty"):
        minidl.onnx.export(model, minidl.ones(0, 3), file)
    assert file.getvalue() == b""
