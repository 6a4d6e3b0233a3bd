"""Who may ask for what, and how often?"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from flask import Flask, Request, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from web.options import WebOptions
from web.problems import Refused
from web.route import Scope


@dataclass(frozen=True)
class Grant:
    """What a key allows; `name` is safe to log."""

    name: str
    scopes: Collection[str]


Check = Callable[
    [str], Grant | None
]  # a secret -> what it allows; None for an unknown, revoked or expired one


def bearer(asked: Request) -> str:
    """The secret of `Authorization: Bearer`; empty when there is none."""
    kind, _, secret = asked.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def grant(secret: str, options: WebOptions, check: Check) -> Grant | None:
    """What `secret` allows. The pages' own key is compared in constant time, as the store's are."""
    if not secret:
        return None
    if options.page_key and hmac.compare_digest(secret.encode(), options.page_key.encode()):
        return Grant("page", frozenset({"search", "events"}))
    return check(secret)


def identify(options: WebOptions, check: Check) -> None:
    """Note who asks, before anything is answered or counted."""
    g.secret = bearer(request)
    g.grant = grant(g.secret, options, check)


def know(options: WebOptions) -> None:
    """Refused with 401 when a key is needed and none that works was sent."""
    if g.grant is None and (g.secret or options.require_keys):
        wrong = "This key is wrong, revoked or expired. `ronghe keys create` makes one."
        raise Refused(401, wrong if g.secret else "")


# What a public search key may tell: what became of its own answers. Never a purchase, a rating, a return.
TOLD_BY_SEARCH = frozenset({"search", "impression", "click", "view"})


def require(scope: Scope, options: WebOptions, told: Iterable[object] = ()) -> None:
    """Refused with 401 or 403 unless the request's key has `scope`.

    `told` are the types of the events that the request brings: those of TOLD_BY_SEARCH need no more than a
    search key, so that a widget on a public page can tell what was seen and clicked.

    Where keys are not required (a loopback server), a request without one may do everything; one that
    carries a key is still held to it, so that a wrong key is noticed before the move to production.
    """
    know(options)
    if g.grant is None:
        return
    if scope == "events" and "search" in g.grant.scopes and told and TOLD_BY_SEARCH.issuperset(told):
        return
    if scope not in g.grant.scopes and "admin" not in g.grant.scopes:
        raise Refused(403, f"This key has not the scope `{scope}`. Use a key made with that scope.")


def limit(app: Flask, options: WebOptions) -> None:
    """Rates by key for keys kept secret, by address for all else; the counters are each worker's own."""

    def secret_key() -> bool:
        return g.grant is not None and "admin" in g.grant.scopes

    def who() -> str:
        return f"key:{g.grant.name}" if secret_key() else f"address:{get_remote_address()}"

    def rate() -> str:
        return options.rate_by_key if secret_key() else options.rate_by_address

    def free() -> bool:
        return not rate() or not request.path.startswith("/v1/")

    Limiter(
        who,
        app=app,
        storage_uri="memory://",
        headers_enabled=True,
        application_limits=[rate],
        application_limits_exempt_when=free,
    )
