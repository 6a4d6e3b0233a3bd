"""Which words of an item does each index read?

A column may be localised: `title_zh` is the title in Chinese, and so for description, category and brand. The
keyword index reads every language together; an encoder reads the language that it is there for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.encode import space_for
from engine.text import analyse, detect_language
from engine.text.folding import ANY_HAN
from engine.text.pinyin import typed
from engine.types import Item
from indexes.lexical import LexicalIndex
from indexes.plain_lexical import PlainLexicalIndex

TEXT_COLUMNS = ("title", "brand", "category", "description")
SOUNDED = ("title", "brand", "category")
MAX_ATTRIBUTE = 200  # characters of one attribute that are worth a word index
LANGUAGE_OF = {"minilm": "en", "multilingual": "zh", "static": "en"}  # what a mixed catalogue asks each for

Words: TypeAlias = LexicalIndex | PlainLexicalIndex
Documents: TypeAlias = Iterable[Mapping[str, Sequence[str]]]  # field -> terms


@dataclass(frozen=True)
class KeywordFields:
    """BM25F's parameters: how much a word weighs in each field, and how much its length counts against it."""

    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "title": 4,
            "brand": 3,
            "category": 2,
            "description": 1,
            "attributes": 1,
            "sound": 1,
        }
    )
    b: Mapping[str, float] = field(
        default_factory=lambda: {
            "title": 0.4,
            "brand": 0.0,
            "category": 0.3,
            "description": 0.75,
            "attributes": 0.75,
            "sound": 0.0,
        }
    )
    k1: float = 0.8

    def build(self, documents: Documents, like: Words | None = None) -> LexicalIndex:
        """Index documents, with the statistics of another index where one is given."""
        statistics = like if isinstance(like, LexicalIndex) else None
        return LexicalIndex.build(documents, self.weights, self.b, self.k1, statistics)

    def build_plain(self, documents: Documents) -> PlainLexicalIndex:
        """The same by rank_bm25: slow, for comparison."""
        return PlainLexicalIndex.build(documents, self.weights, k1=self.k1)


KEYWORD = KeywordFields()


def localised(item: Item, column: str) -> dict[str, str]:
    """The column's texts by language, "" for the plain one: {"": "Boots", "zh": "登山鞋"}."""
    prefix = f"{column}_"
    texts = {"": str(getattr(item, column))}
    for name, value in item.attributes.items():
        if name.startswith(prefix) and 2 <= len(name) - len(prefix) <= 3 and isinstance(value, str):
            texts[name.removeprefix(prefix)] = value
    return {language: text for language, text in texts.items() if text}


def analysed(item: Item) -> dict[str, list[str]]:
    """The terms of every keyword field."""
    terms = {}
    for column in TEXT_COLUMNS:
        terms[column] = [term for text in localised(item, column).values() for term in analyse(text)]
    terms["attributes"] = [term for text in _attribute_texts(item.attributes) for term in analyse(text)]
    terms["sound"] = _sounds(text for column in SOUNDED for text in localised(item, column).values())
    return terms


def _sounds(texts: Iterable[str]) -> list[str]:
    """How the Chinese words of texts are typed in Latin letters: 北京 as beijing. Each once."""
    found: dict[str, None] = {}
    for text in texts:
        if ANY_HAN.search(text):
            found.update((term, None) for spelling in typed(text) for term in analyse(spelling))
    return list(found)


def told_of(item: Item) -> list[str]:
    """What tells which items are alike: the terms of the title, and make, kind and attributes as one term each."""
    terms = [term for text in localised(item, "title").values() for term in analyse(text)]
    kinds = item.category.split(" > ") if item.category else []
    terms += [f"category={' > '.join(kinds[: depth + 1])}" for depth in range(len(kinds))]
    terms += [f"brand={item.brand}"] if item.brand else []
    return terms + [f"{name}={value}" for name, value in item.attributes.items() if isinstance(value, str)]


def text_of(item: Item, space: str) -> str:
    """The text that the encoder of a space reads: the title first, for encoders cut long texts."""
    language = LANGUAGE_OF.get(space, "")
    parts = []
    for column in ("title", "description"):
        texts = localised(item, column)
        text = texts.get(language) or texts.get("") or next(iter(texts.values()), "")
        if text:
            parts.append(text)
    return ". ".join(parts)


def languages_of(item: Item) -> set[str]:
    """The languages in which the item has a title."""
    titles = localised(item, "title")
    own = item.language.split("-")[0].lower() or detect_language(titles.get("", ""))
    return {language for language in {own} | (titles.keys() - {""}) if language}


def space_of_item(item: Item, spaces: Sequence[str]) -> str:
    """Which of `spaces` knows the language of the item's own title best."""
    return spaces[0] if len(spaces) == 1 else space_for(detect_language(item.title), tuple(spaces))


def _attribute_texts(attributes: Mapping[str, Any]) -> list[str]:
    texts = []
    for name, value in attributes.items():
        if name.rsplit("_", 1)[0] in TEXT_COLUMNS:
            continue
        values = value if isinstance(value, list) else [value]
        texts += [v for v in values if isinstance(v, str) and len(v) <= MAX_ATTRIBUTE]
    return texts
