"""Moving a module: all its parameters and buffers to another device or dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from ..backend import backend_of
from ..devices import backend_for, device_of
from ..devices import device as place
from ..dtypes import FLOATING, as_dtype, float16, float32, float64
from ..engine.tensor import Tensor, wrap
from ..errors import DtypeError


class Movable:
    """What Module has from here: another device, another dtype."""

    modules: Callable[..., Any]
    parameters: Callable[..., Any]

    def _apply(self, convert: Callable[[Tensor], Tensor]) -> Self:
        """Convert every parameter (which stays the same object), gradient and buffer."""
        for parameter in self.parameters():
            old = parameter.detach()
            new = convert(old)
            if new is not old:
                parameter.data = new
            if parameter.grad is not None:
                parameter._grad = convert(parameter.grad)
        for module in self.modules():
            for name, buffer in module._own("buffer").items():
                if buffer is not None:
                    object.__setattr__(module, name, convert(buffer))
        return self

    def to(self, *where: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False) -> Self:
        """Move all parameters and buffers to a device and make the floating ones a dtype, in place.

        Takes a device ("cpu", "cuda"), a floating dtype, both, or a Tensor that is like that. Copies wait, with
        `non_blocking` or without. DtypeError for a dtype that is not floating, BackendError for a device that cannot be
        used.
        """
        for item in where:
            if isinstance(item, Tensor):
                device, dtype = device_of(item._array), item.dtype
            elif isinstance(item, str | place):
                device = item
            elif item is not None and not isinstance(item, bool):
                dtype = item
        backend = None if device is None else backend_for(device)
        chosen = None if dtype is None else as_dtype(dtype)
        if chosen is not None and chosen not in FLOATING:
            raise DtypeError(
                f"Module.to: parameters have a floating dtype; got {chosen}; use float32, float64 or float16"
            )

        def convert(tensor: Tensor) -> Tensor:
            wanted = tensor.dtype if chosen is None or tensor.dtype not in FLOATING else chosen
            old = backend_of(tensor._array)
            new = backend or old
            if new is old and wanted == tensor.dtype:
                return tensor
            return wrap(new.asarray(tensor._array if new is old else old.to_numpy(tensor._array), wanted))

        return self._apply(convert)

    def cpu(self) -> Self:
        """Move all parameters and buffers to the host."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """Move all parameters and buffers to the GPU; BackendError, with the reason, if there is none."""
        return self.to("cuda" if device is None or isinstance(device, int) else device)

    def float(self) -> Self:
        """Make all floating parameters and buffers float32."""
        return self.to(dtype=float32)

    def double(self) -> Self:
        """Make all floating parameters and buffers float64."""
        return self.to(dtype=float64)

    def half(self) -> Self:
        """Make all floating parameters and buffers float16."""
        return self.to(dtype=float16)
