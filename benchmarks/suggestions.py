"""After how many typed characters does a list of ten hold something of use?

    python -m benchmarks.suggestions [--out benchmarks/results/suggestions.md]

queries_log.txt: 100,000 distinct real queries, mostly Chinese. A tenth is held out by hash; the suggester learns the
rest. A suggestion is useful when the held-out query begins with it and it is longer than what was typed (`begins`);
it ends a word when it stops where the dictionary of jieba ends a word of that query (`word`). Held-out queries are in
no log, so a suggestion can only be useful by what other queries share with it: `shared` is the part of held-out
queries of which some known query goes on at least to the end of the next word, the most that ten suggestions taken
from the beginnings of known queries could reach; `unseen` is the part whose typed beginning no known query has.
"""

from __future__ import annotations

import argparse
import os
import platform
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from time import perf_counter

import numpy as np

from engine.text.suggest import Suggester, tidy, words_of

SAMPLE = 2500  # held-out queries, drawn with a seed


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--out", type=Path)
    options = ask.parse_args()
    log = Path(os.environ["RONGHE_EVAL_DATA"]) / "ecommerce_titles_zh" / "queries_log.txt"
    queries = list(dict.fromkeys(filter(None, map(tidy, log.read_text(encoding="utf-8").splitlines()))))
    rest, held = [], []
    for query in queries:
        tenth = int.from_bytes(blake2b(query.encode(), digest_size=4).digest(), "big") % 10 == 0
        (held if tenth else rest).append(query)
    order = np.random.default_rng(0).permutation(len(held))[:SAMPLE]
    sample = [held[i] for i in order]
    suggester = Suggester.build(((query, query, 0.0) for query in rest), enough=1)
    known = {query[:n] for query in rest for n in range(1, 24)}
    lines = [
        "# Suggestions: what ten hold after a few characters",
        "",
        f"`python -m benchmarks.suggestions`, 2-core {platform.machine()}, {datetime.now(UTC):%Y-%m-%d}. "
        f"{len(rest):,} known queries, {len(sample):,} of {len(held):,} held-out ones.",
        "",
        "| typed | begins | word | shared | unseen | ms |",
        "|---|---|---|---|---|---|",
    ]
    for typed in range(1, 6):
        asked = [query for query in sample if len(query) > typed]
        rows = []
        for query in asked:
            start = perf_counter()
            found = suggester.suggest(query[:typed])
            took = perf_counter() - start
            ends = set(accumulate(map(len, words_of(query))))
            useful = [text for text in found if len(text) > typed and query.startswith(text)]
            following = min(end for end in ends if end > typed)
            rows.append(
                (
                    bool(useful),
                    any(len(text) in ends for text in useful),
                    query[:following] in known,
                    query[:typed] not in known,
                    took * 1e3,
                )
            )
        begins, word, shared, unseen = np.mean(np.array(rows)[:, :4], axis=0)
        ms = float(np.median([row[4] for row in rows]))
        lines.append(f"| {typed} | {begins:.3f} | {word:.3f} | {shared:.3f} | {unseen:.3f} | {ms:.1f} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
