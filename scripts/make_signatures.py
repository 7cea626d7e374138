"""Writes `minidl/engine/_signatures.pyi`: Tensor's methods for type checkers and editors.

python scripts/make_signatures.py           writes the file
python scripts/make_signatures.py --check   fails if the file is not what it would write
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from minidl.tensors.methods import METHODS, PROPERTIES, SPECIAL

TARGET = Path(__file__).parents[1] / "minidl" / "engine" / "_signatures.pyi"
HEAD = '''"""The methods of Tensor as type checkers and editors see them; `methods.py` attaches the functions.

Written by scripts/make_signatures.py: change the functions, and run it again.
"""

# fmt: off
# ruff: noqa: E501
from builtins import bool as bool_  # in the class below, bool, float and int are methods
from builtins import float as float_
from builtins import int as int_
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

from ..devices import device as Device
from ..random import Generator

class TensorMethods:
    """What the operations add to Tensor."""

    __slots__ = ()

'''


def stub(name: str, function: object) -> str:
    """One line of the class: the function's signature with `self` first and Tensor called Self."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    parameters = list(signature.parameters.values())
    words, starred = ["self"], False
    for parameter in parameters[1:]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            starred = True
        elif parameter.kind is parameter.KEYWORD_ONLY and not starred:
            words.append("*")
            starred = True
        words.append(word(parameter))
    ending = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
    return f"    def {name}({', '.join(words)}) -> {renamed(str(signature.return_annotation))}: ...{ending}\n"


def word(parameter: inspect.Parameter) -> str:
    """One parameter with its annotation and default."""
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = f"{stars}{parameter.name}: {renamed(str(parameter.annotation))}"
    if parameter.default is parameter.empty:
        return text
    return f"{text} = {parameter.default!r}"


def renamed(annotation: str) -> str:
    """The annotation in names that the file knows."""
    known = {
        "Tensor": "Self", "bool": "bool_", "float": "float_", "int": "int_", "device": "Device",
        "Operand": "Self | float_", "Number": "float_", "Dims": "int_ | Iterable[int_] | None",
    }  # fmt: skip
    return re.sub(r"\w+", lambda found: known.get(found[0], found[0]), re.sub(r"\w+Result", "Any", annotation))


def text() -> str:
    """The text of the file."""
    lines = [stub(name, METHODS[name]) for name in sorted(METHODS)]
    properties = [f"    @property\n{stub(name, PROPERTIES[name])}" for name in sorted(PROPERTIES)]
    special = [stub(name, SPECIAL[name]) for name in sorted(SPECIAL) if name != "__repr__"]
    return HEAD + "".join(properties) + "\n" + "".join(lines) + "\n" + "".join(special)


def main() -> int:
    """Write the file, or with --check compare it."""
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text(encoding="utf-8") == text() else 1
    TARGET.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
