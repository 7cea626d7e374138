# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 O. CPU와 GPU: 언제 GPU가 앞설까
#
# “GPU를 쓰면 빨라져요.” 늘 그럴까요? 이 실습에서는 먼저 이 컴퓨터를 진찰하고, CPU에서 배치의 크기와 시간의 관계를 **재고**, GPU의 시간은 **종이 위에서 셈해요.** GPU가 있는 컴퓨터라면 같은 셀이 GPU도 재요.
#
# 약속이 하나 있어요. **재지 않은 수는 잰 것처럼 말하지 않아요.** 그림에서 실선과 속이 찬 점은 이 컴퓨터에서 잰 값, 점선은 가정으로 셈한 값이에요.

# %% [markdown] lang="en"
# # Lab O. CPU and GPU: when does the GPU overtake?
#
# “A GPU makes it faster.” Always? In this lab we first examine this computer, then **measure** on the CPU how time depends on the batch, and **work out on paper** what a GPU would take. On a computer with a GPU the same cells measure it too.
#
# One promise: **what was not measured is never told as if it was.** In the figures solid lines and filled dots were measured on this computer; dashed lines follow from assumptions.

# %% tags=["setup"]
import time
import tracemalloc

import numpy as np

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    LANGUAGE,
    MUTED,
    ORANGE,
    TEAL,
    board,
    budget,
    commit,
    num,
    reveal,
    score,
    seed,
    show,
)
from minidl import nn
from minidl.doctor import examine
from minidl.engine.observe import Observer, observed
from minidl.language import translated
from minidl.models import Lecture
from minidl.models.summary import summarize

F = nn.functional

# %% [markdown] lang="ko"
# ## 1. 진찰: 이 컴퓨터에는 무엇이 있나요
#
# 터미널에서 `minidl doctor`를 치면 파이썬부터 GPU의 행렬 곱까지 하나씩 확인하고, 빠진 것은 **설치 명령까지** 알려 줘요. 여기서는 같은 진찰을 파이썬에서 불러요. ○는 됨, △는 없지만 없어도 됨, ×는 있는데 고장이에요.

# %% [markdown] lang="en"
# ## 1. An examination: what does this computer have?
#
# In a terminal `minidl doctor` checks one thing after the other, from Python up to a matrix product on the GPU, and names **the command that installs** what is missing. Here the same examination is called from Python. ○: works. △: missing, but you may not need it. ×: there, but broken.

# %% tags=["machine"]
findings = examine()
gpu = any(one.part == "--backend cupy" and one.status == "OK" for one in findings)
assert all(one.status == "OK" for one in findings if one.part == "Python")

# %% tags=["figure", "machine"]
parts = ("Python", "NumPy", "CuPy", "nvidia-smi", "GPU", "matmul")
chosen = [one for one in findings if one.part in parts]
figure = board(
    "이 컴퓨터의 GPU는 쓸 수 있다 ‖ The GPU of this computer can be used"
    if gpu
    else "이 컴퓨터에는 쓸 수 있는 GPU가 없다. 그래도 실습은 된다 ‖ This computer has no GPU to use. The lab works all the same",
    1.35 + 0.55 * len(chosen),
)
for row, one in enumerate(chosen):
    y = 1 - (1.15 + 0.55 * row) / (1.35 + 0.55 * len(chosen))
    figure.text(
        0.04,
        y,
        {"OK": "○", "WARN": "△", "FAIL": "×"}[one.status],
        size=24,
        color={"OK": TEAL, "WARN": MUTED, "FAIL": CRIMSON}[one.status],
        ha="center",
        va="center",
        family="DejaVu Sans",
    )
    figure.text(0.075, y, translated(one.part, LANGUAGE), size=17, weight="bold", va="center")
    detail = translated(one.detail, LANGUAGE)
    detail = detail if len(detail) < 72 else detail[:70] + "…"
    figure.text(0.215, y, detail, size=14.5, color=MUTED, va="center")
show(
    figure, "1-doctor", "진찰 결과: 부분마다 됨, 없음, 고장 ‖ The examination: each part works, is missing or is broken"
)

# %% [markdown] lang="ko"
# ## 2. 배치를 키우면 이미지 한 장이 싸져요
#
# 강의의 CNN을 한 걸음 가르치는 시간(순전파, 역전파, 갱신)을 배치의 크기를 바꿔 가며 재요. 코어 하나만 쓰고, **이 프로그램이 실제로 쓴 CPU 시간** 가운데 가장 짧은 것을 써요. 다른 프로그램이 끼어든 시간을 빼려는 거예요.
#
# **질문 1.** 배치가 1일 때와 64일 때, **이미지 한 장**에 드는 시간은 어느 쪽이 길까요?
#
# **A** 같다 **B** 1일 때가 훨씬 길다 **C** 64일 때가 더 길다

