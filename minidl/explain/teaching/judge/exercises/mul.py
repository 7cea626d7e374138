"""z = x · y: each factor's slope is the other factor."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(2)


def forward(x, y):
    """z = x · y, elementwise"""
    return x * y


def backward(dz, x, y):
    return dz * y, dz * x


EXERCISE = Exercise(
    name="mul",
    title={"en": "a product", "ko": "곱셈"},
    says={"en": "x and y have the same shape.", "ko": "x와 y의 모양은 같습니다."},
    shapes="x, y, z, dz, dx, dy (...)",
    hints=(
        {"en": "How much does z grow if x grows by 1? Try x = 3, y = 5.",
         "ko": "x가 1만큼 커지면 z는 얼마나 커집니까? x = 3, y = 5로 해 보세요."},
        {"en": "∂z/∂x = y and ∂z/∂y = x.", "ko": "∂z/∂x = y이고 ∂z/∂y = x입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx", "dy"),
    cases=(
        Case({"en": "three numbers", "ko": "수 세 개"}, (draw(3), draw(3)), {"N": 3}),
        Case({"en": "a matrix", "ko": "행렬"}, (draw(2, 4), draw(2, 4)), {"N": 8}),
        Case({"en": "some factors are 0", "ko": "0이 있는 경우"},
             (draw(4) * [0, 1, 0, 1], draw(4) * [1, 0, 0, 1]), {"N": 4}),
        Case({"en": "a single number", "ko": "수 하나"}, (draw(), draw()), {"N": 1}),
        Case({"en": "no numbers at all", "ko": "빈 배열"}, (np.zeros((0, 3)), np.zeros((0, 3))), {"N": 0}),
    ),
    mistakes={
        "own_factor": Mistake(
            {"en": "dz is multiplied by the input itself, where the other factor belongs",
             "ko": "상대 값을 곱해야 할 곳에 입력 자신을 곱했습니다"},
            lambda dz, x, y: {"dx": dz * x, "dy": dz * y},
        ),
        "times_z": Mistake(
            {"en": "dz is multiplied by z itself, where the local derivative (the other factor) belongs",
             "ko": "국소 도함수(상대 값) 대신 z를 곱했습니다"},
            lambda dz, x, y: {"dx": dz * x * y, "dy": dz * x * y},
        ),
        "divided_by_zero": Mistake(
            {"en": "z is divided by a factor that may be 0: take the other factor itself",
             "ko": "0일 수 있는 값으로 z를 나눴습니다. 상대 값을 그대로 쓰면 됩니다"},
            lambda dz, x, y: {"dx": dz * (x * y) / x, "dy": dz * (x * y) / y},
        ),
    },
)  # fmt: skip
