"""Train the small network that tells digits from everything else, and write its weights: minidl/serve/guard.npz.

    python scripts/make_guard.py

Digits: the bundled sample as it is, and traced along its skeletons with a round pen. Not digits: printed letters, and
figures of random lines, polygons, zigzags, loops and scribbles, in the same pens, half of them softened as scans are.
Both come from the sample's training split alone. Prints how many digits of the test split are refused at the threshold
that refuses one in a hundred of the training digits, and how many of the figures pass it.
"""

from __future__ import annotations

import string
from pathlib import Path

import cv2
import numpy as np

import minidl
from minidl import nn
from minidl.data.photo.strokes import read_strokes
from minidl.errors import DataError
from minidl.serve.guard import FILE, Guard
from minidl.tensors import saving
from tests.serve.pen import jittered, traced
from tests.support.runs import sample

SEED, EPOCHS, BATCH, RATE = 0, 6, 100, 0.05
STRANGE = 24_000  # images of no digit
LIKE_DIGITS = set("IlOoZzSsBbgqDQGJiCcL")  # half of the readers would say a digit
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)  # fmt: skip


def pens(random: np.random.Generator) -> float:
    return float(random.uniform(0.03, 0.12))


def pressed(strokes, random):
    """The strokes as the reader of drawings takes them, in one pen; as MNIST's (28, 28)."""
    width = pens(random)
    return read_strokes([[(x, y, width) for x, y in stroke] for stroke in strokes])[0]


def softened(image, random):
    """Half of the images with the softer, uneven ink of a scan."""
    if random.random() < 0.5:
        return image
    soft = cv2.GaussianBlur(image.astype(np.float32), (0, 0), float(random.uniform(0.4, 0.9)))
    uneven = cv2.resize(random.uniform(0.75, 1.15, (7, 7)).astype(np.float32), (28, 28), interpolation=cv2.INTER_CUBIC)
    return np.clip(soft * uneven * 255 / max(soft.max(), 1), 0, 255).astype(np.uint8)


def letter(random):
    """A printed letter, slanted, stretched and turned, in one of six fonts."""
    from minidl.data.photo.mnist import centred

    letters = [one for one in string.ascii_letters if one not in LIKE_DIGITS]
    image = np.zeros((200, 240), np.uint8)
    one, font = letters[random.integers(len(letters))], FONTS[random.integers(len(FONTS))]
    cv2.putText(image, one, (80, 130), font, 2.7, 255, int(random.integers(3, 13)), cv2.LINE_AA)
    a = np.eye(2) + random.uniform(-0.22, 0.22, (2, 2))
    moved = cv2.warpAffine(image, np.column_stack([a, [120, 100] - a @ [120, 100]]), (240, 200))
    left, top, width, height = cv2.boundingRect(moved)
    return centred(moved[top : top + height, left : left + width].astype(np.float32) / 255)


def figure(random):
    """Strokes that make no digit: one of six kinds."""
    kind = random.integers(6)
    if kind == 0:  # a polygon, its corners around a circle
        corners = int(random.integers(3, 8))
        angles = (
            np.sort(random.uniform(0, 2 * np.pi, corners))
            if corners > 4
            else (
                np.arange(corners) / corners * 2 * np.pi + random.uniform(0, 6.3) + random.uniform(-0.3, 0.3, corners)
            )
        )
        radii = random.uniform(0.25, 0.42, corners)
        ring = [(0.5 + r * np.cos(t), 0.5 + r * np.sin(t)) for r, t in zip(radii, angles)]
        made = [[*ring, ring[0]]]
    elif kind == 1:  # a zigzag of three turns or more
        count = int(random.integers(4, 8))
        across = np.linspace(0.15, 0.85, count) + random.uniform(-0.05, 0.05, count)
        up = np.where(np.arange(count) % 2 == random.integers(2), 0.25, 0.75) + random.uniform(-0.15, 0.15, count)
        line = list(zip(across, up)) if random.random() < 0.7 else list(zip(up, across))
        made = [line]
    elif kind == 2:  # two to four lines that cross or meet
        made = [[tuple(random.uniform(0.15, 0.85, 2)) for _ in range(2)] for _ in range(int(random.integers(3, 6)))]
    elif kind == 3:  # a scribble
        made = [[tuple(p) for p in random.uniform(0.15, 0.85, (int(random.integers(6, 14)), 2))]]
    elif kind == 4:  # a closed curve with cusps: hearts, flowers, clouds
        t, petals = np.linspace(0, 2 * np.pi, 60), int(random.integers(2, 6))
        r = 0.2 + 0.18 * np.abs(np.sin(petals * t / 2 + random.uniform(0, 3)))
        squeeze = random.uniform(0.6, 1, 2)
        made = [[(0.5 + squeeze[0] * a * np.cos(b), 0.5 + squeeze[1] * a * np.sin(b)) for a, b in zip(r, t)]]
    else:  # upright and level lines, as of capitals, boxes and trees
        xs, ys = np.sort(random.uniform(0.2, 0.8, 3)), np.sort(random.uniform(0.15, 0.85, 3))
        made = []
        for _ in range(int(random.integers(3, 6))):
            if random.random() < 0.5:
                x = xs[random.integers(3)]
                made.append([(x, ys[0]), (x, ys[2])])
            else:
                y = ys[random.integers(3)]
                made.append([(xs[0], y), (xs[2], y)])
        if random.random() < 0.5:
            made.append([(xs[0], ys[2]), (xs[2], ys[0])])
    return made


