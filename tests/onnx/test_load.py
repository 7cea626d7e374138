"""Models that others trained, run by minidl: ONNX's own node tests, and what PyTorch exports."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minidl
from minidl.dtypes import SUPPORTED
from minidl.errors import ArgumentError, CheckpointError, DtypeError, MinidlError
from minidl.onnx import OnnxModel, UnknownOperatorError
from minidl.onnx.readers import READERS
from tests.support.packages import judge

onnx = judge("onnx")
judge("onnxscript")

REFUSALS = (  # forms of known operators that minidl leaves out, each by name
    "5 dimensions", "training", "output_shape are not run", "block_size", "batch_dims", "linear_before_reset=0",
    "layout=1", "peepholes", "output of indices", "reduction='", "nothing to choose from",
)  # fmt: skip


def node_cases() -> list[Any]:
    """ONNX's own tests of the operators that minidl has, in the dtypes that it has."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    return [
        case
        for case in cases
        if {(node.domain, node.op_type) for node in case.model.graph.node} <= {("", name) for name in READERS}
        and all(
            getattr(array, "dtype", None) in SUPPORTED for data in case.data_sets for part in data for array in part
        )
    ]


@pytest.mark.slow
def test_onnx_own_node_tests() -> None:
    """Values, shapes and dtypes; float16 within two roundings. What is refused has a reason that is listed."""
    outcomes: Counter[str] = Counter()
    wrong = {}
    for case in node_cases():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                check_case(case)
            outcomes["right"] += 1
        except (UnknownOperatorError, minidl.errors.DimensionError) as error:
            outcomes["refused"] += 1
            if not any(reason in str(error) for reason in REFUSALS):
                wrong[case.name] = str(error)
        except Exception as error:
            wrong[case.name] = f"{type(error).__name__}: {error}"
    assert not wrong
    assert outcomes["right"] > 950 and outcomes["refused"] < 60, outcomes


def check_case(case: Any) -> None:
    net = OnnxModel(case.model)
    for inputs, outputs in case.data_sets:
        with minidl.no_grad():
            found = net(*[minidl.tensor(np.asarray(x)) for x in inputs])
        for z, expected in zip(found if isinstance(found, tuple) else (found,), outputs, strict=True):
            half = expected.dtype == np.float16
            assert (z.dtype, z.shape) == (expected.dtype, expected.shape)
            np.testing.assert_allclose(
                z.numpy(), expected, rtol=2e-3 if half else case.rtol, atol=2e-3 if half else max(case.atol, 1e-6)
            )


class Fire(torch.nn.Module):
    """SqueezeNet's block: narrow, then wide by 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeezed: int, wide: int) -> None:
        super().__init__()
        self.squeeze = torch.nn.Conv2d(inputs, squeezed, 1)
        self.one, self.three = torch.nn.Conv2d(squeezed, wide, 1), torch.nn.Conv2d(squeezed, wide, 3, padding=1)

    def forward(self, x: Any) -> Any:
        x = self.squeeze(x).relu()
        return torch.cat([self.one(x).relu(), self.three(x).relu()], 1)


class Residual(torch.nn.Module):
    """ResNet's basic block."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = torch.nn.BatchNorm2d(outputs), torch.nn.BatchNorm2d(outputs)
        self.beside = torch.nn.Identity()
        if stride > 1 or inputs != outputs:
            self.beside = torch.nn.Sequential(
                torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False), torch.nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Any) -> Any:
        return (self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())) + self.beside(x)).relu()


def squeezenet() -> torch.nn.Module:
    n = torch.nn
    return n.Sequential(
        n.Conv2d(3, 16, 3, 2), n.ReLU(), n.MaxPool2d(3, 2, ceil_mode=True), Fire(16, 4, 8), Fire(16, 4, 8),
        n.MaxPool2d(3, 2, ceil_mode=True), Fire(16, 8, 16), n.Dropout(), n.Conv2d(32, 10, 1), n.ReLU(),
        n.AdaptiveAvgPool2d(1), n.Flatten(),
    )  # fmt: skip


def resnet18() -> torch.nn.Module:
    n = torch.nn
    blocks = [Residual(a, b, s) for a, b, s in [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2),
                                                (256, 256, 1), (256, 512, 2), (512, 512, 1)]]  # fmt: skip
    return n.Sequential(
        n.Conv2d(3, 64, 7, 2, 3, bias=False), n.BatchNorm2d(64), n.ReLU(), n.MaxPool2d(3, 2, 1), *blocks,
        n.AdaptiveAvgPool2d(1), n.Flatten(), n.Linear(512, 1000),
    )  # fmt: skip


def mnist() -> torch.nn.Module:
    n = torch.nn
    return n.Sequential(
        n.Conv2d(1, 8, 5, padding=2), n.ReLU(), n.MaxPool2d(2), n.Conv2d(8, 16, 5, padding=2), n.GELU(), n.AvgPool2d(3),
        n.Flatten(), n.Linear(256, 32), n.LayerNorm(32), n.SiLU(), n.Linear(32, 10), n.LogSoftmax(1),
    )  # fmt: skip


