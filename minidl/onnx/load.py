"""A network from an ONNX file: what others trained, run with minidl's operations."""

from __future__ import annotations

import os
from typing import IO, Any

import numpy as np

from ..engine.tensor import Tensor
from ..errors import ArgumentError, CheckpointError, DtypeError, MinidlError, ShapeError
from ..files import check_regular
from ..nn import Module, Parameter
from .needs import require_onnx
from .readers import READERS
from .readers.node import Node, UnknownOperatorError
from .readers.shapes import array_of

MOST = 2 << 30  # bytes: as many as the format can hold


class OnnxModel(Module):
    """The graph of an ONNX file. Calling it takes the graph's inputs in order and gives its outputs, one or a tuple.

    The file's floats are parameters, its other constants buffers, under their names with "_" for every sign that is no
    letter or digit. It can be trained on, but what evaluation mode has left out (dropout, statistics) is gone.

    Attributes:
        inputs, outputs: their names in the file.
    """

    def __init__(self, proto: Any) -> None:
        super().__init__()
        graph = proto.graph
        self.versions = {entry.domain: entry.version for entry in proto.opset_import}
        self.nodes = [self._node(node) for node in graph.node]
        self.held: dict[str, str] = {}  # name in the file -> attribute
        for initializer in graph.initializer:
            self._hold(initializer.name, array_of(Node("Initializer", initializer.name, 0, {}, 1), initializer))
        if graph.sparse_initializer:
            raise UnknownOperatorError("the file holds sparse constants, which minidl does not have")
        self.shapes = {x.name: x.type.tensor_type for x in graph.input if x.name not in self.held}
        self.inputs, self.outputs = list(self.shapes), [z.name for z in graph.output]

    def _node(self, proto: Any) -> tuple[Node, list[str], list[str]]:
        """A node with the names of its inputs and outputs. UnknownOperatorError if minidl has no such operator."""
        label = proto.name or (proto.output[0] if proto.output else proto.op_type)
        domain = "" if proto.domain == "ai.onnx" else proto.domain
        if domain or proto.op_type not in READERS:
            raise UnknownOperatorError(
                f"{label}: minidl does not run the ONNX operator {domain + '.' if domain else ''}{proto.op_type}; "
                "export a model of other operators, or run this one by onnxruntime"
            )
        version = self.versions.get("", self.versions.get("ai.onnx", 1))
        attributes = {a.name: require_onnx().helper.get_attribute_value(a) for a in proto.attribute}
        outputs = [name for name in proto.output if name]
        return Node(proto.op_type, label, version, attributes, len(outputs)), list(proto.input), list(proto.output)

    def _hold(self, name: str, value: Tensor) -> None:
        wanted = "".join(sign if sign.isalnum() else "_" for sign in name) or "constant"
        attribute = wanted if not wanted[0].isdigit() else f"_{wanted}"
        while hasattr(self, attribute):
            attribute += "_"
        self.held[name] = attribute
        if value.dtype.kind == "f":
            self.register_parameter(attribute, Parameter(value))
        else:
            self.register_buffer(attribute, value)

    def forward(self, *inputs: Tensor) -> Any:
        values = self._checked(inputs)
        values |= {name: getattr(self, attribute) for name, attribute in self.held.items()}
        for node, given, made in self.nodes:
            arguments = [values[name] if name else None for name in given]
            while arguments and arguments[-1] is None:
                arguments.pop()
            try:
                found = READERS[node.op](node, *arguments)
            except MinidlError as error:
                if isinstance(error, UnknownOperatorError):
                    raise
                raise type(error)(f"{node.label}: {node.op}: {error}") from error
            parts = found if isinstance(found, tuple) else (found,)
            values |= {name: z for name, z in zip(made, parts) if name}
        outputs = tuple(values[name] for name in self.outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def _checked(self, inputs: tuple[Any, ...]) -> dict[str, Tensor]:
        """The inputs by name. ArgumentError, DtypeError or ShapeError for what the file does not take."""
        if len(inputs) != len(self.inputs):
            raise ArgumentError(f"takes {len(self.inputs)} inputs ({', '.join(self.inputs)}); got {len(inputs)}")
        for (name, kind), x in zip(self.shapes.items(), inputs):
            if not isinstance(x, Tensor):
                raise ArgumentError(f"input {name} must be a Tensor; got {type(x).__name__}")
            dtype = require_onnx().helper.tensor_dtype_to_np_dtype(kind.elem_type) if kind.elem_type else x.dtype
            if x.dtype != dtype:
                raise DtypeError(
                    f"input {name} must be {np.dtype(dtype).name}; got {x.dtype}; convert it with .to(dtype)"
                )
            if kind.HasField("shape"):
                wanted = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim]
                if len(wanted) != x.ndim or any(n is not None and n != m for n, m in zip(wanted, x.shape)):
                    shown = ", ".join("any" if n is None else str(n) for n in wanted)
                    raise ShapeError(f"input {name} must be of shape ({shown}); got {x.shape}")
        return dict(zip(self.inputs, inputs))

    def extra_repr(self) -> str:
        return f"{', '.join(self.inputs)} -> {', '.join(self.outputs)}, {len(self.nodes)} nodes"


def load(file: str | os.PathLike[str] | IO[bytes]) -> OnnxModel:
    """The network in an ONNX file (a path, or an open binary file), in evaluation mode.

    Nothing outside the file is read, and no code is run. Raises `UnknownOperatorError`, with the node, for an operator
    that minidl does not run, for a dtype that it does not have and for weights in another file; `CheckpointError` if
    the file is missing, damaged or no ONNX file; `MissingPackageError` without the package onnx.
    """
    onnx = require_onnx()
    name = file if isinstance(file, str | os.PathLike) else getattr(file, "name", "the file")
    try:
        proto = onnx.load_model_from_string(_content(file))
        onnx.checker.check_model(proto)
    except (OSError, MemoryError) as error:
        raise CheckpointError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except Exception as error:  # protobuf's and the checker's have no common class
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{name}: is damaged, or not an ONNX file ({first})") from error
    return OnnxModel(proto).eval()


def _content(file: str | os.PathLike[str] | IO[bytes]) -> bytes:
    if not isinstance(file, str | os.PathLike):
        return file.read()
    if check_regular(file) > MOST:
        raise OSError(f"it is longer than {MOST:,} bytes")
    with open(file, "rb") as stream:
        return stream.read()
