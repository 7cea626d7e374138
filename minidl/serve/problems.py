"""Errors as problem details (RFC 9457): what is wrong with a request, in words for its sender and nothing more."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
COME_BACK = "1"  # seconds
FAILED = "the server failed; its terminal says why"
GONE = 499  # the status in metrics of a request whose sender hung up before an answer
SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "where in the body, and what"},
    },
}  # fmt: skip


class Problem(Exception):
    """A request that cannot be answered: the status, and a sentence."""

    def __init__(self, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors

    def content(self) -> dict[str, Any]:
        """The body of the answer."""
        title = HTTPStatus(self.status).phrase
        found = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        return found if self.errors is None else {**found, "errors": self.errors}

    def headers(self) -> dict[str, str]:
        """Those that belong to the status."""
        return {"retry-after": COME_BACK} if self.status == HTTPStatus.SERVICE_UNAVAILABLE else {}

    def body(self) -> bytes:
        """The content as JSON."""
        return json.dumps(self.content(), ensure_ascii=True).encode()


def answer(problem: Problem, more: dict[str, str] | None = None) -> Response:
    """The response that tells the problem."""
    headers = {**problem.headers(), **(more or {})}
    return Response(problem.body(), problem.status, headers=headers, media_type=MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    """FastAPI's handler of a `Problem`."""
    assert isinstance(error, Problem)
    return answer(error)


async def on_http(request: Request, error: Exception) -> Response:
    """FastAPI's handler of its own refusals: no such path, no such method."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    known = {
        404: "there is no such path; / is the page, /docs lists the rest",
        405: f"this path takes {headers.get('Allow', 'another method')}",
    }
    return answer(Problem(error.status_code, known.get(error.status_code, str(error.detail))), headers)


async def on_gone(request: Request, error: Exception) -> Response:
    """Starlette's handler of a body that ends because its sender hung up: no failure of ours, and nobody reads this."""
    return Response(status_code=GONE)


async def on_failure(request: Request, error: Exception) -> Response:
    """FastAPI's handler of an error of ours; the gate prints it on the terminal."""
    return answer(Problem(500, FAILED))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes these."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
        for status in statuses
    }
