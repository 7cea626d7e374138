"""The version, for those who may not import the package above them."""

__version__ = "0.1.0"
