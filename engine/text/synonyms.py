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
MOST = 8  # wordings beside one query: each is looked up


@dataclass(frozen=True)
class Synonyms:
    """Rules by the terms of what is typed: terms -> the texts that are searched beside it.

    Both legs read the wordings. Rules do not chain: a synonym's synonym is not added.
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

    def wordings(self, query: str) -> list[str]:
        """The query said otherwise: for each rule whose words stand in it side by side, with its words instead."""
        if not self.rules:
            return []
        words = query.split()
        terms = [tuple(analyse(word)) for word in words]
        found: dict[str, None] = {}
        for start in range(len(words)):
            said: tuple[str, ...] = ()
            for end in range(start, min(start + LONGEST, len(words))):
                said += terms[end]
                for other in self.rules.get(said, ()):
                    found.setdefault(" ".join([*words[:start], other, *words[end + 1 :]]))
        # Chinese is written without spaces: a rule may speak to a part of one stretch.
        for typed, others in self.rules.items():
            if len(words) == 1 and not query.isascii() and _within(typed, analyse(query)):
                found.update(dict.fromkeys(others))
        return list(found)[:MOST]


def _within(part: tuple[str, ...], whole: list[str]) -> bool:
    return any(tuple(whole[at : at + len(part)]) == part for at in range(len(whole) - len(part) + 1))
