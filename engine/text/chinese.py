"""Which words may a stretch of Chinese hold?"""

from __future__ import annotations

from functools import cache
from typing import Any


def words(run: str) -> list[str]:
    """The words of a run of Chinese characters, as the dictionary of jieba cuts it."""
    return list(_jieba().cut(run))


def finer(run: str) -> list[str]:
    """The words of a run and the words within them: 登山鞋 and 登山."""
    return list(_jieba().cut_for_search(run))


def terms(run: str) -> list[str]:
    """Words and every character, in reading order: a word the dictionary does not know is still found.

    A word of one character counts once. Characters alone are ambiguous and words alone miss what was cut
    another way in the title; together they beat either.
    """
    found: list[str] = []
    for word in words(run):
        found.extend(word)
        if len(word) > 1:
            found.append(word)
    return found


def pairs(run: str) -> list[str]:
    """Overlapping pairs of characters: for scripts without spaces that we have no dictionary for."""
    return [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 1 else [run]


@cache
def _jieba() -> Any:
    import rjieba

    return rjieba.Jieba()
