"""`minidl summary`: the layers of a network, their shapes and what they cost."""

from __future__ import annotations

import argparse
from typing import Any

from ..models.networks import MODELS, find_model
from ..models.summary import Summary, summarize
from ..training.options import OptionError
from ..training.run import RunFolder
from .console import say, say_json, table
from .parser import add_trust
from .trusting import say_trusted


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "summary",
        help="show a network's layers and their cost",
        description="Show each layer's output shape, parameters, multiply-adds of a forward pass, the memory of its "
        "output, and the bytes of its weights and buffers.",
    )
    parser.add_argument("folder", metavar="RUN", nargs="?", help="a run folder, instead of --model")
    parser.add_argument("--model", help=f"{', '.join(MODELS)} or FILE.py:NAME (default: lecture, or the run's)")
    add_trust(parser)
    parser.add_argument("--input", metavar="C,H,W", help="shape of one image (default: 1,28,28, or the run's)")
    parser.add_argument("--batch-size", type=int, default=1, metavar="N", help="images in the pass (default: 1)")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the model, run it once, report."""
    if arguments.trust and arguments.folder is None:
        raise OptionError("--trust is for the Python file that a RUN names; leave it out")
    if arguments.batch_size < 1:
        raise OptionError(f"--batch-size must be at least 1, got {arguments.batch_size}")
    shape: tuple[int, ...] = (1, 28, 28)
    classes, name = 10, "lecture" if arguments.model is None else arguments.model
    if arguments.folder is not None:
        folder = RunFolder(arguments.folder)
        data, name = folder.read_config()["data"], folder.read_options(arguments.model).model
        say_trusted(folder, arguments)
        maker = folder.find_model(arguments.model, arguments.trust)
        classes = len(data["classes"])
        shape = (1, *data["shape"]) if len(data["shape"]) == 2 else (data["shape"][2], *data["shape"][:2])
    else:
        maker = find_model(name)
    if arguments.input is not None:
        shape = _shape(arguments.input)
    found = summarize(maker(classes), (arguments.batch_size, *shape))
    if arguments.json:
        say_json(_as_dict(name, found))
    else:
        say(_as_table(name, found))
    return 0


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise OptionError(f"--input must be whole numbers of at least 1, such as 1,28,28; got {text!r}")
    return shape


def _as_table(name: str, found: Summary) -> str:
    rows = [["layer", "kind", "output", "parameters", "multiply-adds", "memory", "bytes"]]
    rows += [
        [layer.name or name, layer.kind, _shown(layer.output), f"{layer.parameters:,}", f"{layer.multiply_adds:,}",
         _bytes(layer.memory), f"{layer.weights:,}"]
        for layer in found.layers
    ]  # fmt: skip
    totals = [f"{found.parameters:,}", f"{found.multiply_adds:,}", _bytes(found.memory), f"{found.weights:,}"]
    rows.append(["total", "", "", *totals])
    last = (
        f"parameters take {_bytes(found.parameter_memory)}; training takes as much again for gradients and for momentum"
        if found.parameters
        else f"the weights take {_bytes(found.weights)}; they are integers, which are not trained"
    )
    return f"{name}: input {_shown(found.input)}\n{table(rows, right=(3, 4, 5, 6))}\n{last}"


def _as_dict(name: str, found: Summary) -> dict[str, Any]:
    return {
        "model": name,
        "input": list(found.input),
        "layers": [{**vars(layer), "output": list(layer.output)} for layer in found.layers],
        "parameters": found.parameters,
        "parameter_memory": found.parameter_memory,
        "weights": found.weights,
        "multiply_adds": found.multiply_adds,
        "memory": found.memory,
    }


def _shown(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"


def _bytes(count: int) -> str:
    """Bytes in the unit that suits them."""
    size, units = float(count), ["B", "KB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{count} B" if units[0] == "B" else f"{size:.1f} {units[0]}"
