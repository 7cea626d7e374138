"""Batch normalisation: the mean and the variance take something back."""

from __future__ import annotations

import numpy as np

from .....proof import reference
from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(14)


def forward(x, w, b, eps):
    """z = w (x - mean) / √(var + eps) + b, mean and var of each column"""
    mean, var = x.mean(axis=0), x.var(axis=0)
    return w * (x - mean) / np.sqrt(var + eps) + b


def _normalized(x, eps):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


def backward(dz, x, w, b, eps):
    y, g = _normalized(x, eps), w * dz  # g is dL/dy
    dx = (g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return dx, (dz * y).sum(axis=0), dz.sum(axis=0)


def twin(dz, x, w, b, eps):
    dx, dw, db = reference.batch_norm_gradients(dz[:, :, None, None], x[:, :, None, None], w, eps)
    return dx[:, :, 0, 0], dw, db


def _without(mean, variance):
    """A wrong dx that takes the mean or the variance for constants."""

    def wrong(dz, x, w, b, eps):
        y, g = _normalized(x, eps), w * dz
        taken = mean * g.mean(axis=0) + variance * y * (g * y).mean(axis=0)
        return {"dx": (g - taken) / np.sqrt(x.var(axis=0) + eps)}

    return wrong


def _unbiased(dz, x, w, b, eps):
    """As if the variance were divided by N - 1."""
    n = len(x)
    wider = eps * max(n - 1, 1) / n  # var n / (n - 1) + eps, in units of the plain variance
    scale = np.sqrt(max(n - 1, 1) / n)
    dx, dw, _ = backward(dz, x, w, b, wider)
    return {"dx": dx * scale, "dw": dw * scale}


EXERCISE = Exercise(
    name="batch_norm",
    title={"en": "batch normalisation", "ko": "배치 정규화"},
    says={
        "en": "Mean and variance are computed from x itself: when one x changes, they change too. The variance is "
        "divided by N (not N - 1).",
        "ko": "평균과 분산은 x에서 구합니다. x 하나가 변하면 평균과 분산도 변합니다. 분산은 (N - 1이 아니라) N으로 "
        "나눕니다.",
    },
    shapes="x, z, dz, dx (N, C); w, dw, b, db (C,); eps: a number",
    hints=(
        {
            "en": "Let y = (x - mean) / s with s = √(var + eps), and g = w dz. x reaches y in three ways: directly, "
            "through the mean, through the variance.",
            "ko": "s = √(var + eps)일 때 y = (x - mean) / s, g = w dz로 둡니다. x는 세 길로 y에 닿습니다: 직접, "
            "평균을 거쳐, 분산을 거쳐.",
        },
        {
            "en": "dx = (g - mean(g) - y · mean(g y)) / s, means over the N rows; dw = Σ dz y; db = Σ dz.",
            "ko": "dx = (g - mean(g) - y · mean(g y)) / s이고 평균은 N개의 행에 대한 것입니다. dw = Σ dz y, db = Σ "
            "dz입니다.",
        },
    ),
    forward=forward,
    backward=backward,
    gradients=("dx", "dw", "db"),
    cases=(
        Case({"en": "three rows", "ko": "세 행"}, (draw(3, 2), draw(2), draw(2), 1e-5), {"N": 3}),
        Case({"en": "five rows", "ko": "다섯 행"}, (draw(5, 3), draw(3), draw(3), 1e-5), {"N": 5}),
        Case({"en": "a large eps", "ko": "큰 eps"}, (draw(4, 2), draw(2), draw(2), 0.5), {"N": 4}),
        Case({
            "en": "numbers that hardly differ",
            "ko": "거의 같은 수",
        }, (1 + draw(3, 1) / 100, draw(1), draw(1), 1e-3), {"N": 3}),
        Case({
            "en": "a single row: x - mean is 0",
            "ko": "한 행: x - mean은 0",
        }, (draw(1, 2), draw(2), draw(2), 0.1), {"N": 1}),
    ),
    mistakes={
        "mean_and_variance": Mistake(
            {"en": "mean and variance are taken for constants: x changes them too, and they take something back",
             "ko": "평균과 분산을 상수로 보았습니다. x가 변하면 둘 다 변하고, 그만큼 빼야 합니다"},
            _without(0, 0),
        ),
        "mean": Mistake(
            {
                "en": "the mean is not taken back: the term - mean(g) is missing",
                "ko": "평균이 빠졌습니다. - mean(g) 항이 없습니다",
            },
            _without(0, 1),
        ),
        "variance": Mistake(
            {"en": "the variance is taken for a constant: the term - y mean(g y) is missing",
             "ko": "분산을 상수로 보았습니다. - y mean(g y) 항이 없습니다"},
            _without(1, 0),
        ),
        "unbiased": Mistake(
            {
                "en": "the variance is divided by N - 1: here it is divided by N",
                "ko": "분산을 N - 1로 나눴습니다. 여기서는 N으로 나눕니다",
            },
            _unbiased,
        ),
        "eps": Mistake(
            {"en": "eps is left out of the square root", "ko": "제곱근 안의 eps를 빠뜨렸습니다"},
            lambda dz, x, w, b, eps: dict(zip(("dx", "dw"), backward(dz, x, w, b, 0.0))),
        ),
        "w": Mistake(
            {"en": "w is left out: dL/dy is w dz", "ko": "w를 빠뜨렸습니다. dL/dy = w dz입니다"},
            lambda dz, x, w, b, eps: {"dx": backward(dz, x, np.ones_like(w), b, eps)[0]},
        ),
        "of_x": Mistake(
            {"en": "dw is taken with x itself: it was the normalized x that was multiplied by w",
             "ko": "dw에 x를 그대로 썼습니다. w와 곱해진 것은 정규화된 x입니다"},
            lambda dz, x, w, b, eps: {"dw": (dz * x).sum(axis=0)},
        ),
        "not_divided": Mistake(
            {"en": "x - mean is not divided by √(var + eps)", "ko": "x - mean을 √(var + eps)로 나누지 않았습니다"},
            lambda dz, x, w, b, eps: {"dw": (dz * (x - x.mean(axis=0))).sum(axis=0)},
        ),
    },
    twin=twin,
)  # fmt: skip
