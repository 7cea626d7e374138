# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 G. 순서를 읽는 신경망: 잊는 RNN, 문을 여닫는 LSTM, 돌아보는 어텐션
#
# 글과 말은 **순서가 있는 자료**예요. 강의 4.1절과 2.1.4절의 세 가지 방법을 차례로 만나요. RNN은 읽은 것을 상태 하나에 덮어쓰고, LSTM은 문(gate)을 여닫아 지킬 것을 지키고, 어텐션은 필요할 때 원문을 다시 돌아봐요.
#
# 자료는 셋이에요. ① 표시된 글자를 기억하는 **만든 문제**, ② Faker에 담긴 여섯 나라의 진짜 성씨, ③ Babel이 한국어로 쓴 날짜예요.
#
# 질문을 읽고 `commit(1, "B")`처럼 답을 **먼저** 적은 다음 실행해요. 첫 답만 기록돼요. **청록**은 순전파로 계산한 값, **진홍**은 기울기, **주황**은 이번에 얻은 결과예요.

# %% [markdown] lang="en"
# # Lab G. Networks that read in order: the RNN forgets, the LSTM has gates, attention looks back
#
# Text and speech are **data in an order**. We meet three ways of sections 4.1 and 2.1.4 of the lecture in turn: an RNN overwrites one state with all it reads, an LSTM opens and shuts gates to keep what is worth keeping, attention looks back at the text when it needs it.
#
# There are three kinds of data: ① a **made-up problem**, to remember a marked letter; ② real surnames of six countries, from Faker; ③ dates as Babel writes them in Korean.
#
# Read a question, write your answer **first**, as in `commit(1, "B")`, then run on. Only the first answer is recorded. **Teal** is what the forward pass computed, **crimson** a gradient, **orange** the result just obtained.

# %% tags=["setup"]
import datetime
import importlib
import unicodedata

import matplotlib.pyplot as plt
import numpy as np
from babel.dates import format_date
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    MUTED,
    ORANGE,
    QUICK,
    SHADE,
    TEAL,
    board,
    budget,
    commit,
    picture,
    reveal,
    score,
    seed,
    show,
)
from minidl import nn

F = nn.functional

# %% [markdown] lang="ko"
# ## 1. RNN은 잊어요
#
# RNN은 글자마다 상태를 새로 써요. 마지막 상태를 처음 글자로 미분하면, 같은 행렬과 tanh의 기울기가 걸음마다 곱해져요.
#
# $$h_t=\tanh(Wx_t+Uh_{t-1}+b)\qquad \frac{\partial h_T}{\partial h_0}=\prod_{t=1}^{T}\text{diag}(1-h_t^2)\,U$$
#
# 기호가 많아 보여도 하는 말은 하나예요. 수 하나짜리 상태라면 걸음마다 $(1-h^2)\,u$를 곱하는 것이고, 그 값이 0.7이라면 $0.7^{40}=0.0000006$이 돼요. 1보다 작은 수를 여러 번 곱하면 0이 돼요.
#
# LSTM은 기억 $c_t$를 **더해서** 고쳐요. 새 내용 $g$를 **입력 문** $i$가 연 만큼 더하고, 옛 기억은 **망각 문** $f$가 연 만큼 남기고, **출력 문** $o$가 연 만큼 내보내요. 문은 시그모이드라 0(닫힘)과 1(열림) 사이의 수예요. 망각 문 $f$가 1에 가까우면 기억도 기울기도 그대로 흘러요.
#
# $$c_t=f\,c_{t-1}+i\,g\qquad h_t=o\tanh(c_t)$$
#
# **질문 1.** 배우기 전의 RNN에서, 40걸음 전 글자에 닿는 기울기는 방금 읽은 글자의 몇 배쯤일까요?
#
# **A** 10분의 1 **B** 100분의 1 **C** 100,000분의 1보다 작다

# %% [markdown] lang="en"
# ## 1. An RNN forgets
#
# With every letter an RNN writes its state anew. The last state's derivative by the first is a product: one matrix, and the slope of tanh, at every step.
#
# $$h_t=\tanh(Wx_t+Uh_{t-1}+b)\qquad \frac{\partial h_T}{\partial h_0}=\prod_{t=1}^{T}\text{diag}(1-h_t^2)\,U$$
#
# So many signs, and they say one thing. Were the state a single number, each step would multiply by $(1-h^2)\,u$, and if that is 0.7, forty of them make $0.7^{40}=0.0000006$. Numbers below 1, multiplied again and again, become 0.
#
# An LSTM changes its memory $c_t$ by **adding**: of the new content $g$ as much as the **input gate** $i$ lets in, of the old memory as much as the **forget gate** $f$ keeps; the **output gate** $o$ lets it out. A gate is a sigmoid, a number from 0 (shut) to 1 (open). With its forget gate $f$ near 1, memory and gradient flow on unharmed.
#
# $$c_t=f\,c_{t-1}+i\,g\qquad h_t=o\tanh(c_t)$$
#
# **Question 1.** In an untrained RNN, how large is the gradient that reaches a letter 40 steps back, beside that of the letter just read?
#
# **A** a 10th **B** a 100th **C** less than a 100,000th

# %%
commit(1, "")

# %%
HIDDEN = 24


def open_forget_gate(lstm, bias):
    """i, f, g, o 가운데 f의 편향을 키워 처음에는 다 기억하게 한다 ‖ raise the bias of f (of i, f, g, o), to remember all at first"""
    size = lstm.hidden_size
    with minidl.no_grad():
        lstm.bias_ih_l0[size : 2 * size] = bias


