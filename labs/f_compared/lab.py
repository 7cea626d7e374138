# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 F. SVM, MLP, CNN, RNN: 같은 문제를 주고 재 봐요
#
# 강의 4.2절의 표는 네 가지 모델의 속도와 과적합, 쓰임새를 말로 비교해요. 여기에서는 **같은 자료, 같은 조율 시간, 같은 시험 문제**를 주고 직접 재요.
#
# 공정한 비교에는 규칙이 필요해요. ① 설정은 검증 이미지로만 고르고, 시험 이미지는 마지막에 한 번만 봐요. ② 조율하는 시간은 모두에게 똑같이 줘요. ③ 시험 이미지가 1,000장이니 1~2점 차이는 우연일 수 있어요.
#
# 질문을 읽고 `commit(1, "B")`처럼 답을 **먼저** 적은 다음 실행해요. 첫 답만 기록돼요. **청록**은 계산한 값, **진홍**은 기울기, **주황**은 이번에 얻은 결과예요.

# %% [markdown] lang="en"
# # Lab F. SVM, MLP, CNN, RNN: one problem, measured
#
# The table in the lecture's section 4.2 compares four kinds of model, their speed, over-fitting and use, in words. Here they get **the same data, the same time for tuning and the same test**, and are measured.
#
# A fair comparison needs rules. ① Settings are chosen on validation images only; the test images are looked at once, at the end. ② Everyone gets the same time for tuning. ③ With 1,000 test images, a difference of 1~2 points may be chance.
#
# Read a question, write your answer **first**, as in `commit(1, "B")`, then run on. Only the first answer is recorded. **Teal** is what was computed, **crimson** a gradient, **orange** the result just obtained.

# %% tags=["setup"]
import time
from pathlib import Path

import numpy as np
from sklearn.svm import SVC

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    QUICK,
    TEAL,
    board,
    budget,
    commit,
    num,
    picture,
    reveal,
    score,
    seed,
    show,
)
from minidl import nn
from minidl.data.datasets import MNIST

F = nn.functional


def halved(images):
    """(N, 28, 28), 0 to 255 -> (N, 1, 14, 14), about -0.5 to 2.5: the mean of 2 by 2 pixels, so that all runs are short"""
    x = np.asarray(images, dtype=np.float32).reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5)) / 255
    return (x - 0.13) / 0.31


train_set, test_set = MNIST(sample=True), MNIST(train=False, sample=True)
x_all, y_all = halved(train_set.train_data.numpy()), train_set.train_labels.numpy()
x_valid, y_valid = x_all[-500:], y_all[-500:]
x_test, y_test = halved(test_set.test_data.numpy())[:1000], test_set.test_labels.numpy()[:1000]

# %% [markdown] lang="ko"
# ## 1. SVM: 경계에 가까운 것만 밀어요
#
# 4와 9만 600장 꺼내요. 정답은 $y=-1$(4) 아니면 $y=+1$(9), 점수는 $f=w\cdot x+b$예요. SVM은 점수의 부호만 맞으면 만족하지 않고 **여유**(margin) $yf\ge1$까지 바라요. 모자란 만큼이 힌지(hinge) 손실이에요.
#
# $$L=\frac{\lambda}{2}\lVert w\rVert^2+\frac1N\sum_{i=1}^{N}\max(0,\;1-y_if_i)$$
#
# $yf>1$인 이미지에서는 손실도 기울기도 0이에요. 그러니 학습이 끝난 뒤 경계를 붙들고 있는 것은 $yf\le1$인 이미지뿐이에요. 이들을 **서포트 벡터**라고 불러요.
#
# **질문 1.** 600장 가운데 서포트 벡터는 몇 장쯤일까요?
#
# **A** 600장 전부 **B** 절반쯤(300장) **C** 4분의 1이 안 된다(150장보다 적다)

# %% [markdown] lang="en"
# ## 1. An SVM: only what is near the border pushes
#
# We take 600 images of 4 and 9. The truth is $y=-1$ (4) or $y=+1$ (9), the score $f=w\cdot x+b$. An SVM is not content with the right sign: it wants a **margin**, $yf\ge1$. What is missing is the hinge loss.
#
# $$L=\frac{\lambda}{2}\lVert w\rVert^2+\frac1N\sum_{i=1}^{N}\max(0,\;1-y_if_i)$$
#
# Where $yf>1$, loss and gradient are 0. So in the end the border is held by the images with $yf\le1$ alone: the **support vectors**.
#
# **Question 1.** How many of the 600 images are support vectors?
#
# **A** all 600 **B** about half (300) **C** less than a quarter (fewer than 150)

# %%
commit(1, "")

# %%
pick = np.flatnonzero(np.isin(y_all, (4, 9)))[:600]
x_pair, y_pair = x_all[pick].reshape(600, -1), np.where(y_all[pick] == 9, 1, -1).astype(np.float32)
LAMBDA = 0.05


def objective(weight, bias, x, y):
    f = x @ weight + bias
    return LAMBDA / 2 * (weight * weight).sum() + (1 - y * f).clamp(min=0).sum() / 600


def train_svm(x, y, steps=600):
    x, y = minidl.tensor(x), minidl.tensor(y)
    w = minidl.zeros(196, requires_grad=True)
    b = minidl.zeros(1, requires_grad=True)
    optimizer = minidl.optim.Adam([w, b], lr=0.02)
    for step in range(steps):
        # 꺾인 손실이라 보폭을 줄여야 멈춘다 ‖ a loss with a corner needs shrinking steps
        optimizer.param_groups[0]["lr"] = 0.02 * (1 - step / steps)
        optimizer.zero_grad()
        objective(w, b, x, y).backward()
        optimizer.step()
    return w.detach(), b.detach()


