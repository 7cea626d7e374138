"""`DataParallel`, which on one device is the module itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import UnsupportedError
from ..module import Module


class DataParallel(Module):
    """Calls `module`, as PyTorch's does on a machine with one GPU or none; its state dict begins with "module.".

    UnsupportedError for several devices: `DistributedDataParallel` has one process for each.
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        if device_ids is not None and len(device_ids) > 1:
            raise UnsupportedError(f"DataParallel: minidl trains on one device; got device_ids={device_ids!r}")
        self.module, self.device_ids, self.output_device, self.dim = module, device_ids or [], output_device, dim

    def forward(self, *inputs: Any, **options: Any) -> Any:
        return self.module(*inputs, **options)
