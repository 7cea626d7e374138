"""From the body of a request to what it asks: JSON, a form with files, or the bytes of one picture."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.formparsers import MultiPartException, MultiPartParser

from .limits import Limits
from .problems import Problem
from .schemas import KINDS, Image, Question

M = TypeVar("M", bound=BaseModel)
JSON, FORM, BYTES = "application/json", "multipart/form-data", "application/octet-stream"
TOLD = 5  # mistakes of one body


def kind_of(request: Request) -> str:
    """The media type of the body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def parsed(model: type[M], body: bytes) -> M:
    """The JSON of a body as a `model`. Raises the `Problem` that says where it is wrong."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[:TOLD]
        where = [{"where": _place(one["loc"]), "what": one["msg"]} for one in found]
        raise Problem(422, "the body is not what this path takes; errors says where", where) from None


def _place(parts: tuple[str | int, ...]) -> str:
    """Where in a body a mistake is. Pydantic also names the kind of an image, which is no part of the body."""
    return "/".join(str(part) for part in parts if part not in KINDS.values())


async def json_of(model: type[M], request: Request) -> M:
    """The small JSON body of a request."""
    if kind_of(request) != JSON:
        raise Problem(415, f"the body must be {JSON}")
    return parsed(model, await request.body())


def question_of(body: bytes, kind: str) -> tuple[list[Image | bytes], bool]:
    """The images of a JSON body or of the bytes of one picture, and whether layers are asked for."""
    if kind == JSON:
        question = parsed(Question, body)
        return list(question.images), question.layers
    if not body:
        raise Problem(422, "the body is empty; send a picture")
    return [body], False


async def files_of(request: Request, limits: Limits) -> list[bytes]:
    """The files of a form; they stay in memory."""
    body = await request.body()

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=limits.max_images, max_fields=1)
    parser.spool_max_size = limits.body_bytes + 1  # never to the disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        why = error.message if isinstance(error, MultiPartException) else "it has no boundary, or is damaged"
        raise Problem(422, f"the form cannot be read: {why}") from None
    try:
        files: list[Any] = [value for _, value in form.multi_items() if not isinstance(value, str)]
        if not files:
            raise Problem(422, "the form holds no file")
        return [await file.read() for file in files]
    finally:
        await form.close()
