"""Hooks of a module's state: functions that see, and may change, what is saved and what is loaded.

They are PyTorch's. The `metadata` that some of them get holds the version of a layer's format in PyTorch; minidl's
states have no versions, so it is empty here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.tensor import RemovableHook
from ..errors import ArgumentError

Hook = Callable[..., Any]
SAVING, SAVED, LOADING, LOADED = "state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post"


class StateHooked:
    """What Module has from here: hooks before and after its state is collected or loaded."""

    _state_hooks: dict[str, list[Hook]]

    def register_state_dict_pre_hook(self, hook: Hook) -> RemovableHook:
        """Call `hook(module, prefix, keep_vars)` before the module's state is collected. Returns a handle."""
        return self._register(SAVING, hook)

    def register_state_dict_post_hook(self, hook: Hook) -> RemovableHook:
        """Call `hook(module, state_dict, prefix, metadata)` when the state of the module and all inside it is there.

        It may change `state_dict` in place, and must return None. Returns a handle.
        """
        return self._register(SAVED, hook)

    def register_load_state_dict_pre_hook(self, hook: Hook) -> RemovableHook:
        """Call `hook(module, state_dict, prefix, metadata, strict, missing_keys, unexpected_keys, error_msgs)` first.

        `state_dict` holds what is meant for the module and all inside it, and may be changed in place, as the three
        lists may be; an error message means that nothing is loaded. Returns a handle.
        """
        return self._register(LOADING, hook)

    def register_load_state_dict_post_hook(self, hook: Hook) -> RemovableHook:
        """Call `hook(module, incompatible_keys)` when the module and all inside it are loaded.

        It may remove entries of `incompatible_keys.missing_keys` and `.unexpected_keys`: what is left is an error if
        loading is strict. It must return None. Returns a handle.
        """
        return self._register(LOADED, hook)

    def _register(self, kind: str, hook: Hook) -> RemovableHook:
        hooks = self._state_hooks.setdefault(kind, [])
        hooks.append(hook)
        return RemovableHook(hooks, hook)

    def _call_state_hooks(self, kind: str, *arguments: Any) -> None:
        for hook in tuple(self._state_hooks.get(kind, ())):
            if hook(self, *arguments) is not None and kind in (SAVED, LOADED):
                raise ArgumentError(f"a {kind}_hook must change what it is given in place and return None")
