"""A model as an ONNX file that other programs run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from .._version import __version__
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ShapeError, first_line
from ..files import replace_file
from ..nn import Module
from .call import Call, Constant
from .graph import Graph
from .trace import ExportError, Pass, Seen, other_inputs, passed, where
from .writers import WRITERS

OPSET = 20
IR_VERSION = 9  # of the file format: that of opset 20


def export(
    model: Module,
    inputs: Tensor | Sequence[Tensor],
    file: str | os.PathLike[str] | IO[bytes],
    dynamic_batch: bool = True,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
) -> None:
    """Write `model`, in evaluation mode, to `file` as ONNX, opset 20.

    Args:
        inputs: a Tensor, or several, such as the model takes: their shapes and dtypes become the graph's.
        dynamic_batch: the first dimension of each input may then have any length of at least 1; else it is fixed.
        input_names, output_names: (default: input, or input_0, input_1, ...; the same for output).

    The model runs twice, with other numbers: what depends on them must be computed by minidl's operations. Raises
    `ExportError`, with the module and the line, for an operation that cannot be exported, and for numbers that were
    computed outside; `MissingPackageError` without the package onnx; `OutputError`.
    """
    given = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    proto = to_proto(model, given, dynamic_batch, input_names, output_names)
    content = proto.SerializeToString()
    if isinstance(file, str | os.PathLike):
        replace_file(file, lambda stream: stream.write(content))
    else:
        file.write(content)


def to_proto(
    model: Module,
    inputs: list[Tensor],
    dynamic_batch: bool = True,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
) -> Any:
    """The model as an `onnx.ModelProto`, checked by onnx; the arguments are `export`'s."""
    _check(model, inputs, dynamic_batch)
    one, two = (passed(model, xs) for xs in (inputs, other_inputs(inputs, int(dynamic_batch))))
    _check_equal(one[0], two[0])
    graph = Graph(tuple(found[1][0].tensor.shape[0] if inputs[0].ndim else 1 for found in (one, two)))  # type: ignore[arg-type]
    names = _input_names(graph, one[1], input_names)
    graph.batch_of = names[one[1][0].number]
    constants = _constants(model, one, two)
    for a, b in zip(one[0].notes, two[0].notes):
        if not all(z.number in constants for z in a.outputs):
            _write(graph, names, constants, a, b)
    outputs = _outputs(graph, names, one[2], output_names)
    return _finished(graph, model, one, two, names, outputs)


def _check(model: Any, inputs: list[Any], dynamic_batch: bool) -> None:
    if not isinstance(model, Module):
        raise ArgumentError(f"export: model must be a minidl.nn.Module; got {type(model).__name__}")
    if not inputs or not all(isinstance(x, Tensor) for x in inputs):
        raise ArgumentError("export: inputs must be a Tensor, or a list of them")
    if dynamic_batch and (min(x.ndim for x in inputs) == 0 or len({x.shape[0] for x in inputs}) > 1):
        raise ShapeError(
            f"export: with dynamic_batch the first dimension of each input is the batch; got shapes "
            f"{', '.join(str(x.shape) for x in inputs)}; use dynamic_batch=False"
        )
    if any(0 in x.shape for x in inputs):
        raise ShapeError("export: the inputs must not be empty: the model is run on them")


def _check_equal(one: Pass, two: Pass) -> None:
    """The same operations on the same tensors, whatever the batch."""
    for a, b in zip(one.notes, two.notes):
        if a.function is not b.function or _numbers(a) != _numbers(b):
            raise ExportError(
                f"{where(a.module, a.place)}: the model computes {a.function.__name__} for one batch and "
                f"{b.function.__name__} for another: an `if` or a loop depends on its numbers or its size; compute "
                "both branches and choose by minidl.where"
            )
    if len(one.notes) != len(two.notes):
        raise ExportError("export: the model runs more operations for one batch than for another")


