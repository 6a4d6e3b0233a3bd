"""How are queries, judgements and runs exchanged with the field's other tools?"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.errors import BadFile, Unanswerable

Judgements = Mapping[str, Mapping[str, float]]  # query id -> item_id -> grade


def read_lines(path: Path) -> list[str]:
    """The lines of a file that are not empty, stripped: one user or item a line. Raises BadFile."""
    return [text for _, text in _lines(path)]


def read_queries(path: Path) -> list[tuple[str, str]]:
    """(query id, text) of every line `qid <TAB> text`, in the file's order. Raises BadFile."""
    queries: dict[str, str] = {}
    for number, line in _lines(path):
        qid, tab, text = line.partition("\t")
        if not tab or not qid.strip() or not text.strip():
            raise BadFile(f"{path}, line {number}: expected a query id, a tab and the text.")
        if qid.strip() in queries:
            raise BadFile(f"{path}, line {number}: query id {qid.strip()} is there twice; ids must differ.")
        queries[qid.strip()] = text.strip()
    return list(queries.items())


def read_qrels(path: Path) -> dict[str, dict[str, float]]:
    """Grades by query id and item_id from TREC qrels: `qid 0 item_id grade`. Raises BadFile."""
    judgements: dict[str, dict[str, float]] = {}
    for number, line in _lines(path):
        cells = line.split()
        if len(cells) != 4:
            raise BadFile(
                f"{path}, line {number}: expected `qid 0 item_id grade`, found {len(cells)} columns."
            )
        judgements.setdefault(cells[0], {})[cells[2]] = _number(cells[3], path, number)
    return judgements


def write_run(path: Path, rankings: Iterable[tuple[str, Iterable[tuple[str, float]]]], tag: str) -> int:
    """Write `qid Q0 item_id rank score tag`, best first, whole or not at all; returns the lines written.

    `rankings` gives (query id, [(item_id, score), ...]) in the order that is meant. trec_eval ignores the
    rank column, keeps scores in float32 and breaks ties by item_id; so a score that does not fall below the
    one before it, in float32, is printed as the next smaller float32: every tool reads the same order.
    Raises Unanswerable for an id with white space in it, an item listed twice or a score that is not finite.
    """
    _word(tag, "run tag")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    lines = 0
    try:
        with draft.open("w", encoding="utf-8") as file:
            for qid, hits in rankings:
                for line in _run_lines(_word(qid, "query id"), hits, tag):
                    file.write(line)
                    lines += 1
        draft.replace(path)
    except OSError as error:
        raise BadFile(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return lines


def read_run(path: Path) -> dict[str, list[tuple[str, float]]]:
    """(item_id, score) by query id, best first; ties by the rank column; repeats keep their best place.

    Raises BadFile.
    """
    found: dict[str, list[tuple[float, float, str]]] = {}
    for number, line in _lines(path):
        cells = line.split()
        if len(cells) != 6:
            raise BadFile(
                f"{path}, line {number}: expected `qid Q0 item_id rank score tag`, found {len(cells)} cells."
            )
        score, rank = _number(cells[4], path, number), _number(cells[3], path, number)
        found.setdefault(cells[0], []).append((-score, rank, cells[2]))
    run: dict[str, list[tuple[str, float]]] = {}
    for qid, rows in found.items():
        best: dict[str, float] = {}
        for minus_score, _, item_id in sorted(rows):
            best.setdefault(item_id, -minus_score)
        run[qid] = list(best.items())
    return run


def ids_of(run: Mapping[str, Sequence[tuple[str, float]]]) -> dict[str, list[str]]:
    """The item_ids alone, by query id: what the metrics read."""
    return {qid: [item_id for item_id, _ in hits] for qid, hits in run.items()}


def _run_lines(qid: str, hits: Iterable[tuple[str, float]], tag: str) -> Iterator[str]:
    seen: set[str] = set()
    above = np.float32(math.inf)
    for rank, (item_id, score) in enumerate(hits, 1):
        if _word(item_id, "item_id") in seen:
            raise Unanswerable(f"Item {item_id} is listed twice for {qid}; a run may name it once.")
        seen.add(item_id)
        shown = np.float32(score)
        if not np.isfinite(shown):
            raise Unanswerable(f"The score of {item_id} for {qid} is {score}; a run needs finite scores.")
        if shown >= above:
            shown = np.nextafter(above, np.float32(-math.inf))
        above = shown
        yield f"{qid} Q0 {item_id} {rank} {float(shown):.9g} {tag}\n"


def _word(text: str, what: str) -> str:
    if not text or len(text.split()) != 1 or text != text.strip():
        raise Unanswerable(
            f"The {what} {text!r} is empty or has white space in it, which the TREC format cannot carry."
        )
    return text


def _number(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadFile(f"{path}, line {line}: {text!r} is not a number.")
    return value


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.strip()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 text.") from error
