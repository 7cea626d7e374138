"""The state dict of a module. Loading checks everything first, so that a module is never left half loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..backend import backend_of, to_host
from ..engine.inplace import overwrite
from ..engine.tensor import Tensor
from ..errors import CheckpointError, DtypeError, refuse
from .state_hooks import LOADED, LOADING, SAVED, SAVING, StateHooked

EXTRA = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find, and what it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Stateful(StateHooked):
    """What Module has from here: its state as a dictionary, and back."""

    _own: Callable[[str], dict[str, Any]]
    _transient: set[str]

    def state_dict(
        self, *, destination: dict[str, Tensor] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Tensor]:
        """All parameters and persistent buffers by dotted name, in PyTorch's order; they share memory with the module.

        Detached unless `keep_vars`. Put into `destination` if one is given. A module that defines `get_extra_state()`
        adds what it returns as "_extra_state"; loading hands it to `set_extra_state(state)`.
        """
        state = {} if destination is None else destination
        self._call_state_hooks(SAVING, prefix, keep_vars)
        for kind in ("parameter", "buffer"):
            for name, member in self._own(kind).items():
                if member is not None and name not in self._transient:
                    state[prefix + name] = member if keep_vars else member.detach()
        if gives_extra(self):
            state[prefix + EXTRA] = self.get_extra_state()  # type: ignore[attr-defined]
        for name, module in self._own("module").items():
            if module is not None:
                module.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        self._call_state_hooks(SAVED, state, prefix, {})
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy the values of `state_dict` (Tensors or NumPy arrays by dotted name) into this module.

        Dtypes are converted, shapes must be equal. With `strict`, names must be the same too. CheckpointError lists
        all that is missing, unexpected or of another shape; nothing is loaded then. Returns the missing and
        unexpected keys.
        """
        refuse("load_state_dict", assign=assign)
        return load_state(self, state_dict, strict)


def load_state(module: Any, state: Mapping[str, Any], strict: bool) -> IncompatibleKeys:
    """Copy the values of `state` into the module's tensors of the same names; hand extra state to its modules.

    CheckpointError, with nothing loaded, if a value does not fit or, with `strict`, names differ.
    """
    if not isinstance(state, Mapping):
        raise DtypeError(f"load_state_dict: a mapping of names to tensors is expected; got {type(state).__name__}")
    modules = [(f"{path}." if path else "", inner) for path, inner in module.named_modules(remove_duplicate=False)]
    targets = {
        prefix + name: member
        for prefix, inner in modules
        for kind in ("parameter", "buffer")
        for name, member in inner._own(kind).items()
        if member is not None and name not in inner._transient
    }
    takers = {prefix + EXTRA: inner for prefix, inner in modules if hasattr(type(inner), "set_extra_state")}
    keys, problems = IncompatibleKeys([], []), list[str]()
    state = _as_hooks_want_it(modules, dict(state), keys, problems)
    keys.missing_keys[:0] = [n for n in (*targets, *takers) if n not in state and not _is_optional(module, n)]
    keys.unexpected_keys[:0] = [name for name in state if name not in targets and name not in takers]
    hooked = any(LOADED in inner._state_hooks for _, inner in modules)  # they may forgive what is missing
    problems += [] if hooked or not strict else _differences(keys)
    values: list[tuple[Tensor, Any]] = []
    for name, target in targets.items():
        if name in state:
            value, problem = _fitting(name, target, state[name])
            if problem:
                problems.append(problem)
            else:
                values.append((target, value))
    _raise_for(module, problems, "nothing was loaded")
    for target, value in values:
        backend = backend_of(target._array)
        overwrite(target, backend.asarray(value, target.dtype))
    for name, taker in takers.items():
        if name in state:
            taker.set_extra_state(state[name])
    if hooked:
        _tell_loaded(module, keys)
        _raise_for(module, _differences(keys) if strict else [], "all else was loaded")
    return keys


def _as_hooks_want_it(
    modules: list[tuple[str, Any]], state: dict[str, Any], keys: IncompatibleKeys, problems: list[str]
) -> dict[str, Any]:
    """The state after each module's hooks have changed the part of it that is theirs, from the outside in."""
    for prefix, inner in modules:
        if LOADING in inner._state_hooks:
            own = {name: value for name, value in state.items() if name.startswith(prefix)}
            rest = {name: value for name, value in state.items() if name not in own}
            inner._call_state_hooks(LOADING, own, prefix, {}, True, *keys, problems)
            state = rest | own
    return state


def _tell_loaded(module: Any, keys: IncompatibleKeys) -> None:
    """Call the hooks of what has been loaded, from the inside out."""
    for inner in module._own("module").values():
        if inner is not None:
            _tell_loaded(inner, keys)
    module._call_state_hooks(LOADED, keys)


def _differences(keys: IncompatibleKeys) -> list[str]:
    named = {"missing": keys.missing_keys, "unexpected": keys.unexpected_keys}
    return [f"{what}: {', '.join(names)}" for what, names in named.items() if names]


def _raise_for(module: Any, problems: list[str], outcome: str) -> None:
    if problems:
        raise CheckpointError(
            f"load_state_dict: this state is not one of {type(module).__name__}; {outcome}:\n  " + "\n  ".join(problems)
        )


def _fitting(name: str, target: Tensor, value: Any) -> tuple[Any, str]:
    """The value as an array, and what is wrong with it, if anything is."""
    array = value._array if isinstance(value, Tensor) else value
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        return None, f"{name}: a Tensor or NumPy array is expected; got {type(value).__name__}"
    host = to_host(array)
    if host.dtype.kind not in "fiub":
        return None, f"{name}: values of dtype {host.dtype} cannot be loaded into {target.dtype}"
    if target.shape == () and host.shape == (1,):
        host = host[0:1].reshape(())  # how PyTorch before 0.4 saved scalars
    if host.shape != target.shape:
        return None, f"{name}: shape {host.shape} in the state but {target.shape} in the model"
    return host, ""


def gives_extra(module: Any) -> bool:
    """Whether the module has state of its own to save, by `get_extra_state()`."""
    return hasattr(type(module), "get_extra_state")


def _is_optional(module: Any, name: str) -> bool:
    path, _, last = name.rpartition(".")
    return last in module.get_submodule(path)._optional_state
