"""How is a file of questions answered, for evaluation with any tool of the field?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from engine.evaluate.trec import read_lines, read_queries, write_run

if TYPE_CHECKING:
    from engine.answer import Answer
    from engine.engine import Engine

EVERY = 20  # questions between two steps of a progress bar


def run(
    engine: Engine,
    task: str,
    asks: Path,
    out: Path,
    *,
    k: int,
    pipeline: str,
    repeat: bool | None,
    progress: Callable[[str, int, int | None], None],
) -> dict[str, Any]:
    """Write a TREC run of `task` over the questions in `asks` to `out`."""
    questions = read_queries(asks) if task == "search" else [(line, line) for line in read_lines(asks)]
    started = perf_counter()

    def answer(question: str) -> Answer:
        if task == "search":
            # The cut-off is for shoppers: a metric wants the whole ranking.
            return engine.search(question, k=k, pipeline=pipeline or "uncut", reasons=False)
        if task == "similar":
            return engine.similar(question, k=k, pipeline=pipeline, reasons=False)
        return engine.recommend(question, k=k, pipeline=pipeline, repeat=repeat, reasons=False)

    def answers() -> Iterator[tuple[str, list[tuple[str, float]]]]:
        for done, (name, question) in enumerate(questions, 1):
            yield name, [(hit.item_id, hit.score) for hit in answer(question).hits]
            if done % EVERY == 0 or done == len(questions):
                progress(task, done, len(questions))

    write_run(out, answers(), tag=pipeline or task)
    seconds = perf_counter() - started
    return {
        "run": str(out),
        "questions": len(questions),
        "pipeline": pipeline or task,
        "seconds": round(seconds, 2),
    }
