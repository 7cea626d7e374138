# %% [markdown] lang="ko"
# # 실습 L. GAN: 잡음이 숫자가 되기까지
#
# 지금까지의 망은 숫자를 **읽었어요.** 이번에는 **그려요.** 두 망이 겨루면서 배워요(생성적 적대 신경망, generative adversarial network).
#
# - **생성자 G**는 잡음 16개를 받아 14×14 그림을 그려요. 진짜 숫자를 한 번도 보지 못해요.
# - **판별자 D**는 그림을 보고 진짜일 확률을 말해요.
#
# G가 배우는 길은 하나뿐이에요. D가 돌려보내는 **기울기**예요. “이 픽셀이 조금 더 밝으면 진짜처럼 보인다”는 말이죠.
# 자료는 진짜 손글씨(MNIST 표본 10,000장)이고, 두 코어에서 빨리 배우도록 28×28을 14×14로 줄였어요.
#
# 진행 방법: 질문을 읽고 `commit(1, "B")`처럼 **먼저** 적은 뒤 실행해요. 첫 답만 기록돼요. **청록**은 순전파로 계산한 값, **진홍**은 역전파로 온 기울기와 나쁜 결과, **주황**은 이번에 얻은 결과예요.

# %% [markdown] lang="en"
# # Lab L. A GAN: from noise to digits
#
# So far our networks **read** digits. Now one **draws** them. Two networks learn by playing against each other (a generative adversarial network).
#
# - **The generator G** takes 16 numbers of noise and draws an image of 14×14. It never sees a real digit.
# - **The discriminator D** looks at an image and says how probably it is real.
#
# G has one way only to learn: the **gradient** that D sends back. “Were this pixel a little brighter, it would look real.”
# The data are real handwriting (the MNIST sample, 10,000 digits), shrunk from 28×28 to 14×14 so that two cores learn it soon.
#
# How it goes: read the question, write your answer **first**, as in `commit(1, "B")`, then run. Only the first answer is recorded. **Teal** is what the forward pass computed, **crimson** the gradient that came back or a bad result, **orange** the result just obtained.

# %% tags=["setup"]
import numpy as np

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    MUTED,
    ORANGE,
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
bce = F.binary_cross_entropy_with_logits

# %% [markdown] lang="ko"
# ## 1. 위조범과 감정사
#
# D는 진짜 $x$에 1, 가짜 $G(z)$에 0을 주고 싶어 해요. G는 가짜에 1을 받고 싶어 하고요. $D$는 시그모이드를 지난 확률이에요.
#
# $$L_D=-\log D(x)-\log\big(1-D(G(z))\big)\qquad L_G=-\log D(G(z))$$
#
# **질문 1.** 가짜가 진짜와 구별이 안 될 만큼 좋아져서 D가 모든 그림에 0.5라고 말해요. 이때 $L_D$는 얼마일까요?
#
# **A** 0 **B** 약 1.39 **C** 무한대

# %% [markdown] lang="en"
# ## 1. The forger and the expert
#
# D wants to give 1 to the real $x$ and 0 to the fake $G(z)$. G wants a 1 for its fakes. $D$ is a probability, after a sigmoid.
#
# $$L_D=-\log D(x)-\log\big(1-D(G(z))\big)\qquad L_G=-\log D(G(z))$$
#
# **Question 1.** The fakes are so good that D says 0.5 to every image. What is $L_D$ then?
#
# **A** 0 **B** about 1.39 **C** infinite

# %%
commit(1, "")

# %%
logit = minidl.zeros(1)  # 시그모이드를 지나면 0.5 ‖ 0.5 after the sigmoid
even = (bce(logit, minidl.ones(1)) + bce(logit, minidl.zeros(1))).item()
assert abs(even - 2 * np.log(2)) < 1e-6
reveal(1, "B")

