"""Convolution: a kernel that slides, forward and back."""

from __future__ import annotations

import numpy as np

from .....proof import reference
from ..exercise import Case, Draw, Exercise, Mistake

draw = Draw(13)


def forward(x, w, b, stride, padding):
    """z[n,o,p,q] = b[o] + Σ_cij w[o,c,i,j] x[n, c, row, column]

    row = p·stride + i - padding, column = q·stride + j - padding, 0 outside
    """
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    kh, kw = w.shape[2:]
    height = (x.shape[2] - kh) // stride + 1
    width = (x.shape[3] - kw) // stride + 1
    z = np.zeros((len(x), len(w), height, width))
    for p, q in np.ndindex(height, width):
        i, j = p * stride, q * stride
        window = x[:, :, i : i + kh, j : j + kw]  # (N, C, kh, kw)
        z[:, :, p, q] = np.tensordot(window, w, ((1, 2, 3), (1, 2, 3))) + b
    return z


def backward(dz, x, w, b, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    kh, kw = w.shape[2:]
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for p, q in np.ndindex(*dz.shape[2:]):
        here = np.s_[:, :, p * stride : p * stride + kh, q * stride : q * stride + kw]
        dw += np.tensordot(dz[:, :, p, q], x[here], axes=(0, 0))
        dx[here] += np.tensordot(dz[:, :, p, q], w, axes=(1, 0))
    h, v = x.shape[2:]
    return dx[:, :, padding : h - padding, padding : v - padding], dw, dz.sum(axis=(0, 2, 3))


def _inner(dx, padding):
    return dx[:, :, padding : dx.shape[2] - padding, padding : dx.shape[3] - padding]


def _assigned(dz, x, w, b, stride, padding):
    """Where windows overlap, the last one has the say."""
    kh, kw = w.shape[2:]
    dx = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
    for p, q in np.ndindex(*dz.shape[2:]):
        here = np.s_[:, :, p * stride : p * stride + kh, q * stride : q * stride + kw]
        dx[here] = np.tensordot(dz[:, :, p, q], w, axes=(1, 0))
    return {"dx": _inner(dx, padding)}


def _last_window(dz, x, w, b, stride, padding):
    last = np.zeros_like(dz)
    last[:, :, -1, -1] = dz[:, :, -1, -1]
    return {"dw": backward(last, x, w, b, stride, padding)[1], "db": last.sum(axis=(0, 2, 3))}


def _turned(dz, x, w, b, stride, padding):
    dx, dw, _ = backward(dz, x, w[:, :, ::-1, ::-1], b, stride, padding)
    return {"dx": dx, "dw": dw[:, :, ::-1, ::-1]}


def _rows_for_columns(dz, x, w, b, stride, padding):
    dx, dw, _ = backward(dz, x, w.swapaxes(2, 3), b, stride, padding)
    return {"dx": dx, "dw": dw.swapaxes(2, 3)}


def _uncut(dz, x, w, b, stride, padding):
    """The gradient of the padded image."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return {"dx": backward(dz, padded, w, b, stride, 0)[0]}


EXERCISE = Exercise(
    name="conv2d",
    title={"en": "a convolution", "ko": "합성곱"},
    says={
        "en": "Every pixel under the window is multiplied by a weight of the kernel, and all products are added up. "
        "The image is padded with zeros.",
        "ko": "창 아래의 픽셀마다 커널의 가중치를 곱해 모두 더합니다. 이미지 둘레는 0으로 채웁니다.",
    },
    shapes="x, dx (N, C, H, W); w, dw (O, C, kh, kw); b, db (O,); z, dz (N, O, P, Q); stride, padding: integers",
    hints=(
        {
            "en": "Begin with db, then dw: go over all windows. In z[n,o,p,q], which pixel was multiplied by "
            "w[o,c,i,j]? For dx, the same products the other way: which weight was multiplied by this pixel?",
            "ko": "db부터, 그다음 dw를 구하세요. 모든 창을 돌면서: z[n,o,p,q]에서 w[o,c,i,j]와 곱해진 픽셀은 "
            "무엇입니까? dx는 같은 곱을 거꾸로 봅니다. 이 픽셀과 곱해진 가중치는 무엇입니까?",
        },
        {
            "en": "For each window (p, q): dw += dz[:, :, p, q] times the window of the padded x, and the same "
            "window of a padded dx += dz[:, :, p, q] times w. Windows overlap: add. Cut the padding off at the "
            "end.",
            "ko": "창 (p, q)마다: dw += dz[:, :, p, q] × (0으로 채운 x의 창), 그리고 (0으로 채운 dx의 같은 창) += "
            "dz[:, :, p, q] × w. 창이 겹치므로 더합니다. 마지막에 둘레를 잘라 내세요.",
        },
    ),
    forward=forward,
    backward=backward,
    gradients=("dx", "dw", "db"),
    cases=(
        Case({"en": "one image, a 2 by 2 kernel", "ko": "이미지 한 장, 2×2 커널"},
             (draw(1, 1, 3, 3), draw(1, 1, 2, 2), draw(1), 1, 0), {"N": 1, "P·Q": 4, "N·P·Q": 4}),
        Case({"en": "a batch, 2 channels, 3 kernels", "ko": "배치, 채널 2개, 커널 3개"},
             (draw(2, 2, 4, 3), draw(3, 2, 2, 2), draw(3), 1, 0), {"N": 2, "P·Q": 6, "N·P·Q": 12}),
        Case({"en": "padding 1", "ko": "패딩 1"},
             (draw(3, 1, 3, 3), draw(2, 1, 3, 3), draw(2), 1, 1), {"N": 3, "P·Q": 9, "N·P·Q": 27}),
        Case({"en": "stride 2, a row and a column left over", "ko": "보폭 2, 한 행과 한 열이 남음"},
             (draw(1, 2, 4, 6), draw(2, 2, 2, 3), draw(2), 2, 0), {"N": 1, "P·Q": 4, "N·P·Q": 4}),
        Case({"en": "stride 2 and padding 1", "ko": "보폭 2와 패딩 1"},
             (draw(2, 1, 4, 3), draw(1, 1, 3, 2), draw(1), 2, 1), {"N": 2, "P·Q": 4, "N·P·Q": 8}),
        Case({"en": "a kernel of one pixel", "ko": "픽셀 하나인 커널"},
             (draw(2, 2, 2, 1), draw(2, 2, 1, 1), draw(2), 1, 0), {"N": 2, "P·Q": 2, "N·P·Q": 4}),
    ),
    mistakes={
        "kernel_turned": Mistake(
            {"en": "the kernel is the wrong way round (turned by 180°): a pixel gets back each weight that it was "
                   "multiplied by",
             "ko": "커널의 방향이 반대입니다(180° 회전). 픽셀은 자기와 곱해진 바로 그 가중치를 돌려받습니다"},
            _turned,
        ),
        "assigned": Mistake(
            {"en": "assigned (=) where it is to be added (+=): windows overlap, and a pixel is in several",
             "ko": "더해야(+=) 할 곳에서 대입(=)했습니다. 창이 겹치므로 한 픽셀이 여러 창에 들어갑니다"},
            _assigned,
        ),
        "last_window": Mistake(
            {"en": "only the last window counts: the gradients of all windows are to be added up (+=)",
             "ko": "마지막 창만 반영되었습니다. 모든 창의 기울기를 더해야(+=) 합니다"},
            _last_window,
        ),
        "padding_left": Mistake(
            {"en": "this is the gradient of the padded image: cut the padding off",
             "ko": "0으로 채운 이미지의 기울기입니다. 둘레를 잘라 내야 합니다"},
            _uncut,
        ),
        "rows_for_columns": Mistake(
            {"en": "the kernel's rows and columns are exchanged", "ko": "커널의 행과 열이 바뀌었습니다"},
            _rows_for_columns,
        ),
        "pixels_not_summed": Mistake(
            {"en": "db is summed over the images only: over the pixels of z too",
             "ko": "db를 이미지에 대해서만 더했습니다. z의 픽셀에 대해서도 더해야 합니다"},
            lambda dz, x, w, b, stride, padding: {"db": dz.sum(axis=0)},
        ),
        "images_not_summed": Mistake(
            {"en": "db is summed over the pixels only: over the images too",
             "ko": "db를 픽셀에 대해서만 더했습니다. 이미지에 대해서도 더해야 합니다"},
            lambda dz, x, w, b, stride, padding: {"db": dz.sum(axis=(2, 3))},
        ),
    },
    twin=lambda dz, x, w, b, stride, padding: reference.conv2d_gradients(dz, x, w, (stride,) * 2, (padding,) * 2),
)  # fmt: skip
