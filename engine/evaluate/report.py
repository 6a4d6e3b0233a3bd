"""How does a person read an evaluation, and a program?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadFile
from engine.evaluate import plots
from engine.evaluate.experiment import Gain, Outcome, Results
from engine.evaluate.facts import Facts

CLAIM: Mapping[str, float] = {"precision@10": 0.15, "recall@10": 0.10, "coverage@10": 0.08}
_SHOWN = ("ndcg@10", "precision@10", "recall@10", "hit_rate@10", "mrr", "map", "auc")
_MEANS: Mapping[str, str] = {
    "ndcg@10": "how near the first ten are to the best order possible",
    "precision@10": "share of the first ten that were right",
    "recall@10": "share of what was right that is in the first ten",
    "f1@10": "harmonic mean of precision and recall",
    "hit_rate@10": "share of requests with anything right in the first ten",
    "mrr": "one over the rank of the first right item",
    "map": "precision at every right item, averaged",
    "auc": "how often a right item stands above a wrong one, over the whole catalogue",
    "coverage@10": "share of the catalogue that was shown at all",
    "gini@10": "0: every item is shown as often; 1: one item takes all",
    "novelty@10": "bits: how little known the shown items are",
    "popularity_bias@10": "how many times more popular than the mean item",
    "diversity@10": "1 less the mean likeness within a list",
}


@dataclass(frozen=True)
class Claim:
    """The article's claim for one metric: the fused list gains `wanted` over the best single model.

    `gain` is against the model that is best by the primary metric; `hardest` against the model that is
    best in this very metric, named `rival`. Both are shares of the other's value.
    """

    metric: str
    wanted: float
    fused: float
    single: float
    gain: float
    rival: str
    hardest: float


def claims(results: Results, fused: str = "") -> tuple[Claim, ...]:
    """How far `fused` (default: the best fusion) keeps the article's promise; () without a rival."""
    ours = results.outcome(fused) if fused else results.best_fused
    single = results.best_single
    if ours is None or single is None:
        return ()
    found = []
    for metric, wanted in CLAIM.items():
        rival = results.strongest_rival(metric)
        if rival is None or metric not in _figures(ours):
            continue
        mine, theirs, hardest = (_figures(o)[metric] for o in (ours, single, rival))
        found.append(
            Claim(metric, wanted, mine, theirs, _over(mine, theirs), rival.name, _over(mine, hardest))
        )
    return tuple(found)


def verdict(results: Results, served: str = "") -> str:
    """Does fusing pay here, and how sure is that? Of the fusion that is served, else of the best.

    The best of many fusions is partly the luckiest: what is served was chosen before, and is judged fairly.
    """
    fused = results.outcome(served) if served else results.best_fused
    single = results.best_single
    if fused is None or single is None or fused is single:
        only = results.outcomes[0]
        return f"{only.name} is best: {results.primary} {only.means[results.primary]:.3f}."
    gain = fused.against_best[results.primary]
    how = "beats" if gain.difference > 0 else "falls behind"
    sure = "clear" if gain.low > 0 or gain.high < 0 else "not clear: the interval holds zero"
    told = (
        f"The {'fusion that is served' if served else 'best fusion'}, {fused.name}, {how} the best single "
        f"model, {single.name}, by {abs(gain.relative):.1%} in {results.primary} "
        f"({fused.means[results.primary]:.4f} against {single.means[results.primary]:.4f}; 95 % interval of "
        f"the difference {gain.low:+.4f} to {gain.high:+.4f}). The difference is {sure}."
    )
    best = results.best_fused
    if best is not None and best.name != fused.name:
        told += f" Best of all fusions on these requests: {best.name}, {best.means[results.primary]:.4f}."
    return told


def write_report(
    folder: Path, results: Sequence[Results], facts: Facts, *, default: Mapping[str, str] | None = None
) -> Path:
    """Write index.html (one file, nothing fetched) and report.json into `folder`; returns the page.

    `default` names, by task, the fusion that is served: it is the one held to the article's claim. Raises
    BadFile when the folder cannot be written.
    """
    served = default or {}
    document = {
        "facts": facts.to_dict(),
        "tasks": [
            {
                **r.to_dict(),
                "verdict": verdict(r, served.get(r.task, "")),
                "claim": [c.__dict__ for c in claims(r, served.get(r.task, ""))],
            }
            for r in results
        ],
    }
    page = folder / "index.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_finite(document), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
        page.write_text(render(results, facts, served), encoding="utf-8")
    except OSError as error:
        raise BadFile(f"The report cannot be written to {folder}: {error.strerror}.") from error
    return page


