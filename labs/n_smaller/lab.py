# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 N. 작게, 빠르게, 그리고 남이 쓸 수 있게
#
# 모델은 학습이 끝났다고 끝이 아니에요. 값싼 기계에 들어가야 하고, 빨리 대답해야 하고, 다른 프로그램이 부를 수 있어야 해요. 이 실습에서는 강의의 CNN을 **8비트 정수**, **가지치기**, **증류**로 줄이고, 크기와 속도와 정확도를 그림 한 장에 놓아요. 그다음 API 뒤에 세우고 손으로 그린 숫자를 보내요.
#
# 줄인 결과가 옳은지는 우리가 정하지 않아요. **ONNX Runtime**이라는 남의 프로그램이 심판이에요.
#
# **청록**은 원래 모델, **주황**은 줄인 모델이에요. 답은 실행하기 **전에** 적어요.

# %% [markdown] lang="en"
# # Lab N. Smaller, faster, and of use to others
#
# A model is not finished when its training is. It has to fit into a cheap machine, answer quickly, and be called by other programs. In this lab the lecture's CNN shrinks by **8-bit integers**, **pruning** and **distillation**, and size, speed and accuracy are put on one figure. Then it stands behind an API, and we send it a digit drawn by hand.
#
# Whether the small model is right is not for us to say: somebody else's program, **ONNX Runtime**, is the judge.
#
# **Teal** is the original model, **orange** a smaller one. Write your answer down **before** you run.

# %% tags=["setup"]
import contextlib
import copy
import io
import json
import tempfile
import threading
import time
import zlib
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import onnxruntime
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

import minidl
from labs.kit import (
    CHIP,
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
from minidl import compress, nn
from minidl.cli import main as minidl_command
from minidl.data import DataLoader
from minidl.serve.api import application
from minidl.serve.limits import Limits
from minidl.serve.opening import opened
from minidl.serve.server import listening, make_server
from minidl.training.distill import train_on
from minidl.training.run import RunFolder

F = nn.functional

# %% [markdown] lang="ko"
# ## 1. 줄일 모델을 마련해요
#
# 강의의 CNN을 내장 MNIST 표본(학습용 10,000장, 시험용 2,000장)으로 가르쳐요. 명령 한 줄이면 모델과 설정이 **실행 폴더**에 남고, 나중에 서버가 이 폴더를 그대로 열어요.

# %% [markdown] lang="en"
# ## 1. A model to shrink
#
# The lecture's CNN is taught with the bundled sample of MNIST (10,000 images to train, 2,000 to test). One command leaves model and settings in a **run folder**, which a server can open later just as it is.

# %% tags=["machine"]
datasets = minidl.data.datasets
folder = tempfile.TemporaryDirectory()
RUN = Path(folder.name) / "first"
how = f"--epochs {budget(2, 1)} --limit {budget(10_000, 3000)} --batch-size {budget(100, 25)} --quiet".split()
with contextlib.redirect_stdout(io.StringIO()):
    code = minidl_command(["train", "--data", str(datasets.SAMPLE_FOLDER), "--out", str(RUN), *how])
assert code == 0

# %%
train_set, test_set = (datasets.MNIST(train=part, sample=True) for part in (True, False))
images = test_set.data[: budget(2000, 400)].float().unsqueeze(1) / 255  # (2000, 1, 28, 28)
labels = test_set.targets.numpy()[: len(images)]
some = train_set.data[:500].float().unsqueeze(1) / 255  # 눈금을 잴 이미지 ‖ images to measure ranges with
model = RunFolder(RUN).load_model()
model.eval()


def scores_of(network, images=images):
    """이미지마다 점수 열 개 (N, 10) ‖ ten scores for each image (N, 10)"""
    with minidl.no_grad():
        return network(images).numpy()


def accuracy(network, scores=None):
    """맞힌 비율 ‖ the share that is right"""
    scores = scores_of(network) if scores is None else scores
    return float((scores.argmax(axis=1) == labels[: len(scores)]).mean())


def numbers(network):
    """매개변수의 바이트, 그리고 zip처럼 눌러 담은 바이트 ‖ bytes of the parameters, and bytes when zipped"""
    raw = b"".join(array.numpy().tobytes() for array in network.state_dict().values())
    return len(raw), len(zlib.compress(raw, 9))


ROUNDS = budget(30, 6)


def milliseconds(calls, rounds=ROUNDS):
    """한 장에 걸리는 가장 짧은 시간. 번갈아 재서 모두 같은 기계를 만나게 해요 ‖ the shortest time for one image, in turn, so that all meet the same machine"""
    spent = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, spent):
            start = time.perf_counter()
            call()
            times.append((time.perf_counter() - start) * 1e3)
    return [min(times[1:]) for times in spent]


whole = accuracy(model)
print(f"정확도 {whole:.1%}, {numbers(model)[0]:,}바이트 ‖ accuracy {whole:.1%}, {numbers(model)[0]:,} bytes")
assert whole > budget(0.95, 0.80) and numbers(model)[0] == 18_090 * 4

# %% [markdown] lang="ko"
# ## 2. 8비트 정수: 눈금 256개로 다시 적기
#
# 실수 하나는 4바이트예요. 가장 큰 크기를 127에 맞춘 눈금 $s$로 나눠 반올림하면 정수 하나, 1바이트가 돼요.
#
# $$q=\operatorname{round}\Big(\frac{w}{s}\Big),\qquad s=\frac{\max\lvert w\rvert}{127},\qquad w\approx s\,q$$
#
# 그러면 곱셈도 정수끼리 해요: $\sum_k w_k x_k\approx s_w s_x\sum_k q_k\,(p_k-z)$. 다시 가르치지는 않아요.
#
# **질문 1.** 크기는 4분의 1이 돼요. 정확도는 얼마나 떨어질까요?
#
# **A** 1%p 넘게 **B** 거의 그대로(0.5%p 안쪽) **C** 10%p 넘게

