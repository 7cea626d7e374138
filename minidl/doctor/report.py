"""What an examination finds: one line per check, OK, WARN or FAIL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import first_line

OK, WARN, FAIL = "OK", "WARN", "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        status: OK; WARN: something is missing that you may not need; FAIL: it is there but does not work.
        part: what was looked at; `detail`: what was found.
        remedy: the command that fixes it, or what to do; empty if nothing is wrong.
    """

    status: str
    part: str
    detail: str
    remedy: str = ""


Check = Callable[[], Finding]


def examined(checks: Iterable[Check]) -> list[Finding]:
    """The findings of all checks, in order. A check that raises becomes a FAIL and stops no other."""
    found = []
    for check in checks:
        try:
            found.append(check())
        except Exception as error:  # there must be a report, however broken the machine
            part = check.__name__.replace("_", " ")
            found.append(Finding(FAIL, part, f"{type(error).__name__}: {first_line(error)}", "see the message"))
    return found
