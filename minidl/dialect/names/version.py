"""Which PyTorch the names are of, and that it is minidl that answers to them."""

from ..._version import __version__ as _minidl

__version__ = f"2.13.0+minidl.{_minidl}"
