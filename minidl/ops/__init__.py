"""The mathematics: every operation's forward beside its backward, one file per family.

`minidl/nn/functional.py` lists which name is in which file.
"""