# %% [markdown] lang="en"
# ## 2. 8-bit integers: written again on a scale of 256 marks
#
# A float takes 4 bytes. Divide by a step $s$ that brings the largest size to 127, round, and one integer of 1 byte is left.
#
# $$q=\operatorname{round}\Big(\frac{w}{s}\Big),\qquad s=\frac{\max\lvert w\rvert}{127},\qquad w\approx s\,q$$
#
# Then the products are of integers too: $\sum_k w_k x_k\approx s_w s_x\sum_k q_k\,(p_k-z)$. Nothing is trained again.
#
# **Question 1.** The size falls to a quarter. How far does the accuracy fall?
#
# **A** by more than 1 point **B** hardly (less than 0.5 points) **C** by more than 10 points

# %%
commit(1, "")

# %%
int8 = copy.deepcopy(model)
compress.quantize(
    int8, [some]
)  # 층마다 들어오는 값의 범위를 재고 정수로 바꾼다 ‖ measures what comes into each layer, and goes over to integers
scores = {"model": scores_of(model), "int8": scores_of(int8)}
in_integers = accuracy(int8, scores["int8"])
w = model.layer1[0].weight.detach().numpy()[0, 0]  # 첫 커널 (5, 5) ‖ the first kernel (5, 5)
q, s = int8.layer1[0].weight.numpy()[0, 0], float(int8.layer1[0].weight_scale.numpy()[0])
assert np.abs(w - s * q).max() <= s / 2 + 1e-7  # 반올림이니 반 눈금 안 ‖ rounding: within half a step
assert abs(in_integers - whole) < budget(0.005, 0.01) and numbers(int8)[0] < numbers(model)[0] / 3.9

# %% tags=["figure"]
figure = board(
    "눈금 256개면 충분하다: 크기는 4분의 1, 정확도는 그대로 ‖ 256 marks are enough: a quarter of the size, the same accuracy",
    5.2,
)
for column, (table, words, digits) in enumerate(
    (
        (w, "가중치 w ‖ weight w", 2),
        (q, "정수 q ‖ integer q", 0),
        ((w - s * q) / s, "반올림 오차 ÷ s ‖ rounding error ÷ s", 2),
    )
):
    ax = figure.add_axes([0.025 + 0.252 * column, 0.13, 0.235, 0.62])
    most = np.abs(table).max()
    ax.set(xlim=(0, 5), ylim=(5, 0), xticks=[], yticks=[])
    ax.axis("off")
    color = (TEAL, ORANGE, MUTED)[column]
    for (r, c), value in np.ndenumerate(table):
        ax.add_artist(
            Rectangle(
                (c + 0.04, r + 0.04),
                0.92,
                0.92,
                fc=color if value > 0 else PAPER,
                alpha=0.12 + 0.38 * abs(value) / most if value > 0 else 1,
                ec=color,
                lw=1.3,
            )
        )
        ax.text(
            c + 0.5,
            r + 0.52,
            num(round(float(value), digits) + 0.0, digits).replace("0.", ".") if digits else num(float(value), 0),
            size=14,
            ha="center",
            va="center",
            weight="bold" if column == 1 else "normal",
        )
    ax.text(0.02, -0.28, words, size=16, color=INK, va="center", weight="bold")
figure.text(0.79, 0.70, "s", size=20, weight="bold", color=MUTED)
figure.text(0.98, 0.70, num(s, 5), size=20, ha="right")
for row, (words, before, after) in enumerate(
    (
        ("바이트 ‖ bytes", f"{numbers(model)[0]:,}", f"{numbers(int8)[0]:,}"),
        ("정확도 ‖ accuracy", f"{whole:.2%}", f"{in_integers:.2%}"),
    )
):
    y = 0.52 - 0.25 * row
    figure.text(0.79, y + 0.07, words, size=15, color=MUTED)
    figure.text(0.79, y - 0.01, before, size=18, color=TEAL, weight="bold")
    figure.text(0.98, y - 0.075, after, size=20, weight="bold", ha="right", bbox=CHIP)
    figure.text(0.83, y - 0.075, "→", size=18, ha="center")
show(
    figure,
    "1-int8",
    "첫 커널의 가중치, 정수, 반올림 오차 ‖ The first kernel: its weights, its integers, the rounding error",
)
reveal(1, "B")

# %% [markdown] lang="ko"
# 반올림 오차는 늘 반 눈금 안쪽이에요(오른쪽 표의 값은 −0.5에서 0.5 사이). 곱이 수백 개 더해지며 서로 지워져서 점수의 순서가 거의 바뀌지 않아요. 이 곱셈이 어디에서 왔는지는 [합성곱 화면](lesson:conv1)에서, 구현은 [`IntegerConv2d`](../../minidl/compress/integers.py)에서 봐요.

# %% [markdown] lang="en"
# A rounding error is never more than half a step (the table on the right lies between −0.5 and 0.5). Hundreds of products are added up and their errors cancel, so the order of the scores hardly changes. Where these products come from is on [the screen of the convolution](lesson:conv1), how they are computed in [`IntegerConv2d`](../../minidl/compress/integers.py).

