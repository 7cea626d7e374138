"""Functions whose file is imported when they are first called: the breadth of PyTorch costs `import minidl` no time.

`FUNCTIONS` tells which module holds which functions of `torch`, `METHODS` which methods of its tensors, and `IN_PLACE`
which of them have a form `name_` too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any

from ..ops import breadth

Table = dict[str, str]


def _with_homes(table: Table) -> Table:
    return {f"minidl.ops.breadth.{file}": names for file, names in table.items()}


FUNCTIONS: Table = {
    **_with_homes(breadth.FUNCTIONS),
    "minidl.nn.functional": "bilinear channel_shuffle conv3d conv_transpose3d rms_norm",
    "minidl.nn.in_place": "celu_ relu_ rrelu_ selu_ threshold_",
    "minidl.tensors.drawing": "logspace randint_like",
    "minidl.linalg": "cholesky cholesky_inverse cholesky_solve det geqrf inverse logdet lu_unpack "
    "matrix_exp matrix_power orgqr pinverse slogdet",
    "minidl.linalg.older": "lu lu_solve",
}
METHODS: Table = {
    **_with_homes(breadth.METHODS),
    "minidl.tensors.drawing": "random_ exponential_ geometric_ cauchy_ log_normal_ fill_diagonal_",
    "minidl.tensors.sampling": "bernoulli multinomial",
    "minidl.linalg": "cholesky cholesky_inverse cholesky_solve det geqrf inverse logdet matrix_exp "
    "matrix_power orgqr pinverse slogdet",
    "minidl.linalg.older": "lu lu_solve",
}
IN_PLACE: Table = _with_homes(breadth.IN_PLACE)
ALIASES = {"trapz": "trapezoid"}

Change = Callable[[Callable[..., Any]], Callable[..., Any]]


class Later:
    """Stands for the function `name` of the module `home`, changed by `changes`; of a class, it is a method."""

    def __init__(self, home: str, name: str, *changes: Change) -> None:
        self.home, self.name, self.changes = home, name, changes
        self.__name__ = self.__qualname__ = name

    @cached_property
    def __wrapped__(self) -> Callable[..., Any]:
        """The function itself; `inspect.signature` asks for it by this name."""
        function = getattr(import_module(self.home), self.name)
        for change in self.changes:
            function = change(function)
        return function

    def also(self, change: Change) -> Later:
        """The same function, changed once more."""
        return Later(self.home, self.name, *self.changes, change)

    def __get__(self, x: Any, kind: type) -> Any:
        function: Any = self.__wrapped__
        return function if x is None else function.__get__(x, kind)

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self.__wrapped__(*args, **named)


def homes(table: Table) -> dict[str, str]:
    """The module of each name in a table."""
    return {name: home for home, names in table.items() for name in names.split()}
