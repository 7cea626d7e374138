# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 D. 회귀와 예측: ‘내일은 오늘과 같다’를 이겨 보세요
#
# 강의 1.3절의 지도 학습에는 분류 말고도 **수를 맞히는 문제**가 있어요. 다른 값들로 수 하나를 맞히면 회귀, 지난 값들로 다음 값을 맞히면 시계열 예측이에요.
#
# 이 실습의 규칙은 하나예요. **모델의 오차는 혼자서는 아무 뜻이 없고, 아무것도 배우지 않은 예측과 견줄 때만 뜻이 있어요.** 비교 상대는 ‘늘 평균’과 ‘내일은 오늘과 같다’예요. 생각보다 강해요.
#
# 질문을 읽고 `commit(1, "B")`처럼 답을 **먼저** 적은 다음 실행해요. 첫 답만 기록돼요. **청록**은 계산한 값, **진홍**은 기울기와 틀린 만큼, **주황**은 이번에 얻은 결과예요.

# %% [markdown] lang="en"
# # Lab D. Regression and forecasting: beat "tomorrow as today"
#
# Supervised learning (section 1.3 of the lecture) is not only for classes: it also **guesses numbers**. From other values, that is regression; from a series' own past, it is forecasting.
#
# One rule in this lab: **a model's error means nothing by itself; it has a meaning only beside a forecast that has learned nothing.** Ours are "always the mean" and "tomorrow as today". They are stronger than one thinks.
#
# Read a question, write your answer **first**, as in `commit(1, "B")`, then run on. Only the first answer is recorded. **Teal** is what was computed, **crimson** a gradient or an error, **orange** the result just obtained.

# %% tags=["setup"]
import numpy as np
import statsmodels.api as sm
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

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
    reveal,
    score,
    seed,
    show,
)
from minidl import nn

F = nn.functional

# %% [markdown] lang="ko"
# ## 1. 회귀: 변수를 늘리고 층을 쌓으면 나아질까요?
#
# 당뇨병 환자 442명의 기록(나이, 성별, BMI, 혈압, 혈액 검사 여섯 가지)으로 1년 뒤의 병 진행 점수(25~346점)를 맞혀요. 세 모델을 겨뤄요. MLP는 60번 갱신한 것과 400번 갱신한 것을 따로 재요.
#
# $$\hat y=w\cdot\text{BMI}+b\qquad \hat y=w_1x_1+\dots+w_{10}x_{10}+b\qquad \hat y=\text{MLP}(x_1,\dots,x_{10})$$
#
# 환자를 다섯 번 다르게 나눠(학습 300명, 시험 142명) 다섯 번 재요. 한 번만 나누면 운이 결과를 정하거든요.
#
# **질문 1.** 시험 환자에게서 오차가 가장 작은 모델은 무엇일까요?
#
# **A** MLP가 뚜렷하게 앞선다 **B** 변수 10개짜리 직선을 뚜렷하게 이기는 모델은 없다 **C** BMI만 쓰는 직선

# %% [markdown] lang="en"
# ## 1. Regression: do more variables and more layers help?
#
# From the records of 442 diabetes patients (age, sex, BMI, blood pressure, six blood values) we guess a score of how far the disease went a year later (25~346 points). Three models compete; the MLP once with 60 updates, once with 400.
#
# $$\hat y=w\cdot\text{BMI}+b\qquad \hat y=w_1x_1+\dots+w_{10}x_{10}+b\qquad \hat y=\text{MLP}(x_1,\dots,x_{10})$$
#
# The patients are split five times (300 to learn from, 142 to test): with a single split, luck decides.
#
# **Question 1.** Which model has the least error on the test patients?
#
# **A** the MLP, clearly **B** none clearly beats the line with 10 variables **C** the line that sees BMI only

# %%
commit(1, "")

# %%
patients = load_diabetes(scaled=False)


def fit(model, x, y, steps, lr=0.01):
    """모든 자료로 한꺼번에 갱신한다 ‖ every update sees all the data"""
    x, y = minidl.tensor(np.float32(x)), minidl.tensor(np.float32(y))
    optimizer = minidl.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / steps)
        optimizer.zero_grad()
        F.mse_loss(model(x)[:, 0], y).backward()
        optimizer.step()
    return model


def predict(model, x):
    with minidl.no_grad():
        return model(minidl.tensor(np.float32(x)))[:, 0].numpy()


def rmse(error):
    return float(np.sqrt(np.mean(np.square(error))))


