"""`torch.onnx`: PyTorch's way to call `minidl.onnx.export`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import IO, Any

from ...engine.tensor import Tensor
from ...errors import ArgumentError, UnsupportedError, refuse
from ...nn.module import Module
from ...onnx import export as write

__all__ = ["export"]

OPSET = 20  # which `minidl.onnx.export` writes


def export(
    model: Module,
    args: Tensor | Sequence[Tensor] = (),
    f: str | os.PathLike[str] | IO[bytes] | None = None,
    *,
    export_params: bool = True,
    verbose: bool | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    opset_version: int | None = None,
    dynamic_axes: Mapping[str, Any] | None = None,
    do_constant_folding: bool = True,
) -> None:
    """Write `model` to `f` as ONNX, opset 20; see `minidl.onnx.export`.

    Of `dynamic_axes`, the first one of each input and output may be named: the batch. UnsupportedError for another, for
    another opset, and for what else is left out.
    """
    if f is None:
        raise ArgumentError("torch.onnx.export: f, the file to write, is missing")
    refuse("torch.onnx.export", verbose=verbose)
    if not export_params or not do_constant_folding:
        raise UnsupportedError(
            "torch.onnx.export: export_params and do_constant_folding must be True; minidl writes the weights, and "
            "constants as they are when it runs"
        )
    if opset_version not in (None, OPSET):
        raise UnsupportedError(
            f"torch.onnx.export: opset_version={opset_version} is left out; minidl writes opset {OPSET}; leave it out"
        )
    others = {axis for axes in (dynamic_axes or {}).values() for axis in axes} - {0}
    if others:
        raise UnsupportedError(
            f"torch.onnx.export: dynamic_axes names axis {min(others)}; only axis 0, the batch, can be dynamic"
        )
    write(model, args, f, bool(dynamic_axes), input_names, output_names)
