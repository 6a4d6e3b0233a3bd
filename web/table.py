"""Which routes are there?"""

from __future__ import annotations

from web import events, find, items, studio, trends, users
from web.route import Route

ROUTES: tuple[Route, ...] = (
    *find.ROUTES,
    *items.ROUTES,
    *users.ROUTES,
    *trends.ROUTES,
    *events.ROUTES,
    *studio.ROUTES,
)
