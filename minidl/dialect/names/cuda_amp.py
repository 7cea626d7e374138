"""`torch.cuda.amp`: the older place of `torch.amp`, where there is no device to name."""

from __future__ import annotations

import contextlib
from typing import Any

from . import amp

__all__ = ["GradScaler", "autocast"]


class GradScaler(amp.GradScaler):
    """`torch.amp.GradScaler("cuda")`."""

    def __init__(self, init_scale: float = 65536.0, *arguments: Any, enabled: bool = True, **options: Any) -> None:
        super().__init__("cuda", init_scale, *arguments, enabled=enabled, **options)


def autocast(
    enabled: bool = True, dtype: Any = None, cache_enabled: bool = True
) -> contextlib.AbstractContextManager[None]:
    """`torch.amp.autocast("cuda")`."""
    return amp.autocast("cuda", dtype, enabled, cache_enabled)
