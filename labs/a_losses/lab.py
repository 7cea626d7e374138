# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 A. 손실: 얼마나 틀렸는지를 수 하나로
#
# 학습은 손실을 줄이는 일이에요. 그러니 **손실을 무엇으로 재느냐가 무엇을 배우느냐를 정해요.** 강의 5.1절의 다섯 손실(MAE, MSE, RMSE, BCE, CCE)을 값이 아니라 **기울기**(gradient)로 비교해 봐요. 신경망이 받는 것은 손실의 값이 아니라 기울기니까요.
#
# 진행 방법: ① 질문을 읽고 `commit(2, "B")`처럼 답을 **먼저** 적어요. ② 셀을 실행해 그림과 맞춰 봐요. 첫 답만 기록되고, 마지막에 성적표가 나와요.
#
# 색의 뜻은 모든 실습에서 같아요. **청록**은 순전파로 계산한 값, **진홍**은 역전파로 온 기울기, **주황**은 이번에 얻은 결과예요. 속이 찬 막대는 양수, 빈 막대는 음수예요.

# %% [markdown] lang="en"
# # Lab A. Losses: one number for how wrong we are
#
# Learning makes a loss smaller. So **how we measure decides what is learned.** We compare the five losses of the lecture's section 5.1 (MAE, MSE, RMSE, BCE, CCE) not by their values but by their **gradients**: for that is what a network gets to see.
#
# How it goes: ① read the question and write your answer **first**, as in `commit(2, "B")`. ② Run on and hold it against the figure. Only your first answer is recorded; a score sheet comes at the end.
#
# Colours mean the same in all labs. **Teal**: what the forward pass computed. **Crimson**: the gradient that the backward pass brought. **Orange**: the result just obtained. A filled bar is positive, a hollow one negative.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    RULE,
    TEAL,
    board,
    budget,
    commit,
    num,
    picture,
    reveal,
    score,
    show,
)
from minidl import nn
from minidl.data import datasets

F = nn.functional

# %% [markdown] lang="ko"
# ## 1. 정답이 가까워질 때: 누가 속도를 줄이나요?
#
# 정답은 $y=1$이고 예측 $w$는 0에서 출발해요. 학습률은 모두 0.3이에요.
#
# $$\text{MAE}=\frac1N\sum_{i=1}^{N}|\hat y_i-y_i|\qquad \text{MSE}=\frac1N\sum_{i=1}^{N}(\hat y_i-y_i)^2\qquad \text{RMSE}=\sqrt{\text{MSE}}$$
#
# **질문 1.** 표본이 하나뿐일 때 RMSE는 누구와 똑같이 걸을까요?
#
# **A** MAE **B** MSE **C** 누구와도 다르다

# %% [markdown] lang="en"
# ## 1. As the answer comes near: who slows down?
#
# The right answer is $y=1$, the prediction $w$ starts at 0, and the learning rate is 0.3 for all.
#
# $$\text{MAE}=\frac1N\sum_{i=1}^{N}|\hat y_i-y_i|\qquad \text{MSE}=\frac1N\sum_{i=1}^{N}(\hat y_i-y_i)^2\qquad \text{RMSE}=\sqrt{\text{MSE}}$$
#
# **Question 1.** With a single sample, with whom does RMSE walk in step?
#
# **A** MAE **B** MSE **C** with neither

# %%
commit(1, "")


# %%
def walk(loss_of, steps=8, lr=0.3):
    """경사 하강법이 지나간 자리와 그때의 기울기 ‖ where gradient descent stood, and the gradient there"""
    w = minidl.tensor([0.0], dtype=minidl.float64, requires_grad=True)
    y = minidl.tensor([1.0], dtype=minidl.float64)
    places, slopes = [w.item()], []
    for step in range(steps):
        w.grad = None
        loss_of(w, y).backward()
        with minidl.no_grad():
            w -= lr * w.grad
        slopes.append(w.grad.item())
        places.append(w.item())
    return np.array(places), np.array(slopes)


walks = {"MAE": walk(F.l1_loss), "MSE": walk(F.mse_loss), "RMSE": walk(F.rmse_loss)}
assert np.allclose(walks["RMSE"][0], walks["MAE"][0]) and abs(walks["MSE"][0][-1] - 1) < 0.001

# %% tags=["figure"]
figure = board(
    "MAE의 보폭은 끝까지 같고, MSE의 보폭은 오차와 함께 준다 ‖ MAE keeps its stride to the end; MSE’s shrinks with the error",
    6.2,
)
for k, (name, (spots, slopes)) in enumerate(walks.items()):
    ax = figure.add_axes([0.075 + 0.315 * k, 0.115, 0.275, 0.665])
    ax.axvline(1, color=MUTED, lw=1.4, ls=(0, (2, 3)), zorder=0)
    for step, slope in enumerate(slopes):
        ax.annotate(
            "",
            (spots[step + 1], step + 0.86),
            (spots[step], step + 0.14),
            arrowprops=dict(arrowstyle="-|>", color=CRIMSON, lw=2.2, shrinkA=0, shrinkB=0),
        )
        ax.text(1.98, step + 0.5, num(slope), size=15, color=CRIMSON, ha="right", va="center")
    ax.plot(spots[:-1], np.arange(8), "o", ms=9, mfc=PAPER, mec=TEAL, mew=2, zorder=4)
    ax.plot(spots[-1], 8, "o", ms=13, color=ORANGE, mec=INK, mew=1.6, zorder=5)
    ax.set(xlim=(-0.12, 2.0), ylim=(8.5, -0.5), xticks=[0, 1], yticks=range(0, 9, 2))
    ax.set_xlabel("예측 w ‖ prediction w", loc="left")
    if k == 0:
        ax.set_ylabel("걸음 ‖ step")
    figure.text(0.075 + 0.315 * k, 0.815, name, size=20, weight="bold", color=TEAL)
    figure.text(0.35 + 0.315 * k, 0.815, "dw", size=16, color=CRIMSON, ha="right")
show(
    figure,
    "1-walk",
    "세 손실에서 예측이 걸음마다 움직인 자리와 기울기 ‖ Where the prediction stood at each step under three losses, with its gradients",
)
reveal(1, "A")

