"""Are the figures of the overview what a hand count says?"""

from __future__ import annotations

from engine.overview import DAY, active_users, by_day, searched, totals
from engine.store import EventTable
from engine.types import Event, EventType

START = 20_000 * DAY  # 2024-10-04


def table() -> EventTable:
    """Two weeks: `lamp` is searched by one person in the first, by five in the second; `desk` by three."""
    events = []
    for week, people in ((0, 1), (7, 5)):
        for person in range(people):
            events += [
                Event(START + week * DAY + hour, EventType.SEARCH, f"u{person}", query=" Lamp")
                for hour in (1, 2)
            ]
    for week in (0, 7):
        events += [
            Event(START + week * DAY, EventType.SEARCH, session_id=f"s{n}", query="desk") for n in range(3)
        ]
    events.append(Event(START + 13 * DAY, EventType.SEARCH, "u0", query="secret"))
    for person in range(5):
        events.append(Event(START + 13 * DAY, EventType.VIEW, f"u{person}", item_id="a", dwell_s=9.0))
        events.append(Event(START + 13 * DAY, EventType.PURCHASE, f"u{person}", item_id="a"))
    events += [Event(START + 13 * DAY, EventType.VIEW, "bot", item_id="a") for _ in range(500)]
    return EventTable.of(events)


def test_a_person_counts_once_a_day_and_few_people_are_not_told() -> None:
    found = searched(table())
    assert found["top"] == [
        {"query": "lamp", "count": 5, "before": 1, "rise": 2.0},  # (5 + 3) / (1 + 3)
        {"query": "desk", "count": 3, "before": 3, "rise": 1.0},
    ]
    assert [row["query"] for row in found["rising"]] == ["lamp"]


def test_days_are_counted_up_to_the_last_of_the_log() -> None:
    days = by_day(table(), 14)
    assert (days[0]["date"], days[-1]["date"]) == ("2024-10-04", "2024-10-17")
    assert [day["search"] for day in days] == [5, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 1]
    assert (days[-1]["view"], days[-1]["purchase"]) == (505, 5)


def test_sample_shoppers_are_people() -> None:
    found = active_users(table(), 3)
    assert len(found) == 3
    assert all(row["user_id"].startswith("u") and row["purchases"] == 1 for row in found)


def test_totals_and_an_empty_log() -> None:
    assert totals(table())["by_type"]["purchase"] == 5
    assert totals(table())["last_event"] == "2024-10-17T00:00:00+00:00"
    empty = EventTable.of([])
    assert (by_day(empty), active_users(empty), searched(empty)["top"]) == ([], [], [])
    assert totals(empty)["last_event"] is None
