"""Writes `minidl/missing/names.py`: PyTorch's public names, which tell a missing one from a misspelt one.

python scripts/make_pytorch_names.py           writes the file; needs PyTorch
python scripts/make_pytorch_names.py --check   fails if the file is not what it would write
"""

from __future__ import annotations

import sys
import textwrap
import types
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.distributed
import torch.utils.data

TARGET = Path(__file__).parents[1] / "minidl" / "missing" / "names.py"
HEAD = '''"""PyTorch's public names, by the room of minidl in which one would look for them.

Written by scripts/make_pytorch_names.py from PyTorch {version}.
"""

NAMES = {{
'''
ROOMS: dict[str, Any] = {
    "minidl": torch,
    "minidl.nn": torch.nn,
    "minidl.nn.functional": torch.nn.functional,
    "minidl.nn.init": torch.nn.init,
    "minidl.nn.utils": torch.nn.utils,
    "minidl.optim": torch.optim,
    "minidl.optim.lr_scheduler": torch.optim.lr_scheduler,
    "minidl.data": torch.utils.data,
    "minidl.distributed": torch.distributed,
    "minidl.linalg": torch.linalg,
    "Tensor": torch.Tensor,
    "Module": torch.nn.Module,
    "Optimizer": torch.optim.Optimizer,
}
FOREIGN = ("typing", "collections", "functools", "weakref", "builtins", "math", "_bisect", "torch._C", "torch.jit")
PARTS = {
    "minidl": "distributed distributions fft func jit linalg onnx profiler sparse special utils",
    "minidl.nn": "attention parallel parameter quantized",
    "minidl.nn.utils": "parametrizations parametrize prune rnn",
}


def public(room: str) -> list[str]:
    """The names that PyTorch's users write: only modules in PARTS, and nothing that was merely imported there."""
    names = set(PARTS.get(room, "").split())
    for name in dir(ROOMS[room]):
        value = getattr(ROOMS[room], name, None)
        if name.startswith("_") or isinstance(value, types.ModuleType):
            continue
        home = getattr(value, "__module__", None) or ""
        if not (isinstance(value, type) or callable(value)) or not home.startswith(FOREIGN) or "linalg" in room:
            names.add(name)
    return sorted(names)


def text() -> str:
    """The text of the file."""
    rooms = []
    for room in ROOMS:
        lines = textwrap.wrap(" ".join(public(room)), 110, break_on_hyphens=False)
        rooms.append(f'    "{room}": """\n' + "".join(f"        {line}\n" for line in lines) + '    """,\n')
    return HEAD.format(version=".".join(torch.__version__.split(".")[:2])) + "".join(rooms) + "}\n"


def main() -> int:
    """Write the file, or with --check compare it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated names warn when they are looked up
        wanted = text()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text(encoding="utf-8") == wanted else 1
    TARGET.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
