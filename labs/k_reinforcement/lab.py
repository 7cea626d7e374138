# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 K. 강화 학습: 정답이 없을 때는 결과에서 배워요
#
# 지금까지는 늘 정답이 있었어요. 이번에는 없어요. 무엇을 했어야 하는지 아무도 말해 주지 않고, **얼마나 잘됐는지**만 나중에 알게 돼요. 두 가지로 해 봐요.
#
# 하나는 막대를 세운 수레(CartPole, gymnasium 라이브러리)예요. 넘어지지 않고 버틴 걸음 수가 점수예요. 또 하나는 **자기 자신과 두는 틱택토**예요. 알파고의 원리를 아홉 칸에서 봐요.
#
# **청록**은 순전파, **진홍**은 기울기, **주황**은 이번에 얻은 결과예요. 답은 실행하기 **전에** 적어요.

# %% [markdown] lang="en"
# # Lab K. Reinforcement: where there is no answer, learn from the outcome
#
# So far there was always a right answer. Now there is none. Nobody says what should have been done; only later do we learn **how well it went.** We try it twice.
#
# One is a cart with a pole on it (CartPole, from the library gymnasium): the score is the number of steps that the pole stays up. The other is **tic-tac-toe against itself**: what AlphaGo does, on nine squares.
#
# **Teal** is forward, **crimson** the gradient, **orange** the result just obtained. Write your answer down **before** you run.

# %% tags=["setup"]
from functools import lru_cache

import gymnasium
import numpy as np
from matplotlib.patches import Rectangle

import minidl
from labs.kit import (
    CHIP,
    CRIMSON,
    INK,
    MUTED,
    ORANGE,
    RULE,
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

F = nn.functional

# %% [markdown] lang="ko"
# ## 1. 막대가 넘어지기까지
#
# 모델이 보는 것은 수 네 개(수레의 자리와 속도, 막대의 각도와 각속도), 할 수 있는 일은 둘(왼쪽으로 밀기, 오른쪽으로 밀기)이에요. 한 걸음 버틸 때마다 1점, 막대가 12도 넘게 기울면 끝이고 500걸음이 만점이에요.
#
# **질문 1.** 아직 아무것도 배우지 않은 모델은 평균 몇 걸음을 버틸까요?
#
# **A** 20걸음쯤 **B** 100걸음쯤 **C** 500걸음

# %% [markdown] lang="en"
# ## 1. Until the pole falls
#
# The model sees four numbers (place and speed of the cart, angle and angular speed of the pole) and can do two things: push left, push right. Each step earns 1 point; beyond 12 degrees the game is over, and 500 steps are full marks.
#
# **Question 1.** A model that has learned nothing: how many steps does it hold out on average?
#
# **A** about 20 **B** about 100 **C** 500

# %%
commit(1, "")


# %%
def new_policy():
    """상태 4개 → 행동 2개의 점수 ‖ 4 numbers of the state → scores of 2 actions"""
    return nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))


def play(policy, games, rng, greedy=False):
    """여러 판을 나란히 둔다: 상태, 행동, 몇 번째 판, 몇 번째 걸음 ‖ several games side by side: states, actions, which game, which step"""
    envs = [gymnasium.make("CartPole-v1") for _ in range(games)]
    now = np.stack([env.reset(seed=int(rng.integers(1 << 31)))[0] for env in envs])
    alive, t, log = np.arange(games), 0, []
    while len(alive):
        with minidl.no_grad():
            p = minidl.softmax(policy(minidl.tensor(now[alive])), dim=1).numpy()
        right = (
            p[:, 1] > 0.5 if greedy else rng.random(len(alive)) < p[:, 1]
        )  # 제비를 뽑아 행동을 고른다 ‖ the action is drawn by lot
        log.append((now[alive], right.astype(int), alive, np.full(len(alive), t)))
        ended = []
        for game, action in zip(alive, log[-1][1]):
            now[game], _, fell, full, _ = envs[game].step(int(action))
            ended.append(fell or full)
        alive, t = alive[~np.array(ended)], t + 1
    return [np.concatenate(parts) for parts in zip(*log)]


rng = seed(0)
untaught = new_policy()
states, actions, game, step = play(untaught, 32, rng)
held = np.bincount(game)  # 판마다 버틴 걸음 ‖ steps that each game lasted
print(
    f"32판 평균 {held.mean():.0f}걸음, 가장 긴 판 {held.max()}걸음 ‖ 32 games: {held.mean():.0f} steps on average, {held.max()} at most"
)
assert 12 < held.mean() < 40
reveal(1, "A")

# %% [markdown] lang="ko"
# ## 2. 정답 대신 결과로 무게를 달아요
#
# 정책 $\pi$는 행동의 확률을 내요. 뽑힌 행동 $a$가 얼마나 좋았는지를 수 하나 $A$로 재요. 그 뒤에 받은 점수의 합이 평균보다 크면 양수, 작으면 음수예요. REINFORCE의 손실은 이게 전부예요.
#
# $$L=-A\,\log\pi(a),\qquad \frac{\partial L}{\partial x}=A\,(p-\text{onehot}(a))$$
#
# 손실 실습(A)의 **소프트맥스와 교차 엔트로피** 그대로예요. 다른 점은 둘뿐이에요. 정답 자리에 **내가 뽑은 행동**이 들어가고, 기울기에 **결과 $A$**가 곱해져요.
#
# **질문 2.** 확률 0.3으로 뽑힌 행동의 결과가 평균보다 **나빴어요**($A=-1$). 갱신하면 이 행동의 점수는 어떻게 될까요?
#
# **A** 올라간다 **B** 내려간다 **C** 그대로다

