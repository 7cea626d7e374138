# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 E. 정답 없이 배우기: 묶기와 줄이기
#
# 지금까지는 이미지마다 정답이 붙어 있었어요. 강의 1.3절의 비지도 학습은 **정답을 보지 않고** 자료의 생김새를 찾아요. 비슷한 것끼리 묶기(군집), 적은 수로 줄여 적기(차원 축소)예요.
#
# 자료는 scikit-learn에 담긴 8×8 손글씨 숫자 1,797장이에요. k-평균과 PCA를 직접 짜고 scikit-learn과 맞춰 본 다음, 오토인코더를 학습해요. **정답은 다 끝난 뒤에 채점할 때만 꺼내요.**
#
# 질문을 읽고 `commit(1, "B")`처럼 답을 **먼저** 적은 다음 실행해요. 첫 답만 기록돼요. **청록**은 계산한 값, **진홍**은 기울기와 틀린 만큼, **주황**은 이번에 얻은 결과예요.

# %% [markdown] lang="en"
# # Lab E. Learning without answers: to group and to shrink
#
# So far every image came with its answer. Unsupervised learning (section 1.3 of the lecture) finds the shape of data **without looking at answers**: it groups what is alike (clustering) and writes it down in fewer numbers (dimension reduction).
#
# The data are the 1,797 handwritten digits of 8×8 pixels that scikit-learn brings. We write k-means and PCA ourselves, hold them against scikit-learn, then train an autoencoder. **The answers are taken out only at the end, to mark the work.**
#
# Read a question, write your answer **first**, as in `commit(1, "B")`, then run on. Only the first answer is recorded. **Teal** is what was computed, **crimson** a gradient or an error, **orange** the result just obtained.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    MUTED,
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
    seed,
    show,
)
from minidl import nn

F = nn.functional
digits = load_digits()
order = seed(0).permutation(len(digits.data))
pixels, secret = digits.data[order] / 16, digits.target[order]  # (1797, 64), 0부터 1까지 ‖ (1797, 64), 0 to 1
x, x_new = pixels[:1400], pixels[1400:]

# %% [markdown] lang="ko"
# ## 1. k-평균: 가까운 쪽에 서고, 가운데로 옮기고
#
# 중심 열 개를 아무 데나 놓고 두 걸음을 되풀이해요. ① 이미지마다 가장 가까운 중심에 선다. ② 중심을 자기 무리의 평균으로 옮긴다. 줄어드는 양은 하나예요.
#
# $$J=\sum_{i=1}^{N}\min_{k}\lVert x_i-c_k\rVert^2$$
#
# **질문 1.** 정답을 모른 채 만든 열 무리는 진짜 숫자와 얼마나 맞을까요? (무리마다 가장 많은 숫자를 이름으로 붙였을 때 맞는 비율)
#
# **A** 30%쯤 **B** 60%에서 90% **C** 99%

# %% [markdown] lang="en"
# ## 1. k-means: stand with the nearest, move to the middle
#
# Put ten centres anywhere, and repeat two steps: ① each image stands with its nearest centre; ② each centre moves to the mean of its group. One quantity shrinks.
#
# $$J=\sum_{i=1}^{N}\min_{k}\lVert x_i-c_k\rVert^2$$
#
# **Question 1.** How well do ten groups, made without knowing the answers, fit the real digits? (the share that is right when each group is named after its commonest digit)
#
# **A** some 30% **B** 60% to 90% **C** 99%

# %%
commit(1, "")


# %%
def nearest(x, centres):
    """이미지마다 중심까지의 거리 제곱 (N, K) ‖ squared distances of each image to the centres (N, K)"""
    return ((x[:, None] - centres[None]) ** 2).sum(axis=2)


def k_means(x, centres, steps=100):
    """중심이 멈출 때까지의 발자국과 J ‖ the centres' footprints until they rest, and J"""
    path, J = [centres], []
    for _ in range(steps):
        distance = nearest(x, centres)
        group = distance.argmin(axis=1)
        J.append(distance.min(axis=1).sum())
        centres = np.array(
            [x[group == k].mean(axis=0) if np.any(group == k) else centres[k] for k in range(len(centres))]
        )
        path.append(centres)
        if np.allclose(path[-2], centres):
            break
    return path, J


