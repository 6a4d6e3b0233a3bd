"""Which other query would the shopper rather have typed?"""

from __future__ import annotations

from collections.abc import Callable

from engine.pipeline import Pipeline
from engine.text.spelling import Speller
from engine.types import Query
from indexes.ranking import Mask


def finder(words: Pipeline, allowed: Mask | None) -> Callable[[str], bool]:
    """Tells whether a text finds an allowed item by its words."""
    return lambda text: len(words(Query(text=text, allowed=allowed), 1).candidates) > 0


def did_you_mean(speller: Speller | None, typed: str, finds: Callable[[str], bool]) -> str | None:
    """The query as it was most likely meant, when that differs and finds something; else None."""
    meant = speller.correct(typed) if speller is not None and typed else None
    return meant if meant is not None and finds(meant) else None