def reach(layer, length=41):
    """마지막 상태의 기울기가 각 걸음의 입력에 닿는 크기 ‖ how much of the last state's gradient reaches each input"""
    x = minidl.tensor(seed(1).normal(size=(16, length, 9)).astype(np.float32), requires_grad=True)
    layer(x)[0][:, -1].sum().backward()
    return np.abs(x.grad.numpy()).mean(axis=(0, 2))[::-1]  # 0걸음 전부터 ‖ from 0 steps back


seed(0)
layers = {
    "RNN": nn.RNN(9, HIDDEN, batch_first=True),
    "LSTM": nn.LSTM(9, HIDDEN, batch_first=True),
    "LSTM, f+3": nn.LSTM(9, HIDDEN, batch_first=True),
}
open_forget_gate(layers["LSTM, f+3"], 3.0)
reached = {name: reach(layer) for name, layer in layers.items()}

# %% tags=["figure"]
figure = board(
    "기울기는 걸음마다 곱해져 사라진다. 문을 열어 두면 남는다 ‖ Step by step the gradient is multiplied away, unless a gate is open",
    5.0,
)
ax = figure.add_axes([0.115, 0.165, 0.60, 0.66])
looks = {"RNN": (INK, (0, (3, 1.2))), "LSTM": (CRIMSON, (0, (1, 1))), "LSTM, f+3": (CRIMSON, "-")}
for name, sizes in reached.items():
    ax.semilogy(sizes / sizes[0], color=looks[name][0], ls=looks[name][1])
ax.set(xlim=(0, 40), ylim=(1e-10, 3), xticks=[0, 10, 20, 30, 40], yticks=[1, 1e-3, 1e-6, 1e-9])
ax.set_yticklabels(["1", "0.001", "10⁻⁶", "10⁻⁹"])
ax.minorticks_off()
ax.set_xlabel("몇 걸음 전의 글자인가 ‖ steps back")
ax.set_ylabel("닿은 기울기 (방금 = 1) ‖ gradient (now = 1)")
for name, sizes in reached.items():
    y0 = max(sizes[-1] / sizes[0], 2e-10)
    label = "LSTM,\n망각 문을 연 채 ‖ LSTM,\nforget gate open" if name == "LSTM, f+3" else name
    ax.text(41, y0, label, size=17, weight="bold", color=looks[name][0], va="center")
show(figure, "1-forget", "걸음 수에 따라 닿는 기울기의 크기 ‖ Size of the gradient that arrives, by steps back")
assert reached["RNN"][40] < 1e-5 * reached["RNN"][0] and reached["LSTM, f+3"][40] > 100 * reached["RNN"][40]
reveal(1, "C")

# %% [markdown] lang="ko"
# 문이 있다고 저절로 기억하는 것은 아니에요. 문을 반쯤 연 보통의 LSTM($f\approx0.5$)도 $0.5^{40}$처럼 사라져요. **열어 두는 법을 배워야 해요.** 그래서 $f$의 편향을 1에서 3쯤으로 두고 시작하곤 해요(시그모이드(3)은 0.95, 거의 열린 문이에요).

# %% [markdown] lang="en"
# To have gates is not yet to remember. A plain LSTM with half-open gates ($f\approx0.5$) forgets as $0.5^{40}$ does: **it must learn to keep them open.** That is why the bias of $f$ often starts at 1 to 3 (the sigmoid of 3 is 0.95: a gate almost open).

# %% [markdown] lang="ko"
# ## 2. 문이 하는 일을 눈으로
#
# 만든 문제예요. 여덟 가지 글자가 줄줄이 지나가고, 그중 **하나에만 표시**가 있어요. 다 읽은 뒤에 표시된 글자가 무엇이었는지 답해요.
#
# **질문 2.** 다 배운 LSTM의 문은 표시가 있는 걸음에서 어떻게 움직일까요?
#
# **A** 입력 문 $i$가 그때 더 열린다 **B** 망각 문 $f$만 그 뒤로 닫힌다 **C** 아무 변화가 없다

# %% [markdown] lang="en"
# ## 2. What the gates do, seen
#
# A made-up problem: eight kinds of letters pass by, and **one of them is marked**. After the last, say which letter was marked.
#
# **Question 2.** How do the gates of a trained LSTM move at the marked step?
#
# **A** the input gate $i$ opens wider there **B** only the forget gate $f$ shuts after it **C** they do not move

# %%
commit(2, "")

# %%
LENGTH = budget(20, 10)


def marked(draw, count):
    """(N, T, 9): 글자 8칸과 표시 1칸, 정답 (N,), 표시의 자리 (N,) ‖ (N, T, 9): 8 letters and a mark; the answer (N,); where the mark is (N,)"""
    letters, place = draw.integers(0, 8, (count, LENGTH)), draw.integers(0, LENGTH, count)
    x = np.zeros((count, LENGTH, 9), np.float32)
    x[np.arange(count)[:, None], np.arange(LENGTH), letters] = 1
    x[np.arange(count), place, 8] = 1
    return x, letters[np.arange(count), place], place