def render(results: Sequence[Results], facts: Facts, served: Mapping[str, str]) -> str:
    """The report as one HTML page."""
    template = (Path(__file__).parent / "report.html").read_text(encoding="utf-8")
    body = "\n".join(_section(r, served.get(r.task, "")) for r in results)
    links = "".join(f'<a href="#{escape(r.task)}">{escape(r.task)}</a>' for r in results)
    summary = "".join(
        f"<li><b>{escape(r.task)}</b>: {escape(verdict(r, served.get(r.task, '')))}</li>" for r in results
    )
    return (
        template.replace("{{date}}", escape(facts.started[:10]))
        .replace("{{links}}", links)
        .replace("{{summary}}", summary)
        .replace("{{sections}}", body)
        .replace("{{facts}}", _facts(facts))
    )


def _section(results: Results, served: str) -> str:
    leaders = _leaders(results, served)
    coverage = next(iter(results.outcomes[0].catalogue))
    parts = [
        f'<section id="{escape(results.task)}"><h2>{escape(results.task)}</h2>',
        f'<p class="verdict">{escape(verdict(results, served))}</p>',
        f"<p>{len(results.requests):,} requests; each system ranks the whole catalogue, of which the first "
        f"{results.depth} are looked at.</p>",
        f"<figure>{plots.bars(results, served)}<figcaption>Every system; fusions in orange.</figcaption></figure>",
        "<h3>Every system, side by side</h3>",
        _table(results, served),
        _claim_table(results, served),
        "<h3>Accuracy and the catalogue</h3>",
        f"<figure>{plots.tradeoff(results, coverage, served)}<figcaption>How well, and how much of the catalogue: "
        "up and to the right is better.</figcaption></figure>",
        _catalogue_table(results),
    ]
    if len(results.activity_bands) > 1:
        drawn = plots.bands(leaders, [o.by_activity for o in leaders], results.activity_bands)
        parts += [
            "<h3>By how much was known of the user</h3>",
            f"<figure>{drawn}<figcaption>{escape(results.primary)} by the user's number of known "
            "events.</figcaption></figure>",
        ]
    if len(results.popularity_bands) > 1:
        drawn = plots.bands(leaders, [o.by_popularity for o in leaders], results.popularity_bands)
        parts += [
            "<h3>By how popular the right item was</h3>",
            f"<figure>{drawn}<figcaption>Share of the right items found in the first ten. Head, middle and "
            "tail each hold a third of all purchases; new items had none.</figcaption></figure>",
        ]
    parts.append(_fairness_tables(results, served))
    return "\n".join([*parts, "</section>"])


def _leaders(results: Results, served: str) -> list[Outcome]:
    """What is served, the best fusion, and the three best single models: more bars would not be read."""
    first = [o for o in results.outcomes if o.name == served]
    best = [o for o in results.outcomes if o.fused and o.name != served][: 2 - len(first)]
    return [*first, *best, *[o for o in results.outcomes if not o.fused and o.name != served][:3]]


def _table(results: Results, served: str) -> str:
    metrics = [m for m in dict.fromkeys((results.primary, *_SHOWN)) if m in results.metrics]
    best = {m: max(o.means[m] for o in results.outcomes) for m in metrics}
    single = results.best_single
    head = "".join(f'<th title="{escape(_MEANS.get(m, ""))}">{escape(m)}</th>' for m in metrics)
    rows = []
    for o in results.outcomes:
        cells = "".join(
            f'<td class="{"best" if o.means[m] == best[m] else ""}">{o.means[m]:.4f}'
            f"<small>{o.intervals[m][0]:.3f}–{o.intervals[m][1]:.3f}</small></td>"
            for m in metrics
        )
        gain = o.against_best.get(results.primary)
        mark = "<small>served</small>" if o.name == served else ""
        rows.append(
            f'<tr class="{"fused" if o.fused else ""}"><th>{escape(o.name)}{mark}</th>{cells}'
            f"<td>{_signed(gain)}</td><td>{_p(o.p_adjusted)}</td><td>{o.ms[0]:.1f}</td></tr>"
        )
    against = f"against {single.name}" if single else "against the best single"
    return (
        f'<div class="wide"><table><thead><tr><th>system</th>{head}'
        f'<th title="{escape(results.primary)}">{escape(against)}</th>'
        '<th title="sign-flip test, corrected for the number of systems (Holm)">p</th>'
        '<th title="median time of one request, milliseconds">ms</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        '<p class="note">Small figures: 95 % bootstrap interval over requests. Orange names are fusions. '
        "Bold is the best of its column.</p>"
    )


