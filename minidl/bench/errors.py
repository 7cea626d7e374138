"""What keeps a benchmark from saying anything."""

from ..errors import MinidlError


class BenchmarkError(MinidlError, RuntimeError):
    """A contestant that cannot run, results that do not agree, or a device that must not be timed."""
