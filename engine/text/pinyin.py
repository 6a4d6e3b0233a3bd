"""How is a Chinese text typed in Latin letters?"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from engine.text.folding import ANY_HAN

LONGEST = 12  # characters; longer texts are not looked up by sound


@lru_cache(maxsize=50_000)
def spellings(text: str) -> tuple[str, ...]:
    """Its pinyin without tones and without spaces, and the initials: 北京 -> beijing, bj; () without Chinese."""
    if len(text) > LONGEST or not ANY_HAN.search(text):
        return ()
    from pypinyin import lazy_pinyin

    # Its types know nothing of an answer of several syllables, which its documentation allows.
    apart: Any = lambda rest: list(rest.replace(" ", ""))  # noqa: E731
    syllables = lazy_pinyin(text, errors=apart)
    whole = "".join(syllables)
    initials = "".join(syllable[:1] for syllable in syllables)
    return (whole, initials) if len(initials) > 1 else (whole,)
