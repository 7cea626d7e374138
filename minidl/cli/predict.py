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
from .console import complain, notice, say, say_json

NO_DATA = 4
TOP = 3


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "predict",
        help="read photos of digits",
        description="Read one digit on each image: BMP, JPG, PNG or GIF, of any size, dark on light or light on dark, "
        "in colour or gray. Prints the three most probable answers.",
    )
    parser.add_argument("folder", metavar="RUN", help="the run folder, as written by minidl train --out")
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="an image file with one digit on it")
    parser.add_argument("--show", metavar="OUT.png", help="draw every step from the photo to the answer")
    parser.add_argument(
        "--backend", choices=backend_names(), help=f"the array library (default: MINIDL_BACKEND, else {DEFAULT})"
    )
    parser.add_argument("--json", action="store_true", help="print the answers as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read each image; one that cannot be read is told, and the others are read all the same."""
    from ..data.photo import SIDE, apart, read_digit

    if arguments.show and Path(arguments.show).suffix.lower() != ".png":
        raise OptionError(f"--show {arguments.show}: the picture is a PNG; give a name that ends in .png")
    use_backend(arguments.backend or current_backend().name)
    folder = RunFolder(arguments.folder)
    data = folder.read_config()["data"]
    if data["shape"] != [SIDE, SIDE]:
        raise CheckpointError(
            f"{folder.path}: was trained on images of {data['shape']}, not on digits of {SIDE} by {SIDE}"
        )
    model, classes = folder.load_model(), data["classes"]
    read, answers, failed = [], [], False
    for path in arguments.images:
        try:
            digit, steps = read_digit(path)
        except DataError as error:
            complain(str(error))
            failed = True
            continue
        if (blobs := apart(steps)) > 1:
            notice(f"{path}: the ink is in {blobs} large separate parts: more than one digit? Crop the photo to one")
        probabilities = predict(model, digit[None, None].astype(np.float32) / 255)[0]  # (classes,)
        read.append((Path(path).name, steps, probabilities))
        answers.append(_answer(path, probabilities, classes))
        if not arguments.json:
            say(_in_words(answers[-1]))
    if arguments.json:
        say_json(answers)
    if arguments.show and read:
        from ..training import plots

        plots.save(plots.predictions(read, classes), arguments.show)
    return NO_DATA if failed else 0


def _answer(path: str, probabilities: np.ndarray, classes: list[str]) -> dict[str, Any]:
    best = np.argsort(-probabilities, kind="stable")[:TOP]
    top = [{"class": classes[i].split(" - ")[0], "probability": float(probabilities[i])} for i in best]
    return {"image": path, "answer": top[0]["class"], "top": top}


def _in_words(answer: dict[str, Any]) -> str:
    return f"{answer['image']}: " + ", ".join(f"{top['class']} ({top['probability']:.1%})" for top in answer["top"])
