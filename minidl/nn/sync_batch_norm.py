"""Batch normalisation whose batch is that of all processes."""

from __future__ import annotations

from typing import Any

from ..distributed import get_world_size, is_initialized
from ..engine.tensor import Tensor
from ..errors import refuse
from ..ops.norm_across import sync_batch_norm
from .module import Module
from .normalization import _BatchNorm


class SyncBatchNorm(_BatchNorm):
    """`BatchNorm1d`, 2d or 3d, but in training by the statistics of all processes' batches together.

    So a network on n processes computes what one process would on their batches joined. Outside of a process group,
    in a group of one, and in evaluation it is the plain layer. (PyTorch's runs on GPUs only.)
    """

    ndims, wanted = tuple(range(2, 65)), "(N, C, ...)"

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: None = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        refuse("SyncBatchNorm", process_group=process_group)
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _by_batch(self, input: Tensor, mean: Tensor | None, var: Tensor | None, momentum: float) -> Tensor:
        if not is_initialized() or get_world_size() == 1:
            return super()._by_batch(input, mean, var, momentum)
        return sync_batch_norm(input, mean, var, self.weight, self.bias, momentum, self.eps)

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: None = None) -> Module:
        """`module` with every BatchNorm layer inside it replaced; the parameters and buffers are the same tensors.

        If it is such a layer itself, the one that replaces it is returned.
        """
        refuse("convert_sync_batchnorm", process_group=process_group)
        made: dict[int, Module] = {}  # by the id of the layer replaced: one that is used twice stays one
        for owner in list(module.modules()):
            for name, child in owner._own("module").items():
                if _is_plain(child):
                    if id(child) not in made:
                        made[id(child)] = cls._instead_of(child)
                    setattr(owner, name, made[id(child)])
        return cls._instead_of(module) if _is_plain(module) else module

    @classmethod
    def _instead_of(cls, layer: Any) -> SyncBatchNorm:
        made = cls(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
        made.train(layer.training)
        for kind in ("parameter", "buffer"):
            for name, tensor in layer._own(kind).items():
                setattr(made, name, tensor)
        return made


def _is_plain(module: Any) -> bool:
    return isinstance(module, _BatchNorm) and not isinstance(module, SyncBatchNorm)
