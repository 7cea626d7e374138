"""One module on several devices, each with a process of its own: `DistributedDataParallel`; `DataParallel` is for one."""

from .data_parallel import DataParallel
from .distributed import DistributedDataParallel

__all__ = ["DataParallel", "DistributedDataParallel"]