# %% [markdown] lang="ko"
# 오차를 $e=w-y$라고 하면 규칙은 이래요.
#
# | | 손실 | 기울기 | 소스 |
# |---|---|---|---|
# | MAE | $\lvert e\rvert$ | $\operatorname{sign}(e)$: 크기가 늘 1 | [`AbsoluteError`](../../minidl/ops/loss/regression.py) |
# | MSE | $e^2$ | $2e$: 다가가면 함께 작아짐 | [`SquaredError`](../../minidl/ops/loss/regression.py) |
# | RMSE | $\sqrt{e^2}=\lvert e\rvert$ | 표본이 하나면 MAE와 같음 | [`RootOrZero`](../../minidl/ops/loss/regression.py) |
#
# MSE의 남은 거리는 걸음마다 $1-2\cdot0.3=0.4$배가 돼요. MAE는 0.9와 1.2 사이를 왔다 갔다 해요. 다만 이것은 **학습률이 고정일 때**의 이야기예요. 학습률을 점점 줄이면 MAE도 정답에 멈춰요.
#
# ## 2. RMSE와 MAE의 차이는 무엇을 말해 주나요?
#
# 실제 자료로 봐요. 당뇨병 환자 442명의 체질량지수(BMI)로 1년 뒤의 병 진행 점수를 직선으로 예측해요(scikit-learn의 `diabetes`).
#
# **질문 2.** 같은 예측을 두고 MAE와 RMSE를 재면 어느 쪽이 클까요?
#
# **A** 늘 RMSE ≥ MAE **B** 늘 MAE ≥ RMSE **C** 자료에 따라 다르다

# %% [markdown] lang="en"
# With the error $e=w-y$ the rules are:
#
# | | loss | gradient | source |
# |---|---|---|---|
# | MAE | $\lvert e\rvert$ | $\operatorname{sign}(e)$: its size is always 1 | [`AbsoluteError`](../../minidl/ops/loss/regression.py) |
# | MSE | $e^2$ | $2e$: shrinks as we come near | [`SquaredError`](../../minidl/ops/loss/regression.py) |
# | RMSE | $\sqrt{e^2}=\lvert e\rvert$ | with one sample, that of MAE | [`RootOrZero`](../../minidl/ops/loss/regression.py) |
#
# The distance left under MSE becomes $1-2\cdot0.3=0.4$ times itself at each step. MAE goes to and fro between 0.9 and 1.2. But that is a story about a **fixed learning rate**: let it shrink, and MAE comes to rest too.
#
# ## 2. What does the gap between RMSE and MAE tell?
#
# Real data: from the body-mass index (BMI) of 442 diabetes patients, a line predicts a score of how far the disease went in a year (`diabetes` of scikit-learn).
#
# **Question 2.** MAE and RMSE of the same predictions: which is larger?
#
# **A** always RMSE ≥ MAE **B** always MAE ≥ RMSE **C** it depends on the data

# %%
commit(2, "")

# %%
from sklearn.datasets import load_diabetes

patients = load_diabetes(scaled=False)
bmi = minidl.tensor(patients.data[:, 2:3])
target = minidl.tensor(patients.target[:, None])
x = (bmi - bmi.mean()) / bmi.std()

minidl.manual_seed(0)
line = nn.Linear(1, 1).double()
optimizer = minidl.optim.SGD(line.parameters(), lr=0.2)
for step in range(60):
    optimizer.zero_grad()
    F.mse_loss(line(x), target).backward()
    optimizer.step()

with minidl.no_grad():
    error = (line(x) - target).numpy()[:, 0]
    mae, mse, rmse = (loss(line(x), target).item() for loss in (F.l1_loss, F.mse_loss, F.rmse_loss))
print(f"MAE {mae:.1f}   MSE {mse:,.0f}   RMSE {rmse:.1f}")
assert np.isclose(mae, np.abs(error).mean()) and np.isclose(rmse, np.sqrt((error**2).mean())) and rmse > mae

# %% tags=["figure"]
figure = board(
    "제곱은 큰 오차의 목소리를 키운다: 그래서 RMSE가 더 크다 ‖ Squaring raises the voice of large errors: so RMSE is larger",
    5.8,
)
bins = np.arange(0, 181, 15)
size = np.abs(error)
for row, (values, words, color) in enumerate(
    (
        (np.histogram(size, bins, weights=size)[0] / size.sum(), "MAE를 이루는 몫 ‖ shares of MAE", TEAL),
        (np.histogram(size, bins, weights=size**2)[0] / (size**2).sum(), "MSE를 이루는 몫 ‖ shares of MSE", TEAL),
    )
):
    ax = figure.add_axes([0.03, 0.50 - 0.365 * row, 0.58, 0.28])
    over = bins[:-1] >= 90
    ax.bar(bins[:-1] + 7.5, values, width=13, color=[CRIMSON if o else color for o in over])
    ax.set(xlim=(0, 180), ylim=(0, 0.2), yticks=[], xticks=[0, 30, 60, 90, 120, 150, 180])
    ax.spines["left"].set_visible(False)
    ax.text(178, 0.17, words, size=16, ha="right")
    ax.text(178, 0.115, f"{100 * values[over].sum():.0f}%", size=22, ha="right", weight="bold", color=CRIMSON)
    if row:
        ax.set_xlabel("오차의 크기 (점) ‖ size of the error (points)")
for y, name, value, unit in (
    (0.66, "MAE", num(mae, 1), "점 ‖ points"),
    (0.45, "RMSE", num(rmse, 1), "점 ‖ points"),
    (0.24, "MSE", f"{mse:,.0f}", "점² ‖ points²"),
):
    figure.text(0.655, y, name, size=20, weight="bold")
    figure.text(
        0.875,
        y,
        value,
        size=25,
        weight="bold",
        ha="right",
        bbox=CHIP if name == "RMSE" else None,
        color=MUTED if name == "MSE" else INK,
    )
    figure.text(0.895, y, unit, size=15, color=MUTED)
figure.text(
    0.655,
    0.085,
    f"90점 넘게 틀린 환자: {100 * (size >= 90).mean():.0f}% ‖ off by over 90 points: {100 * (size >= 90).mean():.0f}%",
    size=15,
    color=CRIMSON,
)
show(
    figure, "2-shares", "오차의 크기마다 MAE와 MSE에서 차지하는 몫 ‖ The share of errors of each size in MAE and in MSE"
)
reveal(2, "A")

