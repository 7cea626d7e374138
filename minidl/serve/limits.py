"""What one request may ask for, and what all of them together may."""

from __future__ import annotations

from dataclasses import dataclass

from ..training.options import OptionError, flag

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of a server; those with a help text are options of `minidl serve`."""

    max_body: float = 8.0  # MiB of a request
    max_pixels: float = 16.0  # million pixels of a picture
    max_images: int = 64  # of a request
    max_in_flight: int = 64  # requests at once; more are told to come back
    seconds: float = 10.0  # that a request may take, reading it included
    batch: int = 64  # images that one pass of the network takes
    batch_wait: float = 2.0  # milliseconds that an image may wait for others

    @property
    def body_bytes(self) -> int:
        """The largest body, in bytes."""
        return int(self.max_body * MIB)

    @property
    def bytes_in_flight(self) -> int:
        """Of all bodies that are held at once."""
        return 8 * self.body_bytes

    @property
    def pixels(self) -> int:
        """The largest picture, in pixels."""
        return int(self.max_pixels * 1e6)

    def checked(self) -> Limits:
        """These limits. Raises `OptionError` for one that would refuse everything, or bound nothing."""
        for name, least, most in (
            ("max_body", 0.01, 256), ("max_pixels", 0.001, 134), ("max_images", 1, 4096), ("max_in_flight", 1, 4096),
            ("seconds", 0.1, 3600), ("batch", 1, 4096), ("batch_wait", 0, 1000),
        ):  # fmt: skip
            value = getattr(self, name)
            if not least <= value <= most:
                raise OptionError(f"{flag(name)} must be {least} to {most}, got {value:g}")
        return self
