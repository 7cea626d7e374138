"""`torch.save` and `torch.load` with PyTorch's arguments, and modules in the file, without code.

A module is stored as the name of its class and its attributes. Loading makes an object of that class, which the
program must already have imported, without calling it: so no file can run code. A function of `nn.functional`, such as
a layer's activation, is stored as its name.
"""

from __future__ import annotations

import os
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from inspect import isfunction, unwrap
from typing import Any

import numpy as np

from .. import nn
from ..devices import device
from ..dtypes import as_dtype
from ..engine.tensor import Tensor
from ..errors import ArgumentTypeError, CheckpointError, DtypeError, refuse
from ..nn.utils.parametrize import is_parametrized
from ..tensors import saving
from ..tensors.pt.reading import load_pt, pickles_in
from .look import DTYPES, dtype

_PLAIN = (bool, int, float, str, type(None))


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: Any = None,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write tensors, state dicts, modules and plain values to a path or a binary file, as minidl's archive (NPZ).

    DtypeError, naming the place, for what only a pickle could hold: other functions, objects of other classes.
    """
    refuse("save", pickle_module=pickle_module, pickle_protocol=pickle_protocol)
    saving.save(_packed(obj, ""), f)


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """What `save` or PyTorch wrote, on the device that `map_location` says (one, its name, a dictionary or a function).

    `weights_only=False` reads modules too, as None does; no file can run code either way: of PyTorch's own, tensors,
    numbers and text are read (`load_pt`). CheckpointError for what else is in it, for another pickle, for a module with
    `weights_only=True`, and for a class that the program has not imported.
    """
    refuse("load", pickle_module=pickle_module, mmap=mmap, **pickle_load_args)
    state = load_pt(f) if _is_pytorchs(f) else saving.load(f)
    return _unpacked(state, _mover(map_location), bool(weights_only))


def _is_pytorchs(f: Any) -> bool:
    """Whether it is an archive as PyTorch writes it."""
    start = None if isinstance(f, str | os.PathLike) else f.tell()
    try:
        with zipfile.ZipFile(f) as archive:
            return bool(pickles_in(archive))
    except (OSError, zipfile.BadZipFile):  # `load` says what is wrong
        return False
    finally:
        if start is not None:
            f.seek(start)


def _mover(map_location: Any) -> Callable[[Tensor], Tensor]:
    if map_location is None:
        return lambda x: x
    if isinstance(map_location, str | device):
        return lambda x: x.to(device(map_location))
    if isinstance(map_location, dict):
        wanted = {device(old).type: device(new) for old, new in map_location.items()}
        return lambda x: x.to(wanted.get(x.device.type, x.device))
    if callable(map_location):
        return lambda x: map_location(x, x.device.type)
    raise ArgumentTypeError(f"load: map_location must be a device, a dictionary or a function; got {map_location!r}")


def _packed(value: Any, place: str) -> Any:
    """`value` as what minidl's archive can hold."""
    if isinstance(value, nn.Module):
        return _packed_module(value, place)
    if isinstance(value, nn.Parameter):
        return {"$parameter": value.detach(), "requires_grad": value.requires_grad}
    if isinstance(value, device):
        return {"$device": str(value)}
    if isinstance(value, dtype | np.dtype):
        return {"$dtype": value.name}
    if isinstance(value, set | frozenset):
        return {"$set": [_packed(item, place) for item in value]}
    if isinstance(value, dict):
        return {key: _packed(item, f"{place}/{key}") for key, item in value.items()}
    if isinstance(value, tuple | list):
        items = [_packed(item, f"{place}/{i}") for i, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, _PLAIN) or hasattr(value, "dtype"):
        return value
    if isfunction(value) and unwrap(value) is getattr(nn.functional, value.__name__, None):
        return {"$function": value.__name__}
    raise DtypeError(
        f"save: {place.lstrip('/') or 'the object'} is a {type(value).__name__}, which only a pickle could hold; save "
        "model.state_dict() and make the object again before loading it"
    )


def _packed_module(module: nn.Module, place: str) -> dict[str, Any]:
    kind = type(module)
    if "<locals>" in kind.__qualname__:
        raise DtypeError(
            f"save: {place.lstrip('/') or 'the module'} is of the class {kind.__qualname__}, which is defined inside a "
            "function, so that loading could not find it; save model.state_dict()"
        )
    if is_parametrized(module):
        raise DtypeError(
            f"save: {place.lstrip('/') or 'the module'} is parametrized, and of a class made for it; save "
            "model.state_dict(), and load it into a module with the same parametrizations"
        )
    inside = {name: _packed(value, f"{place}/{name}") for name, value in vars(module).items()}
    return {"$module": f"{kind.__module__}:{kind.__qualname__}", "attributes": inside}


def _unpacked(value: Any, move: Callable[[Tensor], Tensor], weights_only: bool) -> Any:
    """The inverse of `_packed`."""

    def again(item: Any) -> Any:
        return _unpacked(item, move, weights_only)

    if isinstance(value, Tensor):
        return move(value)
    if isinstance(value, tuple | list):
        return type(value)(map(again, value))
    if not isinstance(value, dict):
        return value
    if "$module" in value:
        if weights_only:
            raise CheckpointError(
                f"load: holds the module {value['$module']}, not only weights; use weights_only=False"
            )
        made = _class(value["$module"])
        module = made.__new__(made)
        module.__dict__.update(again(value["attributes"]))
        return module
    if "$parameter" in value:
        return nn.Parameter(again(value["$parameter"]), value["requires_grad"])
    if "$device" in value:
        return device(value["$device"])
    if "$dtype" in value:
        return DTYPES[as_dtype(value["$dtype"])]
    if "$set" in value:
        return set(map(again, value["$set"]))
    if "$function" in value:
        return _function(value["$function"])
    return (
        OrderedDict((key, again(item)) for key, item in value.items())
        if _is_state(value)
        else {key: again(item) for key, item in value.items()}
    )


def _is_state(value: dict[Any, Any]) -> bool:
    """Whether the dictionary looks like a state dict, which PyTorch gives as an OrderedDict."""
    return bool(value) and all(isinstance(key, str) and isinstance(item, Tensor) for key, item in value.items())


def _function(name: str) -> Callable[..., Any]:
    """The function of that name in `nn.functional`."""
    found = getattr(nn.functional, name, None) if name in nn.functional.__all__ else None
    if not isfunction(found):
        raise CheckpointError(f"load: holds a function {name!r}, which nn.functional does not have")
    return found


def _class(name: str) -> type[nn.Module]:
    """The module class of that name, if the program has it already: nothing is imported."""
    place, _, path = name.partition(":")
    found: Any = sys.modules.get(place)
    for part in path.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise CheckpointError(f"load: holds a module of the class {path} of {place}; define or import it first")
    return found
