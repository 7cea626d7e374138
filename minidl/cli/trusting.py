"""The notice before a verb runs the Python file that a run folder names."""

from __future__ import annotations

import argparse

from ..models.networks import source_file
from ..training.run import RunFolder
from .console import notice


def say_trusted(folder: RunFolder, arguments: argparse.Namespace) -> None:
    """Print one line if --trust is what lets the file be run."""
    if not arguments.trust or getattr(arguments, "model", None):
        return
    path = source_file(folder.read_options().model)
    if path is None:
        notice(f"--trust: the model of {folder.path} is built in; there is no file to run")
    else:
        notice(f"--trust: runs {path}, the Python file that {folder.path} names; it is allowed from now on")
