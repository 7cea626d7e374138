# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown] lang="ko"
# # 실습 B. 이미지: 신경망에 넣기 전에 무슨 일이 생기나
#
# 신경망은 사진을 보지 않아요. 누군가 읽고, 줄이고, 돌리고, 저장한 **수의 표**를 봐요. 그 사이에 무엇이 사라지는지 강의 6절과 9절의 OpenCV 코드로 확인해요.
#
# 진행 방법: ① 질문을 읽고 `commit(2, "B")`처럼 답을 **먼저** 적어요. ② 셀을 실행해 그림과 맞춰 봐요. 첫 답만 기록되고, 마지막에 성적표가 나와요.
#
# 사진은 scikit-image에 들어 있는 고양이 첼시예요(Stefan van der Walt, CC0: 자유롭게 쓸 수 있어요). 도표와 카드는 이 실습에서 만든 거예요.

# %% [markdown] lang="en"
# # Lab B. Images: what happens before the network sees them
#
# A network does not see a photograph. It sees **a table of numbers** that somebody has read, shrunk, turned and stored. With the OpenCV calls of the lecture's sections 6 and 9 we look at what is lost on the way.
#
# How it goes: ① read the question and write your answer **first**, as in `commit(2, "B")`. ② Run on and hold it against the figure. Only your first answer is recorded; a score sheet comes at the end.
#
# The photograph is Chelsea the cat, which comes with scikit-image (Stefan van der Walt, CC0: free for any use). The drawing and the card are made in this lab.

# %% tags=["setup"]
import io
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

import minidl
from labs.kit import CHIP, CRIMSON, INK, MUTED, ORANGE, TEAL, board, commit, num, picture, reveal, score, show

cv2.setNumThreads(1)

# %% [markdown] lang="ko"
# ## 1. 픽셀과 채널
#
# **질문 1.** `cv2.imread`로 읽은 사진을 그대로 matplotlib으로 그리면 주황색 고양이가 어떻게 보일까요?
#
# **A** 그대로 주황색 **B** 푸른색 **C** 흑백

# %% [markdown] lang="en"
# ## 1. Pixels and channels
#
# **Question 1.** A photograph read by `cv2.imread` is drawn by matplotlib just as it is. How does the orange cat look?
#
# **A** orange as ever **B** blue **C** gray

# %%
commit(1, "")

# %%
img = cv2.imread(str(Path(skimage.data.__file__).parent / "chelsea.png"))
print(
    img.shape, img.dtype, img[180, 130]
)  # (높이, 너비, 채널), 그리고 점 하나 ‖ (height, width, channels), and one pixel
rgb = cv2.cvtColor(img, cv2.COLOR_BGR2RGB)

# %% tags=["figure"]
figure = board(
    "점 하나는 수 셋이고, OpenCV는 파랑부터 적는다 ‖ A pixel is three numbers, and OpenCV writes blue first", 6.0
)
for x0, pixels, words in (
    (0.025, rgb, "RGB 차례로 바꿔 그림 ‖ put into the order RGB"),
    (0.355, img, "읽은 그대로 그림 ‖ drawn as it was read"),
):
    picture(figure.add_axes([x0, 0.47, 0.31, 0.345]), pixels)
    figure.text(x0, 0.835, words, size=15, color=MUTED)
top, left = 178, 128
ax = figure.add_axes([0.70, 0.47, 0.275, 0.345])
picture(ax, rgb[top : top + 3, left : left + 4], aspect="auto")
for (i, j), _ in np.ndenumerate(np.zeros((3, 4))):
    ax.text(
        j,
        i,
        "\n".join(map(str, rgb[top + i, left + j])),
        size=14,
        ha="center",
        va="center",
        color="white" if rgb[top + i, left + j].mean() < 130 else INK,
        linespacing=0.95,
    )
figure.text(0.70, 0.835, "점 12개의 R, G, B ‖ R, G, B of 12 pixels", size=15, color=MUTED)
for k, name in enumerate("RGB"):
    picture(figure.add_axes([0.025 + 0.33 * k, 0.055, 0.295, 0.32]), rgb[:, :, k], cmap="gray", vmin=0, vmax=255)
    figure.text(0.025 + 0.33 * k, 0.39, f"{name}  {rgb[:, :, k].mean():.0f}", size=18, weight="bold")
show(
    figure,
    "1-channels",
    "고양이 사진, 채널 차례가 바뀐 사진, 확대한 점들, 세 채널 ‖ A photograph of a cat, with channels in the wrong order, enlarged pixels, and its three channels",
    colors=256,
)
reveal(1, "B")

# %% [markdown] lang="ko"
# `cv2.imread`는 BGR 차례로 읽어요. 신경망을 RGB로 가르치고 BGR을 넣으면 **오류 없이** 정확도만 떨어져요. 그래서 읽은 바로 다음 줄에 `cv2.cvtColor(img, cv2.COLOR_BGR2RGB)`를 적는 습관을 들여요.
#
# ## 2. 색 공간: 눈은 색보다 밝기를 본다
#
# 흑백은 세 채널의 평균이 아니에요. 눈이 초록에 가장 민감해서 이렇게 섞어요.
#
# $$Y = 0.299\,R + 0.587\,G + 0.114\,B$$
#
# YUV는 밝기 Y와 색 차이 U, V로 나눠 적는 방법이에요. 세 채널 가운데 하나 또는 둘을 가로세로 8분의 1로 줄였다가 다시 키워 봐요.
#
# **질문 2.** 어느 쪽이 더 망가져 보일까요?
#
# **A** 밝기 Y만 줄인 것 **B** 색 U와 V를 둘 다 줄인 것 **C** 비슷하다

