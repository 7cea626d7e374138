# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 C. 첫 신경망: 강의의 코드를 한 줄씩
#
# 강의 10절의 코드는 손글씨 숫자를 읽는 신경망을 60줄 남짓으로 가르쳐요. 이 실습에서는 그 코드를 위에서 아래로 읽으면서, **줄마다 그 줄이 없으면 무슨 일이 생기는지** 확인해요.
#
# 진행 방법: ① 질문을 읽고 `commit(2, "B")`처럼 답을 **먼저** 적어요. ② 셀을 실행해 그림과 맞춰 봐요. 첫 답만 기록되고, 마지막에 성적표가 나와요.
#
# 낱말 셋만 먼저요. 입력에서 답까지 앞으로 계산하는 것이 **순전파**예요. 얼마나 틀렸는지를 수 하나로 잰 것이 **손실**이고, 손실에서 거꾸로 오면서 수마다 “내가 조금 커지면 손실이 얼마나 커지나”를 구하는 것이 **역전파**예요. 그 답이 **기울기**예요(실습 A에서 손으로 구한 것).
#
# 색의 뜻은 모든 실습에서 같아요. **청록**은 순전파로 계산한 값, **진홍**은 역전파로 온 기울기, **주황**은 이번에 얻은 결과예요.

# %% [markdown] lang="en"
# # Lab C. The first network: the lecture's listing, line by line
#
# The listing of the lecture's section 10 teaches a network to read handwritten digits in some 60 lines. We read it from top to bottom, and see **what each line is for by what happens without it**.
#
# How it goes: ① read the question and write your answer **first**, as in `commit(2, "B")`. ② Run on and hold it against the figure. Only your first answer is recorded; a score sheet comes at the end.
#
# Three words first. Computing from the input to the answer is the **forward** pass. One number that says how wrong the answer is is the **loss**. The **backward** pass comes back from the loss and finds for every number “if I grow a little, how much does the loss grow?”: its **gradient** (in lab A you found it by hand).
#
# Colours mean the same in all labs. **Teal**: what the forward pass computed. **Crimson**: the gradient that the backward pass brought. **Orange**: the result just obtained.

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

# %% [markdown] lang="ko"
# ## 1. 자료: 숫자 한 장은 수 784개
#
# 강의의 코드에서 가져오기(import) 줄만 바꿨어요. `minidl`은 PyTorch와 이름이 같아서, 나머지는 인쇄된 그대로 돌아가요. 인터넷 없이 돌도록 MNIST에서 고른 표본(학습용 10,000장, 시험용 2,000장)을 써요.

# %% [markdown] lang="en"
# ## 1. The data: a digit is 784 numbers
#
# Only the import lines of the lecture's listing are changed: `minidl` has PyTorch's names, and the rest runs as printed. So that it runs without a network, we take a bundled sample of MNIST (10,000 digits to train on, 2,000 to test).

# %%
import minidl as torch
import minidl.data.datasets as dsets
import minidl.data.transforms as transforms
from minidl.data import DataLoader

torch.manual_seed(777)
learning_rate = 0.001
training_epochs = budget(
    2, 1
)  # 강의는 15번. 여기서는 기다리지 않도록 줄였어요 ‖ the lecture takes 15; fewer here, to save your time
batch_size = 100

mnist_train = dsets.MNIST(train=True, transform=transforms.ToTensor(), sample=True)
mnist_test = dsets.MNIST(train=False, transform=transforms.ToTensor(), sample=True)
data_loader = DataLoader(dataset=mnist_train, batch_size=batch_size, shuffle=True, drop_last=True)

X, Y = next(iter(data_loader))
print(X.shape, Y.shape, X.min().item(), X.max().item())

# %% tags=["figure"]
figure = board(
    "컴퓨터가 받는 것은 그림이 아니라 0과 1 사이의 수 784개다 ‖ What the computer gets is no picture: 784 numbers from 0 to 1",
    5.2,
)
pixels, left, top, size = mnist_train[0][0].numpy()[0], 11, 5, 8
ax = figure.add_axes([0.025, 0.08, 0.40, 0.76])
picture(ax, pixels)
ax.add_patch(plt.Rectangle((left - 0.5, top - 0.5), size, size, fill=False, ec=ORANGE, lw=4))
ax = figure.add_axes([0.475, 0.08, 0.50, 0.76])
ax.imshow(pixels[top : top + size, left : left + size], cmap="Greys", vmin=-0.2, vmax=6, aspect="auto")
for (row, column), value in np.ndenumerate(pixels[top : top + size, left : left + size]):
    ax.text(
        column,
        row,
        "0" if value == 0 else "1" if value == 1 else f".{round(value * 100):02d}",
        size=16,
        ha="center",
        va="center",
        color=TEAL if value else MUTED,
        weight="bold" if value > 0.5 else "normal",
    )
ax.set(xticks=[], yticks=[])
for spine in ax.spines.values():
    spine.set(visible=True, color=ORANGE, lw=4)
show(figure, "1-pixels", "숫자 한 장과 그 일부를 이루는 수들 ‖ A digit, and the numbers that a part of it is")

# %% [markdown] lang="ko"
# `X`의 모양 `(100, 1, 28, 28)`은 차례로 **배치, 채널, 높이, 너비**예요. 숫자 100장을 한꺼번에 계산하고(배치), 흑백이라 채널은 하나예요. `Y`는 정답 100개예요.
# `ToTensor()`는 0부터 255까지의 정수를 255로 나눠 0과 1 사이로 만들어요. **이 한 가지를 꼭 기억해 두세요.** 9절에서 다시 만나요.
#
# ## 2. 모델: 크기를 따라가기
#
# 강의의 모델은 세 가지 일을 이어 붙인 것이에요. **합성곱**(`Conv2d`)은 작은 창(커널)의 수들을 그림 위로 옮겨 가며 곱하고 더해서 획의 조각을 찾아요. 뒤따르는 `ReLU`는 음수를 0으로 바꿔요. **풀링**(`MaxPool2d`)은 네 칸에서 가장 큰 수 하나만 남겨요. 마지막 `fc`는 **완전 연결**(`Linear`)이라, 남은 수 모두에 저마다의 수를 곱하고 더해서 점수 10개를 만들어요. 커널의 수와 `fc`의 수처럼 배우면서 바뀌는 수가 **가중치**예요.
#
# 합성곱이 내놓는 한 변의 크기는 들어온 크기 $n$, 커널 $k$, 덧댄 테두리 $p$, 보폭 $s$로 정해져요. $\lfloor\ \rfloor$는 소수점 아래를 버리라는 기호예요.
#
# $$n' = \left\lfloor\frac{n + 2p - k}{s}\right\rfloor + 1$$
#
# **질문 1.** $n=28$에 강의의 `kernel_size=5, stride=1, padding=3`을 쓰면 한 변은 얼마가 될까요?
#
# **A** 28 **B** 30 **C** 32