def purity(group, truth):
    return sum(np.bincount(truth[group == k]).max() for k in np.unique(group)) / len(truth)


runs = [k_means(x, x[seed(n).choice(len(x), 10, replace=False)]) for n in range(budget(12, 5))]
path, J = min(runs, key=lambda run: run[1][-1])
group = nearest(x, path[-1]).argmin(axis=1)
fit = purity(group, secret[: len(x)])
assert all(np.all(np.diff(run[1]) <= 1e-9) for run in runs)  # J는 결코 커지지 않는다 ‖ J never grows

# 심판: 같은 자리에서 출발한 scikit-learn ‖ the judge: scikit-learn from the same start
judge = KMeans(10, init=path[0], n_init=1, tol=0, max_iter=300).fit(x)
assert abs(judge.inertia_ / J[-1] - 1) < 0.001

# %% tags=["figure"]
figure = board(
    f"정답 없이 묶은 열 무리: 숫자와 {100 * fit:.0f}% 맞는다 ‖ Ten groups made without answers fit the digits by {100 * fit:.0f}%",
    6.0,
)
moments = [0, 1, 3, len(path) - 1]
for row, moment in enumerate(moments):
    y0 = 0.70 - 0.205 * row
    figure.text(0.025, y0 + 0.075, f"{moment}걸음 ‖ step {moment}", size=16, color=MUTED, va="center")
    for k in range(10):
        tile = figure.add_axes([0.125 + 0.068 * k, y0, 0.06, 0.06 * 10 / 6])
        picture(tile, path[moment][k].reshape(8, 8))
        if row == 3:
            share = np.bincount(secret[: len(x)][group == k], minlength=10) / np.sum(group == k)
            tile.set_xlabel(
                f"{share.argmax()}: {100 * share.max():.0f}%",
                size=14,
                color=INK if share.max() > 0.8 else CRIMSON,
                labelpad=5,
            )
    value = J[min(moment, len(J) - 1)]
    figure.text(
        0.975,
        y0 + 0.075,
        f"{value:,.0f}",
        size=20,
        weight="bold",
        ha="right",
        va="center",
        bbox=CHIP if row == 3 else None,
    )
figure.text(0.975, 0.835, "J", size=17, color=MUTED, ha="right", weight="bold")
show(
    figure,
    "1-k-means",
    "k-평균의 중심 열 개가 걸음마다 숫자 꼴이 되어 가는 모습 ‖ Ten centres of k-means, which become digits step by step",
)
assert 0.6 < fit < 0.9
reveal(1, "B")

# %% [markdown] lang="ko"
# 중심은 아무도 그리지 않은 **평균 숫자**예요. $J$가 결코 커지지 않는 까닭은 두 걸음이 저마다 $J$를 줄이기 때문이에요. 그래도 가장 낮은 곳에 닿는다는 보장은 없어요. 출발점을 바꿔 여러 번 하고 가장 작은 $J$를 골랐어요.
#
# 1과 8처럼 섞인 무리가 있는 것은 잘못이 아니에요. k-평균은 ‘숫자’를 찾은 것이 아니라 **픽셀이 가까운 것**을 찾았으니까요.

# %% [markdown] lang="en"
# The centres are **mean digits** that nobody wrote. $J$ never grows, since both steps make it smaller; yet nothing promises the lowest place. We started from several places and took the smallest $J$.
#
# That some groups are mixed, 1 and 8 for instance, is no fault: k-means did not look for digits but for **pixels that are near**.

# %% [markdown] lang="ko"
# ## 2. PCA: 가장 많이 퍼진 방향부터
#
# 64개의 픽셀을 수 몇 개로 줄여 적어요. 평균을 뺀 자료가 **가장 많이 퍼진 방향**부터 차례로 축을 잡아요. 공분산 행렬의 고유 벡터예요.
#
# $$C=\frac{1}{N-1}\sum_i(x_i-\bar x)(x_i-\bar x)^{\top}\qquad C\,u_k=\lambda_k u_k\qquad \hat x=\bar x+\sum_{k=1}^{K}\big((x-\bar x)\cdot u_k\big)\,u_k$$
#
# **질문 2.** 수 두 개만 남기면 흩어짐(분산)의 몇 %가 남을까요?
#
# **A** 3% ($=2/64$) **B** 30%쯤 **C** 90%쯤

