"""What the tests of the lesson share: its page, its screens, and numbers read back from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .browser import Page
from .tapes import numbers

# What is wrong with how a screen looks: bodies of JavaScript functions.
FAULTS = (Path(__file__).parent / "faults.js").read_text()  # texts: [faults, the smallest letters]
OVERFLOW = """const faults = [];
for (const id of ['picture', 'code', 'chain']) {
  const box = document.getElementById(id), outer = box.getBoundingClientRect();
  if (!box.checkVisibility()) continue;
  for (const part of box.querySelectorAll('*')) {
    const inner = part.getBoundingClientRect();
    if (part.closest('svg') || part.children.length || !inner.width || !part.checkVisibility()) continue;
    const beside = Math.max(outer.left - inner.left, inner.right - outer.right);
    const beyond = Math.max(outer.top - inner.top - 2, inner.bottom - outer.bottom);
    if (Math.max(beside, beyond) > 1.5) faults.push(`${id}: ${part.className} ${part.textContent.slice(0, 30)}`);
  }
}
return faults.slice(0, 5)"""
CUT = """const wide = innerWidth, high = innerHeight, stacked = getComputedStyle(document.body).display !== 'grid';
  const least = 0.0199 * (stacked ? 844 : high), picture = document.getElementById('picture').getBoundingClientRect();
  const faults = new Set();
  for (const element of document.querySelectorAll('#picture *, #code *, #chain *, #idea')) {
    const box = element.getBoundingClientRect();
    if (!element.checkVisibility() || !box.width) continue;
    const name = element.tagName + '.' + (element.className.baseVal ?? element.className);
    if (box.right > wide + 1 || box.left < -1) faults.add('beyond the side: ' + name);
    const inside = element.closest('#picture');
    if (!stacked && inside && (box.top < picture.top - 4 || box.bottom > picture.bottom + 4))
      faults.add('beyond the picture: ' + name);
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.tagName === 'SUB') continue;
    const size = parseFloat(getComputedStyle(element).fontSize) * (element.closest('svg')?.getScreenCTM().a ?? 1);
    if (size < least) faults.add(`small, ${size.toFixed(1)}: ${element.textContent}`);
  }
  return [...faults];"""


class Lesson:
    """The lesson in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def here(self) -> str:
        """The address of the screen."""
        return self.page.js("return location.hash.slice(1)")

    def go(self, screen: str) -> None:
        """Open a screen by its address."""
        self.page.driver.execute_async_script(
            "const done = arguments[1]; if (location.hash === '#' + arguments[0]) return done();"
            "addEventListener('hashchange', () => setTimeout(done), {once: true}); location.hash = '#' + arguments[0]",
            screen,
        )
        assert self.here == screen

    def screens(self) -> list[str]:
        """All screens, walked through by keyboard from the first to the last."""
        self.page.press("HOME")
        found = [self.here]
        while True:
            self.page.press("ARROW_RIGHT")
            if self.here == found[-1]:
                return found
            found.append(self.here)

    @property
    def cell(self) -> dict[str, list[int]]:
        """The chosen cell: indices by name."""
        return json.loads(self.page.js("return document.getElementById('chain').dataset.cell"))

    def terms(self) -> list[float]:
        """The numbers of the chain rule: the result, then its factors."""
        return [float(text) for text in self.page.each("#chain .n[data-exact]", "(n) => n.dataset.exact")]


class Pass:
    """A tape's operations with their arrays, by the names that addresses have."""

    def __init__(self, tape: dict[str, Any]) -> None:
        self.tape = tape

    def arrays(self, node: int) -> dict[str, np.ndarray]:
        """The arrays of an operation: its inputs, z, dz and its gradients dx, dw, ... in float64."""
        recorded, extra = self.tape["nodes"][node], self.tape["lesson"]["nodes"][node]
        found = {one["label"]: one["value"] for one in recorded["inputs"]}
        found |= {"d" + one["label"]: place for one, place in zip(recorded["inputs"], extra["grads"])}
        found |= {"z": recorded["output"], "dz": extra["dz"]}
        return {name: numbers(self.tape, place).astype(float) for name, place in found.items() if place is not None}

    def node(self, op: str, count: int = 1) -> int:
        """The number of the count-th operation of that class."""
        return [node["id"] for node in self.tape["nodes"] if node["op"] == op][count - 1]


def shows(text: str, exact: float) -> bool:
    """Whether a text is that number, rounded, perhaps in thousandths or millionths."""
    number = text.strip().strip("()").replace("−", "-")
    lead, _, power = number.partition(" · 10")
    if power:  # 1.23 · 10⁻⁸
        places = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
        return abs(float(lead) * 10.0**places - exact) <= 0.6 * 10.0 ** (places - len(lead.partition(".")[2])) + 1e-7
    digits = len(number.partition(".")[2])
    return any(abs(float(number) - exact * 10**power) <= 0.501 * 10.0**-digits + 1e-6 * abs(exact) * 10**power
               for power in (0, 3, 6, 9))  # fmt: skip
