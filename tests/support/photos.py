"""Photos of digits, made from MNIST's: any size, any colours, either way round, noisy, badly lit, a little turned;
with other ink about the digit; and pictures that show no digit at all. The same seed gives the same picture."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

STYLES = ("plain", "dark on light", "tiny", "colour", "noise", "uneven light", "turned", "fine pen", "everything")
LOOKALIKES = "BDGIJOQSZbgijloqsz|"  # letters that are drawn as some digit is
DRAWN = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
PRINTED = (  # with and without serifs, upright and slanted, of one width: matplotlib brings them
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold",
    "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmb10", "cmss10", "cmtt10",
)  # fmt: skip


def photo(digit: np.ndarray, style: str, random: np.random.Generator) -> np.ndarray:
    """`(28, 28)` uint8, light on black -> `(H, W, 3)` uint8 RGB in one of `STYLES`."""
    all_of_it = style == "everything"
    size = 28 if style == "tiny" else int(random.integers(60, 500))
    ink = cv2.resize(digit, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    if style == "fine pen":
        ink = cv2.erode(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size // 25 | 1, size // 25 | 1)))
    ink = _on_canvas(ink, random)
    if style == "turned" or all_of_it:
        ink = _turned(ink, random.uniform(-12, 12))
    light, dark = random.uniform(180, 250, 3), random.uniform(5, 70, 3)
    if style == "colour":
        light, dark = _colours(random)
    if style in ("plain", "tiny") or (style != "dark on light" and random.random() < 0.5):
        light, dark = dark, light
    image = light + np.clip(ink, 0, 1)[..., None] * (dark - light)  # (H, W, 3)
    if style == "uneven light" or all_of_it:
        image = image * _shade(ink.shape, random)[..., None]
    if style == "noise" or all_of_it:
        image = image + random.normal(0, 18, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def on_desk(photo: np.ndarray, sides: str, random: np.random.Generator) -> np.ndarray:
    """The photo with the desk beside the paper in view on those sides, of "tblr": darker, in colour, grained."""
    margin = int(max(photo.shape[:2]) * random.uniform(0.08, 0.35))
    widths = [margin if side in sides else 0 for side in "tblr"]
    colour = [float(value) for value in random.uniform(20, 120, 3)]
    image = cv2.copyMakeBorder(photo, *widths, cv2.BORDER_CONSTANT, value=colour).astype(np.float64)
    height, width = image.shape[:2]
    desk = np.ones((height, width, 1))
    desk[widths[0] : height - widths[1], widths[2] : width - widths[3]] = 0
    grain = cv2.GaussianBlur(random.normal(0, 40, (height, width)), (0, 0), sigmaX=20, sigmaY=2)
    image += desk * grain[..., None] + random.normal(0, 4, image.shape)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 1), 0, 255).astype(np.uint8)


@dataclass
class Page:
    """Ink on a page, `(H, W)` float32 from 0 to 1, and where the digit's own ink lies in it."""

    ink: np.ndarray
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """How tall the digit is."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[int, int]:
        """x and y of the digit's middle."""
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    def draw(self, what: Callable[..., object], *arguments: object, width: int) -> None:
        """Draw more ink with one of OpenCV's functions, which take `(image, ..., colour, thickness, line kind)`."""
        layer = np.zeros(self.ink.shape, np.uint8)
        what(layer, *arguments, 255, width, cv2.LINE_AA)
        self.ink = np.maximum(self.ink, layer.astype(np.float32) / 255)

    def paste(self, ink: np.ndarray, left: int, top: int) -> None:
        """Add ink `(h, w)` with its corner there; what is beyond the page is lost."""
        ink = ink[max(0, -top) :, max(0, -left) :]
        there = self.ink[max(0, top) :, max(0, left) :][: ink.shape[0], : ink.shape[1]]
        np.maximum(there, ink[: there.shape[0], : there.shape[1]], out=there)


