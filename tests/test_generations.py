"""A reader sees the old generation or the new one, whole, whatever fails and whenever."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from engine import Engine
from engine.errors import BadHome, CorruptGeneration, RebuildRunning
from engine.types import Item
from indexes import generations
from indexes.generations import Busy, Corrupt, activate, current, lock, prune, publish, verify


def writer(text: str):
    def write(folder: Path) -> dict[str, object]:
        (folder / "sub").mkdir()
        (folder / "sub" / "a.bin").write_text(text)
        (folder / "b.bin").write_text(text * 2)
        return {"text": text}

    return write


def test_publish_then_open(tmp_path):
    folder = publish(tmp_path, writer("one"))
    assert current(tmp_path) == folder
    assert verify(folder)["text"] == "one"


@pytest.mark.parametrize("call", ["fsync", "rename", "replace"])
@pytest.mark.parametrize("nth", range(1, 11))
def test_a_failure_at_any_step_leaves_one_generation_whole(tmp_path, monkeypatch, call, nth):
    publish(tmp_path, writer("one"))
    real, calls = getattr(os, call), [0]

    def fail(*args, **kwargs):
        calls[0] += 1
        if calls[0] == nth:
            raise OSError("power cut")
        return real(*args, **kwargs)

    monkeypatch.setattr(os, call, fail)
    failed = False
    try:
        publish(tmp_path, writer("two"))
    except OSError:
        failed = True
    monkeypatch.undo()
    folder = current(tmp_path)
    text = verify(folder)["text"]
    assert (folder / "sub" / "a.bin").read_text() == text and (folder / "b.bin").read_text() == text * 2
    assert failed or text == "two"
    again = publish(tmp_path, writer("three"))
    assert verify(again)["text"] == "three"


def test_a_failed_write_leaves_no_draft(tmp_path):
    def fail(folder: Path) -> dict[str, object]:
        (folder / "half.bin").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        publish(tmp_path, fail)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_byte_is_named(tmp_path):
    folder = publish(tmp_path, writer("one"))
    (folder / "sub" / "a.bin").write_text("onf")
    with pytest.raises(Corrupt, match=r"sub/a\.bin has changed"):
        verify(folder)


def test_a_missing_file_is_named(tmp_path):
    folder = publish(tmp_path, writer("one"))
    (folder / "b.bin").unlink()
    with pytest.raises(Corrupt, match=r"b\.bin is missing"):
        verify(folder)


def test_prune_keeps_the_newest_and_the_current_and_sweeps_drafts(tmp_path):
    for text in "abcde":
        publish(tmp_path, writer(text))
    activate(tmp_path, "000001")
    (tmp_path / ".draft-stray").mkdir()
    (tmp_path / "tmpstray").write_text("")
    prune(tmp_path, 2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["000001", "000004", "000005", "CURRENT"]


def test_prune_leaves_fewer_than_it_may_keep_alone(tmp_path):
    for text in "ab":
        publish(tmp_path, writer(text))
    assert prune(tmp_path, 3) == [] and generations.numbers(tmp_path) == [1, 2]


def test_only_one_writer_at_a_time(tmp_path):
    with lock(tmp_path), pytest.raises(Busy), lock(tmp_path):
        pass
    with lock(tmp_path):
        pass


def test_a_second_rebuild_says_that_one_is_running(own_shop):
    with lock(own_shop.home / "published"), pytest.raises(RebuildRunning, match="wait"):
        own_shop.rebuild()


def test_a_full_disk_says_so_and_the_old_generation_answers(own_shop, monkeypatch):
    before = own_shop.search("boot")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadHome, match="full: free some space"):
        own_shop.rebuild()
    monkeypatch.undo()
    after = Engine.open(own_shop.home).search("boot")
    assert [hit.item_id for hit in after.hits] == [hit.item_id for hit in before.hits]
    assert not list((own_shop.home / "published").glob(".draft-*"))


def test_a_corrupt_generation_is_refused_with_the_remedy_and_an_older_one_can_be_activated(own_shop):
    own_shop.rebuild()
    newest = current(own_shop.home / "published")
    blob = newest / "records" / "blob.npy"
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    fresh = Engine.open(own_shop.home)
    with pytest.raises(CorruptGeneration, match=r"records/blob\.npy has changed.*activate"):
        fresh.search("boot")
    fresh.activate(1)
    assert fresh.search("boot").generation == 1


def test_an_old_generation_can_be_served_again_and_pruned(own_shop):
    assert own_shop.search("boot").generation == 1
    own_shop.rebuild()
    assert own_shop.search("boot").generation == 2
    own_shop.activate(1)
    assert own_shop.search("boot").generation == 1
    assert own_shop.prune(1)["kept"] == ["000001", "000002"]
    own_shop.activate(2)
    assert own_shop.prune(1)["removed"] == ["000001"]


def test_killed_at_any_moment_a_rebuild_leaves_a_whole_generation(own_home):
    """50 rebuilds in forked children, each killed (SIGKILL) at a random moment of it."""
    rng = random.Random(7)
    started = time.monotonic()
    Engine.open(own_home).rebuild()
    usual = time.monotonic() - started
    killed = 0
    for attempt in range(50):
        store = Engine.open(own_home).store
        store.upsert_items([Item(item_id=f"new-{attempt}", title=f"novelty number {attempt}")])
        store.close()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            try:
                Engine.open(own_home).rebuild()
            finally:
                os._exit(0)
        time.sleep(rng.random() * usual * 1.2)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        manifest = verify(current(own_home / "published"))
        answers = Engine.open(own_home).search("boot", k=3)
        assert len(answers.hits) == 3
        assert manifest["items"] <= 40 + attempt + 1
    assert killed >= 10, "the kills came too late to mean anything"
    last = Engine.open(own_home)
    report = last.rebuild()
    assert report["items"] == 90
    names = {p.name for p in (own_home / "published").iterdir()}
    assert not [name for name in names if name.startswith((generations.DRAFT, "tmp"))]
    assert last.search("novelty number 49").hits[0].item_id == "new-49"