# %% [markdown] lang="ko"
# $-\log 0.5-\log 0.5=2\log 2=1.39$예요. 그러니 GAN에서는 **손실이 0으로 가는 것이 성공이 아니에요.** D의 손실이 0이면 G가 완전히 지고 있다는 뜻이에요.
#
# ## 2. 지고 있는 G에게도 기울기가 와야 해요
#
# 처음의 G는 잡음만 그려서 D가 자신 있게 가짜라고 말해요. 시그모이드에 들어가기 전의 수를 **로짓**(logit)이라고 해요. 로짓이 $-6$이라면 $D=0.00247$이죠.
# G의 손실로 $\log(1-D)$를 작게 할 수도 있고, $-\log D$를 작게 할 수도 있어요. 바라는 것은 같아요.
#
# **질문 2.** 로짓 $-6$에서 $-\log D$의 기울기는 $\log(1-D)$의 기울기의 몇 배일까요(크기만)?
#
# **A** 같다 **B** 약 2배 **C** 약 400배

# %% [markdown] lang="en"
# $-\log 0.5-\log 0.5=2\log 2=1.39$. So in a GAN **a loss that goes to 0 is no success**: if D's loss is 0, G is losing badly.
#
# ## 2. A losing G needs a gradient too
#
# At first G draws noise, and D is sure that it is fake. The number before the sigmoid is called **logit**: a logit of $-6$ means $D=0.00247$.
# As G's loss one may make $\log(1-D)$ small, or $-\log D$. They want the same thing.
#
# **Question 2.** At the logit $-6$, how many times larger is the gradient of $-\log D$ than that of $\log(1-D)$ (in size)?
#
# **A** the same **B** about 2 **C** about 400

# %%
commit(2, "")

# %%
logits = minidl.linspace(-8, 8, 321, dtype=minidl.float64).requires_grad_()
losses = {
    "log(1 − D)": lambda x: -bce(x, minidl.zeros_like(x), reduction="sum"),
    "−log D": lambda x: bce(x, minidl.ones_like(x), reduction="sum"),
}
slopes = {}
for name, loss_of in losses.items():
    logits.grad = None
    loss_of(logits).backward()
    slopes[name] = logits.grad.numpy().copy()
at = int(np.argmin(abs(logits.detach().numpy() + 6)))  # 로짓 −6의 자리 ‖ where the logit is −6
times = slopes["−log D"][at] / slopes["log(1 − D)"][at]

# %% tags=["figure"]
figure = board(
    "질 때 기울기가 남는 손실을 골라야 G가 배운다 ‖ G learns by the loss that has a gradient when it loses", 4.8
)
ax = figure.add_axes([0.09, 0.18, 0.60, 0.62])
for slope, style in zip(slopes.values(), ((0, (3, 1.5)), "-")):
    ax.plot(logits.detach().numpy(), slope, color=CRIMSON, ls=style)
    ax.plot(-6, slope[at], "o", ms=12, color=ORANGE, mec=INK, mew=1.6, zorder=5)
ax.axhline(0, color=MUTED, lw=1.2)
ax.set(xlim=(-8, 8), ylim=(-1.15, 0.15), xticks=[-6, 0, 6], yticks=[-1, -0.5, 0])
ax.set_xticklabels([num(v, 0) for v in (-6, 0, 6)])
ax.set_yticklabels(["−1", "−0.5", "0"])
ax.set_xlabel("D의 로짓: 왼쪽이 ‘가짜’ ‖ D’s logit: left is “fake”")
ax.set_ylabel("기울기 ‖ gradient")
ax.text(-5.6, -0.88, "−log D", size=19, weight="bold", color=CRIMSON, va="center")
ax.text(-5.6, -0.13, "log(1 − D)", size=19, weight="bold", color=CRIMSON, va="center")
for y, name in ((0.62, "−log D"), (0.42, "log(1 − D)")):
    figure.text(0.73, y, name, size=17, color=MUTED)
    figure.text(0.73, y - 0.085, num(slopes[name][at], 4), size=24, weight="bold", color=CRIMSON)
figure.text(0.73, 0.16, f"{times:.0f}배 ‖ {times:.0f} times", size=22, weight="bold", bbox=CHIP)
show(figure, "1-slopes", "D의 로짓에 대한 두 손실의 기울기 ‖ The gradients of both losses by D's logit")
assert abs(times - np.exp(6)) < 1e-6 * times
reveal(2, "C")

