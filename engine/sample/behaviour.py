"""How does a year in the sample shop go?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sample.catalogue import Catalogue
from engine.sample.choices import Chooser, Lists
from engine.sample.log import Log
from engine.sample.popularity import Popularity, draw_popularity
from engine.sample.queries import choose_habits, write_queries
from engine.sample.season import Calendar, shelf_of_kind
from engine.sample.shelves import KINDS
from engine.sample.visitors import Visitors, invite
from engine.sample.visits import Pages, Visits, come, look_through, second_of_day
from engine.types import EventType

Reals = NDArray[np.float64]
Codes = NDArray[np.int64]

DAY = 86_400
PASSERS = 2  # anonymous visitors for each customer
PASSING = 0.12  # how active one of them is against a customer
SCRAPERS, SCRAPED = 3, 2500  # bots that walk through the whole catalogue, and how many pages each opens
FARMED = 3000  # clicks of the one that pushes a single item


@dataclass(frozen=True, eq=False)
class Year:
    """The log: columns [events] in the order of time, with what only the simulation knows.

    `visitor` numbers customers, then passers-by, then bots; `order` numbers baskets, `query` the `queries`;
    `item` is a row; -1 or NaN = nothing there.
    """

    columns: dict[str, Reals]
    queries: tuple[str, ...]
    customers: int
    bots: Codes
    farmed: int
    popularity: Popularity


def live_through(catalogue: Catalogue, calendar: Calendar, customers: int, rng: np.random.Generator) -> Year:
    """Simulate the days of `calendar` with so many `customers`, as many passers-by again, and four bots."""
    days = calendar.days
    begin = datetime(calendar.first.year, calendar.first.month, calendar.first.day, tzinfo=UTC).timestamp()
    visitors = invite(customers, customers * PASSERS, days, catalogue, rng)
    visitors.activity[customers:] = np.minimum(visitors.activity[customers:] * PASSING, 4.0)
    popularity = draw_popularity(catalogue, days, rng)
    visits = come(visitors, calendar, rng)
    pages = look_through(visits, visitors, calendar, rng)
    chooser = Chooser.of(catalogue, popularity, visitors)
    habits = choose_habits(len(pages), rng)
    lists = chooser.show(visits, pages, habits, rng)
    log = Log()
    queries = _write_lists(log, visits, pages, lists, habits, catalogue, visitors, rng)
    bought = _write_views(log, visits, pages, lists, catalogue, chooser, calendar, rng)
    visits = _write_renewals(log, visits, bought, chooser, calendar, rng)
    columns = log.read(begin + visits.day * DAY + visits.second)
    inside = columns["session"] >= 0
    columns["visitor"] = np.where(
        inside, visits.visitor[np.maximum(columns["session"], 0).astype(np.int64)], columns["visitor"]
    )
    columns["order"] = np.where(columns["type"] == _code(EventType.PURCHASE), columns["session"], -1)
    return _finish(columns, queries, catalogue, calendar, visitors, visits, popularity, begin, rng)


def _code(kind: EventType) -> int:
    return list(EventType).index(kind)


def _write_lists(
    log: Log,
    visits: Visits,
    pages: Pages,
    lists: Lists,
    habits: Codes,
    catalogue: Catalogue,
    visitors: Visitors,
    rng: np.random.Generator,
) -> tuple[str, ...]:
    """Searches, impressions, clicks and dismissals; the distinct queries."""
    searched = np.flatnonzero(pages.searched & (lists.target >= 0))
    chinese = visitors.chinese[visits.visitor[pages.session[searched]]]
    text = write_queries(catalogue, lists.target[searched], habits[searched], chinese, rng)
    queries, code = np.unique(np.array(text, dtype=np.str_), return_inverse=True)
    query = np.full(len(pages), -1, np.int64)
    query[searched] = code
    place = pages.place.astype(np.float64)
    session = pages.session
    log.write(
        EventType.SEARCH,
        len(searched),
        session=session[searched],
        place=place[searched],
        takes=2.0,
        query=query[searched],
    )
    page, position = np.nonzero(lists.seen & (query >= 0)[:, None])
    log.write(
        EventType.IMPRESSION,
        len(page),
        session=session[page],
        place=place[page] + 0.1 + position * 0.001,
        takes=0.2,
        item=lists.rows[page, position],
        query=query[page],
        position=position + 1,
    )
    tired = (lists.pull[page, position] < -1.2) & (visits.visitor[session[page]] < visitors.customers)
    tired &= rng.random(len(page)) < 0.25
    log.write(
        EventType.DISMISS,
        int(tired.sum()),
        session=session[page[tired]],
        place=place[page[tired]] + 0.2,
        takes=1.0,
        item=lists.rows[page[tired], position[tired]],
    )
    page, position = np.nonzero(lists.opened & (query >= 0)[:, None])
    log.write(
        EventType.CLICK,
        len(page),
        session=session[page],
        place=place[page] + 0.3 + position * 0.01,
        takes=0.4,
        item=lists.rows[page, position],
        query=query[page],
        position=position + 1,
    )
    return tuple(str(query) for query in queries)


def _write_views(
    log: Log,
    visits: Visits,
    pages: Pages,
    lists: Lists,
    catalogue: Catalogue,
    chooser: Chooser,
    calendar: Calendar,
    rng: np.random.Generator,
) -> tuple[Codes, Codes, Codes]:
    """Views, carts, purchases and their companions; the purchases as (visitor, day, row)."""
    page, position = np.nonzero(lists.opened)
    session, item, pull = pages.session[page], lists.rows[page, position], lists.pull[page, position]
    place = pages.place[page] + 0.305 + position * 0.01
    dwell = np.exp(rng.normal(3.1, 0.75, len(page)) + 0.22 * np.clip(pull, -3, 4))
    log.write(
        EventType.VIEW,
        len(page),
        session=session,
        place=place,
        takes=dwell,
        item=item,
        dwell_s=_tenths(dwell),
    )
    chance = 1 / (1 + np.exp(-(0.65 * np.clip(pull, -3, 4) - 2.5)))
    carted = rng.random(len(page)) < chance
    session, item, place = session[carted], item[carted], place[carted]
    log.write(EventType.CART, len(item), session=session, place=place + 0.002, takes=2.0, item=item)
    buys = rng.random(len(item)) < 0.62
    session, item = session[buys], item[buys]
    keep = _first_of_a_kind(visits.visitor[session], item, visits.day[session], catalogue)
    session, item = session[keep], item[keep]
    at, extra = chooser.add_companions(visits.visitor[session], visits.day[session], item, rng)
    dwell = np.exp(rng.normal(2.7, 0.6, len(at)))
    log.write(
        EventType.VIEW,
        len(at),
        session=session[at],
        place=20.0,
        takes=dwell,
        item=extra,
        dwell_s=_tenths(dwell),
    )
    log.write(EventType.CART, len(at), session=session[at], place=20.1, takes=2.0, item=extra)
    session, item = np.concatenate([session, session[at]]), np.concatenate([item, extra])
    pairs = np.unique(np.stack([session, item]), axis=1)
    session, item = pairs[0], pairs[1]
    keep = _first_of_a_kind(visits.visitor[session], item, visits.day[session], catalogue)
    session, item = session[keep], item[keep]
    _buy(log, session, item, visits.day[session], catalogue, calendar, rng)
    return visits.visitor[session], visits.day[session], item


def _first_of_a_kind(visitor: Codes, item: Codes, day: Codes, catalogue: Catalogue) -> Codes:
    """Nobody buys the same kettle twice: the places [n] to keep. What is used up may be bought again."""
    lasting = np.array([kind.again == 0 for _, kind in KINDS])[catalogue.kind[item]]
    order = np.lexsort((day, item, visitor))
    same = (visitor[order][1:] == visitor[order][:-1]) & (item[order][1:] == item[order][:-1])
    repeat = np.concatenate([[False], same]) & lasting[order]
    return np.sort(order[~repeat])


def _buy(
    log: Log,
    session: Codes,
    item: Codes,
    day: Codes,
    catalogue: Catalogue,
    calendar: Calendar,
    rng: np.random.Generator,
) -> None:
    """A purchase each, at the price of the day."""
    used_up = np.array([kind.again > 0 for _, kind in KINDS])[catalogue.kind[item]]
    quantity = np.where(used_up & (rng.random(len(item)) < 0.3), rng.integers(2, 4, len(item)), 1)
    off = calendar.discount[shelf_of_kind()[catalogue.kind[item]], day]
    log.write(
        EventType.PURCHASE,
        len(item),
        session=session,
        place=99.0,
        takes=0.0,
        item=item,
        quantity=quantity.astype(np.float64),
        price=np.round(catalogue.price[item] * (1 - off), 2),
    )


def _tenths(seconds: Reals | NDArray[np.floating[Any]]) -> Reals:
    return np.asarray(np.round(seconds.astype(np.float64), 1), np.float64)


def _write_renewals(
    log: Log,
    visits: Visits,
    bought: tuple[Codes, Codes, Codes],
    chooser: Chooser,
    calendar: Calendar,
    rng: np.random.Generator,
) -> Visits:
    """What customers buy again, a session for each shopping day; the visits with those added."""
    visitor, day, item = bought
    known = visitor < chooser.visitors.customers
    visitor, day, item = visitor[known], day[known], item[known]
    # Without what was bought in the year before, nothing would run out in the first weeks of the log.
    old = (chooser.visitors.first[visitor] == 0) & (chooser.catalogue.launch[item] < day - calendar.days)
    visitor, item = np.concatenate([visitor, visitor[old]]), np.concatenate([item, item[old]])
    day = np.concatenate([day, day[old] - calendar.days])
    visitor, day, item = chooser.renew(visitor, day, item, calendar.days, rng)
    key, session = np.unique(visitor * calendar.days + day, return_inverse=True)
    session = session + len(visits)
    dwell = np.exp(rng.normal(1.9, 0.5, len(item)))
    place = np.arange(len(item)) / max(len(item), 1)
    log.write(
        EventType.VIEW,
        len(item),
        session=session,
        place=place,
        takes=dwell,
        item=item,
        dwell_s=_tenths(dwell),
    )
    log.write(EventType.CART, len(item), session=session, place=place + 1e-9, takes=2.0, item=item)
    pairs = np.unique(np.stack([session, item]), axis=1)
    _buy(
        log, pairs[0], pairs[1], key[pairs[0] - len(visits)] % calendar.days, chooser.catalogue, calendar, rng
    )
    return Visits(
        np.concatenate([visits.visitor, key // calendar.days]),
        np.concatenate([visits.day, key % calendar.days]),
        np.concatenate([visits.second, second_of_day(len(key), rng)]),
    )


def _finish(
    columns: dict[str, Reals],
    queries: tuple[str, ...],
    catalogue: Catalogue,
    calendar: Calendar,
    visitors: Visitors,
    visits: Visits,
    popularity: Popularity,
    begin: float,
    rng: np.random.Generator,
) -> Year:
    """Ratings and returns of what was bought, the bots, and all in the order of time."""
    log = Log()
    end = begin + calendar.days * DAY
    purchase = np.flatnonzero(columns["type"] == _code(EventType.PURCHASE))
    who, item, when = (columns[name][purchase] for name in ("visitor", "item", "time"))
    row, known = item.astype(np.int64), who < visitors.customers
    liking = visitors.fondness[who.astype(np.int64), row]
    stars = np.round(3.7 + 0.55 * catalogue.quality[row] + 0.25 * liking + rng.normal(0, 0.7, len(row)))
    stars = np.clip(stars, 1, 5)
    rates = known & (rng.random(len(row)) < 0.22)
    later = when + rng.uniform(2, 15, len(row)) * DAY
    rates &= later < end
    log.write(
        EventType.RATING,
        int(rates.sum()),
        time=later[rates],
        visitor=who[rates],
        item=item[rates],
        value=stars[rates],
    )
    cloth = np.array([bool(kind.sizes) for _, kind in KINDS])[catalogue.kind[row]]
    back = known & (rng.random(len(row)) < np.where(cloth, 0.09, 0.015) * (1 + (stars < 3)))
    later = when + rng.uniform(4, 16, len(row)) * DAY
    back &= later < end
    log.write(
        EventType.RETURN,
        int(back.sum()),
        time=later[back],
        visitor=who[back],
        item=item[back],
        quantity=1.0,
    )
    farmed = _send_bots(log, catalogue, len(visitors), len(visits), begin, calendar.days, rng)
    late = log.read(np.zeros(1))
    merged = {name: np.concatenate([columns[name], late[name]]) for name in columns}
    order = np.argsort(merged["time"], kind="stable")
    order = order[merged["time"][order] < end]
    bots = len(visitors) + np.arange(SCRAPERS + 1)
    return Year(
        {name: column[order] for name, column in merged.items()},
        queries,
        visitors.customers,
        bots,
        farmed,
        popularity,
    )


def _send_bots(
    log: Log,
    catalogue: Catalogue,
    first: int,
    session: int,
    begin: float,
    days: int,
    rng: np.random.Generator,
) -> int:
    """Scrapers that open page after page, day and night, and a click farm on one item: its row."""
    for number in range(SCRAPERS):
        start = begin + rng.uniform(0.55, 0.97) * days * DAY
        every = rng.uniform(20, 45)
        log.write(
            EventType.VIEW,
            SCRAPED,
            time=start + every * np.arange(SCRAPED) + rng.uniform(0, 1, SCRAPED),
            visitor=float(first + number),
            session=float(session + number),
            item=(np.arange(SCRAPED) + int(rng.integers(len(catalogue)))) % len(catalogue),
            dwell_s=0.0,
        )
    on_sale = np.flatnonzero(catalogue.launch < 0)
    farmed = int(rng.choice(on_sale))
    when = begin + (days - 12) * DAY + np.sort(rng.uniform(0, 11.5, FARMED)) * DAY
    log.write(
        EventType.CLICK,
        FARMED,
        time=when,
        visitor=float(first + SCRAPERS),
        session=session + SCRAPERS + (np.arange(FARMED) // 150),
        item=float(farmed),
    )
    return farmed
