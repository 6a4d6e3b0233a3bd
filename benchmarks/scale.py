"""How fast, how right and how large is hybrid search at 20 thousand, 100 thousand and a million items?

Run: OMP_NUM_THREADS=1 python -m benchmarks.scale --rows 20000 100000 1000000 --cache DIR --out FILE.md

Ours is the pipeline of the product: 200 candidates of each leg, every candidate scored exactly in both, min-max
fusion, top 10. The peer is what a good engineer glues in an afternoon: tantivy's top 10, the top 10 of
the same faiss graph, reciprocal ranks. Both answer each query in turn, in one process, on one thread; times are
CPU time of the thread, so that other load on the machine tells less. Query encoding is left out of both.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time, thread_time
from typing import Any

import numpy as np

from engine.encode.static import Static
from engine.fuse import TheoreticalMinMax
from engine.pipeline import Pipeline
from engine.retrieve.meaning import Semantic
from engine.retrieve.words import Keyword
from engine.text import analyse
from engine.types import Query, Vectors
from indexes.lexical import LexicalIndex
from indexes.ranking import Mask
from indexes.vector import EF_SEARCH, VectorIndex

TOPICS, TOPIC_WORDS, LONGEST = 2000, 24, 8
SHARES = (1.0, 0.5, 0.2, 0.01)  # of the rows that a filter keeps; 1.0 = no filter
K = 10


@dataclass(frozen=True, eq=False)
class Shop:
    """Made-up titles of four to eight words on 2,000 topics, and the unit mean of their static word vectors."""

    words: list[str]
    titles: np.ndarray  # [n, 8] places in words, -1 = none
    word_vectors: Vectors
    vectors: Vectors  # [n, 256]

    @classmethod
    def make(cls, rows: int, of: int | None = None) -> Shop:
        """A shop of `of` items, default `rows`, of which the first `rows` are kept."""
        n = of or rows
        static = Static()
        pieces = static._tokenizer.get_vocab()
        words = sorted({piece[1:].lower() for piece in pieces if re.fullmatch(r"▁[A-Za-z]{4,}", piece)})
        word_vectors = static(words)
        rng = np.random.default_rng(0)
        order = rng.permutation(len(words))
        topics = np.stack([rng.choice(len(words), TOPIC_WORDS, replace=False) for _ in range(TOPICS)])
        heat = 1 / np.arange(1, TOPICS + 1) ** 0.6
        zipf = 1 / np.arange(1, len(words) + 1) ** 0.9
        topic = rng.choice(TOPICS, n, p=heat / heat.sum())
        length = rng.integers(4, LONGEST + 1, n)
        titles = np.full((n, LONGEST), -1, np.int32)
        for place in range(LONGEST):
            on_topic = rng.random(n) < 0.7
            own = topics[topic, (rng.random(n) ** 2 * TOPIC_WORDS).astype(np.int64)]
            other = order[rng.choice(len(words), n, p=zipf / zipf.sum())]
            titles[:, place] = np.where(place < length, np.where(on_topic, own, other), -1)
        titles = titles[:rows]
        vectors = np.zeros((rows, word_vectors.shape[1]), np.float32)
        for start in range(0, rows, 65_536):
            part = titles[start : start + 65_536]
            total = np.zeros((len(part), word_vectors.shape[1]), np.float32)
            for place in range(LONGEST):
                total += np.where(part[:, place, None] >= 0, word_vectors[part[:, place]], 0)
            vectors[start : start + 65_536] = total / np.linalg.norm(total, axis=1, keepdims=True)
        return cls(words, titles, word_vectors, vectors)

    def queries(self, count: int) -> tuple[list[str], Vectors]:
        """Three or four words of some title, and their vector."""
        rng = np.random.default_rng(1)
        texts, vectors = [], []
        for row in rng.integers(0, len(self.titles), count):
            held = self.titles[row][self.titles[row] >= 0]
            chosen = rng.choice(held, min(int(rng.integers(3, 5)), len(held)), replace=False)
            texts.append(" ".join(self.words[word] for word in chosen))
            total = self.word_vectors[chosen].sum(axis=0)
            vectors.append(total / np.linalg.norm(total))
        return texts, np.array(vectors, np.float32)


def masks(n: int) -> dict[float, Mask | None]:
    """A filter of each share: a random set of rows."""
    draw = np.random.default_rng(2).random(n)
    return {share: None if share == 1 else draw < share for share in SHARES}


def build(shop: Shop, folder: Path) -> dict[str, float]:
    """Both engines' indexes, unless they are there; CPU seconds of each that was built."""
    n, spent = len(shop.titles), {}
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "words").is_dir():
        started = process_time()
        terms = [analyse(word) for word in shop.words]
        documents = ({"title": [t for w in row if w >= 0 for t in terms[w]]} for row in shop.titles)
        LexicalIndex.build(documents, {"title": 1.0}, 0.3, 1.2).save(folder / "words")
        spent["ours, words"] = process_time() - started
    if not (folder / "vectors" / "vector.json").is_file():
        started = process_time()
        VectorIndex.build(shop.vectors).save(folder / "vectors")
        spent["ours, vectors"] = process_time() - started
    if not (folder / "tantivy").is_dir():
        started = process_time()
        build_tantivy(shop, folder / "tantivy", masks(n))
        spent["tantivy"] = process_time() - started
    return spent