w, b = train_svm(x_pair, y_pair)
margin = y_pair * (x_pair @ w.numpy() + b.item())
support = margin < 1.02

# 심판: scikit-learn의 SVM에 같은 문제를 준다 (C = 1 / λN) ‖ the judge: scikit-learn's SVM on the same problem (C = 1 / λN)
judge = SVC(kernel="linear", C=1 / (LAMBDA * 600)).fit(x_pair, y_pair)
ours, theirs = (
    objective(
        minidl.tensor(np.float32(v)), minidl.tensor(np.float32(c)), minidl.tensor(x_pair), minidl.tensor(y_pair)
    ).item()
    for v, c in ((w.numpy(), b.numpy()), (judge.coef_[0], judge.intercept_))
)
agree = np.mean(np.sign(x_pair @ w.numpy() + b.item()) == judge.predict(x_pair))
assert ours < 1.01 * theirs and agree > 0.99

# 서포트 벡터만 남기고 다시 학습한다 ‖ train again on the support vectors alone
w_few, b_few = train_svm(x_pair[support], y_pair[support])
same = np.mean(np.sign(x_pair @ w_few.numpy() + b_few.item()) == np.sign(x_pair @ w.numpy() + b.item()))
assert same > 0.99 and support.sum() < 150

# %% tags=["figure"]
figure = board(
    f"경계를 붙들고 있는 것은 600장 가운데 {support.sum()}장뿐이다 ‖ Only {support.sum()} of 600 images hold the border",
    6.0,
)
ax = figure.add_axes([0.075, 0.40, 0.55, 0.45])
bins = 1.02 + 0.25 * np.arange(-10, 17)
ax.hist(margin[~support], bins, color=TEAL, rwidth=0.88)
ax.hist(margin[support], bins, color=ORANGE, ec=INK, lw=1, rwidth=0.88)
top = ax.get_ylim()[1]
ax.axvline(0, color=MUTED, lw=1.4, ls=(0, (2, 3)))
ax.plot([-1.5, 1, 4.9], [0.36 * top * 2.5, 0, 0], color=CRIMSON, zorder=4)
ax.set(xlim=(-1.5, 4.9), ylim=(0, top), yticks=[0, 20, 40, 60])
ax.set_xlabel("여유 y·f ‖ margin y·f")
ax.set_ylabel("이미지 수 ‖ images")
ax.text(
    -0.83,
    0.80 * top,
    "힌지 손실 ‖ hinge loss",
    size=16,
    color=CRIMSON,
    weight="bold",
    bbox={"fc": PAPER, "ec": "none", "pad": 1},
)
ax.text(
    2.85,
    0.78 * top,
    "기울기 0:\n밀지 않는다 ‖ gradient 0:\nthey do not push",
    size=16,
    color=TEAL,
    weight="bold",
    va="center",
)
for y0, words, value in (
    (0.785, "우리 손실 ‖ our loss", num(ours, 4)),
    (0.665, "scikit-learn의 SVC ‖ scikit-learn’s SVC", num(theirs, 4)),
    (0.545, "두 SVM의 판정이 같은 이미지 ‖ images on which both agree", f"{100 * agree:.1f}%"),
    (0.425, "주황만으로 다시 배워도 같은 판정 ‖ same verdict from orange alone", f"{100 * same:.1f}%"),
):
    figure.text(0.655, y0 + 0.05, words, size=14, color=MUTED)
    figure.text(0.655, y0 - 0.012, value, size=21, weight="bold", bbox=CHIP if "%" in value else None)
order = np.argsort(margin)
for k, place in enumerate(order[:10]):
    tile = figure.add_axes([0.025 + 0.096 * k, 0.055, 0.086, 0.143])
    picture(tile, x_pair[place].reshape(14, 14), vmin=-0.42, vmax=2.6)
    tile.set_title(
        f"{'9' if y_pair[place] > 0 else '4'}   {num(margin[place], 1)}",
        size=15,
        pad=4,
        color=CRIMSON if margin[place] < 0 else INK,
    )
figure.text(
    0.025,
    0.262,
    "여유가 가장 모자란 열 장: 정답과 여유 ‖ The ten with the least margin: truth and margin",
    size=15,
    color=MUTED,
)
show(
    figure,
    "1-hinge",
    "여유의 분포와 힌지 손실, 여유가 가장 작은 이미지 열 장 ‖ Distribution of margins with the hinge loss, and the ten images with the least margin",
)
reveal(1, "C")

# %% [markdown] lang="ko"
# 두 프로그램이 **전혀 다른 방법**(우리는 경사 하강, scikit-learn은 이차 계획법)으로 같은 경계에 닿았어요. 볼록한 문제라 답이 하나뿐이기 때문이에요.
#
# 힌지의 규칙은 [`clamp`](../../minidl/ops/selection.py)와 같아요. 꺾인 곳의 왼쪽은 기울기가 $-y x$, 오른쪽은 0이에요. [ReLU가 음수 칸의 기울기를 막는 화면](lesson:relu1.dx)과 견줘 보세요. **SVM은 틀린 것과 아슬아슬한 것에서만 배워요.**

# %% [markdown] lang="en"
# Two programs reached the same border **in quite different ways** (ours by gradient descent, scikit-learn's by quadratic programming): the problem is convex and has one answer.
#
# The hinge's rule is that of [`clamp`](../../minidl/ops/selection.py): left of the corner the gradient is $-y x$, right of it 0. Compare [the screen where ReLU stops the gradient](lesson:relu1.dx). **An SVM learns only from what is wrong or nearly so.**

