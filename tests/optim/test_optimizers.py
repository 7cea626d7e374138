"""Every optimizer follows PyTorch's, step by step: parameters, state, groups, what is saved and what is refused."""

from __future__ import annotations

import copy
from inspect import signature
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minidl
from minidl import nn, optim
from minidl.errors import (
    ArgumentError,
    CheckpointError,
    DtypeError,
    GraphError,
    MinidlError,
    ShapeError,
    UnsupportedError,
)
from tests.optim.pairs import as_numpy, as_torch, give_gradients, parameter_pairs
from tests.support.compare import assert_close, to_numpy

seeds = st.integers(0, 2**32 - 1)
rates = st.sampled_from([0.0, 1e-3, 0.03, 1.0])
decays = st.sampled_from([0, 0.0, 1e-2, 0.3])
betas = st.tuples(st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([0.0, 0.9, 0.999]))
flags = st.booleans()
momenta = st.sampled_from([0, 0.5, 0.9])


@st.composite
def sgd_options(draw: st.DrawFn) -> dict[str, Any]:
    momentum = draw(momenta)
    nesterov = momentum > 0 and draw(flags)
    dampening = 0 if nesterov else draw(st.sampled_from([0, 0.3, 1.0]))
    return {
        "lr": draw(rates), "momentum": momentum, "dampening": dampening, "nesterov": nesterov,
        "weight_decay": draw(decays), "maximize": draw(flags),
    }  # fmt: skip


adam_options = st.fixed_dictionaries(
    {"lr": rates, "betas": betas, "eps": st.sampled_from([1e-8, 1e-3]), "weight_decay": decays,
     "amsgrad": flags, "maximize": flags}
)  # fmt: skip
OPTIONS = {
    "SGD": sgd_options(),
    "Adam": adam_options.flatmap(
        lambda options: flags.map(lambda decoupled: {**options, "decoupled_weight_decay": decoupled})
    ),
    "AdamW": adam_options,
    "RMSprop": st.fixed_dictionaries(
        {"lr": rates, "alpha": st.sampled_from([0.5, 0.9, 0.99]), "eps": st.sampled_from([1e-8, 1e-2]),
         "weight_decay": decays, "momentum": momenta, "centered": flags, "maximize": flags}
    ),
    "Adagrad": st.fixed_dictionaries(
        {"lr": rates, "lr_decay": st.sampled_from([0, 0.1]), "weight_decay": decays,
         "initial_accumulator_value": st.sampled_from([0, 0.5]), "eps": st.sampled_from([1e-10, 1e-2]),
         "maximize": flags}
    ),
    "Adadelta": st.fixed_dictionaries(
        {"lr": rates, "rho": st.sampled_from([0.5, 0.9]), "eps": st.sampled_from([1e-6, 1e-2]), "weight_decay": decays,
         "maximize": flags}
    ),
    "Adamax": st.fixed_dictionaries(
        {"lr": rates, "betas": betas, "eps": st.sampled_from([1e-8, 1e-3]), "weight_decay": decays, "maximize": flags}
    ),
    "NAdam": st.fixed_dictionaries(
        {"lr": rates, "betas": betas, "eps": st.sampled_from([1e-8, 1e-3]), "weight_decay": decays,
         "momentum_decay": st.sampled_from([0, 4e-3]), "decoupled_weight_decay": flags, "maximize": flags}
    ),
    "RAdam": st.fixed_dictionaries(
        {"lr": rates, "betas": st.tuples(st.sampled_from([0.0, 0.9]), st.sampled_from([0.5, 0.9, 0.999])),
         "eps": st.sampled_from([1e-8, 1e-3]), "weight_decay": decays, "decoupled_weight_decay": flags,
         "maximize": flags}
    ),
    "Rprop": st.fixed_dictionaries(
        {"lr": st.sampled_from([1e-3, 0.03]), "etas": st.sampled_from([(0.5, 1.2), (0.1, 2.0)]),
         "step_sizes": st.sampled_from([(1e-6, 50), (1e-2, 0.1)]), "maximize": flags}
    ),
    "ASGD": st.fixed_dictionaries(
        {"lr": rates, "lambd": st.sampled_from([1e-4, 0.1]), "alpha": st.sampled_from([0.5, 0.75]),
         "t0": st.sampled_from([1e6, 2]), "weight_decay": decays, "maximize": flags}
    ),
}  # fmt: skip
names = st.sampled_from(sorted(OPTIONS))
named_options = names.flatmap(lambda name: st.tuples(st.just(name), OPTIONS[name]))


