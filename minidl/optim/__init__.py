"""Optimizers, and schedules for their learning rate (`optim.lr_scheduler`)."""

from ..missing import of_module as _of_module
from . import lr_scheduler
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]

__getattr__ = _of_module(__name__, globals())