# %% [markdown] lang="en"
# ## 2. In a larger batch, an image is cheaper
#
# We time one training step of the lecture's CNN (forward, backward, update) for batches of several sizes. We use a single core and count **the CPU time that this program really used**, the shortest of several, to leave out what other programs took.
#
# **Question 1.** With a batch of 1 and of 64: where does **one image** take longer?
#
# **A** the same **B** much longer with 1 **C** longer with 64

# %%
commit(1, "")

# %%
sample = minidl.data.datasets.MNIST(train=True, sample=True)
pixels, digits = sample.data.float().unsqueeze(1) / 255, sample.targets


def trainer(n, device="cpu"):
    """이미지 n장으로 한 걸음 가르치는 함수 ‖ a function that trains one step on n images"""
    seed(0)
    model = Lecture().to(device)
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, y = pixels[:n].to(device), digits[:n].to(device)

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()  # 수 하나를 읽으면 GPU가 끝날 때까지 기다린다 ‖ to read one number waits until a GPU is done

    return step


def shortest(step, steps, clock=time.process_time):
    """한 걸음의 초: `steps`번씩 세 묶음 가운데 가장 짧은 것 ‖ seconds of a step: the shortest of three rounds of `steps`"""
    step()  # 처음 한 번은 버린다 ‖ the first call is thrown away
    spent = []
    for _ in range(3):
        start = clock()
        for _ in range(steps):
            step()
        spent.append((clock() - start) / steps)
    return min(spent)


BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
STEPS = {n: max(budget(128, 32) // n, budget(2, 1)) for n in BATCHES}

# %% tags=["machine"]
minidl.set_num_threads(1)  # 코어 하나로 ‖ with one core
cpu = {n: shortest(trainer(n), STEPS[n]) for n in BATCHES}
on_gpu = {n: shortest(trainer(n, "cuda"), STEPS[n], time.perf_counter) for n in BATCHES} if gpu else {}
ns, seconds = np.array(BATCHES), np.array(list(cpu.values()))
b = max(
    (cpu[256] - cpu[32]) / (256 - 32), 1e-7
)  # 한 장이 더해질 때마다: 큰 배치의 기울기 ‖ for each image more: the slope of large batches
a = max(cpu[1] - b, 1e-5)  # 이미지와 상관없이 드는 시간 ‖ what is spent whatever the number of images
assert cpu[64] / 64 < cpu[1]

# %% tags=["figure", "machine"]
figure = board(
    "한 걸음의 시간 = 시작하는 값 + 이미지마다 드는 값 ‖ Time of a step = the cost of starting + the cost of each image",
    5.4,
)
ax = figure.add_axes([0.10, 0.15, 0.40, 0.66])
ax.loglog(ns, seconds * 1e3, "o", ms=10, color=TEAL, clip_on=False)
line = np.geomspace(1, 256, 100)
ax.loglog(line, (a + b * line) * 1e3, color=TEAL, lw=2)
ax.axhline(a * 1e3, color=MUTED, lw=1.3, ls=(0, (2, 3)))
ax.set(xticks=[1, 4, 16, 64, 256], xlim=(0.9, 290), ylim=(0.6 * a * 1e3, 2 * seconds.max() * 1e3))
ax.set_xticklabels(["1", "4", "16", "64", "256"])
ax.minorticks_off()
ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
ax.set_xlabel("배치의 크기 n ‖ batch size n")
ax.set_title("한 걸음 (ms) ‖ one step (ms)", size=15, color=MUTED, loc="left", pad=10)
per = figure.add_axes([0.60, 0.15, 0.37, 0.66])
each = seconds / ns * 1e3
per.bar(range(len(ns)), each, color=[ORANGE if n in (1, 64) else "#a9c3cb" for n in BATCHES], width=0.72)
for k, value in enumerate(each):
    if k % 2 == 0:
        weight = "bold" if BATCHES[k] in (1, 64) else "normal"
        per.text(k, value + 0.02 * each.max(), num(value, 2 if value < 10 else 1), size=15, ha="center", weight=weight)
per.set(xticks=range(len(ns)), yticks=[], ylim=(0, 1.12 * each.max()))
per.set_xticklabels([str(n) for n in BATCHES])
per.spines["left"].set_visible(False)
per.set_xlabel("배치의 크기 n ‖ batch size n")
per.set_title("이미지 한 장 (ms) ‖ one image (ms)", size=15, color=MUTED, loc="left", pad=10)
ax.text(290, a * 1.25e3, f"t = {num(a * 1e3)} + {num(b * 1e3)} · n", size=18, weight="bold", ha="right", va="bottom")
show(
    figure,
    "2-batch",
    "배치의 크기에 따른 한 걸음의 시간과 이미지 한 장의 시간 ‖ Time of a step and of one image, by the size of the batch",
)
reveal(1, "B")

# %% [markdown] lang="ko"
# 점은 잰 값, 선은 $t(n)=a+b\,n$이에요. $a$는 이미지가 한 장이든 백 장이든 드는 값이에요. 파이썬이 함수를 부르고, 배열을 마련하고, 계산을 시작하는 데 들어요. 배치가 크면 $a$를 여럿이 나눠 내요. 선이 잘 맞지 않는 곳도 있어요. 배열이 커져 캐시를 넘으면 한 장의 값이 도로 비싸지거든요.

# %% [markdown] lang="en"
# Dots are measured; the line is $t(n)=a+b\,n$. Whether it is one image or a hundred, $a$ has to be paid: Python calls functions, arrays are prepared, work is started. In a large batch many share it. The line does not fit everywhere: where arrays outgrow the cache, an image becomes dearer again.

# %% [markdown] lang="ko"
# ## 3. 한 걸음에는 연산이 몇 번 들어 있을까요
#
# GPU에서는 연산 하나가 **커널**을 하나 이상 띄워요(커널은 GPU에서 도는 작은 프로그램이에요). 커널을 띄우는 데는 계산과 상관없이 백만분의 몇 초가 들어요. 그래서 연산이 몇 번인지, 곱셈이 몇 번인지를 세어 두면 종이 위에서 시간을 셈할 수 있어요.
#
# **질문 2.** 곱셈의 대부분은 어느 층에서 일어날까요?
#
# **A** 첫째 합성곱 **B** 둘째 합성곱 **C** 마지막 선형층

# %% [markdown] lang="en"
# ## 3. How many operations are in a step?
#
# On a GPU an operation launches one **kernel** or more (a small program that runs there). A launch takes some millionths of a second, however little there is to compute. So count the operations and the multiplications, and the time can be worked out on paper.
#
# **Question 2.** In which layer are most of the multiplications?
#
# **A** the first convolution **B** the second **C** the linear layer at the end

# %%
commit(2, "")


# %%
class Counter(Observer):
    """엔진이 하는 연산을 센다 ‖ counts what the engine does"""

    forward = backward = 0

    def on_forward(self, *_):
        self.forward += 1

    def on_backward(self, *_):
        self.backward += 1


counted, model = Counter(), Lecture()
with observed(counted):
    F.cross_entropy(model(pixels[:4]), digits[:4]).backward()
parameters = len(list(model.parameters()))
operations = (
    counted.forward + counted.backward + parameters
)  # 갱신은 매개변수 배열마다 한 번 ‖ the update: once for each array of parameters
layers = [layer for layer in summarize(model, (1, 1, 28, 28)).layers if layer.multiply_adds]
products = sum(layer.multiply_adds for layer in layers)  # 이미지 한 장, 순전파 ‖ one image, forward
assert [layer.multiply_adds for layer in layers] == [225_000, 1_445_000, 12_800]

# %% tags=["figure"]
figure = board("곱셈의 86%는 둘째 합성곱에 있다 ‖ 86% of the multiplications are in the second convolution", 3.9)
ax = figure.add_axes([0.27, 0.12, 0.42, 0.62])
for row, layer in enumerate(layers):
    ax.barh(row, layer.multiply_adds, color=TEAL, height=0.62)
    ax.text(layer.multiply_adds + 30_000, row, f"{layer.multiply_adds:,}", size=18, weight="bold", va="center")
    figure.text(
        0.255,
        0.12 + 0.62 * (1 - (row + 0.6) / 3.2),
        ("첫째 합성곱 ‖ first convolution", "둘째 합성곱 ‖ second convolution", "선형층 ‖ linear layer")[row],
        size=16,
        ha="right",
        va="center",
    )
ax.set(ylim=(2.6, -0.6), xlim=(0, 1.6e6), xticks=[], yticks=[])
ax.spines["bottom"].set_visible(False)
figure.text(0.985, 0.70, "연산 (한 걸음) ‖ operations (a step)", size=15, color=MUTED, ha="right")
for row, (words, value) in enumerate(
    (
        ("순전파 ‖ forward", counted.forward),
        ("역전파 ‖ backward", counted.backward),
        ("갱신 ‖ update", parameters),
        ("모두 ‖ in all", operations),
    )
):
    figure.text(
        0.815, 0.58 - 0.135 * row, words, size=16, ha="left", va="center", weight="bold" if row == 3 else "normal"
    )
    figure.text(
        0.975,
        0.58 - 0.135 * row,
        str(value),
        size=19,
        weight="bold",
        ha="right",
        va="center",
        bbox=CHIP if row == 3 else None,
    )
show(
    figure, "3-counts", "층마다의 곱셈 수와 한 걸음의 연산 수 ‖ Multiplications of each layer, and operations of a step"
)
assert round(100 * layers[1].multiply_adds / products) == 86
reveal(2, "B")

# %% [markdown] lang="ko"
# 둘째 합성곱은 17 × 17자리에서, 채널 10개에 걸친 5 × 5칸을, 출력 채널 20개마다 곱해요: $17\cdot17\cdot5\cdot5\cdot10\cdot20=1445000$. 역전파는 $dw$와 $dx$에 한 번씩, 곱셈이 두 배 더 들어요. 그래서 한 걸음은 순전파의 세 배쯤이에요. [합성곱의 dw](lesson:conv2.dw)와 [dx](lesson:conv2.dx) 화면에서 왜 두 번인지 볼 수 있어요.

# %% [markdown] lang="en"
# The second convolution multiplies at 17 × 17 places, over 10 channels of 5 × 5 cells, for each of 20 output channels: $17\cdot17\cdot5\cdot5\cdot10\cdot20=1445000$. Backward multiplies twice as much again, once for $dw$ and once for $dx$: a step is some three forward passes. The screens of [dw](lesson:conv2.dw) and [dx](lesson:conv2.dx) show why there are two.

# %% [markdown] lang="ko"
# ## 4. 종이 위의 GPU
#
# 가정을 적어요. **잰 값이 아니라 여러분이 고칠 값**이에요. 학교 컴퓨터의 GPU 사양서를 찾아 바꿔 보세요.
#
# $$t_{\text{GPU}}(n)=a+L\,\tau+n\Big(\frac{2\cdot3\,M}{e\,P}+\frac{B}{W}\Big)$$
#
# $a$는 파이썬의 몫(CPU에서 잰 값을 그대로 써요), $L$은 커널의 수, $\tau$는 커널 하나를 띄우는 시간, $M$은 이미지 한 장의 곱셈, $P$는 사양서의 초당 계산, $e$는 그 가운데 실제로 쓰는 비율, $B$는 이미지 한 장의 바이트, $W$는 CPU에서 GPU로 옮기는 속도예요.
#
# **질문 3.** 아래의 가정으로 셈하면, 종이 위의 GPU는 어느 배치부터 이 컴퓨터의 CPU를 앞설까요?
#
# **A** 1부터 **B** 2에서 32 사이의 어느 크기부터 **C** 32보다 커야

# %% [markdown] lang="en"
# ## 4. A GPU on paper
#
# Write the assumptions down. They are **not measured, and they are yours to change**: look up the data sheet of your school's GPU.
#
# $$t_{\text{GPU}}(n)=a+L\,\tau+n\Big(\frac{2\cdot3\,M}{e\,P}+\frac{B}{W}\Big)$$
#
# $a$ is Python's part (as measured on the CPU), $L$ the number of kernels, $\tau$ the time to launch one, $M$ the multiplications of one image, $P$ the operations a second of the data sheet, $e$ the share of them that is really reached, $B$ the bytes of an image, $W$ the speed of the road from CPU to GPU.
#
# **Question 3.** By the assumptions below, from which batch on does the GPU on paper overtake the CPU of this computer?
#
# **A** from 1 on **B** from some size between 2 and 32 **C** only beyond 32

# %%
commit(3, "")

# %% tags=["machine"]
KERNELS = (
    35  # 센 값: minidl이 이 CNN의 한 걸음에 띄우는 커널 ‖ counted: kernels that minidl launches in a step of this CNN
)
LAUNCH = 20e-6  # 가정: 커널 하나를 파이썬에서 띄우는 초. 아무리 짧아도 8e-6 ‖ assumed: seconds to launch one from Python; 8e-6 is the least
PEAK = 8e12  # 사양서: 초당 float32 계산 ‖ data sheet: float32 operations a second
REACHED = (
    0.05  # 가정: 그 가운데 쓰는 비율. 작은 층은 낮다 ‖ assumed: the share of it that is reached; low for small layers
)
ROAD = 10e9  # 사양서: CPU에서 GPU로 초당 바이트 ‖ data sheet: bytes a second from CPU to GPU

launches = KERNELS * LAUNCH
per_image = 2 * 3 * products / (REACHED * PEAK) + 28 * 28 * 4 / ROAD
overtakes = launches / (b - per_image) if b > per_image else np.inf
assert per_image > 0 and launches > 0

# %% tags=["figure", "print", "machine"]
figure = board(
    f"종이 위에서는 배치 {np.ceil(overtakes):.0f}쯤부터 GPU가 앞선다 ‖ On paper the GPU overtakes from a batch of about {np.ceil(overtakes):.0f}",
    6.0,
)
ax = figure.add_axes([0.10, 0.27, 0.58, 0.57])
line = np.geomspace(1, 1024, 200)
paper = (a + launches + per_image * line) * 1e3
ax.loglog(line, (a + b * line) * 1e3, color=TEAL, lw=2.4)
ax.loglog(ns, seconds * 1e3, "o", ms=10, color=TEAL, clip_on=False, zorder=4)
ax.loglog(line, paper, color=INK, lw=2.4, ls=(0, (4, 2.5)))
if gpu:
    ax.loglog(
        list(on_gpu),
        [value * 1e3 for value in on_gpu.values()],
        "s",
        ms=10,
        color=ORANGE,
        mec=INK,
        clip_on=False,
        zorder=5,
    )
if 1 < overtakes < 1024:
    ax.plot(overtakes, (a + b * overtakes) * 1e3, "o", ms=15, color=ORANGE, mec=INK, mew=1.6, zorder=6)
    ax.axvline(overtakes, ymax=0.9, color=MUTED, lw=1.2, ls=(0, (2, 3)))
ax.set(xlim=(0.9, 1100), xticks=[1, 4, 16, 64, 256, 1024])
ax.set_xticklabels(["1", "4", "16", "64", "256", "1024"])
ax.minorticks_off()
ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
ax.set_xlabel("배치의 크기 n ‖ batch size n")
ax.set_ylabel("한 걸음 (ms) ‖ one step (ms)")
ax.text(1250, (a + b * 1024) * 1e3, "CPU, 잰 값 ‖ CPU, measured", size=17, weight="bold", color=TEAL, va="center")
ax.text(1250, paper[-1], "GPU, 종이 위 ‖ GPU, on paper", size=17, weight="bold", va="center")
if gpu:
    ax.text(
        1250,
        list(on_gpu.values())[-1] * 1e3,
        "■ GPU, 잰 값 ‖ ■ GPU, measured",
        size=16,
        color="#b06f10",
        weight="bold",
        va="center",
    )
figure.text(
    0.025,
    0.105,
    f"커널 {KERNELS}개(센 값) · {LAUNCH * 1e6:.0f} µs(가정) = {num(launches * 1e3)} ms, 가정: {PEAK / 1e12:.0f} TFLOP/s의 {REACHED:.0%}, {ROAD / 1e9:.0f} GB/s ‖ {KERNELS} kernels (counted) · {LAUNCH * 1e6:.0f} µs (assumed) = {num(launches * 1e3)} ms; assumed: {REACHED:.0%} of {PEAK / 1e12:.0f} TFLOP/s, {ROAD / 1e9:.0f} GB/s",
    size=16,
    color=MUTED,
    va="center",
)
figure.text(
    0.025,
    0.045,
    "점선은 재지 않았다. 가정을 고치면 만나는 자리도 움직인다 ‖ The dashed line was not measured: other assumptions, another crossing",
    size=16,
    color=MUTED,
    va="center",
)
show(
    figure,
    "4-crossing",
    "배치에 따른 한 걸음의 시간: CPU는 잰 값, GPU는 종이 위의 값 ‖ Time of a step by batch: the CPU measured, the GPU on paper",
)
reveal(3, "A" if overtakes <= 1 else "B" if overtakes <= 32 else "C")

# %% [markdown] lang="ko"
# 커널의 수 35는 [benchmarks/GPU.md](../../benchmarks/GPU.md)에 있는 센 값이고, 나머지는 사양서의 값이거나 가정이에요. 배치가 작으면 GPU는 계산보다 **커널을 띄우느라** 바빠요. 배치가 커지면 띄우는 값은 그대로인데 CPU의 값은 계속 늘어요. 작은 모델, 작은 배치, 짧은 학습이라면 CPU로 충분한 경우가 많아요.
# 이 그림의 점선은 **셈일 뿐이에요.** 실제 GPU에서는 캐시, 메모리 속도, 커널의 수가 모두 다를 수 있어요. GPU가 있다면 `minidl bench`로 재고 이 셈과 비교해 보세요.

# %% [markdown] lang="en"
# The 35 kernels were counted ([benchmarks/GPU.md](../../benchmarks/GPU.md)); the rest are from data sheets, or assumed. In small batches a GPU is busy **launching** rather than computing. In larger batches the launches cost the same, while the CPU's part goes on growing. For small models, small batches and short trainings a CPU is often enough.
# The dashed line is **a calculation and no more.** On a real GPU caches, the speed of memory and the number of kernels may all be different. If you have one, measure with `minidl bench` and compare.

# %% [markdown] lang="ko"
# ## 5. 메모리: 무엇이 자리를 차지할까요
#
# GPU에서 가장 먼저 만나는 오류는 느림이 아니라 **메모리 부족**이에요. 학습에는 매개변수, 기울기, 관성(momentum), 그리고 역전파를 위해 남겨 둔 **중간값**이 들어가요.
#
# **질문 4.** 배치가 100일 때 가장 큰 것은?
#
# **A** 매개변수 **B** 기울기와 관성 **C** 중간값

# %% [markdown] lang="en"
# ## 5. Memory: what takes the room?
#
# The first error met on a GPU is not slowness, it is **out of memory**. Training holds the parameters, their gradients, the momentum, and the **values in between** that are kept for the way back.
#
# **Question 4.** With a batch of 100, which is the largest?
#
# **A** the parameters **B** gradients and momentum **C** the values in between

# %%
commit(4, "")


# %% tags=["machine"]
def peak(n):
    """한 걸음 동안 NumPy가 더 쓴 가장 많은 바이트 ‖ the most bytes that NumPy held during a step, beyond those before it"""
    step = trainer(n)
    step()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    step()
    found = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return found


weights = sum(parameter.numel() for parameter in model.parameters()) * 4
peaks = {n: peak(n) for n in (25, 50, 100)}
each_image = (peaks[100] - peaks[50]) / 50
outputs = summarize(
    model, (1, 1, 28, 28)
).memory  # 순전파의 결과만 셈한 바이트 ‖ bytes of forward's results alone, by counting
assert weights == 72_360 and peaks[100] > 20 * weights and each_image > outputs / 4

# %% tags=["figure", "machine"]
figure = board(
    "자리를 차지하는 것은 가중치가 아니라 중간값이다 ‖ It is not the weights that take the room, but the values in between",
    4.6,
)
ax = figure.add_axes([0.30, 0.12, 0.52, 0.66])
rows = [
    ("매개변수 ‖ parameters", weights),
    ("기울기 ‖ gradients", weights),
    ("관성 ‖ momentum", weights),
    ("중간값, 배치 25 ‖ in between, batch 25", peaks[25]),
    ("중간값, 배치 50 ‖ in between, batch 50", peaks[50]),
    ("중간값, 배치 100 ‖ in between, batch 100", peaks[100]),
]
for row, (words, size) in enumerate(rows):
    ax.barh(row, size, color=TEAL if row < 3 else CRIMSON, height=0.66)
    ax.text(
        size + 0.012 * peaks[100],
        row,
        f"{size / 1e6:.2f} MB" if size < 1e6 else f"{size / 1e6:.1f} MB",
        size=17,
        weight="bold",
        va="center",
    )
    figure.text(0.285, 0.12 + 0.66 * (1 - (row + 0.6) / 6.2), words, size=16, ha="right", va="center")
ax.set(ylim=(5.6, -0.6), xlim=(0, 1.18 * peaks[100]), xticks=[], yticks=[])
ax.spines["bottom"].set_visible(False)
figure.text(0.985, 0.62, "한 장에 ‖ per image", size=15, color=MUTED, ha="right")
figure.text(0.97, 0.53, f"{each_image / 1e3:.0f} kB", size=21, weight="bold", ha="right", va="center", bbox=CHIP)
show(
    figure,
    "5-memory",
    "매개변수, 기울기, 관성과 배치마다의 중간값의 크기 ‖ Sizes of parameters, gradients, momentum, and of the values in between by batch",
)
reveal(4, "C")

# %% [markdown] lang="ko"
# 가중치는 배치가 커져도 그대로인데 중간값은 배치에 비례해요. 그래서 메모리가 모자라면 가장 먼저 **배치를 줄여요.** 한 장에 드는 바이트를 알면 몇 장까지 들어갈지 미리 셈할 수 있어요(연습 2).

# %% [markdown] lang="en"
# The weights stay the same in any batch; the values in between grow with it. So when memory runs out, **make the batch smaller** first. Knowing the bytes of one image, you can tell beforehand how many fit (exercise 2).

# %% [markdown] lang="ko"
# ## 6. 숨은 실수 찾기
#
# 친구가 “내 컴퓨터에서는 한 걸음이 훨씬 빨라!” 하고 자랑해요. 같은 모델, 같은 배치, 같은 컴퓨터예요. 시간을 재는 코드에서 **한 줄이 제자리에 있지 않아요.**

# %% [markdown] lang="en"
# ## 6. Find the mistake
#
# “On my computer a step is much faster!” a friend boasts. The same model, the same batch, the same computer. In the timing code **one line is not in its place.**

# %% tags=["mistake", "machine"]
seed(0)
friends_model = Lecture()
friends_optimizer = minidl.optim.SGD(friends_model.parameters(), lr=0.01, momentum=0.9)
x, y = pixels[:64], digits[:64]
friends_times = []
for _ in range(budget(8, 3)):
    start = time.process_time()
    friends_optimizer.zero_grad()
    loss = F.cross_entropy(friends_model(x), y)
    spent = time.process_time() - start
    loss.backward()
    friends_optimizer.step()
    friends_times.append(spent)
friend, ours = min(friends_times[1:]), shortest(trainer(64), 2)

# %% tags=["figure", "machine"]
figure = board("빠른 것이 아니라 덜 잰 것이다 ‖ Not faster: only less was timed", 3.0)
for row, (words, value, color) in enumerate((("우리 ‖ ours", ours, TEAL), ("친구 ‖ friend", friend, INK))):
    y0 = 0.55 - 0.34 * row
    figure.text(0.03, y0, words, size=19, weight="bold", color=color, va="center")
    bar = figure.add_axes([0.16, y0 - 0.10, 0.50, 0.20])
    bar.barh(0, value, color=color)
    bar.set(xlim=(0, ours), xticks=[], yticks=[])
    bar.spines["bottom"].set_visible(False)
    figure.text(0.68, y0, f"{num(value * 1e3, 1)} ms", size=20, weight="bold", va="center")
figure.text(
    0.97,
    0.21,
    f"{num(ours / friend, 1)}배 ‖ {num(ours / friend, 1)} times",
    size=21,
    weight="bold",
    ha="right",
    va="center",
    bbox=CHIP,
)
show(figure, "6-mistake", "우리와 친구가 잰 한 걸음의 시간 ‖ The time of a step, as we and the friend measured it")

# %% [markdown] lang="ko"
# 어느 줄을 어디로 옮겨야 할까요? GPU에서는 비슷하지만 더 교묘한 실수가 있어요. GPU는 일을 **맡겨 놓고 바로 돌아오기** 때문에, 끝나기를 기다리지 않고 시계를 멈추면 0에 가까운 시간이 나와요. 우리 `step`이 `loss.item()`으로 끝나는 까닭이에요.

# %% [markdown] lang="en"
# Which line has to go where? On a GPU there is a subtler mistake of this kind. A GPU **takes the work and returns at once**: stop the clock without waiting for it, and the time is close to 0. That is why our `step` ends with `loss.item()`.

# %% [markdown] lang="ko" tags=["exercise"]
# ## 7. 연습 문제
#
# **연습 1 (종이와 연필).** 어떤 CPU에서 한 걸음이 $t(n)=1+0.5\,n$ ms, 어떤 GPU에서 $t(n)=3+0.1\,n$ ms예요. 어느 배치부터 GPU가 앞설까요? 이미지 60,000장을 배치 100으로 한 바퀴 돌면 각각 몇 초일까요? 아래에 적어요.

# %% [markdown] lang="en" tags=["exercise"]
# ## 7. Exercises
#
# **Exercise 1 (pen and paper).** On some CPU a step takes $t(n)=1+0.5\,n$ ms, on some GPU $t(n)=3+0.1\,n$ ms. From which batch on does the GPU overtake? How many seconds is one epoch of 60,000 images in batches of 100, on each? Write them below.

# %%
my_batch, my_cpu_seconds, my_gpu_seconds = None, None, None

if my_batch is not None:
    ts = (1 + 0.5 * np.arange(1, 20), 3 + 0.1 * np.arange(1, 20))
    print(
        "n",
        my_batch == int(np.argmax(ts[1] < ts[0])) + 1,
        " CPU",
        abs(my_cpu_seconds - 600 * 0.051) < 0.05,
        " GPU",
        abs(my_gpu_seconds - 600 * 0.013) < 0.05,
    )

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (몇 장까지 들어갈까).** 메모리가 4 GB인 GPU가 있고, CUDA와 프로그램이 1 GB를 미리 써요. `each_image`로 이 CNN의 배치가 몇 장까지 들어갈지 셈해요. 가로세로가 10배(280 × 280)인 사진이라면요? 중간값은 픽셀 수에 비례해요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (how many fit?).** A GPU has 4 GB of memory, of which CUDA and the program take 1 GB beforehand. Work out with `each_image` how large a batch of this CNN fits. And with pictures 10 times as wide and high (280 × 280)? The values in between grow with the number of pixels.

# %%
room = 4e9 - 1e9  # 바이트 ‖ bytes
my_largest_batch = None

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (심판이 채점해요).** 역전파의 곱셈이 왜 순전파의 두 배인지 직접 짜 봐요. 행렬 곱 $z=xy$의 `backward`를 NumPy로 완성해요. 도움말: `minidl.judge("matmul").hint()`.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged).** Why does backward multiply twice as much as forward? Write it: complete the `backward` of the matrix product $z=xy$ in NumPy. For help: `minidl.judge("matmul").hint()`.


# %%
@minidl.judge("matmul")
def backward(dz, x, y):
    dx = dz @ y.T
    dy = np.zeros(y.shape)  # ← 이 줄을 고쳐요 ‖ ← mend this line
    return dx, dy


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
# `spent = ...` 줄이 `loss.backward()`보다 앞에 있어요. 순전파만 잰 거예요. `friends_optimizer.step()` 뒤로 옮겨요. 역전파의 곱셈이 순전파의 두 배이니 한 걸음은 순전파의 세 배쯤이어야 해요. 두 시간을 비교할 때는 **같은 일을 쟀는지**부터 확인해요.
#
# ```python
# assert ours > 1.4 * friend
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $1+0.5\,n=3+0.1\,n$에서 $n=5$에 같아지고, 6부터 GPU가 앞서요. 한 바퀴는 600걸음이에요. CPU는 $600\cdot51$ ms = 30.6초, GPU는 $600\cdot13$ ms = 7.8초.
#
# ```python
# assert 1 + 0.5 * 5 == 3 + 0.1 * 5 and 1 + 0.5 * 6 > 3 + 0.1 * 6
# assert abs(600 * (1 + 0.5 * 100) / 1000 - 30.6) < 1e-9 and abs(600 * (3 + 0.1 * 100) / 1000 - 7.8) < 1e-9
# ```
# </details>
#
# <details><summary>연습 2</summary>
#
# 남은 자리를 한 장의 바이트로 나눠요. 사진이 10배 크면 픽셀은 100배라 배치는 100분의 1이에요. 가중치가 차지하는 몫은 무시해도 될 만큼 작아요. 잰 값은 NumPy의 것이라 GPU에서는 조금 다를 수 있어요.
#
# ```python
# largest = int(room / each_image)
# assert largest > 1_000 and int(room / (100 * each_image)) == largest // 100
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# 순전파는 곱이 하나, 역전파는 둘이에요. 크기도 같아요.
#
# ```python
# def solved(dz, x, y):
#     return dz @ y.T, x.T @ dz
# assert minidl.judge("matmul").check(solved)
# assert not minidl.judge("matmul").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# The line `spent = ...` comes before `loss.backward()`: only forward was timed. Move it behind `friends_optimizer.step()`. Backward multiplies twice as much as forward, so a step must be some three forward passes. Before two times are compared, ask **whether the same work was timed.**
#
# ```python
# assert ours > 1.4 * friend
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# From $1+0.5\,n=3+0.1\,n$ they are equal at $n=5$; from 6 on the GPU is ahead. An epoch is 600 steps: on the CPU $600\cdot51$ ms = 30.6 seconds, on the GPU $600\cdot13$ ms = 7.8 seconds.
#
# ```python
# assert 1 + 0.5 * 5 == 3 + 0.1 * 5 and 1 + 0.5 * 6 > 3 + 0.1 * 6
# assert abs(600 * (1 + 0.5 * 100) / 1000 - 30.6) < 1e-9 and abs(600 * (3 + 0.1 * 100) / 1000 - 7.8) < 1e-9
# ```
# </details>
#
# <details><summary>Exercise 2</summary>
#
# Divide the room by the bytes of one image. Pictures 10 times as large have 100 times the pixels, so the batch is 100 times smaller. What the weights take is too little to matter. The measured bytes are NumPy's; on a GPU they may differ somewhat.
#
# ```python
# largest = int(room / each_image)
# assert largest > 1_000 and int(room / (100 * each_image)) == largest // 100
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# Forward is one product, backward two, and all of one size.
#
# ```python
# def solved(dz, x, y):
#     return dz @ y.T, x.T @ dz
# assert minidl.judge("matmul").check(solved)
# assert not minidl.judge("matmul").check(backward)
# ```
# </details>
