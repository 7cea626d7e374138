"""Optimizers, and schedules for their learning rate (`optim.lr_scheduler`)."""

from ..missing import of_module as _of_module
from . import lr_scheduler
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]

_LATER = {  # files that are loaded when one of these optimizers is asked for
    "adadelta": "Adadelta",
    "adafactor": "Adafactor",
    "adam_kin": "Adamax NAdam RAdam",
    "asgd": "ASGD",
    "lbfgs": "LBFGS",
    "muon": "Muon",
    "rprop": "Rprop",
}
__all__ += " ".join(_LATER.values()).split()

__getattr__ = _of_module(__name__, globals(), _LATER)
