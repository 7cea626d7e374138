"""Live steps: what the page computes is what the engine computes, and quickly enough to be watched."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minidl
from minidl import nn
from minidl.engine.function import Function
from minidl.explain.checks.update import updated
from minidl.explain.tape import Tape
from minidl.nn import functional as F

from ..page.browser import Page
from .networks import NETWORKS, Network, digits, lecture, perceptron, residual
from .zoo import zoo

STEPS = 50
ROUNDING = 2.0**-23  # of float32
RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

LIST = "const list = (a) => a && {shape: a.shape, numbers: [...a.numbers]};"
PASS = f"""{LIST} return live.operations.map((op, n) => ({{z: list(live.pass.z[n]), dz: list(live.pass.dz[n]),
    sent: op.inputs.map((_, k) => list(live.pass.sent[n][k]))}}))"""
SHOWN = f"""{LIST} return {{leaves: live.leaves.map((leaf) => [list(leaf.array), list(leaf.grad)]),
    operations: live.operations.map((op) => [op.z, op.dz, op.slope, op.in.x, op.d.x, op.inputs[0].grad].map(list))}}"""


@pytest.fixture
def opened(driver: Any, tmp_path: Path) -> Callable[..., Page]:
    """The page of a tape, at its live screen."""

    def open_tape(tape: Tape, screen: str = "live", lang: str = "en") -> Page:
        path = tmp_path / "live.html"
        tape.save(path, lang)
        page = Page(driver, path)
        go(page, screen)
        if screen == "live":
            wait(page, "live.why !== undefined")
        return page

    return open_tape


def go(page: Page, screen: str) -> None:
    page.js("location.hash = arguments[0]", screen)
    wait(page, "document.title && location.hash === arguments[0]", f"#{screen}")
    time.sleep(0.1)


def wait(page: Page, condition: str, *arguments: Any) -> None:
    deadline = time.monotonic() + 30
    while not page.js(f"return {condition}", *arguments):
        assert time.monotonic() < deadline, (condition, page.errors())
        time.sleep(0.02)


def array(found: dict[str, Any] | None) -> np.ndarray | None:
    return None if found is None else np.array(found["numbers"], np.float64).reshape(found["shape"])


Array = np.ndarray | None


def assert_near(found: Array, wanted: Array, roundings: float, what: str, size: float = 0) -> None:
    """Equal up to so many roundings of the largest element, or of `size` if that is larger."""
    assert (found is None) == (wanted is None), what
    if found is None or wanted is None:
        return
    assert found.shape == wanted.shape, what
    room = roundings * ROUNDING * max(float(np.max(np.abs(wanted), initial=0)), size, 1e-6)
    worst = float(np.max(np.abs(found - wanted), initial=0))
    assert worst <= room, f"{what}: off by {worst:.3g}, room {room:.3g}"


def summed(tape: Tape) -> float:
    """The largest sum of magnitudes that one number of this tape is what remains of."""
    return max(float(np.abs(node.inputs[0].array).sum()) for node in tape.nodes if node.op == "Sum")


# The numbers ----------------------------------------------------------------------------------------------------------


def test_every_kernel_agrees_with_its_operation(opened):
    tape = zoo()
    page = opened(tape)
    assert page.js("return live.why") is None
    moved = {"Slice", "Take", "IndexSelect", "Gather", "Cat", "Triangle", "Pad", "Flip", "Roll", "Tile", "Diagonal"}
    assert {*page.js("return Object.keys(live.kernels)"), *moved} == {node.op for node in tape.nodes}
    for node, found in zip(tape.nodes, page.js(PASS)):
        assert_near(array(found["z"]), node.array, 16, f"{node.op} {node.id} z", 0 if node.array.ndim else summed(tape))
        assert_near(array(found["dz"]), node.dz, 64, f"{node.op} {node.id} dz")
        for x, sent, wanted in zip(node.inputs, found["sent"], node.gradients or [None] * len(node.inputs)):
            assert_near(array(sent), wanted, 64, f"{node.op} {node.id} d{x.label}")
    assert page.errors() == []


def engine_steps(network: Network, **options: float) -> tuple[list[float], dict[str, np.ndarray]]:
    """The losses before and after each step of SGD, and the weights after the last."""
    optimizer = minidl.optim.SGD(network.model.parameters(), **options)
    losses = []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        loss = network.loss(network.model(network.x))
        losses.append(loss.item())
        if step < STEPS:
            loss.backward()
            optimizer.step()
    return losses, {name: w.detach().numpy().astype(np.float64) for name, w in network.model.named_parameters()}


def set_options(page: Page, rate: float, momentum: float = 0, decay: float = 0) -> None:
    page.js(
        """const [rate, momentum, decay] = arguments;
        const slider = document.getElementById("rate");
        slider.value = rate;
        slider.dispatchEvent(new Event("input"));
        for (const [id, value] of [["momentum", momentum], ["decay", decay]]) {
          const box = document.getElementById(id);
          box.value = String(value);
          if (box.value !== String(value)) throw Error(`${id} cannot be ${value}`);
          box.dispatchEvent(new Event("change"));
        }""",
        RATES.index(rate), momentum, decay,
    )  # fmt: skip


OPTIONS = {"lecture": (0.02, 0, 0), "perceptron": (0.05, 0.9, 0.001), "squares": (0.5, 0.9, 0.0001)}


@pytest.mark.parametrize("name", NETWORKS)
def test_fifty_steps_are_the_engines(opened, name):
    minidl.manual_seed(0)
    network = NETWORKS[name]()
    rate, momentum, decay = OPTIONS.get(name, (0.05, 0.5, 0.01))
    page = opened(network.record())
    assert page.js("return live.why") is None
    set_options(page, rate, momentum, decay)
    page.js(f"for (let n = 0; n < {STEPS}; n++) document.querySelector('[data-key=step]').click()")
    losses, weights = engine_steps(network, lr=rate, momentum=momentum, weight_decay=decay)
    assert page.js("return live.steps") == STEPS
    assert losses[-1] < 0.9 * losses[0]  # something was learnt
    assert_near(np.array(page.js("return live.losses")), np.array(losses), 100, "losses")
    found = page.js(f"{LIST} return Object.fromEntries(live.leaves.map((leaf) => [leaf.name, list(leaf.array)]))")
    for key, wanted in weights.items():
        assert_near(array(found[key]), wanted, 100, key)
    assert page.errors() == []


# What is seen of them -------------------------------------------------------------------------------------------------


def test_every_picture_shows_the_step_and_a_reset_takes_it_back(opened):
    minidl.manual_seed(0)
    network = residual()
    with_update = network.record()
    with_update.update = updated(with_update)
    page = opened(with_update)
    go(page, "conv1")
    before, recorded = page.text("#picture"), page.js(SHOWN)
    stage = page.texts(".strip .stage:last-of-type")
    page.press("s", "s", "s")  # on this screen, without going to the live one
    assert page.js("return live.steps") == 3
    assert page.text("#picture") != before and page.texts(".strip .stage:last-of-type") != stage
    assert page.text("[data-key=live]") == "Live · 3"
    network.model.zero_grad()
    for _ in range(3):
        network.loss(network.model(network.x)).backward()
        for w in network.model.parameters():
            w.data -= RATES[page.js("return live.rate")] * w.grad
            w.grad = None
    network.x.grad = None
    again = network.record()
    for found, node in zip(page.js(SHOWN)["operations"], again.nodes):
        z, dz, _, x, dx, grad = map(array, found)
        sent = node.gradients[0]
        for one, wanted in ((z, node.array), (dz, node.dz), (x, node.inputs[0].array), (dx, sent), (grad, sent)):
            assert_near(one, wanted, 100, f"{node.op} {node.id}")
    for found, leaf in zip(page.js(SHOWN)["leaves"], again.leaves):
        assert_near(array(found[0]), leaf.array.astype(np.float64), 100, f"{leaf.name}")
        assert_near(array(found[1]), leaf.gradient, 100, f"{leaf.name}'s gradient")
    go(page, "update")
    wanted = updated(again)
    assert page.js("return live.updated.rates") == pytest.approx(wanted.rates.tolist())
    assert page.js("return live.updated.slope") == pytest.approx(wanted.slope, rel=1e-5)
    go(page, "live")
    page.click("[data-key=reset]")
    assert page.js(SHOWN) == recorded and page.js("return live.losses.length") == 1
    go(page, "conv1")
    assert page.text("#picture") == before
    assert page.errors() == []


def test_the_run_can_be_watched(opened):
    minidl.manual_seed(0)
    page = opened(perceptron().record())
    first = page.each("svg.losses .curve", "(path) => path.getAttribute('d')")
    page.press("r")
    wait(page, "live.steps >= 12")
    go(page, "tanh1")
    steps = page.js("return live.steps")
    wait(page, f"live.steps >= {steps + 12}")  # other screens do not stop it
    go(page, "live")
    page.press("r")
    done = page.js("return live.steps")
    assert not page.js("return live.running") and page.js("return live.losses.length") == done + 1
    assert page.each("svg.losses .curve", "(path) => path.getAttribute('d')") != first
    assert page.js("return live.losses.at(-1) < live.losses[0]")
    page.click("#turns")
    page.click("[data-key=step]")
    assert page.js("return live.sample") == 0
    assert page.errors() == []


def test_steps_are_quick_enough(opened):
    """Time of the page's own thread, so that a busy machine does not count."""
    seconds = {}
    for name, network in (("lecture", lecture), ("perceptron", perceptron)):
        minidl.manual_seed(0)
        page = opened(network().record())
        page.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        page.click("[data-key=run]")
        wait(page, "live.steps >= 40")  # compiled by now
        began, first = _thread_seconds(page), page.js("return live.steps")
        wait(page, f"live.steps >= {first + 60}")
        seconds[name] = (_thread_seconds(page) - began) / (page.js("return live.steps") - first)
        page.driver.execute_cdp_cmd("Performance.disable", {})
    assert seconds["lecture"] < 1 / 20 and seconds["perceptron"] < 1 / 80, seconds  # 10 and 60 a second, with room


