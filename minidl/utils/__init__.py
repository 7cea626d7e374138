"""`torch.utils` by its name: `data` is `minidl.data`, `checkpoint` saves memory, `tensorboard` writes event files."""

from importlib import import_module as _import_module

__all__ = ["checkpoint", "data", "tensorboard"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; there is: {', '.join(__all__)}")