# %% [markdown] lang="ko"
# 시그모이드의 포화가 실습 A에서와 똑같이 일을 벌여요. 그래서 모두 $-\log D$를 써요. 수업 화면의 [softmax1.dx](lesson:softmax1.dx)에서 같은 약분을 볼 수 있어요.
#
# ## 3. 한 걸음에 두 번 배워요
#
# 먼저 D가 한 걸음, 그다음 G가 한 걸음이에요. `fake.detach()`는 D의 차례에 기울기가 G로 가지 않게 끊어요. G의 차례에는 끊지 않아요. **기울기가 D를 지나 G까지 와야 하니까요.**
#
# 처음 보는 층이 셋이에요. **배치 정규화**(`BatchNorm1d`)는 층의 값을 한 배치(여기서는 100장) 안에서 평균 0, 분산 1로 맞추고, **드롭아웃**(`Dropout`)은 배울 때 값을 30%씩 아무렇게나 꺼요. `LeakyReLU`는 음수를 0이 아니라 0.2배로 줄여요. 앞의 둘은 배울 때와 쓸 때가 달라서, 그릴 때는 `G.eval()`로 알려 줘요.

# %% [markdown] lang="en"
# The saturated sigmoid does here what it did in lab A, and so everyone takes $-\log D$. The same cancelling can be seen at [softmax1.dx](lesson:softmax1.dx) of the lesson page.
#
# ## 3. Two lessons a step
#
# First D takes a step, then G. `fake.detach()` cuts the way to G when it is D's turn. At G's turn nothing is cut: **the gradient must come through D to G.**
#
# Three layers are new. **Batch normalisation** (`BatchNorm1d`) brings a layer's values to mean 0 and variance 1 within a batch (here 100 images); **dropout** (`Dropout`) turns off 30% of the values at random while learning. `LeakyReLU` shrinks negative numbers to 0.2 of themselves, not to 0. The first two behave otherwise in learning than in use, so for drawing `G.eval()` tells them.

# %%
sample = {part: minidl.data.datasets.MNIST(minidl.data.datasets.SAMPLE_FOLDER, train=part) for part in (True, False)}


def shrunk(data):
    """(N, 28, 28) 0..255 → (N, 196) −1..1"""
    return F.avg_pool2d(data.data.float()[:, None], 2).reshape(-1, 196) / 127.5 - 1


real, labels = shrunk(sample[True]), sample[True].targets
NOISE, BATCH = 16, 100


def generator(normalised=True):
    def layer(inputs, outputs):
        return [nn.Linear(inputs, outputs), *([nn.BatchNorm1d(outputs)] if normalised else []), nn.ReLU()]

    return nn.Sequential(*layer(NOISE, 128), *layer(128, 256), nn.Linear(256, 196), nn.Tanh())


def discriminator(dropout=0.3):
    def layer(inputs, outputs):
        return [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2), nn.Dropout(dropout)]

    return nn.Sequential(*layer(196, 192), *layer(192, 96), nn.Linear(96, 1))


def play(G, D, epochs, lr_d=2e-3, aim_of_g=1.0, look=lambda epoch: None, most=10**9):
    """겨루게 하고, 걸음마다의 손실을 돌려준다 ‖ let them play; the losses of every step come back"""
    adam_g = minidl.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
    adam_d = minidl.optim.Adam(D.parameters(), lr=lr_d, betas=(0.5, 0.999))
    rng, history = np.random.default_rng(0), []
    for epoch in range(epochs):
        for i in rng.permutation(len(real)).reshape(-1, BATCH)[:most]:
            fake = G(minidl.randn(BATCH, NOISE))
            # D의 차례: 진짜는 0.9(조금 봐준다), 가짜는 0 ‖ D's turn: real is 0.9 (a little less than sure), fake is 0
            loss_d = bce(D(real[minidl.tensor(i)]), minidl.full((BATCH, 1), 0.9)) + bce(
                D(fake.detach()), minidl.zeros(BATCH, 1)
            )
            adam_d.zero_grad()
            loss_d.backward()
            adam_d.step()
            # G의 차례: 가짜가 1이기를 ‖ G's turn: fakes shall be 1
            loss_g = bce(D(fake), minidl.full((BATCH, 1), aim_of_g))
            adam_g.zero_grad()
            loss_g.backward()
            adam_g.step()
            history.append((loss_d.item(), loss_g.item()))
        look(epoch + 1)
    return np.array(history)


