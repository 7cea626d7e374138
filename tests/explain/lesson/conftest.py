"""The browser of the page's tests serves the lesson's too."""

from ..page.conftest import driver

__all__ = ["driver"]
