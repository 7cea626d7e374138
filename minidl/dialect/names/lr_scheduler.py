"""The name that `LRScheduler` had before PyTorch 2.0: schedules of one's own derive from it."""

from ...optim.lr_scheduler import LRScheduler

__all__ = ["_LRScheduler"]

_LRScheduler = LRScheduler
