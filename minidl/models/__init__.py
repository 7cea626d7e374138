"""Networks by name, a user's own file of them, and what a network holds, layer by layer."""

from .networks import (
    MLP,
    Lecture,
    LeNet5,
    ModelError,
    UnknownModelError,
    check_model,
    make_model,
    with_whole_path,
)

__all__ = [
    "MLP",
    "LeNet5",
    "Lecture",
    "ModelError",
    "UnknownModelError",
    "check_model",
    "make_model",
    "with_whole_path",
]
