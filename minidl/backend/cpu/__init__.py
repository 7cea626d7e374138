"""What NumPy needs to be fast on a CPU: tuned versions of the backend's primitives, each equal to its plain one."""

from . import conv, copy, divmod, elementwise, gather, layout, matmul, order, pool, scatter

__all__ = ["conv", "copy", "divmod", "elementwise", "gather", "layout", "matmul", "order", "pool", "scatter"]
