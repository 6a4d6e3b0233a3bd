"""What does the product do? Every pipeline, by task and name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from engine.fuse import FEEDBACK, FUSIONS, HYBRID, Either, Feedback, TheoreticalMinMax
from engine.live import Known
from engine.matching import Cutoff
from engine.pipeline import Pipeline, alone
from engine.rank.blend import Blend
from engine.rank.diverse import DIVERSITIES, EVALUATED, Diverse
from engine.rank.identity import IdentityFirst
from engine.rank.rules import ruled
from engine.rank.stack import Stack
from engine.rank.varied import Varied
from engine.retrieve import make_retrievers
from engine.retrieve.browse import Browse
from engine.retrieve.coverage import Coverage
from engine.retrieve.meaning import Near, Pictured, Semantic
from engine.retrieve.trending import Rising
from engine.retrieve.words import Alike, Identity, Keyword
from engine.rules import RuleBook
from engine.settings import Settings
from engine.snapshot import SECOND, Snapshot
from engine.types import Fusion, Retriever, Vectors
from indexes.ranking import Rows

# Which part of a score each leg feeds; what is not named here is the user's taste.
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "keyword": "relevance",
        "semantic": "relevance",
        "coverage": "relevance",
        "static": "relevance",
        "picture": "relevance",
        "alike": "relevance",
        "near": "relevance",
        "together": "relevance",
        "popular": "trend",
        "trending": "trend",
        "rising": "trend",
    }
)
PERSONAL = ("personal", "neighbours", "session", "ease", "markov", "next", "content", "repeat")
RECOMMEND_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "session": 1.0,
        "ease": 0.5,
        "neighbours": 0.5,
        "markov": 0.5,
        "next": 0.5,
        "personal": 0.3,
        "popular": 0.3,
    }
)

COLD_WEIGHTS: Mapping[str, float] = MappingProxyType({"popular": 0.6, "trending": 0.4})
SEARCH_LEGS = ("keyword", "semantic")
STACK_POOL = 100  # of each leg: what the learned fusion was trained on
SIMILAR: Fusion = TheoreticalMinMax({"semantic": 0.5, "keyword": 0.2, "together": 0.2, "neighbours": 0.1})


def parts_of(legs: tuple[str, ...]) -> dict[str, str]:
    return {leg: PARTS.get(leg, "personalization") for leg in legs}


def routes(
    snapshot: Snapshot, settings: Settings, book: Callable[[], RuleBook] = RuleBook
) -> dict[str, dict[str, Pipeline]]:
    """task -> name -> pipeline. The name of a task's default is the task's own, and "hybrid" for search."""
    learned = learned_legs(snapshot)
    found = search(snapshot, settings, learned)
    return {
        "search": found | {"search": ruled(found["search"], book, snapshot)},
        "image": {"image": pictured(snapshot, settings)},
        "similar": similar(snapshot, settings, learned),
        "recommend": recommend(snapshot, settings, learned),
        "trending": trending(learned, snapshot),
    }


def pictured(snapshot: Snapshot, settings: Settings) -> Pipeline:
    """Items by how their pictures look."""
    return Pipeline({"picture": Pictured(snapshot.pictures)}, alone, pool=settings.search.pool, parts=PARTS)


def learned_legs(snapshot: Snapshot) -> dict[str, Retriever]:
    """Every leg that learned from behaviour, bounded to the rows that it has seen."""
    generation = snapshot.generation
    indexes = {**generation.learned, "terms": generation.terms, "trend": generation.trend}
    if generation.spaces:
        indexes["vectors"] = next(iter(generation.spaces.values()))
    return {
        name: Known(leg, len(generation))
        for name, leg in make_retrievers(indexes, generation.learners).items()
    }


def relevance(snapshot: Snapshot, settings: Settings) -> dict[str, Pipeline]:
    """Every way of answering by words and meaning alone: what the guard of a rebuild measures.

    `keyword` and `semantic` among them are the legs as `--pipeline` measures them; "hybrid" is the shipped fusion.
    """
    legs, more = search_legs(snapshot)
    parts, pool = parts_of((*legs, *more)), settings.search.pool
    pipelines = {name: Pipeline(legs, fusion, pool=pool, parts=parts) for name, fusion in FUSIONS.items()}
    pipelines["hybrid"] = Pipeline(legs, hybrid(snapshot), scorers=more, pool=pool, parts=parts)
    singles = {name: pipelines["hybrid"].only(name) for name in (*legs, *more) if name != "coverage"}
    return pipelines | singles


def search_legs(snapshot: Snapshot) -> tuple[dict[str, Retriever], dict[str, Retriever]]:
    """What finds the candidates of a search, and what only scores them."""
    legs: dict[str, Retriever] = {"keyword": Keyword(snapshot.words)}
    if snapshot.spaces:
        legs["semantic"] = Semantic(snapshot.main_spaces, snapshot.encode)
    more: dict[str, Retriever] = {"coverage": Coverage(snapshot.words, snapshot.generation.words)}
    if SECOND in snapshot.spaces and SECOND not in snapshot.main_spaces:
        more["static"] = Semantic({SECOND: snapshot.spaces[SECOND]}, snapshot.encode_second)
    return legs, more


def hybrid(snapshot: Snapshot) -> Fusion:
    """The shipped fusion; words lead where no encoder knows the language of the query or of the catalogue."""
    if not snapshot.spaces:
        return HYBRID
    fed = Feedback(HYBRID, Near(snapshot.main_spaces, snapshot.space_of), weight=FEEDBACK)
    return Either(
        lambda query: query.vector is not None or snapshot.understands(query.text), fed, leading("keyword")
    )


def leading(leg: str) -> Fusion:
    """One leg's order; what it cannot tell apart the others do."""
    others = dict.fromkeys((*SEARCH_LEGS, "coverage", "static"), 1e-6)
    return TheoreticalMinMax(others | {leg: 1.0}, {"semantic": 0.0, "static": 0.0})


