"""Training: the loop, its options, and the run folder that records a run and its results."""

from .evaluation import Evaluation, evaluate, predict
from .loop import DivergenceError, Progress, Trainer

__all__ = ["DivergenceError", "Evaluation", "Progress", "Trainer", "evaluate", "predict"]
