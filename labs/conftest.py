"""A lab's source is run as a notebook, not imported."""

collect_ignore_glob = ["*/lab.py"]
