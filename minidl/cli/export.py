"""`minidl export`: the network of a run as a file for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..nn import Module
from ..random import Generator
from ..tensors.pt import save_pt
from ..tensors.safetensors import save_safetensors
from ..tensors.sampling import rand
from ..training.options import OptionError
from ..training.run import RunFolder
from .console import say, say_json
from .exit_codes import DONE
from .parser import add_own_model
from .trusting import say_trusted

KINDS = {
    ".onnx": "ONNX: the network itself, for onnxruntime, Netron and others",
    ".safetensors": "safetensors: its weights, for PyTorch and others",
    ".pt": "PyTorch's own: its weights, for torch.load",
}


def add_to(verbs: Any) -> None:
    """Add the verb and its options to the parser."""
    parser = verbs.add_parser(
        "export",
        help="write a run's network for other programs",
        description="Write the network of a run as a file for other programs. Its name says which kind: "
        + "; ".join(f"{suffix} is {what}" for suffix, what in KINDS.items())
        + ".",
    )
    parser.add_argument("folder", metavar="RUN", help="the run folder, as written by minidl train --out")
    parser.add_argument("-o", "--out", required=True, metavar="FILE", help=f"a name that ends in {', '.join(KINDS)}")
    parser.add_argument(
        "--batch-size", type=int, metavar="N", help="of an ONNX file that takes this many images only (default: any)"
    )
    add_own_model(parser)
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load, write, report."""
    path, kind = Path(arguments.out), Path(arguments.out).suffix.lower()
    if kind not in KINDS:
        raise OptionError(f"--out {path}: the kind of file is told by its name, which must end in {', '.join(KINDS)}")
    if arguments.batch_size is not None and (kind != ".onnx" or arguments.batch_size < 1):
        wrong = "only an ONNX file has one; leave it out" if kind != ".onnx" else "it must be at least 1"
        raise OptionError(f"--batch-size {arguments.batch_size}: {wrong}")
    folder = RunFolder(arguments.folder)
    config = folder.read_config()
    say_trusted(folder, arguments)
    model = folder.load_model(arguments.model, arguments.trust)
    if kind == ".onnx":
        _write_onnx(model, config["data"]["shape"], path, arguments.batch_size)
    elif kind == ".pt":
        save_pt(model.state_dict(), path)
    else:
        classes = ", ".join(config["data"]["classes"])
        save_safetensors(model.state_dict(), path, {"model": config["options"]["model"], "classes": classes})
    size = path.stat().st_size
    if arguments.json:
        say_json({"run": str(folder.path), "file": str(path), "bytes": size})
    else:
        say(f"{path}: {size:,} bytes, {KINDS[kind]}")
    return DONE


def _write_onnx(model: Module, shape: list[int], path: Path, batch: int | None) -> None:
    """The network as it takes images of `shape`, (H, W) or (H, W, C)."""
    from ..onnx import export

    channels = (1, *shape) if len(shape) == 2 else (shape[2], *shape[:2])
    images = rand(batch or 2, *channels, generator=Generator(0))
    export(model, images, path, dynamic_batch=batch is None, input_names=["images"], output_names=["scores"])