# %% [markdown] lang="en"
# `cv2.imread` reads in the order BGR. Teach a network with RGB and give it BGR, and there is **no error**, only a lower accuracy. So make it a habit to write `cv2.cvtColor(img, cv2.COLOR_BGR2RGB)` on the very next line.
#
# ## 2. Colour spaces: the eye sees brightness better than colour
#
# Gray is not the mean of three channels. The eye is most sensitive to green, so they are mixed like this.
#
# $$Y = 0.299\,R + 0.587\,G + 0.114\,B$$
#
# YUV writes the brightness Y and the colour differences U and V apart. We shrink one or two of the three channels to an eighth of their width and height, and enlarge them again.
#
# **Question 2.** Which looks more damaged?
#
# **A** the one with a shrunk brightness Y **B** the one with both colours U and V shrunk **C** about the same

# %%
commit(2, "")

# %%
by_hand = np.round(rgb @ np.array([0.299, 0.587, 0.114]))
gray = cv2.cvtColor(img, cv2.COLOR_BGR2GRAY)
assert np.abs(by_hand - gray).max() <= 1


def shrunk(channels, factor=8):
    """YUV의 몇 채널만 줄였다 키운 사진 ‖ the photograph after some channels of YUV were shrunk and enlarged"""
    yuv = cv2.cvtColor(img, cv2.COLOR_BGR2YUV)
    height, width = yuv.shape[:2]
    for c in channels:
        small = cv2.resize(yuv[:, :, c], (width // factor, height // factor), interpolation=cv2.INTER_AREA)
        yuv[:, :, c] = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB)


without_colour, without_light = shrunk([1, 2]), shrunk([0])
height, width = gray.shape
kept = (width * height + 2 * (width // 8) * (height // 8)) / (3 * width * height)

# %% tags=["figure", "print"]
figure = board(
    "색은 1/64이면 충분하다. 밝기는 그렇지 않다 ‖ Of the colour, 1/64 is enough; of the brightness, it is not",
    5.6,
)
part = np.s_[60:240, 80:350]
for k, (pixels, words) in enumerate(
    (
        (rgb, "원본 ‖ the original"),
        (without_colour, "색 U, V를 1/64로 ‖ colours U, V: 1/64"),
        (without_light, "밝기 Y를 1/64로 ‖ brightness Y: 1/64"),
    )
):
    picture(figure.add_axes([0.025 + 0.325 * k, 0.255, 0.30, 0.56]), pixels[part], aspect="auto")
    figure.text(0.025 + 0.325 * k, 0.19, words, size=16, weight="bold")
    if k:
        error = np.abs(pixels.astype(int) - rgb).mean()
        figure.text(
            0.025 + 0.325 * k, 0.075, f"평균 차이 {num(error, 1)} ‖ mean difference {num(error, 1)}", size=17, bbox=CHIP
        )
figure.text(
    0.025, 0.075, f"남긴 수 {100 * kept:.0f}% → ‖ numbers kept: {100 * kept:.0f}% →", size=17, color=TEAL, weight="bold"
)
show(
    figure,
    "2-brightness",
    "원본, 색을 줄인 사진, 밝기를 줄인 사진 ‖ The original, with its colours shrunk, with its brightness shrunk",
    colors=256,
)
assert np.abs(without_colour.astype(int) - rgb).mean() < np.abs(without_light.astype(int) - rgb).mean()
reveal(2, "A")

# %% [markdown] lang="ko"
# 가운데 사진은 수를 3분의 1만 남겼는데 원본과 거의 같아 보여요. **JPG가 하는 일의 절반이 이것이에요**(보통 가로세로 2분의 1로). 색 공간마다 쓸모가 달라요. 같은 고양이를 다섯 가지로 적으면:

# %% [markdown] lang="en"
# The middle one keeps a third of the numbers, and looks almost like the original. **That is half of what JPG does** (usually with a half of width and height). Every colour space has its use. The same cat, written in five ways:

# %% tags=["figure"]
figure = board("같은 사진, 다섯 가지 적는 법 ‖ The same photograph, written in five ways", 7.0)
spaces = (
    ("RGB", cv2.COLOR_BGR2RGB, "RGB", "화면이 내는 빛 ‖ what a screen emits"),
    ("YUV", cv2.COLOR_BGR2YUV, "YUV", "밝기를 따로: JPG, 방송 ‖ brightness apart: JPG, TV"),
    ("HSV", cv2.COLOR_BGR2HSV, "HSV", "색을 수 하나로: 색으로 고르기 ‖ hue as one number: pick by colour"),
    ("Lab", cv2.COLOR_BGR2LAB, "Lab", "거리가 눈에 보이는 차이와 비슷함 ‖ distances as the eye sees them"),
)
for row, (name, code, letters, use) in enumerate(spaces):
    y0 = 0.735 - 0.175 * row
    converted = cv2.cvtColor(img, code)
    figure.text(0.025, y0 + 0.085, name, size=22, weight="bold", color=TEAL)
    for k in range(3):
        plane = converted[:, :, k].astype(float)
        picture(
            figure.add_axes([0.13 + 0.15 * k, y0, 0.14, 0.15]),
            plane,
            cmap="gray",
            vmin=plane.min(),
            vmax=plane.max(),
            aspect="auto",
        )
        figure.text(
            0.137 + 0.15 * k,
            y0 + 0.012,
            letters[k],
            size=15,
            weight="bold",
            color="white",
            bbox=dict(boxstyle="round,pad=0.15", fc=INK, ec="none"),
        )
    figure.text(0.60, y0 + 0.06, use, size=15)
y0 = 0.025
figure.text(0.025, y0 + 0.06, "GRAY", size=22, weight="bold", color=TEAL)
picture(figure.add_axes([0.13, y0, 0.14, 0.15]), gray, cmap="gray", vmin=0, vmax=255, aspect="auto")
figure.text(0.60, y0 + 0.05, "YUV의 Y와 같음: 숫자 읽기 ‖ the Y of YUV: reading digits", size=15)
show(figure, "3-spaces", "RGB, YUV, HSV, Lab의 채널과 흑백 ‖ The channels of RGB, YUV, HSV and Lab, and gray")

# %% [markdown] lang="ko"
# ## 3. 파일 형식마다 잃는 것
#
# 사진 한 장과 도표 한 장을 BMP, PNG, JPG(품질 90), GIF로 저장했다가 다시 읽어 **픽셀을 비교해요.**
#
# **질문 3.** 선과 글자뿐인 도표를 저장하면 PNG와 JPG 가운데 어느 파일이 더 작을까요?
#
# **A** PNG **B** JPG **C** 같다

# %% [markdown] lang="en"
# ## 3. What each file format loses
#
# We store a photograph and a drawing as BMP, PNG, JPG (quality 90) and GIF, read them again and **compare the pixels**.
#
# **Question 3.** Of a drawing that is all lines and letters, which file is smaller?
#
# **A** PNG **B** JPG **C** they are the same

# %%
commit(3, "")

# %%
drawing = np.full_like(img, 255)
cv2.putText(drawing, "minidl", (40, 130), cv2.FONT_HERSHEY_SIMPLEX, 3, (74, 90, 11), 8)
cv2.circle(drawing, (330, 220), 50, (58, 163, 242), -1)
cv2.line(drawing, (30, 180), (240, 270), (63, 22, 163), 5)


def stored(pixels, format):
    """(바이트 수, 다시 읽은 픽셀) ‖ (bytes, the pixels read again)"""
    if format == "GIF":
        file = io.BytesIO()
        Image.fromarray(pixels[:, :, ::-1]).save(file, "GIF")  # BGR → RGB
        return len(file.getvalue()), np.array(Image.open(file).convert("RGB"))[:, :, ::-1]
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90] if format == "JPG" else []
    data = cv2.imencode("." + format.lower(), pixels, quality)[1]
    return len(data), cv2.imdecode(data, cv2.IMREAD_COLOR)


FORMATS = ("BMP", "PNG", "JPG", "GIF")
files = {
    name: {format: stored(pixels, format) for format in FORMATS}
    for name, pixels in (("photo", img), ("drawing", drawing))
}
lost = {
    name: {f: np.abs(files[name][f][1].astype(int) - pixels).mean() for f in FORMATS}
    for name, pixels in (("photo", img), ("drawing", drawing))
}
assert lost["photo"]["BMP"] == lost["photo"]["PNG"] == lost["drawing"]["PNG"] == 0
assert (
    files["photo"]["JPG"][0] < files["photo"]["PNG"][0] / 4 and files["drawing"]["PNG"][0] < files["drawing"]["JPG"][0]
)

# %% tags=["figure"]
figure = board(
    "사진은 JPG, 도표는 PNG: 형식마다 잃는 것이 다르다 ‖ Photographs as JPG, drawings as PNG: each has its losses",
    7.4,
)
for row, (name, pixels, part) in enumerate(
    (("photo", img, np.s_[95:135, 105:165]), ("drawing", drawing, np.s_[76:96, 152:182]))
):
    y0 = 0.535 - 0.455 * row
    for k, format in enumerate(FORMATS):
        size, again = files[name][format]
        x0 = 0.025 + 0.245 * k
        picture(figure.add_axes([x0, y0, 0.215, 0.215 * 40 / 60 * 10 / 7.4]), again[part][:, :, ::-1], aspect="auto")
        if row == 0:
            figure.text(x0, 0.85, format, size=22, weight="bold", color=TEAL)
        figure.text(
            x0,
            y0 + 0.225,
            f"{size / 1000:,.0f} kB",
            size=20,
            weight="bold",
            bbox=CHIP if size == min(files[name][f][0] for f in FORMATS) else None,
        )
        exact = lost[name][format] == 0
        figure.text(
            x0,
            y0 - 0.045,
            "그대로 ‖ exactly the same"
            if exact
            else f"평균 {num(lost[name][format], 1)} 다름 ‖ differs by {num(lost[name][format], 1)}",
            size=15,
            color=MUTED if exact else CRIMSON,
        )
show(
    figure,
    "4-formats",
    "사진과 도표를 네 형식으로 저장했을 때의 크기와 픽셀 차이 ‖ Size and pixel differences of a photograph and a drawing in four formats",
    colors=256,
)
reveal(3, "A")

# %% [markdown] lang="ko"
# | | 무엇을 하나 | 무엇을 잃나 |
# |---|---|---|
# | BMP | 그대로 적는다 | 아무것도 |
# | PNG | 되풀이되는 무늬를 줄여 적는다 | 아무것도 |
# | JPG | 8 × 8칸마다 잔물결을 버리고, 색을 성기게 적는다 | 날카로운 가장자리(아랫줄의 얼룩) |
# | GIF | 색을 256가지로 줄인다 | 색의 단계. 색이 적은 도표라면 아무것도 |
#
# JPG는 저장할 때마다 조금씩 더 잃어요. **정답(label)을 그린 그림이나 숫자 이미지를 JPG로 저장하지 않아요.** 값 하나가 달라지면 다른 정답이 되니까요.
#
# ## 4. 아핀 변환을 손으로
#
# 회전, 이동, 크기 바꾸기, 기울이기는 모두 2 × 3 행렬 하나예요.
#
# $$\begin{pmatrix}x'\\y'\end{pmatrix}=\begin{pmatrix}a&b&c\\d&e&f\end{pmatrix}\begin{pmatrix}x\\y\\1\end{pmatrix}$$
#
# 사진을 25도 돌리고 1.3배 키워 봐요. 두 가지 방법이 있어요. **밀기**: 원본의 점마다 갈 곳을 계산해 그 자리에 칠해요. **당기기**: 결과의 자리마다 어디에서 왔는지 거꾸로 계산해 가져와요.
#
# **질문 4.** 밀기로 칠하면 어떻게 될까요?
#
# **A** 당기기와 똑같다 **B** 군데군데 구멍이 난다 **C** 사진이 뒤집힌다

# %% [markdown] lang="en"
# | | what it does | what it loses |
# |---|---|---|
# | BMP | writes all down | nothing |
# | PNG | shortens what repeats | nothing |
# | JPG | drops fine ripples in blocks of 8 × 8, writes colour coarsely | sharp edges (the specks in the lower row) |
# | GIF | takes only 256 colours | shades; of a drawing with few colours, nothing |
#
# JPG loses a little more with each storing. **Never store labels that are drawn as a picture, nor digits, as JPG**: a value that changes is another answer.
#
# ## 4. An affine transform by hand
#
# Turning, moving, scaling and shearing are all one matrix of 2 × 3.
#
# $$\begin{pmatrix}x'\\y'\end{pmatrix}=\begin{pmatrix}a&b&c\\d&e&f\end{pmatrix}\begin{pmatrix}x\\y\\1\end{pmatrix}$$
#
# We turn the photograph by 25 degrees and enlarge it 1.3 times. There are two ways. **Pushing**: work out where each pixel goes, and paint it there. **Pulling**: for each place of the result work out, backwards, where it came from, and fetch it.
#
# **Question 4.** What happens if we push?
#
# **A** the same as by pulling **B** holes here and there **C** the photograph is mirrored

# %%
commit(4, "")

# %%
M = cv2.getRotationMatrix2D((width / 2, height / 2), 25, 1.3)  # (2, 3)
ys, xs = np.mgrid[:height, :width]


def moved(matrix, x, y):
    """행렬이 점을 보내는 곳, 가장 가까운 픽셀로 ‖ where a matrix sends points, to the nearest pixel"""
    to = matrix @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    to = to[:2] / to[2] if len(to) == 3 else to  # 원근 변환이면 셋째 수로 나눠요 ‖ a perspective divides by the third
    to = np.rint(to).astype(int)
    inside = (to[0] >= 0) & (to[0] < width) & (to[1] >= 0) & (to[1] < height)
    return to, inside


pushed, pulled = np.zeros_like(rgb), np.zeros_like(rgb)
to, inside = moved(M, xs, ys)  # 밀기 ‖ pushing
pushed[to[1, inside], to[0, inside]] = rgb.reshape(-1, 3)[inside]
back, inside = moved(cv2.invertAffineTransform(M), xs, ys)  # 당기기 ‖ pulling
pulled.reshape(-1, 3)[inside] = rgb[back[1, inside], back[0, inside]]

opencv = cv2.warpAffine(rgb, M, (width, height), flags=cv2.INTER_NEAREST)
agreement = (pulled == opencv).all(axis=2).mean()
holes = ((pushed == 0).all(axis=2) & (pulled != 0).any(axis=2)).sum() / (pulled != 0).any(axis=2).sum()
print(f"{agreement:.3f} {holes:.3f}")
assert agreement > 0.97 and 0.3 < holes < 0.5

# %% tags=["figure"]
figure = board(
    f"밀면 구멍이 {100 * holes:.0f}% 난다. 그래서 거꾸로 당긴다 ‖ Pushing leaves {100 * holes:.0f}% holes; so we pull, backwards",
    5.0,
)
for k, (pixels, words) in enumerate(
    (
        (pushed, "밀기: 원본 → 결과 ‖ pushed: source to result"),
        (pulled, "당기기: 결과 → 원본 ‖ pulled: result to source"),
        (opencv, "cv2.warpAffine"),
    )
):
    picture(figure.add_axes([0.025 + 0.325 * k, 0.17, 0.30, 0.60]), pixels[70:230, 120:330], aspect="auto")
    figure.text(0.025 + 0.325 * k, 0.795, words, size=15, weight="bold")
figure.text(
    0.675, 0.075, f"당기기와 {100 * agreement:.1f}% 같음 ‖ {100 * agreement:.1f}% as pulled", size=16, bbox=CHIP
)
show(
    figure,
    "5-holes",
    "밀기, 당기기, OpenCV로 돌린 사진 ‖ A photograph turned by pushing, by pulling and by OpenCV",
)
reveal(4, "B")

# %% [markdown] lang="ko"
# 1.3배 키우면 넓이는 1.69배인데 칠할 점은 그대로라, 41%쯤이 비어요. 당기기는 자리마다 꼭 한 번 칠하니 빈 곳이 없어요. OpenCV도 안에서 역행렬을 구해 당기니 결과가 같아요. 점이 두 픽셀 한가운데에 떨어질 때의 반올림만 다를 수 있어요.
#
# ## 5. 원근 변환을 손으로: 비스듬한 카드를 바로 펴기
#
# 원근에서는 셋째 줄이 생기고, 그 결과로 나눠요.
#
# $$x'=\frac{ax+by+c}{gx+hy+1}\qquad y'=\frac{dx+ey+f}{gx+hy+1}$$
#
# **질문 5.** 여덟 수 $a,\dots,h$를 정하려면 점의 짝이 몇 개 필요할까요?
#
# **A** 3개 **B** 4개 **C** 8개

# %% [markdown] lang="en"
# Enlarged 1.3 times, the area is 1.69 times as large, but there are no more pixels to paint: about 41% stays empty. Pulling paints each place exactly once. OpenCV, too, inverts the matrix and pulls, so the results agree. Only rounding may differ, where a point falls in the middle between two pixels.
#
# ## 5. A perspective by hand: straighten a card
#
# A perspective has a third row, and divides by what it gives.
#
# $$x'=\frac{ax+by+c}{gx+hy+1}\qquad y'=\frac{dx+ey+f}{gx+hy+1}$$
#
# **Question 5.** How many pairs of points does it take to fix the eight numbers $a,\dots,h$?
#
# **A** 3 **B** 4 **C** 8

# %%
commit(5, "")


# %%
def perspective(source, target):
    """네 점을 네 점으로 보내는 3 × 3 행렬 ‖ the 3 × 3 matrix that sends four points to four points"""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(rows, right), 1).reshape(3, 3)


card = np.full((height, width, 3), (230, 236, 238), np.uint8)
cv2.rectangle(card, (0, 0), (width - 1, 90), (74, 90, 11), -1)
cv2.putText(card, "LIBRARY CARD", (24, 62), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (255, 255, 255), 3)
cv2.putText(card, "2026 0117", (24, 190), cv2.FONT_HERSHEY_SIMPLEX, 2.2, (40, 30, 25), 5)
cv2.circle(card, (390, 245), 36, (58, 163, 242), -1)
corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], float)
seen = np.array([[120, 40], [395, 85], [350, 275], [35, 190]], float)
desk = cv2.warpPerspective(
    card, perspective(corners, seen), (width, height), img // 2, borderMode=cv2.BORDER_TRANSPARENT
)

