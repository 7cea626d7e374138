"""ONNX: models written for other programs, and what others trained, run here.

>>> import minidl                                                                         # doctest: +SKIP
>>> minidl.onnx.export(model, minidl.zeros(1, 1, 28, 28), "digits.onnx")                  # doctest: +SKIP
>>> scores = minidl.onnx.load("digits.onnx")(minidl.zeros(5, 1, 28, 28))                  # doctest: +SKIP
"""

from .export import export
from .load import OnnxModel, load
from .readers.node import UnknownOperatorError
from .trace import ExportError

__all__ = ["ExportError", "OnnxModel", "UnknownOperatorError", "export", "load"]