# %% [markdown] lang="ko"
# 오차의 크기가 모두 같을 때만 RMSE = MAE이고, 들쭉날쭉할수록 차이가 벌어져요. 그래서 **둘의 차이는 오차가 얼마나 고르지 않은지**를 말해 줘요. MSE는 단위가 점²이라 “몇 점 틀렸나”에 답하지 못해요. RMSE는 점으로 답해요.
#
# ## 3. 오타 하나
#
# 체육 시간에 잰 100 m 달리기 기록 일곱 개예요(만든 자료): 14.1, 14.3, 14.4, 14.5, 14.6, 14.8, 15.0초. 그런데 14.5를 입력하다가 **소수점을 빠뜨려 145**가 됐어요. 기록 전체를 수 하나 $c$로 예측할 때 손실이 가장 작은 $c$를 찾아요.
#
# **질문 3.** 이 오타로 MSE가 고르는 $c$는 얼마나 움직일까요?
#
# **A** 움직이지 않는다 **B** 19초쯤 **C** 130초쯤

# %% [markdown] lang="en"
# RMSE = MAE only if all errors have the same size; the more uneven, the wider the gap. So **the gap tells how uneven the errors are.** The unit of MSE is points², so it cannot say by how many points we are wrong. RMSE can.
#
# ## 3. One slip of the keyboard
#
# Seven times over 100 m from a sports lesson (made data): 14.1, 14.3, 14.4, 14.5, 14.6, 14.8, 15.0 seconds. Somebody who typed 14.5 **forgot the point: 145**. We predict all of them by one number $c$, that with the least loss.
#
# **Question 3.** How far does this slip move the $c$ that MSE picks?
#
# **A** not at all **B** about 19 seconds **C** about 130 seconds

# %%
commit(3, "")

# %%
clean = minidl.tensor([14.1, 14.3, 14.4, 14.5, 14.6, 14.8, 15.0], dtype=minidl.float64)
typed = minidl.tensor([14.1, 14.3, 14.4, 145.0, 14.6, 14.8, 15.0], dtype=minidl.float64)


def best(loss_of, times, steps=1500):
    """손실이 가장 작은 수 하나, 경사 하강법으로 ‖ the one number with the least loss, by gradient descent"""
    c = minidl.tensor(14.0, dtype=minidl.float64, requires_grad=True)
    for step in range(steps):
        c.grad = None
        loss_of(c.expand(7), times).backward()
        with minidl.no_grad():
            c -= 0.2 * 0.995**step * c.grad  # 점점 작아지는 학습률 ‖ a learning rate that shrinks
    return c.item()


found = {name: (best(loss, clean), best(loss, typed)) for name, loss in (("MAE", F.l1_loss), ("MSE", F.mse_loss))}
print({name: [round(c, 2) for c in pair] for name, pair in found.items()})
assert np.allclose(found["MAE"], [14.5, 14.6], atol=0.05)  # 중앙값 ‖ the median
assert np.allclose(found["MSE"], [clean.mean().item(), typed.mean().item()], atol=0.01)  # 평균 ‖ the mean

# %% tags=["figure", "print"]
figure = board(
    "오타 하나가 평균을 19초 끌고 간다. 중앙값은 버틴다 ‖ One slip drags the mean by 19 seconds; the median holds", 5.8
)
for row, (name, of) in enumerate((("MAE", "중앙값 ‖ median"), ("MSE", "평균 ‖ mean"))):
    before, after = found[name]
    y0 = 0.50 - 0.375 * row
    ax = figure.add_axes([0.20, y0, 0.77, 0.20])
    ax.plot(typed.numpy(), np.zeros(7), "o", ms=13, mfc="none", mec=TEAL, mew=2.2, clip_on=False)
    ax.plot(after, 0, "o", ms=15, color=ORANGE, mec=INK, mew=1.6, zorder=5)
    if after - before > 1:
        ax.annotate(
            "",
            (after - 1.6, 0.62),
            (before, 0.62),
            arrowprops=dict(arrowstyle="-|>", color=CRIMSON, lw=3, shrinkA=0, shrinkB=0),
        )
    ax.text(
        after + (2.6 if row == 0 else 3.5),
        0.62,
        f"{before:.1f} → {after:.1f}",
        size=22,
        weight="bold",
        va="center",
        bbox=CHIP,
    )
    ax.text(145, 0.62, "145", size=16, ha="center", va="center", color=MUTED)
    ax.set(xlim=(8, 152), ylim=(-0.4, 1), yticks=[], xticks=[15, 45, 75, 105, 135])
    ax.spines["left"].set_visible(False)
    if row:
        ax.set_xlabel("기록 (초) ‖ time (seconds)")
    figure.text(0.03, y0 + 0.115, name, size=22, weight="bold", color=TEAL)
    figure.text(0.03, y0 + 0.035, of, size=16, color=MUTED)
    pull = np.sign(14.5 - typed.numpy()) / 7 if name == "MAE" else 2 * (14.5 - typed.numpy()) / 7
    figure.text(
        0.97,
        y0 + 0.235,
        f"c = 14.5에서 145가 보낸 기울기 {num(pull[3], 2)} ‖ the gradient that 145 sends at c = 14.5: {num(pull[3], 2)}",
        size=16,
        color=CRIMSON,
        ha="right",
    )
show(
    figure,
    "3-slip",
    "기록 일곱 개와 오타, MAE와 MSE가 고른 수 ‖ Seven times with a slip, and the numbers that MAE and MSE pick",
)
reveal(3, "B")

# %% [markdown] lang="ko"
# MAE에서는 기록마다 **한 표**씩이라 145도 한 표(−1/7)만 던져요. MSE에서는 **오차만큼의 힘**으로 끌어요: 130.5 ÷ 7 = 18.6초. 어느 쪽이 옳은가는 그 값이 실수인지, 정말 일어난 일인지에 달렸어요.
#
# ## 4. 확률의 벌금: 놀란 만큼 내기
#
# 분류에서는 정답에 준 확률 $p$로 벌금을 매겨요: $-\log p$. 1을 주었으면 0이고, 덜 주었을수록 커져요.
#
# **질문 4.** $p$가 1/2에서 1/4로 반이 되면 벌금이 0.69만큼 올라요. 1/64에서 1/128로 반이 되면?
#
# **A** 똑같이 0.69 **B** 0.69보다 훨씬 많이 **C** 0.69보다 훨씬 적게

