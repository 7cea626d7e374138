"""Softmax: every score affects every probability of its row."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(10)


def forward(x):
    """z[n,c] = e^x[n,c] / Σ_j e^x[n,j]"""
    e = np.exp(x - x.max(axis=1, keepdims=True))  # no power overflows
    return e / e.sum(axis=1, keepdims=True)


def backward(dz, x, z):
    return z * (dz - (dz * z).sum(axis=1, keepdims=True))


def twin(dz, x, z):
    dx = np.zeros(x.shape)
    for n, i in np.ndindex(*x.shape):
        for j in range(x.shape[1]):
            dx[n, j] += dz[n, i] * z[n, i] * ((i == j) - z[n, j])
    return dx


EXERCISE = Exercise(
    name="softmax",
    title={"en": "softmax", "ko": "소프트맥스"},
    says={"en": "One score changes all probabilities of its row. The output z is given too.",
          "ko": "점수 하나가 그 행의 모든 확률을 바꿉니다. 출력 z도 주어집니다."},
    shapes="x, z, dz, dx (N, C)",
    hints=(
        {"en": "∂z_i/∂x_j is z_i (1 - z_i) for i = j, and -z_i z_j otherwise. Then sum over i.",
         "ko": "∂z_i/∂x_j는 i = j이면 z_i (1 - z_i), 아니면 -z_i z_j입니다. 그다음 i에 대해 더하세요."},
        {"en": "dx_j = z_j (dz_j - Σ_i dz_i z_i), the sum over each row.",
         "ko": "dx_j = z_j (dz_j - Σ_i dz_i z_i)이고, 합은 행마다 구합니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx",),
    cases=(
        Case({"en": "two rows of three classes", "ko": "세 클래스, 두 행"}, (draw(2, 3),), {"N": 2, "C": 3}),
        Case({"en": "as many rows as classes", "ko": "행과 클래스의 수가 같음"}, (draw(3, 3),), {"N": 3, "C": 3}),
        Case({"en": "a single row", "ko": "한 행"}, (draw(1, 5),), {"N": 1, "C": 5}),
        Case({"en": "a single class: z is always 1", "ko": "클래스 하나: z는 항상 1"}, (draw(3, 1),), {"N": 3, "C": 1}),
        Case({"en": "large scores", "ko": "큰 점수"}, (np.array([[1000.0, 999.0, 998.5]]),), {"N": 1, "C": 3}),
        Case({"en": "equal scores", "ko": "같은 점수"}, (np.ones((2, 4)),), {"N": 2, "C": 4}),
        Case({"en": "no rows", "ko": "행이 없음"}, (np.zeros((0, 3)),), {"N": 0, "C": 3}),
    ),
    mistakes={
        "diagonal": Mistake(
            {"en": "only the diagonal, z (1 - z): each score changes the other probabilities of its row too",
             "ko": "대각 성분 z (1 - z)만 썼습니다. 점수 하나는 그 행의 다른 확률도 바꿉니다"},
            lambda dz, x, z: {"dx": dz * z * (1 - z)},
        ),
        "sum_missing": Mistake(
            {"en": "the sum over the row, Σ dz z, is not taken back from dz",
             "ko": "dz에서 행의 합 Σ dz z를 빼지 않았습니다"},
            lambda dz, x, z: {"dx": dz * z},
        ),
        "sum_of_dz": Mistake(
            {
                "en": "the sum is taken over dz alone: each dz counts with its z",
                "ko": "dz만 더했습니다. 각 dz에 z를 곱해서 더해야 합니다",
            },
            lambda dz, x, z: {"dx": z * (dz - dz.sum(axis=1, keepdims=True))},
        ),
        "mean_of_dz": Mistake(
            {"en": "the plain mean of dz is taken back: it is the mean weighted by z, Σ dz z",
             "ko": "dz의 단순 평균을 뺐습니다. z로 가중한 평균 Σ dz z를 빼야 합니다"},
            lambda dz, x, z: {"dx": z * (dz - dz.mean(axis=1, keepdims=True))},
        ),
        "over_the_batch": Mistake(
            {
                "en": "the sum is taken over everything: each row has its own",
                "ko": "전체에 대해 더했습니다. 합은 행마다 따로입니다",
            },
            lambda dz, x, z: {"dx": z * (dz - (dz * z).sum())},
        ),
        "columns": Mistake(
            {"en": "the sum is taken down the columns (axis 0): it is that of each row (axis 1)",
             "ko": "열 방향(축 0)으로 더했습니다. 행마다(축 1) 더해야 합니다"},
            lambda dz, x, z: {"dx": z * (dz - (dz * z).sum(axis=0))},
        ),
    },
    twin=twin,
)  # fmt: skip