class Remembers(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer = kind(9, HIDDEN, batch_first=True)
        self.out = nn.Linear(HIDDEN, 8)
        if kind is nn.LSTM:
            open_forget_gate(self.layer, 2.0)

    def forward(self, x):  # (N, T, 9) -> (N, 8)
        return self.out(self.layer(x)[0][:, -1])


def learn(model, batches, steps, lr):
    """배치를 하나씩 꺼내 갱신한다 ‖ one update a batch"""
    optimizer = minidl.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / steps)
        x, y = batches()
        optimizer.zero_grad()
        F.cross_entropy(model(minidl.tensor(x)).flatten(0, -2), minidl.tensor(y).flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # 터지는 기울기를 막는다 ‖ against exploding gradients
        optimizer.step()
    return model


x_marked, y_marked, place = marked(seed(99), 2000)
rememberers, recalled = {}, {}
for kind in (nn.RNN, nn.LSTM):
    draw = seed(0)
    model = learn(Remembers(kind), lambda draw=draw: marked(draw, 64)[:2], budget(300, 230), 0.01)
    with minidl.no_grad():
        right = model(minidl.tensor(x_marked)).argmax(1).numpy() == y_marked
    rememberers[kind.__name__] = model
    recalled[kind.__name__] = [100 * right[place == p].mean() for p in range(LENGTH)][::-1]

# %% [markdown] lang="ko"
# 이번에는 `nn.LSTM`의 가중치를 꺼내 **손으로** 한 걸음씩 계산하면서 문을 기록해요. 네 줄이 전부예요.

# %% [markdown] lang="en"
# Now take the weights out of `nn.LSTM` and compute it **by hand**, step by step, noting the gates. Four lines are all there is.


# %%
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gates_by_hand(lstm, x):  # x: (T, 입력) -> i, f, o, h: (T, H) ‖ x: (T, inputs) -> i, f, o, h: (T, H)
    w_ih, w_hh, b_ih, b_hh = (
        getattr(lstm, name + "_l0").detach().numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    h = c = np.zeros(lstm.hidden_size)
    kept = []
    for x_t in x:
        i, f, g, o = np.split(w_ih @ x_t + w_hh @ h + b_ih + b_hh, 4)
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        kept.append((i, f, o, h))
    return [np.array(gate) for gate in zip(*kept)]


lstm = rememberers["LSTM"].layer
shown = int(np.flatnonzero(place == LENGTH // 3)[0])
i, f, o, h = gates_by_hand(lstm, x_marked[shown])
with minidl.no_grad():
    assert np.allclose(h, lstm(minidl.tensor(x_marked[shown : shown + 1]))[0].numpy()[0], atol=1e-5)

# %% tags=["figure"]
figure = board(
    "표시를 본 순간 입력 문이 열리고, 망각 문이 끝까지 지킨다 ‖ The input gate opens at the mark; the forget gate keeps it",
    6.4,
)
for k, (gate, words) in enumerate(((i, "입력 문\ni ‖ input\ngate i"), (f, "망각 문\nf ‖ forget\ngate f"))):
    ax = figure.add_axes([0.145, 0.525 - 0.265 * k, 0.475, 0.235])
    ax.imshow(
        gate[:, np.argsort(-i[place[shown]])].T, cmap=SHADE, vmin=0, vmax=1, aspect="auto", interpolation="nearest"
    )
    ax.set(xticks=[], yticks=[])
    ax.add_patch(plt.Rectangle((place[shown] - 0.5, -0.5), 1, HIDDEN, fill=False, ec=ORANGE, lw=3.5))
    figure.text(0.025, 0.525 - 0.265 * k + 0.118, words, size=15.5, weight="bold", color=TEAL, va="center")
ax = figure.add_axes([0.145, 0.815, 0.475, 0.055])
letters = x_marked[shown][:, :8].argmax(1)
ax.set(xlim=(-0.5, LENGTH - 0.5), ylim=(0, 1))
ax.axis("off")
for t, letter in enumerate(letters):
    ax.text(
        t,
        0.4,
        "ABCDEFGH"[letter],
        size=17,
        ha="center",
        va="center",
        weight="bold" if t == place[shown] else "normal",
        bbox=CHIP | {"boxstyle": "round,pad=0.12"} if t == place[shown] else None,
    )
ax = figure.add_axes([0.145, 0.10, 0.475, 0.13])
ax.plot(i.mean(axis=1), color=TEAL)
ax.plot(f.mean(axis=1), color=INK, ls=(0, (3, 1.2)))
ax.set(xlim=(-0.5, LENGTH - 0.5), ylim=(0, 1), yticks=[0, 1], xticks=[])
ax.set_xlabel("걸음 → (줄은 유닛마다, 진할수록 열림) ‖ step → (a row a unit; dark is open)")
figure.text(0.025, 0.165, "평균\n─ i   ┄ f ‖ mean\n─ i   ┄ f", size=15, color=MUTED, va="center")
ax = figure.add_axes([0.70, 0.16, 0.275, 0.60])
for name, look in (("RNN", {"color": INK, "ls": (0, (3, 1.2))}), ("LSTM", {"color": TEAL})):
    ax.plot(recalled[name], **look)
ax.axhline(12.5, color=MUTED, lw=1.4, ls=(0, (2, 3)))
ax.set(xlim=(0, LENGTH - 1), ylim=(0, 105), yticks=[0, 50, 100], xticks=[0, LENGTH // 2, LENGTH - 1])
ax.set_xlabel("표시가 몇 걸음 전인가 ‖ steps since the mark")
figure.text(0.66, 0.80, "맞힌 비율 (%) ‖ share that is right (%)", size=15, color=MUTED)
ax.text(LENGTH * 0.42, 91, "LSTM", size=17, weight="bold", color=TEAL, va="center")
ax.text(LENGTH * 0.42, 40, "RNN", size=17, weight="bold", va="center")
ax.text(LENGTH * 0.55, 5, "찍기 12.5 ‖ guess 12.5", size=14, color=MUTED, va="center")
show(
    figure,
    "2-gates",
    "LSTM의 두 문의 움직임과, 표시까지의 거리에 따른 정답률 ‖ The movement of two gates of an LSTM, and accuracy by distance of the mark",
)
score_of = {name: np.mean(values) for name, values in recalled.items()}
assert score_of["LSTM"] > budget(95, 90) and score_of["RNN"] < score_of["LSTM"] - 30
at = np.array([gates_by_hand(lstm, x_marked[n])[0].mean(axis=1) for n in range(20)])  # (20, T)
assert np.mean([at[n, place[n]] for n in range(20)]) > at.mean() + 0.03
reveal(2, "A")

# %% [markdown] lang="ko"
# 표시된 걸음에서 **입력 문이 열리고 망각 문은 잠깐 닫혀요.** 그때까지의 기억을 지우고 새 글자를 적는 거예요. 그 뒤로는 망각 문이 열려 있어 적은 것을 지켜요.
#
# 같은 횟수만큼 배운 RNN은 바로 앞의 표시조차 잘 맞히지 못해요. 오래 배우면 가까운 것부터 나아지지만 먼 것은 끝내 어려워요. 손으로 계산한 상태가 `nn.LSTM`과 같다는 것은 셀 안의 `assert`가 확인해요. 규칙과 미분은 [`recurrent.py`](../../minidl/ops/recurrent.py)에 있어요.

# %% [markdown] lang="en"
# At the mark **the input gate opens, and the forget gate shuts for a moment**: what was remembered is wiped, and the new letter written. From then on the forget gate is open and keeps it.
#
# An RNN that was trained as often hardly recalls even a recent mark. With longer training it gets better, the near ones first; the far ones stay hard. That the states by hand equal those of `nn.LSTM` is checked by the `assert` in the cell. Rule and derivative are in [`recurrent.py`](../../minidl/ops/recurrent.py).

# %% [markdown] lang="ko"
# ## 3. 성씨는 어느 나라에서 왔을까요?
#
# 여섯 나라의 성씨 400개씩이에요(핀란드는 397개, Faker, MIT 허가). 발음 부호를 떼고 소문자로 바꿔, 철자의 순서만 남겨요. LSTM이 글자를 하나씩 읽고 나라를 답해요. 글자는 `Embedding`이 수 16개로 바꿔요. 글자마다 한 줄씩 있는 표이고, 그 줄의 수들도 함께 배워요.
#
# 비교 상대는 신경망이 아니에요. scikit-learn이 **세 글자까지의 조각을 세어** 로지스틱 회귀(선형 층 하나와 소프트맥스)로 답해요.
#
# **질문 3.** 처음 보는 성씨 600개에서 누가 앞설까요?
#
# **A** LSTM이 10점 넘게 앞선다 **B** 10점 안쪽의 차이다 **C** 둘 다 찍기(17%)와 비슷하다

# %% [markdown] lang="en"
# ## 3. Where does a surname come from?
#
# From six countries, 400 surnames each (Finland 397; Faker, MIT licence). Accents are taken off and letters made small, so that only the spelling is left. An LSTM reads letter by letter and names the country. `Embedding` turns each letter into 16 numbers: a table with a row for each letter, and those numbers are learned too.
#
# Its rival is no network: scikit-learn **counts pieces of up to three letters** and answers by logistic regression (one linear layer and a softmax).
#
# **Question 3.** On 600 surnames never seen, who leads?
#
# **A** the LSTM, by more than 10 points **B** they are within 10 points **C** both are near guessing (17%)

# %%
commit(3, "")

# %%
COUNTRIES = {
    "it_IT": "이탈리아 ‖ Italy",
    "es_ES": "스페인 ‖ Spain",
    "nl_NL": "네덜란드 ‖ Netherlands",
    "fi_FI": "핀란드 ‖ Finland",
    "hr_HR": "크로아티아 ‖ Croatia",
    "en_US": "미국 ‖ USA",
}
LETTERS = " abcdefghijklmnopqrstuvwxyz"
LONGEST = 12


def plain(name):
    return "".join(c for c in unicodedata.normalize("NFD", str(name)).lower() if c in LETTERS[1:])


def surnames(country):
    names = importlib.import_module(f"faker.providers.person.{country}").Provider.last_names
    return {plain(name) for name in names if 3 <= len(plain(name)) <= LONGEST}


found = {country: surnames(country) for country in COUNTRIES}
shared = {name for one in found for other in found if one < other for name in found[one] & found[other]}
drawn = [
    (name, k) for k, names in enumerate(found.values()) for name in seed(k).permutation(sorted(names - shared))[:400]
]
order = seed(7).permutation(len(drawn))
people = [drawn[p] for p in order]
origin = np.array([k for _, k in people])
spelled = np.array([[LETTERS.index(c) for c in name.ljust(LONGEST)] for name, _ in people])  # (2397, 12)
length = np.array([len(name) for name, _ in people])
NEW = slice(len(people) - 600, None)  # 처음 보는 성씨 ‖ names never seen


class ReadsNames(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters = nn.Embedding(len(LETTERS), 16)
        self.lstm = nn.LSTM(16, 48, batch_first=True)
        self.out = nn.Linear(48, len(COUNTRIES))

    def forward(self, spelled):  # (N, T) -> (N, T, 6): 글자를 읽을 때마다의 점수 ‖ the scores after every letter
        return self.out(self.lstm(self.letters(spelled))[0])


class AtTheEnd(nn.Module):
    """성씨의 마지막 글자에서 답한다 ‖ answers at the last letter of each name"""

    def __init__(self, reader):
        super().__init__()
        self.reader = reader

    def forward(self, x):  # (N, 13): 글자 12칸과 길이 ‖ (N, 13): 12 letters and the length
        scores = self.reader(x[:, :LONGEST])
        return scores[minidl.arange(len(x)), x[:, LONGEST] - 1]


both = np.concatenate([spelled, length[:, None]], axis=1)
draw = seed(0)
reader = AtTheEnd(ReadsNames())


def some_names():
    rows = draw.integers(0, len(people) - 600, 64)
    return both[rows], origin[rows]


learn(reader, some_names, budget(500, 200), 0.01)
with minidl.no_grad():
    answer = reader(minidl.tensor(both[NEW])).argmax(1).numpy()
lstm_score = 100 * np.mean(answer == origin[NEW])

# 심판: 글자 조각을 세는 선형 모델 ‖ the judge: a linear model that counts pieces
counter = CountVectorizer(analyzer="char_wb", ngram_range=(1, 3))
texts = [name for name, _ in people]
counted = LogisticRegression(C=3, max_iter=300).fit(counter.fit_transform(texts[:-600]), origin[:-600])
judge_score = 100 * counted.score(counter.transform(texts[-600:]), origin[NEW])

# %% tags=["figure"]
figure = board(
    f"한 글자 읽을 때마다 생각을 고친다: LSTM {lstm_score:.0f}%, 조각 세기 {judge_score:.0f}% ‖ It thinks again at every letter: LSTM {lstm_score:.0f}%, counting pieces {judge_score:.0f}%",
    5.4,
)
names = list(COUNTRIES.values())
late = []
for k in (3, 4, 0):
    rows = [
        n
        for n in range(len(people) - 600, len(people))
        if origin[n] == k and answer[n - len(people) + 600] == k and 6 <= length[n] <= 9
    ]
    late.append(rows[0])
for j, n in enumerate(late):
    with minidl.no_grad():
        p = minidl.softmax(reader.reader(minidl.tensor(spelled[n : n + 1])), dim=2).numpy()[0, : length[n]]  # (T, 6)
    ax = figure.add_axes([0.155 + 0.285 * j, 0.10, 0.255, 0.64])
    picture(ax, p.T, aspect="auto")
    best = p.argmax(axis=1)
    for t, k in enumerate(best):
        ax.add_patch(plt.Rectangle((t - 0.5, k - 0.5), 1, 1, fill=False, ec=ORANGE, lw=3))
    ax.set(xticks=range(length[n]), yticks=range(6) if j == 0 else [])
    ax.set_xticklabels([c.upper() for c in people[n][0]], size=19, weight="bold", color=INK)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    if j == 0:
        ax.set_yticklabels(names, size=15.5, color=INK)
figure.text(
    0.155,
    0.035,
    "진할수록 그 나라일 확률이 크다. 주황: 그 글자까지 읽은 답 ‖ dark: probable. Orange: the answer after that letter",
    size=15,
    color=MUTED,
)
show(
    figure,
    "3-surnames",
    "세 성씨를 읽으며 바뀌는 여섯 나라의 확률 ‖ The probabilities of six countries while three surnames are read",
)
assert lstm_score > budget(65, 55) and judge_score > 65 and (abs(lstm_score - judge_score) < 10 or QUICK)
reveal(3, "B")

# %% [markdown] lang="ko"
# 글자 조각을 세기만 해도 LSTM에 뒤지지 않아요. 성씨의 나라는 대개 **끝의 두세 글자**(-nen, -ić, -ez)가 말해 주니까요. 순서를 읽는 신경망이 꼭 필요한 문제인지 먼저 묻는 습관을 들여요. 이 모델은 **철자와 목록**만 알아요. 성씨로 사람의 국적을 알아낸다고 말하면 틀린 말이고, 해로운 말이기도 해요.

# %% [markdown] lang="en"
# Merely counting pieces does no worse than the LSTM: the country shows mostly in **the last two or three letters** (-nen, -ić, -ez). Make it a habit to ask whether a problem needs a network that reads in order. This model knows **spellings and lists**; to say that it tells a person's nationality would be wrong, and harmful.

# %% [markdown] lang="ko"
# ## 4. 어텐션: 필요할 때 돌아보기
#
# Babel이 쓴 한국어 날짜를 `2026-11-28` 꼴로 옮겨요. 꼴은 네 가지예요: `2026년 11월 28일 토요일`, `2026년 11월 28일`, `2026. 11. 28.`, `26. 11. 28.`.
#
# 읽는 것은 양방향 GRU예요. GRU는 문이 둘뿐인 LSTM의 사촌이고, 양방향은 앞에서 한 번, 뒤에서 한 번 읽는다는 뜻이에요. 글자마다 **열쇠**(key) $k_s$와 **값**(value) $v_s$를 만들고, 답의 열 칸은 저마다 **질문**(query) $q_t$를 하나씩 외워요. 질문과 열쇠가 잘 맞는(곱해서 더한 값이 큰) 글자에서 값을 가져와요. $D$는 열쇠 하나에 든 수의 개수, 여기서는 32예요.
#
# $$p_{ts}=\text{softmax}_s\!\left(\frac{q_t\cdot k_s}{\sqrt D}\right)\qquad z_t=\sum_s p_{ts}\,v_s$$
#
# 견줄 상대는 어텐션 없이 **마지막 상태 하나**로 열 칸을 모두 답해요. 둘 다 220번만 갱신해요.
#
# **질문 4.** 처음 보는 날짜에서 열 글자를 모두 맞히는 비율은요?
#
# **A** 둘 다 90%가 넘는다 **B** 어텐션은 90%가 넘고, 없으면 절반도 안 된다 **C** 둘 다 절반이 안 된다

# %% [markdown] lang="en"
# ## 4. Attention: looking back when needed
#
# Korean dates as Babel writes them become `2026-11-28`. There are four forms: `2026년 11월 28일 토요일`, `2026년 11월 28일`, `2026. 11. 28.`, `26. 11. 28.`.
#
# The reader is a GRU, a cousin of the LSTM with two gates only, in both directions: once from the front, once from the back. Of each character it makes a **key** $k_s$ and a **value** $v_s$; each of the answer's ten places has learned one **query** $q_t$, and takes the values of those characters whose keys fit (multiplied and added up, they give much). $D$ is how many numbers a key has, here 32.
#
# $$p_{ts}=\text{softmax}_s\!\left(\frac{q_t\cdot k_s}{\sqrt D}\right)\qquad z_t=\sum_s p_{ts}\,v_s$$
#
# The rival has no attention and answers all ten places from **one last state**. Both get only 220 updates.
#
# **Question 4.** How often are all ten characters right, on dates never seen?
#
# **A** both above 90% **B** with attention above 90%, without it not even half **C** both below half

# %%
commit(4, "")

# %%
draw = seed(3)
FORMS = ("full", "long", "medium", "short")
first = datetime.date(1970, 1, 1).toordinal()
days = [datetime.date.fromordinal(int(n)) for n in first + draw.permutation(36500)[: budget(4500, 1500)]]
written = [format_date(day, FORMS[n % 4], locale="ko") for n, day in enumerate(days)]
SIGNS = sorted(set("".join(written)))
WIDE = max(map(len, written))
source = np.array([[SIGNS.index(c) for c in text.ljust(WIDE)] for text in written])  # (N, 18)
target = np.array([["0123456789-".index(c) for c in day.isoformat()] for day in days])  # (N, 10)
TESTS = 500
print(written[0], "→", days[0].isoformat())


class Translates(nn.Module):
    def __init__(self, attends, size=32):
        super().__init__()
        self.signs = nn.Embedding(len(SIGNS), 16)
        self.reader = nn.GRU(16, size, batch_first=True, bidirectional=True)
        self.queries = nn.Parameter(minidl.randn(10, size))
        self.key, self.value = nn.Linear(2 * size, size), nn.Linear(2 * size, size)
        self.mix, self.out = nn.Linear(2 * size, 64), nn.Linear(64, 11)
        self.attends = attends

    def forward(self, source):  # (N, S) -> (N, 10, 11)
        states, last = self.reader(self.signs(source))  # (N, S, 64), (2, N, 32)
        if self.attends:
            fit = self.queries @ self.key(states).transpose(1, 2) / self.queries.shape[1] ** 0.5  # (N, 10, S)
            self.p = minidl.softmax(fit, dim=2)
            z = self.p @ self.value(states)  # (N, 10, 32)
        else:
            z = self.value(minidl.cat([last[0], last[1]], dim=1)).unsqueeze(1).expand(-1, 10, -1)
        asked = self.queries.expand(len(source), -1, -1)
        return self.out(F.relu(self.mix(minidl.cat([z, asked], dim=2))))


def some_dates():
    rows = draw.integers(TESTS, len(source), 64)
    return source[rows], target[rows]


translators, whole = {}, {}
for attends in (True, False):
    draw = seed(0)
    model = learn(Translates(attends), some_dates, budget(220, 150), 0.01)
    with minidl.no_grad():
        guess = model(minidl.tensor(source[:TESTS])).argmax(2).numpy()
    translators[attends] = model
    whole[attends] = 100 * np.mean((guess == target[:TESTS]).all(axis=1))
    each = 100 * np.mean(guess == target[:TESTS])
    print(
        f"어텐션 {attends!s:5}: 날짜 {whole[attends]:.1f}%, 글자 {each:.1f}% ‖ attention {attends!s:5}: dates {whole[attends]:.1f}%, characters {each:.1f}%"
    )

# %% tags=["figure", "print", "korean"]
figure = board(
    f"어텐션 지도는 곧 정렬표다: 날짜의 {whole[True]:.0f}%를 통째로 맞힌다 (없으면 {whole[False]:.0f}%) ‖ Attention is alignment: {whole[True]:.0f}% of dates right ({whole[False]:.0f}% without)",
    6.2,
)
model = translators[True]
examples = [format_date(datetime.date(2026, 11, 8), form, locale="ko") for form in ("full", "short")]
for j, text in enumerate(examples):
    coded = np.array([[SIGNS.index(c) for c in text.ljust(WIDE)]])
    with minidl.no_grad():
        result = model(minidl.tensor(coded)).argmax(2).numpy()[0]
    p = model.p.numpy()[0][:, : len(text)]
    ax = figure.add_axes([0.055 if j == 0 else 0.675, 0.06, 0.565 if j == 0 else 0.305, 0.70])
    picture(ax, p, aspect="auto")
    ax.set(xticks=range(len(text)), yticks=range(10))
    ax.set_xticklabels([c if c != " " else "␣" for c in text], size=17, color=INK)
    ax.set_yticklabels(["0123456789-"[k] for k in result], size=18, weight="bold", color=INK)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for t in range(10):
        s = int(p[t].argmax())
        if p[t, s] > 0.5:
            ax.add_patch(plt.Rectangle((s - 0.5, t - 0.5), 1, 1, fill=False, ec=ORANGE, lw=3))
figure.text(
    0.055,
    0.012,
    "줄: 쓰는 글자  칸: 돌아본 글자 (주황: 절반 넘게) ‖ row: character written; column: looked at (orange: more than half)",
    size=15,
    color=MUTED,
)
show(
    figure,
    "4-attention",
    "한국어 날짜에서 ISO 날짜로 가는 어텐션 지도 둘 ‖ Two maps of attention from Korean dates to ISO dates",
)
assert whole[True] > 90 and whole[True] > whole[False] + 40
reveal(4, "B")

# %% [markdown] lang="ko"
# 아무도 ‘11월의 11은 여기에서 온다’고 가르치지 않았어요. 정답 날짜만 보고 **스스로 정렬을 배웠어요.** `-`를 쓸 때는 볼 것이 없으니 아무 데나 보기도 해요. 어텐션 지도는 ‘무엇을 보았나’일 뿐 ‘왜 그렇게 답했나’를 다 말해 주지는 않아요. GRU가 이웃한 글자의 정보를 이미 섞어 두었으니, 옆 글자를 보고도 맞힐 수 있어요.
#
# 어텐션이 없으면 아예 못 하는 것은 아니에요. 갱신을 500번으로 늘리자 어텐션 없이도 날짜의 82%를 맞혔어요. 벡터 하나에 날짜를 다 담는 법을 배우느라 **늦을** 뿐이고, 글이 길어질수록 더 늦어요.
#
# 진짜 번역기는 질문을 외우지 않고 **앞서 쓴 글자에서** 만들어요. 그 이야기는 실습 H(GPT)에서 이어져요. 식은 [`attention.py`](../../minidl/ops/attention.py), softmax의 미분은 [수업 화면](lesson:softmax1.dx)에 있어요.

# %% [markdown] lang="en"
# Nobody taught it that "the 11 of the month comes from here". From right dates alone **it learned the alignment by itself.** For `-` there is nothing to look at, so it may look anywhere. A map of attention says what was looked at, not all of why it was answered: the GRU has already mixed neighbouring characters, so a glance beside the right one may do.
#
# It is not that nothing works without attention: with 500 updates, 82% of the dates came out right without it. To put a whole date into one vector merely takes **longer** to learn, and the longer the text, the longer.
#
# A real translator does not learn its queries by heart but makes them **from what it has written so far**; lab H (a GPT) goes on from there. The formula is [`attention.py`](../../minidl/ops/attention.py), the derivative of softmax [a screen of the lesson](lesson:softmax1.dx).

# %% [markdown] lang="ko"
# ## 5. 숨은 실수 찾기
#
# 친구가 3절의 모델로 성씨를 여럿 한꺼번에 읽게 했어요. 오류는 없어요. 그런데 **같은 성씨의 답이, 함께 읽은 성씨에 따라 달라져요.** 한 줄이 틀렸어요. 단서는 그림의 가로축이에요.

# %% [markdown] lang="en"
# ## 5. Find the mistake
#
# A friend lets the model of section 3 read several surnames at once. There is no error. But **the answer for one name changes with the names beside it.** One line is wrong. The clue is the horizontal axis of the figure.


# %% tags=["mistake"]
def friends_answer(names):
    wide = max(map(len, names))
    coded = np.array([[LETTERS.index(c) for c in name.ljust(wide)] for name in names])
    with minidl.no_grad():
        scores = reader.reader(minidl.tensor(coded))
        return minidl.softmax(scores[:, -1], dim=1).numpy()


name, k = people[late[0]]
neighbours = [[name], *([name, "x" * wide] for wide in range(len(name) + 1, LONGEST + 9))]
told = np.array([friends_answer(batch)[0, k] for batch in neighbours])

# %% tags=["figure"]
figure = board("옆에 긴 성씨가 있으면 내 답이 바뀐다 ‖ A longer name beside it, and the answer changes", 4.8)
ax = figure.add_axes([0.10, 0.18, 0.62, 0.65])
ax.plot(range(len(name), len(name) + len(told)), 100 * told, color=INK, ls=(0, (3, 1.5)), marker="o", ms=8)
ax.plot(len(name), 100 * told[0], "o", ms=14, color=ORANGE, mec=INK, mew=1.6, zorder=5, clip_on=False)
ax.set(ylim=(0, 105), yticks=[0, 50, 100], xticks=[len(name), 10, 15, 20])
ax.set_xlabel("함께 읽은 가장 긴 성씨의 글자 수 ‖ letters of the longest name read with it")
ax.set_ylabel("핀란드일 확률 (%) ‖ probability of Finland (%)")
figure.text(0.75, 0.62, name.upper(), size=24, weight="bold")
figure.text(0.75, 0.48, "혼자 읽을 때 ‖ read alone", size=15, color=MUTED)
figure.text(0.75, 0.39, f"{100 * told[0]:.0f}%", size=26, weight="bold", bbox=CHIP)
show(
    figure,
    "5-mistake",
    "함께 읽은 성씨의 길이에 따라 달라지는 확률 ‖ A probability that changes with the length of the names read along",
)

# %% [markdown] lang="ko"
# 힌트: 짧은 성씨 뒤에는 무엇이 채워져 있고, 모델은 어디까지 읽은 뒤에 답했나요?

# %% [markdown] lang="en"
# A hint: what fills the row behind a short name, and after how much reading did the model answer?

# %% [markdown] lang="ko" tags=["exercise"]
# ## 6. 연습 문제
#
# **연습 1 (종이와 연필).** 한 유닛에서 $c=2.0,\;f=0.9,\;i=0.5,\;g=-1.0,\;o=1.0$이에요. 다음 기억과 상태를 구해요. 또 $f=0.9$를 20걸음 지키면 처음 기억은 몇 %가 남나요?

# %% [markdown] lang="en" tags=["exercise"]
# ## 6. Exercises
#
# **Exercise 1 (pen and paper).** In one unit $c=2.0,\;f=0.9,\;i=0.5,\;g=-1.0,\;o=1.0$. Work out the next memory and state. And how many % of the first memory are left after 20 steps of $f=0.9$?

# %%
my_c, my_h, my_percent = None, None, None

if my_c is not None:
    c = 0.9 * 2.0 + 0.5 * -1.0
    print("c", abs(c - my_c) < 0.01, " h", abs(np.tanh(c) - my_h) < 0.01, " %", abs(100 * 0.9**20 - my_percent) < 0.6)

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (코드).** 어텐션에 **가리개**를 달아요. `real`이 `False`인 글자(채운 칸)는 돌아보지 않게, softmax 앞의 점수를 아주 작게 만들어요. 결과는 그 글자를 아예 빼고 계산한 것과 같아야 해요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (code).** Give attention a **mask**: characters whose `real` is `False` (filling) must not be looked at. Make their scores very small before the softmax. The result must be that of leaving them out altogether.


# %%
def attend(q, k, v, real):  # (T, D), (S, D), (S, E), (S,) -> (T, E)
    scores = q @ k.T / q.shape[1] ** 0.5
    return minidl.softmax(scores, dim=1) @ v  # ← 여기를 고쳐요 ‖ ← mend it here


def attends_right(attend):
    draw = seed(0)
    q, k, v = (minidl.tensor(draw.normal(size=size)) for size in ((2, 4), (5, 4), (5, 3)))
    real = minidl.tensor([True, True, True, False, False])
    return np.allclose(attend(q, k, v, real).numpy(), attend(q, k[:3], v[:3], real[:3]).numpy())


print("맞았나? ‖ right?", attends_right(attend))


# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** LSTM 한 걸음의 역전파예요. 기울기가 `h_next`와 `c_next` **두 곳으로** 들어온다는 점, `c_next`는 `h_next` 안에서도 쓰였다는 점만 놓치지 않으면 돼요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged by `minidl.judge`).** The backward of one LSTM step. Gradients arrive in **two places**, `h_next` and `c_next`; and `c_next` was used inside `h_next` as well. That is all there is to watch.


# %%
@minidl.judge("lstm_step")
def backward(dh_next, dc_next, x, h, c, w, u, b):
    dx, dh, dc, dw, du, db = (np.zeros_like(a) for a in (x, h, c, w, u, b))  # ← 여기를 채워요 ‖ ← fill in here
    return dx, dh, dc, dw, du, db


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
# `scores[:, -1]`은 성씨의 끝이 아니라 **채운 칸의 끝**에서 답해요. 배울 때 본 적 없는 빈칸을 하나만 더 읽어도 상태가 흐트러져요. 성씨마다 길이에 맞는 자리 `length - 1`에서 답해야 해요.
#
# ```python
# def mended_answer(names):
#     coded = np.array([[LETTERS.index(c) for c in n.ljust(max(map(len, names)))] for n in names])
#     with minidl.no_grad():
#         scores = reader.reader(minidl.tensor(coded))
#     ends = minidl.tensor([len(n) - 1 for n in names])
#     return minidl.softmax(scores[minidl.arange(len(names)), ends], dim=1).numpy()
#
#
# assert np.ptp(told) > 0.02
# assert np.allclose(mended_answer([name])[0], mended_answer([name, "x" * 20])[0], atol=1e-5)
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $c=0.9\cdot2.0+0.5\cdot(-1.0)=1.3$, $h=\tanh1.3=0.86$. $0.9^{20}=0.12$이니 12%가 남아요.
# </details>
#
# <details><summary>연습 2</summary>
#
# ```python
# def masked(q, k, v, real):
#     scores = (q @ k.T / q.shape[1] ** 0.5).masked_fill(~real, -1e9)
#     return minidl.softmax(scores, dim=1) @ v
#
#
# assert attends_right(masked)
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# `c_next`의 기울기는 곧장 온 것과 `h_next`를 거쳐 온 것의 합이에요. 네 문의 기울기를 이어 붙이면 선형 층의 역전파예요.
#
# ```python
# def backward(dh_next, dc_next, x, h, c, w, u, b):
#     i, f, g, o = np.split(x @ w.T + h @ u.T + b, 4, axis=1)
#     i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
#     t = np.tanh(f * c + i * g)
#     dc_all = dc_next + dh_next * o * (1 - t * t)
#     parts = [dc_all * g * i * (1 - i), dc_all * c * f * (1 - f), dc_all * i * (1 - g * g), dh_next * t * o * (1 - o)]
#     d = np.concatenate(parts, axis=1)
#     return d @ w, d @ u, dc_all * f, d.T @ x, d.T @ h, d.sum(axis=0)
#
#
# assert minidl.judge("lstm_step").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# `scores[:, -1]` answers at the end of the **filling**, not of the name: one blank more, which was never read in training, upsets the state. Each name must be answered at its own place, `length - 1`.
#
# ```python
# def mended_answer(names):
#     coded = np.array([[LETTERS.index(c) for c in n.ljust(max(map(len, names)))] for n in names])
#     with minidl.no_grad():
#         scores = reader.reader(minidl.tensor(coded))
#     ends = minidl.tensor([len(n) - 1 for n in names])
#     return minidl.softmax(scores[minidl.arange(len(names)), ends], dim=1).numpy()
#
#
# assert np.ptp(told) > 0.02
# assert np.allclose(mended_answer([name])[0], mended_answer([name, "x" * 20])[0], atol=1e-5)
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $c=0.9\cdot2.0+0.5\cdot(-1.0)=1.3$, $h=\tanh1.3=0.86$. $0.9^{20}=0.12$, so 12% are left.
# </details>
#
# <details><summary>Exercise 2</summary>
#
# ```python
# def masked(q, k, v, real):
#     scores = (q @ k.T / q.shape[1] ** 0.5).masked_fill(~real, -1e9)
#     return minidl.softmax(scores, dim=1) @ v
#
#
# assert attends_right(masked)
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# The gradient of `c_next` is the sum of what comes straight and what comes through `h_next`. Put the four gates' gradients side by side, and it is the backward of a linear layer.
#
# ```python
# def backward(dh_next, dc_next, x, h, c, w, u, b):
#     i, f, g, o = np.split(x @ w.T + h @ u.T + b, 4, axis=1)
#     i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
#     t = np.tanh(f * c + i * g)
#     dc_all = dc_next + dh_next * o * (1 - t * t)
#     parts = [dc_all * g * i * (1 - i), dc_all * c * f * (1 - f), dc_all * i * (1 - g * g), dh_next * t * o * (1 - o)]
#     d = np.concatenate(parts, axis=1)
#     return d @ w, d @ u, dc_all * f, d.T @ x, d.T @ h, d.sum(axis=0)
#
#
# assert minidl.judge("lstm_step").check(backward)
# ```
# </details>