# %% [markdown] lang="ko"
# ## 3. 가지치기: 작은 가중치를 0으로
#
# 크기가 작은 가중치부터 0으로 만들어요. 다시 가르치지는 않고 얼마나 버티는지 봐요.
#
# **질문 2.** 가중치의 80%를 0으로 만들어 저장하면 파일은 얼마나 작아질까요? (압축하지 않고 그대로 저장해요.)
#
# **A** 5분의 1 **B** 그대로 **C** 절반

# %% [markdown] lang="en"
# ## 3. Pruning: small weights become 0
#
# Set weights to 0, the smallest first. Nothing is trained again; how long does it hold out?
#
# **Question 2.** Set 80% of the weights to 0 and save them. How much smaller is the file? (Saved as it is, not zipped.)
#
# **A** a fifth **B** the same **C** a half

# %%
commit(2, "")

# %%
shares = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
pruned = {}
for share in shares:
    thin = copy.deepcopy(model)
    compress.prune_weights(thin, share)
    pruned[share] = (accuracy(thin), *numbers(thin))
assert pruned[0.8][1] == numbers(model)[0] and pruned[0.8][2] < 0.5 * numbers(model)[1]
assert pruned[0.3][0] > whole - budget(0.01, 0.02)

# %% tags=["figure"]
figure = board(
    "절반을 지워도 버틴다. 그러나 0도 4바이트다 ‖ It survives without half its weights. But a zero takes 4 bytes too",
    5.0,
)
ax = figure.add_axes([0.09, 0.17, 0.40, 0.60])
ax.plot([0, *shares], [whole] + [pruned[share][0] for share in shares], "o-", color=TEAL, ms=9, clip_on=False)
ax.plot(0.8, pruned[0.8][0], "o", ms=13, color=ORANGE, mec=INK, mew=1.6, zorder=5, clip_on=False)
ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 0.8, 1], yticks=[0, 0.5, 1])
ax.set_xticklabels(["0", "50%", "80%", "100%"])
ax.set_yticklabels(["0", "50%", "100%"])
ax.set_xlabel("0으로 만든 비율 ‖ share set to 0")
ax.set_ylabel("정확도 ‖ accuracy")
bars = figure.add_axes([0.60, 0.17, 0.37, 0.60])
for row, (share, raw, zipped) in enumerate([(0, *numbers(model)), (0.8, *pruned[0.8][1:])]):
    for k, (size, color) in enumerate(((raw, TEAL), (zipped, ORANGE))):
        y = row * 1.3 + 0.45 * k
        bars.barh(y, size, height=0.38, color=color)
        bars.text(size + 900, y, f"{size:,}", size=16, weight="bold", va="center")
    bars.text(0, row * 1.3 - 0.42, f"{share:.0%}를 지움 ‖ {share:.0%} set to 0", size=16, va="center")
bars.set(ylim=(2.05, -0.75), xlim=(0, 96_000), xticks=[], yticks=[])
bars.spines["bottom"].set_visible(False)
figure.text(0.60, 0.10, "■ 그대로 ‖ ■ as it is", size=15, color=TEAL, weight="bold")
figure.text(0.75, 0.10, "■ 압축하면 (바이트) ‖ ■ zipped (bytes)", size=15, color="#b06f10", weight="bold")
show(
    figure,
    "2-pruning",
    "0으로 만든 비율과 정확도, 그리고 파일의 크기 ‖ Accuracy by the share set to 0, and sizes of files",
)
reveal(2, "B")

# %% [markdown] lang="ko"
# 0을 곱하는 데도 시간이 들고 0을 적는 데도 4바이트가 들어요. 이득을 보려면 압축하거나, 0을 건너뛰는 특별한 하드웨어가 있거나, **유닛을 통째로** 없애야 해요. 통째로 없애면 남는 층이 정말로 작아져요. 다음이 그 방법이에요.

# %% [markdown] lang="en"
# Multiplying by 0 takes time, and writing a 0 takes 4 bytes. To gain something, zip the file, have special hardware that skips zeros, or remove **whole units**: then the layers that are left are really smaller. That is next.

# %% [markdown] lang="ko"
# ## 4. 유닛을 절반 없애고, 큰 모델에게 배워요
#
# 채널을 절반 없애면 정확도가 뚝 떨어져요. 그래서 한 번 더 가르쳐요. 두 가지로 해 봐요. 정답만 보고 배우거나, **큰 모델의 확률까지** 보고 배우거나(증류). 큰 모델은 “이건 7인데 1이랑도 조금 닮았다”는 것까지 알려 줘요.
#
# $$L=(1-a)\,\text{CE}(z,y)+a\,T^2\,\text{KL}\big(\text{softmax}(z_{\text{big}}/T)\,\|\,\text{softmax}(z/T)\big)$$
#
# **질문 3.** 채널을 절반 없애고 아직 다시 가르치지 **않은** 모델의 정확도는?
#
# **A** 거의 그대로 **B** 크게 떨어진다 **C** 10%(찍기)와 같다

# %% [markdown] lang="en"
# ## 4. Remove half the units, and learn from the large model
#
# Without half its channels the accuracy falls, so we train once more. In two ways: by the answers alone, or by **the probabilities of the large model** too (distillation). The large one also tells that “this is a 7 that looks a little like a 1”.
#
# $$L=(1-a)\,\text{CE}(z,y)+a\,T^2\,\text{KL}\big(\text{softmax}(z_{\text{big}}/T)\,\|\,\text{softmax}(z/T)\big)$$
#
# **Question 3.** Half the channels are gone, and the model is **not** trained again yet. Its accuracy?
#
# **A** nearly the same **B** much lower **C** 10%, as by guessing