# %% [markdown] lang="en"
# ## 2. PCA: the direction of the widest spread first
#
# We write 64 pixels down in a few numbers. With the mean taken off, the axes are laid one by one along the **widest spread**: the eigenvectors of the covariance matrix.
#
# $$C=\frac{1}{N-1}\sum_i(x_i-\bar x)(x_i-\bar x)^{\top}\qquad C\,u_k=\lambda_k u_k\qquad \hat x=\bar x+\sum_{k=1}^{K}\big((x-\bar x)\cdot u_k\big)\,u_k$$
#
# **Question 2.** If only two numbers are kept, how many % of the spread (the variance) are left?
#
# **A** 3% ($=2/64$) **B** about 30% **C** about 90%

# %%
commit(2, "")

# %%
mean = x.mean(axis=0)
covariance = minidl.tensor((x - mean).T @ (x - mean) / (len(x) - 1))
eigenvalues, vectors = minidl.linalg.eigh(covariance)  # 작은 것부터 ‖ the smallest first
spread = eigenvalues.numpy()[::-1]
axes = vectors.numpy().T[::-1]  # (64, 64): 줄마다 방향 하나 ‖ (64, 64): a direction a row
share = np.cumsum(spread) / spread.sum()


def reconstruct(images, K):
    """수 K개로 줄였다가 되돌린 이미지 ‖ images reduced to K numbers, and back"""
    code = (images - mean) @ axes[:K].T  # (N, K)
    return mean + code @ axes[:K]


# 심판: scikit-learn의 PCA, 부호는 어느 쪽이든 좋다 ‖ the judge: scikit-learn's PCA; the sign is free
pca = PCA(10).fit(x)
assert np.allclose(np.abs(np.sum(pca.components_ * axes[:10], axis=1)), 1, atol=1e-6)
assert np.allclose(pca.explained_variance_, spread[:10])

# %% tags=["figure"]
figure = board(
    f"수 두 개로 흩어짐의 {100 * share[1]:.0f}%, 열 개로 {100 * share[9]:.0f}% ‖ Two numbers keep {100 * share[1]:.0f}% of the spread, ten {100 * share[9]:.0f}%",
    6.0,
)
counts = [0, 1, 2, 5, 10, 20, 64]
for j, K in enumerate(counts):
    figure.text(0.115 + 0.125 * j + 0.0525, 0.845, f"K = {K}", size=17, weight="bold", ha="center")
    for row in range(3):
        tile = figure.add_axes([0.115 + 0.125 * j, 0.655 - 0.185 * row, 0.105, 0.105 * 10 / 6])
        picture(tile, reconstruct(x_new[row : row + 1], K).reshape(8, 8))
    kept = 0 if K == 0 else share[K - 1]
    figure.text(
        0.115 + 0.125 * j + 0.0525,
        0.22,
        f"{100 * kept:.0f}%",
        size=18,
        weight="bold",
        ha="center",
        bbox=CHIP if K == 2 else None,
    )
figure.text(0.02, 0.235, "남은\n흩어짐 ‖ spread\nkept", size=15, color=MUTED, va="center")
for j in range(7):
    tile = figure.add_axes([0.115 + 0.125 * j, 0.02, 0.105, 0.105 * 10 / 6])
    limit = np.abs(axes[j]).max()
    for (r, c), value in np.ndenumerate(axes[j].reshape(8, 8) / limit):
        size = 0.46 * abs(value) ** 0.5
        tile.add_patch(
            plt.Rectangle((c - size, r - size), 2 * size, 2 * size, fc=TEAL if value > 0 else PAPER, ec=TEAL, lw=1)
        )
    tile.set(xlim=(-0.6, 7.6), ylim=(7.6, -0.6))
    tile.axis("off")
