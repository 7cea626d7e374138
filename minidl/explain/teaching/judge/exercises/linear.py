"""z = x wᵀ + b: a layer."""

from __future__ import annotations

import numpy as np

from .....proof import reference
from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(8)


def forward(x, w, b):
    """z[n,o] = Σ_i x[n,i] w[o,i] + b[o]"""
    return x @ w.T + b


def backward(dz, x, w, b):
    return dz @ w, dz.T @ x, dz.sum(axis=0)


EXERCISE = Exercise(
    name="linear",
    title={"en": "a linear layer", "ko": "선형 층"},
    says={
        "en": "The weights are stored as (outputs, inputs), as in PyTorch.",
        "ko": "가중치의 모양은 PyTorch처럼 (출력, 입력)입니다.",
    },
    shapes="x, dx (N, I); w, dw (O, I); b, db (O,); z, dz (N, O)",
    hints=(
        {"en": "All N rows use the same w and b: what each row sends back to them adds up.",
         "ko": "N개의 행이 모두 같은 w와 b를 씁니다. 행마다 돌려보내는 것이 더해집니다."},
        {"en": "dx = dz @ w; dw[o,i] = Σ_n dz[n,o] x[n,i]; db[o] = Σ_n dz[n,o].",
         "ko": "dx = dz @ w, dw[o,i] = Σ_n dz[n,o] x[n,i], db[o] = Σ_n dz[n,o]입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx", "dw", "db"),
    cases=(
        Case({
            "en": "as many outputs as inputs",
            "ko": "입력과 출력의 수가 같음",
        }, (draw(3, 2), draw(2, 2), draw(2)), {"N": 3}),
        Case({"en": "a batch of 2", "ko": "배치 크기 2"}, (draw(2, 4), draw(3, 4), draw(3)), {"N": 2}),
        Case({"en": "a single row", "ko": "한 행"}, (draw(1, 3), draw(2, 3), draw(2)), {"N": 1}),
        Case({"en": "a single output", "ko": "출력 하나"}, (draw(4, 2), draw(1, 2), draw(1)), {"N": 4}),
        Case({"en": "no rows", "ko": "행이 없음"}, (np.zeros((0, 3)), draw(2, 3), draw(2)), {"N": 0}),
    ),
    mistakes={
        "w_transposed": Mistake(
            {"en": "w is transposed once too often: dx = dz @ w", "ko": "w를 한 번 더 전치했습니다. dx = dz @ w입니다"},
            lambda dz, x, w, b: {"dx": dz @ w.T},
        ),
        "mean": Mistake(
            {"en": "the mean over the batch is taken, where the sum belongs: the mean is the loss's business",
             "ko": "배치에 대한 합 대신 평균을 냈습니다. 평균은 손실 함수의 몫입니다"},
            lambda dz, x, w, b: {"dw": dz.T @ x / max(len(x), 1), "db": dz.sum(axis=0) / max(len(x), 1)},
        ),
        "b_in_dx": Mistake(
            {"en": "b is added in the backward pass: a constant that is added has no effect on dx",
             "ko": "역전파에서 b를 더했습니다. 더해지는 상수는 dx에 영향을 주지 않습니다"},
            lambda dz, x, w, b: {"dx": dz @ w + b.sum()},
        ),
    },
    twin=lambda dz, x, w, b: reference.linear_gradients(dz, x, w),
)  # fmt: skip
