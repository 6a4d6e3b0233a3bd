"""What is a route: one value from which Flask's rule, the checks and the OpenAPI page are all made?"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import unquote_to_bytes

from flask import Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo
from werkzeug.datastructures import MultiDict

from web.problems import Refused
from web.shop import Shop

Scope = Literal["search", "events", "admin"]
Method = Literal["GET", "POST", "PUT", "DELETE"]


class Ask(BaseModel):
    """What a route takes, from its path, its query string or its body. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Ask):
    """A route that takes nothing."""


@dataclass(frozen=True)
class Route:
    """One line of the contract. `handle` makes one engine call; `answer` is its shape, for OpenAPI."""

    method: Method
    path: str  # as in OpenAPI: /v1/items/{item_id}
    summary: str
    ask: type[Ask]
    answer: Any
    handle: Callable[[Shop, Any], Any]
    scope: Scope = "search"
    status: int = 200
    problems: tuple[int, ...] = ()
    tag: str = ""
    media: Literal["application/json", "multipart/form-data"] = (
        "application/json"  # of the body, where there is one
    )

    @property
    def name(self) -> str:
        words = re.sub(r"[{}]", "", self.path.removeprefix("/v1")).replace("/", "_").strip("_")
        return f"{self.method.lower()}_{words.replace('.', '_')}"

    @property
    def path_names(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def has_body(self) -> bool:
        return self.method in ("POST", "PUT")

    @property
    def rule(self) -> str:
        """As Flask writes it; ids may hold slashes, so they match as paths."""
        return re.sub(r"{(\w+)}", r"<path:\1>", self.path)


def is_list(info: FieldInfo) -> bool:
    """Whether a field takes several values, so that its name may be repeated in a query string."""
    return _holds(info.annotation, (list, tuple))


def _holds(annotation: Any, kinds: tuple[type, ...]) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _holds(get_args(annotation)[0], kinds)
    if origin in (Union, types.UnionType):
        return any(_holds(each, kinds) for each in get_args(annotation))
    return origin in kinds or annotation in kinds


def read(route: Route, request: Request, path: Mapping[str, str]) -> Ask:
    """The request as the route's own type; ValidationError or Refused when it is not one."""
    if not route.has_body:
        if request.content_length:
            raise Refused(400, "This route takes no body. Put its parameters into the address.")
        return route.ask.model_validate(_from_query(route.ask, request) | dict(path))
    if request.query_string:
        raise Refused(400, "This route takes its parameters in the body, not in the address.")
    if route.media != "application/json":
        return route.ask.model_validate(_from_form(route.ask, request))
    if request.mimetype != "application/json":
        raise Refused(415)
    nothing = b"{}" if route.ask is Nothing else b"null"
    return route.ask.model_validate_json(request.get_data(cache=False) or nothing, strict=True)


def _from_query(ask: type[Ask], request: Request) -> dict[str, Any]:
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise Refused(400, "The address is not UTF-8. Percent-encode its parameters as UTF-8.") from None
    return _single(ask, request.args)


def _from_form(ask: type[Ask], request: Request) -> dict[str, Any]:
    """The fields of a form, and its files as bytes."""
    if request.mimetype != "multipart/form-data":
        raise Refused(415, "This route takes a form with a file: curl -F image=@FILE does it.")
    for name in request.form:
        info = ask.model_fields.get(name)
        if info is not None and info.annotation is bytes:
            raise Refused(400, f"`{name}` should be a file: curl -F {name}=@FILE sends one.", name)
    files = _single(ask, request.files)
    return _single(ask, request.form) | {name: file.read() for name, file in files.items()}


def _single(ask: type[Ask], fields: MultiDict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, given in fields.lists():
        info = ask.model_fields.get(name)
        if info is not None and is_list(info):
            values[name] = given
        elif len(given) > 1:
            raise Refused(400, f"`{name}` is given {len(given)} times. Give it once.", name)
        else:
            values[name] = given[0]
    return values


K = Annotated[int, Field(ge=1, le=1000, description="How many hits are wanted.")]
Id = Annotated[str, Field(min_length=1, max_length=512, description="An id of the shop's own.")]
