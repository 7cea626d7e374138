"""The optional package onnx, which knows ONNX's file format."""

from __future__ import annotations

from typing import Any

from ..errors import MissingPackageError


def require_onnx() -> Any:
    """The package onnx. Raises `MissingPackageError`, with the command that installs it."""
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise MissingPackageError(
            "ONNX files need the package onnx; install it with pip install 'minidl[export]'"
        ) from None
    return onnx