P = perspective(seen, corners)
assert np.allclose(P, cv2.getPerspectiveTransform(seen.astype(np.float32), corners.astype(np.float32)), atol=1e-5)
flat = np.zeros_like(desk)
back, inside = moved(np.linalg.inv(P), xs, ys)
flat.reshape(-1, 3)[inside] = desk[back[1, inside], back[0, inside]]

# %% tags=["figure"]
figure = board(
    "네 귀퉁이면 충분하다: 식 여덟 개로 여덟 수를 푼다 ‖ Four corners are enough: eight equations for eight numbers",
    5.2,
)
ax = figure.add_axes([0.025, 0.08, 0.445, 0.445 * 300 / 451 * 10 / 5.2 * 1.0], anchor="C")
picture(ax, desk[:, :, ::-1])
ax.plot(*np.vstack([seen, seen[:1]]).T, color=ORANGE, lw=2.4)
for k, (x, y) in enumerate(seen):
    ax.plot(x, y, "o", ms=20, color=ORANGE, mec=INK, mew=1.4, clip_on=False)
    ax.text(x, y, str(k + 1), size=14, weight="bold", ha="center", va="center_baseline")
ax = figure.add_axes([0.53, 0.08, 0.445, 0.445 * 300 / 451 * 10 / 5.2 * 1.0], anchor="C")
picture(ax, flat[:, :, ::-1])
figure.text(0.025, 0.74, "찍힌 대로 (만든 사진) ‖ as it was taken (made)", size=16, color=MUTED)
figure.text(0.53, 0.74, "행렬로 편 것 ‖ straightened by the matrix", size=16, color=MUTED)
show(figure, "6-card", "비스듬한 카드와 바로 편 카드 ‖ A card seen askew, and straightened")
reveal(5, "B")