MODELS = ["mean", "BMI", "line", "MLP 60", "MLP 400"]
scores = {name: [] for name in MODELS}  # (학습 RMSE, 시험 RMSE) ‖ (training RMSE, test RMSE)
for split in range(budget(5, 2)):
    order = seed(split).permutation(442)
    learn, test = order[:300], order[300:]
    mean, std = (
        patients.data[learn].mean(axis=0),
        patients.data[learn].std(axis=0),
    )  # 학습 환자로만 잰다 ‖ of the training patients only
    x, y = (patients.data - mean) / std, patients.target
    middle, size = y[learn].mean(), y[learn].std()
    target = (y - middle) / size
    line = fit(nn.Linear(10, 1), x[learn], target[learn], 300, lr=0.05)
    guesses = {"mean": 0 * y, "line": predict(line, x)}
    guesses["BMI"] = predict(fit(nn.Linear(1, 1), x[learn][:, 2:3], target[learn], 200, lr=0.05), x[:, 2:3])
    for steps in (60, 400):
        seed(split)
        mlp = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
        guesses[f"MLP {steps}"] = predict(fit(mlp, x[learn], target[learn], steps), x)
    for name, guess in guesses.items():
        scores[name].append([rmse((size * guess + middle - y)[part]) for part in (learn, test)])
    # 심판: 정규 방정식을 푸는 scikit-learn ‖ the judge: scikit-learn, which solves the normal equations
    solved = LinearRegression().fit(x[learn], y[learn])
    assert abs(rmse(solved.predict(x[test]) - y[test]) - scores["line"][-1][1]) < 1
scores = {name: np.array(pairs) for name, pairs in scores.items()}

# %% tags=["figure"]
figure = board(
    "직선을 이기는 MLP는 없고, 오래 배울수록 더 진다 ‖ No MLP beats the line, and the longer it learns the worse", 5.6
)
ax = figure.add_axes([0.285, 0.17, 0.69, 0.66])
names = {
    "mean": "늘 평균 ‖ always the mean",
    "BMI": "직선: BMI만 ‖ line: BMI only",
    "line": "직선: 변수 10개 ‖ line: 10 variables",
    "MLP 60": "MLP: 60번 갱신 ‖ MLP: 60 updates",
    "MLP 400": "MLP: 400번 갱신 ‖ MLP: 400 updates",
}
best = min(names, key=lambda name: scores[name][:, 1].mean())
for k, name in enumerate(names):
    learn_mean, test_mean = scores[name].mean(axis=0)
    ax.plot([learn_mean, test_mean], [k, k], color=CRIMSON, lw=3)
    ax.plot(scores[name][:, 1], np.full(len(scores[name]), k + 0.24), "o", ms=6, color=MUTED, alpha=0.7, mew=0)
    ax.plot(learn_mean, k, "o", ms=14, mfc=PAPER, mec=TEAL, mew=2.4)
    ax.plot(test_mean, k, "o", ms=14, color=TEAL)
    ax.text(
        max(test_mean, learn_mean) + 1.2,
        k - 0.28,
        num(test_mean, 1),
        size=19,
        weight="bold",
        va="center",
        bbox=CHIP if name == best else None,
    )
ax.set(xlim=(20, 90), ylim=(4.6, -0.6), yticks=range(5), xticks=[20, 40, 60, 80])
ax.set_yticklabels(names.values(), size=16, color=INK)
ax.tick_params(axis="y", length=0)
ax.spines["left"].set_visible(False)
ax.set_xlabel("RMSE (점): ○ 학습  ● 시험(평균)  · 시험 한 번씩 ‖ RMSE (points): ○ training  ● test (mean)  · each test")
show(figure, "1-regression", "다섯 예측의 학습 오차와 시험 오차 ‖ Training and test error of five models")
learned, tested = ({name: scores[name][:, k].mean() for name in MODELS} for k in (0, 1))
assert tested["line"] < tested["BMI"] < tested["mean"] and learned["MLP 400"] < learned["line"] - 5
assert tested["MLP 60"] > tested["line"] - 2 and tested["MLP 400"] > tested["MLP 60"] + 3
reveal(1, "B")

# %% [markdown] lang="ko"
# MLP는 매개변수 385개로 환자 300명을 **외웠어요.** 400번 갱신하면 학습 오차(○)는 가장 작은데 시험 오차는 ‘늘 평균’에 가까워져요. 자료가 적고 관계가 거의 곧으면 직선이 나아요. ‘늘 평균’의 시험 오차는 정답의 표준 편차와 거의 같아요. 여기서 출발해 얼마나 줄였는지가 모델의 공이에요.
#
# 기울기는 [선형 층의 dw](lesson:linear1.dw) 그대로예요. 분류와 다른 것은 마지막 손실(MSE)뿐이에요: [`SquaredError`](../../minidl/ops/loss/regression.py).

