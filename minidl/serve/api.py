"""The paths: what each takes and gives. Typed by `schemas`, errors are `problems`, all of it passes the `gate`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from fastapi import FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from .._version import __version__
from ..data.photo import SIDE
from ..errors import MinidlError
from ..language import LANGUAGES
from . import bodies, page, problems, schemas
from .collection import FullError
from .gate import Gate
from .languages import language_of
from .problems import Problem, documented
from .service import Service

LOOKED_AT = (408, 413, 415, 422, 500, 503)
DESCRIPTION = "Reads handwritten digits with a network trained by minidl. Errors are problem details (RFC 9457)."


def application(service: Service, names: frozenset[str] = frozenset()) -> Gate:
    """The ASGI application of a service; `names`: the hosts by which it may be called besides its addresses."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(title="minidl serve", version=__version__, lifespan=life, docs_url=None, redoc_url=None)
    app.router.redirect_slashes = False
    app.add_exception_handler(Problem, problems.on_problem)
    app.add_exception_handler(HTTPException, problems.on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(ClientDisconnect, problems.on_gone)
    app.add_exception_handler(Exception, problems.on_failure)
    _add_reading(app, service)
    _add_looking(app, service)
    _add_watching(app, service)
    _add_pages(app, service)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    paths = frozenset(str(getattr(route, "path", "")) for route in app.routes)
    return Gate(app, service.limits, service.metrics, names, paths)


def _add_reading(app: FastAPI, service: Service) -> None:
    @app.post(
        "/v1/predict", response_model=schemas.Answers, responses=documented(*LOOKED_AT),
        summary="Read one image or many", openapi_extra={"requestBody": {"required": True, "content": {
            bodies.JSON: {"schema": _ref("Question")},
            bodies.FORM: {"schema": {"type": "object", "required": ["file"], "properties": {
                "file": {"type": "array", "items": {"type": "string", "format": "binary"}}}}},
            bodies.BYTES: {"schema": {"type": "string", "format": "binary"}},
        }}},
    )  # fmt: skip
    async def predict(
        request: Request,
        response: Response,
        accept_language: str = Header("", description="en or ko: the language of reasons and warnings"),
    ) -> dict[str, Any]:
        """Send JSON, a form with files, or the bytes of one picture (BMP, GIF, JPG, PNG, TIFF, WebP)."""
        kind, layers = bodies.kind_of(request), False
        images: list[Any]
        if kind == bodies.FORM:
            images = list(await bodies.files_of(request, service.limits))
        elif kind in (bodies.JSON, bodies.BYTES) or kind.startswith("image/"):
            body = await request.body()
            images, layers = await service.decoding(bodies.question_of, body, kind)
        else:
            raise Problem(415, f"the body must be {bodies.JSON}, {bodies.FORM}, {bodies.BYTES} or image/...")
        if len(images) > service.limits.max_images:
            raise Problem(422, f"{len(images)} images are more than the {service.limits.max_images} of one request")
        lang = response.headers["content-language"] = language_of(accept_language)
        return {"answers": await service.answers(images, layers, lang)}

    @app.post(
        "/v1/corrections", response_model=schemas.Saved, status_code=201, responses=documented(403, *LOOKED_AT, 507),
        summary="Keep a digit with its right label, if the server was started with --collect",
        openapi_extra=_takes("Digit"),
    )  # fmt: skip
    async def correct(request: Request) -> dict[str, Any]:
        digit, label = _digit(await bodies.json_of(schemas.Digit, request), service)
        if service.collection is None:
            raise Problem(403, "saving is off; start the server with --collect DIR to turn it on")
        try:
            number, split = await service.decoding(service.collection.add, digit, label)
        except FullError:
            raise Problem(507, "the folder of corrections is full") from None
        return {"number": number, "split": split}


def _add_looking(app: FastAPI, service: Service) -> None:
    @app.post(
        "/v1/slope", response_model=schemas.Slope, responses=documented(*LOOKED_AT),
        summary="How the score of a class follows each pixel", openapi_extra=_takes("Digit"),
    )  # fmt: skip
    async def slope(request: Request) -> dict[str, Any]:
        digit, label = _digit(await bodies.json_of(schemas.Digit, request), service)
        try:
            score, slopes = await service.studying(service.study.slope, digit, label)
        except MinidlError as error:
            raise Problem(422, f"this network has no slopes: {error}") from None
        if not (np.isfinite(score) and np.isfinite(slopes).all()):
            raise Problem(422, "the network answers NaN: its weights are too large; train it again")
        rest = score - float((slopes * (digit / 255.0)).sum())
        return {"label": label, "score": score, "rest": rest, "slopes": slopes.tolist()}

    @app.get(
        "/lesson", response_class=HTMLResponse, responses=documented(422, 500, 503),
        summary="The lesson of minidl explain on one digit, as a page",
    )  # fmt: skip
    async def lesson(
        digit: str = Query(max_length=2000, description="784 bytes, row by row, in URL-safe base64"),
        label: int = Query(ge=0, description="the number of the class that is taken for right"),
        checked: bool = Query(False, description="compare every gradient with differences, which takes seconds"),
        lang: str = Query("en", pattern=f"^({'|'.join(LANGUAGES)})$"),
    ) -> HTMLResponse:
        if label >= len(service.run.classes):
            raise Problem(422, f"label must be below {len(service.run.classes)}")
        try:
            return HTMLResponse(await service.studying(service.study.lesson, _decoded(digit), label, lang, checked))
        except MinidlError as error:
            raise Problem(422, f"this network has no lesson: {error}") from None


def _add_watching(app: FastAPI, service: Service) -> None:
    @app.get("/v1/model", response_model=schemas.Model, responses=documented(503), summary="The run that is served")
    async def model() -> dict[str, Any]:
        return service.described()

    @app.get("/health", response_model=schemas.Health, summary="Whether the server takes requests")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", response_class=PlainTextResponse, summary="Counts for Prometheus")
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


def _add_pages(app: FastAPI, service: Service) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def draw() -> HTMLResponse:
        return HTMLResponse(page.drawing_page(service.described()))

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(page.docs_page(app.openapi(), str(request.base_url)))

    for name, (content, media_type) in page.static_files().items():
        app.add_api_route(f"/static/{name}", _static(content, media_type), include_in_schema=False)


def _static(content: bytes, media_type: str) -> Any:
    async def file() -> Response:
        return Response(content, media_type=media_type, headers={"cache-control": "no-cache"})

    return file


def _digit(asked: schemas.Digit, service: Service) -> tuple[np.ndarray, int]:
    """The digit `(28, 28)` uint8 and the number of its class."""
    if asked.label >= len(service.run.classes):
        raise Problem(422, f"label must be below {len(service.run.classes)}, got {asked.label}")
    return np.array(asked.pixels, np.uint8), asked.label


def _decoded(text: str) -> np.ndarray:
    """The digit of a lesson's address."""
    try:
        content = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if len(content) != SIDE * SIDE:
        raise Problem(422, f"digit must be {SIDE * SIDE} bytes in URL-safe base64, with its = at the end")
    return np.frombuffer(content, np.uint8).reshape(SIDE, SIDE)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _takes(name: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {bodies.JSON: {"schema": _ref(name)}}}}


async def _on_invalid(request: Request, error: Exception) -> Response:
    """FastAPI's handler of wrong query parameters."""
    assert isinstance(error, RequestValidationError)
    where = [{"where": "/".join(map(str, one["loc"])), "what": str(one["msg"])} for one in error.errors()]
    return problems.answer(Problem(422, "the query is not what this path takes; errors says where", where))


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the bodies that the paths read for themselves."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
        known = found.setdefault("components", {}).setdefault("schemas", {})
        for model in (schemas.Question, schemas.Digit):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            known.update(schema.pop("$defs", {}))
            known[model.__name__] = schema
        app.openapi_schema = found
    return app.openapi_schema
