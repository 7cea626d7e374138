"""The lane's own modules are no tests: importing them outside the launcher would only fail."""

collect_ignore_glob = ["*.py", "*/*.py"]
