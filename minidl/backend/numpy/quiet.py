"""Floating-point warnings off and on again: np.errstate in two calls, at a sixth of its cost.

An operation on a few numbers takes less than a microsecond in NumPy, and entering `np.errstate` takes more. What
`errstate` does is to set one context variable; here that is done directly. If a NumPy keeps it elsewhere, `errstate`
itself serves.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

mute: Any  # no warnings from here on, in this thread; returns a token
unmute: Any  # as before the call of `mute` that returned this token

try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj
except ImportError:

    def mute() -> Any:
        state = np.errstate(all="ignore")
        state.__enter__()
        return state

    def unmute(token: Any) -> None:
        token.__exit__(None, None, None)
else:
    mute, unmute = partial(_extobj_contextvar.set, _make_extobj(all="ignore")), _extobj_contextvar.reset