def search(snapshot: Snapshot, settings: Settings, learned: Mapping[str, Retriever]) -> dict[str, Pipeline]:
    """Words and meaning find the candidates; how much of the query each covers scores them too.

    The default is the fusion that is set; with "auto" the shipped one, or the leg that the rebuild's guard found
    to be better alone in this shop's log.
    """
    pipelines = relevance(snapshot, settings)
    legs, more = search_legs(snapshot)
    taste = {name: learned[name] for name in ("personal", "trending") if name in learned}
    weights = {"personal": settings.search.personalization, "trending": settings.search.trend}
    parts, pool = parts_of((*legs, *more, *taste)), settings.search.pool
    best = FUSIONS.get(settings.search.fusion, hybrid(snapshot))
    chosen = snapshot.generation.manifest.get("fusion", {}).get("search", {}).get("chosen", "")
    if settings.search.fusion == "auto" and chosen in legs:
        best = leading(chosen)
    pipelines["search"] = Pipeline(
        {**legs, "identity": Identity(snapshot.find)},
        Blend(best, parts, weights),
        scorers={**more, **taste},
        rankers=(Cutoff(snapshot.matching), IdentityFirst()),
        pool=pool,
        parts={**parts, **dict.fromkeys(("identity", "named", "beyond"), "relevance")},
    )
    pipelines["uncut"] = replace(pipelines["search"], rankers=())
    pipelines["browse"] = browse(learned, len(snapshot))
    return pipelines


def similar(snapshot: Snapshot, settings: Settings, learned: Mapping[str, Retriever]) -> dict[str, Pipeline]:
    legs: dict[str, Retriever] = {"keyword": Alike(snapshot.words, snapshot.title)}
    if snapshot.spaces:
        legs["semantic"] = Near(snapshot.main_spaces, snapshot.space_of)
    legs |= {name: learned[name] for name in ("together", "neighbours") if name in learned}
    parts = dict.fromkeys(legs, "relevance")
    fallback = learned.get("popular")
    pool = settings.search.pool
    pipelines = {name: Pipeline(legs, fusion, pool=pool, parts=parts) for name, fusion in FUSIONS.items()}
    ranker = various(snapshot, settings.recommend.diversify, settings.recommend.diversity)
    pipelines["similar"] = Pipeline(
        legs,
        SIMILAR,
        rankers=(Varied(snapshot.title), ranker),
        pool=pool,
        parts={**parts, "variety": "relevance"},
        fallback=fallback,
    )
    return pipelines | {name: pipelines["similar"].only(name) for name in legs}


