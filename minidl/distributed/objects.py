"""Python objects between the processes, pickled: settings, names, counts. Tensors travel faster as tensors."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from .process_group import the_group


def all_gather_object(object_list: list[Any], obj: Any, group: None = None) -> None:
    """`object_list[r]` becomes the object of rank r; the list has a place for each."""
    team = the_group(group)
    _check_places("all_gather_object", "object_list", object_list, team.size)
    object_list[:] = team.all_told(obj)


def gather_object(obj: Any, object_gather_list: list[Any] | None = None, dst: int = 0, group: None = None) -> None:
    """The same, but only on rank `dst`; the others give no list."""
    team = the_group(group)
    if (object_gather_list is not None) != (team.rank == dst):
        raise ArgumentError(f"gather_object: object_gather_list must be given on rank {dst}, and only there")
    if object_gather_list is not None:
        _check_places("gather_object", "object_gather_list", object_gather_list, team.size)
    found = team.comm.gather(obj, dst)
    if object_gather_list is not None:
        object_gather_list[:] = found


def broadcast_object_list(object_list: list[Any], src: int, group: None = None) -> None:
    """The objects of rank `src` replace those in every process's list, which are as many."""
    team = the_group(group)
    found = team.told(object_list, src)
    _check_places("broadcast_object_list", "object_list", object_list, len(found))
    object_list[:] = found


def _check_places(name: str, what: str, places: list[Any], wanted: int) -> None:
    if len(places) != wanted:
        raise ArgumentError(f"{name}: {what} has {len(places)} places for {wanted} objects; give one each")
