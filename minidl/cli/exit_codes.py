"""The exit codes of every verb.

0 done, 1 failed, 2 wrong usage, 3 backend not available, 4 data or checkpoint missing or damaged, 130 interrupted.
"""

from __future__ import annotations

from ..errors import BackendError, CheckpointError, DataError, MinidlError
from ..models.networks import UnknownModelError
from ..models.trust import UntrustedError
from ..training.options import OptionError

DONE, FAILED, USAGE, NO_BACKEND, NO_DATA, INTERRUPTED = 0, 1, 2, 3, 4, 130
SUMMARY = (
    "exit codes: 0 done, 1 failed, 2 wrong usage, 3 backend not available, 4 data missing or damaged, 130 interrupted"
)


def exit_code(error: MinidlError) -> int:
    """The kind of failure."""
    if isinstance(error, OptionError | UnknownModelError | UntrustedError):
        return USAGE
    if isinstance(error, BackendError):
        return NO_BACKEND
    return NO_DATA if isinstance(error, DataError | CheckpointError) else FAILED