# %% [markdown] lang="en"
# The shape of `X`, `(100, 1, 28, 28)`, is **batch, channels, height, width**: 100 digits are computed at once (a batch), and gray has one channel. `Y` holds the 100 right answers.
# `ToTensor()` divides whole numbers from 0 to 255 by 255, so that they lie between 0 and 1. **Remember this one thing**: we meet it again in section 9.
#
# ## 2. The model: follow the sizes
#
# The lecture's model strings three kinds of work together. A **convolution** (`Conv2d`) moves a small window of numbers (the kernel) over the picture, multiplies and adds, and so finds pieces of strokes. `ReLU` after it turns negative numbers to 0. **Pooling** (`MaxPool2d`) keeps the largest of four cells. `fc` at the end is **fully connected** (`Linear`): it multiplies every number that is left by one of its own, and adds up, to make 10 scores. The numbers that change in learning, those of the kernels and of `fc`, are the **weights**.
#
# The side of what a convolution gives follows from the side $n$ that came, the kernel $k$, the padding $p$ and the stride $s$. The signs $\lfloor\ \rfloor$ say: drop what stands behind the point.
#
# $$n' = \left\lfloor\frac{n + 2p - k}{s}\right\rfloor + 1$$
#
# **Question 1.** What is the side, when $n=28$ meets the lecture's `kernel_size=5, stride=1, padding=3`?
#
# **A** 28 **B** 30 **C** 32

# %%
commit(1, "")


