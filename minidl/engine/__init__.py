"""The engine: tensors remember the operations that made them, and `backward` goes back through those.

An operation is a `Function` (`function.py`), most often an `Elementwise` one. `backward.py` has the walk, and `sum_to`,
which sums a gradient over the axes that were broadcast.
"""
