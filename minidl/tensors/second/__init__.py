"""Derivatives of derivatives: the same `backward` of each operation, run once more on arrays that record it.

Under `create_graph`, a walk back takes each operation's stand-in (`lifting.py`): the same class, with recorded arrays
(`box.py`) in the place of those that forward kept. They speak NumPy, so its `backward` runs as it stands; what it does
to them becomes operations of the graph. `library.py` is their array library: NumPy's names, and the backend's
primitives.
"""
