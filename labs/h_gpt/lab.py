# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 H. 작은 GPT: 다음 글자를 맞히다 보면 글을 쓰게 돼요
#
# 챗봇 안에 든 모델이 하는 일은 하나예요. **지금까지의 글을 보고 다음 토막을 맞히기.** 이 실습에서는 그 모델을 어텐션부터 한 줄씩 쌓아 올리고, 이솝 우화 스물몇 편으로 가르친 뒤 글을 쓰게 해요.
# 진짜와 구조는 같고 크기만 작아요. 매개변수가 110,000개쯤이라 노트북에서도 1분이면 배워요.
#
# 그림의 색은 늘 같은 뜻이에요. **청록**은 순전파로 계산한 값, **진홍**은 역전파로 온 기울기, **주황**은 이번에 얻은 결과예요. 답은 실행하기 **전에** 적어요. 첫 답만 남아요.

# %% [markdown] lang="en"
# # Lab H. A small GPT: guess the next letter often enough, and you write
#
# The model inside a chatbot does one thing: **it reads the text so far and guesses the next piece.** In this lab we build that model line by line, from attention up, teach it some two dozen of Aesop's fables, and let it write.
# Its structure is the real one; only its size is small. With some 110,000 parameters a laptop teaches it in a minute.
#
# Colours mean the same throughout. **Teal**: what the forward pass computed. **Crimson**: the gradient that the backward pass brought. **Orange**: the result just obtained. Write your answer down **before** you run; only the first one counts.

# %% tags=["setup"]
import math
import unicodedata
from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    SHADE,
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
from minidl.models import GPT, Vocabulary

F = nn.functional


def tint(value, most, color):
    """0은 종이색, 가장 큰 값은 제 색 ‖ 0 is paper, the largest value has its colour"""
    strength = min(abs(value) / most, 1) * 0.75
    base, full = (tuple(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)) for c in (PAPER, color))
    return tuple(b + (f - b) * strength for b, f in zip(base, full))


def shown(text):
    """줄 바꿈을 기호로 ‖ line breaks as a sign"""
    return text.replace("\n", "¶")


# %% [markdown] lang="ko"
# ## 1. 글을 수로 바꾸고, 한 칸씩 밀어 정답을 만들어요
#
# 글자마다 번호를 붙이면 글은 정수의 줄이 돼요. 정답을 따로 적을 필요가 없어요. **같은 글을 한 글자 뒤로 민 것**이 곧 정답이에요. 그래서 이런 학습을 자기 지도 학습이라고 해요.
# 우화 스물여섯 편 가운데 마지막 세 편은 가르치지 않고 시험용으로 남겨 둬요. (조지 타운센드의 1867년 영어 번역으로, 저작권이 끝난 글이에요.)
#
# **질문 1.** 아직 아무것도 배우지 않은 모델이 다음 글자를 맞힐 때 손실은 얼마쯤일까요? 글자는 모두 60가지예요.
#
# **A** 0에 가깝다 **B** $\log 60=4.09$쯤 **C** 60쯤

# %% [markdown] lang="en"
# ## 1. Text becomes numbers, and one step aside it is its own answer
#
# Give every character a number, and a text is a row of integers. Nobody has to write answers down: **the same text moved on by one character** is the answer. That is why this is called self-supervised learning.
# Of twenty-six fables the last three are kept for the test. (They are George Townsend's English translation of 1867, long in the public domain.)
#
# **Question 1.** A model that has learned nothing guesses the next character. What is its loss? There are 60 different characters.
#
# **A** close to 0 **B** about $\log 60=4.09$ **C** about 60

# %%
commit(1, "")

# %%
CONTEXT, BATCH = 48, 12
text = Path("../data/aesop.txt").read_text(encoding="utf-8")
letters = Vocabulary(text)
ids = letters.encode(text).numpy()
cut = len(text[: text.index("The Fox and the Goat")])  # 여기부터 시험용 ‖ from here on: the test
train, held = ids[:cut], ids[cut:]


def windows(ids, starts):
    """입력 (N, 48)과 한 칸 민 정답 (N, 48) ‖ inputs (N, 48), and the answers, one step aside (N, 48)"""
    rows = np.stack([ids[start : start + CONTEXT + 1] for start in starts])
    return minidl.tensor(rows[:, :-1]), minidl.tensor(rows[:, 1:])


minidl.manual_seed(0)
blank = GPT(len(letters), CONTEXT, width=64, layers=2, heads=4)
x, y = windows(held, range(0, len(held) - CONTEXT, CONTEXT))
untaught = F.cross_entropy(blank(x).flatten(0, 1), y.flatten()).item()
size = sum(parameter.numel() for parameter in blank.parameters())
print(
    f"글자 {len(text):,}개, 서로 다른 글자 {len(letters)}가지, 매개변수 {size:,}개, 첫 손실 {untaught:.2f} ‖ {len(text):,} characters, {len(letters)} different ones, {size:,} parameters, first loss {untaught:.2f}"
)
assert len(letters) == 60 and abs(untaught - math.log(60)) < 0.1
reveal(1, "B")

# %% [markdown] lang="ko"
# 모두 똑같이 의심하면 정답의 확률은 1/60이고, 놀람은 $-\log\frac1{60}=4.09$예요. 앞으로 손실을 볼 때마다 이 수와 비교해요. (손실이 놀람이라는 이야기는 실습 A에 있어요.)

# %% [markdown] lang="en"
# Whoever suspects all alike gives the right one 1/60, and is surprised by $-\log\frac1{60}=4.09$. From now on every loss is held against this number. (Lab A tells why a loss is a surprise.)

# %% [markdown] lang="ko"
# ## 2. 어텐션: 어느 글자를 얼마나 볼지 스스로 정해요
#
# 글자마다 벡터가 셋이에요. **쿼리** $q$는 “무엇을 찾나”, **키** $k$는 “나는 무엇인가”, **값** $v$는 “나를 보면 무엇을 가져가나”예요. 쿼리와 키를 곱해 점수를 매기고, 소프트맥스로 비율을 만들고, 그 비율로 값을 섞어요.
#
# $$s_{tj}=\frac{q_t\cdot k_j}{\sqrt d},\qquad p_{tj}=\frac{e^{s_{tj}}}{\sum_{r\le t}e^{s_{tr}}}\;(j\le t),\qquad z_t=\sum_{j\le t}p_{tj}\,v_j$$
#
# $j\le t$가 중요해요. **앞날은 볼 수 없어요.** 다음 글자가 바로 맞혀야 할 정답이니까요. 앞날의 점수를 $-\infty$로 바꾸면 소프트맥스가 0으로 만들어요.
#
# **질문 2.** 아직 배우지 않은 모델에서는 점수가 모두 0에 가까워요. 셋째 글자는 **첫째** 글자를 얼마나 볼까요?
#
# **A** 0 **B** 약 1/3 **C** 1

