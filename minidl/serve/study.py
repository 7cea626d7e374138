"""Looking inside: what each layer computes, how a score follows the pixels, and the lesson of one digit.

It has a copy of the model, for recording a pass leaves gradients behind, and one thread, for one can be recorded at a
time; so it never disturbs the answers.
"""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import to_host
from ..data.photo import SIDE
from ..engine.grad_mode import no_grad
from ..engine.tensor import Tensor, wrap
from ..errors import MinidlError
from ..explain.checks.update import updated
from ..explain.teaching.passes import image_pass
from ..nn import Module
from ..tensors.creation import tensor
from ..training.evaluation import to_device

MOST_STAGES, MOST_MAPS = 8, 32
LEVELS = 127  # of 8 bits with a sign


@dataclass
class Stage:
    """What one layer computed, `(C, H, W)` or `(C,)`."""

    name: str
    values: np.ndarray


class Study:
    """A model to look into; to be called by one thread at a time."""

    def __init__(self, model: Module, title: str, classes: list[str]) -> None:
        self.model, self.title, self.classes = copy.deepcopy(model).eval(), title, classes
        self._stages: list[Stage] = []
        for module in self.model.modules():
            if not any(True for _ in module.children()):
                module.register_forward_hook(self._note)

    def layers(self, digit: np.ndarray) -> list[dict[str, Any]]:
        """The stages of the network as `schemas.Layer` has them, for a digit `(28, 28)` uint8."""
        self._stages = []
        with no_grad():
            self.model(to_device(wrap(_planes(digit))))
        stages, self._stages = self._stages[:MOST_STAGES], []
        return [_packed(stage) for stage in stages]

    def stages(self) -> list[dict[str, Any]]:
        """What `layers` gives, without the values."""
        kept = ("name", "shape", "shown")
        return [{name: layer[name] for name in kept} for layer in self.layers(np.zeros((SIDE, SIDE), np.uint8))]

    def has_gradients(self) -> bool:
        """Whether the model can be asked why; one in integers cannot."""
        try:
            self.slope(np.zeros((SIDE, SIDE), np.uint8), 0)
        except MinidlError:
            return False
        return True

    def slope(self, digit: np.ndarray, label: int) -> tuple[float, np.ndarray]:
        """The score of a class, and its derivative by each pixel (of which 1 is full ink), `(28, 28)`."""
        x = tensor(_planes(digit), requires_grad=True)
        score = self.model(x)[0, label]
        score.backward()
        self._forget()
        assert x.grad is not None
        return score.item(), to_host(x.grad._array)[0, 0]

    def lesson(self, digit: np.ndarray, label: int, lang: str, checked: bool) -> str:
        """The page of `minidl explain` for this digit; `checked`: its gradients by differences, which takes seconds."""
        says = {
            "en": f"the digit that was drawn, labelled {self.classes[label]}",
            "ko": f"그린 숫자, 정답 {self.classes[label]}",
        }
        made = image_pass(self.model, digit[None], np.array([label]), self.title, says)
        tape = made.record(torch=False) if checked else made.unchecked()
        if not checked:
            tape.update = updated(tape)
        tape.classes = self.classes
        self._forget()
        return tape.html(lang)

    def _forget(self) -> None:
        self.model.zero_grad()
        self._stages = []

    def _note(self, module: Module, inputs: Any, output: Any) -> None:
        """Keep the output of a layer; an activation, or a norm of the same shape, joins the layer before it."""
        if not isinstance(output, Tensor) or output.ndim not in (2, 4):
            return
        values, name = to_host(output._array)[0], type(module).__name__
        before = self._stages[-1] if self._stages else None
        plain = not module.state_dict()  # an integer layer has buffers for parameters
        if before is not None and before.values.shape == values.shape and (plain or values.ndim == 3):
            before.values = values
        elif values.ndim == 3 or not plain:
            self._stages.append(Stage(name, values))


def _planes(digit: np.ndarray) -> np.ndarray:
    return digit[None, None].astype(np.float32) / 255  # (1, 1, 28, 28)


def _packed(stage: Stage) -> dict[str, Any]:
    shown = stage.values[:MOST_MAPS] if stage.values.ndim == 3 else stage.values
    largest = float(np.abs(shown).max()) if shown.size else 0.0
    scale = largest / LEVELS if 0 < largest < np.inf else 1.0
    levels = np.rint(np.nan_to_num(shown / scale)).clip(-LEVELS, LEVELS).astype(np.int8)
    return {
        "name": stage.name, "shape": list(stage.values.shape), "shown": len(shown), "scale": scale,
        "values": base64.b64encode(levels.tobytes()).decode("ascii"),
    }  # fmt: skip
