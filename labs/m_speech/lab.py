# %% [markdown] lang="ko"
# # 실습 M. 말소리: 스펙트로그램도 그림이다
#
# 소리는 1초에 8,000개의 수예요. 그대로는 한 줄이지만, **언제 어떤 높이의 소리가 얼마나 센지**를 그리면 그림이 돼요. 그림이라면 실습 C의 CNN이 읽을 수 있어요.
#
# **이것은 장난감이에요.** 목소리 여섯, 숫자 열 개, 녹음은 한 번씩이라 모두 60개뿐이에요. 그래서 한 녹음을 빠르게·느리게·시끄럽게 바꾼 **사본을 만들어** 배워요.
# 녹음은 전화 교환기 Asterisk의 안내 음성이에요(`labs/data/speech`, CC BY-SA 3.0). 목소리: Allison Smith, June Wallack, Carlo Flora, Marco Menardi와 Paola Dal Zot(http://www.voip.ammdomus.it), ivrvoice.ru.
#
# 진행 방법: 질문을 읽고 `commit(1, "B")`처럼 **먼저** 적은 뒤 실행해요. 첫 답만 기록돼요. **청록**은 순전파로 계산한 값, **진홍**은 틀린 것, **주황**은 이번에 얻은 결과예요.

# %% [markdown] lang="en"
# # Lab M. Speech: a spectrogram is an image
#
# Sound is 8,000 numbers a second. As they come they are one line; but draw **when which pitch is how strong**, and you have an image. And an image the CNN of lab C can read.
#
# **This is a toy.** Six voices, ten digits, each recorded once: 60 recordings in all. So it learns from **copies that we make**: faster, slower, noisier.
# The recordings are prompts of the telephone exchange Asterisk (`labs/data/speech`, CC BY-SA 3.0). Voices: Allison Smith, June Wallack, Carlo Flora, Marco Menardi and Paola Dal Zot (http://www.voip.ammdomus.it), ivrvoice.ru.
#
# How it goes: read the question, write your answer **first**, as in `commit(1, "B")`, then run. Only the first answer is recorded. **Teal** is what the forward pass computed, **crimson** is what is wrong, **orange** is the result just obtained.

# %% tags=["setup"]
import numpy as np
from scipy import signal

import minidl
from labs.build import HERE
from labs.kit import CHIP, CRIMSON, INK, MUTED, TEAL, board, budget, commit, num, picture, reveal, score, seed, show
from minidl import nn

F = nn.functional
RATE = 8000  # 1초의 표본 수 ‖ samples a second
stored = np.load(HERE / "data" / "speech" / "digits.npz")
VOICES = ["it_carlo", "it_paola", "es_allison", "fr_june", "en_allison", "ru_ivrvoice"]
sounds = {voice: [stored[f"{voice}_{digit}"].astype(np.float32) / 32768 for digit in range(10)] for voice in VOICES}
NAMES = dict(
    zip(
        VOICES,
        (
            "이탈리아어 카를로 ‖ Italian, Carlo",
            "이탈리아어 파올라 ‖ Italian, Paola",
            "스페인어 ‖ Spanish",
            "프랑스어 ‖ French",
            "영어 ‖ English",
            "러시아어 ‖ Russian",
        ),
    )
)

# %% [markdown] lang="ko"
# ## 1. 소리에서 그림으로
#
# 소리를 짧은 **창**(frame)으로 잘라, 창마다 푸리에 변환으로 어떤 높이(주파수)가 얼마나 센지 재요. 세기의 로그를 세로로, 시간을 가로로 늘어놓으면 스펙트로그램이에요.
#
# $$S[f,t]=\log\Big|\sum_{n}w_n\,x_{t+n}\,e^{-2\pi i\,fn/N}\Big|^2$$
#
# **질문 1.** 창을 $N=256$(32밀리초)에서 $N=64$(8밀리초)로 줄이면 무엇이 나빠질까요?
#
# **A** 언제인지(시간) **B** 어떤 높이인지(주파수) **C** 둘 다