# %% [markdown] lang="en"
# ## 2. Attention: each character decides whom to look at, and how much
#
# Every character has three vectors. The **query** $q$: what am I looking for? The **key** $k$: what am I? The **value** $v$: what do you take away when you look at me? Query times key is a score; softmax makes shares of the scores; the shares mix the values.
#
# $$s_{tj}=\frac{q_t\cdot k_j}{\sqrt d},\qquad p_{tj}=\frac{e^{s_{tj}}}{\sum_{r\le t}e^{s_{tr}}}\;(j\le t),\qquad z_t=\sum_{j\le t}p_{tj}\,v_j$$
#
# Mind the $j\le t$: **nobody sees the future**, for the next character is the very answer. A future score becomes $-\infty$, and softmax makes 0 of it.
#
# **Question 2.** In a model that has learned nothing all scores are close to 0. How much does the third character look at the **first**?
#
# **A** 0 **B** about 1/3 **C** 1

# %%
commit(2, "")


# %%
def attend(q, k, v, seen=None):
    """q, k, v (N, 헤드, T, d) → z, 같은 모양 ‖ q, k, v (N, heads, T, d) → z, of the same shape"""
    T, d = q.shape[2:]
    s = q @ k.transpose(-2, -1) / math.sqrt(d)  # 점수 (N, 헤드, T, T) ‖ scores (N, heads, T, T)
    future = minidl.ones(T, T).triu(1) > 0
    p = minidl.softmax(s.masked_fill(future, -math.inf), dim=-1)
    z = p @ v
    if seen is not None:
        seen.append({"s": s, "p": p, "v": v, "z": z})  # 나중에 들여다보려고 남긴다 ‖ kept, to look at later
    return z


class Block(nn.Module):
    """어텐션은 글자 사이에서, 그다음 층은 글자마다 ‖ attention between characters, then a layer for each of them"""

    def __init__(self, width, heads, attend):
        super().__init__()
        self.heads, self.attend = heads, attend
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, seen=None):
        N, T, width = x.shape
        q, k, v = (part.reshape(N, T, self.heads, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        z = (
            self.attend(q, k, v, seen).transpose(1, 2).reshape(N, T, width)
        )  # 헤드를 다시 이어 붙인다 ‖ the heads, side by side again
        x = x + self.proj(z)
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class MyGPT(nn.Module):
    """글자 번호 (N, T) → 다음 글자의 점수 (N, T, 60) ‖ characters (N, T) → scores of the next one (N, T, 60)"""

    def __init__(self, attend=attend, width=64, layers=2, heads=4):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(len(letters), width), nn.Embedding(CONTEXT, width)
        self.blocks = nn.ModuleList([Block(width, heads, attend) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, len(letters), bias=False)

    def forward(self, ids, seen=None):
        x = self.tokens(ids) + self.positions(minidl.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x, seen)
        return self.head(self.norm(x))


model = MyGPT()
model.load_state_dict(
    blank.state_dict()
)  # 출발점을 minidl의 GPT와 똑같이 ‖ start from the very numbers of minidl's GPT
gap = (model(x) - blank(x)).abs().max().item()
assert gap < 1e-5  # 같은 매개변수, 같은 점수 ‖ the same parameters, the same scores

first = []
model(letters.encode("The ").unsqueeze(0), first)
before = first[0]["p"][0, 0].detach().numpy()  # 첫 블록의 첫 헤드 (4, 4) ‖ the first head of the first block (4, 4)

# %% tags=["figure"]
figure = board(
    "배우기 전에는 지나온 글자를 고르게 본다. 앞날은 볼 수 없다 ‖ Untaught, it looks at all the past alike, and at no future",
    4.7,
)
ax = figure.add_axes([0, 0, 1, 1])
ax.set(xlim=(0, 10), ylim=(0, 4.7))
ax.axis("off")
signs = ["T", "h", "e", "␣"]
for t in range(4):
    ax.text(2.85, 2.86 - 0.72 * t, signs[t], size=22, weight="bold", ha="center", va="center", family="DejaVu Sans")
    ax.text(3.6 + 0.98 * t, 3.5, signs[t], size=22, weight="bold", ha="center", va="center", family="DejaVu Sans")
    for j in range(4):
        inside = j <= t
        color = tint(before[t, j], 1, TEAL) if inside else PAPER
        ax.add_artist(
            Rectangle((3.15 + 0.98 * j, 2.55 - 0.72 * t), 0.92, 0.64, fc=color, ec=TEAL if inside else "none", lw=1.4)
        )
        ax.text(
            3.61 + 0.98 * j,
            2.87 - 0.72 * t,
            num(before[t, j], 2) if inside else "·",
            size=19,
            weight="bold" if inside else "normal",
            ha="center",
            va="center",
            color=("white" if before[t, j] > 0.7 else INK) if inside else MUTED,
        )
    ax.text(7.3, 2.87 - 0.72 * t, "1/" + str(t + 1) if t else "1", size=19, color=MUTED, va="center")
ax.text(0.25, 1.8, "보는 글자 ‖ who looks", size=16, color=MUTED, va="center")
ax.text(7.3, 3.5, "고르게 나누면 ‖ an even share", size=16, color=MUTED, va="center")
ax.text(0.25, 3.5, "보이는 글자 → ‖ at whom →", size=16, color=MUTED, va="center")
show(
    figure,
    "1-untaught",
    "배우지 않은 헤드의 어텐션 비율, 아래 세모만 채워진 표 ‖ Attention shares of an untaught head: only the lower triangle is filled",
)
assert (
    np.allclose(before.sum(axis=1), 1, atol=1e-5)
    and np.all(np.triu(before, 1) == 0)
    and abs(before[2, 0] - 1 / 3) < 0.02
)
reveal(2, "B")

# %% [markdown] lang="ko"
# 우리가 쌓은 모델은 [`minidl.models.GPT`](../../minidl/models/gpt.py)와 같은 매개변수에서 같은 점수를 내요(위의 `assert`). 소프트맥스 한 연산이 어떻게 앞뒤로 흐르는지는 [소프트맥스 화면](lesson:softmax1)에서, 행렬 곱은 [선형층 화면](lesson:linear1)에서 한 칸씩 따라갈 수 있어요.

# %% [markdown] lang="en"
# What we built gives the same scores from the same parameters as [`minidl.models.GPT`](../../minidl/models/gpt.py) (the `assert` above). How softmax flows forward and back can be followed cell by cell on [its screen](lesson:softmax1), and a matrix product on [that of the linear layer](lesson:linear1).

# %% [markdown] lang="ko"
# ## 3. 가르치고, 쓰게 해요
#
# 한 걸음마다 우화에서 48글자짜리 토막 12개를 뽑아요. 토막 하나에 문제가 48개 들어 있으니 한 걸음에 576문제를 풀어요. 글을 쓸 때는 점수를 확률로 바꿔 한 글자를 뽑고, 그 글자를 뒤에 붙여 다시 읽어요.
#
# **질문 3.** 학습이 끝났을 때, 처음 보는 우화 세 편에서 잰 손실은 배운 우화의 손실과 비교해 어떨까요?
#
# **A** 더 낮다 **B** 같다 **C** 더 높다

# %% [markdown] lang="en"
# ## 3. Teach it, and let it write
#
# Each step draws 12 pieces of 48 characters from the fables. One piece is 48 questions, so a step answers 576 of them. To write, turn the scores into probabilities, draw one character, put it behind the text, and read again.
#
# **Question 3.** When the training is over, how is the loss on the three fables it has never seen, compared with those it was taught?
#
# **A** lower **B** the same **C** higher

# %%
commit(3, "")


# %%
def write(model, start, count, temperature, rng):
    """한 글자씩 뽑아 이어 쓴다 ‖ goes on, one drawn character at a time"""
    written = letters.encode(start).tolist()
    for _ in range(count):
        with minidl.no_grad():
            scores = model(minidl.tensor([written[-CONTEXT:]]))[0, -1].numpy().astype(float)
        if temperature == 0:
            written.append(int(scores.argmax()))  # 늘 가장 그럴듯한 글자 ‖ always the likeliest
        else:
            p = np.exp((scores - scores.max()) / temperature)
            written.append(int(rng.choice(len(p), p=p / p.sum())))
    return letters.decode(written)


def teach(model, steps, look_at=(), stop=None):
    """배운 글의 손실, 처음 보는 글의 손실, 그때 쓴 글 ‖ loss on what is taught, loss on unseen text, what it wrote then"""
    rng = seed(0)
    optimizer = minidl.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.95))
    # 작은 보폭으로 시작해 25걸음 동안 키우고, 끝까지 천천히 줄인다 ‖ short strides at first, full ones after 25, then slowly down to nothing
    schedule = minidl.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / 25, 1) * (1 + math.cos(math.pi * step / (steps + 1))) / 2
    )
    losses, tests, texts = [], {}, {}
    for step in range((stop or steps) + 1):
        if step in look_at:
            with minidl.no_grad():
                x, y = windows(held, range(0, len(held) - CONTEXT, CONTEXT))
                tests[step] = F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
            texts[step] = write(model, "The Wolf", 54, 0.7, np.random.default_rng(3))
        x, y = windows(train, rng.integers(0, len(train) - CONTEXT, BATCH))
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return losses, tests, texts