# %%
commit(3, "")

# %%
half = copy.deepcopy(model)
compress.prune_units(half, 0.5, images[:2])
untrained = accuracy(half)

x_train = train_set.data[: budget(6_000, 1500)].float().unsqueeze(1) / 255
pairs = minidl.data.TensorDataset(x_train, train_set.targets[: len(x_train)])
retrained, taught = copy.deepcopy(half), copy.deepcopy(half)
for student, teacher in ((retrained, None), (taught, model)):
    seed(0)
    train_on(student, DataLoader(pairs, batch_size=50, shuffle=True), 1, 0.02, teacher)
    student.eval()
alone, with_teacher = accuracy(retrained), accuracy(taught)
small = copy.deepcopy(taught)
compress.quantize(small, [some])  # 절반으로 줄인 것을 정수로도 ‖ half the units, and in integers
smallest = accuracy(small)
assert 0.15 < untrained < whole - 0.03 and with_teacher > untrained and with_teacher > budget(whole - 0.03, 0.75)

# %% tags=["figure"]
figure = board(
    "절반을 없애면 뚝 떨어지고, 다시 가르치면 돌아온다 ‖ Without half the units it falls; taught again, it is back", 4.2
)
rows = [
    ("원래 ‖ original", whole, TEAL),
    ("채널을 절반 없앰 ‖ half the channels", untrained, INK),
    ("다시: 정답만 ‖ again: by answers", alone, ORANGE),
    ("다시: 큰 모델에게서 ‖ again: by the large one", with_teacher, ORANGE),
]
ax = figure.add_axes([0.36, 0.08, 0.50, 0.72])
for row, (words, grade, color) in enumerate(rows):
    ax.barh(row, grade, color=color, height=0.64)
    ax.text(grade + 0.015, row, f"{grade:.2%}", size=18, weight="bold", va="center")
    figure.text(0.345, 0.08 + 0.72 * (1 - (row + 0.6) / 4.2), words, size=17, ha="right", va="center")
ax.axvline(0.1, color=MUTED, lw=1.3, ls=(0, (2, 3)))
ax.text(0.1, 3.65, "찍기 ‖ guessing", size=14, color=MUTED, ha="center", va="top")
ax.set(ylim=(3.6, -0.6), xlim=(0, 1.12), xticks=[], yticks=[])
ax.spines["bottom"].set_visible(False)
show(
    figure,
    "3-units",
    "채널을 절반 없앤 모델의 정확도: 다시 가르치기 전과 후 ‖ Accuracy without half the channels, before and after it is taught again",
)
reveal(3, "B")

# %% [markdown] lang="ko"
# 증류의 효과는 크지 않을 수 있어요. 숫자 열 가지는 쉬워서 정답만으로도 잘 배우거든요. 그림에서 두 모델의 차이를 직접 보고, 시험 이미지 2,000장에서 0.5%p는 10장이라는 점을 생각해요.
#
# ## 5. 그림 한 장: 크기, 속도, 정확도
#
# **질문 4.** 정수로 바꾼 모델은 NumPy에서 원래보다 빠를까요?
#
# **A** 4배 빠르다 **B** 비슷하다 **C** 오히려 느리다

# %% [markdown] lang="en"
# Distillation may not gain much: ten digits are easy, and the answers alone teach them well. See the difference for yourself in the figure, and mind that 0.5 points of 2,000 test images are 10 images.
#
# ## 5. One figure: size, speed, accuracy
#
# **Question 4.** Is the model in integers faster than the original, in NumPy?
#
# **A** 4 times **B** about the same **C** it is slower

# %%
commit(4, "")

# %% tags=["machine"]
models = {"model": model, "int8": int8, "half": retrained, "taught": taught, "small": small}
one = images[:1]


def forward(network):
    def call():
        with minidl.no_grad():
            network(one)

    return call


times = dict(zip(models, milliseconds([forward(network) for network in models.values()])))
grades = {"model": whole, "int8": in_integers, "half": alone, "taught": with_teacher, "small": smallest}
sizes = {name: numbers(network)[0] for name, network in models.items()}
assert times["int8"] > 0.8 * times["model"]  # NumPy의 정수 곱은 느리다 ‖ NumPy multiplies integers slowly

# %% tags=["figure", "print", "machine"]
smaller = sizes["model"] / sizes["small"]
figure = board(
    f"정확도를 거의 지키며 {smaller:.0f}배 작아진다 ‖ {smaller:.0f} times smaller, with nearly the same accuracy", 6.0
)
ax = figure.add_axes([0.10, 0.14, 0.86, 0.69])
names = {
    "model": "원래 ‖ original",
    "int8": "정수 ‖ int8",
    "half": "절반, 정답만 ‖ half, by answers",
    "taught": "절반, 증류 ‖ half, distilled",
    "small": "절반, 증류, 정수 ‖ half, distilled, int8",
}
low = min(grades.values())
span = max(max(grades.values()) - low, 0.004)
for name in models:
    ax.plot(
        sizes[name],
        grades[name],
        "o",
        ms=17,
        color=TEAL if name == "model" else ORANGE,
        mec=INK,
        mew=1.6,
        zorder=5,
        clip_on=False,
    )
