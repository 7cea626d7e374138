"""What makes a benchmark meaningless."""

from ..errors import MinidlError


class BenchmarkError(MinidlError, RuntimeError):
    """A contestant cannot run, results do not agree, or a device must not be timed."""
