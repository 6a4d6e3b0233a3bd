"""Which options do many verbs share, and how is an answer shown?"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
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

from engine.errors import BadQuery

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


class Measure(StrEnum):
    """What the error of a forecast is least in."""

    squares = "squares"
    percent = "percent"


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


def bytes_of(path: Path) -> bytes:
    """A file of the caller's, whole; raises BadQuery."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadQuery(f"{path} cannot be read: {error.strerror}.") from error


def pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left or not right:
        raise BadQuery(f"{option} takes NAME=VALUE, not {text!r}.")
    return left, right


def weights_of(texts: list[str] | None) -> dict[str, float] | None:
    if not texts:
        return None
    try:
        return {name: float(value) for name, value in (pair(text, "--weight") for text in texts)}
    except ValueError as error:
        raise BadQuery(f"--weight takes NAME=NUMBER: {error}.") from error