# %% [markdown] lang="ko"
# 점 하나가 식을 두 개($u$와 $v$) 주니 네 점이면 식이 여덟 개예요. 아핀은 모르는 수가 여섯이라 세 점이면 돼요. 펴진 글자가 위쪽에서 더 거친 것은, 멀리 있던 쪽에 픽셀이 적었기 때문이에요. **없던 정보는 생기지 않아요.** 실습 J에서 이 방법으로 카드를 펴고 번호를 읽어요.
#
# ## 6. 잡음과 흐림: 약은 병에 맞게
#
# **질문 6.** 픽셀의 5%를 까맣거나 하얗게 만드는 소금·후추 잡음에는 어느 필터가 좋을까요?
#
# **A** 평균 **B** 가우시안 **C** 중앙값

# %% [markdown] lang="en"
# Each point gives two equations (for $u$ and $v$), so four points give eight. An affine transform has six unknowns: three points. The straightened letters are coarser at the top, as there were fewer pixels on the far side. **What was not there does not appear.** In lab J a card is straightened like this, and its number read.
#
# ## 6. Noise and blurs: a cure for each illness
#
# **Question 6.** Salt-and-pepper noise makes 5% of the pixels black or white. Which filter suits it?
#
# **A** the average **B** the Gaussian **C** the median

