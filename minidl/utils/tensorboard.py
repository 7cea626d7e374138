"""`torch.utils.tensorboard` by its name: event files, written by the optional package tensorboardX."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..backend import to_host
from ..engine.tensor import Tensor
from ..errors import UnsupportedError
from ..training.tensorboard import require_tensorboard

__all__ = ["SummaryWriter"]


class SummaryWriter:
    """tensorboardX's writer, whose methods (`add_scalar`, `add_image`, ...) take minidl's tensors.

    MissingPackageError, with the command that installs it, if tensorboardX is not there; UnsupportedError for
    `add_graph`: `minidl explain` and `minidl summary` show a network.
    """

    def __init__(self, log_dir: str | None = None, comment: str = "", **options: Any) -> None:
        self._writer = require_tensorboard().SummaryWriter(log_dir, comment, **options)

    def add_graph(self, model: Any, *inputs: Any, **options: Any) -> None:
        """Refused: minidl has no graph format of TensorBoard's."""
        raise UnsupportedError(
            "SummaryWriter.add_graph is left out of minidl; `minidl explain` shows the operations of a pass, "
            "`minidl summary` the layers"
        )

    def __getattr__(self, name: str) -> Any:
        value = (
            getattr(self.__dict__["_writer"], name)
            if "_writer" in self.__dict__
            else object.__getattribute__(self, name)
        )
        return _with_arrays(value) if name.startswith("add_") else value

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()


def _with_arrays(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method with the tensors among its arguments as arrays."""

    @wraps(method)
    def call(*args: Any, **options: Any) -> Any:
        return method(*_arrays(args), **_arrays(options))

    return call


def _arrays(value: Any) -> Any:
    if isinstance(value, Tensor):
        return to_host(value._array)
    if isinstance(value, dict):
        return {key: _arrays(item) for key, item in value.items()}
    return type(value)(map(_arrays, value)) if type(value) in (list, tuple) else value