# %% [markdown] lang="en"
# ## 2. Weigh by the outcome, for want of an answer
#
# The policy $\pi$ gives the probabilities of the actions. How good the drawn action $a$ was is one number $A$: positive if the points earned afterwards are more than the average, negative if less. REINFORCE is nothing but this loss:
#
# $$L=-A\,\log\pi(a),\qquad \frac{\partial L}{\partial x}=A\,(p-\text{onehot}(a))$$
#
# It is **softmax and cross-entropy** from the lab on losses (A). Two things differ: in the place of the right answer stands **the action that I drew**, and the gradient is multiplied by **the outcome $A$**.
#
# **Question 2.** An action drawn with probability 0.3 went **worse** than average ($A=-1$). What does the update do to its score?
#
# **A** raises it **B** lowers it **C** nothing

# %%
commit(2, "")

# %%
q = np.array([0.3, 0.7])
taken = 0
slopes = {}
for A in (1.0, -1.0):
    x = minidl.tensor(
        np.log(q)[None], dtype=minidl.float64, requires_grad=True
    )  # 소프트맥스를 지나면 q ‖ softmax makes q of it
    loss = A * F.cross_entropy(x, minidl.tensor([taken]))
    loss.backward()
    slopes[A] = x.grad.numpy()[0]
    assert np.allclose(slopes[A], A * (q - np.eye(2)[taken]))  # 규칙: A (p − onehot) ‖ the rule: A (p − onehot)

# %% tags=["figure", "print"]
figure = board(
    "잘됐으면 또 하게, 잘못됐으면 덜 하게: 교차 엔트로피에 결과를 곱한다 ‖ Went well: do it again. Went badly: do it less",
    5.2,
)
ax = figure.add_axes([0, 0, 1, 1])
ax.set(xlim=(0, 10), ylim=(0, 5.2))
ax.axis("off")
heads = (
    (1.9, "행동 ‖ action", MUTED),
    (3.35, "A", INK),
    (4.55, "p", TEAL),
    (6.0, "onehot", MUTED),
    (7.45, "dx", CRIMSON),
    (9.1, "다음 점수는 ‖ next score", MUTED),
)
for x0, words, color in heads:
    ax.text(x0, 4.15, words, size=17, weight="bold", color=color, ha="center", va="center")
