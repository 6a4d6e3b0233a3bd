"""Which other words mean the same in this shop?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from engine.errors import BadFile
from engine.text.analysis import analyse

LONGEST = 6  # terms of the left side of a rule
WEIGHT = 0.8  # of a synonym's word beside a word that was typed


@dataclass(frozen=True)
class Synonyms:
    """Rules by the terms of what is typed: terms -> the texts that are searched beside it.

    Both legs read the text that `expand` gives. Rules do not chain: a synonym's synonym is not added.
    """

    rules: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[str]) -> Self:
        """Rules as Solr and Elasticsearch write them: `tv, television` both ways, `ipod => mp3 player` one way.

        An empty line or one that begins with # says nothing. Raises BadFile with the line's number.
        """
        rules: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for number, line in enumerate(lines, 1):
            bare = line.split("#", 1)[0].strip()
            if not bare:
                continue
            left, arrow, right = bare.partition("=>")
            typed = [part.strip() for part in left.split(",") if part.strip()]
            meant = [part.strip() for part in right.split(",") if part.strip()] if arrow else typed
            if not typed or not meant or (not arrow and len(typed) < 2):
                raise BadFile(f"Synonyms, line {number}: write `tv, television` or `ipod => mp3 player`.")
            for word in typed:
                terms = tuple(analyse(word))
                if not 0 < len(terms) <= 2 * LONGEST:
                    raise BadFile(f"Synonyms, line {number}: {word!r} has no word to look for, or too many.")
                rules[terms] += [other for other in meant if other != word and other not in rules[terms]]
        return cls({terms: tuple(texts) for terms, texts in rules.items()})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Rules from a UTF-8 file; none when there is no file. Raises BadFile."""
        if not path.is_file():
            return cls()
        try:
            return cls.of(path.read_text(encoding="utf-8").splitlines())
        except UnicodeDecodeError as fault:
            raise BadFile(f"{path} is not UTF-8 text; save it as UTF-8.") from fault

    def expand(self, query: str) -> list[str]:
        """The texts to search beside `query`: those of every rule whose words stand in it, side by side."""
        if not self.rules:
            return []
        terms = analyse(query)
        longest = max(map(len, self.rules))
        found: dict[str, None] = {}
        for start in range(len(terms)):
            for end in range(start + 1, min(start + longest, len(terms)) + 1):
                found.update(dict.fromkeys(self.rules.get(tuple(terms[start:end]), ())))
        return list(found)

    def weigh(self, terms: Mapping[str, float], query: str) -> dict[str, float]:
        """The terms to look up: those of the query and, at WEIGHT, those of its synonyms."""
        weights = dict(terms)
        for text in self.expand(query):
            for term in analyse(text):
                weights.setdefault(term, WEIGHT)
        return weights
