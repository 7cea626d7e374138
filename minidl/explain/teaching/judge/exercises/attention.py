"""Attention: a softmax over what each query finds in the keys."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(15)


def forward(q, k, v):
    """p = softmax(q kᵀ / √D), each row; z = p v"""
    s = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p @ v


def _weights(q, k):
    return forward(q, k, np.eye(len(k)))


def _scores_gradient(dz, q, k, v):
    p, dp = _weights(q, k), dz @ v.T
    return p * (dp - (dp * p).sum(axis=1, keepdims=True)) / np.sqrt(q.shape[1])


def backward(dz, q, k, v):
    ds = _scores_gradient(dz, q, k, v)
    return ds @ k, ds.T @ q, _weights(q, k).T @ dz


def twin(dz, q, k, v):
    p, scale = _weights(q, k), np.sqrt(q.shape[1])
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    for t in range(len(q)):
        for s in range(len(k)):
            dv[s] += p[t, s] * dz[t]
            for r in range(len(k)):  # z[t] = Σ_r p[t,r] v[r], and each p[t,r] depends on the score of s
                ds = dz[t] @ v[r] * p[t, r] * ((r == s) - p[t, s]) / scale
                dq[t] += ds * k[s]
                dk[s] += ds * q[t]
    return dq, dk, dv


def _from_scores(ds_of):
    """Wrong dq and dk from a wrong gradient of the scores."""

    def wrong(dz, q, k, v):
        ds = ds_of(dz @ v.T, _weights(q, k)) / np.sqrt(q.shape[1])
        return {"dq": ds @ k, "dk": ds.T @ q}

    return wrong


def _unscaled(dz, q, k, v):
    dq, dk, _ = backward(dz, q, k, v)
    return {"dq": dq * np.sqrt(q.shape[1]), "dk": dk * np.sqrt(q.shape[1])}


EXERCISE = Exercise(
    name="attention",
    title={"en": "attention", "ko": "어텐션"},
    says={"en": "T queries look at S keys; the softmax p says how much of each value they take.",
          "ko": "T개의 쿼리가 S개의 키를 봅니다. 소프트맥스 p는 값을 얼마씩 가져오는지를 나타냅니다."},
    shapes="q, dq (T, D); k, dk (S, D); v, dv (S, E); z, dz (T, E)",
    hints=(
        {
            "en": "Go back one step at a time: z = p v gives dp and dv (matmul); p = softmax(s) gives ds; s = q kᵀ / "
            "√D gives dq and dk.",
            "ko": "한 단계씩 되돌아가세요: z = p v에서 dp와 dv(행렬 곱), p = softmax(s)에서 ds, s = q kᵀ / √D에서 "
            "dq와 dk를 구합니다.",
        },
        {"en": "dp = dz vᵀ, dv = pᵀ dz, ds = p (dp - Σ dp p) for each row, dq = ds k / √D, dk = dsᵀ q / √D.",
         "ko": "dp = dz vᵀ, dv = pᵀ dz, 행마다 ds = p (dp - Σ dp p), dq = ds k / √D, dk = dsᵀ q / √D입니다."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dq", "dk", "dv"),
    cases=(
        Case({"en": "all sizes 2", "ko": "크기가 모두 2"}, (draw(2, 2), draw(2, 2), draw(2, 2)), {"T": 2, "S": 2}),
        Case({
            "en": "three queries, two keys",
            "ko": "쿼리 3개, 키 2개",
        }, (draw(3, 4), draw(2, 4), draw(2, 3)), {"T": 3, "S": 2}),
        Case({"en": "a single query", "ko": "쿼리 하나"}, (draw(1, 3), draw(4, 3), draw(4, 2)), {"T": 1, "S": 4}),
        Case({
            "en": "a single key: p is always 1",
            "ko": "키 하나: p는 항상 1",
        }, (draw(2, 3), draw(1, 3), draw(1, 2)), {"T": 2, "S": 1}),
    ),
    mistakes={
        "scale": Mistake(
            {
                "en": "the division by √D is forgotten on the way back",
                "ko": "되돌아올 때 √D로 나누는 것을 빠뜨렸습니다",
            },
            _unscaled,
        ),
        "sum_missing": Mistake(
            {"en": "in the softmax, the sum over the row, Σ dp p, is not taken back from dp",
             "ko": "소프트맥스에서 dp에서 행의 합 Σ dp p를 빼지 않았습니다"},
            _from_scores(lambda dp, p: dp * p),
        ),
        "diagonal": Mistake(
            {"en": "of the softmax only the diagonal, p (1 - p): each score changes the other weights of its row too",
             "ko": "소프트맥스의 대각 성분 p (1 - p)만 썼습니다. 점수 하나는 그 행의 다른 가중치도 바꿉니다"},
            _from_scores(lambda dp, p: dp * p * (1 - p)),
        ),
        "softmax_missing": Mistake(
            {"en": "the gradient does not pass through the softmax: dp is taken for ds",
             "ko": "기울기가 소프트맥스를 거치지 않았습니다. dp를 그대로 ds로 썼습니다"},
            _from_scores(lambda dp, p: dp),
        ),
        "p_not_transposed": Mistake(
            {"en": "p is not transposed: dv = p.T @ dz", "ko": "p를 전치하지 않았습니다. dv = p.T @ dz입니다"},
            lambda dz, q, k, v: {"dv": _weights(q, k) @ dz},
        ),
        "ds_not_transposed": Mistake(
            {
                "en": "ds is not transposed: dk = ds.T @ q / √D",
                "ko": "ds를 전치하지 않았습니다. dk = ds.T @ q / √D입니다",
            },
            lambda dz, q, k, v: {"dk": _scores_gradient(dz, q, k, v) @ q},
        ),
        "scores_for_weights": Mistake(
            {"en": "dv is taken with the scores s, where the weights p = softmax(s) belong",
             "ko": "dv에 가중치 p = softmax(s) 대신 점수 s를 썼습니다"},
            lambda dz, q, k, v: {"dv": (q @ k.T / np.sqrt(q.shape[1])).T @ dz},
        ),
    },
    twin=twin,
)  # fmt: skip
