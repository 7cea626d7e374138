"""Networks by name, networks from a user's own file, and a summary of each layer."""

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
