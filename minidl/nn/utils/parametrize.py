"""Weights computed by modules whenever they are read: `register_parametrization` and what belongs to it.

    >>> import minidl
    >>> from minidl import nn
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> layer = register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all()), list(layer.state_dict())
    (True, ['bias', 'parametrizations.weight.original'])

`layer.weight` is then no parameter but what the parametrizations make of `layer.parametrizations.weight.original`,
which the optimizer moves. Names and state dicts are PyTorch's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar

from ...engine.grad_mode import no_grad
from ...engine.tensor import Tensor
from ...errors import ArgumentError, DtypeError, MinidlError, UnsupportedError
from ..container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

M = TypeVar("M", bound=Module)


class NoInverse(UnsupportedError):
    """Raised by a `right_inverse` that cannot be computed: the original starts as the tensor itself."""


class _Cache(threading.local):
    depth = 0  # how many `cached` blocks we are in

    def __init__(self) -> None:
        self.tensors: dict[tuple[int, str], Tensor] = {}  # by the id of the module and the name of the tensor


_cache = _Cache()


@contextmanager
def cached() -> Iterator[None]:
    """A `with` block in which each parametrized tensor is computed once, however often it is read.

    For one that a forward pass reads several times, such as the recurrent weight of a loop over a cell. Inside the
    block, a change of the original is not seen.
    """
    _cache.depth += 1
    try:
        yield
    finally:
        _cache.depth -= 1
        if not _cache.depth:
            _cache.tensors.clear()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in the order of their use, and the tensors that the first of them takes.

    These are `original`, or if the `right_inverse` of the parametrizations gives several tensors, `original0`,
    `original1`, ...; called without arguments, it computes the tensor. Made by `register_parametrization`.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not len(modules):
            raise ArgumentError("ParametrizationList: modules must hold at least one parametrization; got none")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            new: Any = original
            for module in reversed(self._items()):
                new = _inverse_or_same(module, new)
        self.is_tensor = isinstance(new, Tensor)
        if self.is_tensor:
            self.ntensors = 1
            _check("right_inverse", "dtype", new.dtype, original.dtype)
            _check("right_inverse", "device", new.device, original.device)
            if new is not original:
                original.data = new.detach()  # the same object, which an optimizer may hold
            _register(self, "original", original)
        else:
            self.ntensors = len(_tensors(new))
            for i, tensor in enumerate(new):
                _register(self, f"original{i}", _like(original, tensor.detach()))
        if not unsafe:
            _check_made("register_parametrization", self(), shape, dtype)

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals such that the parametrizations give `value`, by their methods `right_inverse`."""
        with no_grad():
            new: Any = value
            for module in reversed(self._items()):
                if not hasattr(module, "right_inverse"):
                    raise UnsupportedError(
                        f"{type(module).__name__} has no right_inverse, so the tensor that it parametrizes cannot be "
                        "assigned; give it one, or change the original"
                    )
                new = module.right_inverse(new)
            if self.is_tensor and not isinstance(new, Tensor):
                raise ArgumentError(f"right_inverse must return a Tensor; got {type(new).__name__}")
            given = [new] if self.is_tensor else _tensors(new)
            if len(given) != self.ntensors:
                raise ArgumentError(f"right_inverse must return {self.ntensors} tensors; got {len(given)}")
            for tensor, original in zip(given, self._originals()):
                _check("right_inverse", "dtype", tensor.dtype, original.dtype)
            for tensor, original in zip(given, self._originals()):
                original.data = tensor.detach().clone()

    def forward(self) -> Tensor:
        first, *others = self._items()
        x = first(*self._originals())
        for module in others:
            x = module(x)
        return x

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [getattr(self, "original")]  # noqa: B009 - unknown to type checkers
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Make the parameter or buffer `tensor_name` what `parametrization` computes, and return the module.

    Several are applied in the order of their registration. The module's class becomes one derived from its own, for
    which `module.NAME` computes the tensor and `module.NAME = value` sets the originals. `right_inverse(value)` of the
    first parametrization, if it has one, gives the original that it starts from: a tensor, or a sequence of them.

    With `unsafe`, shape and dtype may change, and nothing is tried. Else ArgumentError for a parametrization that
    changes them, and for a name that is neither a parameter nor a buffer.
    """
    for what, value in (("module", module), ("parametrization", parametrization)):
        if not isinstance(value, Module):
            raise DtypeError(f"register_parametrization: {what} must be a Module; got {type(value).__name__}")
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        known = _lists(module)[tensor_name]
        if not unsafe:
            _try(parametrization, getattr(module, tensor_name))
        known.append(parametrization)
        known.unsafe = known.unsafe or unsafe
        return module
    original = {**module._own("parameter"), **module._own("buffer")}.get(tensor_name)
    if original is None:
        names = [name for kind in ("parameter", "buffer") for name, x in module._own(kind).items() if x is not None]
        raise ArgumentError(
            f"register_parametrization: {type(module).__name__} has no parameter or buffer {tensor_name!r}; "
            f"it has {', '.join(names) or 'none'}"
        )
    made = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    kind = type_before_parametrizations(module)
    if not is_parametrized(module):
        module.add_module("parametrizations", ModuleDict())
    _lists(module)[tensor_name] = made
    module.__class__ = _parametrized(kind, _lists(module).keys())
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether this tensor of the module, or any, is parametrized."""
    known = vars(module).get("parametrizations")
    if not isinstance(known, ModuleDict):
        return False
    return len(known) > 0 if tensor_name is None else tensor_name in known


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make the tensor an ordinary parameter or buffer again, and return the module.

    Its value is the one that the parametrizations compute, or, unless `leave_parametrized`, the original; of several
    originals there is no one value, and that is an ArgumentError. So is a tensor that is not parametrized.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"remove_parametrizations: {type(module).__name__} has none for {tensor_name!r}")
    known = _lists(module)[tensor_name]
    if not known.is_tensor and not leave_parametrized:
        raise ArgumentError(
            f"remove_parametrizations: {tensor_name!r} is computed from {known.ntensors} tensors, none of which could "
            "take its place; leave_parametrized must be True"
        )
    value = getattr(module, tensor_name)
    if known.is_tensor:
        original = known.original
        if leave_parametrized:
            original.data = value.detach()
    else:
        original = Parameter(value.detach()) if value.requires_grad else value
    kind = type_before_parametrizations(module)
    del _lists(module)[tensor_name]
    module.__class__ = _parametrized(kind, _lists(module).keys())
    if not len(_lists(module)):
        delattr(module, "parametrizations")
    _register(module, tensor_name, original)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class, without what `register_parametrization` has made of it."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Give `to_module` the parametrizations of `from_module`, of this tensor or all, and return it.

    It shares them, and their originals, with `from_module`. A parameter that it lacks is made.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(_lists(from_module)) if tensor_name is None else [tensor_name]:
        known = _lists(from_module)[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in known:
            register_parametrization(to_module, name, parametrization)
        for original in ["original"] if known.is_tensor else [f"original{i}" for i in range(known.ntensors)]:
            setattr(_lists(to_module)[name], original, getattr(known, original))
    return to_module


def _lists(module: Module) -> Any:
    """The module's `ParametrizationList`s, by the names of their tensors."""
    return vars(module)["parametrizations"]


def _parametrized(kind: Any, names: Any) -> Any:
    """The class of a module of that class whose tensors of these names are computed; the class itself for none."""
    if not names:
        return kind
    body: dict[str, Any] = {name: property(_reading(name)) for name in names}
    body |= {"__setattr__": _setting(kind), "__getstate__": _get_state, "__module__": kind.__module__}
    if not hasattr(kind, "__deepcopy__"):
        body["__deepcopy__"] = _deep_copy
    return type(f"Parametrized{kind.__name__}", (kind,), body)


def _reading(name: str) -> Any:
    def tensor(self: Any) -> Tensor:
        compute = self.parametrizations[name]
        if not _cache.depth:
            return compute()
        key = id(self), name
        if key not in _cache.tensors:
            _cache.tensors[key] = compute()
        return _cache.tensors[key]

    return tensor


def _setting(kind: Any) -> Any:
    def set_attribute(self: Any, name: str, value: Any) -> None:
        if not is_parametrized(self, name):
            kind.__setattr__(self, name, value)
            return
        if not isinstance(value, Tensor) or isinstance(value, Parameter):
            raise DtypeError(
                f"{type(self).__name__}.{name} is computed by parametrizations; assign a Tensor, from which they get "
                f"their originals, not {type(value).__name__}"
            )
        self.parametrizations[name].right_inverse(value)

    return set_attribute


def _get_state(self: Any) -> Any:
    raise UnsupportedError(
        f"{type(self).__name__}: a parametrized module cannot be pickled; save its state_dict(), and load it into a "
        "module with the same parametrizations"
    )


def _deep_copy(self: Any, memo: dict[int, Any]) -> Any:
    """As for any object: without this method, copying would ask for the state that pickling is refused."""
    twin = object.__new__(type(self))
    memo[id(self)] = twin
    twin.__dict__.update(deepcopy(self.__dict__, memo))
    return twin


def _inverse_or_same(module: Module, value: Any) -> Any:
    """What the parametrization would compute this value from; the value itself if it does not tell."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError as error:
        if isinstance(error, MinidlError) and not isinstance(error, NoInverse):
            raise  # an operation that minidl lacks, not a wish to do without
        return value


def _try(parametrization: Module, value: Tensor) -> None:
    """ArgumentError for a further parametrization that would change the shape or dtype of `value`."""
    made = parametrization(value)
    _check_made("register_parametrization", made, value.shape, value.dtype)
    back = _inverse_or_same(parametrization, made)
    _check_made("right_inverse", back, value.shape, value.dtype)


def _check_made(function: str, made: Any, shape: tuple[int, ...], dtype: Any) -> None:
    if not isinstance(made, Tensor):
        raise ArgumentError(f"{function}: a parametrization must return a Tensor; got {type(made).__name__}")
    _check(function, "dtype", made.dtype, dtype, "; or unsafe=True")
    _check(function, "shape", made.shape, shape, "; or unsafe=True")


def _check(function: str, what: str, came: Any, expected: Any, hint: str = "") -> None:
    if came != expected:
        raise ArgumentError(f"{function}: a parametrization must keep the {what} {expected}; it gave {came}{hint}")


def _tensors(values: Any) -> Sequence[Tensor]:
    """The values, which must be a sequence of tensors."""
    if not isinstance(values, Sequence) or not all(isinstance(value, Tensor) for value in values):
        shown = [type(value).__name__ for value in values] if isinstance(values, Sequence) else type(values).__name__
        raise ArgumentError(f"right_inverse must return a Tensor or a sequence of tensors; got {shown}")
    return values


def _like(original: Tensor, value: Tensor) -> Tensor:
    """The value as a Parameter, if the original is one, and with gradients, if it has them."""
    if isinstance(original, Parameter):
        return Parameter(value, original.requires_grad)
    return value.requires_grad_(original.requires_grad)


def _register(module: Module, name: str, value: Tensor) -> None:
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)
