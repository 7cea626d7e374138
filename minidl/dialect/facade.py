"""A module under PyTorch's name, made when it is imported, that looks for its names in minidl's modules."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

from ..missing import INSTEAD, absent
from .arguments import spoken
from .places import PLACES

ROOTS = ("torch", "torchvision")


class Facade(ModuleType):
    """Names are looked for when they are asked for: in the modules behind it, then among the modules below it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # the finder below is asked for modules inside it

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return dir(self)
        if not name.startswith("__") or name == "__version__":
            for place in self._behind():
                if hasattr(place, name) and (place.__name__, name) not in SHADOWED:
                    value = getattr(place, name)
                    if inspect.ismodule(value):
                        break  # torch.nn is the facade of minidl.nn, not minidl.nn itself
                    self.__dict__[name] = value = spoken(value) if inspect.isfunction(value) else value
                    return value
            if _is_there(f"{self.__name__}.{name}"):
                return import_module(f"{self.__name__}.{name}")
        raise AttributeError(self._lacks(name))

    def _behind(self) -> Iterator[ModuleType]:
        return map(import_module, PLACES[self.__name__])

    def _lacks(self, name: str) -> str:
        """What the error says for a name that is not there."""
        words = f"module {self.__name__!r} has no attribute {name!r}"
        room = PLACES[self.__name__][-1]
        try:
            told = str(absent(words, room, name, lambda: dir(self)))
        except KeyError:  # a module of whose names there is no list
            told = words
        if told != words or name.startswith("_"):
            return told
        if name in INSTEAD:
            return f"{words}: it is left out of minidl; there is: {INSTEAD[name]}"
        close = get_close_matches(name, dir(self), 4, 0.6)
        return f"{words}, which minidl does not have; there is: {', '.join(close or dir(self)[:40])}"

    def __dir__(self) -> list[str]:
        names = {
            name
            for place in self._behind()
            for name in getattr(place, "__all__", dir(place))
            if not inspect.ismodule(vars(place).get(name))
        }
        inside = self.__name__ + "."
        names |= {path.removeprefix(inside) for path in PLACES if path.startswith(inside) and _is_there(path)}
        return sorted(name for name in names if "." not in name and not name.startswith("_"))


SHADOWED = {("minidl", "data"), ("minidl", "explain"), ("minidl", "methods")}  # names of minidl's that torch has not


def _is_there(name: str) -> bool:
    """Whether PyTorch's module of that name has a place, and all the modules behind it exist."""
    try:
        return name in PLACES and all(find_spec(path) is not None for path in PLACES[name])
    except ModuleNotFoundError:
        return False


def _namespace(name: str) -> SimpleNamespace | None:
    """What can be imported although minidl has no module for it, such as torch.backends.cudnn; else None."""
    parent, _, last = name.rpartition(".")
    value = getattr(sys.modules.get(parent), last, None)
    return value if isinstance(value, SimpleNamespace) else None


class Finder(MetaPathFinder, Loader):
    """Finds `torch`, `torchvision` and what is below them; ImportError for a module that minidl does not have."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.partition(".")[0] not in ROOTS:
            return None
        if _is_there(name) or _namespace(name) is not None:
            return ModuleSpec(name, self, is_package=True, origin="minidl.as_torch")
        parent, _, last = name.rpartition(".")
        if parent in sys.modules and isinstance(sys.modules[parent], Facade):
            told = sys.modules[parent]._lacks(last).partition("attribute ")[2]
            raise ImportError(f"cannot import {told.replace(repr(last), f'{last!r} from {parent!r}', 1)}", name=name)
        raise ImportError(f"{name} is not in minidl; there is: {', '.join(sorted(PLACES))}", name=name)

    def create_module(self, spec: ModuleSpec) -> Any:
        return Facade(spec.name) if _is_there(spec.name) else _namespace(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing has to run: names are looked for when they are asked for."""
