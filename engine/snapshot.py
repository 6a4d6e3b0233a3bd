"""What does one request read, from beginning to end?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from time import time
from typing import Any

import numpy as np

from engine.behaviour import event_weights
from engine.catalogue import columns_of, unpack
from engine.documents import KEYWORD, Words, analysed, space_of_item, text_of
from engine.encode import encoder as open_encoder
from engine.encode import knows, space_for
from engine.encode.looks import Looks, looks_folder, opened
from engine.errors import CorruptGeneration, NoPictures, UnknownItem
from engine.filters import allowed, parse_filter
from engine.forecast.demand import Demand
from engine.learn import INDEXES
from engine.learn.interactions import EventWeights
from engine.learn.roster import roster
from engine.learn.segments import SegmentIndex
from engine.live import Changes, JoinedColumns, JoinedVectors, JoinedWords
from engine.matching import Matching
from engine.pictures import joined_pictures
from engine.profile import Usual
from engine.rank.stack import StackIndex
from engine.rhythm import Rhythm
from engine.settings import Weights
from engine.text import detect_language
from engine.text.spelling import Speller
from engine.text.suggest import Suggester
from engine.types import Encoder, Item, Learner, Vectors
from indexes import generations
from indexes.columns import ColumnIndex
from indexes.identifiers import Identifiers
from indexes.lexical import LexicalIndex
from indexes.partners import PartnerIndex
from indexes.plain_lexical import PlainLexicalIndex
from indexes.ranking import Mask, Rows
from indexes.records import Records
from indexes.terms import TermIndex
from indexes.trend import TrendIndex
from indexes.vector import VectorIndex

Filters = str | Sequence[object] | Mapping[str, object] | None
OWN = "own"  # the space of the vectors that the catalogue brought
SECOND = "static"  # a cheap second opinion beside the encoders that know a language well
REMEMBERED = 4096  # items; a few megabytes
STACKS = ("stack", "stack-repeat")


class Encoders:
    """The encoders of a process, each loaded once, when first asked."""

    def __init__(self, home: Path):
        self.home = home
        self._loaded: dict[str, Encoder] = {}

    def __getitem__(self, name: str) -> Encoder:
        if name not in self._loaded:
            self._loaded[name] = open_encoder(name, self.home)
        return self._loaded[name]

    @cached_property
    def looks(self) -> Looks:
        """What encoded the pictures."""
        return Looks(looks_folder(self.home))


@dataclass(frozen=True, eq=False)
class Generation:
    """A published folder, checked and opened; memory-mapped, so that processes share its pages."""

    folder: Path
    manifest: Mapping[str, Any]
    ids: Identifiers
    users: Identifiers
    records: Records
    columns: ColumnIndex
    words: Words
    spaces: Mapping[str, VectorIndex]
    learned: Mapping[str, Any]
    terms: TermIndex
    trend: TrendIndex
    searches: Sequence[Mapping[str, Any]]
    stacks: Mapping[str, StackIndex]  # the learned fusions that there was evidence for

    @classmethod
    def open(cls, folder: Path) -> Generation:
        """Raises CorruptGeneration, naming the file, when a byte is not as published."""
        try:
            manifest = generations.verify(folder)
        except generations.Corrupt as error:
            raise CorruptGeneration(
                f"{error}. Serve an older one with `ronghe generations activate N`, or run `ronghe rebuild`."
            ) from error
        return cls.read(folder, manifest)

    @classmethod
    def read(cls, folder: Path, manifest: Mapping[str, Any]) -> Generation:
        """Open a folder whose manifest is in hand already: a draft, too, that a rebuild has just filled."""
        plain = manifest["keyword"] == "plain"
        return cls(
            folder,
            manifest,
            Identifiers.open(folder / "items"),
            Identifiers.open(folder / "users"),
            Records.open(folder / "records"),
            ColumnIndex.open(folder / "columns"),
            (PlainLexicalIndex if plain else LexicalIndex).open(folder / "words"),
            {name: VectorIndex.open(folder / "spaces" / name) for name in manifest["spaces"]},
            {name: INDEXES[name].open(folder / "learned" / name) for name in manifest["learned"]},
            TermIndex.open(folder / "terms"),
            TrendIndex.open(folder / "trend"),
            json.loads((folder / "searches.json").read_text(encoding="utf-8")),
            {name: StackIndex.open(folder / name) for name in STACKS if (folder / name).is_dir()},
        )

    @cached_property
    def pictures(self) -> VectorIndex | None:
        """Where the items' pictures lie; None where there are none."""
        folder = self.folder / "pictures"
        return VectorIndex.open(folder) if folder.is_dir() else None

    @cached_property
    def demand(self) -> Demand:
        """Daily counts by row; opened when first asked."""
        return Demand.open(self.folder / "demand")

    @cached_property
    def suggester(self) -> Suggester:
        """Completions of what is being typed."""
        return Suggester.open(self.folder / "suggestions")

    @cached_property
    def speller(self) -> Speller | None:
        """What a shopper may have meant; None in a generation that was made before there was one."""
        folder = self.folder / "spelling"
        return Speller.open(folder) if folder.is_dir() else None

    @cached_property
    def partners(self) -> PartnerIndex:
        """What sells with what; opened when a bundle is first asked for."""
        return PartnerIndex.open(self.folder / "partners")

    @cached_property
    def usual(self) -> Usual:
        """What is usual in this shop, weighted by what sells: profiles compare with it."""
        items = [unpack(self.records[row]) for row in range(len(self))]
        interest = self.trend.popularity.astype(np.float64) + 1e-3
        return Usual.of(items, interest, Rhythm(**self.manifest["rhythm"]))

    @cached_property
    def learners(self) -> Mapping[str, Learner]:
        """Those that left `learned`, as they were tuned: they know how a history must be read."""
        return roster(self.manifest["settings"]["learn"]["tuned"])

    @cached_property
    def weigh(self) -> EventWeights:
        """What an event is worth: as it was learned from, so that a history is read alike."""
        return event_weights(Weights(**self.manifest["settings"]["weights"]))

    @cached_property
    def segments(self) -> SegmentIndex | None:
        """The users' segments; None where there were no users."""
        folder = self.folder / "segments"
        return SegmentIndex.open(folder) if folder.is_dir() else None

    @cached_property
    def item(self) -> Callable[[int], Item]:
        """The item of a row as it was at the build; what is shown most is not read anew for every answer."""
        records = self.records
        return lru_cache(maxsize=REMEMBERED)(lambda row: unpack(records[row]))

    @property
    def number(self) -> int:
        return int(self.folder.name)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One generation and what changed since: taken once at the top of a request, never looked for again."""

    generation: Generation
    changes: Changes
    encoders: Encoders
    words: JoinedWords
    spaces: Mapping[str, JoinedVectors]
    columns: JoinedColumns

    @classmethod
    def of(cls, generation: Generation, changes: Changes, encoders: Encoders) -> Snapshot:
        """Index what changed, with the generation's statistics."""
        items = changes.items
        words = columns = None
        spaces: dict[str, VectorIndex | None] = dict.fromkeys(generation.spaces)
        if items:
            words = KEYWORD.build((analysed(item) for item in items), generation.words)
            columns = ColumnIndex.build([columns_of(item) for item in items])
            for name, base in generation.spaces.items():
                spaces[name] = VectorIndex.build(_vectors(name, base.dim, items, generation, encoders))
        return cls(
            generation,
            changes,
            encoders,
            JoinedWords(generation.words, words, changes),
            {name: JoinedVectors(base, spaces[name], changes) for name, base in generation.spaces.items()},
            JoinedColumns(generation.columns, columns, changes),
        )

    def __len__(self) -> int:
        return self.changes.total

    def now(self) -> float:
        """The shop's clock: it goes on from its last event, so that a log of years ago is not all stale."""
        manifest = self.generation.manifest
        since = time() - datetime.fromisoformat(manifest["created"]).timestamp()
        return float(manifest["now"]) + max(since, 0.0)

    def mask(self, source: Filters, base: Mask | None = None) -> Mask | None:
        """The rows that a filter keeps, of those that `base` keeps; raises BadQuery."""
        if not source:
            return base
        kept = allowed(self.columns, parse_filter(source))
        return kept if base is None else kept & base

    @cached_property
    def pictures(self) -> JoinedVectors | None:
        """The pictures of what is there now; None where the generation has none."""
        base = self.generation.pictures
        return None if base is None else joined_pictures(base, self.generation.item, self.changes)

    def look_of(self, picture: bytes) -> Vectors:
        """The vector of a shopper's picture among those of the items; raises BadPicture and NoPictures."""
        shown = opened(picture)
        if self.pictures is None:
            raise NoPictures(
                "No item of this shop has a picture that can be searched: put the files into the home's "
                "images/, name them in the column `image`, and run `ronghe rebuild`."
            )
        return self.encoders.looks(shown)

    @cached_property
    def fresh_rows(self) -> Mapping[str, int]:
        """The rows of changed and new items, by id."""
        return {
            item.item_id: int(row) for row, item in zip(self.changes.rows, self.changes.items, strict=True)
        }

    @cached_property
    def alive(self) -> Mask | None:
        """The rows that are there; None = all."""
        return ~self.changes.dead if self.changes.dead.any() else None

    @cached_property
    def sellable(self) -> Mask | None:
        """The rows that may be recommended: there, and not known to be out of stock; None = all."""
        if "stock" not in self.columns:
            return self.alive
        stock = self.columns.numbers("stock", np.arange(len(self)))
        out = stock <= 0
        if not out.any():
            return self.alive
        return ~out if self.alive is None else self.alive & ~out

    def row(self, item_id: str) -> int:
        """The row of a living item; raises UnknownItem."""
        row = self.find(item_id)
        if row < 0:
            raise UnknownItem(
                f"There is no item {item_id!r}. Items are added with `ronghe ingest items` or PUT /v1/items."
            )
        return row

    def find(self, item_id: str) -> int:
        """The row of a living item; -1 when there is none."""
        row = self.fresh_rows.get(item_id, -1)
        if row < 0:
            row = self.generation.ids.row(item_id)
        return -1 if row >= 0 and self.changes.dead[row] else row

    def rows(self, item_ids: Sequence[str]) -> Rows:
        """The rows [n] of items; -1 where unknown."""
        rows = self.generation.ids.rows(item_ids)
        if self.fresh_rows:
            fresh = np.array([self.fresh_rows.get(item_id, -1) for item_id in item_ids], np.int64)
            rows = np.where(fresh >= 0, fresh, rows)
        known = np.flatnonzero(rows >= 0)
        rows[known[self.changes.dead[rows[known]]]] = -1
        return rows

    def id(self, row: int) -> str:
        return self.generation.ids.id(row) if row < len(self.generation) else self.item(row).item_id

    def item(self, row: int) -> Item:
        at = int(np.searchsorted(self.changes.rows, row))
        if at < len(self.changes.rows) and self.changes.rows[at] == row:
            return self.changes.items[at]
        return self.generation.item(row)

    def title(self, row: int) -> str:
        return self.item(row).title

    def encode(self, text: str) -> tuple[str, Vectors]:
        """The space that knows the text's language, and the text's vector there (zeros: nothing known)."""
        name = self.space_for(text)
        if not name:
            return OWN, np.zeros(1, np.float32)
        return name, self.encoders[self.generation.manifest["spaces"][name]]([text])[0]

    def space_for(self, text: str) -> str:
        """The space that knows a text's language best; "" where no text can be encoded."""
        models: Mapping[str, str] = self.generation.manifest["spaces"]
        named = tuple(name for name in self.main_spaces if models[name])
        return space_for(detect_language(text), named) if named else ""

    def noise(self, text: str) -> float:
        """The likeness that means nothing yet to a text of this language; infinite where none is known."""
        known: Mapping[str, float] = self.generation.manifest["noise"].get(self.space_for(text), {})
        language = "zh" if detect_language(text) == "zh" else "en"
        return known.get(language, np.inf)

    @cached_property
    def matching(self) -> Matching:
        """What a query means here, and how many items that is."""
        return Matching(self.words, self.generation.words, self.noise)

    def understands(self, text: str) -> bool:
        """Whether an encoder here was made for the language of `text` and for that of most of the catalogue."""
        models: Mapping[str, str] = self.generation.manifest["spaces"]
        counts: Mapping[str, int] = self.generation.manifest["languages"]
        named = [models[name] for name in self.main_spaces if models[name]]
        most = max(counts, key=lambda language: (counts[language], language)) if counts else ""
        return all(any(knows(name, language) for name in named) for language in (detect_language(text), most))

    def encode_second(self, text: str) -> tuple[str, Vectors]:
        """The text's vector in the second space."""
        return SECOND, self.encoders[SECOND]([text])[0]

    @cached_property
    def main_spaces(self) -> Mapping[str, JoinedVectors]:
        """The spaces that search and likeness ask first: all but the second opinion, where there are others."""
        return {name: space for name, space in self.spaces.items() if name != SECOND} or self.spaces

    def space_of(self, row: int) -> str:
        """The space in which an item's own language is known best."""
        return space_of_item(self.item(row), tuple(self.main_spaces))


def _vectors(
    name: str, dim: int, items: Sequence[Item], generation: Generation, encoders: Encoders
) -> Vectors:
    if name == OWN:
        rows = [item.vector if item.vector and len(item.vector) == dim else [0.0] * dim for item in items]
        return np.array(rows, np.float32)
    return encoders[generation.manifest["spaces"][name]]([text_of(item, name) for item in items])