# %% [markdown] lang="en"
# With 385 parameters the MLP **learned 300 patients by heart**: after 400 updates its training error (○) is the least, and its test error comes near "always the mean". With few data and a nearly straight relation a line is better. The test error of "always the mean" is close to the standard deviation of the targets; what a model takes off that is its merit.
#
# The gradient is [dw of a linear layer](lesson:linear1.dw), as ever. Only the loss at the end (MSE) is not that of a classifier: [`SquaredError`](../../minidl/ops/loss/regression.py).

# %% [markdown] lang="ko"
# ## 2. 예측: 태양 흑점
#
# 1700년부터 2008년까지 해마다 센 흑점 수예요. 지난 12년을 보고 다음 해를 맞혀요. 앞의 4분의 3으로 배우고, **그 뒤의 해로** 시험해요. 시계열을 섞어서 나누면 미래를 보고 과거를 맞히는 셈이에요.
#
# | 예측 | 내용 |
# |---|---|
# | 오늘 | 내년은 올해와 같다 |
# | 주기 | 내년은 11년 전과 같다 |
# | 직선 | 지난 12년에 가중치를 곱해 더한다 |
# | MLP | 지난 12년 → 16개 유닛 → 1 |
# | LSTM | 12년을 차례로 읽고 1 |
#
# **질문 2.** LSTM과 직선 가운데 누가 앞설까요? (평균 절대 오차 MAE로)
#
# **A** LSTM의 오차가 직선의 절반이다 **B** 둘은 비슷하고, 둘 다 ‘오늘’을 크게 이긴다 **C** ‘오늘’을 아무도 이기지 못한다

# %% [markdown] lang="en"
# ## 2. Forecasting: sunspots
#
# The number of sunspots of each year, 1700 to 2008. Twelve years are seen, the next is guessed. The first three quarters are for learning, **the years after them** for the test: to shuffle a series before the split is to guess the past from the future.
#
# | forecast | what it says |
# |---|---|
# | today | next year is as this year |
# | cycle | next year is as 11 years before it |
# | line | the last 12 years, weighted and summed |
# | MLP | the last 12 years → 16 units → 1 |
# | LSTM | reads the 12 years in order → 1 |
#
# **Question 2.** Which leads, the LSTM or the line? (by the mean absolute error, MAE)
#
# **A** the LSTM has half the line's error **B** they are close, and both beat "today" by far **C** nobody beats "today"

# %%
commit(2, "")

# %%
WINDOW = 12
sunspots = sm.datasets.sunspots.load_pandas().data
years, spots = sunspots.YEAR.to_numpy().astype(int), sunspots.SUNACTIVITY.to_numpy()


def windows(v):
    """지난 12개 값 (N, 12)와 그다음 값 (N,) ‖ 12 values (N, 12), and the one after them (N,)"""
    x = np.lib.stride_tricks.sliding_window_view(v, WINDOW)[:-1]
    return x, v[WINDOW:]


class ReadsInOrder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 16, batch_first=True)
        self.out = nn.Linear(16, 1)

    def forward(self, x):  # (N, 12) -> (N, 1)
        states, _ = self.lstm(x.unsqueeze(2))  # (N, 12, 16)
        return self.out(states[:, -1])


MAKERS = {
    "line": (lambda: nn.Linear(WINDOW, 1), 600, 0.02),
    "MLP": (lambda: nn.Sequential(nn.Linear(WINDOW, 16), nn.Tanh(), nn.Linear(16, 1)), budget(300, 200), 0.01),
    "LSTM": (ReadsInOrder, budget(250, 60), 0.02),
}


class Forecaster:
    """학습 기간으로만 눈금을 맞추고 배우는 예측기 ‖ scales and learns from the training years only"""

    def __init__(self, name, v, learn, number=0):
        seed(number)
        make, steps, lr = MAKERS[name]
        self.mean, self.std = v[:learn].mean(), v[:learn].std()
        x, y = windows((v[:learn] - self.mean) / self.std)
        self.model = fit(make(), x, y, steps, lr)

    def __call__(self, x):  # (N, 12) -> (N,)
        return predict(self.model, (x - self.mean) / self.std) * self.std + self.mean


def mae(error):
    return float(np.mean(np.abs(error)))


