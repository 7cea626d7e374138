"""The processes that train one run together. One alone is a team too, which has nobody to ask."""

from __future__ import annotations

from typing import Any, TypeVar

from ..backend import current_backend
from ..distributed.process_group import destroy_process_group, init_process_group, is_initialized, the_group

Found = TypeVar("Found")


class Team:
    """The process group that was joined when the team was made; without one, this process alone.

    Attributes:
        rank, size: this process's number, and how many there are.
        leads: whether this is the one process that writes to the run folder.
    """

    def __init__(self) -> None:
        _carry_by_nccl()
        self.group = the_group() if is_initialized() else None
        self.rank: int = 0 if self.group is None else self.group.rank
        self.size: int = 1 if self.group is None else self.group.size
        self.leads = self.rank == 0

    def told(self, value: Found) -> Found:
        """The leader's value, on every process."""
        return value if self.group is None else self.group.told(value)

    def all_told(self, value: Found) -> list[Found]:
        """Every process's value, by rank."""
        return [value] if self.group is None else self.group.all_told(value)

    def wait(self) -> None:
        """Wait until every process has come here."""
        if self.group is not None:
            self.group.barrier().wait()

    def other(self, value: Any) -> int | None:
        """The first rank that has another `value` than the leader, on every process; None if all have the same."""
        values = self.all_told(value)
        return next((rank for rank, found in enumerate(values) if found != values[0]), None)


def _carry_by_nccl() -> None:
    """Let NCCL carry the tensors of a run on real GPUs."""
    backend = current_backend()
    if is_initialized() and backend.name == "cupy" and not backend.emulated and the_group().name != "nccl":
        destroy_process_group()
        init_process_group("nccl")
