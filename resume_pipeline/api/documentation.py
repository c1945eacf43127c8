"""GET /openapi.json and /docs: the API described, for programs and for people.

The page is written here from the same description, without scripts: the usual viewers come from another host or as a
megabyte of JavaScript, and the content security policy allows neither.
"""

import html
import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from resume_pipeline.api.problems import Problem
from resume_pipeline.settings import Settings

router = APIRouter(include_in_schema=False)
DESCRIPTION = (
    "Search and checked answers over a folder of markdown. A key (`Authorization: Bearer rp_…`) is made by "
    "`resume-pipeline keys create`; where the server is public, a few questions can be asked without one. Errors are "
    "problem documents (RFC 9457) with the id of the request, which is in `X-Request-ID` of every response."
)
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 52rem; padding: 0 1rem; }
h2 { border-top: 1px solid #8886; margin-top: 2.5rem; padding-top: 1rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: #8881; border-radius: .4rem; overflow-x: auto; padding: .8rem; }
table { border-collapse: collapse; } td, th { border-bottom: 1px solid #8884; padding: .3rem .8rem .3rem 0;
text-align: left; vertical-align: top; }
"""


def description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, made once."""
    if app.openapi_schema is None:
        title = app.state.context.settings.site_title
        made = get_openapi(title=title, version="1", description=DESCRIPTION, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for name in ("SearchRequest", "AskRequest"):
            schemas[name]["properties"]["question"]["maxLength"] = app.state.context.settings.max_question_characters
        _say_what_needs_no_key(made["paths"], app.state.context.settings)
        app.openapi_schema = made
    return app.openapi_schema


def _say_what_needs_no_key(paths: dict[str, Any], settings: Settings) -> None:
    """Where visitors may ask, a key is one way among two; the empty requirement says so."""
    for path, methods in paths.items():
        free = settings.metrics == "public" if path == "/metrics" else settings.public == "page"
        for operation in methods.values():
            if free and "security" in operation:
                operation["security"].append({})


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    """The API for programs."""
    return JSONResponse(description(request.app))


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API for people."""
    return Response("".join(_page(description(request.app))), media_type="text/html")


@router.get("/docs.css")
async def docs_style() -> Response:
    """How that looks."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _page(api: dict[str, Any]) -> Iterator[str]:
    title = html.escape(api["info"]["title"])
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}: API</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/docs.css">'
    yield f"<main><h1>{title}: API</h1>{_text(api['info']['description'])}"
    yield '<p>The same for programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield from _operation(api, f"{method.upper()} {path}", operation)
    yield "</main></html>"


def _operation(api: dict[str, Any], name: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{html.escape(name)}</code></h2><p><strong>{html.escape(operation['summary'])}.</strong></p>"
    yield _text(operation.get("description", ""))
    fields = [(one["name"], one["schema"], one.get("description", "")) for one in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None:
        properties = _resolved(api, body).get("properties", {})
        fields += [(field, schema, schema.get("description", "")) for field, schema in properties.items()]
    if fields:
        yield "<table><tr><th>input</th><th>type</th><th></th></tr>"
        for field, schema, about in fields:
            shown = html.escape(_type(schema))
            yield f"<tr><td><code>{html.escape(field)}</code></td><td>{shown}</td><td>{html.escape(about)}</td></tr>"
        yield "</table>"
    yield "<table><tr><th>status</th><th>meaning</th></tr>"
    for status, response in sorted(operation["responses"].items()):
        yield f"<tr><td>{status}</td><td>{html.escape(response['description'])}</td></tr>"
    yield "</table>"
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
    if answer:
        shape = json.dumps(_shape(api, answer), indent=2, ensure_ascii=False)
        yield f"<pre>{html.escape(shape)}</pre>"


def _shape(api: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value of that schema, with the names of types in the place of values."""
    found = _resolved(api, schema)
    if found.get("properties"):
        return {name: _shape(api, value) for name, value in found["properties"].items()}
    if found.get("type") == "array":
        return [_shape(api, found["items"])]
    return _type(found)


def _resolved(api: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = api["components"]["schemas"][name] if name else schema
    return found


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    limits = [f"{sign} {schema[key]}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    return " ".join([schema.get("type", schema.get("$ref", "").rpartition("/")[2] or "any"), *limits])


def _text(written: str) -> str:
    paragraphs = [html.escape(" ".join(part.split())) for part in written.split("\n\n") if part.strip()]
    return "".join(f"<p>{_code(paragraph)}</p>" for paragraph in paragraphs)


def _code(text: str) -> str:
    parts = text.split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
