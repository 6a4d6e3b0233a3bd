"""Which items does a visitor see, open, put in the cart and buy?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sample.catalogue import Catalogue
from engine.sample.popularity import NOT_YET, Popularity
from engine.sample.queries import BRAND, COLOUR, FORM, MEASURE
from engine.sample.shelves import KINDS
from engine.sample.visitors import Visitors
from engine.sample.visits import Pages, Visits, companions

Codes = NDArray[np.int64]
Singles = NDArray[np.float32]
Mask = NDArray[np.bool_]

SHOWN = 10  # items in a list
NAMED = 2.2  # how much an item rises when the query names its brand, form, colour or measure
TOGETHER = 0.4  # the chance that a purchase brings a companion
PARTNER = 2.0  # how much likelier the companion is the item's own partner
SAME_BRAND = 0.8


@dataclass(frozen=True, eq=False)
class Lists:
    """What each page showed: `rows` [p, SHOWN], `pull` [p, SHOWN] how much the visitor likes each against the
    kind's mean, `seen` and `opened` masks of the same shape, `target` [p] what the visitor had in mind (-1 =
    the kind has nothing on sale)."""

    rows: Codes
    pull: Singles
    seen: Mask
    opened: Mask
    target: Codes


@dataclass(frozen=True, eq=False)
class Chooser:
    """The visitors before the shelf: every choice is a logit over the kind's items."""

    catalogue: Catalogue
    popularity: Popularity
    visitors: Visitors
    rows_of: tuple[Codes, ...]  # the items of each kind

    @classmethod
    def of(cls, catalogue: Catalogue, popularity: Popularity, visitors: Visitors) -> Chooser:
        rows_of = tuple(np.flatnonzero(catalogue.kind == code) for code in range(len(KINDS)))
        return cls(catalogue, popularity, visitors, rows_of)

    def pull(self, visitor: Codes, day: Codes, kind: int) -> Singles:
        """How strongly each item of the kind draws each visitor on that day, [n, items of the kind]."""
        rows = self.rows_of[kind]
        curve = self.popularity.curve[rows]
        return np.asarray(self.visitors.fondness[np.ix_(visitor, rows)] + curve[:, day].T, np.float32)

    def show(self, visits: Visits, pages: Pages, habits: Codes, rng: np.random.Generator) -> Lists:
        """Lists ordered by what is wanted and what was asked, looked at from the top, opened by liking."""
        n = len(pages)
        rows, pull = np.full((n, SHOWN), -1, np.int64), np.zeros((n, SHOWN), np.float32)
        target = np.full(n, -1, np.int64)
        for kind, own in enumerate(self.rows_of):
            at = np.flatnonzero(pages.kind == kind)
            if not len(at) or not len(own):
                continue
            session = pages.session[at]
            liked = self.pull(visits.visitor[session], visits.day[session], kind)
            chosen = np.argmax(liked + _gumbel(liked.shape, rng), axis=1)
            order = 0.6 * liked + 0.8 * _gumbel(liked.shape, rng)
            order += NAMED * self._named(own, chosen, np.where(pages.searched[at], habits[at], -1))
            shown = np.argsort(-order, axis=1, kind="stable")[:, :SHOWN]
            wide = shown.shape[1]
            on_sale = np.take_along_axis(liked, shown, axis=1) > NOT_YET / 2
            rows[at[:, None], np.arange(wide)] = np.where(on_sale, own[shown], -1)
            open_shelf = liked > NOT_YET / 2
            mean = np.where(open_shelf, liked, 0).sum(axis=1, keepdims=True)
            mean = mean / np.maximum(open_shelf.sum(axis=1, keepdims=True), 1)
            pull[at[:, None], np.arange(wide)] = np.take_along_axis(liked - mean, shown, axis=1)
            target[at] = np.where(on_sale.any(axis=1), own[chosen], -1)
        depth = np.minimum(rng.geometric(0.27, n), SHOWN)
        seen = (np.arange(SHOWN)[None, :] < depth[:, None]) & (rows >= 0)
        opened = seen & (rng.random(seen.shape) < _sigmoid(0.8 * pull - 1.3))
        return Lists(rows, pull, seen, opened, target)

    def _named(self, own: Codes, chosen: Codes, habits: Codes) -> Mask:
        """Which items of the kind share with the chosen one what the query names, [n, items of the kind]."""
        alike = np.zeros((len(chosen), len(own)), np.bool_)
        for habit, column in (
            (FORM, self.catalogue.form),
            (BRAND, self.catalogue.brand),
            (COLOUR, self.catalogue.colour),
            (MEASURE, self.catalogue.measure),
        ):
            code = column[own]
            alike |= (habits == habit)[:, None] & (code[chosen][:, None] == code[None, :])
        return alike

    def add_companions(
        self, visitor: Codes, day: Codes, bought: Codes, rng: np.random.Generator
    ) -> tuple[Codes, Codes]:
        """What some purchases bring along: (place in `bought`, item row). Every item has a partner of its own
        in each kind that goes with its kind, so pairs can be learnt, beside the visitor's liking."""
        with_it = companions()
        own_kind = self.catalogue.kind[bought]
        luck = np.random.default_rng(1).random((len(self.catalogue), 8))  # partners are a property of items
        pick = rng.random(len(bought))
        slot = np.array([int(p * len(with_it[k])) for p, k in zip(pick, own_kind, strict=True)], np.int64)
        kind = np.array([with_it[k][s] for k, s in zip(own_kind, slot, strict=True)], np.int64)
        goes = rng.random(len(bought)) < TOGETHER
        places, found = [], []
        for code, own in enumerate(self.rows_of):
            at = np.flatnonzero(goes & (kind == code))
            if not len(at) or not len(own):
                continue
            liked = self.pull(visitor[at], day[at], code)
            partner = (luck[bought[at], slot[at]] * len(own)).astype(np.int64)
            liked[np.arange(len(at)), partner] += np.float32(PARTNER)
            same = self.catalogue.brand[own][None, :] == self.catalogue.brand[bought[at]][:, None]
            liked += np.float32(SAME_BRAND) * same
            best = np.argmax(liked + _gumbel(liked.shape, rng), axis=1)
            there = liked[np.arange(len(at)), best] > NOT_YET / 2
            places.append(at[there])
            found.append(own[best[there]])
        empty = np.empty(0, np.int64)
        return np.concatenate([empty, *places]), np.concatenate([empty, *found])

    def renew(
        self, visitor: Codes, day: Codes, bought: Codes, days: int, rng: np.random.Generator
    ) -> tuple[Codes, Codes, Codes]:
        """Used-up things, bought again on the visitor's shopping day: (visitor, day, item row).

        A purchase from before the log has a negative day; what follows from it inside the log counts.
        """
        again = np.array([kind.again for _, kind in KINDS])
        visitors, all_days, rows = [], [], []
        while len(bought):
            every = again[self.catalogue.kind[bought]]
            stay = (every > 0) & (rng.random(len(bought)) < self.visitors.loyal[visitor])
            visitor, day, bought, every = visitor[stay], day[stay], bought[stay], every[stay]
            day = day + np.maximum(4, np.round(rng.gamma(9, every / 9))).astype(np.int64)
            day += (self.visitors.weekday[visitor] - day) % 7
            stay = day < days
            visitor, day, bought = visitor[stay], day[stay], bought[stay]
            bought = self._switch(visitor, day, bought, rng)
            inside = day >= 0
            visitors.append(visitor[inside])
            all_days.append(day[inside])
            rows.append(bought[inside])
        empty = np.empty(0, np.int64)
        return (
            np.concatenate([empty, *visitors]),
            np.concatenate([empty, *all_days]),
            np.concatenate([empty, *rows]),
        )

    def _switch(self, visitor: Codes, day: Codes, bought: Codes, rng: np.random.Generator) -> Codes:
        """One in four tries another item of the kind."""
        tries = rng.random(len(bought)) < 0.25
        result = bought.copy()
        for code, own in enumerate(self.rows_of):
            at = np.flatnonzero(tries & (self.catalogue.kind[bought] == code))
            if not len(at):
                continue
            liked = self.pull(visitor[at], np.maximum(day[at], 0), code)
            result[at] = own[np.argmax(liked + _gumbel(liked.shape, rng), axis=1)]
        return result


def _gumbel(shape: tuple[int, ...], rng: np.random.Generator) -> Singles:
    """Gumbel noise: the argmax of logits + this is a draw from their softmax."""
    draw = rng.random(shape, np.float32)
    return np.asarray(-np.log(-np.log(np.clip(draw, 1e-7, 1 - 1e-7))), np.float32)


def _sigmoid(x: Singles) -> Singles:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)