# %% [markdown] lang="en"
# Under MAE each time has **one vote**, and so has 145 (−1/7). Under MSE it pulls **with the force of its error**: 130.5 ÷ 7 = 18.6 seconds. Which is right depends on whether that value is a slip, or really happened.
#
# ## 4. The price of a probability: pay for your surprise
#
# In classification the price depends on the probability $p$ that the right class was given: $-\log p$. Nothing if it was 1, and the more the less it was.
#
# **Question 4.** When $p$ halves from 1/2 to 1/4, the price rises by 0.69. And when it halves from 1/64 to 1/128?
#
# **A** by 0.69 as well **B** by much more **C** by much less

# %%
commit(4, "")


# %%
def sample(train, count):
    """표본 MNIST의 앞쪽 숫자들 ‖ the first digits of the bundled MNIST"""
    digits = datasets.MNIST(train=train, sample=True)
    pixels = digits.data[:count].numpy().astype(np.float32) / 255
    return minidl.tensor(pixels.reshape(count, 784)), digits.targets[:count]


images, labels = sample(True, 2000)
test_images, test_labels = sample(False, 1000)


def train(loss_of, steps):
    """한 층짜리 신경망과 걸음마다의 손실 ‖ a network of one layer, and its loss at each step"""
    minidl.manual_seed(0)
    model, history = nn.Linear(784, 10), []
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.5)
    for step in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model(images), labels)
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return model, history


reader, fall = train(F.cross_entropy, steps=budget(60, 40))
with minidl.no_grad():
    probability = F.softmax(reader(test_images), dim=1).numpy()
right = test_labels.numpy()
given = probability[np.arange(len(right)), right]  # 정답에 준 확률 ‖ what the right class was given
assert np.isclose(-np.log(given).mean(), F.cross_entropy(reader(test_images), test_labels).item(), atol=1e-4)
assert (probability.argmax(axis=1) == right).mean() > budget(0.82, 0.78)
print(
    "정확도 ‖ accuracy", f"{(probability.argmax(axis=1) == right).mean():.3f}", " CCE", f"{-np.log(given).mean():.3f}"
)

# %% tags=["figure"]
figure = board(
    "확률이 반이 될 때마다 벌금은 똑같이 0.69씩 오른다 ‖ Each time the probability halves, the price rises by the same 0.69",
    6.0,
)
ax = figure.add_axes([0.09, 0.46, 0.88, 0.375])
halves = 2.0 ** -np.arange(8)
ax.bar(np.arange(8), -np.log(halves), width=0.62, color=TEAL)
for k, value in enumerate(-np.log(halves)):
    ax.text(k, value + 0.12, num(value), size=16, weight="bold", ha="center")
ax.set(xlim=(-0.5, 7.5), ylim=(0, 5.6), yticks=[])
ax.set_xticks(range(8), ["1", "1/2", "1/4", "1/8", "1/16", "1/32", "1/64", "1/128"], size=16)
ax.spines["left"].set_visible(False)
ax.set_ylabel("−log p")
ax.set_xlabel("정답에 준 확률 p ‖ probability p of the right class")
for k, level in enumerate((0.99, 0.5, 0.25, 0.125, 0.06, 0.015)):
    one = int(np.abs(np.log(given) - np.log(level)).argmin())
    picture(figure.add_axes([0.075 + 0.155 * k, 0.125, 0.10, 0.10 * 10 / 6]), test_images.numpy()[one].reshape(28, 28))
    figure.text(0.125 + 0.155 * k, 0.075, f"p({right[one]}) = {given[one]:.2f}", size=15, ha="center", color=TEAL)
    figure.text(0.125 + 0.155 * k, 0.025, num(-np.log(given[one])), size=17, ha="center", weight="bold")
show(
    figure,
    "4-surprise",
    "확률이 반이 될 때마다의 벌금과, 벌금이 다른 숫자 여섯 장 ‖ The price at each halving, and six digits with different prices",
)
reveal(4, "A")

# %% [markdown] lang="ko"
# 로그는 곱을 합으로 바꿔요: $-\log\frac p2=-\log p+\log 2$. 그래서 손실 0.69는 “두 배 놀랐다”는 뜻이에요. CCE는 이 벌금의 평균이에요. 아래 숫자들은 방금 가르친 한 층짜리 신경망이 정답에 준 확률이에요.
#
# $$\text{CCE}=-\frac1N\sum_{i=1}^{N}\sum_{j=1}^{C} y_{ij}\log\hat y_{ij}$$
#
# $y$가 one-hot이면 안쪽 합에는 정답의 항 하나만 남아요.
#
# ## 5. 확신하며 틀렸을 때: 누가 깨우나요?
#
# 시그모이드 $p=\sigma(x)$로 예·아니요를 답해요. 정답은 1인데 점수가 $x=-6$, 곧 $p=0.0025$라고 **자신 있게 틀렸어요.** 학습률 0.5로 100걸음을 걸어요.
#
# $$\text{BCE}=-\left[y\log p+(1-y)\log(1-p)\right]$$
#
# **질문 5.** 100걸음 뒤, MSE로 배우면 $p$는 얼마가 될까요? (BCE로 배우면 0.98까지 가요.)
#
# **A** 0.98쯤 **B** 0.5쯤 **C** 아직 0.01도 안 된다

# %% [markdown] lang="en"
# A logarithm makes products into sums: $-\log\frac p2=-\log p+\log 2$. So a loss of 0.69 means “twice as surprised”. CCE is the mean of these prices. The digits below show what the network of one layer, trained just now, gave to the right class.
#
# $$\text{CCE}=-\frac1N\sum_{i=1}^{N}\sum_{j=1}^{C} y_{ij}\log\hat y_{ij}$$
#
# If $y$ is one-hot, only the term of the right class is left of the inner sum.
#
# ## 5. Wrong, and sure of it: who wakes us up?
#
# A sigmoid $p=\sigma(x)$ answers yes or no. The right answer is 1, yet the score is $x=-6$, that is $p=0.0025$: **wrong, and sure of it.** We take 100 steps with a learning rate of 0.5.
#
# $$\text{BCE}=-\left[y\log p+(1-y)\log(1-p)\right]$$
#
# **Question 5.** What is $p$ after 100 steps of learning by MSE? (By BCE it reaches 0.98.)
#
# **A** about 0.98 **B** about 0.5 **C** still less than 0.01

# %%
commit(5, "")