LEARN = int(0.75 * len(spots))
past, following = windows(spots)
past, following = past[LEARN - WINDOW :], following[LEARN - WINDOW :]  # 시험할 해 ‖ the test years
guesses = {"today": [past[:, -1]], "cycle": [past[:, -11]]}
forecasters = {
    name: [Forecaster(name, spots, LEARN, n) for n in range(budget(1 if name == "line" else 3, 1))] for name in MAKERS
}
guesses |= {name: [model(past) for model in models] for name, models in forecasters.items()}
errors = {name: [mae(guess - following) for guess in each] for name, each in guesses.items()}

# %% tags=["figure", "print"]
NAMES = {"today": "오늘 ‖ today", "cycle": "주기 ‖ cycle", "line": "직선 ‖ line", "MLP": "MLP", "LSTM": "LSTM"}
figure = board(
    "‘내일은 오늘과 같다’를 이겨야 비로소 예측이다 ‖ It is a forecast only if it beats “tomorrow as today”", 6.2
)
ax = figure.add_axes([0.088, 0.545, 0.887, 0.315])
span = slice(-45, None)
when = years[LEARN:]
ax.plot(when[span], following[span], color=INK, lw=2, marker="o", ms=6)
ax.plot(when[span], guesses["today"][0][span], color=MUTED, lw=1.8, ls=(0, (2, 2)))
ax.plot(when[span], guesses["LSTM"][0][span], color=TEAL, lw=3)
ax.set(xlim=(when[span][0], when[-1] + 0.5), ylim=(0, 215), yticks=[0, 100, 200])
ax.set_ylabel("흑점 수 ‖ sunspots")
ax.text(0.30, 0.93, "● 실제 ‖ ● observed", transform=ax.transAxes, size=16, weight="bold")
ax.text(0.52, 0.93, "LSTM", transform=ax.transAxes, size=16, weight="bold", color=TEAL)
ax.text(
    0.65,
    0.93,
    "‘오늘’: 한 해 늦은 그림자 ‖ “today”: a shadow, a year late",
    transform=ax.transAxes,
    size=16,
    color=MUTED,
)
ax = figure.add_axes([0.145, 0.115, 0.83, 0.325])
best = min(errors, key=lambda name: np.mean(errors[name]))
for k, (name, each) in enumerate(errors.items()):
    value = np.mean(each)
    ax.barh(k, value, height=0.62, color=MUTED if k < 2 else TEAL, alpha=0.6 if k < 2 else 1)
    ax.plot(each, np.full(len(each), k), "o", ms=7, color=PAPER, mec=INK, mew=1.2)
    ax.text(
        max(max(each), value) + 0.7,
        k,
        num(value, 1),
        size=19,
        weight="bold",
        va="center",
        bbox=CHIP | {"boxstyle": "round,pad=0.08"} if name == best else None,
    )
ax.set(xlim=(0, 31), ylim=(4.5, -0.5), yticks=range(5), xticks=[0, 10, 20])
ax.set_yticklabels(NAMES.values(), size=17, weight="bold", color=INK)
ax.tick_params(axis="y", length=0)
ax.set_xlabel("시험한 해의 평균 절대 오차 (○ 씨앗마다) ‖ mean absolute error in the test years (○ each seed)")
show(
    figure,
    "2-sunspots",
    "흑점의 실제와 한 해 앞 예측, 예측마다의 오차 ‖ Sunspots and their forecasts a year ahead, with each forecast's error",
)
level = {name: np.mean(each) for name, each in errors.items()}
assert max(level["line"], level["MLP"]) < 0.8 * level["today"] and level["LSTM"] < budget(0.8, 1.2) * level["today"]
assert level["LSTM"] > 0.7 * level["line"]
reveal(2, "B")

# %% [markdown] lang="ko"
# ‘오늘’은 늘 한 해 늦은 그림자예요. 그런데 그림자는 눈으로 보면 그럴듯해요. **예측 그림이 실제를 한 칸 뒤에서 따라가기만 하면, 그 모델은 ‘오늘’을 다시 발명한 거예요.** 주가 예측 그림에서 아주 흔한 일이에요.
#
# 직선이 LSTM과 나란한 것은 부끄러운 결과가 아니라 정직한 결과예요. 해마다 하나뿐인 자료 300개에서는 배울 것이 많지 않아요. 씨앗(○)에 따라 흔들리는 폭이 모델 사이의 차이만 하다는 점도 보세요.

# %% [markdown] lang="en"
# "Today" is a shadow, always a year late. Yet to the eye a shadow is convincing. **When a forecast merely follows what happened, one step behind, the model has reinvented "today".** Pictures of share prices do this very often.
#
# That a line stands beside the LSTM is nothing to be ashamed of; it is honest. In 300 numbers, one a year, there is not much to learn. Note, too, that the seeds (○) differ by about as much as the models do.