STEPS = budget(600, 120)
looks = [int(STEPS * share) for share in (0, 1 / 9, 1 / 3, 2 / 3, 1)]
losses, tests, texts = teach(model, STEPS, looks)
taught, unseen = float(np.mean(losses[-STEPS // 10 :])), tests[STEPS]
# 배움의 한계: 줄인 학습에서는 느슨하게 잰다 ‖ the bounds: looser where training is cut
assert taught < budget(2.1, 2.6) and unseen < budget(2.3, 2.6)

# %% tags=["figure"]
figure = board(
    "글자의 빈도, 낱말의 모양, 문장의 가락 순으로 배운다 ‖ It learns which letters are frequent, then words, then a tune",
    6.6,
)
ax = figure.add_axes([0.09, 0.50, 0.66, 0.37])
width = max(STEPS // 45, 1)
smooth = np.convolve(losses, np.ones(width) / width, "valid")
ax.plot(np.arange(len(smooth)) + width - 1, smooth, color=TEAL)
ax.plot(list(tests), list(tests.values()), "o", ms=11, color=ORANGE, mec=INK, mew=1.6, clip_on=False, zorder=5)
ax.axhline(math.log(60), color=MUTED, lw=1.3, ls=(0, (2, 3)))
ax.set(xlim=(0, STEPS), ylim=(1.4, 4.4), xticks=looks, yticks=[2, 3, 4])
ax.set_xlabel("걸음 ‖ step", labelpad=2)
ax.set_ylabel("손실 ‖ loss")
ax.text(STEPS * 1.02, math.log(60), "log 60 = 4.09", size=15, color=MUTED, va="center")
ax.text(
    STEPS * 1.02,
    unseen + 0.24,
    f"처음 보는 글 {num(unseen)} ‖ unseen {num(unseen)}",
    size=18,
    weight="bold",
    va="center",
)
ax.text(
    STEPS * 1.02,
    min(taught - 0.12, unseen - 0.2),
    f"배운 글 {num(taught)} ‖ taught {num(taught)}",
    size=18,
    weight="bold",
    color=TEAL,
    va="center",
)
for row, (step, words) in enumerate(texts.items()):
    y = 0.335 - 0.072 * row
    figure.text(0.085, y, f"{step:,}", size=15, color=MUTED, ha="right", va="center")
    figure.text(0.105, y, shown(words), size=14.5, family="DejaVu Sans Mono", va="center", color=INK if step else MUTED)
show(
    figure,
    "2-writes",
    "학습 곡선과 다섯 시점에 모델이 쓴 글 ‖ The training curve, and what the model wrote at five moments",
)
assert unseen > taught - budget(0, 0.1)
reveal(3, "C")

# %% [markdown] lang="ko"
# 처음에는 아무 글자나, 다음에는 빈도에 맞게, 나중에는 낱말 같은 것을 써요. **뜻은 없어요.** 글자 17,000개로 배운 매개변수 110,000개짜리 모델에게 바랄 수 있는 것은 여기까지예요. 큰 모델은 글을 수억 배 더 읽어요.
# 처음 보는 글에서 손실이 더 높은 까닭은 배운 글의 낱말과 이름을 조금씩 외웠기 때문이에요. 더 오래 가르치면 배운 글의 손실은 계속 내려가지만 처음 보는 글의 손실은 다시 올라가요. 그때부터는 쓰는 것이 아니라 **외워서 읊는** 거예요.

# %% [markdown] lang="en"
# At first any letter, then letters as often as they occur, later things that look like words. **There is no meaning in it.** More cannot be hoped for from 110,000 parameters and 17,000 characters; large models read hundreds of millions of times as much.
# The loss on unseen text is higher because the words and names of the taught text were learned by heart a little. Teach longer, and the loss on the taught text goes on falling while that on the unseen one rises again: from then on it does not write, **it recites.**

# %% [markdown] lang="ko"
# ## 4. 헤드는 무엇을 보게 됐을까요
#
# 블록 둘에 헤드가 넷씩, 모두 여덟이에요. 처음 보는 문장을 읽히고 어텐션 비율을 그려요. 아무도 가르치지 않았는데 헤드마다 하는 일이 달라져요.

# %% [markdown] lang="en"
# ## 4. What have the heads come to look at?
#
# Two blocks of four heads make eight. Let it read a sentence it has never seen, and draw the shares. Nobody told them to, yet the heads have taken on different work.

# %%
sentence = "A Fox one day fell"
seen, many = [], []
with minidl.no_grad():
    model(letters.encode(sentence).unsqueeze(0), seen)
    model(windows(held, range(0, len(held) - CONTEXT, CONTEXT))[0], many)
maps = np.concatenate([block["p"].numpy()[0] for block in seen])  # (8, T, T)
T = len(sentence)
# 헤드마다 처음 보는 글 전체에서: 자기 자신, 한 칸 앞, 두 칸 앞, 더 멀리 ‖ for each head, over all the unseen text: itself, one back, two back, further
shares = np.concatenate([block["p"].numpy().mean(axis=0) for block in many])[:, 8:]  # (8, 40, 48)
apart = np.arange(8, CONTEXT)[:, None] - np.arange(CONTEXT)
far = np.array([[(one * (apart == d)).sum() for d in range(3)] + [(one * (apart > 2)).sum()] for one in shares]) / len(
    apart
)
nearest = int(far[:, 1].argmax())
assert np.allclose(far.sum(axis=1), 1, atol=1e-4)

# %% tags=["figure"]
figure = board("여덟 헤드는 저마다 다른 곳을 본다 ‖ Eight heads, and each looks elsewhere", 6.0)
ax = figure.add_axes([0.05, 0.03, 0.47, 0.75])
ax.imshow(maps[nearest], cmap=SHADE, vmin=0, vmax=1, aspect="auto")
ax.set(xticks=range(T), yticks=range(T))
ax.set_xticklabels(list(sentence), size=16, family="DejaVu Sans Mono", color=INK)
ax.set_yticklabels(list(sentence), size=16, family="DejaVu Sans Mono", color=INK)
ax.tick_params(length=0, pad=3)
ax.xaxis.tick_top()
ax.spines["left"].set_visible(False)
ax.spines["bottom"].set_visible(False)
ax.text(T - 0.8, 0.2, f"헤드 {nearest + 1} ‖ head {nearest + 1}", size=19, weight="bold", ha="right", va="center")
bars = figure.add_axes([0.635, 0.12, 0.33, 0.60])
left = np.zeros(8)
for d, color in enumerate((TEAL, ORANGE, "#7fa9b7", "#dfdacb")):
    bars.barh(range(8), far[:, d], left=left, color=color, height=0.66, ec=PAPER, lw=1)
    left += far[:, d]
bars.set(ylim=(7.6, -0.6), xlim=(0, 1), yticks=range(8), xticks=[0, 0.5, 1])
bars.set_xticklabels(["0", "50%", "100%"])
bars.set_yticklabels([str(i + 1) for i in range(8)])
bars.set_ylabel("헤드 ‖ head")
bars.set_xlabel("나눠 준 비율 ‖ share", labelpad=2)
bars.spines["left"].set_visible(False)
bars.tick_params(axis="y", length=0)
for i, (words, color) in enumerate(
    (
        ("자신 ‖ itself", TEAL),
        ("1칸 앞 ‖ 1 back", ORANGE),
        ("2칸 앞 ‖ 2 back", "#7fa9b7"),
        ("더 멀리 ‖ further", "#dfdacb"),
    )
):
    x0, y0 = 0.645 + 0.175 * (i % 2), 0.825 - 0.055 * (i // 2)
    figure.text(x0, y0, "■", size=17, color=color, va="center", family="DejaVu Sans")
    figure.text(x0 + 0.026, y0, words, size=15, va="center")
show(
    figure,
    "3-heads",
    "한 헤드의 어텐션 지도와, 여덟 헤드가 어디를 보는지 나타낸 막대 ‖ One head's attention map, and bars of where all eight heads look",
)

# %% [markdown] lang="ko"
# 왼쪽은 바로 앞 글자를 가장 많이 보는 헤드의 지도예요. 행이 보는 글자, 열이 보이는 글자예요. 오른쪽 막대는 처음 보는 글 전체에서 잰 평균이에요. 어느 헤드가 무슨 일을 맡을지는 씨앗에 따라 달라져요. 지도 하나가 모델의 생각을 다 보여 주지는 않는다는 점도 기억해요. 값 $v$와 뒤의 층이 그다음을 정해요.

# %% [markdown] lang="en"
# On the left is the map of the head that looks most at the character before: a row looks, a column is looked at. The bars are averages over all the unseen text. Which head takes which work depends on the seed. And remember that one map is not the whole thought of a model: the values $v$ and the layers behind decide the rest.

# %% [markdown] lang="ko"
# ## 5. 헤드 하나의 역전파
#
# 이 실습의 가장 깊은 곳이에요. 손실에서 $z$까지 기울기 $dz$가 왔어요. 거꾸로 세 걸음이면 점수 $s$의 기울기가 나와요.
#
# $$dv=p^{\top}dz,\qquad dp=dz\,v^{\top},\qquad ds_{tj}=p_{tj}\Big(dp_{tj}-\sum_r p_{tr}\,dp_{tr}\Big)$$
#
# 괄호 안을 말로 하면 **“이 글자를 더 보면 손실이 얼마나 늘까, 지금 보고 있는 평균에 비해서”**예요. 평균보다 나쁘면 덜 보게, 좋으면 더 보게 돼요. 그래서 소프트맥스의 역전파는 **비교**예요.
#
# **질문 4.** $ds$의 한 행을 모두 더하면 얼마일까요?
#
# **A** 0 **B** 1 **C** 손실과 같다

# %% [markdown] lang="en"
# ## 5. The backward pass of one head
#
# This is the heart of the lab. The gradient $dz$ has come from the loss to $z$. Three steps back, and the gradient of the scores $s$ is there.
#
# $$dv=p^{\top}dz,\qquad dp=dz\,v^{\top},\qquad ds_{tj}=p_{tj}\Big(dp_{tj}-\sum_r p_{tr}\,dp_{tr}\Big)$$
#
# In words the bracket says: **how much more loss if I looked at this letter more, compared with what I look at now?** Worse than that average: look less. Better: look more. So the backward of softmax is **a comparison.**
#
# **Question 4.** Add up one row of $ds$. What is the sum?
#
# **A** 0 **B** 1 **C** the loss itself

# %%
commit(4, "")

# %%
word = "Wolf "
x = letters.encode(word[:-1]).unsqueeze(0)
y = letters.encode(word[1:])
inside = []
scores = model(x, inside)
for name in ("s", "p", "z"):
    inside[1][name].retain_grad()  # 둘째 블록의 중간값 ‖ values inside the second block
F.cross_entropy(scores[0], y, reduction="sum").backward()
kept = inside[1]
sizes = [float(np.abs(kept["s"].grad.numpy()[0, h]).max()) for h in range(4)]
h = int(np.argmax(sizes))  # 기울기가 가장 큰 헤드 ‖ the head with the largest gradient
p, v, dz = (a.numpy()[0, h].astype(float) for a in (kept["p"].detach(), kept["v"].detach(), kept["z"].grad))

dp = dz @ v.T  # 손으로: 세 걸음 ‖ by hand: three steps
average = (p * dp).sum(axis=1, keepdims=True)
ds = p * (dp - average)

engine = kept["s"].grad.numpy()[0, h]
assert np.allclose(ds, engine, atol=1e-5 + 1e-4 * np.abs(ds).max())  # 엔진이 구한 것과 같다 ‖ what the engine found
assert np.allclose(ds.sum(axis=1), 0, atol=1e-6)

# %% tags=["figure", "print"]
figure = board(
    "평균보다 손실을 늘리는 글자는 덜 보고, 줄이는 글자는 더 본다 ‖ It looks less at letters that cost more than the average",
    5.5,
)
ax = figure.add_axes([0, 0, 1, 1])
ax.set(xlim=(0, 10), ylim=(0.4, 5.9))
ax.axis("off")
n, cell, tall = 4, 0.68, 0.62
digits = 2


def print_of(value):
    """−0.00 대신 0.00 ‖ 0.00 for −0.00"""
    return num(0.0 if abs(value) < 0.005 else value, digits)


tables = (
    (0.75, p, "p", "얼마나 보나 ‖ how much it looks", TEAL),
    (3.58, dp, "dp", "더 보면 손실은 ‖ more of it costs", CRIMSON),
    (7.05, ds, "ds", "p · (dp − 평균) ‖ p · (dp − average)", CRIMSON),
)
for left, table, name, words, color in tables:
    most = np.abs(np.tril(table)).max()
    ax.text(left, 4.72, name, size=24, weight="bold", color=color, va="center")
    ax.text(left + (0.42 if name == "p" else 0.62), 4.70, words, size=14.5, color=MUTED, va="center")
    for t in range(n):
        y0 = 3.35 - (tall + 0.06) * t
        ax.text(left + cell * t + cell / 2 - 0.03, 4.22, word[t], size=19, weight="bold", ha="center", va="center")
        if left < 1:
            ax.text(left - 0.3, y0 + tall / 2, word[t], size=19, weight="bold", ha="center", va="center")
        for j in range(t + 1):
            value = table[t, j]
            final = name == "ds"
            positive = value >= 0
            fill = tint(value, most, ORANGE if final else color) if positive else PAPER
            ax.add_artist(Rectangle((left + cell * j, y0), cell - 0.06, tall, fc=fill, ec=color, lw=1.6))
            dark = positive and not final and abs(value) > 0.62 * most
            ax.text(
                left + cell * j + cell / 2 - 0.03,
                y0 + tall / 2,
                print_of(value),
                size=15,
                weight="bold",
                ha="center",
                va="center",
                color="white" if dark else INK,
            )
ax.text(6.66, 4.22, "평균 ‖ average", size=14, color=MUTED, ha="center", va="center")
for t in range(n):
    ax.text(
        6.66,
        3.35 + tall / 2 - (tall + 0.06) * t,
        print_of(average[t, 0]),
        size=15,
        color=CRIMSON,
        ha="center",
        va="center",
    )
t = int(np.abs(ds).max(axis=1).argmax())
best, worst = int(ds[t, : t + 1].argmin()), int(ds[t, : t + 1].argmax())
ax.text(
    0.42,
    0.82,
    f"‘{word[t]}’의 행: 더 보게 될 글자 ‘{word[best]}’, 덜 보게 될 글자 ‘{word[worst]}’. 행의 합은 늘 ‖ Row ‘{word[t]}’: more of ‘{word[best]}’, less of ‘{word[worst]}’. Every row sums to",
    size=17,
    va="center",
)
ax.text(9.45, 0.82, print_of(ds[t].sum()), size=19, weight="bold", ha="center", va="center", bbox=CHIP)
show(
    figure,
    "4-backward",
    "헤드 하나의 p, dp, ds 표. 채운 칸은 양수, 빈 칸은 음수 ‖ Tables p, dp and ds of one head: filled cells are positive, hollow ones negative",
)
reveal(4, "A")

# %% [markdown] lang="ko"
# 채운 칸은 양수, 빈 칸은 음수예요. 갱신은 $-ds$ 방향으로 가니까 $ds$가 음수인 글자를 더 보게 돼요. 첫 글자의 행은 언제나 0이에요. 볼 수 있는 글자가 자기 하나뿐이라 비율 1을 바꿀 수 없으니까요.
#
# 남은 걸음은 행렬 곱이에요: $dq=ds\,k/\sqrt d$, $dk=ds^{\top}q/\sqrt d$. 전체 규칙은 [`Attention`](../../minidl/ops/attention.py)의 `backward`에 일곱 줄로 있어요. [소프트맥스와 교차 엔트로피](lesson:softmax1.dx)의 $p-\text{onehot}$도 같은 비교예요.

# %% [markdown] lang="en"
# Filled cells are positive, hollow ones negative. The update goes along $-ds$, so a letter with a negative $ds$ gets more attention. The first row is always 0: with a single letter to look at, the share of 1 cannot change.
#
# What is left are matrix products: $dq=ds\,k/\sqrt d$, $dk=ds^{\top}q/\sqrt d$. The whole rule stands in the seven lines of `backward` in [`Attention`](../../minidl/ops/attention.py). The $p-\text{onehot}$ of [softmax and cross-entropy](lesson:softmax1.dx) is the same comparison.

# %% [markdown] lang="ko"
# ## 6. 온도: 얼마나 모험할까
#
# 글자를 뽑기 전에 점수를 온도 $\tau$로 나눠요: $\text{softmax}(x/\tau)$. 온도가 낮으면 큰 점수가 더 커 보이고, 높으면 모두 비슷해 보여요.
#
# **질문 5.** 온도를 0으로 해서 늘 가장 그럴듯한 글자만 고르면 어떤 글이 나올까요?
#
# **A** 가장 훌륭한 글 **B** 같은 말을 되풀이하는 글 **C** 뒤죽박죽인 글

# %% [markdown] lang="en"
# ## 6. Temperature: how much to dare
#
# Before a character is drawn, the scores are divided by a temperature $\tau$: $\text{softmax}(x/\tau)$. When it is low, large scores look larger; when it is high, all look alike.
#
# **Question 5.** At temperature 0 only the likeliest character is ever chosen. What text comes out?
#
# **A** the best of all **B** one that goes round in circles **C** a jumble

# %%
commit(5, "")

# %%
temperatures = (0, 0.7, 1.0, 2.0)
pieces = {t: write(model, "The Lion ", budget(150, 100), t, np.random.default_rng(1)) for t in temperatures}


def fresh(text, length=6):
    """여섯 글자 토막 가운데 처음 나온 것의 비율 ‖ the share of six-letter pieces that occur for the first time"""
    cuts = [text[i : i + length] for i in range(len(text) - length + 1)]
    return len(set(cuts)) / len(cuts)


variety = {t: fresh(text) for t, text in pieces.items()}
with minidl.no_grad():
    next_scores = model(letters.encode("The Lion an").unsqueeze(0))[0, -1].numpy().astype(float)
assert variety[0] < 0.6 < 0.9 < variety[1.0]

# %% tags=["figure"]
figure = board("온도 0은 맴돌고, 온도 2는 흩어진다 ‖ Temperature 0 goes in circles, temperature 2 falls apart", 6.4)
order = np.argsort(-next_scores)[:8]
top = (
    1 / np.exp((next_scores - next_scores.max()) / 0.7).sum()
)  # τ = 0.7에서 가장 큰 확률 ‖ the largest probability at τ = 0.7
for column, t in enumerate((0.7, 1.0, 2.0)):
    ax = figure.add_axes([0.04 + 0.325 * column, 0.555, 0.275, 0.255])
    q = np.exp((next_scores - next_scores.max()) / t)
    q /= q.sum()
    ax.bar(range(8), q[order], color=TEAL, width=0.72)
    ax.set(ylim=(0, 1.2 * top), xticks=range(8), yticks=[])
    ax.set_xticklabels(
        [letters.decode([int(i)]).replace(" ", "␣").replace("\n", "¶") for i in order],
        family="DejaVu Sans",
        size=15,
        color=INK,
    )
    ax.spines["left"].set_visible(False)
    ax.tick_params(length=0)
    ax.text(1, 1.02, f"τ = {t}", transform=ax.transAxes, size=18, weight="bold", ha="right", va="top")
    ax.text(0.15, q[order[0]] + 0.05 * top, num(q[order[0]]), size=15, color=TEAL, weight="bold", ha="center")
figure.text(
    0.04, 0.85, "‘The Lion an’ 다음 글자의 확률 ‖ What follows ‘The Lion an’", size=15, color=MUTED, va="center"
)
for row, t in enumerate(temperatures):
    y = 0.40 - 0.109 * row
    figure.text(0.035, y, f"τ = {t}", size=17, weight="bold", va="center")
    for line in range(2):
        figure.text(
            0.145,
            y + 0.021 - 0.042 * line,
            shown(pieces[t])[58 * line : 58 * line + 58],
            size=14,
            family="DejaVu Sans Mono",
            va="center",
        )
    figure.text(
        0.955, y, f"{variety[t]:.0%}", size=17, weight="bold", ha="center", va="center", bbox=CHIP if t == 0 else None
    )
figure.text(0.975, 0.475, "새 토막 ‖ new pieces", size=14, color=MUTED, ha="right", va="center")
show(
    figure,
    "5-temperature",
    "온도에 따른 다음 글자의 확률과 쓴 글 ‖ The next character's probabilities and the texts by temperature",
)
reveal(5, "B")

# %% [markdown] lang="ko"
# 가장 그럴듯한 글자만 이으면 금세 제자리를 맴돌아요. 방금 쓴 말이 같은 말을 또 부르기 때문이에요. 그래서 챗봇은 제비를 뽑아요. **같은 질문에 다른 대답이 나오는 까닭**이 여기 있어요.

# %% [markdown] lang="en"
# Chain only the likeliest, and it soon goes round in circles: what it has just said calls for the same again. So chatbots draw lots, and **that is why the same question gets different answers.**

# %% [markdown] lang="ko"
# ## 7. 숨은 실수 찾기
#
# 친구가 `attend`를 직접 짰어요. 오류 없이 돌고, 손실은 우리보다 **훨씬 빨리** 내려가요. 친구는 기뻐해요. 그런데 쓴 글을 보세요. **한 줄이 틀렸어요.**

# %% [markdown] lang="en"
# ## 7. Find the mistake
#
# A friend wrote `attend` alone. It runs without an error, and the loss falls **much faster** than ours. The friend is delighted. But look at what it writes: **one line is wrong.**


# %% tags=["mistake"]
def friends_attend(q, k, v, seen=None):
    T, d = q.shape[2:]
    s = q @ k.transpose(-2, -1) / math.sqrt(d)
    future = minidl.ones(T, T).triu(2) > 0
    p = minidl.softmax(s.masked_fill(future, -math.inf), dim=-1)
    return p @ v


friend = MyGPT(friends_attend)
friend.load_state_dict(blank.state_dict())
friends_steps = budget(130, 120)
friends_losses, _, _ = teach(friend, STEPS, stop=friends_steps)
friends_text = write(friend, "The Wolf", 54, 0.7, np.random.default_rng(3))

# %% tags=["figure"]
figure = board("손실이 너무 좋을 때는 기뻐하기 전에 의심한다 ‖ When a loss is too good, doubt before you rejoice", 5.0)
ax = figure.add_axes([0.09, 0.37, 0.62, 0.46])
ax.plot(losses[: friends_steps + 1], color=TEAL, lw=2.4)
ax.plot(friends_losses, color=INK, lw=2.4, ls=(0, (3, 1.5)))
ax.set(xlim=(0, friends_steps), ylim=(0, 4.4), yticks=[0, 2, 4], xticks=[0, friends_steps // 2, friends_steps])
ax.set_xlabel("걸음 ‖ step", labelpad=2)
ax.set_ylabel("손실 ‖ loss")
ours, theirs = float(np.mean(losses[friends_steps - 5 : friends_steps + 1])), float(np.mean(friends_losses[-6:]))
ax.text(
    friends_steps * 1.02, ours, f"우리 {num(ours)} ‖ ours {num(ours)}", size=18, weight="bold", color=TEAL, va="center"
)
ax.text(friends_steps * 1.02, theirs, f"친구 {num(theirs)} ‖ friend {num(theirs)}", size=18, weight="bold", va="center")
figure.text(0.03, 0.16, "우리 ‖ ours", size=15, color=TEAL, va="center", weight="bold")
figure.text(0.03, 0.07, "친구 ‖ friend", size=15, va="center", weight="bold")
figure.text(0.13, 0.16, shown(texts[STEPS]), size=14.5, family="DejaVu Sans Mono", va="center")
figure.text(0.13, 0.07, shown(friends_text), size=14.5, family="DejaVu Sans Mono", va="center")
show(figure, "6-mistake", "친구와 우리의 학습 곡선, 그리고 둘이 쓴 글 ‖ Both training curves, and what each wrote")

# %% [markdown] lang="ko"
# 어느 줄인지 찾아 고치고 위의 두 셀을 다시 실행해 보세요. 힌트: 시험 전에 누가 답안지를 봤어요.

# %% [markdown] lang="en"
# Find the line, mend it, and run the two cells again. A hint: somebody saw the answers before the exam.

# %% [markdown] lang="ko" tags=["exercise"]
# ## 8. 연습 문제
#
# **연습 1 (종이와 연필).** 쿼리 하나가 글자 둘을 봐요. 점수는 $s=(0,\ \log 3)$, 값은 $v=(0,\ 4)$, 도착한 기울기는 $dz=1$이에요. $p$, $z$, $dp$, $ds$를 손으로 구해 아래에 적어요.

# %% [markdown] lang="en" tags=["exercise"]
# ## 8. Exercises
#
# **Exercise 1 (pen and paper).** One query looks at two letters. The scores are $s=(0,\ \log 3)$, the values $v=(0,\ 4)$, and $dz=1$ arrives. Work out $p$, $z$, $dp$ and $ds$ by hand, then write them below.

# %%
my_p, my_z, my_ds = (None, None), None, (None, None)

if my_z is not None:
    s = minidl.tensor([[0.0, math.log(3)]], requires_grad=True)
    z = minidl.softmax(s, dim=-1) @ minidl.tensor([[0.0], [4.0]])
    z.backward()
    print(
        "p",
        np.allclose(minidl.softmax(s, dim=-1).detach().numpy()[0], my_p),
        " z",
        abs(z.item() - my_z) < 1e-6,
        " ds",
        np.allclose(s.grad.numpy()[0], my_ds),
    )

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (한글).** 김소월의 시 세 편이 `../data/sowol.txt`에 있어요(1925년에 나온 시집의 시로, 저작권이 끝났어요). 한글은 음절로 나눌 수도, 자모로 나눌 수도 있어요. `unicodedata.normalize("NFD", 글)`은 ‘꽃’을 ㄲ, ㅗ, ㅊ으로 풀어요.
# 두 방법에서 글의 길이와 글자 가짓수, 첫 손실 $\log V$를 구해 비교해요. 우리 모델의 48글자 안에 시가 더 많이 들어가는 쪽은 어느 쪽일까요? 적은 글로 배우기 쉬운 쪽은요?

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (Korean letters).** Three poems by Kim Sowol are in `../data/sowol.txt` (from a book of 1925, in the public domain). Korean can be cut into syllables or into letters: `unicodedata.normalize("NFD", 글)` takes the syllable ‘kkoch’ (flower) apart into its three letters.
# For both ways find the length of the text, the number of different tokens and the first loss $\log V$. In which way do 48 tokens hold more of a poem? Which is easier to learn from little text?

# %%
poems = Path("../data/sowol.txt").read_text(encoding="utf-8")
parted = unicodedata.normalize("NFD", poems)
assert unicodedata.normalize("NFC", parted) == poems  # 풀었다가 다시 모을 수 있다 ‖ taken apart, and put together again
print(len(poems), "→", len(parted))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (심판이 채점해요).** 마스크가 없는 어텐션의 `backward`를 NumPy로 완성해요. `forward`와 힌트는 `minidl.judge("attention")`을 출력하거나 `.hint()`를 부르면 볼 수 있어요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged).** Complete the `backward` of attention without a mask, in NumPy. Print `minidl.judge("attention")` to see the `forward`, and call its `.hint()` for help.


# %%
@minidl.judge("attention")
def backward(dz, q, k, v):
    s = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    dv = p.T @ dz
    dp = dz @ v.T
    ds = dp  # ← 이 줄을 고쳐요 ‖ ← mend this line
    return ds @ k / np.sqrt(q.shape[1]), ds.T @ q / np.sqrt(q.shape[1]), dv


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
# `triu(2)`는 **두 칸 뒤**부터 가려요. 바로 다음 글자, 곧 정답이 보이니 그대로 베끼면 되고, 손실은 0 가까이 내려가요. 글을 쓸 때는 베낄 다음 글자가 없으니 아무 말이나 해요. `triu(1)`로 고쳐요. 점검 방법: 마지막 글자만 바꿨을 때 앞 자리의 점수가 변하면 앞날을 본 거예요.
#
# ```python
# x = letters.encode("The Wolf").unsqueeze(0)
# changed = letters.encode("The Wols").unsqueeze(0)
# with minidl.no_grad():
#     assert (model(x)[:, :-1] - model(changed)[:, :-1]).abs().max().item() < 1e-6
#     assert (friend(x)[:, :-1] - friend(changed)[:, :-1]).abs().max().item() > 0.01
# assert theirs < ours - budget(1.0, 0.4)
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $p=(\frac14,\frac34)$, $z=3$, $dp=(0,4)$, 평균은 $\frac34\cdot4=3$, $ds=(\frac14\cdot(0-3),\ \frac34\cdot(4-3))=(-\frac34,\frac34)$. 합은 0이에요.
#
# ```python
# s = minidl.tensor([[0.0, math.log(3)]], requires_grad=True)
# z = minidl.softmax(s, dim=-1) @ minidl.tensor([[0.0], [4.0]])
# z.backward()
# assert abs(z.item() - 3) < 1e-6 and np.allclose(s.grad.numpy(), [[-0.75, 0.75]])
# ```
# </details>
#
# <details><summary>연습 2</summary>
#
# 음절로는 글이 짧아 48칸에 시가 더 많이 들어가지만 가짓수가 많고, 대부분 한두 번밖에 나오지 않아 배우기 어려워요. 자모로는 글이 두 배쯤 길어지는 대신 가짓수가 적고 자모마다 여러 번 나와요. 큰 모델의 토큰은 그 사이예요. 자주 나오는 토막은 통째로, 드문 것은 잘게 나눠요.
#
# ```python
# syllables, jamo = set(poems), set(parted)
# assert len(parted) > 1.7 * len(poems) and 2 * len(jamo) < len(syllables)
# print(len(syllables), round(math.log(len(syllables)), 2), len(jamo), round(math.log(len(jamo)), 2))
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# 행마다 평균을 빼고 비율을 곱해요.
#
# ```python
# def solved(dz, q, k, v):
#     s = q @ k.T / np.sqrt(q.shape[1])
#     e = np.exp(s - s.max(axis=1, keepdims=True))
#     p = e / e.sum(axis=1, keepdims=True)
#     dp = dz @ v.T
#     ds = p * (dp - (p * dp).sum(axis=1, keepdims=True)) / np.sqrt(q.shape[1])
#     return ds @ k, ds.T @ q, p.T @ dz
# assert minidl.judge("attention").check(solved)
# assert not minidl.judge("attention").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# `triu(2)` hides from the **second** character ahead. The very next one, the answer, is in sight and can be copied; the loss falls almost to 0. While it writes there is nothing ahead to copy, and it says anything. Write `triu(1)`. How to check: change the last character; if scores before it move, somebody saw the future.
#
# ```python
# x = letters.encode("The Wolf").unsqueeze(0)
# changed = letters.encode("The Wols").unsqueeze(0)
# with minidl.no_grad():
#     assert (model(x)[:, :-1] - model(changed)[:, :-1]).abs().max().item() < 1e-6
#     assert (friend(x)[:, :-1] - friend(changed)[:, :-1]).abs().max().item() > 0.01
# assert theirs < ours - budget(1.0, 0.4)
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $p=(\frac14,\frac34)$, $z=3$, $dp=(0,4)$, the average is $\frac34\cdot4=3$, $ds=(\frac14\cdot(0-3),\ \frac34\cdot(4-3))=(-\frac34,\frac34)$. The sum is 0.
#
# ```python
# s = minidl.tensor([[0.0, math.log(3)]], requires_grad=True)
# z = minidl.softmax(s, dim=-1) @ minidl.tensor([[0.0], [4.0]])
# z.backward()
# assert abs(z.item() - 3) < 1e-6 and np.allclose(s.grad.numpy(), [[-0.75, 0.75]])
# ```
# </details>
#
# <details><summary>Exercise 2</summary>
#
# By syllables the text is short, and 48 tokens hold more of a poem, but there are many kinds of which most occur once or twice: hard to learn. By letters the text is about twice as long, with few kinds that occur often. The tokens of large models lie in between: frequent pieces whole, rare ones in small parts.
#
# ```python
# syllables, jamo = set(poems), set(parted)
# assert len(parted) > 1.7 * len(poems) and 2 * len(jamo) < len(syllables)
# print(len(syllables), round(math.log(len(syllables)), 2), len(jamo), round(math.log(len(jamo)), 2))
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# Take off each row's average, and multiply by the shares.
#
# ```python
# def solved(dz, q, k, v):
#     s = q @ k.T / np.sqrt(q.shape[1])
#     e = np.exp(s - s.max(axis=1, keepdims=True))
#     p = e / e.sum(axis=1, keepdims=True)
#     dp = dz @ v.T
#     ds = p * (dp - (p * dp).sum(axis=1, keepdims=True)) / np.sqrt(q.shape[1])
#     return ds @ k, ds.T @ q, p.T @ dz
# assert minidl.judge("attention").check(solved)
# assert not minidl.judge("attention").check(backward)
# ```
# </details>
