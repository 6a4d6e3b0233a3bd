"""Are files exchanged with the field's tools read as they were meant?"""

from __future__ import annotations

from pathlib import Path

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadFile, Unanswerable
from engine.evaluate.trec import ids_of, read_lines, read_qrels, read_queries, read_run, write_run


def test_a_run_is_written_in_the_trec_format(tmp_path: Path) -> None:
    path = tmp_path / "out.trec"
    assert write_run(path, [("q1", [("a", 2.5), ("b", 0.5)]), ("q2", [])], "demo") == 2
    assert path.read_text() == "q1 Q0 a 1 2.5 demo\nq1 Q0 b 2 0.5 demo\n"
    assert read_run(path) == {"q1": [("a", 2.5), ("b", 0.5)]}


@given(
    st.lists(st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 1.0, -1.0]), min_size=1, max_size=30).map(
        lambda scores: sorted(scores, reverse=True)
    )
)
def test_every_tool_reads_the_order_that_was_meant(
    tmp_path_factory: pytest.TempPathFactory, scores: list[float]
) -> None:
    path = tmp_path_factory.mktemp("run") / "out.trec"
    names = [f"i{len(scores) - n}" for n in range(len(scores))]  # against the ties' own order by id
    write_run(path, [("q", zip(names, scores, strict=True))], "t")
    assert ids_of(read_run(path))["q"] == names
    printed = np.array([np.float32(line.split()[4]) for line in path.read_text().splitlines()])
    assert (np.diff(printed) < 0).all()
    trec = sorted(ir_measures.read_trec_run(str(path)), key=lambda d: (np.float32(d.score), d.doc_id))
    assert [d.doc_id for d in reversed(trec)] == names


@pytest.mark.parametrize("bad", ["two words", "", "tab\tbed", " edge", "line\nbreak", "wide\u3000space"])
def test_an_id_that_the_format_cannot_carry_is_refused_and_leaves_no_file(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "out.trec"
    with pytest.raises(Unanswerable, match="white space"):
        write_run(path, [("q", [("fine", 2.0), (bad, 1.0)])], "t")
    with pytest.raises(Unanswerable, match="white space"):
        write_run(path, [(bad, [("fine", 2.0)])], "t")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_run_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out.trec"
    write_run(path, [("q", [("a", 1.0)])], "t")
    with pytest.raises(Unanswerable, match="twice"):
        write_run(path, [("q", [("b", 2.0), ("b", 1.0)])], "t")
    with pytest.raises(Unanswerable, match="finite"):
        write_run(path, [("q", [("b", float("nan"))])], "t")
    assert read_run(path) == {"q": [("a", 1.0)]}


def test_a_run_of_another_tool_is_read_by_score_then_rank(tmp_path: Path) -> None:
    path = tmp_path / "in.trec"
    path.write_text("q Q0 low 1 0.1 t\nq Q0 b 3 0.9 t\nq Q0 a 2 0.9 t\nq Q0 low 4 0.05 t\n")
    assert ids_of(read_run(path)) == {"q": ["a", "b", "low"]}


def test_queries_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "queries.tsv"
    path.write_text("\ufeff7\twalking boots\n\n8\t 登山 鞋 \n", encoding="utf-8")
    assert read_queries(path) == [("7", "walking boots"), ("8", "登山 鞋")]
    (tmp_path / "users.txt").write_text("u1\n\n u2 \n")
    assert read_lines(tmp_path / "users.txt") == ["u1", "u2"]


def test_qrels(tmp_path: Path) -> None:
    path = tmp_path / "qrels"
    path.write_text("q 0 a 2\nq\t0\tb\t0\nr 0 a 1.5\n")
    assert read_qrels(path) == {"q": {"a": 2.0, "b": 0.0}, "r": {"a": 1.5}}


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (read_queries, "1 no tab\n", "line 1"),
        (read_queries, "1\ta\n1\tb\n", "twice"),
        (read_qrels, "q 0 a 1\nq a 1\n", "line 2"),
        (read_qrels, "q 0 a one\n", "'one' is not a number"),
        (read_run, "q Q0 a 1 0.5\n", "5 cells"),
        (read_run, "q Q0 a 1 nan t\n", "not a number"),
    ],
)
def test_a_bad_file_names_the_line(tmp_path: Path, read: object, text: str, says: str) -> None:
    path = tmp_path / "bad"
    path.write_text(text)
    assert callable(read)
    with pytest.raises(BadFile, match=says):
        read(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read_lines(tmp_path / "none")
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    with pytest.raises(BadFile, match="UTF-8"):
        read_lines(tmp_path / "latin")
    with pytest.raises(BadFile, match="cannot be written"):
        write_run(tmp_path / "no" / "run", [], "t")
