"""Several processes that work as one: who they are, and what they do together to tensors, by PyTorch's names.

MPI starts them (`mpiexec -n 4 python train.py`) and carries host memory; NCCL carries a GPU's. Needs `minidl[mpi]`.
"""

from ..missing import of_module as _of_module
from .collectives import (
    all_gather,
    all_gather_into_tensor,
    all_reduce,
    barrier,
    broadcast,
    gather,
    reduce,
    scatter,
)
from .objects import all_gather_object, broadcast_object_list, gather_object
from .process_group import (
    destroy_process_group,
    get_backend,
    get_rank,
    get_world_size,
    init_process_group,
    is_available,
    is_initialized,
)
from .reduce_op import ReduceOp
from .work import Work

__all__ = [
    "ReduceOp", "Work", "all_gather", "all_gather_into_tensor", "all_gather_object", "all_reduce", "barrier",
    "broadcast", "broadcast_object_list", "destroy_process_group", "gather", "gather_object", "get_backend", "get_rank",
    "get_world_size", "init_process_group", "is_available", "is_initialized", "reduce", "scatter",
]  # fmt: skip

__getattr__ = _of_module(__name__, globals())