def _thread_seconds(page: Page) -> float:
    metrics = {m["name"]: m["value"] for m in page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
    return metrics["TaskDuration"]


# Drawing --------------------------------------------------------------------------------------------------------------

DRAW = """const pad = document.querySelector(".drawpad"), box = pad.getBoundingClientRect();
const send = (type, [x, y]) => pad.dispatchEvent(new PointerEvent(type, {bubbles: true, pointerId: 1, isPrimary: true,
  clientX: box.left + x * box.width, clientY: box.top + y * box.height}));
pad.setPointerCapture = () => {};
send("pointerdown", arguments[0][0]);
for (const place of arguments[0]) send("pointermove", place);
send("pointerup", arguments[0].at(-1));"""

SEVEN = [[0.55, 0.2], [0.95, 0.2], [0.75, 0.6]]


def pixels(page: Page) -> np.ndarray:
    return np.array(page.js("return [...live.pass.leaves[0].numbers.slice(0, 784)]")).reshape(28, 28)


def test_a_drawn_digit_is_centred_and_scaled_as_in_mnist(opened):
    minidl.manual_seed(0)
    network = lecture()
    page = opened(network.record())
    before = page.texts(".class .num")
    page.js(DRAW, SEVEN)
    wait(page, "live.recorded")
    digit = pixels(page)
    rows, columns = np.nonzero(digit > 0.02)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    places = np.arange(28) + 0.5
    centre = [(digit.sum(axis) * places).sum() / digit.sum() for axis in (1, 0)]
    assert max(abs(at - 14) for at in centre) <= 0.51, centre
    assert digit.max() == pytest.approx(1, abs=0.01) and digit.min() == 0
    assert page.texts(".class .num") != before
    scores = network.model(minidl.tensor(digit[None, None].astype(np.float32))).detach().numpy()[0].astype(np.float64)
    p = np.exp(scores) / np.exp(scores).sum()
    assert [float(text) for text in page.texts(".class .num")] == pytest.approx(p.tolist(), abs=0.00501)
    page.press("7")  # the right answer, by keyboard
    assert page.js("return live.pass.leaves.at(-1).numbers[0]") == 7
    assert page.js("return live.pass.z.at(-1).numbers[0]") == pytest.approx(-np.log(p[7]), rel=1e-5)
    assert page.js("return document.querySelector('.class[aria-pressed=true] b').innerText") == "7"
    page.click("[data-key=clear]")
    assert not pixels(page).any()
    images, labels = digits(20)
    page.click("[data-key=sample-2]")  # the first 2 among them
    assert pixels(page) == pytest.approx(images[list(labels).index(2), 0], abs=1e-6)
    assert page.js("return live.pass.leaves.at(-1).numbers[0]") == 2
    assert page.errors() == []


def test_a_digit_is_drawn_with_the_keyboard(opened):
    minidl.manual_seed(0)
    page = opened(perceptron().record())
    page.js("document.querySelector('.drawpad').focus()")
    page.press("DELETE", "SPACE", *["ARROW_DOWN"] * 12, "SPACE")
    wait(page, "live.pass.leaves[0].numbers.slice(0, 784).some((v) => v > 0)")
    rows, columns = np.nonzero(pixels(page) > 0.02)
    assert np.ptp(rows) + 1 == 20 and np.ptp(columns) < 8  # an upright stroke
    assert page.js("return location.hash") == "#live"
    assert page.errors() == []


# One number changed ---------------------------------------------------------------------------------------------------


def test_one_number_changed_keeps_what_its_slope_promised_only_nearby(opened):
    minidl.manual_seed(0)
    network = lecture()
    page = opened(network.record(), "conv1.dw")
    page.press("v")
    wait(page, "location.hash === '#change'")
    chosen = page.js("return live.chosen")
    assert page.js("return live.leaves[arguments[0]].name", chosen["leaf"]) == "layer1.0.weight"
    loss = network.loss(network.model(network.x)).item()
    slope = float(network.model.layer1[0].weight.grad.numpy()[tuple(chosen["index"])])
    start = page.js("return Number(document.getElementById('number').value)")
    slide = """const slider = document.getElementById("number");
        Object.assign(slider, {step: "any", value: arguments[0]});
        slider.dispatchEvent(new Event("input"))"""
    for delta in (0.01, 0.3):
        page.js(slide, start + delta)
        with minidl.no_grad():
            network.model.layer1[0].weight[tuple(chosen["index"])] += delta
            changed = network.loss(network.model(network.x)).item()
            network.model.layer1[0].weight[tuple(chosen["index"])] -= delta
        shown = [float(n) for n in page.each("#chain .n", "(e) => e.dataset.exact")]
        assert shown == pytest.approx([slope * delta, slope, delta], rel=1e-4, abs=1e-9)
        assert page.js("return live.pass.z.at(-1).numbers[0]") - loss == pytest.approx(changed - loss, abs=1e-6)
    page.click("[data-key=back]")
    assert page.js("return live.pass.z.at(-1).numbers[0]") == pytest.approx(loss, abs=1e-6)
    page.press("ARROW_RIGHT", shift=True)
    assert page.js("return live.chosen.index") != chosen["index"]
    page.js("const b = document.getElementById('leaf'); b.value = '0'; b.dispatchEvent(new Event('change'))")  # pixels
    assert page.js("return live.chosen.leaf") == 0 and page.errors() == []


# Where it is not possible ---------------------------------------------------------------------------------------------


class Cube(Function):
    """z = x³        ∂z/∂x = 3 x²"""

    def forward(self, x):
        self.x = x
        return x * x * x

    def backward(self, dz):
        return 3 * self.x * self.x * dz


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x: minidl.Tensor) -> minidl.Tensor:
        return Cube.apply(self.fc(x))


