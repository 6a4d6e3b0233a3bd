"""Does tuning find what is better, keep only what is surely so, and never look past the cut?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.errors import BadQuery, BadSettings
from engine.evaluate import tune as tuning
from engine.evaluate.tune import seconds_of, tune, write_tuned
from engine.learn import LEARNERS
from engine.learn.interactions import make_interactions
from engine.learn.roster import SPACES, OneOf, learner_of, reading_of, roster
from engine.learn.visits import DAY
from engine.settings import Settings
from engine.types import Interactions


def drifting(n: int = 600) -> Interactions:
    """Visits of three items; each month brings a new fifth of the catalogue: only the last visits tell."""
    rng = np.random.default_rng(0)
    days = np.sort(rng.uniform(0, 120, n))
    items = np.repeat((days // 30).astype(int) * 12, 3) + rng.integers(0, 12, 3 * n)
    users = np.repeat(rng.integers(0, 80, n), 3)
    return make_interactions(users=users, items=items, times=np.repeat(days * DAY, 3), n_users=80, n_items=60)


def test_what_is_better_is_found_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPACES, "sessions", {"half_life_days": OneOf((0.0, 2.0))})  # type: ignore[index]
    skip = tuple(set(SPACES) - {"sessions"})
    found = tune(drifting(), 2.0, days=12.0, current={"sessions": {"half_life_days": 0.0}}, skip=skip)
    trial = found.found[0]
    assert trial.kept and trial.values == {"half_life_days": 2.0} and trial.trials >= 1
    assert found.values == {"sessions": {"half_life_days": 2.0}}
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_setting_as_good_as_the_old_one_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPACES, "sessions", {"half_life_days": OneOf((2.0,))})  # type: ignore[index]
    skip = tuple(set(SPACES) - {"sessions"})
    found = tune(drifting(), 0.5, days=12.0, current={"sessions": {"half_life_days": 2.0}}, skip=skip)
    assert not found.found[0].kept and not found.values


def test_no_learner_sees_what_judges_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(name: str, learner: object, windows: list[tuning.Window]) -> np.ndarray:
        seen.extend((w.past.times.max(), w.moment, w.queries) for w in windows)
        return np.zeros(sum(len(w.queries) for w in windows))

    monkeypatch.setattr(tuning, "_scores", spy)
    x = drifting()
    tune(x, 0.2, days=12.0)
    assert seen
    for last, moment, queries in seen:
        assert last < moment < x.times[-1]
        assert all(query.history.times.max() < moment for query in queries)


def test_with_too_little_to_judge_by_nothing_is_tuned() -> None:
    few = make_interactions(users=[0, 1], items=[1, 2], times=[0.0, DAY], n_users=2, n_items=3)
    assert not tune(few, 1.0).found


def test_budgets_are_read() -> None:
    assert [seconds_of(text) for text in ("90s", "20m", "1.5h")] == [90.0, 1200.0, 5400.0]
    for text in ("", "20", "m", "-1m", "0s", "20 minutes"):
        with pytest.raises(BadQuery, match="like 90s"):
            seconds_of(text)


def test_ronghe_toml_takes_the_values_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "ronghe.toml"
    path.write_text(
        "# mine\n[learn]\norigins = 3 # three\n\n[learn.tuned.bpr]\nfactors = 99\n\n[serve]\nport = 81\n",
        "utf-8",
    )
    write_tuned(path, {"als": {"factors": 32, "alpha": 2.5}, "neighbours": {"weighting": "tfidf"}})
    text = path.read_text("utf-8")
    assert "# mine\n[learn]\norigins = 3 # three\n" in text and "bpr" not in text
    learned = Settings.load(tmp_path, {})
    assert learned.serve.port == 81 and learned.learn.origins == 3
    assert learned.learn.tuned == {
        "als": {"factors": 32, "alpha": 2.5},
        "neighbours": {"weighting": "tfidf"},
    }
    before = path.read_text("utf-8")
    write_tuned(path, learned.learn.tuned)
    assert path.read_text("utf-8") == before
    path.write_text("[learn]\ntuned = {}\n", "utf-8")
    with pytest.raises(BadSettings, match="cannot take"):
        write_tuned(path, {"als": {"factors": 32}})
    assert path.read_text("utf-8") == "[learn]\ntuned = {}\n"


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("asl", {}, "did you mean 'als'"),
        ("als", {"factor": 3}, "did you mean 'factors'"),
        ("als", {"factors": 3}, "a whole number from 16 to 160"),
        ("als", {"factors": 32.5}, "a whole number"),
        ("neighbours", {"weighting": "pearson"}, "one of cosine"),
    ],
)
def test_what_cannot_be_tuned_is_said(name: str, values: dict[str, int | float | str], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        learner_of(name, values)


def test_every_default_lies_within_its_bounds_and_readings_follow() -> None:
    for name, space in SPACES.items():
        learner = LEARNERS[name]
        learner = getattr(learner, "variants", (learner,))[0]
        for key, bounds in space.items():
            assert bounds.holds(getattr(learner, key)) or key == "half_life_days", (name, key)
    assert reading_of(roster({"als": {"half_life_days": 30.0}})["als"]).half_life_days == 30.0
    assert reading_of(roster({"markov": {"visit_decay": 0.4}})["markov"]).visit_decay == 0.4


def test_a_shop_is_tuned_evaluated_and_rebuilt(own_shop: Engine, own_home: Path, tmp_path: Path) -> None:
    with pytest.raises(BadQuery, match="nothing to keep"):
        own_shop.evaluate(keep=True)
    document = own_shop.evaluate(tune="1s", keep=True, report=tmp_path / "report", days=20)
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert "--tune 1s" in json.dumps(told) and document["tuning"]["requests"] > 0
    again = Settings.load(own_home, {})
    kept = {row["learner"]: row["values"] for row in document["tuning"]["learners"] if row["kept"]}
    assert again.learn.tuned == kept
