"""minidl: a deep-learning engine to read in an afternoon."""

from .autograd import Function, Tensor
from .backend import use_backend
from .creation import from_numpy, tensor
from .dtypes import float16, float32, float64, int8, int16, int32, int64, uint8
from .errors import MinidlError
from .grad_mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .gradients import grad
from .random import Generator, manual_seed

__version__ = "0.1.0"