# %% [markdown] lang="en"
# ## 1. From sound to image
#
# Cut the sound into short **frames**, and for each find by a Fourier transform which pitch (frequency) is how strong. Put the logarithm of that upwards and time from left to right: a spectrogram.
#
# $$S[f,t]=\log\Big|\sum_{n}w_n\,x_{t+n}\,e^{-2\pi i\,fn/N}\Big|^2$$
#
# **Question 1.** Shorten the frame from $N=256$ (32 milliseconds) to $N=64$ (8 milliseconds). What becomes worse?
#
# **A** when it was (time) **B** how high it was (frequency) **C** both

# %%
commit(1, "")


# %%
def power(x, size=256, hop=64):
    """소리 (n,) → 세기 (size/2 + 1, T): 창마다 푸리에 변환의 크기 제곱 ‖ sound (n,) → power (size/2 + 1, T) of each frame's Fourier transform"""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, size // 2), size)[::hop]
    return np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)).T ** 2


sound = sounds["it_paola"][5]  # “cinque”
*_, theirs = signal.spectrogram(
    np.pad(sound, 128),
    RATE,
    window=np.hanning(256),
    nperseg=256,
    noverlap=192,
    detrend=False,
    scaling="spectrum",
    mode="magnitude",
)
ours = np.sqrt(power(sound)) / np.hanning(256).sum()
assert np.allclose(ours, theirs, atol=1e-6)  # 심판: SciPy ‖ the judge: SciPy

# %% tags=["figure"]
figure = board(
    "짧은 창은 언제인지, 긴 창은 얼마나 높은지 잘 안다 ‖ Short frames know when, long frames know how high", 5.2
)
for k, size in enumerate((64, 256, 1024)):
    image = np.log(power(sound, size, 16) + 1e-4 * power(sound, size, 16).max())
    ax = figure.add_axes([0.075 + 0.315 * k, 0.20, 0.285, 0.56])
    ax.imshow(image, origin="lower", aspect="auto", cmap="gray_r", extent=(0, len(sound) / RATE, 0, 4))
    ax.set(xticks=[0, 0.5], yticks=[0, 2, 4] if k == 0 else [])
    ax.set_title(
        f"창 {1000 * size / RATE:.0f}밀리초 ‖ frames of {1000 * size / RATE:.0f} ms", size=17, color=INK, pad=8
    )
    ax.set_xlabel("초 ‖ seconds")
    if k == 0:
        ax.set_ylabel("kHz")
show(
    figure, "1-frames", "“cinque”의 스펙트로그램, 창의 길이 셋 ‖ Spectrograms of “cinque” with three lengths of frames"
)
reveal(1, "B")

# %% [markdown] lang="ko"
# 창이 $N$이면 주파수 눈금은 $8000/N$ Hz예요. $N=64$이면 125 Hz씩이라 목소리의 높낮이가 뭉개지고, $N=1024$이면 8 Hz씩이지만 128밀리초 동안의 일이 섞여요. **둘을 함께 좋게 할 수는 없어요.** 말소리에서는 30밀리초쯤을 많이 써요.
#
# ## 2. 실습 C의 CNN에 맞추기
#
# 강의의 CNN은 28×28 이미지를 받아요. 그러니 스펙트로그램을 28×28로 만들어요. 세로는 귀처럼 낮은 소리를 촘촘하게 나눈 28개의 띠(mel), 가로는 말의 처음부터 끝까지를 28칸으로 나눠요.
# 사본을 만드는 법: 속도를 0.75배에서 1.3배까지 바꾸고(목소리의 높이도 함께 바뀌어요), 앞뒤를 조금 비우고, 잡음을 섞어요.

# %% [markdown] lang="en"
# With frames of $N$ the frequencies are $8000/N$ Hz apart: 125 Hz at $N=64$, too coarse for the pitch of a voice; 8 Hz at $N=1024$, but then all that happens in 128 milliseconds is mixed. **You cannot have both.** For speech some 30 milliseconds are usual.
#
# ## 2. Fit it to the CNN of lab C
#
# The lecture's CNN takes images of 28×28, so we make the spectrogram 28×28: upwards 28 bands that are narrow for low sounds, as in the ear (mel); from left to right the word from its start to its end in 28 columns.
# How copies are made: the speed is changed from 0.75 to 1.3 times (which changes the pitch too), a little silence is added, and noise is mixed in.


