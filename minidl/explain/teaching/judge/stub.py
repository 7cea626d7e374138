"""The file that a student starts from: the forward, and a backward (or both) to be written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from .exercise import Exercise
from .layout import wrapped
from .words import SAYS

WIDTH = 100


def stub(exercise: Exercise, lang: str, both: bool = False) -> str:
    """The text of the file; with `both`, the forward is to be written too."""
    head = f"{exercise.name}: {exercise.title[lang]}.\n\n" + "\n".join(
        wrapped(line, WIDTH)
        for line in (
            task(exercise, lang),
            exercise.says[lang],
            SAYS["shapes"][lang].format(shapes=exercise.shapes),
        )
    )
    head += f"\n\n{SAYS['start'][lang].format(name=exercise.name)}\n"
    forward = source(exercise.forward)
    if both:
        forward = _unwritten("forward", exercise.inputs, inspect.getdoc(exercise.forward) or "", lang)
    says = SAYS["doc"][lang].format(returns=", ".join(exercise.gradients))
    backward = _unwritten("backward", exercise.arguments, says, lang)
    return f'"""{head}"""\n\nimport numpy as np\n\n\n{forward}\n\n\n{backward}\n'


def _unwritten(name: str, arguments: list[str], says: str, lang: str) -> str:
    return (
        f'def {name}({", ".join(arguments)}):\n    """{says}"""\n    raise NotImplementedError("{SAYS["here"][lang]}")'
    )


def task(exercise: Exercise, lang: str) -> str:
    """What is to be written, in one paragraph."""
    returns = _equations(exercise.gradients)
    arrives = _equations(["d" + name for name in exercise.outputs])
    shape = SAYS["shape_each" if len(exercise.gradients) > 1 else "shape_of"][lang]
    return SAYS["write"][lang].format(
        arguments=", ".join(exercise.arguments), arrives=arrives, returns=returns,
        shape=shape.format(name=exercise.gradients[0][1:]),
    )  # fmt: skip


def _equations(gradients: Sequence[str]) -> str:
    return ", ".join(f"{name} = ∂L/∂{name[1:]}" for name in gradients)


def source(function: Callable[..., Any]) -> str:
    """The text of a function of an exercise."""
    return inspect.getsource(function).rstrip()
