"""Every schedule gives PyTorch's rates and momenta, step by step, also chained, resumed and jumped into."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as theirs

import minidl
from minidl import nn, optim
from minidl.errors import ArgumentError, CheckpointError, DtypeError, MinidlError
from minidl.optim import lr_scheduler as ours

factors = st.sampled_from([0.1, 0.5, 0.97, 1.0])
counts = st.integers(1, 7)


def options(**strategies: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(strategies)


class Decay:
    """A schedule with state of its own, which is saved."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, step: int) -> float:
        return self.factor**step


lambdas = st.one_of(
    st.just(lambda step: 1 / (1 + step)),
    st.just([lambda step: 0.9**step, lambda step: 1.0 + step]),
    factors.map(Decay),
)
SCHEDULES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "StepLR": options(step_size=counts, gamma=factors),
    "MultiStepLR": options(milestones=st.lists(st.integers(0, 8), max_size=4), gamma=factors),
    "ConstantLR": options(factor=factors, total_iters=st.integers(0, 7)),
    "LinearLR": options(start_factor=factors, end_factor=st.sampled_from([0.0, 0.3, 1.0]), total_iters=counts),
    "ExponentialLR": options(gamma=factors),
    "PolynomialLR": options(total_iters=counts, power=st.sampled_from([0.5, 1.0, 2.0])),
    "CosineAnnealingLR": options(T_max=counts, eta_min=st.sampled_from([0.0, 0.01])),
    "CosineAnnealingWarmRestarts": options(T_0=counts, T_mult=st.integers(1, 3), eta_min=st.sampled_from([0, 0.01])),
    "LambdaLR": options(lr_lambda=lambdas),
    "MultiplicativeLR": options(lr_lambda=lambdas),
    "CyclicLR": options(
        base_lr=st.sampled_from([0.01, 0.1]),
        max_lr=st.one_of(factors, st.tuples(factors, factors).map(list)),
        step_size_up=counts,
        step_size_down=st.one_of(st.none(), counts),
        mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
        gamma=factors,
        cycle_momentum=st.booleans(),
        scale_fn=st.one_of(st.none(), factors.map(Decay)),
        scale_mode=st.sampled_from(["cycle", "iterations"]),
    ),
    "OneCycleLR": st.one_of(
        options(
            max_lr=st.one_of(factors, st.tuples(factors, factors).map(list)),
            total_steps=st.integers(14, 30),
            pct_start=st.sampled_from([0.2, 0.25, 0.3, 0.4]),
            anneal_strategy=st.sampled_from(["cos", "linear"]),
            cycle_momentum=st.booleans(),
            base_momentum=st.sampled_from([0.7, 0.85]),
            max_momentum=st.one_of(st.just(0.9), st.just([0.9, 0.99])),
            div_factor=st.sampled_from([2.0, 25.0]),
            final_div_factor=st.sampled_from([10.0, 1e4]),
            three_phase=st.booleans(),
        ),
        options(max_lr=factors, epochs=st.integers(2, 4), steps_per_epoch=st.integers(8, 10)),
    ),
}
named = st.sampled_from(sorted(SCHEDULES)).flatmap(lambda name: st.tuples(st.just(name), SCHEDULES[name]))
optimizers = st.sampled_from(["SGD", "Adam"])


def optimizer_pair(kind: str = "SGD") -> tuple[Any, Any]:
    """The same optimizer with two groups in each library."""
    mine = [nn.Parameter(minidl.tensor(np.ones(2))) for _ in range(2)]
    reference = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    pair = []
    for library, params in ((optim, mine), (torch.optim, reference)):
        options = {"momentum": 0.9} if kind == "SGD" else {}
        groups = [{"params": [params[0]]}, {"params": [params[1]], "lr": 0.3}]
        pair.append(getattr(library, kind)(groups, lr=0.1, **options))
    return pair[0], pair[1]


def settings(optimizer: Any) -> list[dict[str, Any]]:
    """All options of the groups but the parameters."""
    return [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]


def walk(mine: Any, reference: Any, schedulers: list[Any], steps: int) -> None:
    """Step both and compare every option of every group, bit for bit."""
    for step in range(steps):
        assert settings(mine) == settings(reference), f"before step {step}"
        for optimizer in (mine, reference):
            optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    assert settings(mine) == settings(reference), "after the last step"


