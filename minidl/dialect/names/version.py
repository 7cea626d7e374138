"""Which PyTorch the names are of, and that it is minidl that answers to them."""

from ..._version import __version__ as _minidl

__version__ = f"2.13.0+minidl.{_minidl}"
cuda = hip = xpu = None  # built for none: CuPy is asked when it is used
debug = False
