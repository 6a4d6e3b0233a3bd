"""Which rows lie nearest to a vector?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexes.codes import CHUNK, Bytes, Decoded, Grid, Vectors, dots_at
from indexes.ranking import Mask, Ranking, Rows, Scores

_faiss: Any = faiss  # its stubs lag behind what it offers

EXACT_BELOW = 50_000  # rows; up to here every row is scanned
GRAPH = "HNSW32_SQ8"
EF_CONSTRUCTION = 100  # 200 takes 2.3 times as long for half a point of recall (docs/encoders.md)
EF_SEARCH = 128
ROWS_A_STEP = 80  # codes are scanned in the time of one step of the graph's beam (docs/encoders.md)


@dataclass(frozen=True)
class Plan:
    """How an index was built: what has to be known again when it is opened."""

    factory: str  # "" = every row is scanned
    rows: int
    dim: int
    slack: float  # the most a code's inner product with a unit vector can be off
    ef_search: int = EF_SEARCH
    version: int = 1


class VectorIndex:
    """Rows by inner product. Immutable; safe to search from several threads.

    Small indexes scan one-byte codes of every row and score what could still be among the best exactly:
    "filter and refine", exact by proof (Weber, Schek & Blott, VLDB 1998). Large ones walk a graph
    (Malkov & Yashunin 2018) over the same codes and score its candidates exactly; under a narrow filter
    they scan the allowed rows. A row of zeros is an item of which nothing is known: it is never retrieved.
    """

    def __init__(
        self,
        vectors: NDArray[Any] | Decoded,
        known: Rows | None,
        codes: Bytes | None,
        grid: Grid | None,
        graph: Any,
        plan: Plan,
    ):
        self.vectors = vectors  # [n, d]: float32; float16 or decoded from the codes when large
        self._known = known  # rows that are not zero, in the order of codes and graph; None = all
        self._place = _places(known, len(vectors))
        self._codes = codes
        self._grid = grid
        self._graph = graph
        self.plan = plan

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return self.plan.dim

    @classmethod
    def build(
        cls, vectors: NDArray[Any], factory: str = "auto", *, memory_bytes: int | None = None
    ) -> VectorIndex:
        """An index over `vectors` [n, d].

        `factory` is any faiss description ("Flat", "HNSW32_SQ8", "IVF1024,PQ32"); "auto" scans up to
        50,000 rows, builds a graph above, and product-quantizes when the graph would not fit
        `memory_bytes`. Rows are kept as float32; above 50,000 as the graph's own one-byte codes (scores of
        unit vectors then err by .0007, recall@10 stays above .99), or as float16 where it has none.
        Raises ValueError for what is not a finite matrix.
        """
        if vectors.ndim != 2:
            raise ValueError(f"vectors must be a matrix, not {vectors.ndim}-dimensional")
        n, d = vectors.shape
        keep = np.empty(n, bool)
        for start in range(0, n, CHUNK):
            part = np.asarray(vectors[start : start + CHUNK])
            if not np.isfinite(part).all():
                raise ValueError("vectors must be finite: a row holds NaN or infinity")
            keep[start : start + CHUNK] = part.any(axis=1)
        known = None if keep.all() else np.flatnonzero(keep)
        facts = vectors if known is None else vectors[known]
        choice = _choose(len(facts), d, memory_bytes) if factory == "auto" else factory
        if choice in ("", "Flat") or not facts.size:
            stored = np.ascontiguousarray(vectors, np.float32 if n <= EXACT_BELOW else np.float16)
            grid = Grid.fit(facts)
            codes = grid.encode(facts)
            return cls(stored, known, codes, grid, None, Plan("", n, d, grid.slack(facts, codes)))
        graph = _build_graph(facts, choice)
        shared = _shared_codes(graph)
        if shared is not None and n > EXACT_BELOW:
            decoded = Decoded(*shared, _places(known, n))
            return cls(decoded, known, *shared, graph, Plan(choice, n, d, 0.0))
        stored = np.ascontiguousarray(vectors, np.float32 if n <= EXACT_BELOW else np.float16)
        if shared is None:
            return cls(stored, known, None, None, graph, Plan(choice, n, d, 0.0))
        codes, grid = shared
        return cls(stored, known, codes, grid, graph, Plan(choice, n, d, grid.slack(facts, codes)))

    def search(self, vector: Vectors, k: int, allowed: Mask | None = None) -> Ranking:
        """The `k` rows with the largest inner product with `vector` [d], of those `allowed` [n].

        Scores are those of `score`. A vector of zeros, or an empty mask, has no answer: Ranking.empty().
        """
        query = np.ascontiguousarray(vector, np.float32)
        if query.shape != (self.dim,):
            raise ValueError(f"the vector has shape {query.shape}; this index holds vectors of ({self.dim},)")
        if allowed is not None and len(allowed) != len(self):
            raise ValueError(f"the mask has {len(allowed)} rows; this index holds {len(self)}")
        k = min(k, len(self))
        if k <= 0 or not query.any() or not np.isfinite(query).all():
            return Ranking.empty()
        kept = len(self) if allowed is None else int(np.count_nonzero(allowed))
        if not kept:
            return Ranking.empty()
        if self._graph is None or (allowed is not None and self._narrow(kept, k)):
            rows = self._scan(query, k, self._allowed_places(allowed))
        else:
            rows = self._walk(query, k, allowed, kept)
        return Ranking.of(rows, self._exact(query, rows), k)

    def vector(self, row: int) -> Vectors:
        """The stored vector [d] of one row."""
        return np.asarray(self.vectors[row], np.float32)

    def score(self, vector: Vectors, rows: Rows) -> Scores:
        """Inner products [m] of `vector` [d] with the stored vectors at `rows` [m]; NaN for a zero row."""
        rows = np.asarray(rows, np.int64)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError(f"rows must be from 0 to {len(self) - 1}")
        scores = self._exact(np.ascontiguousarray(vector, np.float32), rows)
        if self._place is not None:
            scores[self._place[rows] < 0] = np.nan
        return scores

    def _exact(self, query: Vectors, rows: Rows) -> Scores:
        if isinstance(self.vectors, Decoded):
            places = rows if self._place is None else np.maximum(self._place[rows], 0)
            return self.vectors.grid.scores(self.vectors.codes, query, places)
        if self.vectors.dtype == np.float32:
            return dots_at(self.vectors, query, np.float32(0), np.ascontiguousarray(rows, np.int64))
        return np.asarray(self.vectors[rows], np.float32) @ query

    def _narrow(self, kept: int, k: int) -> bool:
        """Whether a filter is answered sooner by scanning what it keeps than by a beam widened for it.

        A graph also loses its way when most of its nodes are forbidden; a scan is exact.
        """
        steps = max(self.plan.ef_search, k) * len(self) / kept
        return kept <= ROWS_A_STEP * steps

    def _allowed_places(self, allowed: Mask | None) -> Rows | None:
        if allowed is None:
            return None
        if self._known is None:
            return np.flatnonzero(allowed)
        return np.flatnonzero(allowed[self._known])

    def _scan(self, query: Vectors, k: int, places: Rows | None) -> Rows:
        """Every row that can be among the best `k` of `places`: a superset, seldom much larger."""
        if self._codes is None or self._grid is None:
            return self._rows_at(np.arange(self._count()) if places is None else places)
        near = self._grid.scores(self._codes, query, places)
        if k < len(near):
            # The k-th best is at least `cut` less the error; a row further below than twice that is out.
            error = self.plan.slack * float(np.linalg.norm(query)) * 1.001 + 1e-6
            cut = np.partition(near, -k)[-k]
            best = np.flatnonzero(near >= cut - 2 * error)
            places = best if places is None else places[best]
        elif places is None:
            places = np.arange(len(near))
        return self._rows_at(places)

    def _walk(self, query: Vectors, k: int, allowed: Mask | None, kept: int) -> Rows:
        # Rows are scored more finely than the graph does it: let them correct its order at the end.
        spare = 0 if isinstance(self.vectors, Decoded) else k // 4 + 16
        ask = min(k + spare, self._count())
        selector = None
        if allowed is not None:
            mask = allowed if self._known is None else allowed[self._known]
            bits = np.packbits(mask, bitorder="little")
            selector = _faiss.IDSelectorBitmap(bits)
        params = _parameters(self._graph, selector, self.plan.ef_search, ask, kept / len(self))
        _, places = self._graph.search(query[None], ask, params=params)
        found = places[0]
        return self._rows_at(found[found >= 0])

    def _count(self) -> int:
        return len(self.vectors) if self._known is None else len(self._known)

    def _rows_at(self, places: Rows) -> Rows:
        return places if self._known is None else self._known[places]

    def save(self, folder: Path) -> None:
        """Write the index into `folder`, as files that `open` maps."""
        folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(self.vectors, Decoded):
            np.save(folder / "rows.npy", self.vectors)
        if self._known is not None:
            np.save(folder / "known.npy", self._known)
        if self._graph is not None:
            faiss.write_index(self._graph, str(folder / "graph.faiss"))
        elif self._codes is not None and self._grid is not None:
            np.save(folder / "codes.npy", self._codes)
            np.save(folder / "grid.npy", np.stack([self._grid.low, self._grid.step]))
        (folder / "vector.json").write_text(json.dumps(asdict(self.plan)), "utf-8")

    @classmethod
    def open(cls, folder: Path) -> VectorIndex:
        """The index that `save` left in `folder`, memory-mapped: workers share its pages."""
        plan = Plan(**json.loads((folder / "vector.json").read_text("utf-8")))
        known = np.load(folder / "known.npy") if (folder / "known.npy").exists() else None
        if not plan.factory:
            exact = Grid(*np.load(folder / "grid.npy"))
            return cls(_mapped(folder / "rows.npy"), known, _mapped(folder / "codes.npy"), exact, None, plan)
        graph = faiss.read_index(str(folder / "graph.faiss"), faiss.IO_FLAG_MMAP_IFC)
        shared = _shared_codes(graph)
        if (folder / "rows.npy").exists():
            codes, grid = shared if shared is not None else (None, None)
            return cls(_mapped(folder / "rows.npy"), known, codes, grid, graph, plan)
        if shared is None:
            raise ValueError(f"{folder} holds neither rows nor codes: it is not whole")
        return cls(Decoded(*shared, _places(known, plan.rows)), known, *shared, graph, plan)


def _mapped(path: Path) -> NDArray[Any]:
    # Copy-on-write, never written: one compiled kernel then serves arrays in memory and on disk alike.
    array = np.load(path, mmap_mode="c" if path.stat().st_size > 4096 else None)
    return np.asarray(array)


def _places(known: Rows | None, n: int) -> NDArray[np.int64] | None:
    if known is None:
        return None
    places = np.full(n, -1, np.int64)
    places[known] = np.arange(len(known))
    return places


def _choose(n: int, d: int, memory_bytes: int | None) -> str:
    if n <= EXACT_BELOW:
        return ""
    graph = n * (d + 4 * 2 * 32 + 16)
    if memory_bytes is None or graph <= memory_bytes:
        return GRAPH
    lists = 1 << max(8, round(np.log2(4 * np.sqrt(n))))
    # Four-bit codes (Andre, Kermarrec & Le Scouarnec, VLDB 2015): 8-bit ones train 100 times slower.
    parts = [d // m for m in (2, 4, 8, 16) if d % m == 0] or [d]
    fits = [m for m in parts if n * (m // 2 + 8) <= memory_bytes]
    return f"IVF{lists},PQ{(fits or parts[-1:])[0]}x4fs"


def _build_graph(vectors: NDArray[Any], factory: str) -> Any:
    try:
        index = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    except RuntimeError as fault:
        raise ValueError(f"faiss knows no index {factory!r} for inner products; try HNSW32_SQ8") from fault
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efConstruction = EF_CONSTRUCTION
    sample = vectors
    if len(vectors) > 4 * CHUNK and not factory.endswith("SQ8"):  # whose training is one look at every row
        sample = vectors[np.sort(np.random.default_rng(0).choice(len(vectors), 4 * CHUNK, replace=False))]
    index.train(np.ascontiguousarray(sample, np.float32))
    for start in range(0, len(vectors), CHUNK):
        index.add(np.ascontiguousarray(vectors[start : start + CHUNK], np.float32))
    return index


def _shared_codes(graph: Any) -> tuple[Bytes, Grid] | None:
    """The graph's own one-byte codes, without a copy, where it has such."""
    store = faiss.downcast_index(graph.storage) if isinstance(graph, faiss.IndexHNSW) else graph
    if not isinstance(store, faiss.IndexScalarQuantizer) or store.sq.qtype != faiss.ScalarQuantizer.QT_8bit:
        return None
    size = int(store.ntotal * store.code_size)
    codes = faiss.rev_swig_ptr(store.codes.data(), size).reshape(store.ntotal, store.code_size)
    low, span = faiss.vector_to_array(store.sq.trained).reshape(2, -1)
    return codes, Grid(low, (span / 255).astype(np.float32))


def _parameters(graph: Any, selector: Any, ef: int, k: int, kept: float) -> Any:
    if isinstance(graph, faiss.IndexHNSW):
        # Forbidden nodes take room in the beam: widen it by as much.
        return _faiss.SearchParametersHNSW(sel=selector, efSearch=int(max(ef, k) / max(kept, 0.05)))
    if isinstance(graph, faiss.IndexIVF):
        probes = max(1, min(graph.nlist, int(graph.nlist * 0.05 / max(kept, 0.05)) + 8))
        return _faiss.SearchParametersIVF(sel=selector, nprobe=probes)
    return None if selector is None else _faiss.SearchParameters(sel=selector)
