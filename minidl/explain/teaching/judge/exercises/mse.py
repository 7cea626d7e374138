"""L = mean (x - t)²: the first loss."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(9)


def forward(x, t):
    """z = (x - t)², averaged over all elements: a single number"""
    return ((x - t) ** 2).mean()


def backward(dz, x, t):
    return dz * 2 * (x - t) / x.size


EXERCISE = Exercise(
    name="mse",
    title={"en": "the mean squared error", "ko": "평균 제곱 오차"},
    says={"en": "z is a single number, and so is dz. Only dx is asked for: the targets t do not learn.",
          "ko": "z는 수 하나이고 dz도 그렇습니다. dx만 구합니다. 정답 t는 학습되지 않습니다."},
    shapes="x, t, dx (...) with N numbers; z, dz ()",
    hints=(
        {"en": "The mean is a sum divided by N: what is the derivative of one term, (x - t)² / N?",
         "ko": "평균은 합을 N으로 나눈 것입니다. 한 항 (x - t)² / N의 도함수는 무엇입니까?"},
        {"en": "∂z/∂x = 2 (x - t) / N.", "ko": "∂z/∂x = 2 (x - t) / N입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx",),
    cases=(
        Case({"en": "three numbers", "ko": "수 세 개"}, (draw(3), draw(3)), {"N": 3}),
        Case({"en": "a batch of rows", "ko": "행렬"}, (draw(2, 4), draw(2, 4)), {"N": 8}),
        Case({"en": "a single number", "ko": "수 하나"}, (draw(1), draw(1)), {"N": 1}),
        Case({"en": "some are right already (x = t)", "ko": "이미 맞은 값이 있음 (x = t)"},
             (np.array([1.0, -0.5, 2.0]), np.array([1.0, 0.5, 2.0])), {"N": 3}),
    ),
    mistakes={
        "rows": Mistake(
            {"en": "divided by the number of rows: the mean is over all elements",
             "ko": "행의 수로 나눴습니다. 평균은 모든 원소에 대한 것입니다"},
            lambda dz, x, t: {"dx": dz * 2 * (x - t) / len(x)},
        ),
        "value": Mistake(
            {"en": "the loss's own terms (x - t)² / N are taken, not their derivative",
             "ko": "도함수가 아니라 손실의 항 (x - t)² / N 자체를 썼습니다"},
            lambda dz, x, t: {"dx": dz * (x - t) ** 2 / x.size},
        ),
        "absolute": Mistake(
            {"en": "only the sign of x - t is kept: that is the gradient of the absolute error",
             "ko": "x - t의 부호만 남았습니다. 절대 오차의 기울기입니다"},
            lambda dz, x, t: {"dx": dz * np.sign(x - t) / x.size},
        ),
    },
)  # fmt: skip
