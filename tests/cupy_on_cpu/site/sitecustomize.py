"""Python imports this by itself at start-up, from the PYTHONPATH that the launcher sets: it hooks CuPy's import."""

import importlib.machinery
import importlib.util
import os
import sys


def _run_the_one_this_hides() -> None:
    """A sitecustomize of the machine's own, which ours shadows, still runs."""
    here = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [p for p in sys.path if os.path.abspath(p or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_run_the_one_this_hides()
if os.environ.get("CUPY_ON_CPU_BUILD"):
    from tests.cupy_on_cpu import hooks

    hooks.install()
