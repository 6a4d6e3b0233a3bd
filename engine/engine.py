"""Where does every question to the shop come in?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np

from engine import batch, demo, planning
from engine.answer import Answer
from engine.asked import checked, checked_event, clean, joined, unit_vector, within
from engine.assortment import bundles
from engine.behaviour import history_of, owned
from engine.build import Progress, silent
from engine.catalogue import columns_of
from engine.errors import BadQuery
from engine.ingest import validate_event, validate_item
from engine.meant import did_you_mean, finder
from engine.operate import open_store
from engine.operations import Operations
from engine.persona import profile
from engine.pipeline import Pipeline
from engine.present import Page, present
from engine.pulse import Now, Pulse, categories_now
from engine.reader import Reader, View, result_set
from engine.settings import Settings
from engine.store import Store
from engine.text.syntax import read_query
from engine.types import NO_HISTORY, History, Query

DEFAULTS = {"search": "search", "similar": "similar", "recommend": "recommend"}
HISTORY = 2000  # a user's last events that are read

Filters = str | Sequence[object] | Mapping[str, object] | None
Weights = Mapping[str, float] | None


class Engine(Operations):
    """One shop. Safe to use from several threads; every request reads one snapshot, whole."""

    def __init__(self, home: Path, settings: Settings, store: Store):
        self.home = home
        self.settings = settings
        self.store = store
        self._reader = Reader(home, settings, store)
        self._follower: Pulse | None = None

    @classmethod
    def open(cls, home: str | Path = "data", settings: Settings | None = None) -> Engine:
        """Open the shop at `home`. Nothing need be published yet: asking is what raises NoGeneration."""
        home = Path(home)
        return cls(home, settings or Settings.load(home), open_store(home))

    # -- asking ---------------------------------------------------------------------------------------------

    def search(
        self,
        q: str = "",
        *,
        user: str | None = None,
        session: str | None = None,
        k: int = 10,
        offset: int = 0,
        filters: Filters = None,
        facets: Sequence[str] = (),
        sort: str = "",
        explain: bool = False,
        weights: Weights = None,
        vector: Sequence[float] | None = None,
        pipeline: str = "",
        collapse: str = "",
        language: str = "",
        reasons: bool = True,
    ) -> Answer:
        """Items for what a shopper typed; with neither text nor vector, the whole shop to browse."""
        started = perf_counter()
        view = self.view()
        wording = read_query(clean(q))
        text = self._reader.worded(wording.text)
        base = within(view.snapshot.alive, wording.allowed(view.snapshot.words))
        query = Query(
            text=text,
            vector=None if vector is None else unit_vector(vector),
            history=self._history(view, user, session),
            user=user,
            allowed=view.snapshot.mask(filters, base),
            weights=dict(weights or {}),
            now=view.snapshot.now(),
        )
        browsing = not text and vector is None
        name = pipeline or ("browse" if browsing else "search")
        page = Page(k, offset, sort, facets, collapse, explain, reasons, language)
        answer = self._answer(view, "search", name, query, page, started)
        if name != "search":
            return answer

        def finds(other: str) -> bool:
            asked = replace(query, text=self._reader.worded(other))
            result, beyond = result_set(view, asked)
            return len(result.candidates) + len(beyond) > 0

        meant = did_you_mean(view.snapshot.generation.speller, wording.text, finds)
        return replace(answer, did_you_mean=meant, took_ms=(perf_counter() - started) * 1000)

    def search_image(
        self,
        picture: bytes,
        *,
        k: int = 10,
        filters: Filters = None,
        explain: bool = False,
        language: str = "",
    ) -> Answer:
        """Items whose pictures look like the picture in these bytes (JPEG, PNG, WebP, GIF or BMP).

        Raises BadPicture, LargePicture or UnknownPicture for the bytes, NoPictures for a shop without any.
        """
        started = perf_counter()
        snapshot = (view := self.view()).snapshot
        query = Query(
            vector=snapshot.look_of(picture),
            allowed=snapshot.mask(filters, snapshot.alive),
            now=snapshot.now(),
        )
        page = Page(k, explain=explain, language=language)
        return self._answer(view, "image", "image", query, page, started)

    def similar(
        self,
        item_ids: str | Sequence[str],
        *,
        k: int = 10,
        user: str | None = None,
        filters: Filters = None,
        explain: bool = False,
        weights: Weights = None,
        pipeline: str = "",
        language: str = "",
        reasons: bool = True,
    ) -> Answer:
        """Items like these; raises UnknownItem."""
        started = perf_counter()
        view = self.view()
        ids = [item_ids] if isinstance(item_ids, str) else list(item_ids)
        if not ids:
            raise BadQuery("Name at least one item.")
        query = Query(
            seeds=tuple(view.snapshot.row(item_id) for item_id in ids),
            user=user,
            allowed=view.snapshot.mask(filters, view.snapshot.sellable),
            weights=dict(weights or {}),
            now=view.snapshot.now(),
        )
        page = Page(k, explain=explain, reasons=reasons, language=language)
        return self._answer(view, "similar", pipeline or "similar", query, page, started)

    def recommend(
        self,
        user: str | None = None,
        *,
        k: int = 10,
        repeat: bool | None = None,
        filters: Filters = None,
        explain: bool = False,
        weights: Weights = None,
        pipeline: str = "",
        session: Sequence[Mapping[str, Any]] | None = None,
        language: str = "",
        reasons: bool = True,
    ) -> Answer:
        """What this user, or who did the events of `session`, may want next; the unknown get what is popular.

        `reasons=False` leaves out the sentences, which cost more than the ranking: for batches.
        """
        started = perf_counter()
        view = self.view()
        history = self._history(view, user, None)
        if session:
            history = joined(
                history,
                history_of(map(checked_event, session), view.snapshot.rows, view.snapshot.generation.weigh),
            )
        mask = view.snapshot.mask(filters, view.snapshot.sellable)
        again = self.settings.recommend.repeat if repeat is None else repeat
        if not again and len(history):
            mask = np.ones(len(view.snapshot), np.bool_) if mask is None else mask.copy()
            mask[owned(history)] = False
        query = Query(
            history=history,
            user=user,
            user_row=self._user_row(view, user),
            allowed=mask,
            weights=dict(weights or {}),
            now=max(view.snapshot.now(), float(history.times[-1]) if len(history) else 0.0),
            trend=None if len(history) else self._pulse(view).trend,
        )
        page = Page(k, explain=explain, reasons=reasons, language=language)
        usual = ("repeats" if again else "recommend") if len(history) else "cold"
        return self._answer(view, "recommend", pipeline or usual, query, page, started)

    def trending(
        self, *, category: str | None = None, k: int = 10, explain: bool = False, language: str = ""
    ) -> Answer:
        """What is in demand now, in the whole shop or in one category: events count from the moment they are in."""
        started = perf_counter()
        view = self.view()
        filters = {"category": category} if category else None
        mask = view.snapshot.mask(filters, view.snapshot.sellable)
        page = Page(k, explain=explain, language=language)
        query = Query(allowed=mask, now=view.snapshot.now(), trend=self._pulse(view).trend)
        return self._answer(view, "trending", "trending", query, page, started)

    def rising(self, *, category: str | None = None, k: int = 10, language: str = "") -> Answer:
        """What is surely about to sell more than of late, however little it sells."""
        started = perf_counter()
        view = self.view()
        mask = view.snapshot.mask({"category": category} if category else None, view.snapshot.sellable)
        query = Query(allowed=mask, now=view.snapshot.now(), trend=self._pulse(view).trend)
        return self._answer(view, "trending", "rising", query, Page(k, language=language), started)

    def trending_searches(self, *, k: int = 10) -> list[dict[str, Any]]:
        """What is searched for now, commonest first."""
        self._check(Page(k))
        return [dict(row) for row in self._pulse(self.view()).searches[:k]]

    def trending_categories(self, *, k: int = 10) -> list[dict[str, Any]]:
        """Top categories by what is in demand now: units a day, and the lift that is expected of them."""
        self._check(Page(k))
        view = self.view()
        return categories_now(self._pulse(view).trend, view.snapshot.generation.manifest)[:k]

    def bundle(
        self, item_ids: str | Sequence[str], *, k: int = 3, max_price: float | None = None, language: str = ""
    ) -> list[dict[str, Any]]:
        """Sets of 2 to 5 items that sell together, around these; raises UnknownItem."""
        snapshot = self.view().snapshot
        ids = [item_ids] if isinstance(item_ids, str) else list(item_ids)
        return bundles(
            snapshot, snapshot.generation.partners, ids, k=k, max_price=max_price, language=language
        )

    def profile(self, user: str, *, language: str = "") -> dict[str, Any]:
        """What is known of a user, in numbers and a sentence; raises UnknownUser."""
        return profile(self.view().snapshot, self.store, user, language)

    def forecast(
        self,
        *,
        item: str | None = None,
        category: str | None = None,
        brand: str | None = None,
        series: str | None = None,
        horizon: int = 28,
    ) -> dict[str, Any]:
        """Expected demand with intervals, and whether the stock will last; name exactly one."""
        asked = {"item": item, "category": category, "brand": brand, "series": series}
        snapshot = self.view().snapshot if self.ready() else None
        return planning.forecast(snapshot, self.store, asked, horizon).to_dict()

    def forecasts(
        self,
        asked: Mapping[str, str | None],
        *,
        everything: bool = False,
        horizon: int = 28,
        out: Path | None = None,
        plot: Path | None = None,
        measure: Literal["squares", "percent"] = "squares",
        progress: Progress = silent,
    ) -> list[dict[str, Any]]:
        """One forecast, or all; with `out` a CSV of them, with `plot` a picture of the one.

        Of all, market series aim at the least squared error, or with `measure` "percent" at the least error in
        percent, which is lower than the mean.
        """
        snapshot = self.view().snapshot if self.ready() else None
        return planning.forecasts(
            snapshot, self.store, self.home, asked, everything, horizon, out, plot, measure, progress
        )

    def suggest(self, prefix: str, *, k: int = 10) -> list[dict[str, Any]]:
        """Completions of what is being typed, likeliest first; each finds something."""
        self._check(Page(k))
        view = self.view()
        finds = finder(view.routes["search"]["keyword"], view.snapshot.alive)
        return [{"text": text} for text in view.snapshot.generation.suggester.suggest(prefix, k, finds)]

    def item(self, item_id: str) -> dict[str, Any]:
        """One item as flat columns; raises UnknownItem."""
        snapshot = self.view().snapshot
        item = snapshot.item(snapshot.row(item_id))
        return {"item_id": item.item_id, "title": item.title, **columns_of(item)}

    # -- telling --------------------------------------------------------------------------------------------

    def put_items(self, items: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Add or change items, at once and durably; BadQuery names the first bad one, and none is taken."""
        rows = [checked(validate_item, row, place) for place, row in enumerate(items, 1)]
        return {"accepted": len(rows), "changed": self.store.upsert_items(rows)}

    def delete_item(self, item_id: str) -> bool:
        """Take an item out of every answer, at once."""
        return self.store.delete_item(item_id)

    def add_events(self, events: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Append events: on the disk when this returns; an event_id that is known already changes nothing."""
        rows = [checked(validate_event, row, place) for place, row in enumerate(events, 1)]
        return {"accepted": len(rows), "new": self.store.append_events(rows)}

    def demo(self, *, progress: Progress = silent) -> dict[str, Any]:
        """Write the generated sample shop, ingest it, rebuild and evaluate in short."""
        return demo.demo(self, progress)

    def run(
        self,
        task: str,
        asks: Path,
        out: Path,
        *,
        k: int = 100,
        pipeline: str = "",
        repeat: bool | None = None,
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Answer a file of questions into a TREC run: for evaluation with any tool of the field."""
        return batch.run(self, task, asks, out, k=k, pipeline=pipeline, repeat=repeat, progress=progress)

    def view(self) -> View:
        """The newest view; raises NoGeneration before the first rebuild."""
        return self._reader.view()

    def ready(self) -> bool:
        """Whether questions can be answered."""
        return self._reader.ready()

    def warm(self) -> None:
        """Load what the first question would have to load: encoders, compiled kernels, pages."""
        view = self.view()
        self.search("a", k=1)
        if len(view.snapshot):
            self.similar(view.snapshot.id(0), k=1)

    # -- parts of a request ---------------------------------------------------------------------------------

    def _answer(self, view: View, task: str, name: str, query: Query, page: Page, started: float) -> Answer:
        self._check(page)
        pipeline = self._pipeline(view, task, name)
        if name == "search" and query.text and query.vector is None:
            result, beyond = result_set(view, query)
            answer = present(view.snapshot, pipeline, query, result, page, 0.0, beyond)
        else:
            result = pipeline(query, page.offset + page.k)
            answer = present(view.snapshot, pipeline, query, result, page, 0.0)
        return replace(answer, took_ms=(perf_counter() - started) * 1000)

    def _pipeline(self, view: View, task: str, name: str) -> Pipeline:
        known = view.routes[task]
        if name not in known:
            raise BadQuery(f"There is no {task} pipeline {name!r}; there are: {', '.join(known)}.")
        return known[name]

    def _pulse(self, view: View) -> Now:
        pulse = self._follower
        if pulse is None or pulse.generation is not view.snapshot.generation:
            pulse = self._follower = Pulse(view.snapshot, self.store)
        return pulse.now(view.snapshot.now())

    def _check(self, page: Page) -> None:
        most = self.settings.serve.max_k
        if not 1 <= page.k <= most:
            raise BadQuery(f"k must be from 1 to {most}, not {page.k}.")
        if page.offset < 0:
            raise BadQuery(f"offset must be 0 or more, not {page.offset}.")

    def _history(self, view: View, user: str | None, session: str | None) -> History:
        if user:
            return history_of(
                self.store.user_events(user, HISTORY), view.snapshot.rows, view.snapshot.generation.weigh
            )
        if session:
            return history_of(
                self.store.session_events(session, HISTORY),
                view.snapshot.rows,
                view.snapshot.generation.weigh,
            )
        return NO_HISTORY

    def _user_row(self, view: View, user: str | None) -> int | None:
        row = view.snapshot.generation.users.row(user) if user else -1
        return row if row >= 0 else None
