"""The base of all optimizers: parameter groups, their options and state; a subclass adds its update rule."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import wraps
from itertools import chain
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..backend import Array, backend_of, to_host
from ..backend.registry import by_type
from ..dtypes import DType, float16, float32
from ..engine.grad_mode import enable_grad
from ..engine.inplace import overwrite
from ..engine.tensor import Tensor, wrap
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    BackendError,
    CheckpointError,
    DtypeError,
    ShapeError,
    UnsupportedError,
    refuse,
)
from ..missing import of_object
from ..nn.parameter import listed, zero_grads

Group = dict[str, Any]
_NO_STATE = "a dictionary as returned by state_dict() is expected, with 'state' and 'param_groups'"
_SCHEDULED = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")  # what schedulers add to a group
State = dict[str, Any]
Update = tuple[Any, ...]  # the arguments of `Backend.update`: a rule, and what it is given, the parameter first


def noting(step: Callable[..., Any]) -> Callable[..., Any]:
    """`step` that notes that it ran: schedulers warn when they are stepped before their optimizer."""

    @wraps(step)
    def noted(self: Optimizer, *args: Any, **options: Any) -> Any:
        if self._opt_called is False:
            self._opt_called = True
        return step(self, *args, **options)

    noted._notes = True  # type: ignore[attr-defined]
    return noted


class Optimizer:
    """Moves parameters in the direction given by their gradients, by a rule that subclasses define.

    `params` are tensors, pairs of a name and a tensor, or groups: dictionaries, each with its "params" and the options
    that differ from the defaults. A parameter without a gradient is skipped, and its state left alone.

    Attributes:
        param_groups: the groups, each a dictionary with "params" and all options.
        state: for each parameter, what the rule keeps for it: Tensors of its shape, and "step", a number.
        defaults: the options of groups that do not override them.
    """

    if not TYPE_CHECKING:
        __getattr__ = of_object("Optimizer")

    _left_out: ClassVar[tuple[str, ...]] = ()  # PyTorch's options that only choose between implementations
    _remembers: ClassVar[tuple[str, ...] | None] = None  # the names in a parameter's state; None: any

    _twice = False  # whether a parameter is given more than once

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "step" in vars(cls):
            cls.step = noting(cls.step)  # type: ignore[method-assign]
        if "_rule" in vars(cls) and "_remembers" not in vars(cls):
            cls._remembers = None

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        if isinstance(params, Tensor):
            raise DtypeError(f"{type(self).__name__}: params must be an iterable of tensors or groups; got a Tensor")
        self.defaults = defaults
        self.state: dict[Tensor, State] = {}
        self.param_groups: list[Group] = []
        self._opt_called: bool | None = None  # whether `step` ran since a scheduler began to watch; None: none does
        groups = listed(type(self).__name__, params)
        if not groups:
            raise ArgumentError(f"{type(self).__name__}: the list of parameters is empty")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Also optimize `param_group["params"]`, with the options in it that differ from the defaults."""
        who = type(self).__name__
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise DtypeError(f"{who}: a group must be a dictionary with 'params'; got {param_group!r}")
        params = param_group["params"]
        if isinstance(params, set):
            raise DtypeError(f"{who}: the order of a set changes between runs; give the parameters in a list")
        items = listed(who, params)
        names = [item[0] for item in items if isinstance(item, tuple)]
        tensors = [item[1] if isinstance(item, tuple) else item for item in items]
        if names and len(names) != len(tensors):
            raise ArgumentError(f"{who}: either all parameters of a group have names or none")
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise DtypeError(f"{who}: only Tensors can be optimized; got {type(tensor).__name__}")
            if not tensor.is_leaf:
                raise ArgumentError(
                    f"{who}: a parameter of shape {tensor.shape} was computed by {type(tensor.grad_fn).__name__}; "
                    "only leaves can be optimized"
                )
        known = [p for group in self.param_groups for p in group["params"]]
        if not {id(p) for p in known}.isdisjoint(id(p) for p in tensors):
            raise ArgumentError(f"{who}: a parameter is given twice, in two groups; each may be in one")
        if self.param_groups and bool(names) != ("param_names" in self.param_groups[0]):
            raise ArgumentError(f"{who}: either all groups have names of parameters or none")
        group = {**param_group, "params": tensors, **({"param_names": names} if names else {})}
        for name, value in self.defaults.items():
            group.setdefault(name, value)
        self._check(group)
        if given_twice(tensors):
            self._twice = True
            warnings.warn(
                f"{who}: a parameter is given twice in one group, so each step updates it twice; give each once, as "
                "list(dict.fromkeys(parameters)) does",
                UserWarning,
                stacklevel=4,
            )
        self.param_groups.append(group)

    def _check(self, group: Group) -> None:
        """Refuse options that minidl leaves out or that are out of range; subclasses add their checks."""
        who = type(self).__name__
        refuse(who, **{name: group[name] for name in self._left_out if name in group})
        lr = group["lr"]
        if isinstance(lr, Tensor):
            raise UnsupportedError(
                f"{who}: lr as a Tensor is left out of minidl; give a number, lr={lr._array.tolist()}"
            )
        at_least_zero(who, "learning rate", lr)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or with `set_to_none=False` fill them with zeros."""
        for group in self.param_groups:
            if not set_to_none:
                zero_grads(group["params"], set_to_none=False)
                continue
            for parameter in group["params"]:
                parameter._grad = None

    @noting
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter with a gradient. `closure`, if given, first recomputes the loss, which is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        first = next((p._array for group in self.param_groups for p in group["params"]), None)
        if first is None:
            return loss
        backend = by_type[type(first)]
        before = backend.mute()  # infinities and NaN are ordinary results
        later: list[Update] = []
        try:
            for group in self.param_groups:
                for parameter in group["params"]:
                    if (gradient := parameter._grad) is not None:
                        self._step_one(parameter, gradient, group, later)
            if later:
                by_type[type(later[0][1])].update_all(later)
        finally:
            backend.unmute(before)
        return loss

    def _step_one(self, parameter: Tensor, gradient: Tensor, group: Group, later: list[Update]) -> None:
        """Update one parameter in place, so that backward notices; float16 is widened, updated and rounded once.

        What a GPU does for all parameters at once is put into `later`.
        """
        state = self.state.setdefault(parameter, {})
        p, g = parameter._array, gradient._array
        if g.shape != p.shape or g.dtype != p.dtype:
            raise ShapeError(
                f"{type(self).__name__}: a gradient of shape {g.shape} and {g.dtype} for a parameter of shape "
                f"{p.shape} and {p.dtype}; they must be the same"
            )
        if p.flags.c_contiguous and getattr(p.flags, "writeable", True) and parameter._storage.frozen is None:
            parameter._storage.version += 1  # operations that kept it for backward must notice
        else:
            overwrite(parameter, p)  # raises an error if it must not be changed
        backend = by_type[type(p)]
        if p.dtype != float16:
            update = self._rule(p, g, state, group)
            if update is not None:
                together = backend.updates_together and not self._twice
                later.append(update) if together else backend.update(*update)
            return
        wide, wide_state = p.astype(float32), _cast(state, float32)
        update = self._rule(wide, g.astype(float32), wide_state, group)
        if update is not None:
            backend.update(*update)
        p[...] = wide
        state.update(_cast(wide_state, float16))

    def _rule(self, p: Array, g: Array, state: State, group: Group) -> Update | None:
        """Change the parameter p in place, given its gradient g (which stays as it is), its state and options.

        Or return the last lines of the change: a GPU then runs those of all parameters as one kernel.
        """
        raise UnsupportedError(f"{type(self).__name__} has no update rule: define _rule in the class")

    def state_dict(self) -> dict[str, Any]:
        """State and options as PyTorch arranges them: {"state": {number: ...}, "param_groups": [...]}.

        Parameters are numbered in the order of the groups. The tensors share memory with the optimizer's.
        """
        numbers = {id(p): i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        return {
            "state": {numbers[id(p)]: dict(state) for p, state in self.state.items() if state},
            "param_groups": [
                {
                    **{k: v for k, v in group.items() if k != "params"},
                    "params": [numbers[id(p)] for p in group["params"]],
                }
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict()` returned; tensors or NumPy arrays are copied in the parameters' dtypes.

        CheckpointError, with nothing loaded, if groups, their sizes or shapes differ, or if it belongs to another kind
        of optimizer.
        """
        who = f"{type(self).__name__}.load_state_dict"
        saved = self._checked(who, state_dict)
        ours, theirs = [[len(group["params"]) for group in groups] for groups in (self.param_groups, saved)]
        if ours != theirs:
            raise CheckpointError(
                f"{who}: the saved groups have {theirs} parameters, these {ours}; nothing was loaded; "
                "make the optimizer over the same parameters in the same groups"
            )
        groups = []
        for group, other in zip(self.param_groups, saved):
            options = {name: deepcopy(value) for name, value in other.items() if name != "params"}
            named = {"param_names": group["param_names"]} if "param_names" in group else {}
            groups.append({"params": group["params"], **self.defaults, **named, **options})
            self._check(groups[-1])
        parameters = dict(zip(
            chain.from_iterable(group["params"] for group in saved),
            chain.from_iterable(group["params"] for group in groups),
        ))  # fmt: skip
        state = {}
        for number, saved_state in state_dict["state"].items():
            if number not in parameters:
                raise CheckpointError(f"{who}: state of parameter {number!r}, which is in no group; nothing was loaded")
            parameter = parameters[number]
            state[parameter] = {
                key: self._loaded(who, number, parameter, key, x) for key, x in saved_state.items() if x is not None
            }
        self.state, self.param_groups = state, groups

    def _checked(self, who: str, state_dict: Any) -> list[Group]:
        """The groups of a state dict. CheckpointError if it is not one, or is from another kind of optimizer."""
        if not isinstance(state_dict, dict) or not {"state", "param_groups"} <= set(state_dict):
            raise CheckpointError(f"{who}: {_NO_STATE}; got {_shown(state_dict)}")
        state, groups = state_dict["state"], state_dict["param_groups"]
        if not isinstance(state, dict) or not all(isinstance(kept, dict) for kept in state.values()):
            raise CheckpointError(f"{who}: {_NO_STATE}; its 'state' is {_shown(state)}")
        if not isinstance(groups, list) or not all(isinstance(g, dict) and {"params", "lr"} <= set(g) for g in groups):
            raise CheckpointError(f"{who}: {_NO_STATE}; its 'param_groups' are {_shown(groups)}, not groups with an lr")
        known = {*self.defaults, "params", "param_names", *_SCHEDULED, *chain.from_iterable(self.param_groups)}
        needed = [name for name, value in self.defaults.items() if value is not None and value is not False]
        for group in groups:
            foreign, lacking = [name for name in group if name not in known], [n for n in needed if n not in group]
            if foreign and lacking:
                raise CheckpointError(
                    f"{who}: this is the state of another kind of optimizer: it has {', '.join(foreign)}, but no "
                    f"{', '.join(lacking)}; nothing was loaded"
                )
        remembered = {key for kept in state.values() for key in kept}
        if self._remembers is not None and not remembered <= set(self._remembers):
            raise CheckpointError(
                f"{who}: this is the state of another kind of optimizer: it remembers "
                f"{', '.join(sorted(remembered))}, this one {', '.join(self._remembers)}; nothing was loaded"
            )
        return groups

    def _loaded(self, who: str, number: Any, parameter: Tensor, key: str, value: Any) -> Any:
        """A saved value in the form the state keeps: a copy that matches the parameter, or a number."""
        array = value._array if isinstance(value, Tensor) else value
        if key == "step":
            return _count(who, number, array)
        if isinstance(array, np.generic) or not hasattr(array, "shape"):
            if self._remembers is not None:
                raise CheckpointError(
                    f"{who}: {key} of parameter {number} must be a tensor; got {array!r}; nothing was loaded"
                )
            return deepcopy(array)
        host = to_host(array)
        if host.shape != parameter.shape:
            raise CheckpointError(
                f"{who}: {key} of parameter {number} has shape {host.shape}, the parameter {parameter.shape}; "
                "nothing was loaded"
            )
        return wrap(backend_of(parameter._array).asarray(host.astype(parameter.dtype)))

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"\nParameter Group {i}\n")
            lines += [f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} ({''.join(lines)})"


