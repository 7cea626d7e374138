"""Changes of a network's structure as data: a run folder keeps them, so that the smaller network can be made again.

A step is a dictionary: "module", a dotted name; "becomes", a kind; and the sizes that this kind needs.
`apply` makes the new module, without its numbers, in the place of the old one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import CheckpointError
from ..nn import BatchNorm1d, BatchNorm2d, Conv2d, Identity, Linear, Module, Parameter, Sequential
from ..tensors.creation import zeros
from .layers import KINDS

Step = Mapping[str, Any]


def _resized(old: Module, step: Step) -> Module:
    """A layer of other sizes, all else as it was: inputs and outputs of a Linear or Conv2d, with a bias or without."""
    inputs, outputs = step["inputs"], step["outputs"]
    if type(old) is Linear:
        _no_larger(step, inputs=old.in_features, outputs=old.out_features)
        return Linear(inputs, outputs, step["bias"])
    if type(old) is not Conv2d:
        raise CheckpointError(f"step {dict(step)}: {type(old).__name__} cannot be resized")
    _no_larger(step, inputs=old.in_channels, outputs=old.out_channels)
    new = copy.copy(old)  # kernel, stride, padding, ...
    new._names = {kind: dict(names) for kind, names in old._names.items()}
    new.in_channels, new.out_channels = inputs, outputs
    shape = (outputs, inputs // old.groups, *old.weight.shape[2:])
    new.weight = Parameter(zeros(shape))
    new.bias = Parameter(zeros(outputs)) if step["bias"] else None
    return new


def _no_larger(step: Step, **sizes: int) -> None:
    """CheckpointError if the new layer would be larger than the old one: a forged file could ask for any memory."""
    for name, size in sizes.items():
        if step[name] > size:
            raise CheckpointError(f"step {dict(step)}: {name} must be at most {size}, as it was")


def _batch_norm(old: Module, step: Step) -> Module:
    if not isinstance(old, BatchNorm1d | BatchNorm2d):
        raise CheckpointError(f"step {dict(step)}: {type(old).__name__} is no batch normalisation")
    _no_larger(step, features=old.num_features)
    return type(old)(step["features"], old.eps, old.momentum, old.affine, old.track_running_stats)


def _low_rank(old: Module, step: Step) -> Module:
    if type(old) is not Linear:
        raise CheckpointError(f"step {dict(step)}: {type(old).__name__} is no linear layer")
    _no_larger(step, rank=min(old.in_features, old.out_features))
    first = Linear(old.in_features, step["rank"], bias=False)
    return Sequential(first, Linear(step["rank"], old.out_features, old.bias is not None))


def _int8(old: Module, step: Step) -> Module:
    if type(old) not in KINDS:
        raise CheckpointError(f"step {dict(step)}: {type(old).__name__} has no form in integers")
    return KINDS[type(old)](old, step["per_channel"])  # type: ignore[arg-type]


# per kind: what it is made by, and its sizes
MADE: dict[str, tuple[Callable[[Module, Step], Module], tuple[str, ...]]] = {
    "identity": (lambda old, step: Identity(), ()), "resized": (_resized, ("inputs", "outputs", "bias")),
    "batch norm": (_batch_norm, ("features",)), "low rank": (_low_rank, ("rank",)), "int8": (_int8, ("per_channel",)),
}  # fmt: skip


def apply(model: Module, step: Step) -> tuple[Any, Any]:
    """Put the new module in its place: the old one, and the new. CheckpointError if the step does not fit the model."""
    name = step["module"]
    try:
        old = model.get_submodule(name)
    except (AttributeError, ValueError):
        raise CheckpointError(f"step {dict(step)}: the model has no module {name!r}") from None
    new = MADE[step["becomes"]][0](old, step)
    new.train(old.training)
    for parent in list(model.modules()):
        for key, child in list(parent._modules.items()):
            if child is old:
                setattr(parent, key, new)
    return old, new


def rebuilt(model: Module, steps: Sequence[Step]) -> Module:
    """The model after all steps, its new modules without their numbers."""
    for step in steps:
        apply(model, step)
    return model


def is_steps(value: Any) -> bool:
    """Whether this, from a file, could be a list of steps."""
    return value is None or (isinstance(value, list) and len(value) <= 1 << 12 and all(map(_is_step, value)))


def _is_step(step: Any) -> bool:
    if not isinstance(step, dict) or not all(isinstance(step.get(name), str) for name in ("module", "becomes")):
        return False
    if step["becomes"] not in MADE:
        return False
    sizes = MADE[step["becomes"]][1]
    flags = ("bias", "per_channel")
    return step.keys() == {"module", "becomes", *sizes} and all(
        type(step[name]) is bool if name in flags else type(step[name]) is int and step[name] >= 1 for name in sizes
    )
