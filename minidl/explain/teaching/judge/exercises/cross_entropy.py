"""Softmax and cross-entropy together: p - onehot."""

from __future__ import annotations

import numpy as np

from .....proof import reference
from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(11)


def forward(x, t):
    """z = -log softmax(x[n])[t[n]], averaged over the N rows"""
    x = x - x.max(axis=1, keepdims=True)
    log_p = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(t)), t].mean()


def _softmax(x, axis=1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _onehot(x, t):
    return np.eye(x.shape[1])[t]


def backward(dz, x, t):
    return dz * (_softmax(x) - _onehot(x, t)) / len(t)


def _overflowing(dz, x, t):
    p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    return {"dx": dz * (p - _onehot(x, t)) / len(t)}


EXERCISE = Exercise(
    name="cross_entropy",
    title={"en": "softmax and cross-entropy", "ko": "소프트맥스와 교차 엔트로피"},
    says={"en": "x are scores, t the numbers of the right classes. z and dz are single numbers.",
          "ko": "x는 점수, t는 정답 클래스의 번호입니다. z와 dz는 수 하나입니다."},
    shapes="x, dx (N, C); t (N,) of integers 0 to C - 1; z, dz ()",
    hints=(
        {"en": "For one row, z = log Σ_j e^x_j - x_t. What is the derivative of each of the two terms?",
         "ko": "한 행에서 z = log Σ_j e^x_j - x_t입니다. 두 항의 도함수는 각각 무엇입니까?"},
        {"en": "dx = dz (p - onehot(t)) / N with p = softmax(x). Subtract the largest score before exp.",
         "ko": "p = softmax(x)일 때 dx = dz (p - onehot(t)) / N입니다. exp 전에 가장 큰 점수를 빼세요."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx",),
    cases=(
        Case({
            "en": "two rows of three classes",
            "ko": "세 클래스, 두 행",
        }, (draw(2, 3), np.array([0, 2])), {"N": 2, "C": 3}),
        Case({
            "en": "the same class twice",
            "ko": "같은 클래스가 두 번",
        }, (draw(3, 4), np.array([1, 1, 3])), {"N": 3, "C": 4}),
        Case({"en": "a single row", "ko": "한 행"}, (draw(1, 5), np.array([4])), {"N": 1, "C": 5}),
        Case({"en": "large scores", "ko": "큰 점수"},
             (np.array([[1000.0, 999.0, 998.5], [-1000.0, -999.0, -998.0]]), np.array([1, 0])), {"N": 2, "C": 3}),
        Case({"en": "one row far brighter than the other", "ko": "한 행의 점수만 훨씬 큼"},
             (np.array([[900.0, 899.0, 898.0], [0.5, -0.5, 1.0]]), np.array([2, 2])), {"N": 2, "C": 3}),
    ),
    mistakes={
        "overflow": Mistake(
            {"en": "exp overflows where scores are large: subtract the largest score of each row first",
             "ko": "점수가 크면 exp가 넘칩니다. 먼저 행마다 가장 큰 점수를 빼세요"},
            _overflowing,
        ),
        "global_max": Mistake(
            {
                "en": "the largest score of the batch is subtracted, and every exp of a small row is 0: each row has "
                "its own",
                "ko": "배치 전체의 최댓값을 뺐습니다. 점수가 작은 행은 exp가 모두 0이 됩니다. 행마다 최댓값을 빼세요",
            },
            lambda dz, x, t: _overflowing(dz, x - x.max(), t),
        ),
        "onehot_missing": Mistake(
            {"en": "the right class is not subtracted: dx holds p, where p - onehot(t) belongs",
             "ko": "정답 클래스를 빼지 않았습니다. p가 아니라 p - onehot(t)여야 합니다"},
            lambda dz, x, t: {"dx": dz * _softmax(x) / len(t)},
        ),
        "not_averaged": Mistake(
            {"en": "the loss is a mean over the N rows, but its gradient is not divided by N",
             "ko": "손실은 N개의 행에 대한 평균인데, 기울기를 N으로 나누지 않았습니다"},
            lambda dz, x, t: {"dx": dz * (_softmax(x) - _onehot(x, t))},
        ),
        "all_elements": Mistake(
            {"en": "divided by the number of all scores: the mean is over the N rows",
             "ko": "점수의 개수 전체로 나눴습니다. 평균은 N개의 행에 대한 것입니다"},
            lambda dz, x, t: {"dx": dz * (_softmax(x) - _onehot(x, t)) / x.size},
        ),
        "columns": Mistake(
            {"en": "softmax is taken down the columns (axis 0): each row is one distribution (axis 1)",
             "ko": "소프트맥스를 열 방향(축 0)으로 구했습니다. 행마다(축 1) 하나의 분포입니다"},
            lambda dz, x, t: {"dx": dz * (_softmax(x, axis=0) - _onehot(x, t)) / len(t)},
        ),
        "scores": Mistake(
            {"en": "the scores x themselves stand where the probabilities softmax(x) belong",
             "ko": "확률 softmax(x) 대신 점수 x를 썼습니다"},
            lambda dz, x, t: {"dx": dz * (x - _onehot(x, t)) / len(t)},
        ),
    },
    twin=lambda dz, x, t: dz * reference.cross_entropy_gradient(x, t),
)  # fmt: skip