@given(named, optimizers)
def test_rates_are_pytorchs(chosen: tuple[str, dict[str, Any]], kind: str) -> None:
    name, arguments = chosen
    mine, reference = optimizer_pair(kind)
    pair = [getattr(ours, name)(mine, **arguments), getattr(theirs, name)(reference, **arguments)]
    walk(mine, reference, pair, 12)
    assert pair[0].get_last_lr() == pair[1].get_last_lr()
    assert pair[0].last_epoch == pair[1].last_epoch


@given(named, named)
def test_two_schedules_on_one_optimizer(first: tuple[str, Any], second: tuple[str, Any]) -> None:
    mine, reference = optimizer_pair()
    schedulers = []
    for name, arguments in (first, second):
        schedulers.append(getattr(ours, name)(mine, **arguments))
        schedulers.append(getattr(theirs, name)(reference, **arguments))
    walk(mine, reference, schedulers, 10)


@given(st.lists(named, min_size=1, max_size=3), st.lists(st.integers(1, 4), min_size=2, max_size=2))
def test_one_schedule_after_the_other(chosen: list[tuple[str, Any]], lengths: list[int]) -> None:
    mine, reference = optimizer_pair()
    milestones = [int(n) for n in np.cumsum(lengths)][: len(chosen) - 1]
    pair = []
    for library, optimizer in ((ours, mine), (theirs, reference)):
        inner = [getattr(library, name)(optimizer, **arguments) for name, arguments in chosen]
        pair.append(library.SequentialLR(optimizer, inner, milestones))
    walk(mine, reference, pair, 10)
    assert pair[0].get_last_lr() == pair[1].get_last_lr()


@given(st.lists(named, min_size=1, max_size=3))
def test_all_schedules_at_once(chosen: list[tuple[str, Any]]) -> None:
    mine, reference = optimizer_pair()
    pair = []
    for library, optimizer in ((ours, mine), (theirs, reference)):
        pair.append(library.ChainedScheduler([getattr(library, name)(optimizer, **args) for name, args in chosen]))
    walk(mine, reference, pair, 10)
    assert pair[0].get_last_lr() == pair[1].get_last_lr()


@given(named, optimizers, st.integers(1, 6))
def test_state_continues_from_pytorchs(chosen: tuple[str, dict[str, Any]], kind: str, stop: int) -> None:
    """After `stop` steps of PyTorch's, minidl's scheduler loads its state and continues beside it."""
    name, arguments = chosen
    _, reference = optimizer_pair(kind)
    expected = getattr(theirs, name)(reference, **arguments)
    for _ in range(stop):
        reference.step()
        expected.step()
    mine, _ = optimizer_pair(kind)
    scheduler = getattr(ours, name)(mine, **arguments)
    mine.load_state_dict({"state": {}, "param_groups": reference.state_dict()["param_groups"]})
    scheduler.load_state_dict(expected.state_dict())
    walk(mine, reference, [scheduler, expected], 6)
    reference2 = optimizer_pair(kind)[1]
    expected2 = getattr(theirs, name)(reference2, **arguments)
    reference2.load_state_dict(mine.state_dict())
    expected2.load_state_dict(scheduler.state_dict())
    walk(mine, reference2, [scheduler, expected2], 2)


@pytest.mark.parametrize("name", ["SequentialLR", "ChainedScheduler"])
def test_combined_state(name: str) -> None:
    rates = []
    for stop in (False, True):

        def make() -> tuple[Any, Any]:
            optimizer = optimizer_pair()[0]
            inner = [ours.ConstantLR(optimizer, 0.1, 2), ours.ExponentialLR(optimizer, 0.9)]
            return optimizer, ours.SequentialLR(optimizer, inner, [2]) if name == "SequentialLR" else (
                ours.ChainedScheduler(inner)
            )

        optimizer, scheduler = make()
        for step in range(6):
            if stop and step == 3:
                saved = optimizer.state_dict(), scheduler.state_dict()
                optimizer, scheduler = make()
                optimizer.load_state_dict(saved[0])
                scheduler.load_state_dict(saved[1])
            optimizer.step()
            scheduler.step()
        rates.append(scheduler.get_last_lr())
    assert rates[0] == rates[1]


CLOSED = ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR"]


@given(st.sampled_from(CLOSED).flatmap(lambda name: st.tuples(st.just(name), SCHEDULES[name])), st.integers(0, 9))
def test_jumping_to_an_epoch(chosen: tuple[str, dict[str, Any]], epoch: int) -> None:
    name, arguments = chosen
    mine, reference = optimizer_pair()
    pair = [getattr(ours, name)(mine, **arguments), getattr(theirs, name)(reference, **arguments)]
    for optimizer in (mine, reference):
        optimizer.step()
    for scheduler in pair:
        with pytest.warns(UserWarning, match="deprecated|EPOCH|epoch"):
            scheduler.step(epoch)
    assert settings(mine) == settings(reference)
    walk(mine, reference, pair, 3)