def same(ours: list[Any], theirs: list[Any], what: str, tolerance: float | None = None) -> None:
    for i, (x, t) in enumerate(zip(ours, theirs)):
        assert_close(x, t, f"{what}: parameter {i}", tolerance)


def same_state(ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
    """The state dicts have the same structure and values."""
    a, b = as_numpy(ours.state_dict()), as_numpy(theirs.state_dict())
    assert list(a["state"]) == list(b["state"])
    for number, expected in b["state"].items():
        assert set(a["state"][number]) == set(expected)
        for key, value in expected.items():
            np.testing.assert_allclose(a["state"][number][key], value, rtol=tolerance, atol=tolerance, err_msg=key)
    assert a["param_groups"] == b["param_groups"]


@given(named_options, seeds, st.sampled_from(["float64", "float32"]))
def test_steps_follow_pytorch(chosen: tuple[str, dict[str, Any]], seed: int, dtype: str) -> None:
    name, options = chosen
    ours, theirs = parameter_pairs(seed, dtype)
    mine, reference = (
        getattr(optim, name)(ours, **options),
        getattr(torch.optim, name)(theirs, foreach=False, **options),
    )
    reference.param_groups[0]["foreach"] = None
    rng = np.random.default_rng(seed)
    tolerance = 1e-9 if dtype == "float64" else 1e-4
    for step in range(6):
        give_gradients(ours, theirs, rng)
        before = [None if x.grad is None else to_numpy(x.grad) for x in ours]
        mine.step()
        reference.step()
        same(ours, theirs, f"{name} {options} step {step}", tolerance)
        for x, gradient in zip(ours, before):
            assert x.grad is None or np.array_equal(to_numpy(x.grad), gradient), "a gradient was changed"
    same_state(mine, reference, tolerance)


@given(named_options, seeds)
def test_state_continues_in_either_library(chosen: tuple[str, dict[str, Any]], seed: int) -> None:
    name, options = chosen
    rng = np.random.default_rng(seed)
    ours, theirs = parameter_pairs(seed)
    mine, reference = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for _ in range(2):
        give_gradients(ours, theirs, rng, some_missing=False)
        mine.step()
        reference.step()
    ours2, theirs2 = [copy.deepcopy(x) for x in ours], [copy.deepcopy(t) for t in theirs]
    mine2, reference2 = getattr(optim, name)(ours2, lr=0.5), getattr(torch.optim, name)(theirs2, lr=0.5)
    mine2.load_state_dict(as_numpy(reference.state_dict()))
    reference2.load_state_dict(as_torch(mine.state_dict()))
    for _ in range(2):
        give_gradients(ours, theirs, rng, some_missing=False)
        for x, t, x2, t2 in zip(ours, theirs, ours2, theirs2):
            x2.grad, t2.grad = minidl.tensor(x.grad), t.grad.clone()
        for optimizer in (mine, reference, mine2, reference2):
            optimizer.step()
    same(ours, theirs, "both went on")
    same(ours2, theirs, "minidl from PyTorch's state")
    same(ours, theirs2, "PyTorch from minidl's state")


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_resuming_is_exact(name: str) -> None:
    """A run that is saved and loaded has the same bits as one that was never stopped."""
    weights = {}
    for stop in (False, True):
        rng = np.random.default_rng(0)
        ours, theirs = parameter_pairs(1, "float32")
        optimizer = getattr(optim, name)(ours, lr=0.1)
        for step in range(4):
            if stop and step == 2:
                saved = copy.deepcopy(as_numpy(optimizer.state_dict()))
                ours = [copy.deepcopy(x) for x in ours]
                optimizer = getattr(optim, name)(ours, lr=7.0)
                optimizer.load_state_dict(saved)
            give_gradients(ours, theirs, rng, some_missing=False)
            optimizer.step()
        weights[stop] = [to_numpy(x) for x in ours]
    for a, b in zip(weights[False], weights[True]):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_half_precision(name: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0.5, 1.5, 20)
    known = signature(getattr(optim, name).__init__).parameters
    options = {"weight_decay": 0.1} if "weight_decay" in known else {}
    if "eps" in known and name != "Adagrad":
        options["eps"] = 1e-3
    half, wide = (nn.Parameter(minidl.tensor(values.astype(dtype))) for dtype in ("float16", "float64"))
    optimizers = [getattr(optim, name)([p], lr=0.01, **options) for p in (half, wide)]
    for _ in range(3):
        gradient = rng.uniform(0.5, 1.5, 20).astype("float16")
        half.grad, wide.grad = minidl.tensor(gradient), minidl.tensor(gradient.astype("float64"))
        for optimizer in optimizers:
            optimizer.step()
    assert half.dtype == np.float16
    np.testing.assert_allclose(to_numpy(half), to_numpy(wide), rtol=5e-3)
    tensors = [x for x in optimizers[0].state.get(half, {}).values() if isinstance(x, minidl.Tensor)]
    assert all(x.dtype == np.float16 for x in tensors)


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_repr_is_pytorchs(name: str) -> None:
    ours, theirs = parameter_pairs(0)
    groups = [{"params": ours[:2], "lr": 0.5}, {"params": ours[2:]}]
    expected = [{"params": theirs[:2], "lr": 0.5}, {"params": theirs[2:]}]
    assert repr(getattr(optim, name)(groups, lr=0.1)) == repr(getattr(torch.optim, name)(expected, lr=0.1))


@given(seeds)
def test_groups_have_options_of_their_own(seed: int) -> None:
    ours, theirs = parameter_pairs(seed)
    made = []
    for library, params in ((optim, ours), (torch.optim, theirs)):
        optimizer = library.SGD([{"params": params[:1], "lr": 0.5, "name": "first"}, {"params": params[1:3]}], 0.1, 0.9)
        optimizer.add_param_group({"params": params[3:], "momentum": 0, "weight_decay": 0.1})
        made.append(optimizer)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        give_gradients(ours, theirs, rng)
        for optimizer in made:
            optimizer.step()
    same(ours, theirs, "groups")
    same_state(*made)


def test_parameters_may_have_names() -> None:
    ours, theirs = parameter_pairs(0)
    named = [(f"p{i}", p) for i, p in enumerate(ours)]
    mine = optim.SGD(named, lr=0.1)
    reference = torch.optim.SGD([(f"p{i}", p) for i, p in enumerate(theirs)], lr=0.1)
    same_state(mine, reference)
    mine.load_state_dict(optim.SGD(ours, lr=0.3).state_dict())
    assert mine.param_groups[0]["param_names"] == ["p0", "p1", "p2", "p3", "p4"]
    with pytest.raises(ArgumentError, match="names of parameters or none"):
        mine.add_param_group({"params": [nn.Parameter(minidl.tensor(1.0))]})
    with pytest.raises(ArgumentError, match="either all parameters of a group have names"):
        optim.SGD([("a", ours[0]), ours[1]])


def test_closure_recomputes_the_loss() -> None:
    p = nn.Parameter(minidl.tensor(3.0))
    optimizer = optim.SGD([p], lr=0.1)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = p * p
        loss.backward()
        return loss

    with minidl.no_grad():
        loss = optimizer.step(closure)
    assert float(to_numpy(loss)) == 9.0
    np.testing.assert_allclose(to_numpy(p), 3.0 - 0.1 * 6.0, rtol=1e-6)
    assert optimizer.step() is None


def test_zero_grad() -> None:
    p = nn.Parameter(minidl.tensor([1.0, 2.0]))
    optimizer = optim.SGD([p])
    p.grad = minidl.tensor([1.0, 1.0])
    optimizer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(to_numpy(p.grad), [0, 0])
    optimizer.zero_grad()
    assert p.grad is None


def test_a_step_between_forward_and_backward_is_noticed() -> None:
    p = nn.Parameter(minidl.tensor([1.0, 2.0]))
    loss = p * p
    p.grad = minidl.tensor([1.0, 1.0])
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(GraphError, match="changed in place after forward"):
        loss.backward(minidl.tensor([1.0, 1.0]))


@pytest.mark.parametrize("gradient", [np.ones(1, "float32"), np.ones(2, "float64")])
def test_a_gradient_that_does_not_fit(gradient: np.ndarray) -> None:
    p = nn.Parameter(minidl.tensor([1.0, 2.0]))
    with pytest.raises(ShapeError, match="they must be the same"):
        p.grad = minidl.tensor(gradient)
    optim.SGD([p]).step()
    np.testing.assert_array_equal(to_numpy(p), [1.0, 2.0])


BAD = [
    ("SGD", {"lr": -1}, "Invalid learning rate: -1"),
    ("SGD", {"lr": float("nan")}, "Invalid learning rate: nan"),
    ("SGD", {"lr": "fast"}, "Invalid learning rate: fast"),
    ("SGD", {"momentum": -0.1}, "Invalid momentum value: -0.1"),
    ("SGD", {"weight_decay": -0.1}, "Invalid weight_decay value: -0.1"),
    ("SGD", {"nesterov": True}, "nesterov requires a momentum above 0 and zero dampening"),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov requires a momentum"),
    ("Adam", {"lr": float("nan")}, "Invalid learning rate: nan"),
    ("Adam", {"eps": -1e-8}, "Invalid epsilon value: -1e-08"),
    ("Adam", {"betas": (1.0, 0.999)}, "Invalid beta parameter at index 0: 1.0"),
    ("Adam", {"betas": (0.9, -0.1)}, "Invalid beta parameter at index 1: -0.1"),
    ("Adam", {"betas": (0, 0.999)}, "a float in"),
    ("Adam", {"betas": (0.9,)}, "betas must be two floats"),
    ("Adam", {"betas": 0.9}, "betas must be two floats"),
    ("Adam", {"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ("AdamW", {"lr": -1}, "AdamW: Invalid learning rate: -1"),
    ("RMSprop", {"alpha": -0.1}, "Invalid alpha value: -0.1"),
    ("RMSprop", {"momentum": -0.1}, "Invalid momentum value: -0.1"),
    ("RMSprop", {"eps": -0.1}, "Invalid epsilon value: -0.1"),
    ("Adagrad", {"lr_decay": -0.1}, "Invalid lr_decay value: -0.1"),
    ("Adagrad", {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
]


@pytest.mark.parametrize(("name", "options", "message"), BAD)
def test_bad_options(name: str, options: dict[str, Any], message: str) -> None:
    p = nn.Parameter(minidl.tensor([1.0]))
    with pytest.raises(ArgumentError, match=message):
        getattr(optim, name)([p], **options)
    with pytest.raises(ArgumentError, match=message):
        getattr(optim, name)([{"params": [p], **options}])


@pytest.mark.parametrize("name", sorted(OPTIONS))
@pytest.mark.parametrize("option", ["foreach", "fused", "differentiable", "capturable"])
def test_what_is_left_out_is_refused_by_name(name: str, option: str) -> None:
    p, t = nn.Parameter(minidl.tensor([1.0])), torch.nn.Parameter(torch.tensor([1.0]))
    if option not in getattr(torch.optim, name)([t]).defaults:
        with pytest.raises(TypeError, match=option):
            getattr(optim, name)([p], **{option: True})
        return
    with pytest.raises(UnsupportedError, match=f"{name}: the argument {option}=True"):
        getattr(optim, name)([p], **{option: True})


KINDS = sorted(
    name for name in set(optim.__all__) & set(dir(torch.optim)) - {"LBFGS", "Optimizer"} if name[0].isupper()
)


@pytest.mark.parametrize("name", KINDS)
def test_a_parameter_given_twice_is_updated_twice(name: str) -> None:
    rows = []
    for library in (minidl, torch):
        p = library.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        q = library.tensor([[1.0, 0.5]], requires_grad=True)
        with pytest.warns(UserWarning, match="twice|duplicate"):
            optimizer = getattr(library.optim, name)([p, q, p], lr=0.01)
        for _ in range(4):
            optimizer.zero_grad()
            ((p * q - 1) ** 2).sum().backward()
            optimizer.step()
        again = getattr(library.optim, name)([q], lr=0.01)
        with pytest.raises(ValueError, match=r"more than one|in two groups"):
            again.add_param_group({"params": [q]})
        assert optimizer.state_dict()["param_groups"][0]["params"] == [2, 1, 2]
        rows.append((p.detach(), q.detach()))
    for x, y in zip(*rows):
        assert_close(x, y)


def test_where_pytorch_starts_a_state_twice_a_parameter_is_given_once() -> None:
    p = nn.Parameter(minidl.tensor([1.0]))
    for make in (lambda: optim.SGD([p, p], momentum=0.9), lambda: optim.LBFGS([p, p])):
        with pytest.raises(ArgumentError, match=r"a parameter is given twice; give each once, as list\(dict"):
            make()


def test_what_cannot_be_optimized() -> None:
    p = nn.Parameter(minidl.tensor([1.0]))
    cases: list[tuple[Any, type[MinidlError], str]] = [
        (p, DtypeError, "got a Tensor"),
        ([], ArgumentError, "the list of parameters is empty"),
        ([p, 3], DtypeError, "only Tensors can be optimized; got int"),
        ([p * 2], ArgumentError, "computed by Mul"),
        ([{"params": [p]}, {"params": p}], ArgumentError, "given twice"),
        ([{"params": {p}}], DtypeError, "order of a set"),
        ([{"lr": 1.0}], DtypeError, "a dictionary with 'params'"),
    ]
    for params, error, message in cases:
        with pytest.raises(error, match=message):
            optim.SGD(params)
    with pytest.raises(UnsupportedError, match="lr as a Tensor is left out"):
        optim.SGD([p], lr=minidl.tensor(0.1))


def test_a_state_that_does_not_fit_is_refused_whole() -> None:
    ours, theirs = parameter_pairs(0)
    optimizer = optim.Adam(ours)
    give_gradients(ours, theirs, np.random.default_rng(0), some_missing=False)
    optimizer.step()
    state = as_numpy(optimizer.state_dict())
    with pytest.raises(CheckpointError, match=r"saved groups have \[5\] parameters, these \[2\]"):
        optim.Adam(ours[:2]).load_state_dict(state)
    other = optim.Adam([ours[1], ours[0], *ours[2:]])
    with pytest.raises(CheckpointError, match=r"exp_avg of parameter 0 has shape \(3, 2\), the parameter \(\)"):
        other.load_state_dict(state)
    assert other.state == {}
    with pytest.raises(CheckpointError, match="state of parameter 9"):
        optimizer.load_state_dict({**state, "state": {9: {}}})
    with pytest.raises(CheckpointError, match="'state' and 'param_groups'"):
        optimizer.load_state_dict({})
    bad = copy.deepcopy(state)
    bad["param_groups"][0]["lr"] = float("nan")
    with pytest.raises(ArgumentError, match="Invalid learning rate: nan"):
        optimizer.load_state_dict(bad)
    bad["param_groups"][0].update(lr=0.1, fused=True)
    with pytest.raises(UnsupportedError, match="fused=True"):
        optimizer.load_state_dict(bad)


def trained(kind: str, **options: Any) -> tuple[Any, Any]:
    """A parameter, and an optimizer over it that has made a step."""
    parameter = minidl.ones(2, requires_grad=True)
    made = getattr(optim, kind)([parameter], **options)
    parameter.grad = minidl.tensor([1.0, -2.0])
    made.step()
    return parameter, made


KINDS = {"SGD": {"lr": 0.5, "momentum": 0.9}, "Adam": {}, "AdamW": {}, "RMSprop": {}, "Adagrad": {}}


@pytest.mark.parametrize("stepped", [True, False], ids=["stepped", "new"])
@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_another_kind_is_refused(kind, other, stepped):
    _, mine = trained(kind, **KINDS[kind])
    before = copy.deepcopy(mine.state_dict())
    theirs = trained(other, **KINDS[other])[1] if stepped else getattr(optim, other)([minidl.ones(2)], **KINDS[other])
    if {kind, other} <= {"Adam", "AdamW"} or kind == other:  # one rule: PyTorch's AdamW is an Adam
        mine.load_state_dict(theirs.state_dict())
        return
    with pytest.raises(CheckpointError, match=rf"^{kind}\.load_state_dict: this is the state of another kind"):
        mine.load_state_dict(theirs.state_dict())
    assert str(mine.state_dict()) == str(before)
    reference = getattr(torch.optim, other)([torch.ones(2, requires_grad=True)], **KINDS[other])
    with pytest.raises(CheckpointError, match="another kind"):
        mine.load_state_dict(reference.state_dict())
    assert str(mine.state_dict()) == str(before)


@pytest.mark.parametrize("kind", ["Adamax", "NAdam", "RAdam", "Adadelta", "ASGD", "Rprop"])
def test_the_state_of_a_kind_that_minidl_lacks_is_refused(kind):
    reference = torch.ones(2, requires_grad=True)
    theirs = getattr(torch.optim, kind)([reference])
    reference.sum().backward()
    theirs.step()
    for name, options in KINDS.items():
        _, mine = trained(name, **options)
        if set(theirs.state[reference]) == {"step", "exp_avg", "exp_avg_sq"} and name.startswith("Adam"):
            continue  # RAdam remembers what Adam does
        with pytest.raises(CheckpointError, match="another kind"):
            mine.load_state_dict(theirs.state_dict())


@pytest.mark.parametrize(
    "wrong",
    [
        [], 5, {}, {"state": {}}, {"state": [], "param_groups": [{"params": [0], "lr": 1.0}]},
        {"state": {}, "param_groups": 5}, {"state": {}, "param_groups": [5]}, {"state": {}, "param_groups": [{}]},
        {"state": {}, "param_groups": [{"params": [0]}]},
        {"state": {0: 5}, "param_groups": [{"params": [0], "lr": 1.0}]},
        {"state": {0: {"momentum_buffer": 5}}, "param_groups": [{"params": [0], "lr": 1.0}]},
        {"state": {0: {"momentum_buffer": np.ones(3)}}, "param_groups": [{"params": [0], "lr": 1.0}]},
        {"state": {7: {"momentum_buffer": np.ones(2)}}, "param_groups": [{"params": [0], "lr": 1.0}]},
        {"state": {}, "param_groups": [{"params": [0], "lr": "a"}]},
        {"state": {}, "param_groups": [{"params": [0], "lr": -1}]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_state_is_refused_before_anything_changes(wrong):
    _, mine = trained("SGD", lr=0.5, momentum=0.9)
    before = str(mine.state_dict())
    with pytest.raises(MinidlError):
        mine.load_state_dict(wrong)
    assert str(mine.state_dict()) == before


def test_a_state_of_an_older_pytorch_and_of_a_schedule_is_taken():
    """Options that came later have their defaults; schedulers note their own in the groups."""
    parameter, mine = trained("Adam")
    saved = mine.state_dict()
    group = saved["param_groups"][0]
    del group["decoupled_weight_decay"], group["maximize"]
    group.update(initial_lr=0.1, lr=0.05, max_lr=1.0)
    saved["state"][0]["step"] = np.float32(7)
    mine.load_state_dict(saved)
    assert mine.param_groups[0]["lr"] == 0.05
    assert mine.state[parameter]["step"] == 7


def test_the_empty_momentum_buffer_of_older_pytorchs_is_no_state():
    parameter, mine = trained("SGD", lr=0.5, momentum=0.9)
    mine.load_state_dict({**mine.state_dict(), "state": {0: {"momentum_buffer": None}}})
    mine.step()
    assert_close(mine.state[parameter]["momentum_buffer"], torch.tensor([1.0, -2.0]))


def test_an_optimizer_of_ones_own_keeps_what_it_likes():
    class Lion(optim.SGD):
        def _rule(self, p: Any, g: Any, state: Any, group: Any) -> None:
            state["seen"] = state.get("seen", 0) + 1

    parameter = minidl.ones(2, requires_grad=True)
    mine = Lion([parameter], lr=0.1)
    parameter.grad = minidl.ones(2)
    mine.step()
    mine.load_state_dict(mine.state_dict())
    assert mine.state[parameter]["seen"] == 1


def test_params_that_are_none():
    for wrong, says in (
        (nn.Linear(1, 1), r"got Linear; write model\.parameters\(\)"),
        (None, "takes an iterable of tensors; got NoneType"),
        ("abc", "got str"),
        ([nn.Linear(1, 1)], "only Tensors can be optimized; got Linear"),
        ([{"params": nn.Linear(1, 1)}], r"write model\.parameters\(\)"),
    ):
        with pytest.raises(DtypeError, match=f"^SGD: .*{says}"):
            optim.SGD(wrong)
