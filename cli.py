"""How is Ronghe used from a terminal? One verb, one Engine method."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from engine import Engine
from engine.errors import BadQuery, EngineError
from terminal import tables
from terminal.options import (
    DATA,
    Count,
    Explain,
    Filters,
    Home,
    Json,
    Measure,
    PipelineName,
    Run,
    Weights,
    bytes_of,
    err,
    progress,
    show,
    weights_of,
)
from terminal.running import generations, ingest, keys

app = typer.Typer(
    name="ronghe",
    help="One engine for a shop's search box, similar items and recommendations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(ingest, name="ingest")
app.add_typer(generations, name="generations")
app.add_typer(keys, name="keys")


@app.command()
def init(home: Home = DATA, as_json: Json = False) -> None:
    """Write a commented ronghe.toml and an empty store."""
    show(Engine.open(home).init(), as_json, tables.facts)


@app.command()
def demo(
    home: Home = DATA,
    host: str = "127.0.0.1",
    port: int = 8000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the page at the end.")] = True,
    as_json: Json = False,
) -> None:
    """Write the generated sample shop, ingest it, rebuild, evaluate in short and serve the page."""
    with progress() as report:
        document = Engine.open(home).demo(progress=report)
    show(document, as_json, tables.demo)
    if serve:
        from server import serve as run

        run(home, host=host, port=port)


@app.command()
def doctor(home: Home = DATA, as_json: Json = False) -> None:
    """Say whether this machine and this home are fit, and what to do if not."""
    document = Engine.doctor(home)
    show(document, as_json, tables.doctor)
    if not document["fit"]:
        raise typer.Exit(1)


@app.command()
def rebuild(
    force: Annotated[
        bool, typer.Option("--force", help="Publish even what the quality gate refuses.")
    ] = False,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Build a new generation beside the old one, check it and publish it atomically."""
    with progress() as report:
        document = Engine.open(home).rebuild(force=force, progress=report)
    show(document, as_json, tables.rebuilt)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What a shopper types.")] = "",
    user: str = "",
    filters: Filters = None,
    sort: Annotated[str, typer.Option(help="price, -price, or any column")] = "",
    facet: Annotated[list[str] | None, typer.Option("--facet", help="Count the values of a column.")] = None,
    offset: int = 0,
    weight: Weights = None,
    explain: Explain = False,
    pipeline: PipelineName = "",
    image: Annotated[Path | None, typer.Option(help="Search by this picture instead.")] = None,
    queries: Annotated[Path | None, typer.Option(help="A file of qid<TAB>text lines, with --run.")] = None,
    run: Run = None,
    k: Count = 10,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Search the shop, by words or by a picture."""
    engine = Engine.open(home)
    if queries is not None:
        _batch(engine, "search", queries, run, k, pipeline, as_json)
        return
    if image is not None:
        if query:
            raise BadQuery("Ask by words or by a picture, not by both.")
        found = engine.search_image(bytes_of(image), k=k, filters=filters, explain=explain)
        show(found.to_dict(), as_json, tables.hits)
        return
    if not query:
        raise BadQuery("Say what to search for, or name a file with --queries.")
    answer = engine.search(
        query,
        user=user or None,
        k=k,
        offset=offset,
        filters=filters,
        facets=facet or (),
        sort=sort,
        explain=explain,
        weights=weights_of(weight),
        pipeline=pipeline,
    )
    show(answer.to_dict(), as_json, tables.hits)


@app.command()
def similar(
    items: Annotated[list[str] | None, typer.Argument(help="One or more item ids.")] = None,
    filters: Filters = None,
    weight: Weights = None,
    explain: Explain = False,
    pipeline: PipelineName = "",
    items_file: Annotated[
        Path | None, typer.Option("--items", help="A file with an item id a line, with --run.")
    ] = None,
    run: Run = None,
    k: Count = 10,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Items like these."""
    engine = Engine.open(home)
    if items_file is not None:
        _batch(engine, "similar", items_file, run, k, pipeline, as_json)
        return
    answer = engine.similar(
        items or [], k=k, filters=filters, explain=explain, weights=weights_of(weight), pipeline=pipeline
    )
    show(answer.to_dict(), as_json, tables.hits)


