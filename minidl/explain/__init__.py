"""Backprop, line by line: one real pass recorded, every gradient checked, shown as a page or in the terminal."""

from .record import record
from .recording.recorder import RecordingError
from .tape import Tape

__all__ = ["RecordingError", "Tape", "record"]
