"""How common is a word, or a pair of words, in English at large?

A shop's catalogue is too small to know that "accordion" is a word. The words come with wordfreq (Apache-2.0, data
CC BY-SA 4.0: 290,000 words of books, subtitles, news and the web), the pairs with symspellpy (MIT: 243,342 of them,
from Google Books). Read during a rebuild only.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from engine.text.lexicon import Lexicon

PAIRS = "frequency_bigramdictionary_en_243_342.txt"
FLOOR = 9.0  # a word once in 10^9 words weighs 0, one ten times as common 1 more


@cache
def lexicon() -> Lexicon:
    """The words of letters, weighed by decimal logarithms."""
    from wordfreq import get_frequency_list

    words: dict[str, float] = {}
    for rank, group in enumerate(get_frequency_list("en", "large")):
        weight = FLOOR - rank / 100
        words.update((word, weight) for word in group if word.isascii() and word.isalpha() and weight > 0)
    pairs: dict[tuple[str, str], float] = {}
    for line in (files("symspellpy") / PAIRS).read_text(encoding="utf-8-sig").splitlines():
        first, second, count = line.split()
        if first in words and second in words:
            pairs[first, second] = float(count)
    return Lexicon.build(words, pairs)
