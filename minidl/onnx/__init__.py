"""ONNX: models written for other programs, and what others trained, run here.

Both need the package onnx (`pip install 'minidl[export]'`):

    minidl.onnx.export(model, minidl.zeros(1, 1, 28, 28), "digits.onnx")
    scores = minidl.onnx.load("digits.onnx")(minidl.zeros(5, 1, 28, 28))
"""

from .export import export
from .load import OnnxModel, load
from .readers.node import UnknownOperatorError
from .trace import ExportError

__all__ = ["ExportError", "OnnxModel", "UnknownOperatorError", "export", "load"]