def drawn(G, noise):
    G.eval()
    with minidl.no_grad():
        images = G(noise).numpy()
    G.train()
    return images.reshape(-1, 14, 14) / 2 + 0.5  # 0..1


# %%
seed(0)
G, D = generator(), discriminator()
noise = minidl.randn(1000, NOISE)  # 늘 같은 잡음으로 지켜본다 ‖ always the same noise, to watch it
film = {0: drawn(G, noise)}
history = play(G, D, epochs=budget(10, 3), look=lambda epoch: film.update({epoch: drawn(G, noise)}))

# %% tags=["figure", "print"]
figure = board("같은 잡음이 에포크마다 조금씩 숫자가 되어 간다 ‖ The same noise becomes digits, epoch by epoch", 6.2)
moments = budget([0, 1, 2, 4, 7, 10], [0, 1, 2, 3])
height = 0.83 / len(moments)
for row, epoch in enumerate(moments):
    y = 0.85 - height * (row + 1)
    figure.text(
        0.03,
        y + height / 2,
        f"{epoch} 에포크 ‖ epoch {epoch}",
        size=17,
        va="center",
        color=INK if epoch else MUTED,
        weight="bold" if epoch == moments[-1] else "normal",
    )
    for k in range(9):
        ax = figure.add_axes([0.17 + 0.0915 * k, y, 0.086, height - 0.012])
        ax.imshow(film[epoch][k], cmap="gray_r", vmin=0, vmax=1, interpolation="bicubic")
        ax.axis("off")
show(figure, "2-film", "아홉 개의 잡음이 그린 그림, 에포크마다 한 줄 ‖ What nine noises draw, one row an epoch")

# %% tags=["figure"]
figure = board(
    "손실 곡선은 그림이 좋아졌는지 말해 주지 않는다 ‖ The losses do not tell whether the images get better", 4.6
)
ax = figure.add_axes([0.09, 0.18, 0.62, 0.62])
width = 20
smooth = np.stack([np.convolve(history[:, k], np.ones(width) / width, "valid") for k in (0, 1)])
ax.plot(smooth[0], color=INK, ls=(0, (3, 1.5)))
ax.plot(smooth[1], color=TEAL)
ax.axhline(even, color=MUTED, lw=1.4, ls=(0, (2, 3)))
ax.set(xlim=(0, len(smooth[0])), ylim=(0, 2.2), yticks=[0, 1, 2])
ax.set_xlabel("걸음 ‖ step")
ax.set_ylabel("손실 ‖ loss")
ends = np.array([smooth[0][-1], smooth[1][-1]])
figure.text(0.73, 0.655, "D의 손실 (파선) ‖ D’s loss (dashed)", size=17, weight="bold")
figure.text(0.73, 0.575, "점선: 2 log 2 = 1.39 ‖ dotted: 2 log 2 = 1.39", size=14.5, color=MUTED)
figure.text(0.73, 0.40, "G의 손실 ‖ G’s loss", size=17, weight="bold", color=TEAL)
show(figure, "3-losses", "D와 G의 손실: 거의 제자리에 머문다 ‖ The losses of D and G: they hardly move")