def build_tantivy(shop: Shop, folder: Path, kept: dict[float, Mask | None]) -> None:
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("title")
    schema.add_text_field("kept", tokenizer_name="raw")
    schema.add_integer_field("row", fast=True, stored=True)
    draft = folder.with_suffix(".draft")
    draft.mkdir()
    index = tantivy.Index(schema.build(), str(draft))
    writer = index.writer(128_000_000, 1)
    for row, title in enumerate(shop.titles):
        document = tantivy.Document(title=" ".join(shop.words[w] for w in title if w >= 0), row=row)
        for share, mask in kept.items():
            if mask is not None and mask[row]:
                document.add_text("kept", f"share{share}")
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    draft.rename(folder)


def ours(folder: Path) -> tuple[Callable[[str, Vectors, Mask | None], list[int]], VectorIndex]:
    words, vectors = LexicalIndex.open(folder / "words"), VectorIndex.open(folder / "vectors")
    legs = {"keyword": Keyword(words), "semantic": Semantic({"own": vectors}, lambda text: ("own", vectors))}  # type: ignore[dict-item,arg-type,return-value]  # a vector is always given
    fuse = TheoreticalMinMax({"keyword": 0.4, "semantic": 0.6}, floors={"semantic": 0.0})
    pipeline = Pipeline(legs, fuse)

    def search(text: str, vector: Vectors, allowed: Mask | None) -> list[int]:
        result = pipeline(Query(text=text, vector=vector, allowed=allowed), K)
        return result.candidates.rows[:K].tolist()

    return search, vectors


def peer(folder: Path, shares: dict[float, Mask | None]) -> Callable[[str, Vectors, float], list[int]]:
    import faiss
    import tantivy

    faiss.omp_set_num_threads(1)
    index = tantivy.Index.open(str(folder / "tantivy"))
    searcher = index.searcher()
    graph = faiss.read_index(str(folder / "graph.faiss"))
    selectors = {
        share: None if mask is None else faiss.IDSelectorBatch(np.flatnonzero(mask))
        for share, mask in shares.items()
    }

    def search(text: str, vector: Vectors, share: float) -> list[int]:
        query = index.parse_query(text, ["title"])
        if share < 1:
            term = tantivy.Query.term_query(index.schema, "kept", f"share{share}")
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, term)])
        points: dict[int, float] = {}
        found = [address for _, address in searcher.search(query, K).hits]
        for rank, row in enumerate(searcher.fast_field_values("row", found)):
            points[row] = points.get(row, 0.0) + 1 / (61 + rank)
        options = faiss.SearchParametersHNSW(sel=selectors[share], efSearch=EF_SEARCH)
        for rank, row in enumerate(graph.search(vector[None], K, params=options)[1][0].tolist()):
            if row >= 0:
                points[row] = points.get(row, 0.0) + 1 / (61 + rank)
        return sorted(points, key=lambda row: -points[row])[:K]

    return search


