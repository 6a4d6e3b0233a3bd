"""How is Ronghe used from a terminal? One verb, one Engine method."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from engine import Engine
from engine.errors import BadQuery, EngineError
from terminal import tables

app = typer.Typer(
    name="ronghe",
    help="One engine for a shop's search box, similar items and recommendations.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
ingest = typer.Typer(help="Take in a catalogue, a behaviour log or market series.", no_args_is_help=True)
generations = typer.Typer(
    help="List, activate or prune the published generations.", invoke_without_command=True
)
keys = typer.Typer(help="Create, list or revoke API keys.", no_args_is_help=True)
app.add_typer(ingest, name="ingest")
app.add_typer(generations, name="generations")
app.add_typer(keys, name="keys")

err = Console(stderr=True)

Home = Annotated[Path, typer.Option("--home", envvar="RONGHE_HOME", help="The shop's home folder.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Count = Annotated[int, typer.Option("-k", help="How many answers.")]
Files = Annotated[list[Path], typer.Argument(help="CSV, JSONL or Parquet.")]
Mapped = Annotated[list[str] | None, typer.Option("--map", help="FILE_COLUMN=our_column; repeat for more.")]
Strict = Annotated[bool, typer.Option("--strict", help="A rejected row is an error.")]
Filters = Annotated[
    list[str] | None, typer.Option("--filter", help="'brand=HP', 'price<100'; all must hold.")
]
Weights = Annotated[list[str] | None, typer.Option("--weight", help="'personalization=0'; repeat for more.")]
Explain = Annotated[bool, typer.Option("--explain", help="Show what every part gave.")]
Run = Annotated[Path | None, typer.Option("--run", help="Write a TREC run instead of a table.")]
PipelineName = Annotated[str, typer.Option("--pipeline", help="One single model or one fusion, by its name.")]
DATA = Path("data")


def show(document: Any, as_json: bool, table: Callable[[Any], None]) -> None:
    """One JSON document, or the table made of it."""
    if as_json:
        json.dump(document, sys.stdout, ensure_ascii=False, indent=1, default=str)
        sys.stdout.write("\n")
    else:
        table(document)


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A callback (stage, done, total): bars on a terminal, silence elsewhere."""
    if not err.is_terminal:
        yield lambda stage, done, total: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


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


def _ingest(
    kind: str, files: list[Path], home: Path, mapped: list[str] | None, strict: bool, as_json: bool
) -> None:
    mapping = dict(_pair(text, "--map") for text in mapped or [])
    with progress() as report:
        document = Engine.open(home).ingest(kind, files, mapping=mapping, strict=strict, progress=report)
    show(document, as_json, tables.ingested)


@ingest.command("items")
def ingest_items(
    files: Files, home: Home = DATA, mapped: Mapped = None, strict: Strict = False, as_json: Json = False
) -> None:
    """Add or change items (upsert by item_id)."""
    _ingest("items", files, home, mapped, strict, as_json)


@ingest.command("events")
def ingest_events(
    files: Files, home: Home = DATA, mapped: Mapped = None, strict: Strict = False, as_json: Json = False
) -> None:
    """Add behaviour: searches, views, carts, purchases, ratings, dismissals ..."""
    _ingest("events", files, home, mapped, strict, as_json)


@ingest.command("series")
def ingest_series(
    files: Files, home: Home = DATA, mapped: Mapped = None, strict: Strict = False, as_json: Json = False
) -> None:
    """Add market series: series_id, date, value and regressors."""
    _ingest("series", files, home, mapped, strict, as_json)


@app.command()
def rebuild(
    home: Home = DATA,
    force: Annotated[
        bool, typer.Option("--force", help="Publish even what the quality gate refuses.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build a new generation beside the old one, check it and publish it atomically."""
    with progress() as report:
        document = Engine.open(home).rebuild(force=force, progress=report)
    show(document, as_json, tables.rebuilt)


@generations.callback()
def generations_list(context: typer.Context, home: Home = DATA, as_json: Json = False) -> None:
    """List the published generations."""
    if context.invoked_subcommand is None:
        show(Engine.open(home).generations(), as_json, tables.generations)


@generations.command("list")
def generations_list_(home: Home = DATA, as_json: Json = False) -> None:
    """List the published generations."""
    show(Engine.open(home).generations(), as_json, tables.generations)


@generations.command("activate")
def generations_activate(number: int, home: Home = DATA, as_json: Json = False) -> None:
    """Serve another generation, at once and without a restart."""
    show(Engine.open(home).activate(number), as_json, tables.facts)


@generations.command("prune")
def generations_prune(
    home: Home = DATA, keep: Annotated[int | None, typer.Option(min=1)] = None, as_json: Json = False
) -> None:
    """Remove old generations and what a failed rebuild left."""
    show(Engine.open(home).prune(keep), as_json, tables.facts)


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
    queries: Annotated[Path | None, typer.Option(help="A file of qid<TAB>text lines, with --run.")] = None,
    run: Run = None,
    k: Count = 10,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Search the shop."""
    engine = Engine.open(home)
    if queries is not None:
        _batch(engine, "search", queries, run, k, pipeline, as_json)
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
        weights=_weights(weight),
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
        items or [], k=k, filters=filters, explain=explain, weights=_weights(weight), pipeline=pipeline
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
        weights=_weights(weight),
        pipeline=pipeline,
    )
    show(answer.to_dict(), as_json, tables.hits)


@app.command()
def trending(
    category: str = "",
    searches: Annotated[bool, typer.Option("--searches", help="Searches instead of items.")] = False,
    k: Count = 10,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """What is in demand now."""
    engine = Engine.open(home)
    if searches:
        show(engine.trending_searches(k=k), as_json, tables.searches)
    else:
        show(engine.trending(category=category, k=k).to_dict(), as_json, tables.hits)


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


def _pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left or not right:
        raise BadQuery(f"{option} takes NAME=VALUE, not {text!r}.")
    return left, right


def _weights(texts: list[str] | None) -> dict[str, float] | None:
    if not texts:
        return None
    try:
        return {name: float(value) for name, value in (_pair(text, "--weight") for text in texts)}
    except ValueError as error:
        raise BadQuery(f"--weight takes NAME=NUMBER: {error}.") from error


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