# %%
def wake(loss_of, steps=100, lr=0.5):
    """걸음마다의 확률, 그리고 첫 기울기 dp와 dx ‖ the probability at each step, and the first gradients dp and dx"""
    x = minidl.tensor(-6.0, dtype=minidl.float64, requires_grad=True)
    y = minidl.tensor(1.0, dtype=minidl.float64)
    path, first = [], None
    for step in range(steps + 1):
        x.grad = None
        p = x.sigmoid()
        p.retain_grad()
        loss_of(p, y).backward()
        path.append(p.item())
        first = first or (p.grad.item(), x.grad.item())
        with minidl.no_grad():
            x -= lr * x.grad
    return np.array(path), *first


woken = {"BCE": wake(F.binary_cross_entropy), "MSE": wake(F.mse_loss)}
slope = woken["BCE"][0][0] * (1 - woken["BCE"][0][0])  # ∂p/∂x = p (1 - p)
assert woken["MSE"][0][-1] < 0.01 and 0.97 < woken["BCE"][0][-1] < 0.99
assert all(np.isclose(dp * slope, dx) for _, dp, dx in woken.values())

# %% tags=["figure"]
figure = board(
    "시그모이드가 잠재운 기울기를 BCE는 그만큼 키워 보낸다 ‖ What the sigmoid puts to sleep, BCE makes up for", 6.2
)
ax = figure.add_axes([0.085, 0.47, 0.66, 0.36])
for name, (path, _, _) in woken.items():
    ax.plot(path, color=TEAL, ls="-" if name == "BCE" else (0, (3, 1.5)))
    ax.plot(100, path[-1], "o", ms=12, color=ORANGE, mec=INK, mew=1.6, clip_on=False, zorder=5)
    figure.text(
        0.77,
        0.47 + 0.36 * (path[-1] + 0.03) / 1.08,
        f"{name}  p = {path[-1]:.3f}",
        size=18,
        weight="bold",
        color=TEAL,
        va="center",
    )
ax.set(xlim=(0, 100), ylim=(-0.03, 1.05), xticks=[0, 50, 100], yticks=[0, 0.5, 1])
ax.set_xlabel("걸음 ‖ step", labelpad=0)
ax.set_ylabel("p")
columns = (0.30, 0.575, 0.85)
for x0, words, what, color in zip(
    columns,
    (r"$\frac{\partial L}{\partial x}$", r"$\frac{\partial L}{\partial p}$", r"$\frac{\partial p}{\partial x}$"),
    ("넘겨줄 기울기 ‖ handed on", "도착한 기울기 ‖ arrived", "시그모이드의 미분 ‖ the sigmoid’s own"),
    (INK, CRIMSON, TEAL),
):
    figure.text(x0, 0.30, words, size=32, color=color, ha="center", va="center")
    figure.text(x0, 0.025, what, size=15, color=MUTED, ha="center")
for y0, (name, (_, dp, dx)) in zip((0.205, 0.11), woken.items()):
    figure.text(0.03, y0, name, size=20, weight="bold", va="center")
    figure.text(columns[0], y0, num(dx, 5), size=21, weight="bold", ha="center", va="center", bbox=CHIP)
    figure.text(
        columns[1],
        y0,
        num(dp, 1 if name == "BCE" else 3),
        size=21,
        weight="bold",
        ha="center",
        va="center",
        color=CRIMSON,
    )
    figure.text(columns[2], y0, num(slope, 6), size=21, weight="bold", ha="center", va="center", color=TEAL)
    figure.text(0.4375, y0, "=", size=22, ha="center", va="center")
    figure.text(0.7125, y0, "×", size=22, ha="center", va="center")
show(
    figure,
    "5-asleep",
    "BCE와 MSE로 배울 때의 확률과, 첫걸음의 연쇄 법칙 ‖ The probability under BCE and MSE, and the chain rule of the first step",
)
reveal(5, "C")

# %% [markdown] lang="ko"
# 연쇄 법칙으로 보면 분명해요. 시그모이드의 미분 $p(1-p)=0.002467$이 두 손실 모두에 곱해져요. MSE가 보낸 기울기는 기껏해야 2라서 거의 사라지고, BCE가 보낸 $-\frac1p=-404.4$는 그 작은 수를 **정확히 되갚아** $p-1$이 돼요. 그래서 분류에는 교차 엔트로피를 써요.
#
# ## 6. 소프트맥스와 CCE: 예측 빼기 정답
#
# 점수 열 개를 소프트맥스로 확률 $p$로 바꾸고 CCE를 재면, 점수의 기울기는 놀랄 만큼 간단해요: $\frac{\partial L}{\partial x}=p-\text{onehot}$.
#
# **질문 6.** 점수 열 개의 기울기를 모두 더하면?
#
# **A** 0 **B** 1 **C** 손실과 같다

# %% [markdown] lang="en"
# The chain rule makes it plain. The sigmoid's derivative $p(1-p)=0.002467$ multiplies both. The gradient that MSE sends is at most 2, and all but vanishes; BCE sends $-\frac1p=-404.4$, which **pays that small number back exactly**: $p-1$ is left. So classification takes cross-entropy.
#
# ## 6. Softmax and CCE: predicted minus right
#
# Ten scores become probabilities $p$ by softmax, then CCE measures. The gradient of the scores is surprisingly simple: $\frac{\partial L}{\partial x}=p-\text{onehot}$.
#
# **Question 6.** What is the sum of the ten scores' gradients?
#
# **A** 0 **B** 1 **C** the loss

# %%
commit(6, "")

# %%
missed = np.flatnonzero(probability.argmax(axis=1) != right)
which = int(
    missed[np.abs(given[missed] - 0.3).argmin()]
)  # 틀렸지만 정답에도 0.3쯤 준 숫자 ‖ misread, with some 0.3 for the right class
with minidl.no_grad():
    scores = reader(test_images[which : which + 1]).double()
scores.requires_grad_()
loss = F.cross_entropy(scores, test_labels[which : which + 1])
loss.backward()
p, dx = probability[which], scores.grad.numpy()[0]

nudged = np.zeros(10)  # 점수를 조금 움직여 본 수치 미분 ‖ central differences: nudge each score
for k in range(10):
    up, down = scores.detach().numpy().copy(), scores.detach().numpy().copy()
    up[0, k] += 1e-5
    down[0, k] -= 1e-5
    nudged[k] = (
        F.cross_entropy(minidl.tensor(up), test_labels[which : which + 1])
        - F.cross_entropy(minidl.tensor(down), test_labels[which : which + 1])
    ).item() / 2e-5
