"""Judging the gradients of a model's parameters: the model is run again in float64 with one number moved."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import backend_of, to_host
from ..dtypes import FLOATING, float64
from ..engine.tensor import Tensor, wrap
from ..errors import ArgumentError, DtypeError, MinidlError
from ..nn.module import Module
from ..random import default_generator
from ..tensors.gradients import grad
from .differences import Arrays, Probe, floating_outputs
from .gradcheck import check_repeats
from .judge import Judgement, judge, nearby, random_seeds
from .operations import is_a_rule_wrong, quiet_engine

SAMPLE = 60  # how many elements of a larger parameter are moved one by one


@dataclass(frozen=True)
class Judged:
    """The verdict on one parameter: what the differences say, and whether it received a gradient."""

    judgement: Judgement
    shape: tuple[int, ...]
    missing: bool
    wrong: bool  # at this point, and either a rule is wrong alone, or the gradient is wrong next to this point too

    @property
    def size(self) -> int:
        """How many elements the parameter has."""
        return int(np.prod(self.shape))

    @property
    def told(self) -> bool:
        """Whether there is any verdict."""
        return self.wrong or not self.size or bool(self.judgement.right.any())


def judge_parameters(
    function: Callable[[], Any], parameters: Mapping[str, Tensor], sample: int = SAMPLE
) -> dict[str, Judged]:
    """Check the gradient of each parameter of `function()` by differences, moving it in place and back again.

    Args:
        function: returns a tensor or several, computed from the parameters; it is called some hundreds of times.
        parameters: float64 tensors that require gradients, by name: parameters, or inputs.
        sample: how many elements of each are moved one by one; all of them are also moved at once.

    Random draws are the same in each call, so that dropout has the same mask. Raises `ArgumentError` if the function
    still gives two results, `DtypeError` for a parameter that is not float64.
    """
    for name, parameter in parameters.items():
        if parameter.dtype != float64:
            raise DtypeError(f"judge_parameters: {name} is {parameter.dtype}; differences need float64: model.double()")
    state = default_generator.get_state()

    def call() -> list[Tensor]:
        default_generator.set_state(state)
        return floating_outputs(function(), "judge_parameters")

    def outputs() -> Arrays:
        return [to_host(z._array).astype(np.float64) for z in call()]

    try:
        with quiet_engine():
            rest = outputs()
            check_repeats("judge_parameters", rest, outputs())
            seeds = random_seeds(rest, 2)
            found = _all(call, outputs, seeds, parameters, sample)
            accused = [name for name, (one, _) in found.items() if one.accused]
            if accused and not is_a_rule_wrong(call):
                accused = _still_wrong(call, outputs, seeds, parameters, sample, accused)
    finally:
        default_generator.set_state(state)
    return {
        name: Judged(one, parameters[name].shape, missing, name in accused) for name, (one, missing) in found.items()
    }


def judge_model(
    model: Module, inputs: Tensor, loss: Callable[[Tensor], Tensor], sample: int = SAMPLE
) -> dict[str, Judged]:
    """Check the gradients of `loss(model(inputs))` by differences, on a copy of the model in float64.

    It judges the parameters that require gradients, by name, and floating inputs that do, as "input". The model and
    its running statistics stay unchanged. Raises `ArgumentError` if the model does not run in float64, or gives two
    results for the same input.
    """
    twin = copy.deepcopy(model).double()
    given = inputs.detach().double() if inputs.dtype in FLOATING else inputs
    named = {"input": given.requires_grad_()} if inputs.requires_grad else {}
    named |= {name: p for name, p in twin.named_parameters() if p.requires_grad}
    try:
        return judge_parameters(lambda: loss(twin(given)), named, sample)
    except ArgumentError:
        raise
    except MinidlError as error:
        raise ArgumentError(f"gradcheck: the model does not run in float64: {error}") from error


def _all(
    call: Callable[[], list[Tensor]],
    outputs: Callable[[], Arrays],
    seeds: list[Arrays],
    parameters: Mapping[str, Tensor],
    sample: int,
    only: Sequence[str] | None = None,
) -> dict[str, tuple[Judgement, bool]]:
    """The judgement on each parameter, and whether its gradient is missing."""
    rest, claims = outputs(), _claims(call(), seeds, list(parameters.values()))
    return {
        name: _judge(number, parameter, outputs, rest, seeds, [claim[number] for claim in claims], sample)
        for number, (name, parameter) in enumerate(parameters.items())
        if only is None or name in only
    }


def _still_wrong(
    call: Callable[[], list[Tensor]],
    outputs: Callable[[], Arrays],
    seeds: list[Arrays],
    parameters: Mapping[str, Tensor],
    sample: int,
    accused: list[str],
) -> list[str]:
    """Those of the suspects that are also wrong next to this point, away from any corner."""
    before = {name: parameter._array.copy() for name, parameter in parameters.items()}
    try:
        for number, parameter in enumerate(parameters.values()):
            parameter._array[...] = backend_of(parameter._array).asarray(nearby(to_host(parameter._array), number))
        found = _all(call, outputs, seeds, parameters, sample, accused)
    finally:
        for name, parameter in parameters.items():
            parameter._array[...] = before[name]
    return [name for name, (one, _) in found.items() if one.wrong]


def _claims(outputs: list[Tensor], seeds: list[Arrays], parameters: list[Tensor]) -> list[list[np.ndarray | None]]:
    """The gradients by backward for each set of seeds, parameter by parameter."""
    found: list[list[np.ndarray | None]] = []
    for seed in seeds:
        pairs = [
            (z, wrap(backend_of(z._array).asarray(np.array(dz, z.dtype))))
            for z, dz in zip(outputs, seed)
            if z.requires_grad
        ]
        if not pairs:
            found.append([None] * len(parameters))
            continue
        roots, gradients = [z for z, _ in pairs], [dz for _, dz in pairs]
        sent = grad(roots, parameters, gradients, retain_graph=True, allow_unused=True)
        found.append([None if g is None else to_host(g._array).copy() for g in sent])
    return found


def _judge(
    number: int,
    parameter: Tensor,
    outputs: Callable[[], Arrays],
    rest: Arrays,
    seeds: list[Arrays],
    claims: list[np.ndarray | None],
    sample: int,
) -> tuple[Judgement, bool]:
    """The verdict on one parameter, and whether its gradient is missing."""
    array = parameter._array
    before = array.copy()

    def moved(x: np.ndarray) -> Arrays:
        array[...] = x
        try:
            return outputs()
        finally:
            array[...] = before

    x = np.array(to_host(parameter._array))
    given = [np.zeros(x.shape) if claim is None else claim for claim in claims]
    draw = np.random.default_rng((13, number))
    places = choose(given[0], np.isfinite(x).ravel(), draw, sample)
    direction = draw.uniform(-1, 1, x.shape) if x.size > len(places) else None
    return judge(Probe(moved, x, rest), seeds, given, places, direction=direction), all(c is None for c in claims)


def choose(gradient: np.ndarray, usable: np.ndarray, draw: np.random.Generator, sample: int) -> np.ndarray:
    """Which elements to move: all, or `sample` of them, half where the gradient is not 0 and half anywhere.

    `usable` says which elements can be moved.
    """
    candidates = np.flatnonzero(usable)
    if len(candidates) <= sample:
        return candidates
    there = np.flatnonzero((gradient.ravel() != 0) & usable)
    some = draw.permutation(there)[: sample // 2]
    rest = np.setdiff1d(candidates, some, assume_unique=True)
    return np.sort(np.concatenate([some, draw.permutation(rest)[: sample - len(some)]]))
