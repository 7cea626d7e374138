"""The names that the functions of `nn.init` had before PyTorch 0.4, with its warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from ...nn import init

__all__ = [
    "constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal", "orthogonal", "uniform",
    "xavier_normal", "xavier_uniform",
]  # fmt: skip


def _old(name: str) -> Callable[..., Any]:
    function = getattr(init, f"{name}_")

    @wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        warnings.warn(f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.", FutureWarning, stacklevel=2)
        return function(*arguments, **options)

    called.__name__ = name
    return called


constant, dirac, eye, kaiming_normal, kaiming_uniform = map(
    _old, ("constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform")
)
normal, orthogonal, uniform, xavier_normal, xavier_uniform = map(
    _old, ("normal", "orthogonal", "uniform", "xavier_normal", "xavier_uniform")
)
