"""How does a failure become one sentence of problem+json (RFC 9457)?"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from flask import Response, g
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from engine.errors import EngineError, NoGeneration

MEDIA_TYPE = "application/problem+json"

# What to do about a status that no engine error explains.
REMEDIES = {
    400: "The request cannot be read. Check its encoding and its syntax against /docs.",
    401: "This route needs a key. Send it as `Authorization: Bearer KEY`; `ronghe keys create` makes one.",
    403: "This key has not the scope that the route needs. Use a key made with that scope.",
    404: "There is no such route. /docs lists them all.",
    405: "This route does not take that method. /docs lists those it takes.",
    413: "The body is larger than this server accepts. Send smaller batches, or a smaller picture.",
    414: "The address is too long. Send the same search as POST /v1/search with a JSON body.",
    415: "This route takes a JSON body. Send it with `Content-Type: application/json`.",
    429: "Too many requests. Wait for the seconds named in Retry-After, then go on more slowly.",
    500: "The server failed on this request. The operator finds it in the log under its request_id.",
}


class Refused(Exception):
    """A request refused by the HTTP face itself: a status, a sentence, and the parameter to blame."""

    def __init__(self, status: int, detail: str = "", parameter: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail or REMEDIES.get(status, "")
        self.parameter = parameter


def problem(status: int, detail: str, kind: str = "", **more: Any) -> Response:
    """One problem document. `kind` names the entry on the docs page that explains it."""
    title = HTTPStatus(status).phrase
    name = kind or re.sub(r"[^a-z]+", "-", title.lower())
    body = {
        "type": f"/docs#{name}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": g.get("request_id", ""),
        **more,
    }
    return Response(json.dumps(body), status, mimetype=MEDIA_TYPE)


def from_engine(error: EngineError) -> Response:
    """Each engine error carries its own status; its name, in words, is the problem's type."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    detail = str(error) or (type(error).__doc__ or "").strip()
    if isinstance(error, NoGeneration) and "ronghe rebuild" not in detail:
        detail = f"{detail.rstrip('.')}. Run `ronghe rebuild`."
    answer = problem(error.status, detail, kind)
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "5"
    return answer


def from_flask(error: HTTPException) -> Response:
    """Flask's own refusals (no such route, wrong method, body too large), without their HTML."""
    status = error.code or 500
    detail = REMEDIES.get(status, error.description or HTTPStatus(status).phrase)
    if isinstance(error, RequestEntityTooLarge):
        detail = REMEDIES[413]
    answer = problem(status, detail)
    allow = dict(error.get_headers()).get("Allow")
    if allow:
        answer.headers["Allow"] = allow
    return answer


def from_refusal(error: Refused) -> Response:
    more = {"parameter": error.parameter} if error.parameter else {}
    answer = problem(error.status, error.detail, **more)
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def from_validation(error: ValidationError) -> Response:
    """The first thing that is wrong, as a sentence that names the parameter and what it should be."""
    faults = error.errors(include_url=False, include_context=True)
    first = faults[0]
    parameter = name_of(first)
    return problem(400, sentence(first, parameter), "bad-request", parameter=parameter)


def name_of(fault: ErrorDetails) -> str:
    """`filter`, `events.3.type`: where in the request the fault is."""
    return ".".join(
        str(part) for part in fault["loc"] if not str(part).startswith(("function-", "constrained"))
    )


def sentence(fault: ErrorDetails, parameter: str) -> str:
    kind, message = fault["type"], fault["msg"]
    if kind == "extra_forbidden":
        return f"There is no parameter `{parameter}` here. /docs lists those that this route takes."
    if kind == "missing":
        return f"`{parameter}` is missing. This route cannot answer without it."
    if kind == "json_invalid":
        return f"The body is not valid JSON: {message.removeprefix('Invalid JSON: ')}."
    said = message.removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    got = repr(fault["input"])
    got = got if len(got) <= 60 else got[:57] + "..."
    return f"`{parameter}` {said}; it is {got}." if parameter else f"The body {said}; it is {got}."
