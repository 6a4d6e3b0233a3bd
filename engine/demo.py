"""How does a newcomer see everything at once?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.build import Progress, rebuild
from engine.evaluate.offline import Cut, evaluate, summary
from engine.sample import write_sample
from engine.settings import FILE, Settings

if TYPE_CHECKING:
    from engine.engine import Engine

REPORT = "demo.json"
FILES = {"items": "items.jsonl", "events": "events.parquet", "series": "series.parquet"}
CUT = Cut(days=28, requests=300, short=True)
SETTINGS = """# The sample shop, to be up soon: the fusion is learned from fewer moments and users than by default,
# and of the two networks over the order of events only the better is trained.
[learn]
skip = ["gru"]
origins = 2
stack_users = 300
"""


def demo(engine: Engine, progress: Progress) -> dict[str, Any]:
    """Write the sample shop into the home, ingest it, rebuild, evaluate; a second time only say so."""
    report = engine.home / REPORT
    if report.exists() and engine.ready():
        document: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return document
    if not (engine.home / FILE).exists():
        (engine.home / FILE).write_text(SETTINGS, encoding="utf-8")
    settings = Settings.load(engine.home)
    folder = engine.home / "sample"
    write_sample(folder, progress=lambda done, total: progress("sample shop", done, total))
    _publish_pictures(folder, engine.home)
    ingested = [
        engine.ingest(kind, [folder / name], progress=progress)["files"][0] for kind, name in FILES.items()
    ]
    rebuilt = rebuild(engine.home, engine.store, settings, progress)
    results = evaluate(engine.home, engine.store, settings, CUT, progress)
    document = {"ingested": ingested, "rebuilt": rebuilt, "evaluation": summary(results)}
    report.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return document


def _publish_pictures(folder: Path, home: Path) -> None:
    """Let the server find the pictures: it serves the home's images/."""
    link = home / "images"
    if not link.exists():
        link.symlink_to((folder / "images").absolute(), target_is_directory=True)
