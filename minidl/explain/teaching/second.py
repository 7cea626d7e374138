"""Passes with a derivative of a derivative: the way back is recorded, and is then a way forward like any other."""

from __future__ import annotations

from ... import nn
from ...random import manual_seed
from ...tensors.creation import tensor
from ...tensors.gradients import grad
from ..record import record
from ..tape import Tape
from .passes import SEED


def cube(torch: bool | None = None) -> Tape:
    """x³ at 4, its slope 3 x², and the slope of that, 6 x."""
    x = tensor(4.0, requires_grad=True)
    with record("x³", torch) as tape:
        (slope,) = grad(x**3, x, create_graph=True)
        assert slope is not None
        slope.backward()
    tape.input = {
        "en": "x = 4: x³ is 64, its slope 3x² is 48, and the slope of that, 6x, is 24",
        "ko": "x = 4: x³은 64, 그 기울기 3x²은 48, 그 기울기의 기울기 6x는 24",
    }
    return tape


def penalty(torch: bool | None = None) -> Tape:
    """The gradient penalty of a critic, mean (‖d critic(x)/dx‖ - 1)², as in WGAN-GP; two points x (2, 2)."""
    manual_seed(SEED)
    critic = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = tensor([[0.5, -1.0], [1.0, 0.3]], requires_grad=True)
    with record("gradient penalty", torch) as tape:
        (slope,) = grad(critic(x).sum(), x, create_graph=True)  # (2, 2)
        assert slope is not None
        ((slope.norm(dim=1) - 1) ** 2).mean().backward()
    tape.input = {
        "en": "two points; the loss is how far the critic's slope at each is from length 1",
        "ko": "점 두 개; 손실은 각 점에서 비평자의 기울기 길이가 1에서 얼마나 먼가",
    }
    return tape


SECOND = {"cube": cube, "penalty": penalty}