# %% [markdown] lang="ko"
# 손실은 제자리걸음인데 그림은 좋아졌어요. 상대도 함께 강해졌기 때문이에요. 그러니 GAN은 **그림으로 보고, 따로 잰 값으로 판단해야** 해요.
#
# ## 4. 심판을 불러 재기: 몇 가지 숫자를 그리나
#
# 진짜 숫자로 배운 분류기를 심판으로 불러 1,000장을 읽게 해요. 숫자마다의 비율 $p_k$에서 **실제로 쓰이는 가짓수**를 계산해요. 열 숫자를 고르게 그리면 10, 하나만 그리면 1이에요.
#
# $$\text{n}=\exp\Big(-\sum_k p_k\log p_k\Big)$$
#
# 이제 G에서 배치 정규화를, D에서 드롭아웃을 빼고 D의 학습률을 절반으로 해요. 나머지는 같아요.
#
# **질문 3.** 이렇게 하면 G는 1,000개의 서로 다른 잡음으로 숫자 몇 가지를 그릴까요?
#
# **A** 열 가지 모두 **B** 대여섯 가지 **C** 한두 가지

# %% [markdown] lang="en"
# The losses stand still, yet the images became better: the opponent became better too. So a GAN has to be **looked at, and judged by something measured apart.**
#
# ## 4. A judge counts: how many kinds of digits does it draw?
#
# As a judge we call a classifier that learned from real digits, and let it read 1,000 images. From the share $p_k$ of each digit we compute **how many kinds are really in use**: 10 if all are drawn equally often, 1 if it is always the same.
#
# $$\text{n}=\exp\Big(-\sum_k p_k\log p_k\Big)$$
#
# Now we take batch normalisation out of G and dropout out of D, and halve D's learning rate. All else is the same.
#
# **Question 3.** How many kinds of digits will G then draw from 1,000 different noises?
#
# **A** all ten **B** five or six **C** one or two

# %%
commit(3, "")

# %%
seed(0)
judge = nn.Sequential(nn.Linear(196, 128), nn.ReLU(), nn.Linear(128, 10))
adam = minidl.optim.Adam(judge.parameters(), lr=3e-3)
order = np.random.default_rng(0)
for _ in range(4):
    for i in order.permutation(len(real)).reshape(-1, BATCH):
        i = minidl.tensor(i)
        adam.zero_grad()
        F.cross_entropy(judge(real[i]), labels[i]).backward()
        adam.step()


def judged(images):
    """숫자마다의 비율, 쓰이는 가짓수, 심판의 확신 ‖ the share of each digit, how many are in use, how sure the judge is"""
    with minidl.no_grad():
        p = minidl.softmax(judge(minidl.tensor(images.reshape(-1, 196).astype(np.float32) * 2 - 1)), dim=1).numpy()
    share = np.bincount(p.argmax(1), minlength=10) / len(p)
    used = share[share > 0]
    return share, np.exp(-(used * np.log(used)).sum()), p.max(1).mean()


