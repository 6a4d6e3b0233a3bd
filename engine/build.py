"""How does the store become a generation?

Read the store up to a pinned position, encode, learn, forecast, check, publish. A failure at any step leaves
the old generation in place.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.assortment import learn_partners
from engine.behaviour import Behaviour, behaviour_of, event_weights
from engine.catalogue import columns_of, own_vectors, pack
from engine.documents import KEYWORD, analysed, languages_of, text_of, told_of
from engine.encode import choose_spaces, encode_cached, encoder, ensure
from engine.errors import BadHome, RebuildRunning, unwritable
from engine.forecast.demand import Demand
from engine.forecast.trend import fit_trend
from engine.guard import guard_search
from engine.learn.cold import describe
from engine.learn.interactions import KIND
from engine.learn.once import Once, Remembered
from engine.learn.roster import roster
from engine.learn.segments import Segments
from engine.noise import noises
from engine.pictures import write_pictures
from engine.queries import build_speller, learn_suggestions
from engine.rank.choice import choose_fusion
from engine.rank.gate import Quality, gated, quality_of
from engine.rank.stacking import Stacking, facts_of, gather, train
from engine.retrieve import make_retrievers
from engine.rhythm import Rhythm, shop_rhythm
from engine.routes import RECOMMEND_WEIGHTS
from engine.searches import search_counts
from engine.settings import Settings
from engine.snapshot import OWN, SECOND
from engine.store import EventTable, Store
from engine.types import EventType, Item, Learner, Retriever, Vectors
from indexes import generations
from indexes.columns import ColumnIndex
from indexes.factors import FactorIndex
from indexes.identifiers import Identifiers
from indexes.lexical import LexicalIndex
from indexes.plain_lexical import PlainLexicalIndex
from indexes.ranking import Mask
from indexes.records import Records
from indexes.terms import TermIndex
from indexes.vector import VectorIndex

COSTLY = ("sequence", "gru", "bpr", "ratings")  # fitted once a rebuild, not once more for every past moment
MANY = 200_000  # items; with more, unseen ones are placed by fewer features and no vectors, for their memory
T = TypeVar("T")
Progress = Callable[[str, int, int | None], None]
Known = Callable[[EventTable], Mask]


def silent(stage: str, done: int, total: int | None) -> None:
    """The progress of one who is not watched."""


@dataclass
class Stages:
    """The seconds of every stage, by name."""

    report: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    quality: dict[str, Quality] = field(default_factory=dict)  # by task, of what would be served

    def timed(self, name: str, work: Callable[[], T]) -> T:
        self.report(name, 0, None)
        started = perf_counter()
        done = work()
        self.seconds[name] = perf_counter() - started
        self.report(name, 1, 1)
        return done


def rebuild(
    home: Path, store: Store, settings: Settings, progress: Progress = silent, *, force: bool = False
) -> dict[str, Any]:
    """Build, check and publish a new generation.

    Raises RebuildRunning when another process is at it, RefusedGeneration when it is worse than
    `settings.rebuild.drop` allows and an older one serves, unless `force`.
    """
    root = home / "published"
    stages = Stages(progress)
    started = perf_counter()
    try:
        with generations.lock(root):
            generations.prune(root, settings.rebuild.keep)
            folder = generations.publish(
                root,
                lambda draft: gated(
                    write(draft, home, store, settings, stages),
                    root,
                    stages.quality,
                    stages.notes,
                    allowed=settings.rebuild.drop,
                    force=force,
                ),
            )
            generations.prune(root, settings.rebuild.keep)
    except generations.Busy as error:
        raise RebuildRunning(f"Another rebuild of {home} is running; wait for it to end.") from error
    except OSError as error:
        raise BadHome(unwritable(home, error)) from error
    manifest = generations.manifest(folder)
    return {
        "generation": int(folder.name),
        "items": manifest["items"],
        "users": manifest["users"],
        "events": manifest["events"],
        "seconds": perf_counter() - started,
        "stages": stages.seconds,
        "notes": stages.notes,
    }


def write(
    draft: Path, home: Path, store: Store, settings: Settings, stages: Stages, known: Known | None = None
) -> dict[str, Any]:
    """Fill `draft` with everything that a snapshot opens; returns what the manifest says of it.

    `known` says of the log which events [n] may be learned from: an evaluation holds the others back.
    """
    events_upto, items_upto = store.position(), store.item_position()
    items = stages.timed("catalogue", lambda: list(store.items()))
    ids = stages.timed("records", lambda: _write_records(draft, items))
    stages.timed("words", lambda: _write_words(draft, items, settings, stages.report))
    spaces = stages.timed("vectors", lambda: _write_spaces(draft, home, items, settings, stages))
    noise = stages.timed("noise", lambda: _noise(draft, home, spaces, settings))
    if known is None and settings.encoder.pictures:  # an evaluation asks no pictures
        stages.timed("pictures", partial(_write_pictures, draft, home, items, settings, stages))
    table = stages.timed("events", lambda: store.events(until=events_upto))
    if known is not None:
        table = table.where(known(table))
    weigh = event_weights(settings.weights)
    behaviour = stages.timed(
        "behaviour", lambda: behaviour_of(table, ids, settings.learn.exclude_bots, weigh)
    )
    now = _shop_time(behaviour)
    _note(behaviour, stages)
    Identifiers.build(list(behaviour.users)).save(draft / "users")
    written = stages.timed("content", lambda: _write_content(draft, items, spaces))
    features = stages.timed("features", lambda: _features(behaviour, written))
    learners = roster(settings.learn.tuned, features)
    learned = {n: by for n, by in learners.items() if n not in settings.learn.skip} if items else {}
    for name in learned:
        index = stages.timed(name, partial(learners[name].fit, behaviour.interactions))
        index.save(draft / "learned" / name)
    least = settings.search.least_users
    suggester = stages.timed("suggestions", partial(learn_suggestions, items, table, now, least))
    suggester.save(draft / "suggestions")
    speller = stages.timed("spelling", partial(build_speller, items, table))
    speller.save(draft / "spelling")
    searches = search_counts(table, now, least)
    (draft / "searches.json").write_text(json.dumps(searches, ensure_ascii=False), encoding="utf-8")
    choices = stages.timed(
        "fusion", partial(_write_stacks, draft, items, behaviour, learned, written, settings, stages)
    )
    partners = stages.timed("partners", partial(learn_partners, items, behaviour.interactions))
    partners.save(draft / "partners")
    stages.timed("segments", lambda: _write_segments(draft, items, behaviour))
    categories = stages.timed("trend", lambda: _write_trend(draft, items, behaviour, now, settings))
    facts: dict[str, Any] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "items": len(items),
        "users": len(behaviour.users),
        "events": len(table),
        "events_upto": events_upto,
        "items_upto": items_upto,
        "now": now,
        "rhythm": asdict(_rhythm(behaviour)),
        "keyword": settings.keyword.engine,
        "spaces": spaces,
        "noise": noise,
        "learned": list(learned),
        "fusion": choices,
        "categories": categories,
        "languages": dict(Counter(language for item in items for language in languages_of(item))),
        "settings": settings.model_dump(mode="json"),
        "seconds": stages.seconds,
    }
    guard = stages.timed("guard", lambda: guard_search(draft, facts, home, table, settings))
    if guard is not None:
        choices["search"] = guard.to_dict()
        stages.notes.append(guard.sentence())
    return facts


def _write_records(draft: Path, items: Sequence[Item]) -> Identifiers:
    ids = Identifiers.build([item.item_id for item in items])
    ids.save(draft / "items")
    Records.build(pack(item) for item in items).save(draft / "records")
    ColumnIndex.build([columns_of(item) for item in items]).save(draft / "columns")
    return ids


def _write_words(draft: Path, items: Sequence[Item], settings: Settings, report: Progress) -> None:
    def documents() -> Iterator[dict[str, list[str]]]:
        for done, item in enumerate(items, 1):
            yield analysed(item)
            if done % 500 == 0:
                report("words", done, len(items))

    index = KEYWORD.build_plain if settings.keyword.engine == "plain" else KEYWORD.build
    index(documents()).save(draft / "words")


def _write_spaces(
    draft: Path, home: Path, items: Sequence[Item], settings: Settings, stages: Stages
) -> dict[str, str]:
    """One index of vectors a space; returns the encoder of each space, "" where texts cannot be encoded."""
    spaces: dict[str, str] = {}
    memory = settings.vector.memory_mb * 2**20 or None
    own = own_vectors(items, stages.notes)
    model = settings.encoder.model
    if own is not None:
        # A model that is named is taken to be the one that made the vectors.
        spaces[OWN] = "" if model in ("auto", "none") else model
        VectorIndex.build(own, settings.vector.factory, memory_bytes=memory).save(draft / "spaces" / OWN)
    if model == "none" or not items or (own is not None and own.any(axis=1).all()) or spaces.get(OWN):
        return spaces
    languages = [language for item in items for language in languages_of(item)]
    for name in (*choose_spaces(languages), SECOND) if model == "auto" else (model,):
        ensure(name, home)
        encode = encoder(name, home, threads=settings.encoder.threads)
        vectors = encode_cached(
            encode,
            [text_of(item, name) for item in items],
            home / "vectors.sqlite",
            partial(stages.report, f"vectors {name}"),
        )
        VectorIndex.build(vectors, settings.vector.factory, memory_bytes=memory).save(draft / "spaces" / name)
        spaces[name] = name
    return spaces


def _noise(
    draft: Path, home: Path, spaces: Mapping[str, str], settings: Settings
) -> dict[str, dict[str, float]]:
    """How near each space comes to what the shop does not sell: the cut-off of a search."""
    kind = PlainLexicalIndex if settings.keyword.engine == "plain" else LexicalIndex
    encoders = {name: encoder(model, home) for name, model in spaces.items() if model}
    opened = {name: VectorIndex.open(draft / "spaces" / name) for name in encoders}
    return noises(opened, encoders, kind.open(draft / "words"))


def _write_pictures(
    draft: Path, home: Path, items: Sequence[Item], settings: Settings, stages: Stages
) -> None:
    report = partial(stages.report, "pictures")
    write_pictures(draft / "pictures", home, items, settings.encoder.threads, report)


def _write_content(draft: Path, items: Sequence[Item], spaces: Mapping[str, str]) -> dict[str, Any]:
    """What the content legs read, by the name they know it by: the terms of the items, and vectors."""
    terms = TermIndex.build(told_of(item) for item in items)
    terms.save(draft / "terms")
    first = next(iter(spaces), None)
    vectors = {} if first is None else {"vectors": VectorIndex.open(draft / "spaces" / first)}
    return {"terms": terms, **vectors}


def _features(behaviour: Behaviour, written: Mapping[str, Any]) -> Vectors | None:
    """What is written of the items, by which those that nobody met are placed; None where all were met."""
    terms: TermIndex = written["terms"]
    if len(np.unique(behaviour.interactions.items)) == len(terms):
        return None
    if len(terms) > MANY:
        return describe(terms, size=48)
    vectors = written["vectors"].vectors[np.arange(len(terms))] if "vectors" in written else None
    return describe(terms, vectors)


def _write_stacks(
    draft: Path,
    items: Sequence[Item],
    behaviour: Behaviour,
    learned: Mapping[str, Learner],
    written: Mapping[str, Any],
    settings: Settings,
    stages: Stages,
) -> dict[str, Any]:
    """The learned fusion of recommendations, for new items and for shops where people buy again, and the choice."""
    choices: dict[str, Any] = {}
    once = Remembered()
    learners = {name: Once(by, name, once) for name, by in learned.items() if name not in COSTLY}

    def make(indexes: Mapping[str, Any]) -> dict[str, Retriever]:
        return make_retrievers({**indexes, **written}, learned)

    x, prices = behaviour.interactions, _prices(items)
    for name, repeat in (("stack", False), ("stack-repeat", True)) if settings.learn.stack else ():
        how = Stacking(
            repeat=repeat,
            origins=settings.learn.origins,
            users=settings.learn.stack_users,
            evidence=settings.learn.stack_evidence,
        )
        report = partial(_say, stages.report)
        examples = gather(x, learners, make, prices, how, report)
        facts = facts_of(x, prices)
        choice = choose_fusion(examples, facts, how, RECOMMEND_WEIGHTS)
        if choice is None:
            stages.notes.append("The log is too short to learn the fusion from; fixed weights are used.")
            break
        choices[name] = choice.to_dict()
        task = "repeats" if repeat else "recommend"
        stages.quality[task] = quality_of(choice, examples[0], settings.recommend.fusion)
        train(examples, facts, how).save(draft / name)
        if not repeat:
            stages.notes.append(choice.sentence())
    return choices


def _say(report: Progress, what: str) -> None:
    report(f"fusion: {what}", 0, None)


def _write_segments(draft: Path, items: Sequence[Item], behaviour: Behaviour) -> None:
    if not len(behaviour.interactions):
        return
    folder = draft / "learned" / "als"
    factors = FactorIndex.open(folder).users if folder.is_dir() else None
    segments = Segments().fit(behaviour.interactions, factors, _prices(items).astype(np.float64))
    segments.save(draft / "segments")


def _prices(items: Sequence[Item]) -> NDArray[np.float32]:
    return np.array([np.nan if item.price is None else item.price for item in items], np.float32)


def _write_trend(
    draft: Path, items: Sequence[Item], behaviour: Behaviour, now: float, settings: Settings
) -> list[str]:
    """Daily demand and its trend; returns the names of the top categories by their number."""
    tops: dict[str, int] = {}
    groups = [
        tops.setdefault(item.category.split(" > ")[0], len(tops)) if item.category else -1 for item in items
    ]
    demand = Demand.from_interactions(behaviour.interactions, now=now)
    demand.save(draft / "demand")
    trend = fit_trend(
        demand,
        groups,
        n_categories=len(tops),
        now=now,
        horizon=settings.trend.horizon_days,
        category_fits=settings.trend.category_fits,
        item_fits=settings.trend.item_fits,
    )
    trend.save(draft / "trend")
    return list(tops)


def _shop_time(behaviour: Behaviour) -> float:
    """The shop's own clock: the time of its last event, so that a log of years ago is not all stale."""
    times = behaviour.interactions.times
    return float(times[-1]) if len(times) else datetime.now(UTC).timestamp()


def _rhythm(behaviour: Behaviour) -> Rhythm:
    """The usual pause between this shop's orders."""
    x = behaviour.interactions
    bought = x.where((x.kinds == KIND[EventType.PURCHASE]) & (x.weights > 0))
    return shop_rhythm(bought.users, bought.times)


def _note(behaviour: Behaviour, stages: Stages) -> None:
    if behaviour.unknown:
        stages.notes.append(
            f"{behaviour.unknown:,} events wait for items that the catalogue does not have yet."
        )
    if behaviour.risk is not None and len(behaviour.risk.suspects):
        count = len(behaviour.risk.suspects)
        stages.notes.append(f"{count:,} visitors behave like bots; their events were left out of learning.")