def _numbers(note: Any) -> list[Any]:
    """The tensors that an operation takes and gives, each with what is the same for every batch."""
    tensors = (*note.inputs, *note.outputs)
    return [(x.number, len(x.shape), x.tensor.dtype) if isinstance(x, Seen) else None for x in tensors]


def _input_names(graph: Graph, inputs: list[Seen], given: Sequence[str] | None) -> dict[int, str]:
    return {x.number: graph.name(name) for x, name in zip(inputs, _named("input", len(inputs), given))}


def _named(what: str, count: int, given: Sequence[str] | None) -> list[str]:
    if given is None:
        return [what] if count == 1 else [f"{what}_{i}" for i in range(count)]
    if len(given) != count or len(set(given)) != count:
        raise ArgumentError(f"export: {what}_names must be {count} different names; got {list(given)}")
    return list(given)


def _constants(model: Module, one: Any, two: Any) -> dict[int, Constant]:
    """What does not depend on the inputs: parameters, buffers, and what is computed from these alone."""
    called = {id(x._array): name for name, x in [*model.named_parameters(), *model.named_buffers()]}
    inputs = {x.number for x in one[1]}
    other = {seen.number: seen for seen in two[0].seen.values()}
    found: dict[int, Constant] = {}
    for seen in sorted(one[0].seen.values(), key=lambda seen: seen.number):
        if seen.number in inputs:
            continue
        sources = [] if seen.made is None else [x.number for x in seen.made.inputs if isinstance(x, Seen)]
        if seen.made is None or all(number in found for number in sources):
            found[seen.number] = Constant(seen, other[seen.number], called.get(id(seen.tensor._array), ""))
    return found


def _write(graph: Graph, names: dict[int, str], constants: dict[int, Constant], one: Any, two: Any) -> None:
    call = Call(graph, names, constants, one, two)
    if one.function not in WRITERS:
        raise call.refuse("there is no way to write this operation in ONNX; use others, or run the model with minidl")
    made = WRITERS[one.function](call)
    for z, name in zip(one.outputs, [made] if isinstance(made, str) else made):
        names[z.number] = name


def _outputs(graph: Graph, names: dict[int, str], made: list[Seen], given: Sequence[str] | None) -> list[str]:
    """The outputs under their own names."""
    graph.module = ""
    found = []
    for a, wanted in zip(made, _named("output", len(made), given)):
        if a.number not in names:
            raise ExportError(f"export: {wanted} does not depend on the inputs, or was computed outside of minidl")
        output = graph.name(wanted)
        graph.nodes.append(graph.onnx.helper.make_node("Identity", [names[a.number]], [output], name=output))
        found.append(output)
    return found


def _finished(graph: Graph, model: Module, one: Any, two: Any, names: Any, outputs: list[str]) -> Any:
    """The whole file: only the nodes and constants that lead to the outputs, checked."""
    helper, onnx = graph.onnx.helper, graph.onnx
    nodes, used = [], set(outputs)
    for node in reversed(graph.nodes):
        if used & set(node.output):
            nodes.append(node)
            used |= set(node.input)
    nodes.reverse()

    def info(name: str, seen: Seen, other: Seen) -> Any:
        shape = [a if a == b else "batch" if (a, b) == graph.batches else None for a, b in zip(seen.shape, other.shape)]
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(seen.tensor.dtype), shape)

    initializers = [
        onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in graph.constants.items()
        if name in used
    ]
    made = helper.make_graph(
        nodes, type(model).__name__, [info(names[x.number], x, y) for x, y in zip(one[1], two[1])],
        [info(name, x, y) for name, x, y in zip(outputs, one[2], two[2])], initializers,
    )  # fmt: skip
    proto = helper.make_model(
        made, producer_name="minidl", producer_version=__version__, ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )  # fmt: skip
    try:
        onnx.checker.check_model(proto, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(
            f"export: onnx refuses the graph: {first_line(error)}; its operators do not take these dtypes"
        ) from error
    return proto
