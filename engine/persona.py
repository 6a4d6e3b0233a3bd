"""Who is this user, as far as the shop knows?"""

from __future__ import annotations

from typing import Any

from engine.errors import UnknownUser
from engine.profile import profile_of
from engine.snapshot import Snapshot
from engine.store import Store
from engine.types import Item

EVENTS = 5000  # a user's last events that a profile reads


def profile(snapshot: Snapshot, store: Store, user: str, language: str = "") -> dict[str, Any]:
    """The profile of a user as of now; raises UnknownUser."""
    events = store.user_events(user, EVENTS)
    if not events:
        raise UnknownUser(f"No event names the user {user!r}; check the id, or ingest their events.")

    def item_of(item_id: str) -> Item | None:
        row = snapshot.find(item_id)
        return snapshot.item(row) if row >= 0 else None

    now = max(snapshot.now(), max(event.timestamp for event in events))
    told = profile_of(
        user,
        events,
        item_of,
        now,
        weigh=snapshot.generation.weigh,
        usual=snapshot.generation.usual,
        segment=_segment(snapshot, user, language or "en"),
        segment_zh=_segment(snapshot, user, "zh"),
    )
    return told.to_dict()


def _segment(snapshot: Snapshot, user: str, language: str) -> str:
    segments = snapshot.generation.segments
    row = snapshot.generation.users.row(user)
    return segments.name(row, language) if segments is not None and row >= 0 else ""
