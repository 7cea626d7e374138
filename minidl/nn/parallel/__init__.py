"""One module on several devices, a process for each: `DistributedDataParallel`. `DataParallel` is for one device."""

from .data_parallel import DataParallel
from .distributed import DistributedDataParallel

__all__ = ["DataParallel", "DistributedDataParallel"]
