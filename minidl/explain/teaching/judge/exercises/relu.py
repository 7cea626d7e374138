"""z = max(x, 0): the first one with a corner."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(4)


def forward(x):
    """z = max(x, 0)"""
    return np.maximum(x, 0)


def backward(dz, x):
    return dz * (x > 0)


EXERCISE = Exercise(
    name="relu",
    title={"en": "the rectifier", "ko": "ReLU"},
    says={"en": "At x = 0 there are two slopes, and anything between them is right.",
          "ko": "x = 0에서는 기울기가 둘이고, 그 사이의 값은 모두 맞습니다."},
    shapes="x, z, dz, dx (...)",
    hints=(
        {"en": "Draw z over x. What is the slope on the left of 0, and on the right?",
         "ko": "x에 대한 z의 그래프를 그려 보세요. 0의 왼쪽과 오른쪽에서 기울기는 얼마입니까?"},
        {"en": "∂z/∂x is 1 where x > 0 and 0 where x < 0; (x > 0) is an array of that.",
         "ko": "∂z/∂x는 x > 0이면 1, x < 0이면 0입니다. (x > 0)이 바로 그런 배열입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx",),
    cases=(
        Case({"en": "both signs", "ko": "양수와 음수"}, (draw(2, 5),), {"N": 10}),
        Case({"en": "some at the corner, x = 0", "ko": "꺾인 점 x = 0이 있는 경우"},
             (np.array([0.5, 0.0, -0.5, 0.0]),), {"N": 4}),
        Case({"en": "all negative", "ko": "모두 음수"}, (-abs(draw(3)),), {"N": 3}),
        Case({"en": "a single number", "ko": "수 하나"}, (np.array(1.5),), {"N": 1}),
        Case({"en": "no numbers at all", "ko": "빈 배열"}, (np.zeros((0, 3)),), {"N": 0}),
    ),
    mistakes={
        "mask_of_dz": Mistake(
            {"en": "the mask is that of dz: what counts is where x was positive",
             "ko": "dz의 부호로 가렸습니다. x가 양수였는지를 봐야 합니다"},
            lambda dz, x: {"dx": dz * (dz > 0)},
        ),
        "value": Mistake(
            {"en": "dz is multiplied by z, the value, where the slope (0 or 1) belongs",
             "ko": "기울기(0 또는 1) 대신 함숫값 z를 곱했습니다"},
            lambda dz, x: {"dx": dz * np.maximum(x, 0)},
        ),
        "times_x": Mistake(
            {
                "en": "dz is multiplied by x, where the slope (0 or 1) belongs",
                "ko": "기울기(0 또는 1) 대신 x를 곱했습니다",
            },
            lambda dz, x: {"dx": dz * x},
        ),
        "wrong_side": Mistake(
            {"en": "the mask is the wrong way round: the gradient passes where x is positive",
             "ko": "마스크가 반대입니다. x가 양수인 곳으로 기울기가 지나갑니다"},
            lambda dz, x: {"dx": dz * (x <= 0)},
        ),
        "sign_of_x": Mistake(
            {"en": "the slope on the left is taken for -1, as that of |x|; it is 0",
             "ko": "왼쪽 기울기를 |x|처럼 -1로 보았습니다. 0이어야 합니다"},
            lambda dz, x: {"dx": dz * np.sign(x)},
        ),
    },
)  # fmt: skip
