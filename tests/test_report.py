"""Is an experiment measured rightly, and can its report be read?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadFile, BadQuery
from engine.evaluate.experiment import Known, Results, run_experiment
from engine.evaluate.facts import digest_of, gather_facts
from engine.evaluate.report import claims, verdict, write_report
from indexes.ranking import Ranking

N_ITEMS = 60
System = Callable[[int, int], Ranking]


def liked(user: int) -> list[int]:
    return [(user * 7 + step) % N_ITEMS for step in (0, 3, 11)]


def noisy(seed: int, signal: float) -> System:
    """A system that sees what the user likes through noise: the larger `signal`, the better."""

    def rank(user: int, k: int) -> Ranking:
        scores = np.random.default_rng(seed * 1000 + user).normal(size=N_ITEMS)
        scores[liked(user)] += signal
        return Ranking.of(np.arange(N_ITEMS), scores, k)

    return rank


def summed(a: System, b: System) -> System:
    def rank(user: int, k: int) -> Ranking:
        rows = np.arange(N_ITEMS)
        return Ranking.of(rows, a(user, N_ITEMS).scores_of(rows) + b(user, N_ITEMS).scores_of(rows), k)

    return rank


def popular(user: int, k: int) -> Ranking:
    return Ranking.of(np.arange(N_ITEMS), -np.arange(N_ITEMS), k)


@pytest.fixture(scope="module")
def results() -> Results:
    users = range(200)
    first, second = noisy(1, 1.5), noisy(2, 1.2)
    rng = np.random.default_rng(0)
    return run_experiment(
        {"popular": popular, "first": first, "second": second, "fused": summed(first, second)},
        requests={str(u): u for u in users},
        judgements={str(u): dict.fromkeys(liked(u), 1.0) for u in users},
        known=Known(
            np.concatenate([np.arange(50, 0, -1), np.zeros(10, np.int64)]),
            200,
            rng.normal(size=(N_ITEMS, 4)).astype(np.float32),
            {"brand": [f"<b>{item % 3}" for item in range(N_ITEMS)], "seller": [""] * N_ITEMS},
        ),
        fusions={"fused"},
        activity={str(u): u // 4 for u in users},
        seed=3,
        resamples=300,
    )


def test_the_fusion_wins_and_its_gain_is_sure(results: Results) -> None:
    assert [o.name for o in results.outcomes][:2] == ["fused", "first"]
    assert results.best_single is not None and results.best_single.name == "first"
    fused = results.outcome("fused")
    gain = fused.against_best["ndcg@10"]
    assert 0 < gain.low < gain.difference < gain.high and gain.p < 0.01
    assert fused.p_adjusted < 0.05
    assert gain.relative == pytest.approx(fused.means["ndcg@10"] / results.best_single.means["ndcg@10"] - 1)
    low, high = fused.intervals["ndcg@10"]
    assert low < fused.means["ndcg@10"] < high
    assert not results.best_single.against_best


def test_figures_by_hand(results: Results) -> None:
    """`popular` shows everyone rows 0..9, so its figures can be counted."""
    shown = results.outcome("popular")
    right = [sum(item < 10 for item in liked(u)) for u in range(200)]
    assert shown.means["precision@10"] == pytest.approx(np.mean(right) / 10)
    assert shown.means["recall@10"] == pytest.approx(np.mean(right) / 3)
    assert shown.catalogue["coverage@10"] == pytest.approx(10 / N_ITEMS)
    assert shown.catalogue["popularity_bias@10"] == pytest.approx(45.5 / (np.arange(51).sum() / 60))
    assert shown.by_popularity["head"] == pytest.approx(10 / 10)
    assert shown.by_popularity["tail"] == 0 and shown.by_popularity["new"] == 0


def test_bands_hold_every_request_and_every_judgement_once(results: Results) -> None:
    assert sum(results.activity_bands.values()) == len(results.requests) == 200
    assert results.activity_bands == {"0": 4, "1-4": 16, "5-19": 60, "20-99": 120}
    assert sum(results.popularity_bands.values()) == 600


def test_the_claim_is_held_against_the_best_and_the_hardest_rival(results: Results) -> None:
    by_metric = {c.metric: c for c in claims(results)}
    assert set(by_metric) == {"precision@10", "recall@10", "coverage@10"}
    precision = by_metric["precision@10"]
    assert precision.gain == pytest.approx(
        results.outcome("fused").means["precision@10"] / results.outcome("first").means["precision@10"] - 1
    )
    assert all(c.hardest <= c.gain + 1e-12 for c in by_metric.values())
    assert claims(results, "popular")[0].gain < 0


def test_the_verdict_says_who_won_and_when_nobody_did(results: Results) -> None:
    assert verdict(results).startswith("The best fusion, fused, beats the best single model, first, by ")
    assert verdict(results, "fused").startswith("The fusion that is served, fused, beats ")
    assert "falls behind" in verdict(results, "popular")
    same = run_experiment(
        {"one": noisy(1, 1.0), "two": noisy(1, 1.0)},
        {str(u): u for u in range(40)},
        {str(u): dict.fromkeys(liked(u), 1.0) for u in range(40)},
        Known(np.ones(N_ITEMS, np.int64), 40),
        fusions={"two"},
        resamples=50,
    )
    assert "not clear" in verdict(same)


def test_the_report_stands_alone_and_its_json_agrees(results: Results, tmp_path: Path) -> None:
    facts = gather_facts("ronghe evaluate --report <out>", 3, {"events": digest_of(b"x")})
    page = write_report(tmp_path / "report", [results], facts)
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    outside = re.findall(r'(?:src|href)="(?!#)([^"]+)"', text)
    assert outside == []
    assert "ronghe evaluate --report &lt;out&gt;" in text and digest_of(b"x") in text
    assert text.count("<svg") == 4 and "{{" not in text
    ids = re.findall(r'<section id="([^"]+)"', text)
    assert ids == ["recommend", "facts"]
    told = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert told["facts"]["command"] == "ronghe evaluate --report <out>" and told["facts"]["seed"] == 3
    assert told["tasks"][0]["best_single"] == "first"
    fused = told["tasks"][0]["systems"][0]
    assert fused["name"] == "fused"
    assert f"{fused['means']['ndcg@10']:.4f}" in text
    assert [f["column"] for f in fused["fairness"]] == ["popularity", "brand"]
    assert "&lt;b&gt;1" in text and "<b>1" not in text


def test_the_same_experiment_gives_the_same_page(results: Results, tmp_path: Path) -> None:
    facts = gather_facts("c", 1, {})
    pages = [write_report(tmp_path / name, [results], facts).read_text("utf-8") for name in ("a", "b")]
    assert pages[0] == pages[1]


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    evil = '<img src=x onerror="1">'
    found = run_experiment(
        {evil: popular},
        {"q": 0},
        {"q": {0: 1.0}},
        Known(np.ones(N_ITEMS, np.int64), 1),
        task=evil,
        resamples=10,
    )
    page = write_report(tmp_path, [found], gather_facts(evil, 1, {evil: evil}, {evil: evil}))
    assert "<img" not in page.read_text("utf-8")


def test_nothing_to_evaluate_is_said(tmp_path: Path) -> None:
    known = Known(np.ones(N_ITEMS, np.int64), 1)
    with pytest.raises(BadQuery, match="Nothing can be evaluated"):
        run_experiment({"popular": popular}, {"q": 0}, {"other": {0: 1.0}}, known)
    with pytest.raises(BadQuery, match="no metric"):
        run_experiment({"popular": popular}, {"q": 0}, {"q": {0: 1.0}}, known, metrics=["gdcg"])


def test_a_folder_that_cannot_be_written_is_said(results: Results, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadFile, match="cannot be written"):
        write_report(tmp_path / "file" / "report", [results], gather_facts("c", 1, {}))


def test_digests_see_content_type_and_shape() -> None:
    a = np.arange(6, dtype=np.int32)
    assert digest_of(a) == digest_of(a.copy()) != digest_of(a.reshape(2, 3))
    assert digest_of(a) != digest_of(a.astype(np.int64))
    assert digest_of("ab", "c") == digest_of(b"abc")