ax.axhline(whole, color=MUTED, lw=1.2, ls=(0, (2, 3)))
ax.set(
    xscale="log",
    xlim=(4_300, 130_000),
    ylim=(low - 0.55 * span, low + 1.65 * span),
    xticks=[5_000, 10_000, 20_000, 40_000, 80_000],
)
ax.set_xticklabels(["5 kB", "10 kB", "20 kB", "40 kB", "80 kB"])
ax.minorticks_off()
ax.yaxis.set_major_locator(MaxNLocator(4))
ax.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
ax.set_xlabel("크기 (로그 눈금) ‖ size (logarithmic scale)")
ax.set_ylabel("정확도 ‖ accuracy")
halves_up = grades["taught"] >= grades["half"]
for name in models:
    up = {"half": not halves_up, "taught": halves_up}.get(name, True)
    y = grades[name] + (0.15 if up else -0.15) * span
    ax.text(
        sizes[name],
        y + (0.13 if up else 0) * span,
        names[name],
        size=16,
        weight="bold",
        ha="center",
        va="bottom" if up else "top",
    )
    ax.text(
        sizes[name],
        y - (0 if up else 0.13) * span,
        f"{num(times[name])} ms",
        size=16,
        color=MUTED,
        ha="center",
        va="bottom" if up else "top",
    )
show(
    figure,
    "4-tradeoff",
    "다섯 모델의 크기와 정확도, 한 장에 걸리는 시간 ‖ Size and accuracy of five models, and the time for one image",
)
reveal(4, "B")

# %% [markdown] lang="ko"
# 크기는 정말 줄지만 **시간은 줄지 않아요.** NumPy는 실수 행렬 곱만 최적화돼 있어서, minidl은 정수를 실수에 담아 곱해요. `float32`는 2²⁴까지, `float64`는 2⁵³까지의 정수를 하나도 반올림하지 않으니 답은 정수 곱과 똑같아요. 대신 곱은 실수만큼 걸리고, 입력을 정수로 반올림하는 시간이 더 들어요. 바이트를 바로 곱하는 명령을 쓰는 프로그램도 있어요. 그래서 심판을 불러요.

# %% [markdown] lang="en"
# The size really falls, but **the time does not.** NumPy has tuned products of floats only, so minidl puts the integers into floats to multiply them. `float32` rounds no integer up to 2²⁴, `float64` none up to 2⁵³, so the answers are those of integers. But the products take as long as those of floats, and rounding the inputs to integers comes on top. Other programs have instructions that multiply bytes. That is why we call the judge.

# %% [markdown] lang="ko"
# ## 6. 심판: ONNX Runtime
#
# 모델을 ONNX 파일로 내보내면 minidl을 전혀 모르는 프로그램이 열어서 계산해요. 같은 이미지에서 점수가 같은지 맞춰 보고, 시간도 재요.

# %% [markdown] lang="en"
# ## 6. The judge: ONNX Runtime
#
# Exported as an ONNX file, the model is opened and computed by a program that knows nothing of minidl. Are the scores of the same images the same? And how long does it take?


# %%
def exported(network):
    """ONNX Runtime이 여는 세션 ‖ a session of ONNX Runtime"""
    file = io.BytesIO()
    minidl.onnx.export(network, one, file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # VNNI가 없는 CPU에서는 합쳐진 정수 커널이 포화한다 ‖ without VNNI the fused integer kernels saturate
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])


judged, gaps, agreed = {}, {}, {}
for name in ("model", "int8"):
    judged[name] = exported(models[name])
    theirs = judged[name].run(None, {"input": images.numpy()})[0]
    gaps[name] = float(np.abs(scores[name] - theirs).max())
    agreed[name] = float((scores[name].argmax(axis=1) == theirs.argmax(axis=1)).mean())
assert gaps["model"] < 1e-3 and agreed["model"] == 1.0 and agreed["int8"] > 0.999


# %% tags=["machine"]
def ask(session):
    return lambda: session.run(None, {"input": one.numpy()})


fast = dict(zip(judged, milliseconds([ask(session) for session in judged.values()])))

# %% tags=["figure", "machine"]
figure = board(
    "심판의 점수도 같다. 시간은 누가 곱하느냐에 달렸다 ‖ The judge agrees. The time depends on who multiplies",
    4.6,
)
ax = figure.add_axes([0.30, 0.10, 0.37, 0.68])
rows = [
    ("minidl, 실수 ‖ minidl, floats", times["model"], TEAL),
    ("minidl, 정수 ‖ minidl, int8", times["int8"], TEAL),
    ("ONNX Runtime, 실수 ‖ ONNX Runtime, floats", fast["model"], MUTED),
    ("ONNX Runtime, 정수 ‖ ONNX Runtime, int8", fast["int8"], MUTED),
]
most = max(value for _, value, _ in rows)
for row, (words, value, color) in enumerate(rows):
    ax.barh(row, value, color=color, height=0.6)
    ax.text(value + 0.02 * most, row, f"{num(value)} ms", size=17, weight="bold", va="center")
    figure.text(0.285, 0.10 + 0.68 * (1 - (row + 0.6) / 4.2), words, size=16, ha="right", va="center")
ax.set(xlim=(0, 1.32 * most), ylim=(3.6, -0.6), xticks=[], yticks=[])
ax.spines["bottom"].set_visible(False)
figure.text(0.72, 0.76, "같은 답 (2,000장) ‖ same answers (2,000)", size=15, color=MUTED, va="center")
for row, name in enumerate(("model", "int8")):
    figure.text(0.72, 0.62 - 0.29 * row, ("실수 ‖ floats", "정수 ‖ int8")[row], size=17, weight="bold", va="center")
    figure.text(
        0.97, 0.62 - 0.29 * row, f"{agreed[name]:.2%}", size=20, weight="bold", ha="right", va="center", bbox=CHIP
    )
    figure.text(
        0.72,
        0.52 - 0.29 * row,
        f"점수 차이 최대 {gaps[name]:.0e} ‖ largest gap {gaps[name]:.0e}",
        size=15,
        color=MUTED,
        va="center",
    )