def test_the_page_says_which_operation_keeps_it_from_being_live(opened):
    x = minidl.tensor([[1.0, 2.0]])
    target = minidl.tensor([0])
    cross_entropy = lambda z: F.cross_entropy(z, target)
    page = opened(Network(Own(), x, cross_entropy).record())
    assert "Cube" in page.text("#picture") and not page.each(".drawpad", "(e) => 1")
    page.press("s", "r")
    assert page.js("return live.steps") == 0 and page.errors() == []
    wide = nn.Sequential(nn.Linear(2, 150_000), nn.Linear(150_000, 2))
    assert "0.weight" in opened(Network(wide, x, cross_entropy).record()).text("#picture")


# How it looks ---------------------------------------------------------------------------------------------------------


CUT = """const wide = document.documentElement.clientWidth;
const stage = getComputedStyle(document.body).display === "grid";
const bottom = document.getElementById("foot").getBoundingClientRect().top;
return [...document.querySelectorAll("#picture :is(button, p, canvas, svg, select, label, output, input, .num)")]
  .filter((e) => e.getClientRects().length).map((e) => [e, e.getBoundingClientRect()])
  .filter(([, b]) => b.left < -1 || b.right > wide + 1 || (stage && b.bottom > bottom + 1))
  .map(([e]) => e.outerHTML.slice(0, 90))"""

LEAST = """const letters = [...document.querySelectorAll("#picture *")].filter((e) => e.getClientRects().length &&
  [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
const scale = (e) => e.closest("svg")?.getScreenCTM().a ?? 1;
return Math.min(...letters.map((e) => parseFloat(getComputedStyle(e).fontSize) * scale(e)))"""


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_live_screens_fit_and_can_be_read(opened, lang):
    minidl.manual_seed(0)
    page = opened(lecture().record(), lang=lang)
    page.press("s")
    for screen in ("live", "change"):
        go(page, screen)
        assert page.violations() == [], screen
        for width, height in ((1280, 720), (1024, 768), (1920, 1080), (390, 844), (640, 360)):
            page.resize(width, height)
            time.sleep(0.1)
            assert page.js(CUT) == [], (screen, width, height)
            if height in (720, 768, 1080):
                assert page.js(LEAST) >= 0.02 * height, (screen, width, height)
        page.resize(1280, 720)
    assert page.errors() == []
