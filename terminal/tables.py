"""What does an answer look like on a terminal?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console()
Document = Mapping[str, Any]


def hits(document: Document) -> None:
    """Hits, one a line, with the reason; the parts and legs when they were asked for."""
    found = document["hits"]
    if not found:
        out.print("Nothing found.", style="yellow")
        if document.get("did_you_mean"):
            out.print(Text.assemble("Did you mean ", (document["did_you_mean"], "bold"), "?"))
        return
    table = _table("#", "item", "title", "price", "score", "why", right=("#", "price", "score"))
    for place, hit in enumerate(found, 1):
        price = hit.get("price")
        money = "" if price is None else f"{price:,.2f} {hit.get('currency') or ''}".strip()
        table.add_row(
            *map(
                _cell,
                (place, hit["item_id"], _cut(hit["title"], 56), money, f"{hit['score']:.4f}", hit["why"]),
            )
        )
    out.print(table)
    if any(hit.get("explain") for hit in found):
        out.print(_parts(found))
    facets(document.get("facets", {}))
    out.print(
        f"{document['total']:,} found, generation {document['generation']}, {document['took_ms']:.1f} ms",
        style="dim",
    )


def _parts(found: Sequence[Document]) -> Table:
    names = list(dict.fromkeys(name for hit in found for name in hit["parts"]))
    legs = list(dict.fromkeys(leg for hit in found for leg in hit["explain"].get("legs", {})))
    parts = list(dict.fromkeys(part for hit in found for part in hit["explain"].get("without", {})))
    switched = [f"without {part}" for part in parts]
    columns = (*names, "score", *switched, *legs)
    table = _table("item", *columns, right=columns)
    for hit in found:
        said = hit["explain"].get("legs", {})
        table.add_row(
            _cell(hit["item_id"]),
            *(f"{hit['parts'].get(name, 0.0):+.4f}" for name in names),
            f"{hit['score']:.4f}",
            *(_place(hit["explain"].get("without", {}).get(part)) for part in parts),
            *(_leg(said.get(leg)) for leg in legs),
        )
    return table


def _place(place: int | None) -> str:
    """The place a hit would have had; "-" where it would not have been found."""
    return "-" if place is None else f"#{place}"


def _leg(said: Document | None) -> str:
    if said is None:
        return "-"
    rank = "" if said.get("rank") is None else f" #{said['rank']}"
    return f"{said['score']:.3f}{rank}"


def facets(document: Document) -> None:
    for name, counts in document.items():
        values = counts.get("values", counts) if isinstance(counts, Mapping) else counts
        pairs = values.items() if isinstance(values, Mapping) else [(v["value"], v["count"]) for v in values]
        out.print(
            Text.assemble((f"{name}: ", "bold"), ", ".join(f"{value} ({count})" for value, count in pairs))
        )


def facts(document: Document) -> None:
    """Names and values, one a line."""
    for name, value in document.items():
        out.print(Text.assemble((f"{name.replace('_', ' ')}: ", "bold"), str(value)))


def lines(document: Sequence[Document]) -> None:
    """One JSON document a line."""
    for row in document:
        print(json.dumps(row, ensure_ascii=False, default=str))


def ingested(document: Document) -> None:
    for report in document["files"]:
        line = f"{report['file']}: {report['accepted']:,} of {report['read']:,} rows taken"
        extra = [
            f"{report[name]:,} {name}"
            for name in ("rejected", "duplicates", "unknown_items")
            if report.get(name)
        ]
        out.print(line + (f" ({', '.join(extra)})" if extra else ""), markup=False)
        for reason, count in report.get("reasons", {}).items():
            out.print(f"  {count:,} x {reason}", style="yellow", markup=False)
    if document.get("rejects"):
        out.print(f"Rejected rows are kept in {document['rejects']}", style="yellow", markup=False)


def rebuilt(document: Document) -> None:
    out.print(
        f"Generation {document['generation']} is published: {document['items']:,} items, "
        f"{document['users']:,} users, {document['events']:,} events, in {document['seconds']:.1f} s"
    )
    table = _table("stage", "seconds", right=("seconds",))
    for stage, seconds in document["stages"].items():
        table.add_row(stage, f"{seconds:.2f}")
    out.print(table)
    for note in document.get("notes", ()):
        out.print(note, style="yellow", markup=False)


def generations(document: Sequence[Document]) -> None:
    if not document:
        out.print("Nothing is published yet. Run: ronghe rebuild", style="yellow")
        return
    table = _table(
        *("", "generation", "built", "items", "events", "search", "size", "NDCG@10"),
        right=("generation", "items", "events", "size", "NDCG@10"),
    )
    for row in document:
        mark = "now" if row["current"] else ""
        size = f"{row['bytes'] / 1e6:,.1f} MB"
        table.add_row(
            mark,
            str(row["generation"]),
            row["built"],
            f"{row['items']:,}",
            f"{row['events']:,}",
            row["search"],
            size,
            _quality(row),
        )
    out.print(table)


def _quality(row: Document) -> str:
    """What recommendations reached on the held-out slice; marked where the gate would have refused it."""
    found = (row.get("quality") or {}).get("recommend")
    return "-" if found is None else f"{found['ndcg']:.4f}{' below' if row.get('below') else ''}"


def doctor(document: Document) -> None:
    for check in document["checks"]:
        mark, style = ("ok", "green") if check["ok"] else ("no", "red bold")
        out.print(Text.assemble((f"{mark:>3} ", style), (check["name"], "bold"), f"  {check['fact']}"))
        if not check["ok"]:
            out.print(f"      {check['remedy']}", style="yellow", markup=False)
    out.print(
        "Fit." if document["fit"] else "Not fit yet: see above.", style="green" if document["fit"] else "red"
    )


def demo(document: Document) -> None:
    for report in document["ingested"]:
        out.print(f"{report['file']}: {report['accepted']:,} rows taken", markup=False)
    rebuilt(document["rebuilt"])
    evaluation(document["evaluation"])


def evaluation(document: Document) -> None:
    """Every single model and every fusion, side by side; before them, what tuning found."""
    if "tuning" in document:
        tuned = _table(
            "learner", "as it was", "tuned", "trials", "kept", "settings", right=("as it was", "tuned")
        )
        tuned.title = (
            f"tuning: NDCG@10 over {document['tuning']['requests']:,} requests before the judged days"
        )
        for row in document["tuning"]["learners"]:
            values = ", ".join(f"{key} {value}" for key, value in row["values"].items())
            figures = (f"{row['default']:.4f}", f"{row['tuned']:.4f}", str(row["trials"]))
            tuned.add_row(row["learner"], *figures, "yes" if row["kept"] else "no", values)
        out.print(tuned)
    for task in document["tasks"]:
        metrics = [str(name) for name in task["metrics"]]
        table = _table("pipeline", *metrics, right=tuple(metrics))
        table.title = task["title"]
        best = {name: max(row["values"][name] for row in task["rows"]) for name in metrics}
        for row in task["rows"]:
            cells = [
                Text(f"{row['values'][name]:.4f}", "bold green" if row["values"][name] == best[name] else "")
                for name in metrics
            ]
            table.add_row(Text(row["pipeline"], "bold" if row["fused"] else ""), *cells)
        out.print(table)


def suggestions(document: Sequence[Document]) -> None:
    for row in document:
        out.print(row["text"], markup=False)
    if not document:
        out.print("No completion.", style="yellow")


def bundles(document: Sequence[Document]) -> None:
    """Bundles, one after another, each item with its reason."""
    if not document:
        out.print("Nothing sells with it often enough to say so.", style="yellow")
    for number, found in enumerate(document, 1):
        price = "no price" if found["price"] is None else f"{found['price']:,.2f} {found['currency']}"
        out.print(Text.assemble((f"Bundle {number}", "bold"), f"  {price}, {found['lift']:.1f} times chance"))
        table = _table("item", "title", "price", "reason", right=("price",))
        for item in found["items"]:
            cost = "" if item["price"] is None else f"{item['price']:,.2f}"
            table.add_row(*map(_cell, (item["item_id"], _cut(item["title"], 50), cost, item["reason"])))
        out.print(table)


def profile(document: Document) -> None:
    out.print(document["sentence"], markup=False, soft_wrap=True)
    plain = {name: value for name, value in document.items() if isinstance(value, str | int | float)}
    facts({name: value for name, value in plain.items() if not name.startswith("sentence")})


def forecast(document: Document) -> None:
    """A table by week, then what it means for the stock."""
    table = _table("date", "expected", "80 % from", "to", right=("expected", "80 % from", "to"))
    for at, date in enumerate(document["dates"]):
        lower, upper = (document[side]["80"][at] for side in ("lower", "upper"))
        table.add_row(date, *(f"{value:,.1f}" for value in (document["mean"][at], lower, upper)))
    out.print(table)
    out.print(
        f"{document['series']}: {document['method']}, by {document['frequency']}", style="dim", markup=False
    )
    tried = ", ".join(f"{name} {error:.3g}" for name, error in document["errors"].items())
    out.print(f"back-test RMSSE: {tried}", style="dim", markup=False)
    if document["cover"]:
        cover = document["cover"]
        days = "longer than can be seen" if cover["days"] is None else f"about {cover['days']:,.0f} days"
        out.print(
            f"Stock of {cover['stock']:,.0f} lasts {days}; the chance that it runs out in this time is "
            f"{cover['chance']:.0%}."
        )
    for note in document["notes"]:
        out.print(note, style="yellow", markup=False)


def forecasts(document: Sequence[Document]) -> None:
    """One line a series."""
    table = _table("series", "by", "next", "method", right=("next",))
    for row in document:
        total = sum(value or 0.0 for value in row["mean"])
        table.add_row(*map(_cell, (row["series"], row["frequency"], f"{total:,.0f}", row["method"])))
    out.print(table)


def keys(document: Sequence[Document]) -> None:
    table = _table("key", "name", "scopes", "created", "expires", "revoked")
    for row in document:
        times = (_day(row[name]) for name in ("created", "expires", "revoked"))
        table.add_row(*map(_cell, (row["key_id"], row["name"], " ".join(row["scopes"]), *times)))
    out.print(table)


def _day(moment: float | None) -> str:
    return "" if moment is None else datetime.fromtimestamp(moment, UTC).date().isoformat()


def categories(document: Sequence[Document]) -> None:
    table = _table("#", "category", "units a day", "lift", right=("#", "units a day", "lift"))
    for place, row in enumerate(document, 1):
        table.add_row(str(place), _cell(row["category"]), f"{row['demand']:,.1f}", f"{row['lift']:.2f}")
    out.print(table)


def searches(document: Sequence[Document]) -> None:
    table = _table("#", "search", "how often", "users", right=("#", "how often", "users"))
    for place, row in enumerate(document, 1):
        table.add_row(str(place), _cell(row["query"]), f"{row['count']:,.1f}", str(row["users"]))
    out.print(table)


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _cell(value: Any) -> Text:
    return Text(str(value))  # as Text: square brackets in a title are not markup


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