@given(st.lists(st.floats(0, 40), min_size=1, max_size=5), counts, st.integers(1, 3))
def test_warm_restarts_take_fractions(epochs: list[float], first: int, times: int) -> None:
    mine, reference = optimizer_pair()
    pair = [library.CosineAnnealingWarmRestarts(optimizer, first, times) for library, optimizer in
            ((ours, mine), (theirs, reference))]  # fmt: skip
    for epoch in epochs:
        for scheduler in pair:
            scheduler.step(epoch)
        assert settings(mine) == settings(reference)


@given(
    st.lists(st.sampled_from([1.0, 0.99995, 0.9, 0.5, -1.0, float("nan"), float("inf")]), min_size=5, max_size=20),
    options(
        mode=st.sampled_from(["min", "max"]),
        factor=st.sampled_from([0.1, 0.5]),
        patience=st.integers(0, 2),
        threshold=st.sampled_from([1e-4, 0.1]),
        threshold_mode=st.sampled_from(["rel", "abs"]),
        cooldown=st.integers(0, 2),
        min_lr=st.sampled_from([0, 0.02, [0.05, 0.0]]),
        eps=st.sampled_from([1e-8, 1e-2]),
    ),
)
def test_plateau(metrics: list[float], arguments: dict[str, Any]) -> None:
    mine, reference = optimizer_pair()
    pair = [ours.ReduceLROnPlateau(mine, **arguments), theirs.ReduceLROnPlateau(reference, **arguments)]
    assert set(pair[0].state_dict()) == set(pair[1].state_dict())
    for i, metric in enumerate(metrics):
        if i == 3:
            pair[0] = ours.ReduceLROnPlateau(mine)
            pair[0].load_state_dict(pair[1].state_dict())
        for scheduler in pair:
            scheduler.step(metric)
        assert settings(mine) == settings(reference)
        assert pair[0].get_last_lr() == pair[1].get_last_lr()
        assert pair[0].num_bad_epochs == pair[1].num_bad_epochs
        assert pair[0].in_cooldown == pair[1].in_cooldown


def test_plateau_takes_tensors_and_later_groups() -> None:
    mine, _ = optimizer_pair()
    scheduler = ours.ReduceLROnPlateau(mine, patience=0)
    for _ in range(2):
        scheduler.step(minidl.tensor(1.0))
    mine.add_param_group({"params": nn.Parameter(minidl.tensor(1.0)), "lr": 1.0})
    scheduler.step(2.0)
    assert scheduler.get_last_lr() == pytest.approx([0.001, 0.003, 0.1])
    listed = ours.ReduceLROnPlateau(optimizer_pair()[0], patience=0, min_lr=[0.0, 0.0])
    listed.optimizer.add_param_group({"params": nn.Parameter(minidl.tensor(1.0))})
    listed.step(1.0)
    with pytest.raises(ArgumentError, match="3 groups now but min_lr has 2"):
        listed.step(1.0)


