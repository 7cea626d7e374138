"""Loading a state dict: everything is checked first, so that a module is never left partly loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..backend import backend_of, to_host
from ..engine.inplace import overwrite
from ..engine.tensor import Tensor
from ..errors import CheckpointError, DtypeError

EXTRA = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """The names that `load_state_dict` did not find, and those it did not expect."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def load_state(module: Any, state: Mapping[str, Any], strict: bool) -> IncompatibleKeys:
    """Copy the values of `state` into the module's tensors of the same names; hand extra state to its modules.

    CheckpointError, with nothing loaded, if a value does not fit or, with `strict`, names differ.
    """
    if not isinstance(state, Mapping):
        raise DtypeError(f"load_state_dict: a mapping of names to tensors is expected; got {type(state).__name__}")
    modules = [(f"{path}." if path else "", inner) for path, inner in module.named_modules(remove_duplicate=False)]
    given = {prefix + EXTRA for prefix, inner in modules if gives_extra(inner)}
    takers = {prefix + EXTRA: inner for prefix, inner in modules if hasattr(type(inner), "set_extra_state")}
    targets = {name: target for name, target in module.state_dict(keep_vars=True).items() if name not in given}
    missing = [name for name in (*targets, *takers) if name not in state and not _is_optional(module, name)]
    unexpected = [name for name in state if name not in targets and name not in takers]
    problems = []
    if strict and missing:
        problems.append("missing: " + ", ".join(missing))
    if strict and unexpected:
        problems.append("unexpected: " + ", ".join(unexpected))
    values: list[tuple[Tensor, Any]] = []
    for name, target in targets.items():
        if name in state:
            value, problem = _fitting(name, target, state[name])
            if problem:
                problems.append(problem)
            else:
                values.append((target, value))
    if problems:
        raise CheckpointError(
            f"load_state_dict: this state is not one of {type(module).__name__}; nothing was loaded:\n  "
            + "\n  ".join(problems)
        )
    for target, value in values:
        backend = backend_of(target._array)
        overwrite(target, backend.asarray(value, target.dtype))
    for name, taker in takers.items():
        if name in state:
            taker.set_extra_state(state[name])
    return IncompatibleKeys(missing, unexpected)


def _fitting(name: str, target: Tensor, value: Any) -> tuple[Any, str]:
    """The value as an array, and what is wrong with it, if anything is."""
    array = value._array if isinstance(value, Tensor) else value
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        return None, f"{name}: a Tensor or NumPy array is expected; got {type(value).__name__}"
    host = to_host(array)
    if host.dtype.kind not in "fiub":
        return None, f"{name}: values of dtype {host.dtype} cannot be loaded into {target.dtype}"
    if target.shape == () and host.shape == (1,):
        host = host[0:1].reshape(())  # the way PyTorch before 0.4 saved scalars
    if host.shape != target.shape:
        return None, f"{name}: shape {host.shape} in the state but {target.shape} in the model"
    return host, ""


def gives_extra(module: Any) -> bool:
    """Whether the module has extra state to save, by `get_extra_state()`."""
    return hasattr(type(module), "get_extra_state")


def _is_optional(module: Any, name: str) -> bool:
    path, _, last = name.rpartition(".")
    return last in module.get_submodule(path)._optional_state
