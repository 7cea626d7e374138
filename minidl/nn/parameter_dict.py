"""A dictionary of parameters that registers them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any, Self

from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, GraphError
from .container import described
from .module import Module
from .parameter import Parameter


class ParameterDict(Module):
    """A dictionary of parameters, registered with the module that holds it. Tensors become parameters.

    In the order they were added; those of a plain dict in that of their names, as in PyTorch. Other objects are kept
    as they are.
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise DtypeError(f"ParameterDict: names must be strings; got {key!r}")
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        if key not in self._keys and hasattr(self, key):
            raise ArgumentError(f"ParameterDict has an attribute {key!r} already; choose another name")
        setattr(self, key, value)
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._keys))

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        raise GraphError("ParameterDict cannot be called; look up its parameters by name")

    def __or__(self, other: Mapping[str, Any] | ParameterDict) -> ParameterDict:
        joined = self.copy()
        joined.update(other)
        return joined

    def __ior__(self, other: Mapping[str, Any] | ParameterDict) -> Self:
        self.update(other)
        return self

    def copy(self) -> ParameterDict:
        """Another dictionary of the same parameters."""
        return ParameterDict(self.items())

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._keys.keys()

    def values(self) -> Iterable[Any]:
        """The parameters."""
        return [self[key] for key in self]

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and parameters."""
        return [(key, self[key]) for key in self]

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of that name, or `default`."""
        return self[key] if key in self else default  # noqa: SIM401  (a module has no get)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The parameter of that name; `default`, now under that name, if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dictionary with `default` under each of these names."""
        return ParameterDict([(key, default) for key in keys])

    def pop(self, key: str) -> Any:
        """Remove the parameter of that name and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last that was added; its name and itself. KeyError if there is none."""
        if not self._keys:
            raise KeyError("ParameterDict: it is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all."""
        for key in self:
            del self[key]

    def update(self, parameters: Any) -> None:
        """Add the parameters of a mapping, or of (name, parameter) pairs."""
        if not isinstance(parameters, Iterable):
            raise DtypeError(f"ParameterDict.update: a mapping or pairs are expected; got {type(parameters).__name__}")
        pairs = list(parameters.items()) if hasattr(parameters, "items") else list(parameters)
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            pairs.sort()
        for pair in pairs:
            if not isinstance(pair, Iterable):
                raise DtypeError(f"ParameterDict.update: pairs are expected; got {type(pair).__name__}")
            if len(given := tuple(pair)) != 2:
                raise ArgumentError(f"ParameterDict.update: pairs are expected; got one of length {len(given)}")
            self[given[0]] = given[1]

    def extra_repr(self) -> str:
        return "\n".join(f"  ({key}): {described(value)}" for key, value in self.items())