def _claim_table(results: Results, served: str) -> str:
    found = claims(results, served)
    if not found:
        return ""
    ours = served or (results.best_fused.name if results.best_fused else "")
    single = results.best_single.name if results.best_single else ""
    rows = "".join(
        f"<tr><th>{escape(c.metric)}</th><td>{c.fused:.4f}</td><td>{c.single:.4f}</td>"
        f'<td class="{"yes" if c.gain >= c.wanted else "no"}">{c.gain:+.1%}</td><td>{c.wanted:+.0%}</td>'
        f'<td class="{"yes" if c.hardest >= c.wanted else "no"}">{c.hardest:+.1%}'
        f"<small>{escape(c.rival)}</small></td></tr>"
        for c in found
    )
    return (
        "<h3>The claim: fusing many models gains precision, recall and coverage</h3>"
        '<div class="wide"><table><thead><tr><th>metric</th>'
        f"<th>{escape(ours)}</th><th>{escape(single)}</th><th>gain</th><th>claimed</th>"
        f"<th>gain over the best in this metric</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _catalogue_table(results: Results) -> str:
    metrics = list(results.outcomes[0].catalogue)
    head = "".join(f'<th title="{escape(_MEANS.get(m, ""))}">{escape(m)}</th>' for m in metrics)
    rows = "".join(
        f'<tr class="{"fused" if o.fused else ""}"><th>{escape(o.name)}</th>'
        + "".join(f"<td>{o.catalogue[m]:.3f}</td>" for m in metrics)
        + "</tr>"
        for o in results.outcomes
    )
    return (
        f'<div class="wide"><table><thead><tr><th>system</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _fairness_tables(results: Results, served: str, most: int = 8) -> str:
    """Who gets seen: the served fusion (else the best system) beside the best single model."""
    ours = results.outcome(served) if served else results.best_fused or results.outcomes[0]
    single = results.best_single or ours
    parts = ["<h3>Who gets seen</h3>"]
    for mine, theirs in zip(ours.fairness, single.fairness, strict=True):
        other = {s.group: s.of_exposure for s in theirs.shares}
        rows = "".join(
            f"<tr><th>{escape(s.group)}</th><td>{s.of_items:.1%}</td><td>{s.of_merit:.1%}</td>"
            f'<td class="{"" if s.verdict == "fair" else "best"}">{s.of_exposure:.1%}'
            f"<small>{s.low:.1%}–{s.high:.1%}</small></td><td>{s.verdict}</td>"
            f"<td>{other.get(s.group, 0):.1%}</td></tr>"
            for s in mine.shares[:most]
        )
        parts.append(
            f"<p>{escape(ours.name)}: {escape(mine.sentence)}</p>"
            f'<div class="wide"><table><thead><tr><th>{escape(mine.column)}</th><th>of the catalogue</th>'
            f"<th>of what users have</th><th>of the exposure</th><th></th><th>under {escape(single.name)}</th>"
            f"</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    return "\n".join(parts)


def _facts(facts: Facts) -> str:
    rows = [("command", f"<code>{escape(facts.command)}</code>"), ("seed", str(facts.seed))]
    rows += [("started", escape(facts.started))]
    for name, values in (
        ("data", facts.data),
        ("versions", facts.versions),
        ("machine", facts.machine),
        ("notes", facts.notes),
    ):
        text = "<br>".join(f"{escape(k)}: <code>{escape(v)}</code>" for k, v in values.items())
        if text:
            rows.append((name, text))
    return "".join(f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in rows)


def _figures(outcome: Outcome) -> dict[str, float]:
    return {**outcome.means, **outcome.catalogue}


def _over(value: float, other: float) -> float:
    return value / other - 1 if other else float("nan")


def _signed(gain: Gain | None) -> str:
    if gain is None:
        return "–"
    shown = f"{gain.relative:+.1%}" if np.isfinite(gain.relative) else f"{gain.difference:+.4f}"
    return f"{shown}<small>{gain.low:+.3f} … {gain.high:+.3f}</small>"


def _p(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return "&lt; .001" if value < 0.001 else f"{value:.3f}"


def _finite(value: Any) -> Any:
    """JSON has no NaN: null stands for it."""
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