seed(0)
bare_G, bare_D, bare = generator(normalised=False), discriminator(dropout=0.0), {}
play(bare_G, bare_D, epochs=budget(4, 2), lr_d=1e-3, look=lambda epoch: bare.update({epoch: drawn(bare_G, noise)}))
results = {"healthy": film[max(film)], "earlier": bare[max(bare) // 2], "collapsed": bare[max(bare)]}
shares = {name: judged(images) for name, images in results.items()}

with minidl.no_grad():
    accuracy = (judge(shrunk(sample[False])).argmax(dim=1) == sample[False].targets).float().mean().item()
sure_of_real = judged(shrunk(sample[False]).numpy() / 2 + 0.5)[2]

# %% tags=["figure"]
figure = board(
    "모드 붕괴: 다른 잡음을 넣어도 같은 그림이 나온다 ‖ Mode collapse: other noise in, the same image out", 7.4
)
titles = {
    "healthy": f"배치 정규화와 드롭아웃 있음, {max(film)} 에포크 ‖ normalisation and dropout, epoch {max(film)}",
    "earlier": f"없음, {max(bare) // 2} 에포크 ‖ neither, epoch {max(bare) // 2}",
    "collapsed": f"없음, {max(bare)} 에포크 ‖ neither, epoch {max(bare)}",
}
for row, name in enumerate(results):
    y = 0.615 - 0.295 * row
    share, kinds, sure = shares[name]
    figure.text(0.03, y + 0.245, titles[name], size=16, color=MUTED)
    for k in range(14):
        ax = figure.add_axes([0.03 + 0.052 * (k % 7), y + 0.115 - 0.115 * (k // 7), 0.05, 0.11])
        ax.imshow(results[name][20 + k], cmap="gray_r", vmin=0, vmax=1, interpolation="bicubic")
        ax.axis("off")
    ax = figure.add_axes([0.45, y + 0.02, 0.33, 0.195])
    ax.bar(range(10), share, color=CRIMSON if row else TEAL, width=0.72)
    ax.axhline(0.1, color=MUTED, lw=1.2, ls=(0, (2, 3)))
    ax.set(xlim=(-0.6, 9.6), ylim=(0, 1), xticks=range(10), yticks=[0, 0.5, 1])
    figure.text(0.82, y + 0.125, f"{num(kinds, 1)}", size=32, weight="bold", bbox=CHIP)
    figure.text(0.82, y + 0.035, "쓰이는 가짓수 ‖ kinds in use", size=15, color=MUTED)
show(
    figure, "4-collapse", "두 생성자의 그림과 숫자마다의 비율 ‖ What both generators draw, and the share of each digit"
)
assert accuracy > 0.88
assert shares["healthy"][1] > budget(6, 5) and shares["collapsed"][1] < budget(3, 2)
reveal(3, "C")

# %% [markdown] lang="ko"
# D를 속이는 그림을 **하나** 찾으면, G에게는 다른 그림을 그릴 까닭이 없어요. 손실의 어디에도 “여러 가지를 그려라”라는 말이 없거든요. 이것을 **모드 붕괴**(mode collapse)라고 해요. 둘째와 셋째 줄을 견줘 봐요. D가 그 그림을 알아채면 G는 다른 그림으로 **옮겨 갈 뿐**, 여러 가지를 그리지는 않아요.
# 배치 정규화는 한 배치 안의 값들이 서로 달라지게 하고, 드롭아웃은 D가 픽셀 몇 개에만 기대지 못하게 해서 붕괴를 막는 데 도움이 돼요. 확실한 처방은 아니에요.
#
# **잘 안되는 것.** 그린 숫자의 다수는 읽을 만하지만, 심판의 확신은 진짜 숫자에서보다 낮아요. 14×14 픽셀과 짧은 학습의 한계예요. 그리고 씨앗이 다르면 숫자의 비율도 달라져요. GAN의 결과 하나를 보고 방법의 좋고 나쁨을 말하면 안 돼요. 건강한 쪽의 학습률과 에포크 수, 무너지는 쪽의 설정은 모두 **이 심판의 점수와 그림을 보면서 골랐어요.** 그러니 둘의 차이는 실제보다 또렷해 보일 수 있어요.

# %% [markdown] lang="en"
# Once G has found **one** image that fools D, it has no reason to draw another: nowhere does the loss say “draw many kinds”. This is called **mode collapse**. Compare rows two and three: when D sees through that image, G only **moves on to another**, and still does not draw many.
# Batch normalisation makes the values within a batch differ, and dropout keeps D from relying on a few pixels; both help against it. They are no sure cure.
#
# **What does not work.** Most drawn digits can be read, but the judge is less sure of them than of real ones: such are 14×14 pixels and a short training. And with another seed the shares are others. Never judge a method by one run of a GAN. The learning rates and epochs of the healthy one, and the settings of the one that collapses, were **chosen by looking at this judge's marks and at the images**; so the difference may look clearer than it is.

# %% [markdown] lang="ko"
# ## 5. 숨은 실수 찾기
#
# 친구의 GAN에서는 **두 손실이 나란히 내려가요.** 친구는 기뻐했어요. 그런데 그림은 끝까지 잡음이에요. 그림의 두 곡선을 보고, 겨루는 두 사람이 **함께 이기는** 일이 왜 이상한지 생각해 봐요.

# %% [markdown] lang="en"
# ## 5. Find the mistake
#
# In a friend's GAN **both losses go down together**, and the friend is happy. Yet the images stay noise. Look at the curves, and think why it is odd that two opponents **both win.**

# %% tags=["mistake"]
seed(0)
friends_G, friends_D = generator(), discriminator()
friends = play(friends_G, friends_D, epochs=1, aim_of_g=0.0, most=budget(80, 40))
friends_images = drawn(friends_G, noise)

# %% tags=["figure"]
figure = board("겨루는 두 사람이 함께 이길 수는 없다 ‖ Two opponents cannot both win", 4.6)
steps = len(friends)
for k, (curves, words) in enumerate(
    ((history[:steps], "바른 GAN ‖ the right GAN"), (friends, "친구의 GAN ‖ the friend’s GAN"))
):
    ax = figure.add_axes([0.07 + 0.36 * k, 0.17, 0.30, 0.58])
    ax.plot(curves[:, 0], color=INK, ls=(0, (3, 1.5)))
    ax.plot(curves[:, 1], color=TEAL)
    ax.set(xlim=(0, steps), ylim=(0, 2.6), xticks=[0, steps // 2, steps], yticks=[0, 1, 2])
    ax.set_xlabel("걸음 ‖ step")
    ax.set_title(words, size=17, color=MUTED, pad=8)
figure.text(0.765, 0.66, "파선: D의 손실 ‖ dashed: D’s loss", size=16, weight="bold")
figure.text(0.765, 0.585, "실선: G의 손실 ‖ solid: G’s loss", size=16, weight="bold", color=TEAL)
for k in range(2):
    ax = figure.add_axes([0.765 + 0.11 * k, 0.22, 0.10, 0.24])
    picture(ax, friends_images[k], cmap="gray_r")
figure.text(0.765, 0.13, "친구의 G가 그린 것 ‖ drawn by the friend’s G", size=14.5, color=MUTED)
show(figure, "5-mistake", "바른 GAN과 친구의 GAN의 손실 ‖ Losses of the right GAN and of the friend's")

# %% [markdown] lang="ko"
# 위 셀에서 `play`를 부르는 한 곳을 찾아 고쳐 보세요. 힌트: `aim_of_g`는 G가 D에게서 듣고 싶은 답이에요.

# %% [markdown] lang="en"
# Find the one place in the call of `play` and mend it. A hint: `aim_of_g` is what G would like to hear from D.

# %% [markdown] lang="ko" tags=["exercise"]
# ## 6. 연습 문제
#
# **연습 1 (종이와 연필).** D가 진짜에 0.8, 가짜에 0.3이라고 말했어요. $L_D$와 $L_G$를 구해 아래에 적어요($\log$는 자연로그).

# %% [markdown] lang="en" tags=["exercise"]
# ## 6. Exercises
#
# **Exercise 1 (pen and paper).** D said 0.8 to a real image and 0.3 to a fake. Work out $L_D$ and $L_G$ and write them below ($\log$ is natural).

# %%
my_d, my_g = None, None

if my_d is not None:
    print("L_D", abs(my_d + np.log(0.8 * 0.7)) < 0.01, " L_G", abs(my_g + np.log(0.3)) < 0.01)

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (잡음 사이를 걷기).** 잡음 $a$에서 $b$까지 똑같은 걸음으로 가는 잡음 7개를 만들어요(양 끝도 포함). 모양은 `(7, 16)`이에요. 다 되면 숫자 하나가 다른 숫자로 바뀌어 가는 그림이 나와요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (a walk between two noises).** Make 7 noises in equal steps from $a$ to $b$ (both ends too), of shape `(7, 16)`. When it works, one digit turns into another.


# %%
def between(a, b):
    """a, b (16,) → (7, 16)"""
    return np.stack([a] * 7)  # ← 이 줄을 고쳐요 ‖ ← mend this line


def walk_is_right(between):
    a, b = noise.numpy()[20], noise.numpy()[23]
    steps = np.diff(between(a, b), axis=0)
    return bool(np.allclose(between(a, b)[[0, -1]], [a, b], atol=1e-5) and np.allclose(steps, steps[0], atol=1e-5))


print("맞았나? ‖ right?", walk_is_right(between))

# %% tags=["figure"]
figure = board("잡음 사이를 걸으면 그림도 바뀌어 간다 ‖ Walk from noise to noise, and the image follows", 2.7)
for k, image in enumerate(drawn(G, minidl.tensor(between(noise.numpy()[20], noise.numpy()[23]).astype(np.float32)))):
    ax = figure.add_axes([0.03 + 0.136 * k, 0.08, 0.125, 0.58])
    ax.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="bicubic")
    ax.axis("off")
show(figure, "6-walk", "두 잡음 사이의 일곱 걸음 ‖ Seven steps between two noises")

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** G를 붕괴에서 지켜 준 배치 정규화의 역전파예요. 아래 답은 평균과 분산도 $x$에 따라 달라진다는 것을 잊었어요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged by `minidl.judge`).** The backward pass of the batch normalisation that helped to keep G from collapsing. The answer below forgot that mean and variance depend on $x$ too.


# %%
@minidl.judge("batch_norm")
def backward(dz, x, w, b, eps):
    deviation = np.sqrt(x.var(axis=0) + eps)
    hat = (x - x.mean(axis=0)) / deviation
    dx = dz * w / deviation  # ← 이 줄을 고쳐요 ‖ ← mend this line
    return dx, (dz * hat).sum(axis=0), dz.sum(axis=0)


# %% [markdown] lang="ko"
# ## 성적표

# %% [markdown] lang="en"
# ## Score sheet

# %% tags=["figure"]
score()

# %% [markdown] lang="ko"
# ## 풀이
#
# <details><summary>숨은 실수</summary>
#
# `aim_of_g=0.0`이에요. G가 “가짜라는 말을 듣고 싶다”고 배웠으니 D를 도와준 셈이에요. 그래서 둘 다 손실이 내려가요. `aim_of_g=1.0`으로 고쳐요. 점검 방법: 겨루는 두 손실이 함께 0으로 가면 목표를 의심해요.
#
# ```python
# assert friends[-5:].mean() < 0.5 < history[steps - 5 : steps].mean()
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $L_D=-\log 0.8-\log(1-0.3)=0.223+0.357=0.580$, $L_G=-\log 0.3=1.204$.
# </details>
#
# <details><summary>연습 2</summary>
#
# ```python
# def walk(a, b):
#     share = np.linspace(0, 1, 7)[:, None]
#     return (1 - share) * a + share * b
#
# assert walk_is_right(walk)
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# ```python
# def solved(dz, x, w, b, eps):
#     deviation = np.sqrt(x.var(axis=0) + eps)
#     hat = (x - x.mean(axis=0)) / deviation
#     dhat = dz * w
#     dx = (dhat - dhat.mean(axis=0) - hat * (dhat * hat).mean(axis=0)) / deviation
#     return dx, (dz * hat).sum(axis=0), dz.sum(axis=0)
#
# assert minidl.judge("batch_norm").check(solved)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# It is `aim_of_g=0.0`. G learned to want to hear “fake”, so it helped D, and both losses fell. Write `aim_of_g=1.0`. How to check: if the losses of two opponents go to 0 together, doubt the aims.
#
# ```python
# assert friends[-5:].mean() < 0.5 < history[steps - 5 : steps].mean()
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $L_D=-\log 0.8-\log(1-0.3)=0.223+0.357=0.580$, $L_G=-\log 0.3=1.204$.
# </details>
#
# <details><summary>Exercise 2</summary>
#
# ```python
# def walk(a, b):
#     share = np.linspace(0, 1, 7)[:, None]
#     return (1 - share) * a + share * b
#
# assert walk_is_right(walk)
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# ```python
# def solved(dz, x, w, b, eps):
#     deviation = np.sqrt(x.var(axis=0) + eps)
#     hat = (x - x.mean(axis=0)) / deviation
#     dhat = dz * w
#     dx = (dhat - dhat.mean(axis=0) - hat * (dhat * hat).mean(axis=0)) / deviation
#     return dx, (dz * hat).sum(axis=0), dz.sum(axis=0)
#
# assert minidl.judge("batch_norm").check(solved)
# ```
# </details>