assert np.allclose(dx, nudged, atol=1e-8) and abs(dx.sum()) < 1e-12

# %% tags=["figure"]
figure = board(
    "점수의 기울기는 예측에서 정답을 뺀 것이다 ‖ A score’s gradient is what was predicted minus what was right", 6.4
)
picture(figure.add_axes([0.03, 0.46, 0.20, 0.20 * 10 / 6.4]), test_images.numpy()[which].reshape(28, 28))
figure.text(
    0.03,
    0.375,
    f"정답 {right[which]}, 대답 {p.argmax()} ‖ is {right[which]}, read {p.argmax()}",
    size=18,
    weight="bold",
)
figure.text(0.03, 0.30, f"L = −log {p[right[which]]:.3f} = {loss.item():.3f}", size=17, color=TEAL)
for k in range(10):
    y = 0.815 - 0.0705 * (k + 0.5)
    if k == right[which]:
        figure.add_artist(plt.Rectangle((0.285, y - 0.035), 0.70, 0.070, fc=RULE, alpha=0.55, ec="none", zorder=0))
    figure.text(0.31, y, str(k), size=18, va="center", weight="bold" if k == right[which] else "normal")
    figure.text(0.42, y, num(p[k], 3), size=18, va="center", ha="right", color=TEAL)
    figure.text(0.465, y, "−", size=17, va="center", ha="center", color=MUTED)
    figure.text(
        0.505,
        y,
        str(int(k == right[which])),
        size=18,
        va="center",
        ha="center",
        weight="bold" if k == right[which] else "normal",
    )
    figure.text(0.545, y, "=", size=17, va="center", ha="center", color=MUTED)
    figure.text(0.66, y, num(dx[k], 3), size=18, va="center", ha="right", color=CRIMSON, weight="bold")
    figure.add_artist(
        plt.Rectangle((0.77, y - 0.020), 0.10 * dx[k], 0.040, fc=CRIMSON if dx[k] > 0 else PAPER, ec=CRIMSON, lw=2)
    )
    figure.text(0.975, y, num(nudged[k], 3), size=16, va="center", ha="right", color=MUTED)
figure.add_artist(plt.Line2D([0.77, 0.77], [0.11, 0.815], color=INK, lw=1.6))
for x0, words, color, where in (
    (0.42, "p", TEAL, "right"),
    (0.505, "onehot", MUTED, "center"),
    (0.66, "dx", CRIMSON, "right"),
    (0.975, "수치 미분 ‖ nudged", MUTED, "right"),
):
    figure.text(x0, 0.835, words, size=16, color=color, ha=where, weight="bold")
figure.text(0.545, 0.065, "Σ", size=19, va="center", ha="center", color=MUTED)
figure.text(0.66, 0.065, num(abs(dx.sum()), 3), size=19, weight="bold", va="center", ha="right", bbox=CHIP)
show(
    figure,
    "6-softmax",
    "틀린 숫자 한 장의 확률, 정답, 기울기, 수치 미분 ‖ Probabilities, right class, gradients and central differences of a misread digit",
)
reveal(6, "A")

# %% [markdown] lang="ko"
# 확률의 합도 1, onehot의 합도 1이니 차이의 합은 0이에요. 정답의 점수는 올리고(빈 막대), 나머지는 **믿었던 만큼** 내려요. 수업 화면의 [이 화면](lesson:softmax1.dx)에서 칸마다 따라가 볼 수 있어요. (`python -m labs lesson`이 페이지를 만들어요.)
#
# ## 7. 식 하나를 함께 고치기
#
# 강의 자료의 CCE는 이렇게 적혀 있어요.
#
# $$-\frac1N\sum_i\sum_j\; y_j\log\hat y_j+(1-y_j)\log(1-\hat y_j)$$
#
# 바로 위의 BCE와 닮아서 손이 미끄러지기 쉬워요. BCE는 클래스가 둘인데 확률을 하나만 적으니, $(1-y)\log(1-p)$가 **다른 클래스의 항**이에요. CCE의 $\sum_j$는 이미 모든 클래스를 돌아요. 그러니 그 항은 없어야 해요.
#
# **질문 7.** 클래스가 둘일 때, 자료의 식은 바른 CCE의 몇 배일까요?
#
# **A** 1배 **B** 꼭 2배 **C** 확률에 따라 다르다

# %% [markdown] lang="en"
# The probabilities sum to 1, onehot sums to 1, so the differences sum to 0. The right score is raised (hollow bar), the others are lowered **by as much as they were believed**. On the lesson page you can follow it cell by cell, on [this screen](lesson:softmax1.dx). (`python -m labs lesson` writes the page.)
#
# ## 7. Let us mend a formula together
#
# The lecture's slide gives CCE as
#
# $$-\frac1N\sum_i\sum_j\; y_j\log\hat y_j+(1-y_j)\log(1-\hat y_j)$$
#
# It looks so much like the BCE above that the hand slips easily. BCE has two classes but writes down one probability: there $(1-y)\log(1-p)$ is **the other class's term**. The $\sum_j$ of CCE visits all classes already; the term must go.
#
# **Question 7.** With two classes, how many times the right CCE does the slide's formula give?
#
# **A** once: the same **B** exactly twice **C** it depends on the probabilities

# %%
commit(7, "")

# %%
cases = [
    ([0.30, 0.70], 0),
    ([0.60, 0.40, 0.00, 0.00], 0),
    ([0.60, 0.14, 0.13, 0.13], 0),
]  # 확률과 정답 ‖ probabilities, right class
prices = []
for values, index in cases:
    q = minidl.tensor(values, dtype=minidl.float64)
    onehot = F.one_hot(minidl.tensor(index), len(values)).double()
    cce = F.nll_loss(q.log()[None], minidl.tensor([index])).item()
    printed = F.binary_cross_entropy(
        q, onehot, reduction="sum"
    ).item()  # 자료의 식 그대로 ‖ the slide's formula as printed
    prices.append((cce, printed))
assert (
    np.isclose(prices[0][1], 2 * prices[0][0])
    and np.isclose(prices[1][0], prices[2][0])
    and prices[1][1] > prices[2][1] + 0.05
)