def ticks(random):
    """Two lines that meet at the bottom, or at a level one: V, ticks, T, arrows."""
    x, y = random.uniform(0.35, 0.65), random.uniform(0.65, 0.85)
    if random.random() < 0.5:
        return [
            [
                (random.uniform(0.1, x - 0.15), random.uniform(0.15, y - 0.2)),
                (x, y),
                (random.uniform(x + 0.15, 0.9), random.uniform(0.1, 0.35)),
            ]
        ]
    top = random.uniform(0.12, 0.25)
    return [[(x - random.uniform(0.2, 0.35), top), (x + random.uniform(0.2, 0.35), top)], [(x, top), (x, 0.87)]]


def other(random):
    """An image (28, 28) of no digit."""
    while True:
        try:
            draw = random.random()
            if draw < 0.45:
                return softened(letter(random), random)
            strokes = ticks(random) if draw < 0.55 else figure(random)
            return softened(pressed(jittered(strokes, random), random), random)
        except DataError:
            continue


def digits(train, random):
    """The sample's digits, each also as the strokes along its skeleton."""
    images, _ = sample(train, 10_000)
    drawn = []
    for image in images:
        try:
            drawn.append(softened(pressed(jittered(traced(image), random, 0.006), random), random))
        except DataError:
            continue
    return np.concatenate([images, np.stack(drawn)])


def batches(images, labels, random):
    order = random.permutation(len(images))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        part = order[start : start + BATCH]
        yield minidl.tensor(images[part, None].astype(np.float32) / 255), minidl.tensor(labels[part])


def main() -> None:
    random = np.random.default_rng(SEED)
    minidl.manual_seed(SEED)
    known = digits(True, random)
    strange = np.stack([other(random) for _ in range(STRANGE)])
    print(f"{len(known):,} digits, {len(strange):,} others", flush=True)
    images = np.concatenate([known, strange])
    labels = np.concatenate([np.zeros(len(known)), np.ones(len(strange))]).astype(np.int64)
    model = Guard()
    steps = EPOCHS * (len(images) // BATCH)
    optimizer = minidl.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    schedule = minidl.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps, cycle_momentum=False)
    for epoch in range(EPOCHS):
        total = 0.0
        for x, y in batches(images, labels, random):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / (len(images) // BATCH):.4f}", flush=True)
    state = {name: tensor.half() for name, tensor in model.state_dict().items()}
    saving.save(state, Path(minidl.__file__).parent / "serve" / FILE)
    guard = Guard.load()
    limit = float(np.quantile(guard.strangeness(known), 0.99))
    fresh = np.random.default_rng(SEED + 1)
    print(f"limit {limit:.2f}")
    print(f"test digits refused {np.mean(guard.strangeness(digits(False, fresh)) > limit):.2%}")
    print(f"figures that pass {np.mean(guard.strangeness(np.stack([other(fresh) for _ in range(1000)])) <= limit):.2%}")


if __name__ == "__main__":
    main()
