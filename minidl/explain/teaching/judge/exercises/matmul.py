"""z = x @ y: rows times columns, and the transposes on the way back."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(7)


def forward(x, y):
    """z[n,m] = Σ_k x[n,k] y[k,m]"""
    return x @ y


def backward(dz, x, y):
    return dz @ y.T, x.T @ dz


def twin(dz, x, y):
    dx, dy = np.zeros(x.shape), np.zeros(y.shape)
    for n, m in np.ndindex(*dz.shape):
        for k in range(x.shape[1]):
            dx[n, k] += dz[n, m] * y[k, m]
            dy[k, m] += dz[n, m] * x[n, k]
    return dx, dy


EXERCISE = Exercise(
    name="matmul",
    title={"en": "a matrix product", "ko": "행렬 곱"},
    says={
        "en": "Let the shapes lead you: dx has the shape of x.",
        "ko": "모양을 길잡이로 삼으세요. dx의 모양은 x와 같습니다.",
    },
    shapes="x, dx (N, K); y, dy (K, M); z, dz (N, M)",
    hints=(
        {"en": "Write z[0,0] out as a sum. Which numbers of z does x[0,0] go into, each time multiplied by what?",
         "ko": "z[0,0]을 합으로 풀어 써 보세요. x[0,0]은 z의 어느 수에 들어가고, 매번 무엇과 곱해집니까?"},
        {"en": "dx[n,k] = Σ_m dz[n,m] y[k,m]: dx = dz @ y.T, and dy = x.T @ dz.",
         "ko": "dx[n,k] = Σ_m dz[n,m] y[k,m]: dx = dz @ y.T이고 dy = x.T @ dz입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx", "dy"),
    cases=(
        Case({"en": "square matrices", "ko": "정사각 행렬"}, (draw(2, 2), draw(2, 2)), {"N": 2, "K": 2, "M": 2}),
        Case({
            "en": "three different sizes",
            "ko": "크기가 모두 다른 행렬",
        }, (draw(2, 3), draw(3, 4)), {"N": 2, "K": 3, "M": 4}),
        Case({"en": "one row, one column", "ko": "한 행과 한 열"}, (draw(1, 5), draw(5, 1)), {"N": 1, "K": 5, "M": 1}),
        Case({"en": "one column, one row", "ko": "한 열과 한 행"}, (draw(4, 1), draw(1, 3)), {"N": 4, "K": 1, "M": 3}),
        Case({"en": "nothing to sum (K = 0)", "ko": "더할 것이 없음 (K = 0)"},
             (np.zeros((2, 0)), np.zeros((0, 3))), {"N": 2, "K": 0, "M": 3}),
    ),
    mistakes={
        "factor_not_transposed": Mistake(
            {"en": "the other matrix is not transposed: dx = dz @ y.T and dy = x.T @ dz",
             "ko": "상대 행렬을 전치하지 않았습니다. dx = dz @ y.T이고 dy = x.T @ dz입니다"},
            lambda dz, x, y: {"dx": dz @ y, "dy": x @ dz},
        ),
        "wrong_order": Mistake(
            {"en": "the factors are in the wrong order: dx = dz @ y.T and dy = x.T @ dz",
             "ko": "곱하는 순서가 틀렸습니다. dx = dz @ y.T이고 dy = x.T @ dz입니다"},
            lambda dz, x, y: {"dx": y.T @ dz, "dy": dz @ x.T},
        ),
        "own_factor": Mistake(
            {"en": "dz is multiplied by the matrix itself, where the other one belongs",
             "ko": "상대 행렬을 곱해야 할 곳에 자기 자신을 곱했습니다"},
            lambda dz, x, y: {"dx": dz @ x.T, "dy": y.T @ dz},
        ),
    },
    twin=twin,
)  # fmt: skip
