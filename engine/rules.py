"""Which answers does the shopkeeper want otherwise: pinned, buried, boosted, reworded, redirected?"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from time import time
from typing import Any, Literal, get_args

from engine.errors import BadQuery, Unanswerable
from engine.filters import parse_filter
from engine.text import BESIDE

Kind = Literal["pin", "bury", "boost", "synonym", "redirect"]
Match = Literal["is", "has", "any"]
MOST = 1000  # rules of one shop: every request reads them all
WIDEST = 10.0  # of a boost, in spreads of the list


class UnknownRule(Unanswerable):
    """No rule has this id."""


@dataclass(frozen=True)
class Rule:
    """One wish. `query` is compared with what was typed: the same words (is), holding them (has), any search.

    pin: `items` stand from `position` on, in their order. bury: `items`, or what `filter` keeps, go last.
    boost: they gain `amount` spreads, a spread being the distance from the list's first score to its last.
    synonym: `words` are searched beside the query. redirect: the page goes to `url`.
    `starts` and `ends` are Unix seconds; None is open.
    """

    rule_id: str
    kind: Kind
    query: str = ""
    match: Match = "is"
    items: tuple[str, ...] = ()
    filter: Any = None
    position: int = 1
    amount: float = 0.5
    words: tuple[str, ...] = ()
    url: str = ""
    starts: float | None = None
    ends: float | None = None
    note: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Rule:
        """A rule from JSON, checked; BadQuery says what is wrong. A missing rule_id is made."""
        known = {each.name for each in fields(cls)}
        for name in row:
            if name not in known:
                raise BadQuery(f"A rule has no field {name!r}; it has: {', '.join(sorted(known))}.")
        rule = cls(
            rule_id=_text(row, "rule_id") or secrets.token_hex(6),
            kind=_one_of(row, "kind", get_args(Kind), None),
            query=_text(row, "query"),
            match=_one_of(row, "match", get_args(Match), "is"),
            items=_texts(row, "items"),
            filter=row.get("filter") or None,
            position=_number(row, "position", 1, 1, 100, whole=True),
            amount=_number(row, "amount", 0.5, -WIDEST, WIDEST),
            words=_texts(row, "words"),
            url=_text(row, "url"),
            starts=_moment(row, "starts"),
            ends=_moment(row, "ends"),
            note=_text(row, "note"),
        )
        rule._check()
        return rule

    def _check(self) -> None:
        if self.match != "any" and not folded(self.query):
            raise BadQuery("A rule needs a query, or match `any` to speak on every search.")
        if self.kind == "pin" and not self.items:
            raise BadQuery("A pin needs `items`: the ids to put first.")
        if self.kind in ("bury", "boost") and not self.items and self.filter is None:
            raise BadQuery(f"A {self.kind} needs `items` or a `filter`: what it is about.")
        if self.kind == "synonym" and (not self.words or self.match == "any"):
            raise BadQuery("A synonym needs a `query` and `words` to search beside it.")
        if self.kind == "redirect" and (
            self.match == "any" or not re.match(r"(https?://|/(?!/))[^\s\\]*$", self.url)
        ):
            raise BadQuery("A redirect needs a `query` and a `url` that begins with https://, http:// or /.")
        if self.starts is not None and self.ends is not None and self.ends <= self.starts:
            raise BadQuery("A rule must end after it starts.")
        parse_filter(self.filter)

    def open_at(self, now: float) -> bool:
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)

    def meant(self, text: str) -> bool:
        """Whether the rule speaks to what was typed, `text` being folded."""
        if self.match == "any":
            return True
        own = folded(self.query)
        return text == own if self.match == "is" else _within(own, text)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "items": list(self.items), "words": list(self.words)}


@dataclass(frozen=True)
class RuleBook:
    """The rules in force, oldest first. Reading it costs nothing but the loop over them."""

    rules: tuple[Rule, ...] = ()

    def speaking(self, text: str, now: float, *kinds: Kind) -> tuple[Rule, ...]:
        """The rules of `kinds` that speak to a query at a moment."""
        if not self.rules:
            return ()
        own = folded(text.partition(BESIDE)[0])
        return tuple(
            rule for rule in self.rules if rule.kind in kinds and rule.open_at(now) and rule.meant(own)
        )

    def reworded(self, text: str, now: float) -> str:
        """The query with its other wordings beside it; rules still go by what was typed."""
        own = folded(text.partition(BESIDE)[0])
        more = [
            word if rule.match == "is" else own.replace(folded(rule.query), word)
            for rule in self.speaking(text, now, "synonym")
            for word in rule.words
        ]
        return BESIDE.join([text, *more]) if more else text

    def redirect(self, text: str, now: float) -> str:
        """Where the query leads instead; empty for nowhere. The newest rule wins."""
        found = self.speaking(text, now, "redirect")
        return found[-1].url if found else ""


@dataclass(frozen=True)
class Change:
    """One line of the audit trail: who put what in the place of what, and when (Unix seconds)."""

    at: float
    by: str
    action: Literal["set", "remove", "undo"]
    rule_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    undone: int | None = None  # of an undo: the line (from 0) that it took back

    def to_dict(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@cache
def rules_at(home: Path) -> RuleLog:
    """The rules of a home; one reader for the whole process."""
    return RuleLog(home / "rules.jsonl")


@dataclass
class RuleLog:
    """The rules of a home: a file that only grows, so that every change is kept and can be taken back.

    Many processes read it beside one writer; a reader looks at the file's size and date, and reads it anew
    when they moved.
    """

    path: Path
    _seen: tuple[int, int] = (-1, -1)
    _book: RuleBook = field(default_factory=RuleBook)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def book(self) -> RuleBook:
        """The rules as they are now."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return RuleBook()
        mark = (found.st_mtime_ns, found.st_size)
        if mark != self._seen:
            with self._one:
                self._book, self._seen = replay(self.history()), mark
        return self._book

    def history(self) -> list[Change]:
        """Every change, oldest first. A last line that a crash cut short is not one."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [Change(**json.loads(line)) for line in lines if line.endswith("\n")]

    def put(self, rule: Rule, by: str = "") -> Rule:
        """Add a rule, or change the one with its id."""
        with self._writing() as history:
            now = _standing(history)
            if rule.rule_id not in now and len(now) >= MOST:
                raise BadQuery(f"A shop has at most {MOST} rules; remove one first.")
            self._append(Change(time(), by, "set", rule.rule_id, now.get(rule.rule_id), rule.to_dict()))
        return rule

    def remove(self, rule_id: str, by: str = "") -> None:
        """Raises UnknownRule."""
        with self._writing() as history:
            before = _standing(history).get(rule_id)
            if before is None:
                raise UnknownRule(f"There is no rule {rule_id!r}.")
            self._append(Change(time(), by, "remove", rule_id, before, None))

    def undo(self, by: str = "") -> Change:
        """Take back the newest change that stands; once more goes one further back. Raises UnknownRule."""
        with self._writing() as history:
            taken = {change.undone for change in history if change.action == "undo"}
            open_ = [n for n, change in enumerate(history) if change.action != "undo" and n not in taken]
            if not open_:
                raise UnknownRule("There is no change of rules left to undo.")
            last = history[open_[-1]]
            change = Change(time(), by, "undo", last.rule_id, last.after, last.before, open_[-1])
            self._append(change)
        return change

    def _writing(self) -> _Writing:
        return _Writing(self)

    def _append(self, change: Change) -> None:
        torn = self.path.exists() and not self.path.read_bytes().endswith(b"\n")
        line = json.dumps(change.to_dict(), ensure_ascii=False)
        with self.path.open("r+b" if torn else "ab") as file:
            if torn:
                kept = file.read().rfind(b"\n") + 1
                file.truncate(kept)
                file.seek(kept)
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


class _Writing:
    """One writer at a time, over all processes: holds the lock and hands out the history."""

    def __init__(self, log: RuleLog):
        self.log = log

    def __enter__(self) -> list[Change]:
        self.log.path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = self.log.path.with_suffix(".lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        return self.log.history()

    def __exit__(self, *told: object) -> None:
        self.lock.close()


def replay(history: Sequence[Change]) -> RuleBook:
    """The rules that a history leaves standing."""
    return RuleBook(tuple(Rule.of(row) for row in _standing(history).values()))


def _standing(history: Sequence[Change]) -> dict[str, Mapping[str, Any]]:
    rules: dict[str, Mapping[str, Any]] = {}
    for change in history:
        if change.after is None:
            rules.pop(change.rule_id, None)
        else:
            rules[change.rule_id] = change.after
    return rules


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _within(own: str, text: str) -> bool:
    """Whether the words stand in the text one after the other; Chinese, which has no spaces, anywhere."""
    if re.search(r"[\u3400-\u9fff]", own):
        return own in text
    return f" {own} " in f" {text} "


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 2000:
        raise BadQuery(f"A rule's {name} must be text of at most 2,000 letters.")
    return value.strip()


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name) or ()
    fits = isinstance(value, list | tuple) and len(value) <= 100
    if not fits or not all(isinstance(each, str) and 0 < len(each) <= 512 for each in value):
        raise BadQuery(f"A rule's {name} must be a list of at most 100 texts.")
    return tuple(dict.fromkeys(value))


def _number(
    row: Mapping[str, Any], name: str, default: float, low: float, high: float, *, whole: bool = False
) -> Any:
    value = row.get(name, default)
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not fits or not low <= value <= high:
        kind = "whole number" if whole else "number"
        raise BadQuery(f"A rule's {name} must be a {kind} from {low:g} to {high:g}, not {value!r}.")
    return value


def _one_of(row: Mapping[str, Any], name: str, known: Sequence[str], default: str | None) -> Any:
    value = row.get(name, default)
    if value not in known:
        raise BadQuery(f"A rule's {name} must be one of {', '.join(known)}, not {value!r}.")
    return value


def _moment(row: Mapping[str, Any], name: str) -> float | None:
    """Unix seconds, or ISO 8601 as a date field gives it."""
    value = row.get(name)
    if value in (None, ""):
        return None
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)
    except (ValueError, TypeError, OverflowError):
        raise BadQuery(f"A rule's {name} must be an ISO 8601 time or Unix seconds, not {value!r}.") from None
