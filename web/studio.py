"""What does an operator see and change over HTTP?"""

from __future__ import annotations

from pathlib import Path
from time import time
from typing import Annotated, Any, Literal
from urllib.parse import quote

from flask import g
from pydantic import Field, FiniteFloat

from engine import overview
from engine.errors import Unanswerable
from engine.preview import preview
from engine.rules import Rule, RuleLog, rules_at
from web.answers import OpenShape, Shape
from web.find import Text
from web.pages import ticket
from web.route import Ask, Id, Nothing, Route

RECENT = 100_000  # events that the overview reads
TRIED = 30  # of the commonest searches: does each still find something?


class UnknownKey(Unanswerable):
    """No API key has this id."""


class OverviewShape(Shape):
    items: int
    totals: dict[str, Any]
    days: list[dict[str, Any]]
    searches: dict[str, list[dict[str, Any]]]
    unanswered: list[dict[str, Any]] = Field(description="Common searches that find nothing now.")
    generation: dict[str, Any] | None


def show_overview(shop: Any, ask: Nothing) -> Any:
    table = shop.store.events(max(0, shop.store.position() - RECENT))
    searches = overview.searched(table, k=TRIED)
    current = next((each for each in shop.generations() if each["current"]), None)
    unanswered = []
    if current:
        unanswered = [
            row for row in searches["top"] if not shop.search(row["query"], k=1, reasons=False).total
        ]
    return {
        "items": shop.store.count_items(),
        "totals": overview.totals(table) | {"events": shop.store.count_events()},
        "days": overview.by_day(table),
        "searches": {name: rows[:15] for name, rows in searches.items()},
        "unanswered": unanswered[:15],
        "generation": current,
    }


class PipelinesShape(Shape):
    pipelines: dict[str, list[str]]


def list_pipelines(shop: Any, ask: Nothing) -> Any:
    return {"pipelines": {task: list(named) for task, named in shop.view().routes.items()}}


class GenerationsShape(Shape):
    generations: list[dict[str, Any]]


def list_generations(shop: Any, ask: Nothing) -> Any:
    return {"generations": shop.generations()}


class Activation(Ask):
    generation: Annotated[int, Field(ge=0)]


class ActivatedShape(OpenShape):
    generation: int


def activate(shop: Any, ask: Activation) -> Any:
    return shop.activate(ask.generation)


class KeysShape(Shape):
    keys: list[dict[str, Any]]


def list_keys(shop: Any, ask: Nothing) -> Any:
    return {"keys": shop.store.keys()}


class NewKey(Ask):
    name: Annotated[str, Field(max_length=200)] = ""
    scopes: Annotated[list[Literal["search", "events", "admin"]], Field(min_length=1, max_length=3)]
    days: Annotated[FiniteFloat, Field(gt=0, le=36_500)] | None = Field(
        None, description="Days until it expires; left out: never."
    )


class NewKeyShape(OpenShape):
    token: str = Field(description="The key itself. It is shown this once; only a hash of it is kept.")
    key: dict[str, Any]


def create_key(shop: Any, ask: NewKey) -> Any:
    expires = None if ask.days is None else time() + ask.days * 86_400
    token, key = shop.store.create_key(set(ask.scopes), name=ask.name, expires=expires)
    return {"token": token, "key": key}


class ByKey(Ask):
    key_id: Id


def revoke_key(shop: Any, ask: ByKey) -> None:
    if not shop.store.revoke_key(ask.key_id):
        raise UnknownKey(f"There is no key {ask.key_id!r}.")


class RulesShape(Shape):
    rules: list[dict[str, Any]]
    history: list[dict[str, Any]] = Field(description="The newest changes, newest first.")


def rules_of(shop: Any) -> RuleLog:
    return rules_at(Path(shop.home))


def list_rules(shop: Any, ask: Nothing) -> Any:
    log = rules_of(shop)
    return {
        "rules": [rule.to_dict() for rule in log.book().rules],
        "history": [change.to_dict() for change in log.history()[:-101:-1]],
    }


class RuleAsk(Ask):
    rule: dict[str, Any] = Field(
        description="kind, query, match, items, filter, position, amount, words, url ..."
    )


def put_rule(shop: Any, ask: RuleAsk) -> Any:
    return rules_of(shop).put(Rule.of(ask.rule), _author()).to_dict()


class ByRule(Ask):
    rule_id: Id


def remove_rule(shop: Any, ask: ByRule) -> None:
    rules_of(shop).remove(ask.rule_id, _author())


def undo_rule(shop: Any, ask: Nothing) -> Any:
    return rules_of(shop).undo(_author()).to_dict()


def _author() -> str:
    given = g.get("grant")
    return given.name if given else "local"


class RulePreview(RuleAsk):
    q: Text
    k: Annotated[int, Field(ge=1, le=100)] = 12


class PreviewShape(Shape):
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]


def preview_rule(shop: Any, ask: RulePreview) -> Any:
    return preview(shop.view(), rules_of(shop).book(), Rule.of(ask.rule), ask.q, ask.k)


class ReportsShape(Shape):
    reports: list[dict[str, Any]]


def list_reports(shop: Any, ask: Nothing) -> Any:
    folder = Path(shop.home) / "reports"
    found = [path for path in folder.rglob("*.html") if path.is_file()] if folder.is_dir() else []
    found.sort(key=lambda path: -path.stat().st_mtime)
    return {
        "reports": [
            {
                "name": name,
                "at": path.stat().st_mtime,
                "url": f"/studio/reports/{quote(name)}?ticket={ticket(name)}",
            }
            for path in found[:100]
            for name in [path.relative_to(folder).as_posix()]
        ]
    }


def _route(
    method: Any, path: str, summary: str, ask: type[Ask], answer: Any, handle: Any, **more: Any
) -> Route:
    return Route(method, f"/v1/studio/{path}", summary, ask, answer, handle, "admin", tag="studio", **more)


ROUTES = (
    _route("GET", "overview", "How the shop is doing", Nothing, OverviewShape, show_overview),
    _route("GET", "pipelines", "Every model and fusion by name", Nothing, PipelinesShape, list_pipelines),
    _route("GET", "generations", "What is published", Nothing, GenerationsShape, list_generations),
    _route("POST", "generations/activate", "Serve another generation", Activation, ActivatedShape, activate),
    _route("GET", "keys", "API keys, without their secrets", Nothing, KeysShape, list_keys),
    _route("POST", "keys", "Make an API key", NewKey, NewKeyShape, create_key, status=201),
    _route(
        "DELETE", "keys/{key_id}", "Revoke an API key", ByKey, None, revoke_key, status=204, problems=(404,)
    ),
    _route("GET", "rules", "Merchandising rules and their history", Nothing, RulesShape, list_rules),
    _route("PUT", "rules", "Add or change a rule", RuleAsk, OpenShape, put_rule),
    _route(
        "DELETE", "rules/{rule_id}", "Remove a rule", ByRule, None, remove_rule, status=204, problems=(404,)
    ),
    _route("POST", "rules/undo", "Take back the last change", Nothing, OpenShape, undo_rule, problems=(404,)),
    _route(
        "POST", "rules/preview", "An answer before and after a rule", RulePreview, PreviewShape, preview_rule
    ),
    _route("GET", "reports", "Evaluation reports", Nothing, ReportsShape, list_reports),
)