# %% [markdown] lang="ko"
# ## 3. 멀리 볼수록
#
# 한 해 앞이 아니라 두 해, 세 해 앞을 보려면 예측을 다시 입력에 넣어요. 틀린 예측 위에 예측을 쌓는 셈이에요.
#
# **질문 3.** 다섯 해 앞을 ‘오늘’로 예측하면 오차는 어느 만큼일까요?
#
# **A** ‘늘 평균’보다 조금 작다 **B** ‘늘 평균’보다 훨씬 크다 **C** ‘늘 평균’과 같다

# %% [markdown] lang="en"
# ## 3. The farther ahead
#
# To look two or three years ahead, the forecast becomes an input again: guesses are stacked upon guesses.
#
# **Question 3.** Five years ahead, how large is the error of "today"?
#
# **A** a little below that of "always the mean" **B** far above it **C** the same

# %%
commit(3, "")

# %%
HORIZON = 20


def far(forecaster):
    """한 해에서 20년 앞까지의 MAE ‖ the MAE of 1 to 20 years ahead"""
    x, found = past.copy(), []
    for ahead in range(HORIZON):
        guess = forecaster(x)
        count = len(following) - ahead  # 정답을 아는 출발점 ‖ starts whose truth is known
        found.append(mae(guess[:count] - following[ahead:]))
        x = np.concatenate([x[:, 1:], guess[:, None]], axis=1)
    return np.array(found)


always = spots[:LEARN].mean()
ahead = {
    "today": far(lambda x: x[:, -1]),
    "line": far(forecasters["line"][0]),
    "LSTM": far(forecasters["LSTM"][0]),
    "mean": far(lambda x: np.full(len(x), always)),
}

# %% tags=["figure"]
figure = board("‘오늘’은 반 주기 뒤에 정반대를 말한다 ‖ Half a cycle on, “today” says the very opposite", 5.2)
ax = figure.add_axes([0.08, 0.155, 0.73, 0.68])
steps = np.arange(1, HORIZON + 1)
for name, color, dash in (
    ("today", MUTED, (0, (2, 2))),
    ("mean", MUTED, "-"),
    ("LSTM", CRIMSON, (0, (3, 1.2))),
    ("line", TEAL, "-"),
):
    ax.plot(steps, ahead[name], color=color, ls=dash)
ax.plot(5, ahead["today"][4], "o", ms=14, color=ORANGE, mec=INK, mew=1.6, zorder=5)
ax.text(5, ahead["today"][4] + 5, num(ahead["today"][4], 0), size=19, weight="bold", ha="center")
ax.set(xlim=(1, HORIZON), ylim=(0, 100), xticks=[1, 5, 10, 15, 20], yticks=[0, 25, 50, 75, 100])
ax.set_xlabel("몇 해 앞 ‖ years ahead")
ax.set_ylabel("MAE")
ends = {"today": "오늘 ‖ today", "mean": "늘 평균 ‖ the mean", "line": "직선 ‖ line", "LSTM": "LSTM"}
places = np.array(sorted([ahead[name][-1], name] for name in ends), dtype=object)
heights = [float(v) for v, _ in places]
for _ in range(100):
    for k in range(1, 4):
        lack = 8 - (heights[k] - heights[k - 1])
        if lack > 0:
            heights[k - 1], heights[k] = heights[k - 1] - lack / 2, heights[k] + lack / 2
for (_, name), y0 in zip(places, heights):
    ax.text(
        HORIZON + 0.4,
        y0,
        ends[name],
        size=17,
        weight="bold",
        va="center",
        color={"line": TEAL, "LSTM": CRIMSON}.get(name, MUTED),
    )
show(figure, "3-horizon", "멀리 볼수록 커지는 예측 오차 ‖ Forecast errors, which grow the farther one looks")
assert ahead["today"][4] > 1.4 * ahead["mean"][4] and ahead["line"][0] < 0.5 * ahead["mean"][0]
assert all(ahead["line"] < 0.9 * ahead["mean"])
reveal(3, "B")

# %% [markdown] lang="ko"
# ‘오늘’의 선이 오르락내리락하는 까닭은 11년 주기예요. 반 주기(5~6년) 뒤에는 정반대가 되고, 한 주기 뒤에는 다시 맞아요. **몇 걸음 앞을 보느냐에 따라 비교할 상대도 달라져야 해요.**
#
# 직선은 이웃한 해의 가중치만으로 주기를 찾아내 20년 앞까지 ‘늘 평균’보다 나아요. LSTM은 한 해 앞만 배웠기 때문에 자기 예측을 다시 먹으면 직선보다 빨리 흐트러져요. (‘늘 평균’이 특히 나쁜 까닭 하나: 시험 기간의 흑점이 그전보다 많았어요.)

