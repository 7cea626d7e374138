"""Training: the loop, its options, and the run folder that keeps all that a run was and found."""

from .evaluation import Evaluation, evaluate, predict
from .loop import DivergenceError, Progress, Trainer

__all__ = ["DivergenceError", "Evaluation", "Progress", "Trainer", "evaluate", "predict"]
