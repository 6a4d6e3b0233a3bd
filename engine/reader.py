"""Which snapshot is the newest?"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time

from engine.errors import NoGeneration
from engine.live import Changes, fold
from engine.pipeline import Pipeline, Result
from engine.routes import routes
from engine.rules import rules_at
from engine.settings import Settings
from engine.snapshot import Encoders, Generation, Snapshot
from engine.store import Store
from engine.text import BESIDE
from engine.text.synonyms import Synonyms
from engine.types import Item, Query
from indexes import generations
from indexes.ranking import Rows


@dataclass(frozen=True, eq=False)
class View:
    """A snapshot and the pipelines wired over it: what one request takes at its top and holds on to."""

    snapshot: Snapshot
    routes: Mapping[str, Mapping[str, Pipeline]]  # task -> name -> pipeline


class Reader:
    """Follows CURRENT and the store; hands out one view at a time, replaced whole by one assignment."""

    def __init__(self, home: Path, settings: Settings, store: Store):
        self.root = home / "published"
        self.settings = settings
        self.store = store
        self.encoders = Encoders(home)
        self.rules = rules_at(home)
        self._synonyms = Synonyms.read(home / settings.search.synonyms)
        self._view: View | None = None
        self._seen: tuple[Path | None, int] = (None, -1)  # what CURRENT names, the store's version
        self._changed: dict[str, Item | None] = {}
        self._one = threading.Lock()

    def view(self) -> View:
        """The newest view; raises NoGeneration before the first rebuild.

        While one thread opens a newer generation the others go on with the old one.
        """
        if self._seen != self._newest():
            self.refresh(wait=self._view is None)
        if self._view is None:
            raise NoGeneration("Nothing is published yet: run `ronghe rebuild` with this home first.")
        return self._view

    def worded(self, text: str) -> str:
        """What was typed, with its other wordings beside it: the shop's synonyms and the rules'."""
        said = BESIDE.join([text, *self._synonyms.wordings(text)])
        return self.rules.book().reworded(said, time())

    def ready(self) -> bool:
        """Whether questions can be answered."""
        try:
            self.view()
        except NoGeneration:
            return False
        return True

    def refresh(self, wait: bool = True) -> bool:
        """Move to what is current now. False when nothing is newer, or another thread is at it already."""
        if not self._one.acquire(blocking=wait):
            return False
        try:
            newest = self._newest()
            folder = newest[0]
            if self._seen == newest or folder is None:
                return False
            old = self._view.snapshot if self._view else None
            snapshot = old
            if snapshot is None or snapshot.generation.folder != folder:
                generation = Generation.open(folder)
                self._changed = {}
                changes = Changes.none(len(generation), int(generation.manifest["items_upto"]))
                snapshot = Snapshot.of(generation, changes, self.encoders)
            snapshot = self._with_changes(snapshot)
            if snapshot is not old:
                self._view = View(snapshot, routes(snapshot, self.settings, self.rules.book))
            self._seen = newest
            return snapshot is not old
        finally:
            self._one.release()

    def _newest(self) -> tuple[Path | None, int]:
        return generations.current(self.root), self.store.version()

    def _with_changes(self, snapshot: Snapshot) -> Snapshot:
        steps = self.store.item_changes(snapshot.changes.position)
        if not steps:
            return snapshot
        self._changed = self._changed | {step.item_id: step.item for step in steps}
        generation = snapshot.generation
        changes = fold(self._changed, generation.ids.row, len(generation), steps[-1].seq)
        return Snapshot.of(generation, changes, self.encoders)


def result_set(view: View, query: Query) -> tuple[Result, Rows]:
    """What a search means: its candidates, ranked, and the rows of the set beyond them.

    One pool for every page, so that page 9 goes on where page 8 ended.
    """
    result = view.routes["search"]["search"](query, 1)
    return result, view.snapshot.matching.beyond(query, result.evidence)
