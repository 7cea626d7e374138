"""Learning-rate schedules: call `scheduler.step()` after `optimizer.step()`, once per epoch or per batch.

All values are PyTorch's, bit for bit.
"""

from ...missing import of_module as _of_module
from .anneal import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .combine import ChainedScheduler, SequentialLR
from .cyclic import CyclicLR
from .decay import ConstantLR, ExponentialLR, LambdaLR, LinearLR, MultiplicativeLR, MultiStepLR, PolynomialLR, StepLR
from .one_cycle import OneCycleLR
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

__getattr__ = _of_module(__name__, globals())
