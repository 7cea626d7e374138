"""Training: the loop, its options, and the run folder that keeps all that a run was and found."""

from .loop import DivergenceError, Evaluation, Progress, Trainer, evaluate, predict

__all__ = ["DivergenceError", "Evaluation", "Progress", "Trainer", "evaluate", "predict"]