show(
    figure,
    "5-judge",
    "minidl과 ONNX Runtime의 시간, 그리고 같은 답의 비율 ‖ Times of minidl and ONNX Runtime, and the share of equal answers",
)

# %% [markdown] lang="ko"
# ## 7. API 뒤에 세우고, 숫자를 그려 보내요
#
# `minidl serve runs/first`를 치면 브라우저에서 숫자를 그리는 화면이 열려요. 그 뒤에 있는 것은 HTTP로 부르는 API예요. 여기서는 같은 서버를 이 노트북 안에서 띄우고 펜의 획을 JSON으로 보내요. 이 컴퓨터 안(127.0.0.1)에서만 오가요. 점 하나는 [가로, 세로, 펜의 굵기]이고 판의 한 변이 1이에요.
#
# **질문 5.** 숫자가 아닌 낙서를 보내면 서버는 무엇이라고 답해야 좋을까요?
#
# **A** 가장 그럴듯한 숫자 **B** 답하지 않고 까닭을 말한다 **C** 오류 500

# %% [markdown] lang="en"
# ## 7. Behind an API: draw a digit and send it
#
# `minidl serve runs/first` opens a page on which to draw; behind it is an API that is called by HTTP. Here we start that server inside the notebook and send the strokes of a pen as JSON; all of it stays on this computer (127.0.0.1). A point is [across, down, width of the pen], in sides of the pad.
#
# **Question 5.** Somebody sends a scribble that is no digit. What had the server better answer?
#
# **A** the likeliest digit **B** no digit, and the reason **C** error 500

# %%
commit(5, "")

# %% tags=["machine"]
turn = np.linspace(0, 2 * np.pi, 40)
drawings = {
    "7": [
        [[0.3 + 0.4 * t, 0.25, 0.07] for t in np.linspace(0, 1, 12)]
        + [[0.7 - 0.25 * t, 0.25 + 0.55 * t, 0.07] for t in np.linspace(0, 1, 16)]
    ],
    "0": [[[0.5 + 0.19 * np.cos(a), 0.5 + 0.29 * np.sin(a), 0.07] for a in turn]],
    "?": [[[0.12 + 0.76 * t, y, 0.05] for t in np.linspace(0, 1, 10)] for y in (0.15, 0.32, 0.49, 0.66, 0.83)],
}
drawings = {
    name: [[[round(float(v), 3) for v in point] for point in stroke] for stroke in strokes]
    for name, strokes in drawings.items()
}

socket = listening("127.0.0.1", 0)  # 빈 포트를 하나 ‖ some free port
server = make_server(application(opened(RunFolder(RUN), None, False, Limits(), None)))
thread = threading.Thread(target=server.run, args=([socket],))
thread.start()
while not server.started:
    time.sleep(0.05)


def call(path, question=None):
    """상태 코드와 JSON으로 온 답 ‖ the status, and the answer that came as JSON"""
    data = None if question is None else json.dumps(question).encode()
    request = Request(f"http://127.0.0.1:{socket.getsockname()[1]}{path}", data, {"content-type": "application/json"})
    try:
        with urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except HTTPError as error:
        return error.code, json.load(error)


assert call("/health") == (200, {"status": "ok"})
status, told = call("/v1/predict", {"images": [{"strokes": strokes} for strokes in drawings.values()]})
refused, problem = call("/v1/predict", {"images": [{"strokes": [[[0.5, "abc", 0.07]]]}]})
waits = milliseconds([lambda: call("/v1/predict", {"images": [{"strokes": drawings["0"]}]})], budget(30, 5))
server.should_exit = True
thread.join()
replies = dict(zip(drawings, told["answers"]))
assert status == 200 and refused == 422
assert replies["?"]["answer"] is None and (QUICK or [replies[name]["answer"] for name in "70"] == ["7", "0"])

# %% tags=["figure"]
figure = board(
    "그린 획이 JSON으로 가고, 확률이 JSON으로 온다 ‖ Strokes go out as JSON, probabilities come back as JSON", 6.0
)
for column, (name, reply) in enumerate(replies.items()):
    left = 0.03 + 0.328 * column
    pad = figure.add_axes([left, 0.50, 0.165, 0.275])
    pad.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
    for stroke in drawings[name]:
        xs, ys, widths = np.array(stroke).T
        pad.plot(xs, ys, color=INK, lw=widths[0] * 119, solid_capstyle="round", solid_joinstyle="round")
    for spine in pad.spines.values():
        spine.set(visible=True, color=MUTED)
    if reply["pixels"] is not None:
        seen = figure.add_axes([left + 0.18, 0.57, 0.123, 0.205])
        picture(seen, np.array(reply["pixels"]) / 255)
    bars = figure.add_axes([left, 0.165, 0.30, 0.20])
    chances = [chance["probability"] for chance in reply["probabilities"]] or [0] * 10
    bars.bar(range(10), chances, color=TEAL if reply["answer"] else "#b9c9cf", width=0.74)
    bars.set(ylim=(0, 1), xticks=range(10), yticks=[])
    bars.spines["left"].set_visible(False)
    bars.tick_params(length=0)
    if reply["answer"]:
        words = f"읽음: {reply['answer']} ‖ read: {reply['answer']}"
    else:
        words = "답하지 않음 ‖ no answer"
    figure.text(left, 0.425, words, size=19, weight="bold", va="center", bbox=CHIP)
