"""The pages: where a digit is drawn, and what the interface takes. Their parts lie in `web/` and need no network."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ..explain.views.page import data, escaped, filled
from ..explain.views.static import static_names, static_text
from ..language import chosen_language
from .examples import examples

STYLES = ("page", "docs")
MEDIA_TYPES = {"css": "text/css", "js": "text/javascript"}


def drawing_page(run: dict[str, Any]) -> str:
    """The page on which a digit is drawn, for a run as `Service.described` tells it."""
    start = {"run": run, "words": words(), "examples": examples() if run["shape"] == [28, 28] else []}
    return filled(_text("page.html"), lang=chosen_language(), start=data(start))


@cache
def words() -> dict[str, Any]:
    """Every text of the page, by language."""
    return {lang: json.loads(_text(f"words.{lang}.json")) for lang in ("en", "ko")}


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """The style sheets and programs by their names: nothing else of this machine can be named by a client."""
    names = [
        *(f"{name}.css" for name in STYLES),
        *(f"js/{name}.js" for name in static_names(__package__, "web/js", ".js")),
    ]
    return {name: (_text(name).encode(), MEDIA_TYPES[name.rpartition(".")[2]]) for name in names}


def docs_page(document: dict[str, Any], base: str) -> str:
    """The OpenAPI document as a page; `base`: the address of the server, with its slash."""
    paths = [
        _path(path, method, told) for path, methods in document["paths"].items() for method, told in methods.items()
    ]
    shapes = [
        f"<section><h3 id='{escaped(name)}'>{escaped(name)}</h3><pre tabindex='0'>{_json(schema)}</pre></section>"
        for name, schema in sorted(document["components"]["schemas"].items())
    ]
    return filled(
        _text("docs.html"),
        title=escaped(f"{document['info']['title']} {document['info']['version']}"),
        says=escaped(document["info"]["description"]),
        base=escaped(base),
        paths="\n".join(paths),
        shapes="\n".join(shapes),
    )


def _path(path: str, method: str, told: dict[str, Any]) -> str:
    """One path as a section: what it does, takes and gives."""
    rows = []
    for one in told.get("parameters", ()):
        name = f"?{one['name']}=" if one["in"] == "query" else f"{one['in']} {one['name']}"
        rows.append((name, f"{one.get('description', '')} ({_asked(one['schema'])})".strip()))
    for kind, body in told.get("requestBody", {}).get("content", {}).items():
        rows.append((f"takes {kind}", _short(body["schema"])))
    for status, answer in told["responses"].items():
        kinds = answer.get("content", {})
        what = "; ".join(f"{kind} {_short(body.get('schema', {}))}" for kind, body in kinds.items())
        rows.append((str(status), f"{answer['description']}: {what}" if what else answer["description"]))
    listed = "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(what)}</dd>" for name, what in rows)
    says = escaped(f"{told.get('summary', '')}. {told.get('description', '')}".strip())
    return f"<section><h3><b>{method.upper()}</b> {escaped(path)}</h3><p>{says}</p><dl>{listed}</dl></section>"


def _asked(schema: dict[str, Any]) -> str:
    """The schema of a parameter in words."""
    told = {key: value for key, value in schema.items() if key not in ("type", "title", "description")}
    return ", ".join([schema["type"], *(f"{key} {json.dumps(value)}" for key, value in told.items())])


def _short(schema: dict[str, Any]) -> str:
    """A schema in a word: its name, or itself if it is small."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    text = json.dumps(schema, ensure_ascii=False)
    return "" if schema in ({}, {"type": "string"}) or len(text) > 200 else text


def _json(content: Any) -> str:
    return escaped(json.dumps(content, indent=2, ensure_ascii=False))


def _text(name: str) -> str:
    return static_text(__package__, f"web/{name}")