def test_stepping_before_the_optimizer_warns() -> None:
    mine, _ = optimizer_pair()
    scheduler = ours.StepLR(mine, 2)
    with pytest.warns(UserWarning, match=r"before optimizer.step\(\)"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()


def test_resuming_needs_the_initial_rate() -> None:
    mine, _ = optimizer_pair()
    with pytest.raises(ArgumentError, match=r"param_groups\[0\] has no 'initial_lr'"):
        ours.StepLR(mine, 2, last_epoch=3)
    ours.StepLR(mine, 2)
    assert ours.StepLR(mine, 2, last_epoch=3).last_epoch == 4


def cases() -> list[tuple[Any, type[MinidlError], str]]:
    one = optimizer_pair()[0]
    plain = optim.Adagrad([nn.Parameter(minidl.tensor(1.0))])
    cycle = ours.OneCycleLR
    plateau = ours.ReduceLROnPlateau(one)
    return [
        (lambda: ours.StepLR(3, 2), DtypeError, "int is not an Optimizer"),
        (lambda: ours.StepLR(one, 0), ArgumentError, "step_size must not be 0"),
        (lambda: ours.CosineAnnealingLR(one, 0), ArgumentError, "T_max must not be 0"),
        (lambda: ours.ConstantLR(one, 1.5), ArgumentError, "factor must be between 0 and 1; got 1.5"),
        (lambda: ours.LinearLR(one, 0.0), ArgumentError, "start_factor must be above 0"),
        (lambda: ours.LinearLR(one, 0.5, 2.0), ArgumentError, "end_factor must be between 0 and 1"),
        (lambda: ours.LambdaLR(one, [abs]), ArgumentError, "lr_lambda has 1 values but the optimizer 2 groups"),
        (lambda: ours.MultiplicativeLR(one, 0.5), DtypeError, "MultiplicativeLR: lr_lambda must be a function"),
        (lambda: ours.CosineAnnealingWarmRestarts(one, 0), ArgumentError, "T_0 must be an integer above 0"),
        (lambda: ours.CosineAnnealingWarmRestarts(one, 2, 0), ArgumentError, "T_mult must be an integer >= 1"),
        (lambda: ours.CosineAnnealingWarmRestarts(one, 2, 1, "x"), ArgumentError, "eta_min must be a number"),
        (lambda: ours.CosineAnnealingWarmRestarts(one, 2).step(-1), ArgumentError, "epoch must be at least 0"),
        (lambda: ours.ReduceLROnPlateau(one, "best"), ArgumentError, "mode 'best' is unknown"),
        (lambda: ours.ReduceLROnPlateau(one, factor=1.0), ArgumentError, "factor must be below 1"),
        (lambda: ours.ReduceLROnPlateau(one, threshold_mode="x"), ArgumentError, "threshold_mode 'x' is unknown"),
        (lambda: plateau.step(), DtypeError, "the metric is missing"),
        (lambda: cycle(one, 0.1), ArgumentError, "give total_steps, or epochs and steps_per_epoch"),
        (lambda: cycle(one, 0.1, 0), ArgumentError, "total_steps must be an integer above 0; got 0"),
        (lambda: cycle(one, 0.1, epochs=2, steps_per_epoch=1.5), ArgumentError, "steps_per_epoch must be an integer"),
        (lambda: cycle(one, 0.1, 10, pct_start=2.0), ArgumentError, "pct_start must be a float between 0 and 1"),
        (lambda: cycle(one, 0.1, 10, anneal_strategy="exp"), ArgumentError, "'cos' or 'linear'; got 'exp'"),
        (lambda: cycle(plain, 0.1, 10), ArgumentError, "Adagrad has neither momentum nor betas"),
        (lambda: cycle(one, [0.1], 10), ArgumentError, "max_lr has 1 values but the optimizer 2 groups"),
        (lambda: ours.SequentialLR(one, [], []), ArgumentError, "at least one scheduler"),
        (lambda: ours.SequentialLR(one, [ours.StepLR(one, 1)], [3]), ArgumentError, "need one milestone fewer"),
        (lambda: ours.SequentialLR(plain, [ours.StepLR(one, 1)], []), ArgumentError, "another optimizer"),
        (lambda: ours.ChainedScheduler([plateau]), ArgumentError, "needs a metric"),
        (lambda: ours.ChainedScheduler([3]), DtypeError, "not a scheduler but int"),
    ]


@pytest.mark.parametrize("number", range(28))
def test_errors(number: int) -> None:
    call, error, message = cases()[number]
    with pytest.raises(error, match=message):
        call()


def test_a_cycle_ends() -> None:
    mine, _ = optimizer_pair()
    scheduler = ours.OneCycleLR(mine, 0.1, 6)
    mine.step()
    for _ in range(6):
        scheduler.step()
    with pytest.raises(ArgumentError, match="step 7, but the cycle has 6"):
        scheduler.step()


def test_groups_added_after_the_scheduler() -> None:
    mine, _ = optimizer_pair()
    scheduler = ours.LambdaLR(mine, lambda step: 0.5)
    mine.add_param_group({"params": nn.Parameter(minidl.tensor(1.0))})
    mine.step()
    with pytest.raises(ArgumentError, match="3 groups but 2 when the scheduler was made"):
        scheduler.step()


def test_milestones_that_are_no_list():
    optimizer = minidl.optim.SGD([minidl.zeros(1, requires_grad=True)], lr=0.1)
    with pytest.raises(ArgumentError, match="milestones must be a list of steps; got 30"):
        minidl.optim.lr_scheduler.MultiStepLR(optimizer, 30)


def warned(library: Any, action: Any) -> list[type]:
    """Which of its warnings the library gives: that a step came too early, was replaced, or names an epoch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action(library, library.optim.SGD([library.ones(2)], lr=0.1))
    assert all(one.category is UserWarning for one in caught)
    words = {"early": ("before",), "replaced": ("overridden", "replaced"), "epoch": ("epoch parameter", "step(epoch)")}
    return [
        name
        for one in caught
        for name in ("epoch", "replaced", "early")
        if any(word in str(one.message) for word in words[name])
    ][: len(caught)]


def step_lr(library: Any, optimizer: Any) -> Any:
    return library.optim.lr_scheduler.StepLR(optimizer, 1)


def replaced(library: Any, optimizer: Any) -> None:
    scheduler = step_lr(library, optimizer)
    optimizer.step()
    optimizer.step = lambda *arguments: None
    scheduler.step()


def overriding(library: Any, optimizer: Any) -> None:
    kind = type("Mine", (library.optim.SGD,), {"step": lambda self, closure=None: None})
    optimizer = kind([library.ones(2)], lr=0.1)
    scheduler = step_lr(library, optimizer)
    optimizer.step()
    scheduler.step()


@pytest.mark.parametrize(
    "action",
    [
        lambda T, o: step_lr(T, o).step(),
        lambda T, o: [s := step_lr(T, o), o.step(), s.step()],
        lambda T, o: [s := step_lr(T, o), s.step(), o.step(), s.step()],
        lambda T, o: [o.step(), step_lr(T, o).step()],
        lambda T, o: [s := step_lr(T, o), o.step(), s.step(3)],
        lambda T, o: [o.step(), T.optim.lr_scheduler.ReduceLROnPlateau(o).step(1.0, 3)],
        lambda T, o: T.optim.lr_scheduler.ReduceLROnPlateau(o).step(1.0),
        lambda T, o: T.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 3).step(0.5),
        lambda T, o: [step_lr(T, o), step_lr(T, o), o.step(), step_lr(T, o).step()],
        replaced,
        overriding,
    ],
)  # fmt: skip
def test_warnings_come_where_pytorchs_do(action):
    assert warned(minidl, action) == warned(torch, action)


def test_a_step_put_into_one_optimizer_is_watched():
    def action(library: Any, optimizer: Any) -> None:
        optimizer.step = optimizer.__class__.step.__get__(optimizer)
        scheduler = step_lr(library, optimizer)
        optimizer.step()
        scheduler.step()

    assert warned(minidl, action) == []
    calls = []
    optimizer = optim.SGD([minidl.ones(2)], lr=0.1)
    optimizer.step = lambda: calls.append(1)
    scheduler = step_lr(minidl, optimizer)
    optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
    assert calls == [1]


def schedules() -> dict[str, Any]:
    optimizer = optim.SGD([minidl.ones(2)], lr=0.1, momentum=0.9)
    return {
        "StepLR": ours.StepLR(optimizer, 3),
        "ExponentialLR": ours.ExponentialLR(optimizer, 0.9),
        "LambdaLR": ours.LambdaLR(optimizer, lambda step: 1.0),
        "ReduceLROnPlateau": ours.ReduceLROnPlateau(optimizer),
        "SequentialLR": ours.SequentialLR(
            optimizer, [ours.ConstantLR(optimizer), ours.ExponentialLR(optimizer, 0.9)], [2]
        ),
        "ChainedScheduler": ours.ChainedScheduler([ours.ConstantLR(optimizer), ours.ExponentialLR(optimizer, 0.9)]),
        "OneCycleLR": ours.OneCycleLR(optimizer, 0.1, 10),
        "CosineAnnealingLR": ours.CosineAnnealingLR(optimizer, 5),
    }


@pytest.mark.filterwarnings("ignore:lr_scheduler.step")
@pytest.mark.parametrize("other", schedules())
@pytest.mark.parametrize("kind", schedules())
def test_the_state_of_another_kind_of_schedule_is_refused(kind, other):
    mine, state = schedules()[kind], schedules()[other].state_dict()
    before = str(mine.state_dict())
    if kind == other:
        mine.load_state_dict(state)
        return
    with pytest.raises(CheckpointError, match=rf"^{kind}\.load_state_dict: .*nothing was loaded"):
        mine.load_state_dict(state)
    assert str(mine.state_dict()) == before


@pytest.mark.filterwarnings("ignore:lr_scheduler.step")
@pytest.mark.parametrize("wrong", [{}, [1], 5, {"state": {}, "param_groups": []}], ids=str)
@pytest.mark.parametrize("kind", schedules())
def test_what_is_no_state_of_a_schedule_is_refused(kind, wrong):
    mine = schedules()[kind]
    before = str(mine.state_dict())
    with pytest.raises(CheckpointError):
        mine.load_state_dict(wrong)
    assert str(mine.state_dict()) == before