# %%
class CNN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = torch.nn.Sequential(
            torch.nn.Conv2d(1, 10, kernel_size=5, stride=1, padding=3),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.layer2 = torch.nn.Sequential(
            torch.nn.Conv2d(10, 20, kernel_size=5, stride=1, padding=3),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.fc = torch.nn.Linear(8 * 8 * 20, 10, bias=True)
        torch.nn.init.xavier_uniform_(self.fc.weight)

    def forward(self, x):
        out = self.layer1(x)
        out = self.layer2(out)
        out = out.view(out.size(0), -1)
        return self.fc(out)


model = CNN()
with torch.no_grad():
    for part in (model.layer1[0], model.layer1[2], model.layer2[0], model.layer2[2]):
        X = part(X)
        print(type(part).__name__, tuple(X.shape))
reveal(1, "B")

# %% [markdown] lang="ko"
# 28 + 6 − 5 + 1 = 30이에요. 풀링은 절반으로 줄이고(15), 다시 합성곱(17), 풀링(8, 나머지 한 줄은 버려요). 그래서 `fc`가 받는 수는 8 × 8 × 20 = 1,280개예요. 이 수가 틀리면 코드는 `fc`에서 멈춰요.
# 수업 화면에서 [합성곱](lesson:conv1)과 [풀링](lesson:pool1)이 칸마다 무엇을 하는지 볼 수 있어요. (페이지는 `python -m labs lesson`이 만들어요.)
#
# **질문 2.** 가중치의 70%가 마지막 `fc` 층에 있어요. 그러면 곱셈은 `fc`가 몇 %쯤 할까요?
#
# **A** 70%쯤 **B** 20%쯤 **C** 1%도 안 된다

# %% [markdown] lang="en"
# 28 + 6 − 5 + 1 = 30. Pooling halves it (15), then convolution again (17) and pooling (8; the row left over is dropped). So `fc` receives 8 × 8 × 20 = 1,280 numbers. If that number is wrong, the program stops at `fc`.
# On the lesson page you see what [a convolution](lesson:conv1) and [pooling](lesson:pool1) do, cell by cell. (`python -m labs lesson` writes that page.)
#
# **Question 2.** 70% of the weights are in the last layer, `fc`. What share of the multiplications does `fc` do?
#
# **A** about 70% **B** about 20% **C** less than 1%

# %%
commit(2, "")

# %%
places = {"layer1": (model.layer1[0], 30 * 30), "layer2": (model.layer2[0], 17 * 17), "fc": (model.fc, 1)}
weights = {name: sum(p.numel() for p in part.parameters()) for name, (part, _) in places.items()}
products = {
    name: part.weight.numel() * count for name, (part, count) in places.items()
}  # 가중치 하나를 쓰는 자리의 수만큼 ‖ once for each place where a weight is used
assert sum(weights.values()) == 18_090 and products["fc"] / sum(products.values()) < 0.01

# %% tags=["figure"]
figure = board(
    "가중치는 fc에 있고, 일은 합성곱이 한다 ‖ The weights are in fc; the work is done by the convolutions", 4.6
)
for left, numbers, words in (
    (0.11, weights, "가중치 (전체 18,090개) ‖ weights (18,090 in all)"),
    (0.56, products, "숫자 한 장에 드는 곱셈 ‖ multiplications for one digit"),
):
    ax = figure.add_axes([left, 0.06, 0.28, 0.66])
    largest = max(numbers.values())
    for row, (name, value) in enumerate(numbers.items()):
        ax.barh(row, value, height=0.56, color=ORANGE if value == largest else TEAL)
        ax.text(value + largest * 0.03, row, f"{value:,}", size=19, weight="bold", va="center")
        if left < 0.2:
            ax.text(-largest * 0.06, row, name, size=18, ha="right", va="center")
    ax.set(xlim=(0, largest), ylim=(2.6, -0.6), xticks=[], yticks=[])
    ax.spines["bottom"].set_visible(False)
    figure.text(left, 0.76, words, size=16, color=MUTED)
show(figure, "2-work", "층마다 가중치의 수와 곱셈의 수 ‖ Weights and multiplications of each layer")
reveal(2, "C")

# %% [markdown] lang="ko"
# 합성곱의 가중치 하나는 그림의 모든 자리에서 다시 쓰여요(`layer1`은 900곳, `layer2`는 289곳). `fc`의 가중치는 한 번씩만 쓰여요. 그래서 **모델 파일을 줄이려면 `fc`를, 계산을 줄이려면 합성곱을** 손봐야 해요.
#
# ## 3. 학습 루프: 다섯 줄 가운데 한 줄이 없다면
#
# ```
# optimizer.zero_grad()          # 지난 기울기를 지우고
# hypothesis = model(X)          # 순전파
# cost = criterion(hypothesis, Y)
# cost.backward()                # 역전파
# optimizer.step()               # 갱신
# ```
#
# **질문 3.** `zero_grad`, `backward`, `step` 가운데 하나를 지우고 돌려 봐요. 지웠을 때 오류가 나는 줄은?
#
# **A** `backward`를 지웠을 때 **B** `step`을 지웠을 때 **C** 어느 것을 지워도 오류가 나지 않는다

# %% [markdown] lang="en"
# A weight of a convolution is used again at every place of the picture (900 places in `layer1`, 289 in `layer2`); one of `fc` is used once. So **to shrink the model file, work on `fc`; to save computing, on the convolutions.**
#
# ## 3. The training loop: five lines, and what if one is missing
#
# ```
# optimizer.zero_grad()          # forget the last gradients
# hypothesis = model(X)          # forward
# cost = criterion(hypothesis, Y)
# cost.backward()                # backward
# optimizer.step()               # update
# ```
#
# **Question 3.** Delete one of `zero_grad`, `backward` and `step`, and run. Which deletion gives an error?
#
# **A** deleting `backward` **B** deleting `step` **C** none of them

# %%
commit(3, "")

# %%
digits = torch.stack([mnist_train[i][0] for i in range(len(mnist_train))])  # (10000, 1, 28, 28)
labels = torch.tensor([mnist_train[i][1] for i in range(len(mnist_train))])
criterion = torch.nn.CrossEntropyLoss()
COUNT, STEPS = budget(50, 20), budget(40, 12)


def losses(without="", lr=0.03):
    """같은 숫자로 마흔 걸음 ‖ forty steps on the same digits"""
    torch.manual_seed(0)
    model, history = CNN(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for step in range(STEPS):
        if without != "zero_grad":
            optimizer.zero_grad()
        cost = criterion(model(digits[:COUNT]), labels[:COUNT])
        if without != "backward":
            cost.backward()
        if without != "step":
            optimizer.step()
        history.append(cost.item())
    return history


left_out = {name: losses(without=name) for name in ("", "zero_grad", "backward", "step")}

# %% tags=["figure", "print"]
figure = board(
    "한 줄이 빠져도 아무도 알려 주지 않는다. 손실 곡선만 안다 ‖ Leave a line out: nothing complains, only the loss curve tells",
    5.6,
)
loop = ["zero_grad", "model(X)", "criterion", "backward", "step"]
for k, (name, history) in enumerate(left_out.items()):
    x0 = 0.065 + 0.237 * k
    for row, line in enumerate(loop):
        gone = line == name
        figure.text(
            x0 + 0.005,
            0.79 - 0.062 * row,
            line,
            size=16,
            color=CRIMSON if gone else INK,
            weight="bold" if gone else "normal",
            va="center",
        )
        if gone:
            figure.add_artist(
                plt.Line2D(
                    [x0 - 0.002, x0 + 0.012 + 0.0122 * len(line)], [0.788 - 0.062 * row] * 2, color=CRIMSON, lw=2.4
                )
            )
    ax = figure.add_axes([x0, 0.13, 0.195, 0.34])
    ax.plot(history, color=TEAL)
    ax.plot(len(history) - 1, history[-1], "o", ms=11, color=ORANGE, mec=INK, mew=1.6, clip_on=False, zorder=5)
    ax.axhline(np.log(10), color=MUTED, lw=1.4, ls=(0, (2, 3)), zorder=0)
    ax.set(xlim=(0, STEPS - 1), ylim=(0, 4.4), xticks=[0, STEPS // 2, STEPS], yticks=[0, 2, 4])
    if k:
        ax.set_yticklabels([])
    else:
        ax.set_ylabel("손실 ‖ loss")
    ax.set_xlabel("걸음 ‖ step")
show(
    figure,
    "3-five-lines",
    "학습 루프에서 한 줄씩 뺐을 때의 손실 곡선 네 개 ‖ Four loss curves: the whole loop, and with one line left out each",
)
assert np.ptp(left_out["backward"]) == np.ptp(left_out["step"]) == 0
assert left_out[""][-1] < left_out[""][0] - budget(0.7, 0.1)
reveal(3, "C")

# %% [markdown] lang="ko"
# `backward`가 없으면 기울기가 없고, `step`이 없으면 기울기를 쓰지 않아요. 둘 다 **한 걸음도 움직이지 않으니** 손실이 $\log 10=2.30$에 그대로 있어요. 열 숫자에 똑같이 10분의 1씩 준, 곧 찍을 때의 손실이에요.
# `zero_grad`가 없으면 지난 기울기가 모두 더해져서 **브레이크 없는 공**처럼 점점 빨라져요. 처음에는 오히려 빨리 내려가지만 골짜기를 지나쳐 튕겨 나가요. 여기서는 운 좋게 다시 내려왔어요. `losses("zero_grad", lr=0.1)`도 그려 보세요. (관성, 곧 `momentum`은 여기에 마찰을 더한 거예요.) 수업 화면의 [갱신](lesson:update)이 이 한 걸음을 보여 줘요.
#
# 어느 쪽도 오류를 내지 않아요. 그래서 학습을 시작하면 **손실 곡선을 가장 먼저** 봐요.
#
# ## 4. 이제 강의의 루프를 그대로

# %% [markdown] lang="en"
# Without `backward` there is no gradient; without `step` nobody uses it. Either way **nothing moves**, and the loss stays at $\log 10=2.30$: that of guessing, with a 10th for each digit.
# Without `zero_grad` all earlier gradients are added up, and it gathers speed like **a ball without brakes**: faster down at first, then past the valley and out again. Here it was lucky and came back; draw `losses("zero_grad", lr=0.1)`, too. (`momentum` is this with friction.) The [update](lesson:update) screen of the lesson page shows one such step.
#
# Neither gives an error. So when a training starts, **look at the loss curve first.**
#
# ## 4. Now the lecture's loop, as it is

# %%
model = CNN()
optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
total_batch = budget(len(data_loader), 25)

for epoch in range(training_epochs):
    avg_cost = 0
    for number, (X, Y) in enumerate(data_loader):
        if number == total_batch:
            break  # CI에서만 일찍 멈춰요 ‖ early only in CI
        optimizer.zero_grad()
        hypothesis = model(X)
        cost = criterion(hypothesis, Y)
        cost.backward()
        optimizer.step()
        avg_cost += cost.item() / total_batch
    print(f"[Epoch: {epoch + 1:>4}] cost = {avg_cost:.3f}")

test_digits = torch.stack([mnist_test[i][0] for i in range(len(mnist_test))])
test_labels = torch.tensor([mnist_test[i][1] for i in range(len(mnist_test))])
right = test_labels.numpy()
with torch.no_grad():
    probabilities = torch.softmax(model(test_digits), dim=1).numpy()
accuracy = (probabilities.argmax(axis=1) == right).mean()
print("정확도 ‖ accuracy", f"{accuracy:.3f}")
assert accuracy > budget(0.92, 0.65)

# %% [markdown] lang="ko"
# 강의와 다른 곳은 `avg_cost += cost.item() / ...` 하나예요. 인쇄된 `avg_cost += cost / ...`는 텐서(지나온 계산을 기억하는 수의 배열)를 더하는 것이라 배치마다 지나온 길(그래프)이 따라붙어요. 에포크(epoch)는 학습 자료를 한 번 다 본 것을 말해요. 값은 같지만 `item()`으로 수만 꺼내는 버릇이 좋아요.
#
# ## 5. 학습한 신경망 안을 들여다보기
#
# `minidl.explain.record`는 순전파와 역전파를 한 번 녹화해요. 시험용에서 모델이 **처음으로 틀린 숫자**를 넣어 봐요.

# %% [markdown] lang="en"
# One thing differs from the lecture: `avg_cost += cost.item() / ...`. The printed `avg_cost += cost / ...` adds tensors (arrays that remember how they were computed), and each batch drags the way it came (its graph) along. An epoch is once through all the training data. The value is the same; taking out the number by `item()` is a good habit.
#
# ## 5. A look inside the trained network
#
# `minidl.explain.record` records one forward and backward pass. We give it **the first test digit that the model gets wrong**.

# %%
wrong = np.flatnonzero(probabilities.argmax(axis=1) != right)
which = int(wrong[0])
x, answer = test_digits[which : which + 1].requires_grad_(), test_labels[which : which + 1]
with torch.explain.record(check=False) as tape:
    criterion(model(x), answer).backward()
# tape.save("my-page.html")  # 이 숫자의 수업 화면 ‖ the lesson page of this very digit
print([node.op for node in tape.nodes])

# %% tags=["figure"]
pools = [node for node in tape.nodes if "MaxPool" in node.op]
p, said = probabilities[which], int(probabilities[which].argmax())
figure = board("값은 오른쪽으로, 책임은 왼쪽으로 흐른다 ‖ Values flow to the right, blame flows to the left", 6.0)
stages = [  # 왼쪽, 너비, 순전파, 역전파, 줄 ‖ left, width, forward, backward, rows
    (0.025, 0.20, x.detach().numpy()[0], x.grad.numpy()[0], 1),
    (0.275, 0.20, pools[0].array[0], pools[0].dz[0], 4),
    (0.525, 0.20, pools[1].array[0], pools[1].dz[0], 5),
]
for x0, width, values, slopes, rows in stages:
    for y0, maps, hue in ((0.49, values, "forward"), (0.055, slopes, "backward")):
        columns = -(-len(maps) // rows)
        grid = np.full((rows * (maps.shape[1] + 1) - 1, columns * (maps.shape[2] + 1) - 1), np.nan)
        for index, one in enumerate(maps):
            i, j = divmod(index, columns)
            one = one / np.abs(maps).max()
            grid[i * (one.shape[0] + 1) :, j * (one.shape[1] + 1) :][: one.shape[0], : one.shape[1]] = one
        ax = figure.add_axes([x0, y0, width, 0.33], anchor="C")
        if hue == "forward":
            picture(ax, grid)
        else:
            crimson = plt.cm.colors.LinearSegmentedColormap.from_list("blame", ["white", CRIMSON])
            picture(ax, np.abs(grid), cmap=crimson)
        for spine in ax.spines.values():
            spine.set_visible(rows == 1)
for k in range(10):
    for y0, value, color in ((0.49, p[k], TEAL), (0.055, p[k] - (k == right[which]), CRIMSON)):
        y = y0 + 0.33 - 0.034 * (k + 0.5)
        mark = k in (said, right[which])
        figure.text(0.785, y, str(k), size=14, weight="bold" if mark else "normal", va="center")
        figure.add_artist(
            plt.Rectangle(
                (0.875 if y0 < 0.4 else 0.805, y - 0.011),
                (0.075 if y0 < 0.4 else 0.10) * value,
                0.022,
                fc=color if value > 0 else PAPER,
                ec=color,
                lw=1.5,
            )
        )
        if mark:
            figure.text(0.975, y, num(value), size=15, weight="bold", color=color, va="center", ha="right")
for x0, words in (
    (0.025, "픽셀 ‖ pixels"),
    (0.275, "지도 10장 ‖ 10 maps"),
    (0.525, "지도 20장 ‖ 20 maps"),
    (0.785, "확률 p ‖ probability p"),
):
    figure.text(x0, 0.845, words, size=15, color=TEAL)
for x0, words in ((0.025, "dx"), (0.275, "dz"), (0.525, "dz"), (0.785, "p − onehot")):
    figure.text(x0, 0.41, words, size=15, color=CRIMSON)
figure.text(
    0.155,
    0.41,
    f"정답 {right[which]}, 대답 {said} ‖ is {right[which]}, read {said}",
    size=15,
    weight="bold",
    ha="center",
)
show(
    figure,
    "4-inside",
    "틀린 숫자 한 장의 순전파(위)와 역전파(아래) ‖ A misread digit, forward above and backward below",
)

# %% [markdown] lang="ko"
# 윗줄은 왼쪽에서 오른쪽으로 읽어요. 픽셀이 획의 방향을 찾는 지도 10장이 되고, 더 작은 지도 20장이 되고, 확률 10개가 돼요. 아랫줄은 오른쪽에서 왼쪽으로 읽어요. 오차 $p-\text{onehot}$이(onehot은 정답 자리만 1이고 나머지는 0인 수 열 개예요) [점수의 기울기](lesson:softmax1.dx)이고, 그것이 [합성곱의 역전파](lesson:conv2.dx)를 지나 픽셀까지 가요. 속이 찬 막대는 점수를 내리라는 뜻이고, 빈 막대는 올리라는 뜻이에요.
#
# **질문 4.** 시험용 2,000장을 한 장씩 넣어 $p-\text{onehot}$의 길이를 재요. 그 길이를 모두 더한 것의 **절반**을 몇 장이 차지할까요?
#
# **A** 1,000장쯤 **B** 500장쯤 **C** 200장도 안 된다

# %% [markdown] lang="en"
# Read the upper row from left to right: pixels become 10 maps that find strokes, then 20 smaller maps, then 10 probabilities. Read the lower row from right to left: the error $p-\text{onehot}$ (onehot: ten numbers, 1 in the place of the answer and 0 elsewhere) is [the gradient of the scores](lesson:softmax1.dx), and goes through [the backward of the convolution](lesson:conv2.dx) down to the pixels. A filled bar says: lower this score. A hollow one: raise it.
#
# **Question 4.** Of each of the 2,000 test digits we measure the length of $p-\text{onehot}$. How many digits make up **half** of the sum?
#
# **A** about 1,000 **B** about 500 **C** fewer than 200

# %%
commit(4, "")

# %%
onehot = np.eye(10)[right]
length = np.linalg.norm(probabilities - onehot, axis=1)
order = np.argsort(-length)
share = length[order].cumsum() / length.sum()
half = int(np.argmax(share >= 0.5)) + 1
assert half < budget(200, 1000)

# %% tags=["figure"]
figure = board(
    f"기울기의 절반은 2,000장 가운데 {half}장에서 온다 ‖ Half of the gradient comes from {half} of 2,000 digits", 5.6
)
ax = figure.add_axes([0.09, 0.13, 0.88, 0.42])
ax.fill_between(np.arange(half), length[order[:half]], color=CRIMSON, lw=0)
ax.plot(length[order], color=CRIMSON, lw=2.4)
ax.set(xlim=(0, 2000), ylim=(0, 1.5), xticks=[0, 500, 1000, 1500, 2000], yticks=[0, 1])
ax.set_xlabel("숫자, 기울기가 큰 차례로 ‖ digits, the largest gradient first")
ax.set_ylabel("|p − onehot|")
ax.text(half + 40, 1.15, f"50%: {half}", size=22, weight="bold", bbox=CHIP)
for k in range(6):
    one = order[k * 12]
    small = figure.add_axes([0.09 + 0.15 * k, 0.645, 0.10, 0.10 * 10 / 5.6])
    picture(small, test_digits.numpy()[one, 0])
    figure.text(
        0.14 + 0.15 * k, 0.595, f"{right[one]} → {probabilities[one].argmax()}", size=15, ha="center", weight="bold"
    )
show(
    figure,
    "5-who-pulls",
    "숫자마다 기울기의 크기를 차례로 세운 곡선과 그 가운데 여섯 장 ‖ The size of every digit's gradient in order, and six of the digits",
)
reveal(4, "C")

# %% [markdown] lang="ko"
# 이미 잘 읽는 숫자는 $p\approx\text{onehot}$이라 기울기가 0에 가까워요. **배울 것이 남은 숫자만 신경망을 끌어요.** 그림 위의 여섯 장은 그 가운데 열두 장마다 하나씩 고른 거예요(정답 → 대답). 사람이 봐도 헷갈리는 것이 있나요?
#
# ## 6. 학습률: 너무 작게, 알맞게, 너무 크게
#
# `optimizer.step()`은 가중치마다 기울기의 반대쪽으로 걸어요. **학습률**(`lr`)은 그 보폭이에요. 기울기에 학습률을 곱한 만큼 그대로 걷는 것이 SGD예요.
#
# **질문 5.** 학습률 0.1로 마흔 걸음을 걸으면 손실이 1 아래로 내려가요. 열 배인 1.0으로 걸으면 어떻게 될까요?
#
# **A** 열 배 빨리 배운다 **B** 조금 더 빨리 배운다 **C** 배우지 못한다

# %% [markdown] lang="en"
# What is already read well has $p\approx\text{onehot}$, so its gradient is near 0. **Only digits that still teach something pull at the network.** The six above are every twelfth of them (right → read). Would you hesitate as well?
#
# ## 6. The learning rate: too small, right, too large
#
# `optimizer.step()` moves every weight against its gradient. The **learning rate** (`lr`) is the length of the step; SGD walks just as far as gradient times learning rate.
#
# **Question 5.** With a learning rate of 0.1, forty steps bring the loss below 1. What happens with ten times that, 1.0?
#
# **A** it learns ten times as fast **B** it learns a little faster **C** it does not learn

# %%
commit(5, "")

# %%
rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
swept = {rate: left_out[""] if rate == 0.03 else losses(lr=rate) for rate in rates}
last = [np.mean(swept[rate][-10:]) for rate in rates]  # 마지막 10걸음의 평균 ‖ mean of the last 10 steps
assert last[0] > 2 and last[-1] > 2 and min(last) in last[3:6]

# %% tags=["figure"]
figure = board(
    "학습률에는 골짜기가 있고, 오른쪽은 벼랑이다 ‖ The learning rate has a valley, and a cliff on its right", 5.4
)
ax = figure.add_axes([0.085, 0.155, 0.50, 0.66])
ax.semilogx(rates, last, color=TEAL, marker="o", ms=9, mfc=PAPER, mew=2)
ax.axhline(np.log(10), color=MUTED, lw=1.4, ls=(0, (2, 3)), zorder=0)
ax.set(ylim=(0, 2.9), yticks=[0, 1, 2], xlim=(0.0007, 4.5))
ax.set_xticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
ax.minorticks_off()
ax.set_xlabel("학습률 ‖ learning rate")
ax.set_ylabel("마지막 10걸음의 손실 ‖ loss of the last 10 steps")
for rate, name in ((0.01, "너무 작다 ‖ too small"), (0.1, "알맞다 ‖ right"), (1.0, "너무 크다 ‖ too large")):
    k = rates.index(rate)
    ax.plot(rate, last[k], "o", ms=14, color=ORANGE, mec=INK, mew=1.6, zorder=5)
    small = figure.add_axes([0.70, 0.62 - 0.245 * (0.01, 0.1, 1.0).index(rate), 0.27, 0.15])
    small.plot(swept[rate], color=TEAL, lw=2.8)
    small.set(xlim=(0, STEPS - 1), ylim=(0, 4), xticks=[], yticks=[0, 4])
    figure.text(
        0.975, 0.79 - 0.245 * (0.01, 0.1, 1.0).index(rate), f"{rate}: {name}", size=15, weight="bold", ha="right"
    )
figure.text(0.105, 0.245, "같은 숫자 50장 ‖ the same 50 digits", size=15, color=MUTED)
show(
    figure,
    "6-learning-rate",
    "학습률에 따른 손실과, 세 학습률의 손실 곡선 ‖ Loss against the learning rate, and the loss curves of three of them",
)
reveal(5, "C")

# %% [markdown] lang="ko"
# 왼쪽은 완만해요. 학습률이 작으면 느릴 뿐이에요. 오른쪽은 벼랑이에요. 걸음이 너무 크면 첫 몇 걸음에 가중치가 튕겨 나가 ReLU가 모두 0을 내고, 그러면 기울기도 0이라 $\log 10$에서 **다시는 움직이지 못해요**(죽은 ReLU). 0.1의 곡선이 이따금 튀는 것도 벼랑이 가깝다는 신호예요. 그래서 학습률은 0.001, 0.01, 0.1처럼 **열 배씩** 바꿔 가며 찾아요.
#
# 여기서 찾은 0.1은 SGD, 이 모델, 이 배치에서의 값이에요. 강의의 Adam은 기울기의 크기를 스스로 맞추므로 0.001이 알맞아요.
#
# ## 7. 학습용, 검증용, 시험용: 왜 셋일까요?
#
# 학습률이나 씨앗(seed, 처음 가중치를 뽑는 난수의 출발점)을 고르는 것도 배우는 일이에요. 숫자 100장으로 배운 작은 신경망 60개를 만들어, **검증용 50장**에서 가장 잘한 것을 뽑아요.
#
# **질문 6.** 1등이 검증용 50장에서 얻은 정확도는, 한 번도 쓰지 않은 새 숫자 2,000장에서의 정확도와 견주면?
#
# **A** 더 높다 **B** 거의 같다 **C** 더 낮다

# %% [markdown] lang="en"
# The left side is gentle: a small learning rate is merely slow. The right side is a cliff: when steps are too large, the first few throw the weights so far that every ReLU gives 0, its gradient is 0 as well, and the loss **never leaves** $\log 10$ again (dead ReLUs). The bumps at 0.1 say that the cliff is near. So we look for a learning rate by **factors of ten**: 0.001, 0.01, 0.1.
#
# The 0.1 found here holds for SGD, this model and this batch. The lecture's Adam adapts to the size of the gradients, and 0.001 suits it.
#
# ## 7. Training, validation, test: why three?
#
# Choosing a learning rate or a seed (where the random numbers of the first weights start) is learning too. We make 60 small networks, each taught by 100 digits, and pick the one that does best on **50 validation digits**.
#
# **Question 6.** How does the winner's accuracy on those 50 compare with its accuracy on 2,000 new digits that were never used?
#
# **A** higher **B** about the same **C** lower

# %%
commit(6, "")


# %%
def contestant(seed, steps=30):
    """숫자 100장으로 배운 한 층짜리 신경망이 뒤의 3,000장에서 맞힌 것 ‖ one layer, taught by 100 digits: what it gets right of the last 3,000"""
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    mine = np.random.default_rng(seed).permutation(7000)[:100]
    for step in range(steps):
        optimizer.zero_grad()
        criterion(model(digits[mine]), labels[mine]).backward()
        optimizer.step()
    with torch.no_grad():
        return (model(digits[7000:]).argmax(dim=1) == labels[7000:]).numpy()


hits = np.array([contestant(seed) for seed in range(budget(60, 30))])  # (60, 3000)
hits = hits[:, np.random.default_rng(0).permutation(3000)]
new = hits[:, :2000].mean(axis=1)
validation = (
    hits[:, 2000:].reshape(len(hits), 20, 50).mean(axis=2)
)  # 검증용 50장을 20벌 ‖ 20 sets of 50 validation digits
winners = validation.argmax(axis=0)
gaps = validation[winners, np.arange(20)] - new[winners]
print("1등이 잃은 점수, 20번 평균 ‖ what the winner lost, mean of 20", f"{100 * gaps.mean():.1f}")
assert gaps.mean() > 0.03

# %% tags=["figure"]
figure = board("고르는 데 쓴 점수는 더는 믿을 수 없다 ‖ A score that was used to choose can no longer be believed", 5.6)
first = int(winners[0])
ax = figure.add_axes([0.10, 0.145, 0.52, 0.68])
jitter = np.random.default_rng(0).uniform(-0.6, 0.6, len(hits))
ax.plot(100 * validation[:, 0] + jitter, 100 * new, "o", ms=9, mfc="none", mec=TEAL, mew=1.8)
ax.plot([50, 95], [50, 95], color=MUTED, lw=1.4, ls=(0, (2, 3)))
ax.plot(100 * validation[first, 0], 100 * new[first], "o", ms=14, color=ORANGE, mec=INK, mew=1.6, zorder=5)
ax.set(xlim=(48, 92), ylim=(56, 92), xticks=[50, 60, 70, 80, 90], yticks=[60, 70, 80, 90])
ax.set_xlabel("검증용 50장에서 (%) ‖ on 50 validation digits (%)")
ax.set_ylabel("새 숫자 2,000장에서 (%) ‖ on 2,000 new digits (%)")
ax.annotate(
    "",
    (100 * validation[first, 0], 100 * new[first] + 1.2),
    (100 * validation[first, 0], 100 * validation[first, 0]),
    arrowprops=dict(arrowstyle="-|>", color=CRIMSON, lw=2.6),
)
figure.text(0.66, 0.74, "1등 ‖ the winner", size=17, color=MUTED)
figure.text(
    0.66, 0.655, f"{100 * validation[first, 0]:.0f}% → {100 * new[first]:.0f}%", size=26, weight="bold", bbox=CHIP
)
figure.text(0.66, 0.50, "모두의 평균 ‖ mean of all", size=17, color=MUTED)
figure.text(0.66, 0.425, f"{100 * validation[:, 0].mean():.0f}% → {100 * new.mean():.0f}%", size=24, weight="bold")
figure.text(0.66, 0.285, "1등을 20번 뽑으면 평균 ‖ 20 such winners, mean", size=17, color=MUTED)
figure.text(
    0.66, 0.21, f"−{100 * gaps.mean():.1f}점 ‖ −{100 * gaps.mean():.1f} points", size=24, weight="bold", color=CRIMSON
)
show(
    figure,
    "7-winner",
    "신경망 60개의 검증 정확도와 새 숫자에서의 정확도 ‖ Accuracy of 60 networks on validation digits and on new ones",
)
reveal(6, "A")

# %% [markdown] lang="ko"
# 1등은 실력이 좋기도 하지만 **그 50장과 운이 맞기도** 했어요. 운은 새 숫자로 따라오지 않아요. 그래서 강의 7.2절처럼 자료를 셋으로 나눠요.
#
# | | 무엇을 정하나 | 몇 번 쓰나 |
# |---|---|---|
# | 학습용 | 가중치 | 에포크마다 |
# | 검증용 | 학습률, 층의 수, 멈출 때 | 고를 때마다 |
# | 시험용 | 아무것도 정하지 않는다 | **마지막에 한 번** |
#
# ## 8. 일부러 과적합 만들기
#
# 숫자 200장만 주고, 층이 둘인 신경망(가중치 100,000개쯤)에 120걸음을 가르쳐요. 그리고 못된 실험을 하나 더 해요. 같은 200장에 **주사위를 굴려 정한 엉터리 정답**을 붙여요.
#
# **질문 7.** 엉터리 정답을 가르치면, 그 200장에서의 정확도(학습 정확도)는 얼마까지 오를까요?
#
# **A** 10%쯤, 규칙이 없으니까 **B** 50%쯤 **C** 100%

# %% [markdown] lang="en"
# The winner is good, but it was also **lucky with those 50**, and luck does not come along to new digits. Hence the three parts of the lecture's section 7.2:
#
# | | what it decides | how often it is used |
# |---|---|---|
# | training | the weights | every epoch |
# | validation | learning rate, number of layers, when to stop | at every choice |
# | test | nothing | **once, at the end** |
#
# ## 8. Over-fitting, made on purpose
#
# We give a network of two layers (some 100,000 weights) only 200 digits, for 120 steps. Then a wicked experiment: the same 200 digits with **nonsense answers, thrown by dice**.
#
# **Question 7.** Taught nonsense, how far does its accuracy on those 200 digits (the training accuracy) rise?
#
# **A** about 10%, as there is no rule **B** about 50% **C** 100%

# %%
commit(7, "")


# %%
def memorise(answers, steps=120):
    """걸음마다 (학습 손실, 검증 손실, 학습 정확도, 검증 정확도) ‖ at each step: loss in training and validation, accuracy in both"""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    history = []
    for step in range(steps):
        row = []
        for x, y in ((digits[:200], answers), (digits[9000:], labels[9000:])):
            with torch.no_grad():
                scores = model(x)
                row.append((criterion(scores, y).item(), (scores.argmax(dim=1) == y).float().mean().item()))
        history.append((row[0][0], row[1][0], row[0][1], row[1][1]))
        optimizer.zero_grad()
        criterion(model(digits[:200]), answers).backward()
        optimizer.step()
    return np.array(history)


dice = torch.tensor(np.random.default_rng(0).integers(0, 10, 200))
honest, nonsense = memorise(labels[:200]), memorise(dice)
best = int(honest[:, 1].argmin())
assert honest[-1, 2] == nonsense[-1, 2] == 1 and nonsense[-1, 3] < 0.2 and honest[-1, 1] > honest[best, 1] + 0.05

# %% tags=["figure"]
figure = board(
    "신경망은 엉터리도 외운다. 외운 것과 배운 것은 검증이 가른다 ‖ A network learns nonsense by heart; validation tells the two apart",
    5.8,
)
for left, history, words in (
    (0.085, honest, "바른 정답 200개 ‖ 200 right answers"),
    (0.575, nonsense, "주사위로 정한 정답 200개 ‖ 200 answers by dice"),
):
    ax = figure.add_axes([left, 0.13, 0.40, 0.47])
    ax.plot(history[:, 0], color=TEAL)
    ax.plot(history[:, 1], color=INK, ls=(0, (3, 1.5)))
    ax.set(xlim=(0, 119), ylim=(0, 3.4), xticks=[0, 40, 80, 120], yticks=[0, 1, 2, 3])
    ax.set_xlabel("걸음 ‖ step")
    figure.text(left, 0.815, words, size=17, weight="bold")
    figure.text(
        left,
        0.725,
        f"학습 {100 * history[-1, 2]:.0f}% ‖ training {100 * history[-1, 2]:.0f}%",
        size=20,
        weight="bold",
        color=TEAL,
    )
    figure.text(
        left + 0.40,
        0.725,
        f"검증 {100 * history[-1, 3]:.0f}% ‖ validation {100 * history[-1, 3]:.0f}%",
        size=20,
        weight="bold",
        ha="right",
        bbox=CHIP,
    )
    if history is honest:
        ax.set_ylabel("손실 ‖ loss")
        ax.plot(best, history[best, 1], "o", ms=13, color=ORANGE, mec=INK, mew=1.6, zorder=5)
        ax.annotate(
            "여기서 멈췄어야 한다 ‖ the moment to stop",
            (best, history[best, 1] + 0.12),
            (best + 6, 1.75),
            size=16,
            arrowprops=dict(arrowstyle="-", color=MUTED, lw=1.4),
        )
        ax.text(117, history[-1, 1] + 0.10, "검증 ‖ validation", size=16, ha="right")
        ax.text(117, 0.12, "학습 ‖ training", size=16, ha="right", color=TEAL)
show(
    figure,
    "8-by-heart",
    "바른 정답과 엉터리 정답을 배울 때의 학습 손실과 검증 손실 ‖ Training and validation loss, with right answers and with nonsense",
)
reveal(7, "C")

# %% [markdown] lang="ko"
# 학습 정확도는 둘 다 100%예요. **학습 정확도만 보면 배웠는지 외웠는지 알 수 없어요.** 왼쪽에서도 검증 손실은 주황 점을 지나면 다시 올라가요. 정확도는 그대로인데 손실이 오르는 까닭은, 틀린 답을 점점 더 자신 있게 말하기 때문이에요.
#
# 처방은 셋이에요. 검증 손실이 가장 낮을 때 **멈추고**(조기 종료), 자료를 **늘리고**, 가중치를 **묶어** 둬요(`weight_decay`, `Dropout`). 4절의 신경망은 10,000장으로 배웠으니 둘째 처방을 쓴 셈이에요.
#
# ## 9. 숨은 실수 찾기
#
# 아래는 강의 코드의 마지막 블록을 **인쇄된 그대로** 옮긴 거예요. 오류 없이 돌고 정확도도 그럴듯해요. 그런데 4절의 정확도와 달라요. **한 줄이 빠졌거든요.** 아주 하기 쉬운 실수이고, 단서는 그림에 있어요.

# %% [markdown] lang="en"
# The training accuracy is 100% in both. **It cannot tell learning from learning by heart.** On the left, too, the validation loss rises again after the orange point. The accuracy stays while the loss rises, because wrong answers are given with more and more confidence.
#
# There are three remedies: **stop** where the validation loss is lowest (early stopping), bring **more data**, and **tie down** the weights (`weight_decay`, `Dropout`). The network of section 4 had 10,000 digits: the second remedy.
#
# ## 9. Find the mistake
#
# Here is the last block of the lecture's listing **as printed**. It runs without an error, and its accuracy looks fine. Yet it is not that of section 4: **something is missing.** It is very easily forgotten, and the clue is in the figure.

# %% tags=["mistake"]
with torch.no_grad():
    X_test = mnist_test.test_data.view(len(mnist_test), 1, 28, 28).float()
    Y_test = mnist_test.test_labels

    prediction = model(X_test)
    correct_prediction = torch.argmax(prediction, 1) == Y_test
    print("Accuracy:", f"{correct_prediction.float().mean().item():.3f}")

confidence = torch.softmax(prediction, dim=1).numpy().max(axis=1)

# %% tags=["figure"]
figure = board("이 신경망은 의심할 줄을 모른다. 왜 그럴까? ‖ This network has no doubts. Why?", 4.8)
misread = {
    "4절 ‖ section 4": (probabilities.max(axis=1), probabilities.argmax(axis=1) != right),
    "인쇄된 대로 ‖ as printed": (confidence, (~correct_prediction.numpy())),
}
for k, (name, (sure, missed)) in enumerate(misread.items()):
    ax = figure.add_axes([0.025 + 0.50 * k, 0.17, 0.45, 0.50])
    counts, edges = np.histogram(sure[missed], bins=np.linspace(0.2, 1, 9))
    ax.bar(edges[:-1] + 0.05, counts, width=0.086, color=TEAL)
    ax.set(xlim=(0.2, 1.0), ylim=(0, max(counts) * 1.15), xticks=[0.2, 0.4, 0.6, 0.8, 1.0], yticks=[])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("틀린 숫자에 준 가장 큰 확률 ‖ its largest probability, for misread digits")
    figure.text(0.025 + 0.50 * k, 0.74, name, size=18, weight="bold")
    figure.text(
        0.475 + 0.50 * k,
        0.74,
        f"평균 {sure[missed].mean():.2f} ‖ mean {sure[missed].mean():.2f}",
        size=18,
        weight="bold",
        ha="right",
        bbox=CHIP,
    )
show(
    figure,
    "9-mistake",
    "틀린 숫자에서 얼마나 자신했는지의 분포 두 개 ‖ How sure the network was where it was wrong: two histograms",
)

# %% [markdown] lang="ko"
# 어디가 문제인지 찾아 고치고 위의 두 셀을 다시 실행해 보세요. 두 그림이 같아지고 정확도가 4절과 같아지면 성공이에요. 힌트: 1절에서 꼭 기억하라고 한 것.
#
# ## 10. 연습 문제

# %% [markdown] lang="en"
# Find what is wrong, mend it and run the two cells again: when both histograms and both accuracies agree, you have it. A hint: what section 1 asked you to remember.
#
# ## 10. Exercises

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 1 (종이와 연필).** 강의의 합성곱 두 개를 `kernel_size=3, padding=1`로 바꾸면 `fc`는 수를 몇 개 받아야 할까요? 그리고 첫 합성곱의 가중치(편향 포함)는 모두 몇 개일까요? 손으로 구해 아래에 적어요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 1 (pen and paper).** Let both convolutions have `kernel_size=3, padding=1`. How many numbers must `fc` receive? And how many weights, biases included, has the first convolution? Work them out by hand and write them below.

# %%
my_inputs, my_weights = None, None

if my_inputs is not None:
    conv1, conv2, pool = (
        torch.nn.Conv2d(1, 10, 3, padding=1),
        torch.nn.Conv2d(10, 20, 3, padding=1),
        torch.nn.MaxPool2d(2),
    )
    print(
        pool(conv2(pool(conv1(digits[:1])))).numel() == my_inputs,
        sum(p.numel() for p in conv1.parameters()) == my_weights,
    )

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (조기 종료).** 검증 손실의 목록을 받아, 가장 낮은 값 뒤로 `patience`걸음 동안 나아지지 않으면 그 자리에서 멈추는 함수를 완성해요. 돌려주는 것은 (멈춘 걸음, 가장 좋았던 걸음)이에요. 끝까지 나아지면 멈춘 걸음은 마지막 걸음이에요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (early stopping).** Finish the function: given the list of validation losses, stop when there was no improvement for `patience` steps. It returns (the step at which it stopped, the best step). If it never has to stop, it stops at the last step.


# %%
def early_stopping(losses, patience):
    return len(losses) - 1, len(losses) - 1  # ← 이 줄을 고쳐요 ‖ ← mend this line


print(early_stopping(list(honest[:, 1]), patience=5), "best:", best)

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** `fc` 층의 역전파를 써요. `dz`는 $(N, O)$, `x`는 $(N, I)$, `w`는 $(O, I)$예요. `dx`, `dw`, `db`는 각각 `x`, `w`, `b`와 모양이 같아야 해요. 모양만 맞춰도 반은 온 거예요. 막히면 수업 화면의 [`dw`](lesson:linear1.dw)와 [`dx`](lesson:linear1.dx)를 봐요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (marked by `minidl.judge`).** Write the backward of the layer `fc`. `dz` is $(N, O)$, `x` is $(N, I)$, `w` is $(O, I)$; `dx`, `dw` and `db` have the shapes of `x`, `w` and `b`. Making the shapes fit is half the way. If you are stuck, see [`dw`](lesson:linear1.dw) and [`dx`](lesson:linear1.dx) on the lesson page.


# %%
@minidl.judge("linear")
def backward(dz, x, w, b):
    dx = dz @ w
    dw = np.zeros_like(w)  # ← 이 줄을 고쳐요 ‖ ← mend this line
    db = dz.sum(axis=0)
    return dx, dw, db


# %% [markdown] lang="ko"
# ## 성적표

# %% [markdown] lang="en"
# ## Score sheet

# %% tags=["setup"]
score()

# %% [markdown] lang="ko"
# ## 정직하게
#
# - 시험 정확도 94% 안팎은 10,000장, 2에포크, 씨앗 777로 얻은 한 번의 결과예요. 강의처럼 60,000장을 15에포크 가르치면 99%쯤 돼요.
# - 3절과 6절은 숫자 50장을 되풀이한 실험이에요. 곡선이 매끈하게 보이도록 그렇게 했고, 그 신경망이 다른 숫자도 잘 읽는다는 뜻은 아니에요.
# - 5절의 진홍 지도는 손실이 **그 픽셀에 얼마나 민감한지**이지, 신경망이 그 숫자를 그렇게 읽은 까닭은 아니에요.
#
# ## 풀이
#
# <details><summary>숨은 실수</summary>
#
# `test_data`는 `ToTensor()`를 거치지 않은 0부터 255까지의 수예요. 배울 때는 0과 1 사이의 수를 봤으니 **255로 나눠야 해요.** 층이 모두 더하고 곱하는 것이라 입력이 255배면 점수도 거의 255배가 되고, 가장 큰 점수는 대개 그대로 가장 커서 정확도는 조금만 달라져요. 그런데 소프트맥스는 255배 벌어진 점수를 확률 1로 만들어요. 시험 자료는 **학습 자료와 똑같은 길**을 거쳐야 해요.
#
# ```python
# with torch.no_grad():
#     mended = model(mnist_test.test_data.view(len(mnist_test), 1, 28, 28).float() / 255)
# assert (mended.argmax(dim=1) == Y_test).numpy().mean() == accuracy
# assert confidence[~correct_prediction.numpy()].mean() > 0.95
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $28\to28\to14\to14\to7$이므로 $7\cdot7\cdot20=980$개예요. 가중치는 $10\cdot1\cdot3\cdot3+10=100$개예요.
# </details>
#
# <details><summary>연습 2</summary>
#
# ```python
# def early_stopping(losses, patience):
#     best = 0
#     for step, loss in enumerate(losses):
#         if loss < losses[best]:
#             best = step
#         if step - best == patience:
#             return step, best
#     return len(losses) - 1, best
# assert early_stopping([3, 2, 1, 2, 2, 0], 2) == (4, 2) and early_stopping([3, 2, 1], 2) == (2, 2)
# assert early_stopping(list(honest[:, 1]), 20)[1] == best
# ```
# 첫 줄의 예에서는 뒤에 0이 있는데도 4걸음에서 멈춰요. `patience`가 짧으면 너무 일찍 멈출 수 있어요.
# </details>
#
# <details><summary>연습 3</summary>
#
# $dw_{oi}=\sum_n dz_{no}\,x_{ni}$이므로 행렬로는 `dz.T @ x`예요. 모양 $(O, N)\cdot(N, I)=(O, I)$가 맞는지부터 봐요.
#
# ```python
# verdict = minidl.judge("linear").check(lambda dz, x, w, b: (dz @ w, dz.T @ x, dz.sum(axis=0)))
# assert verdict
# ```
# </details>

# %% [markdown] lang="en"
# ## To be honest
#
# - The test accuracy of about 94% is one run: 10,000 digits, 2 epochs, seed 777. With the lecture's 60,000 digits and 15 epochs it is about 99%.
# - Sections 3 and 6 repeat the same 50 digits, so that the curves are smooth; it does not mean that those networks read other digits well.
# - The crimson maps of section 5 say **how sensitive the loss is to a pixel**, not why the network read the digit as it did.
#
# ## Answers
#
# <details><summary>The mistake</summary>
#
# `test_data` has not gone through `ToTensor()`: its numbers run from 0 to 255. The network has learned from numbers between 0 and 1, so **divide by 255.** All layers add and multiply, so with inputs 255 times as large the scores are almost 255 times as large; the largest mostly stays the largest, and the accuracy changes only a little. But softmax turns scores that are 255 times further apart into probabilities of 1. Test data must go **the very same way** as training data.
#
# ```python
# with torch.no_grad():
#     mended = model(mnist_test.test_data.view(len(mnist_test), 1, 28, 28).float() / 255)
# assert (mended.argmax(dim=1) == Y_test).numpy().mean() == accuracy
# assert confidence[~correct_prediction.numpy()].mean() > 0.95
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $28\to28\to14\to14\to7$, so $7\cdot7\cdot20=980$ numbers; and $10\cdot1\cdot3\cdot3+10=100$ weights.
# </details>
#
# <details><summary>Exercise 2</summary>
#
# ```python
# def early_stopping(losses, patience):
#     best = 0
#     for step, loss in enumerate(losses):
#         if loss < losses[best]:
#             best = step
#         if step - best == patience:
#             return step, best
#     return len(losses) - 1, best
# assert early_stopping([3, 2, 1, 2, 2, 0], 2) == (4, 2) and early_stopping([3, 2, 1], 2) == (2, 2)
# assert early_stopping(list(honest[:, 1]), 20)[1] == best
# ```
# The first example stops at step 4, although a 0 follows: with little `patience` one may stop too early.
# </details>
#
# <details><summary>Exercise 3</summary>
#
# $dw_{oi}=\sum_n dz_{no}\,x_{ni}$, as matrices `dz.T @ x`. First see that the shapes fit: $(O, N)\cdot(N, I)=(O, I)$.
#
# ```python
# verdict = minidl.judge("linear").check(lambda dz, x, w, b: (dz @ w, dz.T @ x, dz.sum(axis=0)))
# assert verdict
# ```
# </details>