# %%
commit(6, "")

# %%
rng = np.random.default_rng(0)
dice = rng.random(gray.shape)
pepper = gray.copy()
pepper[dice < 0.025], pepper[dice > 0.975] = 0, 255
grain = np.clip(gray + rng.normal(0, 20, gray.shape), 0, 255).astype(np.uint8)

FILTERS = {
    "잡음 ‖ noisy": lambda image: image,
    "평균 ‖ average": lambda image: cv2.blur(image, (3, 3)),
    "가우시안 ‖ Gaussian": lambda image: cv2.GaussianBlur(image, (3, 3), 0),
    "중앙값 ‖ median": lambda image: cv2.medianBlur(image, 3),
}
cleaned = {name: [f(noisy) for noisy in (pepper, grain)] for name, f in FILTERS.items()}
rmse = {name: [np.sqrt(((image.astype(float) - gray) ** 2).mean()) for image in pair] for name, pair in cleaned.items()}
names = list(FILTERS)
best = [min(names[1:], key=lambda name: rmse[name][kind]) for kind in (0, 1)]
assert best[0] == names[3] and best[1] in names[1:3]

# %% tags=["figure"]
figure = board("점 잡음에는 중앙값이, 고른 잡음에는 평균이 듣는다 ‖ The median cures specks; a mean cures grain", 6.6)
for row, words in enumerate(("소금·후추 5% ‖ salt and pepper, 5%", "가우스 잡음 σ = 20 ‖ Gaussian noise, σ = 20")):
    y0 = 0.475 - 0.40 * row
    figure.text(0.025, y0 + 0.335, words, size=16, color=MUTED)
    for k, (name, pair) in enumerate(cleaned.items()):
        picture(
            figure.add_axes([0.025 + 0.245 * k, y0, 0.215, 0.265]),
            pair[row][70:190, 90:240],
            cmap="gray",
            vmin=0,
            vmax=255,
            aspect="auto",
        )
        figure.text(0.025 + 0.245 * k, y0 + 0.28, name, size=16, weight="bold")
        figure.text(
            0.24 + 0.245 * k,
            y0 + 0.28,
            num(rmse[name][row], 1),
            size=18,
            ha="right",
            weight="bold",
            bbox=CHIP if name == best[row] else None,
        )
figure.text(
    0.975,
    0.02,
    "수는 원본과의 RMSE (0~255) ‖ numbers: RMSE to the original (0 to 255)",
    size=14,
    color=MUTED,
    ha="right",
)
show(figure, "7-noise", "두 가지 잡음과 세 필터의 결과 ‖ Two kinds of noise and the results of three filters")
reveal(6, "C")

