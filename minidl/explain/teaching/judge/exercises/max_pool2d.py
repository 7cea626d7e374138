"""Max pooling: the gradient goes to the winner."""

from __future__ import annotations

import numpy as np

from .....proof import reference
from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(12)


def forward(x, kernel, stride):
    """z[n,c,p,q] = the largest pixel of a window of kernel · kernel pixels

    that begins at row p·stride, column q·stride of x[n,c]
    """
    height = (x.shape[2] - kernel) // stride + 1
    width = (x.shape[3] - kernel) // stride + 1
    z = np.zeros((*x.shape[:2], height, width))
    for p, q in np.ndindex(height, width):
        i, j = p * stride, q * stride
        window = x[:, :, i : i + kernel, j : j + kernel]
        z[:, :, p, q] = window.max(axis=(2, 3))
    return z


def backward(dz, x, kernel, stride):
    dx = np.zeros(x.shape)
    for n, c, p, q in np.ndindex(*dz.shape):
        i, j = p * stride, q * stride
        window = x[n, c, i : i + kernel, j : j + kernel]
        a, b = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i + a, j + b] += dz[n, c, p, q]
    return dx


def _spread(share, assign=False):
    """A wrong dx that gives each window `share(window)` of its dz."""

    def wrong(dz, x, kernel, stride):
        dx = np.zeros(x.shape)
        for n, c, p, q in np.ndindex(*dz.shape):
            here = np.s_[n, c, p * stride : p * stride + kernel, q * stride : q * stride + kernel]
            part = share(x[here]) * dz[n, c, p, q]
            dx[here] = np.where(part != 0, part, dx[here]) if assign else dx[here] + part
        return {"dx": dx}

    return wrong


def _first(window, score):
    won = np.zeros(window.size)
    won[score(window).argmax()] = 1
    return won.reshape(window.shape)


EXERCISE = Exercise(
    name="max_pool2d",
    title={"en": "max pooling", "ko": "최대 풀링"},
    says={
        "en": "Windows may overlap (stride < kernel). Where several pixels are largest, any of them may get the "
        "gradient, but only once.",
        "ko": "창이 겹칠 수 있습니다 (stride < kernel). 최댓값이 여럿이면 그중 어느 것이 기울기를 받아도 되지만, 한 "
        "번만 받아야 합니다.",
    },
    shapes="x, dx (N, C, H, W); z, dz (N, C, P, Q); kernel, stride: integers",
    hints=(
        {"en": "If a pixel that is not the largest grows a little, does z change?",
         "ko": "가장 크지 않은 픽셀이 조금 커지면 z가 변합니까?"},
        {"en": "For each window: find the place of the largest (argmax), and add (+=) dz there.",
         "ko": "창마다 가장 큰 픽셀의 자리를 찾고(argmax), 그 자리에 dz를 더하세요(+=)."},
    ),
    forward=forward,
    backward=backward,
    gradients=("dx",),
    cases=(
        Case({"en": "2 by 2 windows side by side", "ko": "나란한 2×2 창"}, (draw.distinct(1, 2, 4, 4), 2, 2)),
        Case({"en": "windows overlap (kernel 2, stride 1)", "ko": "겹치는 창 (kernel 2, stride 1)"},
             (draw.distinct(2, 1, 3, 4), 2, 1)),
        Case({"en": "all negative", "ko": "모두 음수"}, (draw.distinct(1, 1, 4, 4) - 4.0, 2, 2)),
        Case({
            "en": "a row and a column are left over",
            "ko": "한 행과 한 열이 남음",
        }, (draw.distinct(1, 1, 5, 5), 2, 2)),
        Case({"en": "windows of a single pixel", "ko": "픽셀 하나인 창"}, (draw.distinct(1, 1, 2, 3), 1, 1)),
        Case({
            "en": "ties: all pixels are equal",
            "ko": "동점: 모든 픽셀이 같음",
        }, (np.zeros((1, 1, 4, 4)), 2, 2), together=True),
    ),
    mistakes={
        "every_pixel": Mistake(
            {
                "en": "every pixel of the window gets dz: only the largest may",
                "ko": "창의 모든 픽셀이 dz를 받았습니다. 가장 큰 픽셀만 받아야 합니다",
            },
            _spread(np.ones_like),
        ),
        "averaged": Mistake(
            {"en": "dz is shared out among all pixels, as average pooling does: the largest gets all of it",
             "ko": "평균 풀링처럼 dz를 모든 픽셀에 나눴습니다. 가장 큰 픽셀이 모두 받아야 합니다"},
            _spread(lambda window: np.ones_like(window) / window.size),
        ),
        "assigned": Mistake(
            {"en": "assigned (=) where it is to be added (+=): a pixel may win in several windows",
             "ko": "더해야(+=) 할 곳에서 대입(=)했습니다. 한 픽셀이 여러 창에서 최대일 수 있습니다"},
            _spread(lambda window: _first(window, lambda x: x), assign=True),
        ),
        "all_winners": Mistake(
            {"en": "where several pixels are equally large, each of them gets dz, and it is counted several times",
             "ko": "최댓값이 여럿일 때 모두가 dz를 받아 여러 번 계산되었습니다"},
            _spread(lambda window: (window == window.max()).astype(float)),
        ),
        "times_value": Mistake(
            {"en": "dz is multiplied by the largest pixel itself: its slope is 1",
             "ko": "dz에 가장 큰 픽셀의 값을 곱했습니다. 기울기는 1입니다"},
            _spread(lambda window: _first(window, lambda x: x) * window.max()),
        ),
        "smallest": Mistake(
            {
                "en": "the smallest pixel gets dz, not the largest",
                "ko": "가장 큰 픽셀이 아니라 가장 작은 픽셀이 dz를 받았습니다",
            },
            _spread(lambda window: _first(window, np.negative)),
        ),
        "absolute": Mistake(
            {"en": "the pixel with the largest magnitude gets dz: -3 is less than 1",
             "ko": "절댓값이 가장 큰 픽셀이 dz를 받았습니다. -3은 1보다 작습니다"},
            _spread(lambda window: _first(window, np.abs)),
        ),
    },
    twin=lambda dz, x, kernel, stride: reference.max_pool2d_gradient(dz, x, (kernel, kernel), (stride, stride)),
)  # fmt: skip