figure.text(0.02, 0.10, "축 1~7\n■ + □ − ‖ axes 1~7\n■ + □ −", size=14, color=MUTED, va="center")
show(
    figure,
    "2-pca",
    "수 0개에서 64개로 되살린 숫자 셋과 첫 일곱 축 ‖ Three digits rebuilt from 0 to 64 numbers, and the first seven axes",
)
assert 0.25 < share[1] < 0.35
reveal(2, "B")

# %% [markdown] lang="ko"
# $K=0$이면 누구에게나 평균 숫자를 돌려줘요. 축마다 ‘이 픽셀들은 켜고 저 픽셀들은 끄는’ 무늬가 하나씩 더해져요. 처음 보는 숫자(`x_new`)도 되살아나는 것은, 축이 이미지 한 장이 아니라 **손글씨 전체의 버릇**을 담고 있기 때문이에요.

# %% [markdown] lang="en"
# With $K=0$ everyone gets the mean digit back. Each axis adds a pattern that turns some pixels on and others off. That digits never seen (`x_new`) come back too shows that the axes hold **the habits of handwriting**, not single images.

# %% [markdown] lang="ko"
# ## 3. 오토인코더: 스스로를 정답으로
#
# 신경망에 이미지를 넣고 **같은 이미지를 내놓으라고** 해요. 가운데에 수 두 개짜리 좁은 목을 두면, 목을 지나는 수 두 개(코드)에 이미지를 요약할 수밖에 없어요.
#
# $$64\to64\to32\to\mathbf{2}\to32\to64\to64\qquad L=\text{MSE}(\hat x,\,x)$$
#
# **질문 3.** 활성화 함수를 모두 빼면(선형 오토인코더) PCA를 이길 수 있을까요?
#
# **A** 학습하면 이긴다 **B** 가까이 갈 뿐 이기지 못한다 **C** 훨씬 나쁘다

# %% [markdown] lang="en"
# ## 3. An autoencoder: its own answer
#
# A network gets an image and must **give back the same image**. A narrow neck of two numbers in the middle forces it to sum the image up in these two (the code).
#
# $$64\to64\to32\to\mathbf{2}\to32\to64\to64\qquad L=\text{MSE}(\hat x,\,x)$$
#
# **Question 3.** Take out all activations (a linear autoencoder): can it beat PCA?
#
# **A** yes, once trained **B** it comes near, but cannot beat it **C** it is far worse

# %%
commit(3, "")


# %%
class Autoencoder(nn.Module):
    def __init__(self, bend):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(64, 64), bend(), nn.Linear(64, 32), bend(), nn.Linear(32, 2))
        self.decode = nn.Sequential(nn.Linear(2, 32), bend(), nn.Linear(32, 64), bend(), nn.Linear(64, 64))

    def forward(self, x):
        return self.decode(self.encode(x))


def train(model, steps, lr=0.004):
    draw, data = seed(0), minidl.tensor(np.float32(x))
    optimizer = minidl.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / steps)
        batch = data[minidl.tensor(draw.integers(0, len(x), 128))]
        optimizer.zero_grad()
        F.mse_loss(model(batch), batch).backward()
        optimizer.step()
    return model


def run(layer, images):
    with minidl.no_grad():
        return layer(minidl.tensor(np.float32(images))).numpy()


seed(0)
linear = train(Autoencoder(nn.Identity), budget(700, 300))
seed(0)
curved = train(Autoencoder(nn.Tanh), budget(2500, 500))


def lost(images, rebuilt):
    return 64 * float(np.mean((images - rebuilt) ** 2))  # 이미지 한 장의 오차 제곱합 ‖ squared error of one image


losses = {
    "mean": (lost(x, mean), lost(x_new, mean)),
    "PCA": (lost(x, reconstruct(x, 2)), lost(x_new, reconstruct(x_new, 2))),
    "linear": (lost(x, run(linear, x)), lost(x_new, run(linear, x_new))),
    "curved": (lost(x, run(curved, x)), lost(x_new, run(curved, x_new))),
}

