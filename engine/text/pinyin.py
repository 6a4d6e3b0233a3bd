"""How is a Chinese text typed in Latin letters?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from engine.text import chinese
from engine.text.folding import ANY_HAN, CJK, fold

LONGEST = 12  # characters; longer texts are not looked up by sound


def typed(text: str) -> Iterator[str]:
    """The words of a text, those within them, and neighbours together, in pinyin: 登山鞋 as dengshan and dengshanxie.

    A single character is left out: most syllables are many characters, and words of other languages.
    """
    for piece in CJK.split(fold(text)):
        if not ANY_HAN.match(piece):
            continue
        inner = {word for word in chinese.finer(piece) if 2 <= len(word) <= LONGEST}
        yield from (spellings(word)[0] for word in sorted(inner))
        words = chinese.words(piece)
        for first, second in zip(words, [*words[1:], ""], strict=True):
            if second and len(first + second) <= LONGEST:
                yield spellings(first + second)[0]


@lru_cache(maxsize=50_000)
def spellings(text: str) -> tuple[str, ...]:
    """Its pinyin without tones and without spaces, and the initials: 北京 -> beijing, bj; () without Chinese."""
    if len(text) > LONGEST or not ANY_HAN.search(text):
        return ()
    from pypinyin import lazy_pinyin

    # Its types know nothing of an answer of several syllables, which its documentation allows.
    errors: Any = _apart
    syllables = lazy_pinyin(text, errors=errors)
    whole = "".join(syllables)
    initials = "".join(syllable[:1] for syllable in syllables)
    return (whole, initials) if len(initials) > 1 else (whole,)


def _apart(rest: str) -> list[str]:
    """What is not Chinese, a character each."""
    return list(rest.replace(" ", ""))
