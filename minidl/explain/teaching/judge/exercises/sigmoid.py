"""z = 1 / (1 + e^-x): a slope that is told by the output."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(5)


def forward(x):
    """z = 1 / (1 + e^-x)"""
    return 1 / (1 + np.exp(-x))


def backward(dz, x, z):
    return dz * z * (1 - z)


EXERCISE = Exercise(
    name="sigmoid",
    title={"en": "the logistic function", "ko": "시그모이드"},
    says={
        "en": "The output z is given too: it saves the exponential.",
        "ko": "출력 z도 주어집니다. 지수를 다시 계산하지 않아도 됩니다.",
    },
    shapes="x, z, dz, dx (...)",
    hints=(
        {"en": "Differentiate 1 / u with u = 1 + e^-x; then look for z in the result.",
         "ko": "u = 1 + e^-x로 두고 1 / u를 미분한 다음, 결과에서 z를 찾아보세요."},
        {"en": "∂z/∂x = z (1 - z).", "ko": "∂z/∂x = z (1 - z)입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx",),
    cases=(
        Case({"en": "both signs", "ko": "양수와 음수"}, (draw(2, 5),), {"N": 10}),
        Case({"en": "far out, where the slope is nearly 0", "ko": "기울기가 거의 0인 먼 곳"},
             (np.array([-9.0, 7.5, 0.0]),), {"N": 3}),
        Case({"en": "a single number", "ko": "수 하나"}, (draw(),), {"N": 1}),
        Case({"en": "no numbers at all", "ko": "빈 배열"}, (np.zeros((0, 3)),), {"N": 0}),
    ),
    mistakes={
        "at_input": Mistake(
            {"en": "z (1 - z) is taken at the input x: it is the output z that goes in",
             "ko": "z (1 - z)에 입력 x를 넣었습니다. 출력 z를 넣어야 합니다"},
            lambda dz, x, z: {"dx": dz * x * (1 - x)},
        ),
        "twice": Mistake(
            {"en": "the sigmoid is taken once more of z: z is already the output",
             "ko": "z에 시그모이드를 한 번 더 적용했습니다. z는 이미 출력입니다"},
            lambda dz, x, z: {"dx": dz * forward(z) * (1 - forward(z))},
        ),
        "value": Mistake(
            {"en": "dz is multiplied by z alone: the factor (1 - z) is missing",
             "ko": "z만 곱했습니다. (1 - z)가 빠졌습니다"},
            lambda dz, x, z: {"dx": dz * z},
        ),
        "one_minus": Mistake(
            {"en": "dz is multiplied by (1 - z) alone: the factor z is missing",
             "ko": "(1 - z)만 곱했습니다. z가 빠졌습니다"},
            lambda dz, x, z: {"dx": dz * (1 - z)},
        ),
        "of_tanh": Mistake(
            {
                "en": "1 - z² is the slope of tanh, not of the sigmoid",
                "ko": "1 - z²은 시그모이드가 아니라 tanh의 기울기입니다",
            },
            lambda dz, x, z: {"dx": dz * (1 - z * z)},
        ),
    },
)  # fmt: skip
