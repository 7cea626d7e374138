"""Is this machine ready? Each part looked at on its own, with the command that mends what is wrong."""

from .gpu import GPU
from .host import HOST
from .report import Finding, examined

__all__ = ["Finding", "examine", "examined"]


def examine() -> list[Finding]:
    """Everything looked at: Python and its packages, threads, data, disk, then the GPU. Never raises."""
    return examined((*HOST, *GPU))