def given_twice(parameters: list[Tensor]) -> bool:
    """Whether one of them is there more than once."""
    return len({id(p) for p in parameters}) != len(parameters)


def once(who: str, group: Group, unless: bool = False) -> None:
    """ArgumentError for a parameter given twice: there PyTorch starts the state twice and keeps one."""
    if not unless and given_twice(group["params"]):
        raise ArgumentError(f"{who}: a parameter is given twice; give each once, as list(dict.fromkeys(params)) does")


def at_least_zero(who: str, what: str, value: Any) -> None:
    """ArgumentError, in PyTorch's words, unless the option is a number >= 0."""
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value) >= 0.0:
        kind = ArgumentError if isinstance(value, Real) else ArgumentTypeError
        raise kind(f"{who}: Invalid {what}: {value}; a number >= 0 is expected")


def decayed(p: Array, g: Array, group: Group) -> Array:
    """The gradient to descend: -g to `maximize`; a weight decay λ adds λ p, or shrinks p itself if it is decoupled.

    `SGD` says the same in its own lines: it is the first optimizer that one reads.
    """
    if group["maximize"]:
        g = -g
    if group["weight_decay"] == 0:
        return g
    if group.get("decoupled_weight_decay"):
        p *= 1 - float(group["lr"]) * group["weight_decay"]
        return g
    return g + group["weight_decay"] * p


