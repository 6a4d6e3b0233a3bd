"""How is a Parquet file read, a stretch of rows at a time?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.errors import BadFile
from engine.ingest.columns import Column
from engine.ingest.readers import Fault, Stretch, refuse_names

_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def _plain(array: Any) -> Any:
    """The same values in a type whose Python form needs no other library."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _plain(array.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return array.cast(pa.timestamp("us", kind.tz), safe=False)
    return array


@dataclass
class ParquetStretch:
    """Rows of one Arrow batch; row numbers count from 1."""

    batch: Any
    lines: Sequence[int]
    done: int
    faults: Sequence[Fault] = ()
    typed: bool = True

    @property
    def names(self) -> list[str]:
        return list(self.batch.schema.names)

    def column(self, name: str) -> Column:
        array = self.batch.column(name)
        if pa.types.is_timestamp(array.type):
            # A number stands for Unix seconds too, and costs a fraction of an object for each cell.
            seconds = array.cast(pa.int64()).cast(pa.float64(), safe=False)
            array = pc.divide(seconds, _PER_SECOND[array.type.unit])
        array = _plain(array)
        if pa.types.is_nested(array.type):
            return Column.of(array.to_pylist())
        coded = array.dictionary_encode(null_encoding="encode")
        return Column(np.asarray(coded.indices), coded.dictionary.to_pylist())

    def rows_at(self, places: Sequence[int]) -> Iterable[dict[str, Any]]:
        batch = self.batch
        if not isinstance(places, range) or len(places) < len(self):
            batch = batch.take(pa.array(list(places), pa.int64()))
        columns = [_plain(batch.column(name)).to_pylist() for name in self.names]
        names = self.names
        return (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))

    def __len__(self) -> int:
        return int(self.batch.num_rows)


class ParquetReader:
    """Rows by column, in batches; `total` counts rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
            raise BadFile(f"{path} is not a sound Parquet file: {_brief(error)}.") from error
        self.total = int(self._file.metadata.num_rows)
        refuse_names(path, self._file.schema_arrow.names)

    def stretches(self, rows: int) -> Iterator[Stretch]:
        done = 0
        stream = self._file.iter_batches(batch_size=rows)
        while True:
            try:
                batch = next(stream, None)
            except (pa.ArrowException, OSError) as error:
                raise BadFile(
                    f"{self.path} is damaged after row {done:,}: {_brief(error)}. The rows before are kept."
                ) from error
            if batch is None:
                return
            start, done = done + 1, done + batch.num_rows
            yield ParquetStretch(batch, range(start, done + 1), done)


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")[:200]
