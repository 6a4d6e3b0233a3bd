"""How is OpenAPI 3.1 generated from the routes' own types?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.answers import LiveShape, ProblemShape, ReadyShape
from web.options import WebOptions
from web.problems import MEDIA_TYPE, REMEDIES
from web.route import Ask, Route, is_list

VERSION = "1.0.0"  # of the HTTP contract, not of the program
ALWAYS = (400, 503)
KEYED = (401, 403, 429)
REF = "#/components/schemas/{model}"
HEALTH = (
    ("/health/live", "The process is up", LiveShape),
    ("/health/ready", "A generation is served", ReadyShape),
)


def describe(routes: Iterable[Route], options: WebOptions) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document."""
    routes = tuple(routes)
    schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    for path, summary, shape in HEALTH:
        paths[path] = {"get": _health(summary, shape)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": options.name,
            "version": VERSION,
            "summary": "Search, similar items, recommendations and demand trends for a shop.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(routes: tuple[Route, ...]) -> dict[str, Any]:
    bodies = [(route.ask, "validation") for route in routes if route.has_body]
    shapes: list[Any] = [(route.answer, "serialization") for route in routes if route.answer is not None]
    shapes += [(shape, "serialization") for shape in (ProblemShape, LiveShape, ReadyShape)]
    unique = list(dict.fromkeys([*bodies, *shapes]))
    _, document = models_json_schema(unique, ref_template=REF)
    found: dict[str, Any] = document["$defs"]
    return found


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _answers(route),
    }
    if route.has_body:
        operation["requestBody"] = {"required": True, "content": _content(route.media, route.ask)}
    else:
        operation["parameters"] = _parameters(route)
    if route.scope:
        operation["security"] = [{"key": [route.scope]}, {}]
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    document = route.ask.model_json_schema()
    found = []
    for name, info in route.ask.model_fields.items():
        schema = _without_null(dict(document["properties"][name]))
        description = schema.pop("description", "")
        schema.pop("title", None)
        in_path = name in route.path_names
        parameter: dict[str, Any] = {
            "name": name,
            "in": "path" if in_path else "query",
            "required": in_path or info.is_required(),
            "schema": schema,
        }
        if description:
            parameter["description"] = description
        if is_list(info):
            parameter |= {"style": "form", "explode": True}
        found.append(parameter)
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An address has no null: a parameter is there or is left out."""
    if schema.get("type") == "string":  # written as text in an address, whatever the type behind it
        schema.pop("anyOf", None)
        if schema.get("default", "") is None:
            schema.pop("default")
        return schema
    kinds = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(kinds) == 1:
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return {**kinds[0], **rest}
    return schema


def _answers(route: Route) -> dict[str, Any]:
    answers: dict[str, Any] = {str(route.status): {"description": route.summary}}
    if route.answer is not None:
        answers[str(route.status)]["content"] = _content("application/json", route.answer)
    if route.path == "/v1/items/{item_id}" and route.method == "GET":
        answers["304"] = {"description": "Unchanged since the ETag that was sent."}
    statuses = {*ALWAYS, *route.problems, *(KEYED if route.scope else ())}
    if route.has_body:
        statuses |= {413, 415}
    for status in sorted(statuses):
        answers[str(status)] = {
            "description": REMEDIES.get(status, "See the sentence in `detail`."),
            "content": _content(MEDIA_TYPE, ProblemShape),
        }
    return answers


def _health(summary: str, shape: type[BaseModel]) -> dict[str, Any]:
    return {
        "summary": summary,
        "tags": ["health"],
        "responses": {
            "200": {"description": summary, "content": _content("application/json", shape)},
            "503": {
                "description": "Not ready: `detail` says what to run.",
                "content": _content(MEDIA_TYPE, ProblemShape),
            },
        },
    }


def _content(media_type: str, model: type[BaseModel] | type[Ask]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": REF.format(model=model.__name__)}}}