def graph_for_peer(shop: Shop, folder: Path) -> None:
    """The peer's graph: ours where there is one, else one of the same kind."""
    import faiss

    path = folder / "graph.faiss"
    if path.exists():
        return
    own = folder / "vectors" / "graph.faiss"
    if own.exists():
        path.symlink_to(own.resolve())
        return
    graph = faiss.index_factory(shop.vectors.shape[1], "HNSW32_SQ8", faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = 100
    graph.train(shop.vectors)
    graph.add(shop.vectors)
    faiss.write_index(graph, str(path))


def recalls(
    shop: Shop, index: VectorIndex, vectors: Vectors, shares: dict[float, Mask | None]
) -> dict[float, float]:
    """Recall@10 of the vector leg against every row of float32, by share kept."""
    found: dict[float, list[float]] = {share: [] for share in shares}
    for vector in vectors:
        scores = shop.vectors @ vector
        for share, mask in shares.items():
            allowed = scores if mask is None else np.where(mask, scores, -np.inf)
            truth = np.argpartition(-allowed, K)[:K]
            hits = index.search(vector, 200, mask).rows[:K]
            found[share].append(len(np.intersect1d(hits, truth)) / K)
    return {share: float(np.mean(values)) for share, values in found.items()}


def resident(pid: str = "self") -> dict[str, float]:
    """Megabytes of a process: all that is resident, and what of it is its own (not shared file pages)."""
    text = Path(f"/proc/{pid}/status").read_text()
    sizes = {key: int(re.search(rf"{key}:\s+(\d+)", text).group(1)) / 1024 for key in ("VmRSS", "RssFile")}  # type: ignore[union-attr]  # always there on Linux
    return {"rss": sizes["VmRSS"], "own": sizes["VmRSS"] - sizes["RssFile"]}


def measure(n: int, of: int | None, cache: Path, count: int) -> dict[str, Any]:
    shop = Shop.make(n, of)
    folder = cache / str(n)
    spent = build(shop, folder)
    graph_for_peer(shop, folder)
    texts, vectors = shop.queries(count)
    shares = masks(n)
    mine, index = ours(folder)
    theirs = peer(folder, shares)
    times: dict[str, dict[float, list[float]]] = {side: {s: [] for s in shares} for side in ("ours", "peer")}
    for share, mask in shares.items():
        for warm in (True, False):
            for text, vector in zip(texts, vectors, strict=True):
                started = thread_time()
                mine(text, vector, mask)
                between = thread_time()
                theirs(text, vector, share)
                ended = thread_time()
                if not warm:
                    times["ours"][share].append(1e3 * (between - started))
                    times["peer"][share].append(1e3 * (ended - between))
    recall = recalls(shop, index, vectors[: min(count, 100)], shares)
    memory = {
        side: json.loads(
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "benchmarks.scale",
                    "--memory",
                    side,
                    "--rows",
                    str(n),
                    "--cache",
                    str(cache),
                ],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for side in ("ours", "peer")
    }
    return {"n": n, "build": spent, "times": times, "recall": recall, "memory": memory}


def remember(side: str, n: int, cache: Path) -> dict[str, float]:
    """What a process holds after 300 queries."""
    before = resident()
    words = sorted(
        {p[1:].lower() for p in Static()._tokenizer.get_vocab() if re.fullmatch(r"▁[A-Za-z]{4,}", p)}
    )
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((300, 256)).astype(np.float32)
    texts = [" ".join(rng.choice(words, 3)) for _ in range(300)]
    if side == "ours":
        mine, _ = ours(cache / str(n))
        for text, vector in zip(texts, vectors, strict=True):
            mine(text, vector, None)
    else:
        theirs = peer(cache / str(n), {1.0: None})
        for text, vector in zip(texts, vectors, strict=True):
            theirs(text, vector, 1.0)
    after = resident()
    return {"before": before["rss"], "rss": after["rss"], "own": after["own"]}


def table(results: Sequence[dict[str, Any]], count: int) -> str:
    lines = [
        "# Hybrid search by size of the catalogue",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {platform.system()}, Python {platform.python_version()}; "
        f"one thread, {count} queries, CPU milliseconds of the thread. Command: `OMP_NUM_THREADS=1 python -m "
        "benchmarks.scale`. What is compared: the head of benchmarks/scale.py.",
        "",
        "| items | filter keeps | ours p50 | ours p99 | peer p50 | peer p99 | ours / peer | vectors' recall@10 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for share in SHARES:
            own, other = (np.array(result["times"][side][share]) for side in ("ours", "peer"))
            ratio = float(np.median(own) / np.median(other))
            figures = [f"{np.percentile(side, p):.2f}" for side in (own, other) for p in (50, 99)]
            kept = "all" if share == 1 else f"{share:.0%}"
            cells = [f"{result['n']:,}", kept, *figures, f"{ratio:.2f}", f"{result['recall'][share]:.3f}"]
            lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "| items | ours: resident MB, of it not shared | peer | index build, CPU seconds |",
        "|---|---|---|---|",
    ]
    for result in results:
        own, other = result["memory"]["ours"], result["memory"]["peer"]
        built = ", ".join(f"{name} {seconds:.0f}" for name, seconds in result["build"].items()) or "cached"
        sizes = [f"{side['rss']:.0f}, {side['own']:.0f}" for side in (own, other)]
        lines.append("| " + " | ".join([f"{result['n']:,}", *sizes, built]) + " |")
    if len(results) > 1:
        first, last = results[0], results[-1]
        grown = np.median(last["times"]["ours"][1.0]) / np.median(first["times"]["ours"][1.0])
        exponent = np.log(grown) / np.log(last["n"] / first["n"])
        lines += ["", f"Growth of ours from {first['n']:,} to {last['n']:,} items: n^{exponent:.2f}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 100_000, 1_000_000])
    parser.add_argument("--of", type=int, help="take the first rows of a shop of this size")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--memory", choices=("ours", "peer"))
    arguments = parser.parse_args()
    if arguments.memory:
        print(json.dumps(remember(arguments.memory, arguments.rows[0], arguments.cache)))
        return
    results = []
    for n in arguments.rows:
        results.append(measure(n, arguments.of, arguments.cache, arguments.queries))
        print(table(results, arguments.queries), flush=True)
    if arguments.out:
        arguments.out.write_text(table(results, arguments.queries), encoding="utf-8")


if __name__ == "__main__":
    main()