@app.command()
def recommend(
    user: Annotated[str, typer.Argument(help="A user's id.")] = "",
    repeat: Annotated[
        bool | None, typer.Option("--repeat/--no-repeat", help="Let bought items back in.")
    ] = None,
    filters: Filters = None,
    weight: Weights = None,
    explain: Explain = False,
    pipeline: PipelineName = "",
    users: Annotated[Path | None, typer.Option(help="A file with a user id a line, with --run.")] = None,
    run: Run = None,
    k: Count = 10,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """What this user may want next."""
    engine = Engine.open(home)
    if users is not None:
        _batch(engine, "recommend", users, run, k, pipeline, as_json, repeat=repeat)
        return
    answer = engine.recommend(
        user,
        k=k,
        repeat=repeat,
        filters=filters,
        explain=explain,
        weights=weights_of(weight),
        pipeline=pipeline,
    )
    show(answer.to_dict(), as_json, tables.hits)


@app.command()
def trending(
    category: str = "",
    searches: Annotated[bool, typer.Option("--searches", help="Searches instead of items.")] = False,
    categories: Annotated[bool, typer.Option("--categories", help="Categories instead of items.")] = False,
    rising: Annotated[
        bool, typer.Option("--rising", help="What is about to sell more than of late.")
    ] = False,
    k: Count = 10,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """What is in demand now."""
    engine = Engine.open(home)
    if searches:
        show(engine.trending_searches(k=k), as_json, tables.searches)
    elif categories:
        show(engine.trending_categories(k=k), as_json, tables.categories)
    elif rising:
        show(engine.rising(category=category, k=k).to_dict(), as_json, tables.hits)
    else:
        show(engine.trending(category=category, k=k).to_dict(), as_json, tables.hits)


@app.command()
def suggest(prefix: str, k: Count = 10, home: Home = DATA, as_json: Json = False) -> None:
    """Completions of what is being typed."""
    show(Engine.open(home).suggest(prefix, k=k), as_json, tables.suggestions)


@app.command()
def bundle(
    items: Annotated[list[str], typer.Argument(help="One or more item ids.")],
    max_price: Annotated[float | None, typer.Option(help="The most the whole bundle may cost.")] = None,
    k: Count = 3,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Sets of items that sell together, priced, each with its reason."""
    show(Engine.open(home).bundle(items, k=k, max_price=max_price), as_json, tables.bundles)


@app.command()
def profile(user: str, home: Home = DATA, as_json: Json = False) -> None:
    """What is known of a user, in numbers and a sentence."""
    show(Engine.open(home).profile(user), as_json, tables.profile)


@app.command()
def forecast(
    item: str = "",
    category: str = "",
    brand: str = "",
    series: str = "",
    everything: Annotated[
        bool, typer.Option("--all", help="The shop, categories, brands, items and market series.")
    ] = False,
    horizon: Annotated[int, typer.Option(min=1, max=3650, help="Steps ahead.")] = 28,
    out: Annotated[Path | None, typer.Option(help="Write a CSV with lower and upper bounds.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a PNG.")] = None,
    measure: Annotated[
        Measure, typer.Option(help="With --all: what the error of market series is least in.")
    ] = Measure.squares,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Expected demand with intervals, and whether the stock will last."""
    asked = {"item": item, "category": category, "brand": brand, "series": series}
    with progress() as report:
        documents = Engine.open(home).forecasts(
            asked,
            everything=everything,
            horizon=horizon,
            out=out,
            plot=plot,
            measure=measure.value,
            progress=report,
        )
    show(
        documents if everything else documents[0],
        as_json,
        tables.forecasts if everything else tables.forecast,
    )


@app.command()
def evaluate(
    report: Annotated[Path | None, typer.Option(help="A folder for the HTML report and its JSON.")] = None,
    days: Annotated[float, typer.Option(min=1, help="The last days of the log judge the answers.")] = 28.0,
    requests: Annotated[int, typer.Option(min=10, help="At most this many requests a task.")] = 1000,
    split: Annotated[
        str,
        typer.Option(help="What judges: the last days (time), everybody's last purchase (last), or folds."),
    ] = "time",
    tune: Annotated[
        str, typer.Option(help="First tune the learners on the days before, within 90s, 20m or 1h.")
    ] = "",
    keep: Annotated[bool, typer.Option(help="Write what tuning found better to ronghe.toml.")] = False,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Every single model and every fusion, side by side, judged by what people did next."""
    with progress() as bars:
        document = Engine.open(home).evaluate(
            report=report, days=days, requests=requests, split=split, tune=tune, keep=keep, progress=bars
        )
    show(document, as_json, tables.evaluation)


@app.command()
def export(user: str, home: Home = DATA, as_json: Json = False) -> None:
    """Everything that is known of a user, one JSON event a line (or one document)."""
    events = Engine.open(home).export(user)
    show(events, as_json, tables.lines)


@app.command()
def forget(user: str, home: Home = DATA, as_json: Json = False) -> None:
    """Erase a user's events; what was learned from them goes with the next rebuild."""
    show(Engine.open(home).forget(user), as_json, tables.facts)


@app.command()
def serve(
    home: Home = DATA,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    threads: int | None = None,
) -> None:
    """Serve the HTTP interface, the shop page and the studio."""
    from server import serve as run

    run(home, host=host, port=port, workers=workers, threads=threads)


def _batch(
    engine: Engine,
    task: str,
    asks: Path,
    run: Path | None,
    k: int,
    pipeline: str,
    as_json: bool,
    **options: Any,
) -> None:
    if run is None:
        raise BadQuery("A file of questions needs --run OUT.trec to write the answers to.")
    with progress() as report:
        document = engine.run(task, asks, run, k=k, pipeline=pipeline, progress=report, **options)
    show(document, as_json, tables.facts)


def main() -> None:
    """Run the command line: 0 done, 1 not as asked, 2 wrong usage or unreadable input, 3 internal error."""
    try:
        app()
    except EngineError as error:
        err.print(f"ronghe: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        err.print("ronghe: stopped", style="red")
        sys.exit(130)


if __name__ == "__main__":
    main()