# %% [markdown] lang="en"
# The line of "today" goes up and down with the 11-year cycle: half a cycle later (5~6 years) it is all wrong, a full cycle later it fits again. **What to compare with depends on how far one looks.**
#
# The line has found the cycle in twelve weights and stays better than "always the mean" for 20 years. The LSTM learned one year ahead only: fed with its own guesses, it goes astray sooner. (One reason why the mean does so badly: the test years had more sunspots than those before.)

# %% [markdown] lang="ko"
# ## 4. 배운 적 없는 높이: 이산화 탄소
#
# 하와이 마우나로아에서 잰 CO₂ 농도예요(1958~2001년, 달마다 평균). 해마다 올라가니 **시험 기간의 값은 학습 기간에 한 번도 없던 높이**예요.
#
# **질문 4.** 농도를 그대로 LSTM에 넣으면 어떻게 될까요? 달마다의 **변화**(이번 달 − 지난달)를 넣으면요?
#
# **A** 둘 다 ‘오늘’을 이긴다 **B** 그대로 넣으면 ‘오늘’에 지고, 변화를 넣으면 이긴다 **C** 그대로 넣으면 이기고, 변화를 넣으면 진다

# %% [markdown] lang="en"
# ## 4. A height never seen: carbon dioxide
#
# The CO₂ measured on Mauna Loa, Hawaii (1958~2001, monthly means). It climbs every year, so **the test years lie at heights that were never seen in training.**
#
# **Question 4.** What happens if the LSTM is given the values as they are? And if it is given the **change** of each month (this month − the last)?
#
# **A** both beat "today" **B** as they are, it loses to "today"; with changes it wins **C** as they are, it wins; with changes it loses

# %%
commit(4, "")

# %%
weekly = sm.datasets.co2.load_pandas().data.co2
co2 = (
    weekly.resample("MS").mean().interpolate().to_numpy()
)  # 빈 달은 이웃을 잇는다 ‖ empty months: between the neighbours
month = 1958 + (2 + np.arange(len(co2))) / 12
cut = int(0.75 * len(co2))
raw = Forecaster("LSTM", co2, cut)
change = Forecaster("LSTM", np.diff(co2), cut - 1)
truth = co2[cut:]
as_is = raw(windows(co2)[0][cut - WINDOW :])
with_change = co2[cut - 1 : -1] + change(windows(np.diff(co2))[0][cut - 1 - WINDOW :])
failed = {"today": mae(co2[cut - 1 : -1] - truth), "as is": mae(as_is - truth), "change": mae(with_change - truth)}

# %% tags=["figure"]
figure = board(
    "배운 높이를 벗어나면 LSTM은 눕는다. 변화를 배우면 따라간다 ‖ Above what it saw, the LSTM lies down. Taught changes, it follows",
    5.8,
)
ax = figure.add_axes([0.08, 0.13, 0.63, 0.72])
ax.axvspan(month[0], month[cut], color=TEAL, alpha=0.08, lw=0)
ax.plot(month, co2, color=INK, lw=1.6)
ax.plot(month[cut:], as_is, color=CRIMSON, lw=2.6)
ax.plot(month[cut:], with_change, color=ORANGE, lw=2.2, ls=(0, (2, 1)))
ax.set(xlim=(1958, 2002), ylim=(310, 376), xticks=[1960, 1970, 1980, 1990, 2000], yticks=[320, 340, 360])
ax.set_ylabel("CO₂ (ppm)")
ax.text(1959, 371, "배운 기간 ‖ seen in training", size=16, color=TEAL, weight="bold", va="center")
for y0, words, name, color in (
    (0.70, "그대로 ‖ as it is", "as is", CRIMSON),
    (0.46, "오늘 ‖ today", "today", MUTED),
    (0.22, "변화 ‖ changes", "change", INK),
):
    figure.text(0.745, y0 + 0.055, words, size=18, weight="bold", color=color)
    figure.text(
        0.745,
        y0 - 0.025,
        f"MAE {num(failed[name], 2)}",
        size=24,
        weight="bold",
        color=color,
        bbox=CHIP if name == "change" else None,
    )
show(figure, "4-co2", "이산화 탄소 농도와 두 가지 LSTM 예측 ‖ Carbon dioxide and two forecasts by an LSTM")
assert failed["as is"] > failed["today"] > failed["change"]
reveal(4, "B")