# %% tags=["figure"]
names = {
    "mean": "평균만 (수 0개) ‖ the mean (0 numbers)",
    "PCA": "PCA (수 2개) ‖ PCA (2 numbers)",
    "linear": "선형 오토인코더 ‖ linear autoencoder",
    "curved": "tanh 오토인코더 ‖ tanh autoencoder",
}
figure = board(
    "곧은 것 가운데 으뜸은 PCA, 굽힐 줄 알아야 이긴다 ‖ Of all that is straight PCA is best; to win, one must bend", 4.8
)
ax = figure.add_axes([0.305, 0.16, 0.67, 0.68])
for k, (name, (learned, new)) in enumerate(losses.items()):
    ax.barh(k - 0.19, learned, height=0.34, color=PAPER, ec=TEAL, lw=1.8)
    ax.barh(k + 0.19, new, height=0.34, color=TEAL)
    ax.text(
        new + 0.06,
        k + 0.21,
        num(new),
        size=18,
        weight="bold",
        va="center",
        bbox=CHIP | {"boxstyle": "round,pad=0.08"} if name == "curved" else None,
    )
    ax.text(learned + 0.06, k - 0.21, num(learned), size=15, color=MUTED, va="center")
ax.set(ylim=(3.6, -0.6), yticks=range(4), xlim=(0, 5.6), xticks=range(6))
ax.set_yticklabels(names.values(), size=16, color=INK)
ax.tick_params(axis="y", length=0, pad=8)
ax.set_xlabel("이미지 한 장의 오차 제곱합: □ 배운 것  ■ 처음 보는 것 ‖ squared error of an image: □ learned  ■ new")
show(figure, "3-errors", "네 가지 요약의 되살리기 오차 ‖ Error of rebuilding from four summaries")
assert (
    losses["PCA"][0] - 1e-4 <= losses["linear"][0] < 1.05 * losses["PCA"][0]
    and losses["curved"][1] < budget(0.9, 0.95) * losses["PCA"][1]
)
reveal(3, "B")

# %% [markdown] lang="ko"
# 선형 층을 아무리 쌓아도 곱하면 선형 하나예요. 수 두 개를 지나는 선형 사상 가운데 **PCA가 오차를 가장 작게 한다는 것은 정리**예요(에카르트와 영, 1936). 선형 오토인코더는 경사 하강으로 그 답에 다가갈 뿐이에요. tanh가 있어야 종이를 굽혀 자료를 따라갈 수 있어요. [선형 층의 dw](lesson:linear1.dw)와 [`mse_loss`](../../minidl/ops/loss/regression.py)면 이 학습의 전부예요.

# %% [markdown] lang="en"
# Linear layers, however many, multiply to a single one. That among linear maps through two numbers **PCA has the least error is a theorem** (Eckart and Young, 1936); a linear autoencoder walks towards it by gradient descent. It takes tanh to bend the sheet along the data. [dw of a linear layer](lesson:linear1.dw) and [`mse_loss`](../../minidl/ops/loss/regression.py) are all there is to this training.

# %% [markdown] lang="ko"
# ## 4. 두 장의 지도
#
# 처음 보는 이미지 397장을 수 두 개로 옮겨 평면에 찍어요. 색은 **나중에 꺼낸 정답**이에요. 배울 때는 쓰지 않았어요.
#
# **질문 4.** 지도에서 가장 가까운 다섯 이웃에게 물어 숫자를 맞히면, 어느 지도가 더 잘 맞힐까요?
#
# **A** PCA의 지도 **B** 오토인코더의 지도 **C** 똑같다

# %% [markdown] lang="en"
# ## 4. Two maps
#
# The 397 images never seen become two numbers each, a point of the plane. The colours are the **answers, taken out afterwards**; they were not used in learning.
#
# **Question 4.** If the five nearest neighbours on the map are asked for the digit, which map answers better?
#
# **A** that of PCA **B** that of the autoencoder **C** both alike

# %%
commit(4, "")

# %%
maps = {
    "PCA": ((x - mean) @ axes[:2].T, (x_new - mean) @ axes[:2].T),
    "autoencoder": (run(curved.encode, x), run(curved.encode, x_new)),
}
neighbours = {}
for name, (known_places, new_places) in maps.items():
    asked = KNeighborsClassifier(5).fit(known_places, secret[: len(x)])
    neighbours[name] = 100 * asked.score(new_places, secret[len(x) :])