# %% [markdown] lang="ko"
# ## 2. 다섯 선수
#
# | 선수 | 보는 방법 | 손실 |
# |---|---|---|
# | Linear SVM | 픽셀마다 가중치 하나, 클래스마다 점수 하나 | 힌지 (10클래스) |
# | RBF SVM | 새 이미지를 서포트 벡터 하나하나와 견준다 (scikit-learn) | 힌지 |
# | MLP | 모든 픽셀을 128개 유닛이 한꺼번에 본다 | 교차 엔트로피 |
# | CNN | 3×3 창 하나로 온 이미지를 훑는다 | 교차 엔트로피 |
# | LSTM | 이미지를 위에서 아래로 한 줄씩 읽는다 | 교차 엔트로피 |
#
# 조율: 학습 이미지 1,000장으로 설정마다 학습하고 검증 500장으로 골라요. 시간은 선수마다 똑같이 줘요. 시계는 이 프로세스가 쓴 CPU 시간이라, 옆에서 다른 프로그램이 돌아도 공정해요. 대신 실행할 때마다 고르는 학습률이 달라질 수 있고, 그러면 그림의 값도 1~2점 달라져요.

# %% [markdown] lang="en"
# ## 2. Five contestants
#
# | contestant | how it looks | loss |
# |---|---|---|
# | Linear SVM | one weight a pixel, one score a class | hinge (10 classes) |
# | RBF SVM | compares a new image with every support vector (scikit-learn) | hinge |
# | MLP | 128 units, each sees all pixels at once | cross-entropy |
# | CNN | slides one 3×3 window over the whole image | cross-entropy |
# | LSTM | reads the image row by row from the top | cross-entropy |
#
# Tuning: each setting is trained on 1,000 images and judged on 500 validation images; every contestant gets the same time. The clock is the CPU time of this process, so that other programs do no harm. The price: from run to run another learning rate may be chosen, and the values in the figures move by 1~2 points.


# %%
class ReadsRows(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(14, 32, batch_first=True)
        self.out = nn.Linear(32, 10)

    def forward(self, x):  # (N, 1, 14, 14) -> (N, 10)
        states, _ = self.lstm(x[:, 0])
        return self.out(states[:, -1])


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(196, 10))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(196, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn():
    first = [nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]  # (N, 1, 14, 14) -> (N, 8, 7, 7)
    second = [nn.Conv2d(8, 16, 3, padding=1), nn.ReLU()]  # -> (N, 16, 7, 7)
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(784, 10))


def hinge(model, scores, y):
    weight = model[1].weight
    return F.multi_margin_loss(scores, y) + 1e-4 * (weight * weight).sum()


def surprise(model, scores, y):
    return F.cross_entropy(scores, y)


NETWORKS = {
    "Linear SVM": (linear, hinge),
    "MLP": (mlp, surprise),
    "CNN": (cnn, surprise),
    "LSTM": (ReadsRows, surprise),
}
RATES = (0.002, 0.005, 0.015)
GRID = [(C, gamma) for C in (1, 5, 20) for gamma in ("scale", 0.003, 0.01)]
clock = time.process_time


class Network:
    """학습한 신경망 하나 ‖ one trained network"""

    def __init__(self, name, rate, x, y, steps=None, seconds=None):
        make, loss_of = NETWORKS[name]
        draw = seed(0)
        self.model, start, step = make(), clock(), 0
        optimizer = minidl.optim.Adam(self.model.parameters(), lr=rate)
        while (done := step / steps if steps else (clock() - start) / seconds) < 1:
            optimizer.param_groups[0]["lr"] = rate * (1 - done)
            batch = draw.integers(0, len(x), 32)
            optimizer.zero_grad()
            loss = loss_of(self.model, self.model(minidl.tensor(x[batch])), minidl.tensor(y[batch]))
            loss.backward()
            optimizer.step()
            step += 1
        self.parameters = sum(p.numel() for p in self.model.parameters())

    def predict(self, x):
        with minidl.no_grad():
            return self.model(minidl.tensor(x)).argmax(1).numpy()


class Kernel:
    """scikit-learn의 SVM: 서포트 벡터가 곧 매개변수다 ‖ scikit-learn's SVM: its support vectors are its parameters"""

    def __init__(self, name, setting, x, y, steps=None, seconds=None):
        C, gamma = setting
        self.svm = SVC(C=C, gamma=gamma).fit(x.reshape(len(x), -1), y)
        self.parameters = self.svm.support_vectors_.size + self.svm.dual_coef_.size + self.svm.intercept_.size

    def predict(self, x):
        return self.svm.predict(x.reshape(len(x), -1))


NAMES = ["Linear SVM", "RBF SVM", "MLP", "CNN", "LSTM"]
KIND = {name: Kernel if name == "RBF SVM" else Network for name in NAMES}


def accuracy(model, x, y):
    return float(np.mean(model.predict(x) == y))


# %% tags=["machine", "clock"]
TUNING = budget(2.4, 0.15)  # 선수마다 초 ‖ seconds a contestant
chosen, tuned = {}, {}
for name in NAMES:
    settings = GRID if name == "RBF SVM" else RATES
    start, found = clock(), {}
    for setting in settings:
        if clock() - start > TUNING:
            break
        model = KIND[name](name, setting, x_all[:1000], y_all[:1000], seconds=TUNING / len(settings))
        found[setting] = accuracy(model, x_valid, y_valid)
    chosen[name] = max(found, key=found.get)
    tuned[name] = found
    print(f"{name:11s} {chosen[name]!s:15s} {100 * found[chosen[name]]:.1f}%   ({len(found)}: {clock() - start:.1f} s)")

# %% [markdown] lang="ko"
# ## 3. 자료가 적을 때, 많을 때
#
# 고른 설정으로 이미지 100장, 300장, 1,000장, 3,000장을 배우게 해요. 신경망은 자료를 열두 번 보되 적어도 300번은 갱신해요.
#
# **질문 2.** 100장만 배우면 누가 앞설까요? 3,000장이면요?
#
# **A** 둘 다 CNN이 RBF SVM을 10점 넘게 앞선다 **B** CNN과 RBF SVM은 둘 다 몇 점 차이이고, 3,000장이면 함께 Linear SVM을 5점 넘게 앞선다 **C** 둘 다 LSTM

