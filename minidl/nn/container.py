"""Modules that hold modules: Sequential, ModuleList, ModuleDict, ParameterList."""

from __future__ import annotations

import operator
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar

from ..engine.observe import listening
from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError
from .activation import ReLU
from .module import Module
from .parameter import Parameter
from .pooling import MaxPool2d
from .text import folded

Value = TypeVar("Value")


class _Numbered(Module):
    """Modules under the names "0", "1", ...: the common part of Sequential and ModuleList."""

    def _items(self) -> list[Any]:
        return [self.__dict__[name] for name in self._names["module"]]

    def _name(self, index: int) -> str:
        """The name of the module at `index`, which may count from the end."""
        names = list(self._names["module"])
        index = operator.index(index)
        if not -len(names) <= index < len(names):
            raise IndexError(f"{type(self).__name__}: index {index} is out of range; it holds {len(names)} modules")
        return names[index]

    def _replace_all(self, modules: Iterable[Module | None]) -> None:
        """Hold exactly these modules, numbered from 0."""
        modules = list(modules)
        for name in list(self._names["module"]):
            delattr(self, name)
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def __len__(self) -> int:
        return len(self._names["module"])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._names["module"])[index] if isinstance(index, slice) else [self._name(index)]
        for name in names:
            delattr(self, name)
        self._replace_all(self._items())

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            raise DtypeError(
                f"{type(self).__name__}: modules to add must come in an iterable; got {type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Insert a module before the one at `index`."""
        if not isinstance(module, Module):
            raise DtypeError(f"{type(self).__name__}.insert: a Module is expected; got {type(module).__name__}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"{type(self).__name__}: index {index} is out of range; it holds {len(self)} modules")
        modules = self._items()
        modules.insert(index, module)
        self._replace_all(modules)
        return self

    def pop(self, index: int | slice) -> Any:
        """Remove the module at `index` and return it."""
        taken = self[index]  # type: ignore[index]
        del self[index]
        return taken


def _pooling_first(modules: list[Any]) -> list[Any]:
    """The modules to run: a ReLU after the max-pooling that follows it, where it has a quarter of the work.

    For max(relu(a), relu(b)) = relu(max(a, b)), with the same gradients. Whoever watches (a hook, an observer such as
    `explain`, a debugger) finds them as they are written.
    """
    if listening.observers or sys.gettrace() is not None:
        return modules
    for i in range(1, len(modules)):
        if _swaps(modules[i - 1], modules[i]):
            modules[i - 1], modules[i] = modules[i], modules[i - 1]
    return modules


def _swaps(relu: Any, pool: Any) -> bool:
    """Whether these are a plain ReLU and the max-pooling of its result, and nothing looks in between."""
    if type(relu) is not ReLU or type(pool) is not MaxPool2d or pool.return_indices:
        return False
    return not (_is_watched(relu) or _is_watched(pool))


def _is_watched(module: Module) -> bool:
    """Whether a hook looks at what goes in or comes out, or a `forward` of this one module does."""
    hooks = module._hooks or module._pre_hooks or module._backward_hooks or module._backward_pre_hooks
    return bool(hooks) or "forward" in vars(module)


class Sequential(_Numbered):
    """Modules run one after another, each on the output of the one before.

    Made from modules, or from an OrderedDict that names them; indexed and sliced like a list.

    >>> from minidl import nn
    >>> nn.Sequential(nn.Flatten(), nn.ReLU())
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named: Iterable[tuple[str, Module]]
        if len(modules) == 1 and isinstance(modules[0], OrderedDict):
            named = modules[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(modules))
        for name, module in named:
            if not isinstance(module, Module):
                raise DtypeError(f"Sequential: {name!r} is not a Module but {type(module).__name__}: {module!r}")
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        for module in _pooling_first(self._items()):
            input = module(input)
        return input

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._own("module").items())[index]))
        return self.__dict__[self._name(index)]

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Self:
        if not isinstance(other, Sequential):
            return NotImplemented
        return self.extend(other)

    def __mul__(self, times: Any) -> Sequential:
        return Sequential(*self._repeated(times))

    __rmul__ = __mul__

    def __imul__(self, times: Any) -> Self:
        return self.extend(self._repeated(times)[len(self) :])

    def _repeated(self, times: Any) -> list[Any]:
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise ArgumentError(f"Sequential: the number of times must be an integer above 0; got {times!r}")
        return self._items() * times


class ModuleList(_Numbered):
    """A list of modules that registers them, so that `parameters()` finds theirs. Do not call it; loop over it."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self._items()[index])
        return self.__dict__[self._name(index)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def __repr__(self) -> str:
        lines = "".join(f"\n  {line}" for line in folded(repr(module) for module in self))
        return f"{self._get_name()}({lines}\n)" if lines else f"{self._get_name()}()"


class ModuleDict(Module):
    """A dictionary of modules that registers them, in the order they were added. Do not call it."""

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, name: str) -> Any:
        return self._own("module")[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        delattr(self, name)

    def __len__(self) -> int:
        return len(self._names["module"])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._names["module"]))

    def __contains__(self, name: object) -> bool:
        return name in self._names["module"]

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._own("module").keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._own("module").values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and modules."""
        return self._own("module").items()

    def clear(self) -> None:
        """Remove all modules."""
        for name in list(self):
            del self[name]

    def pop(self, name: str) -> Any:
        """Remove the module `name` and return it."""
        module = self[name]
        del self[name]
        return module

    def update(self, modules: Any) -> None:
        """Add the modules of a mapping, or of (name, module) pairs."""
        if not isinstance(modules, Iterable):
            raise DtypeError(f"ModuleDict.update: a mapping or pairs are expected; got {type(modules).__name__}")
        for name, module in modules.items() if hasattr(modules, "items") else modules:
            self[name] = module


class ParameterList(Module):
    """A list of parameters, registered with the module that holds it. Tensors become parameters."""

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        if values is not None:
            self.extend(values)

    def _items(self) -> list[Any]:
        return list(self._own("parameter").values())

    def __len__(self) -> int:
        return len(self._names["parameter"])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self._items()[index])
        return self._items()[operator.index(index)]

    def __setitem__(self, index: int, value: Tensor) -> None:
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"ParameterList: index {index} is out of range; it holds {len(self)} parameters")
        self.register_parameter(str(index % len(self)), _parameter(value))

    def __iadd__(self, values: Iterable[Tensor]) -> Self:
        return self.extend(values)

    def append(self, value: Tensor) -> Self:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), _parameter(value))
        return self

    def extend(self, values: Iterable[Tensor]) -> Self:
        """Add several parameters at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise DtypeError(f"ParameterList: an iterable of tensors is expected; got {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(f"  ({i}): {described(value)}" for i, value in enumerate(self))


def described(value: Any) -> str:
    """A parameter by its dtype and shape; anything else by its type."""
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    named = value.dtype if str(value.dtype).startswith("torch.") else f"minidl.{value.dtype}"
    return f"Parameter containing: [{named} of size {'x'.join(map(str, value.shape))}]"


def _parameter(value: Any) -> Parameter:
    return value if isinstance(value, Parameter) else Parameter(value)