# %% tags=["figure", "print"]
HUES = ["#16191d", "#a3163f", "#0b5a74", "#f2a33a", "#6a8f3a", "#7a4fa3", "#3f9fb5", "#c96a3d", "#8a8f98", "#d081a8"]
figure = board(
    "같은 두 수인데: PCA는 겹쳐 찍고, 오토인코더는 펼쳐 찍는다 ‖ Two numbers each: PCA overlaps, the autoencoder spreads",
    6.0,
)
titles = {"PCA": "PCA", "autoencoder": "오토인코더 ‖ autoencoder"}
truth_new = secret[len(x) :]
for j, (name, (_, places)) in enumerate(maps.items()):
    ax = figure.add_axes([0.025 + 0.49 * j, 0.03, 0.46, 0.74])
    for digit in range(10):
        here = places[truth_new == digit]
        ax.plot(here[:, 0], here[:, 1], "o", ms=7, color=HUES[digit], mew=0, alpha=0.75)
    for digit in range(10):
        cx, cy = np.median(places[truth_new == digit], axis=0)
        ax.text(
            cx,
            cy,
            str(digit),
            size=20,
            weight="bold",
            ha="center",
            va="center",
            color=HUES[digit] if digit != 3 else INK,
            bbox={"boxstyle": "circle,pad=0.12", "fc": PAPER, "ec": HUES[digit], "lw": 2},
        )
    ax.set(xticks=[], yticks=[])
    ax.margins(0.04)
    for spine in ax.spines.values():
        spine.set(visible=True, color=RULE)
    figure.text(0.03 + 0.49 * j, 0.80, titles[name], size=19, weight="bold")
    figure.text(
        0.48 + 0.49 * j, 0.80, f"{neighbours[name]:.0f}%", size=22, weight="bold", ha="right", bbox=CHIP if j else None
    )
show(
    figure,
    "4-maps",
    "PCA와 오토인코더의 두 수로 찍은 숫자 지도, 이웃이 맞히는 비율 ‖ Maps of digits by two numbers of PCA and of an autoencoder, with the share that neighbours get right",
)
assert neighbours["autoencoder"] > neighbours["PCA"] + budget(5, 2) and neighbours["PCA"] < 75
reveal(4, "B")

# %% [markdown] lang="ko"
# 두 지도 모두 정답을 모른 채 그렸는데 같은 숫자끼리 모였어요. 다만 오토인코더의 지도는 **씨앗마다 다른 모양**이에요. 축에 뜻이 없고, 멀다고 꼭 다른 것도 아니에요. PCA의 지도는 언제나 같고 축이 무엇인지 말할 수 있어요. 예쁘다고 더 옳은 지도는 아니에요.

# %% [markdown] lang="en"
# Both maps were drawn without the answers, and like digits came together. But the autoencoder's map **looks different with every seed**; its axes mean nothing, and far is not always different. PCA's map is always the same, and one can say what its axes are. Prettier is not more right.

# %% [markdown] lang="ko"
# ## 5. 지도 위를 걷기
#
# 디코더에 아무 두 수나 넣으면 이미지가 나와요. 지도 위에 고르게 놓은 점 99개를 이미지로 되살려 봐요.

# %% [markdown] lang="en"
# ## 5. A walk on the map
#
# The decoder makes an image of any two numbers. Here 99 points, laid evenly on the map, become images.

# %% tags=["figure"]
codes = maps["autoencoder"][0]
low, high = np.percentile(codes, 3, axis=0), np.percentile(codes, 97, axis=0)
grid = np.array(
    [[low[0] + (high[0] - low[0]) * c / 10, high[1] - (high[1] - low[1]) * r / 8] for r in range(9) for c in range(11)]
)
made = run(curved.decode, grid).reshape(9, 11, 8, 8).clip(0, 1)
figure = board(
    "두 수로 그린 숫자들: 사이에는 아무도 쓴 적 없는 글씨가 있다 ‖ Drawn from two numbers: digits, and some that nobody wrote",
    6.6,
)
ax = figure.add_axes([0.025, 0.03, 0.95, 0.835])
sheet = np.pad(made, ((0, 0), (0, 0), (0, 1), (0, 1))).transpose(0, 2, 1, 3).reshape(81, 99)
picture(ax, sheet, aspect="auto")
show(figure, "5-walk", "코드의 격자에서 디코더가 그린 숫자 99개 ‖ 99 digits that the decoder drew from a grid of codes")

