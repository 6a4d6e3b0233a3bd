"""Do encoders say what they should, and nothing where they know nothing?"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.encode import choose_spaces, encode_cached, encoder, ensure, knows, space_for
from engine.encode.static import Static
from engine.encode.wording import LONGEST, clean, mostly_latin, unit
from engine.errors import BadSettings, EngineError
from engine.types import Encoder, Vectors

TEXTS = [
    f"{colour} {thing}{detail}"
    for colour in ("red", "waterproof", "cheap", "16GB", "stainless steel")
    for thing in ("hiking boots", "laptop", "desk lamp", "coffee mug", "picture book")
    for detail in ("", ", sold in packs of four with a two year guarantee; delivered within three days")
]
STRANGE = ["", "   ", "\x00\x01", "\ud800", "😀😀", "、。！"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with minilm exported: it takes half a minute, so once."""
    home = tmp_path_factory.mktemp("models")
    ensure("minilm", home)
    return home


@pytest.fixture(scope="module")
def minilm(models: Path) -> Encoder:
    return encoder("minilm", models)


@pytest.fixture(scope="module", params=["minilm", "multilingual", "static"])
def served(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "minilm":
        return request.getfixturevalue("minilm")
    return encoder(request.param, Path("unused"))


def test_vectors_are_unit_and_repeatable(served: Encoder) -> None:
    vectors = served(TEXTS)
    assert vectors.shape == (50, served.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(vectors, served(TEXTS))
    assert served([]).shape == (0, served.dim)


def test_a_vector_does_not_depend_on_its_neighbours(served: Encoder) -> None:
    together = served(TEXTS)
    for row in (0, 7, 31):
        np.testing.assert_allclose(served([TEXTS[row]])[0], together[row], atol=2e-6)


def test_nothing_known_is_a_row_of_zeros(served: Encoder) -> None:
    vectors = served([*STRANGE, "boots"])
    assert not vectors[:-1].any(axis=1).any()
    assert vectors[-1].any()


def test_meaning_beats_spelling(served: Encoder) -> None:
    query, right, wrong = served(["sofa", "couch", "soda"])
    assert query @ right > query @ wrong


def test_a_very_long_text_is_read_from_its_beginning(served: Encoder) -> None:
    tail = "made of leather, with laces, " * 10_000
    long, longer, other = served([f"red boots, {tail[:9000]}", f"red boots, {tail}", f"a blue tent, {tail}"])
    np.testing.assert_allclose(long, longer, atol=1e-6)
    assert not np.allclose(long, other, atol=1e-4)


def test_english_only_model_says_nothing_of_chinese(minilm: Encoder) -> None:
    chinese, mixed = minilm(["登山鞋 防水", "Kingston DDR4 内存"])
    assert not chinese.any()
    assert mixed.any()


def test_multilingual_crosses_languages() -> None:
    boots, mug, chinese = encoder("multilingual", Path("unused"))(["boots", "coffee mug", "靴子"])
    assert chinese @ boots > chinese @ mug + 0.1


def test_served_minilm_agrees_with_torch(models: Path, minilm: Encoder) -> None:
    truth = encoder("minilm-torch", models)(TEXTS)
    cosines = (minilm(TEXTS) * truth).sum(axis=1)
    assert cosines.mean() >= 0.98
    assert cosines.min() >= 0.95
    manifest = json.loads(next(models.glob("models/minilm-*/manifest.json")).read_text("utf-8"))
    assert manifest["bits"] == 8


def test_static_agrees_with_wordllama() -> None:
    import wordllama
    from wordllama import WordLlama

    truth = WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True).embed(
        TEXTS, norm=True
    )
    np.testing.assert_allclose(Static()(TEXTS), truth, atol=1e-5)


def test_threads_change_nothing(models: Path, minilm: Encoder) -> None:
    many = TEXTS * 3
    np.testing.assert_array_equal(encoder("minilm", models, threads=2)(many), minilm(many))


@pytest.mark.parametrize("name", ["minilm", "multilingual", "static", "none"])
def test_serving_never_imports_torch(models: Path, name: str) -> None:
    code = (
        "import sys; from pathlib import Path; from engine.encode import encoder\n"
        f"encoder({name!r}, Path({str(models)!r}))(['red boots'])\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'onnx', 'wordllama'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_a_missing_export_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="ronghe rebuild"):
        encoder("minilm", tmp_path)
    with pytest.raises(BadSettings, match="no encoder 'minillm'"):
        encoder("minillm", tmp_path)
    with pytest.raises(EngineError, match="No sentence-transformers model"):
        ensure(f"st:{tmp_path}", tmp_path)


def test_a_changed_model_file_is_refused(models: Path, tmp_path: Path) -> None:
    source = next(models.glob("models/minilm-*"))
    copy = tmp_path / "models" / source.name
    copy.mkdir(parents=True)
    for path in source.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    damaged = bytearray((copy / "model.onnx").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (copy / "model.onnx").write_bytes(damaged)
    with pytest.raises(EngineError, match="changed"):
        encoder("minilm", tmp_path)


def test_a_second_ensure_makes_nothing(models: Path) -> None:
    files = {path: path.stat().st_mtime_ns for path in models.rglob("*") if path.is_file()}
    ensure("minilm", models)
    ensure("static", models)
    assert files == {path: path.stat().st_mtime_ns for path in models.rglob("*") if path.is_file()}


def test_none_has_no_dimensions(tmp_path: Path) -> None:
    assert encoder("none", tmp_path)(["a", "b"]).shape == (2, 0)


def test_clean_by_hand() -> None:
    assert clean(" Ｈｉ\tthere\x00\n ") == "Hi there"
    assert clean("a\u200bb") == "a b"
    assert clean("\ud83d") == ""
    assert len(clean("x" * 10_000)) == LONGEST
    assert mostly_latin("DDR4 内存")
    assert not mostly_latin("登山鞋 XL")
    assert mostly_latin("006-90321")


def test_unit_by_hand() -> None:
    np.testing.assert_allclose(
        unit(np.array([[3, 4], [0, 0], [np.nan, 1e-20]])), [[0.6, 0.8], [0, 0], [0, 0]], atol=1e-7
    )


@pytest.mark.parametrize(
    ("languages", "spaces"),
    [
        (["en"], ("minilm",)),
        (["en"] * 99 + ["zh"], ("minilm",)),
        (["zh"], ("multilingual",)),
        (["en", "zh"], ("minilm", "multilingual")),
        (["de", "fr"], ("multilingual",)),
        (["en-GB", "zh-TW"], ("minilm", "multilingual")),
        (["", ""], ("minilm",)),
        ([], ("minilm",)),
    ],
)
def test_spaces_by_language(languages: list[str], spaces: tuple[str, ...]) -> None:
    assert choose_spaces(languages) == spaces


def test_a_query_goes_to_the_encoder_that_knows_it() -> None:
    both = ("multilingual", "minilm")
    assert space_for("en", both) == space_for("", both) == "minilm"
    assert space_for("zh", both) == space_for("de", both) == space_for("fi", both) == "multilingual"
    assert space_for("zh", ("minilm",)) == "minilm"
    assert not knows("minilm", "zh")
    assert knows("multilingual", "zh-TW")
    assert knows("st:anything", "fi")
    with pytest.raises(ValueError, match="no space"):
        space_for("en", ())


class Counting:
    """A hashing encoder that counts the texts it was asked for."""

    dim = 8

    def __init__(self, name: str = "counting"):
        self.name = name
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = [np.random.default_rng(list(text.encode())).standard_normal(8) for text in texts]
        return unit(np.array(rows)) if rows else np.zeros((0, 8), np.float32)


def test_only_what_changed_is_encoded(tmp_path: Path) -> None:
    cache, first, again = tmp_path / "deep" / "vectors", Counting(), Counting()
    steps: list[tuple[int, int]] = []
    made = encode_cached(first, ["a", "b", "a"], cache, lambda done, total: steps.append((done, total)))
    assert sorted(first.asked) == ["a", "b"]
    assert steps == [(0, 3), (3, 3)]
    found = encode_cached(again, ["c", "b", "a"], cache)
    assert again.asked == ["c"]
    np.testing.assert_array_equal(found[[2, 1]], made[[0, 1]])
    np.testing.assert_array_equal(found, Counting()(["c", "b", "a"]))
    other = Counting("another model")
    encode_cached(other, ["a"], cache)
    assert other.asked == ["a"]


def test_a_damaged_cache_costs_time_not_answers(tmp_path: Path) -> None:
    cache = tmp_path / "vectors"
    cache.write_bytes(b"not a database" * 1000)
    with pytest.warns(UserWarning, match="unreadable"):
        found = encode_cached(Counting(), ["a"], cache)
    np.testing.assert_array_equal(found, Counting()(["a"]))
    again = Counting()
    encode_cached(again, ["a"], cache)
    assert again.asked == []


def test_a_damaged_vector_is_encoded_again(tmp_path: Path) -> None:
    cache = tmp_path / "vectors"
    encode_cached(Counting(), ["a", "b"], cache)
    with sqlite3.connect(cache) as db:
        db.execute(
            "UPDATE vectors SET vector = ? WHERE key = (SELECT min(key) FROM vectors)", (b"\x7f" * 32,)
        )
        db.execute("UPDATE vectors SET vector = x'00' WHERE key = (SELECT max(key) FROM vectors)")
    db.close()
    again = Counting()
    np.testing.assert_array_equal(encode_cached(again, ["a", "b"], cache), Counting()(["a", "b"]))
    assert sorted(again.asked) == ["a", "b"]


def test_a_locked_cache_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "vectors"
    encode_cached(Counting(), ["a"], cache)
    monkeypatch.setattr("engine.encode.cache.PATIENCE_S", 0.05)
    holder = sqlite3.connect(cache)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.warns(UserWarning, match="locked"):
        found = encode_cached(Counting(), ["a", "b"], cache)
    holder.close()
    np.testing.assert_array_equal(found, Counting()(["a", "b"]))


def test_what_is_cheap_is_not_cached(tmp_path: Path) -> None:
    encode_cached(encoder("static", tmp_path), ["red boots"], tmp_path / "vectors")
    assert not (tmp_path / "vectors").exists()


def test_no_warnings_when_all_is_well(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encode_cached(Counting(), [str(i) for i in range(1500)], tmp_path / "vectors")
        encode_cached(Counting(), ["\ud800"[:0] + "x"], tmp_path / "vectors")
