"""What the processes do together to their tensors: one function each, as in PyTorch.

Every process calls the same function, in the same order, on tensors of one shape and dtype. With `async_op=True` it
returns at once, a `Work` whose `wait()` completes it. Nothing is recorded for backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backend import Array, backend_of
from ..engine.inplace import check_writable, overwrite
from ..engine.tensor import Tensor
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from .mpi import MPIGroup
from .process_group import the_group
from .reduce_op import ReduceOp
from .work import Work


def all_reduce(tensor: Tensor, op: ReduceOp = ReduceOp.SUM, group: None = None, async_op: bool = False) -> Work | None:
    """`tensor` becomes the sum (or what `op` names) of all processes' tensors: the same bits everywhere."""
    return _in_place("all_reduce", tensor, lambda team, array: team.all_reduce(array, _op(op)), group, async_op)


def reduce(
    tensor: Tensor, dst: int, op: ReduceOp = ReduceOp.SUM, group: None = None, async_op: bool = False
) -> Work | None:
    """The same, but only on rank `dst`; the others' tensors stay as they are."""
    return _in_place(
        "reduce", tensor, lambda team, array: team.reduce(array, _op(op), _rank("dst", dst, team)), group, async_op
    )


def broadcast(tensor: Tensor, src: int, group: None = None, async_op: bool = False) -> Work | None:
    """`tensor` becomes that of rank `src`."""
    return _in_place(
        "broadcast", tensor, lambda team, array: team.broadcast(array, _rank("src", src, team)), group, async_op
    )


def all_gather(
    tensor_list: Sequence[Tensor], tensor: Tensor, group: None = None, async_op: bool = False
) -> Work | None:
    """`tensor_list[r]` becomes the tensor of rank r."""
    team = the_group(group)
    array, out = _array("all_gather", tensor), _room_for("all_gather", "tensor_list", tensor_list, tensor, team)
    return _done(team.all_gather(out, array).then(lambda: _deal(tensor_list, out)), async_op)


def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: None = None, async_op: bool = False
) -> Work | None:
    """All processes' tensors (N, ...) by rank: one after the other, (size · N, ...), or stacked, (size, N, ...)."""
    team = the_group(group)
    name, array = "all_gather_into_tensor", _array("all_gather_into_tensor", input_tensor)
    one_after_the_other = (team.size * array.shape[0], *array.shape[1:]) if array.ndim else (team.size,)
    if output_tensor.shape not in (one_after_the_other, (team.size, *array.shape)) or (
        output_tensor.dtype != input_tensor.dtype
    ):
        raise ShapeError(
            f"{name}: output_tensor is {output_tensor.shape} {output_tensor.dtype} for {team.size} inputs of "
            f"{array.shape} {array.dtype}; make it {one_after_the_other}"
        )
    check_writable(output_tensor)
    out = backend_of(array).xp.empty((team.size, *array.shape), array.dtype)
    work = team.all_gather(out, array).then(lambda: overwrite(output_tensor, out.reshape(output_tensor.shape)))
    return _done(work, async_op)


def gather(
    tensor: Tensor,
    gather_list: Sequence[Tensor] | None = None,
    dst: int = 0,
    group: None = None,
    async_op: bool = False,
) -> Work | None:
    """On rank `dst`, `gather_list[r]` becomes the tensor of rank r; the others give no list."""
    team = the_group(group)
    array, here = _array("gather", tensor), _rank("dst", dst, team) == team.rank
    _only_there("gather_list", gather_list, here, dst)
    out = None if gather_list is None else _room_for("gather", "gather_list", gather_list, tensor, team)
    return _done(team.gather(out, array, dst).then(lambda: _deal(gather_list, out)), async_op)


def scatter(
    tensor: Tensor,
    scatter_list: Sequence[Tensor] | None = None,
    src: int = 0,
    group: None = None,
    async_op: bool = False,
) -> Work | None:
    """`tensor` becomes `scatter_list[rank]` of rank `src`; the others give no list."""
    team = the_group(group)
    here = _rank("src", src, team) == team.rank
    _only_there("scatter_list", scatter_list, here, src)
    parts = None if scatter_list is None else _room_for("scatter", "scatter_list", scatter_list, tensor, team)
    for i, part in enumerate(scatter_list or ()):
        parts[i] = part._array  # type: ignore[index]
    return _in_place("scatter", tensor, lambda team, array: team.scatter(array, parts, src), group, async_op)


def barrier(group: None = None, async_op: bool = False) -> Work | None:
    """Wait until every process has come here."""
    return _done(the_group(group).barrier(), async_op)


def _in_place(
    name: str, tensor: Tensor, start: Callable[[MPIGroup, Array], Work], group: None, async_op: bool
) -> Work | None:
    """Start what writes to the memory of `tensor`."""
    array = _array(name, tensor)
    check_writable(tensor)
    work = start(the_group(group), array)
    tensor._storage.version += 1
    return _done(work, async_op)


def _done(work: Work, async_op: bool) -> Work | None:
    if async_op:
        return work
    work.wait()
    return None


def _array(name: str, tensor: Any) -> Array:
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"{name}: takes a Tensor; got {type(tensor).__name__}")
    return tensor._array


def _op(op: Any) -> ReduceOp:
    if not isinstance(op, ReduceOp):
        raise ArgumentTypeError(f"op must be one of ReduceOp.{', '.join(ReduceOp.__members__)}; got {op!r}")
    return op


def _rank(name: str, rank: Any, team: MPIGroup) -> int:
    if isinstance(rank, bool) or not isinstance(rank, int) or not 0 <= rank < team.size:
        raise ArgumentError(f"{name} must be a rank, 0 to {team.size - 1}; got {rank!r}")
    return rank


def _room_for(name: str, what: str, tensors: Sequence[Tensor], tensor: Tensor, team: MPIGroup) -> Array:
    """An array (size, *shape) for as many tensors like `tensor`, which are checked."""
    if len(tensors) != team.size:
        raise ArgumentError(f"{name}: {what} holds {len(tensors)} tensors for {team.size} processes; give one each")
    for i, one in enumerate(tensors):
        if _array(name, one).shape != tensor.shape or one.dtype != tensor.dtype:
            raise ShapeError(
                f"{name}: {what}[{i}] is {one.shape} {one.dtype}, but tensor is {tensor.shape} {tensor.dtype}; they "
                "must be alike"
            )
    return backend_of(tensor._array).xp.empty((team.size, *tensor.shape), tensor.dtype)


def _only_there(what: str, given: Any, here: bool, rank: int) -> None:
    if (given is not None) != here:
        raise ArgumentError(f"{what} must be given on rank {rank}, and only there")


def _deal(tensors: Sequence[Tensor] | None, out: Array | None) -> None:
    for i, tensor in enumerate(tensors or ()):
        overwrite(tensor, out[i])  # type: ignore[index]
