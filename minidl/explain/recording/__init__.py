"""The recording: one pass with its operations, lines and numbers, and its replay in float64."""
