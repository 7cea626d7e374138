"""z = tanh x."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(6)


def forward(x):
    """z = tanh x"""
    return np.tanh(x)


def backward(dz, x, z):
    return dz * (1 - z * z)


EXERCISE = Exercise(
    name="tanh",
    title={"en": "the hyperbolic tangent", "ko": "쌍곡탄젠트"},
    says={"en": "The output z is given too.", "ko": "출력 z도 주어집니다."},
    shapes="x, z, dz, dx (...)",
    hints=(
        {"en": "tanh x = sinh x / cosh x: the quotient rule.", "ko": "tanh x = sinh x / cosh x: 몫의 미분법을 쓰세요."},
        {"en": "∂z/∂x = 1 - z².", "ko": "∂z/∂x = 1 - z²입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx",),
    cases=(
        Case({"en": "both signs", "ko": "양수와 음수"}, (draw(2, 5),), {"N": 10}),
        Case({"en": "far out, where the slope is nearly 0", "ko": "기울기가 거의 0인 먼 곳"},
             (np.array([-5.0, 4.5, 0.0]),), {"N": 3}),
        Case({"en": "a single number", "ko": "수 하나"}, (draw(),), {"N": 1}),
        Case({"en": "no numbers at all", "ko": "빈 배열"}, (np.zeros((0, 3)),), {"N": 0}),
    ),
    mistakes={
        "not_squared": Mistake(
            {"en": "1 - z is taken: z is to be squared", "ko": "1 - z를 곱했습니다. z를 제곱해야 합니다"},
            lambda dz, x, z: {"dx": dz * (1 - z)},
        ),
        "at_input": Mistake(
            {"en": "1 - z² is taken at the input x: it is the output z that goes in",
             "ko": "1 - z²에 입력 x를 넣었습니다. 출력 z를 넣어야 합니다"},
            lambda dz, x, z: {"dx": dz * (1 - x * x)},
        ),
        "twice": Mistake(
            {
                "en": "tanh is taken once more of z: z is already the output",
                "ko": "z에 tanh를 한 번 더 적용했습니다. z는 이미 출력입니다",
            },
            lambda dz, x, z: {"dx": dz * (1 - np.tanh(z) ** 2)},
        ),
        "plus": Mistake(
            {"en": "1 + z² is taken: it is 1 - z²", "ko": "1 + z²을 곱했습니다. 1 - z²이어야 합니다"},
            lambda dz, x, z: {"dx": dz * (1 + z * z)},
        ),
        "of_sigmoid": Mistake(
            {
                "en": "z (1 - z) is the slope of the sigmoid, not of tanh",
                "ko": "z (1 - z)는 tanh가 아니라 시그모이드의 기울기입니다",
            },
            lambda dz, x, z: {"dx": dz * z * (1 - z)},
        ),
    },
)  # fmt: skip