# %%
def mel_bands(count=28, size=256, low=100, high=3800):
    """겹치는 세모 띠 (28, 129) ‖ overlapping triangles (28, 129)"""
    mel = np.linspace(*(2595 * np.log10(1 + f / 700) for f in (low, high)), count + 2)
    edge = (700 * (10 ** (mel / 2595) - 1))[:, None]
    f = np.arange(size // 2 + 1) * RATE / size
    return np.maximum(
        0, np.minimum((f - edge[:-2]) / (edge[1:-1] - edge[:-2]), (edge[2:] - f) / (edge[2:] - edge[1:-1]))
    )


BANDS = mel_bands()


def image_of(x):
    """소리 → (28, 28), 평균 0, 분산 1 ‖ sound → (28, 28), mean 0, variance 1"""
    bands = np.log(BANDS @ power(x) + 0.25 * np.mean(x**2))
    at = np.linspace(0, bands.shape[1] - 1, 28)
    columns = np.stack([np.interp(at, np.arange(bands.shape[1]), band) for band in bands])
    return ((columns - columns.mean()) / columns.std()).astype(np.float32)


def copy_of(x, rng):
    """바꾼 사본: 속도, 빈 곳, 잡음 ‖ a changed copy: speed, silence, noise"""
    x = np.interp(np.linspace(0, len(x) - 1, int(len(x) / rng.uniform(0.75, 1.3))), np.arange(len(x)), x)
    x = np.pad(x, rng.integers(0, 800, 2))[rng.integers(0, 600) :]
    return x + rng.normal(0, 10 ** rng.uniform(-3.5, -1.7), len(x)) * np.abs(x).max()


# %% tags=["figure", "print"]
figure = board("같은 말은 목소리가 달라도 닮은 그림이 된다 ‖ The same word looks alike in another voice", 6.4)
for row, voice in enumerate(("it_carlo", "it_paola", "es_allison", "ru_ivrvoice")):
    y = 0.645 - 0.205 * row
    figure.text(0.03, y + 0.095, NAMES[voice], size=15.5, va="center", weight="bold" if row < 2 else "normal")
    for k, digit in enumerate((1, 2, 3, 5, 6, 8)):
        ax = figure.add_axes([0.265 + 0.122 * k, y, 0.112, 0.185])
        picture(ax, image_of(sounds[voice][digit]), vmin=-2.5, vmax=2.5, cmap="gray_r", origin="lower", aspect="auto")
        if row == 0:
            ax.set_title(str(digit), size=20, weight="bold", color=INK, pad=6)
show(figure, "2-voices", "숫자 여섯 개의 스펙트로그램, 목소리 넷 ‖ Spectrograms of six digits in four voices")

# %% [markdown] lang="ko"
# 카를로는 남자, 파올라는 여자이고 둘 다 이탈리아어로 말해요. 스페인어(uno, dos, tres, cinco, seis, ocho)는 이탈리아어(uno, due, tre, cinque, sei, otto)의 친척이에요. 러시아어는 더 멀어요.
#
# ## 3. 카를로에게 배우고 다른 목소리에 시험하기
#
# 이제 **카를로의 녹음 열 개**만으로(사본 600개) 강의의 CNN을 가르쳐요. 그리고 한 번도 듣지 못한 목소리에 시험해요. 아무렇게나 찍으면 열에 하나를 맞혀요.
#
# **질문 2.** 이탈리아어만 배운 망이 스페인어 숫자 열 개 가운데 몇 개를 맞힐까요?
#
# **A** 한 개쯤 **B** 다섯 개쯤 **C** 열 개

# %% [markdown] lang="en"
# Carlo is a man and Paola a woman; both speak Italian. Spanish (uno, dos, tres, cinco, seis, ocho) is a relative of Italian (uno, due, tre, cinque, sei, otto). Russian is farther away.
#
# ## 3. Learn from Carlo, test on other voices
#
# We now teach the lecture's CNN from **Carlo's ten recordings** only (600 copies), and test it on voices that it never heard. By guessing, one in ten would be right.
#
# **Question 2.** Of the ten Spanish digits, how many does a network get right that learned Italian only?
#
# **A** about one **B** about five **C** ten

# %%
commit(2, "")


# %%
def lecture_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 10, 5, padding=3), nn.ReLU(), nn.MaxPool2d(2),  # (N, 10, 15, 15)
        nn.Conv2d(10, 20, 5, padding=3), nn.ReLU(), nn.MaxPool2d(2),  # (N, 20, 8, 8)
        nn.Flatten(), nn.Linear(8 * 8 * 20, 10),
    )  # fmt: skip


