"""Runs lessons with one stream of random numbers for both libraries, and the same weights.

A seed gives other numbers in each library. So what a script draws (`randn`, `randperm`, dropout, shuffling, samples of
distributions) comes from NumPy here, and the parameters that it hands to an optimizer are filled from NumPy, too.

`python -m tests.lessons.running OUT.json` runs all scripts under `minidl.as_torch`, with `--pytorch` under PyTorch.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import random
import runpy
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np

SCRIPTS = Path(__file__).parent / "scripts"


class Numbers:
    """The streams of the lesson that runs now: of what it draws, and of its weights."""

    def start(self, name: str) -> None:
        self.drawn = np.random.default_rng(sum(name.encode()))
        self.weights = np.random.default_rng(sum(name.encode()) + 1)
        self.filled: dict[int, Any] = {}  # by id; kept alive, so that no other gets the same id
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 - scripts draw from it


numbers = Numbers()


def sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(int(n) for n in (size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size))


def replace_sources(torch: Any) -> dict[str, Any]:
    """Let `torch`, either library, draw from NumPy; the functions by name."""

    def made(values: Any, dtype: Any = None, requires_grad: bool = False, **_: Any) -> Any:
        array = np.asarray(values)
        wanted = dtype or (torch.float32 if array.dtype.kind == "f" else torch.int64)
        return torch.tensor(array.tolist(), dtype=wanted).reshape(array.shape).requires_grad_(requires_grad)

    def randn(*size: Any, **options: Any) -> Any:
        return made(numbers.drawn.standard_normal(sizes(size or (options.pop("size"),))), **options)

    def rand(*size: Any, **options: Any) -> Any:
        return made(numbers.drawn.random(sizes(size or (options.pop("size"),))), **options)

    def randint(low: Any, high: Any = None, size: Any = None, **options: Any) -> Any:
        if size is None:
            low, high, size = 0, low, high
        elif high is None:
            low, high = 0, low
        return made(numbers.drawn.integers(low, high, tuple(size)), **options)

    def randperm(n: int, **options: Any) -> Any:
        return made(numbers.drawn.permutation(n), dtype=torch.int64)

    def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, **options: Any) -> Any:
        if size is None:
            size = (mean + 0 * std if isinstance(mean, torch.Tensor) else std).shape
        drawn = made(numbers.drawn.standard_normal(tuple(size))) * std + mean
        return drawn.requires_grad_() if options.get("requires_grad") else drawn

    def bernoulli(input: Any, **options: Any) -> Any:
        return (made(numbers.drawn.random(tuple(input.shape))) < input).to(input.dtype)

    def multinomial(input: Any, num_samples: int, replacement: bool = False, **options: Any) -> Any:
        rows = np.atleast_2d(np.array(input.tolist()))
        limits = np.cumsum(rows / rows.sum(1, keepdims=True), 1)
        dice = numbers.drawn.random((len(rows), num_samples))
        places = (dice[..., None] > limits[:, None, :]).sum(-1).clip(0, rows.shape[1] - 1)
        return made(places if input.ndim == 2 else places[0])

    def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, **options: Any) -> Any:
        if not training or p == 0:
            return input
        return input * made((numbers.drawn.random(tuple(input.shape)) >= p) / (1 - p)).to(input.dtype)

    def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        mask = numbers.drawn.random((*input.shape[:2], 1, 1)) >= p
        return input * made(mask / (1 - p)) if training else input

    found = dict(locals())
    names = ("randn", "rand", "randint", "randperm", "normal", "bernoulli", "multinomial")
    for name in names:
        setattr(torch, name, found[name])
    torch.randn_like = lambda x, **options: randn(*x.shape, dtype=x.dtype)
    torch.rand_like = lambda x, **options: rand(*x.shape, dtype=x.dtype)
    torch.nn.functional.dropout, torch.nn.functional.dropout2d = dropout, dropout2d
    return {name: found[name] for name in (*names, "dropout", "dropout2d")}


def fill_weights(torch: Any) -> None:
    """Let every optimizer fill its parameters, so that both libraries train from the same ones."""
    plain = torch.optim.Optimizer.__init__

    def __init__(self: Any, params: Any, defaults: Any) -> None:
        params = list(params)
        groups = params if params and isinstance(params[0], dict) else [{"params": params}]
        for group in groups:
            group["params"] = list(group["params"])
            for p in group["params"]:
                fill(torch, p)
        plain(self, groups, defaults)

    torch.optim.Optimizer.__init__ = __init__


def fill(torch: Any, p: Any) -> None:
    """Random values of a usual size; scales of ones and shifts of zeros stay."""
    if id(p) in numbers.filled:
        return
    numbers.filled[id(p)] = p
    with torch.no_grad():
        plain = p.ndim == 1 and bool(((p == 1).all() | (p == 0).all()).item())
        if not plain:
            bound = 1 / math.sqrt(max(math.prod(p.shape[1:]), 1)) if p.ndim > 1 else 0.1
            values = numbers.weights.uniform(-bound, bound, tuple(p.shape))
            p.copy_(torch.tensor(values.tolist()).reshape(p.shape))


def prepare_pytorch() -> Any:
    """PyTorch, drawing from NumPy, with a torchvision made of minidl's pictures and transforms."""
    import torch
    import torch.utils.data

    from tests.lessons import torchvision

    replace_sources(torch)
    fill_weights(torch)
    torch.utils.data.RandomSampler.__iter__ = lambda self: iter(
        numbers.drawn.permutation(len(self.data_source)).tolist()
    )
    for name, module in torchvision.modules().items():
        sys.modules[name] = module
    return torch


def prepare_minidl() -> Any:
    """minidl as PyTorch, drawing from NumPy."""
    import minidl.as_torch  # isort: skip
    import torch

    import minidl.data.loader
    import minidl.distributions as distributions
    import minidl.nn.dropout as dropout

    drawn = replace_sources(torch)
    fill_weights(torch)
    distributions.normal.randn = drawn["randn"]
    distributions.uniform.rand = drawn["rand"]
    distributions.bernoulli.bernoulli = drawn["bernoulli"]
    distributions.categorical.multinomial = drawn["multinomial"]
    dropout.dropout, dropout.dropout2d = drawn["dropout"], drawn["dropout2d"]
    minidl.data.loader.derived = lambda seed, *purpose: numbers.drawn
    return torch


def run(script: Path) -> dict[str, Any]:
    """What a script prints, and its error if it ends in one."""
    numbers.start(script.stem)
    text, error = io.StringIO(), None
    with contextlib.redirect_stdout(text), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            runpy.run_path(str(script), run_name="__main__")
        except Exception:
            error = traceback.format_exc()
    return {"out": text.getvalue(), "error": error}


def run_all(names: list[str] | None = None) -> dict[str, Any]:
    return {path.stem: run(path) for path in sorted(SCRIPTS.glob("*.py")) if not names or path.stem in names}


if __name__ == "__main__":
    arguments = [word for word in sys.argv[1:] if word != "--pytorch"]
    (prepare_pytorch if "--pytorch" in sys.argv else prepare_minidl)()
    Path(arguments[0]).write_text(json.dumps(run_all(arguments[1:])))
