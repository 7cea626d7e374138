"""`minidl predict`: read the digit on a photo."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import DEFAULT, backend_names, current_backend, use_backend
from ..errors import CheckpointError, DataError
from ..training import predict
from ..training.options import OptionError
from ..training.run import RunFolder
from .console import complain, say, say_json
from .exit_codes import DONE, NO_DATA
from .parser import add_own_model
from .trusting import say_trusted

TOP = 3


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "predict",
        help="read photos of digits",
        description="Read one digit on each image: BMP, JPG, PNG, GIF, WebP or TIFF, of any size, dark on light or "
        "light on dark, in colour or gray. Prints the three most probable answers, with a warning if other ink is "
        "in the way or the network is not sure. For an image that shows no digit, or cannot be read, it gives the "
        "reason instead of an answer; the others are still answered, and the exit code is 4.",
    )
    parser.add_argument("folder", metavar="RUN", help="the run folder, as written by minidl train --out")
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="an image file with one digit on it")
    parser.add_argument("--show", metavar="OUT.png", help="draw every step from the photo to the answer")
    parser.add_argument(
        "--backend", choices=backend_names(), help=f"the array library (default: MINIDL_BACKEND, else {DEFAULT})"
    )
    add_own_model(parser)
    parser.add_argument(
        "--json", action="store_true", help="print the answers as JSON, with `warnings`, and `abstained`: null or why"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read each image; report why one gets no answer, and still read the others."""
    from ..data.photo import SIDE

    if arguments.show and Path(arguments.show).suffix.lower() != ".png":
        raise OptionError(f"--show {arguments.show}: the picture is a PNG; give a name that ends in .png")
    use_backend(arguments.backend or current_backend().name)
    folder = RunFolder(arguments.folder)
    data = folder.read_config()["data"]
    if data["shape"] != [SIDE, SIDE]:
        raise CheckpointError(
            f"{folder.path}: was trained on images of {data['shape']}, not on digits of {SIDE} by {SIDE}"
        )
    say_trusted(folder, arguments)
    model = folder.load_model(arguments.model, arguments.trust)
    classes = [name.split(" - ")[0] for name in data["classes"]]
    rows, answers = [], []
    for path in arguments.images:
        answer, steps, probabilities = _read(path, model, classes)
        answers.append(answer)
        if steps:
            rows.append((Path(path).name, steps, probabilities, answer["abstained"] or "; ".join(answer["warnings"])))
        if answer["abstained"]:
            complain(f"{path}: {answer['abstained']}")
        elif not arguments.json:
            say(_in_words(answer))
    if arguments.json:
        say_json(answers)
    if arguments.show and rows:
        from ..training import plots

        plots.save(plots.predictions(rows, classes), arguments.show)
    return NO_DATA if any(answer["abstained"] for answer in answers) else DONE


def _read(path: str, model: Any, classes: list[str]) -> tuple[dict[str, Any], list[Any], np.ndarray | None]:
    """The answer to one image, the steps that led to it, and the probabilities `(C,)`; None if there is no answer."""
    from ..data.photo import NoDigitError, read_digit, verdict

    try:
        digit, steps = read_digit(path)
    except NoDigitError as error:
        return _answer(path, abstained=error.reason), error.steps, None
    except DataError as error:
        return _answer(path, abstained=str(error).removeprefix(f"{path}: ")), [], None
    probabilities = predict(model, digit[None, None].astype(np.float32) / 255)[0]  # (classes,)
    if not np.isfinite(probabilities).all():
        return _answer(path, abstained="the model answers NaN: its weights are too large; train it again"), steps, None
    judged = verdict(digit, steps, probabilities, classes)
    if judged.abstained:
        return _answer(path, abstained=judged.abstained), steps, None
    best = np.argsort(-probabilities, kind="stable")[:TOP]
    top = [{"class": classes[i], "probability": float(probabilities[i])} for i in best]
    return _answer(path, top, judged.warnings), steps, probabilities


def _answer(
    path: str, top: list[dict[str, Any]] | None = None, warnings: tuple[str, ...] = (), abstained: str | None = None
) -> dict[str, Any]:
    answer = top[0]["class"] if top else None
    return {"image": path, "answer": answer, "top": top or [], "warnings": list(warnings), "abstained": abstained}


def _in_words(answer: dict[str, Any]) -> str:
    best = ", ".join(f"{top['class']} ({top['probability']:.1%})" for top in answer["top"])
    return "; warning: ".join([f"{answer['image']}: {best}", *answer["warnings"]])
