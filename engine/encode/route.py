"""Which encoder knows a language?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

LEAST_SHARE = 0.02  # of the texts; a language rarer than this gets no space of its own
MULTILINGUAL = frozenset(
    ["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"]
)
KNOWN = {"minilm": frozenset({"en"}), "multilingual": MULTILINGUAL, "static": frozenset({"en", "zh"})}


def choose_spaces(languages: Sequence[str]) -> tuple[str, ...]:
    """The encoders a catalogue needs, given the language of each of its texts ("" = not known).

    English alone: minilm. No English: multilingual. Both: both, and `space_for` routes. An encoder that
    does not know the language pulls a fused list below the keyword leg, so none is asked to.
    """
    counts = Counter(language.split("-")[0].lower() for language in languages if language)
    total = sum(counts.values())
    if not total:
        return ("minilm",)
    english = counts["en"] / total
    foreign = sum(count for language, count in counts.items() if language in MULTILINGUAL - {"en"}) / total
    spaces = [
        name for name, share in (("minilm", english), ("multilingual", foreign)) if share >= LEAST_SHARE
    ]
    return tuple(spaces) or ("minilm",)


def knows(space: str, language: str) -> bool:
    """Whether the encoder of `space` was made for `language`; a user's own is taken to; for "" each is."""
    return not language or space not in KNOWN or language.split("-")[0].lower() in KNOWN[space]


def space_for(language: str, spaces: Sequence[str]) -> str:
    """The one of `spaces` that knows `language` best: the first that does, else the one of most languages.

    Raises ValueError when `spaces` is empty. Whether it knows the language at all: `knows`.
    """
    if not spaces:
        raise ValueError("there is no space to choose from")
    for space in sorted(spaces, key=lambda name: len(KNOWN.get(name, ()))):
        if space in KNOWN and knows(space, language):
            return space
    return max(spaces, key=lambda name: len(KNOWN.get(name, MULTILINGUAL | {"*"})))