# %% [markdown] lang="ko"
# LSTM의 상태는 tanh와 시그모이드를 지나 **[−1, 1] 안에 갇혀요.** 그러니 배운 범위 위에서는 출력이 눌려요. 변화는 늘 같은 범위에 있으니 문제가 없어요. 신경망이 못나서가 아니라 **무엇을 물었느냐**의 문제예요. 규칙은 [`Sigmoid`와 `Tanh`](../../minidl/ops/activation.py)에 있어요.

# %% [markdown] lang="en"
# The state of an LSTM passes through tanh and sigmoids and is **confined to [−1, 1]**: above what was seen, the output is squashed. Changes stay in one range, so nothing is lost. It is no weakness of networks but a matter of **what was asked**. The rules are [`Sigmoid` and `Tanh`](../../minidl/ops/activation.py).

# %% [markdown] lang="ko"
# ## 5. 숨은 실수 찾기
#
# 친구의 흑점 예측은 오차가 거의 0이에요. 축하할 일일까요? **한 줄이 틀렸어요.** 단서는 그림의 가중치예요.

# %% [markdown] lang="en"
# ## 5. Find the mistake
#
# A friend's forecast of sunspots has next to no error. Congratulations? **One line is wrong.** The clue is in the weights of the figure.


# %% tags=["mistake"]
def friends_windows(v):
    x = np.lib.stride_tricks.sliding_window_view(v, WINDOW)
    y = v[WINDOW - 1 :]
    return x, y


scaled = (spots - spots[:LEARN].mean()) / spots[:LEARN].std()
x, y = friends_windows(scaled)
friend = fit(nn.Linear(WINDOW, 1), x[: LEARN - WINDOW], y[: LEARN - WINDOW], 600, lr=0.02)
friends_error = spots[:LEARN].std() * mae(predict(friend, x[LEARN - WINDOW :]) - y[LEARN - WINDOW :])

# %% tags=["figure"]
figure = board(
    "너무 좋은 결과는 축하가 아니라 조사의 대상이다 ‖ A result too good is to be investigated, not celebrated", 4.8
)
for j, (model, words, value) in enumerate(
    (
        (forecasters["line"][0].model, "우리 직선 ‖ our line", level["line"]),
        (friend, "친구의 직선 ‖ the friend’s line", friends_error),
    )
):
    ax = figure.add_axes([0.06 + 0.49 * j, 0.16, 0.43, 0.53])
    weights = model.weight.detach().numpy()[0]
    for k, weight in enumerate(weights):
        ax.bar(k, weight, width=0.7, color=TEAL if weight > 0 else PAPER, ec=TEAL, lw=1.8)
    ax.axhline(0, color=MUTED, lw=1.2)
    ax.set(ylim=(-0.75, 1.3), yticks=[0, 1], xticks=[0, 3, 6, 9, 11], xlim=(-0.6, 11.6))
    ax.set_xticklabels(["−12", "−9", "−6", "−3", "−1"])
    ax.set_xlabel("몇 해 전의 값에 곱한 가중치 ‖ weight of the value so many years ago")
    figure.text(0.06 + 0.49 * j, 0.765, words, size=17, weight="bold", color=TEAL)
    figure.text(
        0.49 + 0.49 * j, 0.765, f"MAE {num(value, 1)}", size=20, weight="bold", ha="right", bbox=CHIP if j else None
    )
show(figure, "5-mistake", "두 직선의 가중치와 오차 ‖ Weights and errors of two lines")

# %% [markdown] lang="ko"
# 힌트: 첫 창은 `v[0]`부터 `v[11]`까지예요. 그 창의 정답은 `v`의 몇째여야 하나요?

# %% [markdown] lang="en"
# A hint: the first window is `v[0]` to `v[11]`. Which place of `v` must be its target?

# %% [markdown] lang="ko" tags=["exercise"]
# ## 6. 연습 문제
#
# **연습 1 (종이와 연필).** 기온이 월요일부터 20, 22, 21, 25, 24도였어요. 화요일부터 금요일까지 ‘오늘’ 예측의 MAE와 RMSE를 구해 적어요.

# %% [markdown] lang="en" tags=["exercise"]
# ## 6. Exercises
#
# **Exercise 1 (pen and paper).** From Monday on it had 20, 22, 21, 25, 24 degrees. Work out MAE and RMSE of "tomorrow as today" for Tuesday to Friday.

# %%
my_mae, my_rmse = None, None

