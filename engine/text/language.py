"""In which language is a text written?"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from engine.text.folding import HAN

_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff\u31f0-\u31ff]")),
    ("ko", re.compile("[\uac00-\ud7a3\u1100-\u11ff]")),
    ("zh", re.compile(f"[{HAN}]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_LATIN_WORD = re.compile("[a-z\u00df-\u024f]+")
# The commonest little words of each language, without those that another shares.
_LITTLE_WORDS = {
    "en": "the and of with for from to is are in on by this that your you not or it as at be",
    "de": "der die das und mit für ist nicht ein eine den dem von zu auf im auch sich aus bei zum schwarz",
    "fr": "le les des et une est pour dans sur avec au aux pas du ou cette noir homme femme sans",
    "es": "el los las y una para con por del al se su más como sin hombre mujer negro",
    "it": "il gli di e per che con della nel sono uno dei più nero uomo donna senza",
    "pt": "os as um uma para com não do da dos das em por mais preto homem mulher sem",
    "nl": "het een van en voor niet met op zijn aan bij zwart naar ook",
}
_LETTERS = {"ß": "de", "ñ": "es", "ã": "pt", "õ": "pt", "œ": "fr"}
CJK_WEIGHT = 3  # a character of these scripts says as much as three letters


def detect_language(text: str) -> str:
    """ISO 639-1 code of the main language, by script and by little words; "" where no letter says it.

    Latin text without any sign of another language is taken for English: that is what product names in
    Latin letters most often are, and the English encoder knows brands and models best.
    """
    counts = Counter({name: len(pattern.findall(text)) for name, pattern in _SCRIPTS})
    if counts["ja"]:  # Japanese mixes kana and Han; a title in Chinese has no kana
        counts["ja"] += counts.pop("zh", 0)
    for name in ("ja", "ko", "zh", "th"):
        counts[name] *= CJK_WEIGHT
    name, most = max(counts.items(), key=lambda pair: pair[1])
    letters = len(_LATIN.findall(text))
    if not letters and not most:
        return ""
    return name if most >= letters else _latin_language(text)


def _latin_language(text: str) -> str:
    little = _little_words()
    words = _LATIN_WORD.findall(text.lower())
    votes = Counter(little[word] for word in words if word in little)
    votes.update(_LETTERS[letter] for letter in text.lower() if letter in _LETTERS)
    if not votes:
        return "en"
    best, most = votes.most_common(1)[0]
    return best if most > votes["en"] else "en"


@cache
def _little_words() -> dict[str, str]:
    owners: dict[str, str] = {}
    shared: set[str] = set()
    for language, words in _LITTLE_WORDS.items():
        for word in words.split():
            if owners.setdefault(word, language) != language:
                shared.add(word)
    return {word: language for word, language in owners.items() if word not in shared}