# %% [markdown] lang="en"
# ## 3. Little data, much data
#
# With the chosen settings, each learns from 100, 300, 1,000 and 3,000 images. Networks see the data twelve times, in at least 300 updates.
#
# **Question 2.** Who leads with 100 images? And with 3,000?
#
# **A** the CNN, both times by more than 10 points over the RBF SVM **B** the CNN and the RBF SVM are a few points apart both times; with 3,000 both are more than 5 points above the Linear SVM **C** the LSTM both times

# %%
commit(2, "")

# %%
SIZES = budget((100, 300, 1000, 3000), (100, 1000))


def updates(n):
    """이미지 32장씩, 열두 번 보기 ‖ 32 images each; the data are seen twelve times"""
    return budget(max(300, 12 * n // 32), 80)


results = {name: [] for name in NAMES}
for name in NAMES:
    for n in SIZES:
        start = clock()
        model = KIND[name](name, chosen[name], x_all[:n], y_all[:n], steps=updates(n))
        trained = clock()
        right = accuracy(model, x_test, y_test)
        tested = clock()
        results[name].append({
            "test": right, "train": accuracy(model, x_all[:n], y_all[:n]), "seconds": trained - start,
            "reading": tested - trained, "parameters": model.parameters,
        })  # fmt: skip
first, last = ({name: 100 * results[name][k]["test"] for name in NAMES} for k in (0, -1))

# %% tags=["figure", "print", "machine"]
LOOK = {
    "Linear SVM": (MUTED, "-"),
    "RBF SVM": (INK, "-"),
    "MLP": (TEAL, (0, (3, 1.2))),
    "CNN": (TEAL, "-"),
    "LSTM": (CRIMSON, (0, (1, 1))),
}


def apart(values, gap):
    """겹치지 않게 벌린 이름표의 높이 ‖ heights of labels, moved apart"""
    order = sorted(values, key=values.get)
    places = np.array([values[name] for name in order], dtype=float)
    for _ in range(200):
        for k in range(1, len(places)):
            if (lack := gap - (places[k] - places[k - 1])) > 0:
                places[k - 1 : k + 1] += -lack / 2, lack / 2
    return dict(zip(order, places))


figure = board(
    "CNN과 오래된 RBF SVM: 100장에서도 3,000장에서도 몇 점 차이 ‖ CNN and the old RBF SVM: a few points apart, from 100 to 3,000",
    6.0,
)
ax = figure.add_axes([0.09, 0.14, 0.61, 0.70])
for name in NAMES:
    color, dash = LOOK[name]
    ax.plot(SIZES, [100 * r["test"] for r in results[name]], color=color, ls=dash, marker="o", ms=8)
ax.set_xscale("log")
ax.minorticks_off()
ax.set(xticks=SIZES, ylim=(50, 100), yticks=[50, 60, 70, 80, 90, 100])
ax.set_xticklabels([f"{n:,}" for n in SIZES])
ax.set_xlabel("학습 이미지 수 ‖ training images")
ax.set_ylabel("시험 정확도 (%) ‖ test accuracy (%)")
for name, y0 in apart(last, 3.8).items():
    ax.text(
        1.04,
        y0,
        f"{name}  {last[name]:.1f}",
        transform=ax.get_yaxis_transform(),
        size=17,
        weight="bold",
        color=LOOK[name][0],
        va="center",
        bbox=CHIP if last[name] == max(last.values()) else None,
    )
show(
    figure,
    "2-data",
    "학습 이미지 수에 따른 다섯 모델의 시험 정확도 ‖ Test accuracy of five models by number of training images",
)
assert all(abs(level["CNN"] - level["RBF SVM"]) < budget(8, 15) for level in (first, last))
assert min(last["CNN"], last["RBF SVM"]) > budget(last["Linear SVM"] + 5, 80) and last["LSTM"] > budget(88, 25)
reveal(2, "B")

# %% [markdown] lang="ko"
# 신경망이 늘 이긴다는 말은 틀렸어요. 1990년대에 나온 RBF SVM은 100장에서도 3,000장에서도 CNN과 몇 점 차이예요. 시험이 1,000장이면 정확도의 표준 오차가 1점쯤이니, **나란히 선 두 모델의 1~2점 차이로 우열을 말하면 안 돼요.** 차이가 벌어지는 것은 자료가 수만 장이 되고 사진이 커질 때예요. 그때 RBF SVM은 느려서 따라오지 못해요(다음 그림).
#
# CNN은 [같은 3×3 창을 모든 자리에서 써요](lesson:conv1). 그래서 왼쪽 위에서 배운 획을 오른쪽 아래에서도 알아봐요. LSTM은 줄을 차례로 기억하는 법까지 배워야 해서 자료가 적을 때 가장 뒤처져요.

# %% [markdown] lang="en"
# That networks always win is not true. The RBF SVM, a child of the 1990s, stays within a few points of the CNN, with 100 images and with 3,000. With 1,000 test images the standard error of an accuracy is about 1 point, so **a gap of 1~2 points between two models side by side decides nothing.** The gap opens with tens of thousands of larger pictures, where the RBF SVM is too slow to follow (next figure).
#
# The CNN uses [the same 3×3 window everywhere](lesson:conv1): a stroke learned at the top left is known at the bottom right. The LSTM must also learn to remember rows in order, so little data are hardest for it.

# %% [markdown] lang="ko"
# ## 4. 강의의 표를 숫자로
#
# **질문 3.** 매개변수(외워 두어야 할 수)가 가장 **많은** 쪽은 누구일까요?
#
# **A** CNN **B** MLP **C** RBF SVM

# %% [markdown] lang="en"
# ## 4. The lecture's table, in figures
#
# **Question 3.** Who has the **most** parameters, numbers that must be kept?
#
# **A** the CNN **B** the MLP **C** the RBF SVM

# %%
commit(3, "")

# %% tags=["figure", "machine"]
figure = board(
    f"같은 이미지 {SIZES[-1]:,}장: 정확도만 보면 놓치는 것들 ‖ The same {SIZES[-1]:,} images: what accuracy alone does not tell",
    5.6,
)
columns = [
    ("시험 정확도 (%) ‖ test accuracy (%)", lambda r: 100 * r["test"], "{:.1f}"),
    ("학습 − 시험 (점) ‖ training − test (points)", lambda r: 100 * (r["train"] - r["test"]), "{:.1f}"),
    ("학습 시간 (초) ‖ training time (s)", lambda r: r["seconds"], "{:.2f}"),
    ("1,000장 읽기 (밀리초) ‖ reading 1,000 (ms)", lambda r: 1000 * r["reading"], "{:.0f}"),
    ("매개변수 ‖ parameters", lambda r: r["parameters"], "{:,.0f}"),
]
for k, name in enumerate(NAMES):
    figure.text(0.025, 0.645 - 0.135 * k, name, size=17, weight="bold", va="center")
for j, (words, value, how) in enumerate(columns):
    left = 0.178 + 0.166 * j
    title, unit = words.rsplit(" (", 1) if "(" in words else (words, "")
    figure.text(left, 0.80, title, size=14.5, color=MUTED, va="center")
    figure.text(left, 0.745, "(" + unit if unit else "", size=14, color=MUTED, va="center")
    values = [value(results[name][-1]) for name in NAMES]
    ax = figure.add_axes([left, 0.645 - 0.135 * 4.5, 0.145, 0.135 * 5])
    ax.axis("off")
    ax.set(xlim=(0, 1), ylim=(4.5, -0.5))
    for k, number in enumerate(values):
        best = number == (max(values) if j == 0 else min(values))
        ax.barh(k + 0.27, max(number, 0) / max(values), height=0.10, color=TEAL)
        ax.text(
            0.03,
            k - 0.03,
            how.format(number).replace("-", "−"),
            size=18,
            va="center",
            weight="bold" if best else "normal",
            bbox=CHIP if best else None,
        )
show(
    figure,
    "3-table",
    "다섯 모델의 정확도, 과적합, 시간, 매개변수 ‖ Accuracy, over-fitting, time and parameters of five models",
)
sizes_of = {name: results[name][-1]["parameters"] for name in NAMES}
assert max(sizes_of, key=sizes_of.get) == "RBF SVM" and sizes_of["CNN"] < sizes_of["MLP"] / 2
reveal(3, "C")

# %% [markdown] lang="ko"
# RBF SVM은 서포트 벡터를 **통째로 들고 다녀요.** 자료가 늘면 모델도 커지고, 새 이미지를 읽을 때마다 그 모두와 견주니 느려요. 신경망의 크기는 자료가 늘어도 그대로예요. 강의가 SVM을 ‘자료가 적을 때’로 권하는 까닭이 여기 있어요.
#
# ‘학습 − 시험’은 외운 것과 이해한 것의 차이, 곧 과적합이에요. 이 값이 크다고 꼭 나쁜 모델은 아니에요. 시험 점수와 함께 봐야 해요.

# %% [markdown] lang="en"
# The RBF SVM **carries its support vectors about.** More data make a larger model, and reading is slow, since every new image is compared with all of them. A network keeps its size. This is why the lecture recommends SVMs for little data.
#
# "Training − test" is what was learned by heart and not understood: over-fitting. A large value alone does not make a bad model; look at the test as well.

# %% [markdown] lang="ko"
# ## 5. 픽셀을 뒤섞으면
#
# 모든 이미지의 픽셀 196개를 **똑같은 규칙으로** 뒤섞어요. 사람 눈에는 잡음이지만 정보는 하나도 없어지지 않아요.
#
# **질문 4.** 뒤섞은 이미지로 처음부터 다시 배우면, 누가 손해를 볼까요?
#
# **A** 모두 **B** CNN과 LSTM만 **C** MLP와 SVM만

# %% [markdown] lang="en"
# ## 5. Shuffled pixels
#
# The 196 pixels of every image are shuffled **by one and the same rule**. To our eyes it is noise, yet no information is lost.
#
# **Question 4.** When all learn anew from shuffled images, who loses?
#
# **A** everyone **B** the CNN and the LSTM only **C** the MLP and the SVMs only

# %%
commit(4, "")

# %%
rule = np.random.default_rng(0).permutation(196)


def shuffled(x):
    return x.reshape(len(x), 196)[:, rule].reshape(x.shape)


plain = {name: 100 * results[name][-2 if not QUICK else -1]["test"] for name in NAMES}  # 1,000장 ‖ 1,000 images
mixed = {}
for name in NAMES:
    model = KIND[name](name, chosen[name], shuffled(x_all[:1000]), y_all[:1000], steps=updates(1000))
    mixed[name] = 100 * accuracy(model, shuffled(x_test), y_test)

# %% tags=["figure", "machine"]
figure = board(
    "픽셀을 뒤섞으면 이웃을 보는 모델만 무너진다 ‖ Shuffle the pixels: only those who look at neighbours suffer", 5.4
)
for k, x in enumerate((x_test[:1], shuffled(x_test[:1]))):
    tile = figure.add_axes([0.03, 0.50 - 0.42 * k, 0.18, 0.18 * 10 / 5.4])
    picture(tile, x[0, 0], vmin=-0.42, vmax=2.6)
    tile.set_title("그대로 ‖ as it is" if k == 0 else "뒤섞음 ‖ shuffled", size=15, color=MUTED, pad=5)
ax = figure.add_axes([0.41, 0.15, 0.55, 0.68])
low = min(mixed.values()) - 4
for k, name in enumerate(NAMES):
    ax.plot([plain[name], mixed[name]], [k, k], color=CRIMSON, lw=3)
    ax.plot(plain[name], k, "o", ms=14, color=TEAL)
    ax.plot(mixed[name], k, "o", ms=14, color=ORANGE, mec=INK, mew=1.6)
    fall = mixed[name] - plain[name]
    ax.text(
        min(plain[name], mixed[name]) - (100 - low) * 0.03,
        k,
        ("+" if fall > 0 else "") + num(fall, 1),
        size=17,
        weight="bold",
        ha="right",
        va="center",
        color=CRIMSON if fall < -4 else MUTED,
    )
ax.set(xlim=(low - (100 - low) * 0.12, 100), ylim=(4.5, -0.5), yticks=range(5))
ax.set_yticklabels(NAMES, size=17, weight="bold", color=INK)
ax.set_xlabel("시험 정확도 (%), 1,000장으로 학습 ‖ test accuracy (%), from 1,000 images")
ax.spines["left"].set_visible(False)
ax.tick_params(axis="y", length=0)
show(figure, "4-shuffled", "그대로 배운 정확도와 뒤섞어 배운 정확도 ‖ Accuracy from plain and from shuffled images")
fall = {name: plain[name] - mixed[name] for name in NAMES}
assert (
    min(fall["CNN"], fall["LSTM"]) > budget(2, -15)
    and fall["CNN"] > fall["MLP"] + budget(2, 0)
    and max(abs(fall["RBF SVM"]), abs(fall["MLP"]), abs(fall["Linear SVM"])) < budget(4, 15)
)
reveal(4, "B")

# %% [markdown] lang="ko"
# SVM과 MLP에게 픽셀의 **자리**는 이름표일 뿐이에요. 이름표를 바꿔 달아도 곱하고 더하는 값은 같아요. RBF SVM은 거리만 보니 정확히 같은 답을 내고, MLP에 작은 차이가 나더라도 그것은 처음 가중치를 다르게 뽑은 것과 같은 우연이에요. CNN은 이웃한 픽셀이 함께 획을 이룬다는 **믿음**을 품고 태어나요. 그 믿음이 맞으면 자료를 아끼고, 틀리면 손해를 봐요. **좋은 모델이란 자료에 맞는 믿음을 품은 모델이에요.**

# %% [markdown] lang="en"
# To SVMs and the MLP a pixel's **place** is but a label: swap the labels, and what is multiplied and added stays the same. The RBF SVM sees distances only and gives exactly the same answers; if the MLP changes a little, that is the same chance as another draw of first weights. A CNN is born with a **belief**: neighbouring pixels make strokes together. If the belief fits, it saves data; if not, it costs. **A good model is one whose belief fits the data.**

# %% [markdown] lang="ko"
# ## 6. 문제가 달라지면: Fashion-MNIST
#
# 옷과 신발 사진 1,000장으로 배우고 500장으로 시험해요(Zalando, MIT 허가). **설정은 숫자에서 고른 그대로**라 모두에게 조금씩 불리해요.
#
# **질문 5.** 숫자에서 옷으로 바꾸면 정확도가 어떻게 될까요?
#
# **A** 모두 떨어진다 **B** CNN만 그대로다 **C** 모두 오른다

# %% [markdown] lang="en"
# ## 6. Another problem: Fashion-MNIST
#
# 1,000 pictures of clothes and shoes to learn from, 500 to test (Zalando, MIT licence). **The settings are those chosen for digits**, a small handicap for everyone.
#
# **Question 5.** From digits to clothes: what becomes of the accuracy?
#
# **A** it falls for all **B** only the CNN keeps it **C** it rises for all

# %%
commit(5, "")

# %%
with np.load(Path("../data/fashion-mnist.npz")) as file:
    x_clothes, y_clothes = halved(file["train_images"]), file["train_labels"].astype(np.int64)
    x_worn, y_worn = halved(file["test_images"]), file["test_labels"].astype(np.int64)
clothes = {}
for name in NAMES:
    model = KIND[name](name, chosen[name], x_clothes, y_clothes, steps=updates(1000))
    clothes[name] = 100 * accuracy(model, x_worn, y_worn)

# %% tags=["figure", "machine"]
figure = board(
    "쉬운 문제의 순위를 어려운 문제로 옮기지 말 것 ‖ Do not carry a ranking from an easy problem to a hard one", 6.8
)
kinds = "티셔츠 바지 스웨터 원피스 코트 샌들 셔츠 운동화 가방 부츠 ‖ T-shirt trousers pullover dress coat sandal shirt sneaker bag boot"
words = kinds.split()
for k in range(10):
    tile = figure.add_axes([0.025 + 0.096 * k, 0.705, 0.086, 0.086 * 10 / 6.8])
    picture(tile, x_clothes[np.flatnonzero(y_clothes == k)[0], 0], vmin=-0.42, vmax=2.8)
    tile.set_title(words[k], size=14, pad=4)
ax = figure.add_axes([0.15, 0.11, 0.80, 0.545])
for k, name in enumerate(NAMES):
    ax.barh(k - 0.2, plain[name], height=0.4, color=PAPER, ec=TEAL, lw=1.8)
    ax.barh(k + 0.2, clothes[name], height=0.4, color=TEAL)
    ax.text(plain[name] - 0.8, k - 0.19, num(plain[name], 1), size=14.5, ha="right", va="center", color=TEAL)
    best = clothes[name] == max(clothes.values())
    ax.text(
        clothes[name] - 0.8,
        k + 0.21,
        num(clothes[name], 1),
        size=14.5,
        ha="right",
        va="center",
        weight="bold",
        color=INK if best else "white",
        bbox=CHIP | {"boxstyle": "round,pad=0.06"} if best else None,
    )
ax.set(xlim=(0, 100), ylim=(4.55, -0.55), yticks=range(5), xticks=[0, 25, 50, 75, 100])
ax.set_yticklabels(NAMES, size=16, weight="bold", color=INK)
ax.tick_params(axis="y", length=0)
ax.set_xlabel(
    "시험 정확도 (%): □ 숫자  ■ 옷, 모두 1,000장으로 학습 ‖ test accuracy (%): □ digits  ■ clothes, from 1,000 images each"
)
show(figure, "5-clothes", "숫자와 옷에서 다섯 모델의 정확도 ‖ Accuracy of five models on digits and on clothes")
strong = ("Linear SVM", "RBF SVM", "MLP", "CNN")
assert (
    all(clothes[name] < plain[name] for name in budget(strong, ("RBF SVM",)))
    and clothes["RBF SVM"] > 70
    and clothes["CNN"] > budget(72, 60)
)
reveal(5, "A")

# %% [markdown] lang="ko"
# 셔츠와 스웨터, 코트는 사람도 헷갈려요. 시험이 500장이라 표준 오차는 1.8점이에요. **3~4점 안에 모인 선수들의 순위는 말할 수 없어요.** 더 말하고 싶으면 자료를 늘려요: `minidl.data.datasets.FashionMNIST(download=True)`에는 60,000장이 있어요.

# %% [markdown] lang="en"
# Shirt, pullover and coat confuse people too. With 500 test images the standard error is 1.8 points: **of contestants within 3~4 points no ranking can be told.** To say more, take more data: `minidl.data.datasets.FashionMNIST(download=True)` has 60,000 images.

# %% [markdown] lang="ko"
# ## 7. 숨은 실수 찾기
#
# 친구가 1절의 SVM을 다시 짰어요. 오류 없이 돌고 손실도 내려가요. 그런데 손실이 **0.5 근처**에서 멈추고 정확도는 동전 던지기예요. **한 줄이 틀렸어요.** 단서는 0.5라는 값이에요.

# %% [markdown] lang="en"
# ## 7. Find the mistake
#
# A friend wrote the SVM of section 1 anew. It runs without an error, and the loss falls. But it stops **near 0.5**, and the accuracy is that of a coin. **One line is wrong.** The clue is the value 0.5.


# %% tags=["mistake"]
def friends_svm(steps=100):
    x = minidl.tensor(x_pair)
    y = minidl.tensor((y_all[pick] == 9).astype(np.float32))
    w = minidl.zeros(196, requires_grad=True)
    b = minidl.zeros(1, requires_grad=True)
    optimizer = minidl.optim.Adam([w, b], lr=0.0005)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        f = x @ w + b
        hinge = (1 - y * f).clamp(min=0).mean()
        hinge.backward()
        optimizer.step()
        losses.append(hinge.item())
    return losses, f.detach().numpy()


losses, f = friends_svm()
share = np.mean((f > 0) == (y_all[pick] == 9))

# %% tags=["figure"]
figure = board("내려가다가 절반에서 멈춘 손실: 절반은 무엇일까? ‖ It falls and stops at one half. Half of what?", 4.6)
ax = figure.add_axes([0.09, 0.17, 0.60, 0.66])
ax.plot(losses, color=INK, ls=(0, (3, 1.5)))
ax.axhline(losses[-1], color=MUTED, lw=1.4, ls=(0, (2, 3)))
ax.set(xlim=(0, 99), ylim=(0, 1.05), xticks=[0, 25, 50, 75], yticks=[0, 0.5, 1])
ax.set_xlabel("걸음 ‖ step")
ax.set_ylabel("힌지 손실 ‖ hinge loss")
figure.text(0.72, 0.60, "마지막 손실 ‖ last loss", size=15, color=MUTED)
figure.text(0.72, 0.51, num(losses[-1], 3), size=26, weight="bold", bbox=CHIP)
figure.text(0.72, 0.34, "맞힌 비율 ‖ share that is right", size=15, color=MUTED)
figure.text(0.72, 0.25, f"{100 * share:.1f}%", size=26, weight="bold")
show(figure, "6-mistake", "절반에서 멈춘 친구의 힌지 손실 ‖ The friend's hinge loss, which stops at one half")

# %% [markdown] lang="ko"
# 힌트: 4 한 장의 손실을 종이에 적어 보세요. $f$를 아무리 바꿔도 그대로인 까닭은요?

# %% [markdown] lang="en"
# A hint: write down the loss of a single 4. Why does it stay the same, whatever $f$ is?

# %% [markdown] lang="ko" tags=["exercise"]
# ## 8. 연습 문제
#
# **연습 1 (종이와 연필).** 점수가 $f=2.5,\;0.4,\;-0.3$이고 정답이 차례로 $y=+1,\;+1,\;-1$이에요. 힌지 손실 셋과 기울기 $\partial L/\partial f$ 셋을 적어요(평균 내지 말고).

# %% [markdown] lang="en" tags=["exercise"]
# ## 8. Exercises
#
# **Exercise 1 (pen and paper).** The scores are $f=2.5,\;0.4,\;-0.3$, the truth $y=+1,\;+1,\;-1$. Write down the three hinge losses and the three gradients $\partial L/\partial f$ (no mean).

# %%
my_losses, my_slopes = None, None

if my_losses is not None:
    f = minidl.tensor([2.5, 0.4, -0.3], requires_grad=True)
    each = (1 - minidl.tensor([1.0, 1.0, -1.0]) * f).clamp(min=0)
    each.sum().backward()
    print(
        "손실 ‖ losses",
        np.allclose(each.detach().numpy(), my_losses),
        " 기울기 ‖ slopes",
        np.allclose(f.grad.numpy(), my_slopes),
    )

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (코드).** 클래스가 열이면 힌지 손실은 ‘정답의 점수가 다른 점수보다 1만큼 높은가’를 물어요: $\frac1{10}\sum_{j\ne y}\max(0,\;1-s_y+s_j)$. 아래 함수를 반복문 없이 채워 `F.multi_margin_loss`와 같은 값을 내 보세요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (code).** With ten classes the hinge asks whether the right class's score is above each other one by 1: $\frac1{10}\sum_{j\ne y}\max(0,\;1-s_y+s_j)$. Fill in the function without a loop, so that it gives what `F.multi_margin_loss` gives.


# %%
def my_hinge(scores, y):  # (N, 10), (N,) -> 수 하나 ‖ (N, 10), (N,) -> one number
    return None


# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** [최대 풀링의 역전파](lesson:pool1.dx)를 써요. 힌지처럼 **이긴 칸만** 기울기를 받아요. `dz`는 `(N, C, P, Q)`, 돌려줄 `dx`는 `x`와 같은 모양이에요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged by `minidl.judge`).** Write [the backward of max pooling](lesson:pool1.dx). As with the hinge, **only the winner** gets a gradient. `dz` is `(N, C, P, Q)`; return `dx` in the shape of `x`.


# %%
@minidl.judge("max_pool2d")
def backward(dz, x, kernel, stride):
    return np.zeros_like(x)  # ← 여기를 채워요 ‖ ← write it here


# %% [markdown] lang="ko"
# ## 성적표

# %% [markdown] lang="en"
# ## Score sheet

# %%
score()

# %% [markdown] lang="ko"
# ## 풀이
#
# <details><summary>숨은 실수</summary>
#
# 정답이 $\pm1$이 아니라 0과 1이에요. $y=0$이면 $\max(0,\,1-0\cdot f)=1$로 늘 1이고 기울기도 0이라, 4에서는 아무것도 배우지 못해요. 9의 손실은 0이 되니 평균은 **4의 비율**에서 멈춰요. 모두 9라고 답하면 그만이에요. `np.where(y_all[pick] == 9, 1, -1)`로 고쳐요.
#
# ```python
# assert abs(losses[-1] - np.mean(y_all[pick] == 4)) < 0.01
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# 손실 $0,\;0.6,\;0.7$. 기울기 $0,\;-1,\;+1$. 첫째는 여유가 넉넉해 조용하고, 셋째는 부호는 맞지만 여유가 0.3이라 아직 밀려요.
# </details>
#
# <details><summary>연습 2</summary>
#
# 정답 자리도 함께 더하면 $\max(0,\,1)=1$이 끼어드니, 그만큼 빼요.
#
# ```python
# def my_hinge(scores, y):
#     right = scores.gather(1, y.reshape(-1, 1))
#     return (((1 - right + scores).clamp(min=0).sum(dim=1) - 1) / 10).mean()
#
#
# scores, y = minidl.tensor(np.random.default_rng(0).normal(size=(5, 10))), minidl.tensor([3, 1, 4, 1, 5])
# assert abs(my_hinge(scores, y).item() - F.multi_margin_loss(scores, y).item()) < 1e-9
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# 창마다 가장 큰 칸을 찾아 그 칸에 `dz`를 **더해요**(창이 겹치면 두 번 이길 수도 있어요).
#
# ```python
# def backward(dz, x, kernel, stride):
#     dx = np.zeros_like(x)
#     for n, c, p, q in np.ndindex(dz.shape):
#         window = x[n, c, p * stride : p * stride + kernel, q * stride : q * stride + kernel]
#         i, j = np.unravel_index(window.argmax(), window.shape)
#         dx[n, c, p * stride + i, q * stride + j] += dz[n, c, p, q]
#     return dx
#
#
# assert minidl.judge("max_pool2d").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# The truth is 0 and 1, not $\pm1$. For $y=0$ the loss is $\max(0,\,1-0\cdot f)=1$ whatever happens, with a gradient of 0: nothing is learned from a 4. The loss of the 9s becomes 0, so the mean stops at **the share of 4s**; to answer 9 always is enough. Mend it with `np.where(y_all[pick] == 9, 1, -1)`.
#
# ```python
# assert abs(losses[-1] - np.mean(y_all[pick] == 4)) < 0.01
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# Losses $0,\;0.6,\;0.7$; gradients $0,\;-1,\;+1$. The first has margin enough and is quiet; the third has the right sign, but a margin of 0.3, and is still pushed.
# </details>
#
# <details><summary>Exercise 2</summary>
#
# Summing over the right class too adds $\max(0,\,1)=1$; take it off.
#
# ```python
# def my_hinge(scores, y):
#     right = scores.gather(1, y.reshape(-1, 1))
#     return (((1 - right + scores).clamp(min=0).sum(dim=1) - 1) / 10).mean()
#
#
# scores, y = minidl.tensor(np.random.default_rng(0).normal(size=(5, 10))), minidl.tensor([3, 1, 4, 1, 5])
# assert abs(my_hinge(scores, y).item() - F.multi_margin_loss(scores, y).item()) < 1e-9
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# Find the largest cell of each window and **add** `dz` to it (overlapping windows may have the same winner).
#
# ```python
# def backward(dz, x, kernel, stride):
#     dx = np.zeros_like(x)
#     for n, c, p, q in np.ndindex(dz.shape):
#         window = x[n, c, p * stride : p * stride + kernel, q * stride : q * stride + kernel]
#         i, j = np.unravel_index(window.argmax(), window.shape)
#         dx[n, c, p * stride + i, q * stride + j] += dz[n, c, p, q]
#     return dx
#
#
# assert minidl.judge("max_pool2d").check(backward)
# ```
# </details>