if my_mae is not None:
    steps = np.diff([20, 22, 21, 25, 24])
    print("MAE", abs(mae(steps) - my_mae) < 0.01, " RMSE", abs(rmse(steps) - my_rmse) < 0.01)

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (배우지 않는 강자).** CO₂에서 ‘다음 달은 지난달에 **작년 이맘때의 변화**를 더한 값’이라는 예측을 써요: $\hat v_t=v_{t-1}+(v_{t-12}-v_{t-13})$. 시험 기간의 MAE가 LSTM(변화)과 얼마나 다른가요? 어느 쪽을 쓰겠어요?

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (strong without learning).** Forecast CO₂ as last month plus **the change at this time last year**: $\hat v_t=v_{t-1}+(v_{t-12}-v_{t-13})$. How far is its MAE in the test years from that of the LSTM (changes)? Which would you use?


# %%
def as_last_year(v, t):  # t는 달 번호의 배열 ‖ t: an array of month numbers
    return v[t - 1]  # ← 여기를 고쳐요 ‖ ← mend this line


print(num(mae(as_last_year(co2, np.arange(cut, len(co2))) - truth)), " LSTM", num(failed["change"]))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** MSE의 역전파예요. `dz`는 도착한 기울기(수 하나), `x`는 예측, `t`는 정답이에요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged by `minidl.judge`).** The backward of MSE. `dz` is the gradient that arrives (one number), `x` the prediction, `t` the truth.


# %%
@minidl.judge("mse")
def backward(dz, x, t):
    return np.zeros_like(x)  # ← 여기를 고쳐요 ‖ ← mend this line


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
# 정답이 창 **안에** 들어 있어요. 창의 마지막 값이 곧 정답이라 마지막 가중치만 1이 되고, 모델은 베끼기만 배웠어요. `x`에서 마지막 창을 빼고 `y = v[WINDOW:]`로 고쳐요. 이런 실수를 정보 누출(leak)이라고 해요.
#
# ```python
# assert friends_error < 1 and np.argmax(friend.weight.detach().numpy()) == WINDOW - 1
# x, y = windows(np.arange(20.0))
# assert x[0, -1] + 1 == y[0]
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# 차이는 2, −1, 4, −1이에요. MAE는 8 ÷ 4 = 2.00, RMSE는 $\sqrt{22/4}=2.35$예요.
# </details>
#
# <details><summary>연습 2</summary>
#
# ```python
# def as_last_year(v, t):
#     return v[t - 1] + v[t - 12] - v[t - 13]
#
#
# without_learning = mae(as_last_year(co2, np.arange(cut, len(co2))) - truth)
# assert without_learning < 0.5 * failed["today"]
# ```
#
# ‘오늘’의 절반도 안 되는 오차(0.31쯤)예요. LSTM(0.25쯤)이 앞서지만 차이는 훨씬 작아요. LSTM과 견줄 진짜 상대는 ‘오늘’이 아니라 이 예측이에요. **자료를 아는 사람의 한 줄은 생각보다 세요.**
# </details>
#
# <details><summary>연습 3</summary>
#
# 제곱의 미분 $2(x-t)$를 개수로 나누고, 도착한 `dz`를 곱해요.
#
# ```python
# def backward(dz, x, t):
#     return dz * 2 * (x - t) / x.size
#
#
# assert minidl.judge("mse").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# The target lies **inside** the window: its last value is the answer, so the last weight becomes 1, and the model has learned to copy. Leave the last window out of `x`, and write `y = v[WINDOW:]`. This is called a leak.
#
# ```python
# assert friends_error < 1 and np.argmax(friend.weight.detach().numpy()) == WINDOW - 1
# x, y = windows(np.arange(20.0))
# assert x[0, -1] + 1 == y[0]
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# The differences are 2, −1, 4, −1. MAE is 8 ÷ 4 = 2.00, RMSE is $\sqrt{22/4}=2.35$.
# </details>
#
# <details><summary>Exercise 2</summary>
#
# ```python
# def as_last_year(v, t):
#     return v[t - 1] + v[t - 12] - v[t - 13]
#
#
# without_learning = mae(as_last_year(co2, np.arange(cut, len(co2))) - truth)
# assert without_learning < 0.5 * failed["today"]
# ```
#
# Less than half the error of "today" (some 0.31). The LSTM (some 0.25) is ahead, but by much less: this is its real rival. **One line by somebody who knows the data is stronger than one thinks.**
# </details>
#
# <details><summary>Exercise 3</summary>
#
# The square's derivative $2(x-t)$, divided by the count, times the `dz` that arrives.
#
# ```python
# def backward(dz, x, t):
#     return dz * 2 * (x - t) / x.size
#
#
# assert minidl.judge("mse").check(backward)
# ```
# </details>