# %% tags=["figure"]
figure = board(
    "항 하나가 더 붙으면 손실은 다른 것을 잰다 ‖ With one term too many, the loss measures something else", 5.0
)
ax = figure.add_axes([0.40, 0.05, 0.57, 0.70])
for k, ((values, index), (cce, printed)) in enumerate(zip(cases, prices)):
    ax.barh(k, cce, height=0.52, color=TEAL)
    ax.barh(k, printed - cce, left=cce, height=0.52, color=PAPER, ec=TEAL, lw=2)
    ax.text(cce / 2, k, num(cce, 3), size=18, weight="bold", color="white", ha="center", va="center")
    ax.text((cce + printed) / 2, k, num(printed - cce, 3), size=18, color=TEAL, ha="center", va="center")
    ax.text(printed + 0.05, k, num(printed, 3), size=18, weight="bold", va="center", bbox=CHIP)
    for j, value in enumerate(values):
        figure.text(
            0.065 + 0.085 * j,
            0.05 + 0.70 * (2.6 - k) / 3.2,
            f"{value:.2f}",
            size=17,
            ha="center",
            va="center",
            weight="bold" if j == index else "normal",
            bbox=dict(boxstyle="round,pad=0.2", fc="#dbe7ea" if j == index else PAPER, ec="none"),
        )
ax.set(xlim=(0, 3.0), ylim=(2.6, -0.6), xticks=[], yticks=[])
ax.spines["bottom"].set_visible(False)
figure.text(0.025, 0.79, "확률 (정답에 색) ‖ probabilities, the right tinted", size=15, color=MUTED)
figure.text(0.40, 0.79, "■ 바른 CCE ‖ ■ the right CCE", size=15, color=TEAL, weight="bold")
figure.text(0.62, 0.79, "□ 자료의 식이 더한 몫 ‖ □ what the slide’s formula adds", size=15, color=TEAL)
show(figure, "7-formula", "세 예측에서 바른 CCE와 더해진 몫 ‖ The right CCE and what is added, for three predictions")
reveal(7, "B")

# %% [markdown] lang="ko"
# 아래 두 줄은 정답에 똑같이 0.60을 주었으니 CCE도 같아야 해요. 그런데 자료의 식은 **오답끼리 어떻게 나눴는지**에 따라 달라져요. 그 식이 쓸모없는 것은 아니에요. 한 사진에 고양이도 개도 있을 수 있는 문제(정답이 여럿)에서 출력마다 시그모이드를 붙이고 쓰는 손실이 바로 그 식이에요.
#
# 덧붙여 합은 $i=0$이 아니라 $i=1$부터예요(0부터면 항이 $N+1$개예요). 또 교차 엔트로피는 one-hot이 아닌 정답에도 쓸 수 있어요(`label_smoothing`).
#
# ## 8. 숨은 실수 찾기
#
# 친구의 코드는 오류 없이 돌고, 손실이 내려가고, 정확도도 올라가요. 그런데 손실이 **1.46 아래로는 절대 내려가지 않아요.** 한 줄이 틀렸어요.

# %% [markdown] lang="en"
# The last two rows both give 0.60 to the right class, so CCE must be the same. The slide's formula depends on **how the wrong classes share the rest**. It is not useless: for problems with several right answers (a cat and a dog in one photo), with a sigmoid on every output, it is the very loss to take.
#
# Two small things: the sums start at $i=1$, not at $i=0$ (from 0 there would be $N+1$ terms), and cross-entropy takes truths that are not one-hot as well (`label_smoothing`).
#
# ## 8. Find the mistake
#
# A friend's program runs without an error, its loss falls, its accuracy rises. Yet the loss **never comes below 1.46.** One line is wrong.


# %% tags=["mistake"]
def friends_loss(x, labels):
    p = F.softmax(x, dim=1)
    return F.cross_entropy(p, labels)


friend, stuck = train(friends_loss, steps=budget(60, 40))
floor = np.log(1 + 9 / np.e)

# %% tags=["figure"]
figure = board("내려가기는 한다. 그런데 바닥이 있다 ‖ It falls, but there is a floor", 4.8)
ax = figure.add_axes([0.085, 0.165, 0.66, 0.65])
ax.plot(fall, color=TEAL)
ax.plot(stuck, color=INK, ls=(0, (3, 1.5)))
ax.axhline(floor, color=CRIMSON, lw=1.8, ls=(0, (2, 3)))
ax.set(xlim=(0, len(fall) - 1), ylim=(0, 2.5), yticks=[0, 1, 2])
ax.set_xlabel("걸음 ‖ step")
ax.set_ylabel("손실 ‖ loss")
figure.text(
    0.76,
    0.165 + 0.65 * stuck[-1] / 2.5,
    f"친구 {stuck[-1]:.2f} ‖ friend {stuck[-1]:.2f}",
    size=18,
    weight="bold",
    va="center",
)
figure.text(0.76, 0.165 + 0.65 * floor / 2.5, "1.46", size=18, color=CRIMSON, va="center")
figure.text(
    0.76,
    0.165 + 0.65 * fall[-1] / 2.5,
    f"4절 {fall[-1]:.2f} ‖ section 4: {fall[-1]:.2f}",
    size=18,
    weight="bold",
    color=TEAL,
    va="center",
)
show(figure, "8-floor", "친구의 손실과 4절의 손실 곡선 ‖ The loss curves of the friend and of section 4")

# %% [markdown] lang="ko"
# 찾아서 고치고 위의 두 셀을 다시 실행해 보세요. 두 곡선이 겹치면 성공이에요. 힌트: `F.cross_entropy`가 받는 것은 무엇일까요? 그리고 $1.46=\log(1+9/e)$예요.
#
# ## 9. 연습 문제

# %% [markdown] lang="en"
# Find it, mend it and run the two cells again: when the curves coincide, you have it. A hint: what does `F.cross_entropy` take? And $1.46=\log(1+9/e)$.
#
# ## 9. Exercises

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 1 (종이와 연필).** 클래스가 셋이고 $p=(0.1,\,0.7,\,0.2)$, 정답은 셋째예요. 손실과 점수 세 개의 기울기를 손으로 구해 아래에 적어요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 1 (pen and paper).** Three classes, $p=(0.1,\,0.7,\,0.2)$, the third is right. Work out the loss and the gradients of the three scores by hand, and write them below.

# %%
my_loss, my_dx = None, (None, None, None)