def remember(state: State, key: str, p: Array, value: float = 0.0) -> Array:
    """The array that `state` keeps under `key`; initially one like p, filled with `value`.

    BackendError if its library is not that of p.
    """
    if key not in state:
        state[key] = wrap(backend_of(p).xp.full_like(p, value))
    kept = state[key]._array
    if type(kept) is not type(p):
        raise BackendError(
            f"the optimizer keeps {key} in {backend_of(kept).name}, but has its parameter in {backend_of(p).name}; "
            "move the model before the first step, or make a new optimizer"
        )
    return kept


def _cast(state: State, dtype: DType) -> State:
    """The state with its tensors in `dtype`."""
    return {key: wrap(x._array.astype(dtype)) if isinstance(x, Tensor) else x for key, x in state.items()}


def _shown(value: Any) -> str:
    """A short description of a wrong argument."""
    text = repr(value)
    return text if len(text) < 60 and "\n" not in text else f"a {type(value).__name__} of {len(value)} items"


def _count(who: str, number: Any, steps: Any) -> int:
    """A saved number of steps, which PyTorch keeps as a float."""
    try:
        return int(steps)
    except (TypeError, ValueError):
        raise CheckpointError(
            f"{who}: step of parameter {number} must be a number; got {steps!r}; nothing was loaded"
        ) from None
