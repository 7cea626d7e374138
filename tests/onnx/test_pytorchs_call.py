"""`torch.onnx.export`, as a script under `minidl.as_torch` calls it."""

from __future__ import annotations

import io

import pytest

import minidl
from minidl import nn
from minidl.dialect.names.onnx import export
from minidl.errors import ArgumentError, UnsupportedError

onnx = pytest.importorskip("onnx")


def test_the_batch_is_dynamic_only_if_it_is_named() -> None:
    for axes, batch in (({"x": {0: "batch"}, "z": {0: "batch"}}, ""), (None, 2)):
        file = io.BytesIO()
        export(
            nn.Linear(3, 1), (minidl.ones(2, 3),), file, input_names=["x"], output_names=["z"], dynamic_axes=axes,
            opset_version=20, do_constant_folding=True,
        )  # fmt: skip
        graph = onnx.load_from_string(file.getvalue()).graph
        assert [graph.input[0].name, graph.output[0].name] == ["x", "z"]
        first = graph.input[0].type.tensor_type.shape.dim[0]
        assert first.dim_value == batch if batch else first.dim_param


def test_what_is_left_out_is_refused() -> None:
    model, x = nn.ReLU(), minidl.ones(2, 3)
    with pytest.raises(ArgumentError, match="f, the file to write, is missing"):
        export(model, x)
    with pytest.raises(UnsupportedError, match="axis 1; only axis 0"):
        export(model, x, io.BytesIO(), dynamic_axes={"x": {0: "batch", 1: "time"}})
    with pytest.raises(UnsupportedError, match="opset_version=11"):
        export(model, x, io.BytesIO(), opset_version=11)
    with pytest.raises(UnsupportedError, match="must be True"):
        export(model, x, io.BytesIO(), export_params=False)
