"""`torch.nn.utils` beside `minidl.nn.utils`: the name that clipping had before PyTorch 0.4, with its warning."""

from __future__ import annotations

import warnings
from typing import Any

from ...nn.utils import clip_grad_norm_

__all__ = ["clip_grad_norm"]


def clip_grad_norm(*arguments: Any, **options: Any) -> Any:
    """`clip_grad_norm_` under its old name."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(*arguments, **options)