def lettering(text: str, height: int, random: np.random.Generator) -> np.ndarray:
    """The text in some font, `height` pixels tall: `(height, w)` float32 from 0 to 1."""
    number = int(random.integers(len(DRAWN) + len(PRINTED)))
    if number < len(DRAWN):
        pen = int(random.integers(3, 12))
        (width, tall), below = cv2.getTextSize(text, DRAWN[number], 3, pen)
        image = np.zeros((tall + below + 40, width + 40), np.uint8)
        cv2.putText(image, text, (20, 20 + tall), DRAWN[number], 3, 255, pen, cv2.LINE_AA)
    else:
        file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{PRINTED[number - len(DRAWN)]}.ttf"
        font = ImageFont.truetype(file, 100)
        left, top, right, bottom = (int(side) for side in font.getbbox(text))
        sheet = Image.new("L", (right - left + 40, bottom - top + 40))
        ImageDraw.Draw(sheet).text((20 - left, 20 - top), text, fill=255, font=font)
        image = np.asarray(sheet)
    x, y, width, tall = cv2.boundingRect(image)
    cut = image[y : y + tall, x : x + width]
    size = (max(1, round(width * height / tall)), height)
    return cv2.resize(cut, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def page(digit: np.ndarray, size: int, random: np.random.Generator, room: float = 0.7, pen: int = 0) -> Page:
    """A page with the digit written about `size` pixels tall, and `room` of that free on each side, give or take.

    With `pen`, the stroke is thinned to its middle and drawn again so many pixels wide.
    """
    ink = _smooth(digit, round(size * 28 / 20))
    if pen:
        ink = cv2.resize(_skeleton(digit), ink.shape[::-1], interpolation=cv2.INTER_CUBIC)
        ink = _line_of(ink, pen)
    rows, columns = np.flatnonzero(ink.max(1) > 0.5), np.flatnonzero(ink.max(0) > 0.5)
    margins = [int(size * room * random.uniform(0.7, 1.3)) for _ in range(4)]
    ink = cv2.copyMakeBorder(ink, *margins, cv2.BORDER_CONSTANT)
    return Page(
        ink, rows[0] + margins[0], rows[-1] + 1 + margins[0], columns[0] + margins[2], columns[-1] + 1 + margins[2]
    )


def taken(ink: np.ndarray, random: np.random.Generator, dim: float = 1.0, grain: float = 3.0) -> np.ndarray:
    """A photo of dark ink on light paper: `(H, W)` -> `(H, W, 3)` uint8; `dim` times as bright, with some grain."""
    light, dark = random.uniform(190, 250, 3), random.uniform(10, 80, 3)
    image = (light + ink[..., None] * (dark - light)) * dim
    return _developed(cv2.GaussianBlur(image, (0, 0), 0.7) + random.normal(0, grain, image.shape))


def clean(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A digit alone on paper, in any of the styles."""
    return photo(digit, STYLES[int(random.integers(len(STYLES)))], random)


def low_light(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Taken in the evening: a quarter of the light, and grainy."""
    return taken(page(digit, int(random.integers(80, 300)), random).ink, random, dim=0.25, grain=5)


def shadow(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The sharp edge of a shadow runs across the digit; 65 % of the light is gone behind it."""
    drawn = page(digit, int(random.integers(80, 300)), random)
    image = taken(drawn.ink, random).astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    across = (x - drawn.middle[0]) * np.cos(angle) + (y - drawn.middle[1]) * np.sin(angle)
    dark = cv2.GaussianBlur((across > 0).astype(np.float32), (0, 0), random.uniform(0.5, 3))
    return _developed(image * (1 - 0.65 * dark[..., None]))


def megapixels(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """12 megapixels, 3000 by 4000, the digit a fifth of the height, written with a marker."""
    return _large(page(digit, int(random.integers(500, 700)), random, room=0.1), random)


def megapixels_fine_pen(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """12 megapixels, the digit a fifth to a half of the height, its line 8 to 16 pixels wide."""
    size, pen = int(random.integers(500, 1500)), int(random.integers(8, 17))
    return _large(page(digit, size, random, room=0.1, pen=pen), random)


def ruled(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """On ruled paper, whose pale lines run through and around the digit."""
    drawn = page(digit, int(random.integers(100, 300)), random)
    rules = np.zeros_like(drawn.ink)
    step = int(drawn.height * random.uniform(0.35, 0.6))
    for y in range(int(random.integers(step)), len(rules), step):
        cv2.line(rules, (0, y), (rules.shape[1], y), random.uniform(0.15, 0.3), max(1, drawn.height // 80))
    return taken(np.maximum(drawn.ink, rules), random)


def underlined(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A line under the digit: just below it, or touching it."""
    drawn = page(digit, int(random.integers(100, 300)), random)
    y = drawn.bottom + int(drawn.height * random.uniform(-0.02, 0.15))
    left, right = (int(drawn.height * random.uniform(0, 0.25)) for _ in range(2))
    slope = int(drawn.height * random.uniform(-0.04, 0.04))
    ends = (drawn.left - left, y), (drawn.right + right, y + slope)
    drawn.draw(cv2.line, *ends, width=_pen(drawn, random))
    return taken(drawn.ink, random)


def circled(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A ring around the digit, which may touch it."""
    drawn = page(digit, int(random.integers(100, 300)), random)
    axes = tuple(int(drawn.height * random.uniform(0.55, 0.8)) for _ in range(2))
    drawn.draw(cv2.ellipse, drawn.middle, axes, random.uniform(-20, 20), 0, 360, width=_pen(drawn, random))
    return taken(drawn.ink, random)


def struck_through(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One line through the digit, level or from corner to corner."""
    drawn = page(digit, int(random.integers(100, 300)), random)
    x, y = drawn.middle
    half = drawn.height * random.uniform(0.5, 0.7)
    angle = random.uniform(-0.9, 0.9)
    dx, dy = int(half * np.cos(angle)), int(half * np.sin(angle))
    drawn.draw(cv2.line, (x - dx, y - dy), (x + dx, y + dy), width=_pen(drawn, random))
    return taken(drawn.ink, random)


def titled(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A printed title above the digit."""
    drawn = page(digit, int(random.integers(100, 300)), random)
    text = str(random.choice(["Answer", "Question 3", "Digit", "Name:", "Write here", "Test 12", "No. 7", "2026"]))
    line = lettering(text, max(8, int(drawn.height * random.uniform(0.12, 0.3))), random)
    if line.shape[1] > (widest := int(0.9 * drawn.ink.shape[1])):
        line = cv2.resize(line, (widest, max(8, line.shape[0] * widest // line.shape[1])), interpolation=cv2.INTER_AREA)
    left = int(random.uniform(0.03, 0.97) * (drawn.ink.shape[1] - line.shape[1]))
    drawn.paste(line, left, drawn.top - line.shape[0] - int(drawn.height * random.uniform(0.05, 0.25)))
    return taken(drawn.ink, random)


def stamped(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A stamp, a frame with a word in it, over a corner of the digit."""
    drawn = page(digit, int(random.integers(100, 300)), random)
    word = lettering(str(random.choice(["PAID", "OK", "SEEN", "COPY", "Late"])), int(drawn.height * 0.25), random)
    room, pen = int(drawn.height * random.uniform(0.04, 0.12)), max(2, drawn.height // 40)
    width, height = word.shape[1] + 2 * room, word.shape[0] + 2 * room
    left, top = random.choice([0, 1], 2)  # over the corner at the right or the left, below or above
    x, y = drawn.middle[0] - left * width, drawn.middle[1] - top * height
    drawn.draw(cv2.rectangle, (x, y), (x + width, y + height), width=pen)
    drawn.paste(word, x + room, y + room)
    return taken(drawn.ink, random)


def boxed(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """In the box of a form."""
    drawn = page(digit, int(random.integers(100, 300)), random)
    away = [int(drawn.height * random.uniform(0.02, 0.3)) for _ in range(4)]
    corners = (drawn.left - away[0], drawn.top - away[1]), (drawn.right + away[2], drawn.bottom + away[3])
    drawn.draw(cv2.rectangle, *corners, width=max(1, drawn.height // 50))
    return taken(drawn.ink, random)


def blank(_: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Paper with nothing on it, in a light that falls off."""
    shape = tuple(int(n) for n in random.integers(60, 500, 2))
    image = random.uniform(90, 250, 3) * _shade(shape, random)[..., None] + random.normal(0, 4, (*shape, 3))
    return _developed(image)


def noise(_: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Noise, fine or coarse, over the whole range."""
    height, width = (int(n) for n in random.integers(60, 400, 2))
    cell = int(random.choice([1, 1, 2, 4, 8, 16]))
    shape = (-(-height // cell), -(-width // cell))
    cells = random.uniform(0, 255, shape) if random.random() < 0.5 else random.normal(128, 60, (*shape, 3))
    return _in_colour(cv2.resize(_developed(cells), (width, height), interpolation=cv2.INTER_NEAREST))


def checkerboard(_: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A checkerboard of 2 to 12 squares a side, straight or turned."""
    side = int(random.integers(100, 400))
    cell = side / random.uniform(2, 12)
    angle = random.choice([0, random.uniform(0, np.pi / 2)])
    y, x = np.mgrid[:side, :side] + random.uniform(0, side)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    squares = (np.floor(u / cell) + np.floor(v / cell)) % 2
    return taken(squares.astype(np.float32), random)


def texture(_: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Wood, cloth or clouds: noise that was blurred, more one way than the other."""
    shape = tuple(int(n) for n in random.integers(100, 400, 2))
    x, y = random.uniform(1, 25, 2)
    grain = cv2.GaussianBlur(random.normal(0, 1, shape), (0, 0), sigmaX=x, sigmaY=y)
    image = random.uniform(70, 190, 3) + random.uniform(8, 50) * (grain / grain.std())[..., None]
    return _developed(image + random.normal(0, 3, image.shape))


def letter(_: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A letter that looks like no digit."""
    letters = [c for c in string.ascii_letters if c not in LOOKALIKES]
    ink = lettering(str(random.choice(letters)), int(random.integers(60, 250)), random)
    return taken(cv2.copyMakeBorder(ink, *[int(len(ink) * random.uniform(0.3, 0.8))] * 4, cv2.BORDER_CONSTANT), random)


def word(_: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A printed word."""
    text = str(random.choice(["hello", "Answer", "NEURAL", "paper", "ReLU", "Exam", "page"]))
    ink = lettering(text, int(random.integers(40, 90)), random)
    return taken(cv2.copyMakeBorder(ink, 60, 60, 60, 60, cv2.BORDER_CONSTANT), random)


Kind = Callable[[np.ndarray, np.random.Generator], np.ndarray]
READ: dict[str, Kind] = {  # to be read
    "clean, all styles": clean, "low light": low_light, "sharp shadow": shadow, "12 megapixels": megapixels,
    "12 megapixels, fine pen": megapixels_fine_pen, "ruled paper": ruled,
}  # fmt: skip
OTHER_INK: dict[str, Kind] = {  # to be read, or warned of
    "underlined": underlined, "circled": circled, "struck through": struck_through, "title above": titled,
    "stamped": stamped, "boxed": boxed,
}  # fmt: skip
NO_DIGIT: dict[str, Kind] = {  # to be refused
    "blank": blank, "noise": noise, "checkerboard": checkerboard, "texture": texture, "letter": letter, "word": word,
}  # fmt: skip


def _large(drawn: Page, random: np.random.Generator) -> np.ndarray:
    """The page somewhere on a photo of 3000 by 4000."""
    height, width = drawn.ink.shape
    top, left = int(random.integers(0, 3000 - height)), int(random.integers(0, 4000 - width))
    ink = cv2.copyMakeBorder(drawn.ink, top, 3000 - height - top, left, 4000 - width - left, cv2.BORDER_CONSTANT)
    light, dark = random.integers(190, 250, 3), random.integers(10, 80, 3)
    shades = np.rint(np.linspace(light, dark, 256)).astype(np.int16)  # (256, 3): what each amount of ink looks like
    grain = np.tile(np.rint(random.normal(0, 4, (500, 500, 3))).astype(np.int16), (6, 8, 1))
    return np.clip(shades[np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)] + grain, 0, 255).astype(np.uint8)


def _smooth(digit: np.ndarray, size: int) -> np.ndarray:
    """The digit that large, `(size, size)` float32, its edges as sharp as a pen's."""
    large = cv2.resize(digit, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    large = cv2.GaussianBlur(large, (0, 0), size / 56)
    return np.clip((large - 0.5) * size / 20 + 0.5, 0, 1)


def _skeleton(digit: np.ndarray) -> np.ndarray:
    """The middle of the strokes, thinned as T. Zhang and C. Suen do ("A fast parallel algorithm", 1984), and soft:
    `(140, 140)` float32."""
    return cv2.GaussianBlur(thinned(_smooth(digit, 140) > 0.5).astype(np.float32), (0, 0), 1)


def thinned(shape: np.ndarray) -> np.ndarray:
    """The middle of the strokes of a shape `(H, W)` bool, one pixel wide."""
    image = np.pad(shape, 1)
    thinner = True
    while thinner:
        thinner = False
        for first in (True, False):
            n, ne, e, se, s, sw, w, nw = (
                np.roll(image, turn, (0, 1))
                for turn in ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            )
            ring = np.stack([n, ne, e, se, s, sw, w, nw, n]).astype(np.int8)
            around, turns = ring[:8].sum(0), (np.diff(ring, axis=0) == 1).sum(0)
            edge = ~(n & e & s) & ~(e & s & w) if first else ~(n & e & w) & ~(n & s & w)
            gone = image & (around >= 2) & (around <= 6) & (turns == 1) & edge
            image = image & ~gone
            thinner |= bool(gone.any())
    return image[1:-1, 1:-1]


def _line_of(middle: np.ndarray, pen: int) -> np.ndarray:
    """The middle of the strokes drawn about `pen` pixels wide."""
    depth = cv2.distanceTransform((middle < 0.2).astype(np.uint8), cv2.DIST_L2, 5)
    return np.clip(pen / 2 - depth + 0.5, 0, 1).astype(np.float32)


def _pen(drawn: Page, random: np.random.Generator) -> int:
    """How wide a line by hand is."""
    return max(2, int(drawn.height * random.uniform(0.025, 0.1)))


def _on_canvas(ink: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The digit somewhere on a larger sheet, which need not be square."""
    size = len(ink)
    top, bottom, left, right = (int(n) for n in random.integers(0, size // 2 + 1, 4))
    return cv2.copyMakeBorder(ink, top, bottom, left, right, cv2.BORDER_CONSTANT)


def _turned(ink: np.ndarray, degrees: float) -> np.ndarray:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(ink, matrix, (width, height))


def _shade(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Light that falls off to half or so towards one side: `(H, W)`."""
    height, width = shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    angle = random.uniform(0, 2 * np.pi)
    along = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    return np.clip(0.8 - random.uniform(0.2, 0.5) * along, 0, 1)


def _colours(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two colours far enough apart, not necessarily in brightness."""
    while True:
        a, b = random.uniform(0, 255, (2, 3))
        if np.linalg.norm(a - b) > 120:
            return a, b


def _developed(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _in_colour(image: np.ndarray) -> np.ndarray:
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, 2)
