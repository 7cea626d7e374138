"""z = x + y: the gradient goes both ways."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(1)


def forward(x, y):
    """z = x + y"""
    return x + y


def backward(dz, x, y):
    return dz, dz


EXERCISE = Exercise(
    name="add",
    title={"en": "a sum", "ko": "덧셈"},
    says={"en": "x and y have the same shape.", "ko": "x와 y의 모양은 같습니다."},
    shapes="x, y, z, dz, dx, dy (...)",
    hints=(
        {
            "en": "How much does z grow if x grows by 1? And y?",
            "ko": "x가 1만큼 커지면 z는 얼마나 커집니까? y가 커지면?",
        },
        {"en": "∂z/∂x = ∂z/∂y = 1, and the chain rule multiplies dz by it.",
         "ko": "∂z/∂x = ∂z/∂y = 1이고, 연쇄 법칙은 여기에 dz를 곱합니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx", "dy"),
    cases=(
        Case({"en": "three numbers", "ko": "수 세 개"}, (draw(3), draw(3)), {"N": 3}),
        Case({"en": "a matrix", "ko": "행렬"}, (draw(2, 4), draw(2, 4)), {"N": 8}),
        Case({"en": "a single number", "ko": "수 하나"}, (draw(), draw()), {"N": 1}),
        Case({"en": "no numbers at all", "ko": "빈 배열"}, (np.zeros((0, 3)), np.zeros((0, 3))), {"N": 0}),
    ),
    mistakes={
        "as_product": Mistake(
            {"en": "dz is multiplied by the other factor: that is the rule of a product, not of a sum",
             "ko": "dz에 상대 값을 곱했습니다. 이는 덧셈이 아니라 곱셈의 규칙입니다"},
            lambda dz, x, y: {"dx": dz * y, "dy": dz * x},
        ),
        "times_itself": Mistake(
            {"en": "dz is multiplied by the input itself; the local derivative of a sum is 1",
             "ko": "dz에 입력 자신을 곱했습니다. 덧셈의 국소 도함수는 1입니다"},
            lambda dz, x, y: {"dx": dz * x, "dy": dz * y},
        ),
        "summed": Mistake(
            {"en": "dz is summed, but each element of z has its own x and y: there is nothing to sum",
             "ko": "dz를 모두 더했습니다. z의 원소마다 자기 x와 y가 있으므로 더할 것이 없습니다"},
            lambda dz, x, y: {"dx": dz.sum(), "dy": dz.sum()},
        ),
    },
)  # fmt: skip
