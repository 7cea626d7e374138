"""Is this machine ready? Each part is checked on its own, with the command that fixes what is wrong."""

from .gpu import GPU
from .host import HOST
from .report import Finding, examined

__all__ = ["Finding", "examine", "examined"]


def examine() -> list[Finding]:
    """Check everything: Python and its packages, threads, data, disk, then the GPU. Never raises."""
    return examined((*HOST, *GPU))
