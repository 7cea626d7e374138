"""`{house}`: the one picture of the house, drawn here, floor by floor, in the page's language and colours."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

WIDTH, LEFT, RIGHT, ROOF, FLOOR, GAP = 480, 62, 418, 112, 60, 4
# From the roof down: the rooms of a floor, and what happens there.
FLOORS = (
    (("explain", "serve"), "shown, and used ‖ 보여 주고 쓰게 하기"),
    (("models", "training", "compress", "onnx"), "networks, and runs of them ‖ 신경망과 그 학습"),
    (("nn", "optim", "data", "proof"), "layers, updates, batches; and their judge ‖ 층, 갱신, 배치, 그리고 검증"),
    (("tensors", "linalg", "distributions"), "what a tensor is to its user ‖ 쓰는 사람이 보는 텐서"),
    (("ops",), "the mathematics: a rule beside its derivative ‖ 수학: 계산식 옆에 도함수"),
    (("engine",), "remembering, and going back ‖ 기억하고, 되돌아가기"),
    (("backend/numpy", "backend/cupy"), "the arrays: CPU or GPU ‖ 배열: CPU 또는 GPU"),
)
GROUND = "errors   dtypes   files   random   devices"
ROOFED = ("cli  bench  doctor", "the command ‖ 명령")
DOWN, UP = "a batch goes down ‖ 배치가 내려가고", "gradients come back up ‖ 기울기가 올라온다"
TITLE = "The rooms of minidl, one above the other ‖ 층층이 쌓인 minidl의 방"


def drawn(language: str) -> str:
    """The picture as SVG, whose colours are the style sheet's."""

    def said(pair: str) -> str:
        return pair.split(" ‖ ")[language == "ko"]

    bottom = ROOF + FLOOR * len(FLOORS)
    parts = [
        f'<svg class="house" viewBox="0 0 {WIDTH} {bottom + 56}" role="img" aria-label="{said(TITLE)}">',
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="5" markerHeight="5" '
        'orient="auto"><path d="M0 0 10 5 0 10z" fill="context-stroke"/></marker></defs>',
        f'<path class="roof" d="M{LEFT - 26} {ROOF - GAP} L{WIDTH / 2} 8 L{RIGHT + 26} {ROOF - GAP}z"/>',
        _text(WIDTH / 2, ROOF - 36, ROOFED[0], "name"),
        _text(WIDTH / 2, ROOF - 16, said(ROOFED[1]), "what"),
    ]
    for floor, (rooms, what) in enumerate(FLOORS):
        parts += _floor(ROOF + floor * FLOOR, rooms, said(what))
    parts += [
        f'<rect class="ground" x="0" y="{bottom}" width="{WIDTH}" height="42"/>',
        _text(WIDTH / 2, bottom + 26, GROUND, "name"),
        *_arrow(LEFT - 20, ROOF + 30, bottom - 12, said(DOWN), "down"),
        *_arrow(RIGHT + 20, bottom - 12, ROOF + 30, said(UP), "up"),
    ]
    return "\n".join([*parts, "</svg>"])


def _floor(top: float, rooms: tuple[str, ...], what: str) -> list[str]:
    """The names of a floor's rooms side by side, walls between them, and below what happens on the floor."""
    width = (RIGHT - LEFT) / len(rooms)
    parts = [f'<rect class="room" x="{LEFT}" y="{top}" width="{RIGHT - LEFT}" height="{FLOOR - GAP}"/>']
    for place, room in enumerate(rooms):
        x = LEFT + place * width
        if place:
            parts.append(f'<path class="room" d="M{x:g} {top}v31"/>')
        parts.append(_text(x + width / 2, top + 22, room, "name"))
    return [*parts, _text((LEFT + RIGHT) / 2, top + 47, what, "what")]


def _arrow(x: float, start: float, end: float, words: str, kind: str) -> list[str]:
    side = x - 14 if kind == "down" else x + 14
    middle, turn = (start + end) / 2, -90 if kind == "down" else 90
    return [
        f'<path class="way {kind}" d="M{x} {start}V{end}" marker-end="url(#tip)"/>',
        f'<text class="{kind}" transform="translate({side} {middle}) rotate({turn})" dominant-baseline="middle">'
        f"{words}</text>",
    ]


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{words}</text>'


class House(SphinxDirective):
    """The picture, as part of the page."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", f'<div class="picture">{drawn(self.config.language)}</div>', format="html")]


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("house", House)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
