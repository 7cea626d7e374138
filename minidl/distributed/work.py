"""What is under way between the processes while this one computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Work:
    """A collective that was started with `async_op=True`; the tensor holds its result after `wait()`.

    MPI may move the data only while it is called: `is_completed()`, asked now and then, keeps it moving.
    """

    def __init__(self, request: Any, finish: Callable[[], None] = lambda: None) -> None:
        """`request` has Test and Wait; `finish` puts the result where it belongs, once."""
        self._request, self._finish = request, finish
        self._finished = False

    def is_completed(self) -> bool:
        """Whether `wait` would return at once."""
        return self._finished or bool(self._request.Test())

    def wait(self) -> bool:
        """Wait for the result; True, as in PyTorch."""
        if not self._finished:
            self._request.Wait()
            self._finish()
            self._finished = True
        return True

    def then(self, finish: Callable[[], None]) -> Work:
        """The same work, with one thing more to do at its end."""

        def both() -> None:
            self._finish()
            finish()

        return Work(self._request, both)