names = ("왼쪽 (뽑음) ‖ left (drawn)", "오른쪽 ‖ right")
for block, A in enumerate((1.0, -1.0)):
    for action in range(2):
        y = 3.5 - 1.75 * block - 0.72 * action
        if action == taken:
            ax.add_patch(Rectangle((0.25, y - 0.33), 9.5, 0.66, fc="#ebe7da", ec="none"))
        dx = slopes[A][action]
        ax.text(
            1.9, y, names[action], size=17, weight="bold" if action == taken else "normal", ha="center", va="center"
        )
        ax.text(3.35, y, f"{'+' if A > 0 else '−'}1  ·  (", size=20, ha="center", va="center")
        ax.text(4.55, y, num(q[action]), size=20, color=TEAL, ha="center", va="center", weight="bold")
        ax.text(5.25, y, "−", size=20, ha="center", va="center")
        ax.text(6.0, y, "1" if action == taken else "0", size=20, ha="center", va="center")
        ax.text(6.55, y, ")  =", size=20, ha="center", va="center")
        ax.text(7.45, y, num(dx), size=21, color=CRIMSON, ha="center", va="center", weight="bold")
        up = dx < 0
        ax.annotate(
            "",
            (9.1, y + (0.26 if up else -0.26)),
            (9.1, y - (0.26 if up else -0.26)),
            arrowprops={
                "arrowstyle": "-|>,head_width=0.4,head_length=0.5",
                "color": ORANGE,
                "lw": 5,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
ax.text(
    0.28,
    0.42,
    "위: 결과가 평균보다 좋았다 (A = +1). 아래: 나빴다 (A = −1). 갱신은 −dx 방향이다. ‖ Above: better than average (A = +1). Below: worse (A = −1). The update goes along −dx.",
    size=16,
    color=MUTED,
    va="center",
)
show(
    figure,
    "1-outcome",
    "같은 행동의 기울기가 결과 A의 부호에 따라 뒤집힌다 ‖ The gradient of one action, turned round by the sign of the outcome A",
)
reveal(2, "B")

# %% [markdown] lang="ko"
# $p-\text{onehot}$이 어디서 왔는지는 [소프트맥스 역전파 화면](lesson:softmax1.dx)에서 한 칸씩 볼 수 있어요. 결과가 나빴다고 해서 행동이 잘못이었다는 **증거는 아니에요.** 운이 나빴을 수도 있어요. 그래서 여러 판을 모아 평균해요.

# %% [markdown] lang="en"
# Where $p-\text{onehot}$ comes from can be seen cell by cell on [the screen of softmax, backward](lesson:softmax1.dx). A bad outcome is **no proof** that the action was wrong: it may have been bad luck. That is why many games are averaged.

# %% [markdown] lang="ko"
# ## 3. 배우게 해요
#
# 행동 뒤에 받은 점수를 더한 것이 **수익**이에요. 먼 점수는 조금씩 깎아요($\gamma=0.99$).
#
# $$G_t=r_t+\gamma\,r_{t+1}+\gamma^2 r_{t+2}+\cdots,\qquad A_t=\frac{G_t-\text{mean}(G)}{\text{std}(G)}$$
#
# 한 번에 16판을 두고 한 걸음 갱신해요. 씨앗만 바꿔 세 번 배워요.
#
# **질문 3.** 프로그램은 같고 씨앗만 다른 세 번의 학습 곡선은 어떨까요?
#
# **A** 거의 겹친다 **B** 오르는 때도 모양도 꽤 다르다 **C** 하나만 배우고 둘은 못 배운다

# %% [markdown] lang="en"
# ## 3. Let it learn
#
# The **return** is the sum of the points earned after an action; distant points count a little less ($\gamma=0.99$).
#
# $$G_t=r_t+\gamma\,r_{t+1}+\gamma^2 r_{t+2}+\cdots,\qquad A_t=\frac{G_t-\text{mean}(G)}{\text{std}(G)}$$
#
# After 16 games comes one update. We learn three times, and change nothing but the seed.
#
# **Question 3.** One program, three seeds: how do the three learning curves look?
#
# **A** they nearly coincide **B** they rise at other times and in other shapes **C** one learns, two do not

# %%
commit(3, "")


# %%
def returns(rewards, gamma=0.99):
    """걸음마다: 그 뒤에 받은 점수의 합 ‖ for each step: the points earned from there on"""
    found, later = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        later = rewards[t] + gamma * later
        found[t] = later
    return found


def learn(number, updates, returns_of=returns):
    """REINFORCE: 배운 정책과 갱신마다의 평균 걸음 ‖ REINFORCE: the policy, and the mean length at each update"""
    rng = seed(number)
    policy = new_policy()
    optimizer = minidl.optim.Adam(policy.parameters(), lr=0.05)
    lengths = []
    for _ in range(updates):
        states, actions, game, _ = play(policy, 16, rng)
        G = np.zeros(len(game), dtype=np.float32)
        for one in range(16):
            G[game == one] = returns_of(np.ones((game == one).sum()))  # 걸음마다 1점 ‖ 1 point a step
        A = minidl.tensor((G - G.mean()) / (G.std() + 1e-6))
        surprise = F.cross_entropy(policy(minidl.tensor(states)), minidl.tensor(actions), reduction="none")
        optimizer.zero_grad()
        (A * surprise).mean().backward()
        optimizer.step()
        lengths.append(len(game) / 16)
    return policy, lengths


UPDATES = budget(22, 8)
runs = {number: learn(number, UPDATES) for number in range(budget(3, 2))}
rng = seed(7)
grades = {number: np.bincount(play(policy, 20, rng, greedy=True)[2]).mean() for number, (policy, _) in runs.items()}
best = max(grades, key=grades.get)
solved = sum(grade >= 475 for grade in grades.values())
# 줄인 학습에서는 오르기 시작했는지만 본다 ‖ where training is cut, only whether it has begun to rise
assert grades[best] > budget(475, 100) and all(lengths[-1] > budget(150, 25) for _, lengths in runs.values())

# %% tags=["figure"]
figure = board(
    "씨앗만 바꿔도 배우는 길이 달라진다. 한 번의 곡선을 믿지 마라 ‖ A seed changes the way it learns: do not trust a single curve",
    5.4,
)
ax = figure.add_axes([0.09, 0.15, 0.58, 0.68])
for (_, lengths), style, color in zip(runs.values(), ("-", (0, (3, 1.5)), (0, (1, 1))), (TEAL, INK, MUTED)):
    ax.plot(range(1, UPDATES + 1), lengths, color=color, ls=style)
ax.axhline(500, color=MUTED, lw=1.2, ls=(0, (2, 3)))
ax.set(xlim=(1, UPDATES), ylim=(0, 530), yticks=[0, 100, 200, 300, 400, 500], xticks=[1, UPDATES // 2, UPDATES])
ax.set_xlabel("갱신 (한 번에 16판) ‖ updates (16 games each)")
ax.set_ylabel("평균 걸음 ‖ mean steps")
figure.text(0.71, 0.79, "배운 뒤 20판 ‖ 20 games afterwards", size=15, color=MUTED)
for row, ((number, grade), mark, color) in enumerate(zip(grades.items(), ("───", "─ ─", "····"), (TEAL, INK, MUTED))):
    y = 0.69 - 0.135 * row
    figure.text(0.71, y, mark, size=17, color=color, weight="bold", va="center", family="DejaVu Sans")
    figure.text(0.775, y, f"씨앗 {number} ‖ seed {number}", size=17, va="center", color=color, weight="bold")
    figure.text(
        0.97, y, f"{grade:.0f}", size=23, weight="bold", ha="right", va="center", bbox=CHIP if grade >= 475 else None
    )
figure.text(
    0.71,
    0.235,
    f"{len(grades)}번 가운데 {solved}번 해냈다\n(평균 475걸음 이상) ‖ {solved} of {len(grades)} solved it\n(475 steps or more)",
    size=16,
    va="center",
    linespacing=1.4,
)
show(
    figure,
    "2-seeds",
    "씨앗 셋의 학습 곡선과 배운 뒤의 점수 ‖ Learning curves of the seeds, and their grades afterwards",
)
reveal(3, "B")

# %% [markdown] lang="ko"
# 정답이 없는 학습은 시끄러워요. 16판의 운이 기울기를 흔들고, 그 기울기가 다음 판들을 바꾸니까요. 강화 학습의 결과를 말할 때는 **몇 번 해서 몇 번 됐는지**를 꼭 함께 말해요. 한번 올랐다가 도로 내려오기도 해요. 아래는 배우기 전과 후의 같은 수레예요.

# %% [markdown] lang="en"
# Learning without answers is noisy: the luck of 16 games shakes the gradient, and the gradient changes the next games. Whoever reports reinforcement learning says **how often it was tried, and how often it worked.** A curve may rise and fall back. Below is the cart before and after.


# %%
def film(policy, frames, number=3):
    """한 판의 상태들 ‖ the states of one game"""
    states = play(policy, 1, seed(number), greedy=True)[0]
    return len(states), [states[min(frame, len(states) - 1)] for frame in frames]


frames = (0, 8, 20, 100, 250, 499)
films = {"before": film(untaught, frames), "after": film(runs[best][0], frames)}

# %% tags=["figure"]
figure = board("같은 수레, 배우기 전과 후 ‖ The same cart, before and after", 4.4)
for row, (name, (length, pictures)) in enumerate(films.items()):
    y0 = 0.45 - 0.41 * row
    figure.text(
        0.025,
        y0 + 0.20,
        {"before": "배우기 전 ‖ before", "after": "배운 뒤 ‖ after"}[name],
        size=17,
        weight="bold",
        va="center",
    )
    figure.text(
        0.025, y0 + 0.10, f"{length}걸음 ‖ {length} steps", size=17, va="center", bbox=CHIP if name == "after" else None
    )
    for k, (frame, state) in enumerate(zip(frames, pictures)):
        ax = figure.add_axes([0.165 + 0.138 * k, y0, 0.13, 0.36])
        ax.set(xlim=(-2.4, 2.4), ylim=(-0.75, 2.4), xticks=[], yticks=[])
        ax.axis("off")
        gone = frame >= length
        ax.plot([-2.4, 2.4], [0, 0], color=RULE, lw=2)
        if not gone:
            place, _, angle, _ = state
            ax.add_patch(Rectangle((place - 0.45, 0), 0.9, 0.4, fc=TEAL, ec="none"))
            ax.plot(
                [place, place + 1.7 * np.sin(angle)],
                [0.4, 0.4 + 1.7 * np.cos(angle)],
                color=ORANGE,
                lw=6,
                solid_capstyle="round",
            )
        else:
            ax.text(0, 0.9, "✗", size=30, color=MUTED, ha="center", va="center", family="DejaVu Sans")
        ax.text(0, -0.42, f"{frame + 1}", size=15, color=MUTED, ha="center", va="center")
figure.text(0.985, 0.035, "걸음 ‖ step", size=14, color=MUTED, ha="right", va="center")
show(figure, "3-film", "배우기 전과 배운 뒤의 수레 여섯 장면 ‖ Six scenes of the cart before and after learning")

# %% [markdown] lang="ko"
# ## 4. 틱택토: 자기 자신이 스승이에요
#
# 이번에는 **가치 신경망**이에요. 내가 막 둔 판을 보고 “이 판은 이길까”를 −1(진다)에서 1(이긴다)까지의 수로 말해요. 둘 때는 갈 수 있는 자리를 모두 놓아 보고 가치가 가장 큰 자리를 골라요. 처음에는 아무것도 몰라요. 둘 다 자기예요. 판이 끝나면 승자가 지나온 판은 1, 패자가 지나온 판은 −1에 가까워지게 가르쳐요.
#
# 틱택토는 작아서 완벽한 수를 모두 계산할 수 있어요. 갈 길이 남은 판은 4,520가지예요. 그 모든 판에서 **가장 좋은 수를 고르는 비율**로 채점해요. 사람의 기보는 한 판도 보여 주지 않아요.
#
# **질문 4.** 아무렇게나 고르면 58%쯤 맞아요. 자기와만 둔 뒤에는 얼마쯤 될까요?
#
# **A** 그대로 **B** 80%쯤 **C** 95%를 넘는다

# %% [markdown] lang="en"
# ## 4. Tic-tac-toe: it is its own teacher
#
# Now a **value network**: it looks at the board after my move and says from −1 (lost) to 1 (won) how this will end. To move, it tries every free square and takes the one of the largest value. At first it knows nothing. Both players are itself. When a game is over, the boards of the winner are taught to be 1, those of the loser −1.
#
# Tic-tac-toe is small enough that all perfect moves can be computed. There are 4,520 boards on which there is something to decide; the grade is the share of them on which **the move is one of the best.** No game of a human is ever shown to it.
#
# **Question 4.** Some 58% are right by chance. How many after playing nobody but itself?
#
# **A** the same **B** about 80% **C** more than 95%

# %%
commit(4, "")

# %%
LINES = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]])
# 판은 둘 차례인 사람의 눈으로 적는다: 1 내 돌, −1 상대 돌, 0 빈칸 ‖ a board as the one to move sees it: 1 mine, −1 theirs, 0 free


def won(boards):
    """내 돌 셋이 한 줄인가 ‖ are three of mine in a row?"""
    return (boards[:, LINES].sum(axis=2) == 3).any(axis=1)


@lru_cache(None)
def perfect(board):
    """끝까지 읽은 가치: 1 이김, 0 비김, −1 짐 ‖ the value by reading on to the end: 1 won, 0 drawn, −1 lost"""
    if won(-np.array([board]))[0]:
        return -1
    return max((-perfect(after) for after in moves(board).values()), default=0)


def moves(board):
    """둘 수 있는 자리마다: 둔 뒤 상대의 눈으로 본 판 ‖ for each free square: the board after it, as the opponent sees it"""
    return {i: tuple(-v for v in board[:i] + (1,) + board[i + 1 :]) for i in range(9) if board[i] == 0}


perfect((0,) * 9)
todo, open_boards = [(0,) * 9], {}
while todo:
    one = todo.pop()
    if one not in open_boards and 0 in one and not won(-np.array([one]))[0]:
        open_boards[one] = [i for i, after in moves(one).items() if -perfect(after) == perfect(one)]
        todo += moves(one).values()
BOARDS = np.array(list(open_boards))
BEST = np.array([[i in good for i in range(9)] for good in open_boards.values()])
print(
    f"{len(BOARDS):,}가지 판, 아무렇게나 두면 {(BEST.sum(1) / (BOARDS == 0).sum(1)).mean():.0%} ‖ {len(BOARDS):,} boards, by chance {(BEST.sum(1) / (BOARDS == 0).sum(1)).mean():.0%}"
)
assert len(BOARDS) == 4520 and perfect((0,) * 9) == 0


# %%
def look(boards):
    """판 (N, 9) → 내 돌 9칸과 상대 돌 9칸 (N, 18) ‖ boards (N, 9) → mine and theirs (N, 18)"""
    return minidl.tensor(np.concatenate([boards == 1, boards == -1], axis=1).astype(np.float32))


def values_of(net, boards):
    """빈칸마다 거기에 둔 판의 가치 (N, 9), 찬 칸은 −9 ‖ for each free square the value of the board after it (N, 9), −9 where taken"""
    which, where = np.nonzero(boards == 0)
    after = boards[which].copy()
    after[np.arange(len(which)), where] = 1
    table = np.full(boards.shape, -9.0)
    with minidl.no_grad():
        table[which, where] = net(look(after)).numpy()[:, 0]
    return table


def self_play(net, games, rng):
    """자기와 둔 판들과 그 판을 만든 사람의 결과 ‖ boards of games against itself, and how they ended for the one who had moved"""
    boards, alive, log = np.zeros((games, 9), dtype=int), np.arange(games), []
    outcome, wild = (
        np.zeros(games),
        rng.integers(0, 7, games),
    )  # 처음 몇 수는 아무렇게나: 여러 판을 보게 ‖ the first moves at random, to see many boards
    for ply in range(9):
        table = values_of(net, boards[alive])
        luck = (rng.random(len(alive)) < 0.1) | (ply < wild[alive])
        chance = (rng.random(table.shape) * (table > -9)).argmax(axis=1)
        boards[alive, np.where(luck, chance, table.argmax(axis=1))] = 1
        sign = 1 if ply % 2 == 0 else -1  # 먼저 둔 쪽의 수인가 ‖ a move of the side that began?
        log.append((boards[alive], alive, sign, ply >= wild[alive] - 1))
        over = won(boards[alive])
        outcome[alive[over]] = sign
        alive = alive[~over]
        boards = -boards  # 이제 상대의 눈으로 ‖ now the other one looks
    seen = np.concatenate([b[calm] for b, _, _, calm in log])
    return seen, np.concatenate([sign * outcome[who[calm]] for _, who, sign, calm in log])


def against_chance(net, games, rng):
    """아무렇게나 두는 상대와: 이김, 비김, 짐 (반은 먼저, 반은 나중) ‖ against random moves: won, drawn, lost (half of them moving first)"""
    found = np.zeros(3, dtype=int)
    for first in (True, False):
        boards, alive = np.zeros((games // 2, 9), dtype=int), np.arange(games // 2)
        for ply in range(9):
            mine = (ply % 2 == 0) == first
            table = values_of(net, boards[alive])
            choice = table if mine else rng.random(table.shape) * (table > -9)
            boards[alive, choice.argmax(axis=1)] = 1
            over = won(boards[alive])
            found[0 if mine else 2] += over.sum()
            alive = alive[~over]
            boards = -boards
        found[1] += len(alive)
    return found


def right_moves(net):
    """가장 좋은 수를 고른 비율 ‖ the share of boards on which the move is one of the best"""
    return BEST[np.arange(len(BOARDS)), values_of(net, BOARDS).argmax(axis=1)].mean()


rng = seed(0)
net = nn.Sequential(nn.Linear(18, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Tanh())
ROUNDS = budget(300, 100)
optimizer = minidl.optim.Adam(net.parameters(), lr=3e-3)
schedule = minidl.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4 * ROUNDS)
memory, ends = np.zeros((0, 9), dtype=int), np.zeros(0)
grades_of_net, scores = {0: right_moves(net)}, {0: against_chance(net, 400, rng)}
for turn in range(1, ROUNDS + 1):
    boards, outcome = self_play(net, 64, rng)
    memory, ends = np.concatenate([memory, boards])[-6000:], np.concatenate([ends, outcome])[-6000:]
    for _ in range(4):
        pick = rng.integers(0, len(memory), 256)
        square = np.rot90(
            memory[pick].reshape(-1, 3, 3), rng.integers(4), axes=(1, 2)
        )  # 돌려 봐도 같은 판 ‖ a board turned is the same board
        loss = F.mse_loss(net(look(square.reshape(-1, 9)))[:, 0], minidl.tensor(ends[pick].astype(np.float32)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    if turn % (ROUNDS // 10) == 0:
        grades_of_net[turn] = right_moves(net)
    if turn in (ROUNDS // 10, ROUNDS):
        scores[turn] = against_chance(net, 400, rng)
final, losses = grades_of_net[ROUNDS], scores[ROUNDS][2]
assert final > budget(0.95, 0.84) and losses <= budget(4, 40)

# %% tags=["figure"]
figure = board(
    "기보 한 판 없이, 자기와만 두고도 거의 완벽해진다 ‖ Without one game of ours: nearly perfect by playing itself", 5.6
)
ax = figure.add_axes([0.09, 0.15, 0.42, 0.66])
ax.plot(list(grades_of_net), list(grades_of_net.values()), "o-", color=TEAL, ms=8, clip_on=False)
ax.plot(ROUNDS, final, "o", ms=13, color=ORANGE, mec=INK, mew=1.6, clip_on=False, zorder=5)
ax.set(xlim=(0, ROUNDS), ylim=(0.5, 1.0), xticks=[0, ROUNDS // 2, ROUNDS], yticks=[0.5, 0.75, 1.0])
ax.set_yticklabels(["50%", "75%", "100%"])
ax.set_xlabel("자기와 둔 횟수 (한 번에 64판) ‖ rounds of self-play (64 games each)")
ax.set_title("4,520가지 판에서 가장 좋은 수 ‖ best moves on 4,520 boards", size=15, color=MUTED, loc="left", pad=12)
ax.text(ROUNDS * 0.97, final - 0.06, f"{final:.1%}", size=22, weight="bold", ha="right", va="center")
figure.text(
    0.575, 0.85, "아무렇게나 두는 상대와 400판 ‖ 400 games against random moves", size=15, color=MUTED, va="center"
)
for row, (turn, (wins, draws, lost)) in enumerate(scores.items()):
    bar = figure.add_axes([0.575, 0.605 - 0.215 * row, 0.40, 0.10])
    left = 0
    for count, color, ink in ((wins, TEAL, "white"), (draws, "#c9c4b5", INK), (lost, CRIMSON, "white")):
        bar.barh(0, count, left=left, color=color, height=1)
        if count > 30:
            bar.text(left + count / 2, 0, str(count), size=17, weight="bold", color=ink, ha="center", va="center")
        left += count
    bar.set(xlim=(0, 400), ylim=(-0.5, 0.5))
    bar.axis("off")
    figure.text(
        0.575,
        0.735 - 0.215 * row,
        f"{turn}번 뒤: 짐 {lost} ‖ after {turn}: lost {lost}"
        if turn
        else f"배우기 전: 짐 {lost} ‖ untaught: lost {lost}",
        size=16,
        weight="bold",
        va="center",
    )
for k, (words, color) in enumerate((("이김 ‖ won", TEAL), ("비김 ‖ drawn", "#c9c4b5"), ("짐 ‖ lost", CRIMSON))):
    figure.text(0.575 + 0.135 * k, 0.09, "■", size=16, color=color, va="center", family="DejaVu Sans")
    figure.text(0.60 + 0.135 * k, 0.09, words, size=15, va="center")
show(
    figure,
    "4-selfplay",
    "자기와 두며 좋아지는 비율, 그리고 아무렇게나 두는 상대와의 성적 ‖ The share of best moves rising, and results against random moves",
)
reveal(4, "C")

# %% [markdown] lang="ko"
# **질문 5.** 이제 다 배운 신경망 둘이 서로 가장 좋다고 믿는 수만 둬요. 결과는?
#
# **A** 먼저 둔 쪽이 이긴다 **B** 비긴다 **C** 나중에 둔 쪽이 이긴다

# %% [markdown] lang="en"
# **Question 5.** Two copies of the trained network now play nothing but the moves they believe best. The outcome?
#
# **A** the first player wins **B** a draw **C** the second player wins

# %%
commit(5, "")

# %%
positions, board_now, order = [], np.zeros((1, 9), dtype=int), []
while True:
    table = values_of(net, board_now)
    positions.append((board_now[0] * (1 if len(order) % 2 == 0 else -1), table[0]))
    order.append(int(table.argmax()))
    board_now[0, order[-1]] = 1
    if won(board_now)[0] or len(order) == 9:
        break
    board_now = -board_now
result = won(board_now)[0]
# 줄인 학습에서는 아직 실수할 수 있다 ‖ where training is cut it may still slip
assert budget(not result and len(order) == 9, True)

# %% tags=["figure"]
figure = board("둘 다 잘 두면 비긴다 ‖ If both play well, it is a draw", 4.9)
for k, (stones, table) in enumerate(positions[:8]):
    ax = figure.add_axes([0.025 + 0.243 * (k % 4), 0.455 - 0.435 * (k // 4), 0.215, 0.37])
    ax.set(xlim=(0, 3), ylim=(3, 0), xticks=[], yticks=[], aspect="equal")
    ax.axis("off")
    for i in range(9):
        r, c = divmod(i, 3)
        free = stones[i] == 0
        shade = (table[i] + 1) / 2 if free else 0
        ax.add_patch(
            Rectangle(
                (c + 0.03, r + 0.03),
                0.94,
                0.94,
                fc=SHADE(0.75 * shade) if free else "white",
                ec=ORANGE if i == order[k] else RULE,
                lw=4 if i == order[k] else 1.2,
            )
        )
        if free:
            ax.text(
                c + 0.5,
                r + 0.52,
                num(round(table[i], 1) + 0.0, 1),
                size=14,
                ha="center",
                va="center",
                color="white" if shade > 0.7 else INK,
                weight="bold" if i == order[k] else "normal",
            )
        else:
            ax.text(
                c + 0.5,
                r + 0.52,
                "O" if stones[i] == 1 else "X",
                size=24,
                ha="center",
                va="center",
                weight="bold",
                color=INK if stones[i] == 1 else MUTED,
            )
    ax.text(-0.12, 0.32, f"{k + 1}", size=16, color=MUTED, ha="right", va="center")
show(
    figure,
    "5-game",
    "신경망 둘이 둔 판의 여덟 장면, 빈칸마다 가치 ‖ Eight scenes of a game between two copies, with the value of each free square",
)
reveal(5, "B")

# %% [markdown] lang="ko"
# 칸에 적힌 수가 가치예요. 주황 테두리가 고른 자리예요. 알파고는 여기에 두 가지를 더했어요. 어디부터 읽을지 정하는 **정책 신경망**과, 몇 수 앞을 내다보는 **탐색**이에요. 바둑은 판의 가짓수가 우주의 원자보다 많아서 채점표를 만들 수 없어요. 우리처럼 한 수만 보고도 거의 완벽해지는 것은 틱택토가 작기 때문이에요.

# %% [markdown] lang="en"
# The number in a square is its value; an orange frame marks the move. AlphaGo added two things: a **policy network** that says where to read first, and a **search** that looks several moves ahead. Go has more boards than the universe has atoms, so nobody can compute its key. That one move ahead is nearly enough for us is owed to the smallness of tic-tac-toe.

# %% [markdown] lang="ko"
# ## 5. 숨은 실수 찾기
#
# 친구가 수익을 더 짧게 짰어요. 오류 없이 도는데, 배울수록 막대가 **더 빨리** 넘어져요. **한 줄이 틀렸어요.**

# %% [markdown] lang="en"
# ## 5. Find the mistake
#
# A friend wrote the returns in fewer lines. It runs without an error, but the more it learns, the **sooner** the pole falls. **One line is wrong.**


# %% tags=["mistake"]
def friends_returns(rewards, gamma=0.99):
    discounts = gamma ** np.arange(len(rewards))
    return np.cumsum(rewards * discounts)


friends_updates = budget(15, 8)
_, friends_lengths = learn(0, friends_updates, friends_returns)

# %% tags=["figure"]
figure = board("친구의 막대는 배울수록 빨리 넘어진다 ‖ The friend’s pole falls sooner and sooner", 4.9)
ax = figure.add_axes([0.09, 0.17, 0.62, 0.64])
ours = runs[0][1][:friends_updates]
ax.plot(range(1, friends_updates + 1), ours, color=TEAL)
ax.plot(range(1, friends_updates + 1), friends_lengths, color=INK, ls=(0, (3, 1.5)))
ax.axhline(friends_lengths[0], color=MUTED, lw=1.2, ls=(0, (2, 3)))
ax.set(
    xlim=(1, friends_updates),
    yscale="log",
    ylim=(6, 700),
    yticks=[10, 30, 100, 300],
    xticks=[1, friends_updates // 2, friends_updates],
)
ax.set_yticklabels(["10", "30", "100", "300"])
ax.minorticks_off()
ax.set_xlabel("갱신 ‖ updates")
ax.set_ylabel("평균 걸음 ‖ mean steps")
ax.text(
    friends_updates * 1.02,
    ours[-1],
    f"우리 {ours[-1]:.0f} ‖ ours {ours[-1]:.0f}",
    size=18,
    weight="bold",
    color=TEAL,
    va="center",
)
ax.text(
    friends_updates * 1.02,
    friends_lengths[-1],
    f"친구 {friends_lengths[-1]:.0f} ‖ friend {friends_lengths[-1]:.0f}",
    size=18,
    weight="bold",
    va="center",
)
show(figure, "6-mistake", "친구와 우리의 학습 곡선, 로그 눈금 ‖ Both learning curves, on a logarithmic scale")

# %% [markdown] lang="ko"
# 어느 줄인지 찾아 고쳐 보세요. 힌트: 마지막 걸음, 곧 **넘어지기 직전의 행동**이 몇 점을 받는지 `friends_returns(np.ones(4))`와 `returns(np.ones(4))`를 비교해요.

# %% [markdown] lang="en"
# Find the line and mend it. A hint: compare `friends_returns(np.ones(4))` with `returns(np.ones(4))`. What does the last step get, **the action just before the fall**?

# %% [markdown] lang="ko" tags=["exercise"]
# ## 6. 연습 문제
#
# **연습 1 (종이와 연필).** 점수가 차례로 $(0,\ 0,\ 1)$이고 $\gamma=0.9$일 때 수익 $G_0,\ G_1,\ G_2$를 구해 아래에 적어요.

# %% [markdown] lang="en" tags=["exercise"]
# ## 6. Exercises
#
# **Exercise 1 (pen and paper).** The rewards are $(0,\ 0,\ 1)$ and $\gamma=0.9$. Work out the returns $G_0,\ G_1,\ G_2$, then write them below.

# %%
my_returns = (None, None, None)

if None not in my_returns:
    print(np.allclose(returns(np.array([0.0, 0.0, 1.0]), 0.9), my_returns))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (평균을 빼도 되는 까닭).** 행동의 확률이 $p=(0.2,\ 0.5,\ 0.3)$이에요. 행동을 이 확률로 뽑을 때 $p-\text{onehot}(a)$의 **평균**은 얼마일까요? 손으로 구하고, 아래에서 제비뽑기로 확인해요. 그래서 $G$에서 어떤 상수 $b$를 빼도 기울기의 평균은 왜 그대로일까요?

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (why the average may go).** The actions have the probabilities $p=(0.2,\ 0.5,\ 0.3)$ and are drawn with them. What is the **mean** of $p-\text{onehot}(a)$? Work it out, then check it by lot below. Why, then, may any constant $b$ be taken from $G$ without changing the mean gradient?

# %%
p = np.array([0.2, 0.5, 0.3])
draws = np.random.default_rng(0).choice(3, 10_000, p=p)
(p - np.eye(3)[draws])[:5]  # 처음 다섯 번. 만 번의 평균은? ‖ the first five; what is the mean of all?

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (심판이 채점해요).** REINFORCE의 기울기는 교차 엔트로피의 기울기에 무게를 단 것이었어요. 그 교차 엔트로피의 `backward`를 NumPy로 완성해요. `t`는 뽑힌 행동의 번호 `(N,)`, `x`는 점수 `(N, C)`예요. 도움말: `minidl.judge("cross_entropy").hint()`.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged).** REINFORCE weighs the gradient of cross-entropy. Complete the `backward` of that cross-entropy in NumPy. `t` are the numbers of the drawn actions `(N,)`, `x` the scores `(N, C)`. For help: `minidl.judge("cross_entropy").hint()`.


# %%
@minidl.judge("cross_entropy")
def backward(dz, x, t):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return dz * p / len(t)  # ← 이 줄을 고쳐요 ‖ ← mend this line


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
# `np.cumsum`은 **지나온** 점수를 더해요. 수익은 **앞으로 받을** 점수예요. 친구의 방법으로는 넘어지기 직전의 행동이 가장 큰 칭찬을 받아서, 빨리 넘어지는 법을 배워요. 뒤에서부터 더해요.
#
# ```python
# def mended(rewards, gamma=0.99):
#     discounts = gamma ** np.arange(len(rewards))
#     return np.cumsum((rewards * discounts)[::-1])[::-1] / discounts
# assert np.allclose(mended(np.ones(7)), returns(np.ones(7)))
# assert friends_returns(np.ones(4)).argmax() == 3 and returns(np.ones(4)).argmax() == 0
# assert friends_lengths[-1] < friends_lengths[0] < ours[-1]
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# 뒤에서부터: $G_2=1$, $G_1=0+0.9\cdot1=0.9$, $G_0=0+0.9\cdot0.9=0.81$.
#
# ```python
# assert np.allclose(returns(np.array([0.0, 0.0, 1.0]), 0.9), (0.81, 0.9, 1))
# ```
# </details>
#
# <details><summary>연습 2</summary>
#
# $\text{onehot}(a)$의 평균은 바로 $p$예요. 그래서 $p-\text{onehot}(a)$의 평균은 0이고, 상수 $b$를 곱해도 0이에요. 평균은 그대로인데 흔들림은 줄어들어요. 공짜 점심이에요.
#
# ```python
# assert np.abs((p - np.eye(3)[draws]).mean(axis=0)).max() < 0.02
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# 정답 자리(뽑힌 행동)에서 1을 빼요.
#
# ```python
# def solved(dz, x, t):
#     e = np.exp(x - x.max(axis=1, keepdims=True))
#     p = e / e.sum(axis=1, keepdims=True)
#     return dz * (p - np.eye(x.shape[1])[t]) / len(t)
# assert minidl.judge("cross_entropy").check(solved)
# assert not minidl.judge("cross_entropy").check(backward)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# `np.cumsum` adds up the points of the **past**. A return is what is **still to come**. The friend's way praises the action just before the fall most of all, so it learns to fall soon. Add from the end.
#
# ```python
# def mended(rewards, gamma=0.99):
#     discounts = gamma ** np.arange(len(rewards))
#     return np.cumsum((rewards * discounts)[::-1])[::-1] / discounts
# assert np.allclose(mended(np.ones(7)), returns(np.ones(7)))
# assert friends_returns(np.ones(4)).argmax() == 3 and returns(np.ones(4)).argmax() == 0
# assert friends_lengths[-1] < friends_lengths[0] < ours[-1]
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# From the end: $G_2=1$, $G_1=0+0.9\cdot1=0.9$, $G_0=0+0.9\cdot0.9=0.81$.
#
# ```python
# assert np.allclose(returns(np.array([0.0, 0.0, 1.0]), 0.9), (0.81, 0.9, 1))
# ```
# </details>
#
# <details><summary>Exercise 2</summary>
#
# The mean of $\text{onehot}(a)$ is $p$ itself. So the mean of $p-\text{onehot}(a)$ is 0, and a constant $b$ times 0 is 0. The mean stays, the shaking becomes less: a free lunch.
#
# ```python
# assert np.abs((p - np.eye(3)[draws]).mean(axis=0)).max() < 0.02
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# Take 1 off at the right class, here the drawn action.
#
# ```python
# def solved(dz, x, t):
#     e = np.exp(x - x.max(axis=1, keepdims=True))
#     p = e / e.sum(axis=1, keepdims=True)
#     return dz * (p - np.eye(x.shape[1])[t]) / len(t)
# assert minidl.judge("cross_entropy").check(solved)
# assert not minidl.judge("cross_entropy").check(backward)
# ```
# </details>
