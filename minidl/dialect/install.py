"""Put minidl in PyTorch's place in this process."""

from __future__ import annotations

import sys

from .facade import ROOTS, Facade, Finder
from .layers import speak_layers
from .look import look_like_pytorch
from .methods import speak_methods
from .nodes import speak_nodes


def install() -> None:
    """Let `import torch` find minidl, and let tensors and layers take PyTorch's other spellings.

    ImportError if the real PyTorch or torchvision was imported before: a program cannot have both under one name.
    """
    for root in ROOTS:
        if root in sys.modules and not isinstance(sys.modules[root], Facade):
            place = getattr(sys.modules[root], "__file__", "elsewhere")
            raise ImportError(
                f"minidl.as_torch: {root} is already imported, from {place}; put `import minidl.as_torch` "
                "above every other import"
            )
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, Finder())
    look_like_pytorch()
    speak_methods()
    speak_layers()
    speak_nodes()