def copies(voices, count, rng):
    """이미지 (n, 1, 28, 28), 숫자 (n,), 어느 녹음인지 (n,) ‖ images (n, 1, 28, 28), digits (n,), which recording (n,)"""
    source = [(voice, digit) for voice in voices for digit in range(10) for _ in range(count)]
    images = np.stack([image_of(copy_of(sounds[voice][digit], rng)) for voice, digit in source])[:, None]
    recording = np.repeat(np.arange(10 * len(voices)), count)
    return images, np.array([digit for _, digit in source]), recording


def learn(images, digits, epochs, number=0):
    rng = seed(number)
    net = lecture_cnn()
    optimizer = minidl.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for i in np.array_split(order, len(order) // 50):
            optimizer.zero_grad()
            F.cross_entropy(net(minidl.tensor(images[i])), minidl.tensor(digits[i])).backward()
            optimizer.step()
    return net


def answers_of(net, images):
    with minidl.no_grad():
        return net(minidl.tensor(images)).argmax(dim=1).numpy()


def right(net, voice):
    """열 개 가운데 맞은 것 ‖ right answers of ten"""
    images = np.stack([image_of(x) for x in sounds[voice]])[:, None]
    return int((answers_of(net, images) == np.arange(10)).sum())


count, epochs = budget(60, 40), budget(5, 4)
seeds = budget([0, 1], [0])  # 씨앗마다 사본도 출발점도 다르다 ‖ each seed has its own copies and its own start
marks = {voice: [] for voice in VOICES}
for number in seeds:
    images, digits, _ = copies(["it_carlo"], count, np.random.default_rng(number))
    carlo = learn(images, digits, epochs, number)
    for voice in VOICES:
        marks[voice].append(right(carlo, voice))
mean = {voice: np.mean(marks[voice]) for voice in VOICES}

# %% tags=["figure"]
figure = board(
    "카를로에게 배운 망은 파올라를 알아듣고, 스페인어도 반쯤 알아듣는다 ‖ Taught by Carlo, it understands Paola, and half of Spanish",
    5.4,
)
ax = figure.add_axes([0.29, 0.14, 0.56, 0.70])
for k, voice in enumerate(VOICES):
    ax.barh(k, mean[voice], height=0.6, color=TEAL if k else "none", ec=TEAL, lw=2)
    ax.plot(marks[voice], [k] * len(seeds), "o", ms=7, mfc="white", mec=INK, mew=1.5, clip_on=False, zorder=4)
    ax.text(10.5, k, num(mean[voice], 1), size=21, weight="bold", va="center")
    ax.text(-0.25, k, NAMES[voice], size=16, va="center", ha="right", color=INK if k else MUTED)
ax.axvline(1, color=MUTED, lw=1.4, ls=(0, (2, 3)))
ax.text(1.1, 5.75, "찍으면 1 ‖ guessing: 1", size=14, color=MUTED, va="center")
ax.set(xlim=(0, 10), ylim=(6.0, -0.6), xticks=[0, 5, 10], yticks=[])
ax.set_xlabel("열 개 가운데 맞은 것 (점: 씨앗마다) ‖ right of ten (dots: each seed)")
figure.text(0.05, 0.035, "빈 막대: 배운 녹음 ‖ hollow: what it learned", size=14, color=MUTED)
show(figure, "3-voices", "목소리마다 맞은 숫자의 수 ‖ How many digits are right for each voice")
assert mean["it_carlo"] >= 9 and mean["it_paola"] >= budget(6, 5) and 3 <= mean["es_allison"] <= 8.5
assert mean["it_paola"] > mean["ru_ivrvoice"]
reveal(2, "B")

# %% [markdown] lang="ko"
# 스페인어를 들은 적이 없는데도 절반쯤 맞혀요. 두 말이 라틴어에서 갈라져 나와 숫자의 **소리 그림이 닮았기** 때문이에요. 말의 뜻을 아는 것이 아니라 그림이 닮은 것을 고른다는 증거이기도 해요.
# 시험이 열 개뿐이니 한 개 차이는 우연일 수 있어요. 그래서 씨앗마다 점을 찍었어요. 사본과 에포크의 수, 소리를 바꾸는 폭도 **이 시험 녹음의 결과를 보면서 골랐어요.** 따로 고를 목소리가 모자랐거든요. 그러니 파올라의 점수는 조금 후해요.

# %% [markdown] lang="en"
# It never heard Spanish, yet gets about half right: both languages come from Latin, and their digits **look alike as sound**. It is also evidence that it knows no meaning, but picks the image that looks alike.
# With ten test recordings a difference of one may be chance; so each seed has its dot. The numbers of copies and epochs, and how far the copies are changed, were **chosen by looking at these very recordings**, for want of more voices to choose by; so Paola's mark is a little generous.

# %% [markdown] lang="ko"
# ## 4. 많이 섞으면 더 잘할까?
#
# 이번에는 다섯 목소리(카를로, 스페인어, 프랑스어, 영어, 러시아어)의 녹음 쉰 개로 배워요. 시험은 처음과 같이 **파올라의 이탈리아어**예요.
#
# **질문 3.** 파올라의 열 개 가운데 맞히는 수는, 카를로만으로 배웠을 때보다?
#
# **A** 늘어난다 **B** 그대로이거나 줄어든다 **C** 열 개를 다 맞힌다

# %% [markdown] lang="en"
# ## 4. Does more of everything help?
#
# Now it learns from fifty recordings of five voices (Carlo, Spanish, French, English, Russian). The test is **Paola's Italian**, as before.
#
# **Question 3.** Of Paola's ten, how many does it get right, compared with learning from Carlo alone?
#
# **A** more **B** as many or fewer **C** all ten

# %%
commit(3, "")

# %% tags=["machine"]
others = [voice for voice in VOICES if voice != "it_paola"]
mixed = []
for number in seeds[:2]:
    images, digits, _ = copies(others, budget(40, 20), np.random.default_rng(number))
    mixed.append(right(learn(images, digits, budget(3, 4), number), "it_paola"))
print(
    f"카를로만: {mean['it_paola']:.1f}, 다섯 목소리: {np.mean(mixed):.1f} ‖ Carlo alone: {mean['it_paola']:.1f}, five voices: {np.mean(mixed):.1f}"
)
assert np.mean(mixed) <= mean["it_paola"] + budget(0.5, 1)
reveal(3, "B")

# %% [markdown] lang="ko"
# 녹음은 다섯 배인데 좋아지지 않았어요. 같은 이름표 “5”에 cinque, cinco, cinq, five, пять가 모두 들어 있으니 망은 더 어려운 일을 해야 하고, 이탈리아어에 쓸 힘은 줄어요. **자료는 많은 것보다 시험과 닮은 것이 먼저예요.** 파올라처럼 말하는 이탈리아 사람이 더 있었다면 이야기가 달랐을 거예요.
#
# ## 5. 숨은 실수 찾기
#
# 친구가 카를로의 사본 600개를 섞어 500개로 배우고 **남은 100개로 시험했더니 정확도가 거의 100%** 였어요. “숫자를 거의 완벽하게 알아듣는다”고 자랑했지요. 코드에 오류는 없어요. 그런데 다른 목소리에서는 그렇지 않아요. 무엇이 잘못됐을까요?

# %% [markdown] lang="en"
# Five times the recordings, and no gain. The label “5” now holds cinque, cinco, cinq, five and пять: a harder task, with less of the network left for Italian. **Data like the test comes before more data.** With more Italians who speak as Paola does it would have been another story.
#
# ## 5. Find the mistake
#
# A friend shuffled Carlo's 600 copies, learned from 500 and **tested on the other 100: almost 100% right**. “It understands digits almost perfectly”, says the friend. The code has no error. Yet with other voices it is not so. What went wrong?

# %% tags=["mistake"]
images, digits, recording = copies(["it_carlo"], 60, np.random.default_rng(5))
order = np.random.default_rng(5).permutation(len(images))
to_learn, to_test = order[:500], order[500:]
friends_net = learn(images[to_learn], digits[to_learn], budget(5, 4))
friends_accuracy = np.mean(answers_of(friends_net, images[to_test]) == digits[to_test])
known = np.mean(np.isin(recording[to_test], recording[to_learn]))

# %% tags=["figure"]
figure = board("시험 문제의 원본을 이미 들었다면 시험이 아니다 ‖ If it has heard the original, it is no test", 5.0)
rows = (
    ("친구의 시험: 카를로의 다른 사본 ‖ the friend’s test: more copies of Carlo", friends_accuracy, CRIMSON),
    ("다른 사람: 파올라 ‖ another person: Paola", right(friends_net, "it_paola") / 10, TEAL),
    (
        "다른 사람, 다른 말: 스페인어 ‖ another person and language: Spanish",
        right(friends_net, "es_allison") / 10,
        TEAL,
    ),
)
for k, (words, value, color) in enumerate(rows):
    y = 0.60 - 0.215 * k
    figure.text(0.03, y + 0.115, words, size=17, color=INK)
    ax = figure.add_axes([0.03, y, 0.72, 0.09])
    ax.barh(0, value, color=color)
    ax.set(xlim=(0, 1), ylim=(-0.5, 0.5), xticks=[], yticks=[])
    figure.text(0.79, y + 0.045, f"{value:.0%}", size=28, weight="bold", va="center", color=color)
figure.text(
    0.03,
    0.08,
    f"친구의 시험 가운데 원본을 이미 들은 것: {known:.0%} ‖ Of the friend’s test, already heard in the original: {known:.0%}",
    size=16,
    bbox=CHIP,
)
show(figure, "4-mistake", "친구의 시험과 다른 사람의 시험 ‖ The friend's test, and a test with another person")

# %% [markdown] lang="ko"
# 위 셀의 어느 줄이 “시험용”을 잘못 골랐는지 찾아 보세요. 힌트: `recording`은 사본이 어느 녹음에서 나왔는지 말해 줘요.

# %% [markdown] lang="en"
# Find the line of the cell above that chose the test badly. A hint: `recording` says which recording a copy comes from.

# %% [markdown] lang="ko" tags=["exercise"]
# ## 6. 연습 문제
#
# **연습 1 (종이와 연필).** 표본이 1초에 8,000개이고 창이 $N=200$개, 창을 옮기는 걸음이 80개예요. 창은 몇 밀리초이고, 주파수 눈금은 몇 Hz씩이며, 1초에 창은 몇 번일까요?

# %% [markdown] lang="en" tags=["exercise"]
# ## 6. Exercises
#
# **Exercise 1 (pen and paper).** There are 8,000 samples a second, frames of $N=200$, moved by steps of 80. How many milliseconds is a frame, how many Hz are frequencies apart, and how many frames start in a second?

# %%
my_milliseconds, my_hertz, my_frames = None, None, None

if my_hertz is not None:
    print([my_milliseconds == 1000 * 200 / RATE, my_hertz == RATE / 200, my_frames == RATE / 80])

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (바르게 나누기).** 어느 녹음의 사본인지(`recording`)를 받아, **시험의 어떤 녹음도 학습에 들어 있지 않게** 나누는 함수를 써요. 녹음의 5분의 1을 시험으로 둬요. 목소리 둘(녹음 20개)로 시험해요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (a proper split).** Write a function that is told which recording each copy comes from (`recording`) and splits so that **no recording of the test is among those learned from.** Keep a fifth of the recordings for the test. It is tried on two voices (20 recordings).


# %%
def split(recording, rng):
    """recording (n,) → 학습의 번호, 시험의 번호 ‖ recording (n,) → the indices to learn from, those to test"""
    order = rng.permutation(len(recording))  # ← 이 줄부터 고쳐요 ‖ ← mend from here
    return order[: len(order) * 4 // 5], order[len(order) * 4 // 5 :]


def split_is_right(split):
    recording = np.repeat(np.arange(20), 30)
    learned, tested = split(recording, np.random.default_rng(0))
    whole = sorted([*learned, *tested]) == list(range(len(recording)))
    return bool(whole and not set(recording[learned]) & set(recording[tested]) and len(tested) == len(recording) // 5)


print("맞았나? ‖ right?", split_is_right(split))

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** 스펙트로그램을 훑는 합성곱의 역전파예요. 수업 화면의 [conv1.dw](lesson:conv1.dw)와 [conv2.dx](lesson:conv2.dx)가 도움이 돼요. 아래 답은 $dw$와 $db$는 맞지만 $dx$가 빠졌어요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (judged by `minidl.judge`).** The backward pass of the convolution that goes over the spectrogram. [conv1.dw](lesson:conv1.dw) and [conv2.dx](lesson:conv2.dx) of the lesson page help. In the answer below $dw$ and $db$ are right, and $dx$ is missing.


# %%
@minidl.judge("conv2d")
def backward(dz, x, w, b, stride, padding):
    wide = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    x_wide = np.pad(x, wide)
    dx_wide, dw = np.zeros_like(x_wide), np.zeros_like(w)
    kh, kw = w.shape[2:]
    for p, q in np.ndindex(*dz.shape[2:]):
        here = np.s_[:, :, p * stride : p * stride + kh, q * stride : q * stride + kw]
        dw += np.tensordot(dz[:, :, p, q], x_wide[here], (0, 0))
        # dx_wide[here] += ...  ← 이 줄을 채워요 ‖ ← write this line
    dx = dx_wide[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, dz.sum(axis=(0, 2, 3))


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
# `order[:500], order[500:]`이 **사본을** 나눴어요. 시험의 사본은 모두 학습 때 들은 녹음에서 나온 것이에요. 녹음을 먼저 나누고 사본은 나중에 만들어야 해요. 가장 좋은 것은 사람을 나누는 것이에요.
#
# ```python
# heard = right(friends_net, "it_paola") + right(friends_net, "es_allison")
# assert friends_accuracy > 0.9 and known == 1 and heard < 18
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $200/8000$초는 25밀리초, $8000/200=40$ Hz, $8000/80=100$번이에요.
# </details>
#
# <details><summary>연습 2</summary>
#
# ```python
# def by_recording(recording, rng):
#     kinds = rng.permutation(np.unique(recording))
#     tested = np.isin(recording, kinds[: len(kinds) // 5])
#     return np.flatnonzero(~tested), np.flatnonzero(tested)
#
# assert split_is_right(by_recording)
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# ```python
# def solved(dz, x, w, b, stride, padding):
#     wide = ((0, 0), (0, 0), (padding, padding), (padding, padding))
#     x_wide = np.pad(x, wide)
#     dx_wide, dw = np.zeros_like(x_wide), np.zeros_like(w)
#     kh, kw = w.shape[2:]
#     for p, q in np.ndindex(*dz.shape[2:]):
#         here = np.s_[:, :, p * stride : p * stride + kh, q * stride : q * stride + kw]
#         dw += np.tensordot(dz[:, :, p, q], x_wide[here], (0, 0))
#         dx_wide[here] += np.tensordot(dz[:, :, p, q], w, (1, 0))
#     dx = dx_wide[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
#     return dx, dw, dz.sum(axis=(0, 2, 3))
#
# assert minidl.judge("conv2d").check(solved)
# ```
# </details>

# %% [markdown] lang="en"
# ## Answers
#
# <details><summary>The mistake</summary>
#
# `order[:500], order[500:]` splits the **copies**: every copy in the test comes from a recording that was heard in training. Split the recordings first, and make copies afterwards. Best of all, split by person.
#
# ```python
# heard = right(friends_net, "it_paola") + right(friends_net, "es_allison")
# assert friends_accuracy > 0.9 and known == 1 and heard < 18
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $200/8000$ s are 25 milliseconds, $8000/200=40$ Hz, $8000/80=100$ frames.
# </details>
#
# <details><summary>Exercise 2</summary>
#
# ```python
# def by_recording(recording, rng):
#     kinds = rng.permutation(np.unique(recording))
#     tested = np.isin(recording, kinds[: len(kinds) // 5])
#     return np.flatnonzero(~tested), np.flatnonzero(tested)
#
# assert split_is_right(by_recording)
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# ```python
# def solved(dz, x, w, b, stride, padding):
#     wide = ((0, 0), (0, 0), (padding, padding), (padding, padding))
#     x_wide = np.pad(x, wide)
#     dx_wide, dw = np.zeros_like(x_wide), np.zeros_like(w)
#     kh, kw = w.shape[2:]
#     for p, q in np.ndindex(*dz.shape[2:]):
#         here = np.s_[:, :, p * stride : p * stride + kh, q * stride : q * stride + kw]
#         dw += np.tensordot(dz[:, :, p, q], x_wide[here], (0, 0))
#         dx_wide[here] += np.tensordot(dz[:, :, p, q], w, (1, 0))
#     dx = dx_wide[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
#     return dx, dw, dz.sum(axis=(0, 2, 3))
#
# assert minidl.judge("conv2d").check(solved)
# ```
# </details>
