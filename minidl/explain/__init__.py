"""Backprop, line by line: one real pass recorded, every gradient checked, shown as a page or in the terminal."""

from .record import RecordingError, Tape, record

__all__ = ["RecordingError", "Tape", "record"]
