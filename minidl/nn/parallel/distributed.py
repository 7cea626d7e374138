"""`DistributedDataParallel`: the same module on every process, each with its own part of the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ...distributed.process_group import the_group
from ...engine.grad_mode import is_grad_enabled
from ...engine.tensor import Tensor, edge_of
from ...errors import ArgumentError, ArgumentTypeError, DistributedError, refuse
from ..module import Module
from .flat import broadcast_all
from .reducer import Reducer

MiB = 1 << 20
FIRST_CAP, CAP = 1 * MiB, 25 * MiB  # the first bucket is small, so that something is on its way early


class DistributedDataParallel(Module):
    """Calls `module`; after backward, each parameter's `.grad` is the mean over all processes of what each computed.

    At the start the parameters must be alike on every process, and become those of rank 0. The mean is that of the
    joined batch if each process has as many samples; else scale the loss by (own samples) · processes / (all samples).

    Args:
        device_ids, output_device: None, or one device: each process has its own.
        broadcast_buffers: before each forward, the buffers (the running statistics of `BatchNorm`) become those of
            rank 0, as in PyTorch. The statistics of a batch are each process's own: see `SyncBatchNorm`.
        init_sync: False leaves parameters and buffers as they are, unchecked.
        bucket_cap_mb: gradients travel in buckets of this many MiB, the first while backward computes the next
            (default: 1 for the first, then 25).
        find_unused_parameters: a backward need not reach all parameters; the outputs are searched for those it will.

    Every process must run forward and backward equally often; where only one evaluates, use `ddp.module`. The state
    dict begins with "module.". Raises `DistributedError` outside of a process group, where the processes' modules
    differ, or where a backward left parameters out; `UnsupportedError` for PyTorch's other arguments.
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool = True,
        init_sync: bool = True,
        process_group: None = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
    ) -> None:
        super().__init__()
        name = "DistributedDataParallel"
        refuse(
            name, process_group=process_group, dim=dim or None, check_reduction=check_reduction,
            gradient_as_bucket_view=gradient_as_bucket_view, static_graph=static_graph,
        )  # fmt: skip
        if not isinstance(module, Module):
            raise ArgumentTypeError(f"{name}: module must be a Module; got {type(module).__name__}")
        if device_ids is not None and len(device_ids) > 1:
            raise ArgumentError(f"{name}: device_ids={device_ids!r}: each process has one device; start more processes")
        if bucket_cap_mb is not None and not bucket_cap_mb > 0:
            raise ArgumentError(f"{name}: bucket_cap_mb must be a positive number of MiB; got {bucket_cap_mb!r}")
        self.group = the_group()
        self.module, self.device_ids, self.output_device, self.dim = module, device_ids, output_device, dim
        self.broadcast_buffers = broadcast_buffers
        self.find_unused_parameters = find_unused_parameters
        self.require_backward_grad_sync = self.require_forward_param_sync = True
        self.learned = [(path, p) for path, p in module.named_parameters() if p.requires_grad]
        if not self.learned:
            raise ArgumentError(f"{name}: no parameter of the module requires gradients, so there is nothing to share")
        if init_sync:
            self._check_alike()
            broadcast_all(self.group, [*module.parameters(), *module.buffers()])
        caps = [FIRST_CAP, CAP] if bucket_cap_mb is None else [int(bucket_cap_mb * MiB)]
        self.reducer = Reducer(self.group, self.learned, caps)

    def _check_alike(self) -> None:
        """DistributedError, on every process, that names the first difference from rank 0's parameters and buffers."""
        mine = [
            (kind, path, tensor.shape, str(tensor.dtype), tensor.requires_grad)
            for kind, named in (("parameter", self.module.named_parameters()), ("buffer", self.module.named_buffers()))
            for path, tensor in named
        ]
        first = self.group.told(mine)
        found = None
        if mine != first:
            longer = max(len(mine), len(first))
            pairs = zip(mine + [None] * (longer - len(mine)), first + [None] * (longer - len(first)))
            here, there = next(pair for pair in pairs if pair[0] != pair[1])
            found = f"rank {self.group.rank} has {_told(here)} where rank 0 has {_told(there)}"
        told = [one for one in self.group.all_told(found) if one is not None]
        if told:
            raise DistributedError(f"DistributedDataParallel: the processes' modules differ: {told[0]}")

    def forward(self, *inputs: Any, **options: Any) -> Any:
        if self.broadcast_buffers and self.require_forward_param_sync:
            broadcast_all(self.group, self.module.buffers())
        shares = is_grad_enabled() and self.require_backward_grad_sync
        self.require_forward_param_sync = shares
        if not shares:
            if is_grad_enabled():
                self.reducer.disarm()
            return self.module(*inputs, **options)
        if not self.find_unused_parameters:
            self.reducer.prepare()
            return self.module(*inputs, **options)
        outputs = self.module(*inputs, **options)
        reached = leaves_of(tensors_in(outputs))
        self.reducer.prepare([p for _, p in self.learned if id(p) not in reached])
        return outputs

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """A context in which gradients add up on each process; the first backward after it averages the sums.

        Forward, too, belongs inside it.
        """
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before


def _told(one: Any) -> str:
    if one is None:
        return "nothing"
    kind, path, shape, dtype, requires_grad = one
    return f"the {kind} {path} {shape} {dtype}{'' if requires_grad or kind == 'buffer' else ' without gradients'}"


def tensors_in(found: Any) -> Iterator[Tensor]:
    """The tensors in a module's output: itself, or inside tuples, lists, dictionaries and objects."""
    if isinstance(found, Tensor):
        yield found
    elif isinstance(found, Mapping):
        for one in found.values():
            yield from tensors_in(one)
    elif isinstance(found, (tuple, list, set)):
        for one in found:
            yield from tensors_in(one)
    elif hasattr(found, "__dict__") and not isinstance(found, type):
        yield from tensors_in(vars(found))


def leaves_of(outputs: Iterator[Tensor]) -> set[int]:
    """The ids of the leaves that a backward from these tensors reaches."""
    stack = [edge for tensor in outputs if (edge := edge_of(tensor)) is not None]
    seen = set(map(id, stack))
    found = set()
    while stack:
        node = stack.pop()
        if isinstance(node, Tensor):
            found.add(id(node))
            continue
        for edge in node.edges or ():
            if edge is not None and id(edge) not in seen:
                seen.add(id(edge))
                stack.append(edge)
    return found