class Reads(torch.nn.Module):
    """An LSTM and a GRU over the rows of a digit."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(28, 16, batch_first=True, bidirectional=True)
        self.gru = torch.nn.GRU(32, 8, batch_first=True)
        self.fc = torch.nn.Linear(8, 10)

    def forward(self, x: Any) -> Any:
        return self.fc(self.gru(self.lstm(x.squeeze(1))[0])[0][:, -1])


MADE = {"mnist": (mnist, (1, 28, 28)), "rows": (Reads, (1, 28, 28)), "squeezenet": (squeezenet, (3, 64, 64)),
        "resnet18": (resnet18, (3, 64, 64))}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dynamo"), [*((name, False) for name in MADE), ("rows", True), ("resnet18", True)])
def test_models_that_pytorch_exports(name: str, dynamo: bool, tmp_path: Path) -> None:
    """By both of PyTorch's exporters: the same scores, from the file alone."""
    torch.manual_seed(0)
    make, shape = MADE[name]
    model = make().eval()
    for norm in [part for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d)]:
        norm.running_var.uniform_(0.5, 2)
    path, x = tmp_path / "model.onnx", torch.rand(2, *shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"external_data": False} if dynamo else {}
        torch.onnx.export(model, (x,), path, dynamo=dynamo, verbose=False, **options)
    net = minidl.onnx.load(path)
    with minidl.no_grad(), torch.no_grad():
        found, expected = net(minidl.tensor(x.numpy())).numpy(), model(x).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6 * np.abs(expected).max())


def small(op: str, inputs: list[str], kind: int | None = None, **options: Any) -> Any:
    """A file of one node."""
    helper = onnx.helper
    info = [helper.make_tensor_value_info(x, kind or onnx.TensorProto.FLOAT, [2, "n"]) for x in inputs]
    out = helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, ["a", "b"] if op != "Det" else [])
    graph = helper.make_graph([helper.make_node(op, inputs, ["z"], name="here", **options)], "g", info, [out])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def loaded(proto: Any) -> OnnxModel:
    return minidl.onnx.load(io.BytesIO(proto.SerializeToString()))


def test_weights_of_a_file_can_be_trained_on() -> None:
    from tests.onnx.exchange import exported

    model = minidl.nn.Sequential(minidl.nn.Linear(3, 4), minidl.nn.Tanh(), minidl.nn.Linear(4, 1))
    net = minidl.onnx.load(io.BytesIO(exported(model, minidl.rand(2, 3))))
    assert sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in model.parameters())
    x = minidl.rand(5, 3)
    for run in (net, model):
        run(x).sum().backward()
    for ours, theirs in zip(net.parameters(), model.parameters()):
        assert minidl.allclose(ours.grad, theirs.grad)


def test_inputs_are_checked() -> None:
    net = loaded(small("Add", ["x", "y"]))
    one = minidl.ones(2, 3)
    assert net(one, one).tolist() == [[2.0] * 3] * 2
    with pytest.raises(ArgumentError, match=r"takes 2 inputs \(x, y\); got 1"):
        net(one)
    with pytest.raises(ArgumentError, match="input y must be a Tensor; got ndarray"):
        net(one, np.ones(3))
    with pytest.raises(DtypeError, match="input y must be float32; got float64"):
        net(one, one.double())
    with pytest.raises(minidl.errors.ShapeError, match=r"input y must be of shape \(2, any\); got \(3, 3\)"):
        net(one, minidl.ones(3, 3))
    with pytest.raises(minidl.errors.ShapeError, match=r"here: Add: .*not be broadcast"):
        net(one, minidl.ones(2, 4))


def test_what_minidl_does_not_run_is_refused_by_name() -> None:
    with pytest.raises(UnknownOperatorError, match="here: minidl does not run the ONNX operator Det"):
        loaded(small("Det", ["x"]))
    with pytest.raises(UnknownOperatorError, match="here: Cast: the dtype BFLOAT16 is none of minidl's"):
        loaded(small("Cast", ["x"], to=onnx.TensorProto.BFLOAT16))(minidl.ones(2, 3))
    outside = small("Add", ["x", "w"])
    weight = onnx.numpy_helper.from_array(np.ones(3, np.float32), "w")
    onnx.external_data_helper.set_external_data(weight, "../secret")
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    outside.graph.initializer.append(weight)
    with pytest.raises((UnknownOperatorError, CheckpointError), match=r"another file|outside the directory"):
        loaded(outside)


def test_damaged_files(tmp_path: Path) -> None:
    whole = small("Add", ["x", "y"]).SerializeToString()
    for number, content in enumerate([b"", b"no file of this kind", whole[: len(whole) // 2]]):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=rf"{number}\.onnx: is damaged, or not an ONNX file"):
            minidl.onnx.load(path)
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(CheckpointError, match="cannot be read"):
            minidl.onnx.load(path)
    generator = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(whole)
        for place in generator.integers(0, len(damaged), 3):
            damaged[place] = generator.integers(256)
        with suppress(MinidlError):
            minidl.onnx.load(io.BytesIO(bytes(damaged)))(minidl.ones(2, 3), minidl.ones(2, 3))