figure.text(0.03, 0.815, "그린 것 ‖ drawn", size=15, color=MUTED, va="center")
figure.text(0.21, 0.815, "모델이 본 것 ‖ seen", size=15, color=MUTED, va="center")
figure.text(
    0.03,
    0.055,
    "아래: 숫자 열 가지의 확률. 연하면 서버가 믿지 않은 것이다 ‖ Below: the probabilities of ten digits. Pale: the server did not trust them",
    size=15,
    color=MUTED,
    va="center",
)
show(
    figure,
    "6-api",
    "그린 획 셋과 모델이 본 픽셀, 돌아온 확률 ‖ Three drawings, what the model saw, and the probabilities that came back",
)
reveal(5, "B")

# %% tags=["machine"]
print(
    f"요청 하나에 {waits[0]:.1f} ms, 그 가운데 신경망 {times['model']:.1f} ms ‖ {waits[0]:.1f} ms a request, of which the network takes {times['model']:.1f} ms"
)

# %% [markdown] lang="ko"
# 낙서에도 신경망은 어떤 숫자에 높은 확률을 줄 수 있어요. 모델은 열 가지밖에 모르니까요. 그래서 서버는 **숫자답지 않은 그림을 걸러 내는 검사**를 따로 하고, 못 믿겠으면 `answer`를 비우고 `reason`에 까닭을 적어요. 잘못 쓴 요청에는 500이 아니라 422와 어디가 틀렸는지를 돌려줘요. 개인 정보를 담은 그림은 애초에 밖으로 보내지 않는 것이 첫째예요.

# %% [markdown] lang="en"
# Even for a scribble the network may give some digit a high probability: it knows ten things only. So the server **checks apart whether it looks like a digit at all**; in doubt it leaves `answer` empty and writes into `reason` why. A request written wrongly gets 422 and the place of the mistake, not 500. And pictures with personal data had better not leave the house in the first place.

# %% [markdown] lang="ko"
# ## 8. 숨은 실수 찾기
#
# 친구도 정수로 바꿨어요. 코드는 거의 같은데 정확도가 무너졌어요. **한 줄이 틀렸어요.** 단서는 오른쪽 수예요. 첫 층에 들어오는 값의 한 눈금이 우리와 몇 배 차이가 나는지 보세요.

# %% [markdown] lang="en"
# ## 8. Find the mistake
#
# A friend went over to integers too. The code is nearly the same, but the accuracy is ruined. **One line is wrong.** The clue is the number on the right: by how many times does one step of what comes into the first layer differ from ours?

# %% tags=["mistake"]
friends_images = train_set.data[:500].float().unsqueeze(1)
friend = copy.deepcopy(model)
compress.quantize(friend, [friends_images])
friends_accuracy = accuracy(friend, scores_of(friend, images[:500]))  # 500장이면 충분하다 ‖ 500 images are enough

# %% tags=["figure"]
figure = board("같은 모델, 같은 정수, 다른 눈금 ‖ The same model, the same integers, another scale", 3.6)
steps = {"ours": float(int8.layer1[0].input_scale.numpy()), "friend": float(friend.layer1[0].input_scale.numpy())}
for row, (name, words, right) in enumerate(
    (("ours", "우리 ‖ ours", in_integers), ("friend", "친구 ‖ friend", friends_accuracy))
):
    y = 0.52 - 0.30 * row
    figure.text(0.03, y, words, size=19, weight="bold", va="center", color=TEAL if row == 0 else INK)
    bar = figure.add_axes([0.17, y - 0.10, 0.40, 0.20])
    bar.barh(0, right, color=TEAL if row == 0 else INK)
    bar.set(xlim=(0, 1), xticks=[], yticks=[])
    bar.spines["bottom"].set_visible(False)
    figure.text(0.59, y, f"{right:.1%}", size=20, weight="bold", va="center")
    figure.text(0.95, y, num(steps[name], 4), size=22, weight="bold", ha="right", va="center", bbox=CHIP)
figure.text(0.17, 0.72, "정확도 ‖ accuracy", size=15, color=MUTED, va="center")
figure.text(0.95, 0.72, "입력의 한 눈금 ‖ one step of the input", size=15, color=MUTED, ha="right", va="center")
show(figure, "7-mistake", "우리와 친구의 정확도와 입력의 눈금 ‖ Accuracy and input step, ours and the friend's")

# %% [markdown] lang="ko"
# 어느 줄인지 찾아 고치고 위의 두 셀을 다시 실행해 보세요.

# %% [markdown] lang="en"
# Find the line, mend it and run the two cells again.

# %% [markdown] lang="ko" tags=["exercise"]
# ## 9. 연습 문제
#
# **연습 1 (종이와 연필).** 가중치가 $(-0.50,\ 0.25,\ 1.27)$이에요. 눈금 $s$와 정수 셋을 구해 아래에 적어요. $0.254$를 이 눈금으로 적었다가 되돌리면 얼마가 될까요?

# %% [markdown] lang="en" tags=["exercise"]
# ## 9. Exercises
#
# **Exercise 1 (pen and paper).** The weights are $(-0.50,\ 0.25,\ 1.27)$. Work out the step $s$ and the three integers, then write them below. What becomes of $0.254$, written on this scale and read back?

# %%
my_step, my_integers = None, (None, None, None)

