"""Finding the members of a module: those directly inside, those by a dotted name, all of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Self

from ..engine.tensor import Tensor
from .parameter import Parameter


class Lookup:
    """What Module has from here: its members by kind and by name."""

    _names: dict[str, dict[str, None]]
    _own: Callable[[str], dict[str, Any]]
    _named_members: Callable[..., Any]
    named_modules: Callable[..., Any]
    parameters: Callable[..., Any]

    @property
    def _parameters(self) -> Mapping[str, Parameter | None]:
        return MappingProxyType(self._own("parameter"))

    @property
    def _buffers(self) -> Mapping[str, Tensor | None]:
        return MappingProxyType(self._own("buffer"))

    @property
    def _modules(self) -> Mapping[str, Any]:
        return MappingProxyType(self._own("module"))

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules directly inside, with their names, each once."""
        seen: set[int] = set()
        for name, module in self._own("module").items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Any]:
        """The modules directly inside, each once."""
        return (module for _, module in self.named_children())

    def modules(self) -> Iterator[Any]:
        """This module and all inside it, each once."""
        return (module for _, module in self.named_modules())

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names."""
        return self._named_members("buffer", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and, if `recurse`, of all inside it."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Any:
        """The module of that dotted name; "" is this one. AttributeError if there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            found = module._own("module").get(name)
            if found is None:
                known = ", ".join(module._names["module"]) or "none"
                raise AttributeError(f"{type(module).__name__} has no module {name!r} (of {target!r}); it has: {known}")
            module = found
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of that dotted name. AttributeError if there is none."""
        return self._get_member("parameter", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of that dotted name. AttributeError if there is none."""
        return self._get_member("buffer", target)

    def _get_member(self, kind: str, target: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if name not in module._names[kind]:
            known = ", ".join(module._names[kind]) or "none"
            raise AttributeError(f"{type(module).__name__} has no {kind} {name!r} (of {target!r}); it has: {known}")
        return module.__dict__[name]

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say of all parameters whether gradients flow to them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def apply(self, fn: Callable[[Any], Any]) -> Self:
        """Call `fn(module)` for all modules inside and then for this one, e.g. to initialise weights."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self