# %% [markdown] lang="ko"
# 중앙값은 실습 A의 MAE처럼 튀는 값 하나에 끌려가지 않아요. 평균은 MSE처럼 끌려가요. 잡음이 모두에게 고르게 있으면 평균 쪽이 나아요. 그런데 어느 필터든 **가장자리도 함께** 무뎌져요.
#
# ## 7. 필터는 합성곱이다: 신경망에게 맞혀 보게 하기
#
# 평균, 가우시안, 선명하게 하기는 모두 작은 커널을 밀며 곱해 더하는 **합성곱**이에요. 강의의 선명하게 하기 커널은
#
# $$K=\begin{pmatrix}0&-1&0\\-1&5&-1\\0&-1&0\end{pmatrix}$$
#
# 이에요. 이 커널을 숨기고, 신경망에는 **앞의 사진과 뒤의 사진만** 보여 줘요.
#
# **질문 7.** `Conv2d` 하나가 두 사진만 보고 숨긴 아홉 수를 찾을 수 있을까요?
#
# **A** 찾을 수 없다 **B** 비슷한 모양만 찾는다 **C** 소수 둘째 자리까지 찾는다

# %% [markdown] lang="en"
# The median, like MAE in lab A, is not dragged along by one value that sticks out. The mean, like MSE, is. If the noise is spread over all pixels, the mean does better. But any filter blunts **the edges as well**.
#
# ## 7. A filter is a convolution: let a network guess it
#
# Averaging, Gaussian blur and sharpening are all **convolutions**: a small kernel slides, multiplies and adds. The lecture's kernel for sharpening is
#
# $$K=\begin{pmatrix}0&-1&0\\-1&5&-1\\0&-1&0\end{pmatrix}$$
#
# We hide it, and show a network only **the photograph before and after**.
#
# **Question 7.** Can one `Conv2d` find the nine hidden numbers from the two photographs?
#
# **A** it cannot **B** only roughly **C** to two decimals

# %%
commit(7, "")

# %%
K = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
before = (grain[60:220, 80:320] / 255).astype(np.float32)  # 6절의 잡음 섞인 사진 ‖ the grainy photograph of section 6
after = cv2.filter2D(before, -1, K)
blurred = minidl.nn.functional.conv2d(minidl.tensor(before[None, None]), minidl.full((1, 1, 3, 3), 1 / 9))
assert np.allclose(blurred.numpy()[0, 0], cv2.blur(before, (3, 3))[1:-1, 1:-1], atol=1e-5)  # 합성곱이다 ‖ a convolution

minidl.manual_seed(0)
layer = minidl.nn.Conv2d(1, 1, kernel_size=3, bias=False)
optimizer = minidl.optim.LBFGS(layer.parameters(), max_iter=1, line_search_fn="strong_wolfe")
x, y = minidl.tensor(before[None, None]), minidl.tensor(after[None, None, 1:-1, 1:-1])


def closure():
    optimizer.zero_grad()
    loss = minidl.nn.functional.mse_loss(layer(x), y)
    loss.backward()
    return loss


kernels = [layer.weight.detach().numpy()[0, 0].copy()]
for step in range(20):
    optimizer.step(closure)
    kernels.append(layer.weight.detach().numpy()[0, 0].copy())
print(np.round(kernels[20], 2) + 0.0)
assert np.abs(kernels[20] - K).max() < 0.02

# %% tags=["figure"]
figure = board(
    "앞뒤 사진만 보고 신경망이 커널을 찾아낸다 ‖ From before and after alone, the network finds the kernel", 5.4
)
films = {
    "시작 ‖ start": kernels[0],
    "5걸음 ‖ step 5": kernels[5],
    "10걸음 ‖ step 10": kernels[10],
    "20걸음 ‖ step 20": kernels[20],
    "숨긴 커널 ‖ hidden kernel": K,
}
for k, (words, kernel) in enumerate(films.items()):
    ax = figure.add_axes([0.025 + 0.195 * k, 0.085, 0.175, 0.175 * 10 / 5.4])
    picture(ax, kernel, cmap="RdBu", vmin=-6, vmax=6)
    for (i, j), value in np.ndenumerate(kernel):
        ax.text(
            j,
            i,
            num(value, 2 if k < 4 else 0),
            size=14,
            ha="center",
            va="center",
            color="white" if abs(value) > 3.5 else INK,
        )
    if k == 3:
        for spine in ax.spines.values():
            spine.set(color=ORANGE, lw=5)
    figure.text(0.025 + 0.195 * k, 0.435, words, size=16, weight="bold")
for x0, pixels, words in ((0.025, before, "앞 ‖ before"), (0.415, after, "뒤: 선명하게 ‖ after: sharpened")):
    picture(figure.add_axes([x0, 0.525, 0.30, 0.30]), np.clip(pixels, 0, 1)[20:130], cmap="gray", aspect="auto")
    figure.text(x0 + 0.305, 0.79, words, size=15, color=MUTED)
show(
    figure,
    "8-kernel",
    "앞뒤 사진과, 걸음마다 배운 커널 ‖ The photographs before and after, and the kernel as it is learned",
)
reveal(7, "C")

# %% [markdown] lang="ko"
# 잡음 섞인 사진을 쓴 까닭이 있어요. 매끈한 사진은 이웃한 픽셀이 거의 같아서, 아홉 수를 조금씩 바꿔도 결과가 거의 같아요. 그래서 보통의 경사 하강법은 아주 느리고, 골짜기의 모양을 짐작하며 내려가는 `LBFGS`를 썼어요.
#
# 커널의 기울기는 수업 화면의 [합성곱 `dw`](lesson:conv1.dw)에서 본 그대로예요: 사진의 그 자리 × 도착한 기울기를 모두 더한 것. (`python -m labs lesson`이 페이지를 만들어요.) 실습 C의 신경망도 **사람이 커널을 정하는 대신** 이렇게 배워요. 강의의 필터와 CNN은 같은 연산이고, 다른 것은 수를 누가 정하느냐예요.
#
# ## 8. 숨은 실수 찾기
#
# 친구가 사진을 80만큼 밝게 하려고 해요. 오류는 없는데, 밝은 곳이 이상해요. **한 줄이 틀렸어요.**

