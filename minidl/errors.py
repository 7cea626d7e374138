"""Every error minidl raises on purpose: what came, what was expected, what to do.

All are RuntimeErrors, as nearly all of PyTorch's errors are, so that `except RuntimeError` written for PyTorch catches
them. Each is also the built-in error that Python would raise instead, so `except ValueError` works too.

>>> issubclass(ShapeError, MinidlError), issubclass(ShapeError, RuntimeError), issubclass(ShapeError, ValueError)
(True, True, True)
"""


class MinidlError(RuntimeError):
    """The root of minidl's own errors. The command line prints these as one line, never as a traceback."""


class ShapeError(MinidlError, ValueError):
    """Shapes that do not fit together."""


class DtypeError(MinidlError, TypeError):
    """A dtype that the operation cannot take."""


class ArgumentError(MinidlError, ValueError):
    """An argument whose value is out of range or unknown."""


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument of the wrong Python type: text for a number, a number for a tuple."""


class RangeError(MinidlError, IndexError, ValueError):
    """An index or a label outside the dimension it points into, or a number that its dtype cannot hold."""


class DimensionError(ArgumentError, RangeError):
    """A dimension that the tensor does not have, or that has no elements to choose from."""


class IndexShapeError(ShapeError, IndexError):
    """Shapes that do not allow this indexing: a mask of another shape, indices that do not broadcast, no dimensions."""


class IndexDtypeError(DtypeError, IndexError):
    """Something in `x[...]` that is not an index: a fraction, text, a tensor of a floating dtype."""


class UnsupportedError(MinidlError, TypeError, NotImplementedError):
    """Something that is missing: a PyTorch argument that minidl leaves out, a method that a subclass must define."""


class LinAlgError(ArgumentError):
    """A matrix for which the result does not exist: a singular one, one that is not positive definite."""


class GraphError(MinidlError):
    """The graph cannot be walked: freed, not scalar, or its arrays were changed in place."""


class BackendError(MinidlError):
    """The array library asked for cannot be used, or two libraries met in one operation."""


class OutOfMemoryError(MinidlError, MemoryError):
    """A result that does not fit into the memory that is free."""

    @classmethod
    def at(cls, name: str, error: MemoryError) -> "OutOfMemoryError":
        """The error of an operation of that name, from what the array library said."""
        return cls(f"{name}: {str(error) or 'the memory is full'}; use a smaller batch, or smaller tensors")


class MissingPackageError(MinidlError, ImportError):
    """An optional package that something needs is not installed."""


class DistributedError(MinidlError, ValueError):
    """Processes that cannot work together: no group was made, MPI failed, or they do not hold the same."""


class DataError(MinidlError, ValueError):
    """A data file that is missing, damaged or of another format than its name says."""


class CheckpointError(MinidlError, ValueError):
    """A checkpoint that is damaged, unsafe or from another model."""


class NoCheckpointError(CheckpointError, FileNotFoundError):
    """A checkpoint that is not there: a FileNotFoundError, as a script that would start afresh expects."""


def refuse(function: str, **arguments: object) -> None:
    """Raise `UnsupportedError` for the first argument that is not at its neutral value `None` or `False`.

    >>> refuse("sum", out=None)
    >>> refuse("sum", out=[])
    Traceback (most recent call last):
    ...
    minidl.errors.UnsupportedError: sum: the argument out=[] of PyTorch's is left out of minidl; leave it at its default
    """
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise UnsupportedError(
                f"{function}: the argument {name}={value!r} of PyTorch's is left out of minidl; leave it at its default"
            )


def first_line(error: BaseException) -> str:
    """The first line of an error's message; its type if the message is empty."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
