"""The command line as it is typed: answers, JSON, exit codes, and one sentence for what is wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cli

ROOT = Path(__file__).parents[1]
VERBS = ("init", "demo", "doctor", "ingest", "rebuild", "generations", "search", "similar", "bundle", "suggest",
         "recommend", "profile", "trending", "forecast", "evaluate", "serve", "keys", "forget", "export")  # fmt: skip


@pytest.fixture
def ronghe(shop_home, capsys, monkeypatch):
    """Run a command in this process on the hand-made shop: (exit code, stdout, stderr)."""

    def run(*words: str, home: Path | None = shop_home):
        place = ["--home", str(home)] if home else []
        monkeypatch.setattr(sys, "argv", ["ronghe", *words, *place])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_help_names_every_verb_of_the_contract():
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert set(VERBS) <= set(re.findall(r"[a-z]+", done.stdout))


@pytest.mark.parametrize("words", [
    ("search", "red boot", "-k", "3", "--explain", "--facet", "brand"), ("search", "--sort", "price", "boot"),
    ("similar", "mugs-red"), ("recommend", "u01", "--repeat"), ("trending", "--category", "Kitchen"),
    ("trending", "--searches"), ("bundle", "boots-red"), ("profile", "u01"), ("generations",), ("generations", "list"),
    ("forecast", "--category", "Kitchen", "--horizon", "7"), ("doctor",), ("keys", "list"), ("suggest", "hik"),
])  # fmt: skip
def test_a_verb_answers_a_person_and_a_program(ronghe, words):
    code, out, _ = ronghe(*words)
    assert code == 0 and out.strip()
    code, out, _ = ronghe(*words, "--json")
    assert code == 0
    json.loads(out)


def test_search_json_is_the_contract_s_answer(ronghe):
    _, out, _ = ronghe("search", "red boot", "-k", "2", "--json")
    answer = json.loads(out)
    assert list(answer) == ["generation", "took_ms", "total", "hits", "facets", "did_you_mean"]
    assert {"item_id", "title", "score", "why", "parts"} <= answer["hits"][0].keys()


@pytest.mark.parametrize(("words", "code", "sentence"), [
    (("similar", "nothing"), 1, "no item 'nothing'"),
    (("profile", "a stranger"), 1, "No event names the user"),
    (("search", "boot", "-k", "0"), 2, "k must be from 1"),
    (("search", "boot", "-k", "1000000000"), 2, "k must be from 1"),
    (("search", "boot", "--filter", "colr=red"), 2, "No item has a column 'colr'"),
    (("search", "boot", "--filter", "price<"), 2, ""),
    (("search", "boot", "--pipeline", "magic"), 2, "no search pipeline 'magic'"),
    (("search", "boot", "--weight", "trend"), 2, "--weight takes NAME=VALUE"),
    (("search",), 2, "Say what to search for"),
    (("search", "--queries", "missing.tsv", "--run", "x.trec"), 2, "missing.tsv"),
    (("search", "--queries", "q.tsv"), 2, "--run"),
    (("ingest", "items", "missing.csv"), 2, "missing.csv"),
    (("generations", "activate", "99"), 2, "no generation 99"),
    (("forecast",), 2, "exactly one"),
    (("forecast", "--series", "nothing"), 1, "no market series 'nothing'"),
    (("no-such-verb",), 2, ""),
    (("export", "a stranger"), 1, "No event names the user"),
    (("keys", "revoke", "nothing"), 2, "no key 'nothing'"),
    (("keys", "create", "everything"), 2, "scopes"),
])  # fmt: skip
def test_what_is_wrong_is_one_sentence_and_a_code(ronghe, words, code, sentence):
    got, out, err = ronghe(*words)
    assert got == code, err
    assert sentence in " ".join(err.split())
    assert "Traceback" not in err and not out


def test_before_the_first_rebuild_the_command_is_named(ronghe, tmp_path):
    code, _, err = ronghe("search", "boot", home=tmp_path / "new")
    assert code == 1 and "ronghe rebuild" in err
    code, out, _ = ronghe("doctor", home=tmp_path / "new")
    assert code == 1 and "ronghe rebuild" in out


def test_init_ingest_rebuild_search(ronghe, tmp_path):
    home = tmp_path / "home"
    (tmp_path / "items.csv").write_text("item_id,title,price\na,red tea,3\nb,blue cup,abc\nc,green tea,4\n")
    assert ronghe("init", home=home)[0] == 0
    (home / "ronghe.toml").write_text('[encoder]\nmodel = "static"\n')
    code, out, _ = ronghe("ingest", "items", str(tmp_path / "items.csv"), "--json", home=home)
    assert code == 0 and json.loads(out)["files"][0]["accepted"] == 2
    assert ronghe("ingest", "items", str(tmp_path / "items.csv"), "--strict", home=home)[0] == 1
    assert ronghe("rebuild", home=home)[0] == 0
    code, out, _ = ronghe("search", "tea", "--json", home=home)
    assert {hit["item_id"] for hit in json.loads(out)["hits"]} == {"a", "c"}


def test_a_file_of_questions_becomes_a_trec_run(ronghe, tmp_path):
    (tmp_path / "q.tsv").write_text("q1\tred boot\nq2\tcoffee mug\n")
    run = tmp_path / "out.trec"
    code, _, _ = ronghe(
        "search", "--queries", str(tmp_path / "q.tsv"), "--run", str(run), "-k", "5", "--pipeline", "keyword"
    )
    assert code == 0
    lines = [line.split() for line in run.read_text().splitlines()]
    assert {line[0] for line in lines} == {"q1", "q2"} and all(len(line) == 6 for line in lines)
    assert [line[3] for line in lines if line[0] == "q1"] == ["1", "2", "3", "4", "5"]
    (tmp_path / "u.txt").write_text("u01\nnobody\n")
    assert ronghe("recommend", "--users", str(tmp_path / "u.txt"), "--run", str(run), "-k", "5")[0] == 0
    (tmp_path / "i.txt").write_text("mugs-red\n")
    assert ronghe("similar", "--items", str(tmp_path / "i.txt"), "--run", str(run), "-k", "5")[0] == 0


def test_a_setting_that_does_not_exist_is_named_with_the_nearest(ronghe, tmp_path):
    (tmp_path / "ronghe.toml").write_text("[search]\npol = 3\n")
    code, _, err = ronghe("search", "boot", home=tmp_path)
    assert code == 2 and "did you mean 'pool'" in err


def test_an_environment_variable_overrides_the_file(monkeypatch, tmp_path):
    from engine.settings import Settings

    (tmp_path / "ronghe.toml").write_text("[search]\npool = 30\n")
    assert Settings.load(tmp_path, {}).search.pool == 30
    assert Settings.load(tmp_path, {"RONGHE_SEARCH_POOL": "50", "RONGHE_SERVE_CORS": "a,b"}).search.pool == 50
    assert Settings.load(tmp_path, {"RONGHE_SERVE_CORS": "http://a,http://b"}).serve.cors == (
        "http://a",
        "http://b",
    )


def test_the_written_settings_file_is_read_again(tmp_path):
    from engine.settings import Settings, template

    (tmp_path / "ronghe.toml").write_text(template().replace("# pool = 200", "pool = 77"))
    assert Settings.load(tmp_path, {}).search.pool == 77
