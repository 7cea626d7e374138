"""z = x + b with broadcasting: what was copied is summed on the way back."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(3)


def forward(x, b):
    """z = x + b, either of them stretched as NumPy does"""
    return x + b


def backward(dz, x, b):
    def summed(d, shape):
        d = d.sum(axis=tuple(range(d.ndim - len(shape))))
        return d.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    return summed(dz, x.shape), summed(dz, b.shape)


def _reduced(how):
    """Both gradients by `how(dz, shape)`."""
    return lambda dz, x, b: {"dx": how(dz, x.shape), "db": how(dz, b.shape)}


def _mean(d, shape):
    d = d.mean(axis=tuple(range(d.ndim - len(shape))))
    return d.mean(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def _leading_only(d, shape):
    return d.sum(axis=tuple(range(d.ndim - len(shape))))


def _cut(d, shape):
    return d[(0,) * (d.ndim - len(shape))][tuple(slice(0, n) for n in shape)]


def _flat(d, shape):
    extra = d.ndim - len(shape)
    return d.sum(axis=(*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1)))


EXERCISE = Exercise(
    name="broadcast",
    title={"en": "a sum with broadcasting", "ko": "브로드캐스팅이 있는 덧셈"},
    says={
        "en": "One row of b may be added to many rows of x, or one column, or one number; x may be stretched too. "
        "Each gradient has the shape of its own array.",
        "ko": "b의 한 행(또는 한 열, 또는 수 하나)이 x의 여러 행에 더해질 수 있고, x가 늘어날 수도 있습니다. 각 "
        "기울기의 모양은 자기 배열의 모양과 같습니다.",
    },
    shapes="x (N, M) or (N, 1) or (M,); b (N, M), (M,), (N, 1), (1, M), (1,) or (); z, dz (N, M)",
    hints=(
        {"en": "One number of b went into several numbers of z. What does each of them send back to it?",
         "ko": "b의 수 하나가 z의 여러 수에 들어갔습니다. 그 하나하나가 b에 무엇을 돌려보냅니까?"},
        {"en": "Sum dz over the axes that b lacks (the leading ones), and over those where it has length 1 "
               "(keepdims=True).",
         "ko": "b에 없는 축(앞쪽)과 b의 길이가 1인 축(keepdims=True)에 대해 dz를 더하세요."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx", "db"),
    cases=(
        Case({"en": "one row for all rows", "ko": "모든 행에 한 행"}, (draw(3, 4), draw(4)), {"N": 3}),
        Case({
            "en": "the same shape: nothing to sum",
            "ko": "같은 모양: 더할 것 없음",
        }, (draw(2, 3), draw(2, 3)), {"N": 1}),
        Case({"en": "one column for all columns", "ko": "모든 열에 한 열"}, (draw(2, 3), draw(2, 1)), {"N": 3}),
        Case({"en": "a row of two axes", "ko": "축이 둘인 한 행"}, (draw(5, 2), draw(1, 2)), {"N": 5}),
        Case({"en": "one number for all", "ko": "모두에 수 하나"}, (draw(2, 3), draw()), {"N": 6}),
        Case({"en": "one number of one axis", "ko": "축이 하나인 수 하나"}, (draw(4), draw(1)), {"N": 4}),
        Case({"en": "x is stretched too", "ko": "x도 늘어나는 경우"}, (draw(4, 1), draw(3)), {"N": 4}),
        Case({"en": "no rows", "ko": "행이 없음"}, (np.zeros((0, 3)), draw(3)), {"N": 0}),
    ),
    mistakes={
        "nothing_summed": Mistake(
            {"en": "nothing is summed: a number that was copied gets back the sum of what its copies get",
             "ko": "아무것도 더하지 않았습니다. 복사된 수는 복사본들이 받은 기울기의 합을 받습니다"},
            lambda dz, x, b: {"dx": dz, "db": dz},
        ),
        "leading_only": Mistake(
            {"en": "only the axes that are missing are summed; those of length 1 are to be summed too",
             "ko": "없는 축만 더했습니다. 길이가 1인 축도 더해야 합니다"},
            _reduced(_leading_only),
        ),
        "mean": Mistake(
            {"en": "the mean is taken, where the sum belongs: every use sends its gradient in full",
             "ko": "합 대신 평균을 냈습니다. 쓰인 곳마다 기울기를 온전히 돌려보냅니다"},
            _reduced(_mean),
        ),
        "first_only": Mistake(
            {"en": "only the first row (or column) is kept: the gradients of all uses are to be added up",
             "ko": "첫 행(또는 열)만 남겼습니다. 쓰인 곳 모두의 기울기를 더해야 합니다"},
            lambda dz, x, b: {"db": _cut(dz, b.shape) if dz.size else np.zeros(b.shape),
                              "dx": _cut(dz, x.shape) if dz.size else np.zeros(x.shape)},
        ),
        "keepdims_forgotten": Mistake(
            {"en": "the sum drops the axes of length 1: keepdims=True keeps the shape",
             "ko": "더하면서 길이가 1인 축이 사라졌습니다. keepdims=True로 모양을 지키세요"},
            _reduced(_flat),
        ),
    },
)  # fmt: skip
