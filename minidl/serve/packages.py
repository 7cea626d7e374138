"""What the extra `serve` installs."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import MissingPackageError

NEEDED = {"fastapi": "fastapi", "uvicorn": "uvicorn", "python_multipart": "python-multipart"}  # import: package


def require_packages() -> None:
    """Raise `MissingPackageError` unless all of them are there."""
    lacking = [package for name, package in NEEDED.items() if find_spec(name) is None]
    if lacking:
        raise MissingPackageError(
            f"minidl serve needs the package{'s' * (len(lacking) > 1)} {', '.join(lacking)}; install with "
            "pip install 'minidl[serve]'"
        )