if my_loss is not None:
    x = minidl.tensor([[0.1, 0.7, 0.2]], dtype=minidl.float64).log().requires_grad_()
    z = F.cross_entropy(x, minidl.tensor([2]))
    z.backward()
    print(abs(z.item() - my_loss) < 0.01, np.allclose(x.grad.numpy()[0], my_dx, atol=0.01))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (넘침).** 아래 함수는 점수가 $x=-800$이면 `inf`를 내요. $e^{800}$이 넘치기 때문이에요. $\log(1+e^{-x})=\max(-x,0)+\log(1+e^{-|x|})$임을 확인하고, 이 식으로 고쳐 보세요. 바른 답은 800이에요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (overflow).** For a score of $x=-800$ the function below gives `inf`, as $e^{800}$ overflows. Convince yourself that $\log(1+e^{-x})=\max(-x,0)+\log(1+e^{-|x|})$, and mend it with that. The right answer is 800.


# %%
def price(x):
    """정답이 1일 때 점수 x의 BCE ‖ BCE of a score x when the right answer is 1"""
    with np.errstate(over="ignore"):
        return np.log(1 + np.exp(-x))


print(price(np.array([3.0, -800.0])))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** 소프트맥스와 교차 엔트로피의 역전파를 써요. `x`는 $(N, C)$, `t`는 정답의 번호 $(N,)$, `dz`는 도착한 기울기(수 하나)예요. 손실은 $N$개의 평균이에요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (marked by `minidl.judge`).** Write the backward of softmax and cross-entropy. `x` is $(N, C)$, `t` the numbers of the right classes $(N,)$, `dz` the gradient that arrives (one number). The loss is the mean of $N$.


# %%
@minidl.judge("cross_entropy")
def backward(dz, x, t):
    dx = np.zeros_like(x)  # ← 이 줄을 고쳐요 ‖ ← mend this line
    return dx


# %% [markdown] lang="ko"
# ## 성적표

# %% [markdown] lang="en"
# ## Score sheet

# %% tags=["setup"]
score()

# %% [markdown] lang="ko"
# ## 정직하게
#
# - 1절과 5절은 수 하나를 움직이는 장난감이에요. 그래서 손으로 검산할 수 있어요.
# - 4절의 신경망은 숫자 2,000장, 한 층, 씨앗 0으로 배웠고 시험 정확도는 83% 안팎이에요. 잘 읽는 신경망이 아니라 **놀라는 일이 많은** 신경망이 필요했어요.
# - MSE로도 분류를 배울 수는 있어요. 5절은 **자신 있게 틀린 곳에서 출발할 때** 얼마나 느린지를 보여 줘요.
#
# ## 풀이
#
# <details><summary>숨은 실수</summary>
#
# `F.cross_entropy`는 **점수**를 받아 스스로 소프트맥스를 해요. 친구는 소프트맥스를 두 번 했어요. 둘째 소프트맥스는 0과 1 사이의 수를 받으니 정답에 줄 수 있는 확률이 아무리 커도 $\frac{e}{e+9}=0.232$이고, 손실은 $\log(1+9/e)=1.461$ 아래로 갈 수 없어요.
#
# ```python
# mended = train(F.cross_entropy, steps=len(fall))[1]
# assert np.allclose(mended, fall) and min(mended) < floor < min(stuck)
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $L=-\log 0.2=1.609$, $dx=p-\text{onehot}=(0.1,\,0.7,\,-0.8)$. 합은 0이에요.
# </details>
#
# <details><summary>연습 2</summary>
#
# $x<0$이면 $\log(1+e^{-x})=\log\left(e^{-x}(e^{x}+1)\right)=-x+\log(1+e^{x})$예요.
#
# ```python
# def price(x):
#     return np.maximum(-x, 0) + np.log1p(np.exp(-np.abs(x)))
# assert np.allclose(price(np.array([3.0, -800.0])), [0.04858735, 800])
# ```
# 확률 대신 점수를 받는 손실이 따로 있는 까닭이에요(`binary_cross_entropy_with_logits`).
# </details>
#
# <details><summary>연습 3</summary>
#
# 규칙은 $(p-\text{onehot})/N$이고, 도착한 `dz`를 곱해요.
#
# ```python
# def solved(dz, x, t):
#     e = np.exp(x - x.max(axis=1, keepdims=True))
#     p = e / e.sum(axis=1, keepdims=True)
#     return dz * (p - np.eye(x.shape[1])[t]) / len(x)
# assert minidl.judge("cross_entropy").check(solved)
# ```
# </details>

# %% [markdown] lang="en"
# ## To be honest
#
# - Sections 1 and 5 are toys that move one number, so that you can check them by hand.
# - The network of section 4 learned from 2,000 digits, has one layer and seed 0; its test accuracy is about 83%. We did not want one that reads well but one that **is often surprised**.
# - One can learn to classify by MSE as well. Section 5 shows how slow it is **from a start that is wrong and sure of it**.
#
# ## Answers
#
# <details><summary>The mistake</summary>
#
# `F.cross_entropy` takes **scores**, and does its own softmax. The friend did it twice. The second softmax gets numbers between 0 and 1, so the most that the right class can be given is $\frac{e}{e+9}=0.232$, and the loss cannot fall below $\log(1+9/e)=1.461$.
#
# ```python
# mended = train(F.cross_entropy, steps=len(fall))[1]
# assert np.allclose(mended, fall) and min(mended) < floor < min(stuck)
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $L=-\log 0.2=1.609$, $dx=p-\text{onehot}=(0.1,\,0.7,\,-0.8)$. The sum is 0.
# </details>
#
# <details><summary>Exercise 2</summary>
#
# If $x<0$, then $\log(1+e^{-x})=\log\left(e^{-x}(e^{x}+1)\right)=-x+\log(1+e^{x})$.
#
# ```python
# def price(x):
#     return np.maximum(-x, 0) + np.log1p(np.exp(-np.abs(x)))
# assert np.allclose(price(np.array([3.0, -800.0])), [0.04858735, 800])
# ```
# That is why there are losses that take a score instead of a probability (`binary_cross_entropy_with_logits`).
# </details>
#
# <details><summary>Exercise 3</summary>
#
# The rule is $(p-\text{onehot})/N$, times the `dz` that arrives.
#
# ```python
# def solved(dz, x, t):
#     e = np.exp(x - x.max(axis=1, keepdims=True))
#     p = e / e.sum(axis=1, keepdims=True)
#     return dz * (p - np.eye(x.shape[1])[t]) / len(x)
# assert minidl.judge("cross_entropy").check(solved)
# ```
# </details>