# %% [markdown] lang="ko"
# 숫자가 다른 숫자로 **이어져** 바뀌어요. 새 이미지를 만들어 내는 모델로 가는 첫걸음이에요(실습 L의 GAN). 흐린 까닭은 MSE가 여러 가능성의 **평균**을 그리기 때문이에요.

# %% [markdown] lang="en"
# One digit **flows** into another: a first step towards models that make new images (the GAN of lab L). They are blurred because MSE draws the **mean** of what is possible.

# %% [markdown] lang="ko"
# ## 6. 숨은 실수 찾기
#
# 친구의 PCA는 첫째 축 하나로 흩어짐의 대부분을 설명한대요. 우리 PCA의 첫 축은 15%쯤인데요. **한 줄이 빠졌어요.** 단서는 첫 축의 생김새예요.

# %% [markdown] lang="en"
# ## 6. Find the mistake
#
# A friend's PCA explains most of the spread by its first axis alone; ours has some 15% there. **One line is missing.** The clue is what the first axis looks like.


# %% tags=["mistake"]
def friends_pca(x):
    covariance = x.T @ x / (len(x) - 1)
    values, vectors = np.linalg.eigh(covariance)
    return values[::-1] / values.sum(), vectors.T[::-1]


friends_share, friends_axes = friends_pca(x)

# %% tags=["figure"]
figure = board("첫 축이 어디서 본 얼굴이다 ‖ The first axis has a familiar face", 4.4)
for j, (image, words) in enumerate(
    (
        (
            np.abs(friends_axes[0]) / np.abs(friends_axes[0]).max(),
            f"친구의 첫 축: {100 * friends_share[0]:.0f}% ‖ friend’s first: {100 * friends_share[0]:.0f}%",
        ),
        (
            np.abs(axes[0]) / np.abs(axes[0]).max(),
            f"우리 첫 축: {100 * share[0]:.0f}% ‖ our first: {100 * share[0]:.0f}%",
        ),
        (mean, "평균 숫자 ‖ the mean digit"),
    )
):
    tile = figure.add_axes([0.05 + 0.325 * j, 0.06, 0.25, 0.25 * 10 / 4.4])
    picture(tile, image.reshape(8, 8))
    tile.set_title(words, size=17, weight="bold", pad=8)
show(figure, "6-mistake", "친구의 첫 축, 우리 첫 축, 평균 숫자 ‖ The friend's first axis, ours, and the mean digit")

# %% [markdown] lang="ko" tags=["exercise"]
# ## 7. 연습 문제
#
# **연습 1 (종이와 연필).** 직선 위의 점 1, 2, 3, 10, 11, 12를 두 무리로 묶어요. 중심이 1과 2에서 출발하면 한 걸음 뒤, 두 걸음 뒤에 중심은 어디일까요?

# %% [markdown] lang="en" tags=["exercise"]
# ## 7. Exercises
#
# **Exercise 1 (pen and paper).** The points 1, 2, 3, 10, 11, 12 of a line form two groups. The centres start at 1 and 2. Where are they after one step, and after two?

# %%
after_one, after_two = None, None  # (중심, 중심) ‖ (centre, centre)

if after_one is not None:
    walked, _ = k_means(np.array([[1.0], [2], [3], [10], [11], [12]]), np.array([[1.0], [2]]))
    print(np.allclose(walked[1][:, 0], after_one, atol=0.01), np.allclose(walked[2][:, 0], after_two, atol=0.01))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (코드).** 흩어짐의 몇 %를 남기고 싶은지 정하면 필요한 수의 개수를 알려 주는 함수를 써요. 90%에는 수 몇 개가 필요할까요? 64개의 몇 분의 1인가요?

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (code).** Write a function that tells how many numbers are needed to keep a given share of the spread. How many for 90%? What part of 64 is that?


