"""How do a shop's own files become items, events and series, with every row accounted for?"""

from __future__ import annotations

from engine.ingest.clean import RowError
from engine.ingest.columns import parse_map
from engine.ingest.files import ingest_files
from engine.ingest.report import IngestReport
from engine.ingest.rows import validate_event, validate_item, validate_point

__all__ = [
    "IngestReport",
    "RowError",
    "ingest_files",
    "parse_map",
    "validate_event",
    "validate_item",
    "validate_point",
]
