"""Who may ask: requests that name this server by its own address, from its own page."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

OPEN = frozenset({"/", "/docs", "/health", "/metrics", "/openapi.json"})  # a link on another site may lead here
ELSEWHERE = ("cross-site", "same-site")  # Sec-Fetch-Site of another origin's page


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_own(header: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this server: by an address, as localhost, or by one of `names`.

    A page of another site can make its own name lead to this machine (DNS rebinding), but not an address.

    >>> is_own("127.0.0.1:8000", frozenset()), is_own("evil.example", frozenset()), is_own("lab", frozenset({"lab"}))
    (True, False, True)
    """
    try:
        host = urlsplit(f"//{header}").hostname
        port = urlsplit(f"//{header}").port
    except ValueError:
        return False
    if host is None or port == 0 or set(header) & set("/@?#\\ "):
        return False
    return host == "localhost" or host in names or _address(host) is not None


def refusal(method: str, path: str, headers: dict[str, str], names: frozenset[str]) -> str | None:
    """Why a request is refused for where it comes from; None if it may pass."""
    host = headers.get("host", "")
    if not is_own(host, names):
        return "the Host header is not this server's; name it by its address, or start it with that --host"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host and method not in ("GET", "HEAD"):
        return "another site's page asks; only this server's own page may"
    if headers.get("sec-fetch-site") in ELSEWHERE and path not in OPEN:
        return "another site's page asks; only this server's own page may"
    return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