# %%
def numbers_for(part):
    return 64  # ← 여기를 고쳐요: share를 써요 ‖ ← mend this line: use share


numbers_for(0.9)

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** 인코더와 디코더를 이루는 [선형 층](lesson:linear1)의 역전파예요. `dx`, `dw`, `db`를 돌려줘요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged by `minidl.judge`).** The backward of [the linear layer](lesson:linear1), of which encoder and decoder are made. Return `dx`, `dw`, `db`.


# %%
@minidl.judge("linear")
def backward(dz, x, w, b):
    return np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)  # ← 여기를 고쳐요 ‖ ← mend this line


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
# **평균을 빼지 않았어요.** 그러면 원점에서 가장 먼 방향, 곧 평균 숫자가 첫 축이 돼요. 흩어짐이 아니라 ‘원점에서의 거리’를 설명한 거예요. `x = x - x.mean(axis=0)`을 첫 줄에 넣어요.
#
# ```python
# assert friends_share[0] > 0.6 and abs(friends_axes[0] @ mean) / np.linalg.norm(mean) > 0.99
# mended, _ = friends_pca(x - x.mean(axis=0))
# assert np.allclose(mended[:10], spread[:10] / spread.sum())
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# 한 걸음: 1만 첫 무리에 서고 나머지는 둘째에 서요. 중심은 1과 $(2+3+10+11+12)/5=7.6$. 두 걸음: 1, 2, 3이 첫 무리(4.3보다 작음)에 서서 2와 11. 그다음은 움직이지 않아요.
#
# ```python
# walked, _ = k_means(np.array([[1.0], [2], [3], [10], [11], [12]]), np.array([[1.0], [2]]))
# assert np.allclose(walked[1][:, 0], (1, 7.6)) and np.allclose(walked[2][:, 0], (2, 11))
# ```
# </details>
#
# <details><summary>연습 2</summary>
#
# 21개예요. 64개의 3분의 1로 90%를 적어요.
#
# ```python
# def numbers_for(part):
#     return int(np.argmax(share >= part)) + 1
#
#
# assert abs(numbers_for(0.9) - 21) <= 1
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# 모양이 길을 알려 줘요: `dx`는 `x`와, `dw`는 `w`와 같은 모양이에요.
#
# ```python
# def backward(dz, x, w, b):
#     return dz @ w, dz.T @ x, dz.sum(axis=0)
#
#
# assert minidl.judge("linear").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# **The mean was not taken off.** Then the first axis is the direction farthest from the origin, the mean digit: what it explains is the distance from the origin, not the spread. `x = x - x.mean(axis=0)` must be the first line.
#
# ```python
# assert friends_share[0] > 0.6 and abs(friends_axes[0] @ mean) / np.linalg.norm(mean) > 0.99
# mended, _ = friends_pca(x - x.mean(axis=0))
# assert np.allclose(mended[:10], spread[:10] / spread.sum())
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# One step: only 1 stands with the first, all others with the second. The centres are 1 and $(2+3+10+11+12)/5=7.6$. Two steps: 1, 2, 3 stand with the first (below 4.3), so 2 and 11. Then nothing moves.
#
# ```python
# walked, _ = k_means(np.array([[1.0], [2], [3], [10], [11], [12]]), np.array([[1.0], [2]]))
# assert np.allclose(walked[1][:, 0], (1, 7.6)) and np.allclose(walked[2][:, 0], (2, 11))
# ```
# </details>
#
# <details><summary>Exercise 2</summary>
#
# It takes 21: a third of 64 numbers write down 90%.
#
# ```python
# def numbers_for(part):
#     return int(np.argmax(share >= part)) + 1
#
#
# assert abs(numbers_for(0.9) - 21) <= 1
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# Let the shapes lead: `dx` has the shape of `x`, `dw` that of `w`.
#
# ```python
# def backward(dz, x, w, b):
#     return dz @ w, dz.T @ x, dz.sum(axis=0)
#
#
# assert minidl.judge("linear").check(backward)
# ```
# </details>