if my_step is not None:
    found, step = compress.integers.symmetric(np.array([[-0.50, 0.25, 1.27]]), True)
    print("s", abs(step[0] - my_step) < 1e-6, " q", found[0].tolist() == list(my_integers))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (층마다 몇 바이트일까).** 강의의 CNN은 매개변수가 260 + 5,020 + 12,810개예요. 실수로 72,360바이트인데 정수로는 왜 정확히 4분의 1인 18,090바이트가 아닐까요? 아래 표를 보고 남는 바이트가 무엇인지 말해요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (whose bytes?).** The lecture's CNN has 260 + 5,020 + 12,810 parameters: 72,360 bytes in floats. Why are the integers not exactly a quarter, 18,090 bytes? Look at the table, and say what the other bytes are.

# %%
for name, array in int8.state_dict().items():
    print(f"{name:24} {array.dtype!s:8} {array.numpy().nbytes:6,}")

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (심판이 채점해요).** 증류는 소프트맥스의 확률을 맞춰 가요. 그 소프트맥스의 `backward`를 NumPy로 완성해요. `z`는 순전파가 낸 확률 `(N, C)`, `dz`는 도착한 기울기예요. 도움말: `minidl.judge("softmax").hint()`.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged).** Distillation matches the probabilities of a softmax. Complete the `backward` of that softmax in NumPy. `z` are the probabilities `(N, C)` of the forward, `dz` is the gradient that arrives. For help: `minidl.judge("softmax").hint()`.


# %%
@minidl.judge("softmax")
def backward(dz, x, z):
    return z * dz  # ← 이 줄을 고쳐요 ‖ ← mend this line


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
# 친구의 이미지는 0에서 255까지예요. `/ 255`가 빠졌어요. 눈금을 255배 크게 잡았으니 실제로 들어오는 0에서 1까지의 픽셀은 눈금 하나 안에 다 들어가 버려요. **눈금을 재는 자료는 실제로 쓸 자료와 똑같이 준비해야 해요.**
#
# ```python
# mended = copy.deepcopy(model)
# compress.quantize(mended, [friends_images / 255])
# assert np.allclose(scores_of(mended, images[:100]), scores["int8"][:100])
# assert friends_accuracy < in_integers - 0.1 and abs(steps["friend"] / steps["ours"] - 255) < 1
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $s=1.27/127=0.01$, $q=(-50,\ 25,\ 127)$. $0.254$는 25.4 → 25, 되돌리면 0.25예요. 오차 0.004는 반 눈금 0.005보다 작아요.
#
# ```python
# found, step = compress.integers.symmetric(np.array([[-0.50, 0.25, 1.27]]), True)
# assert found[0].tolist() == [-50, 25, 127] and abs(step[0] - 0.01) < 1e-6
# ```
# </details>
#
# <details><summary>연습 2</summary>
#
# 가중치만 1바이트가 되고, 편향은 4바이트 실수 그대로예요(30 + 10개). 거기에 출력 채널마다 눈금 하나씩, 층마다 입력의 눈금과 0의 자리가 더 있어요.
#
# ```python
# weights = sum(a.numpy().size for n, a in int8.state_dict().items() if n.endswith(".weight"))
# rest = sum(a.numpy().nbytes for n, a in int8.state_dict().items() if not n.endswith(".weight"))
# assert weights == 250 + 5_000 + 12_800 and weights + rest == numbers(int8)[0] and rest == 40 * 4 + 40 * 4 + 3 * 4 + 3
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# 행마다 평균 $\sum_j dz_j\,z_j$를 빼요.
#
# ```python
# def solved(dz, x, z):
#     return z * (dz - (dz * z).sum(axis=1, keepdims=True))
# assert minidl.judge("softmax").check(solved)
# assert not minidl.judge("softmax").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# The friend's images go from 0 to 255: `/ 255` is missing. With a step 255 times too large, the pixels that really come, 0 to 1, all fit into a single step. **Measure the ranges with data prepared exactly as it will come.**
#
# ```python
# mended = copy.deepcopy(model)
# compress.quantize(mended, [friends_images / 255])
# assert np.allclose(scores_of(mended, images[:100]), scores["int8"][:100])
# assert friends_accuracy < in_integers - 0.1 and abs(steps["friend"] / steps["ours"] - 255) < 1
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $s=1.27/127=0.01$, $q=(-50,\ 25,\ 127)$. $0.254$ is 25.4 → 25, read back 0.25. The error of 0.004 is less than half a step, 0.005.
#
# ```python
# found, step = compress.integers.symmetric(np.array([[-0.50, 0.25, 1.27]]), True)
# assert found[0].tolist() == [-50, 25, 127] and abs(step[0] - 0.01) < 1e-6
# ```
# </details>
#
# <details><summary>Exercise 2</summary>
#
# Only weights take 1 byte; the biases stay floats of 4 bytes (30 + 10 of them). Besides there is a step for each output channel, and for each layer the step and the zero point of its input.
#
# ```python
# weights = sum(a.numpy().size for n, a in int8.state_dict().items() if n.endswith(".weight"))
# rest = sum(a.numpy().nbytes for n, a in int8.state_dict().items() if not n.endswith(".weight"))
# assert weights == 250 + 5_000 + 12_800 and weights + rest == numbers(int8)[0] and rest == 40 * 4 + 40 * 4 + 3 * 4 + 3
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# Take off each row's average $\sum_j dz_j\,z_j$.
#
# ```python
# def solved(dz, x, z):
#     return z * (dz - (dz * z).sum(axis=1, keepdims=True))
# assert minidl.judge("softmax").check(solved)
# assert not minidl.judge("softmax").check(backward)
# ```
# </details>