def recommend(
    snapshot: Snapshot, settings: Settings, learned: Mapping[str, Retriever]
) -> dict[str, Pipeline]:
    """The learned fusion where the log held enough to learn it from, fixed weights else, "cold" without a past."""
    personal = {name: leg for name, leg in learned.items() if name != "trending"}
    parts = parts_of(tuple(learned))
    pool, popular = settings.recommend.pool, learned.get("popular")
    pipelines = {name: Pipeline(personal, fusion, pool=pool, parts=parts) for name, fusion in FUSIONS.items()}
    chosen = {name: learned[name] for name in RECOMMEND_WEIGHTS if name in learned}
    blend = Blend(FUSIONS["tmm"], parts, RECOMMEND_WEIGHTS)
    pipelines["blend"] = Pipeline(chosen, blend, pool=pool, parts=parts, fallback=popular)
    for name, stack in snapshot.generation.stacks.items():
        pipelines[name] = Pipeline(
            personal, Stack(stack, parts), pool=STACK_POOL, parts=parts, fallback=popular
        )
    served = pipelines[_fusion_of("stack", pipelines, snapshot, settings)]
    repeats = pipelines[_fusion_of("stack-repeat", pipelines, snapshot, settings)]
    ranker = various(snapshot, settings.recommend.diversify, settings.recommend.diversity)
    pipelines["recommend"] = replace(served, rankers=(*served.rankers, ranker))
    pipelines["repeats"] = replace(repeats, rankers=(*repeats.rankers, ranker))
    for method in DIVERSITIES:
        pipelines[method] = replace(served, rankers=(various(snapshot, method, EVALUATED),))
    cold = {name: learned[name] for name in ("popular", "trending") if name in learned}
    pipelines["cold"] = Pipeline(cold, Blend(FUSIONS["tmm"], parts, COLD_WEIGHTS), pool=pool, parts=parts)
    return pipelines | {name: pipelines["rrf"].only(name) for name in personal}


def various(snapshot: Snapshot, method: str, strength: float) -> Diverse:
    """The diversifier over the first space of vectors and the shop's own categories."""
    space = next(iter(snapshot.main_spaces.values()), None)

    def kinds(rows: Rows) -> list[str | None]:
        return [snapshot.item(row).category or None for row in rows.tolist()]

    if space is None:
        return Diverse(method, strength, None, kinds)
    at = space.vector

    def vectors(rows: Rows) -> Vectors:
        return np.array([at(row) for row in rows.tolist()], np.float32)

    return Diverse(method, strength, vectors, kinds)


def _fusion_of(
    learned: str, pipelines: Mapping[str, Pipeline], snapshot: Snapshot, settings: Settings
) -> str:
    """The fusion that serves: the one that is set, or with "auto" what the rebuild chose by evidence."""
    if settings.recommend.fusion in pipelines:
        return settings.recommend.fusion
    choice = snapshot.generation.manifest.get("fusion", {}).get(learned, {})
    return learned if choice.get("chosen") == "stack" and learned in pipelines else "blend"


def trending(learned: Mapping[str, Retriever], snapshot: Snapshot) -> dict[str, Pipeline]:
    n = len(snapshot.generation)
    legs = {name: learned[name] for name in ("trending", "popular") if name in learned}
    legs["rising"] = Known(Rising(snapshot.generation.trend), n)
    pipelines = {name: Pipeline({name: leg}, alone, parts=PARTS) for name, leg in legs.items()}
    return pipelines | {"trending": browse(learned, len(snapshot))}


def browse(learned: Mapping[str, Retriever], n: int) -> Pipeline:
    """The whole shop, what is in demand first."""
    return Pipeline({"trending": Browse(learned["trending"], n)}, alone, parts=PARTS, pool=n)
