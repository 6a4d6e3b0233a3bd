"""Does a rebuild refuse what answers worse, and keep serving what answered better?"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import cli
from engine import Engine, build
from engine.errors import RefusedGeneration
from engine.fuse import FUSIONS
from engine.rank import gate
from engine.rank.gate import Quality, refusal
from engine.rank.stacking import Stacking
from engine.routes import routes
from engine.settings import Settings

SMALL = """
[encoder]
model = "static"
[trend]
category_fits = 1
item_fits = 1
[learn]
stack_evidence = 10
skip = ["als", "bpr", "ratings", "ease", "markov", "sequence", "gru", "next", "together", "repeats", "crowd"]
"""
GOOD = Quality("stack", 0.20, 0.01, "session", 0.18, 500)


def test_a_fusion_below_its_better_leg_by_more_than_allowed_is_refused():
    bad = replace(GOOD, ndcg=0.17)
    assert refusal({"recommend": bad}, {}, 0.06) is None  # 0.17 / 0.18 is 5.6 % below
    assert "6% below the single model session" in str(refusal({"recommend": bad}, {}, 0.05))


def test_a_drop_from_the_last_generation_must_be_more_than_chance():
    old = {"recommend": replace(GOOD, ndcg=0.25).to_dict()}
    assert "20% below the generation that serves now" in str(refusal({"recommend": GOOD}, old, 0.05))
    noisy = {"recommend": replace(GOOD, error=0.04).to_dict() | {"ndcg": 0.25}}
    assert refusal({"recommend": GOOD}, noisy, 0.05) is None  # 0.05 < 2 * hypot(0.01, 0.04)
    assert refusal({"recommend": GOOD}, old, 0.2) is None


def test_nothing_measured_is_nothing_refused():
    assert refusal({}, {"recommend": GOOD.to_dict()}, 0.0) is None


@pytest.fixture
def judged(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hand-made shop, with so little evidence and so short a horizon that its fusion is measured."""
    monkeypatch.setattr(build, "Stacking", partial(Stacking, horizon_days=14.0, rounds=20))
    (own_home / "ronghe.toml").write_text(SMALL)
    Engine.open(own_home).rebuild()
    return own_home


def test_a_planted_bad_fusion_is_refused_and_the_old_generation_serves(
    judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upside_down(query, evidence):
        return -FUSIONS["tmm"](query, evidence)

    shop = Engine.open(judged)
    before = shop.generations()
    assert before[-1]["quality"]["recommend"]["ndcg"] > 0 and before[-1]["below"] is None
    monkeypatch.setattr(gate, "FUSIONS", {**FUSIONS, "upside-down": upside_down})
    settings = shop.settings.model_copy(
        update={"recommend": shop.settings.recommend.model_copy(update={"fusion": "upside-down"})}
    )
    bad = Engine.open(judged, settings)
    with pytest.raises(RefusedGeneration, match=r"below the single model .* serves on"):
        bad.rebuild()
    assert shop.generations() == before
    assert not list((judged / "published").glob(".draft-*"))
    assert bad.rebuild(force=True)["generation"] == before[-1]["generation"] + 1
    forced = shop.generations()[-1]
    assert forced["current"] and "below" in forced["below"]


def test_the_command_says_so_in_one_sentence_and_ends_with_1(
    judged: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A last generation that was better than any: planted in its manifest."""
    folder = sorted((judged / "published").glob("0*"))[-1]
    manifest = json.loads((folder / "manifest.json").read_text())
    for found in manifest["quality"].values():
        found |= {"ndcg": 2.0, "error": 0.0}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(sys, "argv", ["ronghe", "rebuild", "--home", str(judged)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 1 and "not published" in told and "--force" in told
    assert (judged / "published" / "CURRENT").read_text().strip() == folder.name


def test_only_what_serves_is_measured(shop: Engine) -> None:
    """The name the setting gives is the pipeline that answers."""
    named = Settings.model_validate({"recommend": {"fusion": "borda"}})
    wired = routes(shop.view().snapshot, named)["recommend"]
    assert wired["recommend"].fuse is wired["borda"].fuse
    assert wired["recommend"].retrievers == wired["borda"].retrievers


def test_a_generation_of_an_older_version_does_not_stop_a_rebuild(tmp_path: Path) -> None:
    """What serves may be of a format that this version cannot read: then it is exactly a rebuild that helps."""
    engine = Engine.open(tmp_path)
    engine.rebuild()
    manifest = tmp_path / "published" / "000001" / "manifest.json"
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**facts, "format": 1}), encoding="utf-8")
    assert Engine.open(tmp_path).rebuild()["generation"] == 2
    assert Engine.open(tmp_path).search("boot").generation == 2
