"""How are files taken in, generations kept, and keys handed out from a terminal?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine import Engine
from terminal import tables
from terminal.options import DATA, Files, Home, Json, Mapped, Strict, pair, progress, show

ingest = typer.Typer(help="Take in a catalogue, a behaviour log or market series.", no_args_is_help=True)
generations = typer.Typer(
    help="List, activate or prune the published generations.", invoke_without_command=True
)
keys = typer.Typer(help="Create, list or revoke API keys.", no_args_is_help=True)


def _ingest(
    kind: str, files: list[Path], home: Path, mapped: list[str] | None, strict: bool, as_json: bool
) -> None:
    mapping = dict(pair(text, "--map") for text in mapped or [])
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


@keys.command("create")
def keys_create(
    scopes: Annotated[list[str], typer.Argument(help="search, events, admin")],
    name: str = "",
    days: Annotated[float | None, typer.Option(help="Expires after so many days.")] = None,
    home: Home = DATA,
    as_json: Json = False,
) -> None:
    """Create an API key; its token is shown this once."""
    show(Engine.open(home).create_key(scopes, name=name, days=days), as_json, tables.facts)


@keys.command("list")
def keys_list(home: Home = DATA, as_json: Json = False) -> None:
    """List the API keys, without their secrets."""
    show(Engine.open(home).keys(), as_json, tables.keys)


@keys.command("revoke")
def keys_revoke(key_id: str, home: Home = DATA, as_json: Json = False) -> None:
    """End an API key, at once."""
    show(Engine.open(home).revoke_key(key_id), as_json, tables.facts)