# %% [markdown] lang="en"
# There is a reason for the grainy photograph. In a smooth one neighbours are almost equal, and other nine numbers give almost the same result. Plain gradient descent is then very slow; we took `LBFGS`, which guesses the shape of the valley on its way down.
#
# The kernel's gradient is what you saw on the lesson page, [`dw` of a convolution](lesson:conv1.dw): the photograph under that tap times the gradient that arrives, all added up. (`python -m labs lesson` writes the page.) The network of lab C learns like this, **instead of a person choosing the kernel**. The lecture's filters and a CNN are the same operation; what differs is who sets the numbers.
#
# ## 8. Find the mistake
#
# A friend wants the photograph brighter by 80. There is no error, but the bright parts look odd. **One line is wrong.**


# %% tags=["mistake"]
def brighter(image, by=80):
    return image + np.uint8(by)


strange = brighter(gray)
darkened = (strange < gray).mean()
print("어두워진 픽셀 ‖ pixels that became darker", f"{100 * darkened:.0f}%")

# %% tags=["figure"]
figure = board("더 밝게 했는데 어두워진 곳이 있다. 왜 그럴까? ‖ Brighter, and yet some parts became darker. Why?", 5.0)
for x0, pixels, words in ((0.025, gray, "원본 ‖ the original"), (0.355, strange, "brighter(gray)")):
    picture(figure.add_axes([x0, 0.16, 0.31, 0.62]), pixels, cmap="gray", vmin=0, vmax=255, aspect="auto")
    figure.text(x0, 0.80, words, size=16, weight="bold")
ax = figure.add_axes([0.735, 0.16, 0.24, 0.62])
ax.plot(np.arange(256), brighter(np.arange(256, dtype=np.uint8)), ".", ms=4, color=TEAL)
ax.set(xlim=(0, 255), ylim=(0, 255), xticks=[0, 100, 200], yticks=[0, 100, 200])
ax.set_xlabel("앞 ‖ before")
figure.text(0.735, 0.80, "뒤 ‖ after", size=15, color=MUTED)
show(
    figure,
    "9-mistake",
    "밝게 하려다 이상해진 사진과 값의 그래프 ‖ A photograph that went wrong while being brightened, and a graph of its values",
)

# %% [markdown] lang="ko"
# 찾아서 고치고 위의 두 셀을 다시 실행해 보세요. 어두워진 픽셀이 0%가 되면 성공이에요. 힌트: `uint8`은 0부터 255까지만 적을 수 있어요. 255 다음은?
#
# ## 9. 연습 문제

# %% [markdown] lang="en"
# Find it, mend it and run the two cells again: when 0% became darker, you have it. A hint: a `uint8` holds 0 to 255. What comes after 255?
#
# ## 9. Exercises

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 1 (종이와 연필).** BMP는 점마다 3바이트를 그대로 적고, **줄의 길이를 4의 배수로 맞추고**, 앞에 54바이트짜리 머리를 붙여요. 이 사진(300 × 451)의 BMP는 몇 바이트일까요? 가로 640, 세로 480인 사진은요?

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 1 (pen and paper).** BMP writes 3 bytes for each pixel as they are, **fills each row up to a multiple of 4 bytes**, and puts a head of 54 bytes in front. How many bytes has the BMP of this photograph (300 × 451)? And of one that is 640 wide and 480 high?

# %%
my_bytes, my_bytes_640 = None, None

if my_bytes is not None:
    print(
        my_bytes == files["photo"]["BMP"][0],
        my_bytes_640 == len(cv2.imencode(".bmp", np.zeros((480, 640, 3), np.uint8))[1]),
    )

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 2 (행렬 하나로 뒤집기).** 좌우로 뒤집는 2 × 3 행렬을 만들어요. `cv2.flip(rgb, 1)`과 픽셀 하나까지 같아야 해요. 맨 왼쪽 $x=0$은 어디로 가야 할까요?

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 2 (mirror by one matrix).** Write the 2 × 3 matrix that swaps left and right. It must give `cv2.flip(rgb, 1)` to the last pixel. Where must the leftmost $x=0$ go?

# %%
mirror = np.array([[1.0, 0, 0], [0, 1, 0]])  # ← 이 행렬을 고쳐요 ‖ ← mend this matrix

print((cv2.warpAffine(rgb, mirror, (width, height), flags=cv2.INTER_NEAREST) == cv2.flip(rgb, 1)).all())

# %% [markdown] lang="ko" tags=["exercise"]
# **연습 3 (`minidl.judge`가 채점해요).** 합성곱의 역전파예요. 창(window)을 옮기며 두 줄을 되풀이해요. `dw`의 줄은 주어졌어요: 그 창의 `x` × 그 자리의 `dz`. `dx`의 줄을 채우세요. 창이 겹치는 곳에서는 **더해져야** 해요. `dz`는 $(N, O, P, Q)$, `w`는 $(O, C, k, k)$예요.

# %% [markdown] lang="en" tags=["exercise"]
# **Exercise 3 (marked by `minidl.judge`).** The backward of a convolution. Two lines are repeated while the window moves. That of `dw` is given: `x` in the window times `dz` of that place. Fill in the line of `dx`; where windows overlap, it must **add up**. `dz` is $(N, O, P, Q)$, `w` is $(O, C, k, k)$.


