"""Module: parameters, buffers and submodules under names, and a forward that uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from ..backend import backend_of
from ..devices import backend_for, device_of
from ..devices import device as place
from ..dtypes import FLOATING, as_dtype, float16, float32, float64
from ..engine.tensor import RemovableHook, Tensor, wrap
from ..errors import ArgumentError, DtypeError, MinidlError, UnsupportedError, refuse
from ..missing import of_object
from .parameter import Parameter, zero_grads
from .running import locate, running
from .state import EXTRA, IncompatibleKeys, gives_extra, load_state
from .text import indented, renamed

Named = Iterator[tuple[str, Any]]


class Module:
    """The base of all layers and networks.

    A subclass assigns parameters, buffers and other modules to its attributes in `__init__` (after
    `super().__init__()`) and computes in `forward`; calling the module runs it. Attributes stay ordinary attributes:
    the module only notes which names are parameters, which are buffers (`register_buffer`) and which are modules.

    A MinidlError raised inside names the module in which it happened, e.g. `fc (Linear): input (100, 1280) but ...`.

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
    _pre_hooks: list[Callable[..., Any]]
    _hooks: list[Callable[..., Any]]
    _optional_state: tuple[str, ...] = ()  # names that old state dicts may not have

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("_save_to_state_dict", "_load_from_state_dict"):
            if name in vars(cls):
                raise UnsupportedError(
                    f"{cls.__name__}: {name} of PyTorch's is left out of minidl and would never be called; define "
                    "get_extra_state and set_extra_state"
                )
        if "__init__" not in vars(cls) and cls.__init__.__qualname__.startswith("_"):
            type.__setattr__(cls, "__init__", renamed(cls.__init__, f"{cls.__qualname__}.__init__"))

    def __init__(self) -> None:
        put = self.__dict__.__setitem__
        put("training", True)
        put("_names", {"parameter": {}, "buffer": {}, "module": {}})
        put("_transient", set())
        put("_pre_hooks", [])
        put("_hooks", [])

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """The module's computation; every subclass defines it."""
        raise UnsupportedError(f"{type(self).__name__} has no forward: define it in the class")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        modules = running.modules
        modules.append(self)
        try:
            if self._hooks or self._pre_hooks:
                return self._call_with_hooks(inputs, options)
            return self.forward(*inputs, **options)
        except MinidlError as error:
            locate(error)
            raise
        finally:
            modules.pop()

    def _call_with_hooks(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        for hook in tuple(self._pre_hooks):
            inputs, options = hook(self, inputs, options)
        output = self.forward(*inputs, **options)
        for hook in tuple(self._hooks):
            output = hook(self, inputs, options, output)
        return output

    if not TYPE_CHECKING:
        __getattr__ = of_object("Module")

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHook:
        """Call `hook(module, inputs)` before forward; its result, unless None, replaces the inputs.

        `with_kwargs`: `hook(module, inputs, options)` returns None or a pair of both. Returns a handle with `remove()`.
        """
        call = partial(_before, hook, with_kwargs)
        self._pre_hooks.insert(0 if prepend else len(self._pre_hooks), call)
        return RemovableHook(self._pre_hooks, call)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHook:
        """Call `hook(module, inputs, output)` after forward; its result, unless None, replaces the output.

        `with_kwargs`: `hook(module, inputs, options, output)`. Returns a handle with `remove()`.
        """
        refuse("register_forward_hook", always_call=always_call)

        call = partial(_after, hook, with_kwargs)
        self._hooks.insert(0 if prepend else len(self._hooks), call)
        return RemovableHook(self._hooks, call)

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
        """Make `param` the attribute `name`; None reserves the name for a parameter that the module lacks."""
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
        """Make `tensor` the attribute `name`: not learned, but moved and (if `persistent`) saved with the rest."""
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
        """Make `module` the attribute `name`; also for names that are not Python identifiers, such as "0"."""
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
        """This module's own parameters, buffers or modules by name, including those that are None."""
        return {name: self.__dict__[name] for name in self._names[kind]}

    @property
    def _parameters(self) -> Mapping[str, Parameter | None]:
        return MappingProxyType(self._own("parameter"))

    @property
    def _buffers(self) -> Mapping[str, Tensor | None]:
        return MappingProxyType(self._own("buffer"))

    @property
    def _modules(self) -> Mapping[str, Module | None]:
        return MappingProxyType(self._own("module"))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct submodules with their names, each once."""
        seen: set[int] = set()
        for name, module in self._own("module").items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct submodules, each once."""
        return (module for _, module in self.named_children())

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

    def modules(self) -> Iterator[Module]:
        """This module and all inside it, each once."""
        return (module for _, module in self.named_modules())

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

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names."""
        return self._named_members("buffer", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and, if `recurse`, of all inside it."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module of that dotted name; "" is this one. AttributeError if there is none."""
        module = self
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

    def train(self, mode: bool = True) -> Self:
        """Switch training behaviour (dropout, batch statistics) of this module and all inside it on or off."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: mode must be True or False; got {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation behaviour: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set for all parameters whether gradients flow to them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or with `set_to_none=False` fill them with zeros."""
        zero_grads(self.parameters(), set_to_none)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn(module)` for every submodule and then for this one, e.g. to initialise weights."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, convert: Callable[[Tensor], Tensor]) -> Self:
        """Convert every parameter (which stays the same object), gradient and buffer."""
        for parameter in self.parameters():
            old = parameter.detach()
            new = convert(old)
            if new is not old:
                parameter.data = new
            if parameter.grad is not None:
                parameter._grad = convert(parameter.grad)
        for module in self.modules():
            for name, buffer in module._own("buffer").items():
                if buffer is not None:
                    object.__setattr__(module, name, convert(buffer))
        return self

    def to(self, *where: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False) -> Self:
        """Move all parameters and buffers to a device and convert the floating ones to a dtype, in place.

        Takes a device ("cpu", "cuda"), a floating dtype, both, or a Tensor to take them from. Copies wait, with
        `non_blocking` or without. DtypeError for a dtype that is not floating, BackendError for a device that cannot be
        used.
        """
        for item in where:
            if isinstance(item, Tensor):
                device, dtype = device_of(item._array), item.dtype
            elif isinstance(item, str | place):
                device = item
            elif item is not None and not isinstance(item, bool):
                dtype = item
        backend = None if device is None else backend_for(device)
        chosen = None if dtype is None else as_dtype(dtype)
        if chosen is not None and chosen not in FLOATING:
            raise DtypeError(
                f"Module.to: parameters have a floating dtype; got {chosen}; use float32, float64 or float16"
            )

        def convert(tensor: Tensor) -> Tensor:
            wanted = tensor.dtype if chosen is None or tensor.dtype not in FLOATING else chosen
            old = backend_of(tensor._array)
            new = backend or old
            if new is old and wanted == tensor.dtype:
                return tensor
            return wrap(new.asarray(tensor._array if new is old else old.to_numpy(tensor._array), wanted))

        return self._apply(convert)

    def cpu(self) -> Self:
        """Move all parameters and buffers to the host."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """Move all parameters and buffers to the GPU; BackendError, with the reason, if there is none."""
        return self.to("cuda" if device is None or isinstance(device, int) else device)

    def float(self) -> Self:
        """Make all floating parameters and buffers float32."""
        return self.to(dtype=float32)

    def double(self) -> Self:
        """Make all floating parameters and buffers float64."""
        return self.to(dtype=float64)

    def half(self) -> Self:
        """Make all floating parameters and buffers float16."""
        return self.to(dtype=float16)

    def state_dict(
        self, *, destination: dict[str, Tensor] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Tensor]:
        """All parameters and persistent buffers by dotted name, in PyTorch's order; they share memory with the module.

        Detached unless `keep_vars`. Put into `destination` if one is given. A module that defines `get_extra_state()`
        adds what it returns as "_extra_state"; loading hands it to `set_extra_state(state)`.
        """
        state = {} if destination is None else destination
        for kind in ("parameter", "buffer"):
            for name, member in self._own(kind).items():
                if member is not None and name not in self._transient:
                    state[prefix + name] = member if keep_vars else member.detach()
        if gives_extra(self):
            state[prefix + EXTRA] = self.get_extra_state()  # type: ignore[attr-defined]
        for name, module in self._own("module").items():
            if module is not None:
                module.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy the values of `state_dict` (Tensors or NumPy arrays by dotted name) into this module.

        Dtypes are converted, shapes must be equal. With `strict`, names must be the same too. CheckpointError lists
        everything missing, unexpected or of another shape; then nothing is loaded. Returns the missing and
        unexpected keys.
        """
        refuse("load_state_dict", assign=assign)
        return load_state(self, state_dict, strict)

    def extra_repr(self) -> str:
        """The text between the parentheses in the layer's line of `repr`."""
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


def _before(hook: Callable[..., Any], with_kwargs: bool, module: Module, inputs: Any, options: Any) -> tuple[Any, Any]:
    """The inputs and options after a hook has seen them. The call passes the module: its copy is another one."""
    if with_kwargs:
        replaced = hook(module, inputs, options)
        return (inputs, options) if replaced is None else replaced
    replaced = hook(module, inputs)
    if replaced is not None:
        inputs = replaced if isinstance(replaced, tuple) else (replaced,)
    return inputs, options


def _after(hook: Callable[..., Any], with_kwargs: bool, module: Module, inputs: Any, options: Any, output: Any) -> Any:
    """The output after a hook has seen it."""
    replaced = hook(module, inputs, options, output) if with_kwargs else hook(module, inputs, output)
    return output if replaced is None else replaced
