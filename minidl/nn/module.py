"""Module: parameters, buffers and submodules under names, and a forward that uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from ..engine.tensor import Tensor
from ..errors import ArgumentError, DtypeError, MinidlError, UnsupportedError
from ..missing import of_object
from .hooks import Hooked
from .lookup import Lookup
from .moving import Movable
from .parameter import Parameter, zero_grads
from .running import locate, running
from .state import Stateful
from .text import indented, renamed

Named = Iterator[tuple[str, Any]]


class Module(Hooked, Lookup, Movable, Stateful):
    """The base of all layers and networks.

    A subclass assigns parameters, buffers and other modules to its attributes in `__init__` (after
    `super().__init__()`) and computes in `forward`; calling the module runs it. Attributes stay ordinary attributes:
    the module only notes which names are parameters, which are buffers (`register_buffer`) and which are modules.

    A MinidlError raised inside says in which module it happened, e.g. `fc (Linear): input (100, 1280) but ...`.

    >>> import minidl
    >>> class Net(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = Parameter(minidl.tensor(2.0))
    ...     def forward(self, x):
    ...         return x * self.scale
    >>> [name for name, _ in Net().named_parameters()]
    ['scale']
    """

    training: bool
    _names: dict[str, dict[str, None]]  # ordered sets: which attributes are parameters, buffers and modules
    _transient: set[str]  # buffers that state_dict leaves out
    _state_hooks: dict[str, list[Callable[..., Any]]]
    _optional_state: tuple[str, ...] = ()  # names that old state dicts may lack

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("_save_to_state_dict", "_load_from_state_dict"):
            if name in vars(cls):
                raise UnsupportedError(
                    f"{cls.__name__}: {name} of PyTorch's is left out of minidl and would never be called; define "
                    "get_extra_state and set_extra_state"
                )
        if "__init__" not in vars(cls) and cls.__init__.__qualname__.startswith("_"):
            # Python's errors about arguments then name this class, not the private one whose __init__ it inherits
            type.__setattr__(cls, "__init__", renamed(cls.__init__, f"{cls.__qualname__}.__init__"))

    def __init__(self) -> None:
        put = self.__dict__.__setitem__
        put("training", True)
        put("_names", {"parameter": {}, "buffer": {}, "module": {}})
        put("_transient", set())
        put("_pre_hooks", [])
        put("_hooks", [])
        put("_backward_pre_hooks", [])
        put("_backward_hooks", [])
        put("_state_hooks", {})

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise UnsupportedError(f"{type(self).__name__} has no forward: define it in the class")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        modules = running.modules  # those inside whose forward we are: errors name them
        modules.append(self)
        try:
            if self._hooks or self._pre_hooks or self._backward_hooks or self._backward_pre_hooks:
                return self._call_with_hooks(inputs, options)
            return self.forward(*inputs, **options)
        except MinidlError as error:
            locate(error)
            raise
        finally:
            modules.pop()

    if not TYPE_CHECKING:
        __getattr__ = of_object("Module")

    def __setattr__(self, name: str, value: Any) -> None:
        kind = "parameter" if isinstance(value, Parameter) else "module" if isinstance(value, Module) else None
        names = self.__dict__.get("_names")
        if names is None:
            if kind is not None:
                raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning a {kind}")
        elif kind is not None:
            for others in names.values():
                if others is not names[kind]:
                    others.pop(name, None)
            self._transient.discard(name)
            names[kind][name] = None
        elif value is not None:
            if name in names["parameter"] or name in names["module"]:
                known = "parameter" if name in names["parameter"] else "module"
                raise DtypeError(
                    f"{type(self).__name__}.{name} is a {known}; {type(value).__name__} cannot take its place; "
                    f"assign a {known.capitalize()} or None"
                )
            if name in names["buffer"] and not isinstance(value, Tensor):
                raise DtypeError(
                    f"{type(self).__name__}.{name} is a buffer; {type(value).__name__} cannot take its place; "
                    "assign a Tensor or None"
                )
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        for names in self._names.values():
            names.pop(name, None)
        self._transient.discard(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the attribute `name`; None keeps the name for a parameter that the module does without."""
        self._check_new("parameter", name)
        if param is not None and not isinstance(param, Parameter):
            raise DtypeError(f"register_parameter: {name!r} must be a Parameter or None; got {type(param).__name__}")
        if param is not None and param.grad_fn is not None:
            raise ArgumentError(
                f"register_parameter: {name!r} was computed by {type(param.grad_fn).__name__}; "
                "a parameter is a leaf; compute from it in forward() instead"
            )
        self._names["parameter"][name] = None
        object.__setattr__(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` the attribute `name`: not learned, but moved to devices and, if `persistent`, saved."""
        self._check_new("buffer", name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise DtypeError(f"register_buffer: {name!r} must be a Tensor or None; got {type(tensor).__name__}")
        self._names["buffer"][name] = None
        if persistent:
            self._transient.discard(name)
        else:
            self._transient.add(name)
        object.__setattr__(self, name, tensor)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make `module` the attribute `name`; also for names that are no Python identifiers, such as "0"."""
        if module is not None and not isinstance(module, Module):
            raise DtypeError(f"add_module: {name!r} must be a Module; got {type(module).__name__}")
        self._check_new("module", name)
        self._names["module"][name] = None
        object.__setattr__(self, name, module)

    register_module = add_module

    def _check_new(self, kind: str, name: str) -> None:
        """A name that can be registered: a string without dots that means nothing else here."""
        if "_names" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning a {kind}")
        if not isinstance(name, str):
            raise DtypeError(f"the name of a {kind} must be a string; got {name!r}")
        if "." in name or not name:
            raise ArgumentError(f"the name of a {kind} must not be empty nor contain a dot; got {name!r}")
        if hasattr(self, name) and name not in self._names[kind]:
            raise ArgumentError(f"{type(self).__name__} has an attribute {name!r} already; choose another name")

    def _own(self, kind: str) -> dict[str, Any]:
        """This module's own parameters, buffers or modules by name, those that are None included."""
        return {name: self.__dict__[name] for name in self._names[kind]}

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all inside it, with dotted names, from the outside in."""
        seen = set() if memo is None else memo
        if remove_duplicate:
            if self in seen:
                return
            seen.add(self)
        yield prefix, self
        for name, module in self._own("module").items():
            if module is not None:
                yield from module.named_modules(seen, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def _named_members(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Named:
        seen: set[int] = set()
        modules = self.named_modules(None, prefix, remove_duplicate) if recurse else iter([(prefix, self)])
        for path, module in modules:
            for name, member in module._own(kind).items():
                if member is not None and not (remove_duplicate and id(member) in seen):
                    seen.add(id(member))
                    yield f"{path}.{name}" if path else name, member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their dotted names, in the order they were assigned; a shared one once."""
        return self._named_members("parameter", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and, if `recurse`, of all inside it."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all inside it to training behaviour (dropout, batch statistics), or out of it."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: mode must be True or False; got {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation behaviour: `train(False)`."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or with `set_to_none=False` fill them with zeros."""
        zero_grads(self.parameters(), set_to_none)

    def extra_repr(self) -> str:
        """What the layer's line in `repr` says between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        inside = [f"({name}): {indented(repr(module))}" for name, module in self._own("module").items()]
        if len(extra) == 1 and not inside:
            return f"{self._get_name()}({extra[0]})"
        lines = "".join(f"\n  {line}" for line in extra + inside)
        return f"{self._get_name()}({lines}\n)" if lines else f"{self._get_name()}()"

    def __dir__(self) -> list[str]:
        return sorted(name for name in object.__dir__(self) if not name[:1].isdigit())