# %%
@minidl.judge("conv2d")
def backward(dz, x, w, b, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for p, q in np.ndindex(*dz.shape[2:]):
        window = np.s_[:, :, p * stride : p * stride + w.shape[2], q * stride : q * stride + w.shape[3]]
        dw += np.tensordot(dz[:, :, p, q], x[window], axes=(0, 0))
        dx[window] += 0  # ← 이 줄을 고쳐요 ‖ ← mend this line
    height, width = x.shape[2:]
    return dx[:, :, padding : height - padding, padding : width - padding], dw, dz.sum(axis=(0, 2, 3))


# %% [markdown] lang="ko"
# ## 성적표

# %% [markdown] lang="en"
# ## Score sheet

# %% tags=["setup"]
score()

# %% [markdown] lang="ko"
# ## 정직하게
#
# - 질문 2와 6의 답은 이 사진, 이 세기에서 본 것이에요. 색만 다르고 밝기가 같은 무늬라면 색을 줄일 때 더 망가져요.
# - “평균 차이”와 RMSE는 눈이 느끼는 차이와 같지 않아요. 2절의 두 사진은 평균 차이보다 훨씬 달라 보여요.
# - JPG와 PNG의 크기는 저장하는 프로그램의 판(version)에 따라 조금 달라요.
#
# ## 풀이
#
# <details><summary>숨은 실수</summary>
#
# `uint8`끼리 더하면 255를 넘을 때 0부터 다시 세요(200 + 80 = 280 → 24). 넘치면 255에 멈추는 `cv2.add`를 쓰거나, 더 넓은 정수로 더한 뒤 잘라요.
#
# ```python
# def brighter(image, by=80):
#     return np.clip(image.astype(int) + by, 0, 255).astype(np.uint8)
# assert not (brighter(gray) < gray).any() and (brighter(gray) == cv2.add(gray, np.full_like(gray, 80))).all()
# ```
# </details>
#
# <details><summary>연습 1</summary>
#
# $451\cdot3=1353$, 4의 배수로 1356. $1356\cdot300+54=406854$. 가로 640이면 $640\cdot3=1920$이 이미 4의 배수라 $1920\cdot480+54=921654$예요.
#
# ```python
# assert files["photo"]["BMP"][0] == 1356 * 300 + 54 == 406854
# ```
# </details>
#
# <details><summary>연습 2</summary>
#
# $x'=-x+(w-1)$이에요. $w$가 아니라 $w-1$인 것은 0부터 세기 때문이에요.
#
# ```python
# mirror = np.array([[-1.0, 0, width - 1], [0, 1, 0]])
# assert (cv2.warpAffine(rgb, mirror, (width, height), flags=cv2.INTER_NEAREST) == cv2.flip(rgb, 1)).all()
# ```
# </details>
#
# <details><summary>연습 3</summary>
#
# `z`의 한 자리는 창의 `x`에 `w`를 곱해 더한 것이니, 그 자리의 `dz`가 `w`를 곱해 창으로 돌아가요.
#
# ```python
# def solved(dz, x, w, b, stride, padding):
#     x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
#     dx, dw = np.zeros(x.shape), np.zeros(w.shape)
#     for p, q in np.ndindex(*dz.shape[2:]):
#         window = np.s_[:, :, p * stride : p * stride + w.shape[2], q * stride : q * stride + w.shape[3]]
#         dw += np.tensordot(dz[:, :, p, q], x[window], axes=(0, 0))
#         dx[window] += np.tensordot(dz[:, :, p, q], w, axes=(1, 0))
#     height, width = x.shape[2:]
#     return dx[:, :, padding : height - padding, padding : width - padding], dw, dz.sum(axis=(0, 2, 3))
# assert minidl.judge("conv2d").check(solved)
# ```
# </details>

# %% [markdown] lang="en"
# ## To be honest
#
# - The answers to questions 2 and 6 are what this photograph shows at this strength. A pattern that differs in colour but not in brightness would suffer more from shrunk colours.
# - A mean difference, or RMSE, is not what the eye feels: the two photographs of section 2 look further apart than their numbers.
# - The sizes of JPG and PNG depend a little on the version of the program that stores them.
#
# ## Answers
#
# <details><summary>The mistake</summary>
#
# Beyond 255 a `uint8` starts again from 0 (200 + 80 = 280 → 24). Take `cv2.add`, which stops at 255, or add in a wider integer and clip.
#
# ```python
# def brighter(image, by=80):
#     return np.clip(image.astype(int) + by, 0, 255).astype(np.uint8)
# assert not (brighter(gray) < gray).any() and (brighter(gray) == cv2.add(gray, np.full_like(gray, 80))).all()
# ```
# </details>
#
# <details><summary>Exercise 1</summary>
#
# $451\cdot3=1353$, filled up to 1356. $1356\cdot300+54=406854$. For 640, $640\cdot3=1920$ is a multiple of 4 already: $1920\cdot480+54=921654$.
#
# ```python
# assert files["photo"]["BMP"][0] == 1356 * 300 + 54 == 406854
# ```
# </details>
#
# <details><summary>Exercise 2</summary>
#
# $x'=-x+(w-1)$; not $w$ but $w-1$, as we count from 0.
#
# ```python
# mirror = np.array([[-1.0, 0, width - 1], [0, 1, 0]])
# assert (cv2.warpAffine(rgb, mirror, (width, height), flags=cv2.INTER_NEAREST) == cv2.flip(rgb, 1)).all()
# ```
# </details>
#
# <details><summary>Exercise 3</summary>
#
# A place of `z` is `x` in the window times `w`, added up; so `dz` of that place goes back to the window times `w`.
#
# ```python
# def solved(dz, x, w, b, stride, padding):
#     x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
#     dx, dw = np.zeros(x.shape), np.zeros(w.shape)
#     for p, q in np.ndindex(*dz.shape[2:]):
#         window = np.s_[:, :, p * stride : p * stride + w.shape[2], q * stride : q * stride + w.shape[3]]
#         dw += np.tensordot(dz[:, :, p, q], x[window], axes=(0, 0))
#         dx[window] += np.tensordot(dz[:, :, p, q], w, axes=(1, 0))
#     height, width = x.shape[2:]
#     return dx[:, :, padding : height - padding, padding : width - padding], dw, dz.sum(axis=(0, 2, 3))
# assert minidl.judge("conv2d").check(solved)
# ```
# </details>
